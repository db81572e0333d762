#!/usr/bin/env python3
"""Golden values of the networks and losses, computed with PyTorch in double precision.

usage: networks.py [FOLDER]     writes *.safetensors (default: beside this script)

Needs torch 2.13 (CPU) or later, torchvision, numpy, safetensors.  What every tensor means: README.md in this folder.
Numbers that go in (weights, images) are exact in float32; numbers that come out are float64.
"""
import sys
from math import gcd
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch import nn
from torchvision.models import resnet18

STORED = 512  # a weight or image tensor of more elements is given by its formula, not stored
WHOLE = 1024  # a gradient of more elements is probed: its norm and about SAMPLES elements
SAMPLES = 256


def fill_values(seed, count):
    """Pseudo-random numbers in [-1,1), exact in float32: murmur3's 32-bit finaliser of a counter."""
    mask = np.uint64(0xFFFFFFFF)
    z = (np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B9)
         + np.uint64(seed) * np.uint64(0x85EBCA6B)) & mask
    z ^= z >> np.uint64(16)
    z = (z * np.uint64(0x85EBCA6B)) & mask
    z ^= z >> np.uint64(13)
    z = (z * np.uint64(0xC2B2AE35)) & mask
    z ^= z >> np.uint64(16)
    return (z >> np.uint64(8)).astype(np.float64) / 2.0**23 - 1.0


def uniform_values(seed, stream, step, count):
    """What src/base/random.h gives for indices 0 .. count-1: Philox4x32-10, written out again."""
    low, wide = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
    name = 14695981039346656037
    for byte in stream.encode():
        name = ((name ^ byte) * 1099511628211) & wide
    k = (seed * 0x9E3779B97F4A7C15 + name) & wide
    k = ((k ^ (k >> 30)) * 0xBF58476D1CE4E5B9) & wide
    k = ((k ^ (k >> 27)) * 0x94D049BB133111EB) & wide
    k ^= k >> 31
    words = []
    for block in range(-(-count // 4)):
        c, k0, k1 = [step & low, step >> 32, block, 0], k & low, k >> 32
        for _ in range(10):
            a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [(b >> 32) ^ c[1] ^ k0, b & low, (a >> 32) ^ c[3] ^ k1, a & low]
            k0, k1 = (k0 + 0x9E3779B9) & low, (k1 + 0xBB67AE85) & low
        words += c
    return np.array([(w >> 8) * 2.0**-24 for w in words[:count]])


class Golden:
    """The tensors of one file, and the seeds that its formulas used."""

    def __init__(self, first_seed):
        self.seed = first_seed
        self.tensor = {}

    def make(self, name, shape, scale, shift=0.0):
        """A new input tensor; scale is a power of two.  Stored as NAME, or as fill/NAME."""
        count = int(np.prod(shape))
        x = (fill_values(self.seed, count) * scale + shift).reshape(shape)
        x = x.astype(np.float32).astype(np.float64)  # changes nothing where shift is 0
        if count > STORED:
            assert shift == 0.0
            self.tensor["fill/" + name] = np.array([self.seed, scale, *shape], dtype=np.float64)
        else:
            self.tensor[name] = x.astype(np.float32)
        self.seed += 1
        return torch.from_numpy(x)

    def weights(self, net, prefix="weight/"):
        """Fills every parameter of net, in the order of its names."""
        for name, p in sorted(net.named_parameters()):
            norm = any(word in name for word in ("norm", "bn", "downsample.1"))
            if p.dim() > 1:
                fan = p[0].numel()
                scale = 2.0 ** np.floor(np.log2(np.sqrt(6.0 / fan)))
            else:
                scale = 0.25
            shift = 1.0 if norm and name.endswith("weight") else 0.0
            p.data = self.make(prefix + name, tuple(p.shape), scale, shift)

    def keep(self, name, x):
        self.tensor[name] = np.array(x.detach().double().numpy(), order="C")  # a copy

    def gradients(self, net, values, prefix="grad/"):
        """values: in the order of net's parameters."""
        for (name, _), g in zip(net.named_parameters(), values):
            if g.numel() <= WHOLE:
                self.keep(prefix + name, g)
                continue
            stride = -(-g.numel() // SAMPLES)
            while gcd(stride, g.numel()) > 1:  # or one place of the kernel would be seen only
                stride += 1
            head = torch.tensor([float(stride), float(g.norm())], dtype=torch.float64)
            probe = torch.cat([head, g.detach().double().reshape(-1)[::stride]])
            self.keep(prefix.replace("grad", "probe", 1) + name, probe)

    def write(self, path, about):
        version = torch.__version__.split("+")[0]
        # One key only: the package writes several in an order that changes from run to run.
        save_file(self.tensor, path, metadata={"about": f"{about}; PyTorch {version}"})


# ---- networks ----------------------------------------------------------------------------------


class LeNet(nn.Module):
    """conv 20, pool, ReLU, conv 50, (dropout), pool, ReLU, linear 500, ReLU, (dropout), linear."""

    def __init__(self, classes=10):
        super().__init__()
        self.features = nn.ModuleList([nn.Conv2d(3, 20, 5), nn.Conv2d(20, 50, 5)])
        self.classifier = nn.ModuleList([nn.Linear(50 * 25, 500), nn.Linear(500, classes)])

    def forward(self, x):
        for conv in self.features:
            x = F.relu(F.max_pool2d(conv(x), 2))
        return self.classifier[1](F.relu(self.classifier[0](x.flatten(1))))


class LeNet5(nn.Module):
    """LeCun 1998 in its present form: ReLU and max-pooling instead of tanh and averaging."""

    def __init__(self, classes=10):
        super().__init__()
        self.features = nn.ModuleList([nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5)])
        self.classifier = nn.ModuleList([nn.Linear(400, 120), nn.Linear(120, 84),
                                         nn.Linear(84, classes)])

    def forward(self, x):
        for conv in self.features:
            x = F.max_pool2d(F.relu(conv(x)), 2)
        x = F.relu(self.classifier[0](x.flatten(1)))
        return self.classifier[2](F.relu(self.classifier[1](x)))


class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck):
        super().__init__()
        middle = growth * bottleneck
        self.norm1, self.conv1 = nn.BatchNorm2d(channels), nn.Conv2d(channels, middle, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, growth, 3, 1, 1, bias=False)

    def forward(self, x):
        y = self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))
        return torch.cat([x, y], 1)


