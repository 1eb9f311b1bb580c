"""hold_credits, capture_hold, release_hold, extend_hold and list_holds."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import (
    Row,
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

HOUR = timedelta(hours=1)


def state(service: Connection, organization_id: UUID) -> tuple[int, int, int]:
    """(balance, held, available)."""
    now = balance(service, organization_id)
    return now["balance"], now["held"], now["available"]


def capture(service: Connection, made: Row, **arguments: Any) -> Row:
    return call(service, "capture_hold", organization_id=made["organization_id"], hold_id=made["id"], **arguments)


def release(service: Connection, made: Row) -> Row:
    return call(service, "release_hold", organization_id=made["organization_id"], hold_id=made["id"])


def test_held_credits_stay_in_the_balance_and_cannot_be_spent(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 100), freeze(admin)
    made = hold(service, acme, 60, description="render", metadata={"job": 7})
    assert made == {
        "id": made["id"],
        "organization_id": acme,
        "amount": 60,
        "remaining": 60,
        "captured": 0,
        "credit_event_id": None,
        "quantity": None,
        "description": "render",
        "metadata": {"job": 7},
        "idempotency_key": None,
        "created_at": now,
        "expires_at": now + timedelta(minutes=15),
        "ended_at": None,
        "state": "active",
    }
    assert state(service, acme) == (100, 60, 40)
    assert len(entries(admin, acme)) == 1
    detail = refused(service, "TN009", "consume_credits", organization_id=acme, amount=41)
    assert (detail["available"], detail["held"], detail["balance"]) == (40, 60, 100)
    refused(service, "TN009", "hold_credits", organization_id=acme, amount=41)
    consume(service, acme, 40)
    assert_ledger_holds(admin, acme)


def test_an_event_is_held_at_its_cost_and_captured_with_it(service: Connection) -> None:
    event = call(service, "create_credit_event", name="image", credit_cost=5, category="compute")
    acme = organization(service, 100)
    made = call(service, "hold_credits", organization_id=acme, credit_event="image", quantity=4)
    assert (made["amount"], made["quantity"], made["credit_event_id"]) == (20, 4, event["id"])
    call(service, "update_credit_event", credit_event="image", is_active=False)
    refused(service, "TN013", "hold_credits", organization_id=acme, credit_event="image")
    entry = capture(service, made)["transaction"]
    assert (entry["amount"], entry["source"], entry["source_id"]) == (-20, "hold", made["id"])
    assert entry["credit_event_id"] == event["id"]


def test_a_hold_is_captured_as_a_whole(service: Connection, admin: Connection) -> None:
    acme = organization(service, 100)
    answer = capture(service, hold(service, acme, 60), description="done")
    assert (answer["transaction"]["amount"], answer["transaction"]["balance_after"]) == (-60, 40)
    ended = answer["hold"]
    assert (ended["state"], ended["captured"], ended["remaining"]) == ("captured", 60, 0)
    assert ended["ended_at"] == answer["transaction"]["created_at"]
    assert state(service, acme) == (40, 0, 40)
    assert_ledger_holds(admin, acme)


def test_a_hold_is_captured_in_several_parts(service: Connection, admin: Connection) -> None:
    acme = organization(service, 100)
    made = hold(service, acme, 60)
    for amount, left in ((10, 50), (20, 30)):
        answer = capture(service, made, amount=amount)["hold"]
        assert (answer["state"], answer["remaining"], answer["captured"]) == ("active", left, 60 - left)
        assert state(service, acme) == (40 + left, left, 40)
    assert capture(service, made)["hold"]["state"] == "captured"
    assert [e["amount"] for e in entries(admin, acme)] == [100, -10, -20, -30]
    detail = refused(service, "TN016", "capture_hold", organization_id=acme, hold_id=made["id"])
    assert detail["state"] == "captured"
    assert_ledger_holds(admin, acme)


def test_the_rest_of_a_hold_can_be_freed_by_its_capture(service: Connection, admin: Connection) -> None:
    acme = organization(service, 100)
    made = hold(service, acme, 60)
    ended = capture(service, made, amount=10, release_remainder=True)["hold"]
    assert (ended["state"], ended["remaining"], ended["captured"]) == ("captured", 0, 10)
    assert state(service, acme) == (90, 0, 90)
    assert_ledger_holds(admin, acme)


def test_a_released_hold_frees_what_it_held_and_releasing_again_does_nothing(
    service: Connection, admin: Connection
) -> None:
    acme = organization(service, 100)
    made = hold(service, acme, 60)
    capture(service, made, amount=10)
    ended = release(service, made)
    assert (ended["state"], ended["remaining"], ended["captured"]) == ("released", 0, 10)
    assert release(service, made) == ended
    assert state(service, acme) == (90, 0, 90)
    detail = refused(service, "TN016", "capture_hold", organization_id=acme, hold_id=made["id"], amount=1)
    assert detail["state"] == "released"
    refused(service, "TN016", "extend_hold", organization_id=acme, hold_id=made["id"], time_to_live=HOUR)
    assert_ledger_holds(admin, acme)


def test_a_captured_hold_cannot_be_released_or_extended(service: Connection) -> None:
    acme = organization(service, 100)
    made = hold(service, acme, 60)
    capture(service, made)
    refused(service, "TN016", "release_hold", organization_id=acme, hold_id=made["id"])
    refused(service, "TN016", "extend_hold", organization_id=acme, hold_id=made["id"], time_to_live=HOUR)


def test_a_hold_lapses_at_its_time_for_reads_and_writes_though_no_job_runs(
    service: Connection, admin: Connection
) -> None:
    acme, now = organization(service, 100), freeze(admin)
    made = hold(service, acme, 60, time_to_live=HOUR)
    move_clock(admin, now + HOUR - timedelta(microseconds=1))
    assert state(service, acme) == (100, 60, 40)
    move_clock(admin, now + HOUR)
    assert state(service, acme) == (100, 0, 100)
    (listed,) = call(service, "list_holds", organization_id=acme)["holds"]
    assert (listed["state"], listed["remaining"], listed["ended_at"]) == ("lapsed", 0, now + HOUR)
    move_clock(admin, "+1 hour")
    consume(service, acme, 100)
    (stored,) = call(service, "list_holds", organization_id=acme)["holds"]
    assert stored == listed
    assert made["expires_at"] == now + HOUR
    assert_ledger_holds(admin, acme)


@pytest.mark.parametrize("function", ["capture_hold", "release_hold", "extend_hold"])
def test_after_the_lapse_nothing_can_be_done_with_a_hold(service: Connection, admin: Connection, function: str) -> None:
    acme = organization(service, 100)
    freeze(admin)
    made = hold(service, acme, 60, time_to_live=HOUR)
    move_clock(admin, "+1 hour")
    arguments = {"time_to_live": HOUR} if function == "extend_hold" else {}
    detail = refused(service, "TN016", function, organization_id=acme, hold_id=made["id"], **arguments)
    assert detail["state"] == "lapsed"
    assert len(entries(admin, acme)) == 1
    assert_ledger_holds(admin, acme)


def test_an_extended_hold_lives_from_now_longer_or_shorter(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 100), freeze(admin)
    made = hold(service, acme, 60, time_to_live=HOUR)
    move_clock(admin, "+30 minutes")
    extended = call(service, "extend_hold", organization_id=acme, hold_id=made["id"], time_to_live=5 * HOUR)
    assert extended["expires_at"] == now + timedelta(minutes=30) + 5 * HOUR
    move_clock(admin, "+1 hour")
    assert state(service, acme) == (100, 60, 40)
    call(service, "extend_hold", organization_id=acme, hold_id=made["id"], time_to_live=timedelta(minutes=1))
    move_clock(admin, "+1 minute")
    assert state(service, acme) == (100, 0, 100)
    assert_ledger_holds(admin, acme)


def test_more_than_is_held_is_captured_only_if_allowed_and_available(service: Connection, admin: Connection) -> None:
    acme = organization(service, 100)
    made, other = hold(service, acme, 50), hold(service, acme, 30)
    detail = refused(service, "TN018", "capture_hold", organization_id=acme, hold_id=made["id"], amount=51)
    assert (detail["held"], detail["amount"]) == (50, 51)
    arguments = {"organization_id": acme, "hold_id": made["id"], "allow_overage": True}
    detail = refused(service, "TN009", "capture_hold", amount=71, **arguments)
    assert (detail["required"], detail["available"]) == (21, 20)
    ended = call(service, "capture_hold", amount=70, **arguments)["hold"]
    assert (ended["state"], ended["captured"], ended["remaining"]) == ("captured", 70, 0)
    assert state(service, acme) == (30, 30, 0)
    capture(service, other)
    assert_ledger_holds(admin, acme)


def test_a_replay_of_a_hold_returns_it_as_it_is_now(service: Connection, admin: Connection) -> None:
    call(service, "create_credit_event", name="image", credit_cost=5, category="compute")
    acme = organization(service, 10)
    freeze(admin)
    arguments = {"organization_id": acme, "credit_event": "image", "quantity": 2, "request_id": "r"}
    first = call(service, "hold_credits", **arguments)
    call(service, "update_credit_event", credit_event="image", credit_cost=50, is_active=False)
    assert call(service, "hold_credits", **arguments) == first
    capture(service, first, amount=4)
    again = call(service, "hold_credits", **arguments)
    assert (again["id"], again["remaining"], again["state"]) == (first["id"], 6, "active")
    move_clock(admin, "+1 day")
    assert call(service, "hold_credits", **arguments)["state"] == "lapsed"
    assert len(call(service, "list_holds", organization_id=acme)["holds"]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 2},
        {"amount": None, "credit_event": "image"},
        {"time_to_live": HOUR},
        {"description": "other"},
        {"metadata": {"a": 1}},
    ],
    ids=str,
)
def test_a_request_id_used_for_another_hold_is_refused(credits_service: Connection, change: dict[str, Any]) -> None:
    acme = organization(credits_service, 10)
    arguments = {"organization_id": acme, "amount": 1, "request_id": "r"}
    call(credits_service, "hold_credits", **arguments)
    refused(credits_service, "TN011", "hold_credits", **{**arguments, **change})
    assert state(credits_service, acme) == (10, 1, 9)


def test_a_replay_of_a_capture_returns_its_entry(service: Connection, admin: Connection) -> None:
    acme = organization(service, 100)
    made = hold(service, acme, 60)
    part = capture(service, made, amount=10, request_id="r1")["transaction"]
    again = capture(service, made, amount=10, request_id="r1")
    assert (again["transaction"], again["hold"]["remaining"]) == (part, 50)
    rest = capture(service, made, request_id="r2")["transaction"]
    assert capture(service, made, request_id="r2")["transaction"] == rest
    for change in ({"amount": 11, "request_id": "r1"}, {"amount": 10, "request_id": "r1", "description": "x"}):
        refused(service, "TN011", "capture_hold", organization_id=acme, hold_id=made["id"], **change)
    other = hold(service, acme, 10)
    refused(service, "TN011", "capture_hold", organization_id=acme, hold_id=other["id"], amount=10, request_id="r1")
    assert [e["amount"] for e in entries(admin, acme)] == [100, -10, -50]
    assert_ledger_holds(admin, acme)


def test_credits_under_a_hold_outlive_their_expiry_until_they_are_captured(
    service: Connection, admin: Connection
) -> None:
    acme, now = organization(service, 100), freeze(admin)
    lot = grant(service, acme, 50, expires_at=now + HOUR)
    made = hold(service, acme, 30, time_to_live=5 * HOUR)
    move_clock(admin, "+2 hours")
    for _ in ("as if settled", "settled"):
        assert state(service, acme) == (130, 30, 100)
        assert remaining(service, acme) == [30, 100]
        settle(admin, acme)
    assert [(e["amount"], e["created_at"]) for e in entries(admin, acme)[2:]] == [(-20, now + HOUR)]
    entry = capture(service, made)["transaction"]
    assert taken(service, acme, entry) == {lot["id"]: -30}
    assert state(service, acme) == (100, 0, 100)
    assert_ledger_holds(admin, acme)


@pytest.mark.parametrize("end", ["release", "lapse", "capture and release"])
def test_what_a_hold_kept_expires_when_it_ends(service: Connection, admin: Connection, end: str) -> None:
    acme, now = organization(service, 100), freeze(admin)
    lot = grant(service, acme, 50, expires_at=now + HOUR)
    made = hold(service, acme, 30, time_to_live=5 * HOUR)
    consume(service, acme, 4)
    move_clock(admin, "+2 hours")
    if end == "release":
        release(service, made)
        expected = [(-16, now + HOUR), (-30, now + 2 * HOUR)]
    elif end == "lapse":
        move_clock(admin, "+9 hours")
        assert state(service, acme) == (100, 0, 100)
        settle(admin, acme)
        expected = [(-16, now + HOUR), (-30, now + 5 * HOUR)]
    else:
        capture(service, made, amount=10, release_remainder=True)
        expected = [(-16, now + HOUR), (-20, now + 2 * HOUR)]
    assert state(service, acme) == (100, 0, 100)
    expired = [e for e in entries(admin, acme) if e["transaction_type"] == "expired"]
    assert [(e["amount"], e["created_at"]) for e in expired] == expected
    assert {e["source_id"] for e in expired} == {lot["id"]}
    assert_ledger_holds(admin, acme)


def test_a_partial_capture_leaves_the_rest_kept(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    grant(service, acme, 30, expires_at=now + HOUR)
    made = hold(service, acme, 30, time_to_live=5 * HOUR)
    move_clock(admin, "+2 hours")
    capture(service, made, amount=10)
    assert state(service, acme) == (20, 20, 0)
    capture(service, made, amount=5)
    release(service, made)
    assert state(service, acme) == (0, 0, 0)
    assert [e["amount"] for e in entries(admin, acme)] == [30, -10, -5, -15]
    assert_ledger_holds(admin, acme)


def test_credits_that_back_a_hold_are_those_that_expire_first(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    grant(service, acme, 10, expires_at=now + HOUR)
    grant(service, acme, 10, expires_at=now + 2 * HOUR)
    grant(service, acme, 10)
    hold(service, acme, 15, time_to_live=9 * HOUR)
    move_clock(admin, "+3 hours")
    assert remaining(service, acme) == [10, 5, 10]
    settle(admin, acme)
    assert [e["amount"] for e in entries(admin, acme)] == [10, 10, 10, -5]
    assert_ledger_holds(admin, acme)


@pytest.mark.parametrize("end", ["release", "lapse"])
def test_a_hold_made_after_a_lots_expiry_never_keeps_that_lot(service: Connection, admin: Connection, end: str) -> None:
    acme, now = organization(service, 10), freeze(admin)
    grant(service, acme, 20, expires_at=now + HOUR)
    first = hold(service, acme, 20, time_to_live=5 * HOUR)
    move_clock(admin, "+1 hour")
    hold(service, acme, 10, time_to_live=9 * HOUR)
    if end == "release":
        release(service, first)
    else:
        move_clock(admin, "+5 hours")
    assert state(service, acme) == (10, 10, 0)
    settle(admin, acme)
    assert [e["amount"] for e in entries(admin, acme)] == [10, 20, -20]
    assert state(service, acme) == (10, 10, 0)
    assert_ledger_holds(admin, acme)


def test_a_later_holds_capture_does_not_spend_what_an_older_hold_keeps(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 10), freeze(admin)
    kept = grant(service, acme, 20, expires_at=now + HOUR)
    first = hold(service, acme, 20, time_to_live=5 * HOUR)
    move_clock(admin, "+1 hour")
    second = hold(service, acme, 10, time_to_live=9 * HOUR)
    entry = capture(service, second)["transaction"]
    assert kept["id"] not in taken(service, acme, entry)
    assert taken(service, acme, capture(service, first)["transaction"]) == {kept["id"]: -20}
    assert_ledger_holds(admin, acme)


def test_consumption_passes_over_credits_that_only_a_hold_keeps(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    kept = grant(service, acme, 20, expires_at=now + HOUR)
    usual = grant(service, acme, 10)
    made = hold(service, acme, 20, time_to_live=5 * HOUR)
    move_clock(admin, "+1 hour")
    entry = consume(service, acme, 10)
    for _ in ("as if settled", "settled"):
        assert taken(service, acme, entry) == {usual["id"]: -10}
        settle(admin, acme)
    capture(service, made)
    assert [lot["remaining"] for lot in lots(service, acme, include_closed=True) if lot["id"] == kept["id"]] == [0]
    assert_ledger_holds(admin, acme)


def test_holds_are_listed_newest_first_by_state_in_pages(service: Connection, admin: Connection) -> None:
    acme = organization(service, 100)
    freeze(admin)
    made = []
    for number in range(5):
        made.append(hold(service, acme, 1 + number, time_to_live=HOUR if number == 4 else 9 * HOUR))
        admin.execute("select pg_sleep(0.002)")
    capture(service, made[0])
    release(service, made[1])
    capture(service, made[2], amount=1)
    move_clock(admin, "+2 hours")

    def listed(**arguments: Any) -> list[int]:
        found = call(service, "list_holds", organization_id=acme, **arguments)["holds"]
        return [item["amount"] for item in found]

    for _ in ("as if settled", "settled"):
        assert listed() == [5, 4, 3, 2, 1]
        assert (listed(state="active"), listed(state="captured")) == ([4, 3], [1])
        assert (listed(state="released"), listed(state="lapsed")) == ([2], [5])
        settle(admin, acme)
    first = call(service, "list_holds", organization_id=acme, page_size=3)
    assert listed(page_size=3, page_token=first["next_page_token"]) == [2, 1]
    refused(service, "TN003", "list_holds", organization_id=acme, state="active", page_token=first["next_page_token"])
    assert refused(service, "TN001", "list_holds", organization_id=acme, state="gone")["field"] == "state"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"organization_id": None}, "organization_id"),
        ({"amount": None}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 1, "quantity": 1}, "quantity"),
        ({"amount": 1, "credit_event": "image"}, "amount"),
        ({"amount": None, "credit_event": "image", "quantity": 0}, "quantity"),
        ({"amount": None, "credit_event": ""}, "credit_event"),
        ({"time_to_live": "0"}, "time_to_live"),
        ({"time_to_live": "-1 hour"}, "time_to_live"),
        ({"time_to_live": "367 days"}, "time_to_live"),
        ({"time_to_live": "-12 months 361 days"}, "time_to_live"),
        ({"request_id": ""}, "request_id"),
    ],
    ids=str,
)
def test_a_bad_hold_is_refused(credits_service: Connection, change: dict[str, Any], field: str) -> None:
    acme = organization(credits_service, 10)
    arguments = {"organization_id": acme, "amount": 1, **change}
    assert refused(credits_service, "TN001", "hold_credits", **arguments)["field"] == field
    assert state(credits_service, acme) == (10, 0, 10)


@pytest.mark.parametrize(
    ("function", "change", "field"),
    [
        ("capture_hold", {"organization_id": None}, "organization_id"),
        ("capture_hold", {"hold_id": None}, "hold_id"),
        ("capture_hold", {"amount": 0}, "amount"),
        ("capture_hold", {"amount": -1}, "amount"),
        ("release_hold", {"organization_id": None}, "organization_id"),
        ("release_hold", {"hold_id": None}, "hold_id"),
        ("extend_hold", {"hold_id": None, "time_to_live": HOUR}, "hold_id"),
        ("extend_hold", {}, "time_to_live"),
        ("extend_hold", {"time_to_live": "0"}, "time_to_live"),
        ("extend_hold", {"time_to_live": "367 days"}, "time_to_live"),
    ],
    ids=str,
)
def test_bad_input_about_a_hold_is_refused(
    credits_service: Connection, function: str, change: dict[str, Any], field: str
) -> None:
    acme = organization(credits_service, 10)
    made = hold(credits_service, acme, 5)
    arguments = {"organization_id": acme, "hold_id": made["id"], **change}
    assert refused(credits_service, "TN001", function, **arguments)["field"] == field
    assert state(credits_service, acme) == (10, 5, 5)


def test_a_hold_of_another_organization_is_not_found(service: Connection) -> None:
    acme, other = organization(service, 10), organization(service, 10)
    made = hold(service, acme, 5)
    for function, arguments in (("capture_hold", {}), ("release_hold", {}), ("extend_hold", {"time_to_live": HOUR})):
        refused(service, "TN002", function, organization_id=other, hold_id=made["id"], **arguments)
        refused(service, "TN002", function, organization_id=uuid4(), hold_id=made["id"], **arguments)


def test_an_inactive_organization_cannot_hold(service: Connection) -> None:
    acme = organization(service, 10)
    call(service, "update_organization", organization_id=acme, is_active=False)
    refused(service, "TN012", "hold_credits", organization_id=acme, amount=1)


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_who_may_not_spend_may_not_hold(connect: Connect, service: Connection, role: str) -> None:
    acme = organization(service, 10)
    refused(connect(role), "42501", "hold_credits", organization_id=acme, amount=1)


def test_no_member_extends_a_hold_for_ever(service: Connection, admin: Connection, connect: Connect) -> None:
    acme, now = organization(service), freeze(admin)
    grant(service, acme, 100, expires_at=now + HOUR)
    user = admin.execute("insert into auth.users (email) values ('m@example.com') returning id").fetchone()
    assert user
    call(admin, "assign_role", user_id=user["id"], role="member", organization_id=acme)
    member = connect("authenticated")
    member.execute("select set_config('request.jwt.claims', %s, false)", [f'{{"sub": "{user["id"]}"}}'])
    refused(member, "TN001", "hold_credits", organization_id=acme, amount=100, time_to_live="31 days 1 second")
    made = hold(member, acme, 100, time_to_live="31 days")
    move_clock(admin, now + timedelta(days=20))
    arguments = {"organization_id": acme, "hold_id": made["id"]}
    detail = refused(member, "TN001", "extend_hold", **arguments, time_to_live="12 days")
    assert detail["field"] == "time_to_live"
    call(member, "extend_hold", **arguments, time_to_live="11 days")
    # The service role could grant the credits again.
    refused(service, "TN001", "extend_hold", **arguments, time_to_live="347 days")
    call(service, "extend_hold", **arguments, time_to_live="346 days")
    admin.execute("update tenantry.settings set value = 5 * 24 * 60 where name = 'max_hold_minutes'")
    other = organization(service, 5)
    call(admin, "assign_role", user_id=user["id"], role="member", organization_id=other)
    refused(member, "TN001", "hold_credits", organization_id=other, amount=1, time_to_live="6 days")
    hold(member, other, 1, time_to_live="5 days")


def test_a_suspended_organization_spends_no_more_than_it_holds(service: Connection, admin: Connection) -> None:
    acme = organization(service, 100)
    made = hold(service, acme, 5)
    call(service, "update_organization", organization_id=acme, is_active=False)
    arguments = {"organization_id": acme, "hold_id": made["id"]}
    refused(service, "TN012", "capture_hold", **arguments, amount=50, allow_overage=True)
    refused(service, "TN012", "extend_hold", **arguments, time_to_live=HOUR)
    assert capture(service, made)["transaction"]["amount"] == -5
    assert_ledger_holds(admin, acme)
