#!/usr/bin/env bash
# Every image's answer (outputs.csv, eval --outputs, predict --csv), and the threshold that travels with a model.
# usage: test_outputs.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
python3 "$repository/tests/support/two_class_sites.py" . || exit 1
awk -F, -v OFS=, 'NR == 1 || NR % 3 { print; next } { $2 = ""; print }' ward.csv >sparse.csv && mv sparse.csv ward.csv # a third unknown
sed -i 's/^classes.*/&\n/' ward.yaml
printf 'name: new\nformat: folder\nimages: annex\nsize: 16\n' >new.yaml
cat >study.yaml <<YAML
name: two
seed: 2
sites: [clinic.yaml, ward.yaml, new.yaml]
pairs: [clinic -> ward, clinic -> new]
size: 16
image_channels: 1
replicates: 200
portfolio: [none, histogram]
operating: {positive: finding, sensitivity: 0.8}
classifier: {epochs: 8, batch: 32, steps_per_epoch: 10}
tune: {epochs: 2, batch: 32, steps_per_epoch: 10}
histogram: {images: 20}
YAML
run=(study.yaml --threads 1)
expect 0 '' study run "${run[@]}" --out run
baseline=run/nodes/baseline-clinic/model.safetensors
choice=run/nodes/choice-clinic-ward/model.safetensors

# ---- the run's own -------------------------------------------------------------------------------------

names=logit_normal,logit_finding,p_normal,p_finding,calibrated_normal,calibrated_finding,decision
[ "$(head -n 1 run/outputs.csv)" = "source,target,image,patient,split,label,$names,adapted_${names//,/,adapted_}" ] ||
  complain "columns of outputs.csv: $(head -n 1 run/outputs.csv)"
"$xsite" inspect model $baseline >baseline.txt && "$xsite" inspect model $choice >choice.txt
contains baseline.txt 'operating: {"positive":"finding"' '"site":"clinic"' '"wanted":0.8' 'temperature: '
python3 "$repository/tests/cli/check_outputs.py" run ward.csv clinic ward >faults || complain "$(cat faults)"
grep -c '^clinic,new,' run/outputs.csv | grep -qx 500 || complain 'not every image of the unlabelled site'
grep '^clinic,new,' run/outputs.csv | awk -F, '$6 != "" || $4 != "" { exit 1 }' || complain 'labels of a site that has none'
expect 0 'the seal holds' inspect run --seal run
cp -r run touched && sed -i '2s/train/test/;3s/,normal/,finding/' touched/outputs.csv
expect 1 'outputs.csv: is not the file that was recorded' inspect run --seal touched
rm touched/outputs.csv
expect 1 'outputs.csv: is recorded and not there' inspect run --seal touched

# ---- eval and predict give the same cells ----------------------------------------------------------------

own() { grep '^clinic,ward,' run/outputs.csv | cut -d, -f "$1"; } # of the pair
for model in unadapted adapted; do
  file=$baseline columns=7-13
  [ $model = adapted ] && file=$choice columns=14-20
  expect 0 'decision: finding where its probability is' eval --model $file --data ward.yaml --split all --seed 2 --outputs $model.csv --threads 1
  contains stdout 'on validation images of clinic' 'sensitivity ' 'specificity '
  [ "$(head -n 1 $model.csv)" = "image,patient,split,label,$names" ] || complain "columns of eval: $(head -n 1 $model.csv)"
  same "$(own 3-6,$columns)" "$(tail -n +2 $model.csv)" "eval --outputs and outputs.csv, $model"
  "$xsite" predict --csv --model $file --threads 1 ward >predicted.csv 2>stderr || complain "predict: $(cat stderr)"
  contains stderr 'decision: finding where its probability is' 'on validation images of clinic'
  [ "$(head -n 1 predicted.csv)" = "image,patient,split,label,$names,distance,unlike,model,error,doubt" ] ||
    complain "columns of predict: $(head -n 1 predicted.csv)"
  same "$(own 3,$columns | sort)" "$(tail -n +2 predicted.csv | sed 's|^ward/||' | cut -d, -f 1,5-11 | sort)" "predict and outputs.csv, $model"
done
# A part of a site may have no AUC where the whole has one.
awk -F, -v OFS=, 'NR == 1 { print $0, "side"; next } { split($3, id, "-"); test = id[2] == 0 || id[2] == 3
  print $1, test ? "normal" : $2, $3, $4, $5, test ? "test" : "train" }' ward.csv >ends.csv
sed 's/labels: ward.csv/labels: ends.csv/; s/^split: .*/split_column: side/' ward.yaml >ends.yaml
expect 1 "ends.yaml: no AUC: split 'test' has 4 labelled images, none of another class than \"normal\"; \`--split all\`" \
  eval --model $baseline --data ends.yaml --threads 1
expect 0 'AUC' eval --model $baseline --data ends.yaml --split all --threads 1
expect 1 'adapted.csv: is there already; nothing was changed' eval --model $baseline --data ward.yaml --outputs adapted.csv --threads 1
expect 0 '"positive": "finding"' eval --json --model $baseline --data ward.yaml --threads 1
contains stdout '"site": "clinic"' '"sensitivity"' '"specificity"'
expect 0 '"decision": ' predict --json --model $baseline --threads 1 ward/0.png
contains stdout '"class": '

