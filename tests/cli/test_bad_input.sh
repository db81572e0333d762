#!/usr/bin/env bash
# Wrong, damaged and hostile input: the exit status, a message that says what and where, and nothing lost.
# usage: test_bad_input.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
data=$repository/examples/data
cd "$folder" || exit 1

# bytes HEX...: writes bytes, given as pairs of hexadecimal digits.
bytes() { printf '%b' "$(sed -E 's/[^0-9a-f]//g; s/(..)/\\x\1/g' <<<"$*")"; }
# zeros N: as many bytes of 0.
zeros() { head -c "$1" /dev/zero; }

# ---- sites: a study of two, the second of which is broken ------------------------------------------

classes='classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]'
cp "$data"/optdigits-*.gz .
cat >good.yaml <<END
name: good
format: idx
images: optdigits-images-idx3-ubyte.gz
labels: optdigits-labels-idx1-ubyte.gz
$classes
max_value: 16
END
printf 'name: x\nsites: [good.yaml, bad.yaml]\npairs: [good -> bad]\n' >study.yaml

# site IMAGES LABELS [LINE...]: writes bad.yaml.
site() {
  printf 'name: bad\nformat: idx\nimages: %s\nlabels: %s\n%s\n' "$1" "$2" "$classes" >bad.yaml
  shift 2
  [ $# -eq 0 ] || printf '%s\n' "$@" >>bad.yaml
}
# refused STATUS TEXT WORD...: a study run; nothing is trained.
refused() {
  local status=$1 text=$2
  shift 2
  rm -rf out
  expect "$status" "$text" study run study.yaml --out out "${tiny[@]}" "$@"
  [ -e out/nodes ] && complain "something was trained in spite of: $text"
}

gunzip -c optdigits-images-idx3-ubyte.gz >images
gunzip -c optdigits-labels-idx1-ubyte.gz >labels
head -c 5000 optdigits-images-idx3-ubyte.gz >cut.gz
site cut.gz labels 'max_value: 16'
refused 1 'cut.gz: truncated'
head -c 5000 images >cut
site cut labels 'max_value: 16'
refused 1 'cut: truncated'
{ head -c 20000 optdigits-images-idx3-ubyte.gz && zeros 100 && tail -c +20101 optdigits-images-idx3-ubyte.gz; } >torn.gz
site torn.gz labels 'max_value: 16'
refused 1 'torn.gz: '
cp "$data/README.md" text
site text labels
refused 1 'text: not an IDX file'
bytes 00000803 ffffffff ffffffff ffffffff >huge
site huge labels
refused 1 'huge: truncated or damaged'
bytes 00000803 00000000 00000008 00000008 >none
site none labels
refused 1 'dimension 1 of 3 is 0'
{ bytes 00000801 00000003 && bytes 000102; } >few
site images few 'max_value: 16'
refused 1 'few: 3 labels'
{ bytes 00000801 00000705 && zeros 1796 && bytes 0a; } >outside
site images outside 'max_value: 16'
refused 1 'outside: label 1796 is 10, but bad.yaml has 10 classes (0 to 9)'
{ bytes 00000801 00000705 && zeros 1797; } >one-class
site images one-class 'max_value: 16'
refused 1 'class "1" has no image'
site images missing 'max_value: 16'
refused 1 'missing: cannot be opened'
site . labels
refused 1 'is a folder, a file is needed'
site images labels 'max_value: 3'
refused 1 'above max_value 3'
site images labels 'max_vlaue: 16'
refused 2 'did you mean max_value?'
grep -q 'bad.yaml:6' stderr || complain 'no FILE:LINE for a mistyped key of a domain file'
site optdigits-images-idx3-ubyte.gz labels 'max_value: 16'
sed -i 's/"8", "9"/"nine", "8"/' bad.yaml
refused 1 'have different classes'
site a b 'root: data'
env -u XSITE_DATA "$xsite" study run study.yaml --out out >stdout 2>&1
[ $? -ne 0 ] && grep -q 'XSITE_DATA' stdout && grep -q -- '--data-dir DIR' stdout ||
  complain "root: data without a data folder: $(cat stdout)"
for name in --data-dir --data; do
  refused 1 'elsewhere/a: cannot be opened' $name elsewhere
done
XSITE_DATA=$folder/around refused 1 'around/a: cannot be opened'
expect 1 'elsewhere/a: cannot be opened' train --data bad.yaml --data-dir elsewhere --out out

if [ "$(id -u)" -ne 0 ]; then
  cp labels closed && chmod 000 closed
  site images closed 'max_value: 16'
  refused 1 'closed: cannot be opened'
fi

# ---- folders of images ---------------------------------------------------------------------------

printf 'name: bad\nformat: folder\nimages: pictures\nsize: 8\n' >bad.yaml
refused 1 'there is no folder pictures'
mkdir -p pictures/inner
refused 1 'no PNG, JPEG, TIFF, BMP or DICOM images in this folder'
cp "$repository"/tests/data/report-sample/nodes/*/translated.png pictures/inner/ 2>/dev/null ||
  find "$repository/tests" -name '*.png' | head -n 3 | xargs -I{} cp {} pictures/inner/
refused 1 'name that folder in `images`'
cp "$(find pictures/inner -name '*.png' | head -n 1)" pictures/right.png
echo 'no image' >pictures/wrong.jpg
head -c 60 pictures/right.png >pictures/cut.png
refused 1 'leave them out with --skip-unreadable'
grep -q '2 of 3 images cannot be read' stderr || complain "unreadable images are not counted: $(cat stderr)"
grep -q 'pictures/cut.png' stderr || complain "the first unreadable image is not named: $(cat stderr)"
printf 'file,label\nright.png,0\nnot-there.png,1\n' >pictures.csv
printf 'labels: pictures.csv\n%s\n' "$classes" >>bad.yaml
refused 1 'pictures.csv:3: image "not-there.png" is not in pictures'
printf 'file,label\nright.png,seven\n' >pictures.csv
refused 1 'pictures.csv:2: label "seven" is not a class'

# ---- study files -----------------------------------------------------------------------------------

site images labels 'max_value: 16'
refused 2 'size' --set size=1
refused 2 'size' --set size=5000
refused 2 'adapter.channels' --set adapter.channels=0
refused 2 'adapter.batch' --set adapter.batch=1
refused 2 'odd' --set adapter.batch=7
refused 2 'batch 1 is too small' --set classifier.batch=1
refused 2 "adapter.learning_rate" --set adapter.learning_rate=many
refused 2 "did you mean" --set adapter.lerning_rate=1
refused 2 'is not key=value' --set adapter
refused 2 'source and target are the same' --set 'pairs=good -> good'
refused 2 "did you mean 'good'" --set 'pairs=god -> bad'
refused 2 'is there twice' --set 'pairs=good -> bad,good -> bad'
refused 2 "is not 'SOURCE -> TARGET'" --set 'pairs=good'
refused 2 'pairs: there is none' --set pairs=
refused 2 "did you mean adapter.target_every" --set 'pairs=good -> bad adapter.target_evry=2'
refused 2 "did you mean adapter.*?" --set 'pairs=good -> bad adaptor.target_every=2'
refused 2 'size cannot be set for one pair' --set 'pairs=good -> bad size=64'
refused 2 "'more' is not KEY=VALUE" --set 'pairs=good -> bad tune.batch=8 more'
refused 2 'is odd' --set 'pairs=good -> bad adapter.batch=9'
refused 1 'translator-paper-good-bad: the generator step: intermediate values need' --memory 2M --set adapter.channels=32
expect 1 'the limit is 100.00K: raise it' bench classifier --batch 4 --repeats 1 --threads 1 --memory 100K
needed=$(sed -nE 's/.* need ([0-9.]+[KMG]) or more.*/\1/p' stderr)
expect 0 step_ms bench classifier --batch 4 --repeats 1 --threads 1 --memory "$needed"
expect 1 'fewer than a batch of 500' study run study.yaml --out batch "${tiny[@]}" --set classifier.batch=500
expect 1 'has no image among the 1 labelled ones; raise the limit' study run study.yaml --out few-images "${tiny[@]}" --set limit=1
printf 'name: x\nsites: [good.yaml, bad.yaml]\nadaptor:\n  batch: 8\n' >wrong.yaml
expect 2 "wrong.yaml:3" study plan wrong.yaml
expect 2 "did you mean adapter?" study plan wrong.yaml
printf 'name: x\nsites: [good.yaml\n' >wrong.yaml
expect 2 'wrong.yaml:' study plan wrong.yaml
printf 'name: x\nsites: [good.yaml, none.yaml]\n' >wrong.yaml
expect 2 'none.yaml: cannot open' study plan wrong.yaml

expect 1 'the seed puts none there: take another seed' study run study.yaml --out few-images "${tiny[@]}" --set limit=100

# ---- run folders -----------------------------------------------------------------------------------

mkdir full && echo precious >full/thesis.tex
mkdir mine && echo '{"a": 1}' >mine/study.json
expect 1 'mine/study.json: was not written by xsite' study run study.yaml --out mine "${tiny[@]}"
grep -q a mine/study.json || complain 'a study.json of somebody else is gone'
before=$(snapshot full)
expect 1 'full holds other files and no run of xsite' study run study.yaml --out full "${tiny[@]}"
expect 1 'full holds other files and no run of xsite' train --data good.yaml --out full
same "$before" "$(snapshot full)" 'a folder of other files'
expect 1 'out: cannot make the folder' study run study.yaml --out full/thesis.tex/out "${tiny[@]}"

expect 0 '' study run study.yaml --out run "${tiny[@]}"
before=$(snapshot run)
expect 1 'seed differs' study run study.yaml --out run "${tiny[@]}" --set seed=2
expect 1 'adapter.batch differs' study run study.yaml --out run "${tiny[@]}" --set adapter.batch=6
expect 1 'give another --out' train --data good.yaml --out run
same "$before" "$(snapshot run)" 'a run folder of another study'
expect 0 'run folder run: holds this study, finished' study plan study.yaml --out run "${tiny[@]}"
expect 0 'run folder nowhere: nothing is there yet' study plan study.yaml --out nowhere "${tiny[@]}"
expect 0 'will refuse the run folder: run holds another run: seed differs' study plan study.yaml --quick --out run "${tiny[@]}" --set seed=2

# Other content under the same names: a label, an image, the domain file's text, a model.
expect 0 '' study run study.yaml --out own "${tiny[@]}" --set 'pairs=good -> bad adapter.target_every=7 tune.epochs=1'
grep -q '"target_every": 7' own/nodes/translator-paper-good-bad/record.json && grep -q '"epochs": 1,' own/nodes/adapted-paper-good-bad/record.json ||
  complain "the pair's own settings are not in its records"
grep -q '"epochs": 3,' own/nodes/baseline-good/record.json || complain 'a baseline has the settings of a pair'
cp -r run broken && rm broken/results.json broken/report.html
before=$(snapshot broken | grep -vE '(log|seal).jsonl')
cp labels kept && { head -c 8 kept && tail -c +9 kept | tr '\001\002' '\002\001'; } >labels
cmp -s labels kept && complain 'no label was changed'
expect 1 'other images or labels of bad' study node study.yaml baseline-good --out broken "${tiny[@]}"
cp kept labels && cp images pictured
{ head -c 1040 pictured && zeros 6400 && tail -c +7441 pictured; } >images
expect 1 'other images or labels of bad' study node study.yaml baseline-good --out broken "${tiny[@]}"
cp pictured images
same "$before" "$(snapshot broken | grep -vE '(log|seal).jsonl')" 'a run refused for its images'
expect 0 '' study run study.yaml --out broken "${tiny[@]}" --resume
same "$(results_of run)" "$(results_of broken)" 'a run resumed on what it began with'
cp bad.yaml kept && echo '# a word more' >>bad.yaml
expect 1 'files_read.bad differs' study run study.yaml --out run "${tiny[@]}"
cp kept bad.yaml
tune=(train --data good.yaml --start-from start.model --out tuned --threads 1 --limit 600 --size 16 --batch 32 --epochs 1)
cp run/nodes/baseline-good/model.safetensors start.model
expect 0 '' "${tune[@]}"
expect 0 'nothing to do' "${tune[@]}"
cp run/nodes/baseline-bad/model.safetensors start.model
expect 1 'files_read.start_from differs' "${tune[@]}"
expect 2 'cannot be a folder' study plan study.yaml --set name=../x
expect 2 '--out is empty' study run study.yaml --out ''
expect 1 'no such run folder' report nowhere
expect 1 'no results.json there' report full

# ---- model files -----------------------------------------------------------------------------------

model=run/nodes/baseline-good/model.safetensors
generator=run/nodes/translator-paper-good-bad/generator.safetensors
tested() { expect 1 "$1" eval --model bad.model --data good.yaml --threads 1; }
head -c 3000 $model >bad.model
tested 'bad.model: is damaged'
zeros 0 >bad.model && tested 'bad.model: is empty'
# tensors HEADER DATA-BYTES: a file with this header.
tensors() {
  local length
  length=$(printf '%016x' ${#1} | sed -E 's/(..)(..)(..)(..)(..)(..)(..)(..)/\8\7\6\5\4\3\2\1/')
  { bytes "$length" && printf '%s' "$1" && zeros "$2"; } >bad.model
}
{ bytes ffffffffffffff7f && echo '{}'; } >bad.model && tested 'its header would have'
{ bytes 0010000000000000 && echo '{}'; } >bad.model && tested 'is truncated: a header of 4096 bytes'
tensors '{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}' 4 && tested 'data_offsets'
tensors '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}' 12 &&
  tested 'overlaps'
tensors '{"a":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4]}}' 4 && tested 'tensor a: '
tensors '{"a":{"dtype":"F32","shape":[1073741824,1073741824,16],"data_offsets":[0,4]}}' 4 && tested 'too large'
tensors "$(printf '[%.0s' $(seq 100000))" 0 && tested 'bad.model: header'
expect 1 'no metadata of xsite' eval --model "$repository/tests/golden/safetensors_python.safetensors" --data good.yaml
cp $generator bad.model && tested 'is a generator, a classifier is needed'
expect 1 'is a classifier, a generator is needed' translate --model $model --data good.yaml --out new
[ -e new ] && complain 'a refused translation made its folder'
sed 's/"lenet\\"/"lenot\\"/' $model >bad.model && tested 'is damaged'
edit_header $model 's/"architecture\\":\\"lenet\\"/"architecture\\":\\"lenot\\"/' >bad.model && tested 'lenot'
edit_header $model 's/features\.0\.weight/features.9.weight/g' >bad.model && tested 'features.0.weight'
cmp -s $model bad.model && complain 'no weight of the model was renamed'
# The last four values become NaN.
{ head -c -16 $model && bytes 0000c07f 0000c07f 0000c07f 0000c07f; } >bad.model
tested 'is damaged'
hash_again bad.model
tested 'is not finite'
adapt=(adapt --source good.yaml --target bad.yaml --threads 1 --limit 300 --channels 2 --blocks 1
  --batch 4 --generator-steps 2)
expect 1 'is not finite' "${adapt[@]}" --model bad.model --out adapted
printf 'name: two\nformat: idx\nimages: images\nlabels: two\nclasses: [even, odd]\nmax_value: 16\n' >two.yaml
{ head -c 8 labels && tail -c +9 labels | tr '\001\002\003\004\005\006\007\010\011' '\001\000\001\000\001\000\001\000\001'; } >two
expect 2 "both called 'good'" "${adapt[@]}" --target good.yaml --model $model --out adapted
expect 1 'has 10 classes' eval --model $model --data two.yaml
expect 1 'has 10 classes' adapt --source two.yaml --target bad.yaml --model $model --out adapted2 --batch 4 --generator-steps 2
expect 1 'has 10 classes' train --data two.yaml --start-from $model --out tuned2

# ---- numbers that run away -------------------------------------------------------------------------

# The layers overflow at a rate of 10 within a few steps, whatever the images.
diverge() { # diverge STATUS TEXT
  expect "$1" "$2" study run study.yaml --out diverged "${tiny[@]}" --set checkpoint_every=1 --set size=32 \
    --set classifier.epochs=1 --set adapter.learning_rate=10 --set adapter.gradient_penalty=1e6 \
    --set adapter.critic_steps=1 --set adapter.channels=8 --set adapter.batch=4 --resume
}
diverge 1 'learning rate'
node=diverged/nodes/translator-paper-good-bad
grep -qE 'translator-paper-good-bad: step [0-9]+: (loss|parameter)' stderr || complain "no step or loss: $(cat stderr)"
[ -e $node/checkpoint.safetensors ] || complain 'no good checkpoint was kept'
[ -e $node/record.json ] && complain 'a diverged unit counts as done'
before=$(results_of diverged)
diverge 1 'learning rate'
same "$before" "$(results_of diverged)" 'a diverged run, resumed'

# ---- full disks ------------------------------------------------------------------------------------

# A limit on the size of files stands for a full disk: writing fails in the middle of a model.
(
  ulimit -f 4
  "$xsite" study run study.yaml --out small "${tiny[@]}" >stdout 2>stderr </dev/null
)
status=$?
[ $status -eq 1 ] && grep -q 'cannot write' stderr || complain "a file that cannot grow: status $status, $(cat stderr)"
find small -name '*.tmp*' | grep -q . && complain 'a half-written file stays'
expect 0 '' study run study.yaml --out small "${tiny[@]}" --resume
same "$(results_of run)" "$(results_of small)" 'a run after its disk was full'
before=$(snapshot run | grep -v figures)
(
  ulimit -f 1
  "$xsite" report run >stdout 2>stderr </dev/null
)
status=$?
[ $status -eq 1 ] && grep -q 'cannot write' stderr || complain "a report that cannot grow: status $status, $(cat stderr)"
same "$before" "$(snapshot run | grep -v figures)" 'a report on a full disk'
expect 0 'run/report.html' report run
(
  ulimit -f 8
  "$xsite" translate --model $generator --data good.yaml --split test --out moved >stdout 2>&1 </dev/null
) # images are small enough: this one works
[ -e moved/site.yaml ] || complain "translating below the limit: $(cat stdout)"
for words in "eval --model $model --data good.yaml" "inspect model $model" "study plan study.yaml ${tiny[*]}" '--help'; do
  # shellcheck disable=SC2086
  [ -e /dev/full ] && "$xsite" $words >/dev/full 2>stderr && complain "xsite $words >/dev/full is not noticed"
done

finish
