"""Makes stats_{two,ten}.tsv (logits, labels, groups) and stats_expected.tsv beside this file.

Expected AUCs and accuracies are scikit-learn's; intervals are an independent numpy bootstrap
(sort-free, other random numbers, 20,000 replicates).  Run with scikit-learn and numpy installed:
    python3 tests/golden/stats_golden.py
"""
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, roc_auc_score

HERE = Path(__file__).parent
REPLICATES = 20_000


def make_case(rng, n, groups, classes, signal, step):
    """Logits rounded to `step`, so that many are tied; the images of a group share a label and noise."""
    group = rng.integers(0, groups, n)
    group_label = rng.integers(0, classes, groups)
    group_noise = rng.normal(size=(groups, classes))
    label = group_label[group]
    logit = rng.normal(size=(n, classes)) + group_noise[group]
    logit[np.arange(n), label] += signal
    return np.round(logit / step) * step, label, group


def auc(logit, label):
    if logit.shape[1] == 2:
        return roc_auc_score(label, logit[:, 1] - logit[:, 0])
    return np.mean([roc_auc_score(label == k, logit[:, k]) for k in range(logit.shape[1])])


def pair_tables(logit, label):
    """For each ranking: wins[i, j] of positive i over negative j, and the two index sets."""
    scores = [logit[:, 1] - logit[:, 0]] if logit.shape[1] == 2 else list(logit.T)
    classes = [1] if logit.shape[1] == 2 else range(logit.shape[1])
    tables = []
    for k, score in zip(classes, scores):
        p, q = np.flatnonzero(label == k), np.flatnonzero(label != k)
        d = score[p][:, None] - score[q][None, :]
        tables.append((p, q, (d > 0) + 0.5 * (d == 0)))
    return tables


def weighted_auc(tables, w):
    out = []
    for p, q, wins in tables:
        total = w[p].sum() * w[q].sum()
        if total > 0:
            out.append(w[p] @ wins @ w[q] / total)
    return np.mean(out)


def bootstrap(tables_list, group, rng):
    """Group resamples; one row of AUCs per replicate, the same resample for every table set."""
    keys, unit = np.unique(group, return_inverse=True)
    rows = []
    for _ in range(REPLICATES):
        count = np.bincount(rng.integers(0, len(keys), len(keys)), minlength=len(keys))
        w = count[unit].astype(float)
        rows.append([weighted_auc(t, w) for t in tables_list])
    return np.array(rows)


def paper(tables, n, rng, replicates=4000):
    values = [weighted_auc(tables, np.bincount(rng.integers(0, n, 1000), minlength=n).astype(float))
              for _ in range(replicates)]
    return np.mean(values), 1.96 * np.std(values, ddof=1) / np.sqrt(1000)


def main():
    expected = []
    for name, n, groups, classes, signal, step in (("two", 160, 60, 2, 1.0, 0.25), ("ten", 240, 90, 10, 2.0, 0.5)):
        rng = np.random.default_rng(20260 + classes)
        a, label, group = make_case(rng, n, groups, classes, signal, step)
        b = np.round((a + rng.normal(size=a.shape) * 0.5 + 0.5 * np.eye(classes)[label]) / step) * step
        header = ["label", "group"] + [f"a{k}" for k in range(classes)] + [f"b{k}" for k in range(classes)]
        with open(HERE / f"stats_{name}.tsv", "w") as f:
            f.write("\t".join(header) + "\n")
            for i in range(n):
                f.write("\t".join([str(label[i]), str(group[i])] + [f"{v:g}" for v in (*a[i], *b[i])]) + "\n")
        ta, tb = pair_tables(a, label), pair_tables(b, label)
        values = bootstrap([ta, tb], group, rng)
        low, high = np.percentile(values[:, 0], [2.5, 97.5])
        dlow, dhigh = np.percentile(values[:, 1] - values[:, 0], [2.5, 97.5])
        mean, half = paper(ta, n, rng)
        numbers = dict(n=n, groups=len(np.unique(group)), auc=auc(a, label), auc_b=auc(b, label),
                       accuracy=accuracy_score(label, a.argmax(1)), low=low, high=high,
                       difference_low=dlow, difference_high=dhigh, paper_mean=mean, paper_half=half)
        expected += [(name, k, v) for k, v in numbers.items()]
    with open(HERE / "stats_expected.tsv", "w") as f:
        f.write("case\tquantity\tvalue\n")
        f.writelines(f"{c}\t{k}\t{float(v):.12g}\n" for c, k, v in expected)


if __name__ == "__main__":
    main()
