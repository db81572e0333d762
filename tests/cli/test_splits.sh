#!/usr/bin/env bash
# Splits of domain files: stratified, by shares, by an official column; few images of four classes; what is refused.
# usage: test_splits.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
python3 "$repository/tests/cli/cells.py" . || exit 1

cat >study.yaml <<YAML
name: cells
seed: 1
sites: [berlin.yaml, lyon.yaml]
pairs: [berlin -> lyon]
size: 16
image_channels: 1
replicates: 100
portfolio: [none, histogram]
classifier:
  epochs: 2
  batch: 32
  steps_per_epoch: 5
tune:
  epochs: 1
  batch: 32
  steps_per_epoch: 5
YAML
with() { sed -e "\$a $2" "$1.yaml"; }
study() { "$xsite" study run study.yaml --threads 1 "$@" >stdout 2>stderr || complain "study run $*: $(cat stderr)"; }
# jq-like: a value of results.json of a run's only pair
value() { python3 -c 'import json, sys; p = json.load(open(sys.argv[1] + "/results.json"))["pairs"][0]; print(eval(sys.argv[2]))' "$@"; }

# Eight of eight seeds have every class on every side, where the split by hash had none.
for seed in 1 2 3 4 5 6 7 8; do
  expect 0 'external AUC about' study plan study.yaml --out none --threads 1 --set seed=$seed
done
for name in berlin lyon; do with $name 'split: hash' >$name-hash.yaml; done
expect 1 'has no image of class' study plan study.yaml --out none --threads 1 --set sites=berlin-hash.yaml,lyon-hash.yaml
contains stderr 'take another seed' 'split: stratified'
contains stdout 'to do baseline-berlin'
[ -e none ] && complain 'the plan has made its folder'
expect 1 'has no image of class' study run study.yaml --out refused --threads 1 --set sites=berlin-hash.yaml,lyon-hash.yaml
ls refused/nodes/*/model.safetensors 2>/dev/null && complain 'work was begun without every class'

# The plan says where too few images can decide to adapt.
for n in 49 50; do
  mkdir few$n && find lyon -name '*.png' | sort | head -n $n | xargs cp -t few$n
  printf 'name: lyon\nformat: folder\nimages: few%s\nsize: 16\n' $n >few$n.yaml
  expect 0 'to do results' study plan study.yaml --out none --threads 1 --set sites=berlin.yaml,few$n.yaml
  grep 'nothing will be adapted' stdout >said$n
done
grep -q '^berlin -> lyon: nothing will be adapted: 49 images of lyon can decide' said49 || complain "49 images: $(cat said49)"
[ -s said50 ] && complain "50 images: $(cat said50)"
expect 0 'to do results' study plan study.yaml --out none --threads 1 --set sites=berlin.yaml,few49.yaml --set choice=bold
grep 'nothing will be adapted' stdout && complain 'the bold rule asks for no number of images'

# The unadapted classifier is measured on all images, the adapted one on test images.
study --out run
[ "$(value run 'p["external_all"]["n"], p["external_all"]["images"]')" = "(97, 'all')" ] || complain "external: $(value run p)"
[ "$(value run 'p["external"]["n"] == p["adapted"]["n"] == p["ceiling"]["n"] < 20, p["adapted"]["images"]')" = "(True, 'test')" ] ||
  complain "adapted: $(value run p)"
[ "$(value run 'p["seen_without_labels"]')" -le 1 ] || complain "seen: $(value run p)"
[ "$(value run 'abs(p["adapted"]["auc"] - p["external"]["auc"] - p["gain"]["value"]) < 1e-9')" = True ] || complain 'the gain is of other images'
contains run/results.json 'on all 97 labelled images'
expect 0 '"n": 97' eval --model run/nodes/baseline-berlin/model.safetensors --data lyon.yaml --split all --threads 1 --json
contains stdout "\"auc\": $(value run 'json.dumps(p["external_all"]["auc"])' | cut -c 1-7)"
expect 0 "\"n\": $(value run 'p["external"]["n"]')" eval --model run/nodes/baseline-berlin/model.safetensors --data lyon.yaml \
  --split test --seed 1 --threads 1 --json
contains stdout "\"auc\": $(value run 'json.dumps(p["external"]["auc"])' | cut -c 1-7)"
expect 0 'the seal holds' inspect run --seal run
grep '"split":"all"' run/seal.jsonl | grep -v '"node":"results"' && complain 'all labels were opened by another node than the results'

# ... and on all of them where the study says so; what is trained stays.
study --out all --set measure=all
[ "$(value all 'p["external"] == p["external_all"], p["adapted"]["n"], p["adapted"]["images"], p["ceiling"]["images"]')" = \
  "(True, 97, 'all', 'test')" ] || complain "measured on all: $(value all p)"
[ "$(value all 'p["seen_without_labels"] > 70')" = True ] || complain "seen: $(value all p)"
for model in baseline-berlin adapted-histogram-berlin-lyon; do
  cmp run/nodes/$model/model.safetensors all/nodes/$model/model.safetensors || complain "measure has changed $model"
done
contains <(value run 'p["salvage"]') "$(value all 'p["salvage"]')"
# ... and the salvage, also that of all pairs together, is of the images on which the ceiling is.
cp -r all bold
# (status 3: adaptation may be predicted to hurt)
"$xsite" study run study.yaml --threads 1 --out bold --resume --set measure=all --set choice=bold --set portfolio=histogram \
  >stdout 2>stderr || [ $? -eq 3 ] || complain "choice: bold: $(cat stderr)"
salvages=$(python3 -c 'import json; r = json.load(open("bold/results.json")); s = r["summary"]; x = r["pairs"][0]["salvage"]
print(r["pairs"][0]["gain"]["value"] != 0, abs(s["average_salvage"] - x) < 1e-9, abs(s["median_salvage"] - x) < 1e-9)')
[ "$salvages" = 'True True True' ] || complain "salvage of the only pair and of all pairs: $salvages"

# No label of the target reaches what is adapted to it: exchanged labels, the same bytes.
cp lyon.csv lyon-before.csv
awk -F, -v OFS=, 'NR > 1 { $2 = $2 == "neutrophil" ? "lymphocyte" : $2 == "lymphocyte" ? "neutrophil" : $2 } 1' lyon-before.csv >lyon.csv
study --out exchanged
for model in translator-histogram-berlin-lyon/generator adapted-histogram-berlin-lyon/model; do
  cmp run/nodes/$model.safetensors exchanged/nodes/$model.safetensors || complain "labels of the target have changed $model"
done
cmp -s run/nodes/baseline-lyon/model.safetensors exchanged/nodes/baseline-lyon/model.safetensors &&
  complain 'labels of a site have not changed its own classifier'
mv lyon-before.csv lyon.csv

# ---- other splits ------------------------------------------------------------------------------------

eval_test() { # DOMAIN COUNT
  expect 0 "\"n\": $2," eval --model run/nodes/baseline-berlin/model.safetensors --data "$1" --split test --seed 1 --threads 1 --json
}
official=$(grep -c ',Test$' lyon.csv)
with lyon 'split_column: split' >official.yaml
eval_test official.yaml "$official"
with lyon 'split: [0.5, 0.2, 0.3]' >shares.yaml
expect 0 '"n": ' eval --model run/nodes/baseline-berlin/model.safetensors --data shares.yaml --split test --seed 1 --threads 1 --json
n=$(sed -n 's/.*"n": \([0-9]*\).*/\1/p' stdout)
[ "$n" -ge 26 ] && [ "$n" -le 33 ] || complain "three tenths of 97 are $n"
printf '%s\nsplit:\n  train: 0.5\n  validation: 0.2\n  test: 0.3\n' "$(cat lyon.yaml)" >named.yaml
eval_test named.yaml "$n"
sed "s/lyon.yaml/official.yaml/" study.yaml >official-study.yaml
expect 0 'external AUC about' study plan official-study.yaml --out none --threads 1

