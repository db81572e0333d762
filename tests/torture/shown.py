"""What files of the program show, taken apart: whether a name in them became markup, a command, a formula or a column.

Each look_at function has the path of a file and the bones of such files of a clean run, and returns what is wrong in words, or ''.
Bones are what a name must not add to: elements with their attributes, lines of a script without its texts, TeX's commands.
"""
import ast
import csv
import json
import re
import shlex
import subprocess
import xml.etree.ElementTree
from html.parser import HTMLParser
from pathlib import Path

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]\d+)?$")
BLANKS = "xml:space"  # which gnuplot gives a text with two blanks
VOID = {"meta", "img", "br", "hr", "link", "input", "circle", "path", "rect", "line", "col"}


class Page(HTMLParser):
    """bones: (element, attributes), declarations, style sheets; text: what a reader sees, with its blanks as one."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.bones, self.pieces, self.open, self.wrong = set(), [], [], ""
        self.feed(text)
        self.close()
        self.text = one_blank("".join(self.pieces))
        if self.open and not self.wrong:
            self.wrong = f"<{self.open[-1]}> does not end"

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.bones.add((tag, *sorted(name for name, _ in attrs if name != BLANKS)))
        for name, value in attrs:
            address = name.endswith(("href", "src", "action")) and not (value or "").startswith(("#", "data:image/png;base64,"))
            if name.startswith("on") or address:
                self.bones.add((tag, name, value))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong = self.wrong or f"</{tag}> ends what did not begin"

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            self.bones.add((self.open[-1], data))
        else:
            self.pieces.append(data)

    def handle_comment(self, data):
        self.bones.add(("comment", data))

    def handle_decl(self, decl):
        self.bones.add(("declaration", decl))

    unknown_decl = handle_pi = handle_decl


def one_blank(text):
    """As a page shows it: what steers is a blank, and blanks are one."""
    return re.sub("[\x00-\x20]+", " ", text).strip()


def added(found, clean):
    new = sorted(map(str, found - clean))
    return f"there is {new[0][:200]}, which a clean one has not" if clean and new else ""


def read(path):
    return Path(path).read_text(encoding="utf-8")


# ---- each kind of file: its bones, and what is wrong with it alone ----

def page(path):
    p = Page(read(path))
    return p.bones, p.wrong


def svg(path):
    text = re.sub(r'\sxmlns="[^"]+"', "", read(path)).replace(f"{BLANKS}=", "blanks=")
    elements = xml.etree.ElementTree.fromstring(text).iter()
    return {(element.tag, *sorted(set(element.attrib) - {"blanks"})) for element in elements}, ""


ESCAPED = re.compile(r"\\textbackslash\{\}|\\textasciitilde\{\}|\\textasciicircum\{\}|\\textless\{\}|\\textgreater\{\}|\\[{}$&#_%]")
LATEX_OWN = re.compile(r"\$\\to\$|\$-\$|\$\^\\dagger\$|\\,|\\ |\\\\$", re.M)


def uneven(text):
    """Every row of a table has as many cells as the table has columns."""
    tables = re.findall(r"\\begin\{tabular\}\{([lr]+)\}(.*?)\\end\{tabular\}", text, re.S)
    for columns, rows in tables:
        for row in re.findall(r"^.*\\\\$", rows, re.M):
            if row.count("&") != len(columns) - 1:
                return f"a row of other than {len(columns)} cells"
    return "" if len(tables) == 2 else f"{len(tables)} tables, not two"


def tex(path):
    text = read(path)
    head, _, rest = text.partition("\n")
    plain = LATEX_OWN.sub(" ", ESCAPED.sub("", rest))
    wrong = ""
    if not head.startswith("%") or re.search(r"[$#_^~%]", plain):
        wrong = f"an unescaped {re.search(r'[$#_^~%]', plain)[0]}"
    elif STEERING.search(text):
        wrong = f"a character that TeX refuses: {STEERING.search(text)[0]!r}"
    elif re.search(r"\n[ \t]*\n", text):
        wrong = "an empty line, which ends a paragraph"
    else:
        wrong = uneven(ESCAPED.sub("", rest))
    depth = 0
    for c in re.sub(r"\\[{}]", "", text):
        depth += (c == "{") - (c == "}")
        wrong = wrong or ("a } too many" if depth < 0 else "")
    return set(re.findall(r"\\[A-Za-z]+", ESCAPED.sub("", rest))), wrong or ("a { too many" if depth else "")


def script(path):
    """gnuplot's: lines without what is quoted and without numbers."""
    lines = [re.sub(r"^# Draws .*", "#", line) for line in read(path).split("\n")]
    bones = {re.sub(r"[\d.]+", "0", re.sub(r"'(?:[^']|'')*'", "''", line)) for line in lines}
    return bones, "a backtick, which gnuplot runs" if "`" in "".join(lines) else ""


