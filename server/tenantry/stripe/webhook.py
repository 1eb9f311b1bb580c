"""Receives the events that Stripe sends. This module checks the signature; the database decides about the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

from tenantry import reasons
from tenantry.auth import Identity
from tenantry.database import Database, Statement, parameters
from tenantry.errors import CallError, invalid_argument, status
from tenantry.stripe.answer import storable

TOLERANCE = 300
"""Seconds that a signature is valid for. It limits how long a recorded event can be replayed by a third party."""


@dataclass(frozen=True)
class Outcome:
    """The result of an event. row: its row as JSON text. state: the state of that row."""

    row: str
    state: str


class Webhook:
    """Checks signatures and passes events to the database."""

    def __init__(self, database: Database, secrets: Sequence[str]) -> None:
        """secrets: signing secrets of the endpoints at Stripe. While a secret is replaced, both are valid."""
        self._database = database
        self._secrets = secrets

    async def receive(
        self, payload: bytes, signature: str | None, identity: Identity, time_remaining: float | None
    ) -> Outcome:
        """Stores and processes an event.

        payload: the body that Stripe sent. signature: its header Stripe-Signature. time_remaining: seconds until the
        caller's deadline; None for the default. Raises CallError.
        """
        self._check(payload, signature)
        try:
            event = payload.decode()
        except UnicodeDecodeError:
            raise invalid_argument("payload", "is not UTF-8") from None
        if "\0" in event:
            raise invalid_argument("payload", "contains a NUL character")
        statement = Statement(
            "process_stripe_event",
            "select to_jsonb(e), e.state from public.process_stripe_event($1) as e",
            parameters(storable(event)),
            ("call", "process_stripe_event"),
        )
        rows = await self._database.call(identity, statement, time_remaining)
        return Outcome(*rows[0])

    def _check(self, payload: bytes, signature: str | None) -> None:
        """Raises CallError unless one of the secrets has signed the payload within TOLERANCE."""
        if not self._secrets:
            message = "the server has no secret to check Stripe's signatures with"
            raise CallError(status(reasons.NO_WEBHOOK_SECRET, message))
        from stripe import SignatureVerificationError, WebhookSignature

        for secret in self._secrets:
            try:
                WebhookSignature.verify_header(payload, signature, secret, TOLERANCE)
            except (SignatureVerificationError, ValueError, TypeError):
                # ValueError: the body is not UTF-8. TypeError: the header is not ASCII.
                continue
            return
        message = "the signature is not Stripe's for this payload, or is old"
        raise CallError(status(reasons.INVALID_SIGNATURE, message, field="signature"))
