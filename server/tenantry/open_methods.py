"""Health and reflection: the methods that need no token. Anybody may call them, so they are bounded the most."""

import asyncio
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message
from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._base import BaseReflectionServicer

from tenantry.admission import Counter
from tenantry.errors import CallError

MAX_REQUEST = 1024
"""Bytes of a request."""

REQUEST_TIMEOUT = 10.0
"""Seconds in which the request of a call, and the next request of a reflection stream, must arrive."""

MAX_CHECKS = 1000
"""Health checks that are open."""

MAX_WATCHES = 200
"""Streams of Health.Watch that are open."""

MAX_REFLECTIONS = 50
"""Streams of reflection that are open."""

MAX_KEPT_ANSWERS = 100
"""Answers of reflection that are kept. Each takes about 30 kB, and 1 ms to make."""

HEALTH = "grpc.health.v1.Health"
REFLECTION = "grpc.reflection.v1alpha.ServerReflection"

_EVERYBODY = "everybody"
_EOF: Any = grpc.aio.EOF  # type: ignore[attr-defined]


class OpenMethods(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """The methods of health and reflection."""

    def __init__(self, health: HealthServicer, services: Iterable[str]) -> None:
        """services: the names that reflection lists beside those of health and reflection."""
        self._health = health
        self._reflection = _Reflection([*services, HEALTH, REFLECTION])
        self._checks = Counter("health checks", MAX_CHECKS, MAX_CHECKS)
        self._watches = Counter("health streams", MAX_WATCHES, MAX_WATCHES)
        self._reflections = Counter("reflection streams", MAX_REFLECTIONS, MAX_REFLECTIONS)
        serializer = health_pb2.HealthCheckResponse.SerializeToString
        self._handlers = {
            f"/{HEALTH}/Check": grpc.stream_unary_rpc_method_handler(self._check, response_serializer=serializer),
            f"/{HEALTH}/Watch": grpc.stream_stream_rpc_method_handler(self._watch, response_serializer=serializer),
            f"/{REFLECTION}/ServerReflectionInfo": grpc.stream_stream_rpc_method_handler(self._reflect),
        }

    def service(self, call: grpc.HandlerCallDetails) -> Any:
        """The handler of one call, which receives the request by itself."""
        return self._handlers.get(call.method)

    async def _check(self, _: object, context: Any) -> Message:
        try:
            with self._checks.one(_EVERYBODY):
                request = await _receive(health_pb2.HealthCheckRequest, context)
                answer: Message = await self._health.Check(request or health_pb2.HealthCheckRequest(), context)
                return answer
        except CallError as error:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, error.status.message)
            raise AssertionError("abort raises") from None

    async def _watch(self, _: object, context: Any) -> None:
        try:
            with self._watches.one(_EVERYBODY):
                request = await _receive(health_pb2.HealthCheckRequest, context)
                await self._health.Watch(request or health_pb2.HealthCheckRequest(), context)
        except CallError as error:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, error.status.message)

    async def _reflect(self, _: object, context: Any) -> None:
        try:
            with self._reflections.one(_EVERYBODY):
                while request := await _receive(reflection_pb2.ServerReflectionRequest, context):
                    # The answer repeats the request, and the host makes no difference.
                    request.ClearField("host")
                    await context.write(self._reflection.answer(request.SerializeToString()))
        except CallError as error:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, error.status.message)


class _Reflection(BaseReflectionServicer):  # type: ignore[misc]
    def __init__(self, services: Iterable[str]) -> None:
        super().__init__(services)
        self.answer = lru_cache(MAX_KEPT_ANSWERS)(self._answer)

    def _answer(self, message: bytes) -> bytes:
        request = reflection_pb2.ServerReflectionRequest.FromString(message)
        kind = request.WhichOneof("message_request")
        if kind == "file_by_filename":
            answer = self._file_by_filename(request, request.file_by_filename)
        elif kind == "file_containing_symbol":
            answer = self._file_containing_symbol(request, request.file_containing_symbol)
        elif kind == "file_containing_extension":
            extension = request.file_containing_extension
            answer = self._file_containing_extension(request, extension.containing_type, extension.extension_number)
        elif kind == "all_extension_numbers_of_type":
            answer = self._all_extension_numbers_of_type(request, request.all_extension_numbers_of_type)
        elif kind == "list_services":
            answer = self._list_services(request)
        else:
            code, text = grpc.StatusCode.INVALID_ARGUMENT.value
            error = reflection_pb2.ErrorResponse(error_code=code, error_message=text)
            answer = reflection_pb2.ServerReflectionResponse(error_response=error, original_request=request)
        serialized: bytes = answer.SerializeToString()
        return serialized


async def _receive(request_class: Any, context: Any) -> Any:
    """The next request; None after the last. Aborts the call if the request is late, too large or no message."""
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT):
            message = await context.read()
    except TimeoutError:
        await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the request did not arrive in time")
    if message is _EOF:
        return None
    if len(message) > MAX_REQUEST:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the request has more than {MAX_REQUEST} bytes")
    try:
        return request_class.FromString(message)
    except DecodeError:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the request is not the message that this method takes")
