#!/usr/bin/env bash
# What is changed in a finished run is noticed by all who read it, and made again where that is asked for; what a kill has
# left between the seal and a file is just made again; runs of an older xsite can be read.
# usage: test_seal.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
python3 "$repository/tests/support/two_class_sites.py" . clinic ward || exit 1
cat >study.yaml <<YAML
name: sealed
sites: [clinic.yaml, ward.yaml]
pairs: [clinic -> ward]
portfolio: [none, histogram]
limit: 200
size: 16
replicates: 100
checkpoint_every: 3
classifier: {epochs: 2, batch: 32, steps_per_epoch: 10}
tune: {epochs: 1, batch: 32, steps_per_epoch: 5}
histogram: {images: 20}
YAML
run=(study run study.yaml --threads 1 --out)
expect 0 '' "${run[@]}" whole
whole=$(results_of whole)
finished='the study is finished: there is nothing to do'

holds() { # holds OUT WHAT: a whole run again
  expect 0 "$finished" "${run[@]}" "$1"
  expect 0 'the seal holds' inspect run --seal "$1"
  same "$whole" "$(results_of "$1")" "$2"
}

# noticed OUT FILE: by everyone, and --resume makes all of it again.
noticed() {
  local before
  before=$(snapshot "$1")
  expect 1 "$1/$2: is " inspect run --seal "$1"
  expect 1 "$1/$2: is " "${run[@]}" "$1"
  contains stderr '--resume'
  grep -q 'nothing to do' stderr && complain "called finished without $2"
  expect 1 "$1/$2: is " "${run[@]}" "$1" --verify
  expect 1 "$1/$2: is " study node study.yaml --threads 1 --out "$1" results
  expect 1 "$1/$2: is " report "$1"
  contains stderr 'nothing was drawn' '--resume'
  same "$before" "$(snapshot "$1")" "a refusal because of $2"
  expect 0 '' "${run[@]}" "$1" --resume
  holds "$1" "a run after $2 was made again"
}

# ---- results ---------------------------------------------------------------------------------------

cp -r whole edited && sed -i '0,/"auc": [0-9.]*/s//"auc": 99.5/' edited/results.json
noticed edited results.json
for file in outputs.csv sites/ward study.json; do
  cp -r whole spaced && sed -i '$s/$/ /' spaced/$file # still the same to a reader of JSON
  noticed spaced $file && rm -r spaced
done
cp -r whole gone && rm gone/outputs.csv
noticed gone outputs.csv

# ---- nodes -----------------------------------------------------------------------------------------

adapted=nodes/adapted-histogram-clinic-ward
cp -r whole node && rm -r node/$adapted
noticed node $adapted/curve.tsv
sed -i 's/"seed": 1/"seed": 7/' node/$adapted/record.json
noticed node $adapted/record.json
# Also before the run is finished.
rm node/results.json && sed -i 's/"seed": 1/"seed": 7/' node/$adapted/record.json
expect 1 "$adapted/record.json: is not the file that was recorded" inspect run --seal node
expect 0 'its record is not as it was written: it is made again' "${run[@]}" node --resume
holds node 'a record that was changed in a broken run'
# One that the results do not need may go.
cp -r whole other && expect 0 '' "${run[@]}" other --resume --set portfolio=none
rm -r other/$adapted && expect 0 "$finished" "${run[@]}" other --set portfolio=none
expect 0 'the seal holds' inspect run --seal other

# ---- the report ------------------------------------------------------------------------------------

for file in report.html results.csv results.tex subgroups.csv sites.csv figures/auc.svg figures/auc.pdf; do
  cp -r whole drawn && printf ' ' >>drawn/$file
  expect 1 "drawn/$file: is not the file that was recorded" inspect run --seal drawn
  expect 1 "drawn/$file: is not the file that was recorded" "${run[@]}" drawn
  expect 0 'drawn/report.html' report drawn
  holds drawn "a report after $file was changed"
  rm -r drawn
done
cp -r whole drawn && rm drawn/figures/auc.gp
expect 1 'drawn/figures/auc.gp: is recorded and not there' "${run[@]}" drawn
expect 0 '' "${run[@]}" drawn --resume
holds drawn 'a report after a figure was removed'
# Results that are measured again have no page of those before.
rm drawn/results.json && echo 'of old' >drawn/report.html
expect 0 '' "${run[@]}" drawn --resume
holds drawn 'a page of earlier results'

# ---- killed between the seal and the file ------------------------------------------------------------

cp -r whole killed && rm killed/report.html
expect 0 'the seal holds' inspect run --seal killed
expect 0 '' "${run[@]}" killed
holds killed 'a report that was sealed and not written'
rm killed/report.html killed/results.json killed/outputs.csv
expect 0 'the seal holds' inspect run --seal killed
expect 0 '' "${run[@]}" killed --resume
holds killed 'results that were sealed and not written'
rm killed/report.html killed/results.json killed/$adapted/record.json
expect 0 'the seal holds' inspect run --seal killed
expect 0 '' "${run[@]}" killed --resume
holds killed 'a node that was sealed and not recorded'
# The last line is cut off: the report's.
cp -r whole torn && truncate -s -20 torn/seal.jsonl
expect 1 'torn/report.html: is there and is not recorded' inspect run --seal torn
expect 1 'torn/report.html: is there and is not recorded' "${run[@]}" torn
expect 0 '' "${run[@]}" torn --resume
holds torn 'a seal whose last line was cut off'

# ---- the seal --------------------------------------------------------------------------------------

lines=$(wc -l <whole/seal.jsonl)
cp -r whole zero && printf '\0' | dd of=zero/seal.jsonl bs=1 seek=$(($(stat -c %s zero/seal.jsonl) - 30)) conv=notrunc status=none
for words in 'inspect run --seal zero' 'report zero' "${run[*]} zero" "${run[*]} zero --resume"; do
  # shellcheck disable=SC2086
  expect 1 "seal.jsonl:$lines: the chain is broken" $words
done
cp -r whole lost && head -n $((lines - 2)) whole/seal.jsonl >lost/seal.jsonl
noticed lost results.json
rm lost/seal.jsonl
expect 1 'seal.jsonl: is not there, though baseline-clinic is done' "${run[@]}" lost
expect 1 'seal.jsonl: is not there, though baseline-clinic is done' "${run[@]}" lost --resume
expect 1 'seal.jsonl: is not there, though baseline-clinic is done' "${run[@]}" lost --resume --set replicates=101
[ -e lost/results.json ] || complain 'what is refused has removed results'
expect 0 'seal.jsonl is not there: results are under no seal' report lost

# ---- older runs ------------------------------------------------------------------------------------

older='made by an older xsite: results are under no seal'
cp -r whole older && python3 "$repository/tests/cli/older_seal.py" older/seal.jsonl
expect 0 "$older" inspect run --seal older
contains stdout 'the seal holds'
expect 0 "$older" "${run[@]}" older
contains stderr "$finished"
expect 0 "$older" report older
same "$whole" "$(results_of older)" 'an older run'
cp -r older damaged && echo damage >>damaged/$adapted/model.safetensors
expect 1 'model.safetensors: is not the file that was recorded' "${run[@]}" damaged
expect 0 '' "${run[@]}" damaged --resume
holds damaged 'an older run that was made again'
finish
