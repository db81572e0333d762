#!/usr/bin/env bash
# Training at its edges: few images, refused combinations, what models say of themselves.
# usage: test_training.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
demo=$repository/examples/demo.yaml

# Fewer images than a batch, and one step an epoch.
few=("${tiny[@]}" --set limit=600 --set classifier.batch=600 --set classifier.balanced=yes
  --set classifier.steps_per_epoch=1 --set tune.batch=600 --set tune.balanced=yes --set tune.steps_per_epoch=1
  --set adapter.generator_steps=2)
expect 0 '' study run "$demo" --set portfolio=paper --out "$folder/few" "${few[@]}"
whole=$(results_of "$folder/few")
[ "$(wc -l <"$folder/few/nodes/baseline-mnist/curve.tsv")" -eq 4 ] ||
  complain 'three epochs of one step each are not in the curve'

# The semantic loss wants every source image translated.
expect 2 'adapter.translate: ' study run "$demo" --set portfolio=paper --out "$folder/permuted" "${tiny[@]}" \
  --set adapter.translate=permute
[ -e "$folder/permuted" ] && complain 'a refused study leaves a run folder'
expect 0 '' study plan "$demo" --set portfolio=paper --out "$folder/permuted" "${tiny[@]}" \
  --set adapter.translate=permute --set adapter.semantic=off

# What the translator changes where, class by class, is kept and shown.
translator=$folder/few/nodes/translator-paper-optdigits-mnist
for file in difference.png change.png change.json; do
  [ -s "$translator/$file" ] || complain "the translator's node has no $file"
done
contains "$folder/few/report.html" 'What was changed: brighter, darker' 'mean absolute change of class 0 (mean '
python3 - "$translator/change.json" <<'PYTHON' || complain 'change.json is not as described'
import json, sys
change = json.load(open(sys.argv[1]))
means = [c["mean"] for c in change["classes"]]
assert [c["class"] for c in change["classes"]] == [str(k) for k in range(10)]
assert sum(c["images"] for c in change["classes"]) > 40
assert all(0 < m <= change["white"] <= 100 for m in means), change
PYTHON

# F_T is a model of its own, not the classifier that it started from.
target=$folder/few/nodes/translator-paper-optdigits-mnist/target.safetensors
grep -qaF 'target_updates' "$target" || complain 'F_T does not say how long it was trained'
grep -qaF 'validation_auc' "$target" && complain "F_T claims the source classifier's validation AUC"

# A single training or adaptation that cannot be is refused before its folder is made.
train=(train --data "$repository/examples/optdigits.yaml" --out "$folder/new" --limit 600)
expect 2 '--size 15: two 5x5 convolutions' "${train[@]}" --size 15
expect 2 '--image_channels: 2 is not 1 or 3' "${train[@]}" --image-channels 2
expect 2 '--batch 1 is too small' "${train[@]}" --batch 1
expect 2 'leave --init out' "${train[@]}" --start-from a --init b
model=$folder/few/nodes/baseline-optdigits/model.safetensors
adapt=(adapt --source "$repository/examples/optdigits.yaml" --target "$repository/examples/mnist-10k.yaml"
  --model "$model" --out "$folder/new")
expect 2 '--batch: 7 is odd' "${adapt[@]}" --batch 7
expect 2 "--translate: 'permute' leaves" "${adapt[@]}" --translate permute
[ -e "$folder/new" ] && complain 'a refused training makes a folder'
# Images are what the model takes: nothing to choose for an adapter, and the same for fine-tuning.
expect 2 '--size is no option of adapt' "${adapt[@]}" --size 32
expect 1 'give --architecture lenet --size 16 --image-channels 3' "${train[@]}" --start-from "$model"

# Each part of robust training is worth something to the weights, and without all is not without one.
stratified optdigits
robust=(train --data "$folder/optdigits.yaml" --limit 100 --threads 1 --architecture lenet5 --size 16 --batch 16 --epochs 1
  --steps-per-epoch 6)
weights=()
for part in nothing convolution tones negative noise movement pauses; do
  expect 0 '' "${robust[@]}" --robust --robust-without $part --out "$folder/without-$part"
  weights+=("$(sha256sum <"$folder/without-$part/model.safetensors")")
