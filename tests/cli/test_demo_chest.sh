#!/usr/bin/env bash
# The demonstration on small chest X-rays: its data and their licences, its study in short, what ./demo refuses.
# usage: test_demo_chest.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1
films=$repository/examples/data/chest study=$repository/examples/demo-chest.yaml

# ---- data ------------------------------------------------------------------------------------------

bytes=$(du -sb "$films" | cut -f 1)
[ "$bytes" -le 4000000 ] || complain "the films are $bytes bytes, of 4,000,000 at most"
contains "$films/README.md" 'NIH Clinical Center' 'https://nihcc.app.box.com/v/ChestXray-NIHCC' 'without restrictions' 'Kermany' \
  '10.17632/rscbjbr9sj' 'https://creativecommons.org/licenses/by/4.0/' '**Changes.**'
contains "$repository/NOTICE" 'ChestX-ray14, 630 films' 'Chest X-Ray Images for Classification, 1,003 films'
for site in nih guangzhou; do
  same "$(tail -n +2 "$films/$site/labels.csv" | cut -d, -f 1 | sort)" "$(cd "$films/$site" && printf '%s\n' *.jpg | sort)" \
    "$site: films and rows"
  [ "$(head -n 1 "$films/$site/labels.csv")" = file,patient,view,age,sex,opacity ] || complain "$site: columns of labels.csv"
done

# ---- the study, in short ---------------------------------------------------------------------------

expect 0 'adapted-paper+shot-guangzhou-nih' study plan "$study" --set classifier.batch=8 --set tune.batch=8 \
  --set adapter.batch=4 --set shot.batch=8
run=(study run "$study" --out run "${tiny[@]}" --set classifier.architecture=lenet --set tune.architecture=lenet
  --set shot.steps=5)
"$xsite" "${run[@]}" >stdout 2>stderr </dev/null
status=$? # 3: predicted to hurt
[ $status -eq 0 ] || [ $status -eq 3 ] || complain "the study in short: status $status, $(cat stdout stderr)"
python3 - run/results.json <<'PYTHON' || complain 'results.json is not as described'
import json, sys
pairs = json.load(open(sys.argv[1]))["pairs"]
assert [(p["source"], p["target"]) for p in pairs] == [("nih", "guangzhou"), ("guangzhou", "nih")], pairs
for p in pairs:
    for m in (p[k] for k in ("internal", "external", "adapted", "ceiling")):
        assert 0 <= m["low"] <= m["auc"] <= m["high"] <= 100 and m["low"] < m["high"], m
    assert p["gain"]["low"] <= p["gain"]["value"] <= p["gain"]["high"], p["gain"]
    assert "operating_point" in p
    assert {c["method"] for c in p["candidates"]} == {"none", "histogram", "paper", "paper+shot"}
    # patients are drawn for intervals, and both sites have patients of several films
    for s in p["subgroups"]:
        assert s["groups"] <= s["n"], s
    views = [s for s in p["subgroups"] if s["attribute"] == "view"]
    assert sum(s["groups"] for s in views) < sum(s["n"] for s in views), views
nih = {s["attribute"] for s in pairs[1]["subgroups"]}
assert nih == {"sex", "age", "view"}, nih
PYTHON
contains run/report.html 'id="subgroups"'

# ---- ./demo ----------------------------------------------------------------------------------------

for words in nonsense 'chest nonsense'; do
  # shellcheck disable=SC2086
  XSITE_NO_INSTALL=1 "$repository/demo" $words >stdout 2>stderr </dev/null
  [ $? -eq 2 ] || complain "./demo $words: not status 2"
  contains stderr "./demo knows no '$words'" './demo chest (chest X-rays)'
done
finish
