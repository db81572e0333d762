#!/usr/bin/env bash
# A user's own folder of images, from training to the report; and every verb once.
# usage: test_own_folder.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
examples=$repository/examples

# ---- help ------------------------------------------------------------------------------------------

"$xsite" --help >stdout
verbs=$(sed -nE 's/^  (([a-z]+ ){1,3}).*/\1/p' stdout)
[ "$(wc -l <<<"$verbs")" -ge 15 ] || complain "too few verbs in --help: $verbs"
while read -r verb; do
  # shellcheck disable=SC2086
  expect 0 "usage: xsite $verb" $verb --help
  # shellcheck disable=SC2086
  expect 2 'no-such-option' $verb --no-such-option
done <<<"$verbs"

# ---- a classifier and a translator for 8x8 digits ----------------------------------------------------

brief=(--threads 1 --limit 400 --checkpoint-every 5)
common=("${brief[@]}" --size 16)
small=("${brief[@]}" --channels 2 --blocks 1 --batch 8 --generator-steps 6)
expect 0 '' train --data "$examples/optdigits.yaml" --out trained "${common[@]}" --batch 32 --epochs 4
expect 0 'nothing to do' train --data "$examples/optdigits.yaml" --out trained "${common[@]}" --batch 32 --epochs 4
expect 1 'another run: epochs differs' train --data "$examples/optdigits.yaml" --out trained "${common[@]}" --batch 32 --epochs 5
expect 0 '' adapt --source "$examples/optdigits.yaml" --target "$examples/mnist-10k.yaml" --model trained/model.safetensors \
  --out adapted "${small[@]}"
[ "$(ls adapted)" = "$(printf "%s\n" curve.tsv difference.png discriminator.safetensors generator.safetensors original.png record.json sites study.json \
  target.png target.safetensors translated.png)" ] || complain "adapt wrote: $(ls adapted)"

# ---- the folder ------------------------------------------------------------------------------------

expect 0 '' translate --data "$examples/optdigits.yaml" --model adapted/generator.safetensors --split validation \
  --out hospital --threads 1
expect 1 'hospital is there already, with hospital/site.yaml; nothing was changed' translate --data "$examples/optdigits.yaml" \
  --model adapted/generator.safetensors --split validation --out hospital
expect 2 'beyond' translate --data "$examples/optdigits.yaml" --model adapted/generator.safetensors --domain 7 --out other
n=$(find hospital/images -name '*.png' | wc -l)
[ "$n" -gt 100 ] || complain "only $n images"
cat >hospital.yaml <<END
name: my-hospital
format: folder
images: hospital/images
labels: hospital/labels.csv
classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
group_column: group
size: 16
END
base64 -d >hospital/images/photo.jpg <<END
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAv/EAB0QAAICAQUAAAAAAAAAAAAAAAERA1EiBCExQWH/2gAIAQEAAD8AMwWljCWACXlIXXfG+X//2Q==
END
echo 'photo.jpg,3,patient-1,camera' >>hospital/labels.csv

expect 0 'AUC' eval --model trained/model.safetensors --data hospital.yaml --split all --threads 1
contains stdout "$((n + 1)) images" 'interval' 'accuracy'
expect 0 '"auc"' eval --model trained/model.safetensors --data hospital.yaml --split all --threads 1 --json
contains stdout '"site": "my-hospital"' "\"n\": $((n + 1))" '"skipped": 0'
# Of 180 images, few seeds put every class on all sides of the split by hash; the stratified one does.
(cat hospital.yaml && echo 'split: hash') >hashed.yaml
expect 1 "no image of class '7' in its validation split" train --data hashed.yaml --out own "${common[@]}"
contains stderr 'take another seed' 'split: stratified'
expect 1 "no image of class '7' in its validation split" adapt --source hashed.yaml --target "$examples/optdigits.yaml" \
  --model trained/model.safetensors --out own "${small[@]}"
