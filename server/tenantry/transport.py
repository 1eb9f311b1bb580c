"""gRPC methods: metadata and bytes on one side, handlers on the other.

A call passes these gates in this order. Each costs little, and saves the work of the next:

1. the caller, from the metadata alone: a caller whose token is invalid, or whose role may not execute the method's
   function, is refused before the request is received;
2. admission: the number of calls and streams of the caller, and of all callers;
3. the time in which a request must arrive;
4. the size of the request and the number of its parts, see limits.py;
5. for large requests, a share of the memory and the processor.

The database decides about all else.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.status_pb2 import Status

from tenantry import pool, reasons
from tenantry.admission import Counter, FairSlots, NoSlotError
from tenantry.auth import Authenticator, Identity
from tenantry.config import MAX_TIMEOUT, Config
from tenantry.errors import CallError, deadline_exceeded, permission_denied, status
from tenantry.handlers import Handler
from tenantry.limits import FREE_SIZE, PLAIN_SIZE, RequestLimits

log = logging.getLogger(__name__)

Context = grpc.aio.ServicerContext[Any, Any]

REQUEST_TIMEOUT = 30.0
"""Seconds in which the request of a call must arrive."""

LARGE_PER_CONNECTION = 4
"""Large requests that the server works on at the same time, for each connection to the database."""

_EOF: Any = grpc.aio.EOF  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Admission:
    """The shares of the server. calls, streams: those that are open. large: slots of large requests."""

    calls: Counter
    streams: Counter
    large: FairSlots

    @classmethod
    def of(cls, config: Config) -> "Admission":
        """The shares that the settings give."""
        return cls(
            Counter("calls", config.max_calls, config.caller_calls),
            Counter("streams", config.max_streams, config.caller_streams),
            # A user's large requests wait before they are received and converted, not for a connection after that.
            FairSlots(LARGE_PER_CONNECTION * config.pool_size, config.connection_share),
        )


@dataclass(frozen=True)
class Method:
    """A method of the protos.

    handler: answers a request. roles: the callers' roles that may use the method.
    """

    descriptor: MethodDescriptor
    handler: Handler
    roles: frozenset[str]


class Methods(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """All methods of the protos, as gRPC calls them."""

    def __init__(
        self,
        methods: Mapping[str, Method],
        authenticator: Authenticator,
        admission: Admission,
        config: Config,
        stopping: asyncio.Event,
    ) -> None:
        """methods: by '/package.Service/Method'. stopping: ends streams between two requests, and refuses new calls."""
        self._authenticator = authenticator
        self._stopping = stopping
        self._methods = {path: _Transport(method, admission, config, stopping) for path, method in methods.items()}

    def service(self, call: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        """The handler of one call. gRPC calls this before it receives the request."""
        transport = self._methods.get(call.method)
        if transport is None:
            return None
        if self._stopping.is_set():
            return _refusal(_stopping())
        try:
            identity = self._authenticator.identify(_authorization(call.invocation_metadata))
            if identity.role not in transport.method.roles:
                raise CallError(permission_denied(identity.has_token))
        except CallError as error:
            return _refusal(error.status)
        except Exception:
            log.exception("the caller of %s could not be identified", call.method)
            return _refusal(status(reasons.INTERNAL, "internal error"))
        return transport.handler(identity)


class _Transport:
    """Serves one method."""

    def __init__(self, method: Method, admission: Admission, config: Config, stopping: asyncio.Event) -> None:
        self.method = method
        self._admission = admission
        self._stopping = stopping
        self._idle_timeout = config.stream_idle_timeout
        self._limits = RequestLimits(method.descriptor, config.max_message_size)
        self._request_class: type[Message] = GetMessageClass(method.descriptor.input_type)

    def handler(self, identity: Identity) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """The handler of a call by this caller.

        Both kinds receive messages when they ask for them. gRPC's handlers for one request receive it first.
        """
        answer = self._stream if self.method.descriptor.client_streaming else self._unary

        async def serve(_: object, context: Context) -> bytes | None:
            try:
                return await answer(identity, context)
            except CallError as error:
                refused = error.status
            except DecodeError:
                refused = status(reasons.INVALID_ARGUMENT, "the request is not the message that this method takes")
            except asyncio.CancelledError:
                raise
            except Exception:
                # A caller who has left cannot be answered, nor read from. gRPC reports both as errors.
                if context.done():
                    raise asyncio.CancelledError from None
                log.exception("%s failed", self.method.descriptor.full_name)
                refused = status(reasons.INTERNAL, "internal error")
            return await _abort(context, refused)

        if self.method.descriptor.client_streaming:
            return grpc.stream_stream_rpc_method_handler(serve)
        return grpc.stream_unary_rpc_method_handler(serve)

    async def _unary(self, identity: Identity, context: Context) -> bytes:
        with self._admission.calls.one(identity.caller):
            if self._limits.max_size <= FREE_SIZE:
                return await self._answer(await _receive(context), identity, context)
            async with self._large_slot(identity, context):
                return await self._run(await _receive(context), identity, context)

    async def _stream(self, identity: Identity, context: Context) -> None:
        # The next request is read when the one before is answered. HTTP/2's flow control slows down a client that
        # sends faster.
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            with self._admission.streams.one(identity.caller):
                while True:
                    reading = asyncio.ensure_future(context.read())
                    await asyncio.wait(
                        (reading, stopping), timeout=self._idle_timeout, return_when=asyncio.FIRST_COMPLETED
                    )
                    if not reading.done():
                        reading.cancel()
                        raise CallError(_stopping() if stopping.done() else _idle(self._idle_timeout))
                    message = await reading
                    if message is _EOF:
                        return
                    identity.check_expiry()
                    await context.write(await self._answer(message, identity, context))
        finally:
            stopping.cancel()

    async def _answer(self, message: bytes, identity: Identity, context: Context) -> bytes:
        if len(message) <= PLAIN_SIZE:
            return await self._run(message, identity, context)
        async with self._large_slot(identity, context):
            return await self._run(message, identity, context)

    async def _run(self, message: bytes, identity: Identity, context: Context) -> bytes:
        self._limits.check(message)
        answering = self.method.handler(self._request_class.FromString(message), identity, _time_left(context))
        # A large message need not stay in memory while the database works.
        del message
        return (await answering).SerializeToString()

    @contextlib.asynccontextmanager
    async def _large_slot(self, identity: Identity, context: Context) -> AsyncIterator[None]:
        """Waits for a slot of large requests. Raises CallError."""
        large = self._admission.large
        time_left = _time_left(context)
        # Less than the time left, so that the answer still reaches the caller.
        wait = pool.ACQUIRE_TIMEOUT if time_left is None else min(pool.ACQUIRE_TIMEOUT, 0.9 * time_left)
        try:
            await large.take(identity.caller, wait)
        except NoSlotError as error:
            if error.share:
                answer = status(reasons.TOO_MANY_CALLS, "the caller has too many large requests open already")
            else:
                answer = status(reasons.SERVER_BUSY, "the server has too many large requests open already")
            raise CallError(answer) from None
        try:
            yield
        finally:
            large.release(identity.caller)


async def _receive(context: Context) -> bytes:
    """The request of a call. Raises CallError when it does not arrive in time, DecodeError when there is none."""
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT):
            message = await context.read()
    except TimeoutError:
        raise CallError(deadline_exceeded("the request did not arrive in time")) from None
    if message is _EOF:
        # The caller sent none, or gRPC has refused one above the server's limit. Then its status is sent, not ours.
        raise DecodeError("no request")
    return cast(bytes, message)


def _refusal(answer: Status) -> "grpc.RpcMethodHandler[bytes, bytes]":
    """A handler that refuses a call of any kind without receiving its request."""

    async def refuse(_: object, context: Context) -> bytes:
        return await _abort(context, answer)

    return grpc.stream_unary_rpc_method_handler(refuse)


def _stopping() -> Status:
    return status(reasons.SERVER_STOPPING, "the server is about to stop")


def _time_left(context: Context) -> float | None:
    time_left = context.time_remaining()
    return None if time_left is None else min(time_left, MAX_TIMEOUT)


def _idle(seconds: float) -> Status:
    return status(reasons.STREAM_IDLE, f"no request came for {seconds:g} seconds")


def _authorization(metadata: Any) -> str | None:
    for key, value in metadata or ():
        if key == "authorization":
            return value if isinstance(value, str) else value.decode("ascii", "replace")
    return None


async def _abort(context: Context, answer: Status) -> NoReturn:
    details = (("grpc-status-details-bin", answer.SerializeToString()),)
    try:
        await context.abort(_CODES[answer.code], answer.message, details)
    except grpc.aio.InternalError:
        # The caller has left meanwhile.
        raise asyncio.CancelledError from None
    raise AssertionError("abort raises")


_CODES = {code.value[0]: code for code in grpc.StatusCode}
