"""How fast `net.Client` fetches small files from a server of one's own, beside plain requests.

    python -m tests.benchmarks.fetch_speed [files] [threads]

The server is another process on loopback, as lean as can be; the politeness is `owns_host` with interval 0.
"""

import multiprocessing
import os
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection

import requests

from curate.core.recipe import Politeness
from curate.fetch.http.client import Client

BODY = os.urandom(37_000)  # bytes: the mean photo of a classifieds site


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
NO_ROBOTS = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def _converse(connection: socket.socket) -> None:
    received = b""
    while chunk := connection.recv(65_536):
        received += chunk
        while b"\r\n\r\n" in received:
            head, _, received = received.partition(b"\r\n\r\n")
            connection.sendall(NO_ROBOTS if b" /robots.txt " in head else ANSWER)


def _serve(channel: Connection) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        channel.send(server.getsockname()[1])
        while True:
            threading.Thread(target=_converse, args=(server.accept()[0],), daemon=True).start()


def _plain(session: requests.Session, url: str) -> int:
    return len(session.get(url, timeout=10).content)


def _ours(client: Client, url: str) -> int:
    return len(client.get(url, 1_000_000, "photo").data)


def main(files: int = 4000, threads: int = 16) -> None:
    near, far = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(far,), daemon=True)
    server.start()
    port = near.recv()
    urls = [f"http://127.0.0.1:{port}/{number}.jpg" for number in range(files)]
    politeness = Politeness(min_interval_s=0, owns_host=True, allow_hosts=(f"127.0.0.1:{port}",), workers=threads)
    session = requests.Session()
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=threads)
    session.mount("http://", adapter)
    with Client(politeness) as client:
        for name, fetch in (("curate", partial(_ours, client)), ("requests", partial(_plain, session))) * 2:
            started, cpu = time.perf_counter(), time.process_time()
            with ThreadPoolExecutor(threads) as pool:
                received = sum(pool.map(fetch, urls))
            assert received == files * len(BODY)
            wall, cpu = time.perf_counter() - started, time.process_time() - cpu
            print(
                f"{name:9} {files / wall:6.0f} files/s, {cpu / files * 1e3:.2f} ms of CPU each, {threads} threads"
            )
    server.terminate()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
