#!/usr/bin/env bash
# DenseNet-121 through the program: training, breaking off, resuming, evaluating, weights from a file.
# usage: test_densenet.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"

stratified optdigits
digits=(--data "$folder/optdigits.yaml" --limit 100 --threads 1)
dense=(train "${digits[@]}" --architecture densenet121 --size 32 --batch 8 --epochs 2 --steps-per-epoch 3
  --checkpoint-every 1)

expect 0 '' "${dense[@]}" --out "$folder/whole"
"$xsite" "${dense[@]}" --out "$folder/broken" >"$folder/stdout" 2>"$folder/stderr" </dev/null &
process=$!
while [ ! -e "$folder/broken/checkpoint.safetensors" ] && kill -0 $process 2>/dev/null; do sleep 0.05; done
kill -KILL $process 2>/dev/null || complain 'the run was over before it was broken off'
wait $process 2>/dev/null
expect 0 'continues after step' "${dense[@]}" --out "$folder/broken" --resume
same "$(results_of "$folder/whole")" "$(results_of "$folder/broken")" 'a broken run and a whole one'

# The running statistics are part of the model, and evaluation uses them.
grep -qaF 'features.norm5.running_var' "$folder/whole/model.safetensors" ||
  complain 'the model has no running variance'
expect 0 'AUC' eval "${digits[@]:0:2}" --model "$folder/whole/model.safetensors"

# Weights from another network: what fits is taken, what does not is named.
expect 0 "begins with 604 of the network's 606 tensors" "${dense[@]}" --out "$folder/linear" \
  --architecture densenet121-linear --epochs 1 --init "$folder/whole/model.safetensors"
for line in '2 tensors of the network are not in that file: classifier.weight, classifier.bias' \
  '14 tensors of the file have a name that the network does not know: classifier.0.weight, '; do
  grep -qF "$line" "$folder/stderr" || complain "this is missing: $line; there is: $(cat "$folder/stderr")"
done
expect 1 'none of its 606 tensors, such as features.conv0.weight and classifier.bias, has a name and shape of this network, such as features.0.weight' \
  "${dense[@]}" --architecture lenet --out "$folder/lenet" --init "$folder/linear/model.safetensors"
expect 1 'no-such-file' "${dense[@]}" --out "$folder/none" --init no-such-file

expect 2 'needs 29x29 pixels or more' "${dense[@]}" --out "$folder/small" --size 28
expect 2 '--batch 1 is too small' "${dense[@]}" --out "$folder/one" --batch 1

finish
