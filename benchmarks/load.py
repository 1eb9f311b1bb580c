"""Clients that send SQL as fast as it is answered, in a process of their own: libpq through psycopg, a thread each.

`python -m benchmarks.load` reads a Load as JSON on its standard input and prints a Result.
"""

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from psycopg import pq


@dataclass(frozen=True)
class Load:
    """What to send.

    statement: one message; {request} is new each time, {organization} one of the organizations by chance.
    setup: sent once on each connection. seconds: how long; or calls: how many each client sends.
    """

    conninfo: str
    statement: str
    setup: str = ""
    organizations: Sequence[str] = ("",)
    clients: int = 1
    seconds: float = 1.0
    prefix: str = ""


@dataclass(frozen=True)
class Result:
    """Calls a second, and the median time of one in seconds."""

    rate: float
    median: float


def run(load: Load) -> Result:
    """The load, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(asdict(load)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Result(**json.loads(done.stdout))


def _client(load: Load, number: int, start: threading.Barrier, times: list[float]) -> None:
    connection = pq.PGconn.connect(load.conninfo.encode())
    if load.setup:
        _send(connection, load.setup)
    chance = random.Random(number)  # noqa: S311 - no secret
    organizations = list(load.organizations)
    calls = 0
    start.wait()
    before = time.perf_counter()
    end = before + load.seconds
    while before < end:
        organization = organizations[0] if len(organizations) == 1 else chance.choice(organizations)
        calls += 1
        _send(connection, load.statement.format(request=f"{load.prefix}-{number}-{calls}", organization=organization))
        after = time.perf_counter()
        times.append(after - before)
        before = after
    connection.finish()


def _send(connection: pq.abc.PGconn, statement: str) -> None:
    result = connection.exec_(statement.encode())
    if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        raise RuntimeError(result.error_message.decode())


def main() -> None:
    """Runs the Load on standard input."""
    load = Load(**json.load(sys.stdin))
    start = threading.Barrier(load.clients)
    times: list[list[float]] = [[] for _ in range(load.clients)]
    threads = [threading.Thread(target=_client, args=(load, n, start, times[n])) for n in range(load.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not all(times):
        sys.exit("a client failed")
    together = sorted(time for own in times for time in own)
    # Each client's own rate: one that ends a little later does not dilute the others'.
    rate = sum(len(own) / sum(own) for own in times)
    print(json.dumps(asdict(Result(rate, together[len(together) // 2]))))


if __name__ == "__main__":
    main()
