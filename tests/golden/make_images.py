#!/usr/bin/env python3
"""Writes the PNG and JPEG files of tests/golden/images and prints how Pillow resizes, as C for
tests/test_data_folder.c.  usage: make_images.py DIR"""
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def scene(h, w):
    y, x = np.mgrid[0:h, 0:w]
    red = 128 + 100 * np.sin(x / 3.0) * np.cos(y / 5.0)
    return np.stack([red, (7 * x + 3 * y) % 256, 255 * (((x - 9) ** 2 + (y - 8) ** 2) < 30)], 2).astype(
        np.uint8
    )


PASSES = ((0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1))


def pack(row, bits):
    """Samples of fewer than 8 bits share bytes, the first in the high bits."""
    if bits == 8:
        return row.astype(np.uint8).tobytes()
    if bits == 16:
        return row.astype(">u2").tobytes()
    digits = "".join(format(v, f"0{bits}b") for v in row.ravel())
    return int(digits.ljust(-(-len(digits) // 8) * 8, "0"), 2).to_bytes(-(-len(digits) // 8), "big")


def write_png(path, pixels, kind, bits, interlaced=False, chunks=()):
    """What Pillow does not write.  kind: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA."""
    passes = PASSES if interlaced else ((0, 1, 0, 1),)
    rows = b"".join(
        b"\0" + pack(row, bits) for y, dy, x, dx in passes for row in pixels[y::dy, x::dx] if row.size
    )
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], bits, kind, 0, 0, interlaced)
    chunks = ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    )


def write_depths(out, rgb):
    """Every colour type in every depth."""
    gray = rgb[:, :, 0].astype(np.uint16)
    colours = b"".join(bytes((i * 16, 255 - i * 16, i * i)) for i in range(16))
    for bits in (1, 2, 4):
        write_png(out / f"gray{bits}.png", gray >> 8 - bits, 0, bits)
        write_png(out / f"palette{bits}.png", gray >> 8 - bits, 3, bits, chunks=((b"PLTE", colours[: 3 << bits]),))
    deep = rgb.astype(np.uint16) * 256 + rgb[::-1]
    opaque = np.full_like(gray, 40000)
    write_png(out / "rgb16.png", deep, 2, 16)
    write_png(out / "rgba16.png", np.dstack([deep, opaque]), 6, 16)
    write_png(out / "gray-alpha16.png", np.dstack([deep[:, :, 0], opaque]), 4, 16)
    write_png(out / "interlaced.png", rgb, 2, 8, interlaced=True)
    write_png(out / "interlaced-gray2.png", gray >> 6, 0, 2, interlaced=True)
    write_png(out / "interlaced-gray16.png", deep[:, :, 0], 0, 16, interlaced=True)
    write_png(out / "interlaced-palette.png", gray >> 4, 3, 4, interlaced=True, chunks=((b"PLTE", colours),))
    write_png(out / "sbit12.png", gray * 16, 0, 16, chunks=((b"sBIT", b"\x0c"),))
    turned = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    write_png(out / "turned.png", gray, 0, 8, chunks=((b"eXIf", turned),))


def write_jpegs(out, rgb):
    gray = Image.fromarray(rgb[:, :, 0])
    gray.save(out / "gray.jpg", quality=80)
    image = Image.fromarray(rgb)
    image.save(out / "rgb.jpg", quality=80, subsampling=2)
    image.save(out / "full-colour.jpg", quality=80, subsampling=0)
    image.save(out / "half-colour.jpg", quality=80, subsampling=1)
    image.save(out / "progressive.jpg", quality=80, progressive=True)
    gray.save(out / "gray-progressive.jpg", quality=80, progressive=True)
    image.save(out / "restart.jpg", quality=80, restart_marker_blocks=1)
    image.save(out / "rgb-as-rgb.jpg", quality=80, keep_rgb=True)
    image.convert("CMYK").save(out / "cmyk.jpg", quality=80)
    inks = (out / "cmyk.jpg").read_bytes()
    at = inks.index(b"Adobe") + 11
    (out / "ycck.jpg").write_bytes(inks[:at] + b"\2" + inks[at + 1 :])
    for way in range(1, 9):
        exif = Image.Exif()
        exif.endian = "<>"[way % 2]
        exif[0x0112] = way
        gray.crop((0, 0, 11, 6)).save(out / f"orientation{way}.jpg", quality=60, exif=exif)


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
    Image.fromarray(gray > 128).save(out / "bilevel.png")
    Image.fromarray(gray.astype(np.uint16) * 257 + 3).save(out / "gray16.png")
    Image.fromarray(gray.astype(np.uint16) * 16).save(out / "gray12.png")  # white is 4095
    write_depths(out, rgb)
    write_jpegs(out, rgb)


def print_resized():
    image = Image.fromarray(np.fromfunction(lambda y, x: (y * 37 + x * x * 11) % 256, (5, 7), dtype=int).astype(np.float32))
    for size in (3, 8):
        a = np.asarray(image.resize((size, size), Image.BILINEAR))
        print(size, ", ".join(f"{v:.4f}f" for v in a.ravel()))


if __name__ == "__main__":
    directory = Path(sys.argv[1])
    write_all(directory)
    print_resized()
