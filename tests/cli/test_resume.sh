#!/usr/bin/env bash
# A study that is broken off at any instant and resumed ends with the same bytes.
# usage: test_resume.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"

# Long enough to be broken off in the middle.
tiny+=(--set classifier.steps_per_epoch=30)

demo() { # demo OUT WORD...
  local out=$1
  shift
  "$xsite" study run "$repository/examples/demo.yaml" --set portfolio=paper --out "$out" "${tiny[@]}" "$@" \
    >"$folder/stdout" 2>"$folder/stderr" </dev/null
}

hash_of() { grep "/$1.safetensors" <<<"$whole" | sed 's/ .*//'; } # hash_of MODEL: of the whole run's

now_ms() { echo $(($(date +%s%N) / 1000000)); }

start=$(now_ms)
demo "$folder/whole" || complain "a plain run fails: $(cat "$folder/stderr")"
took=$(($(now_ms) - start))
demo "$folder/again" || complain "a second plain run fails: $(cat "$folder/stderr")"
whole=$(results_of "$folder/whole")
same "$whole" "$(results_of "$folder/again")" 'two plain runs'
[ -z "$(find "$folder/whole" -perm /077)" ] || complain "others may read $(find "$folder/whole" -perm /077 | head -n 3)"
for file in results.json report.html nodes/translator-paper-optdigits-mnist/{generator.safetensors,curve.tsv,translated.png} \
  nodes/adapted-paper-optdigits-mnist/model.safetensors; do
  grep -q " ./$file$" <<<"$whole" || complain "a plain run has no $file"
done

# Finished: nothing is to be done.
demo "$folder/again" || complain "status $? at a finished run"
grep -q 'nothing to do' "$folder/stderr" || complain 'a finished run is not called finished'
demo "$folder/again" --resume || complain "status $? at a finished run with --resume"
same "$whole" "$(results_of "$folder/again")" 'a finished run started again'

# The instants are drawn from the whole run's time; the seed makes a failure repeat.
RANDOM=7
broken_off=0
break_off() { # break_off SIGNAL OUT WORD...: starts a run and sends the signal at a random instant
  local signal=$1 process status
  shift
  "$xsite" study run "$repository/examples/demo.yaml" --set portfolio=paper --out "$@" "${tiny[@]}" \
    >"$folder/stdout" 2>"$folder/stderr" </dev/null &
  process=$!
  sleep "$(printf '0.%03d' $((RANDOM % 900 + 50)) | awk -v t=$took '{print $1 * t / 1000}')"
  kill -"$signal" $process 2>/dev/null
  wait $process 2>/dev/null
  status=$?
  [ $status -eq 0 ] && took=$((took / 2)) # it was done before the signal came
  return $status
}

survive() { # survive OUT SIGNAL...: one run, broken off by each signal in turn, then finished
  local out=$1 signal status
  shift
  for signal in "$@"; do
    break_off "$signal" "$out" --resume
    status=$?
    [ $status -eq 0 ] && break
    broken_off=$((broken_off + 1))
    [ "$signal" = KILL ] && continue
    [ $status -eq 1 ] && grep -q 'continue with --resume' "$folder/stderr" ||
      complain "status $status after SIG$signal: $(cat "$folder/stderr")"
  done
  demo "$out" --resume || complain "resuming fails: $(cat "$folder/stderr")"
  same "$whole" "$(results_of "$out")" "a run broken off by $*"
}

for i in 1 2 3; do survive "$folder/killed$i" KILL KILL; done
survive "$folder/asked" TERM INT
[ $broken_off -ge 2 ] || complain "only $broken_off runs were broken off; the instants are too late"

# The same of an adapter whose source classifier learns, too, and whose generator sees the critic's last images.
plain=$(hash_of generator)
tiny+=(--set adapter.source_every=2 --set adapter.generator_batch=critic --set adapter.target_mode=training)
demo "$folder/learning" || complain "an adapter whose F_S learns fails: $(cat "$folder/stderr")"
whole=$(results_of "$folder/learning")
[ "$plain" = "$(hash_of generator)" ] && complain 'the generator is the same whatever its batches are and whatever F_S does'
cut -f 12 "$folder/learning/nodes/translator-paper-optdigits-mnist/curve.tsv" | grep -c '[0-9]' | grep -qx 2 ||
  complain 'the curve has no losses of F_S'
survive "$folder/learning-killed" KILL KILL

# A broken run is only continued when asked to.
for _ in 1 2 3 4 5 6 7 8; do
  break_off KILL "$folder/broken"
  [ -e "$folder/broken/nodes" ] && [ ! -e "$folder/broken/results.json" ] && break
  rm -rf "$folder/broken"
done
before=$(snapshot "$folder/broken")
demo "$folder/broken"
status=$?
[ $status -eq 1 ] && grep -q 'continue it with --resume' "$folder/stderr" ||
  complain "a broken run without --resume: status $status, $(cat "$folder/stderr")"
same "$before" "$(snapshot "$folder/broken")" 'a refused run'

# Nobody else may work in a folder while a process does; when that is killed, others may.
study=(study run "$repository/examples/demo.yaml" --set portfolio=paper --out "$folder/held" "${tiny[@]}")
hold "$folder/held/nodes" "${study[@]}"
expect 1 "$folder/held: another xsite is at work in this folder" "${study[@]}"
expect 1 "$folder/held: another xsite is at work in this folder" "${study[@]}" --resume
let_go
demo "$folder/held" --resume || complain "resuming what was held: $(cat "$folder/stderr")"
same "$whole" "$(results_of "$folder/held")" 'a run that was held'