# A name with a comma, a quote and a line end is one cell.
mkdir odd && cp ward/0.png 'odd/a,"b.png' && cp ward/1.png odd/c.png
"$xsite" predict --csv --model $baseline --threads 1 odd 2>/dev/null >odd.csv
python3 -c 'import csv; r = list(csv.DictReader(open("odd.csv"))); assert [x["image"] for x in r] == ["odd/a,\"b.png", "odd/c.png"], r' ||
  complain "a strange name: $(cat odd.csv)"

# ---- --threshold ---------------------------------------------------------------------------------------

decided() { "$xsite" predict --csv --model "$1" --threads 1 ward "${@:2}" 2>stderr | tail -n +2 | cut -d, -f 8,11; }
decided $baseline --threshold 0.3 | awk -F, '($1 >= 0.3) != ($2 == "finding") { exit 1 }' || complain 'finding at 0.3'
contains stderr 'decision: finding where its probability is 0.3 or more, as --threshold says'
decided $baseline --threshold normal=0.999 | awk -F, '(1 - $1 >= 0.999) != ($2 == "normal") { exit 1 }' || complain 'normal at 0.999'
expect 2 "'findings' is no class" predict --model $baseline --threshold findings=0.3 ward/0.png
expect 2 'is no probability between 0 and 1; give CLASS=P, as finding=0.3' eval --model $baseline --data ward.yaml --threshold finding=1.5
expect 2 "'finding' is no probability" eval --model $baseline --data ward.yaml --threshold finding
expect 2 "'fracture' is no class of $baseline; its classes: normal, finding" eval --model $baseline --data ward.yaml --threshold fracture=0.5
expect 0 'on clinic' eval --model $baseline --data clinic.yaml --threshold 0.5 --threads 1
contains stdout 'decision: finding where its probability is 0.5 or more, as --threshold says'
sed '/^operating/d' study.yaml >plain.yaml
expect 0 '' study run plain.yaml --threads 1 --out plain --set 'pairs=clinic -> ward' --set portfolio=none
plain=plain/nodes/baseline-clinic/model.safetensors
decided $plain | awk -F, '($1 > 0.5) != ($2 == "finding") { exit 1 }' || complain 'the larger probability'
contains stderr 'decision: the class with the largest probability; the model has no threshold'
expect 2 'names no class that is to be found: give CLASS=0.3' predict --model $plain --threshold 0.3 ward/0.png
# What is trained on from a model has not its threshold.
expect 0 '' train --data clinic.yaml --start-from $baseline --out on --threads 1 --size 16 --image-channels 1 --epochs 1
"$xsite" inspect model on/model.safetensors | grep -qE '^(operating|temperature|site):' && complain 'a threshold of other weights'

# ---- another sensitivity: nothing is trained -------------------------------------------------------------

weights=$(cd run/nodes && "$xsite" inspect model ../nodes/baseline-clinic/model.safetensors | tail -n 1 && sha256sum ./adapted-*/* ./translator-*/*)
before=$(stat -c '%n %i' run/nodes/{adapted,translator}-*/*)
more=(--set operating.sensitivity=0.95)
expect 0 'to do baseline-clinic' study plan "${run[@]}" --out run --quick "${more[@]}"
contains stdout '(its threshold is set again: operating.sensitivity differs)' 'done  adapted-histogram-clinic-ward'
expect 1 'operating.sensitivity differs' study run "${run[@]}" --out run "${more[@]}"
cp -r run half
expect 0 'operating.sensitivity differs: its threshold is set again' study run "${run[@]}" --out run --resume "${more[@]}"
grep -q 'step ' stderr && complain "something was trained: $(cat stderr)"
[ "$before" = "$(stat -c '%n %i' run/nodes/{adapted,translator}-*/*)" ] || complain 'another sensitivity makes other nodes'
expect 0 '"wanted":0.95' inspect model $choice
expect 0 '"wanted":0.95' inspect model $baseline
python3 "$repository/tests/cli/check_outputs.py" run ward.csv clinic ward >faults || complain "another sensitivity: $(cat faults)"
expect 0 '' study run "${run[@]}" --out whole "${more[@]}"
same "$(results_of whole | grep /nodes/)" "$(results_of run | grep /nodes/)" 'another sensitivity from the start'
# Killed after the model was written and before its record: the threshold is set, and nothing is made again.
cp run/nodes/baseline-clinic/model.safetensors half/nodes/baseline-clinic/
cp -r half odd-half
edit_header half/nodes/baseline-clinic/model.safetensors 's/\\"mean\\":\[0.5/\\"mean\\":[0.4/' >odd-half/nodes/baseline-clinic/model.safetensors
expect 0 '(its threshold is set again: setting its threshold was broken off)' study plan "${run[@]}" --out half --quick "${more[@]}"
expect 0 'setting its threshold was broken off: its threshold is set again' study run "${run[@]}" --out half --resume "${more[@]}"
grep -q 'made again\|loss' stderr && complain "something was trained: $(cat stderr)"
same "$(results_of whole | grep /nodes/)" "$(results_of half | grep /nodes/)" 'another sensitivity, killed in between'
cmp -s {half,odd-half}/nodes/baseline-clinic/model.safetensors && complain 'the model was not changed'
expect 0 'model.safetensors is not as it was written: it is made again' study run "${run[@]}" --out odd-half --resume "${more[@]}"
expect 0 'the operating point of baseline-clinic was set after test labels of' inspect run --seal run
finish
