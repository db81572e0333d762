#!/usr/bin/env bash
# A search for settings: what is chosen and by what, that no target label takes part, that trials share nodes, and that it
# can be broken off.
# usage: test_search.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
demo=$repository/examples/demo.yaml
quick=("${tiny[@]}" --set portfolio=none,shot --set shot.steps=9)
grid="classifier.learning_rate=3e-4,1e-3 shot.learning_rate=1e-5,1e-3"
search() { # search OUT WORD...: it ends well, or with an adaptation that is predicted to hurt
  local out=$1 status
  shift
  "$xsite" search "$demo" --out "$out" "${quick[@]}" --grid "$grid" "$@" >stdout 2>stderr </dev/null
  status=$?
  [ $status -eq 0 ] || [ $status -eq 3 ] || complain "search $out $*: status $status: $(tail -n 3 stderr)"
}

# ---- the choice, recomputed from what the trials' nodes have written -----------------------------

check() { # check OUT
  python3 - "$1" <<'PYTHON' || complain "$1: the choice is not that of its trials"
import csv, json, pathlib, statistics, sys
out = pathlib.Path(sys.argv[1])
search = json.load(open(out / "search.json"))
oracle = json.load(open(out / search["trials"][-1]["folder"] / "study.json"))["oracle"]
def read(trial, *name): return json.load(open(out.joinpath(trial["folder"], *name)))
def criterion(trial):
    study = read(trial, "study.json")
    for key, value in trial["settings"].items():
        section, name = key.split(".")
        assert study[section][name] == float(value), (trial, key)
    if trial["stage"] == "classifier":
        assert study["portfolio"] == ["none"]
        sources = dict.fromkeys(p["source"] for p in trial["pairs"])
        return statistics.mean(100 * read(trial, "nodes", f"baseline-{s}", "record.json")["training"]["validation_auc"] for s in sources)
    values = []
    for p in trial["pairs"]:
        choice = read(trial, "nodes", f"choice-{p['source']}-{p['target']}", "choice.json")
        candidate = next(c for c in choice["candidates"] if c["method"] == choice["careful"])
        assert candidate["method"] == "none" or not candidate["struck"]
        assert (p["careful"], p["value"]) == (choice["careful"], candidate["criteria"]["im"]), p
        assert p["struck"] == sum(bool(c["struck"]) for c in choice["candidates"])
        values.append(candidate["criteria"]["im"])
    return statistics.mean(values)
for trial in search["trials"]:
    assert abs(trial["criterion"] - criterion(trial)) < 1e-9, trial
    measured = oracle or trial["folder"] == search["stages"][-1]["chosen"]
    assert ("auc" in trial) == measured, trial["folder"]
    if not measured: continue
    for i, p in enumerate(trial["pairs"]):
        result = read(trial, "results.json")["pairs"][i]
        method = p.get("careful", "none")
        assert p["auc"] == next(c["measure"]["auc"] for c in result["candidates"] if c["method"] == method)
    assert abs(trial["auc"] - statistics.mean(p["auc"] for p in trial["pairs"])) < 1e-9
chosen = {}
for stage in search["stages"]:
    own = [t for t in search["trials"] if t["stage"] == stage["stage"]]
    if stage["stage"] == "adaptation":  # the classifier's best settings are in all of them
        assert all(chosen.items() <= t["settings"].items() for t in own)
    left = [t["trial"] for t in own]
    for budget in ("1/9", "1/3", "1"):  # successive halving: the best third of a round goes on
        run = [t for t in own if t["budget"] == budget]
        if not run: continue
        assert [t["trial"] for t in run] == left or sorted(set(left)) == [t["trial"] for t in run], (budget, left)
        keep = 1 if budget == "1" else len(run) // 3
        best = sorted(run, key=lambda t: (-t["criterion"], t["trial"]))[:keep]  # of equals the first
        left = sorted(t["trial"] for t in best)
    assert budget == "1" and best[0]["folder"] == stage["chosen"], stage
    chosen = best[0]["settings"]
    if oracle:
        most = max(t["auc"] for t in own)
        assert stage["oracle"]["auc"] == most == next(t["auc"] for t in own if t["folder"] == stage["oracle"]["folder"])
        assert abs(stage["oracle"]["regret"] - (most - best[0]["auc"])) < 1e-9
assert search["chosen"] == chosen
rows = list(csv.DictReader(open(out / "search.csv", newline="")))
assert len(rows) == len(search["trials"])
for row, trial in zip(rows, search["trials"]):
    assert (row["folder"], row["budget"], float(row["criterion"])) == (trial["folder"], trial["budget"], trial["criterion"])
    assert all(row[key] == trial["settings"].get(key, "") for key in chosen)
    for p in trial["pairs"]:
        assert row[f"{p['source']} -> {p['target']} chosen"] == p.get("careful", "")
    assert row["auc"] == "" if trial.get("auc") is None else float(row["auc"]) == trial["auc"]
PYTHON
}

