"""What every part of the torture works on: a small world of sites, models and finished runs, and the commands that make them again.

A *scenario* is one command of the program that leaves files, or an answer on standard output.  What it makes when nothing
goes wrong is known beforehand (`Scenario.expected`); a part does something to the command, lets it be started once more as a
user would, and compares.
"""
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
STUDY = """name: torture
sites: [clinic.yaml, ward.yaml]
pairs: [clinic -> ward]
size: 16
image_channels: 1
replicates: 100
checkpoint_every: 4
classifier: {epochs: 2, batch: 8, steps_per_epoch: 5}
tune: {epochs: 2, batch: 8, steps_per_epoch: 5}
adapter: {channels: 2, blocks: 1, batch: 4, generator_steps: 6}
histogram: {images: 10}
shot: {batch: 8, steps: 6}
portfolio: [none, histogram, paper, paper+shot]
"""
# Written at each start, with times, or only while a run is at work: not part of what is compared.
PASSING = re.compile(r"(^|/)(log\.jsonl|seal\.jsonl|\.lock)$|\.pdf$|^cache(/|$)")


def say_death(status):
    return f"ended by {signal.Signals(-status).name}" if status < 0 else f"status {status}"


class Done:
    """A command that has ended."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __str__(self):
        return f"{say_death(self.status)}: {(self.err or self.out).strip()[-300:]}"


def tree(folder):
    """Every file that is compared, with its hash; a link's target is its content."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        name = str(path.relative_to(folder))
        if PASSING.search(name) or path.is_dir() and not path.is_symlink():
            continue
        found[name] = os.readlink(path) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def difference(expected, found):
    """In words; '' where two trees are alike."""
    names = sorted(set(expected) | set(found))
    return ", ".join(f"{n} {'is missing' if n not in found else 'is left over' if n not in expected else 'differs'}"
                     for n in names if expected.get(n) != found.get(n))


class Scenario:
    """words(out): the command that makes the folder `out`; `again`: words that go on where it was broken off.
    before(out) prepares a folder that the command works on; answers: its answer is on standard output."""

    def __init__(self, world, name, words, again=(), before=None, answers=False):
        self.world, self.name, self.words, self.again = world, name, words, list(again)
        self.before, self.answers, self.taken = before, answers, 1.0

    def prepare(self, out):
        shutil.rmtree(out, ignore_errors=True)
        if self.before:
            self.before(out)
        else:
            Path(out).mkdir()

    def start(self, out, **how):
        return self.world.run(self.words(out), **how)

    def finish(self, out):
        return self.world.run(self.words(out) + self.again)

    def learn(self):
        """What it makes, and how long that takes, when nothing goes wrong."""
        out = self.world.folder / f"expected-{self.name}"
        self.prepare(out)
        start = time.monotonic()
        done = self.start(out)
        self.taken = time.monotonic() - start
        if done.status:
            sys.exit(f"{self.name} fails with nothing done to it: {done}")
        self.expected, self.answer = tree(out), done.out

    def judge(self, out, done):
        """What is wrong after a command that ended well, or ''."""
        wrong = difference(self.expected, tree(out))
        if not wrong and self.answers and done.out != self.answer:
            wrong = "another answer on standard output"
        return wrong

    def recover(self, out, done):
        """What is wrong once the broken command is started again, or ''.  done: the broken one, or None where it was killed."""
        if done and done.status == 0:
            wrong = self.judge(out, done)
            return f"status 0, but {wrong}" if wrong else ""
        again = self.finish(out)
        if again.status:  # what it refuses to write over may be all there
            return "" if not difference(self.expected, tree(out)) and not self.answers else f"started again: {again}"
        wrong = self.judge(out, again)
        return f"started again: {wrong}" if wrong else ""


