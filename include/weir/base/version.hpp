// weir/base/version.hpp - the version of these headers. Includes nothing.
#ifndef WEIR_BASE_VERSION_HPP
#define WEIR_BASE_VERSION_HPP

#define WEIR_VERSION 100             // major * 10000 + minor * 100 + patch
#define WEIR_VERSION_STRING "0.1.0"  // the same for people; tests/base/version_test.cpp holds the two together

#endif  // WEIR_BASE_VERSION_HPP
