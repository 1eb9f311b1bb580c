"""The folder of kept clusters: which entry a session uses, which it makes, and which it removes."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support import templates
from tests.support.postgres import Installation, installations, open_folder

NEWEST = installations()[-1]

Change = Callable[[Path], object]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An SQL root with one function."""
    (tmp_path / "sql" / "functions").mkdir(parents=True)
    (tmp_path / "sql" / "functions" / "one.sql").write_text("select 1;")
    return tmp_path / "sql"


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "functions" / "one.sql").write_text("select 2;"),
        lambda root: (root / "functions" / "two.sql").write_text(""),
        lambda root: (root / "functions" / "one.sql").rename(root / "one.sql"),
        lambda root: (root / "functions" / "one.sql").unlink(),
    ],
    ids=["content", "new file", "name", "no file"],
)
def test_the_key_changes_with_every_file_of_the_sql_root(root: Path, change: Change) -> None:
    before = templates.key(NEWEST, root)
    assert templates.key(NEWEST, root) == before
    change(root)
    assert templates.key(NEWEST, root) != before


def test_the_key_changes_with_the_program(root: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    shutil.copy(NEWEST.programs / "bin" / "postgres", tmp_path / "bin")
    copied = Installation(NEWEST.name, NEWEST.version, tmp_path, is_wheel=False)
    assert templates.key(copied, root) == templates.key(NEWEST, root)
    with (tmp_path / "bin" / "postgres").open("ab") as program:
        program.write(b"!")
    assert templates.key(copied, root) != templates.key(NEWEST, root)


def test_a_session_copies_what_an_earlier_one_made_and_changes_nothing_there() -> None:
    with open_folder() as parent:
        with templates.migrated_cluster(NEWEST, parent) as cluster:
            made = system_identifier(cluster.conninfo(templates.TEMPLATE))
            cluster.create_database("of_the_first_session")
        for _ in range(2):
            with templates.migrated_cluster(NEWEST, parent) as cluster:
                assert system_identifier(cluster.conninfo(templates.TEMPLATE)) == made
                cluster.create_database("of_the_session", templates.TEMPLATE)
                count_organizations(cluster.conninfo("of_the_session"))


def test_half_made_and_broken_entries_are_not_used() -> None:
    with open_folder() as parent:
        folder = parent / f"tenantry-clusters-{os.geteuid()}"
        folder.mkdir(mode=0o700)
        entry = folder / f"{NEWEST}-{templates.key(NEWEST)}"
        # The remains of a process that is killed while it writes, or after it has removed some files.
        half_made = folder / "unfinished-abc"
        (half_made / "data").mkdir(parents=True)
        entry.mkdir()
        with templates.migrated_cluster(NEWEST, parent) as cluster:
            count_organizations(cluster.conninfo(templates.TEMPLATE))
        assert not half_made.exists()
        assert (entry / "PG_VERSION").exists()


def test_the_entries_that_were_used_last_remain(tmp_path: Path) -> None:
    for age in range(5):
        (tmp_path / f"pg15-{age}").mkdir()
        os.utime(tmp_path / f"pg15-{age}", (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "pg18-0").mkdir()
    templates._remove_stale(tmp_path, "pg15")
    assert {path.name for path in tmp_path.iterdir()} == {"pg15-0", "pg15-1", "pg15-2", "pg18-0"}


def test_a_folder_that_others_could_write_to_is_not_used(tmp_path: Path) -> None:
    folder = templates._usable_folder(tmp_path)
    assert folder
    for mode in (0o755, 0o777, 0o702):
        folder.chmod(mode)
        assert templates._usable_folder(tmp_path) is None, oct(mode)
    folder.rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    assert templates._usable_folder(tmp_path) is None, "a link"
    assert templates._usable_folder(tmp_path / "nowhere") is None


def count_organizations(conninfo: str) -> None:
    """Fails unless the database is migrated and nobody has used it."""
    with psycopg.connect(conninfo) as connection:
        assert connection.execute("select count(*) from public.organizations").fetchone() == (0,)


def system_identifier(conninfo: str) -> int:
    """The number that initdb gave the cluster, which its copies share."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("select system_identifier from pg_control_system()").fetchone()
    assert row
    return int(row[0])
