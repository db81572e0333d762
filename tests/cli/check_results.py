#!/usr/bin/env python3
"""Is what a run folder's results.json says consistent with itself?  For cli/test_results.sh.

usage: check_results.py RUN

Computes again what follows from other numbers of the file: gains, Holm's correction, oracle and
regret, calibration errors, label equivalents, spreads, means.  Prints what differs; exit status 1 if any.
"""
import json
import math
import statistics
import sys
from pathlib import Path

import checks
from checks import check, end

run = Path(sys.argv[1])
study = json.loads((run / "study.json").read_text())
results = json.loads((run / "results.json").read_text())
seal = [json.loads(line) for line in (run / "seal.jsonl").read_text().splitlines()]


def near(a, b, what):
    checks.near(a, b, what, absolute=1e-9)


def interval(x, low, high, what):
    check(set(x) >= {"value", "low", "high"}, f"{what}: {x}")
    values = [v for v in (x["low"], x["value"], x["high"]) if v is not None]
    check(values and all(low <= v <= high for v in values), f"{what}: {x}")
    check(x["low"] <= x["high"], f"{what}: {x}")


def measure(m, what):
    check(0 <= m["low"] <= m["auc"] <= m["high"] <= 100 and m["n"] >= m["groups"] > 10, f"{what}: {m}")
    check(m["low"] <= m["paper_low"] <= m["paper_mean"] <= m["paper_high"] <= m["high"], f"{what}: {m}")
    # a share of n images
    check(0 <= m["accuracy"] <= 100, f"{what}: {m}")
    near(m["accuracy"] * m["n"] / 100, round(m["accuracy"] * m["n"] / 100), f"{what}: right images")
    check(0 <= m["accuracy_low"] <= m["accuracy"] <= m["accuracy_high"] <= 100, f"{what}: {m}")


def check_choice(pair):
    choice, name = pair["choice"], f"choice-{pair['source']}-{pair['target']}"
    check(choice == json.loads((run / "nodes" / name / "choice.json").read_text()), name)
    check([c["method"] for c in choice["candidates"]] == [c["method"] for c in pair["candidates"]], name)
    chosen = [c for c in pair["candidates"] if c["method"] == choice["chosen"]]
    check(len(chosen) == 1 and chosen[0]["measure"] == pair["adapted"], f"{name}: the chosen measure")
    alone = [c for c in pair["candidates"] if c["method"] == "none"]
    check(alone[0]["measure"] == pair["external"], f"{name}: doing nothing")


def loss(internal, here):
    """The loss with its interval (MOVER)."""
    value = internal["auc"] - here["auc"]
    return (value - math.hypot(internal["auc"] - internal["low"], here["high"] - here["auc"]),
            value + math.hypot(internal["high"] - internal["auc"], here["auc"] - here["low"]))


def check_verdict(pair):
    """Of two words that follow from the numbers of the file alone, unless one class is called."""
    verdict, internal, external = pair["verdict"], pair["internal"], pair["external_all"]
    check(verdict["margin"] == 5 and verdict["reason"], f"verdict: {verdict}")
    check((verdict["label"] is None) == verdict["word"].startswith("use"), f"verdict: {verdict}")
    if "it calls" in verdict["reason"]:
        return
    low, high = loss(internal, external)
    if pair["choice"]["chosen"] == "none":
        word = ("use it" if high < 5 and external["low"] > 70 else
                "do not use it" if low > 5 or external["high"] < 70 else "cannot be told")
        check(verdict["word"] == word, f"verdict: {verdict}, not {word}")
    elif low > 5:
        check(verdict["word"] != "use it", f"verdict: {verdict}")


def check_gain(pair):
    external, adapted, ceiling = (pair[name]["auc"] for name in ("external", "adapted", "ceiling"))
    near(pair["gain"]["value"], adapted - external, "gain")
    interval(pair["gain"], -100, 100, "gain")
    near(pair["salvage"], 100 * (adapted - external) / (ceiling - external), "salvage")
    check(0 <= pair["keeps_label"] <= 100, "keeps_label")


def check_oracle(pair):
    best = max(pair["candidates"], key=lambda c: c["measure"]["auc"])
    near(pair["oracle"]["auc"], best["measure"]["auc"], "oracle")
    near(pair["oracle"]["regret"], best["measure"]["auc"] - pair["adapted"]["auc"], "regret")


def check_calibration(pair, classes):
    c = pair["calibration"]
    near(c["temperature"], pair["choice"]["temperature"], "temperature")
    for name in ("external", "adapted", "ceiling", "adapted_scaled"):
        bins = c[name]["bins"]
        n = sum(b["n"] for b in bins)
        check(len(bins) == 15 and n == pair["external"]["n"], f"bins of {name}")
        check(all(0 <= b["low"] <= b["accuracy"] <= b["high"] <= 1 for b in bins if b["n"]), f"bins of {name}")
        error = sum(b["n"] * abs(b["confidence"] - b["accuracy"]) for b in bins if b["n"]) / n
        near(c[name]["ece"]["value"], error, f"ece of {name}")
        interval(c[name]["ece"], 0, 1, f"ece of {name}")
        interval(c[name]["brier"], 0, 1 if classes == 2 else 2, f"Brier score of {name}")
    check(c["adapted"] != c["adapted_scaled"], "scaling changes nothing")


