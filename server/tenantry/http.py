"""The HTTP server: Stripe's webhook, and health checks for load balancers."""

import asyncio
import logging

import grpc
from aiohttp import web

from tenantry.auth import SERVICE
from tenantry.config import ConfigError
from tenantry.database import Database, Statement
from tenantry.errors import CallError
from tenantry.stripe.webhook import Webhook

log = logging.getLogger(__name__)

MAX_BODY = 1024 * 1024
"""Maximum size of a request in bytes. Stripe's events have about ten thousand."""

TIMEOUT = 10.0
"""Seconds that a body may take to arrive, and that the database may take for it. Stripe waits a little longer before it
sends the event again."""

_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT.value[0]: 400,
    grpc.StatusCode.UNAVAILABLE.value[0]: 503,
    grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED.value[0]: 503,
    grpc.StatusCode.ABORTED.value[0]: 503,
}
"""HTTP status by gRPC code; 500 for any other code. Stripe sends an event again unless the answer is 2xx."""

_PING = Statement("ping", "select 1")


class HttpServer:
    """A small HTTP server. `start`, then `stop`."""

    def __init__(self, database: Database, webhook: Webhook, shares_port: bool = False) -> None:
        """shares_port: whether other processes may listen on the same port."""
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
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=TIMEOUT)

    async def start(self, listen: str) -> str:
        """Listens on host:port. Returns host:port, with the actual port. Raises ConfigError when it is not free."""
        host, _, port = listen.rpartition(":")
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host.strip("[]"), int(port), reuse_port=self._shares_port or None).start()
        except OSError:
            await self._runner.cleanup()
            raise ConfigError(f"cannot listen on {listen}: is another server using it?") from None
        return f"{host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Accepts no new requests, and waits up to TIMEOUT seconds for requests in flight."""
        await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(TIMEOUT):
                payload = await request.read()
        except TimeoutError:
            return web.json_response({"error": "the body did not arrive in time"}, status=408)
        try:
            outcome = await self._webhook.receive(payload, request.headers.get("Stripe-Signature"), SERVICE, TIMEOUT)
        except CallError as error:
            return web.json_response({"error": error.status.message}, status=_STATUS.get(error.status.code, 500))
        if outcome.state == "failed":
            log.warning("an event from Stripe could not be processed: %s", outcome.row)
        return web.Response(
            text=outcome.row, content_type="application/json", status=500 if outcome.state == "failed" else 200
        )

    async def _alive(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, _: web.Request) -> web.Response:
        try:
            await self._database.call(SERVICE, _PING, TIMEOUT)
        except CallError as error:
            return web.json_response({"error": error.status.message}, status=503)
        return web.json_response({"status": "ready"})
