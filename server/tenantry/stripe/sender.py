"""Sends the requests that the database has for Stripe, and gives the database Stripe's answers.

A request is a row. A sender claims the requests that are due, sends each under its own idempotency key, and passes the
answer to the database, which decides its meaning. Several servers may send at the same time. The claim of a sender that
dies expires. The next sender uses the same idempotency key, so Stripe executes the request once.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import psycopg

from tenantry.auth import SERVICE
from tenantry.database import Database, Row, Statement, parameters
from tenantry.errors import CallError, deadline_exceeded
from tenantry.stripe.answer import NOT_CONFIGURED, Answer

if TYPE_CHECKING:
    from tenantry.stripe.client import Stripe

log = logging.getLogger(__name__)

POLL_INTERVAL = 5.0
"""Seconds between two looks for requests that are due. A notification of a new request ends the wait earlier."""

REQUESTS_AT_ONCE = 10
"""Maximum number of requests in one claim."""

TIMEOUT = 30.0
"""Seconds that one statement may take, and that a caller without a deadline waits for Stripe."""

CLAIM_INTERVAL = 0.1
"""Seconds between two looks at a request that another server has claimed."""

_NOW = Statement("stripe_now", "select tenantry.clock()::text")


class Sender:
    """Sends the requests that are due. Without an account at Stripe it answers each with the error NOT_CONFIGURED."""

    def __init__(self, database: Database, stripe: "Stripe | None") -> None:
        """stripe: the account at Stripe; None if the server has no key."""
        self._database = database
        self._stripe = stripe
        self._sending: set[asyncio.Task[None]] = set()

    async def run_forever(self) -> None:
        """Sends requests when they are announced or due, until it is cancelled."""
        while True:
            try:
                async with self._database.listen("tenantry_stripe") as wait:
                    while True:
                        await self.send_due()
                        await wait(POLL_INTERVAL)
            except (CallError, psycopg.Error) as error:
                log.warning("sending to Stripe failed; next attempt in %s s: %s", POLL_INTERVAL, error)
                await asyncio.sleep(POLL_INTERVAL)

    async def send_due(self, organization_id: str | None = None) -> None:
        """Sends the requests that are due, and those that follow from their answers.

        organization_id: sends only the requests of this organization. Raises CallError when the database fails.
        """
        claim = Statement(
            "claim_stripe_requests",
            "select r.id, r.method, r.path, r.params from tenantry.claim_stripe_requests($1, $2) as r",
            parameters(REQUESTS_AT_ONCE, organization_id or None),
        )
        while rows := await self._call(claim):
            sending = [asyncio.create_task(self._send(*row)) for row in rows]
            self._sending.update(sending)
            for task in sending:
                task.add_done_callback(self._sending.discard)
            # The caller may be cancelled. Requests that are on their way still get their answer stored.
            await asyncio.shield(asyncio.gather(*sending))

    async def wait_for_answers(
        self, organization_id: str | None, subject: str, since: str, time_remaining: float | None
    ) -> None:
        """Sends an organization's requests, and waits until Stripe has answered those about one subject.

        organization_id: None for requests of no organization. subject: the id of a request, or of the subject of
        requests. since: a time from now(); requests that ended before it are left out. time_remaining: seconds until
        the caller's deadline; None for TIMEOUT.
        Raises CallError when Stripe refuses a request or cannot be reached, and when the time is up.
        """
        poll = Statement(
            "poll_stripe_requests",
            "select tenantry.poll_stripe_requests($1, $2, $3)",
            parameters(organization_id or None, subject, since),
        )
        try:
            async with asyncio.timeout(TIMEOUT if time_remaining is None else time_remaining):
                await self.send_due(organization_id)
                while not (await self._call(poll))[0][0]:
                    # Another server has claimed a request.
                    await asyncio.sleep(CLAIM_INTERVAL)
                    await self.send_due(organization_id)
        except TimeoutError:
            raise CallError(deadline_exceeded()) from None

    async def now(self) -> str:
        """The database's time, as text. Raises CallError."""
        return str((await self._call(_NOW))[0][0])

    async def _send(self, request_id: str, method: str, path: str, params: str) -> None:
        answer = await self._request(method, path, json.loads(params), f"tenantry-{request_id}")
        if answer.status is None:
            log.warning("Stripe did not answer to %s %s: %s", method, path, answer.body)
        await self._call(
            Statement(
                "finish_stripe_request",
                "select tenantry.finish_stripe_request($1, $2, $3, $4, $5)",
                parameters(request_id, answer.status, answer.body, answer.answered_at, answer.is_replay),
            )
        )

    async def _request(self, method: str, path: str, params: Mapping[str, Any], key: str) -> Answer:
        if self._stripe is None:
            return NOT_CONFIGURED
        # A GET changes nothing at Stripe, so it needs no idempotency key.
        return await self._stripe.send(method, path, params, None if method == "get" else key)

    async def _call(self, statement: Statement) -> list[Row]:
        return await self._database.call(SERVICE, statement, TIMEOUT)
