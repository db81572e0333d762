#!/usr/bin/env bash
# What a study will take: the shape of what is printed and its sums, but no times.
# usage: test_study_plan.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1

cat >study.yaml <<YAML
name: plan
sites: [$repository/examples/optdigits.yaml, $repository/examples/mnist-10k.yaml]
pairs: [optdigits -> mnist]
limit: 600
size: 16
replicates: 100
classifier: {batch: 32}
tune: {batch: 32}
adapter: {channels: 2, blocks: 1, batch: 8}
histogram: {images: 20}
coral: {batch: 8}
portfolio: [none, paper, histogram, histogram+coral, shot]
pooled: [20]
label_counts: [30]
YAML
study=(study.yaml --threads 1)
long=(--set classifier.epochs=100000 --set tune.epochs=100000 --set adapter.generator_steps=1000000
  --set coral.steps=1000000 --set shot.steps=1000000)

# seconds LINE-PATTERN: those of each line of stdout that it matches.
seconds() {
  grep -E "$1" stdout | sed -nE 's/.*(about|at most) ([0-9.]+) (s|min|h|days) .*/\2 \3/p' |
    awk 'BEGIN { unit["s"] = 1; unit["min"] = 60; unit["h"] = 3600; unit["days"] = 86400 } { print $1 * unit[$2] }'
}
sum() { awk '{ s += $1 } END { print s + 0 }'; }

# Every node has a time and memory; the last line is their sum, of rounded times.
expect 0 'to do results' study plan "${study[@]}" "${long[@]}" --out out
[ "$(grep -cE '^to do [^ ]+ +(about|at most) [0-9.]+ (s|min|h|days) +[0-9.]+ (MB|GB)  [a-z]' stdout)" -eq 12 ] ||
  complain "not every node has a time and memory: $(cat stdout)"
grep -E '^to do (baseline|pooled|labelled|adapted-paper|adapted-histogram-)' stdout | grep -v 'at most' &&
  complain 'training that may stop early is not called "at most"'
contains stdout 'in all at most ' ' on 1 thread of this machine' 'run folder out: nothing is there yet'
awk -v nodes="$(seconds '^to do' | sum)" -v all="$(seconds '^in all' | sed 's/ .*//')" \
  'BEGIN { exit !(all > 60 && nodes > 0.9 * all && nodes < 1.1 * all) }' || complain "the sum is not that of the nodes: $(cat stdout)"
[ ! -e out ] || complain 'planning left a folder'

# What is done costs nothing.
quick=(--set classifier.epochs=1 --set tune.epochs=1 --set adapter.generator_steps=5 --set coral.steps=5 --set shot.steps=5)
expect 0 '' study node "${study[@]}" "${quick[@]}" baseline-mnist --out out
expect 0 '' study plan "${study[@]}" "${quick[@]}" --out out
grep -qE '^done  baseline-mnist +train' stdout && [ "$(grep -c '^to do' stdout)" -eq 11 ] || complain "a done node: $(cat stdout)"
expect 0 '' study run "${study[@]}" "${quick[@]}" --out out --resume
expect 0 'holds this study, finished' study plan "${study[@]}" "${quick[@]}" --out out
[ "$(grep -c '^done ' stdout)" -eq 12 ] || complain "a finished study: $(cat stdout)"
grep -E 'to do|about|at most|in all' stdout && complain 'a finished study still costs something'

# Without estimates, and without data.
expect 0 'run folder other: nothing is there yet' study plan "${study[@]}" --quick --out other
grep -E 'about|at most|MB' stdout && complain 'there are estimates in spite of --quick'
sed "s|$repository/examples/mnist-10k.yaml|gone.yaml|" study.yaml >without.yaml
printf 'name: mnist\nformat: idx\nimages: gone\nlabels: gone\nclasses: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]\n' >gone.yaml
expect 0 "the time of 5 nodes is not in it: gone: cannot be opened" study plan without.yaml --threads 1 --out out2
grep -qE '^to do baseline-mnist +time not known' stdout || complain "a site that is not here: $(cat stdout)"
grep -qE '^to do (baseline-optdigits|translator-paper-optdigits-mnist) +(about|at most) [0-9]' stdout ||
  complain "what does not need that site: $(cat stdout)"

# A step that cannot fit is refused before any work.
expect 1 'baseline-optdigits: ' study plan "${study[@]}" --memory 1K
finish