done
expect 0 '' "${robust[@]}" --out "$folder/plain"
weights+=("$(sha256sum <"$folder/plain/model.safetensors")")
same 8 "$(printf '%s\n' "${weights[@]}" | sort -u | wc -l)" 'classifiers without one part of robust training'
expect 0 '' "${robust[@]}" --robust --out "$folder/robust"
cmp -s "$folder/robust/model.safetensors" "$folder/without-nothing/model.safetensors" || complain 'robust training lacks a part by default'

# bf16 is an option of each part, recorded with what came of it; the other numbers stay the same.
rounded=("${few[@]}" --set adapter.precision=bf16 --set classifier.precision=bf16)
expect 0 '' study run "$demo" --set portfolio=paper --out "$folder/rounded" "${rounded[@]}"
record=$folder/rounded/nodes/translator-paper-optdigits-mnist/record.json
if grep -q 'cannot multiply in it; f32 is used' "$folder/stderr"; then
  grep -q '"precision": "f32"' "$record" || complain 'the record does not say that f32 was used'
  models='\.safetensors$|/results\.json$'
  same "$(grep -E "$models" <<<"$whole")" "$(results_of "$folder/rounded" | grep -E "$models")" \
    'bf16 on a processor without it'
else
  grep -q '"precision": "bf16"' "$record" || complain 'the record does not say that bf16 was used'
  grep -q '"precision": "adapter bf16, classifier bf16, tune f32"' "$folder/rounded/results.json" ||
    complain 'results do not say which parts were trained in bf16'
  same "$(results_of "$folder/rounded")" "$(
    expect 0 '' study run "$demo" --set portfolio=paper --out "$folder/rounded-again" "${rounded[@]}"
    results_of "$folder/rounded-again"
  )" 'bf16 twice'
fi
# A processor without bf16, as oneDNN is told here: said, recorded, and f32 throughout.
export ONEDNN_MAX_CPU_ISA=AVX512_CORE
expect 0 '' study run "$demo" --set portfolio=paper --out "$folder/old" "${few[@]}"
expect 0 'precision bf16: this processor cannot multiply in it; f32 is used' study run "$demo" --set portfolio=paper --out "$folder/old-rounded" "${rounded[@]}"
grep -q '"precision": "f32"' "$folder/old-rounded/nodes/translator-paper-optdigits-mnist/record.json" ||
  complain 'the record does not say that f32 was used'
models='\.safetensors$|/results\.json$'
same "$(results_of "$folder/old" | grep -E "$models")" "$(results_of "$folder/old-rounded" | grep -E "$models")" \
  'bf16 on a processor without it'
expect 0 'precision bf16: this processor cannot multiply in it; f32 is used' bench classifier --batch 2 --repeats 1 --precision bf16 --threads 1
unset ONEDNN_MAX_CPU_ISA
expect 2 "--precision: 'f16'" "${train[@]}" --precision f16

# The rest of a broken run takes the threads of what is done, unless told otherwise.
continue_few() { # continue_few THREADS: without its last unit
  rm -rf "$folder/few"/{nodes/adapted-paper-optdigits-mnist,results.json,report.html,figures}
  expect 0 '' study run "$demo" --set portfolio=paper --out "$folder/few" "${few[@]}" --threads "$1" --resume
}
continue_few 0
same "$whole" "$(results_of "$folder/few")" 'threads of a resumed run'
grep -q 'threads what\|oneDNN' "$folder/stderr" && complain 'a note about the machine without a reason'
record=$folder/few/nodes/adapted-paper-optdigits-mnist/record.json
grep -q '"oneDNN": "[0-9.]*"' "$record" && grep -q '"onednn_instructions": "[a-z0-9_]*"' "$record" ||
  complain "the record does not name oneDNN: $(cat "$record")"
# What another oneDNN began, or one that was not recorded, is continued all the same.
ONEDNN_MAX_CPU_ISA=SSE41 continue_few 0
grep -q 'continues with oneDNN [0-9.]* and sse41 what oneDNN [0-9.]* and [a-z0-9_]* began' "$folder/stderr" ||
  complain 'resuming with other instructions of oneDNN is silent'
continue_few 2
grep -qF 'continues with 2 threads what 1 began' "$folder/stderr" ||
  complain 'resuming with other threads is silent'

finish
