"""Asks Stripe for what happened since a time, and has the database hear of it: what was missed is made good."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenantry.auth import SERVICE
from tenantry.database import Database, Row, literal
from tenantry.stripe.answer import Answer
from tenantry.stripe.client import Stripe

TIMEOUT = 60.0
"""Seconds that the database may take for one object."""


@dataclass(frozen=True)
class Difference:
    """Something that was otherwise here than at Stripe."""

    organization_id: str | None
    kind: str
    name: str
    before: str | None
    after: str


@dataclass
class Report:
    """How much was looked at, and what was different."""

    looked_at: int
    differences: list[Difference]


async def reconcile(database: Database, stripe: Stripe, since: datetime) -> Report:
    """Events and invoices since a time, and every subscription. Raises StripeUnavailable, CallError."""
    report = Report(0, [])
    async for found, answer in _objects(stripe, since):
        report.looked_at += 1
        rows: list[Row] = await database.call(
            SERVICE,
            "select r.organization_id, r.kind, r.name, r.before, r.after"
            f" from tenantry.reconcile_stripe_object("
            f"{literal(json.dumps(found))}, '{answer.answered_at.isoformat()}') as r",
            TIMEOUT,
        )
        report.differences.extend(Difference(*row) for row in rows)
    return report


async def _objects(stripe: Stripe, since: datetime) -> AsyncIterator[tuple[dict[str, Any], Answer]]:
    created = {"created": {"gte": int(since.timestamp())}}
    # Subscriptions from all times: one that began long ago may have changed since.
    for path, params in (
        ("/v1/events", created),
        ("/v1/subscriptions", {"status": "all"}),
        ("/v1/invoices", created | {"expand": ["data.payments"]}),
    ):
        async for answer in stripe.list(path, params):
            for found in json.loads(answer.body)["data"]:
                yield found, answer