class Transition(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, channels // 2, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(F.relu(self.norm(x))), 2)


class DenseNet(nn.Module):
    """Huang 2017 with torchvision's names, and the chest head without its dropout."""

    def __init__(self, stem, growth, bottleneck, layers, hidden, classes):
        super().__init__()
        f, c = nn.ModuleDict(), stem
        f["conv0"], f["norm0"] = nn.Conv2d(3, c, 7, 2, 3, bias=False), nn.BatchNorm2d(c)
        for i, count in enumerate(layers):
            block = nn.ModuleDict()
            for k in range(count):
                block[f"denselayer{k + 1}"] = DenseLayer(c, growth, bottleneck)
                c += growth
            f[f"denseblock{i + 1}"] = block
            if i + 1 < len(layers):
                f[f"transition{i + 1}"] = Transition(c)
                c //= 2
        f["norm5"] = nn.BatchNorm2d(c)
        self.features = f
        a, b = hidden
        self.classifier = nn.Sequential(
            nn.Linear(c, a), nn.BatchNorm1d(a), nn.ReLU(), nn.Dropout(0),
            nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Dropout(0), nn.Linear(b, classes))

    def forward(self, x):
        f = self.features
        x = F.max_pool2d(F.relu(f["norm0"](f["conv0"](x))), 3, 2, 1)
        for name, part in f.items():
            if name.startswith("transition"):
                x = part(x)
            if name.startswith("denseblock"):
                for layer in part.values():
                    x = layer(x)
        return self.classifier(F.relu(f["norm5"](x)).mean((2, 3)))


class Stage(nn.Module):
    """Convolution, instance norm, ReLU."""

    def __init__(self, conv, channels):
        super().__init__()
        self.conv, self.norm = conv, nn.InstanceNorm2d(channels, affine=True)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1 = nn.Conv2d(c, c, 3, 1, 1, bias=False)
        self.norm1 = nn.InstanceNorm2d(c, affine=True)
        self.conv2 = nn.Conv2d(c, c, 3, 1, 1, bias=False)
        self.norm2 = nn.InstanceNorm2d(c, affine=True)

    def forward(self, x):
        return x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))


