#!/usr/bin/env bash
# predict sees an image as training saw its site: size, channels, normalisation and the domain file's preprocessing
# are the model's; eval says where another site differs, predict --as reads like it, and both say what an older model
# file does not tell.
# usage: test_preprocessing.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
optdigits=$repository/examples/optdigits.yaml

# ---- a site of PNG files, even and odd digits; three are no squares ----------------------------------

common=(--threads 1 --checkpoint-every 100)
make_translator
expect 0 '' translate --data "$optdigits" --model adapted/generator.safetensors --split validation --out site --threads 1
echo file,label >labels.csv
while IFS=, read -r file label _; do
  echo "$file,$([ $((label % 2)) -eq 0 ] && echo even || echo odd)" >>labels.csv
done < <(tail -n +2 site/labels.csv)
for row in original translated target; do
  cp adapted/$row.png site/images/ && echo "$row.png,odd" >>labels.csv
done
# domain FILE LINE...: writes a domain file of those images.
domain() {
  local file=$1
  shift
  printf '%s\n' 'name: site' 'format: folder' 'images: site/images' 'labels: labels.csv' 'classes: [even, odd]' \
    'size: 24' 'range: full' "$@" >"$file"
}
domain near.yaml 'resize: nearest' 'center_crop: true'
domain plain.yaml
expect 0 '' train --data near.yaml --out near "${common[@]}" --size 24 --image-channels 1 --epochs 3 --batch 16

# ---- the AUC of predict's probabilities is the one that eval measures ---------------------------------

measured() { # measured MODEL DOMAIN-FILE
  expect 0 '' eval --model "$1" --data "$2" --split all --replicates 10 --threads 1 --json
  sed -nE 's/^ *"auc": ([0-9.]+),$/\1/p' stdout
}
# Rank sum of the odd images, ties at their mean rank.
predicted() { # predicted MODEL
  tail -n +2 labels.csv | cut -d, -f 1 | sed 's,^,site/images/,' |
    xargs "$xsite" predict --model "$1" --threads 1 --csv 2>stderr | tail -n +2 | cut -d, -f 8 >probability
  paste -d' ' probability <(tail -n +2 labels.csv | cut -d, -f 2) | sort -g | awk '
    { p[NR] = $1; odd[NR] = $2 == "odd" }
    END {
      for (i = 1; i <= NR; i = j) {
        for (j = i; j <= NR && p[j] == p[i]; j++) n += odd[j]
        for (k = i; k < j; k++) sum += odd[k] * (i + j - 1) / 2
      }
      printf "%.4f\n", 100 * (sum - n * (n + 1) / 2) / (n * (NR - n))
    }'
}

model=near/model.safetensors
eval_auc=$(measured $model near.yaml) auc=$(predicted $model)
# Two probabilities that are printed alike may still have had an order.
awk -v a="$eval_auc" -v b="$auc" 'BEGIN { exit !(a > 0 && a - b < 0.02 && b - a < 0.02) }' ||
  complain "AUC by eval: $eval_auc, by predict: $auc"
cp probability as-trained
for change in 's/\\"nearest\\"/\\"bilinear\\"/' 's/\\"center_crop\\":true/\\"center_crop\\":false/'; do
  edit_header $model "$change" >other.model
  cmp -s $model other.model && complain "the model was not changed by $change"
  predicted other.model >/dev/null
  cmp -s probability as-trained && complain "predict takes no notice of $change"
done

# ---- normalisation and the value of white -------------------------------------------------------------

# (v / 4095 - 1/2) / (1/2) and (v / 8190 - 1/4) / (1/4) are the same.
gray12=$repository/tests/golden/images/gray12.png
# One dark film may be of a site whose others are bright: it is answered as there, and flagged.
expect 0 'a domain file (range, max_value) and name it with --as; eval refuses' predict --model $model "$gray12"
contains stdout 'near black: its largest value is '
contains stderr '1 of 1 images are near black'
expect 0 '1 of 2 images are near black' predict --csv --model $model "$gray12" "$repository/tests/golden/images/gray.png"
[ "$(cut -d, -f 16 stdout | tr '\n' '|' | sed 's/[0-9]\+ of/N of/')" = 'doubt|near black: its largest value is N of 65535||' ] ||
  complain "the doubt: $(cat stdout)"
