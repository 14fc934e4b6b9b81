"""How fast photos are fetched from a server of one's own: the client alone, and durably, as `fetch` does.

    python -m tests.benchmarks.fetch_speed [files] [threads] [folder]

`client` asks for bytes, beside plain requests; `durable` asks, checks by decoding, hashes, stores, notes in the
journal and forces all of it to the disk. The server is another process on loopback, as lean as can be, and sends
distinct JPEGs of about 50 KB; the politeness is `owns_host` with interval 0. Processor time is that of the client
and of the server apart, since both share the cores.

ext4 looks at each of the inodes that were deleted a short while ago, and passes over them. On a file system
where many files were deleted just now, each photo costs up to 1 ms more: name a folder on one where none were.
"""

import io
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import requests
from PIL import Image

from curate.core.recipe import Photos, Politeness
from curate.fetch import download
from curate.fetch.http.client import Client
from curate.fetch.journal import Journal

NO_ROBOTS = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def _jpeg() -> bytes:
    """A photo of 640 x 480 pixels in about 37 KB."""
    random = np.random.default_rng(0)
    noise = Image.fromarray(random.integers(0, 255, (48, 64, 3), dtype=np.uint8))
    picture = noise.resize((640, 480), Image.Resampling.BICUBIC)
    grain = random.integers(-14, 14, (480, 640, 3))
    pixels = np.clip(np.asarray(picture).astype(np.int16) + grain, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=62)
    return buffer.getvalue()


def _begin(photo: bytes, number: bytes) -> bytes:
    """All before the third byte of the photo, with its number in a comment, so that no two are the same file."""
    comment = b"\xff\xfe" + (len(number) + 2).to_bytes(2, "big") + number
    size = len(photo) + len(comment)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % size
    return head + photo[:2] + comment


def _converse(connection: socket.socket, photo: bytes) -> None:
    rest = memoryview(photo)[2:]
    received = b""
    while chunk := connection.recv(65_536):
        received += chunk
        while b"\r\n\r\n" in received:
            head, _, received = received.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1]
            if path == b"/robots.txt":
                connection.sendall(NO_ROBOTS)
                continue
            begin = _begin(photo, path)
            sent = connection.sendmsg([begin, rest])
            if sent < len(begin) + len(rest):
                connection.sendall((begin + photo[2:])[sent:])


def _say_time(channel: Connection) -> None:
    """Answer each question with the processor time that this process took, in seconds."""
    while True:
        channel.recv()
        channel.send(time.process_time())


def _serve(channel: Connection) -> None:
    photo = _jpeg()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        channel.send(server.getsockname()[1])
        threading.Thread(target=_say_time, args=(channel,), daemon=True).start()
        while True:
            threading.Thread(target=_converse, args=(server.accept()[0], photo), daemon=True).start()


def _plain(session: requests.Session, urls: list[str], threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda url: session.get(url, timeout=10).content, urls))


def _client(politeness: Politeness, urls: list[str], threads: int) -> None:
    with Client(politeness) as client, ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda url: client.get(url, 1_000_000, "photo").data, urls))


def _durable(root: Path, politeness: Politeness, urls: list[str], threads: int) -> None:
    folder = Path(tempfile.mkdtemp(dir=root))
    with (
        Journal(folder / "fetch.journal", {"replaces": "", "pages": ""}) as journal,
        Client(politeness) as client,
        ThreadPoolExecutor(threads) as pool,
    ):
        photos = {url: (url,) for url in urls}
        found = download.fetch_all(client, folder, journal, 1_000_000, Photos(), photos, pool.map)
        kept = {outcome.path for outcome in found.outcomes.values() if not outcome.reason}
        assert len(kept) == len(urls), found.outcomes


def main(files: int = 4000, threads: int = 16, folder: str = ".") -> None:
    def served_s() -> float:
        near.send(None)
        return float(near.recv())

    near, far = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(far,), daemon=True)
    server.start()
    port = near.recv()
    urls = [f"http://127.0.0.1:{port}/{number}.jpg" for number in range(files)]
    politeness = Politeness(min_interval_s=0, owns_host=True, allow_hosts=(f"127.0.0.1:{port}",), workers=threads)
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=threads))
    with tempfile.TemporaryDirectory(dir=folder) as root:  # removed at the end: removing slows what comes after it
        ways: dict[str, Callable[[list[str], int], None]] = {
            "durable": partial(_durable, Path(root), politeness),
            "client": partial(_client, politeness),
            "requests": partial(_plain, session),
        }
        for name, fetch in list(ways.items()) * 2:
            started, cpu, served = time.perf_counter(), time.process_time(), served_s()
            fetch(urls, threads)
            wall, cpu, served = time.perf_counter() - started, time.process_time() - cpu, served_s() - served
            spent = (
                f"processor seconds per 1,000: {cpu / files * 1e3:.2f}, of the server {served / files * 1e3:.2f}"
            )
            print(f"{name:9} {files / wall:6.0f} photos/s, {spent}, {threads} threads", flush=True)
    server.terminate()


if __name__ == "__main__":
    named = dict(zip(("files", "threads", "folder"), sys.argv[1:], strict=False))
    main(int(named.get("files", 4000)), int(named.get("threads", 16)), named.get("folder", "."))
