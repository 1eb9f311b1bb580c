"""Reads from Stripe everything that happened since a time, and passes it to the database, which corrects its state."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenantry.auth import SERVICE
from tenantry.database import Database, Statement, literals
from tenantry.stripe.answer import Answer
from tenantry.stripe.client import Stripe

TIMEOUT = 60.0
"""Seconds that the database may take for one object."""


@dataclass(frozen=True)
class Difference:
    """A difference between the database and Stripe that was corrected.

    organization_id: None for an object of no organization. kind, name: the object. before: its state in the database
    before; None if it was missing. after: its state now.
    """

    organization_id: str | None
    kind: str
    name: str
    before: str | None
    after: str


@dataclass
class Report:
    """The result of a run. looked_at: number of objects that Stripe listed."""

    looked_at: int
    differences: list[Difference]


async def reconcile(database: Database, stripe: Stripe, since: datetime) -> Report:
    """Compares events and invoices since a time, and every subscription, and corrects the database.

    since: with a time zone. Raises StripeUnavailable and CallError; objects that were read before stay corrected.
    """
    report = Report(0, [])
    async for found, answer in _objects(stripe, since):
        report.looked_at += 1
        statement = Statement(
            "reconcile_stripe",
            "select r.organization_id, r.kind, r.name, r.before, r.after from tenantry.reconcile_stripe($1, $2) as r",
            literals(json.dumps(found), answer.answered_at),
        )
        rows = await database.call(SERVICE, statement, TIMEOUT)
        report.differences.extend(Difference(*row) for row in rows)
    return report


async def _objects(stripe: Stripe, since: datetime) -> AsyncIterator[tuple[dict[str, Any], Answer]]:
    created = {"created": {"gte": int(since.timestamp())}}
    # All subscriptions, whatever their age: an old one may have changed since.
    for path, params in (
        ("/v1/events", created),
        ("/v1/subscriptions", {"status": "all"}),
        ("/v1/invoices", created | {"expand": ["data.payments"]}),
    ):
        async for answer in stripe.list(path, params):
            for found in json.loads(answer.body)["data"]:
                yield found, answer
