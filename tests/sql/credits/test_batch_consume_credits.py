"""batch_consume_credits: one decision for each item, in order, independent of the other items."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.support.ledger import (
    Row,
    assert_ledger_holds,
    balance,
    batch,
    call,
    consume,
    entries,
    freeze,
    grant,
    hold,
    move_clock,
    organization,
    refused,
)
from tests.support.rpc import INVALID_ARGUMENT, access, case

ACCESS = access(
    "items => pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('organization_id', {first}, 'amount', 1))",
    first="member admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "items"),
]


def outcomes(decisions: list[Row]) -> list[Any]:
    """For each decision the entry's amount, or the SQLSTATE of the refusal."""
    return [decision["code"] or decision["transaction"]["amount"] for decision in decisions]


def test_items_are_decided_in_order_and_a_refused_one_does_not_stop_the_next(
    service: Connection, admin: Connection
) -> None:
    event = call(service, "create_credit_event", name="image", credit_cost=5, category="compute")
    acme, other = organization(service, 20), organization(service, 7)
    reference = uuid4()
    decisions = batch(
        service,
        {"organization_id": acme, "credit_event": "image", "quantity": 2, "request_id": "a", "source_id": reference},
        {"organization_id": other, "amount": 8},
        {"organization_id": acme, "amount": 11},
        {"organization_id": other, "amount": 7, "description": "all", "metadata": {"a": [1]}},
        {"organization_id": acme, "credit_event": event["id"]},
        {"organization_id": acme, "amount": 5},
        {"organization_id": acme, "amount": 1},
    )
    assert outcomes(decisions) == [-10, "TN009", "TN009", -7, -5, -5, "TN009"]
    first, _, short, whole, by_id, _, _ = decisions
    assert (first["reason"], first["message"], first["details"]) == (None, None, None)
    entry = first["transaction"]
    assert (entry["balance_after"], entry["quantity"], entry["credit_event_id"]) == (10, 2, event["id"])
    assert (entry["source"], entry["source_id"], entry["idempotency_key"]) == ("event_consumption", reference, "a")
    assert (short["transaction"], short["reason"]) == (None, "INSUFFICIENT_CREDITS")
    assert short["message"] == "11 credits are required, 10 are available"
    assert short["details"] == {
        "organization_id": str(acme),
        "required": 11,
        "available": 10,
        "balance": 10,
        "held": 0,
    }
    assert (whole["transaction"]["description"], whole["transaction"]["metadata"]) == ("all", {"a": [1]})
    assert (by_id["transaction"]["quantity"], by_id["transaction"]["credit_event_id"]) == (1, event["id"])
    ledger = entries(admin, acme)
    assert [
        d["transaction"] for d in decisions if d["transaction"] and d["transaction"]["organization_id"] == acme
    ] == (ledger[1:])
    for organization_id in (acme, other):
        assert_ledger_holds(admin, organization_id)


def test_an_item_writes_what_consume_credits_would(service: Connection, admin: Connection) -> None:
    call(service, "create_credit_event", name="image", credit_cost=5, category="compute")
    acme, other = organization(service, 100), organization(service, 100)
    freeze(admin)
    variants: list[Row] = [
        {"amount": 3},
        {"credit_event": "image"},
        {"credit_event": "image", "quantity": 2, "description": "x", "metadata": {"a": 1}, "source_id": uuid4()},
        {"amount": 1, "metadata": None, "description": None, "source_id": None, "quantity": None},
    ]
    for number, arguments in enumerate(variants):
        alone = call(service, "consume_credits", organization_id=acme, request_id=f"r{number}", **arguments)
        (decision,) = batch(service, {"organization_id": other, "request_id": f"r{number}", **arguments})
        same = {name: value for name, value in alone.items() if name not in ("id", "organization_id")}
        assert {name: decision["transaction"][name] for name in same} == same


def test_a_duplicate_in_a_batch_is_answered_as_a_replay(service: Connection, admin: Connection) -> None:
    acme, other = organization(service, 100), organization(service, 100)
    item = {"organization_id": acme, "amount": 3, "request_id": "r"}
    elsewhere = {**item, "organization_id": other}
    decisions = batch(service, item, elsewhere, item, {"organization_id": acme, "amount": 1}, item, elsewhere)
    first, foreign, again, _, third, foreign_again = [d["transaction"]["id"] for d in decisions]
    assert first == again == third
    assert foreign == foreign_again != first
    assert [e["amount"] for e in entries(admin, acme)] == [100, -3, -1]
    assert [d["transaction"] for d in batch(service, item, elsewhere)] == [
        decisions[0]["transaction"],
        decisions[1]["transaction"],
    ]
    assert call(service, "consume_credits", **item) == decisions[0]["transaction"]
    assert_ledger_holds(admin, acme)


