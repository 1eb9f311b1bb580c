"""Billing records: create, find, list newest first, follow the states of a payment; records of Stripe are left to
Stripe."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import START, Row, call, move_clock, organization, refused
from tests.support.users import Team

STATUSES = ("pending", "paid", "failed", "refunded", "void", "uncollectible")
WAYS = {
    "pending": {"paid", "failed", "void", "uncollectible"},
    "failed": {"paid", "void", "uncollectible"},
    "uncollectible": {"paid", "void"},
    "paid": {"refunded"},
    "refunded": set(),
    "void": set(),
}
"""The statuses that may follow each status."""


@pytest.fixture
def acme(admin: Connection) -> UUID:
    """An organization."""
    return organization(admin)


def create(connection: Connection, tenant: UUID, amount: int = 1000, /, **arguments: Any) -> Row:
    return call(connection, "create_billing_record", organization_id=tenant, amount=amount, **arguments)


def update(connection: Connection, record: Row, **arguments: Any) -> Row:
    return call(
        connection, "update_billing_record",
        organization_id=record["organization_id"], billing_record_id=record["id"], **arguments,
    )  # fmt: skip


def update_refused(connection: Connection, sqlstate: str, record: Row, **arguments: Any) -> Row:
    return refused(
        connection, sqlstate, "update_billing_record",
        organization_id=record["organization_id"], billing_record_id=record["id"], **arguments,
    )  # fmt: skip


def test_a_bill_is_recorded_and_found_by_id_and_by_invoice(service: Connection, acme: UUID) -> None:
    made = create(service, acme)
    assert (made["amount"], made["currency"], made["status"], made["billing_reason"]) == (
        1000,
        "USD",
        "pending",
        "manual",
    )
    assert (made["paid_at"], made["amount_refunded"], made["idempotency_key"]) == (None, 0, None)
    full = create(
        service, acme, 2147483647, currency="eur", status="paid", billing_reason="subscription_cycle",
        description="March", invoice_url="https://example.com/i", receipt_url="HTTP://example.com/r",
        stripe_invoice_id="in_1", stripe_payment_intent_id="pi_1", paid_at=datetime(2026, 3, 1, tzinfo=UTC),
        metadata={"order": 7}, request_id="march",
    )  # fmt: skip
    assert (full["amount"], full["currency"], full["metadata"], full["idempotency_key"]) == (
        2147483647, "EUR", {"order": 7}, "march",
    )  # fmt: skip
    assert full["paid_at"] == datetime(2026, 3, 1, tzinfo=UTC)
    for key in ({"billing_record_id": full["id"]}, {"stripe_invoice_id": "in_1"}):
        assert call(service, "get_billing_record", organization_id=acme, **key) == full


def test_what_is_paid_has_a_time_and_what_is_refunded_is_given_back_whole(
    service: Connection, admin: Connection, acme: UUID
) -> None:
    move_clock(admin, START)
    paid, refunded = create(service, acme, status="paid"), create(service, acme, status="refunded")
    assert (paid["paid_at"], paid["amount_refunded"]) == (START, 0)
    assert (refunded["paid_at"], refunded["amount_refunded"]) == (START, 1000)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"organization_id": None}, "organization_id"),
        ({"amount": None}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"currency": "dollars"}, "currency"),
        ({"status": "lost"}, "status"),
        ({"status": ""}, "status"),
        ({"billing_reason": "Two Words"}, "billing_reason"),
        ({"billing_reason": "b" * 51}, "billing_reason"),
        ({"billing_reason": ""}, "billing_reason"),
        ({"invoice_url": "javascript:1"}, "invoice_url"),
        ({"receipt_url": "http://a b"}, "receipt_url"),
        ({"stripe_invoice_id": "i" * 256}, "stripe_invoice_id"),
        ({"stripe_invoice_id": " "}, "stripe_invoice_id"),
        ({"stripe_payment_intent_id": "p" * 256}, "stripe_payment_intent_id"),
        ({"stripe_payment_intent_id": ""}, "stripe_payment_intent_id"),
        ({"paid_at": datetime(2020, 1, 1, tzinfo=UTC)}, "paid_at"),
        ({"status": "paid", "paid_at": datetime(2999, 1, 1, tzinfo=UTC)}, "paid_at"),
        ({"request_id": "r" * 256}, "request_id"),
        ({"request_id": " "}, "request_id"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_no_bill_is_refused_by_field(service: Connection, acme: UUID, change: Row, field: str) -> None:
    values = {"organization_id": acme, "amount": 1, **change}
    assert refused(service, "TN001", "create_billing_record", **values)["field"] == field
    assert call(service, "list_billing_records", organization_id=acme)["billing_records"] == []


def test_an_invoice_and_a_payment_are_recorded_once(service: Connection, admin: Connection, acme: UUID) -> None:
    create(service, acme, stripe_invoice_id="in_1", stripe_payment_intent_id="pi_1")
    create(service, acme, stripe_payment_intent_id="pi_2")
    for tenant in (acme, organization(admin)):
        taken = {"organization_id": tenant, "amount": 1}
        refused(service, "23505", "create_billing_record", stripe_invoice_id="in_1", **taken)
        refused(service, "23505", "create_billing_record", stripe_payment_intent_id="pi_2", **taken)


def test_what_is_not_there_is_not_found(service: Connection, admin: Connection, acme: UUID) -> None:
    other = create(service, organization(admin), stripe_invoice_id="in_1")
    assert refused(service, "TN002", "create_billing_record", organization_id=uuid4(), amount=1)["resource"] == (
        "organization"
    )
    for key in ({"billing_record_id": other["id"]}, {"stripe_invoice_id": "in_1"}):
        detail = refused(service, "TN002", "get_billing_record", organization_id=acme, **key)
        assert detail["resource"] == "billing_record"
    update_refused(service, "TN002", {**other, "organization_id": acme}, status="paid")
    assert refused(service, "TN001", "get_billing_record", organization_id=acme)["field"] == "billing_record_id"
    both = {"billing_record_id": other["id"], "stripe_invoice_id": "in_1"}
    assert refused(service, "TN001", "get_billing_record", organization_id=acme, **both)["field"] == "billing_record_id"
    assert refused(service, "TN001", "get_billing_record", stripe_invoice_id="in_1")["field"] == "organization_id"


# A request_id makes one record.


def test_a_replay_returns_the_record_as_it_is_now(service: Connection, acme: UUID) -> None:
    arguments: dict[str, Any] = {"description": "March", "metadata": {"b": 1, "a": 2}, "request_id": "march"}
    made = create(service, acme, **arguments)
    assert create(service, acme, **arguments) == made
    paid = update(service, made, status="paid", description="March, paid", metadata={})
    assert create(service, acme, **arguments, currency="usd", status="pending", billing_reason="manual") == paid
    assert len(call(service, "list_billing_records", organization_id=acme)["billing_records"]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 999},
        {"currency": "EUR"},
        {"status": "paid"},
        {"billing_reason": "other"},
        {"description": "April"},
        {"invoice_url": "https://example.com/b"},
        {"receipt_url": "https://example.com/b"},
        {"stripe_invoice_id": "in_2"},
        {"stripe_payment_intent_id": "pi_2"},
        {"metadata": {"a": 2}},
    ],
    ids=str,
)
def test_the_same_request_id_with_other_arguments_is_refused(service: Connection, acme: UUID, change: Row) -> None:
    create(service, acme, metadata={"a": 1}, request_id="march")
    values = {"organization_id": acme, "amount": 1000, "metadata": {"a": 1}, "request_id": "march", **change}
    detail = refused(service, "TN011", "create_billing_record", **values)
    assert (detail["field"], detail["request_id"]) == ("request_id", "march")


def test_each_organization_has_request_ids_of_its_own(service: Connection, admin: Connection, acme: UUID) -> None:
    other = organization(admin)
    assert create(service, acme, request_id="1")["id"] != create(service, other, 7, request_id="1")["id"]


# The states of a payment.


@pytest.mark.parametrize(("before", "after"), [(b, a) for b, a in product(STATUSES, STATUSES) if a != b])
def test_a_status_becomes_another_by_the_ways_there_are(
    service: Connection, acme: UUID, before: str, after: str
) -> None:
    record = create(service, acme, status=before)
    if after in WAYS[before]:
        assert update(service, record, status=after)["status"] == after
    else:
        detail = update_refused(service, "TN035", record, status=after)
        assert (detail["from_status"], detail["to_status"]) == (before, after)
        assert call(service, "get_billing_record", organization_id=acme, billing_record_id=record["id"]) == record


@pytest.mark.parametrize("stripe", [False, True], ids=["by_hand", "stripe"])
def test_psql_makes_the_same_changes_of_status_and_no_other(admin: Connection, acme: UUID, stripe: bool) -> None:
    """A record that follows Stripe may take any status, since Stripe decides on it."""
    done, refusals = set(), {}
    for number, (before, after) in enumerate(permutations(STATUSES, 2)):
        record = create(admin, acme, status=before, stripe_invoice_id=f"in_{number}" if stripe else None)
        try:
            admin.execute("update public.billing_history set status = %s where id = %s", [after, record["id"]])
            done.add((before, after))
        except psycopg.Error as error:
            refusals[before, after] = error
            detail = json.loads(error.diag.message_detail or "")
            assert detail["billing_record_id"] == str(record["id"])
            assert (detail["field"], detail["from_status"], detail["to_status"]) == ("status", before, after)
    ways = {(before, after) for before, afters in WAYS.items() for after in afters}
    assert done == (set(permutations(STATUSES, 2)) if stripe else ways)
    for (before, after), refusal in refusals.items():
        assert refusal.sqlstate == "TN035"
        assert f"a record that is {before} cannot become {after}" in str(refusal)


def test_a_refused_change_is_named_before_the_amounts(service: Connection, acme: UUID) -> None:
    record = update(service, create(service, acme, status="paid"), amount_refunded=1)
    update_refused(service, "TN035", record, status="failed")


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_that_it_has_already_is_no_change(service: Connection, acme: UUID, status: str) -> None:
    record = create(service, acme, status=status)
    assert update(service, record, status=status) | {"updated_at": None} == record | {"updated_at": None}


def test_a_payment_is_dated(service: Connection, admin: Connection, acme: UUID) -> None:
    move_clock(admin, START)
    assert update(service, create(service, acme), status="paid")["paid_at"] == START
    yesterday = START - timedelta(days=1)
    record = update(service, create(service, acme), status="paid", paid_at=yesterday)
    assert record["paid_at"] == yesterday
    assert update(service, record, status="refunded")["paid_at"] == yesterday
    assert update(service, record, paid_at=START)["paid_at"] == START
    pending = create(service, acme)
    assert update_refused(service, "TN001", pending, paid_at=yesterday)["field"] == "paid_at"
    late = START + timedelta(seconds=1)
    assert update_refused(service, "TN001", pending, status="paid", paid_at=late)["field"] == "paid_at"


def test_money_is_given_back_in_parts_until_it_is_all(service: Connection, acme: UUID) -> None:
    record = create(service, acme, status="paid")
    assert update(service, record, amount_refunded=300)["status"] == "paid"
    # The amount is a total: the same call again changes nothing.
    assert update(service, record, amount_refunded=300)["amount_refunded"] == 300
    for amount in (299, 0, -1, 1001, 2147483647):
        assert update_refused(service, "TN001", record, amount_refunded=amount)["field"] == "amount_refunded"
    assert update_refused(service, "TN001", record, amount_refunded=999, status="refunded")["field"] == "status"
    whole = update(service, record, amount_refunded=1000)
    assert (whole["status"], whole["amount_refunded"]) == ("refunded", 1000)
    assert update(service, record, amount_refunded=1000)["status"] == "refunded"


@pytest.mark.parametrize("status", ["pending", "failed", "void", "uncollectible"])
def test_only_what_was_paid_is_given_back(service: Connection, acme: UUID, status: str) -> None:
    record = create(service, acme, status=status)
    assert update_refused(service, "TN001", record, amount_refunded=1)["field"] == "amount_refunded"


def test_what_is_paid_and_given_back_at_once_is_refunded(service: Connection, acme: UUID) -> None:
    part = update(service, create(service, acme), status="paid", amount_refunded=1)
    assert (part["status"], part["amount_refunded"]) == ("paid", 1)


def test_an_update_sets_what_has_a_value_or_what_the_mask_names(service: Connection, acme: UUID) -> None:
    record = create(service, acme, description="old", metadata={"a": 1}, invoice_url="https://example.com/old")
    changed = update(service, record, description="new", receipt_url="https://example.com/r")
    assert (changed["description"], changed["metadata"]) == ("new", {"a": 1})
    assert changed["updated_at"] > record["updated_at"]
    cleared = update(
        service,
        record,
        description="ignored",
        update_mask=["metadata", "invoice_url", "receipt_url", "amount_refunded"],
    )
    assert (cleared["description"], cleared["metadata"], cleared["invoice_url"]) == ("new", None, None)
    assert update_refused(service, "TN001", record, update_mask=["status"])["field"] == "status"
    assert update_refused(service, "TN001", record, status="lost")["field"] == "status"
    assert update_refused(service, "TN001", record, invoice_url="x")["field"] == "invoice_url"
    for mask in (["amount"], ["currency"], ["created_at"], ["stripe_invoice_id"], None):
        assert update_refused(service, "TN001", record, update_mask=mask)["field"] == "update_mask"
    everything = update(service, record, status="paid", update_mask=["*"])
    assert (everything["status"], everything["description"], everything["metadata"]) == ("paid", None, None)


@pytest.mark.parametrize("key", ["stripe_invoice_id", "stripe_payment_intent_id"])
@pytest.mark.parametrize("change", [{"status": "paid"}, {"amount_refunded": 1}, {"description": "new"}], ids=str)
def test_a_record_of_stripe_follows_stripe(service: Connection, acme: UUID, key: str, change: Row) -> None:
    record = create(service, acme, 1000, **{key: "x_1"})
    detail = update_refused(service, "TN036", record, **change)
    assert detail == {"reason": "BILLING_RECORD_FOLLOWS_STRIPE", "billing_record_id": str(record["id"]), key: "x_1"}


# Permissions.


def test_no_role_of_an_organization_writes_bills(admin: Connection, connect: Connect, service: Connection) -> None:
    team = Team(admin, connect)
    record = create(service, team.id)
    for who in team.users:
        connection = team.as_(who)
        detail = refused(connection, "42501", "create_billing_record", organization_id=team.id, amount=1)
        assert detail["permission"] == "platform:bill"
        assert update_refused(connection, "42501", record, status="paid")["permission"] == "platform:bill"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update public.billing_history set status = 'paid'")


def test_members_with_billing_read_see_their_own(admin: Connection, connect: Connect, service: Connection) -> None:
    team, other = Team(admin, connect), Team(admin, connect)
    record, foreign = create(service, team.id), create(service, other.id)
    for who in ("owner", "admin", "billing"):
        connection = team.as_(who)
        assert call(connection, "list_billing_records", organization_id=team.id)["billing_records"] == [record]
        key = {"billing_record_id": record["id"]}
        assert call(connection, "get_billing_record", organization_id=team.id, **key) == record
        key = {"billing_record_id": foreign["id"]}
        refused(connection, "TN002", "get_billing_record", organization_id=team.id, **key)
        for function in ("list_billing_records", "get_billing_summary"):
            assert refused(connection, "42501", function, organization_id=other.id)["permission"] == "billing:read"
    for function in ("list_billing_records", "get_billing_summary"):
        assert refused(team.as_("member"), "42501", function, organization_id=team.id)["permission"] == "billing:read"


# Listings and the summary.


@pytest.fixture
def history(service: Connection, admin: Connection, acme: UUID) -> list[UUID]:
    """Ids of seven bills, the oldest first, a day apart from 2030-01-01 12:00, the last two at the same time."""
    made = [
        create(service, acme, 100, status="paid", stripe_invoice_id="in_0", billing_reason="subscription_create"),
        create(service, acme, 200, status="paid", billing_reason="subscription_cycle"),
        create(service, acme, 300, status="failed"),
        create(service, acme, 400, currency="EUR"),
        create(service, acme, 500, status="refunded", currency="EUR"),
        create(service, acme, 600, status="void"),
        create(service, acme, 700, status="uncollectible"),
    ]
    ids = [record["id"] for record in made]
    update(service, made[1], amount_refunded=50)
    for number, record_id in enumerate(ids):
        created_at = START + timedelta(days=min(number, 5))
        admin.execute("update public.billing_history set created_at = %s where id = %s", [created_at, record_id])
    create(service, organization(admin), 9999, status="paid")
    return ids if ids[5] < ids[6] else [*ids[:5], ids[6], ids[5]]


def walk(connection: Connection, tenant: UUID, size: int = 2, **filters: Any) -> list[UUID]:
    """Ids of all bills, in pages."""
    ids: list[UUID] = []
    token = None
    while True:
        page = call(
            connection, "list_billing_records", organization_id=tenant, page_size=size, page_token=token, **filters
        )
        ids += [record["id"] for record in page["billing_records"]]
        assert len(ids) == len(set(ids))
        token = page["next_page_token"]
        if not token:
            return ids
        assert len(page["billing_records"]) == size


def test_bills_are_listed_newest_first_by_filter(service: Connection, acme: UUID, history: list[UUID]) -> None:
    newest = history[::-1]
    for size in (1, 2, 3, 7, 50):
        assert walk(service, acme, size) == newest
    assert walk(service, acme, status="paid") == [history[1], history[0]]
    assert walk(service, acme, status="pending") == [history[3]]
    assert walk(service, acme, billing_reason="subscription_cycle") == [history[1]]
    assert walk(service, acme, billing_reason="manual") == newest[:5]
    assert walk(service, acme, stripe_invoice_id="in_0") == [history[0]]
    day = timedelta(days=1)
    assert walk(service, acme, created_after=START + day, created_before=START + 3 * day) == [history[2], history[1]]
    assert walk(service, acme, created_after=START + 5 * day) == newest[:2]
    assert walk(service, acme, created_before=START) == []


def test_a_page_token_serves_its_own_listing_only(
    service: Connection, admin: Connection, acme: UUID, history: list[UUID]
) -> None:
    assert history
    token = call(service, "list_billing_records", organization_id=acme, page_size=1)["next_page_token"]
    for change in (
        {"organization_id": organization(admin)},
        {"status": "paid"},
        {"billing_reason": "manual"},
        {"stripe_invoice_id": "in_0"},
        {"created_after": START},
        {"created_before": START},
    ):
        refused(service, "TN003", "list_billing_records", **{"organization_id": acme, "page_token": token, **change})
    assert refused(service, "TN001", "list_billing_records")["field"] == "organization_id"
    assert refused(service, "TN001", "list_billing_records", organization_id=acme, status="x")["field"] == "status"
    assert refused(service, "TN001", "list_billing_records", organization_id=acme, page_size=-1)["field"] == "page_size"


def test_the_summary_adds_up_by_currency(service: Connection, acme: UUID, history: list[UUID]) -> None:
    assert len(history) == 7
    assert call(service, "get_billing_summary", organization_id=acme)["totals"] == [
        {"currency": "EUR", "paid": 500, "refunded": 500, "open": 400, "records": 2},
        {"currency": "USD", "paid": 300, "refunded": 50, "open": 300, "records": 5},
    ]


def test_the_summary_of_nothing_is_empty_and_that_of_much_does_not_overflow(service: Connection, acme: UUID) -> None:
    assert refused(service, "TN001", "get_billing_summary")["field"] == "organization_id"
    assert call(service, "get_billing_summary", organization_id=acme)["totals"] == []
    for _ in range(3):
        create(service, acme, 2147483647, status="paid")
    [total] = call(service, "get_billing_summary", organization_id=acme)["totals"]
    assert total["paid"] == 3 * 2147483647


def test_billing_moves_no_credits(service: Connection, admin: Connection, acme: UUID) -> None:
    record = create(service, acme, status="paid", billing_reason="credit_purchase")
    update(service, record, status="refunded")
    assert admin.execute("select from public.credit_transactions").fetchall() == []
