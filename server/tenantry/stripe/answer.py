"""What Stripe answers: apart from the client, whose libraries take long to import and are of no use without a key."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Answer:
    """What came of a request.

    status: HTTP status; None when no answer came. body: JSON. answered_at: Stripe's time.
    is_replay: whether it is the answer to an earlier attempt.
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
"""What a server without a key answers in Stripe's place."""
