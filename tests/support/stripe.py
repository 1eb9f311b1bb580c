"""Helpers for tests of Stripe's events, over SQL connections."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.support.ledger import Row, call, move_clock, organization
from tests.support.stripe_payloads import CURRENT, Object
from tests.support.stripe_stories import AMOUNTS, BASIC, PACK, PRO, STORIES, Story

NAMES = {BASIC: "Basic", PRO: "Pro", PACK: "Pack"}
CREDITS = {BASIC: 100, PRO: 500, PACK: 200}
"""The credits that each price brings."""


def catalog(admin: Connection) -> UUID:
    """Makes the plans and the credit product that the stories use. Returns the product's id."""
    for price in (BASIC, PRO):
        admin.execute(
            "insert into public.subscription_plans"
            " (name, stripe_price_id, stripe_product_id, price_amount, interval, included_credits)"
            " values (%s, %s, %s, %s, 'monthly', %s)",
            [NAMES[price], price, f"prod_{price}", AMOUNTS[price], CREDITS[price]],
        )
    row = admin.execute(
        "insert into public.credit_products (name, stripe_price_id, stripe_product_id, credit_amount, price_amount)"
        " values (%s, %s, %s, %s, %s) returning id",
        [NAMES[PACK], PACK, f"prod_{PACK}", CREDITS[PACK], AMOUNTS[PACK]],
    ).fetchone()
    assert row
    product_id: UUID = row["id"]
    return product_id


def tell(admin: Connection, name: str, era: str = CURRENT, **options: Any) -> Story:
    """A story of a new organization, over a new catalog; the clock stands at its end."""
    story = Story(era, organization(admin), catalog(admin), **options)
    STORIES[name](story)
    move_clock(admin, story.end)
    return story


def deliver(connection: Connection, event: Object) -> Row:
    """process_stripe_event()."""
    row = connection.execute("select (e).* from public.process_stripe_event(%s) as e", [Jsonb(event)]).fetchone()
    assert row
    return row


def deliver_all(connection: Connection, events: Sequence[Object]) -> list[Row]:
    """Processes the events one after the other in one statement. None of them may fail."""
    answers = connection.execute(
        "select r.* from unnest(%s::jsonb[]) as event cross join lateral public.process_stripe_event(event) as r",
        [[Jsonb(event) for event in events]],
    ).fetchall()
    assert len(answers) == len(events)
    assert [a["error_message"] for a in answers if a["state"] == "failed"] == []
    return answers


def state(admin: Connection, organization_id: UUID) -> Row:
    """All effects of the events, without ids and entry numbers; credits are counted by kind and expiry."""
    row = admin.execute(
        """
        select
            (tenantry.lock_account(%(id)s)).credit_balance as balance,
            (
                select jsonb_agg(l order by l.expires_at, l.source)
                from (
                    select l.transaction_type, l.source, l.expires_at, sum(l.remaining)
                    from (
                        select c.transaction_type, c.source, c.expires_at, c.remaining
                        from tenantry.credit_lots as c
                        where c.organization_id = %(id)s and c.remaining > 0
                        union all
                        select g.transaction_type, g.source, g.expires_at, g.amount
                        from tenantry.pending_grants as g
                        where g.organization_id = %(id)s and g.cancelled_at is null
                    ) as l
                    group by 1, 2, 3
                ) as l
            ) as lots,
            (
                select jsonb_agg(to_jsonb(s) - '{id,created_at,updated_at,subscription_plan_id}'::text[]
                    || jsonb_build_object('plan', p.name) order by s.stripe_subscription_id)
                from public.organization_subscriptions as s
                left join public.subscription_plans as p on p.id = s.subscription_plan_id
                where s.organization_id = %(id)s
            ) as subscriptions,
            (
                select jsonb_agg(to_jsonb(b) - '{id,updated_at}'::text[] order by b.created_at, b.stripe_invoice_id)
                from public.billing_history as b
                where b.organization_id = %(id)s
            ) as bills,
            (
                select jsonb_agg(jsonb_build_array(c.credits, c.items) order by c.created_at)
                from tenantry.credit_purchases as c
                where c.organization_id = %(id)s and c.merged_into is null
            ) as purchases,
            (
                select jsonb_agg(distinct jsonb_build_array(e.state, e.error_message))
                from tenantry.stripe_events as e
            ) as events
        """,
        {"id": organization_id},
    ).fetchone()
    assert row
    # Times as text, independent of the session's time zone.
    read: Row = json.loads(json.dumps(row, default=str))
    return read


def bills(connection: Connection, organization_id: UUID) -> list[Row]:
    """The billing history, oldest first."""
    return connection.execute(
        "select * from public.billing_history where organization_id = %s order by created_at, stripe_invoice_id",
        [organization_id],
    ).fetchall()


def subscription(connection: Connection, organization_id: UUID) -> Row:
    """The organization's only subscription."""
    rows = connection.execute(
        "select s.*, p.name as plan from public.organization_subscriptions as s"
        " left join public.subscription_plans as p on p.id = s.subscription_plan_id where organization_id = %s",
        [organization_id],
    ).fetchall()
    assert len(rows) == 1
    return rows[0]


def credits(connection: Connection, organization_id: UUID) -> int:
    """The balance."""
    balance: int = call(connection, "get_credit_balance", organization_id=organization_id)["balance"]
    return balance
