#!/usr/bin/env bash
# A run takes nodes of another run folder that were made from the same, and no others; the seal says so.
# usage: test_nodes_of.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1

for name in near far; do
  digit_site $name labels-$name && cp labels labels-$name
done
digit_study shared 2 1
nodes='adapted-histogram-near-far baseline-far baseline-near choice-near-far translator-histogram-near-far '

# taken OUT NODES DONOR: the seal says that just these nodes were made in DONOR, with the hashes of their records there.
taken() { # begun: a node that was begun here may have opened labels
  python3 - "$@" <<'PYTHON' || complain "taken in $1: not $2"
import hashlib, json, pathlib, sys
out, nodes, donor = pathlib.Path(sys.argv[1]), sys.argv[2].split(), pathlib.Path(sys.argv[3]).resolve()
lines = [json.loads(l) for l in open(out / "seal.jsonl")]
said = [l for l in lines if "taken_from" in l]
assert sorted(l["node"] for l in said) == sorted(nodes), [l["node"] for l in said]
for l in said:
    assert l["taken_from"] == str(donor), l
    assert l["record"] == hashlib.sha256((donor / "nodes" / l["node"] / "record.json").read_bytes()).hexdigest()
opened = {l["node"] for l in lines if "opens" in l}
assert out.name == "begun" or not opened & set(nodes), opened
PYTHON
}

expect 0 'chosen: ' study run "${run[@]}" --out first
first=$(results_of first)

# All of the same study, byte for byte; nothing is opened but the test labels, and nothing is linked.
expect 0 'baseline-near: taken from first/nodes/baseline-near, where it was made from the same' \
  study run "${run[@]}" --out all --nodes-of first
same "$first" "$(results_of all)" 'a run whose nodes are all taken'
taken all "$nodes" first
expect 0 'the seal holds' inspect run --seal all
contains stdout "TAKEN" "baseline-near was made in $folder/first and copied as it was sealed there" '5 nodes were taken from other run folders'
[ -z "$(find all -type l)$(find all -links +1 -type f)" ] || complain 'a node is linked'
expect 0 'nothing to do' study run "${run[@]}" --out all

# Of a study with another translator what does not depend on it; what is made is what a run alone makes.
other=(--set histogram.images=10)
expect 0 '' study run "${run[@]}" "${other[@]}" --out alone
expect 0 '' study run "${run[@]}" "${other[@]}" --out part --nodes-of first
same "$(results_of alone)" "$(results_of part)" 'a run that shares some nodes and one that makes all'
taken part 'baseline-far baseline-near' first
expect 0 '' study run "${run[@]}" --set classifier.epochs=3 --out none --nodes-of first
taken none '' first

# The first folder that has it counts; a node that was taken can be taken again.
expect 0 '' study run "${run[@]}" "${other[@]}" --out both --nodes-of none --nodes-of part --nodes-of first
taken both "$nodes" part

# A donor that is not as it was sealed is left, with a reason, and the node is made.
leaves() { # leaves DONOR WHY
  expect 0 "baseline-near: is not taken from $1: $2" study run "${run[@]}" --out "by-$1" --nodes-of "$1"
  same "$first" "$(results_of "by-$1")" "a run beside $1"
  grep -q '"node":"baseline-near".*taken_from' "by-$1/seal.jsonl" && complain "baseline-near is taken from $1"
}
cp -r first damaged && echo damage >>damaged/nodes/baseline-near/curve.tsv
leaves damaged 'damaged/nodes/baseline-near/curve.tsv: is not the file that was recorded'
cp -r first forged && sed -i 's/"threads": 1/"threads": 3/' forged/nodes/baseline-near/record.json
leaves forged 'forged/nodes/baseline-near/record.json: is not the file that was recorded'
cp -r first broken && sed -i '2s/"split":"[a-z]*"/"split":"test"/' broken/seal.jsonl
leaves broken 'broken/seal.jsonl:2: the chain is broken'
cp -r first bare && rm bare/seal.jsonl
leaves bare 'seal.jsonl is not there'
cp -r first unmade && rm -r unmade/nodes/baseline-near
expect 0 '' study run "${run[@]}" --out by-unmade --nodes-of unmade
taken by-unmade "${nodes/baseline-near /}" unmade
same "$first" "$(results_of by-unmade)" 'a run beside a donor that lacks a node'

# Killed while it is copied, or before its record is there: it is not done, and goes on with the donor or without.
cp -r all half && rm half/results.json half/report.html half/nodes/baseline-near/{record.json,curve.tsv}
cp -r half half-alone
expect 0 'baseline-near: taken from first' study run "${run[@]}" --out half --resume --nodes-of first
same "$first" "$(results_of half)" 'a copy that was broken off'
expect 0 'baseline-near: best of 2 epochs' study run "${run[@]}" --out half-alone --resume
same "$first" "$(results_of half-alone)" 'a copy that was broken off, without the donor'
hold killed/nodes/baseline-far/model.safetensors study run "${run[@]}" --out killed --nodes-of first
let_go
expect 0 '' study run "${run[@]}" --out killed --resume --nodes-of first
same "$first" "$(results_of killed)" 'a run that was killed while it copied'
# One that has begun to train a node takes it all the same.
hold begun/nodes/baseline-near/checkpoint.safetensors study run "${run[@]}" --out begun
let_go
expect 0 '' study run "${run[@]}" --out begun --resume --nodes-of first
same "$first" "$(results_of begun)" 'a node that was begun, and then taken'
taken begun "$nodes" first

# A node whose copy was changed is taken again.
cp -r all changed && echo damage >>changed/nodes/choice-near-far/model.safetensors
expect 1 'is not the file that was recorded' study run "${run[@]}" --out changed --nodes-of first
expect 0 'choice-near-far: taken from' study run "${run[@]}" --out changed --resume --nodes-of first
same "$first" "$(results_of changed)" 'a copy that was changed'

expect 1 '--nodes-of nowhere: is no run folder' study run "${run[@]}" --out never --nodes-of nowhere
[ ! -e never/nodes/baseline-near/record.json ] || complain 'a refused run made a node'
finish
