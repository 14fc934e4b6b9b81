"""Load on `curate serve`: what it sustains, under ten times as much, under hostile uploads, for an hour.

    python -m tests.benchmarks.serve_load --recipe tests/benchmarks/market.yaml --folder manifests/market
    python -m tests.benchmarks.serve_load ... --minutes 60        # a soak at half of what it sustains

The service runs as a process of its own, as a user starts it; the load comes from this one, over kept connections.
Requests start at fixed times, whatever came of those before (an open loop): latency is counted from there.
"""

import argparse
import asyncio
import http.client
import io
import os
import random
import re
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from curate.check.serve import event_loop
from tests.benchmarks.serve_market import market_folder

SUSTAINED, P99_S, GOODPUT, REJECT_S = 60, 0.4, 0.9, 0.05  # the aims, on two idle cores
CLOSED = 6  # connections that find out what the service can do
HOSTILE = 1000
Result = TypeVar("Result")


@dataclass(frozen=True)
class Photo:
    """An upload."""

    data: bytes
    class_name: str = ""


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 when the connection ended without an answer."""

    status: int
    seconds: float  # from when it was to start
    body: bytes = b""


@dataclass(frozen=True)
class Service:
    """A running service."""

    process: "subprocess.Popen[str]"
    port: int

    def memory_mib(self) -> float:
        """Resident set size."""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    def processor_s(self) -> float:
        """Processor time so far: what a busy machine changes least."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(words: Sequence[str]) -> Iterator[Service]:
    """`curate serve` with these options on a free port."""
    command = [sys.executable, "-m", "curate", "serve", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while not (found := re.search(r"http://127.0.0.1:(\d+)", process.stdout.readline())):
            if process.poll() is not None:
                raise SystemExit(f"the service ended with exit code {process.returncode}")
        try:
            yield Service(process, int(found[1]))
        finally:
            process.send_signal(signal.SIGTERM)


def head(photo: Photo) -> bytes:
    """The request without its body."""
    return (
        f"POST /v1/check?class={photo.class_name} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n"
        f"Content-Length: {len(photo.data)}\r\n\r\n"
    ).encode()


def one(port: int, photo: Photo) -> Answer:
    """Upload one photo."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    path = f"/v1/check?class={photo.class_name}"
    connection.request("POST", path, photo.data, {"Content-Type": "image/jpeg"})
    response = connection.getresponse()
    answer = Answer(response.status, time.perf_counter() - began, response.read())
    connection.close()
    return answer


class Client:
    """Connections to the service, kept for the next upload."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def send(self, data: bytes, began: float) -> Answer:
        """Send the bytes of a request and read its answer."""
        while self.idle and self.idle[-1][0].at_eof():  # the service closes what nobody used for a while
            self.idle.pop()[1].close()
        try:
            reader, writer = (
                self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
            )
            writer.write(data)
            answer, goes_on = await _answer(reader, began)
        except (OSError, asyncio.IncompleteReadError):
            return Answer(0, time.perf_counter() - began)
        if goes_on:
            self.idle.append((reader, writer))
        else:
            writer.close()
        return answer


async def _answer(reader: asyncio.StreamReader, began: float) -> tuple[Answer, bool]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    seconds = time.perf_counter() - began
    length = re.search(r"content-length: (\d+)", lines)
    body = await reader.readexactly(int(length[1]) if length else 0)
    return Answer(int(lines.split()[1]), seconds, body), "connection: close" not in lines


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """The result, by the event loop of the service: the load takes its time from the same cores."""
    with asyncio.Runner(loop_factory=event_loop()) as runner:
        return runner.run(work)


async def closed(port: int, photos: Sequence[Photo], seconds: float) -> float:
    """Uploads answered a second when each of a few connections sends the next as soon as one is answered."""
    client, ends, done = Client(port), time.perf_counter() + seconds, 0

    async def send() -> None:
        nonlocal done
        while (now := time.perf_counter()) < ends:
            photo = random.choice(photos)
            answer = await client.send(head(photo) + photo.data, now)
            done += answer.status == 200

    await asyncio.gather(*(send() for _ in range(CLOSED)))
    return done / seconds


async def opened(port: int, photos: Sequence[Photo], rate: float, seconds: float) -> list[Answer]:
    """The answers to `rate` uploads a second."""
    client, tasks, start = Client(port), list[asyncio.Task[Answer]](), time.perf_counter()
    for number in range(int(rate * seconds)):
        at = start + number / rate
        if (wait := at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        photo = photos[number % len(photos)]
        tasks.append(asyncio.create_task(client.send(head(photo) + photo.data, time.perf_counter())))
    return list(await asyncio.gather(*tasks))


def said(name: str, answers: Sequence[Answer], seconds: float) -> str:
    """Rates and latencies."""
    good = np.array([answer.seconds for answer in answers if answer.status == 200])
    busy = np.array([answer.seconds for answer in answers if answer.status == 429])
    line = f"{name}: {len(good) / seconds:.0f} answered/s"
    for word, times in (("answered", good), ("429", busy)):
        if len(times):
            p50, p99 = np.quantile(times, (0.5, 0.99)) * 1000
            line += f"; {word} p50 {p50:.0f} ms, p99 {p99:.0f} ms"
    return f"{line}; {dict(Counter(answer.status for answer in answers))}"


# --- hostile uploads ----------------------------------------------------------------------------------------


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int) -> bytes:
    """A PNG of 100 kB that says it is `side` pixels wide and high."""
    packed = zlib.compress(bytes(50_000_000), 9)
    start = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return start + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def hostile(photo: bytes, chance: random.Random) -> Iterator[bytes]:
    """Requests that no good client sends; endless."""
    buffer = io.BytesIO()
    Image.new("RGB", (6900, 6900)).save(buffer, "PNG")  # within the limits, and all of it has to be decoded
    plain, kept = buffer.getvalue(), [bomb(60_000), bomb(6_000)]
    text = _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000), 9))
    kept.append(plain[:33] + text + plain[33:])
    form, jpeg = b"Content-Type: multipart/form-data; boundary=x\r\n", b"Content-Type: image/jpeg\r\n"
    start = b"POST /v1/check HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    other = [b"", b"GIF89a", b"<svg/>", b"%PDF-1.7", b"PK\x03\x04", b"MZ", b"\xff\xd8\xff"]

    def request(body: bytes, kind: bytes = jpeg) -> bytes:
        return start + kind + b"Content-Length: %d\r\n\r\n" % len(body) + body

    def torn() -> bytes:
        data = bytearray(photo)
        for _ in range(50):
            data[chance.randrange(2, len(data))] = chance.randrange(256)
        return bytes(data)

    makers: list[Callable[[], bytes]] = [
        lambda: request(chance.choice(kept)),
        lambda: request(plain),
        lambda: request(photo[: chance.randrange(len(photo))]),
        lambda: request(torn()),
        lambda: request(chance.choice(other)),
        lambda: request(chance.randbytes(chance.randrange(1, 50_000))),
        lambda: request(b"--x\r\n" + chance.randbytes(2000), kind=form),
        lambda: request(b"--x--\r\n", kind=b"Content-Type: multipart/form-data\r\n"),
        lambda: request(b'--x\r\nContent-Disposition: form-data; name="photo"\r\n\r\n' * 300, kind=form),
        lambda: request(b"{}", kind=b"Content-Type: application/json\r\n"),
        lambda: start + jpeg + b"Content-Length: 99999999999\r\n\r\n",
        lambda: start + jpeg + b"Content-Length: -5\r\n\r\n",
        lambda: start.replace(b" HTTP", b"?class=" + b"x" * 3000 + b" HTTP") + b"Content-Length: 0\r\n\r\n",
        lambda: chance.randbytes(300) + b"\r\n\r\n",
    ]
    while True:
        yield from (make() for make in makers)


