set(VCPKG_BUILD_TYPE release)  # header-only
# Until the first release there is no archive to take a checksum of: REPO and SHA512 are filled in with it.
vcpkg_from_github(OUT_SOURCE_PATH SOURCE_PATH REPO weir/weir REF "v${VERSION}" SHA512 0 HEAD_REF main)
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}" OPTIONS -DWEIR_TOOLS=OFF -DWEIR_TESTS=OFF -DWEIR_EXAMPLES=OFF)
vcpkg_cmake_install()
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
