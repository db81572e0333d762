"""Makes stats_{two,ten}.tsv (logits, labels, groups) and stats_expected.tsv beside this file.

Expected AUCs and accuracies are scikit-learn's, of more than two classes one-versus-rest of softmax in double
precision.  The logits of "two" and "ten" are rounded, and so are the scores made of them, to keep ties;
those of "three" are not, and softmax goes to scikit-learn as it is.  Intervals are an independent numpy bootstrap
(sort-free, other random numbers, 20,000 replicates).  Run with scikit-learn and numpy installed:
    python3 tests/golden/stats_golden.py
"""
from pathlib import Path

import numpy as np
from scipy.special import logsumexp, softmax
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


def scores_of(logit):
    """The ranked classes and their scores: log P/(1-P), rounded where a tie would be lost by the order of a sum."""
    if logit.shape[1] == 2:
        return [(1, logit[:, 1] - logit[:, 0])]
    odds = [logit[:, k] - logsumexp(np.delete(logit, k, 1), axis=1) for k in range(logit.shape[1])]
    return [(k, np.round(o, 11)) for k, o in enumerate(odds)]


def auc(logit, label):
    return np.mean([roc_auc_score(label == k, score) for k, score in scores_of(logit)])


def pair_tables(logit, label):
    """For each ranking: wins[i, j] of positive i over negative j, and the two index sets."""
    tables = []
    for k, score in scores_of(logit):
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


def three_classes():
    """Logits that are no eighths, as floats, with a constant of its own for each image."""
    rng = np.random.default_rng(3)
    label = rng.integers(0, 3, 200)
    logit = rng.normal(size=(200, 3)) * 2 + np.eye(3)[label] + rng.normal(size=(200, 1)) * 5
    logit = logit.astype(np.float32).astype(float)
    save("three", label, np.arange(200), logit, logit[:, ::-1])
    value = roc_auc_score(label, softmax(logit, axis=1), multi_class="ovr")
    assert np.isclose(value, auc(logit, label), rtol=0, atol=1e-14)
    return [("three", "auc", value)]


def save(name, label, group, a, b):
    classes = a.shape[1]
    header = ["label", "group"] + [f"a{k}" for k in range(classes)] + [f"b{k}" for k in range(classes)]
    with open(HERE / f"stats_{name}.tsv", "w") as f:
        f.write("\t".join(header) + "\n")
        for i in range(len(label)):
            f.write("\t".join([str(label[i]), str(group[i])] + [f"{v:.9g}" for v in (*a[i], *b[i])]) + "\n")


def main():
    expected = three_classes()
    for name, n, groups, classes, signal, step in (("two", 160, 60, 2, 1.0, 0.25), ("ten", 240, 90, 10, 2.0, 0.5)):
        rng = np.random.default_rng(20260 + classes)
        a, label, group = make_case(rng, n, groups, classes, signal, step)
        b = np.round((a + rng.normal(size=a.shape) * 0.5 + 0.5 * np.eye(classes)[label]) / step) * step
        save(name, label, group, a, b)
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
        f.writelines(f"{c}\t{k}\t{float(v):.15g}\n" for c, k, v in expected)


if __name__ == "__main__":
    main()
