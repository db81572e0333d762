"""Makes data_sets.tsv, images of three sites, and data_sets_expected.tsv, what is to be counted of them, beside this file.

Site c has no labels and no sex; two patients are at a and at b.  Means, deviations and F tests are NumPy's and SciPy's.  Run
with scipy and numpy installed:
    python3 tests/golden/data_sets_golden.py
"""
import random
from pathlib import Path

import numpy as np
from scipy import stats

HERE = Path(__file__).parent
COLUMNS = ["site", "side", "group", "class", "sex", "age", "view"]
rows = []


def draw():
    rng = random.Random(5)
    images = []
    for site, patients, women, years in (("a", 30, 0.7, 60), ("b", 25, 0.4, 50), ("c", 20, None, 5)):
        for p in range(patients):
            group = p + 1000 * (ord(site) - ord("a")) - (1000 if site == "b" and p < 2 else 0)
            side = rng.choice(["train"] * 6 + ["validation", "test"])
            sex = "-" if women is None or rng.random() < 0.1 else "F" if rng.random() < women else "M"
            for _ in range(rng.randint(1, 4)):
                age = "-" if rng.random() < 0.1 else f"{max(0.5, rng.gauss(years, 9)):.2f}"
                label = "-" if site == "c" or rng.random() < 0.1 else rng.choice(["normal", "finding"])
                images.append(dict(zip(COLUMNS, [site, side, str(group), label, sex, age, "PA"])))
    rng.shuffle(images)
    return sorted(images, key=lambda x: x["site"])


def put(case, **quantities):
    rows.extend(f"{case}\t{k}\t{float(v):.15g}\n" for k, v in quantities.items())


def describe(images, site, side):
    part = [x for x in images if x["site"] == site and side in (x["side"], "all")]
    put(f"{site} {side}", images=len(part), groups=len({x["group"] for x in part}))
    for name in COLUMNS[3:]:
        known = [x[name] for x in part if x[name] != "-"]
        if name == "age":
            years = np.array(known, float)
            put(f"{site} {side} age", known=len(years), mean=years.mean(), deviation=years.std(ddof=1))
        elif known:
            put(f"{site} {side} {name}", known=len(known), **{level: known.count(level) for level in sorted(set(known))})


def patients(images, site, name, level):
    of = {}
    for x in images:
        if x["site"] == site and x[name] != "-":
            of.setdefault(x["group"], []).append(float(x[name]) if level is None else x[name] == level)
    return [np.mean(v) for v in of.values()]


def compare(images, name, level):
    samples = {site: patients(images, site, name, level) for site in "abc"}
    samples = {site: x for site, x in samples.items() if x}
    f = stats.f_oneway(*samples.values())
    put(f"anova {name} {level or '-'}", f=f.statistic, p=f.pvalue, between=len(samples) - 1,
        within=sum(map(len, samples.values())) - len(samples), **{site: np.mean(x) for site, x in samples.items()})


images = draw()
(HERE / "data_sets.tsv").write_text("\n".join("\t".join(x) for x in [COLUMNS] + [list(x.values()) for x in images]) + "\n")
for site in "abc":
    for side in ("train", "validation", "test", "all"):
        describe(images, site, side)
for name, levels in (("class", ["normal", "finding"]), ("sex", ["F", "M"]), ("age", [None])):
    for level in levels:
        compare(images, name, level)
(HERE / "data_sets_expected.tsv").write_text("case\tquantity\tvalue\n" + "".join(rows))
