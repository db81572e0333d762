#!/usr/bin/env bash
# The manual's pages have every verb and option that --help has, and completion offers verbs, options and their values.
# usage: test_manual.sh XSITE REPOSITORY; beside XSITE: xsite-manual, and share/ that the build wrote
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
built=$(cd "$(dirname "$xsite")" && pwd)
cd "$folder" || exit 1

mkdir pages
"$built/xsite-manual" pages "$repository/tools/completion.bash" completion || complain 'xsite-manual failed'
diff -r pages "$built/share/man/man1" || complain 'the build has other pages'
diff completion "$built/share/bash-completion/completions/xsite" || complain 'the build has another completion'
"$built/xsite-manual" nowhere "$repository/tools/completion.bash" completion 2>errors && complain 'a missing folder is no error'
grep -q nowhere errors || complain "a missing folder: $(cat errors)"

python3 - "$built/xsite" <<'PYTHON' || complain 'pages differ from --help'
import re, subprocess, sys
from pathlib import Path

def help_of(*words):
    return subprocess.run([sys.argv[1], *words, "--help"], capture_output=True, text=True, check=True).stdout

def plain(file):  # roff without what put() added
    return file.read_text().replace("\\-", "-").replace("\\e", "\\").replace("\\&", "")

program, pages = plain(Path("pages/xsite.1")), set()
verbs = re.findall(r"^  ([a-z ]+[a-z])(?: [A-Z.-]+)*  +([A-Z].*)", help_of(), re.M)
assert len(verbs) > 20, verbs
for verb, summary in verbs:
    name = "xsite-" + verb.replace(" ", "-")
    page = plain(Path(f"pages/{name}.1"))
    pages.add(f"{name}.1")
    assert f".BR {name} (1)\n{summary}\n" in program, verb
    parts = re.split(r"^\.SH (.*)\n", page, flags=re.M)[1:]
    parts = dict(zip(parts[::2], parts[1::2]))
    assert list(parts) == ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"], verb
    assert parts["NAME"].startswith(f"{name} - ") and parts["SYNOPSIS"].startswith(f".B xsite {verb}\n"), verb
    assert parts["DESCRIPTION"].strip() == summary and "2 wrong usage" in parts["EXIT STATUS"], verb
    options = re.findall(r"^  (--.*?)  +(.*)", help_of(*verb.split()), re.M)
    assert options or verb in ("selftest", "report", "inspect model"), verb
    shown = re.findall(r"^\.TP\n\.B (.*)\n(.*)", parts["OPTIONS"], re.M)
    assert shown[:-2] == options and [x for x, _ in shown[-2:]] == ["--isolate", "--help"], (verb, shown, options)
assert pages | {"xsite.1"} == {p.name for p in Path("pages").iterdir()}
PYTHON

if command -v groff >/dev/null; then
  for page in pages/*; do
    groff -man -Tascii -ww "$page" >text 2>warnings
    { [ -s text ] && [ ! -s warnings ]; } || complain "groff: $page: $(cat warnings)"
  done
fi

# offers WANTED WORD...: what completion offers for the last word, in order of the alphabet.
offers() {
  local wanted=$1 found
  shift
  found=$(bash -c 'source ./completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _xsite; printf "%s\n" "${COMPREPLY[@]}"' \
    completion "$@" | sort -u | tr '\n' ' ')
  [ "$found" = "$wanted " ] || complain "after '$*': offers '$found', not '$wanted'"
}
touch site.yaml
offers 'report' xsite rep
offers 'data' xsite dat
offers 'check get import' xsite data ''
offers 'mnistm' xsite data import ''
offers 'export node plan run' xsite study ''
offers 'plan' xsite study pl
offers 'plan' xsite help study pl
offers 'plan' xsite --isolate study pl
offers 'selftest' xsite self
offers '--help --isolate' xsite selftest --
offers '--patience --precision' xsite train --data site.yaml --p
offers 'group image' xsite train --split-by ''
offers 'group' xsite train --split-by gr
offers 'group image' xsite train --split-by =
offers 'group' xsite train --split-by = gr
offers 'bf16 f32' xsite bench classifier --precision ''
offers 'site.yaml' xsite train --data si
offers 'site.yaml' xsite study run si
offers 'pages' xsite inspect run ''
offers 'pages' xsite train --out pa
offers '' xsite train --epochs ''
offers '' xsite selftest ''
python3 - <<'PYTHON' || complain 'completion lacks an option'
import re
from pathlib import Path
rows = dict(re.findall(r"^  '([a-z ]+)'\) echo '(.*?)' ;;", Path("completion").read_text(), re.M | re.S))
for verb, text in rows.items():
    page = Path(f"pages/xsite-{verb.replace(' ', '-')}.1").read_text().replace("\\-", "-")
    named = [re.split("[ =]", row)[0] for row in text.split("\n")[1:]]
    assert sorted(named) == sorted(re.findall(r"^\.B (--[a-z0-9-]+)", page, re.M)), verb
assert len(rows) == len(list(Path("pages").iterdir())) - 1
PYTHON
finish