dark_site() { # dark_site FILE...: a site of these, even and odd in turn
  rm -rf dark && mkdir dark && cp "$@" dark && (cd dark && echo file,label && ls | awk '{ print $1 (NR % 2 ? ",even" : ",odd") }') >dark.csv
  sed 's,site/images,dark,; s/labels.csv/dark.csv/' near.yaml >dark.yaml
}
dark_site "$gray12" "$repository/tests/golden/images/gray.png"
expect 0 '' predict --csv --threads 1 --model $model dark/gray12.png
tail -n 1 stdout | cut -d, -f 5-8 >alone
expect 0 '' eval --data dark.yaml --split all --threads 1 --model $model --outputs dark-outputs.csv
grep '^gray12' dark-outputs.csv | cut -d, -f 5-8 | cmp - alone || complain 'predict and eval differ on a dark film'
dark_site "$gray12"
cp "$gray12" dark/other.png && echo other.png,odd >>dark.csv
expect 1 'near black' eval --data dark.yaml --split all --threads 1 --model $model
white() { # white MAX-VALUE MEAN-AND-DEVIATION: probabilities of the 12-bit image
  edit_header $model "s/\\\\\"max_value\\\\\":0.0/\\\\\"max_value\\\\\":$1/
    s/\\\\\"deviation\\\\\":\\[0.5\\]/\\\\\"deviation\\\\\":[$2]/; s/\\\\\"mean\\\\\":\\[0.5\\]/\\\\\"mean\\\\\":[$2]/" >other.model
  expect 0 '' predict --model other.model --csv --threads 1 "$gray12"
  tail -n 1 stdout | cut -d, -f 8
}
half=$(white 4095.0 0.5)
awk -v a="$half" -v b="$(white 8190.0 0.25)" 'BEGIN { exit !(a > 0 && a - b < 1e-4 && b - a < 1e-4) }' ||
  complain "the same values, described in two ways, give $half and $(white 8190.0 0.25)"
[ "$half" = "$(white 4095.0 0.25)" ] && complain 'predict takes no notice of the normalisation'

# ---- eval's notes -------------------------------------------------------------------------------------

expect 0 'AUC' eval --model $model --data near.yaml --threads 1
grep -q 'note:' stderr && complain "notes on the site that the model was trained on: $(cat stderr)"
edit_header $model 's/\\"max_value\\":0.0/\\"max_value\\":4095.0/' >other.model
differences='resize is bilinear (nearest), center_crop is false (true), max_value is that of the range (4095)'
expect 0 "$differences" eval --model other.model --data plain.yaml --threads 1
[ "$(grep -c 'note:' stderr)" -eq 1 ] || complain "eval says it in more than one line: $(cat stderr)"

# ---- read as another site's domain file says ------------------------------------------------------------

films=(site/images/0000000[0-9].png site/images/translated.png)
expect 0 "$differences" predict --as plain.yaml --model other.model --csv --threads 1 "${films[@]}"
grep -v '^image,' stdout | cut -d, -f 1,5-8,11 >as
edit_header $model 's/\\"nearest\\"/\\"bilinear\\"/; s/\\"center_crop\\":true/\\"center_crop\\":false/' >like.model
expect 0 '' predict --model like.model --csv --threads 1 "${films[@]}"
grep -v '^image,' stdout | cut -d, -f 1,5-8,11 | cmp - as || complain 'predict --as differs from a model whose record says the same'
grep -q 'note:' stderr && complain "predict by a complete record has notes: $(cat stderr)"
expect 2 'nowhere.yaml' predict --as nowhere.yaml --model $model "${films[0]}"

# ---- the size of the domain file does not matter where the network's is known ---------------------------

sed 's/^size: 24/size: 96/' near.yaml >large.yaml
expect 0 '' eval --model $model --data near.yaml --split all --replicates 10 --threads 1 --json
grep -v '"site"' stdout >kept
expect 0 '' eval --model $model --data large.yaml --split all --replicates 10 --threads 1 --json
grep -v '"site"' stdout | cmp - kept || complain 'eval depends on the size of the domain file'

# ---- blanks at the ends of names ------------------------------------------------------------------------

expect 0 '' eval --model $model --data near.yaml --split all --replicates 10 --threads 1 --outputs named.csv
edit_header $model 's/\\"odd\\"/\\" odd \\"/' >blanks.model
sed 's/\[even, odd\]/["even  ", odd]/' near.yaml >blanks.yaml
sed -i 's/,even$/,even /' labels.csv
expect 0 '' eval --model blanks.model --data blanks.yaml --split all --replicates 10 --threads 1 --outputs blanks.csv
cmp named.csv blanks.csv || complain 'blanks at the ends of names of classes count'
sed -i 's/ $//' labels.csv
edit_header $model 's/\\"odd\\"/\\"even \\"/' >twice.model
expect 1 "twice.model: metadata: classes: 'even' is there twice" predict --model twice.model "${films[0]}"
sed 's/\[even, odd\]/[even, "even "]/' near.yaml >twice.yaml
expect 2 'classes: "even" is listed twice' eval --model $model --data twice.yaml

# ---- what older files do not say --------------------------------------------------------------------------

edit_header $model 's/,\\"prepare\\":1//' >older.model
cmp -s $model older.model && complain 'the record of the preparation is not where the test looks for it'
edit_header $model 's/\\"preprocessing\\"/\\"preprocessed\\"/' >none.model
for verb in "predict ${films[0]}" 'eval --data near.yaml'; do
  # shellcheck disable=SC2086
  expect 0 'older.model: the model file does not say at which size' $verb --threads 1 --model older.model
  # shellcheck disable=SC2086
  expect 0 'none.model: the model file does not say how its images were prepared' $verb --threads 1 --model none.model
done
edit_header $model 's/\\"prepare\\":1/\\"prepare\\":9/' >newer.model
expect 1 'this version prepares images by version 1 only' predict --model newer.model "${films[0]}"

finish
