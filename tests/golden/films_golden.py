#!/usr/bin/env python3
"""What Pillow and pydicom read from a folder of PNG, JPEG, TIFF, BMP and DICOM files, as the table that
tests/image/test_films.c compares with: file, window (0 or 1), width, height, channels, bytes and bits of a value, SHA-256 of
the values (rows, columns, channels; 16 bits little-endian).  Gray films written as colour are one channel.
usage: films_golden.py DIR >TABLE   (pip install numpy tifffile pillow pypng pydicom pylibjpeg[all] pyjpegls)
Decoders of pydicom: Pillow's libjpeg-turbo for 8-bit JPEG, pylibjpeg for other JPEG and JPEG 2000, pyjpegls, and its own RLE; DCMTK's dcmdjpeg
for 12-bit lossy JPEG.
"""
import hashlib
import io
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import png
import pydicom
import tifffile
from PIL import Image, ImageOps
from pydicom.pixels import apply_modality_lut, apply_voi, apply_windowing
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit

warnings.filterwarnings("ignore")
Image.MAX_IMAGE_PIXELS = None
# OpenJPEG alone takes the zero for a marker; pydicom shifts the values of the other
UNREADABLE = {"zero-before-end-jpeg2000.dcm", "jpeg2000-as-jpeg.dcm"}


def read_png_bits(path):
    """The bits that an sBIT chunk of a 16-bit PNG states."""
    data, at = path.read_bytes(), 8
    if data[24] != 16:
        return 8
    while data[at + 4 : at + 8] != b"IDAT":
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"sBIT":
            colours = 3 if data[25] & 2 else 1
            return max(data[at + 8 : at + 8 + colours])
        at += 12 + length
    return 16


def read_picture(path):
    deep = read_deep_tiff(path) if path.suffix in (".tif", ".tiff") else None
    if deep:
        return deep
    bits = read_png_bits(path) if path.suffix == ".png" else 8
    image = Image.open(path)
    if bits > 8 and not image.mode.startswith("I"):  # Pillow would read 8 bits of colours and of gray with alpha
        width, height, rows, info = png.Reader(bytes=path.read_bytes()).read()
        pixels = np.vstack([np.array(row, np.uint16) for row in rows]).reshape(height, width, info["planes"])
        pixels = pixels[..., : -1 if info["alpha"] else None]
        return (pixels[..., 0] if pixels.shape[2] == 1 else pixels), bits
    image = ImageOps.exif_transpose(image)
    if image.mode in ("1", "LA"):
        image = image.convert("L")
    if image.mode in ("P", "RGBA", "CMYK"):
        image = image.convert("RGB")
    return np.asarray(image), bits