def test_items_without_request_id_do_not_deduplicate_each_other(service: Connection, admin: Connection) -> None:
    acme = organization(service, 100)
    decisions = batch(service, *[{"organization_id": acme, "amount": 3}] * 5)
    assert len({d["transaction"]["id"] for d in decisions}) == 5
    assert [e["balance_after"] for e in entries(admin, acme)] == [100, 97, 94, 91, 88, 85]


def test_a_request_id_used_for_something_else_is_refused(service: Connection, admin: Connection) -> None:
    acme = organization(service, 100)
    consume(service, acme, 1, request_id="before")
    decisions = batch(
        service,
        {"organization_id": acme, "amount": 2, "request_id": "before"},
        {"organization_id": acme, "amount": 3, "request_id": "r"},
        {"organization_id": acme, "amount": 4, "request_id": "r"},
        {"organization_id": acme, "amount": 3, "request_id": "r", "description": "other"},
        {"organization_id": acme, "amount": 3, "request_id": "r"},
    )
    assert outcomes(decisions) == ["TN011", -3, "TN011", "TN011", -3]
    assert decisions[2]["details"]["request_id"] == "r"
    assert decisions[4]["transaction"] == decisions[1]["transaction"]
    assert len(entries(admin, acme)) == 3


def test_a_refused_item_does_not_use_up_its_request_id(service: Connection, admin: Connection) -> None:
    acme = organization(service, 10)
    decisions = batch(
        service,
        {"organization_id": acme, "amount": 11, "request_id": "r"},
        {"organization_id": acme, "amount": 4, "request_id": "r"},
        {"organization_id": acme, "amount": "much", "request_id": "r"},
        {"organization_id": acme, "amount": 4, "request_id": "r", "metadata": "no object"},
        {"organization_id": acme, "amount": 4, "request_id": "r"},
        {"organization_id": acme, "amount": 5, "request_id": "r"},
    )
    assert outcomes(decisions) == ["TN009", -4, "TN001", "TN001", -4, "TN011"]
    assert [e["amount"] for e in entries(admin, acme)] == [10, -4]
    assert_ledger_holds(admin, acme)


def test_what_cannot_be_charged_is_refused(service: Connection) -> None:
    call(service, "create_credit_event", name="old", credit_cost=1, category="compute")
    call(service, "update_credit_event", credit_event="old", is_active=False)
    acme, closed, nobody = organization(service, 10), organization(service, 10), uuid4()
    call(service, "update_organization", organization_id=closed, is_active=False)
    decisions = batch(
        service,
        {"organization_id": acme, "credit_event": "none"},
        {"organization_id": acme, "credit_event": str(nobody)},
        {"organization_id": acme, "credit_event": "old"},
        {"organization_id": closed, "amount": 1},
        {"organization_id": nobody, "amount": 1},
        {"organization_id": acme, "amount": 1},
    )
    assert outcomes(decisions) == ["TN002", "TN002", "TN013", "TN012", "TN002", -1]
    assert [d["reason"] for d in decisions] == [
        "NOT_FOUND",
        "NOT_FOUND",
        "CREDIT_EVENT_INACTIVE",
        "ORGANIZATION_INACTIVE",
        "NOT_FOUND",
        None,
    ]
    assert decisions[0]["details"] == {"resource": "credit_event", "name": "none"}
    assert decisions[4]["details"] == {"resource": "organization", "name": str(nobody)}