[ "$(ls -A own)" = "$(printf ".lock\nsites\nstudy.json")" ] || complain "work was begun without every class: $(ls -A own)"
seed=(--seed 37)
expect 0 'validation AUC' train --data hospital.yaml --out own "${seed[@]}" "${common[@]}" --batch 16 --epochs 2
expect 0 '' train --data hospital.yaml --start-from trained/model.safetensors --out tuned "${seed[@]}" "${common[@]}" --batch 16 --epochs 1
expect 0 'cycle' adapt --source hospital.yaml --target "$examples/optdigits.yaml" --model own/model.safetensors \
  --out own-adapted "${seed[@]}" "${small[@]}"
# More images than are translated at a time: each is the same as in a small translation.
expect 0 '' translate --data "$examples/optdigits.yaml" --model adapted/generator.safetensors --out many --threads 1
while IFS=, read -r file _ group _; do
  image=hospital/images/$file twin=many/images/$(grep ",$group," many/labels.csv | cut -d, -f 1)
  [ "$file" = photo.jpg ] || cmp "$image" "$twin" || complain "$image and $twin differ"
done < <(tail -n 3 hospital/labels.csv)

# ---- predictions -----------------------------------------------------------------------------------

echo 'no image' >broken.png
images=(hospital/images/00000000.png hospital/images/photo.jpg)
expect 1 'above max_value 16 of the images that the model was trained with' predict --model trained/model.safetensors "${images[0]}"
predict=(predict --model trained/model.safetensors --as hospital/site.yaml --threads 1)
expect 0 'hospital/images/photo.jpg: ' "${predict[@]}" "${images[@]}"
expect 0 'image,patient,split,label,logit_0,logit_1' "${predict[@]}" --csv "${images[@]}"
[ "$(wc -l <stdout)" -eq 3 ] || complain "rows of CSV: $(cat stdout)"
awk -F, 'NR > 1 { s = 0; for (i = 15; i <= 24; i++) s += $i; if (NF != 40 || s < 0.999 || s > 1.001) exit 1 }' stdout ||
  complain "probabilities do not add up to 1: $(cat stdout)"
hash=$(sha256sum trained/model.safetensors | cut -d' ' -f 1)
[ "$(grep -c ",[0-9],,,$hash,,\$" stdout)" -eq 2 ] || complain "no model, or a distance without a site: $(cat stdout)"

# A folder with all below it; what cannot be read has its row too.
mkdir -p films/below && cp "${images[0]}" films/b.png && cp "${images[0]}" films/below/a.png && cp broken.png films/c.png
ln -s .. films/below/loop
expect 1 '1 of 3 images could not be read' "${predict[@]}" --csv films
[ "$(tail -n +2 stdout | cut -d, -f 1 | tr '\n' ' ')" = 'films/b.png films/below/a.png films/c.png ' ] ||
  complain "files of the folder: $(cat stdout)"
contains stdout ",$hash,\"films/c.png: not a PNG, JPEG, TIFF, BMP or DICOM file"
mkdir none && expect 1 'none: no image is in this folder or below it' "${predict[@]}" none
expect 1 '1 of 3 images could not be read' "${predict[@]}" --json "${images[0]}" broken.png "${images[1]}"
contains stdout '"error": "broken.png: not a PNG, JPEG, TIFF, BMP or DICOM file' '"file": "hospital/images/photo.jpg"' '"probability"'
contains stderr 'xsite: broken.png: not a PNG, JPEG, TIFF, BMP or DICOM file'
latin=$(printf 'caf\xe9.png')
cp "${images[0]}" "$latin" && expect 0 '"file": "caf\\xE9.png"' "${predict[@]}" --json "$latin"
cp trained/model.safetensors "$latin" && expect 0 '"model": "caf\\xE9.png"' eval --json --model "$latin" --data hospital.yaml
expect 1 'not-there.png: cannot open' "${predict[@]}" not-there.png

# ---- a folder with the user's own files -------------------------------------------------------------