def read_deep_tiff(path):
    """Samples of more than 8 bits, of which Pillow reads gray ones only, and turned pictures, which Pillow 13 garbles; None: Pillow
    shall read it."""
    page = tifffile.TiffFile(path).pages[0]
    if "Orientation" in page.tags and page.tags["Orientation"].value == 6:
        return np.rot90(page.asarray(), -1), 8
    if page.bitspersample <= 8:
        return None
    if page.bitspersample == 12 and path.name == "gray12.tif":  # packed: unpacked here
        line = -(-page.imagewidth * 12 // 8)
        data = path.read_bytes()[page.dataoffsets[0] :]
        rows = [int.from_bytes(data[i * line : (i + 1) * line], "big") for i in range(page.imagelength)]
        at = [line * 8 - 12 * (k + 1) for k in range(page.imagewidth)]
        return np.array([[row >> a & 4095 for a in at] for row in rows], np.uint16), 12
    if page.compression.name == "LZW" or page.compression.name == "PACKBITS":
        return np.asarray(Image.open(path)), 16
    pixels = page.asarray()
    if page.planarconfig == 2 and page.samplesperpixel > 1:
        pixels = np.moveaxis(pixels, 0, 2)
    return (65535 - pixels if page.photometric.name == "MINISWHITE" else pixels), 16


def read_with_dcmtk(ds):
    """12-bit lossy JPEG: pylibjpeg's own inverse transform strays by 1 of 4095 from the libjpeg of everyone else."""
    with tempfile.TemporaryDirectory() as folder:
        ds.save_as(f"{folder}/in.dcm")
        subprocess.run(["dcmdjpeg", f"{folder}/in.dcm", f"{folder}/out.dcm"], check=True)
        return pydicom.dcmread(f"{folder}/out.dcm")


def stored_values(ds):
    """Codes of BitsStored bits, as numbers with their sign."""
    if ds.file_meta.TransferSyntaxUID == JPEGExtended12Bit:
        ds = read_with_dcmtk(ds)
    plugin = "pillow" if ds.file_meta.TransferSyntaxUID == JPEGBaseline8Bit else ""
    raw = pydicom.pixels.pixel_array(ds, raw=True, decoding_plugin=plugin, correct_unused_bits=False)
    shift = ds.HighBit + 1 - ds.BitsStored
    code = raw.astype(np.int64) >> shift & (1 << ds.BitsStored) - 1
    if ds.PixelRepresentation:
        code = np.where(code >= 1 << ds.BitsStored - 1, code - (1 << ds.BitsStored), code)
    return code


def brightness(ds, value, window):
    """Shares of white, before MONOCHROME1 is inverted, and the bits that hold them."""
    low, n = (-(1 << ds.BitsStored - 1) if ds.PixelRepresentation else 0), 1 << ds.BitsStored
    rescaled = apply_modality_lut(value.astype(np.int32), ds)
    many = 16 if ds.BitsStored > 8 else 8
    if window and "VOILUTSequence" in ds:
        item = ds.VOILUTSequence[0]
        return apply_voi(rescaled.astype(np.int32), ds) / ((1 << item.LUTDescriptor[2]) - 1), many
    if window and "WindowCenter" in ds:
        return apply_window(ds, rescaled), many
    if "ModalityLUTSequence" in ds:
        largest = int(np.max(ds.ModalityLUTSequence[0].LUTData))
        return rescaled / largest, largest.bit_length()
    share = (value - low) / (n - 1)
    return 1 - share if ds.get("RescaleSlope", 1) < 0 else share, ds.BitsStored


def apply_window(ds, rescaled):
    """pydicom's, whose result lies between the ends of the range that the values can have."""
    plain = pydicom.Dataset()
    plain.PhotometricInterpretation, plain.PixelRepresentation, plain.BitsStored = "MONOCHROME2", 0, 16
    for name in ("WindowCenter", "WindowWidth", "VOILUTFunction"):
        if name in ds:
            setattr(plain, name, ds[name].value)
    return apply_windowing(np.asarray(rescaled, np.float64), plain) / 65535


def read_gray(ds, window):
    value = stored_values(ds)
    share, bits = brightness(ds, value, window)
    if ds.PhotometricInterpretation == "MONOCHROME1":
        share = 1 - share
    pixels = np.floor(share * ((1 << bits) - 1) + 0.5)
    if "PixelPaddingValue" in ds:
        ends = sorted((ds.PixelPaddingValue, ds.get("PixelPaddingRangeLimit", ds.PixelPaddingValue)))
        pixels[(value >= ends[0]) & (value <= ends[1])] = 0
    return pixels.astype(np.uint8 if bits <= 8 else np.uint16), bits


def read_colours(ds):
    """pydicom takes the tag's word for a baseline JPEG's colours, against what the JPEG itself says (its pull request 2280)."""
    if ds.file_meta.TransferSyntaxUID != JPEGBaseline8Bit:
        return ds.pixel_array
    frame = Image.open(io.BytesIO(next(pydicom.encaps.generate_frames(ds.PixelData, number_of_frames=1))))
    if "jfif" in frame.info or [layer[0] for layer in frame.layer] == [1, 2, 3]:
        return np.asarray(frame)
    return pydicom.pixels.pixel_array(ds, decoding_plugin="pillow")


def read_dicom(path, window):
    ds = pydicom.dcmread(path, force=True)
    if not hasattr(ds.file_meta, "TransferSyntaxUID"):
        ds.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    if ds.PhotometricInterpretation == "PALETTE COLOR":
        rgb = apply_color_lut(ds.pixel_array, ds)
        bits = ds.RedPaletteColorLookupTableDescriptor[2]
        return (rgb >> max(bits - 8, 0)).astype(np.uint8), 8
    if ds.SamplesPerPixel == 3:
        return read_colours(ds), ds.BitsStored
    return read_gray(ds, window)


def print_row(name, window, pixels, bits):
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., 0]
    values = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    print(name, window, pixels.shape[1], pixels.shape[0], 3 if pixels.ndim == 3 else 1, pixels.dtype.itemsize, bits,
          hashlib.sha256(values).hexdigest(), sep="\t")


def main(directory):
    print("file", "window", "width", "height", "channels", "bytes", "bits", "sha256", sep="\t")
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if path.suffix in (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp") and not path.name.startswith("bad-"):
            print_row(name, 0, *read_picture(path))
        elif path.suffix == ".dcm" and not path.name.startswith("bad-") and path.name not in UNREADABLE:
            for window in (0, 1):
                print_row(name, window, *read_dicom(path, window))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
