#!/usr/bin/env bash
# Training at its edges: few images, refused combinations, what models say of themselves.
# usage: test_training.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
demo=$repository/examples/demo.yaml

# Fewer images than a batch: an epoch is one step.
expect 0 '' study run "$demo" --out "$folder/few" "${tiny[@]}" --set limit=120 \
  --set classifier.batch=100 --set classifier.balanced=yes --set tune.batch=100 \
  --set tune.balanced=yes --set adapter.generator_steps=2
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

finish
