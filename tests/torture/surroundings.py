"""Surroundings that another machine may have: locales, clocks, masks, limits, users, variables, links, folders.  In each a command
makes the same files as here, or refuses in words and makes them when it is started again here.  Films stay their owner's.  Not
random: QUICK goes through all surroundings with a command each, more through all commands."""
import os
import shutil
import stat
import subprocess
from pathlib import Path

QUICK = 70
NOBODY = 65534
GERMAN, TURKISH = "de_DE", "tr_TR"
PUBLIC = (".onnx",)  # docs/run-folder.md: these follow the umask


class Surroundings:
    """start(world, scenario, out) runs the scenario's command there.  same: a refusal is wrong as well.  lacks(world): why the
    surroundings cannot be made here, or ''.  needs: scenarios for which they mean something (default: all)."""

    def __init__(self, name, start, same=False, needs=None, lacks=lambda world: ""):
        self.name, self.start, self.same, self.needs, self.lacks = name, start, same, needs, lacks


def under(*prefix, folder=None, **environment):
    """With words in front of the command and other variables; text in them may name the world's folder as {world}."""

    def start(world, scenario, out):
        def fill(text):
            return text.replace("{world}", str(world.folder)) if isinstance(text, str) else text

        return scenario.start(out, prefix=[fill(word) for word in prefix],
                              environment={name: fill(value) for name, value in environment.items()}, folder=folder)

    return start


def shell(command):
    """The shell's command comes first."""
    return under("sh", "-c", f'{command}; exec "$@"', "sh")


def limited(*limits):
    return under("prlimit", *limits, "--")


def clock(start, step):
    def at(world, scenario, out):
        library = world.folder / "jumping_clock.so"
        if not library.exists():
            source = Path(__file__).parent.parent / "preload/jumping_clock.c"
            subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
        environment = {"LD_PRELOAD": str(library), "CLOCK_START": str(start), "CLOCK_STEP": str(step)}
        return scenario.start(out, environment=environment)

    return at


# ---- locales ----

def locale_of(name):
    """Environment of a locale that is made for the purpose."""
    return {"LOCPATH": "{world}/locales", "LC_ALL": f"{name}.UTF-8", "LANGUAGE": name}


def lacks_locale(name):
    def lacks(world):
        folder = world.folder / "locales"
        folder.mkdir(exist_ok=True)
        made = folder / f"{name}.UTF-8"
        if not shutil.which("localedef"):
            return "localedef is missing: tools/install locales"
        if not made.exists():
            subprocess.run(["localedef", "-i", name, "-f", "UTF-8", made], capture_output=True, check=False)
        told = subprocess.run(["locale", "decimal_point"], capture_output=True, check=False,
                              env={**os.environ, "LOCPATH": str(folder), "LC_ALL": f"{name}.UTF-8"}).stdout
        return "" if told.strip() == b"," else f"localedef makes no {name} here"

    return lacks


# ---- users ----

def lacks_root(world):
    return "" if os.geteuid() == 0 and shutil.which("setpriv") else "only root can be another user"


def give(path, user):
    for top, folders, files in os.walk(path):
        for name in [top, *(os.path.join(top, name) for name in folders + files)]:
            os.chown(name, user, user, follow_symlinks=False)


def as_nobody(owner, cache):
    """The command is another user's, the folder `owner`'s; its cache is a folder of this world."""

    def start(world, scenario, out):
        program = world.folder / "xsite"
        if not program.exists():
            shutil.copy(world.xsite, program)
        give(out, owner)
        os.chmod(world.folder, 0o755)
        (world.folder / cache).mkdir(exist_ok=True)
        os.chown(world.folder / cache, NOBODY if cache == "nobody's" else 0, NOBODY)
        try:
            other = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
            return scenario.start(out, prefix=[*other, "sh", "-c", f'shift; exec "{program}" "$@"', "sh"],
                                  environment={"XSITE_CACHE": str(world.folder / cache), "HOME": "/nonexistent"})
        finally:
            os.chmod(world.folder, 0o700)
            give(out, 0)

    return start


def foreign_cache(mode):
    """A cache that another user has filled."""

    def start(world, scenario, out):
        cache = world.folder / "foreign"
        shutil.rmtree(cache, ignore_errors=True)
        shutil.copytree(world.folder / "warm", cache)
        give(cache, NOBODY)
        os.chmod(cache, mode)
        return scenario.start(out, environment={"XSITE_CACHE": str(cache)})

    return start


