"""One HTTP request to Stripe, and its answer."""

import json
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import stripe

from tenantry.stripe.answer import Answer, storable

# The library logs two lines for each request, and at DEBUG the parameters.
logging.getLogger("stripe").setLevel(logging.WARNING)

API_VERSION = "2026-10-28.endive"
"""The version of Stripe's API that requests ask for. It overrides the default of the account."""

TIMEOUT = 20.0
"""Seconds that one attempt may take. All attempts together stay well below the two minutes of a request's claim."""

RETRIES = 2
"""Further attempts of one send(), under the same idempotency key. Afterwards the database schedules the request."""


class Stripe:
    """An account at Stripe."""

    def __init__(self, api_key: str, api_base: str | None = None) -> None:
        """api_key: a secret key or a restricted key. api_base: another URL of the API, for tests."""
        self._http = stripe.AIOHTTPClient(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        self._client = stripe.StripeClient(
            api_key,
            stripe_version=API_VERSION,
            max_network_retries=RETRIES,
            base_addresses={"api": api_base} if api_base else {},
            http_client=self._http,
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def send(self, method: str, path: str, params: Mapping[str, Any], idempotency_key: str | None) -> Answer:
        """Sends a request. An error is an answer, too: nothing is raised for it.

        method: get, post or delete. path: begins with /v1/. params: the parameters. idempotency_key: the key under
        which Stripe executes the request once; None for a request that changes nothing.
        """
        options = {"idempotency_key": idempotency_key} if idempotency_key else {}
        try:
            response = await self._client.raw_request_async(method, path, **params, **options)
        except stripe.StripeError as error:
            if not _is_error(error.http_body):
                # There is no answer, or it does not come from Stripe.
                return _answer(None, _error("unavailable", str(error.user_message or error)), {})
            return _answer(error.http_status, str(error.http_body), error.headers or {})
        except (aiohttp.ClientError, TimeoutError) as error:
            return _answer(None, _error("unavailable", f"the answer broke off: {type(error).__name__}"), {})
        return _answer(response.code, response.body, response.headers)

    async def read(self, path: str, params: Mapping[str, Any]) -> Answer:
        """Reads an object or a page of a list. Raises StripeUnavailable when it cannot be read."""
        answer = await self.send("get", path, params, None)
        if answer.status != 200:
            raise StripeUnavailable(json.loads(answer.body)["error"]["message"])
        return answer

    async def list(self, path: str, params: Mapping[str, Any]) -> AsyncIterator[Answer]:
        """Yields every page of a list, each with up to 100 objects.

        path, params: as for send(). Raises StripeUnavailable when a page cannot be read.
        """
        page: dict[str, Any] = {"limit": 100, **params}
        while True:
            answer = await self.read(path, page)
            yield answer
            listed = json.loads(answer.body)
            if not listed["has_more"]:
                return
            page["starting_after"] = listed["data"][-1]["id"]


class StripeUnavailable(Exception):
    """A request failed. The message gives the reason."""


def _answer(status: int | None, body: str, headers: Mapping[str, str]) -> Answer:
    date = headers.get("Date")
    answered_at = parsedate_to_datetime(date) if date else datetime.now(UTC)
    return Answer(status, storable(body), answered_at, headers.get("Idempotent-Replayed") == "true")


def _is_error(body: str | None) -> bool:
    """Whether the body is an error in Stripe's format."""
    try:
        return "error" in json.loads(body or "")
    except (ValueError, TypeError):
        return False


def _error(code: str, message: str) -> str:
    return json.dumps({"error": {"type": "api_connection_error", "code": code, "message": " ".join(message.split())}})
