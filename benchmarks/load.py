"""Clients that send SQL as soon as the last answer arrives, in a separate process: libpq through psycopg, a thread
each.

`python -m benchmarks.load` reads a Load as JSON from its standard input and connects. Each further line is a number of
seconds: the clients send for that time, and the program prints a Turn.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from itertools import count
from typing import Self

from psycopg import pq


@dataclass(frozen=True)
class Load:
    """The request to send.

    statement: one message; {request} is new each time, {organization} is a random one of the organizations.
    setup: a statement that is sent once on each connection. prefix: the start of each request's id.
    """

    conninfo: str
    statement: str
    setup: str = ""
    organizations: Sequence[str] = ("",)
    clients: int = 1
    prefix: str = ""


@dataclass(frozen=True)
class Turn:
    """Calls a second, and the median time of a call in seconds."""

    rate: float
    median: float


class Clients:
    """The clients of a load, connected until the end of the `with`; idle between turns, and several loads can take
    turns."""

    def __init__(self, load: Load) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._say(json.dumps(asdict(load)))

    def turn(self, seconds: float) -> Turn:
        """Lets the clients send for the given seconds."""
        self._say(str(seconds))
        told = self._process.stdout.readline() if self._process.stdout else ""
        if not told:
            raise RuntimeError("a client failed")
        return Turn(**json.loads(told))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def _say(self, line: str) -> None:
        print(line, file=self._process.stdin, flush=True)


@contextmanager
def on_one_core(connection: pq.abc.PGconn) -> Iterator[None]:
    """Keeps this process and a backend on one core, as they take turns anyway. A shared core, and no sleep in between,
    makes up to ten times the difference for a short query."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    for process in (0, connection.backend_pid):
        os.sched_setaffinity(process, {min(allowed)})
    yield
    os.sched_setaffinity(0, allowed)


class _Client:
    """One connection."""

    def __init__(self, load: Load, number: int) -> None:
        self.connection = pq.PGconn.connect(load.conninfo.encode())
        if load.setup:
            send(self.connection, load.setup)
        self._load = load
        self._number = number
        self._calls = count(1)
        self._chance = random.Random(number)  # noqa: S311 - no secret

    def work(self, start: threading.Barrier, seconds: float, times: list[float]) -> None:
        """Sends for the given seconds, and records the time of each call."""
        load, organizations = self._load, self._load.organizations
        start.wait()
        before = time.perf_counter()
        end = before + seconds
        while before < end:
            organization = organizations[0] if len(organizations) == 1 else self._chance.choice(organizations)
            request = f"{load.prefix}-{self._number}-{next(self._calls)}"
            send(self.connection, load.statement.format(request=request, organization=organization))
            after = time.perf_counter()
            times.append(after - before)
            before = after


def send(connection: pq.abc.PGconn, statement: str) -> None:
    """Sends one message and waits for its end. Raises RuntimeError with PostgreSQL's message."""
    result = connection.exec_(statement.encode())
    if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        raise RuntimeError(result.error_message.decode())


def _turn(clients: Sequence[_Client], seconds: float) -> Turn:
    start = threading.Barrier(len(clients))
    times: list[list[float]] = [[] for _ in clients]
    threads = [
        threading.Thread(target=client.work, args=(start, seconds, own))
        for client, own in zip(clients, times, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not all(times):
        sys.exit("a client failed")
    together = sorted(time for own in times for time in own)
    # The sum of each client's own rate: a client that ends a little later does not dilute the others' rates.
    return Turn(sum(len(own) / sum(own) for own in times), together[len(together) // 2])


def main() -> None:
    """Runs the load on standard input, turn by turn."""
    load = Load(**json.loads(sys.stdin.readline()))
    clients = [_Client(load, number) for number in range(load.clients)]
    with on_one_core(clients[0].connection) if len(clients) == 1 else nullcontext():
        for seconds in sys.stdin:
            print(json.dumps(asdict(_turn(clients, float(seconds)))), flush=True)


if __name__ == "__main__":
    main()
