#!/usr/bin/env python3
"""A server with bad manners, for test_download.c and cli/test_data_get.sh.

usage: download_server.py FOLDER

Writes what it serves into FOLDER/files, and what is to become of it into FOLDER/expected; then its
port into FOLDER/port.  GET /MANNER/FILE answers as the method of that name does; FOLDER/requests
gets one line a request: path, and the beginning of the range that was asked for, or 0.  Ends with
its standard input.
"""
import bz2
import io
import math
import os
import random
import struct
import sys
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

folder = Path(sys.argv[1])
files, expected = folder / "files", folder / "expected"
lock = threading.Lock()
count = {}  # requests of each path


# ---- what is served


def smooth(image):
    """A Gaussian of deviation 0.75 over 7 x 7 pixels of sum 1, with -1 around the image."""
    weight = [math.exp(-(d * d) / (2 * 0.75**2)) for d in range(-3, 4)]
    total = sum(weight)

    def at(y, x):
        return image[y][x] if 0 <= y < 16 and 0 <= x < 16 else -1.0

    def mean(y, x):
        near = [(dy, dx) for dy in range(7) for dx in range(7)]
        return sum(weight[a] * weight[b] * at(y + a - 3, x + b - 3) for a, b in near) / total**2

    return [mean(y, x) for y in range(16) for x in range(16)]


def write_usps(draw):
    text, values, labels = "", b"", b""
    for label in range(10):
        level = [draw.choice((0, 2000, draw.randint(0, 2000))) for _ in range(256)]
        values += struct.pack(">256h", *level)
        labels += bytes([label])
        image = [[level[16 * y + x] / 1000 - 1 for x in range(16)] for y in range(16)]
        pairs = (f"{i + 1}:{v:.6f}" for i, v in enumerate(smooth(image)))
        text += f"{label + 1} {' '.join(pairs)} \n"
    (files / "usps.bz2").write_bytes(bz2.compress(text.encode()))
    (files / "other.bz2").write_bytes(bz2.compress(text.replace(" 100:", " 100:0.3 300:").encode()))
    (files / "sharp.bz2").write_bytes(bz2.compress(b"1 " + b" ".join(b"%d:0.25" % i for i in range(1, 257))))
    (expected / "images").write_bytes(struct.pack(">4B3I", 0, 0, 11, 3, 10, 16, 16) + values)
    (expected / "labels").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, 10) + labels)


