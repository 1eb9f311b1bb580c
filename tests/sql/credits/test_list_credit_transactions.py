"""list_credit_transactions: filters alone and together, order, pages, and time ranges exact at their ends."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Connection
from tests.support.ledger import Row, call, consume, entries, freeze, grant, move_clock, organization, refused
from tests.support.rpc import INVALID_ARGUMENT, INVALID_PAGE_TOKEN, access, case

ACCESS = access("organization_id => {first}", first="viewer member billing admin owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(INVALID_PAGE_TOKEN, "page_token", organization_id="$idle", page_token="$entries-token"),
    case(INVALID_PAGE_TOKEN, "page_token", organization_id="$acme", page_token="$entries-token", oldest_first=True),
]

REFERENCE = uuid4()

FILTERS: dict[str, tuple[Any, Callable[[Row, datetime, UUID], bool]]] = {
    "transaction_type": ("consumed", lambda e, _, __: e["transaction_type"] == "consumed"),
    "source": ("event_consumption", lambda e, _, __: e["source"] == "event_consumption"),
    "source_id": (REFERENCE, lambda e, _, __: e["source_id"] == REFERENCE),
    "credit_event": ("image", lambda e, _, event: e["credit_event_id"] == event),
    "start_time": (timedelta(minutes=2), lambda e, at, _: e["created_at"] >= at + timedelta(minutes=2)),
    "end_time": (timedelta(minutes=9), lambda e, at, _: e["created_at"] < at + timedelta(minutes=9)),
}


def history(service: Connection, admin: Connection, credits: int = 100) -> tuple[UUID, datetime, UUID]:
    """An organization with twelve entries of many kinds, one a minute, and the credit event that some of them
    charge."""
    event = call(service, "create_credit_event", name="image", credit_cost=2, category="compute")["id"]
    call(service, "create_credit_event", name="text", credit_cost=1, category="compute")
    acme, start = organization(service), freeze(admin)
    steps: list[Callable[[], object]] = [
        lambda: grant(service, acme, credits, transaction_type="purchased"),
        lambda: grant(service, acme, credits, source="subscription", expires_at=start + timedelta(days=9)),
        *[
            lambda name=name, reference=reference: call(
                service, "consume_credits", organization_id=acme, credit_event=name, source_id=reference
            )
            for name in ("image", "text")
            for reference in (None, REFERENCE)
        ],
        lambda: consume(service, acme, 3),
        lambda: consume(service, acme, 3, source_id=REFERENCE),
        lambda: grant(service, acme, 1, source_id=REFERENCE),
        *[lambda: call(service, "consume_credits", organization_id=acme, credit_event="image", source_id=REFERENCE)]
        * 3,
    ]
    for step in steps:
        step()
        move_clock(admin, "+1 minute")
    return acme, start, event


def numbers(service: Connection, organization_id: UUID, **arguments: Any) -> list[int]:
    page = call(service, "list_credit_transactions", organization_id=organization_id, **arguments)
    return [entry["entry_number"] for entry in page["transactions"]]


def test_every_filter_alone_and_every_pair_and_all_together(service: Connection, admin: Connection) -> None:
    acme, start, event = history(service, admin)
    ledger = entries(admin, acme)
    sets = [names for size in (1, 2, len(FILTERS)) for names in combinations(FILTERS, size)]
    for names in sets:
        arguments = {name: FILTERS[name][0] for name in names}
        arguments = {n: start + v if isinstance(v, timedelta) else v for n, v in arguments.items()}
        expected = [e["entry_number"] for e in ledger if all(FILTERS[n][1](e, start, event) for n in names)]
        assert expected, names
        assert numbers(service, acme, oldest_first=True, **arguments) == expected, names
        assert numbers(service, acme, **arguments) == expected[::-1], names


def test_subscription_and_purchased_and_expiring_credits_are_found(service: Connection, admin: Connection) -> None:
    acme, start, _ = history(service, admin)
    assert numbers(service, acme, source="subscription") == [2]
    assert numbers(service, acme, transaction_type="purchased") == [1]
    assert numbers(service, acme, expires_before=start + timedelta(days=9)) == []
    assert numbers(service, acme, expires_before=start + timedelta(days=9, microseconds=1)) == [2]


def test_a_time_range_has_its_start_and_not_its_end(service: Connection, admin: Connection) -> None:
    acme, start, _ = history(service, admin)
    minute, moment = timedelta(minutes=1), timedelta(microseconds=1)
    assert numbers(service, acme, start_time=start + minute, end_time=start + 2 * minute) == [2]
    assert numbers(service, acme, start_time=start + minute + moment, end_time=start + 2 * minute) == []
    assert numbers(service, acme, start_time=start + minute, end_time=start + 2 * minute + moment) == [3, 2]
    assert numbers(service, acme, end_time=start) == []
    assert numbers(service, acme, end_time=start + moment) == [1]
    assert numbers(service, acme, start_time=start + 11 * minute) == [12]
    assert numbers(service, acme, start_time=start + 11 * minute + moment) == []


def test_entries_of_one_moment_are_all_in_a_range(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    grant(service, acme, 10)
    for _ in range(5):
        consume(service, acme, 1)
    assert numbers(service, acme, start_time=now, end_time=now + timedelta(microseconds=1)) == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("oldest_first", [False, True])
def test_pages_stay_right_while_entries_are_added(credits_service: Connection, oldest_first: bool) -> None:
    acme = organization(credits_service, 100)
    for _ in range(9):
        consume(credits_service, acme, 1)
    found: list[int] = []
    token: str | None = None
    while True:
        page = call(
            credits_service,
            "list_credit_transactions",
            organization_id=acme,
            oldest_first=oldest_first,
            page_size=3,
            page_token=token,
        )
        found += [entry["entry_number"] for entry in page["transactions"]]
        token = page["next_page_token"]
        if token is None:
            break
        if len(found) < 9:
            consume(credits_service, acme, 1)
    assert found == (list(range(1, 13)) if oldest_first else list(range(10, 0, -1)))


def test_pages_of_a_filtered_list(service: Connection, admin: Connection) -> None:
    acme, _, _ = history(service, admin)
    arguments = {"organization_id": acme, "credit_event": "image", "page_size": 2}
    first = call(service, "list_credit_transactions", **arguments)
    second = call(service, "list_credit_transactions", page_token=first["next_page_token"], **arguments)
    third = call(service, "list_credit_transactions", page_token=second["next_page_token"], **arguments)
    found = [e["entry_number"] for page in (first, second, third) for e in page["transactions"]]
    assert found == [12, 11, 10, 4, 3]
    assert third["next_page_token"] is None


def test_a_token_serves_no_other_list(service: Connection) -> None:
    acme = organization(service, 10)
    consume(service, acme, 1)
    token = call(service, "list_credit_transactions", organization_id=acme, page_size=1)["next_page_token"]
    for change in ({"oldest_first": True}, {"source": "grant"}, {"organization_id": organization(service)}):
        arguments = {"organization_id": acme, "page_token": token, **change}
        assert refused(service, "TN003", "list_credit_transactions", **arguments)["field"] == "page_token"
    refused(service, "TN003", "list_credit_transactions", organization_id=acme, page_token="junk")


@pytest.mark.parametrize(
    ("change", "sqlstate", "field"),
    [
        ({"organization_id": None}, "TN001", "organization_id"),
        ({"transaction_type": "stolen"}, "TN001", "transaction_type"),
        ({"page_size": -1}, "TN001", "page_size"),
        ({"credit_event": ""}, "TN001", "credit_event"),
        ({"credit_event": "none"}, "TN002", None),
    ],
    ids=str,
)
def test_bad_filters_are_refused(
    credits_service: Connection, change: dict[str, Any], sqlstate: str, field: str | None
) -> None:
    arguments = {"organization_id": organization(credits_service), **change}
    assert refused(credits_service, sqlstate, "list_credit_transactions", **arguments).get("field") == field


LONG_LEDGER = """
insert into public.credit_transactions
    (organization_id, transaction_type, amount, balance_after, source, entry_number, expires_at, created_at)
    select %(id)s,
        case when n %% 1000 = 7 then 'earned' else 'consumed' end,
        case when n %% 1000 = 7 then 1 else -1 end, 1,
        case when n %% 1000 = 7 then 'subscription' else 'consumption' end, n,
        case when n %% 1000 = 7 then now() + interval '9 days' end, now() + n * interval '1 second'
    from generate_series(1, 20000) as n