class Generator(nn.Module):
    def __init__(self, channels, blocks, domains):
        super().__init__()
        c = channels
        down = nn.Conv2d
        up = nn.ConvTranspose2d
        self.down = nn.ModuleList([
            Stage(down(3 + domains, c, 7, 1, 3, bias=False), c),
            Stage(down(c, 2 * c, 4, 2, 1, bias=False), 2 * c),
            Stage(down(2 * c, 4 * c, 4, 2, 1, bias=False), 4 * c)])
        self.blocks = nn.ModuleList([Block(4 * c) for _ in range(blocks)])
        self.up = nn.ModuleList([
            Stage(up(4 * c, 2 * c, 4, 2, 1, bias=False), 2 * c),
            Stage(up(2 * c, c, 4, 2, 1, bias=False), c)])
        self.out = nn.ModuleDict({"conv": nn.Conv2d(c, 3, 7, 1, 3, bias=False)})

    def forward(self, x, c):
        planes = c[:, :, None, None].expand(-1, -1, *x.shape[2:])
        x = torch.cat([x, planes], 1)
        for part in (*self.down, *self.blocks, *self.up):
            x = part(x)
        return torch.tanh(self.out["conv"](x))


class Discriminator(nn.Module):
    def __init__(self, channels, size, domains):
        super().__init__()
        depth = min(6, size.bit_length() - 2)  # floor(log2(size)) - 1
        width = [3] + [channels << i for i in range(depth)]
        self.trunk = nn.ModuleList(
            [nn.Conv2d(a, b, 4, 2, 1) for a, b in zip(width, width[1:])])
        self.source = nn.Conv2d(width[-1], 1, 3, 1, 1, bias=False)
        self.domain = nn.Conv2d(width[-1], domains, size >> depth, bias=False)

    def forward(self, x):
        for conv in self.trunk:
            x = F.leaky_relu(conv(x), 0.01)
        return self.source(x), self.domain(x).flatten(1)


def gradient_penalty(d, xh):
    """E[(||grad of the sum of D_src's patches by xh|| - 1)^2]."""
    score = d(xh)[0]
    g, = torch.autograd.grad(score.sum(), xh, create_graph=True)
    return ((torch.sqrt(g.square().sum((1, 2, 3)) + 1e-12) - 1) ** 2).mean()


# ---- files -------------------------------------------------------------------------------------


def gradient_of(y, net):
    return torch.autograd.grad(y, list(net.parameters()), retain_graph=True)


def in_float(net, compute):
    """compute() with net and default precision in float32: how far single precision strays."""
    net.float()
    result = compute(torch.float32)
    net.double()
    return result


def deviation(single, double):
    """Largest difference, as a share of the largest value."""
    pairs = [(s.detach().double(), d.detach()) for s, d in zip(single, double)]
    return max(float((s - d).abs().max() / d.abs().max()) for s, d in pairs)


def classifier_file(net, seed, labels):
    """Logits, mean cross-entropy, its gradients; dropout off."""
    gold = Golden(seed)
    net = net.double()
    gold.weights(net)
    x = gold.make("in/x", (len(labels), 3, 32, 32), 1.0)
    y = torch.tensor(labels)
    gold.keep("in/label", y)

    def compute(kind):
        logit = net(x.to(kind))
        loss = F.cross_entropy(logit, y)
        return [logit, loss.reshape(1), *gradient_of(loss, net)]

    double = compute(torch.float64)
    gold.keep("out/logit", double[0])
    gold.keep("out/loss", double[1])
    gold.gradients(net, double[2:])
    return gold, deviation(in_float(net, compute), double)


def is_running(name):
    return name.endswith(("running_mean", "running_var"))


