#!/usr/bin/env python3
"""What pydicom reads of its own test files, as the table that tests/image/test_pydicom.c compares with: file, SHA-256 of the
file, window (0 or 1), then width, height, channels, bytes and bits of a value, SHA-256 of the values (as in
films_golden.py) or "refused" and what the message is to say.  What is refused, and why, follows from pydicom's
tags; files for which that is not enough are listed here.
usage: pydicom_files.py SITE-PACKAGES >pydicom_files.tsv   (pip install pydicom pydicom-data and what films_golden.py needs)
SITE-PACKAGES: the folder that `pydicom` and pydicom-data's `data_store` are in.  The files of pydicom_files/ are copies."""
import hashlib
import sys
import warnings
from pathlib import Path

import numpy as np
import pydicom

from films_golden import read_dicom

warnings.filterwarnings("ignore")
FOLDERS = "pydicom/data/test_files", "data_store/data"
NO_FILES = {".txt", ".json", ".icc", ".gz", ".dump", ".py"}

REFUSED = {
    "ExplVR_BigEndNoMeta.dcm": "not a PNG",  # big endian without a header (and without an image)
    "no_meta.dcm": "not a PNG",  # a stray byte comes before a data set without a header
    "meta_missing_tsyntax.dcm": "its header has no TransferSyntaxUID (0002,0010)",
    "MR_truncated.dcm": "it is damaged or cut short",
    "rtplan_truncated.dcm": "it is damaged or cut short",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "10 frames, one is expected",
    "badVR.dcm": "BitsAllocated (0028,0100) is 32, 8 or 16 is read",
    # its size was overwritten
    "JPEG2000-embedded-sequence-delimiter.dcm": "its compressed image cannot be used: it states an impossible size",
    "gdcm-US-ALOKA-16.dcm": "PaletteColorLookupTableDescriptor (0028,1101) has no table; a segmented one is not read",
    "gdcm-US-ALOKA-16_big.dcm": "PaletteColorLookupTableDescriptor (0028,1101) has no table; a segmented one is not read",
}
# pydicom reads the palette of a big-endian file, two entries in a word, in the wrong order
TWIN = {"OBXXXX1A_expb.dcm": "OBXXXX1A.dcm"}


def why_refused(name, ds):
    if name in REFUSED:
        return REFUSED[name]
    if ds.file_meta.get("MediaStorageSOPClassUID") == pydicom.uid.MediaStorageDirectoryStorage:
        return "it is an index of other files (DICOMDIR)"
    if "Rows" not in ds:
        return "it has no Rows (0028,0010) or Columns (0028,0011): not an image"
    if int(ds.get("NumberOfFrames", 1) or 1) > 1:
        return f"a DICOM file of {int(ds.NumberOfFrames)} frames, one is expected"
    if ds.BitsAllocated not in (8, 16):
        return f"BitsAllocated (0028,0100) is {ds.BitsAllocated}, 8 or 16 is read"
    return None


def describe(path, window):
    pixels, bits = read_dicom(path.with_name(TWIN.get(path.name, path.name)), window)
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., 0]
    values = np.ascontiguousarray(pixels).astype(pixels.dtype.newbyteorder("<")).tobytes()
    channels = 3 if pixels.ndim == 3 else 1
    return pixels.shape[1], pixels.shape[0], channels, pixels.dtype.itemsize, bits, hashlib.sha256(values).hexdigest()


def main(packages):
    print("file", "sha256", "window", "image", sep="\t")
    for folder in FOLDERS:
        for path in sorted((packages / folder).rglob("*")):
            if not path.is_file() or path.suffix in NO_FILES or path.name == "README":
                continue
            start = path.relative_to(packages), hashlib.sha256(path.read_bytes()).hexdigest()
            why = why_refused(path.name, pydicom.dcmread(path, force=True))
            if why:
                print(*start, 0, "refused", why, sep="\t")
                continue
            for window in (0, 1):
                print(*start, window, *describe(path, window), sep="\t")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
