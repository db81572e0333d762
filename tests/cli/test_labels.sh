#!/usr/bin/env bash
# Archives' label files by the mappings of examples/mappings, against counts by Python; sites opened by a mapping.
# XSITE_NIH_CSV: the real Data_Entry_2017_v2020.csv(.gz), where it is there.
# usage: test_labels.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
mappings=$repository/examples/mappings
cd "$folder" || exit 1
python3 "$repository/bench/archives.py" archives --share 0.01 || exit 1

# counted ARCHIVE FILE...: the same numbers as Python's.
counted() {
  local archive=$1 files
  shift
  files=("$@")
  "$xsite" labels --json "$mappings/$archive.yaml" "${files[@]}" >found.json 2>stderr || complain "$archive: $(cat stderr)"
  [ "$archive" = mimic ] && files=("${files[@]:0:2}")
  python3 "$repository/tests/golden/labels_golden.py" "$archive" "${files[@]}" --compare found.json >faults ||
    complain "$(cat faults)"
}
nih=archives/nih/Data_Entry_2017_v2020.csv
mimic=archives/mimic/mimic-cxr-2.0.0
padchest=archives/padchest/PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv
counted nih $nih
counted chexpert archives/chexpert/train.csv
counted mimic $mimic-metadata.csv $mimic-chexpert.csv
counted mimic $mimic-metadata.csv $mimic-chexpert.csv $mimic-split.csv
counted padchest $padchest
gzip -k $nih && counted nih $nih.gz
sed 's/$/\r/' $nih >crlf.csv && counted nih crlf.csv
{ printf '\xef\xbb\xbf' && cat archives/chexpert/train.csv; } >bom.csv && counted chexpert bom.csv
[ -z "${XSITE_NIH_CSV:-}" ] || counted nih "$XSITE_NIH_CSV"
# the files of MIMIC in any order
"$xsite" labels --json "$mappings/mimic.yaml" $mimic-metadata.csv $mimic-chexpert.csv | grep -v mimic-cxr >one
"$xsite" labels --json "$mappings/mimic.yaml" $mimic-chexpert.csv $mimic-metadata.csv | grep -v mimic-cxr >other
cmp -s one other || complain "the order of MIMIC's files matters: $(diff one other | head -5)"

# ---- policies ----

