"""The claims of a token stay with the call: no text of a statement has them, so no statistics and no log have them."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tenantry.auth import Identity
from tenantry.database import Database, Statement, parameters
from tenantry.errors import CallError
from tests.support.database import using
from tests.support.postgres import SETTINGS, Cluster, Installation, installations

STATISTICS = {"shared_preload_libraries": "pg_stat_statements", "log_min_error_statement": "error"}
CALLS = 30


def with_statistics() -> list[Installation]:
    """The installations that have the extension pg_stat_statements."""
    return [each for each in installations() if any(each.programs.rglob("pg_stat_statements.so"))]


@pytest.fixture(scope="module", params=with_statistics(), ids=str)
def watched(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with Cluster(request.param, parameters=SETTINGS | STATISTICS) as cluster:
        with psycopg.connect(cluster.conninfo(), autocommit=True) as admin:
            admin.execute("create extension pg_stat_statements")
            admin.execute("create role authenticated")
            admin.execute("create schema tenantry")
        yield cluster


def caller(number: int) -> Identity:
    claims = f'{{"role": "authenticated", "email": "person{number}@example.com"}}'
    return Identity("authenticated", claims, float("inf"), has_token=True)


def test_many_callers_make_few_entries_and_none_has_a_claim(watched: Cluster) -> None:
    async def call(database: Database) -> None:
        for number in range(CALLS):
            await database.call(caller(number), Statement("plain", "select $1::text", parameters(f"{number}")), 5.0)

    using(watched.conninfo(), call)
    with psycopg.connect(watched.conninfo()) as admin:
        rows = admin.execute("select query from pg_stat_statements where query ~ 'set_config|text'")
        texts = [text for (text,) in rows]
    assert not any("example.com" in text for text in texts)
    assert sum("set_config" in text for text in texts) == 1
    assert len(texts) < CALLS / 5


def test_the_log_of_a_failed_call_has_no_claim_and_no_value(watched: Cluster) -> None:
    async def fail(database: Database) -> None:
        with pytest.raises(CallError):
            await database.call(caller(1), Statement("plain", "select 1 / length($1)", parameters("")), 5.0)

    using(watched.conninfo(), fail)
    log = "".join(path.read_text() for path in watched.folder.rglob("*.log"))
    assert "division by zero" in log
    assert "example.com" not in log


def test_a_log_of_slow_statements_has_no_claim_for_a_login_with_the_setting_of_the_docs(watched: Cluster) -> None:
    async def call(database: Database) -> None:
        await database.call(caller(2), Statement("plain", "select $1::text", parameters("a")), 5.0)

    # Logs of slow statements have the values of parameters: this login has the setting that leaves them out.
    with psycopg.connect(watched.conninfo(), autocommit=True) as admin:
        admin.execute("create role quiet login superuser")
        admin.execute("alter role quiet set log_parameter_max_length = 0")
    using(make_conninfo(watched.conninfo(), user="quiet", options="-c log_min_duration_statement=0"), call)
    log = "".join(path.read_text() for path in watched.folder.rglob("*.log"))
    assert "select $1::text" in log
    assert "person2@example.com" not in log