# Whatever is called as a run's own files is the user's where no run has written it: nothing is changed.
own_study() { "$xsite" study run "$examples/demo.yaml" --set portfolio=paper --out "$1" "${tiny[@]}" "${@:2}" >stdout 2>stderr </dev/null; }
left_alone() { # left_alone OUT TEXT: a study and a training refuse the folder and leave all that is in it
  local before
  before=$(cd "$1" && find . -exec ls -ld --time-style=full-iso {} + && find . -type f -exec sha256sum {} +)
  for resume in '' --resume; do
    # shellcheck disable=SC2086
    own_study "$1" $resume && complain "$1: a run in a folder of the user's"
    contains stderr "$2"
    expect 1 "$2" train --data "$examples/optdigits.yaml" --out "$1" "${common[@]}" --epochs 1
  done
  [ "$before" = "$(cd "$1" && find . -exec ls -ld --time-style=full-iso {} + && find . -type f -exec sha256sum {} +)" ] ||
    complain "$1: changed: $(find "$1")"
}
for name in sites nodes figures; do
  mkdir -p users/$name/below && echo "my own" >users/$name/mine.txt
  left_alone users 'holds other files and no run of xsite; nothing was changed'
  rm -rf users
done
for name in log.jsonl seal.jsonl results.json report.html .lock sites notes.tmp99999999; do
  mkdir users && echo "my own" >users/$name
  left_alone users 'holds other files and no run of xsite; nothing was changed'
  rm -rf users
done
mkdir users && echo '{"seed": 7}' >users/study.json
left_alone users 'was not written by xsite'
rm -rf users
# Beside what a run has begun too: of its own files it takes back those that it knows.
"$xsite" study run "$examples/demo.yaml" --set portfolio=paper --out begun "${tiny[@]}" >/dev/null 2>&1 </dev/null &
process=$!
for _ in $(seq 1000); do
  [ -e begun/sites/mnist ] && break
  sleep 0.01
done
kill -KILL $process
wait $process 2>/dev/null
rm -rf begun/nodes begun/seal.jsonl
echo '{"seed": 7, "task": "of mine"}' >begun/sites/mine.json
own_study begun && complain 'a folder with a file of the user beside sites is a run that never began'
contains stderr 'continue it with --resume'
contains begun/sites/mine.json 'of mine'
mkdir begun/notes && echo 'mine' >begun/notes/draft.tmp99999999
own_study begun --resume || complain "a begun run with the user's files: $(cat stderr)"
contains begun/sites/mine.json 'of mine'
contains begun/notes/draft.tmp99999999 'mine'

# ---- a target without labels -----------------------------------------------------------------------

printf 'name: new-hospital\nformat: folder\nimages: hospital/images\nsize: 16\n' >new.yaml
printf 'name: own\nsites: [%s/optdigits.yaml, new.yaml]\n' "$examples" >study.yaml
expect 0 'to do translator-paper-optdigits-new-hospital' study plan study.yaml "${tiny[@]}"
[ "$(grep -c '^to do ' stdout)" -eq 5 ] || complain "nodes of an unlabelled target: $(cat stdout)"
expect 2 'has no labels' study plan study.yaml --set 'pairs=new-hospital -> optdigits'
cp broken.png hospital/images/zz.png
expect 1 'hospital/images/zz.png: not a PNG, JPEG, TIFF, BMP or DICOM file' study run study.yaml --out run "${tiny[@]}"
contains stderr '1 of ' 'leave them out with --skip-unreadable'
expect 0 'has no labels' study run study.yaml --out run "${tiny[@]}" --skip-unreadable
contains stderr '1 unreadable left out; the first: hospital/images/zz.png'
expect 0 'site new-hospital: 1 unreadable images left out' adapt --source hospital.yaml --target new.yaml --skip-unreadable \
  --model own/model.safetensors --out skipped "${seed[@]}" "${small[@]}"
all_recorded run
contains run/results.json '"external": null' '"adapted": null' '"ceiling": null' '"gain": null' '"salvage": null' \
  '"mean_external_auc": null' '"average_salvage": null'
