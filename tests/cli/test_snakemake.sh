#!/usr/bin/env bash
# The exported graph, run by Snakemake with two jobs at a time: the bytes of a plain run; also where a
# job fails and is run again, and where Snakemake is killed.  Skipped (77) where there is no Snakemake.
# usage: test_snakemake.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
export HOME=$folder # Snakemake keeps a cache there

snakemake=${XSITE_SNAKEMAKE:-$(command -v snakemake || echo "$repository/build/snakemake/bin/snakemake")}
if ! "$snakemake" --version >version 2>&1; then
  echo "skipped: there is no Snakemake; tools/install-snakemake installs it, or name one in XSITE_SNAKEMAKE"
  exit 77
fi
echo "Snakemake $(cat version)"

cat >'a {study}.yaml' <<YAML
name: graph
sites: [$repository/examples/optdigits.yaml, $repository/examples/mnist-10k.yaml]
pairs: [optdigits -> mnist]
limit: 600
size: 16
replicates: 100
checkpoint_every: 3
classifier: {epochs: 3, batch: 32}
tune: {epochs: 2, batch: 32}
adapter: {channels: 2, blocks: 1, batch: 8, generator_steps: 20}
histogram: {images: 20}
coral: {steps: 5, batch: 8}
portfolio: [none, paper, histogram, histogram+coral]
YAML
study=('a {study}.yaml' --threads 1)

expect 0 'chosen: ' study run "${study[@]}" --out plain
plain=$(results_of plain)

# engine OUT WORD...: Snakemake on the exported graph.
export_to() { "$xsite" study export --snakemake "${study[@]}" --out "$1" >"$1.smk" || complain "no export to $1"; }
engine() {
  local out=$1
  shift
  "$snakemake" --cores 2 --snakefile "$out.smk" "$@" >"$out.log" 2>&1 </dev/null
}
# ends_like_plain OUT WHAT
ends_like_plain() {
  same "$plain" "$(results_of "$1")" "$2"
  expect 0 'the seal holds' inspect run --seal "$1"
}

export_to 'whole run'
engine 'whole run' || complain "Snakemake fails: $(cat 'whole run.log')"
ends_like_plain 'whole run' 'a study run by Snakemake'
engine 'whole run' && contains 'whole run.log' 'Nothing to be done'

# A job fails: its node is in use.  The others go on; the next start runs what is missing.
export_to failed
mkdir -p failed/nodes/baseline-mnist
(
  flock 9
  engine failed --keep-going && complain 'a failed job is not noticed'
  contains failed.log 'failed/nodes/baseline-mnist: another xsite is at work in this folder'
  [ -e failed/nodes/choice-optdigits-mnist/record.json ] || complain "the other jobs did not go on: $(cat failed.log)"
  [ ! -e failed/results.json ] || complain 'there are results without all nodes'
  [ $failures -eq 0 ]
) 9>failed/nodes/baseline-mnist/.lock || failures=$((failures + 1))
engine failed || complain "running a failed job again: $(cat failed.log)"
ends_like_plain failed 'a study with a job that had failed'

# Killed with its jobs as soon as a node is at work beyond the first.
export_to killed
set -m # a process group of its own
engine killed &
process=$!
set +m
for _ in $(seq 3000); do
  [ -e killed/nodes/translator-paper-optdigits-mnist/checkpoint.safetensors ] && break
  kill -0 $process 2>/dev/null || break
  sleep 0.01
done
kill -KILL -- -$process 2>/dev/null
wait $process 2>/dev/null
[ ! -e killed/results.json ] || complain 'it was killed too late to tell'
engine killed --unlock || complain "unlocking: $(cat killed.log)"
engine killed --rerun-incomplete || complain "Snakemake after it was killed: $(cat killed.log)"
ends_like_plain killed 'a study whose Snakemake was killed'

# That adaptation is predicted to hurt is a result, and no failed job, whose results Snakemake would remove.
python3 "$repository/tests/support/two_class_sites.py" .
cat >harm.yaml <<YAML
name: harm
seed: 3
sites: [clinic.yaml, annex.yaml]
pairs: [clinic -> annex]
size: 16
image_channels: 1
replicates: 100
classifier: {epochs: 12, batch: 32, steps_per_epoch: 10}
tune: {epochs: 4, batch: 32, steps_per_epoch: 10}
adapter: {channels: 2, blocks: 1, batch: 8, generator_steps: 5}
choice: {rule: bold, predictor: confidence-difference}
YAML
study=(harm.yaml --threads 1)
export_to harm
engine harm || complain "Snakemake where adaptation hurts: $(cat harm.log)"
contains harm.log 'adaptation is predicted to hurt for 1 of 1 pairs'
[ -s harm/results.json ] || complain 'Snakemake has removed the results'
finish
