// weir/trace/gz_source.hpp - the bytes of a file, unpacked where it is gzip. Needs zlib.
#ifndef WEIR_TRACE_GZ_SOURCE_HPP
#define WEIR_TRACE_GZ_SOURCE_HPP

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/data/source.hpp"

namespace weir::inline v0 {

/// A byte_source that unpacks gzip (also several members one after the other) and passes anything else through.
///
///     auto source = weir::gz_source::open("trace.json.gz");
class gz_source {
 public:
  /// \return  as open_input: errc::not_found, errc::invalid_argument for a directory, errc::io.
  static result<gz_source> open(const std::string& path) {
    auto fd = open_input(path);
    if (!fd) return fd.error();
    return from(*std::move(fd), path);
  }
  /// \param name  what messages call it.
  static result<gz_source> from(unique_fd fd, std::string name) {
    gzFile file = ::gzdopen(fd.get(), "rb");
    if (!file) return failure{errc::io, name + ": no memory to unpack it"};
    (void)fd.release();  // gzclose closes it
    (void)::gzbuffer(file, 1U << 18);
    return gz_source(file, std::move(name));
  }

  /// \return  errc::parse where the gzip data is damaged or cut.
  result<std::size_t> read(std::span<char> into) {
    const auto most = std::min<std::size_t>(into.size(), std::numeric_limits<int>::max());
    const int got = ::gzread(file_.get(), into.data(), static_cast<unsigned>(most));
    if (got > 0) return static_cast<std::size_t>(got);
    int error = Z_OK;
    const char* text = ::gzerror(file_.get(), &error);
    if (error == Z_OK || error == Z_STREAM_END) return std::size_t{0};
    return failure{errc::parse, name_ + ": the gzip data is damaged or cut (" + text + ")"};
  }

 private:
  struct closer {
    void operator()(gzFile file) const noexcept { (void)::gzclose(file); }
  };

  gz_source(gzFile file, std::string name) : file_(file), name_(std::move(name)) {}

  std::unique_ptr<gzFile_s, closer> file_;
  std::string name_;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_GZ_SOURCE_HPP
