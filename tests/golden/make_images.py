#!/usr/bin/env python3
"""Writes the PNG, JPEG, TIFF and BMP files of tests/golden/images and prints how Pillow resizes, as C for
tests/data/test_data_folder.c.  usage: make_images.py DIR"""
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import tifffile
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


def write_tiffs(out, rgb):
    gray = rgb[:, :, 0]
    deep = rgb.astype(np.uint16) * 256 + rgb[::-1]
    gray16 = deep[:, :, 0]
    for name in ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate"):
        Image.fromarray(rgb).save(out / f"rgb-{name.split('_')[-1]}.tif", compression=name)
        Image.fromarray(gray16).save(out / f"gray16-{name.split('_')[-1]}.tif", compression=name)
    for name in ("group3", "group4"):
        Image.fromarray(gray > 128).save(out / f"{name}.tif", compression=name)
    Image.fromarray(gray).save(out / "jpeg.tif", compression="jpeg", quality=80)
    Image.fromarray(rgb).save(out / "jpeg-colour.tif", compression="jpeg", quality=80)
    Image.fromarray(rgb).quantize(16).save(out / "palette.tif")
    Image.fromarray(np.dstack([rgb, gray])).save(out / "rgba.tif")
    Image.fromarray(np.dstack([gray, gray])).save(out / "gray-alpha.tif")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(gray).save(out / "turned.tif", exif=exif)
    write = {"metadata": None, "software": False}
    tifffile.imwrite(out / "rgb16.tif", deep, photometric="rgb", byteorder=">", **write)
    tifffile.imwrite(out / "rgb16-planes.tiff", np.moveaxis(deep, 2, 0), photometric="rgb", planarconfig="separate", **write)
    tifffile.imwrite(out / "tiles.tif", np.tile(rgb, (3, 2, 1)), photometric="rgb", tile=(16, 32), **write)
    tifffile.imwrite(out / "tiles16.tif", np.tile(gray16, (3, 2)), photometric="minisblack", tile=(32, 16), compression="zlib", **write)
    tifffile.imwrite(out / "strips.tif", gray16, photometric="minisblack", rowsperstrip=5, **write)
    tifffile.imwrite(out / "big.tif", gray16, photometric="minisblack", bigtiff=True, **write)
    tifffile.imwrite(out / "white-is-zero.tif", 255 - gray, photometric="miniswhite", **write)
    tifffile.imwrite(out / "white-is-zero16.tif", 65535 - gray16, photometric="miniswhite", **write)
    tifffile.imwrite(out / "bad-signed.tif", gray16.astype(np.int16), photometric="minisblack", **write)
    tifffile.imwrite(out / "bad-float.tif", gray16.astype(np.float32), photometric="minisblack", **write)
    tifffile.imwrite(out / "bad-32.tif", gray16.astype(np.uint32), photometric="minisblack", **write)
    tifffile.imwrite(out / "bad-pages.tif", np.stack([gray, gray]), photometric="minisblack", **write)
    tifffile.imwrite(out / "bad-multiplied.tif", np.dstack([rgb, gray]), photometric="rgb", extrasamples=["assocalpha"], **write)
    Image.fromarray(rgb).convert("CMYK").save(out / "bad-cmyk.tif")
    write_packed_tiff(out / "gray4.tif", gray >> 4, 4)
    write_packed_tiff(out / "gray12.tif", gray16 >> 4, 12)


