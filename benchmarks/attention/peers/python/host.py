"""
The process of a contestant that runs in Python: host.py <contestant> <threads> <sizes of the yardsticks, as JSON>.

messages.ts says what is asked and answered.
"""

import importlib
import json
import os
import sys
import time

import numpy

MODULES = {
    "PyTorch": "pytorch_peer",
    "TensorFlow": "tensorflow_peer",
    "yardstick torch": "torch_yardstick",
    "yardstick torch gpu": "torch_yardstick",
    "yardstick numpy": "numpy_yardstick",
}
STORED_AS = {"float32": numpy.float32, "float16": numpy.float16, "bfloat16": numpy.uint16}
# Long runs are not repeated only to have two of them.
LONG_ENOUGH = 0.5


def time_fastest(run, seconds):
    """Seconds of the fastest run; runs until `seconds` are over, at least twice unless one run is long."""
    best, total, runs = float("inf"), 0.0, 0
    while total < seconds or (runs < 2 and total < LONG_ENOUGH):
        begin = time.perf_counter()
        run()
        elapsed = time.perf_counter() - begin
        best, total, runs = min(best, elapsed), total + elapsed, runs + 1
    return best


class Timed:
    """Something to time that has no direction."""

    def __init__(self, work):
        self.work = work

    def run(self, direction):
        self.work()


def read_inputs(problem, files):
    """q, k, v and dOut as the file has them, [B, H, L, D]; bfloat16 as its bits."""
    heads = problem["heads"]
    query = (problem["batch"], heads, problem["queries"], problem["headDim"])
    key = (problem["batch"], problem.get("kvHeads", heads), problem["keys"], problem["headDim"])
    shapes = {"q": query, "k": key, "v": key, "dOut": query}
    stored = STORED_AS[problem["dtype"]]
    return {name: numpy.fromfile(files[name], stored).reshape(shape) for name, shape in shapes.items()}


def answer(host, loaded, request):
    ask = request["ask"]
    if ask == "load":
        problem = request["problem"]
        loaded[request["id"]] = host.load(problem, read_inputs(problem, request["files"]))
        return {}
    if ask == "release":
        del loaded[request["id"]]
        return {}
    call, direction = loaded[request["id"]], request["direction"]
    if ask == "time":
        return {"seconds": time_fastest(lambda: call.run(direction), request["seconds"])}
    if ask == "run":
        call.run(direction)
        return {}
    results = call.results(direction)
    for name, values in results.items():
        numpy.ascontiguousarray(values, numpy.float32).tofile(os.path.join(request["folder"], name))
    return {"names": list(results)}


def main():
    name, threads, sizes = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    with os.fdopen(3, "w") as answers:

        def say(message):
            print(json.dumps(message), file=answers, flush=True)

        try:
            host = importlib.import_module(MODULES[name]).Host(name, threads, sizes)
        except Exception as error:
            return say({"error": f"{type(error).__name__}: {error}"})
        say({"versions": host.versions})
        loaded = {name: Timed(work) for name, work in host.yardsticks.items()}
        for line in sys.stdin:
            try:
                say(answer(host, loaded, json.loads(line)))
            except Exception as error:
                say({"error": f"{type(error).__name__}: {error}"})


main()
