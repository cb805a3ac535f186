// tools/kernels_flags.hpp - what weir-kernels can be told, and what it says of itself.
#ifndef WEIR_TOOLS_KERNELS_FLAGS_HPP
#define WEIR_TOOLS_KERNELS_FLAGS_HPP

#include "cli.hpp"

namespace weir::tool {

inline const description kernels_about{
    .name = "weir-kernels",
    .summary = "times, checks and predicts quantized matrix products",
    .usage =
        "weir-kernels bench [--backend B] [--format F,...] (--model M | --shape NxK) [--m 1,8,...] [--early]\n"
        "weir-kernels check [--backend B] [--format F,...]\n"
        "weir-kernels tune --backend cuda [--format F,...] (--model M | --shape NxK) [--m 1,8,...] [--out FILE]\n"
        "weir-kernels limits [--backend B] [--format F,...]\n"
        "weir-kernels roofline --model M [--machine h100|h200|FILE] [--format F,...] [--batch 1,8,...] [--prompt T]\n"
        "                      [--context T] [--stack merged|separate] [--kernels N] [--parts]",
    .text =
        "bench times y = x w^T for each matrix of a model, with weights that are in no cache, bf16 among the formats "
        "as "
        "the base. 8-bit and 4-bit activations are quantized by the call, so their quantization is in the time. tune "
        "finds the fastest of the cuda kernels and libraries for each, and writes rows of the table that make_plan "
        "reads "
        "(kernels/include/weir/kernels/cuda/tuned_h100.cuh). check compares with exact arithmetic over ragged sizes "
        "and exits 1 "
        "where one is wrong.\n\n"
        "roofline says how long a step of a model takes at least (weights, keys and values at the machine's peak of "
        "reading, or operations at its peak), and how long it will take: each kernel that the step launches as such "
        "kernels do on that machine; sampling and the host are not in it. So also what a format can bring at most, "
        "and what it will. limits measures a machine for it; origins stand beside all figures. docs/kernels.md says "
        "how near predictions came to measured steps.\n\n"
        "4-bit weights have bf16 scales for groups of 128 unless --group says otherwise.",
    .options = {{"backend", "B", "Where it runs. Default: cpu.", "cpu|cuda"},
                {"format,formats", "F,...", "bf16, w8a16, w8a8, w8a8-fp8, w4a16, w4a8, w4a4. Default: all."},
                {"model", "M", "qwen3-1.7b, qwen3-8b, llama-3.1-8b, qwen3-30b-a3b, or the path of a config.json."},
                {"shape", "NxK", "One matrix of N rows and K columns."},
                {"batch,m", "M,...", "Tokens; --m is the same. Default: 1,8,64."},
                {"group", "G",
                 "Neighbours that share a scale of 4-bit weights: 32, 64, 128; 0: channels. Default: 128."},
                {"machine", "NAME|FILE", "roofline: h100, h200, or a file that limits --json wrote. Default: h100."},
                {"prompt", "T", "roofline: a prompt of T tokens of each sequence; else one token of each is decoded."},
                {"context", "T", "roofline: tokens of each sequence in the cache. Default: 1024, with --prompt 0."},
                {"stack", "HOW",
                 "roofline: q, k and v one matrix and gate and up one, as programs that serve have them (default); or "
                 "each by itself, as transformers' layers under torch.compile.",
                 "merged|separate"},
                {"kernels", "N",
                 "roofline: small kernels of a layer, beside products and attention. Default: 5, with norms of q and k "
                 "7, one more where matrices are separate."},
                {"parts", "", "roofline: each kernel with what it moves, computes and takes."},
                {"early", "",
                 "bench, cuda: own kernels read weights before the kernels queued earlier have ended. Right only where "
                 "no kernel that may still run writes the weights; they never are here."},
                {"out", "FILE", "tune: the file that gets the table's rows."},
                {"rounds", "N", "Times each product is timed. Default: 11."},
                {"warm", "", "bench: the same weights again and again, as far as a cache holds them."},
                {"quick", "", "check: the small problems only."},
                {"json", "", "Records, one a line, instead of a table."}},
    .examples =
        "weir-kernels roofline --model qwen3-8b --format bf16,w8a16,w8a8 --batch 1,16,64\n"
        "weir-kernels check --quick\n"
        "weir-kernels bench --shape 256x512 --m 1,4 --format bf16,w8a8",
    .exits = "0 done, 1 check: a result is wrong, 2 trouble (usage, no device)",
    .operands = "bench|check|tune|limits|roofline"};

}  // namespace weir::tool

#endif  // WEIR_TOOLS_KERNELS_FLAGS_HPP
