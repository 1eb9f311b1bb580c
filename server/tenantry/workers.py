"""Several server processes on one port: the kernel spreads connections over them (SO_REUSEPORT).

The parent holds the port and serves nothing. A worker is `python -m tenantry.workers`. It reads its settings from its
standard input, reports on its standard output that it listens or why it cannot, and serves until its input ends. So a
worker never outlives its parent, even if the parent is killed. A worker is started as a new program and not forked,
because gRPC does not survive a fork.
"""

import asyncio
import contextlib
import dataclasses
import json
import logging
import signal
import socket
import sys
from typing import cast

import psycopg
import uvloop

from tenantry.app import GRACE, Server
from tenantry.bridge import BridgeError
from tenantry.config import Config, ConfigError

log = logging.getLogger(__name__)

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

KILL_AFTER = GRACE + 5
"""Seconds that a worker may take to stop, beside its lame_duck, before it is killed."""

RESTART_INTERVAL = 0.5
MAX_RESTART_INTERVAL = 4.0
"""Seconds after the first attempt to replace a worker, and after later ones at most. Each attempt takes the half of a
second of a processor, which the other workers need."""

_READY = "ready"

_REFUSED = 1
"""Exit status of a worker that cannot serve until somebody changes the settings or the schema."""

_DATABASE_AWAY = 2
"""Exit status of a worker that cannot reach PostgreSQL."""


class _RefusedError(ConfigError):
    """A worker cannot serve until somebody changes the settings or the schema."""


class Workers:
    """Several servers over one database, on one port. `start`, then `wait` or `stop`, as for a Server."""

    def __init__(self, config: Config, count: int) -> None:
        """config: the settings of each worker. count: number of workers."""
        self._config = config
        self._count = count
        self._ports: list[socket.socket] = []
        self._processes: set[asyncio.subprocess.Process] = set()
        self._serving = 0
        self._keepers: list[asyncio.Task[None]] = []
        self.http_address = ""

    async def start(self) -> str:
        """Starts every worker. Returns host:port, with the actual port.

        Raises ConfigError when the address is not free, or a worker cannot serve.
        """
        try:
            address = self._hold(self._config.listen)
            if self._config.http_listen:
                self.http_address = self._hold(self._config.http_listen)
            self._config = dataclasses.replace(self._config, listen=address, http_listen=self.http_address or None)
            started = await asyncio.gather(*(self._spawn() for _ in range(self._count)), return_exceptions=True)
            for failure in started:
                if isinstance(failure, BaseException):
                    raise failure
        except BaseException:
            await self.stop()
            raise
        self._serving = self._count
        self._keepers = [asyncio.create_task(self._keep(process)) for process in self._processes]
        return address

    async def wait(self) -> None:
        """Waits until no worker serves, and none can before somebody changes the settings or the schema."""
        await asyncio.wait(self._keepers, return_when=asyncio.FIRST_COMPLETED)

    async def stop(self, lame_duck: float = 0.0) -> None:
        """Stops every worker after its calls in flight; kills it after KILL_AFTER seconds and lame_duck."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*(_end(process, KILL_AFTER + lame_duck) for process in self._processes))
        for port in self._ports:
            port.close()

    def _hold(self, listen: str) -> str:
        """Reserves the port for the workers. Returns host:port, with the actual port. Raises ConfigError."""
        self._ports.append(_reserve(listen))
        host, _, _ = listen.rpartition(":")
        return f"{host}:{self._ports[-1].getsockname()[1]}"

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        while True:
            status = await process.wait()
            self._serving -= 1
            self._processes.discard(process)
            log.error("worker %s has ended with status %s; starting another", process.pid, status)
            replacement = await self._replace()
            if not replacement:
                return
            process = replacement
            self._serving += 1

    async def _replace(self) -> asyncio.subprocess.Process | None:
        """Starts a worker in place of one that has ended; None if no worker can serve.

        The other workers serve on in the meantime. An outage of the database is no reason to end, even if no worker is
        left.
        """
        said = ""
        interval = RESTART_INTERVAL
        while True:
            try:
                return await self._spawn()
            except ConfigError as error:
                if str(error) != said:
                    said = str(error)
                    log.error("the worker cannot be replaced yet: %s", said)
                if not self._serving and isinstance(error, _RefusedError):
                    return None
            await asyncio.sleep(interval)
            interval = min(2 * interval, MAX_RESTART_INTERVAL)

    async def _spawn(self) -> asyncio.subprocess.Process:
        """Starts a worker. Raises ConfigError when it ends before it serves."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tenantry.workers"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        self._processes.add(process)
        settings = {"level": logging.getLogger().level, "config": dataclasses.asdict(self._config)}
        # A worker that ends before it reads them is found out below.
        with contextlib.suppress(ConnectionError):
            _input(process).write(json.dumps(settings).encode() + b"\n")
        said = (await cast(asyncio.StreamReader, process.stdout).readline()).decode().strip()
        if said == _READY:
            return process
        status = await process.wait()
        self._processes.discard(process)
        kind = _RefusedError if status == _REFUSED else ConfigError
        raise kind(json.loads(said) if said else "a worker ended before it could serve")


def _input(process: asyncio.subprocess.Process) -> asyncio.StreamWriter:
    return cast(asyncio.StreamWriter, process.stdin)


async def _end(process: asyncio.subprocess.Process, seconds: float) -> None:
    _input(process).close()
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()


def _reserve(listen: str) -> socket.socket:
    """Makes a socket that reserves the port without listening. Raises ConfigError when another server uses the port."""
    host, _, port = listen.rpartition(":")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Sockets that share a port do not notice each other. This probe does not share it, so it notices them.
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
        reserved = socket.socket(family, kind, protocol)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(address)
    except OSError:
        raise ConfigError(f"cannot listen on {listen}: is another server using it?") from None
    return reserved


async def _work(config: Config) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    # Nothing more will arrive, so standard input becomes readable only when the parent closes it or ends.
    loop.add_reader(sys.stdin.fileno(), stopping.set)
    server = Server(config, shares_port=True)
    await server.start()
    print(_READY, flush=True)
    await stopping.wait()
    await server.stop(config.lame_duck)


def main() -> None:
    """Runs a worker."""
    settings = json.loads(sys.stdin.readline())
    logging.basicConfig(level=settings["level"], format=LOG_FORMAT)
    try:
        uvloop.run(_work(Config(**settings["config"])))
    except (ConfigError, BridgeError) as error:
        print(json.dumps(str(error)), flush=True)
        sys.exit(_REFUSED)
    except psycopg.OperationalError as error:
        print(json.dumps(f"cannot reach PostgreSQL: {error}"), flush=True)
        sys.exit(_DATABASE_AWAY)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
