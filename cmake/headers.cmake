include(GNUInstallDirs)

# weir_headers(NAME [ROOT dir] [HEADERS h...] [DEPENDS target...] [PACKAGES package...] [LINK target...])
# An INTERFACE target weir::NAME for headers under ROOT (the directory that is on the include path; the current one
# by default). Each header is compiled alone by the target all_verify_interface_header_sets when
# CMAKE_VERIFY_INTERFACE_HEADER_SETS is on.
function(weir_headers name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOT" "HEADERS;DEPENDS;PACKAGES;LINK")
  foreach(package IN LISTS arg_PACKAGES)
    find_package(${package} REQUIRED)
    set_property(GLOBAL APPEND PROPERTY WEIR_PACKAGES ${package})
  endforeach()
  if(NOT arg_ROOT)
    set(arg_ROOT ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  list(TRANSFORM arg_HEADERS PREPEND "${arg_ROOT}/")

  add_library(weir_${name} INTERFACE)
  add_library(weir::${name} ALIAS weir_${name})
  set_target_properties(weir_${name} PROPERTIES EXPORT_NAME ${name})
  target_sources(weir_${name} INTERFACE FILE_SET HEADERS BASE_DIRS ${arg_ROOT} FILES ${arg_HEADERS})
  target_compile_features(weir_${name} INTERFACE cxx_std_20)
  target_link_libraries(weir_${name} INTERFACE ${arg_DEPENDS} ${arg_LINK})
  install(TARGETS weir_${name} EXPORT weirTargets FILE_SET HEADERS)
endfunction()
