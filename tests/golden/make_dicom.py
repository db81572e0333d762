#!/usr/bin/env python3
"""Writes small DICOM files of every kind into a folder: one 12-bit picture in every transfer syntax, every depth,
photometric interpretation, table and window.  Files bad-*.dcm are to be refused.
usage: make_dicom.py DIR   (pip install numpy pillow pydicom pylibjpeg[all] pyjpegls), DCMTK's dcmcjpeg and Grok's
grk_compress (apt install dcmtk grokj2k-tools)"""
import io
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pydicom
from openjpeg.utils import encode_array
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


def stream_of(name):
    """The one fragment of a compressed file, without its padding."""
    data = pydicom.dcmread(OUT / name)
    frame = next(pydicom.encaps.generate_frames(data.PixelData, number_of_frames=1))
    return data, frame[: frame.rindex(b"\xff\xd9") + 2]


def restream(name, source, *fragments):
    """`source` with other fragments, written as they are; each has an even number of bytes."""
    ds, _ = stream_of(source)
    items = b"".join(b"\xfe\xff\x00\xe0" + len(f).to_bytes(4, "little") + f for f in (b"", *fragments))
    ds.PixelData = items
    ds["PixelData"].is_undefined_length = True
    save(ds, name, ds.file_meta.TransferSyntaxUID)


def even(stream, byte=b"\0"):
    return stream + byte * (len(stream) % 2)


def write_ends():
    """Padding after the end marker, and zeros before it, belong to no image; data that are missing do."""
    for kind in ("jpeg", "jpeg-extended", "jpeg-lossless", "jpeg-lossless-first", "jpeg-ls", "jpeg2000"):
        _, stream = stream_of(kind + ".dcm")
        tails = ((b"\xff", "ff"), (b" ", "space"), (b"\0\xff", "zero-ff"))
        for tail, what in tails if kind in ("jpeg", "jpeg2000") else tails[:1]:
            restream(f"{kind}-end-{what}.dcm", kind + ".dcm", even(stream + tail, tail[-1:]))
        restream(f"zero-before-end-{kind}.dcm", kind + ".dcm", even(stream[:-2] + b"\0" + stream[-2:]))
        half = (max(stream.rfind(b"\xff\xda"), 0) + len(stream)) // 2
        restream(f"bad-half-{kind}.dcm", kind + ".dcm", even(stream[:half] + b"\xff\xd9"))
    _, stream = stream_of("jpeg.dcm")
    restream("jpeg-fragments.dcm", "jpeg.dcm", stream[:200], b"", even(stream[200:]), b"")


