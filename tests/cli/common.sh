# What the tests in this folder share.  Sets xsite, repository, folder (removed at the end).
# usage: source common.sh XSITE REPOSITORY
set -u
xsite=$1
repository=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0
# waiting threads must not spin: tests run beside each other
export OMP_WAIT_POLICY=passive
export XSITE_CACHE=$folder/cache

# A study of seconds on the examples' data.
tiny=(--threads 1 --set limit=600 --set size=16 --set checkpoint_every=3 --set replicates=100
  --set classifier.epochs=3 --set classifier.steps_per_epoch=15 --set classifier.batch=32 --set tune.epochs=2 --set tune.batch=32
  --set adapter.channels=2 --set adapter.blocks=1 --set adapter.batch=8
  --set adapter.generator_steps=20)

export PYTHONDONTWRITEBYTECODE=1 # the repository stays as it is

complain() {
  echo "$*"
  failures=$((failures + 1))
}

# expect STATUS TEXT WORD...: the exit status, and a text that standard output or error contains, or ''.
expect() {
  local status=$1 text=$2 found
  shift 2
  "$xsite" "$@" >"$folder/stdout" 2>"$folder/stderr" </dev/null
  found=$?
  if [ $found -ne "$status" ] || { [ -n "$text" ] && ! grep -qF -- "$text" "$folder/stdout" "$folder/stderr"; }; then
    complain "xsite $*: status $found instead of $status, or this is missing: $text"
    cat "$folder/stdout" "$folder/stderr"
  fi
}

# make_translator: digits/, a classifier of the optical digits, and adapted/, with which `translate` makes PNG files of
# them, 16 pixels wide.
make_translator() {
  local optdigits=$repository/examples/optdigits.yaml common=(--threads 1 --checkpoint-every 100)
  expect 0 '' train --data "$optdigits" --out digits "${common[@]}" --size 16 --limit 600 --epochs 1
  expect 0 '' adapt --source "$optdigits" --target "$repository/examples/mnist-10k.yaml" --model digits/model.safetensors \
    --out adapted "${common[@]}" --limit 600 --channels 2 --blocks 1 --batch 8 --generator-steps 2
}

# digit_site NAME [LABELS [CLASSES]]: writes NAME.yaml, a site of the optical digits, which lie in this folder.
digit_site() {
  local classes='classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]'
  for kind in images-idx3 labels-idx1; do
    [ -e "${kind%-*}" ] || gunzip -c "$repository/examples/data/optdigits-$kind-ubyte.gz" >"${kind%-*}"
  done
  printf 'name: %s\nformat: idx\nimages: images\nlabels: %s\n%s\nmax_value: 16\n' "$1" "${2:-labels}" \
    "${3:-$classes}" >"$1.yaml"
}

# stratified SITE: writes SITE.yaml, a site of the examples with every class on all sides of its split, however few its images.
stratified() {
  sed "s|: data/|: $repository/examples/data/|; \$a split: stratified" "$repository/examples/$1.yaml" >"$folder/$1.yaml"
}

# digit_study NAME CLASSIFIER-EPOCHS TUNE-EPOCHS: writes study.yaml, of the sites near and far; sets run, how it is run.
digit_study() {
  cat >study.yaml <<YAML
name: $1
sites: [near.yaml, far.yaml]
pairs: [near -> far]
limit: 600
size: 16
replicates: 100
checkpoint_every: 3
classifier: {epochs: $2, batch: 32}
tune: {epochs: $3, batch: 32}
histogram: {images: 20}
portfolio: [none, histogram]
YAML
  # shellcheck disable=SC2034 # of the tests
  run=(study.yaml --threads 1)
}

# hold FILE WORD...: starts xsite WORD... and halts it when FILE is there; sets process.
hold() {
  local file=$1
  shift
  "$xsite" "$@" >/dev/null 2>&1 </dev/null &
  process=$!
  for _ in $(seq 1000); do
    [ -e "$file" ] && break
    sleep 0.01
  done
  kill -STOP $process
}
let_go() {
  kill -KILL $process
  wait $process 2>/dev/null
}

# contains FILE TEXT...: every text is there.
contains() {
  local file=$1 text
  shift
  for text in "$@"; do
    grep -qF -- "$text" "$file" || complain "$file lacks: $text; it has: $(head -c 2000 "$file")"
  done
}

# Every file under a folder with its checksum.
snapshot() {
  (cd "$1" && find . -type f ! -name .lock -exec sha256sum {} + | sort -k 2)
}

# What a run must reproduce bit for bit: all but the log and PDFs, which say when they were made.
results_of() {
  snapshot "$1" | grep -vE '\.pdf$|/(log|seal)\.jsonl$'
}

# all_recorded OUT: every file of a run's nodes is in the node's record.
all_recorded() {
  python3 - "$1" <<'PYTHON' || complain "$1: files that no record names"
import json, pathlib, sys
for record in pathlib.Path(sys.argv[1]).glob("nodes/*/record.json"):
    there = {p.name for p in record.parent.iterdir()} - {"record.json", ".lock"}
    assert there == set(json.loads(record.read_text())["files"]), (record, there)
PYTHON
}

# same A B WHAT: two snapshots are equal.
same() {
  [ "$1" = "$2" ] && return
  complain "$3: files differ"
  diff <(echo "$1") <(echo "$2")
}

# hash_again FILE: what a safetensors file that was changed on purpose says of itself holds again.
hash_again() {
  local place=48 # behind the header's length and {"__metadata__":{"xsite.sha256":"sha256:
  printf '%064d' 0 | dd of="$1" bs=1 seek=$place conv=notrunc status=none
  sha256sum "$1" | head -c 64 | dd of="$1" bs=1 seek=$place conv=notrunc status=none
}

# edit_header FILE SED-SCRIPT: a safetensors file with a changed header: its length in 8 bytes, the header, data.
edit_header() {
  local length header made=$folder/edited
  length=$(od -A n -t u8 -N 8 "$1")
  header=$(head -c $((8 + length)) "$1" | tail -c +9 | sed "$2")
  while [ $((${#header} % 8)) -ne 0 ]; do header+=' '; done
  {
    printf '%b' "$(printf '%016x' ${#header} | sed -E 's/(..)(..)(..)(..)(..)(..)(..)(..)/\\x\8\\x\7\\x\6\\x\5\\x\4\\x\3\\x\2\\x\1/')"
    printf '%s' "$header"
    tail -c +$((9 + length)) "$1"
  } >"$made"
  hash_again "$made"
  cat "$made"
  rm "$made"
}

finish() {
  echo "$failures failures"
  [ $failures -eq 0 ]
}
