"""llama_server.py MODEL.gguf PORT SLOTS THREADS - llama.cpp's own server, from the xllamacpp wheel, on 127.0.0.1.

Serves until it is killed; /health says 200 once the model is loaded.
"""
import signal
import sys

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[2])
params.n_parallel = int(sys.argv[3])
params.n_ctx = 2048 * params.n_parallel
params.cpuparams.n_threads = int(sys.argv[4])
params.endpoint_metrics = True
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
signal.pause()
