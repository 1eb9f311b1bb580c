"""gRPC methods that need more than one call of the database: those that take an event of Stripe or wait for Stripe."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from google.protobuf import json_format
from google.protobuf.message import Message

from tenantry.auth import SERVICE, Identity
from tenantry.database import Database, Statement
from tenantry.handlers import Handler
from tenantry.stripe.sender import TIMEOUT, Sender
from tenantry.stripe.webhook import Webhook
from tenantry.v1 import stripe_pb2, subscriptions_pb2
from tenantry.v1.stripe_events_pb2 import ProcessStripeEventRequest, ProcessStripeEventResponse

PROCESS_STRIPE_EVENT = "/tenantry.v1.StripeEventService/ProcessStripeEvent"
"""Its request holds the bytes that Stripe sent. The server checks their signature before the database sees them."""

_GET_REQUEST = "/tenantry.v1.StripeService/GetStripeRequest"
_GET_SUBSCRIPTION = "/tenantry.v1.SubscriptionService/GetSubscription"
_SYNC_CATALOG = "/tenantry.v1.StripeService/SyncCatalog"
_REQUESTING = tuple(
    f"/tenantry.v1.StripeService/{name}" for name in ("EnsureCustomer", "CreateCheckoutSession", "CreatePortalSession")
)
_CHANGING = tuple(
    f"/tenantry.v1.SubscriptionService/{name}" for name in ("CancelSubscription", "ResumeSubscription", "ChangePlan")
)

_AUTHORIZE = Statement("authorize", "select tenantry.authorize('platform:stripe')")


def process_stripe_event(database: Database, webhook: Webhook) -> Handler:
    """The handler of ProcessStripeEvent."""

    async def handle(
        request: ProcessStripeEventRequest, identity: Identity, time_remaining: float | None
    ) -> ProcessStripeEventResponse:
        # Before the signature, so that only authorized callers learn whether a signature is valid.
        await database.call(identity, _AUTHORIZE, time_remaining)
        outcome = await webhook.receive(request.payload, request.signature, identity, time_remaining)
        event = json.loads(outcome.row)
        event["state"] = f"STRIPE_EVENT_STATE_{outcome.state.upper()}"
        return json_format.ParseDict({"event": event}, ProcessStripeEventResponse())

    return handle


def waiting_for_stripe(handlers: Mapping[str, Handler], sender: Sender) -> dict[str, Handler]:
    """Handlers of the methods that make requests to Stripe, by path. They wait for Stripe, then read the result again.

    handlers: handlers that only call the database, by '/package.Service/Method'.
    """

    async def read_request(request_id: str) -> Any:
        request = stripe_pb2.GetStripeRequestRequest(stripe_request_id=request_id)
        return await handlers[_GET_REQUEST](request, SERVICE, TIMEOUT)

    async def read_subscription(subscription_id: str) -> Any:
        request = subscriptions_pb2.GetSubscriptionRequest(subscription_id=subscription_id)
        return await handlers[_GET_SUBSCRIPTION](request, SERVICE, TIMEOUT)

    def waiting_for_one(handler: Handler, field: str, read: Callable[[str], Awaitable[Any]]) -> Handler:
        async def handle(request: Any, identity: Identity, time_remaining: float | None) -> Message:
            since = await sender.now()
            response = await handler(request, identity, time_remaining)
            subject = getattr(response, field)
            await sender.wait_for_answers(subject.organization_id, subject.id, since, time_remaining)
            subject.CopyFrom(getattr(await read(subject.id), field))
            return response

        return handle

    def waiting_for_each(handler: Handler) -> Handler:
        async def handle(request: Any, identity: Identity, time_remaining: float | None) -> Message:
            since = await sender.now()
            response: Any = await handler(request, identity, time_remaining)
            for sent in response.stripe_requests:
                await sender.wait_for_answers(None, sent.subject_id or sent.id, since, time_remaining)
                sent.CopyFrom((await read_request(sent.id)).stripe_request)
            return cast(Message, response)

        return handle

    return {
        **{path: waiting_for_one(handlers[path], "stripe_request", read_request) for path in _REQUESTING},
        **{path: waiting_for_one(handlers[path], "subscription", read_subscription) for path in _CHANGING},
        _SYNC_CATALOG: waiting_for_each(handlers[_SYNC_CATALOG]),
    }
