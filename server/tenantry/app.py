"""The gRPC server: every service of the protos, health and reflection.

The libraries for HTTP and Stripe are imported only where a server uses them: to import them takes half of the time of a
start.
"""

import asyncio
import contextlib
import importlib
import logging
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import grpc
import psycopg
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer
from psycopg_pool import PoolTimeout

import tenantry.v1
from tenantry import maintenance
from tenantry.admission import NoSlotError
from tenantry.auth import Authenticator
from tenantry.batching.consumptions import ConsumptionBatcher
from tenantry.batching.reads import ReadBatcher
from tenantry.bridge import BridgeError, compile_services, find_faults, fingerprint, load_roles
from tenantry.config import SUPERUSER, Config, ConfigError
from tenantry.database import Database, not_a_member
from tenantry.errors import CallError
from tenantry.handlers import Handler, call_handler
from tenantry.keys import KeysError, KeySet, is_url
from tenantry.open_methods import OpenMethods
from tenantry.stripe.handlers import PROCESS_STRIPE_EVENT, process_stripe_event, waiting_for_stripe
from tenantry.stripe.sender import Sender
from tenantry.stripe.webhook import Webhook
from tenantry.tls import Certificates
from tenantry.transport import Admission, Method, Methods

if TYPE_CHECKING:
    from tenantry.http import HttpServer
    from tenantry.stripe.client import Stripe

log = logging.getLogger(__name__)

HANDSHAKE_TIMEOUT = 10.0
"""Seconds in which a new connection must begin to speak HTTP/2."""

MIN_PING_INTERVAL = 9.0
"""Seconds that a client waits between two pings at least, with some room for clients that ping every 10 seconds."""

PING_INTERVAL = 60.0
"""Seconds after which the server pings a client that sends nothing."""

PING_TIMEOUT = 20.0
"""Seconds after which the connection of a client that does not answer is closed."""

MAX_HEADERS = 16 * 1024
"""Bytes of all headers of a call. A token has 8192 characters at most."""

PENDING_CALLS = 10_000
"""Calls that gRPC keeps until the server looks at them."""

