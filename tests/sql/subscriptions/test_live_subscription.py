"""A subscription is live until it has ended: the statuses that are live, and the index of live subscriptions."""

from uuid import uuid4

import psycopg
import pytest

from tests.conftest import Connection
from tests.support.ledger import organization

INSERT = """
insert into public.organization_subscriptions
    (organization_id, stripe_customer_id, stripe_subscription_id, status, ended_at, past_due_at)
values (%s, 'cus', %s, %s, %s, '2030-01-01')
"""
LIVE = ("trial", "active", "past_due")


@pytest.mark.parametrize("status", [*LIVE, "cancelled", "expired"])
def test_an_organization_has_one_live_subscription_and_any_number_that_ended(admin: Connection, status: str) -> None:
    acme = organization(admin)
    ended = None if status in LIVE else "2030-01-01"
    admin.execute(INSERT, [acme, f"sub_{uuid4()}", status, ended])
    if ended:
        admin.execute(INSERT, [acme, f"sub_{uuid4()}", status, ended])
        return
    for other in LIVE:
        with pytest.raises(psycopg.errors.UniqueViolation):
            admin.execute(INSERT, [acme, f"sub_{uuid4()}", other, None])


@pytest.mark.parametrize("status", [*LIVE, "cancelled", "expired"])
def test_a_live_subscription_has_no_end_and_an_ended_one_has(admin: Connection, status: str) -> None:
    wrong = "2030-01-01" if status in LIVE else None
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute(INSERT, [organization(admin), f"sub_{uuid4()}", status, wrong])


def test_the_live_subscription_is_found_by_its_index(scratch: Connection) -> None:
    scratch.execute("set local enable_seqscan = off")
    plan = scratch.execute(
        "explain select from public.organization_subscriptions as s"
        " where s.organization_id = %s and s.ended_at is null",
        [uuid4()],
    ).fetchall()
    assert "organization_subscriptions_live_key" in str(plan)
