"""Makes stats_tests.tsv and stats_beta.tsv beside this file from stats_{two,ten}.tsv.

Temperatures, F tests, incomplete beta functions and Wilson's intervals are SciPy's, the Brier score of two
classes scikit-learn's.  The rest is written out by definition: Obuchowski's variance from the table of
all pairs, bins and thresholds by comparing all with all, bootstrap intervals with other random numbers,
20,000 replicates.  Run with scipy, scikit-learn and numpy installed:
    python3 tests/golden/stats_tests.py
"""
from pathlib import Path

import numpy as np
from scipy import optimize, special, stats
from sklearn.metrics import brier_score_loss

HERE = Path(__file__).parent
REPLICATES = 20_000
BINS = 15
rows = []


def put(case, **quantities):
    rows.extend(f"{case}\t{k}\t{float(v):.12g}\n" for k, v in quantities.items())


def load(name, classes):
    table = np.loadtxt(HERE / f"stats_{name}.tsv", skiprows=1)
    return table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2:2 + classes], table[:, 2 + classes:]


def resamples(group, rng):
    keys, unit = np.unique(group, return_inverse=True)
    for _ in range(REPLICATES):
        yield np.bincount(rng.integers(0, len(keys), len(keys)), minlength=len(keys))[unit].astype(float)


def grouped_wilson(right, group):
    """Wilson's interval with the number of images divided by the groups' design effect."""
    keys = np.unique(group)
    n, i, share = len(right), len(keys), right.mean()
    if i < n and share in (0, 1):
        n = i
    elif i < n:
        off = np.array([(right[group == g] - share).sum() for g in keys])
        effect = i / (i - 1) * (off ** 2).sum() / n / (share * (1 - share))
        n = n / (max(1, effect) if i < 20 else effect)
    z = stats.norm.ppf(0.975)
    ends = np.roots([n + z * z, -(2 * n * share + z * z), n * share * share])
    return min(ends), max(ends)


# ---- Obuchowski 1997 ----


def structure(score, label, group):
    """theta, and per group the sums of V10 - theta and V01 - theta."""
    p, q = np.flatnonzero(label == 1), np.flatnonzero(label == 0)
    d = score[p][:, None] - score[q][None, :]
    wins = (d > 0) + 0.5 * (d == 0)
    theta = wins.mean()
    keys = np.unique(group)
    v10 = np.array([(wins.mean(1) - theta)[group[p] == g].sum() for g in keys])
    v01 = np.array([(wins.mean(0) - theta)[group[q] == g].sum() for g in keys])
    return theta, v10, v01


def obuchowski(scores, label, group):
    s = [structure(x, label, group) for x in scores]
    keys = np.unique(group)
    m, n, i = (label == 1).sum(), (label == 0).sum(), len(keys)
    i10 = len(np.unique(group[label == 1]))
    i01 = len(np.unique(group[label == 0]))
    c = np.empty((2, 2))
    for r in range(2):
        for t in range(2):
            s10 = i10 / ((i10 - 1) * m) * (s[r][1] * s[t][1]).sum()
            s01 = i01 / ((i01 - 1) * n) * (s[r][2] * s[t][2]).sum()
            s11 = i / (i - 1) * (s[r][1] * s[t][2]).sum()
            s11t = i / (i - 1) * (s[t][1] * s[r][2]).sum()
            c[r, t] = s10 / m + s01 / n + (s11 + s11t) / (m * n)
    return c


def delong():
    label, group, a, b = load("two", 2)
    # groups of the file have one label each; these have both
    mixed = np.arange(len(label)) // 5
    for case, g in (("grouped", group), ("mixed", mixed)):
        c = obuchowski([a[:, 1] - a[:, 0], b[:, 1] - b[:, 0]], label, g)
        put(case, variance_a=c[0, 0], variance_b=c[1, 1], covariance=c[0, 1],
            variance=c[0, 0] + c[1, 1] - 2 * c[0, 1])


# ---- calibration ----


def calibration(name, classes):
    label, group, logit, _ = load(name, classes)
    p = special.softmax(logit, axis=1)
    truth = np.eye(classes)[label]
    if classes == 2:
        predicted, observed, brier = p[:, 1], label == 1, (p[:, 1] - label) ** 2
        assert np.isclose(brier_score_loss(label, p[:, 1]), brier.mean())
    else:
        predicted, observed, brier = p.max(1), p.argmax(1) == label, ((p - truth) ** 2).sum(1)
    edges = np.linspace(0, 1, BINS + 1)
    member = [(predicted > low) & (predicted <= high) for low, high in zip(edges[:-1], edges[1:])]

    def ece(w):
        return sum(abs((w * (observed - predicted))[k].sum()) for k in member) / w.sum()

    one = np.ones(len(label))
    put(name, ece=ece(one), brier=brier.mean())
    for b, k in enumerate(member):
        put(name, **{f"n{b}": k.sum()})
        if k.any():
            put(name, **{f"predicted{b}": predicted[k].mean(), f"observed{b}": observed[k].mean()})
    fullest = max(range(BINS), key=lambda b: member[b].sum())
    k = member[fullest]
    values = np.array([[ece(w), (w * brier).sum() / w.sum(), (w * observed)[k].sum() / w[k].sum()]
                       for w in resamples(group, np.random.default_rng(classes))])
    low, high = np.percentile(values, [2.5, 97.5], axis=0)
    given = grouped_wilson(observed[k].astype(float), group[k])
    low[2], high[2] = min(low[2], given[0]), max(high[2], given[1])
    put(name, fullest=fullest, ece_low=low[0], ece_high=high[0], brier_low=low[1], brier_high=high[1],
        observed_low=low[2], observed_high=high[2])