def entry(archive, name, data=b"", kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(data), kind, link
    archive.addfile(info, io.BytesIO(data))


def write_archive(name, draw, hostile):
    train = "BSR/BSDS500/data/images/train/"
    with tarfile.open(files / name, "w:gz") as a:
        if hostile:
            for path in ("../../out.jpg", "/tmp/xsite-hostile.jpg", train + "../../../out.jpg",
                         train + "..", train + ".hidden.jpg", train + "sub/deep.jpg"):
                entry(a, path, b"hostile")
            entry(a, train + "link.jpg", kind=tarfile.SYMTYPE, link="/etc/passwd")
            entry(a, train + "hard.jpg", kind=tarfile.LNKTYPE, link="BSR/x.jpg")
            entry(a, train.rstrip("/"), kind=tarfile.SYMTYPE, link="/tmp")
            entry(a, train + "pipe.jpg", kind=tarfile.FIFOTYPE)
        for photo in ("b.jpg", "a.jpg"):
            data = draw.randbytes(30000)
            entry(a, train + photo, data)
            (expected / photo).write_bytes(data)
        entry(a, train + "Thumbs.db", b"none")
        entry(a, "BSR/BSDS500/data/images/val/c.jpg", b"none")


def write_files():
    files.mkdir()
    expected.mkdir()
    draw = random.Random(1)
    (files / "data").write_bytes(draw.randbytes(300000))
    write_usps(draw)
    write_archive("good.tgz", random.Random(2), False)
    write_archive("hostile.tgz", random.Random(2), True)
    whole = (files / "good.tgz").read_bytes()
    (files / "torn.tgz").write_bytes(whole[:20000] + bytes(1000) + whole[21000:])


# ---- manners


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def do_GET(self):
        manner, name = self.path.strip("/").split("/", 1)
        span = self.headers.get("Range", "bytes=0-")
        self.start = int(span.removeprefix("bytes=").split("-")[0])
        with lock:
            count[self.path] = count.get(self.path, 0) + 1
            self.nth = count[self.path]
            with open(folder / "requests", "a") as log:
                log.write(f"{self.path} {self.start}\n")
        path = files / name
        self.data = path.read_bytes() if path.is_file() else b""
        getattr(self, manner)() if path.is_file() else self.status(404)

    def status(self, code, headers=(), body=b"no"):
        self.send_response(code)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def head(self, length=None, start=None, kind="application/octet-stream"):
        """Of the rest of the data; length, start: what is said, if it is not so."""
        begin = self.start if start is None else start
        rest = len(self.data) - self.start
        self.send_response(206 if self.start or start is not None else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(rest if length is None else length))
        if self.start or start is not None:
            self.send_header("Content-Range", f"bytes {begin}-{len(self.data) - 1}/{len(self.data)}")
        self.end_headers()

    def send(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    def hang_up(self):
        self.close_connection = True

    def good(self):
        if self.start >= len(self.data):
            return self.status(416, [("Content-Range", f"bytes */{len(self.data)}")])
        self.head()
        self.send(self.data[self.start :])

    def cut(self):  # 100,000 bytes a request
        self.head()
        self.send(self.data[self.start : self.start + 100000])
        self.hang_up()

    def cutsilently(self):  # no length: the end of the connection is the end of the file
        self.send_response(206 if self.start else 200)
        if self.start:
            self.send_header("Content-Range", f"bytes {self.start}-{len(self.data) - 1}/{len(self.data)}")
        self.send_header("Connection", "close")
        self.end_headers()
        self.send(self.data[self.start : self.start + 100000])
        self.hang_up()

    def cutdead(self):  # never more than the first 100,000 bytes, and no ranges
        self.start = 0
        self.cut()

    def cutonce(self):  # no ranges either, but the second time all of it
        again = self.start > 0 or self.nth > 1
        self.start = 0
        self.good() if again else self.cut()

    def short(self):  # says that half of the rest is all, while there is much
        rest = len(self.data) - self.start
        rest = rest // 2 if rest > 20000 else rest
        self.head(length=rest)
        self.send(self.data[self.start : self.start + rest])

    def long(self):  # says that there is more than there is
        self.head(length=len(self.data) - self.start + 5000)
        self.send(self.data[self.start :])
        self.hang_up()

    def stall(self):  # only the first time
        self.head()
        if self.start:
            return self.send(self.data[self.start :])
        self.send(self.data[:100000])
        time.sleep(20)
        self.hang_up()

    def mute(self):
        time.sleep(20)
        self.hang_up()

    def drip(self):  # alive, but of no use
        self.head()
        for i in range(200):
            self.send(self.data[self.start + i : self.start + i + 1])
            time.sleep(0.1)

    def slow(self):  # 300,000 bytes in 15 seconds; ranges quickly
        if self.start:
            return self.good()
        self.head()
        for i in range(0, len(self.data), 1000):
            self.send(self.data[i : i + 1000])
            time.sleep(0.05)

    def busy(self):  # twice
        if self.nth > 2:
            return self.good()
        self.status(503, [("Retry-After", "1")] if self.nth == 1 else [])

    def missing(self):
        self.status(404)

    def broken(self):
        self.status(500)

    def moved(self):
        self.status(302, [("Location", self.path.replace("/moved/", "/good/"))])

    def circle(self):
        self.status(302, [("Location", self.path)])

    def elsewhere(self):
        self.status(302, [("Location", "file:///etc/passwd")])

    def wrong(self):  # other bytes, as many
        self.data = bytes(len(self.data))
        self.good()

    def page(self):
        self.data = b"<html><body>Please log in</body></html>"
        self.start = 0
        self.head(kind="text/html; charset=utf-8")
        self.send(self.data)

    def notes(self):  # a page that does not say so
        self.data = b"Please log in"
        self.good()

    def wrongrange(self):  # other bytes of the file than were asked for
        if not self.start:
            return self.cut()
        self.head(start=self.start - 1000)
        self.send(self.data[self.start :])

    def endless(self):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for _ in range(100000):
                self.send(bytes(10000))
        except OSError:
            pass
        self.hang_up()


def quiet(*_):
    """Clients hang up here; that is no news."""


def main():
    write_files()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.handle_error = quiet
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "port.new").write_text(str(server.server_address[1]))
    (folder / "port.new").rename(folder / "port")
    sys.stdin.read()
    os._exit(0)


main()
