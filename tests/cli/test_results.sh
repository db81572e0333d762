#!/usr/bin/env bash
# Every number of results.json on two tiny sites, and the exit status where adaptation is predicted to hurt.
# usage: test_results.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
python3 "$repository/tests/support/two_class_sites.py" . || exit 1

cat >study.yaml <<YAML
name: two
seed: 2
sites: [clinic.yaml, ward.yaml]
size: 16
image_channels: 1
replicates: 200
portfolio: [none, histogram, fourier]
pooled: [10, 100]
label_counts: [400, 16, 64, 500]
oracle: yes
operating:
  positive: finding
  sensitivity: 0.8
classifier:
  epochs: 12
  batch: 32
  steps_per_epoch: 10
tune:
  epochs: 4
  batch: 32
  steps_per_epoch: 10
histogram:
  images: 20
fourier:
  images: 20
adapter:
  channels: 2
  blocks: 1
  batch: 8
  generator_steps: 5
YAML
run=(study run study.yaml)

expect 0 '' "${run[@]}" --out all --threads 1
python3 "$repository/tests/cli/check_results.py" all >faults || complain "$(cat faults)"
expect 0 'the seal holds' inspect run --seal all

python3 "$repository/tests/cli/check_data_sets.py" all >faults || complain "$(cat faults)"
contains all/report.html 'id="data-sets"' 'sex not known' 'age, mean (deviation)'
contains all/results.tex 'sex F &'

# Subgroups: their numbers, and that only they have seen what is known of target images beside labels.
python3 "$repository/tests/cli/check_subgroups.py" all "$xsite" >faults || complain "$(cat faults)"
contains all/report.html 'id="subgroups"' 'sex: F' 'age: 60-79' 'sex: unknown'
grep '"attributes"' all/seal.jsonl >opened
[ "$(grep -c '"node":"results"' opened)" -eq 4 ] && [ "$(wc -l <opened)" -eq 4 ] || complain "attributes were opened: $(cat opened)"
[ "$(grep '"node":"results","opens"' all/seal.jsonl | grep -c '"role":"source","split":"validation"')" -eq 4 ] ||
  complain "thresholds are not chosen on validation images: $(grep results all/seal.jsonl)"
[ "$(grep '"opens"' all/seal.jsonl | tail -n 2 | grep -c '"role":"evaluation","split":"all"')" -eq 2 ] ||
  complain "test labels were not opened last: $(tail -n 3 all/seal.jsonl)"

# Measured again by any number of threads, the same.
cp -r all again && rm -r again/results.json again/report.html again/figures
expect 0 '' "${run[@]}" --out again --threads 3 --resume
cmp all/results.json again/results.json || complain 'results depend on the number of threads'

# What nobody asks for is not there.
sed '/^operating:/,/sensitivity/d; /^oracle/d; /^pooled/d; /^label_counts/d' study.yaml >plain.yaml
echo 'subgroups: no' >>plain.yaml
expect 0 '' study run plain.yaml --out plain --threads 1 --set portfolio=none,histogram
contains plain/results.json '"calibration"' '"delong"' '"choice"' '"pooled": []' '"labelled": []'
grep -q '"name": "sex"' plain/results.json && complain 'sex was opened, which the study does not want'
grep -q attributes plain/seal.jsonl && complain 'attributes were opened, which the study does not want'
for name in subgroups oracle operating_point label_equivalent mean_oracle_auc mean_regret; do
  grep -q "\"$name\"" plain/results.json && complain "$name is there unasked"
done

expect 2 "'findings' is no class of" study plan study.yaml --set operating.positive=findings
contains stderr "did you mean 'finding'?"
expect 2 'operating.sensitivity' study plan study.yaml --set operating.sensitivity=90