HEALTH_INTERVAL = 0.5
HEALTH_TIMEOUT = 1.0
"""Seconds between two questions whether the database answers, and for the answer. A session that does not answer is
hung up a second later, so the health follows within 2.5 s."""

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
        self._keys = KeySet(config.key_source) if config.key_source else None
        self._authenticator = Authenticator(
            *config.secrets,
            keys=self._keys,
            key_issuer=config.key_issuer,
            issuer=config.jwt_issuer,
            audience=config.jwt_audience,
        )
        self._database = Database(
            config.database_url, config.pool_size, config.default_timeout, config.connection_share
        )
        self._reads = ReadBatcher(self._database, config.pool_size)
        self._grpc = grpc.aio.server(
            options=[
                ("grpc.so_reuseport", int(shares_port)),
                ("grpc.max_receive_message_length", config.max_message_size),
                ("grpc.max_allowed_incoming_connections", config.max_connections),
                ("grpc.server_handshake_timeout_ms", int(HANDSHAKE_TIMEOUT * 1000)),
                # Clients behind a load balancer ping every 10 seconds. By default, gRPC ends a quiet connection after
                # three pings in 5 minutes.
                ("grpc.http2.min_ping_interval_without_data_ms", int(MIN_PING_INTERVAL * 1000)),
                ("grpc.keepalive_permit_without_calls", 1),
                # A client that is gone without a word is found out.
                ("grpc.keepalive_time_ms", int(PING_INTERVAL * 1000)),
                ("grpc.keepalive_timeout_ms", int(PING_TIMEOUT * 1000)),
                *_connection_age(config),
                ("grpc.max_metadata_size", MAX_HEADERS),
                # gRPC cancels calls above its own limits, without a reason. Below them, admission gives one.
                ("grpc.server.max_pending_requests", PENDING_CALLS),
                ("grpc.server.max_pending_requests_hard_limit", 2 * PENDING_CALLS),
            ]
        )
        self._health = HealthServicer()
        self._stopping = asyncio.Event()
        self._fingerprint = ""
        self._misfits: set[str] = set()
        """The services that lack a function in the database."""
        self._background: list[asyncio.Task[None]] = []
        self._stripe = _stripe(config)
        self._sender = Sender(self._database, self._stripe)
        webhook = Webhook(self._database, config.stripe_webhook_secrets)
        self._http = _http(config, self._database, lambda: not self._misfits, webhook, shares_port)
        self._process_stripe_event = process_stripe_event(self._database, webhook)
        self.address = ""
        self.http_address = ""

    async def start(self) -> str:
        """Connects, checks the protos against the SQL functions, and listens. Returns host:port, with the actual port.

        Raises psycopg.OperationalError when PostgreSQL cannot be reached, BridgeError when protos and functions do not
        fit, ConfigError when the address is not free.
        """
        if self._keys:
            try:
                await self._keys.load()
            except KeysError as error:
                if not is_url(self._config.key_source or ""):
                    raise ConfigError(f"TENANTRY_JWKS: {error}") from None
                # Tokens of other keys count all the same, and the keys are read again.
                log.warning("no public keys yet: %s", error)
        await self._database.open()
        try:
            login, is_superuser, closed_role = await self._database.login()
            if closed_role:
                raise not_a_member(login, closed_role)
            if is_superuser and SUPERUSER not in self._config.allow:
                raise ConfigError(
                    "DATABASE_URL is that of a superuser, for whom no rule of the database holds: use the role"
                    f" tenantry_server, or set TENANTRY_ALLOW={SUPERUSER}"
                )
            all_services = services()
            self._add(all_services, await self._methods(all_services))
            # Health tells of the other faults.
            if hidden := [fault.line for fault in await find_faults(self._database, all_services) if fault.hides_rows]:
                raise BridgeError(hidden)
            host, _, _ = self._config.listen.rpartition(":")
            try:
                if self._config.uses_tls:
                    port = self._grpc.add_secure_port(self._config.listen, Certificates(self._config).credentials())
                else:
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
        self._background.append(asyncio.create_task(self._follow_database(all_services)))
        if self._keys:
            self._background.append(asyncio.create_task(self._keys.run_forever()))
        if self._config.maintenance_interval:
            self._background.append(
                asyncio.create_task(maintenance.run_forever(self._database, self._config.maintenance_interval))
            )
        if self._stripe:
            self._background.append(asyncio.create_task(self._sender.run_forever()))
        self.address = f"{host}:{port}"
        return self.address

    async def stop(self, lame_duck: float = 0.0) -> None:
        """Accepts no new calls, waits up to GRACE seconds for calls in flight, and disconnects.

        Streams end after the request that they are answering. lame_duck: seconds in which the server refuses new calls
        before it disconnects, so that clients and balancers hear of it. A call that meets a closing connection would
        end as CANCELLED, which nobody repeats.
        """
        self._stopping.set()
        await self._health.enter_graceful_shutdown()
        if self._http:
            self._http.is_stopping = True
        await asyncio.sleep(lame_duck)
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

    async def _follow_database(self, all_services: Sequence[ServiceDescriptor]) -> None:
        """Lets the health of every service say whether the database answers, and has the functions of the service."""
        serving = dict.fromkeys(["", *(service.full_name for service in all_services)], True)
        answers = True
        while True:
            await asyncio.sleep(HEALTH_INTERVAL)
            now = await self._database.answers(HEALTH_TIMEOUT)
            if now != answers:
                answers = now
                log.warning("the database %s", "answers again" if answers else "does not answer")
                await self._set_health(serving, answers)
            if answers:
                with contextlib.suppress(CallError, psycopg.Error, PoolTimeout, NoSlotError):
                    await self._check_fit(all_services)
                    await self._set_health(serving, answers)

    async def _set_health(self, serving: dict[str, bool], answers: bool) -> None:
        """Tells each change of health. serving: the health so far, by service. answers: whether the database does."""
        for name, before in serving.items():
            misfit = self._misfits if name == "" else name in self._misfits
            serving[name] = answers and not misfit
            if serving[name] != before and not self._stopping.is_set():
                states = health_pb2.HealthCheckResponse
                await self._health.set(name, states.SERVING if serving[name] else states.NOT_SERVING)

    async def _check_fit(self, all_services: Sequence[ServiceDescriptor]) -> None:
        """Finds the services that do not fit the schema. The schema is looked at only if it has changed."""
        found = await fingerprint(self._database, all_services, HEALTH_TIMEOUT)
        if found == self._fingerprint:
            return
        lines: list[str] = []
        try:
            await compile_services(self._database, all_services, [PROCESS_STRIPE_EVENT])
        except BridgeError as error:
            lines += error.mismatches
        lines += [fault.line for fault in await find_faults(self._database, all_services, HEALTH_TIMEOUT)]
        names = {service.full_name for service in all_services}
        # A line without a method, such as one for a helper, is about every service.
        named = [{name for name in names if line.startswith(f"{name}.")} or names for line in lines]
        misfits = set().union(*named)
        if lines:
            log.error("%s", BridgeError(lines))
        elif self._misfits:
            log.warning("the database fits again")
        self._misfits = misfits
        self._fingerprint = found

    async def wait(self) -> None:
        """Waits until the server has stopped."""
        await self._grpc.wait_for_termination()

    async def _methods(self, all_services: Iterable[ServiceDescriptor]) -> dict[str, Method]:
        """Every method, by '/package.Service/Method'. Raises BridgeError."""
        calls = await compile_services(self._database, all_services, [PROCESS_STRIPE_EVENT])
        handlers: dict[str, Handler] = {
            path: call_handler(call, self._reads.call if call.is_read else self._database.call)
            for path, call in calls.items()
        }
        handlers[PROCESS_STRIPE_EVENT] = self._process_stripe_event
        handlers[_CONSUME] = ConsumptionBatcher(self._database, calls[_CONSUME], calls[_BATCH_CONSUME]).consume
        handlers |= waiting_for_stripe(handlers, self._sender)
        roles = await load_roles(self._database, all_services)
        return {
            path: Method(method, handlers[path], roles[path])
            for service in all_services
            for method in service.methods
            for path in [f"/{service.full_name}/{method.name}"]
        }

    def _add(self, all_services: Iterable[ServiceDescriptor], methods: Mapping[str, Method]) -> None:
        admission = Admission.of(self._config)
        self._grpc.add_generic_rpc_handlers(
            (
                Methods(methods, self._authenticator, admission, self._config, self._stopping),
                OpenMethods(self._health, [service.full_name for service in all_services]),
            )
        )


def _connection_age(config: Config) -> list[tuple[str, int]]:
    """gRPC's options for the age of connections; none without a limit."""
    if not config.max_connection_age:
        return []
    return [
        # gRPC reads 0 as never.
        ("grpc.max_connection_age_ms", max(1, int(config.max_connection_age * 1000))),
        ("grpc.max_connection_age_grace_ms", int(config.max_connection_grace * 1000)),
    ]


def _stripe(config: Config) -> "Stripe | None":
    if not config.stripe_api_key:
        return None
    from tenantry.stripe.client import Stripe

    return Stripe(config.stripe_api_key, config.stripe_api_base)


def _http(
    config: Config, database: Database, fits: Callable[[], bool], webhook: Webhook, shares_port: bool
) -> "HttpServer | None":
    if not config.http_listen:
        return None
    from tenantry.http import HttpServer

    return HttpServer(database, fits, webhook, shares_port, config.max_http_connections)


_CONSUME = "/tenantry.v1.CreditService/ConsumeCredits"
_BATCH_CONSUME = "/tenantry.v1.CreditService/BatchConsumeCredits"
