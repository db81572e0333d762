#!/usr/bin/env python3
"""Are the data sets of results.json and sites.csv those of the label files?  For cli/test_results.sh.

usage: check_data_sets.py RUN   in the folder of two_class_sites.py

Counts images in the label files, with the sides of outputs.csv, and computes F of each row over the sites by its definition, with
one value a patient.  Prints what differs; exit status 1 if any.
"""
import csv
import json
import math
import statistics
import sys
from pathlib import Path

from checks import check, end, near

run = Path(sys.argv[1])
sets = json.loads((run / "results.json").read_text())["data_sets"]
SPELLED = {"female": "F", "male": "M", "": None}


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def years(text):
    return None if not text else round(int(text[:-1]) / 12, 2) if text.endswith("M") else float(text)


def images_of(site):
    side = {row["image"]: row["split"] for row in table(run / "outputs.csv") if row["target"] == site}
    return [{"side": side[row["file"]], "patient": row["patient"], "class": row["label"],
             "sex": SPELLED.get(row["sex"], row["sex"]), "age": years(row["age"])} for row in table(f"{site}.csv")]


def check_characteristic(c, part, what):
    known = [x[c["name"]] for x in part if x[c["name"]] is not None]
    check(c["known"] == len(known), f"{what}: known")
    if c["name"] == "age":
        near(c["mean"], statistics.mean(known), what)
        near(c["deviation"], statistics.stdev(known), what)
        return
    found = {level["value"]: level["images"] for level in c["levels"]}
    check(found == {value: known.count(value) for value in found}, f"{what}: {found}")
    check(sum(found.values()) == len(known), f"{what}: all levels")


def check_site(site, images):
    check([s["side"] for s in site["sides"]] == ["train", "validation", "test", "all"], "sides")
    for side in site["sides"]:
        part = [x for x in images if side["side"] in (x["side"], "all")]
        what = f"{site['site']}, {side['side']}"
        check((side["images"], side["groups"]) == (len(part), len({x["patient"] for x in part})), what)
        check([c["name"] for c in side["characteristics"]] == ["class", "sex", "age"], what)
        for c in side["characteristics"]:
            check_characteristic(c, part, f"{what}, {c['name']}")


def patients(images, name, value):
    of = {}
    for x in images:
        if x[name] is not None:
            of.setdefault(x["patient"], []).append(x[name] if value is None else x[name] == value)
    return [statistics.mean(v) for v in of.values()]


def check_test(test, sites):
    samples = [patients(sites[s["site"]], test["name"], test["value"]) for s in test["sites"]]
    n, centre = sum(map(len, samples)), statistics.mean(x for s in samples for x in s)
    between = sum(len(s) * (statistics.mean(s) - centre) ** 2 for s in samples) / (len(samples) - 1)
    within = sum((x - statistics.mean(s)) ** 2 for s in samples for x in s) / (n - len(samples))
    near(test["f"], between / within, f"F of {test['name']} {test['value']}")
    check((test["between"], test["within"]) == (len(samples) - 1, n - len(samples)), "degrees of freedom")
    check(0 < test["p"] <= 1, "p")


sites = {s["site"]: images_of(s["site"]) for s in sets["sites"]}
check(sorted(sites) == ["clinic", "ward"] and sets["shared_groups"] == 0, "sites")
for site in sets["sites"]:
    check_site(site, sites[site["site"]])
check([(t["name"], t["value"]) for t in sets["anova"]] ==
      [("class", "normal"), ("class", "finding"), ("sex", "F"), ("sex", "M"), ("age", None)], "rows that are compared")
for test in sets["anova"]:
    check_test(test, sites)
rows = {(row["site"], row["side"], row["characteristic"], row["value"]): row for row in table(run / "sites.csv")}
check(len(rows) == 2 * 4 * 6, f"{len(rows)} lines of sites.csv")
for test in sets["anova"]:
    row = rows[("ward", "all", test["name"], test["value"] or "")]
    check(float(row["f"]) == test["f"] and float(row["p"]) == test["p"], f"sites.csv: {row}")
end()
