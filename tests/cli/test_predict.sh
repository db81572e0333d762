#!/usr/bin/env bash
# What a study's chosen classifier tells its users: calibrated probabilities, which model spoke, and whether an image
# is unlike those of the site that it was chosen for.
# usage: test_predict.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
optdigits=$repository/examples/optdigits.yaml mnist=$repository/examples/mnist-10k.yaml
printf 'name: p\nsites: [%s, %s]\npairs: [optdigits -> mnist]\nportfolio: [none]\n' "$optdigits" "$mnist" >study.yaml
expect 0 '' study run study.yaml --out run "${tiny[@]}"
model=run/nodes/choice-optdigits-mnist/model.safetensors
expect 0 'site.appearance' inspect model $model
contains stdout '"name":"mnist"' '"threshold":' 'temperature: '

# The weights are the candidate's: the same answers.
expect 0 '' eval --json --data "$optdigits" --threads 1 --model $model
grep -v '"model"' stdout >chosen
expect 0 '' eval --json --data "$optdigits" --threads 1 --model run/nodes/baseline-optdigits/model.safetensors
grep -v '"model"' stdout | cmp chosen - || complain 'the chosen classifier has other weights'

# Images of MNIST as files, and as many of noise.
mkdir digits noise inverted
python3 - "$repository/examples/data" <<'PYTHON'
import gzip, random, struct, sys, zlib
random.seed(1)
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
def write(path, side, pixels):
    rows = b"".join(b"\0" + pixels[side * i:side * (i + 1)] for i in range(side))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", side, side, 8, 0, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
for i in range(20):
    write(f"noise/{i}.png", 16, bytes(random.randrange(256) for _ in range(256)))
mnist = gzip.open(sys.argv[1] + "/mnist-10k-images-idx3-ubyte.gz").read()[16:]
for i in range(200):
    write(f"digits/{i:03}.png", 28, mnist[784 * 40 * i:784 * (40 * i + 1)])
PYTHON
expect 0 '' shift --kind inversion-3 --data "$mnist" --split test --out negative
find negative/images -name '*.png' | sort | head -n 20 | xargs cp -t inverted
flagged() { # flagged FOLDER: how many of its images are unlike
  expect 0 "$(sha256sum $model | cut -d' ' -f 1)" predict --csv --threads 1 --model $model "$1"
  cut -d, -f 37 stdout | grep -c '^yes$'
}
few=$(flagged digits) many=$(flagged noise) all=$(flagged inverted)
[ "$few" -le 12 ] || complain "$few of 200 images of the site itself are unlike it"
[ "$many" -ge 8 ] || complain "only $many of 20 images of noise are unlike the site"
[ "$all" -eq 20 ] || complain "only $all of 20 negatives are unlike the site: an adapted classifier may not see that, their looks tell"
expect 0 'unlike images of mnist (distance ' predict --threads 1 --model $model noise/3.png
expect 0 '"unlike": true' predict --json --threads 1 --model $model noise/3.png

# Calibrated: the same order of classes, and softmax(log p / T).
expect 0 '' predict --json --threads 1 --model $model digits
temperature=$("$xsite" inspect model $model | sed -n 's/^temperature: //p')
python3 - "$temperature" stdout <<'PYTHON' || complain "calibrated probabilities are not those of temperature $temperature"
import json, sys
t = float(sys.argv[1])
for image in json.load(open(sys.argv[2])):
    p, q = image["probability"], image["calibrated"]
    raw = {k: max(v, 1e-30) ** (1 / t) for k, v in p.items()}
    if min(p.values()) > 1e-6:
        assert all(abs(q[k] - raw[k] / sum(raw.values())) < 1e-3 for k in p), image
PYTHON

# What begins with it is for another site: neither is taken over.
expect 0 '' align --method shot --model $model --target "$optdigits" --limit 400 --steps 1 --batch 8 --threads 1 --out aligned
expect 0 '' inspect model aligned/model.safetensors
grep -qE '^(site|temperature):' stdout && complain 'an aligned model tells of the site of another'
# A temperature that ran into a bound is none, and predict says so.
edit_header $model 's/\(\\"temperature\\":\)[0-9.e+-]*/\1null/' >uncalibrated.safetensors
expect 0 'no calibrated probabilities' predict --csv --threads 1 --model uncalibrated.safetensors noise/3.png
head -n 1 stdout | grep -q 'calibrated_0' || complain 'columns change'
# Damage is told.
edit_header $model 's/site.appearance/site.appearancy/' >broken.safetensors
expect 1 '' predict --model broken.safetensors noise/3.png
expect 0 '' export --model $model --out model.onnx

finish
