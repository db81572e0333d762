#!/usr/bin/env bash
# The choice among adapted classifiers: careful and bold, on few images, and where a translator loses a class.
# usage: test_choice.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
python3 "$repository/tests/support/two_class_sites.py" . clinic ward || exit 1

cat >study.yaml <<YAML
name: two
seed: 2
sites: [clinic.yaml, ward.yaml]
pairs: [clinic -> ward]
size: 16
image_channels: 1
replicates: 200
portfolio: [histogram, paper]
classifier: {epochs: 6, batch: 32}
tune: {epochs: 2, batch: 32}
histogram: {images: 20}
adapter: {channels: 2, blocks: 1, batch: 8, generator_steps: 2, learning_rate: 1}
YAML
choice=nodes/choice-clinic-ward/choice.json

# What a file's choice holds: says FILE PYTHON-EXPRESSION of c, the choice.
says() {
  python3 - "$1" "$2" <<'PYTHON' || complain "$1: not so: $2"
import json, sys
c = json.load(open(sys.argv[1]))
struck = {x["method"]: " ".join(x["struck"]) for x in c["candidates"]}
sys.exit(not eval(sys.argv[2]))
PYTHON
}

# A translator whose weights were thrown about by an absurd rate loses a class: it is struck out, and said so.
expect 0 'paper is struck out: translation loses the class' study run study.yaml --out careful --threads 1
says careful/$choice 'c["rule"] == "careful" and "translation loses the class" in struck["paper"] and c["chosen"] != "paper"'
says careful/$choice 'c["images"] > 400 and c["bold"] in ("histogram", "paper") and struck["none"] == ""'
contains careful/report.html 'translation loses the class' 'seen without labels'

# The bold rule heeds nothing of it, in either form; what is struck out and chosen all the same hurts.
# What was trained stays.
cp -r careful bold
expect 3 'predicted to hurt' study run study.yaml --out bold --resume --threads 1 --set choice=bold --set portfolio=paper
says bold/$choice 'c["rule"] == "bold" and c["chosen"] == c["bold"] == "paper" and c["outlook"] == "hurts"'
{ cat study.yaml && echo 'choice: bold'; } >scalar.yaml
{ cat study.yaml && echo 'choice: {rule: bold, criterion: entropy}'; } >section.yaml
{ cat study.yaml && echo 'choice: reckless'; } >wrong.yaml
for form in scalar section; do
  expect 0 '' study plan $form.yaml --quick
  cp -r careful $form && "$xsite" study run $form.yaml --out $form --resume --threads 1 >/dev/null 2>&1
  says $form/$choice 'c["rule"] == "bold" and c["chosen"] == c["bold"]'
done
says section/$choice 'c["criterion"] == "entropy"'
expect 2 "wrong.yaml:13: choice.rule: 'reckless' is not allowed here; it must be careful or bold" study plan wrong.yaml
expect 2 "'reckless' is not allowed" study plan study.yaml --set choice=reckless

# The same choice without a study, of classifiers in files; what is not right is refused.
cp -r careful listed
expect 0 'chosen: ' study run study.yaml --out listed --resume --threads 1 --set portfolio=none,histogram,paper
made=listed/nodes
sites=(choose --source clinic.yaml --target ward.yaml --model $made/baseline-clinic/model.safetensors --seed 2 --replicates 200 --threads 1)
of() { echo "$1=$made/adapted-$1-clinic-ward/model.safetensors:$made/translator-$1-clinic-ward/generator.safetensors"; }
expect 0 'chosen: ' "${sites[@]}" --out alone --candidate "$(of histogram)" --candidate "$(of paper)"
cmp alone/choice.json listed/$choice || complain 'the choice of files is not the choice of the study'
expect 0 'AUC' eval --model alone/model.safetensors --data ward.yaml
expect 0 'alone is finished' "${sites[@]}" --out alone --candidate "$(of histogram)" --candidate "$(of paper)" --resume
expect 1 'alone holds another run: candidate differs' "${sites[@]}" --out alone --candidate "$(of paper)" --resume
expect 2 'choose needs --candidate' "${sites[@]}" --out none
expect 2 "candidate: 'paper' is not NAME=MODEL[:GENERATOR]" "${sites[@]}" --out none --candidate paper
expect 2 "candidate: the name 'none' is there twice: none is the classifier as it is" "${sites[@]}" --out none --candidate "none=$made/baseline-ward/model.safetensors"
expect 1 'none.safetensors: cannot open' "${sites[@]}" --out none --candidate a=none.safetensors
expect 0 '' train --data clinic.yaml --size 24 --image-channels 1 --batch 32 --epochs 1 --steps-per-epoch 2 --threads 1 --out wide
expect 2 'wide/model.safetensors sees images of 24 x 24 pixels with 1 channels' "${sites[@]}" --out none --candidate a=wide/model.safetensors
expect 2 "it must be careful or bold" "${sites[@]}" --out none --candidate "$(of paper)" --rule reckless

# Thirty images without labels: all of them decide, and they are too few.
grep -v '^labels\|^classes\|column' ward.yaml | sed 's/^name: ward/name: few/; s/^images: .*/images: few/' >few.yaml
mkdir few && for k in $(seq 0 29); do cp ward/"$k".png few/; done
expect 0 'chosen: none, by 30 images' study run study.yaml --out few-run --threads 1 --set sites=clinic.yaml,few.yaml \
  --set 'pairs=clinic -> few'
says few-run/nodes/choice-clinic-few/choice.json 'c["images"] == 30 and c["chosen"] == "none" and "50 images" in c["left"]'
contains few-run/report.html 'seen without labels' '<td>30</td>'

# Few labelled images get fifty updates an epoch: 400 images of batch 32 would be 13.
python3 - careful/results.json <<'PYTHON' || complain 'classifiers of results.json'
import json, sys
found = {c["node"]: c for c in json.load(open(sys.argv[1]))["classifiers"]}
assert found["baseline-clinic"]["steps"] == 50 * found["baseline-clinic"]["epochs"], found
assert found["baseline-clinic"]["trained_enough"] and 75 < found["baseline-clinic"]["train_auc"] <= 100, found
assert "adapted-paper-clinic-ward" in found and "baseline-ward" in found, found
PYTHON

# One that was not trained enough is named where its numbers are.
expect 0 'not trained enough: training ended after' study run study.yaml --out short --threads 1 --set portfolio=none \
  --set classifier.epochs=1 --set classifier.steps_per_epoch=3
contains short/report.html 'Not trained enough' 'baseline-ward<' '†'
contains short/results.json '"trained_enough": false'
finish
