"""Handlers of gRPC methods, behind the transport: a handler gets a decoded request and a verified caller."""

from collections.abc import Awaitable, Callable
from typing import Any

from google.protobuf.message import Message

from tenantry.auth import Identity
from tenantry.bridge import Call
from tenantry.database import Row, Statement

Handler = Callable[[Any, Identity, float | None], Awaitable[Message]]
"""(request, caller, seconds until the caller's deadline) -> response. Raises CallError. A stream calls it once for each
request."""

Run = Callable[[Identity, Statement, float | None], Awaitable[list[Row]]]
"""Runs a statement as the caller, with the arguments and errors of Database.call()."""


def call_handler(call: Call, run: Run) -> Handler:
    """The handler of a method that the bridge maps to a function."""

    async def handle(request: Message, identity: Identity, time_remaining: float | None) -> Message:
        statement = call.statement(request)
        # A large request need not stay in memory while the database works.
        del request
        rows = await run(identity, statement, time_remaining)
        response: Message = call.response(rows)
        return response

    return handle
