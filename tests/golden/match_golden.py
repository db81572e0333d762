"""Makes match.safetensors beside this file: histogram and Fourier amplitude matching by numpy.

Histograms: ranks by counting equal values (their middle), quantiles by numpy's "hazen" rule, which is
the value at ranks (i + 1/2) / n.  Amplitudes: the shifted spectrum with the square window of the code
that Yang and Soatto published (YanchaoYang/FDA, low_freq_mutate_np).  Sizes 8 and 9: an even spectrum
has a frequency without a partner.  Run with numpy and safetensors installed:
    python3 tests/golden/match_golden.py
"""
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

HERE = Path(__file__).parent


def quantiles(x, n):
    return np.quantile(x.ravel(), (np.arange(n) + 0.5) / n, method="hazen")


def match_histogram(x, reference, n):
    value, inverse, count = np.unique(x, return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - count / 2) / x.size
    return np.interp(middle, (np.arange(n) + 0.5) / n, quantiles(reference, n))[inverse].reshape(x.shape)


def window(a, beta):
    h = a.shape[0]
    b, c = int(np.floor(h * beta)), h // 2
    return slice(max(c - b, 0), min(c + b + 1, h))


def match_amplitude(x, reference, beta):
    f = np.fft.fft2(x)
    amplitude, phase = np.fft.fftshift(np.abs(f)), np.angle(f)
    w = window(amplitude, beta)
    amplitude[w, w] = np.fft.fftshift(np.abs(np.fft.fft2(reference)))[w, w]
    return np.real(np.fft.ifft2(np.fft.ifftshift(amplitude) * np.exp(1j * phase)))


def main():
    rng = np.random.default_rng(2020)
    out = {}
    for size in (8, 9):
        x = np.round(rng.random((size, size)) ** 2 * 16) / 16  # many equal values
        reference = rng.random((size, size), np.float32).astype(np.float64)
        out[f"{size}/x"], out[f"{size}/reference"] = x, reference
        for n in (5, size * size):
            out[f"{size}/quantiles/{n}"] = quantiles(reference, n)
            out[f"{size}/histogram/{n}"] = match_histogram(x, reference, n)
        for beta in (0.0, 0.25, 0.5):
            amplitude = np.fft.fftshift(np.abs(np.fft.fft2(reference)))
            w = window(amplitude, beta)
            out[f"{size}/amplitude/{beta}"] = amplitude[w, w]
            out[f"{size}/fourier/{beta}"] = match_amplitude(x, reference, beta)
    out = {k: np.ascontiguousarray(v, np.float32 if k.endswith(("/x", "/reference")) else np.float64)
           for k, v in out.items()}
    save_file(out, HERE / "match.safetensors")


if __name__ == "__main__":
    main()
