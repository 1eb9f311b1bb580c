"""revoke_credits: the credits that a returned payment takes back, and the credits that it cannot take."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import (
    assert_ledger_holds,
    balance,
    call,
    consume,
    entries,
    freeze,
    grant,
    hold,
    lots,
    move_clock,
    organization,
    refused,
    remaining,
    settle,
    taken,
)
from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "organization_id => {first}, credit_transaction_id => {grant_first}, amount => 1",
    first="platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", credit_transaction_id=NOBODY),
    case(INVALID_ARGUMENT, "credit_transaction_id", organization_id="$acme"),
    case(NOT_FOUND, organization_id="$acme", credit_transaction_id=NOBODY),
]

REQUEST_ID = [{"organization_id": "$acme", "credit_transaction_id": "$granted", "amount": 1}]


def test_a_purchase_is_revoked_as_a_whole(service: Connection, admin: Connection) -> None:
    acme = organization(service, 10)
    bought = grant(service, acme, 100, transaction_type="purchased")
    answer = call(
        service,
        "revoke_credits",
        organization_id=acme,
        credit_transaction_id=bought["id"],
        description="disputed",
        metadata={"dispute": "dp_1"},
    )
    assert (answer["revoked"], answer["shortfall"]) == (100, 0)
    entry = answer["transaction"]
    assert (entry["transaction_type"], entry["amount"], entry["balance_after"]) == ("revoked", -100, 10)
    assert (entry["source"], entry["source_id"]) == ("revocation", bought["id"])
    assert (entry["description"], entry["metadata"]) == ("disputed", {"dispute": "dp_1"})
    assert taken(service, acme, entry) == {bought["id"]: -100}
    assert balance(service, acme)["purchased"] == 0
    assert_ledger_holds(admin, acme)


def test_a_purchase_is_revoked_in_parts_and_never_more_than_it_was(service: Connection, admin: Connection) -> None:
    acme = organization(service, 1000)
    bought = grant(service, acme, 100)
    arguments = {"organization_id": acme, "credit_transaction_id": bought["id"]}
    assert call(service, "revoke_credits", amount=30, **arguments)["revoked"] == 30
    assert call(service, "revoke_credits", amount=20, **arguments)["revoked"] == 20
    detail = refused(service, "TN020", "revoke_credits", amount=51, **arguments)
    assert (detail["granted"], detail["revoked"], detail["amount"]) == (100, 50, 51)
    assert call(service, "revoke_credits", **arguments)["revoked"] == 50
    for amount in (None, 1):
        refused(service, "TN020", "revoke_credits", amount=amount, **arguments)
    assert balance(service, acme)["balance"] == 1000
    assert_ledger_holds(admin, acme)


def test_what_was_spent_of_it_is_taken_from_other_lots_in_spending_order(
    service: Connection, admin: Connection
) -> None:
    acme = organization(service)
    bought = grant(service, acme, 100, expires_at="2100-01-01")
    consume(service, acme, 70)
    never = grant(service, acme, 50)
    late = grant(service, acme, 20, expires_at="2100-02-01")
    answer = call(service, "revoke_credits", organization_id=acme, credit_transaction_id=bought["id"], amount=60)
    assert taken(service, acme, answer["transaction"]) == {bought["id"]: -30, late["id"]: -20, never["id"]: -10}
    assert remaining(service, acme) == [40]
    assert_ledger_holds(admin, acme)


def test_the_lot_that_is_named_is_taken_first_whenever_it_expires(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    soon = grant(service, acme, 100, expires_at="2100-01-01")
    never = grant(service, acme, 100)
    answer = call(service, "revoke_credits", organization_id=acme, credit_transaction_id=never["id"], amount=60)
    assert taken(service, acme, answer["transaction"]) == {never["id"]: -60}
    assert [(lot["id"], lot["remaining"]) for lot in lots(service, acme)] == [(soon["id"], 100), (never["id"], 40)]
    assert_ledger_holds(admin, acme)


def test_what_is_spent_already_is_the_shortfall_returned_and_recorded(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    bought = grant(service, acme, 100)
    consume(service, acme, 70)
    answer = call(service, "revoke_credits", organization_id=acme, credit_transaction_id=bought["id"])
    assert (answer["revoked"], answer["shortfall"]) == (30, 70)
    assert answer["transaction"]["balance_after"] == 0
    recorded = admin.execute("select amount, revoked, credit_transaction_id as id from tenantry.credit_revocations")
    assert recorded.fetchall() == [{"amount": 100, "revoked": 30, "id": answer["transaction"]["id"]}]
    grant(service, acme, 500)
    refused(service, "TN020", "revoke_credits", organization_id=acme, credit_transaction_id=bought["id"], amount=1)
    assert_ledger_holds(admin, acme)


@pytest.mark.parametrize("end", ["release", "lapse", "capture a part", "capture all"])
def test_held_credits_are_taken_and_only_a_capture_has_them(service: Connection, admin: Connection, end: str) -> None:
    acme, now = organization(service), freeze(admin)
    bought = grant(service, acme, 1000, transaction_type="purchased")
    made = hold(service, acme, 800)
    revocation = {"organization_id": acme, "credit_transaction_id": bought["id"], "request_id": "dispute"}
    answer = call(service, "revoke_credits", **revocation)
    assert (answer["revoked"], answer["shortfall"]) == (1000, 0)
    now_left = balance(service, acme)
    assert (now_left["balance"], now_left["held"], now_left["available"]) == (0, 800, 0)
    refused(service, "TN009", "consume_credits", organization_id=acme, amount=1)
    refused(service, "TN009", "hold_credits", organization_id=acme, amount=1)
    assert_ledger_holds(admin, acme)
    of_hold = {"organization_id": acme, "hold_id": made["id"]}
    spent = 0
    match end:
        case "release":
            call(service, "release_hold", **of_hold)
        case "lapse":
            move_clock(admin, now + timedelta(hours=1))
        case "capture a part":
            spent = 300
            call(service, "capture_hold", **of_hold, amount=spent, release_remainder=True)
        case "capture all":
            spent = 800
            call(service, "capture_hold", **of_hold)
    now_left = balance(service, acme)
    assert (now_left["balance"], now_left["held"], now_left["available"]) == (0, 0, 0)
    answer = call(service, "revoke_credits", **revocation)
    assert (answer["revoked"], answer["shortfall"]) == (1000 - spent, spent)
    assert_ledger_holds(admin, acme)
    # New credits pay for nothing.
    grant(service, acme, 10)
    call(service, "release_hold", organization_id=acme, hold_id=hold(service, acme, 5)["id"])
    assert balance(service, acme)["available"] == 10


def test_new_credits_cover_a_hold_whose_credits_were_revoked(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    bought = grant(service, acme, 10, transaction_type="purchased")
    made = hold(service, acme, 10)
    revocation = {"organization_id": acme, "credit_transaction_id": bought["id"], "request_id": "dispute"}
    call(service, "revoke_credits", **revocation)
    grant(service, acme, 25)
    assert balance(service, acme)["available"] == 15
    # The account has other credits, so the capture spends them, and the revocation stays whole.
    call(service, "capture_hold", organization_id=acme, hold_id=made["id"])
    assert balance(service, acme)["balance"] == 15
    assert call(service, "revoke_credits", **revocation)["shortfall"] == 0
    assert_ledger_holds(admin, acme)


def test_the_newest_revocation_gives_back_first(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    bought = [grant(service, acme, 10, transaction_type="purchased") for _ in range(2)]
    made = hold(service, acme, 20)
    calls = [
        {"organization_id": acme, "credit_transaction_id": lot["id"], "request_id": str(lot["id"])} for lot in bought
    ]
    for one in calls:
        call(service, "revoke_credits", **one)
    capture = {"organization_id": acme, "hold_id": made["id"], "request_id": "c"}
    call(service, "capture_hold", amount=13, **capture)
    assert [call(service, "revoke_credits", **one)["shortfall"] for one in calls] == [3, 10]
    # A replay of the capture spends nothing more.
    call(service, "capture_hold", amount=13, **capture)
    assert [(e["transaction_type"], e["amount"]) for e in entries(admin, acme)[4:]] == [
        ("revoked", 10),
        ("revoked", 3),
        ("consumed", -13),
    ]
    assert_ledger_holds(admin, acme)


def test_a_revocation_of_held_credits_and_a_capture_of_them_buy_nothing(service: Connection, admin: Connection) -> None:
    """The balance fell below the threshold when the money went back. A capture charges the customer no second time."""
    acme = organization(service)
    bought = grant(service, acme, 100, transaction_type="purchased")
    admin.execute(
        "update public.organizations set low_balance_threshold = 50, auto_top_up_threshold = 50 where id = %s", [acme]
    )
    made = hold(service, acme, 60)
    call(service, "revoke_credits", organization_id=acme, credit_transaction_id=bought["id"])
    call(service, "capture_hold", organization_id=acme, hold_id=made["id"])
    # An attempt to buy would fail for want of a payment method, with an event.
    events = admin.execute("select event_type, payload from tenantry.events").fetchall()
    assert events == [{"event_type": "low_balance", "payload": {"available": 40, "threshold": 50}}]


@pytest.mark.parametrize("end", ["release_hold", "capture_hold"])
def test_a_revocation_races_with_the_ends_of_holds(connect: Connect, admin: Connection, end: str) -> None:
    connections = [connect("service_role") for _ in range(4)]
    service = connections[0]
    with ThreadPoolExecutor(len(connections)) as pool:
        for _ in range(10):
            acme = organization(service)
            bought = grant(service, acme, 60, transaction_type="purchased")
            holds = [hold(service, acme, 20)["id"] for _ in range(3)]
            revocation = {"organization_id": acme, "credit_transaction_id": bought["id"], "request_id": "r"}
            calls: list[dict[str, Any]] = [revocation]
            calls += [{"organization_id": acme, "hold_id": hold_id} for hold_id in holds]
            list(pool.map(lambda c, f, a: call(c, f, **a), connections, ["revoke_credits", end, end, end], calls))
            assert balance(service, acme)["balance"] == 0
            answer = call(service, "revoke_credits", **revocation)
            assert (answer["revoked"], answer["shortfall"]) == ((60, 0) if end == "release_hold" else (0, 60))
            assert_ledger_holds(admin, acme)


def test_what_an_older_hold_keeps_of_an_expired_lot_is_not_taken(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    bought = grant(service, acme, 10, expires_at=now + timedelta(hours=1))
    made = hold(service, acme, 10, time_to_live=timedelta(hours=9))
    other = grant(service, acme, 4)
    move_clock(admin, "+2 hours")
    answer = call(service, "revoke_credits", organization_id=acme, credit_transaction_id=bought["id"])
    assert (answer["revoked"], answer["shortfall"]) == (4, 6)
    assert taken(service, acme, answer["transaction"]) == {other["id"]: -4}
    assert_ledger_holds(admin, acme)
    call(service, "capture_hold", organization_id=acme, hold_id=made["id"])
    assert_ledger_holds(admin, acme)


def test_a_replay_answers_as_the_first_call_did(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    bought = grant(service, acme, 100)
    consume(service, acme, 70)
    arguments = {"organization_id": acme, "credit_transaction_id": bought["id"], "request_id": "r"}
    first = call(service, "revoke_credits", **arguments)
    grant(service, acme, 100)
    assert call(service, "revoke_credits", **arguments) == first
    assert call(service, "revoke_credits", amount=100, **arguments) == first
    for change in ({"amount": 99}, {"description": "x"}, {"metadata": {"a": 1}}, {"credit_transaction_id": uuid4()}):
        refused(service, "TN011", "revoke_credits", **{**arguments, **change})
    assert balance(service, acme)["balance"] == 100
    assert_ledger_holds(admin, acme)


def test_a_replay_is_known_when_nothing_could_be_taken(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    bought = grant(service, acme, 10)
    consume(service, acme, 10)
    arguments = {"organization_id": acme, "credit_transaction_id": bought["id"], "request_id": "r"}
    first = call(service, "revoke_credits", **arguments)
    assert (first["transaction"], first["revoked"], first["shortfall"]) == (None, 0, 10)
    grant(service, acme, 100)
    assert call(service, "revoke_credits", **arguments) == first
    assert balance(service, acme)["balance"] == 100
    assert len(entries(admin, acme)) == 3


def test_the_request_id_of_another_entry_is_refused(service: Connection) -> None:
    acme = organization(service)
    bought = grant(service, acme, 10, request_id="r")
    refused(
        service, "TN011", "revoke_credits", organization_id=acme, credit_transaction_id=bought["id"], request_id="r"
    )


def test_a_grant_for_later_is_cut_down_before_it_takes_effect(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    lot = call(service, "grant_credits", organization_id=acme, amount=100, effective_at=now + timedelta(days=1))["lot"]
    arguments = {"organization_id": acme, "credit_transaction_id": lot["id"], "amount": 30, "request_id": "r"}
    first = call(service, "revoke_credits", **arguments)
    assert (first["transaction"], first["revoked"], first["shortfall"]) == (None, 30, 0)
    assert call(service, "revoke_credits", **arguments) == first
    assert remaining(service, acme) == [70]
    refused(service, "TN020", "revoke_credits", **{**arguments, "amount": 71, "request_id": None})
    move_clock(admin, "+1 day")
    settle(admin, acme)
    assert [e["amount"] for e in entries(admin, acme)] == [70]
    refused(service, "TN020", "revoke_credits", **{**arguments, "amount": 71, "request_id": None})
    assert call(service, "revoke_credits", **{**arguments, "amount": 70, "request_id": None})["revoked"] == 70
    assert_ledger_holds(admin, acme)


def test_a_grant_for_later_that_is_wholly_revoked_never_takes_effect(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 5), freeze(admin)
    lot = call(service, "grant_credits", organization_id=acme, amount=100, effective_at=now + timedelta(days=1))["lot"]
    arguments = {"organization_id": acme, "credit_transaction_id": lot["id"]}
    call(service, "revoke_credits", amount=30, **arguments)
    assert call(service, "revoke_credits", **arguments)["revoked"] == 70
    refused(service, "TN020", "revoke_credits", **arguments)
    move_clock(admin, "+2 days")
    settle(admin, acme)
    assert balance(service, acme)["balance"] == 5
    assert len(entries(admin, acme)) == 1
    assert remaining(service, acme) == [5]
    assert_ledger_holds(admin, acme)


def test_what_expired_of_it_cannot_be_taken_from_it(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    bought = grant(service, acme, 10, expires_at=now + timedelta(hours=1))
    move_clock(admin, "+2 hours")
    answer = call(service, "revoke_credits", organization_id=acme, credit_transaction_id=bought["id"])
    assert (answer["revoked"], answer["shortfall"]) == (0, 10)
    assert_ledger_holds(admin, acme)


def test_only_grants_and_purchases_are_revoked(service: Connection) -> None:
    acme = organization(service)
    bought = grant(service, acme, 10)
    spent = consume(service, acme, 5)
    refund = call(service, "refund_credits", organization_id=acme, credit_transaction_id=spent["id"])
    revoked = call(service, "revoke_credits", organization_id=acme, credit_transaction_id=bought["id"], amount=1)[
        "transaction"
    ]
    for entry in (spent, refund, revoked):
        detail = refused(service, "TN019", "revoke_credits", organization_id=acme, credit_transaction_id=entry["id"])
        assert detail["transaction_type"] == entry["transaction_type"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"organization_id": None}, "organization_id"),
        ({"credit_transaction_id": None}, "credit_transaction_id"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"request_id": ""}, "request_id"),
    ],
    ids=str,
)
def test_bad_input_is_refused_and_nothing_is_written(
    credits_service: Connection, credits_admin: Connection, change: dict[str, Any], field: str
) -> None:
    acme = organization(credits_service)
    bought = grant(credits_service, acme, 10)
    arguments = {"organization_id": acme, "credit_transaction_id": bought["id"], **change}
    assert refused(credits_service, "TN001", "revoke_credits", **arguments)["field"] == field
    assert len(entries(credits_admin, acme)) == 1


def test_a_grant_of_another_organization_is_not_found(service: Connection) -> None:
    acme, other = organization(service, 10), organization(service)
    bought = grant(service, other, 10)
    for organization_id in (acme, uuid4()):
        refused(service, "TN002", "revoke_credits", organization_id=organization_id, credit_transaction_id=bought["id"])
