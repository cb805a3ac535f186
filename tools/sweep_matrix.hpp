// tools/sweep_matrix.hpp - the matrix that weir-sweep's command line asks for.
#ifndef WEIR_TOOLS_SWEEP_MATRIX_HPP
#define WEIR_TOOLS_SWEEP_MATRIX_HPP

#include "cli.hpp"
#include "weir/base/result.hpp"
#include "weir/run/matrix.hpp"

namespace weir::tool {

/// The matrix of the operands (FILE.yaml or STUDY), with every flag over it.
result<matrix> given_matrix(const arguments& args);

/// Its cells, after a look at the models' directories and the machine's devices.
result<expansion> given_cells(const arguments& args, matrix& from);

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_MATRIX_HPP
