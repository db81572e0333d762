#!/usr/bin/env bash
# Training at its edges: few images, refused combinations, what models say of themselves.
# usage: test_training.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
demo=$repository/examples/demo.yaml

# Fewer images than a batch: an epoch is one step.
few=("${tiny[@]}" --set limit=600 --set classifier.batch=600 --set classifier.balanced=yes
  --set tune.batch=600 --set tune.balanced=yes --set adapter.generator_steps=2)
expect 0 '' study run "$demo" --out "$folder/few" "${few[@]}"
whole=$(results_of "$folder/few")
[ "$(wc -l <"$folder/few/units/baseline-mnist/curve.tsv")" -eq 4 ] ||
  complain 'three epochs of one step each are not in the curve'

# The semantic loss wants every source image translated.
expect 2 'adapter.translate: ' study run "$demo" --out "$folder/permuted" "${tiny[@]}" \
  --set adapter.translate=permute
[ -e "$folder/permuted" ] && complain 'a refused study leaves a run folder'
expect 0 '' study plan "$demo" --out "$folder/permuted" "${tiny[@]}" \
  --set adapter.translate=permute --set adapter.semantic=off

# F_T is a model of its own, not the classifier that it started from.
target=$folder/few/units/adapter-optdigits-mnist/target.safetensors
grep -qaF 'target_updates' "$target" || complain 'F_T does not say how long it was trained'
grep -qaF 'validation_auc' "$target" && complain "F_T claims the source classifier's validation AUC"

# The rest of a broken run takes the threads of what is done, unless told otherwise.
continue_few() { # continue_few THREADS: without its last unit
  rm -rf "$folder/few"/{units/tuned-optdigits-mnist,results.json,report.html,figures}
  expect 0 '' study run "$demo" --out "$folder/few" "${few[@]}" --threads "$1" --resume
}
continue_few 0
same "$whole" "$(results_of "$folder/few")" 'threads of a resumed run'
grep -q 'threads what' "$folder/stderr" && complain 'a note about threads without a reason'
continue_few 2
grep -qF 'continues with 2 threads what 1 began' "$folder/stderr" ||
  complain 'resuming with other threads is silent'

finish