class World:
    def __init__(self, xsite, folder):
        self.xsite, self.folder = str(Path(xsite).resolve()), Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.environment = {**os.environ, "OMP_WAIT_POLICY": "passive", "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                            "XSITE_CACHE": str(self.folder / "warm")}
        self.make_sites()
        self.make_files()
        self.scenarios = self.make_scenarios()

    def run(self, words, prefix=(), environment=None, input=subprocess.DEVNULL, timeout=600, folder=None, **streams):
        """Ends when the command does; a command that does not end in ten minutes is a finding of its own.
        environment: other values than usual, None: a variable that is not there; folder: where it is started."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        environment = {name: value for name, value in {**self.environment, **(environment or {})}.items() if value is not None}
        process = subprocess.Popen([*prefix, self.xsite, *map(str, words)], cwd=folder or self.folder, stdin=input,
                                   env=environment, start_new_session=True, **pipes)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            return Done(process.returncode, "", f"did not end in {timeout} s: {words}")
        return Done(process.returncode, (out or b"").decode(errors="replace"), (err or b"").decode(errors="replace"))

    def interrupt(self, words, number, after):
        """Starts a command, sends its processes a signal after some seconds, and waits for its end."""
        process = subprocess.Popen([self.xsite, *map(str, words)], cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment, start_new_session=True)
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, number) if number == signal.SIGKILL else process.send_signal(number)
        out, err = process.communicate()
        return Done(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))

    def must(self, *words):
        done = self.run(words)
        if done.status:
            sys.exit(f"preparing: xsite {' '.join(map(str, words))}: {done}")

    def make_sites(self):
        """Sixty films of each of two sites: little to compute, and every class in every part."""
        subprocess.run([sys.executable, TESTS / "support/two_class_sites.py", self.folder, "clinic", "ward"], check=True)
        for site in ("clinic", "ward"):
            sheet, domain = self.folder / f"{site}.csv", self.folder / f"{site}.yaml"
            sheet.write_text("\n".join(sheet.read_text().splitlines()[:61]) + "\n")
            domain.write_text(domain.read_text().replace("split: hash", "split: stratified"))
        (self.folder / "study.yaml").write_text(STUDY)

    def make_files(self):
        self.must("train", *self.training, "--out", "trained")
        self.must("import", "--architecture", "lenet", "--weights", "trained/model.safetensors", *self.importing,
                  "--out", "imported.safetensors")
        self.must("study", "run", "study.yaml", "--threads", 1, "--out", "run")

    training = ("--data", "clinic.yaml", "--size", 16, "--image-channels", 1, "--epochs", 2, "--batch", 8, "--threads", 1,
                "--checkpoint-every", 2)
    importing = ("--size", 16, "--class", "normal", "--class", "finding", "--normalisation", "half")

    def make_scenarios(self):
        def copy_run(out):
            shutil.copytree(self.folder / "run", out)
            for made in ("report.html", "figures"):
                path = out / made
                shutil.rmtree(path) if path.is_dir() else path.unlink()

        model = "trained/model.safetensors"
        made = [
            Scenario(self, "study", lambda out: ["study", "run", "study.yaml", "--threads", 1, "--out", out], ["--resume"]),
            Scenario(self, "cold", lambda out: ["study", "run", "study.yaml", "--threads", 1, "--out", out, "--cache",
                                                f"{out}/cache"], ["--resume"]),
            Scenario(self, "search", lambda out: ["search", "study.yaml", "--threads", 1, "--out", out, "--grid",
                                                  "classifier.epochs=1,2 histogram.images=10,20"], ["--resume"]),
            Scenario(self, "train", lambda out: ["train", *self.training, "--out", out], ["--resume"]),
            Scenario(self, "import", lambda out: ["import", "--architecture", "lenet", "--weights", model, *self.importing, "--out",
                                                  f"{out}/model.safetensors"]),
            Scenario(self, "export", lambda out: ["export", "--model", model, "--out", f"{out}/model.onnx"]),
            Scenario(self, "report", lambda out: ["report", out], before=copy_run),
            Scenario(self, "shift", lambda out: ["shift", "--data", "clinic.yaml", "--kind", "blur-2", "--out", f"{out}/blurred"]),
            Scenario(self, "check", lambda out: ["data", "check", "clinic.yaml", "--threads", 1, "--out", f"{out}/checked"]),
            Scenario(self, "eval", lambda out: ["eval", "--model", model, "--data", "clinic.yaml", "--threads", 1, "--cache",
                                                f"{out}/cache"], answers=True),
            Scenario(self, "outputs", lambda out: ["eval", "--model", model, "--data", "clinic.yaml", "--threads", 1, "--outputs",
                                                   f"{out}/outputs.csv"]),
            Scenario(self, "predict", lambda out: ["predict", "--model", model, "--threads", 1, "--csv", "ward"], answers=True),
        ]
        for scenario in made:
            scenario.learn()
        return made

    def scenario(self, name):
        return next(s for s in self.scenarios if s.name == name)
