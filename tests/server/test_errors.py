"""The error codes have one source and are all in use, and the server answers every kind of PostgreSQL error
correctly."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import grpc
import psycopg
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo

from tenantry import reasons
from tenantry.errors import DOMAIN, from_database, invalid_argument, status
from tenantry.v1.errors_pb2 import ErrorReason
from tests.conftest import Connection
from tests.support.postgres import Cluster
from tools import errors

ROOT = Path(__file__).parents[2]

CONSTRAINTS = {
    ("thing", "thing_name_key"): ("name",),
    ("thing", "thing_a_b_key"): ("a", "b"),
    ("thing", "thing_owner_fkey"): ("owner",),
    ("thing", "thing_size_check"): ("size",),
    ("thing", "thing_during_excl"): ("during",),
}


ERRORS = errors.read(errors.SEED.read_text())
OWN = {error.sqlstate for error in ERRORS if error.is_own and error.sqlstate}


def test_the_generated_files_are_current() -> None:
    assert errors.outdated() == [], "run `make protos`"


def test_sql_raises_every_own_code_and_no_other() -> None:
    raised = {
        code
        for folder in ("api", "functions", "triggers", "policies")
        for path in (ROOT / "sql" / folder).rglob("*.sql")
        if path != errors.FUNCTION
        for code in re.findall(r"'(TN\d{3})'", path.read_text())
    }
    assert not raised - OWN, f"add these codes to sql/seeds/errors.sql: {sorted(raised - OWN)}"
    assert not OWN - raised, f"no file of sql/ raises these codes of sql/seeds/errors.sql: {sorted(OWN - raised)}"


def test_the_server_knows_every_reason_as_the_source_has_it() -> None:
    known = {name: reason for name, reason in vars(reasons).items() if isinstance(reason, reasons.Reason)}
    assert {(name, each.name, each.status.name, each.retry_after) for name, each in known.items()} == {
        (each.reason, each.reason, each.grpc_status, each.retry_after) for each in ERRORS
    }
    assert {code: reason.name for code, reason in reasons.RAISED.items()} == {
        each.sqlstate: each.reason for each in ERRORS if each.sqlstate
    }


def test_clients_have_a_constant_for_every_reason() -> None:
    assert dict(ErrorReason.items()) == {"ERROR_REASON_UNSPECIFIED": 0} | {each.reason: each.number for each in ERRORS}


def test_the_database_knows_every_reason_as_the_source_has_it(scratch: Connection) -> None:
    rows = scratch.execute(
        "select reason, number, sqlstate, postgres_codes, grpc_status, retry_after::float8, metadata, occurs, remedy"
        " from tenantry.errors order by number"
    ).fetchall()
    assert [errors.Error(**{**row, "postgres_codes": tuple(row["postgres_codes"])}) for row in rows] == ERRORS


def test_the_reason_of_a_code_is_that_of_the_table(scratch: Connection) -> None:
    rows = scratch.execute(
        "select reason from tenantry.errors where tenantry.error_reason(sqlstate) is distinct from reason"
        " and sqlstate is not null or tenantry.error_reason(postgres_codes[1]) is not null"
    ).fetchall()
    assert rows == []


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("('B', 2, 'TN001', '{}', 'OK', null, '', 'A.', 'B.')", "two errors have the sqlstate TN001"),
        ("('A', 2, 'TN002', '{}', 'OK', null, '', 'A.', 'B.')", "two errors have the reason A"),
        ("('B', 1, null, '{}', 'OK', null, '', 'A.', 'B.')", "two errors have the number 1"),
        ("('B', 2, 'TN003', '{}', 'OK', null, '', 'A.', 'B.')", "the number of TN003 must be 3"),
        ("('B', 2, 'TN002', '{}', 'FINE', null, '', 'A.', 'B.')", "FINE is not a gRPC status"),
        ("('B', 2, 'TN002', '{}', 'OK', null, '', 'A', 'B.')", "must be one line that ends with a full stop"),
        ("('B', 2, 'TN002', '{}', 'OK', null, '', 'A | B.', 'B.')", "must be one line"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_with_a_sentence(row: str, problem: str) -> None:
    seed = f"""
        insert into tenantry.errors
            (reason, number, sqlstate, postgres_codes, grpc_status, retry_after, metadata, occurs, remedy)
        values ('A', 1, 'TN001', '{{}}', 'OK', null, '', 'A.', 'B.'), {row}
    """
    with pytest.raises(ValueError, match=re.escape(problem)):
        errors.read(seed)


def test_every_own_error_is_raised_through_the_one_function_that_gives_it_its_shape() -> None:
    """A RAISE of an own code elsewhere would lack the JSON in DETAIL."""
    for path in (ROOT / "sql").rglob("*.sql"):
        assert not re.search(r"errcode\s*=\s*'TN", path.read_text(), re.IGNORECASE), path


def test_every_header_names_only_codes_that_exist() -> None:
    for path in (ROOT / "sql").rglob("*.sql"):
        unknown = set(re.findall(r"\bTN\d{3}\b", path.read_text())) - OWN
        assert not unknown, f"{path.relative_to(ROOT)} names codes that are not in sql/seeds/errors.sql: {unknown}"


# Errors that PostgreSQL really raises.


@pytest.fixture(scope="module")
def connection(cluster: Cluster) -> Iterator[psycopg.Connection]:
    """A database with a table for the offending statements, in a transaction that is rolled back to its start after
    each one."""
    cluster.create_database("errors", "template0")
    with psycopg.connect(cluster.conninfo("errors"), autocommit=True) as connection:
        connection.execute(
            """
            create table owner (id integer primary key);
            create table thing (
                name text constraint thing_name_key unique,
                a integer, b integer,
                owner integer constraint thing_owner_fkey references owner,
                size smallint constraint thing_size_check check (size > 0),
                label varchar(3),
                must text not null default '',
                during int4range,
                constraint thing_during_excl exclude using gist (during with &&),
                constraint thing_a_b_key unique (a, b)
            );
            insert into thing (name, a, b, during) values ('taken', 1, 1, '[1,5]');
            create role nobody_in_particular;
            """
        )
        yield connection
        connection.execute("drop role nobody_in_particular")
    cluster.drop_database("errors")


class Case(NamedTuple):
    """SQL, and the answer to its error."""

    sql: str
    code: grpc.StatusCode
    reason: str
    field: str | None = None
    metadata: Mapping[str, str] | None = None
    retry: bool = False


def fail(arguments: str) -> str:
    """SQL that raises as tenantry.fail() does."""
    return f"do $$ begin raise exception using {arguments}; end $$"


CASES = {
    "unique, one column": Case(
        "insert into thing (name) values ('taken')",
        grpc.StatusCode.ALREADY_EXISTS,
        "ALREADY_EXISTS",
        "name",
        {"field": "name", "resource": "thing"},
    ),
    "unique, two columns": Case(
        "insert into thing (a, b) values (1, 1)", grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS"
    ),
    "foreign key": Case(
        "insert into thing (owner) values (7)", grpc.StatusCode.FAILED_PRECONDITION, "REFERENCE_VIOLATION", "owner"
    ),
    "exclusion": Case(
        "insert into thing (during) values ('[2,3]')",
        grpc.StatusCode.FAILED_PRECONDITION,
        "REFERENCE_VIOLATION",
        "during",
    ),
    "check": Case("insert into thing (size) values (0)", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "size"),
    "not null": Case(
        "insert into thing (must) values (null)", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "must"
    ),
    "too long": Case("insert into thing (label) values ('abcd')", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
    "out of range": Case("select 40000::smallint", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
    "not a uuid": Case("select 'x'::uuid", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
    "division by zero": Case("select 1 / 0", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
    "timeout": Case(
        "set local statement_timeout = 20; select pg_sleep(5)",
        grpc.StatusCode.DEADLINE_EXCEEDED,
        "DEADLINE_EXCEEDED",
    ),
    "serialization failure": Case(fail("errcode = '40001'"), grpc.StatusCode.ABORTED, "CONFLICT", retry=True),
    "deadlock": Case(fail("errcode = '40P01'"), grpc.StatusCode.ABORTED, "CONFLICT", retry=True),
    "a table whose changes cannot be published": Case(fail("errcode = '55000'"), grpc.StatusCode.INTERNAL, "INTERNAL"),
    "lock not available": Case(fail("errcode = '55P03'"), grpc.StatusCode.ABORTED, "CONFLICT", retry=True),
    "out of memory": Case(fail("errcode = '53200'"), grpc.StatusCode.RESOURCE_EXHAUSTED, "DATABASE_BUSY", retry=True),
    "too many connections": Case(
        fail("errcode = '53300'"), grpc.StatusCode.RESOURCE_EXHAUSTED, "DATABASE_BUSY", retry=True
    ),
    "read only": Case(
        "set transaction read only; create table t (a integer)",
        grpc.StatusCode.UNAVAILABLE,
        "DATABASE_UNAVAILABLE",
        retry=True,
    ),
    "shutting down": Case(fail("errcode = '57P01'"), grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE", retry=True),
    "connection failure": Case(
        fail("errcode = '08006'"), grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE", retry=True
    ),
    "denied by a grant": Case(
        "set local role nobody_in_particular; select * from thing",
        grpc.StatusCode.PERMISSION_DENIED,
        "PERMISSION_DENIED",
        metadata={},
    ),
    "denied by a function": Case(
        fail("errcode = '42501', message = 'permission a:b is required', detail = '{\"permission\": \"a:b\"}'"),
        grpc.StatusCode.PERMISSION_DENIED,
        "PERMISSION_DENIED",
        metadata={"permission": "a:b"},
    ),
    "JSON too deep": Case("select repeat('[', 100000)::jsonb", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
    "syntax": Case("selec 1", grpc.StatusCode.INTERNAL, "INTERNAL"),
    "no such function": Case(
        "select nothing_of_that_name()", grpc.StatusCode.UNAVAILABLE, "SCHEMA_MISMATCH", retry=True
    ),
    "an assertion of PL/pgSQL": Case("do $$ begin assert false; end $$", grpc.StatusCode.INTERNAL, "INTERNAL"),
    "an unknown own code": Case(fail("errcode = 'TN999'"), grpc.StatusCode.INTERNAL, "INTERNAL"),
    "own, with field and remedy": Case(
        fail(
            "errcode = 'TN010', message = 'too much', hint = 'less', "
            'detail = \'{"field": "amount", "balance": 12, "nested": {"a": [1]}, "nothing": null}\''
        ),
        grpc.StatusCode.OUT_OF_RANGE,
        "BALANCE_OUT_OF_RANGE",
        "amount",
        {"field": "amount", "balance": "12", "nested": '{"a": [1]}', "nothing": "null", "remedy": "less"},
    ),
    "own, without anything more": Case(
        fail("errcode = 'TN002', message = 'gone'"), grpc.StatusCode.NOT_FOUND, "NOT_FOUND", metadata={}
    ),
}


def provoke(connection: psycopg.Connection, sql: str) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as raised, connection.transaction():
        connection.execute(sql.encode())
    return raised.value


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_postgresql_raises_is_answered_with_code_reason_and_field(
    connection: psycopg.Connection, case: Case
) -> None:
    error = provoke(connection, case.sql)
    answer = from_database(error, CONSTRAINTS, has_token=True)
    info, bad_request, retry = ErrorInfo(), BadRequest(), RetryInfo()
    for packed in answer.details:
        assert any(packed.Unpack(message) for message in (info, bad_request, retry))
    assert (answer.code, info.reason, info.domain) == (case.code.value[0], case.reason, DOMAIN)
    assert [violation.field for violation in bad_request.field_violations] == ([case.field] if case.field else [])
    assert (retry.retry_delay.ToMilliseconds() > 0) == case.retry
    if case.metadata is not None:
        assert dict(info.metadata) == case.metadata
    assert answer.message
    # Own errors are written for callers; the text of all other errors must stay hidden.
    if not error.sqlstate or not error.sqlstate.startswith("TN"):
        for inside in ("thing", "relation", "constraint", "function", "syntax", "line 1", "selec", "assert"):
            assert inside not in answer.message.replace("something", "").lower()


def test_a_denial_asks_a_caller_without_a_token_for_one(connection: psycopg.Connection) -> None:
    error = provoke(connection, CASES["denied by a grant"].sql)
    answer = from_database(error, CONSTRAINTS, has_token=False)
    assert answer.code == grpc.StatusCode.UNAUTHENTICATED.value[0]


def test_a_constraint_that_is_not_known_is_not_guessed(connection: psycopg.Connection) -> None:
    answer = from_database(provoke(connection, CASES["unique, one column"].sql), {}, has_token=True)
    assert answer.message == "this is taken already"


def test_a_connection_that_cannot_be_made_is_a_database_that_cannot_be_reached() -> None:
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect("host=/nowhere dbname=x", connect_timeout=1)
    assert from_database(raised.value, {}, has_token=True).code == grpc.StatusCode.UNAVAILABLE.value[0]


def test_a_field_at_fault_is_named_in_text_and_in_details() -> None:
    answer = invalid_argument("organization_id", "must be a UUID").status
    bad_request = BadRequest()
    assert answer.message == "organization_id: must be a UUID"
    assert answer.details[1].Unpack(bad_request)
    assert bad_request.field_violations[0].field == "organization_id"


def test_metadata_is_text_whatever_it_was() -> None:
    info = ErrorInfo()
    answer = status(reasons.NOT_FOUND, "gone", {"text": "a", "number": 1, "flag": True, "list": ["ü"]})
    assert answer.details[0].Unpack(info)
    assert dict(info.metadata) == {"text": "a", "number": "1", "flag": "true", "list": '["\\u00fc"]'}


@pytest.mark.parametrize("reason", [value for value in vars(reasons).values() if isinstance(value, reasons.Reason)])
def test_the_error_info_says_whether_a_repetition_helps(reason: reasons.Reason) -> None:
    answer = status(reason, "message")
    info, delay = ErrorInfo(), RetryInfo()
    answer.details[0].Unpack(info)
    may_retry = any(detail.Is(delay.DESCRIPTOR) for detail in answer.details)
    assert info.metadata.get("retry") == ("true" if may_retry else None)
    assert may_retry == (reason.retry_after is not None)
