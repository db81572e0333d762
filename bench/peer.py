#!/usr/bin/env python3
"""PyTorch's time for the work that `xsite bench` times: the same networks, losses and updates.

usage: peer.py step [--channels N] [--batch N] [--size N] [--blocks N] [OPTIONS]
       peer.py classifier --model lenet|densenet121 [--batch N] [--size N] [OPTIONS]
       peer.py inference --model lenet|densenet121|generator [--batch N] [--size N]
                         [--channels N] [--blocks N] [OPTIONS]
       peer.py model --model NAME --out FILE [--size N] [--channels N] [--blocks N]

OPTIONS: --mode eager|channels_last|compile, --precision f32|bf16 (autocast), --repeats N,
--threads N, --first (the first step once and no more).  Prints one JSON object with median
milliseconds and the process's peak memory; two runs of each step before that are not counted.
`model` writes a network with first weights as a model file of xsite.
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
from networks import DenseNet, Discriminator, Generator, LeNet, gradient_penalty  # noqa: E402

MODES = ("eager", "channels_last", "compile")
CLASSES = 10


class TrainingLeNet(LeNet):
    """With dropout: of channels before the second pooling, of units before the last layer."""

    def __init__(self, size):
        super().__init__(CLASSES)
        left = ((size - 4) // 2 - 4) // 2
        self.classifier[0] = torch.nn.Linear(50 * left * left, 500)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.features[0](x), 2))
        x = F.dropout2d(self.features[1](x), 0.5, self.training)
        x = F.relu(self.classifier[0](F.relu(F.max_pool2d(x, 2)).flatten(1)))
        return self.classifier[1](F.dropout(x, 0.5, self.training))


def densenet121():
    net = DenseNet(64, 32, 4, (6, 12, 24, 16), (1000, 100), CLASSES)
    for part in net.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.5
    return net


def network(o):
    make = {"lenet": lambda: TrainingLeNet(o.size), "densenet121": densenet121,
            "generator": lambda: Generator(o.channels, o.blocks, 2)}
    return make[o.model]()


def images(o):
    return torch.rand(o.batch, 3, o.size, o.size) * 2 - 1


def autocast(o):
    return torch.autocast("cpu", torch.bfloat16, enabled=o.precision == "bf16")


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
    for _ in range(0 if o.first else 2):
        step()
    times = []
    for _ in range(1 if o.first else o.repeats):
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
    fs, ft = TrainingLeNet(o.size).eval(), TrainingLeNet(o.size)
    x, g, d, fs, ft = prepare(o, images(o), g, d, fs, ft)
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
        with torch.no_grad(), autocast(o):
            fake = g(x, other_code)
        a = torch.rand(o.batch, 1, 1, 1)
        xh = (a * x + (1 - a) * fake).requires_grad_()
        with autocast(o):
            source, domain = d(torch.cat((x, fake)))
            loss = (source[o.batch:].mean() - source[:o.batch].mean()
                    + F.cross_entropy(domain[:o.batch], own) + 10 * gradient_penalty(d, xh))
        update(optimise_d, loss)

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
        with autocast(o):
            loss, fake = loss_of_g()
        update(optimise_g, loss)
        require_gradients(True, d, ft.train())
        with autocast(o):
            loss = F.cross_entropy(ft(fake[:half].detach()), y)
        update(optimise_ft, loss)

    if o.mode == "compile" and not o.note:
        o.note = "generator's loss compiled; the critic is eager: no second derivatives in torch.compile"
    result = {"critic_ms": median_ms(o, critic_step)}
    return result if o.first else {**result, "generator_ms": median_ms(o, generator_step)}


def bench_classifier(o):
    x, net = prepare(o, images(o), network(o))
    y = torch.randint(0, CLASSES, (o.batch,))
    optimise = torch.optim.Adam(net.parameters(), 1e-3)
    compute = compiled(o, lambda: F.cross_entropy(net(x), y))

    def step():
        with autocast(o):
            loss = compute()
        update(optimise, loss)

    return {"step_ms": median_ms(o, step)}


def bench_inference(o):
    x, net = prepare(o, images(o), network(o).eval())
    inputs = [x]
    if o.model == "generator":
        inputs.append(F.one_hot(torch.ones(o.batch, dtype=torch.long), 2).float())
    if o.mode == "compile":
        from torch._inductor import config
        config.freezing = True  # weights are constants: norms folded into them, their layout chosen
    net = compiled(o, net)
    with torch.no_grad(), autocast(o):
        return {"inference_ms": median_ms(o, lambda: net(*inputs))}


def write_model(o):
    from safetensors.torch import save_file
    weights = {name: t.contiguous() for name, t in network(o).state_dict().items()
               if not name.endswith("num_batches_tracked")}
    about = {"format": 1, "size": o.size, "channels": 3,
             "normalisation": {"mean": [0.5] * 3, "deviation": [0.5] * 3}}
    if o.model == "generator":
        about.update(kind="generator", architecture="stargan", base_channels=o.channels,
                     blocks=o.blocks, critic_layers=0, domains=2)
    else:
        about.update(kind="classifier", architecture=o.model,
                     classes=[str(i) for i in range(CLASSES)])
    save_file(weights, o.out, metadata={"xsite": json.dumps(about)})
    return {}


WORK = {"step": bench_step, "classifier": bench_classifier, "inference": bench_inference,
        "model": write_model}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("what", choices=WORK)
    p.add_argument("--model", choices=("lenet", "densenet121", "generator"), default="lenet")
    p.add_argument("--channels", type=int, default=64)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--size", type=int, default=32)
    p.add_argument("--blocks", type=int, default=4)
    p.add_argument("--mode", choices=MODES, default="eager")
    p.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    p.add_argument("--repeats", type=int, default=7)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--first", action="store_true")
    p.add_argument("--out")
    o = p.parse_args()
    o.note = ""
    torch.set_num_threads(o.threads)
    torch.manual_seed(0)
    libraries = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    result = WORK[o.what](o)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"mode": o.mode, "torch": torch.__version__, **result, "peak_bytes": peak,
                      "libraries_bytes": libraries, "note": o.note}), flush=True)


if __name__ == "__main__":
    main()
