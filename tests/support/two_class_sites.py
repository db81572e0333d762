#!/usr/bin/env python3
"""Sites of two classes, for cli/test_results.sh: patients with two images each.

usage: two_class_sites.py FOLDER [NAME...]

A finding is a bright spot in the left half of the image, but where it is near the middle chance
decides.  The second site's images are darker and noisier, the third's are like the first's.  Most patients are women
of about 70 years; sex and age have nothing to do with the finding, and of some are not known.  Writes FOLDER/NAME.yaml, FOLDER/NAME.csv and
FOLDER/NAME/, of all three or of those that are named.
"""
import random
import struct
import sys
import zlib
from pathlib import Path

SIZE, PATIENTS = 16, 250


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(rows):
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def image(draw, x, brightness, noise):
    y = draw.uniform(3, SIZE - 4)
    rows = []
    for j in range(SIZE):
        spot = [brightness / (1 + ((i - x) ** 2 + (j - y) ** 2) / 3) for i in range(SIZE)]
        rows.append([min(255, max(0, round(v + draw.gauss(20, noise)))) for v in spot])
    return png(rows)


def person(draw):
    """Sex and age as label files write them."""
    old, young = round(draw.gauss(68, 7)), f"{draw.randint(1, 240):03}M"
    return draw.choice(["F"] * 6 + ["female", "M", "male", ""]), draw.choice([old] * 8 + [young, ""])


def write_site(folder, name, brightness, noise):
    draw = random.Random(name)
    (folder / name).mkdir()
    people = random.Random(f"people of {name}")
    lines = ["file,label,patient,sex,age"]
    for k in range(2 * PATIENTS):
        if k % 2 == 0:
            sex, age = person(people)
        x = draw.uniform(1, SIZE - 2)
        finding = x + draw.gauss(0, 2) < SIZE / 2
        (folder / name / f"{k}.png").write_bytes(image(draw, x, brightness, noise))
        lines.append(f"{k}.png,{'finding' if finding else 'normal'},{name}-{k // 2},{sex},{age}")
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    (folder / f"{name}.yaml").write_text(
        f"name: {name}\nformat: folder\nimages: {name}\nlabels: {name}.csv\n"
        f"split: hash\nclasses: [normal, finding]\ngroup_column: patient\nsex_column: sex\nage_column: age\n"
        f"size: {SIZE}\n")


folder = Path(sys.argv[1])
for name, brightness, noise in (("clinic", 200, 10), ("ward", 60, 15), ("annex", 200, 10)):
    if name in (sys.argv[2:] or [name]):
        write_site(folder, name, brightness, noise)
