"""Names as a user or a stranger gives them: markup, commands, formulas, what steers a terminal, what is too long.  Each text is put
into each place where a name can stand; what the program then writes shows the text as it is and is otherwise as with a harmless
name, or the program refuses in words.  Not random: QUICK goes through every place with some of the texts."""
import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import unicodedata
from pathlib import Path

import shown

QUICK = 15
HARMLESS = "harmless"
TEXTS = {
    "script": "<script>alert(1)</script>",
    "shell quotes": "'; touch PWNED; '",
    "formula": "=cmd|' /C calc'!A0",
    "TeX specials": "$x^2$ & % # _ { } ~ \\",
    "line end": "one\ntouch PWNED",
    "image": '"><img src=x onerror=alert(1)>',
    "wildcard": "{wildcards.x}",
    "triple quotes": '"""\nimport os; os.system("touch PWNED")\n"""',
    "TeX input": "\\input{/etc/passwd}",
    "substitution": "$(touch PWNED)",
    "backticks": "`touch PWNED`",
    "format": "%s%n%d%s%n",
    "gnuplot": "'; system 'touch PWNED'; set title '",
    "quotes": "'\"“”‘’«»´`''\"\"",
    "option": "-rf",
    "return": "one\rtouch PWNED",
    "folder above": "..",
    "files above": "../../above",
    "home": "~root/~",
    "255 bytes": "n" * 255,
    "combining": "e\u0301\u0302\u0303\u0304a\u0308",
    "right to left": "\u202e\u0635\u0648\u0631\u0629\u2066abc",
    "escape": "red\x1b[31m\x1b]0;title\x07",
    "C1 and delete": "a\u009b31m\x7f\x08",
    "entity": "&lt;b&gt; &#60;i&#62; &amp;",
    "ends of markup": "--></style></title>]]></svg><b>",
    "separators": "a,b;c|d\te:f",
    "plus": "+1+cmd",
    "at": "@SUM(1+1)",
    "tab and formula": "\t=1+1",
    "YAML": "&a [*a, !!python/object: {b: #}]",
    "braces": "{{{}}}",
    "comment": "# no",
    "environment": "${HOME} %PATH% !PATH!",
    "no text": "caf\udce9",
    "no number": "nan",
    "number": "1e3",
    "emoji": "\U0001f3e5\U0001f1f3\U0001f1f4\u200d",
    "blanks": "  a  ",
    "JSON": '\\u0000","study":"x',
}
STUDY = {"sites": ["clinic.yaml", "ward.yaml"], "pairs": ["clinic -> ward"], "size": 16, "image_channels": 1, "replicates": 100,
         "classifier.epochs": 1, "classifier.batch": 8, "classifier.steps_per_epoch": 2, "tune.epochs": 1,
         "tune.batch": 8, "tune.steps_per_epoch": 2, "histogram.images": 4,
         "portfolio": ["none", "histogram"]}


def yaml_text(value):
    if isinstance(value, list):
        return f"[{', '.join(map(yaml_text, value))}]"
    return re.sub("[\x7f-\x9f]", lambda c: f"\\x{ord(c[0]):02x}", json.dumps(value, ensure_ascii=False))


def composed(text):
    """Letters with their accents as one, as label files are read."""
    return unicodedata.normalize("NFC", text)


def write_text(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(errors="surrogateescape"))


def snapshot(folder):
    """Every file below, but for what the program is asked to write, with its hash."""
    found = {}
    for top, folders, files in os.walk(folder):
        if top == str(folder):
            folders[:] = [name for name in folders if name not in ("out", "runs")]
        for name in files:
            path = os.path.join(top, name)
            found[os.path.relpath(path, folder)] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return found


