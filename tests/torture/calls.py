"""The n-th system call fails.  Afterwards either the program says so (status 1, and
started again it ends with the same files), or it copes: status 0 with the same files.  Status 0 with other files is the fault
that this part is for.  Calls are those on the scenario's own files, counted by strace; libraries that are loaded are left alone.
"""
import re
import shutil

QUICK = 150
ERRORS = {
    "openat": ["EMFILE", "EACCES", "EIO", "EINTR", "ENOSPC"],
    "read": ["EIO", "EINTR"],
    "pread64": ["EIO", "EINTR"],
    "write": ["ENOSPC", "EIO", "EINTR"],
    "pwrite64": ["ENOSPC", "EIO", "EINTR"],
    "fsync": ["EIO", "ENOSPC"],
    "rename": ["EIO", "EACCES", "ENOSPC"],
    "mmap": ["ENOMEM", "EACCES"],
    "ftruncate": ["ENOSPC", "EIO"],
    "fallocate": ["ENOSPC"],
    "close": ["EIO"],
    "getdents64": ["EIO", "EACCES"],
    "mkdir": ["ENOSPC", "EACCES"],
    "unlink": ["EIO", "EACCES"],
    "flock": ["EIO", "ENOLCK"],
    "newfstatat": ["EIO", "ENOMEM"],
}
LINE = re.compile(r"^(\w+)\((.*)")


def places(world, scenario):
    """Of each kind of call in the program's first thread: the numbers of those on files below the world's folder."""
    out, trace = world.folder / "called", world.folder / "trace"
    scenario.prepare(out)
    done = scenario.start(out, prefix=["strace", "-y", "-s", "0", "-o", str(trace), "-e", f"trace={','.join(ERRORS)}"])
    if done.status:
        raise OSError(f"strace does not run here: {done}")
    seen, found = {}, []
    for line in trace.read_text(errors="replace").splitlines():
        match = LINE.match(line)
        if not match or match[1] not in ERRORS:
            continue
        seen[match[1]] = seen.get(match[1], 0) + 1
        if str(world.folder) in line:
            found.append((match[1], seen[match[1]]))
    return found


def torture(world, draw, count):
    if not shutil.which("strace"):
        print("calls: strace is missing (tools/install strace): passed over")
        return
    try:
        known = {s.name: places(world, s) for s in world.scenarios}
    except OSError as e:
        print(f"calls: passed over: {e}")
        return
    for k in range(count):
        scenario = world.scenarios[k % len(world.scenarios)]
        kinds = sorted({kind for kind, _ in known[scenario.name]})
        kind = draw.choice(kinds)
        number = draw.choice([n for other, n in known[scenario.name] if other == kind])
        error = draw.choice(ERRORS[kind])
        out = world.folder / "called"
        scenario.prepare(out)
        inject = f"inject={kind}:error={error}:when={number}"
        done = scenario.start(out, prefix=["strace", "-o", "/dev/null", "-e", f"trace={kind}", "-e", inject])
        wrong = f"{done}" if done.status < 0 or done.status > 3 else scenario.recover(out, done)
        if done.status and not done.err.strip():
            wrong = f"status {done.status} without a word"
        yield f"{scenario.name}: {kind} number {number} fails with {error} ({done.status})", 1, wrong
