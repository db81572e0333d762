#!/usr/bin/env python3
"""Compares xsite's scores of published DenseNet-121 weights with PyTorch's, image by image.

usage: densenet_scores.py XSITE WEIGHTS.safetensors IMAGE...     (XSITE_EPSILON: of the batch norms)

Needs torch, numpy, safetensors, Pillow.  The network is written out here with PyTorch's operators;
images are resized by Pillow in floating point, so that neither side rounds them to 8 bits.
Prints the largest difference of probabilities; fails above 1e-4.
"""
import csv
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

SIZE = 224
EPSILON = float(os.environ.get("XSITE_EPSILON", "1.001e-5"))
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def read(path):
    image = Image.open(path).convert("RGB")
    planes = [np.asarray(p.convert("F").resize((SIZE, SIZE), Image.BILINEAR)) for p in image.split()]
    x = np.stack([(p / 255 - m) / d for p, m, d in zip(planes, MEAN, DEVIATION)])
    return torch.from_numpy(x.astype(np.float64))[None]


def densenet(w, x):
    def norm(name, y):
        return F.relu(F.batch_norm(y, w[name + ".running_mean"], w[name + ".running_var"], w[name + ".weight"],
                                   w[name + ".bias"], eps=EPSILON))

    x = norm("features.norm0", F.conv2d(x, w["features.conv0.weight"], stride=2, padding=3))
    x = F.max_pool2d(x, 3, 2, 1)
    for block, layers in enumerate((6, 12, 24, 16), 1):
        for layer in range(1, layers + 1):
            name = f"features.denseblock{block}.denselayer{layer}"
            y = F.conv2d(norm(name + ".norm1", x), w[name + ".conv1.weight"])
            x = torch.cat((x, F.conv2d(norm(name + ".norm2", y), w[name + ".conv2.weight"], padding=1)), 1)
        if block < 4:
            name = f"features.transition{block}"
            x = F.avg_pool2d(F.conv2d(norm(name + ".norm", x), w[name + ".conv.weight"]), 2)
    x = norm("features.norm5", x).mean((2, 3))
    return F.linear(x, w["classifier.weight"], w["classifier.bias"])[0]


def xsite_scores(program, weights, images):
    with tempfile.TemporaryDirectory() as folder:
        model = folder + "/model.safetensors"
        subprocess.run([program, "import", "--weights", weights, "--epsilon", str(EPSILON), "--out", model], check=True)
        out = subprocess.run([program, "predict", "--csv", "--model", model, *images], check=True,
                             capture_output=True, text=True).stdout
    rows = list(csv.DictReader(out.splitlines()))
    return [np.array([float(row[f"p_{k}"]) for k in range(1000)]) for row in rows]


def main():
    program, weights, images = sys.argv[1], sys.argv[2], sys.argv[3:]
    w = {k: v.double() for k, v in load_file(weights).items()}
    worst = 0
    for path, got in zip(images, xsite_scores(program, weights, images)):
        want = torch.softmax(densenet(w, read(path)), 0).numpy()
        difference = np.abs(want - got).max()
        worst = max(worst, difference)
        best = int(want.argmax())
        print(f"{os.path.basename(path)}: class {best} {want[best]:.6f}, xsite {got.argmax()} {got[best]:.6f}, "
              f"largest difference of 1000 probabilities {difference:.1e}")
    return int(worst > 1e-4)


sys.exit(main())
