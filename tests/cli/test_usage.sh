#!/usr/bin/env bash
# The program as a user types it: help, wrong verbs and options, exit statuses, unreadable files.
# usage: test_usage.sh XSITE REPOSITORY
set -u
xsite=$1
repository=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# expect STATUS TEXT WORD...: the exit status, and a text that standard output or error contains.
expect() {
  local status=$1 text=$2 found
  shift 2
  "$xsite" "$@" >"$folder/out" 2>"$folder/err" </dev/null
  found=$?
  if [ $found -ne "$status" ] || ! grep -qF -- "$text" "$folder/out" "$folder/err"; then
    echo "xsite $*: status $found instead of $status, or this is missing: $text"
    cat "$folder/out" "$folder/err"
    failures=$((failures + 1))
  fi
}

expect 0 'study run FILE' --help
expect 0 'xsite ' --version
expect 2 'a verb is needed'
for verb in 'study run' 'study plan' report eval predict export 'inspect model' translate shift 'data get' \
  'data import mnistm' selftest; do
  expect 0 "usage: xsite $verb" $verb --help
done
expect 0 'study plan FILE' study --help
expect 0 'data import mnistm' data import --help
expect 0 'study run FILE' help
expect 0 'usage: xsite study run' help study run
expect 0 'study plan FILE' help study
expect 2 "did you mean 'selftest'?" help selftst
expect 2 "begin with 'study' are above" study
expect 2 "'study rnu' is no verb; did you mean 'study run'?" study rnu FILE
expect 2 "did you mean 'selftest'?" selftst
expect 2 "see xsite --help" frobnicate

expect 2 'did you mean --threads?' study run FILE --thraeds 3
expect 2 "--threads: 'many' is not allowed here; it must be a whole number" study run FILE --threads many
bench='bench classifier --batch 1 --repeats 1 --json'
OMP_NUM_THREADS=3,2 expect 0 '"threads": 3' $bench
OMP_NUM_THREADS=3 expect 0 '"threads": 1' $bench --threads 1
expect 0 'classifier step: ' $bench --no-json --threads 1 --explain --trace "$folder/trace.json"
for line in 'this machine: 1 thread,' '; copies (read and write)' 'the rest is here:' ' lost ms  time ms  share'; do
  if ! grep -qF "$line" "$folder/out"; then
    echo "--explain lacks: $line"
    failures=$((failures + 1))
  fi
done
# The trace is in the trace event format: a named track for the step, an event with its times for every kernel.
python3 - "$folder/trace.json" <<'PYTHON' || failures=$((failures + 1))
import json, sys
events = json.load(open(sys.argv[1]))["traceEvents"]
kernels = [e for e in events if e["ph"] == "X"]
names = {e["args"]["name"] for e in events if e["ph"] == "M"}
assert "classifier step" in names and len(kernels) > 10, (names, len(kernels))
for e in kernels:
    assert e["ts"] >= 0 and e["dur"] >= 0 and e["name"] and {"pid", "tid", "args"} <= e.keys(), e
assert all(a["ts"] + a["dur"] <= b["ts"] + 0.01 for a, b in zip(kernels, kernels[1:])), "events overlap"
PYTHON
# A site's images are read ahead as in training, and waiting for them is told; of made-up ones there is none.
site=$repository/examples/optdigits.yaml
expect 0 'waiting for images: ' bench classifier --batch 4 --repeats 2 --threads 1 --explain --data "$site"
for channels in 1 3; do
  expect 0 'waiting for images: ' bench step --channels 2 --batch 4 --repeats 1 --threads 1 --explain --data "$site" \
    --image-channels $channels
done
expect 0 'The images are made up' bench classifier --batch 4 --repeats 1 --threads 1 --explain
expect 0 '"waiting_ms": null' $bench --threads 1 --explain
expect 1 'fewer than a batch of 2000' bench classifier --batch 2000 --repeats 1 --data "$site"
expect 1 "$folder/trace.json is there already; nothing was changed" $bench --trace "$folder/trace.json"
expect 0 '"limited_by": "products"' $bench --threads 1 --explain
expect 2 '--model needs a value' eval --model
expect 2 'eval needs --model FILE' eval
expect 2 'predict needs IMAGE...' predict --model m
expect 2 'one word too many' report a b
expect 2 'exclude each other' predict --model m --json --csv a.png
expect 2 'train, validation, test or all' eval --model m --data d --split half

expect 2 "$folder/none.yaml: cannot open" study run "$folder/none.yaml"
expect 2 'optdigits.yaml: is a domain file, but a study file is needed here; it describes one site' \
  study run "$repository/examples/optdigits.yaml"
expect 2 'is a study file, but a domain file is needed here; give one of the domain files that it lists under sites' \
  train --data "$repository/examples/digits.yaml" --out "$folder/trained"
printf 'name: mixed\nsites: [%s, %s]\n' "$repository/examples/digits.yaml" "$repository/examples/optdigits.yaml" >"$folder/mixed.yaml"
expect 2 'digits.yaml: is a study file, but a domain file is needed here' study plan "$folder/mixed.yaml"
expect 1 "$folder/none: cannot open" inspect model "$folder/none"
expect 1 'is no safetensors file' inspect model "$repository/CMakeLists.txt"
expect 1 'cannot open' eval --model "$folder/none" --data "$folder/none.yaml"
expect 0 'note: "schön \"quoted\""' inspect model "$repository/tests/golden/safetensors_python.safetensors"
expect 0 'I64   []' inspect model "$repository/tests/golden/safetensors_python.safetensors"
expect 0 'pass  model file' selftest

expect 2 "'much' is not allowed here; it must be a number of bytes" bench classifier --memory much
expect 1 'the training step: intermediate values need' bench classifier --batch 8 --memory 10K

printf 'name: x\nadapter:\n  bach: 3\n' >"$folder/wrong.yaml"
expect 2 "$folder/wrong.yaml:3: 'bach' is no option of the section adapter" study plan "$folder/wrong.yaml"
expect 2 'adapter.batch' study plan "$repository/examples/demo.yaml" --set adapter.bach=3

if [ -e /dev/full ] && "$xsite" --help >/dev/full 2>"$folder/err"; then
  echo 'a full disk is not noticed'
  failures=$((failures + 1))
fi
# Errors go to standard error, help to standard output.
"$xsite" frobnicate 2>/dev/null | grep -q . && failures=$((failures + 1)) && echo 'error on stdout'

echo "$failures failures"
[ $failures -eq 0 ]