"""

PAGES_OF_IT: list[Row] = [
    {},
    {"oldest_first": True},
    {"source": "subscription"},
    {"source": "rollover"},
    {"expires_before": "2100-01-01"},
    {"expires_before": "2000-01-01"},
    {"transaction_type": "earned"},
    {"start_time": "2100-01-01"},
    {"end_time": "2000-01-01"},
]


def test_no_page_reads_the_whole_of_a_long_ledger(scratch: Connection) -> None:
    acme = organization(scratch)
    scratch.execute("set local session_replication_role = replica")
    scratch.execute(LONG_LEDGER, {"id": acme})
    scratch.execute("update public.organizations set credits_entry_number = 20000 where id = %s", [acme])
    scratch.execute("analyze public.credit_transactions")
    read = {str(filters): _blocks(scratch, {"organization_id": acme} | filters) for filters in PAGES_OF_IT}
    # The ledger has some 300 blocks, and 100 times as many with 100 times the entries.
    assert {filters: blocks for filters, blocks in read.items() if blocks > 100} == {}


def _blocks(connection: Connection, arguments: Row) -> int:
    """The number of blocks that a page touches. A first run loads the catalogs into memory."""
    call(connection, "list_credit_transactions", **arguments)
    named = ", ".join(f"{name} => %({name})s" for name in arguments)
    query = f"explain (analyze, buffers, format json) select * from public.list_credit_transactions({named})"
    row = connection.execute(query.encode(), arguments).fetchone()
    assert row
    plan = row["QUERY PLAN"][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