def batch_norm_file(net, seed, labels, size, lost=()):
    """lost: gradients that norms make zero but for rounding.

    A training step's logits, loss, gradients and running statistics, then logits and the image's
    gradient by the statistics that were there before."""
    gold = Golden(seed)
    net = net.double()
    gold.weights(net)
    for name, b in sorted(net.named_buffers()):
        if is_running(name):
            spread = name.endswith("var")
            b.data = gold.make("weight/" + name, tuple(b.shape), 0.25, 1.0 if spread else 0.0)
    before = {name: b.clone() for name, b in net.named_buffers()}
    x = gold.make("in/x", (len(labels), 3, *size), 1.0).requires_grad_()
    y = torch.tensor(labels)
    gold.keep("in/label", y)

    def compute(kind):
        net.load_state_dict(before, strict=False)
        seen = x.to(kind)
        evaluated = net.eval()(seen)
        slope = torch.autograd.grad(F.cross_entropy(evaluated, y), x)[0]
        logit = net.train()(seen)
        loss = F.cross_entropy(logit, y)
        running = [b.clone() for name, b in net.named_buffers() if is_running(name)]
        return [logit, loss.reshape(1), evaluated, slope, *running, *gradient_of(loss, net)]

    double = compute(torch.float64)
    names = [name for name, _ in net.named_buffers() if is_running(name)]
    for name, value in zip(["logit", "loss", "evaluated"], double):
        gold.keep("out/" + name, value)
    gold.keep("grad_evaluated/x", double[3][:, :, ::4, ::4])
    for name, value in zip(names, double[4:]):
        gold.keep("out/" + name, value)
    gold.gradients(net, double[4 + len(names):])
    single = in_float(net, compute)
    parameters = [name for name, _ in net.named_parameters()]
    for name in lost:
        del gold.tensor["grad/" + name]
        place = 4 + len(names) + parameters.index(name)
        single[place] = double[place]
    return gold, deviation(single, double)


def generator_file(seed, channels, blocks, domains, size):
    """loss = sum(y * dy) for a given dy."""
    gold = Golden(seed)
    net = Generator(channels, blocks, domains).double()
    gold.weights(net)
    x = gold.make("in/x", (2, 3, size, size), 1.0).requires_grad_()
    dy = gold.make("in/dy", (2, 3, size, size), 1.0)
    label = torch.tensor([domains - 1, 0])
    gold.keep("in/domain", label)
    code = F.one_hot(label, domains)

    def compute(kind):
        xk = x.detach().to(kind).requires_grad_()
        y = net(xk, code.to(kind))
        loss = (y * dy.to(kind)).sum()
        dx, = torch.autograd.grad(loss, xk, retain_graph=True)
        return [y, dx, *gradient_of(loss, net)]

    double = compute(torch.float64)
    gold.keep("out/y", double[0])
    gold.keep("grad/x", double[1])
    gold.gradients(net, double[2:])
    return gold, deviation(in_float(net, compute), double)


def discriminator_file(seed, channels, domains, size):
    """loss = mean of D_src + cross-entropy of D_cls; penalty at x, its gradient by the weights."""
    gold = Golden(seed)
    net = Discriminator(channels, size, domains).double()
    gold.weights(net)
    x = gold.make("in/x", (2, 3, size, size), 1.0)
    label = torch.tensor([domains - 1, 0])
    gold.keep("in/domain", label)

    def compute(kind):
        xk = x.detach().to(kind).requires_grad_()
        source, domain = net(xk)
        loss = source.mean() + F.cross_entropy(domain, label)
        dx, = torch.autograd.grad(loss, xk, retain_graph=True)
        penalty = gradient_penalty(net, xk)
        by_weight = torch.autograd.grad(penalty, list(net.parameters()), allow_unused=True)
        by_weight = [torch.zeros_like(p) if g is None else g
                     for g, p in zip(by_weight, net.parameters())]
        return [source, domain, loss.reshape(1), penalty.reshape(1), dx,
                *gradient_of(loss, net), *by_weight]

    double = compute(torch.float64)
    for name, value in zip(("out/source", "out/domain", "out/loss", "out/penalty", "grad/x"), double):
        gold.keep(name, value)
    n = len(list(net.parameters()))
    gold.gradients(net, double[5:5 + n])
    gold.gradients(net, double[5 + n:], "grad_penalty/")
    used = [i for i, d in enumerate(double) if d.abs().max() > 0]
    single = in_float(net, compute)
    return gold, deviation([single[i] for i in used], [double[i] for i in used])


