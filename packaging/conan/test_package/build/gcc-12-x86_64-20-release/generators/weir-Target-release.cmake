# Avoid multiple calls to find_package to append duplicated properties to the targets
include_guard()########### VARIABLES #######################################################################
#############################################################################################
set(weir_FRAMEWORKS_FOUND_RELEASE "") # Will be filled later
conan_find_apple_frameworks(weir_FRAMEWORKS_FOUND_RELEASE "${weir_FRAMEWORKS_RELEASE}" "${weir_FRAMEWORK_DIRS_RELEASE}")

set(weir_LIBRARIES_TARGETS "") # Will be filled later


######## Create an interface target to contain all the dependencies (frameworks, system and conan deps)
if(NOT TARGET weir_DEPS_TARGET)
    add_library(weir_DEPS_TARGET INTERFACE IMPORTED)
endif()

set_property(TARGET weir_DEPS_TARGET
             APPEND PROPERTY INTERFACE_LINK_LIBRARIES
             $<$<CONFIG:Release>:${weir_FRAMEWORKS_FOUND_RELEASE}>
             $<$<CONFIG:Release>:${weir_SYSTEM_LIBS_RELEASE}>
             $<$<CONFIG:Release>:simdjson::simdjson>)

####### Find the libraries declared in cpp_info.libs, create an IMPORTED target for each one and link the
####### weir_DEPS_TARGET to all of them
conan_package_library_targets("${weir_LIBS_RELEASE}"    # libraries
                              "${weir_LIB_DIRS_RELEASE}" # package_libdir
                              "${weir_BIN_DIRS_RELEASE}" # package_bindir
                              "${weir_LIBRARY_TYPE_RELEASE}"
                              "${weir_IS_HOST_WINDOWS_RELEASE}"
                              weir_DEPS_TARGET
                              weir_LIBRARIES_TARGETS  # out_libraries_targets
                              "_RELEASE"
                              "weir"    # package_name
                              "${weir_NO_SONAME_MODE_RELEASE}")  # soname

# FIXME: What is the result of this for multi-config? All configs adding themselves to path?
set(CMAKE_MODULE_PATH ${weir_BUILD_DIRS_RELEASE} ${CMAKE_MODULE_PATH})

########## GLOBAL TARGET PROPERTIES Release ########################################
    set_property(TARGET weir::weir
                 APPEND PROPERTY INTERFACE_LINK_LIBRARIES
                 $<$<CONFIG:Release>:${weir_OBJECTS_RELEASE}>
                 $<$<CONFIG:Release>:${weir_LIBRARIES_TARGETS}>
                 )

    if("${weir_LIBS_RELEASE}" STREQUAL "")
        # If the package is not declaring any "cpp_info.libs" the package deps, system libs,
        # frameworks etc are not linked to the imported targets and we need to do it to the
        # global target
        set_property(TARGET weir::weir
                     APPEND PROPERTY INTERFACE_LINK_LIBRARIES
                     weir_DEPS_TARGET)
    endif()

    set_property(TARGET weir::weir
                 APPEND PROPERTY INTERFACE_LINK_OPTIONS
                 $<$<CONFIG:Release>:${weir_LINKER_FLAGS_RELEASE}>)
    set_property(TARGET weir::weir
                 APPEND PROPERTY INTERFACE_INCLUDE_DIRECTORIES
                 $<$<CONFIG:Release>:${weir_INCLUDE_DIRS_RELEASE}>)
    # Necessary to find LINK shared libraries in Linux
    set_property(TARGET weir::weir
                 APPEND PROPERTY INTERFACE_LINK_DIRECTORIES
                 $<$<CONFIG:Release>:${weir_LIB_DIRS_RELEASE}>)
    set_property(TARGET weir::weir
                 APPEND PROPERTY INTERFACE_COMPILE_DEFINITIONS
                 $<$<CONFIG:Release>:${weir_COMPILE_DEFINITIONS_RELEASE}>)
    set_property(TARGET weir::weir
                 APPEND PROPERTY INTERFACE_COMPILE_OPTIONS
                 $<$<CONFIG:Release>:${weir_COMPILE_OPTIONS_RELEASE}>)

########## For the modules (FindXXX)
set(weir_LIBRARIES_RELEASE weir::weir)
