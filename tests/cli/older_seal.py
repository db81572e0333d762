#!/usr/bin/env python3
"""Rewrites the seal.jsonl of a run folder as an older xsite wrote it: without hashes of records, results and reports.

usage: older_seal.py SEAL
"""
import hashlib
import json
import sys
from pathlib import Path


def dump(line):
    return json.dumps(line, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


path, lines, previous = Path(sys.argv[1]), [], ""
for text in path.read_text().splitlines():
    line = json.loads(text)
    if "reported" in line:
        continue
    for name in ("record", "nodes", "hash"):
        line.pop(name, None)
    if "wrote" in line:
        line["wrote"] = {"outputs.csv": line["wrote"]["outputs.csv"]}
    line.update(n=len(lines) + 1, previous=previous)
    previous = hashlib.sha256(dump(line).encode()).hexdigest()
    lines.append(dump({**line, "hash": previous}) + "\n")
path.write_text("".join(lines))
