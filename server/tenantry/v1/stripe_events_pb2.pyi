import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StripeEventState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STRIPE_EVENT_STATE_UNSPECIFIED: _ClassVar[StripeEventState]
    STRIPE_EVENT_STATE_PENDING: _ClassVar[StripeEventState]
    STRIPE_EVENT_STATE_PROCESSED: _ClassVar[StripeEventState]
    STRIPE_EVENT_STATE_IGNORED: _ClassVar[StripeEventState]
    STRIPE_EVENT_STATE_UNMATCHED: _ClassVar[StripeEventState]
    STRIPE_EVENT_STATE_FAILED: _ClassVar[StripeEventState]
    STRIPE_EVENT_STATE_STUCK: _ClassVar[StripeEventState]
STRIPE_EVENT_STATE_UNSPECIFIED: StripeEventState
STRIPE_EVENT_STATE_PENDING: StripeEventState
STRIPE_EVENT_STATE_PROCESSED: StripeEventState
STRIPE_EVENT_STATE_IGNORED: StripeEventState
STRIPE_EVENT_STATE_UNMATCHED: StripeEventState
STRIPE_EVENT_STATE_FAILED: StripeEventState
STRIPE_EVENT_STATE_STUCK: StripeEventState

class StripeEvent(_message.Message):
    __slots__ = ("id", "type", "created", "state", "organization_id", "error_code", "error_message", "attempts", "received_at", "processed_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    PROCESSED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    type: str
    created: _timestamp_pb2.Timestamp
    state: StripeEventState
    organization_id: str
    error_code: str
    error_message: str
    attempts: int
    received_at: _timestamp_pb2.Timestamp
    processed_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., type: _Optional[str] = ..., created: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[StripeEventState, str]] = ..., organization_id: _Optional[str] = ..., error_code: _Optional[str] = ..., error_message: _Optional[str] = ..., attempts: _Optional[int] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., processed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ProcessStripeEventRequest(_message.Message):
    __slots__ = ("payload", "signature")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    signature: str
    def __init__(self, payload: _Optional[bytes] = ..., signature: _Optional[str] = ...) -> None: ...

class ProcessStripeEventResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: StripeEvent
    def __init__(self, event: _Optional[_Union[StripeEvent, _Mapping]] = ...) -> None: ...

class GetStripeEventRequest(_message.Message):
    __slots__ = ("stripe_event_id",)
    STRIPE_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    stripe_event_id: str
    def __init__(self, stripe_event_id: _Optional[str] = ...) -> None: ...

class GetStripeEventResponse(_message.Message):
    __slots__ = ("event", "payload")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    event: StripeEvent
    payload: _struct_pb2.Struct
    def __init__(self, event: _Optional[_Union[StripeEvent, _Mapping]] = ..., payload: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class ListStripeEventsRequest(_message.Message):
    __slots__ = ("state", "type", "organization_id", "page_size", "page_token")
    STATE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    state: StripeEventState
    type: str
    organization_id: str
    page_size: int
    page_token: str
    def __init__(self, state: _Optional[_Union[StripeEventState, str]] = ..., type: _Optional[str] = ..., organization_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListStripeEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[StripeEvent]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[StripeEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CountStripeEventsRequest(_message.Message):
    __slots__ = ("min_age_seconds",)
    MIN_AGE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    min_age_seconds: int
    def __init__(self, min_age_seconds: _Optional[int] = ...) -> None: ...

class CountStripeEventsResponse(_message.Message):
    __slots__ = ("pending", "unmatched", "failed", "oldest_failed_at")
    PENDING_FIELD_NUMBER: _ClassVar[int]
    UNMATCHED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    OLDEST_FAILED_AT_FIELD_NUMBER: _ClassVar[int]
    pending: int
    unmatched: int
    failed: int
    oldest_failed_at: _timestamp_pb2.Timestamp
    def __init__(self, pending: _Optional[int] = ..., unmatched: _Optional[int] = ..., failed: _Optional[int] = ..., oldest_failed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RetryStripeEventsRequest(_message.Message):
    __slots__ = ("max_events",)
    MAX_EVENTS_FIELD_NUMBER: _ClassVar[int]
    max_events: int
    def __init__(self, max_events: _Optional[int] = ...) -> None: ...

class RetryStripeEventsResponse(_message.Message):
    __slots__ = ("processed", "stuck")
    PROCESSED_FIELD_NUMBER: _ClassVar[int]
    STUCK_FIELD_NUMBER: _ClassVar[int]
    processed: int
    stuck: int
    def __init__(self, processed: _Optional[int] = ..., stuck: _Optional[int] = ...) -> None: ...
