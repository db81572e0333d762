#!/usr/bin/env python3
"""What ONNX Runtime computes from a graph of every operator that xsite exports.

usage: onnx_operators.py FILE.onnx     checks it, copies it to onnx_operators.onnx beside this script
                                       and writes inputs and outputs to onnx_operators.safetensors

FILE.onnx is test_onnx.operators.onnx, which tests/graph/test_onnx.c leaves where its export differs from
the copy.  Needs onnx, onnxruntime, numpy, safetensors.
"""
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import save_file

HERE = Path(__file__).parent
BATCH = 2


def main(path):
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path)
    rng = np.random.default_rng(1)
    given = {i.name: rng.uniform(-1, 1, [BATCH] + i.shape[1:]).astype(np.float32)
             for i in session.get_inputs()}
    names = [o.name for o in session.get_outputs()]
    made = dict(zip(names, session.run(names, given)))
    tensors = {f"in/{k}": v for k, v in given.items()} | {f"out/{k}": v for k, v in made.items()}
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, HERE / "onnx_operators.safetensors")
    shutil.copyfile(path, HERE / "onnx_operators.onnx")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
