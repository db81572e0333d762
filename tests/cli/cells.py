#!/usr/bin/env python3
"""Small collections of blood cells from two laboratories, for cli/test_splits.sh: four classes, few images.

usage: cells.py FOLDER

A cell is a disc whose size and brightness tell its class; the second laboratory's images are darker.  Some donors have two
images.  Writes FOLDER/NAME.yaml, FOLDER/NAME.csv and FOLDER/NAME/; the column `split` is an official one.
"""
import random
import struct
import sys
import zlib
from pathlib import Path

SIZE = 16
CLASSES = ["eosinophil", "lymphocyte", "monocyte", "neutrophil"]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(rows):
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def cell(draw, k, brightness):
    x, y, radius = draw.uniform(6, 9), draw.uniform(6, 9), 2 + k
    value = brightness * (1 + (k % 2)) / 2
    return png([[min(255, max(0, round(draw.gauss(20 + value * ((i - x) ** 2 + (j - y) ** 2 < radius ** 2), 12))))
                 for i in range(SIZE)] for j in range(SIZE)])


def write_site(folder, name, counts, brightness):
    draw = random.Random(name)
    (folder / name).mkdir()
    label = [k for k, n in enumerate(counts) for _ in range(n)]
    draw.shuffle(label)
    lines, donor = ["file,label,donor,split"], 0
    for i, k in enumerate(label):
        (folder / name / f"{i}.png").write_bytes(cell(draw, k, brightness))
        donor += draw.random() < 0.8
        side = "Test" if donor % 3 == 0 else "valid" if donor % 3 == 1 else "train"
        lines.append(f"{i}.png,{CLASSES[k]},{name}-{donor},{side}")
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    (folder / f"{name}.yaml").write_text(
        f"name: {name}\nformat: folder\nimages: {name}\nlabels: {name}.csv\nclasses: [{', '.join(CLASSES)}]\n"
        f"group_column: donor\nsize: {SIZE}\n")


folder = Path(sys.argv[1])
write_site(folder, "berlin", [75, 33, 21, 170], 220)
write_site(folder, "lyon", [21, 24, 14, 38], 120)
