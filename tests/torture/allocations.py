"""The n-th allocation fails, once of the program's own code and once of its libraries.  The program says so and ends with status 1,
or copes; started again it ends with the same files.  It is never ended by a signal: a core would hold patients' films."""
import subprocess

QUICK = 40
FAULT = "a fault of the program"  # in a library it is told, and no more can be done


def build(world):
    library = world.folder / "fail_allocation.so"
    source = __file__.replace("allocations.py", "fail_allocation.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    return str(library)


def count(world, library, scenario, whose):
    out, to = world.folder / "allocated", world.folder / "count"
    scenario.prepare(out)
    scenario.start(out, environment={"LD_PRELOAD": library, "COUNT_OF": whose, "COUNT_TO": str(to)})
    return int(to.read_text())


def torture(world, draw, amount):
    library = build(world)
    whose = ["program", "libraries"]
    known = {(s.name, w): count(world, library, s, w) for s in world.scenarios for w in whose}
    out = world.folder / "allocated"
    for k in range(amount * len(world.scenarios)):
        scenario, who = world.scenarios[k % len(world.scenarios)], whose[k // len(world.scenarios) % 2]
        number = draw.randint(1, known[scenario.name, who])
        scenario.prepare(out)
        done = scenario.start(out, environment={"LD_PRELOAD": library, "COUNT_OF": who, "FAIL_ALLOCATION": str(number)})
        wrong = str(done) if done.status < 0 or done.status > 3 else scenario.recover(out, done)
        if who == "program" and FAULT in done.err:
            wrong = done.err.strip()[-300:]
        if done.status and not done.err.strip():
            wrong = f"status {done.status} without a word"
        yield f"{scenario.name}: allocation {number} of {known[scenario.name, who]} by the {who} fails ({done.status})", 1, wrong