search whole
check whole
contains stderr '4 trials' '2 settings of the classifier' '2 settings of the adaptation'
contains whole/report.html 'search for settings' 'Table 1' 'Figure 1' 'trial-4'
for file in search.{svg,pdf,gp,tsv}; do [ -s whole/figures/$file ] || complain "no figures/$file"; done
python3 - whole/search.json stdout <<'PYTHON' || complain "printed: $(cat stdout)"
import json, sys
chosen = json.load(open(sys.argv[1]))["chosen"]
want = "".join(f"{k.split('.')[0]}:\n  {k.split('.')[1]}: {v}\n" for k, v in chosen.items())
assert open(sys.argv[2]).read() == want
PYTHON
whole=$(results_of whole)

# ---- no label of a target takes part -------------------------------------------------------------

# Of trials that are not measured none was ever opened; of the chosen one after the last trial's choice was made.
python3 - whole <<'PYTHON' || complain 'a label of the target was opened while settings were searched'
import json, pathlib, sys
out = pathlib.Path(sys.argv[1])
search = json.load(open(out / "search.json"))
chosen = search["stages"][-1]["chosen"]
seal = {t["folder"]: [json.loads(l) for l in open(out / t["folder"] / "seal.jsonl")] for t in search["trials"]}
made = max(l["time"] for lines in seal.values() for l in lines if l.get("node", "").startswith("choice-") and "made" in l)
for name, lines in seal.items():
    opened = [l for l in lines if l.get("opens") == "mnist"]
    assert bool(opened) == (name == chosen), (name, opened)
    choice = next((l["n"] for l in lines if l.get("node") == "choice-optdigits-mnist" and "made" in l), 0)
    assert all(l["n"] > choice and l["time"] >= made for l in opened)
PYTHON
for trial in whole/trial-*; do expect 0 'the seal holds' inspect run --seal "$trial"; done

# ---- nodes are shared -----------------------------------------------------------------------------

best=$(python3 -c 'import json; print(json.load(open("whole/search.json"))["stages"][0]["chosen"])')
for trial in trial-3 trial-4; do
  grep -q "\"node\":\"baseline-optdigits\".*\"taken_from\":\"$folder/whole/$best\"" whole/$trial/seal.jsonl ||
    complain "$trial trained its classifier again"
  same "$(snapshot "whole/$best/nodes/baseline-optdigits")" "$(snapshot whole/$trial/nodes/baseline-optdigits)" "$trial's classifier"
done
# Nodes of a run of the study; one that was damaged is not taken.
"$xsite" study run "$demo" --out study "${quick[@]}" --set classifier.learning_rate=3e-4 >/dev/null 2>&1
search beside --nodes-of study
grep -q "\"node\":\"baseline-optdigits\".*\"taken_from\":\"$folder/study\"" beside/trial-1/seal.jsonl ||
  complain 'a node of the study is trained again'
same "$whole" "$(results_of beside)" 'a search beside a run'
rm -r beside && echo damage >>study/nodes/baseline-optdigits/curve.tsv
search beside --nodes-of study
grep -q 'baseline-optdigits: is not taken from study' stderr || complain 'a damaged node: nothing is said'
grep -q taken_from beside/trial-1/seal.jsonl && complain 'a damaged node is taken'
same "$whole" "$(results_of beside)" 'a search beside a damaged run'

# ---- it can be broken off --------------------------------------------------------------------------

hold killed/trial-3/nodes/choice-optdigits-mnist/record.json search "$demo" --out killed "${quick[@]}" --grid "$grid"
grep -l '"opens":"mnist"' killed/trial-*/seal.jsonl && complain 'a label of the target was opened before the choice'
let_go
[ ! -e killed/search.json ] || complain 'it was killed too late'
before=$(snapshot killed)
expect 1 'continue it with --resume' search "$demo" --out killed "${quick[@]}" --grid "$grid"
expect 1 'grid differs' search "$demo" --out killed "${quick[@]}" --grid "$grid,1e-4" --resume
same "$before" "$(snapshot killed)" 'a refused search'
search killed --resume
same "$whole" "$(results_of killed)" 'a search that was killed'
for file in trial-2/nodes/baseline-optdigits/checkpoint.safetensors search.json figures/search.gp; do
  hold late/$file search "$demo" --out late "${quick[@]}" --grid "$grid" --resume
  let_go
