#!/usr/bin/env bash
# Models as ONNX: which are exported, what stays untouched where one is not.
# usage: test_export.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"

expect 0 '' study run "$repository/examples/demo.yaml" --set portfolio=paper --out "$folder/run" "${tiny[@]}"
nodes=$folder/run/nodes
classifier=$nodes/baseline-mnist/model.safetensors
generator=$nodes/translator-paper-optdigits-mnist/generator.safetensors

# has FILE TEXT...: the file contains every text.
has() {
  local file=$1 text
  shift
  for text in "$@"; do
    grep -qaF -- "$text" "$file" || complain "$(basename "$file") lacks '$text'"
  done
}

expect 0 '' export --model "$classifier" --out "$folder/classifier.onnx"
has "$folder/classifier.onnx" logits probabilities features.0.weight Gemm \
  '["0","1","2","3","4","5","6","7","8","9"]' '"task":"baseline-mnist"' '"resize":"nearest"'
expect 0 '' export --model "$generator" --out "$folder/generator.onnx"
has "$folder/generator.onnx" domain translated ConvTranspose InstanceNormalization \
  'generator_steps'
expect 0 '' export --model "$nodes/translator-paper-optdigits-mnist/target.safetensors" --out "$folder/target.onnx"

expect 1 'is a discriminator; classifiers and generators can be exported' \
  export --model "$nodes/translator-paper-optdigits-mnist/discriminator.safetensors" --out "$folder/no.onnx"
expect 1 'no metadata of xsite' \
  export --model "$repository/tests/golden/lenet.safetensors" --out "$folder/no.onnx"
head -c 5000 "$classifier" >"$folder/broken.safetensors"
expect 1 'broken.safetensors' export --model "$folder/broken.safetensors" --out "$folder/no.onnx"
expect 1 "$folder/none: cannot open" export --model "$folder/none" --out "$folder/no.onnx"
expect 2 'export needs --model FILE' export --out "$folder/no.onnx"
expect 2 'export needs --out FILE' export --model "$classifier"
expect 1 'cannot write' export --model "$classifier" --out "$folder/no/model.onnx"
[ -e "$folder/no.onnx" ] && complain 'a failed export leaves a file'

# A file that is there stays, unless it may be replaced.
before=$(sha256sum <"$folder/generator.onnx")
expect 1 'is there already; nothing was changed: give another file, or --overwrite' export --model "$classifier" --out "$folder/generator.onnx"
[ "$(sha256sum <"$folder/generator.onnx")" = "$before" ] || complain 'a refused export changes a file'
expect 1 "$folder/none: cannot open" export --model "$folder/none" --out "$folder/generator.onnx" --overwrite
[ "$(sha256sum <"$folder/generator.onnx")" = "$before" ] || complain 'a failed export changes a file'
expect 0 '' export --model "$classifier" --out "$folder/generator.onnx" --overwrite
cmp "$folder/classifier.onnx" "$folder/generator.onnx" || complain 'equal models give different bytes'

finish
