"""The HTTP port: Stripe's webhook, and health for load balancers."""

import asyncio
import logging

import grpc
from aiohttp import web

from tenantry.auth import SERVICE
from tenantry.config import ConfigError
from tenantry.database import Database
from tenantry.errors import CallError
from tenantry.stripe.webhook import Webhook

log = logging.getLogger(__name__)

MAX_BODY = 1024 * 1024
"""Bytes of a request at most. Stripe's events have some ten thousand."""

TIMEOUT = 10.0
"""Seconds for a request to arrive, and for the database to deal with it. Stripe waits a little longer, then sends it
again."""

_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT.value[0]: 400,
    grpc.StatusCode.UNAVAILABLE.value[0]: 503,
    grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED.value[0]: 503,
    grpc.StatusCode.ABORTED.value[0]: 503,
}
"""By gRPC's code; for any other it is 500. Stripe sends everything again that is not answered with 2xx."""


class HttpServer:
    """A small HTTP server. `start`, then `stop`."""

    def __init__(self, database: Database, webhook: Webhook, shares_port: bool = False) -> None:
        """shares_port: whether others may listen on the same port."""
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
        """Listens on host:port. Returns the address, with the port that was taken. Raises ConfigError."""
        host, _, port = listen.rpartition(":")
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host.strip("[]"), int(port), reuse_port=self._shares_port or None).start()
        except OSError:
            await self._runner.cleanup()
            raise ConfigError(f"cannot listen on {listen}: is another server using it?") from None
        return f"{host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Takes no new requests, and lets those under way finish."""
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
            log.warning("an event of Stripe's could not be processed: %s", outcome.row)
        return web.Response(
            text=outcome.row, content_type="application/json", status=500 if outcome.state == "failed" else 200
        )

    async def _alive(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, _: web.Request) -> web.Response:
        try:
            await self._database.call(SERVICE, "select", TIMEOUT)
        except CallError as error:
            return web.json_response({"error": error.status.message}, status=503)
        return web.json_response({"status": "ready"})