def temperature(name, classes):
    label, _, logit, _ = load(name, classes)

    def loss(b):
        return -special.log_softmax(b * logit, axis=1)[np.arange(len(label)), label].mean()

    n = len(label)
    target = np.where(np.eye(classes)[label] == 1, (n + 1) / (n + 2), 1 / (n + 2) / (classes - 1))

    def smooth(b):
        return -(target * special.log_softmax(b * logit, axis=1)).sum(1).mean()

    def slope(b):
        return ((special.softmax(b * logit, axis=1) - target) * logit).sum(1).mean()

    b = optimize.brentq(slope, 0.01, 100, xtol=1e-15, rtol=1e-14)
    assert np.isclose(b, optimize.minimize_scalar(smooth, bounds=(0.01, 100), method="bounded").x, rtol=1e-4)
    put(name, temperature=1 / b, loss_before=loss(1), loss_after=loss(b))


# ---- operating point ----


def operating_point(case, name, classes, positive, wanted):
    """Chosen on the images of even groups, carried to the others; b is the classifier."""
    label, group, _, b = load(name, classes)
    score = b[:, positive] - special.logsumexp(np.delete(b, positive, 1), axis=1)
    truth, even = label == positive, group % 2 == 0

    def choose(w):
        own = w * even
        fits = [t for t in np.unique(score[even & truth])
                if own[truth & (score >= t)].sum() >= wanted * own[truth].sum() - 1e-9 and own[truth].sum() > 0]
        return max(fits, default=np.nan)

    def rates(t, side, w):
        w = w * side
        with np.errstate(invalid="ignore"):
            return (w[truth & (score >= t)].sum() / w[truth].sum(), w[~truth & (score < t)].sum() / w[~truth].sum())

    one = np.ones(len(label))
    t = choose(one)
    put(case, threshold=t, probability=special.expit(t))
    names = ("chosen_sensitivity", "chosen_specificity", "carried_sensitivity", "carried_specificity")
    point = rates(t, even, one) + rates(t, ~even, one)
    total = [(s & x).sum() for s in (even, ~even) for x in (truth, ~truth)]
    rng = np.random.default_rng(9 + classes)
    values = []
    for left, right in zip(resamples(group[even], rng), resamples(group[~even], rng)):
        w = np.empty(len(label))
        w[even], w[~even] = left, right
        drawn = choose(w)
        values.append(rates(drawn, even, w) + rates(drawn, ~even, w) if np.isfinite(drawn) else (np.nan,) * 4)
    low, high = np.nanpercentile(values, [2.5, 97.5], axis=0)
    for i, quantity in enumerate(names):
        chosen = (even if i < 2 else ~even) & (truth if i % 2 == 0 else ~truth)
        right = (score[chosen] >= t) == truth[chosen]
        given = grouped_wilson(right.astype(float), group[chosen])
        low[i], high[i] = min(low[i], given[0]), max(high[i], given[1])
        wilson = stats.binomtest(round(point[i] * total[i]), total[i]).proportion_ci(method="wilson")
        put(case, **{quantity: point[i], f"{quantity}_n": total[i], f"{quantity}_wilson_low": wilson.low,
                     f"{quantity}_wilson_high": wilson.high, f"{quantity}_low": low[i], f"{quantity}_high": high[i]})


# ---- analysis of variance ----


def anova():
    label, group, a, _ = load("ten", 10)
    f = stats.f_oneway(*[a[label == k, 0] for k in range(10)])
    put("anova", f=f.statistic, p=f.pvalue)


def beta_table():
    with open(HERE / "stats_beta.tsv", "w") as out:
        out.write("x\ta\tb\tvalue\n")
        for a, b in ((0.5, 0.5), (1, 1), (13.5, 1), (2, 30), (0.5, 200), (400, 600), (5e4, 1.5), (434274.5, 1.5), (1e6, 1e6)):
            mean, sd = a / (a + b), np.sqrt(a * b / (a + b + 1)) / (a + b)
            for x in sorted({float(f"{v:.12g}") for v in (mean - 4 * sd, mean - sd, mean, mean + sd, 0.01, 0.9)}):
                if 0 < x < 1 and special.betainc(a, b, x) > 1e-250:
                    out.write(f"{x:.12g}\t{a:.12g}\t{b:.12g}\t{special.betainc(a, b, x):.15g}\n")


def main():
    delong()
    for name, classes in (("two", 2), ("ten", 10)):
        calibration(name, classes)
        temperature(name, classes)
    operating_point("operating_two", "two", 2, 1, 0.9)
    operating_point("operating_ten", "ten", 10, 3, 0.8)
    anova()
    beta_table()
    with open(HERE / "stats_tests.tsv", "w") as f:
        f.write("case\tquantity\tvalue\n")
        f.writelines(rows)


if __name__ == "__main__":
    main()
