#!/usr/bin/env bash
# Weights of another program: as a model, and as what training begins with; random changes of images.
# With XSITE_DENSENET_WEIGHTS=FILE (ImageNet's DenseNet-121 as safetensors, photographs in photos/ beside it)
# also three photographs, whose probabilities PyTorch computed (tests/golden/densenet_scores.py).
# usage: test_import.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"

digits=(--data "$repository/examples/optdigits.yaml" --limit 400 --threads 1)
dense=(train "${digits[@]}" --architecture densenet121-linear --size 32 --batch 8 --epochs 1 --steps-per-epoch 1)

# A model is its own weights: the same answers after an import, with its class names.
expect 0 '' "${dense[@]}" --image-channels 1 --out "$folder/gray"
names=()
for k in 0 1 2 3 4 5 6 7 8 9; do names+=(--class "$k"); done
import=(import --weights "$folder/gray/model.safetensors" --size 32 --normalisation half --resize nearest
  --max-value 16)
expect 0 '' "${import[@]}" "${names[@]}" --out "$folder/same.safetensors"
expect 0 '' eval "${digits[@]:0:2}" --json --threads 1 --model "$folder/gray/model.safetensors"
grep -v '"model"' "$folder/stdout" >"$folder/before"
expect 0 '' eval "${digits[@]:0:2}" --json --threads 1 --model "$folder/same.safetensors"
grep -v '"model"' "$folder/stdout" | cmp "$folder/before" - || complain 'the imported model answers otherwise'
expect 1 '--overwrite replaces it' "${import[@]}" --out "$folder/same.safetensors"
expect 2 'output 10 is beyond its 10 outputs' "${import[@]}" --output 10 --out "$folder/none"
expect 2 'size 28: a DenseNet-121' "${import[@]}" --size 28 --out "$folder/none"
expect 1 'features.0.weight is missing: its 606 tensors, such as features.conv0.weight and classifier.bias, are not' \
  "${import[@]}" --architecture lenet --out "$folder/none"
edit_header "$folder/gray/model.safetensors" 's/"xsite":/"other":/' >"$folder/bare.safetensors"
expect 1 'xsite import makes a model file' predict --model "$folder/bare.safetensors" "$folder/none.png"
expect 0 '' "${import[@]}" --output 3 --class rest --class three --out "$folder/three.safetensors"
expect 0 '["rest","three"]' inspect model "$folder/three.safetensors"
# Behind CheXNet's and MONAI's names it answers the same; CheXNet's outputs are findings, unless classes are named.
edit_header "$folder/gray/model.safetensors" 's/"xsite":/"other":/;s/"features\./"module.densenet121.features./g;s/"classifier\./"module.densenet121.classifier.0./g;s/\(denselayer[0-9]*\.[a-z]*\)\([12]\)/\1.\2/g' >"$folder/chexnet.safetensors"
edit_header "$folder/gray/model.safetensors" 's/"xsite":/"other":/;s/\(denselayer[0-9]*\)\./\1.layers./g;s/"classifier\./"class_layers.out./g' >"$folder/monai.safetensors"
for kind in chexnet monai; do
  expect 0 '' "${import[@]}" --weights "$folder/$kind.safetensors" "${names[@]}" --out "$folder/$kind"
  expect 0 '' eval "${digits[@]:0:2}" --json --threads 1 --model "$folder/$kind"
  grep -v '"model"' "$folder/stdout" | cmp "$folder/before" - || complain "$kind answers otherwise"
done
expect 2 'follows its last layer module.densenet121.classifier.0.weight: a sigmoid' "${import[@]}" \
  --weights "$folder/chexnet.safetensors" --out "$folder/none"
expect 0 '' "${import[@]}" --weights "$folder/chexnet.safetensors" --output 3 --out "$folder/one"
expect 1 'torch_zip.pt: is a PyTorch file (.pt, .pth)' predict --model "$repository/tests/golden/torch_zip.pt" "$folder/x.png"
expect 1 'is an ONNX model; ONNX is written (xsite export), not imported' "${import[@]}" \
  --weights "$repository/tests/golden/onnx_operators.onnx" --out "$folder/none"

# Gray weights begin a network for colour, through `train` and through a study file.
expect 0 'for another number of image channels, whose sum is kept: features.conv0.weight' \
  "${dense[@]}" --init "$folder/gray/model.safetensors" --out "$folder/colour"
