#!/usr/bin/env bash
# Alignment from the command line: every method, broken off and resumed, what it refuses.
# usage: test_align.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
source=$repository/examples/optdigits.yaml
target=$repository/examples/mnist-10k.yaml
common=(--threads 1 --limit 600)

expect 0 '' train --data "$source" --out "$folder/source" "${common[@]}" --batch 32 --epochs 4
model=$folder/source/model.safetensors
align=(align --source "$source" --target "$target" --model "$model" "${common[@]}" --batch 16 --steps 25
  --checkpoint-every 5)
for method in coral dann shot selftrain; do
  expect 0 '' "${align[@]}" --method $method --out "$folder/$method"
  [ "$(ls "$folder/$method")" = "$(printf '%s\n' curve.tsv model.safetensors record.json sites study.json)" ] ||
    complain "align wrote: $(ls "$folder/$method")"
  [ "$(wc -l <"$folder/$method/curve.tsv")" -eq 4 ] || complain "the curve of $method has not three steps"
  expect 0 'AUC' eval --model "$folder/$method/model.safetensors" --data "$target" --threads 1 --replicates 10
  expect 0 "\"method\":\"$method\"" inspect model "$folder/$method/model.safetensors"
done
expect 0 'nothing to do' "${align[@]}" --method coral --out "$folder/coral"
expect 1 'another run: threshold differs' "${align[@]}" --method coral --out "$folder/coral" --threshold 0.5
cmp -s "$model" "$folder/selftrain/model.safetensors" && complain 'selftrain changes nothing'

# Broken off twice, in the middle of what a checkpoint holds: the same bytes.
for method in dann selftrain; do
  whole=$(results_of "$folder/$method")
  broken=$folder/$method-broken
  for _ in 1 2; do
    "$xsite" "${align[@]}" --method $method --out "$broken" --resume >/dev/null 2>&1 </dev/null &
    process=$!
    before=$(stat -c %Y.%i "$broken/checkpoint.safetensors" 2>/dev/null)
    for _ in $(seq 1000); do
      [ "$(stat -c %Y.%i "$broken/checkpoint.safetensors" 2>/dev/null)" != "$before" ] && break
      sleep 0.01
    done
    kill -KILL $process
    wait $process 2>/dev/null
  done
  [ -e "$broken/record.json" ] && complain "$method was not broken off"
  expect 0 'continues after step' "${align[@]}" --method $method --out "$broken" --resume
  same "$whole" "$(results_of "$broken")" "$method, broken off"
done

# A target without labels; no source where none is needed: the same model.
unlabelled=$folder/unlabelled.yaml
sed -e '/^labels/d' -e '/^classes/d' -e "s,data/,$repository/examples/data/," "$target" >"$unlabelled"
shot=(align --target "$unlabelled" --model "$model" "${common[@]}" --batch 16 --steps 25 --method shot)
expect 0 '' "${shot[@]}" --out "$folder/alone"
cmp "$folder/shot/model.safetensors" "$folder/alone/model.safetensors" || complain 'labels of the target matter'

expect 1 'has no labels' align --source "$unlabelled" --target "$source" --model "$model" --method dann --out "$folder/none"

# Statistics of batch norms alone: weights keep their bytes; a network without norms is refused.
expect 1 'lenet has no batch norms' "${align[@]}" --method adabn --out "$folder/no-norms"
small=(--threads 1 --limit 100)
stratified optdigits
expect 0 '' train --data "$folder/optdigits.yaml" --out "$folder/resnet" "${small[@]}" --architecture resnet18 --size 20 --batch 16 --epochs 1 \
  --steps-per-epoch 3
expect 0 '' align --target "$unlabelled" --model "$folder/resnet/model.safetensors" "${small[@]}" --batch 16 --steps 3 \
  --method adabn --out "$folder/adabn"
python3 - "$folder" <<'PYTHON' || complain 'adabn changes other tensors than statistics'
import json, struct, sys
def tensors(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8:8 + size])
    return {k: data[8 + size + v["data_offsets"][0]:8 + size + v["data_offsets"][1]]
            for k, v in head.items() if k != "__metadata__"}
before, after = (tensors(f"{sys.argv[1]}/{x}/model.safetensors") for x in ("resnet", "adabn"))
sys.exit(any((before[k] != after[k]) != (".running_" in k) for k in before))
PYTHON

# What cannot be is refused before the folder is made.
expect 0 'shot needs no --source' align --help
expect 2 '--source is missing: dann' align --target "$target" --model "$model" --method dann --out "$folder/new"
expect 2 '--batch: 1 is too small' "${align[@]}" --batch 1 --out "$folder/new"
expect 2 "--method: 'mcd'" "${align[@]}" --method mcd --out "$folder/new"
expect 2 '--threshold' "${align[@]}" --threshold 2 --out "$folder/new"
[ -e "$folder/new" ] && complain 'a refused alignment makes a folder'
expect 1 'the coral step: intermediate values need' "${align[@]}" --method coral --memory 10K --out "$folder/large"
contains "$folder/stderr" 'not even batch 2 fits'
head -c 1000 "$model" >"$folder/cut.safetensors"
expect 1 "$folder/cut.safetensors" "${align[@]}" --model "$folder/cut.safetensors" --out "$folder/cut"
expect 1 "align: step " "${align[@]}" --method coral --learning-rate 10 --contrast 100 --weight 1e6 --steps 200 --out "$folder/diverged"
[ -e "$folder/diverged/model.safetensors" ] && complain 'a diverged run leaves a model'
finish
