#!/usr/bin/env python3
"""Writes tests/golden/images and prints, as C for tests/test_data_folder.c, what Pillow reads from
them (after dropping alpha and equal channels) and how Pillow resizes.  usage: make_images.py DIR"""
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def fnv1a(data):
    h = 14695981039346656037
    for b in data:
        h = (h ^ b) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return h


def scene(h, w):
    y, x = np.mgrid[0:h, 0:w]
    red = 128 + 100 * np.sin(x / 3.0) * np.cos(y / 5.0)
    return np.stack([red, (7 * x + 3 * y) % 256, 255 * (((x - 9) ** 2 + (y - 8) ** 2) < 30)], 2).astype(
        np.uint8
    )


def write_interlaced(path, rgb):
    """Adam7, which Pillow reads but does not write."""
    passes = ((0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1))
    rows = b"".join(
        b"\0" + row.tobytes() for y, dy, x, dx in passes for row in rgb[y::dy, x::dx] if row.size
    )
    header = struct.pack(">IIBBBBB", rgb.shape[1], rgb.shape[0], 8, 2, 0, 0, 1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    )


def write_all(out):
    rgb = scene(17, 23)
    gray = rgb[:, :, 0]
    Image.fromarray(gray).save(out / "gray.png")
    Image.fromarray(rgb).save(out / "rgb.png")
    Image.fromarray(np.dstack([rgb, gray])).save(out / "rgba.png")
    Image.fromarray(np.dstack([gray] * 3 + [gray])).save(out / "gray-as-rgba.png")
    Image.fromarray(np.dstack([gray, gray])).save(out / "gray-alpha.png")
    Image.fromarray(rgb).quantize(16).save(out / "palette.png")
    # A transparent colour in a palette, and in a true-colour image.
    Image.fromarray(rgb).quantize(16).save(out / "palette-trns.png", transparency=bytes(range(0, 256, 16)))
    Image.fromarray(rgb).save(out / "rgb-trns.png", transparency=tuple(int(v) for v in rgb[0, 0]))
    write_interlaced(out / "interlaced.png", rgb)
    Image.fromarray(gray > 128).save(out / "bilevel.png")
    Image.fromarray(gray.astype(np.uint16) * 257 + 3).save(out / "gray16.png")
    Image.fromarray(gray.astype(np.uint16) * 16).save(out / "gray12.png")  # white is 4095
    Image.fromarray(gray).save(out / "gray.jpg", quality=80)
    Image.fromarray(rgb).save(out / "rgb.jpg", quality=80, subsampling=2)
    Image.fromarray(rgb).save(out / "progressive.jpg", quality=80, progressive=True)


def pixels(path):
    image = Image.open(path)
    if image.mode in ("1", "LA"):
        image = image.convert("L")
    if image.mode in ("P", "RGBA"):
        image = image.convert("RGB")
    a = np.asarray(image)
    if a.ndim == 3 and (a[..., 0] == a[..., 1]).all() and (a[..., 0] == a[..., 2]).all():
        a = a[..., 0]
    if a.dtype.itemsize > 1:
        a = a.astype("<u2")
    return a


def print_sums(out):
    for path in sorted(out.iterdir()):
        a = pixels(path)
        channels = 3 if a.ndim == 3 else 1
        print(f'    {{"{path.name}", {channels}, {a.dtype.itemsize}, 0x{fnv1a(a.tobytes()):016x}}},')


def print_resized():
    image = Image.fromarray(np.fromfunction(lambda y, x: (y * 37 + x * x * 11) % 256, (5, 7), dtype=int).astype(np.float32))
    for size in (3, 8):
        a = np.asarray(image.resize((size, size), Image.BILINEAR))
        print(size, ", ".join(f"{v:.4f}f" for v in a.ravel()))


if __name__ == "__main__":
    directory = Path(sys.argv[1])
    write_all(directory)
    print_sums(directory)
    print_resized()
