"""Makes labelfree.tsv (three sets of outputs of an imagined classifier) and labelfree_expected.tsv beside
this file: what scipy, scikit-learn and plain numpy make of them.  Run with those installed:
    python3 tests/golden/labelfree_golden.py
"""
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from scipy.stats import binomtest, entropy
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
CLASSES, WIDTH, REPLICATES = 4, 5, 20_000
SOURCE_PRIOR, TARGET_PRIOR = [0.25, 0.25, 0.3, 0.2], [0.5, 0.1, 0.2, 0.2]


def grid(x):
    """Multiples of 1/64 are exact in float32 and short in text."""
    return np.round(x * 64) / 64


def make_set(rng, n, groups, prior, signal, offset):
    """Images of a group share a label and noise; features are a map of the logits with noise."""
    group = rng.integers(0, groups, n)
    label = rng.choice(CLASSES, size=groups, p=prior)[group]
    logit = rng.normal(size=(n, CLASSES)) + 0.7 * rng.normal(size=(groups, CLASSES))[group]
    logit[np.arange(n), label] += signal
    second = logit + rng.normal(size=logit.shape)
    mix = np.random.default_rng(5).normal(size=(CLASSES, WIDTH))
    feature = np.tanh(logit @ mix / 2) + 0.3 * rng.normal(size=(n, WIDTH)) + offset
    return dict(label=label, group=group, logit=grid(logit), second=grid(second), feature=grid(feature))


def density(x):
    """Soft neighbourhood density as in the published code, but for the diagonal, which is left out."""
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    z = unit @ unit.T / 0.05
    np.fill_diagonal(z, -np.inf)
    return np.mean([entropy(row) for row in softmax(z, axis=1)])


def dev(source, training, target):
    both = np.vstack([training["feature"], target["feature"]])
    site = np.repeat([0, 1], [len(training["feature"]), len(target["feature"])])
    scale = StandardScaler().fit(both)
    model = LogisticRegression(C=1, tol=1e-12, max_iter=100_000).fit(scale.transform(both), site)
    p = model.predict_proba(scale.transform(source["feature"]))
    weight = len(training["feature"]) / len(target["feature"]) * p[:, 1] / p[:, 0]
    error = (source["logit"].argmax(1) != source["label"]).astype(float)
    eta = -np.cov(weight * error, weight)[0, 1] / np.var(weight, ddof=1)
    return np.mean(weight * error) + eta * np.mean(weight) - eta


def atc(source, target, score):
    s, t = score(source["logit"]), score(target["logit"])
    wrong = np.sum(source["logit"].argmax(1) != source["label"])
    threshold = np.sort(s)[wrong]
    assert np.sum(s == threshold) == 1
    return np.mean(t >= threshold)


def bbse(confusion, predicted):
    """As printed: weights from the joint distribution, then the prior."""
    joint = confusion / confusion.sum()
    weight = np.linalg.solve(joint, predicted / predicted.sum())
    q = np.maximum(weight * joint.sum(0), 0)
    return q / q.sum()


def counts(x, w, labelled):
    top = x["logit"].argmax(1)
    if not labelled:
        return np.bincount(top, weights=w, minlength=CLASSES)
    return np.bincount(top * CLASSES + x["label"], weights=w, minlength=CLASSES ** 2).reshape(CLASSES, CLASSES)


def likelihood_prior(p, prior):
    """The prior that maximises the likelihood, by a general optimiser."""
    def loss(v):
        q = softmax(np.append(v, 0))
        return -np.log(p @ (q / prior)).mean()
    best = minimize(loss, np.zeros(CLASSES - 1), method="Nelder-Mead",
                    options=dict(xatol=1e-10, fatol=1e-15, maxiter=100_000, maxfev=100_000))
    return softmax(np.append(best.x, 0))


def prior_bootstrap(source, target, rng):
    prior = np.bincount(source["label"], minlength=CLASSES) / len(source["label"])
    observed = bbse(counts(source, None, True), counts(target, None, False)) - prior
    sets = [(x, *np.unique(x["group"], return_inverse=True)) for x in (source, target)]
    rows = []
    while len(rows) < REPLICATES:
        ws, wt = (np.bincount(rng.integers(0, len(keys), len(keys)), minlength=len(keys))[unit] * 1.0
                  for _, keys, unit in sets)
        c = counts(source, ws, True)
        if np.all(c.sum(0) > 0):
            rows.append(bbse(c, counts(target, wt, False)) - c.sum(0) / c.sum())
    error = np.array(rows) - observed
    chi = np.sum(observed ** 2 / prior)
    numbers = dict(chi_square=chi, mismatch_p=np.mean(np.sum(error ** 2 / prior, axis=1) >= chi),
                   distance=np.abs(observed).sum() / 2,
                   distance_margin=np.percentile(np.abs(error).sum(1) / 2, 95))
    for k in range(CLASSES):
        low, high = np.percentile(np.array(rows)[:, k], [2.5, 97.5])
        numbers |= {f"difference_{k}": observed[k], f"difference_low_{k}": low, f"difference_high_{k}": high}
    return numbers


