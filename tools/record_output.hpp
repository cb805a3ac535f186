// tools/record_output.hpp - records to standard output, in large pieces.
#ifndef WEIR_TOOLS_RECORD_OUTPUT_HPP
#define WEIR_TOOLS_RECORD_OUTPUT_HPP

#include <cstddef>
#include <string>

#include "cli.hpp"

namespace weir::tool {

/// Collects records and prints them 64 KiB at a time. What fails is thrown, for run() to say; call flush at the end.
class record_output {
 public:
  /// Appends by `append_record`, or whatever else `append(std::string&)` does.
  template <class Append>
  void write(Append&& append) {
    append(text_);
    if (text_.size() >= std::size_t{1} << 16) flush();
  }
  template <class Record>
  void add(const Record& record) {
    write([&](std::string& out) { append_record(out, record); });
  }
  void flush() {
    print(text_).value();
    text_.clear();
  }

 private:
  std::string text_;
};

}  // namespace weir::tool

#endif  // WEIR_TOOLS_RECORD_OUTPUT_HPP
