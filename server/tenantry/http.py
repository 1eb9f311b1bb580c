"""The HTTP server: Stripe's webhook, and health checks for load balancers."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import cast

import grpc
from aiohttp import web

from tenantry.auth import SERVICE
from tenantry.config import ConfigError
from tenantry.database import Database
from tenantry.errors import CallError
from tenantry.stripe.webhook import Webhook

log = logging.getLogger(__name__)

MAX_BODY = 1024 * 1024
"""Maximum size of a request in bytes. Stripe's events have about ten thousand."""

TIMEOUT = 10.0
"""Seconds that a body may take to arrive, and that the database may take for it. Stripe waits a little longer before it
sends the event again."""

HEAD_TIMEOUT = 10.0
"""Seconds in which the head of a request must arrive, on a new connection and after each answer."""

_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT.value[0]: 400,
    grpc.StatusCode.UNAVAILABLE.value[0]: 503,
    grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED.value[0]: 503,
    grpc.StatusCode.ABORTED.value[0]: 503,
}
"""HTTP status by gRPC code; 500 for any other code. Stripe sends an event again unless the answer is 2xx."""

READY_TIMEOUT = 2.0
"""Seconds in which the database must answer for a server that is ready."""


class HttpServer:
    """A small HTTP server. `start`, then `stop`."""

    def __init__(
        self,
        database: Database,
        fits: Callable[[], bool],
        webhook: Webhook,
        shares_port: bool = False,
        max_connections: int = 200,
    ) -> None:
        """fits: whether the database has every function of the server. shares_port: whether other processes may listen
        on the same port. max_connections: connections kept open."""
        self._fits = fits
        self._max_connections = max_connections
        self._busy: set[asyncio.BaseProtocol] = set()
        """The connections whose request has arrived and is being answered."""
        self._listener: asyncio.Server | None = None
        self.is_stopping = False
        self._ping: asyncio.Task[bool] | None = None
        self._shares_port = shares_port
        self._database = database
        self._webhook = webhook
        application = web.Application(client_max_size=MAX_BODY)
        application.add_routes(
            [
                web.post("/stripe/webhook", self._receive),
                web.get("/healthz", self._alive),
                web.get("/readyz", self._ready),
            ]
        )
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=TIMEOUT, keepalive_timeout=HEAD_TIMEOUT
        )

    async def start(self, listen: str) -> str:
        """Listens on host:port. Returns host:port, with the actual port. Raises ConfigError when it is not free."""
        host, _, port = listen.rpartition(":")
        await self._runner.setup()
        try:
            self._listener = await asyncio.get_running_loop().create_server(
                self._accept, host.strip("[]"), int(port), reuse_port=self._shares_port or None
            )
        except OSError:
            await self._runner.cleanup()
            raise ConfigError(f"cannot listen on {listen}: is another server using it?") from None
        return f"{host}:{self._listener.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Accepts no new requests, and waits up to TIMEOUT seconds for requests in flight."""
        if self._listener:
            self._listener.close()
        await self._runner.cleanup()

    def _accept(self) -> asyncio.BaseProtocol:
        """The protocol of a new connection. With too many connections, the one that waits longest gives way."""
        server = cast(web.Server, self._runner.server)
        connections = [each for each in server.connections if each.transport and not each.transport.is_closing()]
        if len(connections) >= self._max_connections:
            # The oldest stands first.
            waiting = next((each for each in connections if each not in self._busy), None)
            if waiting is None or waiting.transport is None:
                return _Refused()
            waiting.transport.abort()
        return server()

    @contextlib.contextmanager
    def _answering(self, request: web.Request) -> Iterator[None]:
        """Keeps the connection of a request that has arrived until it is answered."""
        self._busy.add(request.protocol)
        try:
            yield
        finally:
            self._busy.discard(request.protocol)

    async def _receive(self, request: web.Request) -> web.Response:
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            # The signature is over the bytes that Stripe sent, and Stripe compresses none.
            return web.json_response({"error": "the body must not be compressed"}, status=415)
        try:
            async with asyncio.timeout(TIMEOUT):
                payload = await request.read()
        except TimeoutError:
            return web.json_response({"error": "the body did not arrive in time"}, status=408)
        signature = request.headers.get("Stripe-Signature")
        try:
            with self._answering(request):
                outcome = await self._webhook.receive(payload, signature, SERVICE, TIMEOUT)
        except CallError as error:
            return web.json_response({"error": error.status.message}, status=_STATUS.get(error.status.code, 500))
        if outcome.state == "failed":
            # It is stored, and would fail again if Stripe sent it again.
            log.warning("an event from Stripe could not be processed: %s", outcome.row)
        return web.Response(text=outcome.row, content_type="application/json")

    async def _alive(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, request: web.Request) -> web.Response:
        if self.is_stopping:
            return web.json_response({"error": "the server is about to stop"}, status=503)
        # Anybody may ask. For all who ask at a time, the database is asked once.
        if self._ping is None or self._ping.done():
            self._ping = asyncio.create_task(self._database.answers(READY_TIMEOUT))
        with self._answering(request):
            answers = await asyncio.shield(self._ping)
        if not answers:
            return web.json_response({"error": "the database cannot be reached now"}, status=503)
        if not self._fits():
            return web.json_response({"error": "the database lacks a function of the server"}, status=503)
        return web.json_response({"status": "ready"})


class _Refused(asyncio.Protocol):
    """A connection that is closed at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).abort()
