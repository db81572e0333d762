#!/usr/bin/env python3
"""Writes small DICOM files of every kind into a folder: one 12-bit picture in every transfer syntax, every depth,
photometric interpretation, table and window.  Files bad-*.dcm are to be refused.
usage: make_dicom.py DIR   (pip install numpy pillow pydicom pylibjpeg[all] pyjpegls) and DCMTK's dcmcjpeg"""
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

ROWS, COLUMNS = 17, 23
OUT = Path(sys.argv[1])


def scene(bits, rows=ROWS, columns=COLUMNS):
    y, x = np.mgrid[0:rows, 0:columns]
    wave = 0.5 + 0.3 * np.sin(x / 5.0) * np.cos(y / 4.0) + 0.2 * ((x - 11) ** 2 + (y - 8) ** 2 < 20)
    return np.floor(wave * ((1 << bits) - 1)).astype(np.uint16 if bits > 8 else np.uint8)


def film(pixels, bits, photometric="MONOCHROME2", signed=0):
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = uid.ComputedRadiographyImageStorage, "1.2.3.4", "CR"
    ds.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    ds.PhotometricInterpretation = photometric
    if pixels.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8 * pixels.dtype.itemsize, bits, bits - 1
    ds.PixelRepresentation = signed
    data = pixels.tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OW" if pixels.dtype.itemsize == 2 else "OB"
    return ds


def save(ds, name, syntax=uid.ExplicitVRLittleEndian):
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.ImplementationClassUID = "1.2.3"
    little, implicit = syntax != uid.ExplicitVRBigEndian, syntax == uid.ImplicitVRLittleEndian
    if not little:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    pydicom.dcmwrite(OUT / name, ds, little_endian=little, implicit_vr=implicit, enforce_file_format=True)


def compressed(name, syntax, encode=None, bits=12, larger=0, **options):
    ds = film(scene(bits, ROWS + larger, COLUMNS + larger), bits)
    save(ds, name)
    ds = pydicom.dcmread(OUT / name)
    if encode:
        ds.PixelData = encapsulate([encode])
        ds["PixelData"].is_undefined_length = True
        save(ds, name, syntax)
    else:
        ds.compress(syntax, **options)
        save(ds, name, syntax)


def through_dcmtk(name, option, bits):
    save(film(scene(bits), bits), name)
    subprocess.run(["dcmcjpeg", option, "--uid-never", OUT / name, OUT / name], check=True)


def jpeg(pixels, **options):
    to = io.BytesIO()
    Image.fromarray(pixels).save(to, "jpeg", quality=85, **options)
    return to.getvalue()


def write_syntaxes():
    save(film(scene(12), 12), "explicit.dcm")
    save(film(scene(12), 12), "implicit.dcm", uid.ImplicitVRLittleEndian)
    save(film(scene(12), 12), "big-endian.dcm", uid.ExplicitVRBigEndian)
    save(film(scene(12), 12), "deflated.dcm", uid.DeflatedExplicitVRLittleEndian)
    compressed("rle.dcm", uid.RLELossless, encoding_plugin="pydicom")
    compressed("jpeg-ls.dcm", uid.JPEGLSLossless, encoding_plugin="pyjpegls")
    compressed("jpeg-ls-near.dcm", uid.JPEGLSNearLossless, jls_error=3, encoding_plugin="pyjpegls")
    compressed("jpeg2000.dcm", uid.JPEG2000Lossless, larger=17, encoding_plugin="pylibjpeg")
    compressed("jpeg2000-lossy.dcm", uid.JPEG2000, larger=17, j2k_cr=[4], encoding_plugin="pylibjpeg")
    compressed("jpeg.dcm", uid.JPEGBaseline8Bit, jpeg(scene(8)), bits=8)


def write_old_jpeg():
    """Kinds of JPEG that no Python package writes."""
    through_dcmtk("jpeg-extended.dcm", "--encode-extended", 12)
    through_dcmtk("jpeg-lossless.dcm", "--encode-lossless", 12)
    through_dcmtk("jpeg-lossless-first.dcm", "--encode-lossless-sv1", 16)


def write_depths():
    for bits in (8, 10, 15, 16):
        save(film(scene(bits), bits), f"bits{bits}.dcm")
    save(film(scene(6), 6), "bits6.dcm")
    save(film(scene(16).astype(np.int32).__sub__(32768).astype(np.int16), 16, signed=1), "signed16.dcm")
    low = scene(12).astype(np.int16) - 2048
    save(film(low, 12, signed=1), "signed12.dcm")
    save(film(low & 0xFFF, 12, signed=1), "signed12-not-extended.dcm")
    high = film(scene(12) << 4, 12)
    high.HighBit = 15
    save(high, "high-bit15.dcm")
    overlay = film(scene(12) | (scene(12) > 2600).astype(np.uint16) << 12, 12)
    overlay.add_new(0x60000100, "US", 16)
    overlay.add_new(0x60000102, "US", 12)
    save(overlay, "overlay-in-bits.dcm")


def table(first, values, bits):
    item = Dataset()
    item.add_new(0x00283002, "US", [len(values), first, bits])
    item.add_new(0x00283006, "US", list(values))
    return Sequence([item])


