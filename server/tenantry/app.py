"""The gRPC server: every service of the protos, health and reflection.

What only some servers need is imported where it is used: libraries for HTTP and Stripe would be half of the start.
"""

import asyncio
import contextlib
import importlib
import logging
import pkgutil
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

import tenantry.v1
from tenantry import maintenance, reasons
from tenantry.auth import Authenticator, Identity
from tenantry.batching.consumptions import ConsumptionBatcher
from tenantry.batching.reads import ReadBatcher
from tenantry.bridge import Call, compile_services
from tenantry.config import Config, ConfigError
from tenantry.database import Database
from tenantry.errors import CallError, status, unavailable
from tenantry.stripe.sender import Sender, answering
from tenantry.stripe.webhook import Webhook

if TYPE_CHECKING:
    from tenantry.http import HttpServer
    from tenantry.stripe.client import Stripe

log = logging.getLogger(__name__)

Context = grpc.aio.ServicerContext[Any, Any]

Handler = Callable[[Any, Identity, float | None], Awaitable[Message]]
"""(request, caller, seconds until the deadline) -> response. Raises CallError. A stream asks it for each request."""

PROCESS_STRIPE_EVENT = "/tenantry.v1.StripeEventService/ProcessStripeEvent"
"""Handled by hand: its request is what Stripe sent, whose signature is checked before the database sees it."""

GRACE = 10.0
"""Seconds that calls under way may take to finish when the server stops."""


def services() -> list[ServiceDescriptor]:
    """Every service in tenantry.v1."""
    found = []
    for module in pkgutil.iter_modules(tenantry.v1.__path__):
        if module.name.endswith("_pb2"):
            descriptor = importlib.import_module(f"tenantry.v1.{module.name}").DESCRIPTOR
            found.extend(descriptor.services_by_name.values())
    return found


