"""SIGKILL at random instants, up to three times in a row, then once more as a user would: the same files, byte for byte."""
import signal

QUICK = 60


def torture(world, draw, count):
    """Yields (what was done, what was wrong or '') for each kill."""
    for k in range(count):
        scenario = world.scenarios[k % len(world.scenarios)] if draw.random() < 0.5 else world.scenario(draw.choice(["study", "cold"]))
        out = world.folder / "killed"
        scenario.prepare(out)
        instants, killed = [], 0
        for _ in range(draw.randint(1, 3)):
            words = scenario.words(out) + (scenario.again if instants else [])
            instants.append(draw.uniform(0, 1.1 * scenario.taken))
            killed += world.interrupt(words, signal.SIGKILL, instants[-1]).status == -signal.SIGKILL
        yield f"{scenario.name} killed after {', '.join(f'{t:.3f}' for t in instants)} s", killed, scenario.recover(out, None)