refuse() { # STATUS TEXT LINE
  with lyon "$3" >wrong.yaml
  expect "$1" "$2" eval --model run/nodes/baseline-berlin/model.safetensors --data wrong.yaml
}
refuse 2 'add up to 0.9, not 1' 'split: [0.5, 0.2, 0.2]'
refuse 2 '"most" is not hash, stratified' 'split: most'
refuse 2 'has 2 values' 'split: [0.5, 0.5]'
refuse 2 '"0" is not a share between 0 and 1' 'split: [0.8, 0, 0.2]'
refuse 2 'at least 2 parts' 'cross: 1'
refuse 2 'cross needs a stratified split' 'split: hash\ncross: 5'
refuse 2 'split and split_column exclude each other' 'split: hash\nsplit_column: split'
refuse 1 'no column "half" (split_column)' 'split_column: half'
refuse 1 'is no side of a split; write train, validation or test' 'split_column: donor'
sed 's/,train$/,/' lyon.csv >gaps.csv
sed 's/lyon.csv/gaps.csv/' official.yaml >gaps.yaml
expect 1 '"" is no side of a split' eval --model run/nodes/baseline-berlin/model.safetensors --data gaps.yaml
awk -F, -v OFS=, '$1 == "3.png" { $3 = "lyon-1"; $4 = "test" } $1 == "0.png" { $3 = "lyon-1"; $4 = "train" } 1' lyon.csv >torn.csv
sed 's/lyon.csv/torn.csv/' official.yaml >torn.yaml
expect 1 'of patient lyon-1 is in' eval --model run/nodes/baseline-berlin/model.safetensors --data torn.yaml

