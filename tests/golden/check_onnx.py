#!/usr/bin/env python3
"""Compares exported models in ONNX Runtime with xsite itself, on random images.

usage: check_onnx.py XSITE MODEL.safetensors...

A classifier's probabilities must agree with `xsite predict --json` within 1e-4, a generator's images
with those of `xsite translate`, which are rounded to 8 bits.  The images have the model's size, so that
resizing plays no part.  Needs onnx, onnxruntime, numpy, pillow.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image

IMAGES = 7
TOLERANCE = 1e-4


def write_images(folder, shape, rng):
    """PNG files of random pixels; the paths, and the values in [0,1] as n,c,h,w."""
    channels, height, width = shape
    pixels = rng.integers(0, 256, (IMAGES, height, width, channels)).astype(np.uint8)
    pixels[:, 0, 0] = 255  # the largest value of the format is there
    paths = [folder / f"{i:08d}.png" for i in range(IMAGES)]
    for path, image in zip(paths, pixels):
        Image.fromarray(image[:, :, 0] if channels == 1 else image).save(path)
    return paths, pixels.transpose(0, 3, 1, 2).astype(np.float32) / 255


def check_classifier(xsite, model, session, shape, folder):
    paths, values = write_images(folder, shape, np.random.default_rng(1))
    made = session.run(["probabilities"], {"image": values})[0]
    printed = subprocess.run([xsite, "predict", "--model", model, "--json", *paths],
                             check=True, stdout=subprocess.PIPE).stdout
    wanted = np.array([list(p["probability"].values()) for p in json.loads(printed)])
    return np.abs(made - wanted).max(), TOLERANCE


def check_generator(xsite, model, session, shape, folder):
    images = folder / "images"
    images.mkdir()
    _, values = write_images(images, shape, np.random.default_rng(1))
    (folder / "site.yaml").write_text(
        f"name: random\nformat: folder\nimages: images\nsize: {shape[1]}\nclasses: [a, b]\n")
    domains = session.get_inputs()[1].shape[1]
    worst = 0
    for domain in range(domains):
        out = folder / f"out-{domain}"
        subprocess.run([xsite, "translate", "--model", model, "--data", folder / "site.yaml", "--out", out,
                        "--domain", str(domain)], check=True, stdout=subprocess.PIPE)
        code = np.tile(np.eye(domains, dtype=np.float32)[domain], (IMAGES, 1))
        made = session.run(["translated"], {"image": values, "domain": code})[0]
        wanted = np.stack([np.array(Image.open(p).convert("RGB" if shape[0] == 3 else "L"), dtype=np.float32)
                           .reshape(*shape[1:], shape[0]) for p in sorted((out / "images").glob("*.png"))])
        worst = max(worst, np.abs(made - wanted.transpose(0, 3, 1, 2) / 255).max())
    return worst, 0.5 / 255 + TOLERANCE


def check(xsite, model):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "model.onnx"
        subprocess.run([xsite, "export", "--model", model, "--out", path], check=True)
        onnx.checker.check_model(str(path), full_check=True)
        session = onnxruntime.InferenceSession(str(path))
        shape = session.get_inputs()[0].shape[1:]
        run = check_classifier if len(session.get_inputs()) == 1 else check_generator
        worst, allowed = run(xsite, model, session, shape, folder)
        print(f"{model}: differs by at most {worst:.3g}, allowed {allowed:.3g}")
        return worst <= allowed


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(0 if all([check(sys.argv[1], m) for m in sys.argv[2:]]) else 1)
