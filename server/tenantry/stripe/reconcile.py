"""Reads from Stripe everything that happened since a time, and passes it to the database, which corrects its state."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenantry.auth import SERVICE
from tenantry.database import Database, Statement, parameters
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

    Lists and events have the first lines of an invoice. The others are read, too.

    since: with a time zone. Raises StripeUnavailable and CallError; objects that were read before stay corrected.
    """
    report = Report(0, [])
    async for found, answer in _objects(stripe, since):
        report.looked_at += 1
        statement = Statement(
            "reconcile_stripe",
            "select r.organization_id, r.kind, r.name, r.before, r.after from tenantry.reconcile_stripe($1, $2) as r",
            parameters(json.dumps(found), answer.answered_at),
        )
        rows = await database.call(SERVICE, statement, TIMEOUT)
        report.differences.extend(Difference(*row) for row in rows)
    return report


async def _objects(stripe: Stripe, since: datetime) -> AsyncIterator[tuple[dict[str, Any], Answer]]:
    created = {"created": {"gte": int(since.timestamp())}}
    # Invoices of events that have more lines. An old one is not among the invoices since that time.
    cut: set[str] = set()
    # All subscriptions, whatever their age: an old one may have changed since.
    for path, params in (
        ("/v1/events", created),
        ("/v1/subscriptions", {"status": "all"}),
        ("/v1/invoices", created | {"expand": ["data.payments"]}),
    ):
        async for answer in stripe.list(path, params):
            for found in json.loads(answer.body)["data"]:
                if path == "/v1/events" and _is_cut(found["data"]["object"]):
                    cut.add(found["data"]["object"]["id"])
                elif _is_cut(found):
                    cut.discard(found["id"])
                    await _read_lines(stripe, found)
                yield found, answer
    for invoice_id in sorted(cut):
        answer = await stripe.read(f"/v1/invoices/{invoice_id}", {"expand": ["payments"]})
        found = json.loads(answer.body)
        await _read_lines(stripe, found)
        yield found, answer


def _is_cut(found: Mapping[str, Any]) -> bool:
    """Whether the object is an invoice with more lines than it shows."""
    return found["object"] == "invoice" and bool(found.get("lines", {}).get("has_more"))


async def _read_lines(stripe: Stripe, invoice: dict[str, Any]) -> None:
    """Reads all lines of an invoice."""
    pages = [json.loads(page.body)["data"] async for page in stripe.list(f"/v1/invoices/{invoice['id']}/lines", {})]
    invoice["lines"] |= {"data": [line for page in pages for line in page], "has_more": False}
