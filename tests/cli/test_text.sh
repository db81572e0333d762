#!/usr/bin/env bash
# Names from anywhere: bytes that are no text, formulas, what steers a terminal; streams that are closed; pipes that never end.
# usage: test_text.sh XSITE REPOSITORY
source "$(dirname "$0")/common.sh"
cd "$folder" || exit 1

python3 "$repository/tests/support/two_class_sites.py" . || exit 1
expect 0 '' train --data clinic.yaml --size 16 --image-channels 1 --epochs 1 --batch 16 --threads 1 --out trained
model=trained/model.safetensors
film=$(find clinic -name '*.png' | sort | head -n 1)

# ---- bytes that are no text ----

expect 2 "--set: name: 'a\\xFF' is not UTF-8 text" study plan "$repository/examples/demo.yaml" --set $'name=a\xff' --out run
expect 2 "--class: '\\xE9' is not UTF-8 text" import --architecture lenet --weights $model --size 16 --normalisation half \
  --class $'\xe9' --class b --out imported.safetensors

expect 2 "data/caf\\xE9' --threads 1 $repository/examples/demo.yaml' is not UTF-8 text" study export --snakemake --threads 1 "$repository/examples/demo.yaml" \
  --data-dir $'data/caf\xe9'

mkdir films
for name in $'caf\xe9.png' $'caf\xea.png' 'café.png' '=1+1.png' '@sum.png' '-7.png' $'red\x1b[31m.png'; do cp "$film" "films/$name"; done
"$xsite" predict --model $model --threads 1 --json films >names.json || complain 'predict --json fails on strange names'
"$xsite" predict --model $model --threads 1 --csv films >names.csv || complain 'predict --csv fails on strange names'
python3 - <<'PYTHON' || complain 'names are lost'
import csv, json
wanted = {"caf\\xE9.png", "caf\\xEA.png", "café.png", "=1+1.png", "@sum.png", "-7.png", "red\x1b[31m.png"}
assert {a["file"].removeprefix("films/") for a in json.load(open("names.json"))} == wanted
assert {a["image"].removeprefix("films/") for a in csv.DictReader(open("names.csv", encoding="utf-8"))} == wanted
PYTHON

# ---- formulas: a spreadsheet shows them, it does not compute them ----

(cd films && "$xsite" predict --model ../$model --threads 1 --csv -- '=1+1.png' '@sum.png' '-7.png' >../formulas.csv)
contains formulas.csv "'=1+1.png," "'@sum.png," "'-7.png,"
{
  head -n 1 clinic.csv
  sed -n 2,41p clinic.csv | sed "s/\\b${film##*/}\\b/=2+2.png/"
} >odd.csv
mv "$film" 'clinic/=2+2.png'
sed 's/clinic\.csv/odd.csv/; s/^name:.*/name: odd/; s/split: hash/split: stratified/' clinic.yaml >odd.yaml
expect 0 '' eval --model $model --data odd.yaml --split all --threads 1 --outputs outputs.csv
contains outputs.csv "'=2+2.png,"

# ---- what shift writes is read again, whatever the names are ----

python3 - <<'PYTHON'
import csv, re
rows = list(csv.reader(open("odd.csv")))
turn = {"normal": '=normal, "none"\x7f\x9b\x85\u2028\ufeff.', "finding": "-finding\U0001f3e5\\x"}
classes = ", ".join('"' + "".join(f"\\U{ord(c):08x}" for c in name) + '"' for name in turn.values())
site = re.sub("classes: .*", lambda _: f"classes: [{classes}]", open("odd.yaml").read())
open("quoted.yaml", "w").write(site.replace("odd.csv", "quoted.csv").replace("name: odd", "name: quoted"))
with open("quoted.csv", "w", newline="", encoding="utf-8") as f:
    csv.writer(f).writerows([[turn.get(cell, cell) for cell in row] for row in rows])
PYTHON
expect 0 '' shift --data quoted.yaml --kind blur-2 --split all --out blurred
expect 0 '' shift --data blurred/site.yaml --kind blur-2 --split all --out twice
cmp -s <(cut -d, -f1 blurred/labels.csv | wc -l) <(cut -d, -f1 twice/labels.csv | wc -l) || complain 'shift does not read what it wrote'

# ---- a terminal gets no escapes: on a terminal of its own, and in a message anywhere ----

expect 1 'gone\x1B[31m.png' predict --model $model $'gone\x1b[31m.png'
if python3 -c 'import os; os.openpty()' 2>/dev/null; then
  python3 - "$xsite" $model >terminal.out <<'PYTHON' || complain 'predict on a terminal fails'
import os, pty, sys
status = pty.spawn([sys.argv[1], "predict", "--model", sys.argv[2], "--threads", "1", "films"])
sys.exit(os.waitstatus_to_exitcode(status))
PYTHON
  contains terminal.out 'red\x1B[31m.png' 'café.png'
  grep -q $'red\x1b' terminal.out && complain 'a name steers the terminal'
else
  echo 'no pseudo-terminal can be had here: names on one were not tried'
fi

# ---- streams that are closed ----

import=(import --architecture lenet --weights $model --size 16 --normalisation half --class a --class b)
expect 0 '' "${import[@]}" --out open.safetensors
(exec "$xsite" "${import[@]}" --out closed.safetensors <&- >&- 2>&-) || complain 'import fails where streams are closed'
cmp open.safetensors closed.safetensors || complain 'a line went into a file'
(exec "$xsite" eval --model $model --data odd.yaml --threads 1 >&- 2>&-) && complain 'eval: status 0, though its answer went nowhere'

# ---- a fault ends with a message, and without a core ----

if ! nm "$xsite" 2>/dev/null | grep -q __asan_init; then # a sanitizer tells it
  mkfifo waiting.yaml
  "$xsite" train --data waiting.yaml --out faulty 2>fault.err &
  # until it is the program, and no longer the shell, and has its handler: bit 10 of the caught signals
  until [ /proc/$!/exe -ef "$xsite" ] && (((0x$(awk '/^SigCgt/ { print $2 }' /proc/$!/status) >> 10) & 1)); do sleep 0.05; done
  kill -SEGV $!
  wait $!
  [ $? -eq 1 ] || complain 'a fault ends otherwise'
  contains fault.err 'a fault of the program'
fi

# ---- a pipe that nobody writes to gives way to the first signal ----

mkfifo never.yaml
timeout --signal=TERM --kill-after=60 0.5 "$xsite" train --data never.yaml --out never 2>/dev/null
[ $? -ne 137 ] || complain 'SIGTERM does not end a wait for a pipe'

finish
