#!/usr/bin/env bash
# A study as a graph: its nodes one by one, damaged nodes, the seal on labels, a Snakefile.
# usage: test_nodes.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1

cat >study.yaml <<YAML
name: graph
sites: [$repository/examples/optdigits.yaml, $repository/examples/mnist-10k.yaml]
pairs: [optdigits -> mnist, mnist -> optdigits]
limit: 700
size: 16
replicates: 100
checkpoint_every: 3
profile: quick
profiles:
  - quick classifier.epochs=2 classifier.steps_per_epoch=10 classifier.batch=32
    tune.epochs=1 tune.steps_per_epoch=10 tune.batch=32 histogram.images=20 fourier.images=20
  - nothing
portfolio: [none, histogram, fourier]
keep_translated: yes
pooled: [20]
label_counts: [30]
YAML
run=(study.yaml --threads 1)

expect 0 'results' study plan "${run[@]}" --out plain
nodes=$(awk '/^to do/ { print $3 }' stdout)
[ "$(wc -w <<<"$nodes")" -eq 16 ] || complain "nodes of the plan: $nodes"
expect 0 'chosen: ' study run "${run[@]}" --out plain
plain=$(results_of plain)
all_recorded plain
contains plain/results.json '"calibration"' '"label_equivalent"' '"p_holm"' '"pooled-20"' '"labelled-mnist-30"'
grep -q '"delong"' plain/results.json && complain 'DeLong intervals of ten classes'

# One by one, in the order of the plan; two at a time where they do not need each other.
expect 1 'needs baseline-optdigits, which is not done' study node "${run[@]}" adapted-fourier-optdigits-mnist --out single
expect 2 "did you mean 'baseline-mnist'" study node "${run[@]}" baseline-mnits --out single
"$xsite" study node "${run[@]}" baseline-mnist --out single 2>/dev/null &
expect 0 '' study node "${run[@]}" baseline-optdigits --out single
wait $! || complain 'a second node at the same time'
for node in $nodes; do expect 0 '' study node "${run[@]}" "$node" --out single; done
same "$plain" "$(results_of single)" 'a study node by node'
expect 0 'nothing to do' study node "${run[@]}" results --out single

# A run that works alone keeps others out and says who it is.
mkdir locked
(
  flock 9
  printf 'process 1 on elsewhere' >&9
  expect 1 'process 1 on elsewhere' study run "${run[@]}" --out locked
  [ $failures -eq 0 ]
) 9>locked/.lock || failures=$((failures + 1))

# What was changed behind a node's back is made again.
rm -rf single/results.json single/report.html single/figures
echo damage >>single/nodes/baseline-mnist/model.safetensors
expect 0 'model.safetensors is not as it was written: it is made again' study run "${run[@]}" --out single --resume
same "$plain" "$(results_of single)" 'a damaged node, made again'

# A kept training set is a site.
expect 0 'AUC' eval --model plain/nodes/baseline-optdigits/model.safetensors --split all \
  --data plain/nodes/adapted-fourier-optdigits-mnist/site.yaml

# The seal.
expect 0 'the seal holds' inspect run --seal plain
expect 0 'the seal holds' inspect run --seal single
cp -r plain touched && echo damage >>touched/nodes/choice-mnist-optdigits/model.safetensors
expect 1 'is not the file that was recorded' inspect run --seal touched
cp -r plain edited && sed -i '2s/"split":"[a-z]*"/"split":"test"/' edited/seal.jsonl
expect 1 'seal.jsonl:2: the chain is broken' inspect run --seal edited
cp -r plain shortened && sed -i '3d' shortened/seal.jsonl
expect 1 'seal.jsonl:3: the chain is broken' inspect run --seal shortened
cp -r plain ended && sed -i '/"made"/{/choice-mnist-optdigits/d}; /"role":"evaluation"/d' ended/seal.jsonl
expect 1 'the chain is broken' inspect run --seal ended
head -n 3 plain/seal.jsonl >ended/seal.jsonl
expect 1 'nodes/choice-mnist-optdigits: is there and is not recorded' inspect run --seal ended
contains stdout 'results.json: is there, and no test label was opened'
cp -r plain torn && printf '{"node":"bas' >>torn/seal.jsonl
expect 0 'the seal holds' inspect run --seal torn
cp -r plain foreign && echo '{"n": 1, "previous": ""}' >foreign/seal.jsonl
expect 1 'seal.jsonl:1: the chain is broken' inspect run --seal foreign
expect 1 'is not there' inspect run --seal "$folder"

# A criterion without a value matters only where it decides.
expect 2 'choice-optdigits-mnist: none: target: one image has no neighbours' study run "${run[@]}" --out alone \
  --set choice.criterion=snd --set choice.rows=1
