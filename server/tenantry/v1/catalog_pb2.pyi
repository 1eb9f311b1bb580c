import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreditEvent(_message.Message):
    __slots__ = ("id", "name", "description", "credit_cost", "category", "is_active", "metadata", "created_at", "updated_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CREDIT_COST_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    description: str
    credit_cost: int
    category: str
    is_active: bool
    metadata: _struct_pb2.Struct
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., credit_cost: _Optional[int] = ..., category: _Optional[str] = ..., is_active: _Optional[bool] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateCreditEventRequest(_message.Message):
    __slots__ = ("name", "credit_cost", "category", "description", "metadata")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CREDIT_COST_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    name: str
    credit_cost: int
    category: str
    description: str
    metadata: _struct_pb2.Struct
    def __init__(self, name: _Optional[str] = ..., credit_cost: _Optional[int] = ..., category: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class CreateCreditEventResponse(_message.Message):
    __slots__ = ("credit_event",)
    CREDIT_EVENT_FIELD_NUMBER: _ClassVar[int]
    credit_event: CreditEvent
    def __init__(self, credit_event: _Optional[_Union[CreditEvent, _Mapping]] = ...) -> None: ...

class GetCreditEventRequest(_message.Message):
    __slots__ = ("credit_event",)
    CREDIT_EVENT_FIELD_NUMBER: _ClassVar[int]
    credit_event: str
    def __init__(self, credit_event: _Optional[str] = ...) -> None: ...

class GetCreditEventResponse(_message.Message):
    __slots__ = ("credit_event",)
    CREDIT_EVENT_FIELD_NUMBER: _ClassVar[int]
    credit_event: CreditEvent
    def __init__(self, credit_event: _Optional[_Union[CreditEvent, _Mapping]] = ...) -> None: ...

class ListCreditEventsRequest(_message.Message):
    __slots__ = ("category", "is_active", "page_size", "page_token")
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    category: str
    is_active: bool
    page_size: int
    page_token: str
    def __init__(self, category: _Optional[str] = ..., is_active: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCreditEventsResponse(_message.Message):
    __slots__ = ("credit_events", "next_page_token")
    CREDIT_EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    credit_events: _containers.RepeatedCompositeFieldContainer[CreditEvent]
    next_page_token: str
    def __init__(self, credit_events: _Optional[_Iterable[_Union[CreditEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateCreditEventRequest(_message.Message):
    __slots__ = ("credit_event", "name", "credit_cost", "category", "description", "is_active", "metadata", "update_mask")
    CREDIT_EVENT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CREDIT_COST_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    credit_event: str
    name: str
    credit_cost: int
    category: str
    description: str
    is_active: bool
    metadata: _struct_pb2.Struct
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, credit_event: _Optional[str] = ..., name: _Optional[str] = ..., credit_cost: _Optional[int] = ..., category: _Optional[str] = ..., description: _Optional[str] = ..., is_active: _Optional[bool] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpdateCreditEventResponse(_message.Message):
    __slots__ = ("credit_event",)
    CREDIT_EVENT_FIELD_NUMBER: _ClassVar[int]
    credit_event: CreditEvent
    def __init__(self, credit_event: _Optional[_Union[CreditEvent, _Mapping]] = ...) -> None: ...