stratified optdigits && stratified mnist-10k
cat >"$folder/study.yaml" <<YAML
name: init
sites: [optdigits.yaml, mnist-10k.yaml]
pairs: [optdigits -> mnist]
portfolio: [none]
size: 32
limit: 150
normalisation: imagenet
classifier:
  architecture: densenet121-linear
  init: gray/model.safetensors
  batch: 8
  epochs: 1
  steps_per_epoch: 1
  shift: 0.05
  rotation: 10
  flips: yes
tune:
  architecture: densenet121-linear
YAML
expect 0 "begins with 606 of the network's 606 tensors" study run "$folder/study.yaml" --out "$folder/run" \
  --threads 1 --set replicates=100
expect 0 '0.48' inspect model "$folder/run/nodes/baseline-optdigits/model.safetensors"
contains "$folder/run/report.html" 'moved by up to 5 % of their side, turned by up to 10 degrees and mirrored'

# Random changes: others than none, the same for any number of threads, and the same again.
lenet=(train --data "$repository/examples/optdigits.yaml" --limit 400 --epochs 2 --batch 32)
changed=("${lenet[@]}" --shift 0.1 --rotation 20 --flips)
expect 0 '' "${lenet[@]}" --threads 1 --out "$folder/plain"
expect 0 '' "${changed[@]}" --threads 1 --out "$folder/changed"
expect 0 '' "${changed[@]}" --threads 1 --out "$folder/again"
expect 0 '' "${changed[@]}" --threads 2 --out "$folder/two"
cmp -s "$folder/plain/model.safetensors" "$folder/changed/model.safetensors" && complain 'nothing was changed'
cmp "$folder/changed/curve.tsv" "$folder/again/curve.tsv" || complain 'a second run differs'
# sums are taken in another order by two threads: the first loss shows that the images are the same
paste <(cut -f 2 "$folder/changed/curve.tsv") <(cut -f 2 "$folder/two/curve.tsv") |
  awk 'NR > 1 && ($1 - $2 > 1e-3 || $2 - $1 > 1e-3) { exit 1 }' || complain 'threads change the images'
expect 2 'rotation' "${lenet[@]}" --rotation 200 --out "$folder/none"

# A classifier keeps its own normalisation when it is fine-tuned and adapted.
expect 0 '' "${lenet[@]}" --threads 1 --epochs 1 --normalisation imagenet --out "$folder/own"
expect 0 '' "${lenet[@]}" --threads 1 --epochs 1 --start-from "$folder/own/model.safetensors" --out "$folder/tuned"
expect 0 '0.485' inspect model "$folder/tuned/model.safetensors"
expect 0 '' adapt --source "$repository/examples/optdigits.yaml" --target "$repository/examples/mnist-10k.yaml" \
  --model "$folder/own/model.safetensors" --limit 400 --threads 1 --channels 2 --blocks 1 --batch 4 \
  --generator-steps 2 --out "$folder/adapted"
expect 0 '0.485' inspect model "$folder/adapted/target.safetensors"
expect 0 '"mean":[0.5,0.5,0.5]' inspect model "$folder/adapted/generator.safetensors"

if [ "${XSITE_DENSENET_WEIGHTS-}" ]; then
  expect 0 '' import --weights "$XSITE_DENSENET_WEIGHTS" --epsilon 1.001e-5 --out "$folder/imagenet.safetensors"
  photos=$(dirname "$XSITE_DENSENET_WEIGHTS")/photos
  while read -r photo class probability; do
    expect 0 '' predict --json --model "$folder/imagenet.safetensors" "$photos/$photo"
    awk -v class="\"$class\":" -v p="$probability" '
      $1 == "\"class\":" && $2 != "\"" substr(class, 2, length(class) - 3) "\"," { wrong = 1 }
      $1 == class { d = $2 - p; found = d < 1e-4 && d > -1e-4 }
      END { exit !found || wrong }' "$folder/stdout" || complain "$photo is not class $class with $probability"
  done <<'SCORES'
skimage_chelsea.png 285 0.827739
skimage_coffee.png 967 0.989131
darknet_dog.jpg 249 0.614603
SCORES
fi

finish
