"""The bridge: it refuses to start on SQL that does not fit the protos and lists the differences, and its values reach
PostgreSQL unchanged."""

import subprocess
import sys
from typing import TypeVar

import pytest
from google.protobuf.descriptor import MethodDescriptor
from hypothesis import given
from hypothesis import strategies as st

from tenantry.app import services
from tenantry.bridge import BridgeError, _labels, compile_services, snake_case
from tenantry.database import Database, Statement
from tenantry.stripe.handlers import PROCESS_STRIPE_EVENT
from tenantry.v1.catalog_pb2 import GetCreditEventRequest
from tenantry.v1.credits_pb2 import CreditTransactionType
from tests.conftest import Connection
from tests.support import server
from tests.support.database import using
from tests.support.postgres import Cluster

T = TypeVar("T")


def mismatches(conninfo: str) -> list[str]:
    """Returns the mismatches that the bridge reports; empty if it starts."""

    async def compile_all(database: Database) -> list[str]:
        try:
            await compile_services(database, services(), {PROCESS_STRIPE_EVENT})
        except BridgeError as raised:
            error = raised
        else:
            return []
        assert all(line in str(error) for line in error.mismatches)
        return error.mismatches

    return using(conninfo, compile_all)


# Mismatches between protos and SQL.


GET_EVENT = "create function public.get_credit_event({}) returns {} language sql return {}"
DROP_EVENT = "drop function public.get_credit_event; "
WHERE = "tenantry.v1.CatalogService.GetCreditEvent"
A_ROW = "null::public.credit_events"

ALTERED = {
    "nothing": ("select", []),
    "a function is dropped": (DROP_EVENT, [f"{WHERE}: function public.get_credit_event does not exist"]),
    "a function is overloaded": (
        GET_EVENT.format("credit_event uuid", "public.credit_events", A_ROW),
        [f"{WHERE}: function public.get_credit_event is overloaded"],
    ),
    "an argument is missing": (
        DROP_EVENT + GET_EVENT.format("", "public.credit_events", A_ROW),
        [f"{WHERE}: field credit_event has no argument"],
    ),
    "an argument has another name": (
        DROP_EVENT + GET_EVENT.format("event text default null", "public.credit_events", A_ROW),
        [f"{WHERE}: field credit_event has no argument"],
    ),
    "an argument is required that has no field": (
        DROP_EVENT + GET_EVENT.format("credit_event text, secret text", "public.credit_events", A_ROW),
        [f"{WHERE}: required argument secret has no field"],
    ),
    "an argument has a type that its field cannot be": (
        DROP_EVENT + GET_EVENT.format("credit_event integer default null", "public.credit_events", A_ROW),
        [f"{WHERE}: field credit_event (string) cannot be argument integer"],
    ),
    "a result is no row": (
        DROP_EVENT + GET_EVENT.format("credit_event text default null", "text", "'x'::text"),
        [f"{WHERE}: GetCreditEventResponse.credit_event (tenantry.v1.CreditEvent) cannot be column text"],
    ),
    "a row has another column's type": (
        "create type public.event as (id uuid, name text, description text, credit_cost text, category text,"
        " is_active boolean, metadata jsonb, created_at timestamptz, updated_at timestamptz); "
        + DROP_EVENT
        + GET_EVENT.format("credit_event text default null", "public.event", "null::public.event"),
        [f"{WHERE}: CreditEvent.credit_cost (int32) cannot be column text"],
    ),
    "a row lacks columns": (
        "create type public.event as (id uuid, name text, description text, credit_cost integer, category text,"
        " is_active boolean, metadata jsonb); "
        + DROP_EVENT
        + GET_EVENT.format("credit_event text default null", "public.event", "null::public.event"),
        [
            f"{WHERE}: CreditEvent.created_at (google.protobuf.Timestamp) has no column",
            f"{WHERE}: CreditEvent.updated_at (google.protobuf.Timestamp) has no column",
        ],
    ),
    "a listing gives no token": (
        "drop function public.list_credit_events; create function public.list_credit_events(category text default null,"
        " is_active boolean default null, page_size integer default null, page_token text default null,"
        " out credit_events public.credit_events[], out count integer) language sql return (null, 1)",
        [
            "tenantry.v1.CatalogService.ListCreditEvents: ListCreditEventsResponse.next_page_token (string)"
            " has no column"
        ],
    ),
    "a listing gives no rows": (
        "drop function public.list_credit_events; create function public.list_credit_events(category text default null,"
        " is_active boolean default null, page_size integer default null, page_token text default null,"
        " out credit_events text, out next_page_token text) language sql return (null, null)",
        [
            "tenantry.v1.CatalogService.ListCreditEvents: ListCreditEventsResponse needs one array of a composite"
            " type, as credit_events"
        ],
    ),
}


