#!/usr/bin/env python3
"""Prints the FNV-1a 64-bit sums of the official MNIST-M images made from a data folder, train then
test part, with numpy and Pillow: what tests/data/test_data_mnistm.c compares with.

usage: mnistm_checksum.py DATA_DIR
"""
import gzip
import sys
from pathlib import Path

import numpy as np
from PIL import Image


def idx(path):
    data = gzip.decompress(path.read_bytes())
    dims = np.frombuffer(data, ">u4", data[3], 4)
    kind = {8: ">u1", 11: ">i2"}[data[2]]
    return np.frombuffer(data, kind, offset=4 + 4 * data[3]).reshape(dims)


def fnv1a(data):
    h = 14695981039346656037
    for b in data:
        h = (h ^ b) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return h


def make(digits, recipe, photographs):
    out = np.empty((len(recipe), 32, 32, 3), np.uint8)
    for i, (k, y, x) in enumerate(recipe):
        patch = photographs[k][y : y + 32, x : x + 32]
        mask = np.pad(digits[i], 2)[..., None] > 0
        out[i] = np.where(mask, 255 - patch, patch)
    return out


def main():
    digits = Path(sys.argv[1]) / "digits"
    names = (digits / "mnistm/bsds500-train-names.txt").read_text().split()
    photographs = [np.asarray(Image.open(digits / "bsds500-train" / n).convert("RGB")) for n in names]
    for mnist, mnistm in (("train", "train"), ("t10k", "test")):
        images = idx(digits / f"mnist/{mnist}-images-idx3-ubyte.gz")
        recipe = idx(digits / f"mnistm/mnistm-{mnistm}-recipe-idx2-short.gz")
        made = make(images, recipe, photographs)
        print(mnistm, len(made), f"{fnv1a(made.tobytes()):#018x}")


if __name__ == "__main__":
    main()