done
search late --resume
same "$whole" "$(results_of late)" 'a search that was killed three times'

# What was changed is noticed.
expect 0 "who opened labels in a trial is in the trial's seal" inspect run --seal whole
cp -r whole changed && sed -i 's/"criterion": 9/"criterion": 8/' changed/search.json
expect 1 'changed/search.json: is not the file that was recorded' report changed
expect 1 'changed/search.json: is not the file that was recorded' inspect run --seal changed
search changed
same "$whole" "$(results_of changed)" 'a search that was changed, and run again'
echo damage >>changed/trial-2/nodes/baseline-optdigits/curve.tsv
search changed
same "$whole" "$(results_of changed)" 'a search with a damaged trial, run again'

# Finished, it is compared, and its page can be drawn again.
search whole
same "$whole" "$(results_of whole)" 'a finished search'
rm whole/report.html whole/search.csv
expect 0 'whole/report.html' report whole
same "$whole" "$(results_of whole)" 'a page drawn again'
sed -i 's/"trials": \[/"trials": 7, "was": [/' beside/search.json
expect 1 'beside/search.json' report beside
expect 1 'beside holds another run' study run "$demo" --out beside "${quick[@]}" --resume
expect 1 'holds another run' search "$demo" --out study "${quick[@]}" --grid "$grid"

# ---- the oracle, several pairs, random points, halving ----------------------------------------------

search oracle --set oracle=yes --set pairs=all
check oracle
contains oracle/report.html 'would have chosen' 'These sites are sources and targets: optdigits, mnist'
contains oracle/figures/search.gp 'AUC at the target'

grid="shot.learning_rate=1e-5,1e-4,1e-3,1e-2 shot.balance=0.5,1,2"
for name in one two; do search $name --random 2; done
check one
same "$(results_of one)" "$(results_of two)" 'the same random points'
search other --random 2 --set seed=3
settings() { python3 -c 'import json, sys; print([t["settings"] for t in json.load(open(sys.argv[1]))["trials"]])' "$1/search.json"; }
[ "$(settings one)" != "$(settings other)" ] || complain 'the points do not depend on the seed'

search halved --halving
contains stderr 'first with a ninth of the budget'
check halved
[ "$(cd halved && echo trial-*-ninth | wc -w) $(cd halved && echo trial-*-third | wc -w)" = '12 4' ] || complain "rungs: $(ls halved)"
[ "$(cd halved && find . -maxdepth 1 -name 'trial-*' ! -name '*-*-*' | wc -l)" -eq 1 ] || complain "whole budgets: $(ls halved)"
python3 - halved <<'PYTHON' || complain 'the budgets are not a ninth and a third'
import json, pathlib, sys
for study in pathlib.Path(sys.argv[1]).glob("trial-*/study.json"):
    steps = json.load(open(study))["shot"]["steps"]
    assert steps == {"ninth": 1, "third": 3}.get(study.parent.name.split("-")[-1], 9), (study, steps)
PYTHON

# ---- what is refused, before anything runs ------------------------------------------------------------

refuse() { # refuse TEXT GRID WORD...
  local text=$1 what=$2
  shift 2
  expect 2 "$text" search "$demo" --out never "${quick[@]}" --grid "$what" "$@"
  [ ! -e never ] || complain "never is there: $what"
}
refuse 'size cannot be searched: with other images' 'size=16,32'
refuse 'choice.criterion cannot be searched' 'choice.criterion=im,snd'
refuse 'did you mean shot.learning_rate?' 'shot.learning_rat=1,2'
refuse "shot.steps: 'many' is not allowed here" 'shot.steps=5,many'
refuse 'nothing in this study reads the section dann' 'dann.steps=5,10'
refuse 'sets it for itself' 'shot.steps=5,10' --set 'pairs=optdigits -> mnist shot.steps=7'
refuse 'shot.steps is there twice' 'shot.steps=5,10 shot.steps=20'
refuse 'has the value 5 twice' 'shot.steps=5,5'
refuse 'nothing to choose among' 'shot.steps=5'
refuse 'names no setting' ' '
refuse 'is not KEY=VALUE' 'shot.steps'
refuse 'shot.steps is what --halving shortens' 'shot.steps=5,10' --halving
refuse 'a ResNet-18 halves its images' 'classifier.architecture=lenet,resnet18'
many=$(seq -s, 0.001 0.001 0.04)
refuse 'more than 1000 points' "shot.learning_rate=$many shot.balance=$many"
expect 2 'grid' search "$demo" --out never
finish