class Case:
    """One text in one place: a folder with files that have it, commands that meet it, and what was wrong.  What a command makes
    goes into `out` and nowhere else."""

    def __init__(self, world, text, bones):
        self.world, self.text, self.clean = world, text, bones
        self.folder, self.wrongs, self.bones = world.folder / "named", [], {}
        self.refused, self.commands = [], 0
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "out").mkdir(parents=True)

    def wrong(self, text):
        if text:
            self.wrongs.append(text)

    # ---- files with the text ----

    def site(self, name, file=None, turn=dict, header=None, folder=None, sheet=None, **options):
        """A site's domain file, label file and images; turn(row) gives a row its other values, header(name) a column its name."""
        file, folder, sheet = file or f"{name}.yaml", folder or name, sheet or f"{name}.csv"
        with open(self.world.folder / f"{name}.csv", newline="") as f:
            rows = list(csv.DictReader(f))
        text = io.StringIO(newline="")
        for k, row in enumerate(rows):
            image = self.world.folder / name / row["file"]
            rows[k] = turn({**row, "view": "PA" if k % 3 else "AP", "scanner": "old" if k % 2 else "new"})
            self.image(image, f"{folder}/{rows[k]['file']}")
        writer = csv.writer(text)
        writer.writerow([header(column) if header else column for column in rows[0]])
        writer.writerows(row.values() for row in rows)
        write_text(self.folder / sheet, text.getvalue())
        self.yaml(file, {"name": name, "format": "folder", "images": folder, "labels": sheet, "size": 16, **(options or PLAIN)})

    def image(self, source, to):
        path = self.folder / os.fsencode(to).decode(errors="surrogateescape")
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            os.link(source, path)

    def yaml(self, file, options):
        """Options with a dot are of a section."""
        lines, sections = [], {}
        for key, value in options.items():
            section, dot, name = key.rpartition(".")
            (sections.setdefault(section, []) if dot else lines).append(f"{'  ' * bool(dot)}{name or key}: {yaml_text(value)}")
        for section, inner in sections.items():
            lines += [f"{section}:", *inner]
        write_text(self.folder / file, "\n".join(lines) + "\n")

    def study(self, file="study.yaml", **options):
        self.yaml(file, {"name": "named", **STUDY, **options})

    # ---- commands, and what is looked at after each ----

    def run(self, *words, answer=None, before=()):
        """The words of one command; answer: what its standard output is, csv or json.  Returns it, None where it was refused."""
        self.commands += 1
        inputs = snapshot(self.folder)
        done = self.world.run([*before, *words], folder=self.folder)
        told = f"xsite {' '.join(map(str, words))}"[:300]
        if done.status not in (0, 1, 2, 3):
            self.wrong(f"{told}: {done}")
        if done.status in (1, 2):
            self.refused.append(f"{told}: {done}")
            self.wrong("" if done.err.strip() else f"{told}: status {done.status} without a word")
        if shown.STEERING.search(done.err):
            self.wrong(f"{told}: standard error has {shown.STEERING.search(done.err)[0]!r}")
        if snapshot(self.folder) != inputs:
            self.wrong(f"{told}: a file outside of its folder is new, or an input is another")
        if list(self.world.folder.rglob("PWNED")):
            self.wrong(f"{told}: PWNED is there: a name was run as a command")
        if done.status in (1, 2):
            return None
        if answer:
            self.wrong(self.read_answer(told, done.out, answer))
        return done.out

    @staticmethod
    def read_answer(told, text, kind):
        try:
            wrong = shown.sheet_text(text) if kind == "csv" else json.loads(text) and ""
        except ValueError as error:
            wrong = str(error)
        return wrong and f"{told}: {wrong}"

    def look(self):
        """At all that was made."""
        for path in sorted((self.folder / "out").rglob("*")) + sorted((self.folder / "runs").rglob("*")):
            if not path.is_file():
                continue
            kind, bones, wrong = shown.look(path)
            name = path.relative_to(self.folder)
            self.bones.setdefault(kind, set()).update(bones)
            self.wrong(wrong and f"{name}: {wrong}")
            if kind and self.clean is not None:
                new = shown.added(bones, self.clean.get(kind, set()))
                self.wrong(new and f"{name}: {new}")

    def shows(self, page):
        """The page has the text as it is, if it was made."""
        path = self.folder / page
        if path.exists() and composed(shown.one_blank(self.text)) not in composed(shown.Page(shown.read(path)).text):
            self.wrong(f"{page}: the text is not shown as it is")

    def has(self, file, of):
        """of(what the JSON file holds) is the text, if the file was made."""
        path = self.folder / file
        if not path.exists():
            return
        found = of(json.loads(shown.read(path)))
        if found.strip() != self.text.strip():
            self.wrong(f"{file} has {found[:100]!r}, not the text")

    def column(self, file, name, value=None):
        """A column of a CSV file has the text in its cells, if the file was made; name: a function tells it."""
        path, value = self.folder / file, composed(value or self.text)
        if not path.exists():
            return
        rows = shown.cells(path.read_bytes().decode())
        found = {row[rows[0].index(name)] for row in rows[1:]}
        plain = {cell[1:] if cell[:1] == "'" and shown.is_formula(cell[1:]) else cell for cell in found}
        if value.strip() not in {cell.strip() for cell in plain}:
            self.wrong(f"{file}: column {name} lacks the text; it has {sorted(plain)[:2]}")

    def export(self, study, name=None, **options):
        """The study's Snakefile, and Snakemake's dry run where there is one."""
        words = [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", value)] + ["--threads", "1"]
        words += ["--set", f"name={name}"] if name is not None else []
        text = self.run("study", "export", "--snakemake", *words, "--", study)
        if text is None:
            return
        wanted = [self.world.xsite, "study", "node", *words, f"./{study}" if study.startswith("-") else study]
        wrong = shown.snakefile(text, wanted)
        if not wrong and snakemake():
            write_text(self.folder / "out/Snakefile", text)
            done = subprocess.run([snakemake(), "--dry-run", "--snakefile", "out/Snakefile"], cwd=self.folder, capture_output=True,
                                  env={**self.world.environment, "HOME": str(self.world.folder)}, check=False)
            wrong = (done.stderr + done.stdout).decode(errors="replace").strip()[-300:] if done.returncode else ""
        self.wrong(wrong and f"Snakefile: {wrong}")


def snakemake():
    """Only where it is asked for: a dry run takes seconds."""
    return os.environ.get("XSITE_SNAKEMAKE")


PLAIN = {"classes": ["normal", "finding"], "group_column": "patient", "sex_column": "sex", "age_column": "age",
         "view_column": "view", "scanner_column": "scanner"}
MODEL = "trained/model.safetensors"


def named(text, ending=""):
    """As the name of a file: with the ending no longer than a name may be."""
    room = 255 - len(ending)
    return text.encode(errors="surrogateescape")[:room].decode(errors="surrogateescape") + ending


# ---- the places: each puts the text somewhere and has the program meet it ----

def study_name(case):
    case.site("clinic")
    case.site("ward")
    case.study()
    case.run("study", "run", "study.yaml", "--threads", "1", "--set", f"name={case.text}", "--out", "out/run")
    case.run("study", "run", "study.yaml", "--threads", "1", "--set", f"name={case.text}")
    case.has("out/run/results.json", lambda j: j["study"])
    case.shows("out/run/report.html")
    case.run("inspect", "run", "out/run")
    case.export("study.yaml", case.text)


def run_folder(case):
    out = f"out/deep/in/{case.text}"
    shutil.copytree(case.world.folder / "run", case.folder / out, dirs_exist_ok=True)
    case.run("report", out) if not out.endswith("..") else None
    case.run("inspect", "run", "--seal", out)
    study = str(case.world.folder / "study.yaml")
    case.run("study", "plan", "--quick", "--out", out, study)
    case.export(study, out=out)


def data_folder(case):
    for site in ("clinic", "ward"):
        case.site(site, folder=f"data/{case.text}/{site}", sheet=f"data/{case.text}/{site}.csv")
        case.yaml(f"{site}.yaml", {"name": site, "format": "folder", "root": "data", "images": site, "labels": f"{site}.csv",
                                   "size": 16, **PLAIN})
    data = f"data/{case.text}"
    case.study()
    case.run("data", "check", "clinic.yaml", "ward.yaml", "--threads", "1", "--data-dir", data, "--out", "out/check", "--groups")
    case.run("eval", "--model", case.world.folder / MODEL, "--data", "clinic.yaml", "--threads", "1", "--data-dir", data,
             "--outputs", "out/outputs.csv", "--json", answer="json")
    for answer in ("csv", "json"):
        case.run("predict", "--model", case.world.folder / MODEL, "--threads", "1", f"--{answer}", "--", f"{data}/ward",
                 answer=answer)
    case.export("study.yaml", data_dir=data)


def domain_file(case):
    files = [named(case.text, f"-{site}.yaml") for site in ("clinic", "ward")]
    for site, file in zip(("clinic", "ward"), files):
        case.site(site, file=file, folder=str(case.folder / site), sheet=str(case.folder / f"{site}.csv"))
    study = named(case.text, ".study")
    case.study(study, sites=[f"{case.folder}/{file}" for file in files])
    case.run("data", "check", "--threads", "1", "--out", "out/check", "--", *files)
    case.run("study", "run", "--threads", "1", "--out", "out/run", "--", study)
    case.export(study, out="out/run")


def label_file(case):
    for site in ("clinic", "ward"):
        case.site(site, sheet=named(case.text, f"-{site}.csv"))
    case.yaml("map.yaml", {"mapping": "m", "version": 1, "classes": ["no", "yes"], "columns.image": "file", "labels.cells": "none"})
    case.run("data", "check", "--threads", "1", "--out", "out/check", "--", "clinic.yaml", "ward.yaml")
    case.run("labels", "--json", "--", "map.yaml", named(case.text, "-clinic.csv"), answer="json")


def turned(**changes):
    return lambda row: {**row, **{name: change(row[name]) for name, change in changes.items()}}


def class_names(case):
    for site in ("clinic", "ward"):
        case.site(site, turn=turned(label=lambda label: {"finding": case.text}.get(label, label)),
                  **{**PLAIN, "classes": ["normal", case.text]})
    case.study(**{"operating.positive": case.text})
    case.run("study", "run", "study.yaml", "--threads", "1", "--out", "out/run")
    case.has("out/run/results.json", lambda j: j["classes"][1])
    case.shows("out/run/report.html")
    case.column("out/run/outputs.csv", "label")
    model = "out/run/nodes/baseline-clinic/model.safetensors"
    for answer in ("csv", "json"):
        case.run("predict", "--model", model, "--threads", "1", f"--{answer}", "ward", answer=answer)
    case.run("inspect", "model", model)
    case.run("export", "--model", model, "--out", "out/model.onnx")
    case.run("data", "check", "clinic.yaml", "ward.yaml", "--threads", "1", "--out", "out/check")
    made = case.run("shift", "--data", "clinic.yaml", "--kind", "blur-2", "--threads", "1", "--out", "out/blurred")
    if made is not None and (case.folder / model).exists():
        told = case.run("eval", "--model", model, "--data", "out/blurred/site.yaml", "--threads", "1", "--json", answer="json")
        case.wrong("" if told else "what shift wrote is not read again")


def patients(case):
    few = turned(patient=lambda patient: f"{case.text}" if patient.endswith("7") else patient)
    for site in ("clinic", "ward"):
        case.site(site, turn=few)
    case.study()
    case.run("data", "check", "clinic.yaml", "ward.yaml", "--threads", "1", "--out", "out/check", "--groups")
    case.run("study", "run", "study.yaml", "--threads", "1", "--out", "out/run")
    case.column("out/run/outputs.csv", "patient")


def image_files(case):
    few = turned(file=lambda file: named(case.text, file) if file.endswith("7.png") else file)
    for site in ("clinic", "ward"):
        case.site(site, turn=few)
    case.study()
    case.run("data", "check", "clinic.yaml", "ward.yaml", "--threads", "1", "--out", "out/check", "--groups")
    case.run("study", "run", "study.yaml", "--threads", "1", "--out", "out/run")
    case.column("out/run/outputs.csv", "image", named(case.text, "7.png"))
    for answer in ("csv", "json"):
        case.run("predict", "--model", case.world.folder / MODEL, "--threads", "1", f"--{answer}", "clinic", answer=answer)
    case.run("shift", "--data", "clinic.yaml", "--kind", "blur-2", "--threads", "1", "--out", "out/blurred")


def attributes(case):
    text = turned(sex=lambda sex: case.text if sex == "M" else sex, view=lambda view: case.text if view == "AP" else view,
                  scanner=lambda scanner: case.text if scanner == "old" else scanner)
    for site in ("clinic", "ward"):
        case.site(site, turn=text)
    case.study()
    case.run("data", "check", "clinic.yaml", "ward.yaml", "--threads", "1", "--out", "out/check")
    if case.run("study", "run", "study.yaml", "--threads", "1", "--out", "out/run") is not None:
        case.shows("out/run/report.html")
        case.column("out/run/subgroups.csv", "value")


def columns(case):
    names = {name: f"{case.text}{k}" for k, name in enumerate(("label", "patient", "sex", "view", "file"))}
    for site in ("clinic", "ward"):
        case.site(site, header=lambda name: names.get(name, name),
                  **{**PLAIN, "label_column": names["label"], "group_column": names["patient"], "sex_column": names["sex"],
                     "view_column": names["view"], "file_column": names["file"]})
    case.study()
    case.run("data", "check", "clinic.yaml", "ward.yaml", "--threads", "1", "--out", "out/check")
    case.run("study", "run", "study.yaml", "--threads", "1", "--out", "out/run")


def mappings(case):
    file = named(case.text, ".map")
    case.yaml(file, {"mapping": case.text, "version": 1, "archive": case.text, "classes": [f"no {case.text}", case.text],
                     "columns.image": "file", "columns.patient": "patient", "labels.cells": "joined", "labels.column": "label",
                     "labels.separator": "\x01", "labels.positive": [case.text], "labels.negative": ["normal"]})
    for site in ("clinic", "ward"):
        case.site(site, turn=turned(label=lambda label: {"finding": case.text}.get(label, label)), mapping=file)
    case.study()
    case.run("labels", "--all", "--json", "--", file, "clinic.csv", answer="json")
    case.run("labels", "--all", "--", file, "clinic.csv")
    case.run("data", "check", "clinic.yaml", "ward.yaml", "--threads", "1", "--out", "out/check")
    if case.run("study", "run", "study.yaml", "--threads", "1", "--out", "out/run") is not None:
        case.shows("out/run/report.html")


def unmapped(case):
    """Terms that the mapping does not have, and conditions with the text."""
    case.yaml("map.yaml", {"mapping": "m", "version": 1, "classes": ["no", "yes"], "columns.image": "file",
                           "labels.cells": "joined", "labels.column": "label", "labels.positive": ["finding"],
                           "labels.negative": ["none"], "keep.where": [f"view != {case.text}"]})
    case.site("clinic", turn=turned(label=lambda label: {"normal": case.text}.get(label, label)), mapping="map.yaml",
              mapping_set=["labels.unmapped=other", "policy.blank=negative"])
    case.run("labels", "--all", "--json", "map.yaml", "clinic.csv", answer="json")
    case.run("labels", "map.yaml", "clinic.csv")
    case.run("data", "check", "clinic.yaml", "--threads", "1", "--out", "out/check")


def model_file(case):
    model = named(case.text, ".safetensors")
    case.image(case.world.folder / MODEL, model)
    case.site("clinic")
    case.run("inspect", "model", "--", model)
    for answer in ("csv", "json"):
        case.run("predict", f"--model={model}", "--threads", "1", f"--{answer}", "clinic", answer=answer)
    case.run("eval", f"--model={model}", "--data", "clinic.yaml", "--threads", "1", "--json", answer="json")
    case.run("export", f"--model={model}", "--out", f"out/{named(case.text, '.onnx')}")
    case.run("train", "--data", "clinic.yaml", "--size", "16", "--image-channels", "1", "--epochs", "1", "--steps-per-epoch", "1",
             "--batch", "8", "--threads", "1", f"--start-from={model}", "--out", "out/trained")


def class_option(case):
    case.image(case.world.folder / "clinic/0.png", "clinic/0.png")
    case.run("import", "--architecture", "lenet", "--weights", case.world.folder / MODEL, "--size", "16", "--normalisation", "half",
             f"--class={case.text}", "--class=other", "--out", "out/model.safetensors")
    case.run("inspect", "model", "out/model.safetensors")
    for answer in ("csv", "json"):
        case.run("predict", "--model", "out/model.safetensors", "--threads", "1", f"--{answer}", "clinic", answer=answer)
    case.run("predict", "--model", "out/model.safetensors", "--threads", "1", f"--threshold={case.text}=0.5", "clinic")
    case.run("export", "--model", "out/model.safetensors", "--out", "out/model.onnx")


def strangers_run(case):
    """A run folder that somebody else has made, with the text for every name in its results and settings."""
    out = case.folder / "out/run"
    shutil.copytree(case.world.folder / "run", out)
    for made in ("seal.jsonl", "report.html"):
        (out / made).unlink()
    shutil.rmtree(out / "figures")

    def turn(j, inside=""):
        if isinstance(j, dict):
            return {key: turn(value, key) for key, value in j.items()}
        if isinstance(j, list):
            return [turn(value, inside) for value in j]
        return case.text if isinstance(j, str) and inside not in ("interval", "images", "word", "method", "chosen") else j

    for name in ("results.json", "study.json"):
        write_text(out / name, json.dumps(turn(json.loads(shown.read(out / name)))))
    case.run("report", "out/run")
    case.run("inspect", "run", "out/run")


PLACES = {"the study's name": study_name, "names of classes": class_names, "names of image files": image_files,
          "ids of patients": patients, "sex, view and scanner": attributes, "the run folder": run_folder,
          "the data folder": data_folder, "names of domain and study files": domain_file, "names of columns": columns,
          "a mapping": mappings, "terms of no mapping": unmapped, "names of label files": label_file,
          "names of model files": model_file, "--class of import": class_option, "a stranger's run folder": strangers_run}


def cases(count):
    """Place by place, each time with the next text, so that few cases meet every place."""
    texts, places = list(TEXTS.items()), list(PLACES.items())
    for k in range(min(count, len(texts) * len(places))):
        what, text = texts[(k % len(places) + k // len(places)) % len(texts)]
        yield (*places[k % len(places)], what, text)


def torture(world, draw, count):
    clean = {}
    for where, place, what, text in cases(count):
        if where not in clean:
            harmless = Case(world, HARMLESS, None)
            place(harmless)
            harmless.look()
            clean[where] = harmless.bones
            if harmless.wrongs or harmless.refused:
                yield f"a harmless name in {where}", harmless.commands, "; ".join(harmless.wrongs + harmless.refused)
        case = Case(world, text, clean[where])
        try:
            place(case)
            case.look()
        except OSError as error:  # a name that no file can have here
            case.wrong("" if error.errno in (36, 2, 20, 21) else str(error))
        refused = f", {len(case.refused)} of {case.commands} refused" if case.refused else ""
        yield f"{what} in {where}{refused}", case.commands, "; ".join(case.wrongs)