class Server:
    """A gRPC server over one database. `start`, then `wait` or `stop`."""

    def __init__(self, config: Config, shares_port: bool = False) -> None:
        """shares_port: whether others may listen on the same port."""
        self._config = config
        self._authenticator = Authenticator(config.jwt_secret)
        self._database = Database(config.database_url, config.pool_size, config.default_timeout)
        self._reads = ReadBatcher(self._database, config.pool_size)
        self._grpc = grpc.aio.server(options=[("grpc.so_reuseport", int(shares_port))])
        self._health = HealthServicer()
        self._stopping = asyncio.Event()
        self._background: list[asyncio.Task[None]] = []
        self._stripe = _stripe(config)
        self._sender = Sender(self._database, self._stripe)
        webhook = Webhook(self._database, config.stripe_webhook_secrets)
        self._http = _http(config, self._database, webhook, shares_port)
        self._handlers: dict[str, Handler] = {PROCESS_STRIPE_EVENT: webhook.process}
        """Written by hand, by '/package.Service/Method'; every other method is the bridge's."""
        self.address = ""
        self.http_address = ""

    async def start(self) -> str:
        """Connects, checks protos against SQL, and listens. Returns the address, with the port that was taken.

        Raises psycopg.OperationalError, BridgeError, or ConfigError when the address cannot be had.
        """
        await self._database.open()
        try:
            all_services = services()
            calls = await compile_services(self._database, all_services, self._handlers)
            batcher = ConsumptionBatcher(self._database, calls[_CONSUME], calls[_BATCH_CONSUME])
            self._handlers[_CONSUME] = batcher.consume
            handlers = {name: self._plain(call) for name, call in calls.items()} | self._handlers
            self._add(all_services, handlers | answering(handlers, self._sender))
            host, _, _ = self._config.listen.rpartition(":")
            try:
                port = self._grpc.add_insecure_port(self._config.listen)
            except RuntimeError:
                raise ConfigError(f"cannot listen on {self._config.listen}: is another server using it?") from None
            for service in all_services:
                await self._health.set(service.full_name, health_pb2.HealthCheckResponse.SERVING)
            if self._http and self._config.http_listen:
                self.http_address = await self._http.start(self._config.http_listen)
            await self._grpc.start()
        except BaseException:
            await self._database.close()
            raise
        if self._config.maintenance_interval:
            self._background.append(
                asyncio.create_task(maintenance.run_forever(self._database, self._config.maintenance_interval))
            )
        if self._stripe:
            self._background.append(asyncio.create_task(self._sender.run_forever()))
        self.address = f"{host}:{port}"
        return self.address

    async def stop(self) -> None:
        """Takes no new calls, lets those under way finish, and disconnects. Streams end after the request in hand."""
        self._stopping.set()
        await self._health.enter_graceful_shutdown()
        if self._http:
            await self._http.stop()
        await self._grpc.stop(GRACE)
        for task in self._background:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._stripe:
            await self._stripe.close()
        await self._database.close()

    async def wait(self) -> None:
        """Waits until the server has stopped."""
        await self._grpc.wait_for_termination()

    def _add(self, all_services: Iterable[ServiceDescriptor], handlers: Mapping[str, Handler]) -> None:
        names = []
        for service in all_services:
            methods = {
                method.name: self._method_handler(method, handlers[f"/{service.full_name}/{method.name}"])
                for method in service.methods
            }
            self._grpc.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, methods),))
            names.append(service.full_name)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._grpc)
        reflection.enable_server_reflection(
            [*names, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME], self._grpc
        )

    def _plain(self, call: Call) -> Handler:
        run = self._reads.call if call.is_read else self._database.call

        async def handle(request: Message, identity: Identity, time_remaining: float | None) -> Message:
            rows = await run(identity, call.statement(request), time_remaining)
            response: Message = call.response(rows)
            return response

        return handle

    def _method_handler(self, method: MethodDescriptor, handler: Handler) -> "grpc.RpcMethodHandler[bytes, bytes]":
        request_class = GetMessageClass(method.input_type)

        async def unary(message: bytes, context: Context) -> bytes:
            try:
                request = request_class.FromString(message)
                identity = self._authenticator.identify(_authorization(context))
                return (await handler(request, identity, context.time_remaining())).SerializeToString()
            except CallError as error:
                answer = error.status
            except DecodeError:
                answer = status(reasons.INVALID_ARGUMENT, "the request is not the message that this method takes")
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("%s failed", method.full_name)
                answer = status(reasons.INTERNAL, "internal error")
            return await _abort(context, answer)

        async def stream(requests: AsyncIterable[bytes], context: Context) -> AsyncIterator[bytes]:
            # One request is read when the one before is answered: HTTP/2's flow control holds back a client that
            # sends faster.
            messages = aiter(requests)
            stopping = asyncio.ensure_future(self._stopping.wait())
            try:
                while True:
                    reading = asyncio.ensure_future(anext(messages, None))
                    await asyncio.wait((reading, stopping), return_when=asyncio.FIRST_COMPLETED)
                    if not reading.done():
                        reading.cancel()
                        await _abort(context, unavailable())
                    message = await reading
                    if message is None:
                        return
                    yield await unary(message, context)
            finally:
                stopping.cancel()

        if method.client_streaming and method.server_streaming:
            return grpc.stream_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(unary)


def _stripe(config: Config) -> "Stripe | None":
    if not config.stripe_api_key:
        return None
    from tenantry.stripe.client import Stripe

    return Stripe(config.stripe_api_key, config.stripe_api_base)


def _http(config: Config, database: Database, webhook: Webhook, shares_port: bool) -> "HttpServer | None":
    if not config.http_listen:
        return None
    from tenantry.http import HttpServer

    return HttpServer(database, webhook, shares_port)


def _authorization(context: Context) -> str | None:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            return value if isinstance(value, str) else value.decode("ascii", "replace")
    return None


async def _abort(context: Context, answer: Status) -> NoReturn:
    details = (("grpc-status-details-bin", answer.SerializeToString()),)
    await context.abort(_CODES[answer.code], answer.message, details)
    raise AssertionError("abort raises")


_CONSUME = "/tenantry.v1.CreditService/ConsumeCredits"
_BATCH_CONSUME = "/tenantry.v1.CreditService/BatchConsumeCredits"

_CODES = {code.value[0]: code for code in grpc.StatusCode}