def check_operating(pair):
    o = pair["operating_point"]
    check(o["positive"] == study["operating"]["positive"], "positive")
    near(o["wanted"], 100 * study["operating"]["sensitivity"], "wanted")
    alone = pair["choice"]["chosen"] == "none"
    check((o["threshold"] == o["adapted"]["threshold"]) == alone, "a threshold for each of two classifiers")
    check(o["source"]["sensitivity"]["value"] >= o["wanted"], "sensitivity at the source")
    check(o["adapted"]["source"]["sensitivity"]["value"] >= o["wanted"], "sensitivity, adapted")
    for at in (o["source"], o["external"], o["adapted"], o["adapted"]["source"]):
        interval(at["sensitivity"], 0, 100, "sensitivity")
        interval(at["specificity"], 0, 100, "specificity")


def check_delong(pair):
    d = pair["delong"]
    for name in ("external", "adapted"):
        interval(d[name], 0, 100, f"DeLong {name}")
        near(d[name]["value"], pair[name]["auc"], f"DeLong {name}")
    check(0 <= d["p"] <= 1, "p of DeLong")


def equivalent(curve, wanted):
    """Linear in the logarithm of the number of images, of the running maximum."""
    most = -math.inf
    before = None
    for count, auc in curve:
        if auc >= wanted:
            if before is None:
                return 0 if auc > wanted else count
            return before * (count / before) ** ((wanted - most) / (auc - most))
        most, before = max(most, auc), count
    return None


def check_equivalent(pair):
    curve = sorted({p["count"]: p["measure"]["auc"] for p in reversed(results["labelled"])
                    if p["site"] == pair["target"]}.items())
    wanted, found = equivalent(curve, pair["adapted"]["auc"]), pair["label_equivalent"]
    check(found.get("more", False) == (wanted is None), f"label equivalent: {found}")
    if wanted is not None:
        near(found["value"], wanted, "label equivalent")
    check(found["low"] is None or found["high"] is None or found["low"] <= found["high"], "its interval")


def check_holm(pairs):
    order = sorted(pairs, key=lambda p: p["gain"]["p"])
    most = 0
    for i, pair in enumerate(order):
        most = max(most, min(1, (len(order) - i) * pair["gain"]["p"]))
        near(pair["gain"]["p_holm"], most, "p of Holm")


def check_pooled():
    check([p["percent"] for p in results["pooled"]] == [float(x) for x in study["pooled"]], "pooled")
    for p in results["pooled"]:
        aucs = [s["measure"]["auc"] for s in p["sites"]]
        measure(p["global"], p["node"])
        for site in p["sites"]:
            measure(site["measure"], p["node"])
        opened = [line["images"] for line in seal if line.get("node") == p["node"] and line.get("split") == "train"]
        near(p["images"], sum(math.ceil(p["percent"] * n / 100) for n in opened), f"images of {p['node']}")
        near(p["spread"], statistics.pvariance(aucs), f"spread of {p['node']}")
        near(p["global"]["n"], sum(s["measure"]["n"] for s in p["sites"]), f"images of {p['node']}")


def check_labelled():
    sites = {p["target"] for p in results["pairs"]}
    check(len(results["labelled"]) == len(sites) * len(study["label_counts"]), "labelled models")
    for p in results["labelled"]:
        wanted = int(p["node"].rsplit("-", 1)[1])
        check(p["site"] in sites and 0 < p["count"] <= wanted, p["node"])
        measure(p["measure"], p["node"])


def check_summary(pairs):
    s = results["summary"]
    for name in ("internal", "external", "adapted"):
        near(s[f"mean_{name}_auc"], statistics.mean(p[name]["auc"] for p in pairs), name)
    near(s["mean_oracle_auc"], statistics.mean(p["oracle"]["auc"] for p in pairs), "mean oracle")
    near(s["mean_regret"], statistics.mean(p["oracle"]["regret"] for p in pairs), "mean regret")
    gains = [(p["adapted"]["auc"] - p["external"]["auc"], p["external"]["auc"], p["ceiling"]["auc"]) for p in pairs]
    salvage = 100 * sum(g for g, _, _ in gains) / sum(c - e for _, e, c in gains)
    near(s["average_salvage"], salvage, "average salvage")
    near(s["median_salvage"], statistics.median(p["salvage"] for p in pairs), "median salvage")
    near(s["mean_relative_gain"], 100 * statistics.mean(g / e for g, e, _ in gains), "relative gain")
    gain = s["mean_gain"]
    near(gain["value"], statistics.mean(g for g, _, _ in gains), "mean gain")
    check(gain["low"] <= gain["value"] <= gain["high"] and 0 < gain["p"] <= 1, f"mean gain: {gain}")
    for name in ("internal", "external", "adapted"):
        mean, bounds = s[f"mean_{name}_auc"], s["mean_intervals"][name]
        check(bounds["low"] <= mean <= bounds["high"], f"mean {name}: {mean}, {bounds}")
    if len(pairs) == 1:
        near(gain["low"], pairs[0]["gain"]["low"], "low of the mean gain")
        near(s["mean_intervals"]["adapted"]["high"], pairs[0]["adapted"]["high"], "high of the mean adapted AUC")
    worse = sum(p["adapted"]["auc"] < p["external"]["auc"] for p in pairs)
    check(s["pairs_worse"] == worse, f"pairs_worse: {s['pairs_worse']}, not {worse}")


for pair in results["pairs"]:
    for name in ("internal", "external", "adapted", "ceiling"):
        measure(pair[name], name)
    check_choice(pair)
    check_gain(pair)
    check_verdict(pair)
    check_oracle(pair)
    check_calibration(pair, classes=2)
    check_operating(pair)
    check_delong(pair)
    check_equivalent(pair)
check_holm(results["pairs"])
check_pooled()
check_labelled()
check_summary(results["pairs"])
end()
