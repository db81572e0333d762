#!/usr/bin/env python3
"""Writes examples/data from its sources (examples/data/README.md says where they come from).

usage: make_demo_data.py MNIST_DIR SCIKIT_LEARN_WHEEL OUT_DIR

MNIST_DIR holds train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz; the wheel is what
`pip download --no-deps scikit-learn` fetches.  Same sources, same bytes.
"""
import gzip
import struct
import sys
import zipfile
from pathlib import Path

MNIST_IMAGES = 10000
DIGITS = "sklearn/datasets/data/digits.csv.gz"


def write_idx(path, dims, values):
    header = bytes([0, 0, 8, len(dims)]) + struct.pack(f">{len(dims)}I", *dims)
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        out.write(header + values)


def first_of_idx(path, n):
    data = gzip.decompress(path.read_bytes())
    rank = data[3]
    dims = struct.unpack_from(f">{rank}I", data, 4)
    size = 1
    for d in dims[1:]:
        size *= d
    start = 4 + 4 * rank
    return (n, *dims[1:]), data[start : start + n * size]


def write_mnist(source, out):
    for kind in ("images-idx3", "labels-idx1"):
        dims, values = first_of_idx(source / f"train-{kind}-ubyte.gz", MNIST_IMAGES)
        write_idx(out / f"mnist-10k-{kind}-ubyte.gz", dims, values)


def write_optdigits(wheel, out):
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read(DIGITS)).decode()
    rows = [[int(float(v)) for v in line.split(",")] for line in text.splitlines()]
    images = bytes(v for row in rows for v in row[:64])
    write_idx(out / "optdigits-images-idx3-ubyte.gz", (len(rows), 8, 8), images)
    write_idx(out / "optdigits-labels-idx1-ubyte.gz", (len(rows),), bytes(row[64] for row in rows))


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    mnist, wheel, out = map(Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    write_mnist(mnist, out)
    write_optdigits(wheel, out)


if __name__ == "__main__":
    main()