@pytest.mark.parametrize(
    ("item", "field"),
    [
        (5, "items"),
        ("text", "items"),
        (None, "items"),
        ([], "items"),
        ({}, "organization_id"),
        ({"organization_id": None, "amount": 1}, "organization_id"),
        ({"organization_id": "x", "amount": 1}, "organization_id"),
        ({"organization_id": {"a": 1}, "amount": 1}, "organization_id"),
        ({"amount": None}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"amount": "x"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": [1]}, "amount"),
        ({"amount": 2147483648}, "amount"),
        ({"amount": 99999999999999}, "amount"),
        ({"amount": 1, "quantity": 1}, "quantity"),
        ({"amount": 1, "credit_event": "image"}, "amount"),
        ({"credit_event": "image", "amount": -5}, "amount"),
        ({"credit_event": "image", "amount": "abc"}, "amount"),
        ({"credit_event": ""}, "credit_event"),
        ({"credit_event": "image", "quantity": 0}, "quantity"),
        ({"credit_event": "image", "quantity": -1}, "quantity"),
        ({"credit_event": "image", "quantity": "many"}, "quantity"),
        ({"credit_event": "image", "quantity": 999999999}, "quantity"),
        ({"credit_event": "image", "quantity": 2147483648}, "quantity"),
        ({"amount": 1, "source_id": "x"}, "source_id"),
        ({"amount": 1, "metadata": 5}, "metadata"),
        ({"amount": 1, "metadata": []}, "metadata"),
        ({"amount": 1, "request_id": ""}, "request_id"),
        ({"amount": 1, "request_id": " "}, "request_id"),
        ({"amount": 1, "request_id": "\t"}, "request_id"),
        ({"amount": 1, "request_id": "r" * 256}, "request_id"),
    ],
    ids=str,
)
def test_a_malformed_item_is_refused_by_itself_with_its_field(
    credits_service: Connection, credits_admin: Connection, item: Any, field: str
) -> None:
    acme = organization(credits_service, 10)
    if isinstance(item, dict) and item and "organization_id" not in item:
        item = {"organization_id": acme, **item}
    good = {"organization_id": acme, "amount": 1}
    decisions = batch(credits_service, good, item, good)
    assert outcomes(decisions) == [-1, "TN001", -1]
    assert (decisions[1]["reason"], decisions[1]["details"]["field"]) == ("INVALID_ARGUMENT", field)
    assert_ledger_holds(credits_admin, acme)


@pytest.mark.parametrize("items", [None, Jsonb([]), Jsonb(5), Jsonb("text"), Jsonb({"a": 1}), Jsonb(None)], ids=repr)
def test_what_is_no_batch_is_refused(credits_service: Connection, items: Any) -> None:
    assert refused(credits_service, "TN001", "batch_consume_credits", items=items)["field"] == "items"


def test_ten_thousand_items_are_taken_and_not_one_more(service: Connection, admin: Connection) -> None:
    call(service, "create_credit_event", name="image", credit_cost=2, category="compute")
    organizations = [organization(service, 3000) for _ in range(8)]
    items = [
        {"organization_id": organizations[number * 7 % 8], "credit_event": "image", "request_id": str(number)}
        if number % 3
        else {"organization_id": organizations[number * 7 % 8], "amount": 1}
        for number in range(10000)
    ]
    decisions = batch(service, *items)
    assert len(decisions) == 10000
    for number, decision in enumerate(decisions):
        assert decision["code"] is None
        entry = decision["transaction"]
        assert entry["organization_id"] == organizations[number * 7 % 8]
        assert entry["amount"] == (-2 if number % 3 else -1)
    for organization_id in organizations:
        assert_ledger_holds(admin, organization_id)
    detail = refused(
        service, "TN001", "batch_consume_credits", items=Jsonb([{"organization_id": str(organizations[0])}] * 10001)
    )
    assert detail["field"] == "items"


def test_what_has_fallen_due_is_settled_first(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 5), freeze(admin)
    grant(service, acme, 100, expires_at=now + timedelta(hours=1))
    other = organization(service, 10)
    hold(service, other, 10, time_to_live=timedelta(hours=1))
    later = organization(service)
    call(service, "grant_credits", organization_id=later, amount=9, effective_at=now + timedelta(hours=1))
    move_clock(admin, "+2 hours")
    decisions = batch(
        service,
        {"organization_id": acme, "amount": 6},
        {"organization_id": acme, "amount": 5},
        {"organization_id": other, "amount": 10},
        {"organization_id": later, "amount": 9},
    )
    assert outcomes(decisions) == ["TN009", -5, -10, -9]
    assert [e["amount"] for e in entries(admin, acme)] == [5, 100, -100, -5]
    for organization_id in (acme, other, later):
        assert_ledger_holds(admin, organization_id)


def test_held_credits_are_not_spent(service: Connection) -> None:
    acme = organization(service, 10)
    hold(service, acme, 6)
    decisions = batch(service, {"organization_id": acme, "amount": 5}, {"organization_id": acme, "amount": 4})
    assert outcomes(decisions) == ["TN009", -4]
    assert decisions[0]["details"]["held"] == 6
    assert balance(service, acme)["available"] == 0


def test_who_may_not_spend_is_refused_item_by_item(connect: Any, service: Connection, admin: Connection) -> None:
    acme = organization(service, 10)
    (decision,) = batch(connect("authenticated"), {"organization_id": acme, "amount": 1})
    assert (decision["code"], decision["reason"]) == ("42501", "PERMISSION_DENIED")
    assert len(entries(admin, acme)) == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        batch(connect("anon"), {"organization_id": acme, "amount": 1})


def test_a_batch_writes_each_account_once(service: Connection, admin: Connection) -> None:
    acme = organization(service, 1000)
    count = "select n_tup_upd as n from pg_stat_user_tables where relname = 'organizations'"
    service.execute("select pg_stat_force_next_flush()")
    before = admin.execute(count).fetchone()
    batch(service, *[{"organization_id": acme, "amount": 1}] * 500)
    service.execute("select pg_stat_force_next_flush()")
    after = admin.execute(count).fetchone()
    assert before is not None
    assert after is not None
    assert after["n"] - before["n"] == 1
