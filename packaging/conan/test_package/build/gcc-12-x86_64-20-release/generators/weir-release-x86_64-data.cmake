########### AGGREGATED COMPONENTS AND DEPENDENCIES FOR THE MULTI CONFIG #####################
#############################################################################################

set(weir_COMPONENT_NAMES "")
if(DEFINED weir_FIND_DEPENDENCY_NAMES)
  list(APPEND weir_FIND_DEPENDENCY_NAMES simdjson)
  list(REMOVE_DUPLICATES weir_FIND_DEPENDENCY_NAMES)
else()
  set(weir_FIND_DEPENDENCY_NAMES simdjson)
endif()
set(simdjson_FIND_MODE "NO_MODULE")

########### VARIABLES #######################################################################
#############################################################################################
set(weir_PACKAGE_FOLDER_RELEASE "/tmp/b-house/c_conan/home/p/b/weirabfcd8aee3dd5/p")
set(weir_BUILD_MODULES_PATHS_RELEASE )


set(weir_INCLUDE_DIRS_RELEASE "${weir_PACKAGE_FOLDER_RELEASE}/include")
set(weir_RES_DIRS_RELEASE )
set(weir_DEFINITIONS_RELEASE )
set(weir_SHARED_LINK_FLAGS_RELEASE )
set(weir_EXE_LINK_FLAGS_RELEASE )
set(weir_OBJECTS_RELEASE )
set(weir_COMPILE_DEFINITIONS_RELEASE )
set(weir_COMPILE_OPTIONS_C_RELEASE )
set(weir_COMPILE_OPTIONS_CXX_RELEASE )
set(weir_LIB_DIRS_RELEASE )
set(weir_BIN_DIRS_RELEASE )
set(weir_LIBRARY_TYPE_RELEASE UNKNOWN)
set(weir_IS_HOST_WINDOWS_RELEASE 0)
set(weir_LIBS_RELEASE )
set(weir_SYSTEM_LIBS_RELEASE )
set(weir_FRAMEWORK_DIRS_RELEASE )
set(weir_FRAMEWORKS_RELEASE )
set(weir_BUILD_DIRS_RELEASE )
set(weir_NO_SONAME_MODE_RELEASE FALSE)


# COMPOUND VARIABLES
set(weir_COMPILE_OPTIONS_RELEASE)
if (NOT "${weir_COMPILE_OPTIONS_CXX_RELEASE}" STREQUAL "")
    list(APPEND weir_COMPILE_OPTIONS_RELEASE
        "$<$<COMPILE_LANGUAGE:CXX>:${weir_COMPILE_OPTIONS_CXX_RELEASE}>")
endif ()
if (NOT "${weir_COMPILE_OPTIONS_C_RELEASE}" STREQUAL "")
    list(APPEND weir_COMPILE_OPTIONS_RELEASE
        "$<$<COMPILE_LANGUAGE:C>:${weir_COMPILE_OPTIONS_C_RELEASE}>")
endif ()
set(weir_LINKER_FLAGS_RELEASE)
if (NOT "${weir_SHARED_LINK_FLAGS_RELEASE}" STREQUAL "")
    list(APPEND weir_LINKER_FLAGS_RELEASE
        "$<$<OR:$<STREQUAL:$<TARGET_PROPERTY:TYPE>,SHARED_LIBRARY>,$<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>>:${weir_SHARED_LINK_FLAGS_RELEASE}>")
endif ()
if (NOT "${weir_EXE_LINK_FLAGS_RELEASE}" STREQUAL "")
    list(APPEND weir_LINKER_FLAGS_RELEASE
        "$<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:${weir_EXE_LINK_FLAGS_RELEASE}>")
endif ()


set(weir_COMPONENTS_RELEASE )