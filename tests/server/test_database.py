"""The one round trip: in the caller's role, with a prepared statement, on an idle connection."""

import asyncio
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tenantry.auth import ANONYMOUS, SERVICE, Identity
from tenantry.database import Database, Statement, parameters
from tenantry.errors import CallError
from tests.conftest import Connection
from tests.support.database import using


def sql(text: str, *parameters: str) -> Statement:
    return Statement("plain", text, parameters)


def test_a_call_runs_in_the_callers_role_with_its_claims_and_leaves_nothing_behind(conninfo: str) -> None:
    asked = (
        "select current_user::text, current_setting('request.jwt.claims', true),"
        " current_setting('statement_timeout'), pg_backend_pid()"
    )

    async def ask(database: Database) -> None:
        claims = '{"sub": "it\'s \\\\ ü"}'
        caller = Identity("authenticated", claims, float("inf"), has_token=True)
        role, seen, timeout, _ = (await database.call(caller, sql(asked), 3.0))[0]
        assert (role, seen) == ("authenticated", claims)
        assert 2900 <= int(timeout.removesuffix("ms")) <= 3000
        assert (await database.call(ANONYMOUS, sql(asked), None))[0][0] == "anon"
        role, seen, timeout, _ = (await database.query(sql(asked)))[0]
        assert (role, seen or "", timeout) == ("tenantry_server", "", "0")

    using(conninfo, ask)


def test_only_the_last_statements_rows_are_answered_and_several_calls_share_connections(conninfo: str) -> None:
    async def ask(database: Database) -> set[int]:
        rows = await asyncio.gather(
            *(database.call(SERVICE, sql(f"select {number}, pg_backend_pid()"), 5.0) for number in range(20))
        )
        assert [row[0][0] for row in rows] == list(range(20))
        return {row[0][1] for row in rows}

    assert len(using(conninfo, ask)) <= 2


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        ("raise exception using errcode = 'TN012', message = 'too late'", "too late"),
        ("insert into test_child values (1)", "refers to what is not there"),
    ],
    ids=["trigger", "foreign key"],
)
def test_what_is_refused_at_commit_is_an_error_too(
    admin: Connection, conninfo: str, constraint: str, message: str
) -> None:
    """The message's implicit transaction commits after its last result: the answer must wait for that."""
    admin.execute(
        "create table test_parent (id integer primary key);"
        " create table test_child (id integer references test_parent deferrable initially deferred);"
        " create function at_commit() returns trigger language plpgsql security definer set search_path = public as"
        f" $$ begin {constraint}; return null; end $$;"
        " create constraint trigger at_commit after insert on public.organizations"
        " deferrable initially deferred for each row execute function at_commit()"
    )

    async def create(database: Database) -> CallError:
        with pytest.raises(CallError) as refused:
            await database.call(SERVICE, sql("select * from public.create_organization($1, $2)", "Acme", "acme"), 5.0)
        # The connection can take the next call.
        assert (await database.call(SERVICE, sql("select 1"), 5.0))[0][0] == 1
        return refused.value

    assert message in using(conninfo, create).status.message
    assert admin.execute("select from public.organizations").rowcount == 0


NASTY = [
    "",
    "'",
    "\\",
    "\\'",
    "'\\",
    '"',
    '\\"',
    "{}",
    "{a,b}",
    ",",
    "null",
    "NULL",
    "$1",
    "E'\\n'",
    "'; reset role; --",
    "\n\t ",
    "漢🐘",
]
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20), max_size=50)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=TEXTS)
@example(texts=NASTY)
def test_texts_and_arrays_arrive_as_they_are(conninfo: str, texts: list[str]) -> None:
    async def ask(database: Database) -> None:
        in_array, first = (
            await database.call(
                SERVICE, Statement("plain", "select $1::text[], $2::text", parameters(texts, "".join(texts))), 5.0
            )
        )[0]
        assert (in_array, first) == (texts, "".join(texts))
        rows = await database.query(Statement("plain", "select $1::text[]", parameters(texts)))
        assert rows[0][0] == texts

    using(conninfo, ask)


