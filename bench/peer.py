#!/usr/bin/env python3
"""PyTorch's time for the steps that `xsite bench` times: the same networks, losses and updates.

usage: peer.py step [--channels N] [--batch N] [--size N] [--blocks N] [--mode M] [--repeats N]
       peer.py classifier [--batch N] [--size N] [--mode M] [--repeats N]

M: eager, channels_last, compile.  float32, two threads (--threads).  Prints one JSON object with
median milliseconds and the process's peak memory.  The first run of each step is not counted.
"""
import argparse
import json
import resource
import shutil
import statistics
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "golden"))
from networks import Discriminator, Generator, LeNet, gradient_penalty  # noqa: E402

MODES = ("eager", "channels_last", "compile")


class TrainingLeNet(LeNet):
    """With dropout: of channels before the second pooling, of units before the last layer."""

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.features[0](x), 2))
        x = F.dropout2d(self.features[1](x), 0.5, self.training)
        x = F.relu(self.classifier[0](F.relu(F.max_pool2d(x, 2)).flatten(1)))
        return self.classifier[1](F.dropout(x, 0.5, self.training))


def prepare(o, *tensors_and_nets):
    if o.mode == "channels_last":
        return [t.to(memory_format=torch.channels_last) for t in tensors_and_nets]
    return list(tensors_and_nets)


def compiled(o, function):
    """function under torch.compile where asked for and possible."""
    if o.mode != "compile":
        return function
    if shutil.which("g++") is None:
        o.note = "torch.compile needs g++, which is not installed: this is eager"
        return function
    return torch.compile(function)


def median_ms(o, step):
    step()
    times = []
    for _ in range(o.repeats):
        start = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def require_gradients(needed, *nets):
    for net in nets:
        net.requires_grad_(needed)


def update(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def bench_step(o):
    g, d = Generator(o.channels, o.blocks, 2), Discriminator(o.channels, o.size, 2)
    fs, ft = TrainingLeNet().eval(), TrainingLeNet()
    x = torch.rand(o.batch, 3, o.size, o.size) * 2 - 1
    x, g, d, fs, ft = prepare(o, x, g, d, fs, ft)
    require_gradients(False, fs)
    half = o.batch // 2
    own = torch.tensor([0] * half + [1] * half)
    y = torch.randint(0, 10, (half,))
    own_code, other_code = F.one_hot(own, 2).float(), F.one_hot(1 - own, 2).float()
    adam = torch.optim.Adam
    optimise_g = adam(g.parameters(), 1e-4, (0.5, 0.999))
    optimise_d = adam(d.parameters(), 1e-4, (0.5, 0.999))
    optimise_ft = adam(ft.parameters(), 1e-3)

    def critic_step():
        with torch.no_grad():
            fake = g(x, other_code)
        source, domain = d(torch.cat((x, fake)))
        a = torch.rand(o.batch, 1, 1, 1)
        xh = (a * x + (1 - a) * fake).requires_grad_()
        update(optimise_d, source[o.batch:].mean() - source[:o.batch].mean()
               + F.cross_entropy(domain[:o.batch], own) + 10 * gradient_penalty(d, xh))

    def generator_loss():
        fake = g(x, other_code)
        source, domain = d(fake)
        back = g(fake, own_code)
        with torch.no_grad():
            pseudo = ft(x[half:]).argmax(1)
        loss = (-source.mean() + F.cross_entropy(domain, 1 - own) + 10 * (x - back).abs().mean()
                + F.cross_entropy(fs(back[:half]), y) + F.cross_entropy(ft(fake[:half]), y)
                + F.cross_entropy(fs(fake[half:]), pseudo))
        return loss, fake

    loss_of_g = compiled(o, generator_loss)

    def generator_step():
        require_gradients(False, d, ft.eval())  # those of G only, as in xsite
        loss, fake = loss_of_g()
        update(optimise_g, loss)
        require_gradients(True, d, ft.train())
        update(optimise_ft, F.cross_entropy(ft(fake[:half].detach()), y))

    if o.mode == "compile" and not o.note:
        o.note = "generator's loss compiled; the critic is eager: no second derivatives in torch.compile"
    return {"critic_ms": median_ms(o, critic_step), "generator_ms": median_ms(o, generator_step)}


def bench_classifier(o):
    net = TrainingLeNet()
    x = torch.rand(o.batch, 3, o.size, o.size) * 2 - 1
    x, net = prepare(o, x, net)
    y = torch.randint(0, 10, (o.batch,))
    optimise = torch.optim.Adam(net.parameters(), 1e-3)
    loss = compiled(o, lambda: F.cross_entropy(net(x), y))
    return {"step_ms": median_ms(o, lambda: update(optimise, loss()))}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("what", choices=("step", "classifier"))
    p.add_argument("--channels", type=int, default=64)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--size", type=int, default=32)
    p.add_argument("--blocks", type=int, default=4)
    p.add_argument("--mode", choices=MODES, default="eager")
    p.add_argument("--repeats", type=int, default=7)
    p.add_argument("--threads", type=int, default=2)
    o = p.parse_args()
    o.note = ""
    torch.set_num_threads(o.threads)
    torch.manual_seed(0)
    libraries = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    result = bench_step(o) if o.what == "step" else bench_classifier(o)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"mode": o.mode, "torch": torch.__version__, **result, "peak_bytes": peak,
                      "libraries_bytes": libraries, "note": o.note}))


if __name__ == "__main__":
    main()