def write_packed_tiff(path, pixels, bits):
    """Samples that share bytes, rows that begin with one: what neither Pillow nor tifffile writes."""
    digits = ["".join(format(v, f"0{bits}b") for v in row) for row in pixels]
    rows = [int(d.ljust(-(-len(d) // 8) * 8, "0"), 2).to_bytes(-(-len(d) // 8), "big") for d in digits]
    height, width = pixels.shape
    tags = ((256, 3, width), (257, 3, height), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, 8 + 2 + 9 * 12 + 4),
            (277, 3, 1), (278, 3, height), (279, 4, len(b"".join(rows))))
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    path.write_bytes(struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4) + b"".join(rows))


def write_bmps(out, rgb):
    gray = rgb[:, :, 0]
    indexed = Image.fromarray(rgb).quantize(16)
    Image.fromarray(gray).save(out / "gray.bmp")
    Image.fromarray(rgb).save(out / "rgb.bmp")
    Image.fromarray(np.dstack([rgb, gray])).save(out / "rgba.bmp")
    Image.fromarray(gray > 128).save(out / "bilevel.bmp")
    indexed.save(out / "palette.bmp")
    index, height, width = np.asarray(indexed), *gray.shape
    colours = np.array(indexed.getpalette()[:48], np.uint8).reshape(16, 3)[:, ::-1]
    colours = np.hstack([colours, np.zeros((16, 1), np.uint8)]).tobytes()

    def write(name, bits, kind, pixels, extra=b"", down=False):
        """extra: the palette or the masks."""
        begin = 54 + len(extra)
        header = struct.pack("<IiiHHIIiiII", 40, width, -height if down else height, 1, bits, kind, len(pixels), 0, 0, 0, 0)
        (out / name).write_bytes(struct.pack("<2sIHHI", b"BM", begin + len(pixels), 0, 0, begin) + header + extra + pixels)

    def pad(row):
        return row + bytes(-len(row) % 4)

    def nibbles(row):
        row = list(row) + [0] * (len(row) % 2)
        return bytes(a << 4 | b for a, b in zip(row[::2], row[1::2]))

    write("palette4.bmp", 4, 0, b"".join(pad(nibbles(r)) for r in index[::-1]), colours)
    write("down.bmp", 24, 0, b"".join(pad(r[:, ::-1].tobytes()) for r in rgb), down=True)
    five = (rgb.astype(np.uint16) >> 3) @ np.array([1 << 10, 1 << 5, 1], np.uint16)
    write("rgb555.bmp", 16, 0, b"".join(pad(r.astype("<u2").tobytes()) for r in five[::-1]))
    six = (rgb[..., 0].astype(np.uint16) >> 3 << 11) | (rgb[..., 1].astype(np.uint16) >> 2 << 5) | rgb[..., 2] >> 3
    write("rgb565.bmp", 16, 3, b"".join(pad(r.astype("<u2").tobytes()) for r in six[::-1]), struct.pack("<3I", 0xF800, 0x7E0, 0x1F))
    # Plain pixels and runs in turn, rows of an odd number of bytes, a step over nothing.
    wide = colours + bytes(1024 - len(colours))
    flat = index // 8
    plain8 = b"".join(bytes([0, width]) + r.tobytes() + bytes(width % 2) + b"\0\0" for r in flat[::-1])
    write("runs8.bmp", 8, 1, plain8[: len(plain8)] + b"\0\1", wide)
    runs = b""
    for r in flat[::-1]:
        at = 0
        while at < width:
            n = 1
            while at + n < width and r[at + n] == r[at]:
                n += 1
            runs += bytes([n, r[at]])
            at += n
        runs += b"\0\0"
    write("runs8-repeated.bmp", 8, 1, runs + b"\0\1", wide)
    half = b"".join(
        bytes([8, r[0] << 4 | r[1], 0, width - 8]) + nibbles(r[8:]) + bytes(len(nibbles(r[8:])) % 2) + b"\0\0"
        for r in index[::-1]
    )
    write("runs4.bmp", 4, 2, half + b"\0\1", colours)
    write("bad-runs.bmp", 8, 1, b"\xff\0\0\1" * 4, wide)
    write("bad-kind.bmp", 24, 4, rgb.tobytes())


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
    write_tiffs(out, rgb)
    write_bmps(out, rgb)


def print_resized():
    image = Image.fromarray(np.fromfunction(lambda y, x: (y * 37 + x * x * 11) % 256, (5, 7), dtype=int).astype(np.float32))
    for size in (3, 8):
        a = np.asarray(image.resize((size, size), Image.BILINEAR))
        print(size, ", ".join(f"{v:.4f}f" for v in a.ravel()))


if __name__ == "__main__":
    directory = Path(sys.argv[1])
    write_all(directory)
    print_resized()