expect 0 'chosen: ' study run "${run[@]}" --out alone2 --set choice.rows=1
contains alone2/nodes/choice-optdigits-mnist/choice.json '"snd": null'

# Training to travel: one classifier a source, from which every other method starts.
expect 0 'chosen: ' study run "${run[@]}" --out travel --set portfolio=none,robust,robust+histogram,robust+shot --set shot.steps=2 \
  --set 'pairs=optdigits -> mnist' --set pooled=10 --set keep_translated=no
expect 0 'the seal holds' inspect run --seal travel
contains travel/nodes/adapted-robust+shot-optdigits-mnist/record.json '"robust-optdigits": "'
contains travel/nodes/adapted-robust+histogram-optdigits-mnist/record.json '"translator-histogram-optdigits-mnist": "'
contains travel/results.json '"method": "robust"' '"method": "robust+histogram"'
contains travel/report.html 'Training to travel (called robust)'
cmp -s travel/nodes/{robust,baseline}-optdigits/model.safetensors && complain 'robust is the baseline'
expect 0 'nothing to do' study run "${run[@]}" --out travel --resume --set portfolio=none,robust,robust+histogram,robust+shot --set shot.steps=2 \
  --set 'pairs=optdigits -> mnist' --set pooled=10 --set keep_translated=no

# Profiles, methods, third sites.
expect 2 "'slow' is not one of its profiles: quick, nothing" study plan "${run[@]}" --set profile=slow
expect 2 "'slow' is not one of its profiles" study plan "${run[@]}" --set 'profile =slow'
expect 2 "there is no method 'forier'; did you mean 'fourier'" study plan "${run[@]}" --set portfolio=none,forier
expect 2 'fourier translates images and can only be the first step' study plan "${run[@]}" --set portfolio=histogram+fourier
expect 2 'robust is a training at the source and can only be the first step' study plan "${run[@]}" --set portfolio=shot+robust
expect 2 'robust is a training at the source and can only be the first step' study plan "${run[@]}" --set portfolio=robust+robust
expect 2 'every classifier of this study is trained so' study plan "${run[@]}" --set portfolio=none,robust+shot --set classifier.robust=yes
expect 2 'none stands alone' study plan "${run[@]}" --set portfolio=none+fourier
expect 2 "'paper' is there twice" study plan "${run[@]}" --set portfolio=paper,paper
expect 2 "pooled: '200' is not a number" study plan "${run[@]}" --set pooled=200
expect 2 "needs the pair 'optdigits -> mnist', itself without via" study plan "${run[@]}" \
  --set 'pairs=mnist -> optdigits,optdigits -> mnist via=mnist'

for name in a a-b b-c c; do
  sed "s/^name: .*/name: $name/; s|: data/|: $repository/examples/data/|" "$repository/examples/optdigits.yaml" >$name.yaml
done
expect 2 "the folders of 'a -> b-c' and 'a-b -> c' would have the same names" study plan "${run[@]}" \
  --set sites=a.yaml,a-b.yaml,b-c.yaml,c.yaml --set pairs=all

expect 2 'say for which engine' study export "${run[@]}"
expect 0 'rule all:' study export --snakemake "${run[@]}" --out 'a strange place'
contains stdout 'input: "a strange place/results.json"' "--out 'a strange place'" 'threads: 1' 'nodes/baseline-mnist/record.json'
expect 2 'Snakemake takes { and } in a file' study export --snakemake "${run[@]}" --out 'a {strange} place'

# Each line of the Snakefile is a text of Python, and what a shell reads there are the words.
cp study.yaml -- -study.yaml
for out in '~root/a' 'a=~/b' $'a\rb\x7f' $'a\nb' "'; touch PWNED; '" '$(touch PWNED)`"\'; do
  "$xsite" study export --snakemake --isolate --out "$out" --threads 1 -- -study.yaml >strange.smk || complain "no export to $out"
  OUT=$out python3 - <<'PYTHON' || complain "a Snakefile for $out: $(cat strange.smk)"
import ast, os, subprocess
wanted = ["study", "node", "--isolate", "--out", os.environ["OUT"], "--threads", "1", "./-study.yaml"]
for line in open("strange.smk", newline="\n"):
    kind, _, rest = line.strip(" \n").partition(": ")
    texts = ast.literal_eval(f"[{rest}]") if kind in ("input", "output", "shell") else []
    if kind != "shell":
        assert all(text.startswith(os.environ["OUT"] + "/") for text in texts)
        continue
    command = f"printf '%s\\0' {texts[0].split(' || ')[0]}"
    words = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    assert words[1:-2] == wanted, words
PYTHON
done
finish