# A site that only pooled classifiers learn from is looked at before anything is trained.
sed 's/name: ward/name: rare/' ward.yaml >rare.yaml
awk -F, 'NR == 1 || $2 == "normal" || ++findings == 1' ward.csv >rare.csv && sed -i 's/ward.csv/rare.csv/' rare.yaml
third=(--set "sites=clinic.yaml,ward.yaml,rare.yaml" --set 'pairs=clinic -> ward')
expect 1 "site rare has no image of class 'finding'" "${run[@]}" --out rare --threads 1 "${third[@]}"
ls rare/nodes/*/model.safetensors 2>/dev/null && complain 'work was begun without every class'

# By way of a third site.
sed 's/name: ward/name: unit/' ward.yaml >unit.yaml
via=(--set "sites=clinic.yaml,ward.yaml,unit.yaml" --set 'pairs=clinic -> unit,clinic -> ward via=unit')
expect 0 '' "${run[@]}" --out via --threads 1 "${via[@]}" --set portfolio=none,histogram --set classifier.epochs=2 \
  --set keep_translated=yes
python3 "$repository/tests/cli/check_results.py" via >faults || complain "by way of a third site: $(cat faults)"
expect 0 'AUC' eval --model via/nodes/baseline-clinic/model.safetensors --split all \
  --data via/nodes/adapted-histogram-clinic~unit-ward/site.yaml
contains via/results.json '"method": "none via unit"' '"method": "histogram via unit"'
# Translators are judged for every pair, chosen or not.
for pair in clinic-unit clinic-ward; do
  contains via/nodes/choice-$pair/choice.json '"kept_by": "histogram' '"class_keeping"'
done
contains via/report.html 'Translated by'

# Of four test images one may have all right and the other none: that is too few to say that labels trained a better one.
for site in clinic ward; do
  sed "s/labels: $site/labels: few-$site/; /^split:/d" $site.yaml >few-$site.yaml
  head -n 25 $site.csv >few-$site.csv
done
sed -i 's/,finding,/,X,/; s/,normal,/,finding,/; s/,X,/,normal,/' few-ward.csv
expect 0 '' study run study.yaml --out few --threads 1 --set sites=few-clinic.yaml,few-ward.yaml --set 'pairs=clinic -> ward' \
  --set seed=1 --set portfolio=none --set pooled= --set label_counts= --set oracle=no --set subgroups=no \
  --set classifier.batch=4 --set classifier.steps_per_epoch=40
python3 - few/results.json >faults <<'PYTHON' || complain "$(cat faults)"
import json, sys
pair = json.load(open(sys.argv[1]))["pairs"][0]
if (pair["external"]["n"], pair["external"]["auc"], pair["ceiling"]["auc"]) != (4, 0, 100):
    print(f"the sites do not show it: {pair['external']}, {pair['ceiling']}"), sys.exit(1)
if pair["verdict"]["better"] is not None:
    print(f"better by four images: {pair['verdict']['better']}"), sys.exit(1)
PYTHON

# A translator after five steps destroys images that need no adaptation.  All is written before the status says so.
harm=(--set sites=clinic.yaml,annex.yaml --set 'pairs=clinic -> annex' --set pooled= --set label_counts= --set portfolio=paper
  --set choice=bold --set seed=3 --set choice.predictor=confidence-difference)
expect 3 'adaptation is predicted to hurt for 1 of 1 pairs: clinic -> annex' "${run[@]}" --out harm --threads 1 "${harm[@]}"
contains harm/results.json '"outlook": "hurts"'
[ -s harm/report.html ] || complain 'no report where adaptation hurts'
expect 3 'clinic -> annex' "${run[@]}" --out harm --threads 1 "${harm[@]}"
rm -r harm/results.json harm/report.html harm/figures
expect 0 '' study node study.yaml choice-clinic-annex --out harm --threads 1 "${harm[@]}"
expect 3 'clinic -> annex' study node study.yaml results --out harm --threads 1 "${harm[@]}"
[ -s harm/results.json ] || complain 'no results of the node where adaptation hurts'
finish