@pytest.mark.parametrize(("altered", "expected"), ALTERED.values(), ids=ALTERED)
def test_the_bridge_lists_exactly_what_does_not_fit(
    admin: Connection, conninfo: str, altered: str, expected: list[str]
) -> None:
    admin.execute(altered.encode())
    assert mismatches(conninfo) == expected


def test_everything_that_does_not_fit_is_listed_at_once(admin: Connection, conninfo: str) -> None:
    for name in ("get_credit_event", "consume_credits", "delete_organization"):
        admin.execute(f"drop function public.{name}".encode())
    assert sorted(line.rpartition("public.")[2] for line in mismatches(conninfo)) == [
        "consume_credits does not exist",
        "delete_organization does not exist",
        "get_credit_event does not exist",
    ]


def served(conninfo: str) -> subprocess.CompletedProcess[str]:
    """Runs a `tenantry serve` that is expected to end at once."""
    return subprocess.run(
        [sys.executable, "-m", "tenantry.cli", "serve"],
        env={"DATABASE_URL": conninfo, "TENANTRY_JWT_SECRET": server.SECRET, "TENANTRY_LISTEN": "127.0.0.1:0"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_server_does_not_start_on_sql_that_does_not_fit(admin: Connection, conninfo: str) -> None:
    admin.execute("drop function public.get_credit_event")
    ended = served(conninfo)
    assert ended.returncode == 1
    assert f"  - {WHERE}: function public.get_credit_event does not exist" in ended.stderr.splitlines()
    assert "Traceback" not in ended.stderr
    assert not ended.stdout


def test_the_server_does_not_start_on_a_database_that_is_not_migrated(cluster: Cluster) -> None:
    """The server must name the remedy and not fail on the missing schema."""
    cluster.create_database("bare", "template0")
    try:
        ended = served(cluster.conninfo("bare", "tenantry_server"))
    finally:
        cluster.drop_database("bare")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "migrate" in ended.stderr or "does not exist" in ended.stderr


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ConsumeCredits", "consume_credits"),
        ("Get", "get"),
        ("GetV2Thing", "get_v2_thing"),
        ("ListCreditEvents", "list_credit_events"),
        ("already_snake", "already_snake"),
    ],
)
def test_a_methods_name_becomes_a_functions(name: str, expected: str) -> None:
    assert snake_case(name) == expected


@given(words=st.lists(st.from_regex(r"[a-z][a-z0-9]{1,8}", fullmatch=True), min_size=1, max_size=5))
def test_words_come_apart_as_they_were_put_together(words: list[str]) -> None:
    assert snake_case("".join(word.capitalize() for word in words)) == "_".join(words)


def test_every_method_has_a_name_of_its_own() -> None:
    """The bridge finds functions by name alone, in every service."""
    methods: list[MethodDescriptor] = [method for service in services() for method in service.methods]
    names = [snake_case(method.name) for method in methods]
    assert len(names) == len(set(names))


def test_an_enums_values_lose_their_prefix() -> None:
    assert _labels(CreditTransactionType.DESCRIPTOR) == {
        "earned": 1,
        "purchased": 2,
        "consumed": 3,
        "expired": 4,
        "refunded": 5,
        "revoked": 6,
    }


def test_every_enum_value_has_a_label_that_means_nothing_else() -> None:
    for service in services():
        for enum in service.file.enum_types_by_name.values():
            labels = _labels(enum)
            assert len(labels) == len(enum.values) - 1
            assert enum.values_by_number[0].name.endswith("_UNSPECIFIED")
            assert not any(label.startswith(snake_case(enum.name)) for label in labels)


def test_a_request_becomes_named_arguments_of_what_is_set_and_nothing_else(conninfo: str) -> None:
    async def compiled(database: Database) -> tuple[Statement, Statement]:
        call = (await compile_services(database, services(), {PROCESS_STRIPE_EVENT}))[
            "/tenantry.v1.CatalogService/GetCreditEvent"
        ]
        return call.statement(GetCreditEventRequest(credit_event="it's")), call.statement(GetCreditEventRequest())

    given_one, given_none = using(conninfo, compiled)
    assert given_one.text.endswith('from public.get_credit_event("credit_event" => $1) as r')
    assert given_one.parameters == ["it's"]
    assert given_none.text.endswith("from public.get_credit_event() as r")
    assert given_none.parameters == []
