#!/usr/bin/env python3
"""Golden values of the losses of src/learn/align and their gradients, computed with PyTorch in double precision.

usage: align.py [FOLDER]     writes align.safetensors (default: beside this script)

Needs what networks.py needs.  What every tensor means: README.md in this folder.
"""
import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from networks import Golden, LeNet, deviation, gradient_of

BATCH = 6
WEIGHT, BALANCE, PROGRESS = 0.5, 0.25, 0.125
CORAL_WEIGHT, SHOT_PSEUDO, RAMP = 1000.0, 0.3, 0.3  # constants of the methods' files


class Features(LeNet):
    """LeNet in two parts."""

    def features_of(self, x):
        for conv in self.features:
            x = F.relu(F.max_pool2d(conv(x), 2))
        return F.relu(self.classifier[0](x.flatten(1)))

    def forward(self, x):
        return self.classifier[1](self.features_of(x))


def entropy(p):
    return -(p * p.log()).sum(1).mean()


def diversity(p):
    m = p.mean(0)
    return (m * (m + 1e-6).log()).sum()


def certain(answer, threshold):
    best, label = answer.max(1)
    return (best > threshold).to(answer.dtype), label


def pseudo_loss(logit, answer, threshold):
    sure, label = certain(answer, threshold)
    return (sure * F.cross_entropy(logit, label, reduction="none")).mean()


def coral(net, _, source, label, target, changed, __):
    a, b = net.features_of(source), net.features_of(changed)
    apart = (a.T.cov() - b.T.cov()).pow(2).sum() / (4 * a.shape[1] ** 2)
    classes = F.cross_entropy(net.classifier[1](a), label)
    return [classes, apart], [(net, classes + CORAL_WEIGHT * WEIGHT * apart)]


def dann(net, head, source, label, target, changed, _):
    a, b = net.features_of(source), net.features_of(changed)
    site = torch.cat([torch.zeros(BATCH), torch.ones(BATCH)]).long()
    domain = F.cross_entropy(head(torch.cat([a, b])), site)
    classes = F.cross_entropy(net.classifier[1](a), label)
    share = 2 / (1 + math.exp(-10 * PROGRESS)) - 1
    return [classes, domain], [(net, classes - WEIGHT * share * domain), (head, domain)]


def shot(net, _, source, label, target, changed, threshold):
    p = net(target).softmax(1)
    pseudo = pseudo_loss(net(changed), p.detach(), threshold)
    terms = [entropy(p), diversity(p), pseudo]
    return terms, [(net, terms[0] + BALANCE * terms[1] + SHOT_PSEUDO * WEIGHT * pseudo)]


def selftrain(net, teacher, source, label, target, changed, threshold):
    answer = teacher(target).softmax(1).detach()
    logit = net(changed)
    terms = [F.cross_entropy(net(source), label), pseudo_loss(logit, answer, threshold),
             diversity(logit.softmax(1)), certain(answer, threshold)[0].mean()]
    ramp = math.exp(-5 * max(0.0, 1 - PROGRESS / RAMP) ** 2)
    return terms, [(net, terms[0] + WEIGHT * ramp * (terms[1] + BALANCE * terms[2]))]


def head_net():
    return nn.Sequential(nn.Linear(500, 100), nn.ReLU(), nn.Linear(100, 2))


def threshold_of(nets, target):
    """The middle of the widest gap that leaves at least two images on either side of each network."""
    best = torch.stack([net(target).softmax(1).max(1).values for net in nets])
    value = best.flatten().sort().values
    middle = (value[1:] + value[:-1]) / 2
    wide = torch.where(torch.stack([((b > middle[:, None]).sum(1) - BATCH / 2).abs() <= 1 for b in best]).all(0),
                       value.diff(), 0)
    assert wide.max() > 1e-3
    return middle[wide.argmax()].item()


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    torch.set_num_threads(1)
    gold = Golden(1100)
    net, teacher, head = Features(), Features(), head_net()
    for module, name in ((net, ""), (teacher, "teacher/"), (head, "domain/")):
        gold.weights(module, f"weight/{name}")
    images = {n: gold.make(f"in/{n}", (BATCH, 3, 32, 32), 1.0) for n in ("source", "target", "changed")}
    label = torch.tensor([3, 1, 4, 1, 5, 9])
    gold.keep("in/label", label)
    threshold = threshold_of((net, teacher), images["target"])
    gold.keep("in/threshold", torch.tensor([threshold], dtype=torch.float64))

    def compute(method, other, dtype):
        for module in (net, teacher, head):
            module.to(dtype)
        x = {k: v.to(dtype) for k, v in images.items()}
        terms, steps = method(net, other, x["source"], label, x["target"], x["changed"], threshold)
        return terms, [(m, gradient_of(loss, m)) for m, loss in steps]

    far = 0.0
    for name, method, other in (("coral", coral, None), ("dann", dann, head), ("shot", shot, None),
                                ("selftrain", selftrain, teacher)):
        single, double = (compute(method, other, t) for t in (torch.float32, torch.float64))
        far = max(far, deviation(single[0], double[0]))
        for i, term in enumerate(double[0]):
            gold.keep(f"out/{name}.{i}", term.reshape(1))
        for (module, grads), (_, rough) in zip(double[1], single[1]):
            far = max(far, deviation(rough, grads))
            gold.gradients(module, grads, f"grad/{name}/" + ("domain/" if module is head else ""))
    path = folder / "align.safetensors"
    gold.write(path, "losses of alignment, LeNet, 6 + 6 images")
    print(f"align            {path.stat().st_size:8d} bytes   float32 strays by {far:.1e}")


if __name__ == "__main__":
    main()
