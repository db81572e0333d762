#!/usr/bin/env bash
# What can happen to a study's folder: killed, full, shared, damaged, its data changed, the clock set.
# usage: [JUMPING_CLOCK=FILE.so] test_study_folder.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1

digit_site near && digit_site far
digit_study folder 3 2
expect 0 'chosen: ' study run "${run[@]}" --out whole
whole=$(results_of whole)
unfinish() { # unfinish OUT: a copy of the whole run before its results
  cp -r whole "$1" && rm -rf "$1"/results.json "$1"/report.html "$1"/figures
}

# ---- other processes -------------------------------------------------------------------------------

# A whole run keeps everybody out and is named; what it leaves when killed stands in nobody's way.
hold held/nodes/baseline-near/checkpoint.safetensors study run "${run[@]}" --out held
for verb in "study run" "study run --resume" "study node"; do
  node=
  [ "$verb" = 'study node' ] && node=baseline-far
  # shellcheck disable=SC2086
  expect 1 "another xsite is at work in this folder (process $process on" $verb "${run[@]}" $node --out held
done
let_go
contains held/.lock "process $process on"
expect 1 'continue it with --resume' study run "${run[@]}" --out held
expect 0 '' study run "${run[@]}" --out held --resume
same "$whole" "$(results_of held)" 'a run after its process was killed'

# A node keeps others from itself and from running the whole, and lets them run other nodes.
node=shared/nodes/baseline-near
hold $node/checkpoint.safetensors study node "${run[@]}" baseline-near --out shared
expect 1 "$node: another xsite is at work in this folder (process $process on" study node "${run[@]}" baseline-near --out shared
expect 1 'another xsite is at work in this folder (process ' study run "${run[@]}" --out shared
expect 1 'seed differs' study node "${run[@]}" baseline-far --out shared --set seed=2
expect 0 '' study node "${run[@]}" baseline-far --out shared
let_go
expect 0 '' study run "${run[@]}" --out shared --resume
same "$whole" "$(results_of shared)" 'a run after one of its nodes was killed'

# Of many that begin at once, none is refused and none is in another's way.
for round in 1 2 3 4 5; do
  processes=()
  for node in baseline-near baseline-far; do
    "$xsite" study node "${run[@]}" $node --out "begun$round" >"$node.$round" 2>&1 </dev/null &
    processes+=($!)
  done
  for process in "${processes[@]}"; do wait "$process" || complain "begun at once: $(cat ./*."$round")"; done
done

# ---- a full disk -----------------------------------------------------------------------------------

# full OUT KIB: files beyond so many KiB cannot grow.
full() {
  (
    ulimit -f "$2"
    "$xsite" study run "${run[@]}" --out "$1" --resume >stdout 2>stderr </dev/null
  )
  local status=$?
  [ $status -eq 1 ] && grep -q "$1/.*cannot write" stderr || complain "a disk that is full at $2 KiB: status $status, $(cat stderr)"
}
full model 8
expect 0 '' study run "${run[@]}" --out model --resume
same "$whole" "$(results_of model)" 'a run after the disk was full'
# The seal's log cannot take the next line, or could take only a part of it.
unfinish sealed && full sealed $(($(stat -c %s whole/seal.jsonl) / 2048))
unfinish torn && printf '{"n":' >>torn/seal.jsonl
for out in sealed torn; do
  expect 0 '' study run "${run[@]}" --out $out --resume
  same "$whole" "$(results_of $out)" "$out: a run after its seal's log was cut off"
  expect 0 'the seal holds' inspect run --seal $out
done

# ---- what was changed behind the study's back ------------------------------------------------------

finished='the study is finished: there is nothing to do'
expect 0 "$finished" study run "${run[@]}" --out whole
expect 0 "$finished" study run "${run[@]}" --out whole --verify
contains stderr 'the seal holds' 'site far: 600 images'

cp labels kept && { head -c 8 kept && tail -c +9 kept | tr '\001\002' '\002\001'; } >labels
expect 1 'whole holds a run on other images or labels of near' study run "${run[@]}" --out whole --verify
cp kept labels && cp images kept
{ head -c 1040 kept && head -c 6400 /dev/zero && tail -c +7441 kept; } >images
expect 1 'whole holds a run on other images or labels of near' study run "${run[@]}" --out whole --verify
cp kept images && rm kept
echo '# a word more' >>far.yaml
expect 1 'files_read.far differs, that file has changed since' study run "${run[@]}" --out whole
expect 1 'files_read.far differs, that file has changed since' study run "${run[@]}" --out whole --verify
digit_site far
cp -r whole unknown && rm unknown/sites/far
expect 1 'unknown/sites/far: is not there' study run "${run[@]}" --out unknown --verify
cp -r whole damaged && echo damage >>damaged/nodes/adapted-histogram-near-far/model.safetensors
for how in '' --verify; do
  # shellcheck disable=SC2086
  expect 1 'adapted-histogram-near-far/model.safetensors: is not the file that was recorded' study run "${run[@]}" --out damaged $how
done
expect 0 'model.safetensors is not as it was written: it is made again' study run "${run[@]}" --out damaged --resume
same "$whole" "$(results_of damaged)" 'a finished run after a node was damaged'
expect 0 'the seal holds' inspect run --seal damaged
same "$whole" "$(results_of whole)" 'a run that was verified'

# ---- sites that do not fit -------------------------------------------------------------------------

{ head -c 8 labels && tail -c +9 labels | tr '\000\001\002\003\004\005\006\007\010\011' '\000'; } >zeros
refused() { # refused STATUS TEXT: before anything is trained
  expect "$1" "$2" study run "${run[@]}" --out refused
  [ ! -e refused/nodes ] || complain "something was trained in spite of: $2"
  rm -rf refused
}
digit_site far zeros
refused 1 'far.yaml: class "1" has no image'
digit_site far zeros 'classes: ["0"]'
refused 2 'far.yaml: classes: one class ("0"), at least two are needed'
digit_site far labels 'classes: ["0", "1", "2", "3", "4", "5", "6", "7", "9", "8"]'
refused 1 'have different classes'
digit_site far

# ---- a clock that jumps ----------------------------------------------------------------------------

if [ -n "${JUMPING_CLOCK:-}" ]; then
  export ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
  LD_PRELOAD=$JUMPING_CLOCK expect 0 '' study run "${run[@]}" --out clock
  same "$whole" "$(results_of clock)" 'a run while the clock jumps back'
  first=$(head -n 1 clock/seal.jsonl | grep -o '"time":"[^"]*"')
  last=$(tail -n 1 clock/seal.jsonl | grep -o '"time":"[^"]*"')
  [[ $last < $first ]] || complain "the clock did not jump: $first $last"
  expect 0 'the seal holds' inspect run --seal clock
  unfinish later && LD_PRELOAD=$JUMPING_CLOCK expect 0 '' study run "${run[@]}" --out later --resume
  same "$whole" "$(results_of later)" 'a run resumed before it began'
fi
finish
