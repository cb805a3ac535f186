import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load


class WeirConan(ConanFile):
    name = "weir"
    description = "Serve, stream from, measure and score large language models: header-only C++20 blocks"
    license = "Apache-2.0"
    topics = ("llm", "benchmark", "evaluation", "header-only")
    package_type = "header-library"
    settings = "os", "compiler", "build_type", "arch"
    no_copy_source = True

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        header = load(self, os.path.join(self._root, "include", "weir", "base", "version.hpp"))
        self.version = re.search(r'WEIR_VERSION_STRING "([^"]+)"', header).group(1)

    def export_sources(self):
        copy(self, "LICENSE", self._root, self.export_sources_folder)
        copy(self, "include/*.hpp", self._root, self.export_sources_folder)
        copy(self, "kernels/include/*.hpp", self._root, self.export_sources_folder)
        copy(self, "kernels/include/*.cuh", self._root, self.export_sources_folder)

    def requirements(self):
        self.requires("range-v3/0.12.0", transitive_headers=True)
        self.requires("simdjson/3.10.1", transitive_headers=True, transitive_libs=True)

    def validate(self):
        check_min_cppstd(self, 20)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        for folder in "include", os.path.join("kernels", "include"):
            for headers in "*.hpp", "*.cuh":
                copy(self, headers, os.path.join(self.source_folder, folder), os.path.join(self.package_folder, "include"))

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "weir")
        self.cpp_info.set_property("cmake_target_name", "weir::weir")
