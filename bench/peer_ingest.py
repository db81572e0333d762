"""What bench/ingest compares with: a PyTorch DataLoader whose data set decodes and resizes with Pillow.

usage: peer_ingest.py make FILMS OUT COUNT        makes gray PNG files of 1024 x 1024 pixels from real films
       peer_ingest.py read FOLDER SIZE WORKERS    prints images a second
"""
import json
import sys
import time
from pathlib import Path

import numpy
import torch
from PIL import Image

SIDE, BATCH = 1024, 32


def films(folder):
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (".png", ".jpg", ".jpeg"):
            with Image.open(path) as image:
                if image.size == (SIDE, SIDE):
                    yield numpy.asarray(image.convert("L"))


def make(folder, out, count):
    out.mkdir(parents=True, exist_ok=True)
    for old in out.iterdir():
        old.unlink()
    pixels = list(films(folder))
    for i in range(count):
        k = i // len(pixels)
        x = numpy.roll(pixels[i % len(pixels)], (37 * k, 53 * k), (0, 1))
        Image.fromarray(x[:, ::-1] if k % 2 else x).save(out / f"{i:05d}.png")
    return count


class Folder(torch.utils.data.Dataset):
    def __init__(self, folder, size):
        self.paths, self.size = sorted(folder.iterdir()), size

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        with Image.open(self.paths[i]) as image:
            small = image.convert("L").resize((self.size, self.size), Image.BILINEAR)
        return torch.from_numpy(numpy.array(small))


def read(folder, size, workers):
    """The time from the start of the workers to the last batch, for an epoch's start belongs to it."""
    data = Folder(folder, size)
    start, n = time.perf_counter(), 0
    for batch in torch.utils.data.DataLoader(data, BATCH, num_workers=workers):
        n += len(batch)
    return n / (time.perf_counter() - start)


torch.set_num_threads(1)
verb, folder, *rest = sys.argv[1:]
if verb == "make":
    print(json.dumps(make(Path(folder), Path(rest[0]), int(rest[1]))))
else:
    print(json.dumps(read(Path(folder), int(rest[0]), int(rest[1]))))
