#!/usr/bin/env python3
"""Counts, by Python's own csv, gzip and ast modules and without any mapping file, what the mappings in
examples/mappings are to make of an archive's label files, and compares with the JSON of `xsite labels`.

usage: labels_golden.py nih|chexpert|mimic|padchest FILE... [--compare JSON]

mimic: the metadata file, then the chexpert file.  Prints the counts, or what differs; exit status 1 if anything does.
"""
import ast
import csv
import gzip
import json
import sys
from collections import Counter

csv.field_size_limit(1 << 30)
NIH = {"Atelectasis", "Consolidation", "Edema", "Infiltration", "Mass", "Nodule", "Pneumonia"}
CHEXPERT = ["Atelectasis", "Consolidation", "Edema", "Lung Lesion", "Lung Opacity", "Pneumonia"]
PADCHEST = set("""alveolar pattern, atelectasis, atelectasis basal, atypical pneumonia, bronchiectasis, calcified densities,
calcified granuloma, calcified pleural plaques, cavitation, consolidation, granuloma, ground glass pattern, increased density,
infiltrates, interstitial pattern, laminar atelectasis, lobar atelectasis, lung metastasis, mass, multiple nodules, nodule,
pleural plaques, pneumonia, pseudonodule, pulmonary edema, pulmonary mass, reticulonodular interstitial pattern,
round atelectasis, segmental atelectasis, soft tissue mass, total atelectasis, tuberculosis, tuberculosis sequelae"""
               .replace("\n", " ").split(", "))


def rows_of(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8-sig", newline="") as f:
        reader = csv.reader(f)
        header = next(reader)
        for row in reader:
            yield dict(zip(header, row))


def nih(path):
    for r in rows_of(path):
        found = set(r["Finding Labels"].split("|"))
        age = int(r["Patient Age"].rstrip("YMD"))
        yield r["Patient ID"], "kept", bool(found & NIH), found, age if 0 < age <= 100 else None, r["View Position"]


def chexpert_class(r):
    return any(r[c] == "1.0" for c in CHEXPERT), {c for c in r if r[c] == "1.0"}


def chexpert(path):
    for r in rows_of(path):
        positive, found = chexpert_class(r)
        kept = "kept" if r["Frontal/Lateral"] == "Frontal" else "where"
        if kept == "kept" and r["AP/PA"] not in ("AP", "PA"):
            kept = "view"
        age = int(r["Age"])
        yield r["Path"].split("/")[-3], kept, positive, found, age or None, r["AP/PA"]


def mimic(metadata, labels):
    study = {(r["subject_id"], r["study_id"]): r for r in rows_of(labels)}
    names = {"antero-posterior": "AP", "postero-anterior": "PA"}
    for r in rows_of(metadata):
        view = r["ViewPosition"] or r["ViewCodeSequence_CodeMeaning"]
        view = names.get(view, view)
        label = study.get((r["subject_id"], r["study_id"]))
        kept = "view" if view not in ("AP", "PA") else "kept" if label else "no label"
        positive, found = chexpert_class({k: v for k, v in label.items()} if label else dict.fromkeys(CHEXPERT, ""))
        yield r["subject_id"], kept, positive, found, None, view


def padchest(path):
    for r in rows_of(path):
        found = {t.strip() for t in ast.literal_eval(r["Labels"])} - {""} if r["Labels"] else set()
        kept = "kept"
        if r["Pediatric"] != "No":
            kept = "where"
        elif r["Projection"] not in ("PA", "AP", "AP_horizontal"):
            kept = "view"
        elif found & {"exclude", "suboptimal study"}:
            kept = "excluded"
        elif not found - {"unchanged"}:
            kept = "no label"
        age = int(r["StudyDate_DICOM"][:4]) - int(float(r["PatientBirth"])) if r["PatientBirth"] else None
        yield r["PatientID"], kept, bool(found & PADCHEST), found, age, r["Projection"]


def count(images):
    outcome, classes, findings, views = Counter(), Counter(), Counter(), Counter()
    patients, kept_patients, ages, rows = set(), set(), 0, 0
    for patient, kept, positive, found, age, view in images:
        rows += 1
        patients.add(patient)
        outcome[kept] += 1
        findings.update(found)
        ages += age is not None
        views[view] += bool(view)
        if kept == "kept":
            kept_patients.add(patient)
            classes["opacity" if positive else "no opacity"] += 1
    return {"rows": rows, "patients": len(patients), "kept": outcome["kept"], "kept patients": len(kept_patients),
            "classes": dict(classes), "left out": {k: v for k, v in outcome.items() if k != "kept"},
            "findings": dict(findings), "known ages": ages, "views": {k: v for k, v in views.items() if k}}


def from_summary(j, expected):
    """The same numbers as xsite counted them; of the findings those that its mapping knows."""
    reasons = {"keep.where": "where", "keep.views": "view", "labels.exclude": "excluded", "no label": "no label"}
    left = {name: row["images"] for row in j["left_out"] for part, name in reasons.items() if part in row["reason"]}
    findings = {f["name"]: f["positive"] for f in j["findings"] if f["positive"]}
    findings.update({u["text"]: u["rows"] for u in j["unmapped"]})
    return {"rows": j["rows"]["images"], "patients": j["rows"]["patients"], "kept": j["kept"]["images"],
            "kept patients": j["kept"]["patients"], "classes": {c["name"]: c["images"] for c in j["classes"]},
            "left out": left, "findings": findings,
            "known ages": j["attributes"].get("age", {}).get("known", expected["known ages"]),
            "views": {v["text"]: v["rows"] for v in j["attributes"]["view"]["values"]}}


def main():
    words = sys.argv[1:]
    other = None
    if "--compare" in words:
        at = words.index("--compare")
        other = words[at + 1]
        del words[at:at + 2]
    expected = count({"nih": nih, "chexpert": chexpert, "mimic": mimic, "padchest": padchest}[words[0]](*words[1:]))
    if not other:
        json.dump(expected, sys.stdout, indent=1, sort_keys=True)
        return 0
    with open(other, encoding="utf-8") as f:
        found = from_summary(json.load(f), expected)
    faults = [k for k in expected if expected[k] != found[k]]
    for k in faults:
        print("%s %s: expected %s, found %s" % (words[0], k, expected[k], found[k]))
    return 1 if faults else 0


sys.exit(main())
