#!/usr/bin/env bash
# A study under several seeds: the same runs as one by one, and their spread.
# usage: test_seeds.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
demo=$repository/examples/demo.yaml
quick=("${tiny[@]}" --set portfolio=none,shot --set shot.steps=5 --set pairs=all --set oracle=yes)
seeds=(study run "$demo" --out "$folder/seeds" "${quick[@]}")

# An adaptation that is predicted to hurt is the single runs' matter: all seeds are run all the same.
"$xsite" "${seeds[@]}" --seeds 2 >"$folder/stdout" 2>"$folder/stderr"
status=$?
[ $status -eq 0 ] || [ $status -eq 3 ] || complain "status $status: $(tail -n 3 "$folder/stderr")"
"$xsite" study run "$demo" --out "$folder/second" "${quick[@]}" --set seed=2 2>"$folder/stderr"
same "$(results_of "$folder/second")" "$(results_of "$folder/seeds/seed-2")" 'seed 2 of several and alone'

check_spread() { # check_spread SEEDS: against Python's own mean and deviation of the runs' results
  python3 - "$folder/seeds" "$1" <<'PYTHON' || complain 'the spread is not that of the runs'
import csv, json, pathlib, statistics, sys
out, n = pathlib.Path(sys.argv[1]), int(sys.argv[2])
runs = [json.load(open(out / f"seed-{k + 1}" / "results.json")) for k in range(n)]
spread = json.load(open(out / "seeds.json"))
assert spread["seeds"] == list(range(1, n + 1)) and len(spread["pairs"]) == 2
def close(a, b): assert abs(a - b) < 1e-9 * max(1, abs(b)), (a, b)
def check(s, values):
    close(s["mean"], statistics.mean(values)), close(s["deviation"], statistics.stdev(values))
    assert (s["least"], s["largest"], s["by_seed"]) == (min(values), max(values), values)
def of(run, i, what):
    p = run["pairs"][i]
    if what in ("external", "adapted", "ceiling"): return p[what]
    name = p["oracle"]["method"] if what == "oracle" else what
    return next(c["measure"] for c in p["candidates"] if c["method"] == name)
whats = ["external", "adapted", "oracle", "ceiling", "none", "shot"]
for what in whats:
    for measure in ("auc", "accuracy"):
        for i in range(2):
            check(spread["pairs"][i]["measures"][what][measure], [of(r, i, what)[measure] for r in runs])
        check(spread["means"][what][measure], [statistics.mean(of(r, i, what)[measure] for i in range(2)) for r in runs])
assert spread["measured"] == 2 * n
assert spread["worse"] == sum(of(r, i, "adapted")["auc"] < of(r, i, "external")["auc"] for r in runs for i in range(2))
rows = list(csv.DictReader(open(out / "seeds.csv", newline="")))
assert len(rows) == 2 * len(whats) * n
for row in rows:
    i = [(p["source"], p["target"]) for p in spread["pairs"]].index((row["source"], row["target"]))
    assert float(row["auc"]) == of(runs[int(row["seed"]) - 1], i, row["what"])["auc"]
    assert row["chosen"] == (runs[int(row["seed"]) - 1]["pairs"][i]["choice"]["chosen"] if row["what"] == "adapted" else "")
PYTHON
}
check_spread 2
contains "$folder/seeds/report.html" 'spread over 2 seeds' 'href="seed-2/report.html"' 'Chosen without labels'

# More seeds are added; those that are there stay.
before=$(snapshot "$folder/seeds/seed-1")
"$xsite" "${seeds[@]}" --seeds 3 >"$folder/stdout" 2>"$folder/stderr"
grep -q 'nothing to do' "$folder/stderr" || complain 'a seed that is done is done again'
same "$(grep -v '/log.jsonl' <<<"$before")" "$(snapshot "$folder/seeds/seed-1" | grep -v '/log.jsonl')" 'a seed that was done'
check_spread 3

# The page is drawn again from the runs; not from one that was changed.
page=$(sha256sum <"$folder/seeds/report.html")
rm "$folder/seeds/report.html"
expect 0 'seeds/report.html' report "$folder/seeds"
[ -s "$folder/stderr" ] && complain "a page under the seals of its runs: $(cat "$folder/stderr")"
[ "$page" = "$(sha256sum <"$folder/seeds/report.html")" ] || complain 'the page is another when drawn again'
cp -r "$folder/seeds" "$folder/changed"
sed -i 's/"accuracy": [0-9]/"accuracy": 9/' "$folder/changed/seed-2/results.json"
expect 1 'seed-2/results.json' report "$folder/changed"
rm "$folder/changed/seed-2/results.json"
expect 1 'seed-2: no results.json there' report "$folder/changed"

# The spread is that of the seeds alone: a run of other settings, or of other data, is not among them.
mkdir "$folder/mixed" "$folder/moved"
cp -r "$folder/seeds/seed-1" "$folder/mixed/seed-1"
cp -r "$folder/seeds/seed-1" "$folder/moved/seed-1"
"$xsite" study run "$demo" --out "$folder/mixed/seed-2" "${quick[@]}" --set seed=2 --set shot.steps=6 2>"$folder/stderr"
expect 1 'mixed/seed-2: shot.steps differs from what' report "$folder/mixed"
[ -e "$folder/mixed/report.html" ] && complain 'runs of other settings get a page'
cp -r "$repository/examples" "$folder/examples"
python3 - "$folder/examples/data/optdigits-labels-idx1-ubyte.gz" <<'PYTHON'
import gzip, sys
data = bytearray(gzip.open(sys.argv[1]).read())
data[8:] = bytes(9 - label for label in data[8:])
gzip.open(sys.argv[1], "wb").write(data)
PYTHON
"$xsite" study run "$folder/examples/demo.yaml" --out "$folder/moved/seed-2" "${quick[@]}" --set seed=2 2>"$folder/stderr"
expect 1 'moved/seed-2: the data of optdigits differs' report "$folder/moved"

# A file of the user's in a run folder, whatever its name is, does not make it one of several seeds.
echo mine >"$folder/second/seed-notes"
expect 0 'second/report.html' report "$folder/second"
[ -e "$folder/second/seeds.json" ] && complain 'a run of one seed is taken for one of several'
[ "$(cat "$folder/second/seed-notes")" = mine ] || complain 'a file of the user was changed'

# A run of one seed is no folder for several, and the other way round.
expect 1 "which is of no study under several seeds" study run "$demo" --out "$folder/second" "${quick[@]}" --seeds 2
before=$(snapshot "$folder/seeds")
expect 1 "$folder/seeds" "${seeds[@]}"
same "$before" "$(snapshot "$folder/seeds")" 'a refused run'
expect 2 'seeds' "${seeds[@]}" --seeds 0
finish