def kept(x, rows):
    """Share and Wilson interval at the effective number of images (Rao and Scott 1992)."""
    hit = (x["logit"].argmax(1) == x["label"])[rows].astype(float)
    group, n, share = x["group"][rows], len(hit), hit.mean()
    names = np.unique(group)
    if share in (0, 1):
        effective = len(names)
    else:
        totals = np.array([np.sum(hit[group == g] - share) for g in names])
        variance = len(names) / (len(names) - 1) * np.sum(totals ** 2) / n ** 2
        effective = n / max(1, variance / (hit.var(ddof=1) / n))
    z2 = 1.959963984540054 ** 2  # roots of (p - share)^2 = z^2 p (1 - p) / n
    return share, *np.sort(np.roots([1 + z2 / effective, -2 * share - z2 / effective, share ** 2]).real)


def main():
    rng = np.random.default_rng(20264)
    source = make_set(rng, 120, 70, SOURCE_PRIOR, 2.5, 0)
    target = make_set(rng, 100, 60, TARGET_PRIOR, 1.8, 0.25)
    training = make_set(rng, 80, 80, SOURCE_PRIOR, 2.5, 0)
    with open(HERE / "labelfree.tsv", "w") as f:
        columns = [f"{name}{k}" for name, m in (("logit", CLASSES), ("second", CLASSES), ("feature", WIDTH))
                   for k in range(m)]
        f.write("\t".join(["set", "label", "group", *columns]) + "\n")
        for name, x in enumerate((source, target, training)):
            for i in range(len(x["label"])):
                label = x["label"][i] if x is source else -1
                values = (*x["logit"][i], *x["second"][i], *x["feature"][i])
                f.write("\t".join([str(name), str(label), str(x["group"][i])] + [f"{v:.8g}" for v in values]) + "\n")

    p, q = softmax(source["logit"], axis=1), softmax(target["logit"], axis=1)
    prior = np.bincount(source["label"], minlength=CLASSES) / len(source["label"])
    accuracy = np.mean(source["logit"].argmax(1) == source["label"])
    numbers = {
        "im": entropy(q.mean(0)) - entropy(q, axis=1).mean(), "entropy": entropy(q, axis=1).mean(),
        "snd": density(q), "snd-features": density(target["feature"]),
        "bnm": np.linalg.norm(q, "nuc") / np.sqrt(len(q) * CLASSES), "dev": dev(source, training, target),
        "confidence": q.max(1).mean(), "confidence-difference": accuracy - (p.max(1).mean() - q.max(1).mean()),
        "atc-confidence": atc(source, target, lambda x: softmax(x, axis=1).max(1)),
        "atc-entropy": atc(source, target, lambda x: -entropy(softmax(x, axis=1), axis=1)),
        "agreement": np.mean(target["logit"].argmax(1) == target["second"].argmax(1)),
    }
    for name, values in (("source_prior", prior), ("em", likelihood_prior(q, prior)),
                         ("bbse", bbse(counts(source, None, True), counts(target, None, False)))):
        numbers |= {f"{name}_{k}": v for k, v in enumerate(values)}
    numbers |= prior_bootstrap(source, target, rng)
    for k in range(-1, CLASSES):
        rows = np.flatnonzero(source["label"] == k) if k >= 0 else np.arange(len(source["label"]))
        for name, v in zip(("kept", "kept_low", "kept_high"), kept(source, rows)):
            numbers[f"{name}_{k}"] = v
    loss = -log_softmax(source["logit"], axis=1)[np.arange(len(p)), source["label"]]
    for i, row in enumerate(np.argsort(-loss, kind="stable")[:5]):
        numbers |= {f"worst_{i}": row, f"worst_loss_{i}": loss[row]}
    for k, n in ((15, 148), (0, 20), (29, 29)):
        ci = binomtest(k, n).proportion_ci(method="wilson")
        numbers |= {f"wilson_low_{k}_{n}": ci.low, f"wilson_high_{k}_{n}": ci.high}
    with open(HERE / "labelfree_expected.tsv", "w") as f:
        f.write("quantity\tvalue\n")
        f.writelines(f"{k}\t{float(v):.12g}\n" for k, v in numbers.items())


if __name__ == "__main__":
    main()
