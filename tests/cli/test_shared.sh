#!/usr/bin/env bash
# One translator for all targets of a source: what it is made from, who takes it, how it is used by a site's name.
# usage: test_shared.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1

digit_study shared 2 1
digit_site near
digit_site far
digit_site other
cat >>study.yaml <<YAML
adapter: {channels: 2, blocks: 1, batch: 8, generator_steps: 40, source_every: 2}
YAML
sed -i 's/^sites: .*/sites: [near.yaml, far.yaml, other.yaml]/; s/^pairs: .*/pairs: [near -> far, near -> other]\ntranslator: shared/;
  s/^portfolio: .*/portfolio: [none, paper, robust+paper]/' study.yaml
study() { "$xsite" study run study.yaml --threads 1 --out "$@" >"$folder/stdout" 2>"$folder/stderr"; }
study whole
status=$?
[ $status -eq 0 ] || [ $status -eq 3 ] || complain "status $status: $(tail -n 3 "$folder/stderr")"

shared=whole/nodes/shared-paper-near
for file in generator discriminator target-far target-other; do
  [ -s $shared/$file.safetensors ] || complain "the shared translator has no $file.safetensors"
done
python3 - $shared/record.json <<'PYTHON' || complain 'the record does not list all that the shared translator made'
import json, sys
made = {"curve.tsv"} | {f"{name}.safetensors" for name in ("generator", "discriminator", "target-far", "target-other")}
assert set(json.load(open(sys.argv[1]))["files"]) == made
PYTHON
[ -d whole/nodes/shared-robust+paper-near ] || complain 'robust+paper has no shared translator'
python3 - whole <<'PYTHON' || complain 'the pairs do not take the shared translator'
import json, pathlib, struct, sys
nodes = pathlib.Path(sys.argv[1]) / "nodes"
def read(path):
    data = path.read_bytes()
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    return json.loads(header["__metadata__"]["xsite"]), data[8 + size:]
meta, weights = read(nodes / "shared-paper-near" / "generator.safetensors")
assert meta["sites"] == ["near", "far", "other"] and meta["domains"] == 3 and "target_domain" not in meta, meta
for domain, target in ((1, "far"), (2, "other")):
    own, same = read(nodes / f"translator-paper-near-{target}" / "generator.safetensors")
    assert same == weights and own["target_domain"] == domain, (target, own)
    record = json.load(open(nodes / f"translator-paper-near-{target}" / "record.json"))
    assert {"translated.png", "original.png", "target.png", "curve.tsv", "change.json"} <= set(record["files"]), record["files"]
# No label of a target was opened for it; it was made before any test label was opened.
lines = [json.loads(line) for line in open(nodes.parent / "seal.jsonl")]
opened = {line["opens"] for line in lines if line.get("node", "").startswith("shared-") and "opens" in line}
assert opened == {"near"}, opened
inputs = json.load(open(nodes / "shared-paper-near" / "record.json"))["inputs"]
assert inputs["targets"] == ["far", "other"] and "labels" not in inputs["sites"]["far"], inputs
PYTHON
cmp -s whole/nodes/translator-paper-near-{far,other}/translated.png && complain 'both targets get the same translations'
contains whole/report.html 'All targets of a source share one translator'

# The same bytes when it is broken off.
hold again/nodes/shared-paper-near/checkpoint.safetensors study run study.yaml --threads 1 --out again --set checkpoint_every=1
let_go
[ -e again/nodes/shared-paper-near/record.json ] && complain 'the shared translator was not broken off: it was done'
study again --set checkpoint_every=1 --resume
same "$(grep -E '\.safetensors|\.png' <<<"$(results_of whole)")" "$(grep -E '\.safetensors|\.png' <<<"$(results_of again)")" 'a run broken off'

# By a site's name, from the shared file and from a pair's copy.
translate=(translate --data near.yaml --limit 30 --split test --threads 1 --model)
expect 0 '' "${translate[@]}" $shared/generator.safetensors --to other --out by-name
expect 0 '' "${translate[@]}" $shared/generator.safetensors --domain 2 --out by-number
expect 0 '' "${translate[@]}" whole/nodes/translator-paper-near-other/generator.safetensors --out by-pair
expect 0 '' "${translate[@]}" whole/nodes/translator-paper-near-other/generator.safetensors --to far --out far-by-pair
expect 0 '' "${translate[@]}" $shared/generator.safetensors --to far --out far
images() { (cd "$1/images" && sha256sum -- *); }
same "$(images by-name)" "$(images by-number)" 'a site by name and by number'
same "$(images by-name)" "$(images by-pair)" "the shared translator and the pair's copy"
same "$(images far)" "$(images far-by-pair)" "another site from a pair's copy"
[ "$(images by-name)" = "$(images far)" ] && complain 'both sites get the same translations'
expect 2 "has no site 'nowhere'; its sites: near, far, other" "${translate[@]}" $shared/generator.safetensors --to nowhere --out new
expect 2 'give one of them' "${translate[@]}" $shared/generator.safetensors --to far --domain 2 --out new
expect 0 '' export --model $shared/generator.safetensors --out shared.onnx
grep -qaF '0 near, 1 far, 2 other' shared.onnx || complain 'the ONNX file does not name its sites'

# Targets in another order are other domains: it is made again.
sed 's/near -> far, near -> other/near -> other, near -> far/' study.yaml >turned.yaml
expect 0 'made again: targets differs' study plan turned.yaml --threads 1 --out whole --quick

# What cannot be shared is refused before anything is made.
refused() { # refused MESSAGE SED
  sed "$2" study.yaml >bad.yaml
  expect 2 "$1" study run bad.yaml --threads 1 --out bad
  [ -e bad ] && complain 'a refused study makes a folder'
}
refused "shares its translator with the other targets of near" 's/near -> other\]/near -> other adapter.cycle=5]/'
refused "2 targets share half of it evenly: 6 is no multiple of 4" 's/batch: 8/batch: 6/'
refused "there is no such way" 's/near -> other\]/near -> other via=far]/'
finish
