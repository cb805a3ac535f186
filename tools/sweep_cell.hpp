// tools/sweep_cell.hpp - weir-sweep run-cell: what a launcher starts, here or on another machine.
#ifndef WEIR_TOOLS_SWEEP_CELL_HPP
#define WEIR_TOOLS_SWEEP_CELL_HPP

#include <string>
#include <vector>

#include "cli.hpp"
#include "weir/base/result.hpp"

namespace weir::tool {

inline const description run_cell_about{
    .name = "weir-sweep",
    .summary = "runs one cell on this machine",
    .usage = "weir-sweep run-cell DIR [--nnodes N --node-rank R --master-addr HOST --master-port P]",
    .text =
        "What weir-sweep has started for each run of a cell: DIR/cell.json says what to run, the record is written "
        "when it is over.",
    .options = {{"nnodes", "N", "Machines of this cell (default 1)."},
                {"node-rank", "R", "Which one this is (default 0)."},
                {"master-addr", "HOST", "The first one."},
                {"master-port", "P", "A free port of the first one."}},
    .examples = "weir-sweep run-cell out/cells/tp_2",
    .exits = "0 there is a record, whatever it says; 2 trouble of this machine; 128 + N ended by signal N",
    .operands = "run-cell DIR"};

/// The path of this program.
std::string own_program();

result<int> run_one_cell(const arguments& args);

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_CELL_HPP
