#!/usr/bin/env python3
"""Are the subgroups of results.json those of the label files?  For cli/test_results.sh.

usage: check_subgroups.py RUN XSITE   in the folder of two_class_sites.py

Finds the test images of each subgroup in the label file, with a split of its own (Philox of the patient's key), and their AUC by
counting pairs of images in the answers of `xsite predict`.  The intervals are those of `xsite eval` on a copy of the site
with no other labels.  Prints what differs; exit status 1 if any.
"""
import csv
import json
import math
import subprocess
import sys
from pathlib import Path

from checks import check, end

run, xsite = Path(sys.argv[1]), sys.argv[2]
study = json.loads((run / "study.json").read_text())
results = json.loads((run / "results.json").read_text())
FEWEST = 10
BANDS = [(18, "0-17"), (40, "18-39"), (60, "40-59"), (80, "60-79"), (math.inf, "80+")]
WORD, LONG = 2**32 - 1, 2**64 - 1


# ---- the split -------------------------------------------------------------------------------------


def fnv(text):
    h = 14695981039346656037
    for byte in text.encode():
        h = (h ^ byte) * 1099511628211 & LONG
    return h


def philox(c, k):
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b >> 32 ^ c[1] ^ k[0], b & WORD, a >> 32 ^ c[3] ^ k[1], a & WORD]
        k = [k[0] + 0x9E3779B9 & WORD, k[1] + 0xBB67AE85 & WORD]
    return c


def is_test(seed, group):
    k = seed * 0x9E3779B97F4A7C15 + fnv("split") & LONG
    k = (k ^ k >> 30) * 0xBF58476D1CE4E5B9 & LONG
    k = (k ^ k >> 27) * 0x94D049BB133111EB & LONG
    k ^= k >> 31
    return (philox([group & WORD, group >> 32, 0, 0], [k & WORD, k >> 32])[0] >> 8) / 2**24 >= 0.9


# ---- subgroups -------------------------------------------------------------------------------------


def sex(text):
    return {"F": "F", "female": "F", "M": "M", "male": "M"}.get(text)


def band(text):
    if not text:
        return None
    years = int(text[:-1]) / 12 if text.endswith("M") else float(text)
    return next((name for below, name in BANDS if years < below), None) if 0 < years <= 100 else None


VALUE = {"sex": sex, "age": band}


def rows_of(site):
    with open(f"{site}.csv", newline="") as file:
        return list(csv.DictReader(file))


def predict(node, site):
    """The probability of the finding by image."""
    model = run / "nodes" / node / "model.safetensors"
    out = subprocess.run([xsite, "predict", "--json", "--model", model, site], check=True, capture_output=True, text=True)
    return {Path(x["file"]).name: x["probability"]["finding"] for x in json.loads(out.stdout)}


def auc(rows, p):
    ill = [p[r["file"]] for r in rows if r["label"] == "finding"]
    well = [p[r["file"]] for r in rows if r["label"] == "normal"]
    return 100 * sum((a > b) + (a == b) / 2 for a in ill for b in well) / (len(ill) * len(well))


def evaluate(node, site, rows):
    """`xsite eval` on the site with the labels of these rows only."""
    with open("part.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "label", "patient"])
        known = {r["file"] for r in rows}
        for r in rows_of(site):
            writer.writerow([r["file"], r["label"] if r["file"] in known else "", r["patient"]])
    text = Path(f"{site}.yaml").read_text().replace(f"{site}.csv", "part.csv")
    Path("part.yaml").write_text("".join(line + "\n" for line in text.splitlines() if not line.startswith(("sex_", "age_"))))
    out = subprocess.run(
        [xsite, "eval", "--json", "--model", run / "nodes" / node / "model.safetensors", "--data", "part.yaml",
         "--seed", str(study["seed"]), "--replicates", str(study["replicates"])], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def same(a, b):
    return math.isclose(a, b, abs_tol=1e-5) if isinstance(a, float) else a == b


def check_measured(pair, s, rows, nodes):
    for name, node in nodes.items():
        m, what = s[name], f"{pair['target']} {s['attribute']} {s['value']} {name}"
        wanted = auc(rows, predict(node, pair["target"]))
        check(math.isclose(m["auc"], wanted, abs_tol=1e-6), f"{what}: {m['auc']}, not {wanted}")
        other = evaluate(node, pair["target"], rows)
        check(all(same(m[k], other[k]) for k in m), f"{what}: {m}, not {other}")
    gain = s["gain"]
    check(math.isclose(gain["value"], s["adapted"]["auc"] - s["external"]["auc"], abs_tol=1e-9), f"gain: {gain}")
    check(gain["low"] <= gain["value"] <= gain["high"] and 0 < gain["p"] <= 1, f"gain: {gain}")
    if nodes["external"] == nodes["adapted"]:
        check(gain["low"] == gain["high"] == 0, f"gain without adaptation: {gain}")


def check_subgroup(pair, s, rows, nodes):
    labels, patients = [r["label"] for r in rows], {r["patient"] for r in rows}
    what = f"{pair['target']} {s['attribute']} {s['value']}"
    check((s["n"], s["groups"]) == (len(rows), len(patients)), f"{what}: {s['n']} images, not {len(rows)}")
    enough = min(labels.count("finding"), labels.count("normal"), len(patients)) >= FEWEST
    if enough:
        check_measured(pair, s, rows, nodes)
    else:
        check(all(s[name] is None for name in ("external", "adapted", "gain")), f"{what}: numbers of too few images")
    return enough


measured = few = 0
for pair in results["pairs"]:
    test = [r for r in rows_of(pair["target"]) if is_test(study["seed"], fnv(f"{pair['target']}:{r['patient']}"))]
    check(len(test) == pair["external"]["n"], f"{len(test)} test images of {pair['target']}")
    chosen = next(c for c in pair["candidates"] if c["method"] == pair["choice"]["chosen"])
    nodes = {"external": f"baseline-{pair['source']}", "adapted": chosen["node"]}
    found = {(s["attribute"], s["value"]): s for s in pair["subgroups"]}
    wanted = {(name, value(r[name])) for name, value in VALUE.items() for r in test}
    check(set(found) == wanted and len(found) == len(pair["subgroups"]), f"subgroups of {pair['target']}: {list(found)}")
    order = [name for _, name in BANDS if ("age", name) in found]
    check([v for a, v in found if a == "age" and v] == order, f"order of ages: {list(found)}")
    for (name, value), s in found.items():
        enough = check_subgroup(pair, s, [r for r in test if VALUE[name](r[name]) == value], nodes)
        measured, few = measured + enough, few + (not enough)


def line(pair, s):
    """What subgroups.csv has to say of it."""
    blank = {}
    measures = [(s[m] or blank).get(f) for m in ("external", "adapted") for f in ("auc", "low", "high", "accuracy")]
    gain = [(s["gain"] or blank).get(f) for f in ("value", "low", "high")]
    texts = [pair["source"], pair["target"], s["attribute"], s["value"] or ""]
    return texts + [v if v is None else float(v) for v in [s["n"], s["groups"]] + measures + gain]


with open(run / "subgroups.csv", newline="") as file:
    written = [row[:4] + [float(v) if v else None for v in row[4:]] for row in list(csv.reader(file))[1:]]
check(written == [line(p, s) for p in results["pairs"] for s in p["subgroups"]], "subgroups.csv is not what results.json says")
check(measured >= 3 and few >= 3, f"{measured} subgroups measured, {few} too small: this tests little")
end()
