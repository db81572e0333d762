#!/usr/bin/env bash
# A translator without training, from two sites to a fine-tuned classifier.
# usage: test_match.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
optdigits=$repository/examples/optdigits.yaml mnist=$repository/examples/mnist-10k.yaml
common=(--threads 1 --limit 600 --size 16)
match=(match --source "$optdigits" --target "$mnist" "${common[@]}")

expect 0 '' train --data "$optdigits" --out digits "${common[@]}" --epochs 2 --batch 32
for method in histogram fourier; do
  expect 0 '' "${match[@]}" --method $method --out $method
  for file in original.png translated.png difference.png target.png record.json; do
    [ -s $method/$file ] || complain "$method: no $file"
  done
  cmp -s $method/original.png $method/translated.png && complain "$method changes no image"
  model=$method/generator.safetensors
  expect 0 "architecture: \"$method\"" inspect model $model
  expect 0 '' translate --data "$optdigits" --model $model --split validation --out $method-site --threads 1
  expect 0 '' translate --data "$mnist" --model $model --split validation --domain 0 --out $method-back
  expect 2 'domain 2 is beyond' translate --data "$mnist" --model $model --domain 2 --out $method-none
  expect 1 "a translator of architecture $method is no network" export --model $model --out $method.onnx
  # The same seed gives the same bytes, whatever the threads.
  expect 0 '' "${match[@]}" --method $method --out $method-again --threads 2
  same "$(results_of $method | grep -v json)" "$(results_of $method-again | grep -v json)" "$method twice"
  expect 0 '' translate --data "$optdigits" --model $model --split validation --out $method-site-2 --threads 2
  same "$(snapshot $method-site)" "$(snapshot $method-site-2)" "$method: images by two threads"
done

# What was translated is a site: a classifier goes on from there.
expect 0 '' train --data fourier-site/site.yaml --start-from digits/model.safetensors --out tuned "${common[@]}" \
  --epochs 1 --batch 32
expect 0 'AUC' eval --model tuned/model.safetensors --data "$mnist" --threads 1

# A finished folder stays as it is; what cannot be is refused before a folder is made.
expect 0 'is finished: there is nothing to do' "${match[@]}" --method fourier --out fourier
expect 1 '' "${match[@]}" --method histogram --out fourier
expect 2 '--image_channels: 2 is not 1 or 3' "${match[@]}" --image-channels 2 --out new
expect 2 "--method: 'magic'" "${match[@]}" --method magic --out new
expect 2 '--beta' "${match[@]}" --beta 0.6 --out new
[ -e new ] && complain 'a refused match makes a folder'
expect 2 "are both called 'optdigits'" match --source "$optdigits" --target "$optdigits" --out new
sed "s/^name: .*/name: optdigits/; s|: data/|: $repository/examples/data/|" "$mnist" >twin.yaml
expect 2 "are both called 'optdigits'" match --source "$optdigits" --target twin.yaml --out new
expect 2 "are both called 'optdigits'" align --source "$optdigits" --target twin.yaml \
  --model digits/model.safetensors --out new2
head -c 5000 fourier/generator.safetensors >broken.safetensors
expect 1 'broken.safetensors: is damaged' translate --data "$mnist" --model broken.safetensors --out none

finish