def test_nothing_is_cut_off_at_a_nul(conninfo: str) -> None:
    async def ask(database: Database) -> None:
        with pytest.raises(ValueError, match="NUL"):
            await database.call(SERVICE, sql("select $1::text", "a\0b"), 5.0)
        assert (await database.call(SERVICE, sql("select $1::text", "b"), 5.0))[0][0] == "b"

    using(conninfo, ask)


_TEXTS = "select statement from pg_prepared_statements where name like 'plain%'"
_PREPARED = "select name, pg_backend_pid() from pg_prepared_statements where name like 'plain%' order by name"


def test_a_statement_is_prepared_once_on_a_connection_for_each_role(conninfo: str) -> None:
    async def ask(database: Database) -> list[str]:
        for number in range(5):
            assert (await database.call(SERVICE, sql("select $1::integer", str(number)), 5.0))[0][0] == number
        await database.call(ANONYMOUS, sql("select $1::integer", "1"), 5.0)
        assert (await database.call(SERVICE, sql("select 7"), 5.0))[0][0] == 7
        return [name for name, _ in await database.query(sql(_PREPARED))]

    names = using(conninfo, ask)
    assert len(names) == 3
    assert all(re.fullmatch("plain_[0-9a-f]{16}", name) for name in names)


def test_a_statement_that_is_prepared_already_is_taken_as_it_is(conninfo: str) -> None:
    """The state after a call that was cancelled in progress."""

    async def ask(database: Database) -> list[int]:
        answers = []
        for _ in range(2):
            answers.append((await database.call(SERVICE, sql("select $1::integer", "1"), 5.0))[0][0])
            connection = await database._pool.take(1.0)
            connection.prepared.clear()
            await database._pool.release(connection)
        return [*answers, len(await database.query(sql(_PREPARED)))]

    assert using(conninfo, ask) == [1, 1, 1]


