#!/usr/bin/env python3
"""outputs.csv of a run against its results.json and its models, for cli/test_outputs.sh.

usage: check_outputs.py RUN LABELS.csv SOURCE TARGET

Prints what is wrong; exit status 1 then.  Two classes, the second is the one to be found.
"""
import csv
import json
import math
import sys
from pathlib import Path

run, labels, source, target = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
results = json.loads((run / "results.json").read_text())
pair = next(p for p in results["pairs"] if (p["source"], p["target"]) == (source, target))
rows = [r for r in csv.DictReader((run / "outputs.csv").open()) if (r["source"], r["target"]) == (source, target)]
known = list(csv.DictReader(open(labels)))
faults = []


def check(good, what):
    if not good:
        faults.append(what)


def near(a, b, what, within=1e-6):
    check(abs(a - b) <= within * max(1, abs(b)), f"{what}: {a} instead of {b}")


def metadata(node):
    data = (run / "nodes" / node / "model.safetensors").read_bytes()
    header = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
    return json.loads(header["__metadata__"]["xsite"])


def auc(scored):
    positive = [s for s, y in scored if y]
    negative = [s for s, y in scored if not y]
    return sum((p > n) + (p == n) / 2 for p in positive for n in negative) / len(positive) / len(negative)


check([r["image"] for r in rows] == [k["file"] for k in known], "images in the order of the site")
check([r["label"] for r in rows] == [k["label"] for k in known], "labels")
check([r["patient"] for r in rows] == [k["patient"] for k in known], "patients")
check({r["split"] for r in rows} == {"train", "validation", "test"}, "splits")

point = pair["operating_point"]
for prefix, node, threshold, rates in [
    ("", f"baseline-{source}", point["threshold"], point["external"]),
    ("adapted_", f"choice-{source}-{target}", point["adapted"]["threshold"], point["adapted"]),
]:
    model = metadata(node)
    own = model["operating"]
    near(own["threshold"], threshold, f"{node}: threshold", 1e-12)
    at_source = point["source"] if not prefix else point["adapted"]["source"]
    for rate in "sensitivity", "specificity":
        for key in "value", "low", "high":
            near(100 * own[rate][key], at_source[rate][key], f"{node}: {rate} at {own['site']}")
    check(own["sensitivity"]["value"] >= own["wanted"], f"{node}: less sensitive than wanted")
    for r in rows:
        logit = [float(r[f"{prefix}logit_{c}"]) for c in ("normal", "finding")]
        odds = logit[1] - logit[0]
        near(float(r[prefix + "p_finding"]), 1 / (1 + math.exp(-odds)), "p")
        near(float(r[prefix + "calibrated_finding"]), 1 / (1 + math.exp(-odds / model["temperature"])), "calibrated")
        close = abs(odds - threshold) < 1e-6
        check(close or r[prefix + "decision"] == ("finding" if odds >= threshold else "normal"), f"{r['image']}: decision")
    measured = pair["external"] if not prefix else pair["adapted"]
    seen = [r for r in rows if r["label"] and (measured["images"] == "all" or r["split"] == "test")]
    check(len(seen) == measured["n"], f"{node}: {len(seen)} images, results.json says {measured['n']}")
    scored = [(float(r[prefix + "logit_finding"]) - float(r[prefix + "logit_normal"]), r["label"] == "finding") for r in seen]
    near(100 * auc(scored), measured["auc"], f"{node}: AUC")
    for rate, label in ("sensitivity", "finding"), ("specificity", "normal"):
        called = [r[prefix + "decision"] == label for r in seen if r["label"] == label]
        near(100 * sum(called) / len(called), rates[rate]["value"], f"{node}: {rate} at {target}")

print("\n".join(faults[:20]))
sys.exit(bool(faults))
