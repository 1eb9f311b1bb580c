"""The low_balance event: one for each time that the balance falls below the threshold, for every cause."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import (
    balance,
    batch,
    call,
    consume,
    events,
    freeze,
    grant,
    hold,
    move_clock,
    organization,
    refused,
    settle,
)

HOUR = timedelta(hours=1)


def watched(service: Connection, credits: int, threshold: int = 50) -> UUID:
    acme = organization(service, credits)
    call(service, "update_organization", organization_id=acme, low_balance_threshold=threshold)
    return acme


def available(admin: Connection, organization_id: UUID) -> list[int]:
    """The available credits at each low_balance event."""
    found = events(admin, organization_id)
    assert all(event["event_type"] == "low_balance" for event in found)
    return [event["payload"]["available"] for event in found]


def test_an_event_says_what_is_left_and_when(service: Connection, admin: Connection) -> None:
    acme, now = watched(service, 60), freeze(admin)
    consume(service, acme, 10)
    assert events(admin, acme) == [], "at the threshold is not below it"
    consume(service, acme, 1)
    (event,) = events(admin, acme)
    assert (event["event_type"], event["payload"]) == ("low_balance", {"available": 49, "threshold": 50})
    assert event["created_at"] == now


def test_there_is_none_again_until_it_has_been_above(service: Connection, admin: Connection) -> None:
    acme = watched(service, 60)
    for _ in range(5):
        consume(service, acme, 11)
    grant(service, acme, 40)
    consume(service, acme, 1)
    assert available(admin, acme) == [49]
    grant(service, acme, 6)
    consume(service, acme, 1)
    assert available(admin, acme) == [49, 49]


def test_without_a_threshold_there_is_none(service: Connection, admin: Connection) -> None:
    acme = organization(service, 60)
    consume(service, acme, 60)
    assert events(admin, acme) == []


CROSSINGS: dict[str, Callable[[Connection, UUID], object]] = {
    "consumption": lambda service, acme: consume(service, acme, 51),
    "hold": lambda service, acme: hold(service, acme, 51),
    "batch": lambda service, acme: batch(service, *[{"organization_id": acme, "amount": 17}] * 3),
    "entry by hand": lambda service, acme: call(
        service,
        "create_credit_transaction",
        organization_id=acme,
        transaction_type="expired",
        amount=-51,
        source="by_hand",
    ),
    "overage": lambda service, acme: call(
        service,
        "capture_hold",
        organization_id=acme,
        hold_id=hold(service, acme, 1)["id"],
        amount=51,
        allow_overage=True,
    ),
    "revocation": lambda service, acme: call(
        service,
        "revoke_credits",
        organization_id=acme,
        credit_transaction_id=call(service, "list_credit_lots", organization_id=acme)["lots"][0]["id"],
        amount=51,
    ),
}


@pytest.mark.parametrize("crossing", CROSSINGS)
def test_whatever_crosses_the_threshold_makes_one_event(
    credits_service: Connection, credits_admin: Connection, crossing: str
) -> None:
    acme = watched(credits_service, 100)
    CROSSINGS[crossing](credits_service, acme)
    assert available(credits_admin, acme) == [49]


def test_expiry_makes_an_event(service: Connection, admin: Connection) -> None:
    acme, now = watched(service, 30), freeze(admin)
    grant(service, acme, 40, expires_at=now + HOUR)
    move_clock(admin, "+1 hour")
    settle(admin, acme)
    assert available(admin, acme) == [30]


def test_the_capture_of_a_hold_makes_no_second_event(service: Connection, admin: Connection) -> None:
    acme = watched(service, 100)
    made = hold(service, acme, 60)
    assert available(admin, acme) == [40]
    for amount in (10, None):
        call(service, "capture_hold", organization_id=acme, hold_id=made["id"], amount=amount)
    assert available(admin, acme) == [40]


def test_a_released_hold_lifts_the_balance_above_for_the_next_crossing(service: Connection, admin: Connection) -> None:
    acme = watched(service, 100)
    call(service, "release_hold", organization_id=acme, hold_id=hold(service, acme, 60)["id"])
    hold(service, acme, 70)
    assert available(admin, acme) == [40, 30]


@pytest.mark.parametrize("end", ["release", "lapse", "capture"])
def test_what_expires_as_its_hold_ends_was_not_available_before(
    service: Connection, admin: Connection, end: str
) -> None:
    acme, now = watched(service, 40), freeze(admin)
    grant(service, acme, 30, expires_at=now + HOUR)
    made = hold(service, acme, 30, time_to_live=2 * HOUR)
    assert available(admin, acme) == [40]
    move_clock(admin, now + HOUR)
    if end == "release":
        call(service, "release_hold", organization_id=acme, hold_id=made["id"])
    elif end == "capture":
        call(service, "capture_hold", organization_id=acme, hold_id=made["id"], amount=1, release_remainder=True)
    else:
        move_clock(admin, now + 2 * HOUR)
        settle(admin, acme)
    assert balance(service, acme)["available"] == 40
    assert available(admin, acme) == [40]


def test_a_refused_or_replayed_call_makes_no_event(service: Connection, admin: Connection) -> None:
    acme = watched(service, 60)
    refused(service, "TN009", "consume_credits", organization_id=acme, amount=61)
    for _ in range(2):
        consume(service, acme, 20, request_id="r")
    assert available(admin, acme) == [40]


def test_what_is_rolled_back_leaves_no_event(service: Connection, admin: Connection) -> None:
    acme = watched(service, 60)
    service.execute("begin")
    consume(service, acme, 20)
    service.execute("rollback")
    assert events(admin, acme) == []


def test_listeners_are_told(connect: Connect, service: Connection) -> None:
    listener = connect()
    listener.execute("listen tenantry_events")
    acme = watched(service, 60)
    consume(service, acme, 20)
    (notice,) = listener.notifies(timeout=5, stop_after=1)
    assert (notice.channel, notice.payload) == ("tenantry_events", "")


def test_a_threshold_is_above_zero(service: Connection) -> None:
    acme = organization(service)
    for threshold in (0, -1):
        detail = refused(service, "TN001", "update_organization", organization_id=acme, low_balance_threshold=threshold)
        assert detail["field"] == "low_balance_threshold"