def gan_file(seed, channels=4, blocks=1, size=32, batch=4, targets=1):
    """Every term of the critic's and the generator's loss; F_S, F_T are LeNets without dropout.  Several targets share
    their half of the batch, and each gets as many source images."""
    gold = Golden(seed)
    domains = 1 + targets
    g = Generator(channels, blocks, domains).double()
    d = Discriminator(channels, size, domains).double()
    fs, ft = LeNet().double(), [LeNet().double() for _ in range(targets)]
    nets = [(g, "generator"), (d, "critic"), (fs, "source_net"), (ft[0], "target_net")]
    nets += [(ft[t], f"target_net{t}") for t in range(1, targets)]
    for net, prefix in nets:
        gold.weights(net, f"weight/{prefix}/")
    x = gold.make("in/x", (batch, 3, size, size), 1.0)
    half = batch // 2
    each = half // targets
    alpha = torch.from_numpy(uniform_values(7, "penalty mix", 1, batch))
    gold.keep("in/alpha", alpha)
    turn = [1 + t for t in range(targets) for _ in range(each)]
    own, wanted = torch.tensor([0] * half + turn), torch.tensor(turn + [0] * half)
    label = torch.tensor([3, 8, 0, 5][:half])
    gold.keep("in/domain", own)
    if targets > 1:
        gold.keep("in/wanted", wanted)
    gold.keep("in/label", label)

    def compute(kind):
        xk, code = x.to(kind), lambda c: F.one_hot(c, domains).to(kind)
        a = alpha.to(kind)[:, None, None, None]
        fake = g(xk, code(wanted))
        still = fake.detach()
        source, domain = d(xk)
        xh = (a * xk + (1 - a) * still).requires_grad_()
        critic = {"critic_real": source.mean(), "critic_fake": d(still)[0].mean(),
                  "penalty": gradient_penalty(d, xh),
                  "domain_real": F.cross_entropy(domain, own)}
        critic["critic_loss"] = (critic["critic_fake"] - critic["critic_real"]
                                 + 10 * critic["penalty"] + critic["domain_real"])
        source, domain = d(fake)
        back = g(fake, code(own))
        to = [slice(t * each, (t + 1) * each) for t in range(targets)]
        of = [slice(half + t * each, half + (t + 1) * each) for t in range(targets)]
        pseudo = torch.cat([ft[t](xk[of[t]]).argmax(1) for t in range(targets)])
        mean = lambda loss: sum(loss(t) for t in range(targets)) / targets
        terms = {"adversarial": -source.mean(), "domain_fake": F.cross_entropy(domain, wanted),
                 "cycle": (xk - back).abs().mean(),
                 "semantic_cycle": F.cross_entropy(fs(back[:half]), label),
                 "semantic_target": mean(lambda t: F.cross_entropy(ft[t](fake[to[t]]), label[to[t]])),
                 "semantic_pseudo": mean(lambda t: F.cross_entropy(fs(fake[of[t]]), pseudo[to[t]]))}
        terms["generator_loss"] = sum(terms.values()) + 9 * terms["cycle"]
        own_loss = [F.cross_entropy(ft[t](still[to[t]]), label[to[t]]) for t in range(targets)]
        for t, loss in enumerate(own_loss):
            terms[f"target_loss{t or ''}"] = loss
        values = {**{"out/" + k: v.reshape(1) for k, v in (critic | terms).items()},
                  "out/fake": fake, "out/back": back}
        grads = [(d, "critic", critic["critic_loss"]), (g, "generator", terms["generator_loss"])]
        grads += [(ft[t], f"target_net{t or ''}", own_loss[t]) for t in range(targets)]
        return values, pseudo, [(n, p, gradient_of(y, n)) for n, p, y in grads]

    values, pseudo, grads = compute(torch.float64)
    gold.keep("out/pseudo_label", pseudo)
    for name, value in values.items():
        if name not in ("out/fake", "out/back"):
            gold.keep(name, value)
    gold.keep("out/fake_pixels", values["out/fake"][:, :, ::8, ::8])
    gold.keep("out/back_pixels", values["out/back"][:, :, ::8, ::8])
    for net, prefix, value in grads:
        gold.gradients(net, value, f"grad/{prefix}/")
    for net, _ in nets:
        net.float()
    values_f, _, grads_f = compute(torch.float32)
    far = deviation([*values_f.values()], [*values.values()])
    for (_, _, s), (_, _, t) in zip(grads_f, grads):
        far = max(far, deviation(s, t))
    return gold, far


