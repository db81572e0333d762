#!/usr/bin/env bash
# A folder that cannot be opened, or read to its end, is an error wherever it is listed: no image, hash or node is left
# out in silence.
# usage: test_failing_folder.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" # a library is preloaded
python3 "$repository/tests/support/two_class_sites.py" . || exit 1
printf 'name: bare\nformat: folder\nimages: clinic\nsize: 16\n' >bare.yaml
mkdir -p deep/films && cp "clinic/$(ls clinic | head -n 1)" deep/films/
train=(train --data clinic.yaml --size 16 --epochs 1 --batch 8 --threads 1)

# failing VARIABLE FOLDER WORD...: the program fails there and says so.
failing() {
  local variable=$1 where=$2 reason='cannot read this folder: Input/output error'
  shift 2
  [ "$variable" = UNOPENABLE_FOLDER ] && reason='cannot open this folder: Too many open files; too many files are open'
  env LD_PRELOAD="${FAILING_FOLDERS:?}" "$variable=$where" "$xsite" "$@" >stdout 2>stderr </dev/null
  local found=$?
  [ $found -eq 1 ] && grep -qF "$where: $reason" stdout stderr && return
  complain "$variable=$where xsite $*: status $found: $(cat stdout stderr)"
}

expect 0 '' "${train[@]}" --out run
model=run/model.safetensors
for variable in FAILING_FOLDER UNOPENABLE_FOLDER; do
  failing $variable clinic data check bare.yaml --threads 1
  failing $variable deep/films predict --threads 1 --model $model deep
  failing $variable new "${train[@]}" --out new # its files could not be hashed
  failing $variable run "${train[@]}" --out run # whether it holds a run cannot be known
done
expect 0 '' predict --threads 1 --model $model deep

# A study: a run folder, its nodes and its seal.
printf 'name: s\nsites: [clinic.yaml, ward.yaml]\npairs: [clinic -> ward]\nportfolio: [none]\n' >study.yaml
node=(study node study.yaml --threads 1 --set size=16 --set classifier.epochs=1 --set classifier.batch=8 baseline-clinic)
expect 0 '' "${node[@]}" --out out
for variable in FAILING_FOLDER UNOPENABLE_FOLDER; do
  failing $variable out "${node[@]}" --out out
  failing $variable out/nodes inspect run out
  env LD_PRELOAD="$FAILING_FOLDERS" $variable=out/nodes "$xsite" inspect run --seal out >stdout 2>stderr
  [ $? -ne 0 ] && grep -q 'FAULT .*out/nodes: cannot' stdout || complain "the seal holds: $(cat stdout stderr)"
done
expect 0 '' inspect run --seal out
finish
