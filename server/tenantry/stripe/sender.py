"""Carries what the database asks of Stripe there, and the answers back.

Requests are rows. A sender claims those that are due, sends each under an idempotency key of its own, and hands the
answer to the database, which decides what it means. Any number of servers may do so at once. One that dies in between
leaves a claim that runs out; whoever claims it next sends it under the same key, so Stripe does it once.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import psycopg
from google.protobuf.message import Message

from tenantry.auth import SERVICE, Identity
from tenantry.database import Database, Row, literal
from tenantry.errors import CallError, deadline_exceeded
from tenantry.stripe.answer import NOT_CONFIGURED, Answer
from tenantry.v1 import stripe_pb2, subscriptions_pb2

if TYPE_CHECKING:
    from tenantry.stripe.client import Stripe

log = logging.getLogger(__name__)

POLL_INTERVAL = 5.0
"""Seconds between two looks for requests whose time has come, beside those that are announced."""

AT_ONCE = 10
"""Requests that one claim takes at most."""

TIMEOUT = 30.0
"""Seconds that one statement may take, and that a caller without a deadline waits for Stripe."""

Handler = Callable[[Any, Identity, float | None], Awaitable[Message]]


class Sender:
    """Sends what is due; without an account at Stripe, lets it fail."""

    def __init__(self, database: Database, stripe: "Stripe | None") -> None:
        self._database = database
        self._stripe = stripe
        self._sending: set[asyncio.Task[None]] = set()

    async def run_forever(self) -> None:
        """Sends what is announced or due, until it is cancelled."""
        while True:
            try:
                async with await self._database.connect() as connection:
                    await connection.execute("listen tenantry_stripe")
                    while True:
                        await self.send_due()
                        async for _ in connection.notifies(timeout=POLL_INTERVAL, stop_after=1):
                            pass
            except (CallError, psycopg.Error) as error:
                log.warning("sending to Stripe failed, to be tried again in %s s: %s", POLL_INTERVAL, error)
                await asyncio.sleep(POLL_INTERVAL)

    async def send_due(self, organization_id: str | None = None) -> None:
        """Sends what is due, and what follows from it: of an organization, or of all."""
        only = f"'{organization_id}'" if organization_id else "null"
        take = f"select t.id, t.method, t.path, t.params from tenantry.claim_stripe_requests({AT_ONCE}, {only}) as t"
        while rows := await self._call(take):
            sending = [asyncio.create_task(self._send(*row)) for row in rows]
            self._sending.update(sending)
            for task in sending:
                task.add_done_callback(self._sending.discard)
            # Whoever waits may give up; what is on its way is brought to its end.
            await asyncio.shield(asyncio.gather(*sending))

    async def settle(self, organization_id: str | None, about: str, since: str, time_remaining: float | None) -> None:
        """Sends an organization's requests and returns when Stripe has answered those about something.

        about: a request, or the subject of requests. since: from `now`; leaves out what had ended by then.
        Raises CallError when Stripe refused, or cannot be reached.
        """
        of = f"'{organization_id}'" if organization_id else "null"
        check = f"select tenantry.poll_stripe_requests({of}, '{about}', {literal(since)})"
        try:
            async with asyncio.timeout(TIMEOUT if time_remaining is None else time_remaining):
                await self.send_due(organization_id)
                while not (await self._call(check))[0][0]:
                    # Another server has claimed it.
                    await asyncio.sleep(0.1)
                    await self.send_due(organization_id)
        except TimeoutError:
            raise CallError(deadline_exceeded()) from None

    async def now(self) -> str:
        """The database's time."""
        return str((await self._call("select tenantry.clock()::text"))[0][0])

    async def _send(self, request_id: str, method: str, path: str, params: str) -> None:
        answer = await self._ask(method, path, json.loads(params), f"tenantry-{request_id}")
        if answer.status is None:
            log.warning("Stripe did not answer to %s %s: %s", method, path, answer.body)
        await self._call(
            f"select tenantry.finish_stripe_request('{request_id}', {answer.status or 'null'}, {literal(answer.body)},"
            f" '{answer.answered_at.isoformat()}', {answer.is_replay})"
        )

    async def _ask(self, method: str, path: str, params: Mapping[str, Any], key: str) -> Answer:
        if self._stripe is None:
            return NOT_CONFIGURED
        # A GET has nothing to do twice.
        return await self._stripe.send(method, path, params, None if method == "get" else key)

    async def _call(self, statement: str) -> list[Row]:
        return await self._database.call(SERVICE, statement, TIMEOUT)


def answering(handlers: Mapping[str, Handler], sender: Sender) -> dict[str, Handler]:
    """Handlers of the calls that ask Stripe for something: they wait for its answer, and give what is then.

    handlers: those that call the database only, by '/package.Service/Method'.
    """

    async def read_request(request_id: str) -> Any:
        read = handlers["/tenantry.v1.StripeService/GetStripeRequest"]
        return await read(stripe_pb2.GetStripeRequestRequest(stripe_request_id=request_id), SERVICE, TIMEOUT)

    async def read_subscription(subscription_id: str) -> Any:
        read = handlers["/tenantry.v1.SubscriptionService/GetSubscription"]
        return await read(subscriptions_pb2.GetSubscriptionRequest(subscription_id=subscription_id), SERVICE, TIMEOUT)

    def one(handler: Handler, field: str, read: Callable[[str], Awaitable[Any]]) -> Handler:
        async def handle(request: Any, identity: Identity, time_remaining: float | None) -> Message:
            since = await sender.now()
            response = await handler(request, identity, time_remaining)
            asked = getattr(response, field)
            await sender.settle(asked.organization_id, asked.id, since, time_remaining)
            asked.CopyFrom(getattr(await read(asked.id), field))
            return response

        return handle

    def catalog(handler: Handler) -> Handler:
        async def handle(request: Any, identity: Identity, time_remaining: float | None) -> Message:
            since = await sender.now()
            response: Any = await handler(request, identity, time_remaining)
            for asked in response.stripe_requests:
                await sender.settle(None, asked.subject_id or asked.id, since, time_remaining)
                asked.CopyFrom((await read_request(asked.id)).stripe_request)
            return cast(Message, response)

        return handle

    waiting = {
        **{
            f"/tenantry.v1.StripeService/{name}": ("stripe_request", read_request)
            for name in ("EnsureCustomer", "CreateCheckoutSession", "CreatePortalSession")
        },
        **{
            f"/tenantry.v1.SubscriptionService/{name}": ("subscription", read_subscription)
            for name in ("CancelSubscription", "ResumeSubscription", "ChangePlan")
        },
    }
    sync = "/tenantry.v1.StripeService/SyncCatalog"
    return {name: one(handlers[name], field, read) for name, (field, read) in waiting.items()} | {
        sync: catalog(handlers[sync])
    }
