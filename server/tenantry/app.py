"""The gRPC server: every service of the protos, health and reflection.

The libraries for HTTP and Stripe are imported only where a server uses them: to import them takes half of the time of a
start.
"""

import asyncio
import contextlib
import importlib
import logging
import pkgutil
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

import tenantry.v1
from tenantry import maintenance, reasons
from tenantry.auth import Authenticator
from tenantry.batching.consumptions import ConsumptionBatcher
from tenantry.batching.reads import ReadBatcher
from tenantry.bridge import compile_services
from tenantry.config import Config, ConfigError
from tenantry.database import Database
from tenantry.errors import CallError, status, unavailable
from tenantry.handlers import Handler, call_handler
from tenantry.stripe.handlers import PROCESS_STRIPE_EVENT, process_stripe_event, waiting_for_stripe
from tenantry.stripe.sender import Sender
from tenantry.stripe.webhook import Webhook

if TYPE_CHECKING:
    from tenantry.http import HttpServer
    from tenantry.stripe.client import Stripe

log = logging.getLogger(__name__)

Context = grpc.aio.ServicerContext[Any, Any]

GRACE = 10.0
"""Seconds that calls in flight may take to finish when the server stops."""


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
        """shares_port: whether other processes may listen on the same port."""
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
        self._process_stripe_event = process_stripe_event(self._database, webhook)
        self.address = ""
        self.http_address = ""

    async def start(self) -> str:
        """Connects, checks the protos against the SQL functions, and listens. Returns host:port, with the actual port.

        Raises psycopg.OperationalError when PostgreSQL cannot be reached, BridgeError when protos and functions do not
        fit, ConfigError when the address is not free.
        """
        await self._database.open()
        try:
            all_services = services()
            self._add(all_services, await self._handlers(all_services))
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
        """Accepts no new calls, waits up to GRACE seconds for calls in flight, and disconnects.

        Streams end after the request that they are answering.
        """
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

    async def _handlers(self, all_services: Iterable[ServiceDescriptor]) -> dict[str, Handler]:
        """A handler for every method, by '/package.Service/Method'. Raises BridgeError."""
        calls = await compile_services(self._database, all_services, [PROCESS_STRIPE_EVENT])
        handlers: dict[str, Handler] = {
            path: call_handler(call, self._reads.call if call.is_read else self._database.call)
            for path, call in calls.items()
        }
        handlers[PROCESS_STRIPE_EVENT] = self._process_stripe_event
        handlers[_CONSUME] = ConsumptionBatcher(self._database, calls[_CONSUME], calls[_BATCH_CONSUME]).consume
        return handlers | waiting_for_stripe(handlers, self._sender)

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
            # The next request is read when the one before is answered. HTTP/2's flow control slows down a client that
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
