"""Texts that Stripe sends. A module of its own: a server without a key needs it, but not the client, which imports
slowly."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

_ESCAPES = re.compile(
    r"""(?P<kept>\\\\ | \\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})
    | \\u(?:0000 | [dD][89a-fA-F][0-9a-fA-F]{2})""",
    re.VERBOSE,
)
"""Escapes in JSON text: backslashes and pairs of surrogates, which are kept, and NUL and lone surrogates."""


def storable(text: str) -> str:
    r"""Returns JSON text with U+FFFD for each \u0000 and each lone surrogate, which PostgreSQL's jsonb cannot store."""
    return _ESCAPES.sub(lambda found: found["kept"] or "\\ufffd", text)


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
