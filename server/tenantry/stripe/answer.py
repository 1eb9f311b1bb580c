"""Answers of Stripe. A module of its own: a server without a key needs it, but not the client, which imports slowly."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Answer:
    """The result of a request.

    status: HTTP status; None if Stripe did not answer. body: JSON text. answered_at: Stripe's time of the answer.
    is_replay: whether Stripe repeats its answer to an earlier attempt.
    """

    status: int | None
    body: str
    answered_at: datetime
    is_replay: bool = False


NOT_CONFIGURED = Answer(
    400,
    json.dumps(
        {
            "error": {
                "type": "not_configured",
                "message": "this server has no key for Stripe: set TENANTRY_STRIPE_API_KEY",
            }
        }
    ),
    datetime.fromtimestamp(0, UTC),
)
"""The answer that a server without a key gives in place of Stripe."""
