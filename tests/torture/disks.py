"""A disk that is full after so many bytes, and calls that transfer a few bytes only.  On a full disk the program says so, and once
there is room it is started again and ends with the same files; with short reads and writes it makes the same at once."""
import subprocess

QUICK = 2  # sizes, of each scenario
SIZES = 15
AT_ONCE = [1000, 4096]


def build(world):
    library = world.folder / "narrow_disk.so"
    source = __file__.replace("disks.py", "narrow_disk.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    return str(library)


def bytes_taken(world, library, scenario):
    out, to = world.folder / "narrow", world.folder / "count"
    scenario.prepare(out)
    scenario.start(out, environment={"LD_PRELOAD": library, "COUNT_TO": str(to)})
    return int(to.read_text())


def full(world, library, scenario, room):
    out = world.folder / "narrow"
    scenario.prepare(out)
    done = scenario.start(out, environment={"LD_PRELOAD": library, "DISK_BYTES": str(room)})
    if done.status < 0 or done.status > 3:
        return str(done)
    if done.status and not done.err.strip():
        return f"status {done.status} without a word"
    return scenario.recover(out, done)


def short(world, library, scenario, most):
    out = world.folder / "narrow"
    scenario.prepare(out)
    done = scenario.start(out, environment={"LD_PRELOAD": library, "MOST_AT_ONCE": str(most)})
    return scenario.judge(out, done) if done.status == 0 else str(done)


def torture(world, draw, count):
    library = build(world)
    for scenario in world.scenarios:
        whole = bytes_taken(world, library, scenario)
        for size in draw.sample(range(SIZES), min(count, SIZES)) if whole else []:
            room = whole * size // SIZES
            yield f"{scenario.name}: full after {room} of {whole} bytes", 1, full(world, library, scenario, room)
        most = draw.choice(AT_ONCE)
        yield f"{scenario.name}: {most} bytes at once", 1, short(world, library, scenario, most)