def write_values():
    save(film(scene(12), 12, "MONOCHROME1"), "monochrome1.dcm")
    ds = film(scene(12), 12)
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "-1", "4095", "US"
    save(ds, "rescale-negative.dcm")
    for name, center, width, function in (("window", "2500\\1000", "1200\\400", None),
                                          ("window-exact", "2500.5", "1200", "LINEAR_EXACT"),
                                          ("window-sigmoid", "2500", "1200", "SIGMOID")):
        ds = film(scene(12), 12, "MONOCHROME1" if name == "window-exact" else "MONOCHROME2")
        ds.WindowCenter, ds.WindowWidth = center.split("\\"), width.split("\\")
        if function:
            ds.VOILUTFunction = function
        save(ds, name + ".dcm")
    ds = film(low_values(), 12, signed=1)
    ds.RescaleSlope, ds.RescaleIntercept, ds.WindowCenter, ds.WindowWidth = "0.5", "100", "150", "800"
    save(ds, "window-rescaled.dcm")
    ds = film(scene(6), 6)
    ds.WindowCenter, ds.WindowWidth = "30", "20"
    save(ds, "window8.dcm")
    curve = [int(255 * (i / 63) ** 2) for i in range(64)]
    ds = film(scene(6), 6)
    ds.VOILUTSequence = table(0, curve, 8)
    save(ds, "voi-table.dcm")
    ds = film(scene(6), 6)
    ds.ModalityLUTSequence = table(0, [v * 257 for v in curve], 16)
    ds.ModalityLUTSequence[0].ModalityLUTType = "US"
    save(ds, "modality-table.dcm")
    padding = scene(12)
    padding[:, :4], padding[0] = 4095, 4000
    ds = film(padding, 12, "MONOCHROME1")
    ds.PixelPaddingValue, ds.PixelPaddingRangeLimit = 4095, 3990
    save(ds, "padding.dcm")


def low_values():
    return scene(12).astype(np.int16) - 2048


def colours(columns=COLUMNS):
    gray = scene(8, columns=columns)
    return np.dstack([gray, gray[::-1], 255 - gray])


def write_colours():
    save(film(colours(), 8, "RGB"), "rgb.dcm")
    ds = film(colours(), 8, "RGB")
    ds.PlanarConfiguration, ds.PixelData = 1, colours().transpose(2, 0, 1).tobytes() + b"\0"
    save(ds, "rgb-planes.dcm")
    save(film(np.dstack([scene(8)] * 3), 8, "RGB"), "rgb-gray.dcm")
    save(film(colours(), 8, "YBR_FULL"), "ybr.dcm")
    ds = film(colours(COLUMNS + 1), 8, "YBR_FULL_422")
    pairs = colours(COLUMNS + 1).reshape(-1, 2, 3)  # two neighbours share Cb and Cr, here those of the left one
    save(ds, "bad-422-whole.dcm")
    ds.PixelData = np.column_stack([pairs[:, 0, 0], pairs[:, 1, 0], pairs[:, 0, 1:]]).tobytes()
    save(ds, "ybr-422.dcm")
    ds.Columns = 2 * COLUMNS + 1
    save(ds, "bad-422-columns.dcm")
    ds.Columns = 2 * COLUMNS
    save(ds, "bad-422-cut.dcm")
    ds = film(colours(), 8, "YBR_FULL_422")
    ds.PixelData = encapsulate([jpeg(colours(), subsampling=1)])
    ds["PixelData"].is_undefined_length = True
    save(ds, "ybr-jpeg.dcm", uid.JPEGBaseline8Bit)
    for bits in (8, 16):
        ds = film(scene(8) // 16, 8, "PALETTE COLOR")
        for k, name in enumerate(("Red", "Green", "Blue")):
            entries = [(i * (7 + 5 * k)) % 16 * 17 * (257 if bits == 16 else 1) for i in range(16)]
            setattr(ds, name + "PaletteColorLookupTableDescriptor", [16, 0, bits])
            data = np.array(entries, np.uint16 if bits == 16 else np.uint8).tobytes()
            setattr(ds, name + "PaletteColorLookupTableData", data)
        save(ds, f"palette{bits}.dcm")


def write_headers():
    whole = (OUT / "implicit.dcm").read_bytes()
    length = int.from_bytes(whole[140:144], "little")
    (OUT / "no-preamble.dcm").write_bytes(whole[132:])
    (OUT / "no-header.dcm").write_bytes(whole[144 + length :])
    for name in ("PhotometricInterpretation", "Rows", "PixelData", "BitsAllocated"):
        ds = film(scene(12), 12)
        delattr(ds, name)
        save(ds, f"bad-no-{name.lower()}.dcm")
    ds = film(scene(12), 12)
    ds.NumberOfFrames, ds.PixelData = 2, ds.PixelData * 2
    save(ds, "bad-frames.dcm")
    save(film(scene(12), 10), "bad-bits-stored.dcm")
    ds = film(scene(12), 12)
    ds.Rows, ds.Columns = 60000, 60000
    save(ds, "bad-large.dcm")
    ds = film(scene(12), 12)
    ds.RescaleSlope, ds.RescaleIntercept = "0", "0"
    save(ds, "bad-slope.dcm")
    ds = pydicom.dcmread(OUT / "jpeg-ls.dcm")
    ds.Rows = 16
    save(ds, "bad-jpeg-ls-size.dcm", uid.JPEGLSLossless)
    save(film(scene(12).astype(np.uint32), 12), "bad-bits-allocated.dcm")
    ds = pydicom.dcmread(OUT / "jpeg2000.dcm")
    save(ds, "bad-syntax.dcm", uid.MPEG2MPML)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    write_syntaxes()
    write_depths()
    write_values()
    write_colours()
    write_headers()
    write_old_jpeg()