def write_run_lengths():
    wide = np.dstack([scene(16), scene(16)[::-1], 65535 - scene(16)])
    for name, pixels, bits in (("rle-rgb.dcm", colours(), 8), ("rle-rgb16.dcm", wide, 16)):
        save(film(pixels, bits, "RGB"), name)
        ds = pydicom.dcmread(OUT / name)
        ds.compress(uid.RLELossless, encoding_plugin="pydicom")
        save(ds, name, uid.RLELossless)
    save(film(wide, 16, "RGB"), "rgb16.dcm")
    ds = pydicom.dcmread(OUT / "rle-rgb16.dcm")
    frame = next(pydicom.encaps.generate_frames(ds.PixelData, number_of_frames=1))
    ds.PixelData = encapsulate([frame[: len(frame) * 3 // 4 // 2 * 2]])
    ds["PixelData"].is_undefined_length = True
    save(ds, "bad-rle-cut.dcm", uid.RLELossless)
    first = int.from_bytes(frame[4:8], "little") + 30
    ds.PixelData = encapsulate([frame[:first] + frame[first + 40 :]])
    ds["PixelData"].is_undefined_length = True
    save(ds, "bad-rle-hole.dcm", uid.RLELossless)


def write_tables():
    """Tables as scanners write them: 16 bits stated, 10 used; and tables that contradict their descriptor."""
    curve = [int(1023 * (i / 63) ** 2) for i in range(64)]
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        ds = film(scene(6), 6, photometric)
        ds.ModalityLUTSequence = table(0, curve, 16)
        ds.ModalityLUTSequence[0].ModalityLUTType = "US"
        save(ds, f"modality-table10-{photometric[-1]}.dcm")
    for name, sequence, values, bits in (
        ("bad-voi-bits.dcm", "VOILUTSequence", curve, 8),
        ("bad-voi-short.dcm", "VOILUTSequence", curve[:50], 10),
        ("bad-modality-bits.dcm", "ModalityLUTSequence", curve, 8),
        ("bad-modality-short.dcm", "ModalityLUTSequence", curve[:50], 16),
        ("bad-modality-black.dcm", "ModalityLUTSequence", [0] * 64, 16),
    ):
        ds = film(scene(6), 6)
        setattr(ds, sequence, table(0, values, bits))
        getattr(ds, sequence)[0][0x00283002].value = [64, 0, bits]
        save(ds, name)


def jpeg2000(pixels, photometric, bits_allocated=8, **options):
    """Compressed by OpenJPEG."""
    ds = film(pixels, 8, photometric)
    ds.PixelData = encapsulate([encode_array(pixels, photometric_interpretation=int(pixels.ndim == 3), **options)])
    ds["PixelData"].is_undefined_length = True
    ds.BitsAllocated = bits_allocated
    return ds


def write_jpeg2000():
    large = scene(8, ROWS + 17, COLUMNS + 17)
    picture = np.dstack([large, large[::-1], 255 - large])
    save(jpeg2000(picture, "YBR_RCT", use_mct=True), "jpeg2000-rct.dcm", uid.JPEG2000Lossless)
    save(jpeg2000(picture, "YBR_ICT", use_mct=True, compression_ratios=[4]), "jpeg2000-ict.dcm", uid.JPEG2000)
    save(jpeg2000(picture, "YBR_RCT", use_mct=False), "bad-rct.dcm", uid.JPEG2000Lossless)
    save(jpeg2000(large, "MONOCHROME2", 16), "jpeg2000-8-in-16.dcm", uid.JPEG2000Lossless)
    with tempfile.TemporaryDirectory() as folder:
        Image.fromarray(large).save(f"{folder}/in.pgm")
        command = ["grk_compress", "-i", f"{folder}/in.pgm", "-o", f"{folder}/out.j2k", "-M", "64"]
        subprocess.run(command, check=True, capture_output=True)
        ds = film(large, 8)
        ds.PixelData = encapsulate([Path(f"{folder}/out.j2k").read_bytes()])
    ds["PixelData"].is_undefined_length = True
    save(ds, "htj2k.dcm", uid.HTJ2KLossless)


def write_jpeg_colours():
    """The tag says RGB, the JPEG is YCbCr: by JFIF, or by the names of its components alone."""
    data = jpeg(colours(), subsampling=0)
    assert data[2:4] == b"\xff\xe0" and data[6:10] == b"JFIF"
    bare = data[:2] + data[4 + int.from_bytes(data[4:6], "big") :]
    unnamed = bytearray(jpeg(colours()[..., ::-1].copy(), subsampling=0))
    start = unnamed.index(b"\xff\xc0")
    scan = unnamed.index(b"\xff\xda")
    for k in range(3):
        unnamed[start + 10 + 3 * k] = unnamed[scan + 5 + 2 * k] = k
    unnamed = bytes(unnamed[:2] + unnamed[4 + int.from_bytes(unnamed[4:6], "big") :])
    for name, stream in (("rgb-tag-jfif", data), ("rgb-tag-named", bare), ("rgb-tag-unnamed", unnamed)):
        ds = film(colours(), 8, "RGB")
        ds.PixelData = encapsulate([stream])
        ds["PixelData"].is_undefined_length = True
        save(ds, name + ".dcm", uid.JPEGBaseline8Bit)


def write_dim():
    """12-bit pictures in 16 bits, which are dark: as MONOCHROME1 they would be nearly white, but for padding."""
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        ds = film(scene(12), 16, photometric)
        ds.PixelPaddingValue = int(scene(12).max())
        save(ds, f"dim{photometric[-1]}.dcm")


def restate(source, name, syntax):
    """The bytes of another file under a syntax that is not theirs."""
    whole = (OUT / source).read_bytes()
    at = whole.index(b"\x02\x00\x10\x00UI") + 6
    length = int.from_bytes(whole[at : at + 2], "little")
    text = even(syntax.encode())
    header = 132 + 8 + 4  # behind the length of the header's group
    group = int.from_bytes(whole[header - 4 : header], "little") + len(text) - length
    start = whole[: header - 4] + group.to_bytes(4, "little") + whole[header:at]
    (OUT / name).write_bytes(start + len(text).to_bytes(2, "little") + text + whole[at + 2 + length :])


def write_false_syntaxes():
    restate("implicit.dcm", "implicit-as-explicit.dcm", uid.ExplicitVRLittleEndian)
    restate("explicit.dcm", "explicit-as-implicit.dcm", uid.ImplicitVRLittleEndian)
    restate("jpeg-ls.dcm", "jpeg-ls-as-jpeg.dcm", uid.JPEGLossless)
    restate("jpeg2000.dcm", "jpeg2000-as-jpeg.dcm", uid.JPEGBaseline8Bit)
    restate("big-endian.dcm", "bad-big-endian-as-explicit.dcm", uid.ExplicitVRLittleEndian)
    restate("explicit.dcm", "bad-explicit-as-deflated.dcm", uid.DeflatedExplicitVRLittleEndian)
    restate("explicit.dcm", "bad-explicit-as-jpeg.dcm", uid.JPEGBaseline8Bit)
    restate("jpeg.dcm", "bad-jpeg-as-explicit.dcm", uid.ExplicitVRLittleEndian)
    restate("jpeg.dcm", "bad-unknown-syntax.dcm", "1.2.3.4")
    ds = pydicom.dcmread(OUT / "jpeg.dcm")  # implicit, and compressed
    with open(OUT / "implicit-as-jpeg.dcm", "wb") as f:
        f.write(b"\0" * 128 + b"DICM")
        pydicom.filewriter.write_file_meta_info(f, ds.file_meta)
        fp = pydicom.filebase.DicomBytesIO()
        fp.is_little_endian, fp.is_implicit_VR = True, True
        pydicom.filewriter.write_dataset(fp, ds)
        f.write(fp.getvalue())


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    write_syntaxes()
    write_depths()
    write_values()
    write_colours()
    write_headers()
    write_old_jpeg()
    write_ends()
    write_run_lengths()
    write_tables()
    write_jpeg2000()
    write_jpeg_colours()
    write_false_syntaxes()
    write_dim()
