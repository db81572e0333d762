#!/usr/bin/env python3
"""ONNX Runtime's time for a model that `xsite export` wrote, with normalisation as part of it.

usage: peer_onnx.py MODEL.onnx [--batch N] [--repeats N] [--threads N]

Prints one JSON object with the median milliseconds and the process's peak memory.  Two runs before
that are not counted.
"""
import argparse
import json
import resource
import statistics
import time

import numpy as np
import onnxruntime


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("model")
    p.add_argument("--batch", type=int, default=1)
    p.add_argument("--repeats", type=int, default=7)
    p.add_argument("--threads", type=int, default=2)
    o = p.parse_args()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = o.threads
    session = onnxruntime.InferenceSession(o.model, options, providers=["CPUExecutionProvider"])
    inputs = {}
    for i in session.get_inputs():
        inputs[i.name] = np.random.default_rng(0).random((o.batch, *i.shape[1:]), np.float32)
    first_output = [session.get_outputs()[0].name]
    times = []
    for _ in range(2 + o.repeats):
        start = time.perf_counter()
        session.run(first_output, inputs)
        times.append(1e3 * (time.perf_counter() - start))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"onnxruntime": onnxruntime.__version__,
                      "inference_ms": statistics.median(times[2:]), "peak_bytes": peak}))


if __name__ == "__main__":
    main()
