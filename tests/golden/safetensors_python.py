"""Writes safetensors_python.safetensors with Python's safetensors package (0.6 or later) and numpy.

Given a file's name, reads that file instead and checks that it holds what test_safetensors.c writes.
"""
import pathlib
import struct
import sys

import numpy
from safetensors import safe_open
from safetensors.numpy import load, save_file

HERE = pathlib.Path(__file__).parent


def write():
    save_file(
        {
            "conv.weight": numpy.arange(24, dtype=numpy.float32).reshape(2, 3, 2, 2) / 8 - 1,
            "half": numpy.array([1.5, -0.0, 65504, 2**-24, numpy.inf, 0.1], dtype=numpy.float16),
            "double": numpy.array([1 / 3, -1e300, 1e-50], dtype=numpy.float64),
            "step": numpy.array(2**40 + 1, dtype=numpy.int64),
            "empty": numpy.zeros((0, 4), dtype=numpy.float32),
        },
        HERE / "safetensors_python.safetensors",
        metadata={"format": "np", "note": "schön \"quoted\""},
    )


def check(path):
    raw = pathlib.Path(path).read_bytes()
    assert struct.unpack("<Q", raw[:8])[0] % 8 == 0
    tensors = load(raw)
    assert sorted(tensors) == ["count", "none", "scalar", "w\u00e9ight"], sorted(tensors)
    assert (tensors["w\u00e9ight"] == numpy.array([[1, -2, 0.5], [3, 4, 5]], dtype=numpy.float32)).all()
    assert tensors["count"].dtype == numpy.int64 and tensors["count"].tolist() == [-1, 2**62]
    assert tensors["scalar"].shape == () and tensors["scalar"] == numpy.float32(0.25)
    assert tensors["none"].shape == (3, 0)
    with safe_open(path, framework="np") as f:
        assert f.metadata() == {"seed": "18446744073709551615", "text": "a \"b\"\n"}, f.metadata()
    print("as expected")


if len(sys.argv) > 1:
    check(sys.argv[1])
else:
    write()