def table(path):
    lines = read(path).split("\n")
    uneven = [line for line in lines[:-1] if line and line.count("\t") != lines[0].count("\t")]
    return set(), f"a line of another number of columns: {uneven[0][:100]!r}" if uneven else ""


def is_formula(cell):
    return len(cell) > 1 and cell[0] in "=+-@\t\r" and not NUMBER.match(cell)


def cells(text):
    """Rows; ValueError where it is no CSV, or a row has another number of cells than the first."""
    try:
        rows = list(csv.reader(text.splitlines(keepends=True), strict=True))
    except csv.Error as error:
        raise ValueError(f"no CSV: {error}") from None
    odd = [row for row in rows if len(row) != len(rows[0])]
    if odd:
        raise ValueError(f"a row of {len(odd[0])} cells, not {len(rows[0])}: {odd[0][:3]}")
    return rows


def sheet_text(text):
    try:
        formulas = [cell for row in cells(text) for cell in row if is_formula(cell)]
    except ValueError as error:
        return str(error)
    return f"a cell that a spreadsheet computes: {formulas[0]!r}" if formulas else ""


def sheet(path):
    return set(), sheet_text(Path(path).read_bytes().decode("utf-8"))


def json_file(path):
    json.loads(read(path))
    return set(), ""


def json_lines(path):
    lines = read(path).split("\n")
    for line in lines[:-1]:
        json.loads(line)
    return set(), "" if lines[-1] == "" else "the last line does not end"


KINDS = {".html": page, ".svg": svg, ".tex": tex, ".gp": script, ".tsv": table, ".csv": sheet, ".json": json_file,
         ".jsonl": json_lines}
FOR_PROGRAMS = re.compile(r"^(labels|groups-\w+)\.csv$")  # read again by xsite, byte for byte


def look(path):
    """Of a file: its kind, bones and what is wrong with it ('' for neither)."""
    name = Path(path).name
    kind = next((ending for ending in KINDS if name.endswith(ending)), None)
    if not kind or FOR_PROGRAMS.match(name):
        return kind, set(), ""
    try:
        return (kind, *KINDS[kind](path))
    except (ValueError, SyntaxError, xml.etree.ElementTree.ParseError) as error:
        return kind, set(), f"cannot be read: {error}"


# ---- a Snakefile ----

LINE = re.compile(r"""rule \w+:|  (input|output|shell): (".*")|  threads: \d+|# snakemake --cores N --snakefile THIS-FILE|""")


def snakefile(text, words):
    """Its commands must be the given words, a node's name at their end, also as a shell takes them; '' where they are."""
    for line in text.split("\n"):
        match = LINE.fullmatch(line)
        if not match:
            return f"a line that is none of a Snakefile: {line[:150]!r}"
        if not match[1]:
            continue
        try:
            texts = ast.literal_eval(f"[{match[2]}]")
        except (ValueError, SyntaxError) as error:
            return f"{line[:150]!r} is no text of Python: {error}"
        if match[1] == "shell":
            command = texts[0].replace("{{", "{").replace("}}", "}").removesuffix(" || test $? -eq 3")
            told = subprocess.run(["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, check=False).stdout
            taken = [w.decode(errors="surrogateescape") for w in told.split(b"\0")[:-1]]
            if taken[:-1] != words or taken != shlex.split(command):
                return f"a shell takes the command for {taken}, not {words}"
    return ""
