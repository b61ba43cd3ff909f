"""The client: so many requests in flight, each connection sends its next when it has an answer."""

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from benchmarks.peer.wire import message, read_message
from local.ports import LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What is measured: where it listens, what it is sent and answers, and its processes.

    Connections are dealt out evenly between ports. The processes are sets of session leaders, by
    what they do.
    """

    name: str
    ports: tuple[int, ...]
    request: bytes
    status: int = 200
    processes: Mapping[str, Collection[int]] = field(default_factory=dict)


def post(path: str, body: bytes, *, key: str) -> bytes:
    headers = {"host": LOOPBACK, "authorization": f"Bearer {key}", "accept": "*/*"}
    return message(f"POST {path} HTTP/1.1", body, headers)


def load(candidate: Candidate, *, in_flight: int, requests: int) -> list[float]:
    """Return the milliseconds of each request. Raises SystemExit at an answer not expected."""
    return asyncio.run(_load(candidate, in_flight, requests))


async def _load(candidate: Candidate, in_flight: int, requests: int) -> list[float]:
    ports = [candidate.ports[n % len(candidate.ports)] for n in range(in_flight)]
    lines = [await asyncio.open_connection(LOOPBACK, port) for port in ports]
    left, taken = iter(range(requests)), list[float]()

    async def line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in left:
            begun = time.perf_counter()
            writer.write(candidate.request)
            answer = await read_message(reader)
            taken.append((time.perf_counter() - begun) * 1000)
            if answer is None or answer.status != candidate.status:
                raise SystemExit(f"{candidate.name}: {answer}")
        writer.close()

    await asyncio.gather(*(line(*one) for one in lines))
    return taken
