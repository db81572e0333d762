#!/usr/bin/env python3
"""Writes a tiny data folder for MNIST-M: two photographs, five digits and their recipes; then
`mnistm_checksum.py DIR` prints the sums that tests/data/test_data_mnistm.c compares with.

usage: make_mnistm.py DIR (tests/golden/mnistm)
"""
import gzip
import struct
import sys
from pathlib import Path

import numpy as np
from PIL import Image


def photograph(h, w, phase):
    y, x = np.mgrid[0:h, 0:w]
    waves = (np.sin(x / 5 + phase), np.cos(y / 4 - phase), np.sin((x + y) / 7 + 2 * phase))
    return Image.fromarray(np.stack([128 + 110 * v for v in waves], 2).astype(np.uint8))


def digit(i):
    y, x = np.mgrid[0:28, 0:28]
    ring = np.abs(np.hypot(y - 14, x - 10 - i) - 6) < 2
    return (ring * (255 - 40 * i)).astype(np.uint8)


def write_idx(path, kind, a):
    path.parent.mkdir(parents=True, exist_ok=True)
    head = bytes([0, 0, kind, a.ndim]) + struct.pack(f">{a.ndim}I", *a.shape)
    path.write_bytes(gzip.compress(head + a.tobytes(), mtime=0))


def main():
    digits = Path(sys.argv[1]) / "digits"
    (digits / "bsds500-train").mkdir(parents=True, exist_ok=True)
    (digits / "mnistm").mkdir(exist_ok=True)
    for k, name in enumerate(("b.jpg", "a.jpg")):  # the recipe counts in the order of the list
        photograph(36 + 4 * k, 48 - 8 * k, k).save(digits / "bsds500-train" / name, quality=90)
    (digits / "mnistm/bsds500-train-names.txt").write_text("b.jpg\na.jpg\n")
    recipes = {"train": [[0, 4, 16], [1, 0, 0], [1, 8, 8]], "test": [[1, 3, 5], [0, 0, 9]]}
    first = 0
    for mnist, mnistm in (("train", "train"), ("t10k", "test")):
        recipe = np.array(recipes[mnistm], ">i2")
        numbers = range(first, first + len(recipe))
        first += len(recipe)
        write_idx(digits / f"mnist/{mnist}-images-idx3-ubyte.gz", 8, np.stack([digit(i) for i in numbers]))
        write_idx(digits / f"mnist/{mnist}-labels-idx1-ubyte.gz", 8, np.array(numbers, np.uint8))
        write_idx(digits / f"mnistm/mnistm-{mnistm}-recipe-idx2-short.gz", 11, recipe)


if __name__ == "__main__":
    main()
