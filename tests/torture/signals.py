"""Signals that ask, streams that are closed or full: the program says that it stops, keeps what is done, and goes on with it.
A reader that goes away, a full disk behind standard output and a stream that is not there spoil no file."""
import os
import signal

QUICK = 40
ASKING = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE]


def asked(world, draw, scenario, out):
    """One signal at a random instant."""
    number, after = draw.choice(ASKING), draw.uniform(0, 1.1 * scenario.taken)
    done = world.interrupt(scenario.words(out), number, after)
    said = done.status in (0, 1, -number) or f"{done}"
    wrong = said if said is not True else scenario.recover(out, None if done.status else done)
    return f"SIG{number.name[3:]} after {after:.3f} s ({done.status})", wrong


def closed(world, draw, scenario, out):
    """The command is started with streams closed; what it makes is the same."""
    streams = draw.choice(["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
    done = world.run(scenario.words(out), prefix=["sh", "-c", f'exec "$@" {streams}', "sh"])
    answered = scenario.answers and ">&-" in streams.replace("2>&-", "")
    wrong = scenario.recover(out, None if answered else done)
    if answered and done.status == 0:
        wrong = "status 0, though its answer went nowhere"
    return f"streams {streams} ({done.status})", wrong


def full(world, draw, scenario, out):
    """No room behind standard output or standard error."""
    which = draw.choice(["stdout", "stderr"])
    with open("/dev/full", "wb") as device:
        done = world.run(scenario.words(out), **{which: device})
    answered = scenario.answers and which == "stdout"
    wrong = "status 0, though its answer was lost" if answered and done.status == 0 else scenario.recover(
        out, None if answered else done)
    return f"{which} is /dev/full ({done.status})", wrong


def gone(world, draw, scenario, out):
    """The reader of standard output has gone away."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = world.run(scenario.words(out), stdout=writing)
    finally:
        os.close(writing)
    wrong = "status 0, though nobody read its answer" if scenario.answers and done.status == 0 else scenario.recover(
        out, None if scenario.answers else done)
    return f"nobody reads stdout ({done.status})", wrong


def torture(world, draw, count):
    ways = [asked, asked, asked, closed, full, gone]
    out = world.folder / "signalled"
    for k in range(count):
        scenario = world.scenarios[k % len(world.scenarios)]
        scenario.prepare(out)
        what, wrong = draw.choice(ways)(world, draw, scenario, out)
        yield f"{scenario.name}: {what}", 1, wrong
