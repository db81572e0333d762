#!/usr/bin/env bash
# A site under a synthetic shift is a site again, whose labels are the old one's.
# usage: test_shift.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
optdigits=$repository/examples/optdigits.yaml
shift=(shift --data "$optdigits" --threads 1 --limit 700)

expect 0 '' train --data "$optdigits" --out digits --threads 1 --limit 600 --size 16 --epochs 3 --batch 32
expect 0 '' "${shift[@]}" --kind noise-3 --split validation --out noise
contains noise/site.yaml 'name: optdigits-noise-3' 'size: 8' 'resize: nearest' 'Made by xsite shift'
rows=$(tail -n +2 noise/labels.csv | wc -l)
expect 0 "split 'all', seed 1: $rows images, $rows groups" eval --model digits/model.safetensors --data noise/site.yaml \
  --split all --threads 1 --replicates 10
contains stdout AUC
grep -q 'resize is' stderr && complain "a shifted site is resized otherwise than its original: $(cat stderr)"
expect 0 '' align --target noise/site.yaml --model digits/model.safetensors --method shot --steps 2 --batch 8 --out aligned \
  --threads 1

# The same seed gives the same bytes, whatever the threads; another seed other noise, on other images.
expect 0 '' "${shift[@]}" --kind noise-3 --split validation --out again --threads 2
same "$(snapshot noise)" "$(snapshot again)" 'the same shift twice'
expect 0 '' "${shift[@]}" --kind noise-3 --split validation --out other --seed 2
cmp -s noise/labels.csv other/labels.csv && complain 'the seed draws no split'

# The same rows under any kind: labels and groups are the same.  All images: those of a split are among them.
expect 0 '' "${shift[@]}" --kind contrast-3 --split validation --out contrast
cmp noise/labels.csv contrast/labels.csv || complain 'labels depend on the kind of shift'
cmp -s noise/images/00000000.png contrast/images/00000000.png && complain 'two kinds give the same image'
expect 0 '' "${shift[@]}" --kind noise-3 --out whole
[ "$(tail -n +2 whole/labels.csv | wc -l)" -eq 700 ] || complain "--limit 700 gives $(wc -l <whole/labels.csv) lines"
while IFS=, read -r file label group _; do
  twin=$(grep ",$label,$group," whole/labels.csv | cut -d, -f 1)
  cmp "noise/images/$file" "whole/images/$twin" || complain "$file depends on what else is shifted"
done < <(tail -n +2 noise/labels.csv)

# One shift after another; a site without labels.
expect 0 '' shift --data noise/site.yaml --kind scale-2 --out both --threads 1
contains both/site.yaml 'name: optdigits-noise-3-scale-2'
[ "$(cut -d, -f 2 both/labels.csv)" = "$(cut -d, -f 2 noise/labels.csv)" ] || complain 'labels are lost by a second shift'
sed -e '/^labels/d' -e '/^classes/d' -e "s,data/,$repository/examples/data/," "$optdigits" >unlabelled.yaml
expect 0 '' shift --data unlabelled.yaml --kind blur-1 --limit 20 --out unlabelled --threads 1
expect 1 'has no labels' eval --model digits/model.safetensors --data unlabelled/site.yaml --threads 1

# What is there stays as it is; what cannot be is refused before a folder is made.
finished=$(snapshot noise)
expect 1 'noise is there already, with noise/site.yaml; nothing was changed' "${shift[@]}" --kind noise-3 --split validation --out noise
# What was broken off is made anew; somebody's file in it is somebody's.
rm noise/site.yaml noise/images/00000003.png && before=$(snapshot noise)
touch noise/images/mine.png
expect 1 'noise is there already, with noise/images/mine.png' "${shift[@]}" --kind noise-3 --split validation --out noise
rm noise/images/mine.png
same "$before" "$(snapshot noise)" 'a refused shift'
expect 0 '' "${shift[@]}" --kind noise-3 --split validation --out noise
same "$finished" "$(snapshot noise)" 'a shift that was broken off'
expect 1 'noise is there already, with noise/site.yaml' "${shift[@]}" --kind noise-3 --split validation --limit 20 --out noise
expect 2 "--kind: 'fog-1' is none of brightness-1, brightness-2" "${shift[@]}" --kind fog-1 --out new
contains stderr 'noise-3, blur-1' 'scale-3'
expect 2 'shift needs --kind NAME' "${shift[@]}" --out new
expect 2 '--split' "${shift[@]}" --kind blur-2 --split half --out new
expect 1 "no image is in the split 'validation'" shift --data unlabelled.yaml --limit 1 --split validation --kind blur-2 --out new
[ -e new ] && complain 'a refused shift makes a folder'

finish
