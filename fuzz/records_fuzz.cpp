// Any lines as records: a reader that knows the forms of the lines before says what one says that knows none, which is
// what the JSON parser says; and it looks at no byte beyond the padding.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cuts.hpp"
#include "weir/record/read.hpp"

namespace {

/// The record of a line as our writer writes it, or the failure.
std::string said(weir::record_reader& reader, std::string_view line) {
  std::vector<char> padded(line.begin(), line.end());
  padded.resize(line.size() + weir::record_padding, '7');
  const auto type = reader.read({padded.data(), line.size()});
  if (!type) return type.error().detail;
  std::string out(to_string(*type));
  if (*type == weir::record_type::request) append_record(out, reader.request());
  if (*type == weir::record_type::answer) append_record(out, reader.answer());
  return out;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const weir::read_options options : {weir::read_options{true, true}, weir::read_options{false, true}}) {
    weir::record_reader knowing(options);
    for (std::string_view rest = text; !rest.empty();) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      weir::record_reader fresh(options);
      const std::string expected = said(fresh, line);
      fuzz::require(said(knowing, line) == expected, "a line means the same after others");
      fuzz::require(said(knowing, line) == expected, "and once more, by its own form");
    }
  }
  return 0;
}