images() { "$xsite" labels --json "$@" | python3 -c '
import json, sys
j = json.load(sys.stdin)
print(*[c["images"] for c in j["classes"]], sum(l["images"] for l in j["left_out"]))'; }
cat >table.csv <<'END'
Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices
x/train/patient1/study1/a_frontal.jpg,Male,50,Frontal,AP,1.0,,,,,,,,,,,,,
x/train/patient2/study1/b_frontal.jpg,Male,50,Frontal,AP,,,,1.0,,,,,,,,,,
x/train/patient3/study1/c_frontal.jpg,Male,50,Frontal,AP,,,,-1.0,,,,,,,,,,
x/train/patient4/study1/d_frontal.jpg,Male,50,Frontal,AP,,,,0.0,0.0,0.0,0.0,0.0,0.0,,,,,
x/train/patient5/study1/e_frontal.jpg,Male,0,Frontal,AP,,,,0.0,,,,,,,,,,1.0
x/train/patient6/study1/f_frontal.jpg,Male,17,Frontal,PA,,,,,,,,,,,,,,
END
# policy EXPECTED OPTION...: negative, positive and left out.
policy() {
  local expected=$1 found
  shift
  found=$(images "$@" "$mappings/chexpert.yaml" table.csv 2>stderr)
  [ "$found" = "$expected" ] || complain "$*: '$found' instead of '$expected': $(cat stderr)"
}
policy '5 1 0'
policy '4 2 0' --set policy.uncertain=positive
policy '4 1 1' --set policy.uncertain=ignore
policy '1 1 4' --set policy.negatives=strict
policy '2 1 3' --set policy.blank=unknown # c: its blanks; d says no to all
policy '4 1 1' --set keep.age_from=18
policy '3 1 2' --set keep.age_from=18 --set keep.unknown_age=no
policy '0 0 6' --set keep.views=LL
printf 'a_frontal.jpg\ntrain/patient2/study1/b_frontal.jpg\nz.jpg' >list.txt
policy '1 1 4' --only list.txt
expect 0 'the list has 3 names, 1 of them without a row' labels --only list.txt "$mappings/chexpert.yaml" table.csv

# ---- faults ----

expect 2 "did you mean policy.uncertain?" labels --set policy.uncertian=ignore "$mappings/chexpert.yaml" table.csv
expect 2 "must be positive, negative or ignore" labels --set policy.uncertain=maybe "$mappings/chexpert.yaml" table.csv
sed 's/^  uncertain:/  uncertian:/' "$mappings/chexpert.yaml" >bad.yaml
expect 2 "bad.yaml:25: 'uncertian' is no option of the section policy of the mapping file; did you mean uncertain?" \
  labels bad.yaml table.csv
sed 's/Lung Lesion,/Lung Leison,/' table.csv >wrong.csv
expect 1 'wrong.csv: no column "Lung Lesion" (labels.positive)' labels "$mappings/chexpert.yaml" wrong.csv
sed '3d' table.csv >wrong.csv
expect 3 'class "opacity" has no image' labels "$mappings/chexpert.yaml" wrong.csv
sed 's/,-1.0,/,perhaps,/' table.csv >wrong.csv
expect 3 'wrong.csv:4: "Lung Opacity = perhaps" is none of the values' labels "$mappings/chexpert.yaml" wrong.csv
contains stderr 'put it into labels.positive_values, negative_values or uncertain_values'
grep -q nearest stdout && complain "a value is no term: $(cat stdout)"
cat table.csv <(tail -n 1 table.csv | sed 's/PA,,,,,/PA,,,,1.0,/') >wrong.csv
expect 3 '1 kept rows repeat an image, 1 with another outcome' labels "$mappings/chexpert.yaml" wrong.csv
expect 0 'another age' labels --set keep.age_from=18 "$mappings/chexpert.yaml" wrong.csv # the repeated one is 17
sed 's,x/train/patient2/,x/train/../../,' table.csv >wrong.csv
expect 1 'wrong.csv:3: image "train/../../study1/b_frontal.jpg" leads out of the folder' labels "$mappings/chexpert.yaml" wrong.csv
cp $mimic-chexpert.csv other.csv
cat $mimic-chexpert.csv <(sed -n 2p $mimic-chexpert.csv) >wrong.csv
expect 1 'has the same keys (`join` of' labels "$mappings/mimic.yaml" $mimic-metadata.csv wrong.csv
expect 1 'chexpert.csv and other.csv both have the column "Lung Opacity" (labels.positive); name only one of them, or' \
  labels --set labels.from=csv "$mappings/mimic.yaml" $mimic-metadata.csv $mimic-chexpert.csv other.csv
# all four files: chexpert's labels, or negbio's, here without one positive finding
sed '2,$s/,1\.0/,0.0/g' $mimic-chexpert.csv >negbio.csv
four=("$mappings/mimic.yaml" negbio.csv $mimic-split.csv $mimic-metadata.csv $mimic-chexpert.csv)
"$xsite" labels --json "$mappings/mimic.yaml" $mimic-metadata.csv $mimic-chexpert.csv | grep -E '"(opacity|no opacity)"' >one
"$xsite" labels --json "${four[@]}" | grep -E '"(opacity|no opacity)"' >other
[ -s one ] && cmp -s one other || complain "all four files of MIMIC: $(cat one other)"
expect 3 'class "opacity" has no image' labels --set labels.from=negbio "${four[@]}"
expect 1 'has none of the columns by which' labels "$mappings/mimic.yaml" $mimic-metadata.csv table.csv
sed '2s/Finding/Finding|Mas/' $nih | sed '2s/,[^,]*,/,No Finding|Mas,/' >wrong.csv
expect 3 'wrong.csv:2: "Mas" is none of the terms' labels "$mappings/nih.yaml" wrong.csv
grep -q 'Mas .* nearest: Mass' stdout || complain "no nearest term: $(cat stdout)"
expect 2 'labels needs MAPPING CSV' labels "$mappings/nih.yaml"

# ---- several rows an image, as RSNA's boxes: counts are of images ----

python3 - <<'END'
import csv, zipfile
rows = [("patientId", "x", "y", "Target")]
for i in range(100):
    for box in range(i % 3 if i % 4 == 0 else 0) or [0]:
        rows.append(("%03d" % i, box, "", int(i % 4 == 0)))
with open("boxes.csv", "w", newline="") as f:
    csv.writer(f).writerows(rows)
with zipfile.ZipFile("boxes.csv.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.write("boxes.csv")
END
cat >boxes.yaml <<'END'
mapping: boxes
version: 1
classes: [no opacity, opacity]
columns:
  image: "{patientId}.png"
  patient: patientId
labels:
  cells: columns
  positive: [Target]
END
expect 3 'kept rows repeat an image that is listed already; take them out, or say in the mapping how the rows' labels boxes.yaml boxes.csv
contains stdout '  opacity (25.0 %) ' ' 100 images, 100 patients'
expect 0 'rows: any decides for 8 images of several rows, 0 of them with rows that differ' labels --set rows=any boxes.yaml boxes.csv
contains stdout 'in 108 rows ' '  opacity (25.0 %) ' ' 25 images, 25 patients'
expect 0 'rows: majority decides for 8 images' labels --set rows=majority boxes.yaml boxes.csv.zip
expect 2 'must be any, all or majority' labels --set rows=most boxes.yaml boxes.csv
{ cat boxes.csv && printf '4.0,0,,1\n8,0,,1\n'; } >points.csv
expect 0 '2 patient ids are written in several ways that are one number, e.g. 004 and 4.0: they count' labels \
  --set rows=any boxes.yaml points.csv

# ---- sites ----

python3 "$repository/bench/archives.py" small --images 400 --side 16 || exit 1
# site NAME LINE...: a domain file beside the archives.
site() {
  local name=$1
  shift
  { printf 'name: %s\nformat: folder\nmapping: %s\nsize: 16\n' "$name" "$mappings/$name.yaml" && printf '%s\n' "$@"; } >"$name.yaml"
}
site nih 'images: [small, small/nih/images]' 'labels: small/nih/Data_Entry_2017_v2020.csv'
site chexpert 'images: small/chexpert' 'labels: small/chexpert/train.csv'
site mimic 'images: small/mimic' 'labels: [small/mimic/mimic-cxr-2.0.0-metadata.csv, small/mimic/mimic-cxr-2.0.0-chexpert.csv]'
site padchest 'images: small/padchest' "labels: small/${padchest#archives/}" 'max_value: 4095'
for name in nih chexpert mimic padchest; do
  expect 0 '' train --data $name.yaml --out run-$name --threads 1 --size 16 --epochs 1 --batch 8
done
# sites of one class order can be studied together, whatever their archives
printf 'name: x\nsites: [nih.yaml, chexpert.yaml]\npairs: [nih -> chexpert]\n' >study.yaml
expect 0 'baseline-nih' study plan --quick study.yaml
site chexpert 'images: small/chexpert' 'labels: small/chexpert/train.csv' 'mapping_set: [policy.uncertain=ignore]'
expect 0 '' study node study.yaml --out out --threads 1 --set size=16 --set classifier.epochs=1 --set classifier.batch=8 baseline-nih
python3 - <<'END' || complain "study.json does not say which mappings: $(cat out/study.json)"
import json
m = json.load(open("out/study.json"))["mappings"]
assert [(m[s]["mapping"], m[s]["version"], m[s]["set"], len(m[s]["fingerprint"])) for s in ("nih", "chexpert")] == [
    ("nih-opacity", 1, [], 16), ("chexpert-opacity", 1, ["policy.uncertain=ignore"], 16)]
assert json.load(open("run-nih/study.json"))["mappings"]["data"]["mapping"] == "nih-opacity"
END
sed 's/^version: 1/version: 2/' "$mappings/nih.yaml" >mine.yaml && sed -i 's,^mapping: .*,mapping: mine.yaml,' nih.yaml
expect 0 '' train --data nih.yaml --out mine --threads 1 --size 16 --epochs 1 --batch 8
sed -i 's/^version: 2/version: 3/' mine.yaml
expect 1 'mappings.data.version differs, that file has changed since' train --data nih.yaml --out mine --threads 1 --size 16 --epochs 1 --batch 8
site nih 'images: [small, small/nih/images]' 'labels: small/nih/Data_Entry_2017_v2020.csv'
rm -r out
site chexpert 'images: small/chexpert' 'labels: small/chexpert/train.csv' 'mapping_set: [policy.uncertain=perhaps]'
expect 2 'chexpert.yaml: mapping_set: policy.uncertain' study node study.yaml --out out baseline-chexpert
site chexpert 'images: small/chexpert' 'labels: small/chexpert/train.csv' 'classes: [a, b]'
expect 2 'classes is in the mapping file' study node study.yaml --out out baseline-chexpert
sed 1d small/nih/Data_Entry_2017_v2020.csv | cut -d, -f 1 >names.txt && echo 99999999_000.png >>names.txt
site nih 'images: [small, small/nih/images]' 'labels: small/nih/Data_Entry_2017_v2020.csv' 'only: names.txt'
unlisted='1 of 401 names in names.txt have no row in the label files of nih; the first: 99999999_000.png'
expect 0 "$unlisted" train --data nih.yaml --out some --threads 1 --size 16 --epochs 1 --batch 8
expect 0 "note unreadable: $unlisted" data check nih.yaml --threads 1 --replicates 50
rm small/nih/images/*_000.png
expect 1 "are not there; \`xsite data check nih.yaml --out DIR\` lists them; --skip-unreadable leaves them out" train --data nih.yaml --out missing
finish