# ---- folders and links ----

INPUTS = ("clinic", "clinic.csv", "clinic.yaml", "ward", "ward.csv", "ward.yaml", "study.yaml", "trained", "run")


def elsewhere(name, put):
    """Started in another folder, where each input is put by its name."""

    def start(world, scenario, out):
        folder = world.folder / name
        if not folder.exists():
            folder.mkdir()
            for each in INPUTS:
                put(world.folder / each, folder / each)
        return scenario.start(out, folder=folder)

    return start


def link(source, to):
    to.symlink_to(source)


def copy(source, to):
    shutil.copytree(source, to) if source.is_dir() else shutil.copy(source, to)


def loop(source, to):
    to.symlink_to(to.name)


def looping(source, to):
    """Real files, and in each folder a link to the folder itself."""
    copy(source, to)
    if to.is_dir():
        (to / "again").symlink_to("..")


def read_only(source, to):
    copy(source, to)
    for path in [to, *to.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def into(name, make):
    """--out is another name of the folder: make(world, out) makes it and returns it."""

    def start(world, scenario, out):
        other = world.folder / name
        if other.is_symlink() or other.is_file():
            other.unlink()
        shutil.rmtree(other, ignore_errors=True)
        make(other, out)
        return scenario.start(other if name != "relative" else os.path.relpath(out, world.folder))

    return start


def deleted(world, scenario, out):
    """The folder in which it is started is gone; all words are absolute.  An answer repeats them; so do the records of other
    scenarios, which are left out."""
    here = world.folder / "here"
    here.mkdir(exist_ok=True)
    words = [world.folder / word if isinstance(word, str) and (world.folder / word).exists() and word else word
             for word in scenario.words(out)]
    done = world.run(words, folder=here, prefix=["sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh"])
    done.out = done.out.replace(f"{world.folder}/", "")
    return done


def junk(kilobytes):
    return {f"JUNK_{k}": "x" * 1024 * 100 for k in range(kilobytes // 100)}


def hostile_home(world, scenario, out):
    """A home whose gnuplot would do other things."""
    home = world.folder / "hostile home"
    home.mkdir(exist_ok=True)
    (home / ".gnuplot").write_text("set terminal dumb\nset decimalsign ','\nset title 'WRONG'\n")
    return scenario.start(out, environment={"HOME": str(home), "XDG_CONFIG_HOME": str(home), "GNUTERM": "dumb",
                                            "GNUPLOT_LIB": "/nonexistent", "GNUPLOT_FONTPATH": "/nonexistent"})


ALL = [
    Surroundings("German numbers", under(**locale_of(GERMAN)), True, lacks=lacks_locale(GERMAN)),
    Surroundings("Turkish letters", under(**locale_of(TURKISH)), True, lacks=lacks_locale(TURKISH)),
    Surroundings("LC_ALL=C", under(LC_ALL="C"), True),
    Surroundings("LC_ALL=POSIX, POSIXLY_CORRECT", under(LC_ALL="POSIX", POSIXLY_CORRECT="1"), True),
    Surroundings("a locale that is not there", under(LC_ALL="xx_YY.UTF-99", LC_NUMERIC="../../etc"), True),
    Surroundings("TZ=junk", under(TZ="junk/../:<>99"), True),
    Surroundings("TZ far in the east", under(TZ="<+24>-24:59:59"), True),
    Surroundings("TZ=:/etc/passwd", under(TZ=":/etc/passwd"), True),
    Surroundings("a clock that goes back", clock(1700000000, -3600), True),
    Surroundings("a clock in 1970", clock(0, 0), True),
    Surroundings("a clock in 2100", clock(4102444800, 1), True),
    Surroundings("a clock in 2106 that leaps a year each time", clock(4291747200, 31557600), True),
    Surroundings("umask 000", shell("umask 000"), True),
    Surroundings("umask 077", shell("umask 077"), True),
    Surroundings("umask 777", shell("umask 777")),
    Surroundings("no HOME and no cache", under(HOME=None, XSITE_CACHE=None, XDG_CACHE_HOME=None), True),
    Surroundings("HOME in which nothing can be made", under(HOME="/proc", XSITE_CACHE=None, XDG_CACHE_HOME=None)),
    Surroundings("HOME is a file", under(HOME="{world}/study.yaml", XSITE_CACHE=None, XDG_CACHE_HOME=None)),
    Surroundings("HOME and XDG_CACHE_HOME are empty", under(HOME="", XSITE_CACHE=None, XDG_CACHE_HOME=""), True),
    Surroundings("HOME whose gnuplot does other things", hostile_home, True, ("study", "report")),
    Surroundings("TMPDIR is not there", under(TMPDIR="/nonexistent/tmp", TMP="/nonexistent", TEMP="/nonexistent"), True),
    Surroundings("XSITE_CACHE nowhere", under(XSITE_CACHE="/proc/nowhere/cache")),
    Surroundings("XSITE_CACHE is a file", under(XSITE_CACHE="{world}/study.yaml")),
    Surroundings("XSITE_CACHE is empty", under(XSITE_CACHE="")),
    Surroundings("XSITE_DATA nowhere", under(XSITE_DATA="/proc/nowhere/data"), True),
    Surroundings("PATH is empty", under(PATH="")),
    Surroundings("PATH of nothing", under(PATH="/nonexistent")),
    Surroundings("no variable at all", under("env", "-i")),
    Surroundings("a megabyte of variables", under(**junk(1000)), True),
    Surroundings("memory that is never zero", under(MALLOC_PERTURB_="165"), True),
    Surroundings("OMP_NUM_THREADS=junk", under(OMP_NUM_THREADS="many", OMP_SCHEDULE="never"), True),
    Surroundings("OMP_NUM_THREADS=100000", under(OMP_NUM_THREADS="100000"), True),
    Surroundings("OMP_NUM_THREADS=-1", under(OMP_NUM_THREADS="-1", OMP_DYNAMIC="true", OMP_NESTED="true"), True),
    Surroundings("OMP_THREAD_LIMIT=1", under(OMP_THREAD_LIMIT="1", OMP_MAX_ACTIVE_LEVELS="0"), True),
    Surroundings("OMP_STACKSIZE=1", under(OMP_STACKSIZE="1B"), True),
    Surroundings("OMP_PLACES=junk", under(OMP_PLACES="{0}:9999", OMP_PROC_BIND="spread", OMP_WAIT_POLICY=None), True),
    Surroundings("GOMP_CPU_AFFINITY=junk", under(GOMP_CPU_AFFINITY="99-1:z", OMP_WAIT_POLICY=None), True),
    Surroundings("OMP_WAIT_POLICY=junk", under(OMP_WAIT_POLICY="junk", GOMP_SPINCOUNT="junk", OMP_DISPLAY_ENV="true"), True),
    Surroundings("20 open files", limited("--nofile=20")),
    Surroundings("8 open files", limited("--nofile=8")),
    Surroundings("a stack of 64 KB", limited("--stack=65536:65536")),
    Surroundings("a stack of 1 MB", limited("--stack=1048576:1048576")),
    Surroundings("a stack without limit", limited("--stack=unlimited"), True),
    Surroundings("40 MB of addresses", limited("--as=40000000")),
    Surroundings("150 MB of addresses", limited("--as=150000000")),
    Surroundings("400 MB of addresses", limited("--as=400000000")),
    Surroundings("files of no byte", limited("--fsize=0")),
    Surroundings("files of 100 bytes", limited("--fsize=100")),
    Surroundings("files of 20,000 bytes", limited("--fsize=20000")),
    Surroundings("no locked memory, no core", limited("--memlock=0", "--core=0", "--nice=0"), True),
    Surroundings("an empty name of the program", under("bash", "-c", 'exec -a "" "$@"', "sh"), True),
    Surroundings("the program's name is an option", under("bash", "-c", 'exec -a --help "$@"', "sh"), True),
    Surroundings("the program's name is long", under("bash", "-c", f'exec -a {"n" * 5000}/ "$@"', "sh"), True),
    Surroundings("signals that are ignored", shell("trap '' PIPE HUP TERM INT CHLD XFSZ USR1"), True),
    Surroundings("inputs are links", elsewhere("links", link), True),
    Surroundings("inputs are links to themselves", elsewhere("loops", loop)),
    Surroundings("folders with links to themselves", elsewhere("looping", looping)),
    Surroundings("inputs are read-only", elsewhere("read only", read_only), True),
    Surroundings("a folder with blanks and quotes", elsewhere("it's \"a\" $HOME `b` \\ folder", copy), True),
    Surroundings("--out is relative", into("relative", lambda other, out: None), True),
    Surroundings("--out is a link", into("linked", lambda other, out: other.symlink_to(out)), True),
    Surroundings("--out is a link to itself", into("itself", lambda other, out: other.symlink_to(other.name))),
    Surroundings("--out is a link to nothing", into("dangling", lambda other, out: other.symlink_to("nothing/at/all"))),
    Surroundings("--out is a file", into("a file", lambda other, out: other.write_text("mine\n"))),
    Surroundings("the current folder is gone", deleted, needs=("study", "import", "export", "report", "shift", "eval", "predict")),
    Surroundings("another user, in its own folder", as_nobody(NOBODY, "nobody's"), lacks=lacks_root),
    Surroundings("another user, in a folder of root's", as_nobody(0, "nobody's"), lacks=lacks_root),
    Surroundings("another user, with a cache of root's", as_nobody(NOBODY, "warm"), lacks=lacks_root),
    Surroundings("a cache of another user's", foreign_cache(0o700), lacks=lacks_root),
    Surroundings("a cache of another user's, open to all", foreign_cache(0o777), lacks=lacks_root),
]


# ---- what is judged ----

def opened(out, before):
    """What others may read of what was made, or ''."""
    for path in sorted(out.rglob("*")):
        mode = path.lstat().st_mode
        if path not in before and not stat.S_ISLNK(mode) and mode & 0o077 and path.suffix not in PUBLIC:
            return f"{path.relative_to(out)} is open to others: mode {stat.S_IMODE(mode):03o}"
    return ""


def judge(surroundings, scenario, out, done, before):
    loader = done.status == 127 and "error while loading shared libraries" in done.err
    if done.status not in (0, 1, 2, 3) and not loader:
        return str(done)
    if done.status and not done.err.strip():
        return f"status {done.status} without a word"
    if done.status and surroundings.same:
        return f"refused: {done}"
    return opened(out, before) or scenario.recover(out, done)


def meet(world, surroundings, scenario):
    out = world.folder / "surrounded"
    scenario.prepare(out)
    before = set(out.rglob("*"))
    done = surroundings.start(world, scenario, out)
    return f"{scenario.name}: {surroundings.name} ({done.status})", 1, judge(surroundings, scenario, out, done, before)


# ---- a folder of very many files ----

def crowd(world, ending, words):
    """100,000 files of no byte beside one film: the film's answer is what it is alone."""
    folder = world.folder / f"crowd{ending}"
    folder.mkdir()
    shutil.copy(world.folder / "clinic/0.png", folder / "film.png")
    predict = ["predict", "--model", "trained/model.safetensors", "--threads", 1, "--csv"]
    alone = world.run([*predict, f"{folder.name}/film.png"])
    for k in range(100000):
        (folder / f"{k:06}{ending}").touch()
    done = world.run([*predict, folder.name])
    shutil.rmtree(folder)
    row = alone.out.splitlines()[1]
    wrong = "" if row in done.out.splitlines() and done.status == words["status"] else f"{done}"
    if len(done.out.splitlines()) != words["lines"]:
        wrong = f"{len(done.out.splitlines())} lines, not {words['lines']}"
    return f"predict: a film among 100,000 empty {ending} files ({done.status})", 1, wrong


def torture(world, draw, count):
    """Round by round, in each all surroundings with another command; then the crowds."""
    scenarios, here = world.scenarios, []
    for s in ALL:
        lacking = s.lacks(world)
        if lacking:
            print(f"surroundings: left out: {s.name}: {lacking}", flush=True)
        else:
            here.append(s)
    for k in range(min(count, len(here) * len(scenarios))):
        surroundings, turn = here[k % len(here)], k // len(here)
        scenario = scenarios[(k + turn) % len(scenarios)]
        if not surroundings.needs or scenario.name in surroundings.needs:
            yield meet(world, surroundings, scenario)
    if count > len(here) * len(scenarios):
        yield crowd(world, ".txt", {"status": 0, "lines": 2})
        yield crowd(world, ".png", {"status": 1, "lines": 100002})
