#!/usr/bin/env bash
# The gate at the door: exit status, page, JSON and refusals.  What is found: tests/check/test_data_check.c.
# usage: test_data_check.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
python3 "$repository/tests/support/two_class_sites.py" . || exit 1
quick=(--replicates 50 --threads 1)

# ---- two sites of small pictures, as they are ------------------------------------------------------

expect 0 '0 faults' data check clinic.yaml ward.yaml "${quick[@]}" --accept shortcut --accept artefact
contains stdout 'clinic: ' 'ward: ' ' 0 unreadable'

# ---- chance at small sites --------------------------------------------------------------------------

# 12 sites of 20 images of noise: the bootstrap's error alone found a shortcut at 5 of them.
python3 - <<'PYTHON' || exit 1
import random, struct, zlib
from pathlib import Path

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

draw = random.Random(1)
for site in range(12):
    folder, lines = Path(f"noise{site}"), ["file,label"]
    folder.mkdir()
    for i in range(20):
        width = draw.choice([64, 80])
        rows = b"".join(b"\0" + draw.randbytes(width) for _ in range(64))
        header = struct.pack(">IIBBBBB", width, 64, 8, 0, 0, 0, 0)
        png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
        (folder / f"{i}.png").write_bytes(png)
        lines.append(f"{i}.png,{'ab'[i % 2]}")
    Path(f"noise{site}.csv").write_text("\n".join(lines) + "\n")
    Path(f"noise{site}.yaml").write_text(f"name: noise{site}\nformat: folder\nimages: noise{site}\nlabels: noise{site}.csv\nclasses: [a, b]\nsize: 64\n")
PYTHON
for i in 0 1 2 3 4 5 6 7 8 9 10 11; do
  "$xsite" data check noise$i.yaml --replicates 200 --threads 1 --near-bits -1 2>/dev/null | grep -E '^fault (shortcut|artefact)' | head -n 1
done >chance
[ "$(wc -l <chance)" -le 2 ] || complain "shortcuts in noise: $(cat chance)"

# ---- with faults -----------------------------------------------------------------------------------

first=$(ls clinic | head -n 1)
cp "clinic/$first" clinic/copy.png
head -c 40 "clinic/$first" >clinic/cut.png
label=$(grep "^$first," clinic.csv | cut -d, -f 2)
printf 'copy.png,%s,elsewhere,,\ncut.png,normal,elsewhere,,\n' "$label" >>clinic.csv
expect 3 'fault duplicates: 2 images in 1 set' data check clinic.yaml "${quick[@]}" --out checked --groups
contains stdout 'fault unreadable: 1 of ' 'copy.png' 'cut.png' 'checked/check.html'
contains stderr 'the data have 2 faults; see above and check.html in checked'
[ "$(ls checked)" = "$(printf '%s\n' check.html check.json groups-clinic.csv sheet-2-duplicates.png)" ] ||
  complain "data check wrote: $(ls checked)"
contains checked/check.html 'Data check' 'duplicates' 'data:image/png;base64,' 'Table 1.'
grep -qE '(src|href)="http' checked/check.html && complain 'the page needs other files'
expect 3 '"kind": "duplicates"' data check clinic.yaml "${quick[@]}" --json
cp stdout first.json
expect 3 '' data check clinic.yaml "${quick[@]}" --json --threads 2
cmp stdout first.json || complain 'two threads find something else'
cmp first.json checked/check.json || complain 'check.json is not what --json prints'
expect 0 '2 accepted' data check clinic.yaml "${quick[@]}" --accept duplicates --accept unreadable
contains stdout 'accepted duplicates'
expect 1 'clinic/cut.png' train --data clinic.yaml --out never

# ---- the group file keeps the copy beside its original -----------------------------------------------

sed -i '$d' clinic.csv
cp clinic.yaml grouped.yaml
echo 'group_file: checked/groups-clinic.csv' >>grouped.yaml
expect 0 'note repeats: 2 images in 1 set' data check grouped.yaml "${quick[@]}"

# ---- digits, and what is refused ---------------------------------------------------------------------

expect 0 'optdigits: 300 images' data check "$repository/examples/optdigits.yaml" --limit 300 "${quick[@]}" \
  --accept artefact --accept exposure --accept duplicates --accept classes --accept site-told
expect 2 'needs DOMAIN-FILE' data check
expect 2 'did you mean duplicates' data check clinic.yaml --accept duplicate
expect 2 'did you mean site-recognisable' data check clinic.yaml --accept site-recognizable
expect 2 'say where to write them' data check clinic.yaml --groups
expect 2 'no group files' data check "$repository/examples/optdigits.yaml" --groups --out checked --limit 100
expect 2 'group_file is for sites of format folder' data check <(sed '$a group_file: x.csv' "$repository/examples/optdigits.yaml")
expect 1 'no column "fold" (split_column)' data check clinic.yaml --split-column fold
expect 2 'not-there.yaml' data check not-there.yaml

finish
