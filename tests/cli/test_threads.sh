#!/usr/bin/env bash
# What the environment tells OpenMP changes no number: what works with fewer threads than asked for gives what so many
# threads give, and all of it ends.
# usage: test_threads.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
mnist=$repository/examples/mnist-10k.yaml
film=$repository/tests/golden/images/gray.png

# results FILE WORD...: what training, measuring, predicting and the self-test give with these options.
results() {
  local file=$1
  shift
  rm -rf trained
  expect 0 '' train --data "$mnist" --out trained --limit 600 --size 16 --epochs 1 --checkpoint-every 2 "$@"
  sha256sum trained/model.safetensors trained/curve.tsv >"$file" || complain 'nothing was trained'
  expect 0 '"auc"' eval --json --data "$mnist" --model trained/model.safetensors "$@"
  cat stdout >>"$file"
  expect 0 'gray.png' predict --csv --model trained/model.safetensors "$film" "$@"
  cat stdout >>"$file"
  expect 0 'pass  gradient on the CPU' selftest
  cat stdout >>"$file"
}

# given SETTING WANTED WORD...: the results in the file WANTED, with the setting in the environment.
given() {
  local setting=$1 wanted=$2
  shift 2
  export "${setting?}"
  results found "$@"
  unset "${setting%=*}"
  cmp -s "$wanted" found || complain "$setting $*: $(diff "$wanted" found)"
}

# Three threads are more than many a machine would be given.
results one --threads 1
results two --threads 2
results three --threads 3
given OMP_THREAD_LIMIT=1 one --threads 3
given OMP_THREAD_LIMIT=2 two --threads 3
given OMP_MAX_ACTIVE_LEVELS=0 one --threads 3
given OMP_DYNAMIC=true three --threads 3
export OMP_NUM_THREADS=3 # without --threads
given OMP_SCHEDULE=static three
given OMP_THREAD_LIMIT=1 one
given OMP_MAX_ACTIVE_LEVELS=0 one
given OMP_DYNAMIC=true three
unset OMP_NUM_THREADS

# A step says how many threads it had.
step() { # step SETTING THREADS
  export "${1?}"
  expect 0 "\"threads\": $2" bench step --threads 3 --channels 4 --batch 4 --size 16 --blocks 1 --repeats 1 --json
  unset "${1%=*}"
}
step OMP_SCHEDULE=static 3
step OMP_THREAD_LIMIT=1 1
step OMP_MAX_ACTIVE_LEVELS=0 1
step OMP_DYNAMIC=true 3
finish
