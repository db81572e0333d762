"""Makes stats_intervals.tsv beside this file: intervals of few images, of stats_{two,ten}.tsv and of published ratings.

Newcombe's method 5 as a root of SciPy's, design effects and correlations from tables of all pairs of images, the intraclass
correlation from an analysis of variance written out, the sum of square-and-add as a quadratic form.  Run with SciPy:
    python3 tests/golden/interval_golden.py
"""
from pathlib import Path

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp
from scipy.stats import norm, rankdata

HERE = Path(__file__).parent
Z = norm.ppf(0.975)


def variance(t, m, n):
    return t * (1 - t) * (1 + ((m + n) / 2 - 1) * ((1 - t) / (2 - t) + t / (1 + t))) / (m * n)


def bounds(t, m, n, z=Z):
    low = brentq(lambda x: (t - x) - z * np.sqrt(variance(x, m, n)), 1e-12, t, xtol=1e-15) if t > 0 else 0
    high = brentq(lambda x: (x - t) - z * np.sqrt(variance(x, m, n)), t, 1 - 1e-12, xtol=1e-15) if t < 1 else 1
    return low, high


def kish(score, group):
    """Design effect from the intraclass correlation of ranks."""
    rank = rankdata(score)
    keys = np.unique(group)
    sizes = np.array([(group == g).sum() for g in keys])
    means = np.array([rank[group == g].mean() for g in keys])
    n, k = len(rank), len(keys)
    if n == k:
        return 1.0
    between = (sizes * (means - rank.mean()) ** 2).sum() / (k - 1)
    within = sum(((rank[group == g] - m) ** 2).sum() for g, m in zip(keys, means)) / (n - k)
    size = (n - (sizes ** 2).sum() / n) / (k - 1)
    icc = min(1, max(0, (between - within) / (between + (size - 1) * within)))
    return 1 + ((sizes ** 2).sum() / n - 1) * icc


def term(score, truth, group):
    """An AUC with the effective numbers of images, and what each group adds to its error."""
    p, q = np.flatnonzero(truth), np.flatnonzero(~truth)
    wins = (score[p][:, None] > score[q]) + 0.5 * (score[p][:, None] == score[q])
    t, m, n = wins.mean(), len(p), len(q)
    v = np.zeros(len(score))
    v[p] = (wins.mean(1) - t) / m
    v[q] = (wins.mean(0) - t) / n
    keys = np.unique(group)
    one = np.array([v[(group == g) & truth].sum() for g in keys])
    other = np.array([v[(group == g) & ~truth].sum() for g in keys])
    i10, i01, i = len(np.unique(group[p])), len(np.unique(group[q])), len(keys)
    effect = 1.0
    if i < len(score):
        effect = ((one + other) ** 2).sum() / (v ** 2).sum()
        if min(i10, i01) < 20:
            effect = max(effect, np.sqrt(kish(score[p], group[p]) * kish(score[q], group[q])))
    m, n = m / effect, n / effect
    found = i10 / (i10 - 1) * (one ** 2).sum() + i01 / (i01 - 1) * (other ** 2).sum() + 2 * i / (i - 1) * (one * other).sum()
    few = min(i10, i01)
    trust = few / (few + 50)
    ratio = trust * found / variance(t, m, n) + 1 - trust
    return dict(auc=t, m=m / ratio, n=n / ratio, influence=one + other, few=few)


def combine(terms, weights, z=Z, shown=0.0):
    """Low and high of the weighted sum of AUCs; shown: the share of the variance that groups show."""
    w = np.array(weights)
    few = min(x["few"] for x in terms)
    influence = np.array([x["influence"] for x in terms])
    r = (influence @ influence.T) / np.sqrt(np.outer((influence ** 2).sum(1), (influence ** 2).sum(1)))
    value = w @ [x["auc"] for x in terms]
    out = []
    for side in (-1, 1):
        moved = []
        for x, c in zip(terms, w):
            low, high = bounds(x["auc"], x["m"], x["n"], z)
            moved.append(c * (high - x["auc"] if side * c > 0 else x["auc"] - low))
        both = np.outer(moved, moved)
        trusted = (1 - 1 / few ** 2) * r * both + np.maximum(0, both) / few ** 2
        np.fill_diagonal(trusted, np.diag(both))
        square = trusted.sum()
        share = shown * few / (few + 2)
        own = ((w @ influence) ** 2).sum() * few / (few - 1)
        out.append(value + side * np.sqrt((1 - share) * square + share * z * z * own))
    return value, out[0], out[1]


def p_value(terms, weights):
    value = combine(terms, weights)[0]
    end = 1 if value > 0 else 2
    z = brentq(lambda z: combine(terms, weights, z, 0.5)[end], 0.01, 30, xtol=1e-12)
    return 2 * norm.sf(z)


def classes_of(logit, label, group):
    if logit.shape[1] == 2:
        return [term(logit[:, 1] - logit[:, 0], label == 1, group)]
    return [term(np.round(logit[:, k] - logsumexp(np.delete(logit, k, 1), axis=1), 11), label == k, group)
            for k in range(logit.shape[1])]


def main():
    rows = []

    def put(case, **quantities):
        rows.extend(f"{case}\t{k}\t{float(v):.15g}\n" for k, v in quantities.items())

    ratings = [(33, 3), (6, 2), (6, 2), (11, 11), (2, 33)]  # Hanley and McNeil 1982, table I: normal, abnormal
    score = np.concatenate([np.full(a + b, k) for k, (a, b) in enumerate(ratings)]).astype(float)
    truth = np.concatenate([np.arange(a + b) >= a for a, b in ratings])
    low, high = bounds(0.9, 10, 10)
    put("formula", low=low, high=high)
    value, low, high = combine([term(score, truth, np.arange(109))], [1])
    put("ratings", auc=value, low=low, high=high)
    for name, classes in (("two", 2), ("ten", 10)):
        table = np.loadtxt(HERE / f"stats_{name}.tsv", skiprows=1)
        label, own = table[:, 0].astype(int), table[:, 1].astype(int)
        a, b = table[:, 2:2 + classes], table[:, 2 + classes:]
        for case, group in ((name, own), (f"{name}-alone", np.arange(len(label))), (f"{name}-mixed", np.arange(len(label)) // 5)):
            ta, tb = classes_of(a, label, group), classes_of(b, label, group)
            k = len(ta)
            value, low, high = combine(ta, [1 / k] * k)
            put(case, auc=value, low=low, high=high)
            terms, weights = ta + tb, [-1 / k] * k + [1 / k] * k
            value, low, high = combine(terms, weights, shown=0.5)
            put(case, difference=value, difference_low=low, difference_high=high, p=p_value(terms, weights))
    with open(HERE / "stats_intervals.tsv", "w") as f:
        f.write("case\tquantity\tvalue\n")
        f.writelines(rows)


if __name__ == "__main__":
    main()
