#!/usr/bin/env bash
# The cache of decoded images as a user meets it: results are the same with it, without it and after damage.
# usage: test_cache.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
optdigits=$repository/examples/optdigits.yaml

# ---- two sites of PNG files, even and odd digits -----------------------------------------------------

common=(--threads 1 --checkpoint-every 100)
make_translator
for site in near far; do
  split=$([ $site = near ] && echo validation || echo test)
  expect 0 '' translate --data "$optdigits" --model adapted/generator.safetensors --split $split --out $site --threads 1
  sed -E '2,$s/,[02468],/,even,/; s/,[13579],/,odd,/' $site/labels.csv >$site.csv
  printf '%s\n' "name: $site" 'format: folder' "images: $site/images" "labels: $site.csv" 'classes: [even, odd]' \
    'size: 16' 'group_column: group' >$site.yaml
done
[ ! -e cache ] || complain "IDX files were cached: $(ls cache)"
cached() { find "$1" -name '*.images' | wc -l; }
only() { find "$1" -type f; }

# ---- made, found, damaged, made again ----------------------------------------------------------------

train=(train --data near.yaml "${common[@]}" --size 16 --epochs 2 --batch 16)
expect 0 '' "${train[@]}" --out plain --cache off
[ ! -e cache ] || complain "--cache off writes to the cache"
expect 0 '' "${train[@]}" --out made
[ "$(cached cache)" -eq 1 ] || complain "in the cache: $(ls cache)"
expect 0 '' "${train[@]}" --out found
grep -q 'cache' stderr && complain "a file that is found is no news: $(cat stderr)"
file=$(only cache)
models() { sha256sum "$1/model.safetensors" | cut -d' ' -f 1; }
printf x | dd of="$file" bs=1 seek=5000 conv=notrunc status=none
expect 0 "/$file is damaged (its pixels are not what was written): the images are read again" \
  "${train[@]}" --out damaged
truncate -s 9999 "$file"
expect 0 'is damaged (its length is wrong)' "${train[@]}" --out short
"$xsite" "${train[@]}" --epochs 100000 --patience 100000 --out lost >lost.log 2>&1 </dev/null &
while [ ! -e lost/checkpoint.safetensors ] && kill -0 $! 2>/dev/null; do sleep 0.1; done
truncate -s 4096 "$file"
wait $!
[ $? -eq 1 ] && grep -q 'the cache of images was cut short while it was in use' lost.log ||
  complain "a cache cut short in use: $(tail -n 3 lost.log)"
expect 0 '' "${train[@]}" --out short
echo 'a file' >blocked
expect 0 'site near: its images are not cached: blocked/cache: cannot make the folder' "${train[@]}" --out blocked-out \
  --cache blocked/cache
expect 0 'where the images are; choose another folder' "${train[@]}" --out inside --cache near/images/cache
[ -e near/images/cache ] && complain "a cache among the images"
for out in made found damaged short blocked-out inside; do
  [ "$(models $out)" = "$(models plain)" ] || complain "$out: another model than without a cache"
done
expect 0 'images/s' bench ingest --data near.yaml --threads 1
expect 0 '"images_per_second"' bench ingest --data near.yaml --threads 1 --json

# ---- what is changed is read again -------------------------------------------------------------------

eval=(eval --model plain/model.safetensors --data near.yaml --split all --replicates 10 --threads 1 --json)
expect 0 '"auc"' "${eval[@]}"
cp stdout before
touch -r near/images/00000003.png time && cp near/images/00000004.png near/images/00000003.png
touch -r time near/images/00000003.png
expect 0 '"auc"' "${eval[@]}"
cp stdout with
expect 0 '"auc"' "${eval[@]}" --cache off
cmp -s stdout with || complain 'a changed image was not read again'
[ "$(cached cache)" -eq 2 ] || complain "after an image has changed: $(ls cache)"
printf 'no image' >near/images/00000003.png
for _ in first second; do
  expect 1 '00000003.png: not a PNG, JPEG, TIFF, BMP or DICOM file (8 bytes), whatever its name says (1 of ' "${eval[@]}"
  expect 0 '"skipped": 1' "${eval[@]}" --skip-unreadable
done

# ---- a study, and several processes at a time ---------------------------------------------------------

cat >study.yaml <<YAML
name: cached
sites: [near.yaml, far.yaml]
pairs: [near -> far]
size: 16
replicates: 100
checkpoint_every: 3
classifier: {epochs: 2, batch: 16}
tune: {epochs: 1, batch: 16}
histogram: {images: 20}
portfolio: [none, histogram]
YAML
run=(study run study.yaml --threads 1 --skip-unreadable)
expect 0 '' "${run[@]}" --out without --cache off
XSITE_CACHE=shared expect 0 '' "${run[@]}" --out with-1
[ "$(cached shared)" -eq 2 ] || complain "a study's cache: $(ls shared)"
expect 0 '' "${run[@]}" --out with-2 --cache shared
contains without/results.json '"left_out"' '"count": 1'
contains without/report.html 'What was left out' '00000003.png: not a PNG, JPEG, TIFF, BMP or DICOM file'
same "$(results_of without)" "$(results_of with-1)" 'a study that fills the cache'
same "$(results_of without)" "$(results_of with-2)" 'a study that finds its images in the cache'
expect 0 '--cache shared' study export --snakemake study.yaml --cache shared
processes=()
for i in 1 2 3; do
  "$xsite" "${eval[@]}" --skip-unreadable --cache at-once >eval.$i 2>&1 </dev/null &
  processes+=($!)
done
for process in "${processes[@]}"; do wait "$process" || complain "at once: $(cat eval.?)"; done
[ "$(only at-once | wc -l)" -eq 1 ] || complain "several at once left: $(ls at-once)"
grep -h '"auc"' eval.? | sort -u | wc -l | grep -qx 1 || complain 'several at once give different answers'

finish
