"""A fake Stripe beside a test's database, and helpers for tests of the requests to it."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tenantry.database import Database
from tenantry.stripe.client import Stripe
from tenantry.stripe.sender import Sender
from tenantry_demo.fake_stripe import Call, FakeStripe
from tests.conftest import Connection
from tests.support import command
from tests.support.ledger import Row, balance, call, organization

PAGES = {"success_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/back"}


class Sending:
    """The server's connections to the database of the tests. They stay open from test to test, because the first
    statements of a PostgreSQL session are slow."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._database: Database | None = None
        self._conninfo = ""

    def send(self, conninfo: str, stripe: Stripe | None, organization_id: str | None) -> None:
        """Sends the due requests of an organization, or of all."""
        self._runner.run(self._send(conninfo, stripe, organization_id))

    async def _send(self, conninfo: str, stripe: Stripe | None, organization_id: str | None) -> None:
        try:
            await Sender(await self._connected(conninfo), stripe).send_due(organization_id)
        finally:
            if stripe:
                await stripe.close()

    async def _connected(self, conninfo: str) -> Database:
        if self._database is None or self._conninfo != conninfo:
            if self._database:
                await self._database.close()
            self._conninfo, self._database = conninfo, Database(conninfo, 4, 30.0)
            await self._database.open()
        return self._database

    def close(self) -> None:
        """Closes the connections."""
        with self._runner:
            if self._database:
                self._runner.run(self._database.close())


@dataclass
class Shop:
    """A database that sells through a fake Stripe."""

    fake: FakeStripe
    admin: Connection
    service: Connection
    conninfo: str
    sending: "Sending"

    def send(self, organization_id: UUID | None = None, key: str | None = "") -> None:
        """Sends the due requests through the real library. key: an API key in place of the right one, or None for a
        server without a key."""
        stripe = None if key is None else Stripe(key or self.fake.api_key, self.fake.url)
        self.sending.send(self.conninfo, stripe, str(organization_id) if organization_id else None)

    def hear(self) -> list[Row]:
        """Processes every event so far in the database, in the order in which they were made."""
        return [
            row
            for event in self.fake.events
            for row in self.service.execute(
                "select (e).* from public.process_stripe_event(%s) as e", [Jsonb(event)]
            ).fetchall()
        ]

    def ask(self, function: str, **arguments: Any) -> Row:
        """Calls a function that asks Stripe for something, sends the request, and returns the request as it is then."""
        return self.answered(call(self.service, function, **arguments))

    def answered(self, request: Row) -> Row:
        """Sends the due requests and returns this request as it is then."""
        self.send()
        return call(self.service, "get_stripe_request", stripe_request_id=request["id"])

    def requests(self, operation: str | None = None) -> list[Row]:
        """The requests in their present state, oldest first."""
        return self.admin.execute(
            "select * from tenantry.stripe_requests where operation = coalesce(%s, operation) order by id", [operation]
        ).fetchall()

    def due_now(self) -> None:
        """Makes all waiting requests due."""
        self.admin.execute("update tenantry.stripe_requests set next_attempt_at = tenantry.clock()")

    def plan(self, **values: Any) -> Row:
        """Creates a plan and sends it to Stripe."""
        made = call(
            self.service,
            "create_subscription_plan",
            **{"name": "Pro", "price_amount": 2000, "interval": "monthly", "included_credits": 100} | values,
        )
        return self._synced("subscription_plan", made)

    def product(self, **values: Any) -> Row:
        """Creates a credit product and sends it to Stripe."""
        made = call(
            self.service,
            "create_credit_product",
            **{"name": "Pack", "credit_amount": 500, "price_amount": 900} | values,
        )
        return self._synced("credit_product", made)

    def buy(self, organization_id: UUID, product: Row, **arguments: Any) -> Row:
        """Pays for a purchase on a checkout page and processes its events. Returns the session."""
        request = self.ask(
            "create_checkout_session",
            organization_id=organization_id,
            credit_product=str(product["id"]),
            **PAGES,
            **arguments,
        )
        session = self.fake.complete(request["stripe_id"])
        self.hear()
        return session

    def customer(self, credits: int = 0) -> UUID:
        """An organization that has a customer with a card at Stripe, and the given number of credits."""
        made = organization(self.service, credits)
        self.ask("ensure_customer", organization_id=made)
        return made

    def credits(self, organization_id: UUID) -> int:
        """Credits that the organization has."""
        return int(balance(self.service, organization_id)["balance"])

    def posts(self, path: str) -> list[Call]:
        """The parameters of the requests that were posted to a path."""
        return [c for c in self.fake.calls if c.method == "POST" and c.path == path]

    def _synced(self, kind: str, made: Row) -> Row:
        self.service.execute("select public.sync_catalog('push')")
        self.send()
        return call(self.service, f"get_{kind}", **{kind: str(made["id"])})


@contextmanager
def open_shop(admin: Connection, service: Connection, conninfo: str, sending: Sending) -> Iterator[Shop]:
    """A shop with a fake Stripe of its own."""
    with FakeStripe() as fake:
        yield Shop(fake, admin, service, conninfo, sending)


def tenantry(shop: Shop, *arguments: str, key: str = "sk_test_fake") -> subprocess.CompletedProcess[str]:
    """Runs `tenantry stripe`."""
    return command.run(
        "stripe",
        *arguments,
        DATABASE_URL=shop.conninfo,
        TENANTRY_STRIPE_API_KEY=key,
        TENANTRY_STRIPE_API_BASE=shop.fake.url,
    )
