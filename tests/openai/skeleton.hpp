// The structure of a JSON text: every key in its order and every kind of value, without the values themselves.
#ifndef WEIR_TESTS_OPENAI_SKELETON_HPP
#define WEIR_TESTS_OPENAI_SKELETON_HPP

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

/// {"id":"cmpl-1","choices":[{"index":0,"text":null}]} becomes {id:s,choices:[{index:0,text:null}]}. Of an array whose
/// elements are alike only one is kept.
inline std::string skeleton_of(const simdjson::dom::element& value) {
  using enum simdjson::dom::element_type;
  std::string out, last;
  switch (value.type()) {
    case ARRAY:
      for (const auto item : value.get_array()) {
        std::string inner = skeleton_of(item);
        if (inner != last) out += (out.empty() ? "" : ",") + inner;
        last = inner;
      }
      return "[" + out + "]";
    case OBJECT:
      for (const auto field : value.get_object())
        out += (out.empty() ? "" : ",") + std::string(field.key) + ":" + skeleton_of(field.value);
      return "{" + out + "}";
    case STRING:
      return "s";
    case BOOL:
      return "b";
    case NULL_VALUE:
      return "null";
    default:
      return "0";
  }
}
inline std::string skeleton(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(simdjson::padded_string(json)).get(root)) return "not JSON: " + std::string(json);
  return skeleton_of(root);
}

/// The `data:` lines of a stream, in order, chunk framing or not: one skeleton each, "[DONE]" as it is.
inline std::vector<std::string> skeletons(std::string_view stream) {
  std::vector<std::string> all;
  for (auto at = stream.find("data: "); at != stream.npos; at = stream.find("data: ", at + 1)) {
    const auto data = stream.substr(at + 6, stream.find('\n', at) - at - 6);
    all.push_back(data == "[DONE]" ? std::string(data) : skeleton(data));
  }
  return all;
}

#endif  // WEIR_TESTS_OPENAI_SKELETON_HPP
