#!/usr/bin/env python3
"""Makes the small films of examples/data/chest again from whole ones (needs Pillow).

usage: make_chest_data.py FILMS SITE [OUT]

SITE is examples/data/chest/nih or guangzhou; its labels.csv lists the films.  FILMS is a folder with the
archive's own files, in it or below, .png, .jpg or .jpeg.  OUT, if not SITE, gets the small films.
Of each: gray, the central square, 80 x 80 pixels (Lanczos), JPEG of quality 85 without metadata.
"""
import csv
import sys
from pathlib import Path

from PIL import Image

SIDE = 80
QUALITY = 85
ENDINGS = {".png", ".jpg", ".jpeg"}


def small(path):
    with Image.open(path) as image:
        gray = image.convert("L")
    side = min(gray.size)
    left, top = ((length - side) // 2 for length in gray.size)
    return gray.resize((SIDE, SIDE), Image.Resampling.LANCZOS, (left, top, left + side, top + side))


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    films, site, out = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[-1])
    out.mkdir(parents=True, exist_ok=True)
    whole = {p.stem: p for p in sorted(films.rglob("*")) if p.suffix.lower() in ENDINGS}
    with open(site / "labels.csv", newline="") as table:
        names = [row["file"] for row in csv.DictReader(table)]
    missing = [name for name in names if Path(name).stem not in whole]
    if missing:
        sys.exit(f"{films}: {len(missing)} of {len(names)} films are not there; the first: {missing[0]}")
    for name in names:
        small(whole[Path(name).stem]).save(out / name, "JPEG", quality=QUALITY, optimize=True)


if __name__ == "__main__":
    main()