# A checkpoint with a changed bit is said, and its node begins anew.
checkpoint=$folder/flipped/nodes/baseline-optdigits/checkpoint.safetensors
for _ in 1 2 3 4 5 6 7 8; do
  hold "$checkpoint" study run "$repository/examples/demo.yaml" --set portfolio=paper --out "$folder/flipped" "${tiny[@]}"
  let_go
  [ -e "$checkpoint" ] && break
  rm -rf "$folder/flipped"
done
cp "$checkpoint" "$folder/kept.safetensors"
place=$(($(stat -c %s "$checkpoint") / 2))
byte=$(od -A n -t u1 -j $place -N 1 "$checkpoint")
printf '%b' "$(printf '\\x%02x' $((byte ^ 4)))" | dd of="$checkpoint" bs=1 seek=$place conv=notrunc status=none
[ "$(cmp -l "$checkpoint" "$folder/kept.safetensors" | wc -l)" -eq 1 ] || complain 'no bit of the checkpoint was changed'
expect 0 'it will begin anew' inspect run "$folder/flipped"
demo "$folder/flipped" --resume || complain "resuming from a damaged checkpoint: $(cat "$folder/stderr")"
contains "$folder/stderr" "begins anew: $checkpoint is damaged"
same "$whole" "$(results_of "$folder/flipped")" 'a run with a damaged checkpoint'
train=(train --data "$repository/examples/optdigits.yaml" --out "$folder/trained" --threads 1 --size 16 --epochs 3)
hold "$folder/trained/study.json" "${train[@]}"
expect 1 "$folder/trained: another xsite is at work in this folder" "${train[@]}"
let_go
expect 0 'validation AUC' "${train[@]}" --resume

# Kernels that were measured are in the checkpoint, and the resumed run uses those.
measured="$folder/measured/nodes/baseline-optdigits"
for _ in 1 2 3 4 5 6 7 8 9; do
  "$xsite" study run "$repository/examples/demo.yaml" --set portfolio=paper --out "$folder/measured" "${tiny[@]}" \
    --set checkpoint_every=1 --set classifier.epochs=4 --measure-kernels \
    >"$folder/stdout" 2>"$folder/stderr" </dev/null &
  process=$!
  for _ in $(seq 400); do
    [ -e "$measured/checkpoint.safetensors" ] && break
    sleep 0.02
  done
  kill -KILL $process 2>/dev/null
  wait $process 2>/dev/null
  [ -e "$measured/checkpoint.safetensors" ] && break
  rm -rf "$folder/measured"
done
# The checkpoint's choices are turned round to another kernel, which the resumed run must keep.
kernels_of() { grep -aoE '"kernels": ?\{[^}]*\}|\\"kernels\\": ?\{[^}]*\}' "$1" | tr -d '\\ \n'; }
edit_header "$measured/checkpoint.safetensors" 's/\\"blocks\\"/\\"strided\\"/g' >"$folder/turned"
cmp -s "$folder/turned" "$measured/checkpoint.safetensors" && complain 'no choice was turned round'
mv "$folder/turned" "$measured/checkpoint.safetensors"
head -c 100000 "$measured/checkpoint.safetensors" | tr '\0' ' ' >"$folder/head"
before=$(kernels_of "$folder/head")
grep -q strided <<<"$before" && ! grep -q blocks <<<"$before" || complain "not turned round: $before"
"$xsite" study run "$repository/examples/demo.yaml" --set portfolio=paper --out "$folder/measured" "${tiny[@]}" \
  --set checkpoint_every=1 --set classifier.epochs=4 --measure-kernels --resume \
  >"$folder/stdout" 2>"$folder/stderr" </dev/null || complain "resuming measured kernels: $(cat "$folder/stderr")"
grep -q 'continues after step' "$folder/stderr" || complain 'the run with measured kernels began again'
[ -n "$before" ] || complain 'no kernels in the checkpoint'
[ "$before" = "$(kernels_of <(tr -d '\n' <"$measured/record.json"))" ] ||
  complain "other kernels than before the interruption: $before $(cat "$measured/record.json")"

# Another folder can be told to use the same kernels, and gives the same bytes; so does a node that is made again.
measured_study=(study run "$repository/examples/demo.yaml" --set portfolio=paper "${tiny[@]}" --set checkpoint_every=1
  --set classifier.epochs=4)
before=$(results_of "$folder/measured")
expect 0 '' "${measured_study[@]}" --out "$folder/replayed" --kernels-of "$folder/measured"
same "$before" "$(results_of "$folder/replayed")" 'a run with the kernels of another'
rm "$folder/measured"/{results.json,report.html} "$measured/model.safetensors"
expect 0 'is not as it was written: it is made again' "${measured_study[@]}" --out "$folder/measured" --resume
same "$before" "$(results_of "$folder/measured")" 'a node made again'
expect 1 'no kernels are recorded there' "${measured_study[@]}" --out "$folder/other" --kernels-of "$folder/nowhere"
[ -e "$folder/other/nodes" ] && complain 'something was trained without the kernels that were asked for'
train=(train --data "$repository/examples/optdigits.yaml" --threads 1 --size 16 --epochs 2)
expect 1 'no kernels are recorded there' "${train[@]}" --out "$folder/other-trained" --kernels-of "$folder/nowhere"
expect 0 '' "${train[@]}" --out "$folder/first" --measure-kernels
expect 0 '' "${train[@]}" --out "$folder/second" --kernels-of "$folder/first"
same "$(snapshot "$folder/first" | grep model)" "$(snapshot "$folder/second" | grep model)" 'training with the kernels of another'
grep -q strided "$folder/replayed/nodes/baseline-optdigits/record.json" || complain 'kernels were not taken over'

finish