def adam_file(seed, count=24, steps=3):
    """Plain Adam with the adapter's betas, and with weight decay as the DenseNet uses it."""
    gold = Golden(seed)
    start = gold.make("in/start", (count,), 1.0)
    slope = [gold.make(f"in/gradient.{t}", (count,), 2.0 ** (-3 * t)) for t in range(1, steps + 1)]
    for name, lr, betas, decay in (("plain", 1e-2, (0.5, 0.999), 0.0),
                                   ("decay", 1e-2, (0.9, 0.999), 5e-4)):
        p = nn.Parameter(start.clone())
        adam = torch.optim.Adam([p], lr, betas, eps=1e-8, weight_decay=decay)
        for t in range(steps):
            p.grad = slope[t].clone()
            adam.step()
            gold.keep(f"out/{name}.{t + 1}", p)
    return gold, 0.0


def check_default_initialisation():
    """What PyTorch draws, as the README states it: the bound is reached and never passed."""
    torch.manual_seed(1)
    layers = {"conv": (nn.Conv2d(16, 64, 5), 16 * 25), "linear": (nn.Linear(300, 400), 300),
              "transposed": (nn.ConvTranspose2d(64, 16, 4, 2, 1), 16 * 16)}
    for name, (layer, fan_in) in layers.items():
        bound = fan_in ** -0.5
        largest = float(layer.weight.detach().abs().max())
        sd = float(layer.weight.detach().std())
        assert 0.99 * bound < largest <= bound, (name, largest, bound)
        assert abs(sd - bound / 3 ** 0.5) < 0.02 * bound, (name, sd, bound)
        assert float(layer.bias.detach().abs().max()) <= bound, name
    norm = nn.InstanceNorm2d(8, affine=True)
    assert bool((norm.weight == 1).all()) and bool((norm.bias == 0).all()) and norm.eps == 1e-5


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    torch.set_num_threads(1)
    check_default_initialisation()
    files = {
        "lenet": (classifier_file(LeNet(), 100, [7, 0, 4, 9]), "LeNet"),
        "lenet5": (classifier_file(LeNet5(), 200, [1, 5, 5, 2]), "LeNet-5"),
        "densenet": (batch_norm_file(DenseNet(6, 4, 2, (2, 3), (12, 10), 3), 1000, [2, 0, 1, 1, 0], (30, 37),
                                     ("classifier.0.bias", "classifier.4.bias")),
                     "stem 6, growth 4, bottleneck 2, blocks of 2 and 3, head 12, 10, 3"),
        "resnet": (batch_norm_file(resnet18(num_classes=3), 1600, [2, 0, 1], (36, 33)),
                   "ResNet-18 of torchvision"),
        "generator": (generator_file(300, 4, 2, 2, 16), "channels 4, blocks 2, domains 2, size 16"),
        "generator3": (generator_file(400, 2, 1, 3, 16), "channels 2, blocks 1, domains 3, size 16"),
        "discriminator": (discriminator_file(500, 4, 2, 16), "channels 4, domains 2, size 16"),
        "discriminator3": (discriminator_file(600, 2, 3, 32), "channels 2, domains 3, size 32"),
        "gan_losses": (gan_file(700), "channels 4, blocks 1, domains 2, size 32, batch 2 + 2"),
        "gan_shared": (gan_file(800, batch=8, targets=2), "as gan_losses, of two targets: batch 4 + 2 + 2"),
        "adam": (adam_file(900), "three steps of Adam"),
    }
    for name, ((gold, far), about) in files.items():
        path = folder / f"{name}.safetensors"
        gold.write(path, about)
        print(f"{name:16s} {path.stat().st_size:8d} bytes   float32 strays by {far:.1e}")


if __name__ == "__main__":
    main()
