"""Clusters with a migrated template database, each a copy of a stopped cluster that earlier sessions made.

    <temporary folder>/tenantry-clusters-<uid>/
        lock                    held shared while an entry is written or copied, exclusively while entries are removed
        <PostgreSQL>-<key>/     an entry: the data directory of a stopped cluster
        unfinished-<name>/      an entry that is being written or removed, or the rest of one

Processes of one session, sessions and working copies share the entries. An entry gets its name by a rename when all of
its files are written, and loses it by a rename before the first file is removed. An entry with a name is thus whole.
The key is a hash of everything that shapes a cluster, so that an entry never needs an update. A session that cannot use
the folder makes its clusters itself.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tenantry import embedded, migrate
from tests.support.postgres import Cluster, Installation, fast_folder

TEMPLATE = "tenantry_template"

KEPT = 3
"""Number of entries of each PostgreSQL that remain; an entry takes about 70 MB."""

SQL = Path(__file__).parents[2] / "sql"
_SERVER = Path(embedded.__file__).parent
_CODE = (
    *(_SERVER / name for name in ("migrate.py", "record.py", "sql_files.py")),
    Path(__file__),
    Path(__file__).with_name("postgres.py"),
)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_UNFINISHED = "unfinished-"


@contextmanager
def migrated_cluster(installation: Installation, parent: Path | None = None) -> Iterator[Cluster]:
    """Starts a cluster with the migrated database TEMPLATE; stops and removes it at the end.

    Args:
        installation: the PostgreSQL to run.
        parent: the folder that the entries' folder is in; the temporary folder unless given.
    """
    folder = _usable_folder(parent)
    entry = folder / f"{installation}-{key(installation)}" if folder else None
    cluster = _copy(installation, entry) if entry else None
    with cluster or _make(installation, entry) as cluster:
        yield cluster


def key(installation: Installation, root: Path = SQL) -> str:
    """Returns a hash of everything that shapes a migrated cluster: SQL files, code, PostgreSQL's program and account.

    The boot is part of it, as nothing forces the files of an entry to the disk before its rename. A power failure could
    leave an entry with empty files.
    """
    digest = hashlib.blake2b(digest_size=10)
    files = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
    files |= {path.name: path for path in (*_CODE, installation.programs / "bin" / "postgres")}
    if _BOOT_ID.exists():
        files["boot"] = _BOOT_ID
    digest.update(f"{embedded.Account.current()}".encode())
    for name, path in sorted(files.items()):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _usable_folder(parent: Path | None) -> Path | None:
    """The entries' folder; None if it cannot be made, or if another user could have written to it."""
    folder = (parent or Path(fast_folder() or tempfile.gettempdir())) / f"tenantry-clusters-{os.geteuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
    return folder if is_own else None


def _copy(installation: Installation, entry: Path) -> Cluster | None:
    """A running copy of the entry; None if there is none, or if it does not start, in which case it is removed."""
    try:
        with _locked(entry.parent, fcntl.LOCK_SH):
            if not entry.exists():
                return None
            os.utime(entry)  # its place in the order of removal
            return Cluster(installation, data=entry)
    except (OSError, RuntimeError, subprocess.CalledProcessError):
        with suppress(OSError), _locked(entry.parent, fcntl.LOCK_EX):
            _remove(entry)
        return None


def _make(installation: Installation, entry: Path | None) -> Cluster:
    """A new running cluster, of which the entry becomes a copy."""
    cluster = Cluster(installation)
    try:
        cluster.create_database(TEMPLATE, "template0")
        migrate.up(cluster.conninfo(TEMPLATE), SQL)
        if entry:
            with cluster.stopped():
                _write(entry, cluster)
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _write(entry: Path, cluster: Cluster) -> None:
    """Copies the stopped cluster's data, unless another process was faster; then removes the oldest entries."""
    with suppress(OSError, subprocess.CalledProcessError):
        with _locked(entry.parent, fcntl.LOCK_SH):
            unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=entry.parent))
            try:
                cluster.copy_data(unfinished / "data")
                (unfinished / "data").rename(entry)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
        # Nobody waits for this lock: if this process cannot remove an entry, the next one that makes an entry does.
        with suppress(BlockingIOError), _locked(entry.parent, fcntl.LOCK_EX | fcntl.LOCK_NB):
            _remove_stale(entry.parent, str(cluster.installation))


def _remove_stale(folder: Path, installation: str) -> None:
    """Removes remains, and all entries of the installation but the KEPT that were used last. Needs the lock."""
    for remains in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(remains, ignore_errors=True)
    entries = sorted(folder.glob(f"{installation}-*"), key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in entries[KEPT:]:
        _remove(entry)


def _remove(entry: Path) -> None:
    unfinished = entry.with_name(f"{_UNFINISHED}{entry.name}")
    entry.rename(unfinished)
    shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _locked(folder: Path, operation: int) -> Iterator[None]:
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, operation)
        yield
