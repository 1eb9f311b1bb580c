"""The two forms of settlement: a read that projects an account, and the settlement that writes it, show the same."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Connection
from tests.support.ledger import Row, assert_ledger_holds, balance, call, freeze, lots, move_clock, organization, settle

HOUR = timedelta(hours=1)


def _attempt(service: Connection, function: str, **arguments: Any) -> None:
    """Calls a function. The account may not allow it."""
    try:
        call(service, function, **arguments)
    except psycopg.Error as error:
        assert error.sqlstate == "TN009", error  # noqa: PT017


def _step(service: Connection, acme: UUID, now: datetime, dice: random.Random) -> None:
    """Changes the account in a random way."""
    amount = dice.randint(1, 30)
    match dice.choice(["grant", "grant", "later", "hold", "hold", "hold", "consume"]):
        case "grant":
            expires = dice.choice([None, now + dice.randint(1, 6) * HOUR])
            call(service, "grant_credits", organization_id=acme, amount=amount, expires_at=expires)
        case "later":
            starts = now + dice.randint(1, 4) * HOUR
            expires = starts + dice.randint(1, 4) * HOUR
            call(
                service,
                "grant_credits",
                organization_id=acme,
                amount=amount,
                effective_at=starts,
                expires_at=expires,
            )
        case "hold":
            lives = dice.randint(1, 8) * HOUR
            _attempt(service, "hold_credits", organization_id=acme, amount=amount, time_to_live=lives)
        case _:
            _attempt(service, "consume_credits", organization_id=acme, amount=amount)


def _seen(service: Connection, acme: UUID) -> dict[str, Any]:
    """The balance, and the lots without the number of the entry, which may not be written yet."""
    found: list[Row] = lots(service, acme, include_closed=True, page_size=1000)
    return {
        "balance": balance(service, acme),
        "lots": [{name: value for name, value in lot.items() if name != "entry_number"} for lot in found],
    }


@pytest.mark.parametrize("seed", range(20))
def test_what_is_due_reads_the_same_before_settlement_and_after(
    service: Connection, admin: Connection, seed: int
) -> None:
    dice = random.Random(seed)
    now, acme = freeze(admin), organization(service, 20)
    for _ in range(25):
        for _ in range(dice.randint(1, 3)):
            _step(service, acme, now, dice)
        now += dice.randint(1, 5) * HOUR
        move_clock(admin, now)
        projected = _seen(service, acme)
        settle(admin, acme)
        assert _seen(service, acme) == projected
    assert_ledger_holds(admin, acme)
