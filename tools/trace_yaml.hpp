// tools/trace_yaml.hpp - the forms of weir-trace that read YAML; where it is built without yaml-cpp they say so.
#ifndef WEIR_TOOLS_TRACE_YAML_HPP
#define WEIR_TOOLS_TRACE_YAML_HPP

#include "cli.hpp"
#include "weir/trace/kinds.hpp"

namespace weir::tool {

/// weir-trace card --config FILE.yaml DIR
result<int> trace_card(const arguments& args, const kind_table& kinds);
/// weir-trace results DIR...
result<int> trace_results(const arguments& args, const kind_table& kinds);

}  // namespace weir::tool

#endif  // WEIR_TOOLS_TRACE_YAML_HPP
