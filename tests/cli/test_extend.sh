#!/usr/bin/env bash
# A finished study that is changed: only what is missing or made from something else is made, the plan says so before, and
# the seal says afterwards what was made when test labels had been opened.
# usage: test_extend.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1

for name in near far new; do
  digit_site $name labels-$name && cp labels labels-$name
done
digit_study extended 2 1
run+=(--set classifier.steps_per_epoch=10 --set tune.steps_per_epoch=10)

# The nodes alone: results.json names those that were made late, and the page says what the study is.
unmeasured() { grep '/nodes/'; }
records() { (cd "$1/nodes" && stat -c '%n %i %Y %Z' ./*/record.json | sort); }
# extend OUT NODES WORD...: the plan, with and without estimates, lists just these nodes and the results, and the run makes them.
extend() {
  local out=$1 nodes=$2 before made planned
  shift 2
  for quick in --quick ''; do
    # shellcheck disable=SC2086
    "$xsite" study plan "${run[@]}" "$@" --out "$out" $quick >plan 2>stderr || complain "plan $*: $(cat stderr)"
    planned=$(awk '/^to do/ && $3 != "results" { print $3 }' plan | sort | tr '\n' ' ')
    [ "$planned" = "$nodes" ] || complain "plan $quick $*: $planned instead of $nodes: $(cat plan)"
  done
  grep -q '^to do results' plan || complain "plan $*: the results are not measured again: $(cat plan)"
  before=$(records "$out")
  expect 0 '' study run "${run[@]}" "$@" --out "$out" --resume
  made=$(comm -13 <(echo "$before") <(records "$out") | sed -E 's|^\./([^/]*)/.*|\1|' | sort | tr '\n' ' ')
  [ "$made" = "$nodes" ] || complain "run $*: made $made instead of $nodes"
  expect 0 'the study is finished: there is nothing to do' study run "${run[@]}" "$@" --out "$out"
  expect 0 'the seal holds' inspect run --seal "$out"
}

expect 0 'chosen: ' study run "${run[@]}" --out first
expect 0 'test labels only after everything was made' inspect run --seal first
first=$(results_of first)

# ---- without --resume nothing is touched -----------------------------------------------------------

expect 1 'classifier.epochs differs' study run "${run[@]}" --out first --set classifier.epochs=3
contains stderr '--resume makes what is missing' 'nothing was changed'
expect 1 'seed differs' study run "${run[@]}" --out first --set seed=2 --resume
expect 1 'name differs' study run "${run[@]}" --out first --set name=other --resume
same "$first" "$(results_of first)" 'a refused change'
expect 0 'holds this study as it was: classifier.epochs differs' study plan "${run[@]}" --out first --quick --set classifier.epochs=3
contains stdout 'to do baseline-near' '(made again: classifier.epochs differs)' \
  'adapted-histogram-near-far' '(made again: baseline-near is made from something else)'

# ---- one thing more --------------------------------------------------------------------------------

site=(--set 'sites=near.yaml,far.yaml,new.yaml' --set 'pairs=near -> far,near -> new')
cp -r first site
extend site 'adapted-histogram-near-new baseline-new choice-near-new translator-histogram-near-new ' "${site[@]}"
contains site/results.json '"target": "new"'
expect 0 'test labels of a site only after all that is measured there was made; the study was changed in between' \
  inspect run --seal site
expect 0 '' study run "${run[@]}" "${site[@]}" --out whole
same "$(results_of whole)" "$(results_of site)" 'a study that was given a site, and one that had it from the start'

# A new source is measured where labels were opened, adapted or not.
cp -r first source
extend source 'adapted-histogram-new-far baseline-new choice-new-far translator-histogram-new-far ' \
  --set 'sites=near.yaml,far.yaml,new.yaml' --set 'pairs=near -> far,new -> far'
expect 0 'LATE' inspect run --seal source
contains stdout 'baseline-new was made after test labels of far were opened' 'choice-new-far was made after test labels of far'

cp -r first method
extend method 'adapted-coral-near-far choice-near-far ' --set portfolio=none,histogram,coral --set coral.steps=2
expect 0 'LATE' inspect run --seal method
contains stdout 'adapted-coral-near-far was made after test labels of far were opened' \
  '2 nodes were made after test labels were opened of a site where they are measured'
contains method/results.json '"made_after_labels"' '"adapted-coral-near-far": "far"'
contains method/report.html 'id="late"' '<li>adapted-coral-near-far, at far</li>'
grep -q made_after_labels first/results.json && complain 'a study that was not changed names late nodes'
# Back again: what was made for the smaller portfolio is there but for the choice.
extend method 'choice-near-far '
same "$(unmeasured <<<"$first")" "$(results_of method | grep -v adapted-coral | unmeasured)" 'a study that was changed and changed back'

# ---- changed options, changed data -----------------------------------------------------------------

cp -r first epochs
extend epochs 'adapted-histogram-near-far baseline-far baseline-near choice-near-far translator-histogram-near-far ' \
  --set classifier.epochs=3
expect 0 '' study run "${run[@]}" --out epochs-whole --set classifier.epochs=3
same "$(results_of epochs-whole | unmeasured)" "$(results_of epochs | unmeasured)" 'a study with other epochs'
cp -r first tune
extend tune 'adapted-histogram-near-far choice-near-far ' --set tune.epochs=2
# The same node by node.
cp -r first nodes
expect 1 'holds this study as it was: tune.epochs differs' study node "${run[@]}" adapted-histogram-near-far --out nodes --set tune.epochs=2
expect 0 'tune.epochs differs from what nodes holds' study node "${run[@]}" adapted-histogram-near-far --out nodes --set tune.epochs=2 --resume
[ -e nodes/results.json ] && complain 'results of before beside nodes of now'
for node in choice-near-far results; do expect 0 '' study node "${run[@]}" $node --out nodes --set tune.epochs=2; done
same "$(results_of tune)" "$(results_of nodes)" 'a changed study, node by node'
cp -r first comment && echo '# a word more' >>far.yaml
extend comment ''
same "$(results_of first | unmeasured)" "$(results_of comment | unmeasured)" 'a comment in a domain file'
sed -i '$d' far.yaml

# A label of the target's training images: the target's own classifier and the results have it, no adaptation has seen it.
cp labels-far kept
for at in $(seq 20 60); do
  cp kept labels-far && printf '\x01' | dd of=labels-far bs=1 seek=$((8 + at)) conv=notrunc status=none
  cp -r first label
  "$xsite" study plan "${run[@]}" --out label --set replicates=101 >plan 2>stderr
  grep -q 'made again: the labels of far have changed' plan && break
  rm -rf label
done
expect 1 'holds a run on other images or labels of far' study run "${run[@]}" --out label --verify
before=$(records label)
rm label/results.json
expect 0 'site far: its labels differ from those that the run was made from' study run "${run[@]}" --out label --resume
made=$(comm -13 <(echo "$before") <(records label) | sed -E 's|^\./([^/]*)/.*|\1|' | tr '\n' ' ')
[ "$made" = 'baseline-far ' ] || complain "a label of the target: made $made"
cp kept labels-far

# ---- killed in between -----------------------------------------------------------------------------

# A checkpoint of the changed options is not continued with others, and a killed change is resumed.
cp -r first killed
"$xsite" study run "${run[@]}" --out killed --resume --set classifier.epochs=40 >/dev/null 2>&1 </dev/null &
process=$!
for _ in $(seq 1000); do
  [ -e killed/nodes/baseline-near/checkpoint.safetensors ] && break
  sleep 0.01
done
kill -KILL $process
wait $process 2>/dev/null
[ -e killed/results.json ] && complain 'results of before beside nodes of now'
# What a user puts into a node's folder meanwhile is not the node's, and stays when the node is made again.
echo mine >killed/nodes/baseline-near/notes.txt
echo mine >killed/nodes/baseline-near/target.tmp1
expect 1 'holds this study as it was: classifier.epochs differs' study run "${run[@]}" --out killed --set classifier.epochs=3
expect 0 '' study run "${run[@]}" --out killed --resume --set classifier.epochs=3
grep -q 'notes.txt\|target.tmp' killed/nodes/baseline-near/record.json && complain "a user's file is in the record of a node"
mkdir mine && cp killed/nodes/baseline-near/{notes.txt,target.tmp1} mine && rm killed/nodes/baseline-near/{notes.txt,target.tmp1}
same "$(results_of epochs-whole | unmeasured)" "$(results_of killed | unmeasured)" 'a change that was killed and changed again'
cp mine/* killed/nodes/baseline-near
expect 0 'classifier.epochs differs: it is made again' study run "${run[@]}" --out killed --resume --set classifier.epochs=2
for file in notes.txt target.tmp1; do contains killed/nodes/baseline-near/$file mine; done
expect 1 'seed differs' study node "${run[@]}" baseline-near --out first --set seed=2

finish
