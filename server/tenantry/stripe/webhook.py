"""Takes events as Stripe sends them. Whether one is Stripe's is found here, by its signature; what it means, in the
database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf import json_format

from tenantry import reasons
from tenantry.auth import Identity
from tenantry.database import Database, literal
from tenantry.errors import CallError, invalid_argument, status
from tenantry.v1.stripe_events_pb2 import ProcessStripeEventRequest, ProcessStripeEventResponse

TOLERANCE = 300
"""Seconds that a signature is good for: an event that was listened to and is sent again later is refused."""


@dataclass(frozen=True)
class Outcome:
    """What came of an event: its row as JSON text, and its state."""

    row: str
    state: str


class Webhook:
    """Checks signatures and passes events on."""

    def __init__(self, database: Database, secrets: Sequence[str]) -> None:
        """secrets: of the endpoints at Stripe; while one is replaced by another, both."""
        self._database = database
        self._secrets = secrets

    async def receive(
        self, payload: bytes, signature: str | None, identity: Identity, time_remaining: float | None
    ) -> Outcome:
        """Has an event stored and processed. Raises CallError."""
        self._check(payload, signature)
        try:
            event = payload.decode()
        except UnicodeDecodeError:
            raise invalid_argument("payload", "is not UTF-8") from None
        statement = f"select to_jsonb(e), e.state from public.process_stripe_event({literal(event)}) as e"
        rows = await self._database.call(identity, statement, time_remaining)
        return Outcome(*rows[0])

    async def process(
        self, request: ProcessStripeEventRequest, identity: Identity, time_remaining: float | None
    ) -> ProcessStripeEventResponse:
        """Handles StripeEventService.ProcessStripeEvent."""
        # Before the signature, so that nobody else learns whether one is good.
        await self._database.call(identity, "select tenantry.authorize('platform:stripe')", time_remaining)
        outcome = await self.receive(request.payload, request.signature, identity, time_remaining)
        event = json.loads(outcome.row)
        event["state"] = f"STRIPE_EVENT_STATE_{outcome.state.upper()}"
        return json_format.ParseDict({"event": event}, ProcessStripeEventResponse())

    def _check(self, payload: bytes, signature: str | None) -> None:
        if not self._secrets:
            message = "the server has no secret to check Stripe's signatures with"
            raise CallError(status(reasons.NO_WEBHOOK_SECRET, message))
        from stripe import SignatureVerificationError, WebhookSignature

        for secret in self._secrets:
            try:
                WebhookSignature.verify_header(payload, signature, secret, TOLERANCE)
            except (SignatureVerificationError, ValueError, TypeError):
                # The two others: a body that is no UTF-8, a header that is no ASCII.
                continue
            return
        message = "the signature is not Stripe's for this payload, or is old"
        raise CallError(status(reasons.INVALID_SIGNATURE, message, field="signature"))