contains run/report.html 'No AUC of the classifier from optdigits at new-hospital, before or after, could be measured' \
  'No image of new-hospital has a label, so nothing was measured there.' 'images of new-hospital, without labels'
ls run/nodes | grep -q baseline-new && complain 'a baseline of a site without labels'
expect 0 'done  adapted-paper-optdigits-new-hospital' study plan study.yaml --out run "${tiny[@]:2}"
expect 1 'site new-hospital has no labels' train --data new.yaml --skip-unreadable --out unlabelled
expect 1 'has no labels' eval --model trained/model.safetensors --data new.yaml --skip-unreadable
expect 0 'nothing to do' study run study.yaml --out run "${tiny[@]}"
grep -qvE '^\{"time":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z",.*\}$' run/log.jsonl && complain 'log.jsonl is malformed'
contains run/log.jsonl '"node":"translator-paper-optdigits-new-hospital","step":20' '"waiting":' ': waited for images ' '"note":"site new-hospital' '"cycle":'

# ---- looking into what was made ------------------------------------------------------------------------

expect 0 'run/report.html' report run
expect 0 'architecture: "lenet"' inspect model trained/model.safetensors
expect 0 'done   translator-paper-optdigits-new-hospital' inspect run run
contains stdout 'seed: 1' 'adapter.batch: 8' 'the run is finished' 'kernel conv' 'done   baseline-optdigits'
expect 0 'task: "train"' inspect run trained
contains stdout 'the run is finished' 'done   train'
expect 1 'give a folder that xsite has made' inspect run hospital
expect 0 '6059776 parameters' inspect graph generator
expect 0 'intermediate values' inspect graph discriminator --plan --size 16 --channels 4 --batch 2
expect 0 'x10' inspect graph lenet
expect 0 'digraph {' inspect graph lenet --dot
contains stdout 'n1 [label="input\lx\l1x32x32x3\l", shape=oval];' 'features.0.weight\l5x5x3x20\l", style=filled];' '  n1 -> n3;'
! grep -q adam stdout || complain 'the answering graph has a training step'
expect 0 'label="adam' inspect graph lenet --dot --training --batch 8
expect 0 'adam' inspect graph lenet5 --training --plan --batch 8
expect 0 'parameters' inspect graph trained/model.safetensors
expect 2 'has images of' inspect graph trained/model.safetensors --size 30
expect 1 'no-such.safetensors' inspect graph no-such.safetensors
expect 2 'leave out --plan' inspect graph lenet --dot --plan
expect 2 'for classifiers' inspect graph generator --training
expect 2 'generator and discriminator' inspect graph lenat
expect 2 '' inspect graph discriminator --size 2

# ---- timing ------------------------------------------------------------------------------------------

expect 0 '"critic_ms"' bench step --channels 2 --batch 4 --size 16 --blocks 1 --repeats 1 --threads 1 --json
expect 0 '"step_ms"' bench classifier --model lenet --batch 4 --size 16 --repeats 1 --threads 1 --json
expect 0 '"inference_ms"' bench inference --model generator --channels 2 --batch 3 --size 16 --blocks 1 --threads 1 --json
expect 0 '"inference_ms"' bench inference --model lenet5 --repeats 1 --threads 1 --json
expect 0 '{"critic_ms": ' bench step --channels 2 --batch 4 --size 16 --first --threads 1 --json
! grep -q generator_ms stdout || complain '--first goes on after the first step'
expect 2 'multiple of 4' bench inference --model generator --size 30
expect 2 'size 16: ' bench inference --model densenet121 --size 16
expect 2 'odd' bench step --batch 3
expect 2 '--image-channels: 2 is not 1 or 3' bench step --image-channels 2
expect 0 'pass' selftest

# ---- MNIST-M -----------------------------------------------------------------------------------------

mkdir empty
for name in --data-dir --data; do
  expect 1 'empty/' data import mnistm $name empty --out made
done
XSITE_DATA='' expect 2 'pass --data-dir DIR or set XSITE_DATA' data import mnistm --out made
[ -e made ] && complain 'a failed import leaves its folder'

finish
