"""Files with bytes changed, cut, doubled or put in, read by each command that reads such a file: it answers, or refuses in words.
Meant for the program that was built with sanitizers (--xsite build-asan/xsite), which say what else goes wrong."""
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUICK = 80
FOUND = ("Sanitizer", "runtime error:")
GOLDEN = Path(__file__).resolve().parent.parent / "golden"
EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"


def mutate(draw, data):
    """One to eight changes, as a disk, a transfer or somebody with an editor makes them."""
    data = bytearray(data)
    for _ in range(2 ** draw.randint(0, 3)):
        at = draw.randrange(len(data) + 1)
        way = draw.choice(["bit", "byte", "digit", "cut", "double", "insert", "zeros"])
        if way == "cut" and draw.random() < 0.3:
            del data[at:]
        elif way == "cut":
            del data[at:at + draw.randint(1, 16)]
        elif way == "double":
            data[at:at] = data[at:at + draw.randint(1, 64)]
        elif way == "insert":
            data[at:at] = draw.choice([b"\0", b"\xff", b"-1", b"99999999999999999999", b"1e999", b"nan", b'"', b"{", b"\n", b":"])
        elif at < len(data):
            data[at:at + 1] = {"bit": bytes([data[at] ^ 1 << draw.randrange(8)]), "byte": bytes([draw.randrange(256)]),
                               "digit": b"%d" % draw.randrange(10), "zeros": b"\0"}[way]
            if way == "zeros":
                data[at:at + 32] = bytes(len(data[at:at + 32]))
    return bytes(data)


def broken_training(world):
    """A training that was killed when its first checkpoint was there."""
    folder = world.folder / "broken"
    words = ["train", *map(str, world.training), "--epochs", "30", "--out"]
    process = subprocess.Popen([world.xsite, *words, str(folder)], cwd=world.folder, env=world.environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(6000):
        if (folder / "checkpoint.safetensors").exists():
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return folder, [*words, "mutant-train", "--resume"]


def kinds(world):
    """Of each kind of file: the file, where the changed one goes, a folder that is copied before, and the commands that read it."""
    model, film = "trained/model.safetensors", next((world.folder / "ward").glob("*.png"))
    site = ["eval", "--model", model, "--threads", 1, "--data"]
    run, copy = world.folder / "run", "mutant-run"
    for name in ("clinic.yaml", "clinic.csv"):
        sheet = name.endswith("csv")
        if sheet:
            text = (world.folder / "clinic.yaml").read_text().replace("clinic.csv", "mutant.csv")
            (world.folder / "of-mutant.yaml").write_text(text)
        yield world.folder / name, "mutant.csv" if sheet else "mutant.yaml", None, [
            [*site, "of-mutant.yaml" if sheet else "mutant.yaml"],
            ["data", "check", "of-mutant.yaml" if sheet else "mutant.yaml", "--threads", 1]]
    yield world.folder / "study.yaml", "mutant-study.yaml", None, [["study", "plan", "mutant-study.yaml", "--out", "nowhere"]]
    images = [film, *(GOLDEN / "images" / n for n in ("full-colour.jpg", "gray16-lzw.tif", "gray.bmp", "jpeg.dcm", "jpeg2000.dcm"))]
    for image in images:
        name = f"mutant{image.suffix}"
        yield image, name, None, [["predict", "--model", model, "--threads", 1, name]]
    yield world.folder / model, "mutant.safetensors", None, [
        ["predict", "--model", "mutant.safetensors", "--threads", 1, film], ["inspect", "model", "mutant.safetensors"],
        ["export", "--model", "mutant.safetensors", "--overwrite", "--out", "mutant.onnx"],
        ["import", "--architecture", "lenet", "--weights", "mutant.safetensors", *world.importing, "--overwrite", "--out",
         "mutant-out.safetensors"]]
    folder, resume = broken_training(world)
    yield folder / "checkpoint.safetensors", "mutant-train/checkpoint.safetensors", (folder, "mutant-train"), [
        resume]
    for name in ("results.json", "seal.jsonl", "study.json", "nodes/baseline-clinic/record.json", "outputs.csv"):
        yield run / name, f"{copy}/{name}", (run, copy), [
            ["inspect", "run", copy, "--seal"], ["report", copy], ["study", "plan", "study.yaml", "--out", copy]]
    mapping = EXAMPLES / "mappings" / "nih.yaml"
    sheet = world.folder / "findings.csv"
    sheet.write_text("Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position\n"
                     "1.png,Mass|Nodule,0,1,058Y,M,PA\n2.png,No Finding,1,2,60,F,AP\n")
    yield mapping, "mutant-mapping.yaml", None, [["labels", "mutant-mapping.yaml", sheet]]
    yield sheet, "mutant-findings.csv", None, [["labels", mapping, "mutant-findings.csv"]]


def judge(done):
    text = done.out + done.err
    found = next((line for line in text.splitlines() if any(f in line for f in FOUND)), None)
    if found or done.status < 0 or done.status > 3:
        return found or str(done)
    return "" if done.status == 0 or done.err.strip() else f"status {done.status} without a word"


def put(world, copied, path, data):
    for folder in ("mutant-run", "mutant-train"):
        shutil.rmtree(world.folder / folder, ignore_errors=True)
    if copied:
        shutil.copytree(copied[0], world.folder / copied[1])
    path.write_bytes(data)


def torture(world, draw, count):
    known = list(kinds(world))
    for source, to, copied, commands in known:  # as they are, all is well
        for words in commands:
            put(world, copied, world.folder / to, source.read_bytes())
            done = world.run(words)
            if done.status:
                sys.exit(f"{words} fails with nothing done to {source.name}: {done}")
    for k in range(count):
        source, to, copied, commands = known[k % len(known)]
        path, words = world.folder / to, draw.choice(commands)
        put(world, copied, path, mutate(draw, source.read_bytes()))
        done = world.run(words)
        wrong = judge(done)
        if wrong:  # kept: the case can be looked at
            kept = Path(tempfile.gettempdir()) / f"mutant-{k}{path.suffix}"
            shutil.copy(path, kept)
            wrong += f" ({kept})"
        yield f"{source.name} changed, {' '.join(map(str, words[:2]))} ({done.status})", 1, wrong