async def slow(port: int, data: bytes, seconds: float) -> int:
    """A body that comes byte by byte; the status that ends it, 0 for none."""
    with suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head(Photo(data)))
        ends = time.monotonic() + seconds
        answer = asyncio.create_task(reader.read(4096))
        for byte in data:
            if answer.done() or time.monotonic() > ends:
                break
            writer.write(bytes([byte]))
            await asyncio.sleep(0.5)
        with suppress(TimeoutError):
            line = await asyncio.wait_for(answer, 30)
            writer.close()
            return int(line.split()[1]) if line else 0
    return 0


def named(answer: Answer) -> str:
    """`429 deadline`: the status and the word of a refusal."""
    word = re.search(rb'"error":"(\w+)"', answer.body)
    return f"{answer.status} {word[1].decode()}" if word else str(answer.status)


async def attack(port: int, photo: bytes) -> Counter[str]:
    """1,000 hostile uploads, 19 at a time, and 50 slow bodies beside them."""
    source, statuses = hostile(photo, random.Random(1)), Counter[str]()
    crawling = [asyncio.create_task(slow(port, photo, 60)) for _ in range(50)]

    async def send(count: int) -> None:
        for _ in range(count):
            answer = await asyncio.wait_for(Client(port).send(next(source), time.perf_counter()), 120)
            statuses[named(answer)] += 1

    await asyncio.gather(*(send((HOSTILE - 50) // 19) for _ in range(19)))
    statuses.update(map(str, await asyncio.gather(*crawling)))
    return statuses


def soak(service: Service, photos: Sequence[Photo], rate: float, minutes: float) -> Iterator[str]:
    """Half load, a line a minute."""
    for minute in range(int(minutes)):
        answers = run(opened(service.port, photos, rate, 60))
        yield f"minute {minute + 1}: {service.memory_mib():.0f} MiB; {said('soak', answers, 60)}"


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=30, help="of each phase")
    parser.add_argument("--minutes", type=float, default=0, help="of the soak at half load")
    options = parser.parse_args()
    paths = sorted((market_folder() / "images").glob("*.jpg"))[::12]
    photos = [Photo(path.read_bytes(), "suv") for path in paths if path.stat().st_size > 5000]
    sizes = [len(photo.data) for photo in photos]
    load = "/".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{len(photos)} photos of {np.median(sizes) / 1000:.0f} kB; {os.cpu_count()} cores, load {load}")
    with serving(["--recipe", str(options.recipe), "--folder", str(options.folder)]) as service:
        run(closed(service.port, photos, 3))  # warm
        before = service.processor_s()
        capacity = run(closed(service.port, photos, options.seconds))
        each = (service.processor_s() - before) / (capacity * options.seconds)
        print(f"{CLOSED} connections: {capacity:.1f} uploads/s, aim {SUSTAINED}")
        print(f"each takes {each * 1000:.1f} ms of processor time", flush=True)
        for rate in (0.5 * capacity, 0.8 * capacity):
            answers = run(opened(service.port, photos, rate, options.seconds))
            print(said(f"{rate:.1f}/s", answers, options.seconds), f"aim p99 {P99_S * 1000:.0f} ms", flush=True)
        answers = run(opened(service.port, photos, 10 * capacity, options.seconds))
        good = sum(answer.status == 200 for answer in answers) / options.seconds
        print(said(f"ten times: {10 * capacity:.0f}/s", answers, options.seconds))
        print(f"goodput {good / capacity:.2f}, aim {GOODPUT}; rejects aim {REJECT_S * 1000:.0f} ms", flush=True)
        statuses = run(attack(service.port, photos[0].data))
        after = one(service.port, photos[1]).status
        failed = sum(number for status, number in statuses.items() if status >= "5" or status == "0")
        print(f"hostile: {dict(sorted(statuses.items()))}")
        print(f"{failed} of 5xx or without an answer; a good one after it: {after}")
        print(f"{service.memory_mib():.0f} MiB; running: {service.process.poll() is None}", flush=True)
        for line in soak(service, photos, capacity / 2, options.minutes):
            print(line, flush=True)


if __name__ == "__main__":
    main()
