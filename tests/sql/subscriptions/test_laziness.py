"""A subscription and its credits end in the same state, whether they were settled at every step or never."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Connection
from tests.support.ledger import (
    Row,
    assert_ledger_holds,
    balance,
    call,
    consume,
    freeze,
    lots,
    move_clock,
    organization,
)
from tests.support.ledger import settle as settle_account
from tests.support.subscriptions import current, plan

STEPS = 12


def _plans(service: Connection) -> list[Row]:
    return [
        plan(service),
        plan(service, included_credits=40, features={"credit_rollover": 30, "grace_days": 10}),
        plan(service, included_credits=70, features={"credit_rollover": "all"}),
        plan(service, included_credits=20, interval="annual", features={"credit_interval": "monthly"}),
        plan(
            service,
            included_credits=25,
            interval="annual",
            features={"credit_interval": "monthly", "credit_rollover": 10},
        ),
        plan(service, included_credits=9, interval="weekly", features={"credit_rollover": 5}),
    ]


def _attempt(service: Connection, function: str, **arguments: Any) -> str:
    """The outcome of a call: done, or the SQLSTATE of its refusal."""
    try:
        call(service, function, **arguments)
    except psycopg.Error as error:
        return error.sqlstate or ""
    return "done"


def _step(service: Connection, acme: UUID, plans: list[Row], dice: random.Random) -> str:
    """Does one random thing, the same for every organization with the same random numbers."""
    kind = dice.choice(["consume", "consume", "consume", "change", "change", "cancel", "resume", "late", "paid", "now"])
    other, amount, flag = dice.choice(plans)["name"], dice.randint(1, 60), dice.random() < 0.5
    subscription = current(service, acme)["id"]
    match kind:
        case "consume":
            return _attempt(service, "consume_credits", organization_id=acme, amount=amount)
        case "change":
            return _attempt(
                service, "change_plan", subscription_id=subscription, subscription_plan=other, at_renewal=flag
            )
        case "cancel" | "now":
            return _attempt(
                service, "cancel_subscription", subscription_id=subscription, immediately=kind == "now" and flag
            )
        case "resume":
            return _attempt(service, "resume_subscription", subscription_id=subscription)
        case _:
            status = {"late": "past_due", "paid": "active"}[kind]
            return _attempt(service, "update_subscription", subscription_id=subscription, status=status)


def _state(service: Connection, acme: UUID) -> dict[str, Any]:
    """The whole visible state, without the values that differ from organization to organization."""
    subscription = current(service, acme)
    return {
        "subscription": {
            name: value
            for name, value in subscription.items()
            if name not in ("id", "organization_id", "stripe_customer_id", "created_at", "updated_at")
        },
        "balance": balance(service, acme),
        "lots": sorted(
            (lot["source"], lot["effective_at"], str(lot["expires_at"]), lot["remaining"], lot["state"])
            for lot in lots(service, acme, page_size=1000)
            if lot["remaining"]
        ),
    }


def _settle_daily(admin: Connection, acme: UUID, days: int) -> None:
    """Lets the given number of days pass, and settles on each."""
    admin.execute(
        f"do $$ begin for day in 1..{days} loop"
        " update test.clock set now = now + interval '1 day';"
        f" perform tenantry.lock_account('{acme}');"
        " end loop; end $$".encode()
    )


@pytest.mark.parametrize("seed", range(12))
def test_settled_at_every_step_or_never_it_is_the_same(service: Connection, admin: Connection, seed: int) -> None:
    dice = random.Random(seed)
    start = freeze(admin)
    plans = _plans(service)
    first = dice.choice(plans)["name"]
    eager, lazy = organization(service, 500), organization(service, 500)
    for acme in (eager, lazy):
        call(service, "create_subscription", organization_id=acme, subscription_plan=first)
    now = start
    for step in range(STEPS):
        days = dice.choice([0, 1, 5, 20, 31, 45, 100])
        _settle_daily(admin, eager, days)
        now += timedelta(days=days, hours=1)
        move_clock(admin, now)
        throw = dice.random()
        # The read comes before anything is written for it.
        assert _state(service, eager) == _state(service, lazy)
        outcomes = {_step(service, acme, plans, random.Random(throw)) for acme in (eager, lazy)}
        assert len(outcomes) == 1, (step, outcomes)
        assert _state(service, eager) == _state(service, lazy)
    for acme in (eager, lazy):
        settle_account(admin, acme)
        consume(service, acme, 1)
        assert_ledger_holds(admin, acme)
    assert _state(service, eager) == _state(service, lazy)
