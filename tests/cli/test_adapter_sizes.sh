#!/usr/bin/env bash
# The adapter at the sizes of films: 64, 112, 128 and 224 pixels with 6 or 9 blocks, gray as one channel or three;
# a step that memory cannot hold is refused before any work.
# usage: test_adapter_sizes.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"

for size in 64 112 128 224; do
  for blocks in 6 9; do
    expect 0 'generator_ms' bench step --size $size --blocks $blocks --image-channels $((blocks == 6 ? 1 : 3)) \
      --channels 2 --batch 2 --model lenet5 --repeats 1 --threads 1
  done
done
expect 1 'intermediate values need' bench step --size 224 --blocks 9 --channels 16 --batch 20 --model densenet121 \
  --memory 500M --first
contains "$folder/stderr" 'would fit'
expect 1 'not even batch 2 fits' bench step --size 32 --channels 2 --batch 8 --memory 10K

# Films as one channel, six critic layers from 128 pixels on.
stratified optdigits && stratified mnist-10k
data=(--data "$folder/optdigits.yaml" --limit 100 --threads 1)
from_to=(--source "$folder/optdigits.yaml" --target "$folder/mnist-10k.yaml" --limit 100 --threads 1)
expect 0 '' train "${data[@]}" --architecture densenet121-linear --size 128 --image-channels 1 --batch 4 --epochs 1 \
  --steps-per-epoch 1 --out "$folder/classifier"
expect 0 '' adapt "${from_to[@]}" --model "$folder/classifier/model.safetensors" --channels 2 --blocks 9 --batch 2 \
  --critic-steps 1 --generator-steps 1 --out "$folder/adapted"
expect 0 'critic_layers: 6' inspect model "$folder/adapted/generator.safetensors"
contains "$folder/stdout" 'channels: 1' 'blocks: 9' 'size: 128'

# What is written is read back at every size, films resized to it or not.
for size in 16 32 64 112; do
  channels=$((size % 3 == 1 ? 1 : 3))
  expect 0 '' train "${data[@]}" --architecture lenet5 --size $size --image-channels $channels --batch 32 --epochs 1 \
    --steps-per-epoch 1 --out "$folder/classifier-$size"
  expect 0 '' adapt "${from_to[@]}" --model "$folder/classifier-$size/model.safetensors" --channels 2 --blocks 1 --batch 2 \
    --critic-steps 1 --generator-steps 1 --out "$folder/adapted-$size"
  expect 0 '' translate "${data[@]}" --model "$folder/adapted-$size/generator.safetensors" --split test \
    --out "$folder/translated-$size"
done

finish