def test_a_connection_keeps_the_statements_that_were_used_last(conninfo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller with ever new statements does not keep those of others from being prepared."""
    monkeypatch.setattr("tenantry.database.MAX_PREPARED", 3)

    async def ask(database: Database) -> list[str]:
        for number in range(8):
            statement = sql(f"select $2 || $1 || {number}::text", " $2 ", "it's $1")
            assert (await database.call(SERVICE, statement, 5.0))[0][0] == f"it's $1 $2 {number}"
            # This one is used again and again.
            assert (await database.call(SERVICE, sql("select $1::integer", "1"), 5.0))[0][0] == 1
        return [text for (text,) in await database.query(sql(_TEXTS))]

    prepared = using(conninfo, ask)
    assert len(prepared) == 3
    assert sum("$1::integer" in text for text in prepared) == 1
    assert sum("7::text" in text for text in prepared) == 1


def test_a_session_that_loses_what_was_prepared_costs_speed_only(conninfo: str) -> None:
    """A pooler that gives each transaction another session."""

    async def ask(database: Database) -> list[int]:
        await database.call(SERVICE, sql("select $1::integer", "1"), 5.0)
        connection = await database._pool.take(1.0)
        await connection.execute("deallocate all")
        await database._pool.release(connection)
        return [(await database.call(SERVICE, sql("select $1::integer", str(n)), 5.0))[0][0] for n in range(3)]

    assert using(conninfo, ask) == [0, 1, 2]


def test_a_statement_that_cannot_be_prepared_is_refused_as_itself(conninfo: str) -> None:
    async def ask(database: Database) -> list[str]:
        said = []
        for _ in range(2):
            with pytest.raises(CallError) as refused:
                await database.call(ANONYMOUS, sql("select public.no_such_function()"), 5.0)
            said.append(refused.value.status.message)
        return said

    assert using(conninfo, ask) == ["the database lacks something that the server needs"] * 2


# Connections at hand.


_WHERE = "select pg_backend_pid()"


async def ask_side_by_side(database: Database, count: int) -> set[int]:
    """The backends that answer the given number of calls at once."""
    asked = "select pg_backend_pid() from pg_sleep(0.05)"
    rows = await asyncio.gather(*(database.call(SERVICE, sql(asked), 5.0) for _ in range(count)))
    return {row[0][0] for row in rows}


def test_calls_one_after_the_other_have_the_same_connection_however_many_there_are(conninfo: str) -> None:
    async def ask(database: Database) -> tuple[set[int], set[int]]:
        several = await ask_side_by_side(database, 2)
        return several, {(await database.call(SERVICE, sql(_WHERE), 5.0))[0][0] for _ in range(5)}

    several, one = using(conninfo, ask)
    assert len(several) == 2
    assert len(one) == 1
    assert one < several


def test_after_a_while_the_pool_has_a_connection_back_and_closes_it_if_it_is_too_old(
    conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenantry.pool.KEPT_IDLE", 0.0)

    async def ask(database: Database) -> list[int]:
        backends = []
        for _ in range(3):
            backends.append((await database.call(SERVICE, sql(_WHERE), 5.0))[0][0])
            # The pool checks the age of each connection that is returned.
            database._pool._pool.max_lifetime = 0.0
            await database._pool._pool.drain()
        return backends

    assert len(set(using(conninfo, ask))) == 3


def test_connections_that_were_cut_at_hand_cost_one_call_at_most(conninfo: str, admin: Connection) -> None:
    async def ask(database: Database) -> list[bool]:
        cut = await ask_side_by_side(database, 2)
        admin.execute("select pg_terminate_backend(pid) from unnest(%s) as pid", [list(cut)])
        answered = []
        for _ in range(4):
            try:
                await database.call(SERVICE, sql(_WHERE), 5.0)
                answered.append(True)
            except CallError:
                answered.append(False)
        return answered

    # PostgreSQL may end the sessions a moment later, while a call uses one; or earlier, and then no call meets it.
    answered = using(conninfo, ask)
    assert answered.count(False) <= 1
    assert answered[-1]


@pytest.mark.parametrize("kept", [60.0, -1.0], ids=["in the stack", "in psycopg's pool"])
def test_a_connection_that_was_cut_while_idle_costs_no_call(
    admin: Connection, conninfo: str, monkeypatch: pytest.MonkeyPatch, kept: float
) -> None:
    monkeypatch.setattr("tenantry.pool.KEPT_IDLE", kept)

    async def ask(database: Database) -> list[int]:
        async def pid() -> int:
            return int((await database.call(SERVICE, sql("select pg_backend_pid() from pg_sleep(0.05)"), 5.0))[0][0])

        before = set(await asyncio.gather(pid(), pid()))
        assert len(before) == 2
        admin.execute("select pg_terminate_backend(pid, 5000) from unnest(%s) as pid", [list(before)])
        after = set(await asyncio.gather(pid(), pid()))
        assert not before & after
        return sorted(after)

    assert len(using(conninfo, ask)) == 2


def test_a_notice_that_comes_while_a_connection_is_idle_does_no_harm(admin: Connection, conninfo: str) -> None:
    async def ask(database: Database) -> None:
        asked = sql("select pg_backend_pid()")
        before = (await database.call(SERVICE, asked, 5.0))[0][0]
        # PostgreSQL tells clients of the new value.
        admin.execute("alter system set timezone = 'Asia/Tokyo'")
        admin.execute("select pg_reload_conf()")
        admin.execute("alter system reset timezone")
        admin.execute("select pg_reload_conf()")
        await asyncio.sleep(0.3)
        assert (await database.call(SERVICE, asked, 5.0))[0][0] == before

    using(conninfo, ask)