# ---- cross-fitting -----------------------------------------------------------------------------------

with lyon 'cross: 3' >crossed.yaml
study --out crossed --set sites=berlin.yaml,crossed.yaml --set measure=all
[ "$(value crossed 'p["ceiling_all"]["n"], p["ceiling_all"]["folds"], p["ceiling_all"]["images"]')" = "(97, 3, 'all')" ] ||
  complain "crossed: $(value crossed p)"
[ "$(value crossed 'abs(sum(p["ceiling_all"]["fold_auc"]) / 3 - p["ceiling_all"]["auc"]) < 1e-9 and p["ceiling_all"]["fold_auc"][0] == p["ceiling"]["auc"]' |
  grep -c True)" = 1 ] || complain "not the mean of its folds: $(value crossed p)"
[ "$(value crossed '25 < p["ceiling"]["n"] < 40 and p["ceiling_all"]["low"] < p["ceiling_all"]["auc"]')" = True ] ||
  complain "a third of the images: $(value crossed p)"
[ "$(value crossed 'abs(p["salvage_all"] - 100 * p["gain"]["value"] / (p["ceiling_all"]["auc"] - p["external"]["auc"])) < 1e-6')" = True ] ||
  complain "salvage: $(value crossed p)"
[ "$(ls crossed/nodes | grep -c '^fold-lyon-')" = 2 ] || complain "folds: $(ls crossed/nodes)"
[ "$(value crossed '[(len({sum(b["n"] for b in c[k]["bins"]) for k in ("external", "adapted", "ceiling")}), c["images"]) for c in [p["calibration"]]]')" = "[(1, 'test')]" ] ||
  complain "calibration on several sets of images: $(value crossed p)"
expect 0 'the seal holds' inspect run --seal crossed
grep '"fold":' crossed/seal.jsonl | grep -vq '"node":"fold-lyon-[12]"\|"node":"results"' && complain 'folds were opened by others'

# Laboratories that share donors have to split them alike.
for name in berlin lyon; do
  with $name "group_prefix: city\nsplit: stratified" | sed "s/labels: .*/labels: $name-shared.csv/" >$name-shared.yaml
  sed 's/,\(berlin\|lyon\)-/,donor-/' $name.csv >$name-shared.csv
done
expect 1 'on the test side at one site and not at the other' study plan study.yaml --out none --threads 1 \
  --set sites=berlin-shared.yaml,lyon-shared.yaml
# Where each image is drawn for itself, nothing may be left to measure: it is said before anything is trained.
for name in berlin lyon; do
  awk -F, -v OFS=, 'NR > 1 { $3 = "donor-" NR % 5 } 1' $name.csv >$name-shared.csv
done
for verb in 'plan study.yaml --out none' 'run study.yaml --out unmeasured'; do
  # shellcheck disable=SC2086
  expect 1 'a classifier of berlin cannot be measured at lyon' study $verb --threads 1 --set split_by=image \
    --set sites=berlin-shared.yaml,lyon-shared.yaml
  contains stderr 'of the 97 labelled images of lyon' 'split_by: group' 'out of one of the two sites'
done
ls unmeasured/nodes/*/model.safetensors 2>/dev/null && complain 'work was begun that could not be measured'
expect 0 'to do results' study plan study.yaml --out none --threads 1 --set split_by=image

# ---- targets -----------------------------------------------------------------------------------------

# Twelve patients without labels: no side is empty.
printf 'name: new\nformat: folder\nimages: lyon\nsize: 16\nlabels: new.csv\ngroup_column: donor\n' >new.yaml
(echo file,donor && awk -F, 'NR > 1 && NR <= 61 { print $1 "," NR % 12 }' lyon.csv) >new.csv
for seed in 1 2 3 4 5; do
  expect 0 'choice-berlin-new' study plan study.yaml --out none --threads 1 --set sites=berlin.yaml,new.yaml --set 'pairs=berlin -> new' \
    --set seed=$seed
done
study --out unlabelled --set sites=berlin.yaml,new.yaml --set 'pairs=berlin -> new' --set seed=3
[ "$(value unlabelled 'p["external_all"]')" = None ] || complain 'a measure without labels'
# An empty label column.
awk -F, -v OFS=, 'NR > 1 { $2 = "" } 1' lyon.csv >empty.csv
sed 's/lyon.csv/empty.csv/; s/name: lyon/name: empty/' lyon.yaml >empty.yaml
for verb in 'plan' 'run'; do
  expect 1 'every cell of column "label" in empty.csv is empty' study $verb study.yaml --out empty --threads 1 --set sites=berlin.yaml,empty.yaml \
    --set 'pairs=berlin -> empty'
  contains stderr 'take out label_column and classes'
done
finish
