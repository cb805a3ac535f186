// tools/serve_about.hpp - weir-serve-many's command line as a table.
#ifndef WEIR_TOOLS_SERVE_ABOUT_HPP
#define WEIR_TOOLS_SERVE_ABOUT_HPP

#include "cli.hpp"
#include "launcher_flags.hpp"

namespace weir::tool {

inline const description serve_many_about{
    .name = "weir-serve-many",
    .summary = "starts N instances of a model server, waits until they are ready, and leaves nothing behind",
    .usage =
        "weir-serve-many -n N --engine E [--base-port P] [--run 'COMMAND'] -- MODEL [SERVER ARGS]\n"
        "weir-serve-many -n N [--run 'COMMAND'] -- SERVER [ARGS with {port} {index} {dir}]\n"
        "weir-serve-many status|stop|gc",
    .text =
        "Each instance gets a port that is held for it before it starts, a log file, and a keeper: a small process "
        "that kills whatever the server started, wherever it went, when the server ends, when this program ends, "
        "and when this program is killed.\n\n"
        "An instance is ready when it accepts a connection, answers /health, lists a model and has made one token. "
        "When all are ready their endpoint records are written to --endpoints, or to standard output. --run then "
        "runs a command with WEIR_ENDPOINTS naming a file of these records, and stops everything when it ends; "
        "without it the instances serve until SIGINT, SIGTERM or SIGHUP. A second signal does not wait.\n\n"
        "With --engine the words after -- are added to the engine's own command; without it they are the whole "
        "command, in which {port} must stand. {host} is where to listen, {index} is 0 to N-1, {dir} a directory of the "
        "instance's own, {block} "
        "the first of a hundred ports of its own, {block+7} another of them. WEIR_PYTHON names the Python "
        "interpreter of the engine's virtual environment.\n\n"
        "With --launcher slurm jobs are submitted that start the instances on nodes of a SLURM cluster, devices by "
        "--gres; logs go to a directory that they see. The endpoints name their hosts, and the command runs here. The "
        "jobs end when this program does, also when it is killed (--stale).\n\n"
        "status lists this user's runs and their instances, stop ends them, gc removes what is left of runs that "
        "were killed together with their keepers.",
    .options = {{"instances,n", "N", "Number of instances. Default: 1."},
                {"engine", "E", "What to start.", "vllm|sglang|llama.cpp|transformers|trtllm|mindie|mock"},
                {"devices", "LIST",
                 "Accelerators: none, auto for any that are free, or a list as the vendor's tool counts (0,1,2) or of "
                 "ids. Default: auto for the engines that compute on them, where there are any."},
                {"devices-per-instance", "K",
                 "Devices of each instance; also sets the engine's tensor-parallel flag. "
                 "Default: those of the list, or 1."},
                {"base-port", "P", "Instance i gets exactly port P + i. Default: free ports from 8000 on."},
                {"log-dir", "DIR", "Log files, ENGINE_rankR_portP.log, appended. Default: weir-logs."},
                {"log-limit", "MIB",
                 "Give the oldest part of a log back to the disk where it takes more. Default: never."},
                {"endpoints", "FILE", "Write the endpoint records to this file when all are ready."},
                {"ready-timeout", "600s", "Stop everything where an instance is not ready by then. Default: 600s."},
                {"ready", "STEP",
                 "When an instance is ready: it is started, answers, is healthy, lists a model, or has made a token. "
                 "Default: token.",
                 "start|connect|health|model|token"},
                {"grace", "10s", "From SIGTERM to SIGKILL. Default: the engine's, mostly 10s."},
                {"restart", "WHEN",
                 "no, on-failure or on-failure:K: whether a server that ends by itself is started again, K times "
                 "at most (3). "
                 "Default: no."},
                {"gateway", "PROGRAM",
                 "One port in front of all instances: their least loaded one gets the request. Its "
                 "endpoint stands for theirs. Default: none.",
                 "none|haproxy|nginx"},
                {"gateway-port", "P", "Default: the first free port behind the instances'; with --base-port P + N."},
                {"advertise", "NAME",
                 "Listen at all addresses of this machine, and give NAME for it in the endpoints; auto: its host name. "
                 "Default: listen at 127.0.0.1 only."},
                {"first-index", "I", "Number of the first instance, where these are some of several. Default: 0."},
                {"launcher", "WHERE",
                 "local, or slurm: the instances run in jobs of SLURM, one a node. Default: local.", "local|slurm"},
                {"nodes", "M", "With --launcher slurm: machines that the instances are dealt to. Default: 1."},
                {"nodes-per-instance", "K",
                 "With --launcher slurm: each instance is one engine over K machines. Default: 1."},
                {"time-limit", "4h", "Of each job. Default: SLURM's."},
                {"stale", "180s", "How long the jobs outlive weir-serve-many where it is killed. Default: 180s."},
                gres_option,
                scheduler_arg_option,
                {"samples", "FILE",
                 "Write samples here while the instances are ready: each device's power, memory and load, each "
                 "instance's memory and processor time. weir-summarize makes energy per token of them."},
                {"sample-every", "1s", "Time between two samples. Default: 1s."},
                {"run", "COMMAND", "Run this with sh when all are ready, and stop when it ends."},
                {"json", "", "With status: records instead of a table."},
                {"quiet,q", "", "Say nothing but what goes wrong."}},
    .examples =
        "weir-serve-many -n 4 --engine mock --run 'weir-bench --endpoints \"$WEIR_ENDPOINTS\" --num-prompts 100'\n"
        "weir-serve-many -n 2 --engine vllm --endpoints endpoints.jsonl -- Qwen/Qwen3-1.7B --max-model-len 4096\n"
        "weir-serve-many -n 2 -- ./my-server --listen {host}:{port}\n"
        "weir-serve-many -n 8 --nodes 2 --launcher slurm --engine vllm --run ./evaluate -- Qwen/Qwen3-1.7B",
    .exits =
        "with --run the command's, 128 + its signal, 124 not ready in time, 125 own failure, 126 or 127 not "
        "executable or not found; else 1 not ready or all instances ended, 2 trouble; 128 + signal when stopped",
    .operands = "[status|stop|gc]",
    .rest = true};

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SERVE_ABOUT_HPP
