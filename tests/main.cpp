// Catch2's implementation and main, compiled once for all tests (v2; v3 brings its own main as a library).
#if !__has_include(<catch2/catch_test_macros.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
