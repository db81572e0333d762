"""Memory: ten times the films need hardly more of it; a limit is refused in words; valgrind and ThreadSanitizer find nothing.
Slow: an hour in all; on demand only.  Cases that the machine cannot do are said and passed over."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

QUICK = 10 ** 6  # all
REPOSITORY = Path(__file__).resolve().parent.parent.parent
MEGABYTE = 1 << 20
MORE = 32 * MEGABYTE  # that nine thousand more films of 16 x 16 pixels (2 MB) may need
EXIT = 99  # valgrind's, where it found something


def make_site(world, name, films):
    """Many names for a few images: it is the rows that are many."""
    folder = world.folder / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    sources = sorted((world.folder / "clinic").glob("*.png"))
    rows = ["file,label,patient"]
    labels = dict(line.split(",")[:2] for line in (world.folder / "clinic.csv").read_text().splitlines()[1:])
    known = [s for s in sources if s.name in labels]
    for i in range(films):
        source = known[i % len(known)]
        os.link(source, folder / f"{i}.png")
        rows.append(f"{i}.png,{labels[source.name]},{i}")
    (world.folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
    text = (world.folder / "clinic.yaml").read_text()
    text = re.sub(r"clinic", name, text)
    text = "\n".join(line for line in text.splitlines() if not re.match(r"(sex|age)_column", line))
    (world.folder / f"{name}.yaml").write_text(text + "\n")


def peak(world, words):
    """Bytes of the largest resident set, and what came of it."""
    script = "import resource, subprocess, sys; s = subprocess.run(sys.argv[1:]).returncode; " \
             "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(s)"
    done = subprocess.run([sys.executable, "-c", script, world.xsite, *map(str, words)], cwd=world.folder, env=world.environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 3):  # 3: the data have faults, as these are the same films again and again
        return 0, f"status {done.returncode}: {done.stderr.strip()[-300:]}"
    return 1024 * int(done.stdout.splitlines()[-1]), ""


def many(world):
    for films, name in ((1000, "few"), (10000, "many")):
        make_site(world, name, films)
    model = "trained/model.safetensors"
    for what, words in (("eval", ["eval", "--model", model, "--threads", 1, "--split", "all", "--data"]),
                        ("data check", ["data", "check", "--threads", 1]),
                        ("train", ["train", "--size", 16, "--image-channels", 1, "--epochs", 1, "--threads", 1, "--data"])):
        found = []
        for name in ("few", "many"):
            out = ["--out", f"trained-{name}"] if what == "train" else []
            bytes_, wrong = peak(world, [*words, f"{name}.yaml", *out])
            found.append(bytes_)
            if wrong:
                break
        if not wrong and found[1] - found[0] > MORE:
            wrong = f"{found[0] / MEGABYTE:.0f} MB for 1,000 films, {found[1] / MEGABYTE:.0f} MB for 10,000"
        yield f"{what}: 1,000 and 10,000 films ({', '.join(f'{b / MEGABYTE:.0f} MB' for b in found)})", 1, wrong


def limited(world):
    """Under a limit of addresses each command works or refuses in words; a control group's limit where one can be made."""
    train = ["train", *world.training, "--architecture", "densenet121", "--size", "64", "--image-channels", "3"]
    for megabytes in (100, 200, 300, 400, 600, 800, 1200, 2000):
        out = world.folder / "limited"
        shutil.rmtree(out, ignore_errors=True)
        done = world.run([*train, "--out", out], prefix=["prlimit", f"--as={megabytes * MEGABYTE}"])
        wrong = str(done) if done.status not in (0, 1) or done.status and not done.err.strip() else ""
        if wrong and "error while loading shared libraries" in done.err:
            wrong = ""  # not even the program fits
        yield f"train under {megabytes} MB of addresses ({done.status})", 1, wrong
    yield from grouped(world, train)


def grouped(world, train):
    """The same in a control group of so much memory, where one can be made."""
    group = Path("/sys/fs/cgroup/xsite-torture")
    if not (group.parent / "cgroup.controllers").exists() or not os.access(group.parent, os.W_OK):
        print("memory: no control group can be made here: passed over")
        return
    group.mkdir()
    try:
        for megabytes in (60, 120, 240):
            (group / "memory.max").write_text(str(megabytes * MEGABYTE))
            shutil.rmtree(world.folder / "limited", ignore_errors=True)
            done = world.run([*train, "--out", world.folder / "limited"],
                             prefix=["sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh"])
            wrong = "" if done.status == 0 or done.status == 1 and "memory" in done.err else str(done)
            yield f"train in a control group of {megabytes} MB ({done.status})", 1, wrong
    finally:
        group.rmdir()


def checked(world):
    """valgrind: no invalid access, nothing lost for good."""
    if not shutil.which("valgrind"):
        print("memory: valgrind is missing: passed over")
        return
    for name in ("eval", "predict", "export", "report", "shift", "check", "train", "study"):
        scenario = world.scenario(name)
        out = world.folder / "checked"
        scenario.prepare(out)
        done = scenario.start(out, timeout=3600, prefix=["valgrind", "-q", f"--error-exitcode={EXIT}", "--leak-check=full",
                                                         "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite"])
        yield f"valgrind {name} ({done.status})", 1, "" if done.status == 0 else done.err[-1500:]


def raced(world):
    """ThreadSanitizer, with one thread of OpenMP, whose library it does not know: our own threads beside it."""
    folder = REPOSITORY / "build-tsan"
    made = subprocess.run(f"cmake -S {REPOSITORY} -B {folder} -G Ninja -DCMAKE_C_FLAGS=-fsanitize=thread "
                          f"-DCMAKE_CXX_FLAGS=-fsanitize=thread && cmake --build {folder} --target xsite", shell=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if made.returncode:
        yield "building with ThreadSanitizer", 1, made.stdout[-500:]
        return
    plain, world.xsite = world.xsite, str(folder / "xsite")
    try:
        for name in ("train", "eval", "cold", "check", "predict"):
            scenario = world.scenario(name)
            out = world.folder / "raced"
            scenario.prepare(out)
            done = scenario.start(out, timeout=3600, environment={"TSAN_OPTIONS": "halt_on_error=1 exitcode=99"})
            yield f"ThreadSanitizer {name} ({done.status})", 1, "" if done.status == 0 else done.err[:1500]
    finally:
        world.xsite = plain


def torture(world, draw, count):
    for cases in (many, limited, checked, raced):
        yield from cases(world)
