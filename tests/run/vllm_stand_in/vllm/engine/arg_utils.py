class EngineArgs:
    @staticmethod
    def add_cli_args(parser):
        parser.add_argument("--model"); parser.add_argument("--distributed-executor-backend")
        for name in "--tensor-parallel-size", "--pipeline-parallel-size": parser.add_argument(name, type=int, default=1)
        return parser
    @classmethod
    def from_cli_args(cls, args):
        self = cls(); self.__dict__.update(vars(args)); self.worker_extension_cls = ""; self.profiler_config = None; return self
