#!/usr/bin/env bash
# In a process that writes numbers with a comma everything is read and written as in any other: options, YAML, CSV, JSON,
# TSV, DICOM, figures, pages and messages.
# usage: GERMAN_HOST=FILE.so test_locale.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
mkdir locales
if ! localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8 >localedef.log 2>&1; then
  echo "skipped: no German locale can be made (Debian: apt-get install locales): $(tail -n 1 localedef.log)"
  exit 77
fi
# detect_leaks: the C library never frees its list of LOCPATH's folders
export LOCPATH=$folder/locales ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0:detect_leaks=0"

# german WORD...: xsite WORD... in a German process.
german() { LC_ALL=de_DE.UTF-8 LD_PRELOAD=$GERMAN_HOST "$xsite" "$@" </dev/null; }

# alike OUT STATUS WORD...: xsite WORD..., which writes OUT or nothing (''), does the same in both.
alike() {
  local out=$1 status=$2 found
  shift 2
  expect "$status" '' "$@"
  said >plain
  [ -z "$out" ] || mv "$out" "$out.plain"
  german "$@" >stdout 2>stderr
  found=$?
  [ $found -eq "$status" ] || complain "german: xsite $*: status $found instead of $status: $(cat stderr)"
  said | diff plain - || complain "german: xsite $*: says something else"
  [ -z "$out" ] || diff -r -q -x '*.pdf' -x log.jsonl -x seal.jsonl -x .lock "$out.plain" "$out" || complain "german: xsite $*: other files"
}
# Progress is shown when there is time for it.
said() { cat stdout && grep '^xsite: ' stderr; }
german --version >/dev/null || complain 'the process speaks no German'

digit_site near
echo 'split: [0.65, 0.15, 0.2]' >>near.yaml
digit_site far
digit_study comma 2 1
alike run 0 study run "${run[@]}" --out run --set classifier.learning_rate=0.0015 --set classifier.dropout=0.25
alike '' 0 study plan "${run[@]}" --quick --set classifier.learning_rate=0.0015
alike '' 2 study plan "${run[@]}" --quick --set classifier.dropout=1.5
alike '' 2 study plan "${run[@]}" --quick --set classifier.dropout=0,5
model=run/nodes/baseline-near/model.safetensors
alike answers.csv 0 eval --model $model --data near.yaml --json --outputs answers.csv
cat >films.yaml <<'YAML'
name: films
format: folder
images: .
labels: labels.csv
classes: [none, some]
size: 16
range: percentiles
low_percentile: 0.75
high_percentile: 98.5
window: no
YAML
films=("$repository"/tests/golden/images/{explicit,rescale-negative,window-rescaled}.dcm)
alike '' 0 predict --model $model --as films.yaml --csv "${films[@]}"
alike '' 0 predict --model $model --as films.yaml --json "${films[@]}"
alike checked 3 data check near.yaml far.yaml --replicates 50 --out checked
python3 "$repository/bench/archives.py" archives --share 0.003 || exit 1
alike '' 0 labels --json "$repository/examples/mappings/padchest.yaml" archives/padchest/*.csv
alike '' 0 labels --json "$repository/examples/mappings/nih.yaml" archives/nih/*.csv
finish
