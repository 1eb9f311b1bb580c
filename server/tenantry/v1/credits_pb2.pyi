import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreditTransactionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CREDIT_TRANSACTION_TYPE_UNSPECIFIED: _ClassVar[CreditTransactionType]
    CREDIT_TRANSACTION_TYPE_EARNED: _ClassVar[CreditTransactionType]
    CREDIT_TRANSACTION_TYPE_PURCHASED: _ClassVar[CreditTransactionType]
    CREDIT_TRANSACTION_TYPE_CONSUMED: _ClassVar[CreditTransactionType]
    CREDIT_TRANSACTION_TYPE_EXPIRED: _ClassVar[CreditTransactionType]
    CREDIT_TRANSACTION_TYPE_REFUNDED: _ClassVar[CreditTransactionType]
    CREDIT_TRANSACTION_TYPE_REVOKED: _ClassVar[CreditTransactionType]

class CreditLotState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CREDIT_LOT_STATE_UNSPECIFIED: _ClassVar[CreditLotState]
    CREDIT_LOT_STATE_PENDING: _ClassVar[CreditLotState]
    CREDIT_LOT_STATE_ACTIVE: _ClassVar[CreditLotState]
    CREDIT_LOT_STATE_SPENT: _ClassVar[CreditLotState]
    CREDIT_LOT_STATE_EXPIRED: _ClassVar[CreditLotState]

class CreditHoldState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CREDIT_HOLD_STATE_UNSPECIFIED: _ClassVar[CreditHoldState]
    CREDIT_HOLD_STATE_ACTIVE: _ClassVar[CreditHoldState]
    CREDIT_HOLD_STATE_CAPTURED: _ClassVar[CreditHoldState]
    CREDIT_HOLD_STATE_RELEASED: _ClassVar[CreditHoldState]
    CREDIT_HOLD_STATE_LAPSED: _ClassVar[CreditHoldState]

class UsageGranularity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    USAGE_GRANULARITY_UNSPECIFIED: _ClassVar[UsageGranularity]
    USAGE_GRANULARITY_HOUR: _ClassVar[UsageGranularity]
    USAGE_GRANULARITY_DAY: _ClassVar[UsageGranularity]
    USAGE_GRANULARITY_WEEK: _ClassVar[UsageGranularity]
    USAGE_GRANULARITY_MONTH: _ClassVar[UsageGranularity]

class UsageGroup(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    USAGE_GROUP_UNSPECIFIED: _ClassVar[UsageGroup]
    USAGE_GROUP_NONE: _ClassVar[UsageGroup]
    USAGE_GROUP_EVENT: _ClassVar[UsageGroup]
    USAGE_GROUP_CATEGORY: _ClassVar[UsageGroup]
    USAGE_GROUP_SOURCE: _ClassVar[UsageGroup]
CREDIT_TRANSACTION_TYPE_UNSPECIFIED: CreditTransactionType
CREDIT_TRANSACTION_TYPE_EARNED: CreditTransactionType
CREDIT_TRANSACTION_TYPE_PURCHASED: CreditTransactionType
CREDIT_TRANSACTION_TYPE_CONSUMED: CreditTransactionType
CREDIT_TRANSACTION_TYPE_EXPIRED: CreditTransactionType
CREDIT_TRANSACTION_TYPE_REFUNDED: CreditTransactionType
CREDIT_TRANSACTION_TYPE_REVOKED: CreditTransactionType
CREDIT_LOT_STATE_UNSPECIFIED: CreditLotState
CREDIT_LOT_STATE_PENDING: CreditLotState
CREDIT_LOT_STATE_ACTIVE: CreditLotState
CREDIT_LOT_STATE_SPENT: CreditLotState
CREDIT_LOT_STATE_EXPIRED: CreditLotState
CREDIT_HOLD_STATE_UNSPECIFIED: CreditHoldState
CREDIT_HOLD_STATE_ACTIVE: CreditHoldState
CREDIT_HOLD_STATE_CAPTURED: CreditHoldState
CREDIT_HOLD_STATE_RELEASED: CreditHoldState
CREDIT_HOLD_STATE_LAPSED: CreditHoldState
USAGE_GRANULARITY_UNSPECIFIED: UsageGranularity
USAGE_GRANULARITY_HOUR: UsageGranularity
USAGE_GRANULARITY_DAY: UsageGranularity
USAGE_GRANULARITY_WEEK: UsageGranularity
USAGE_GRANULARITY_MONTH: UsageGranularity
USAGE_GROUP_UNSPECIFIED: UsageGroup
USAGE_GROUP_NONE: UsageGroup
USAGE_GROUP_EVENT: UsageGroup
USAGE_GROUP_CATEGORY: UsageGroup
USAGE_GROUP_SOURCE: UsageGroup

class CreditTransaction(_message.Message):
    __slots__ = ("id", "organization_id", "transaction_type", "amount", "balance_after", "source", "source_id", "credit_event_id", "expires_at", "stripe_payment_intent_id", "description", "metadata", "created_at", "entry_number", "quantity", "idempotency_key")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    BALANCE_AFTER_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PAYMENT_INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    ENTRY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    id: str
    organization_id: str
    transaction_type: CreditTransactionType
    amount: int
    balance_after: int
    source: str
    source_id: str
    credit_event_id: str
    expires_at: _timestamp_pb2.Timestamp
    stripe_payment_intent_id: str
    description: str
    metadata: _struct_pb2.Struct
    created_at: _timestamp_pb2.Timestamp
    entry_number: int
    quantity: int
    idempotency_key: str
    def __init__(self, id: _Optional[str] = ..., organization_id: _Optional[str] = ..., transaction_type: _Optional[_Union[CreditTransactionType, str]] = ..., amount: _Optional[int] = ..., balance_after: _Optional[int] = ..., source: _Optional[str] = ..., source_id: _Optional[str] = ..., credit_event_id: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stripe_payment_intent_id: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., entry_number: _Optional[int] = ..., quantity: _Optional[int] = ..., idempotency_key: _Optional[str] = ...) -> None: ...

class GrantCreditsRequest(_message.Message):
    __slots__ = ("organization_id", "amount", "transaction_type", "source", "source_id", "expires_at", "effective_at", "priority", "stripe_payment_intent_id", "description", "metadata", "request_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_AT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PAYMENT_INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    amount: int
    transaction_type: CreditTransactionType
    source: str
    source_id: str
    expires_at: _timestamp_pb2.Timestamp
    effective_at: _timestamp_pb2.Timestamp
    priority: int
    stripe_payment_intent_id: str
    description: str
    metadata: _struct_pb2.Struct
    request_id: str
    def __init__(self, organization_id: _Optional[str] = ..., amount: _Optional[int] = ..., transaction_type: _Optional[_Union[CreditTransactionType, str]] = ..., source: _Optional[str] = ..., source_id: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., priority: _Optional[int] = ..., stripe_payment_intent_id: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class GrantCreditsResponse(_message.Message):
    __slots__ = ("transaction", "lot")
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    LOT_FIELD_NUMBER: _ClassVar[int]
    transaction: CreditTransaction
    lot: CreditLot
    def __init__(self, transaction: _Optional[_Union[CreditTransaction, _Mapping]] = ..., lot: _Optional[_Union[CreditLot, _Mapping]] = ...) -> None: ...

class ConsumeCreditsRequest(_message.Message):
    __slots__ = ("organization_id", "credit_event", "quantity", "amount", "source_id", "description", "metadata", "request_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_EVENT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    credit_event: str
    quantity: int
    amount: int
    source_id: str
    description: str
    metadata: _struct_pb2.Struct
    request_id: str
    def __init__(self, organization_id: _Optional[str] = ..., credit_event: _Optional[str] = ..., quantity: _Optional[int] = ..., amount: _Optional[int] = ..., source_id: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ConsumeCreditsResponse(_message.Message):
    __slots__ = ("transaction",)
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    transaction: CreditTransaction
    def __init__(self, transaction: _Optional[_Union[CreditTransaction, _Mapping]] = ...) -> None: ...

class GetCreditBalanceRequest(_message.Message):
    __slots__ = ("organization_id", "as_of")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, organization_id: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetCreditBalanceResponse(_message.Message):
    __slots__ = ("balance", "held", "available", "purchased", "granted", "next_expiry_at", "next_expiry_amount")
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    PURCHASED_FIELD_NUMBER: _ClassVar[int]
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    NEXT_EXPIRY_AT_FIELD_NUMBER: _ClassVar[int]
    NEXT_EXPIRY_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    balance: int
    held: int
    available: int
    purchased: int
    granted: int
    next_expiry_at: _timestamp_pb2.Timestamp
    next_expiry_amount: int
    def __init__(self, balance: _Optional[int] = ..., held: _Optional[int] = ..., available: _Optional[int] = ..., purchased: _Optional[int] = ..., granted: _Optional[int] = ..., next_expiry_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_expiry_amount: _Optional[int] = ...) -> None: ...

class GetCreditTransactionRequest(_message.Message):
    __slots__ = ("organization_id", "credit_transaction_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    credit_transaction_id: str
    def __init__(self, organization_id: _Optional[str] = ..., credit_transaction_id: _Optional[str] = ...) -> None: ...

class GetCreditTransactionResponse(_message.Message):
    __slots__ = ("transaction",)
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    transaction: CreditTransaction
    def __init__(self, transaction: _Optional[_Union[CreditTransaction, _Mapping]] = ...) -> None: ...

class ListCreditTransactionsRequest(_message.Message):
    __slots__ = ("organization_id", "oldest_first", "page_size", "page_token", "transaction_type", "source", "source_id", "credit_event", "start_time", "end_time", "expires_before")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    OLDEST_FIRST_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_EVENT_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_BEFORE_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    oldest_first: bool
    page_size: int
    page_token: str
    transaction_type: CreditTransactionType
    source: str
    source_id: str
    credit_event: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    expires_before: _timestamp_pb2.Timestamp
    def __init__(self, organization_id: _Optional[str] = ..., oldest_first: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., transaction_type: _Optional[_Union[CreditTransactionType, str]] = ..., source: _Optional[str] = ..., source_id: _Optional[str] = ..., credit_event: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListCreditTransactionsResponse(_message.Message):
    __slots__ = ("transactions", "next_page_token")
    TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    transactions: _containers.RepeatedCompositeFieldContainer[CreditTransaction]
    next_page_token: str
    def __init__(self, transactions: _Optional[_Iterable[_Union[CreditTransaction, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreditLot(_message.Message):
    __slots__ = ("id", "organization_id", "transaction_type", "source", "source_id", "amount", "remaining", "priority", "effective_at", "expires_at", "entry_number", "state")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    ENTRY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    id: str
    organization_id: str
    transaction_type: CreditTransactionType
    source: str
    source_id: str
    amount: int
    remaining: int
    priority: int
    effective_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    entry_number: int
    state: CreditLotState
    def __init__(self, id: _Optional[str] = ..., organization_id: _Optional[str] = ..., transaction_type: _Optional[_Union[CreditTransactionType, str]] = ..., source: _Optional[str] = ..., source_id: _Optional[str] = ..., amount: _Optional[int] = ..., remaining: _Optional[int] = ..., priority: _Optional[int] = ..., effective_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., entry_number: _Optional[int] = ..., state: _Optional[_Union[CreditLotState, str]] = ...) -> None: ...

class CreditHold(_message.Message):
    __slots__ = ("id", "organization_id", "amount", "remaining", "captured", "credit_event_id", "quantity", "description", "metadata", "idempotency_key", "created_at", "expires_at", "ended_at", "state")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_FIELD_NUMBER: _ClassVar[int]
    CREDIT_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    id: str
    organization_id: str
    amount: int
    remaining: int
    captured: int
    credit_event_id: str
    quantity: int
    description: str
    metadata: _struct_pb2.Struct
    idempotency_key: str
    created_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    state: CreditHoldState
    def __init__(self, id: _Optional[str] = ..., organization_id: _Optional[str] = ..., amount: _Optional[int] = ..., remaining: _Optional[int] = ..., captured: _Optional[int] = ..., credit_event_id: _Optional[str] = ..., quantity: _Optional[int] = ..., description: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., idempotency_key: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[CreditHoldState, str]] = ...) -> None: ...

class CreditAllocation(_message.Message):
    __slots__ = ("credit_transaction_id", "entry_number", "lot_id", "amount", "created_at")
    CREDIT_TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    ENTRY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    LOT_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    credit_transaction_id: str
    entry_number: int
    lot_id: str
    amount: int
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, credit_transaction_id: _Optional[str] = ..., entry_number: _Optional[int] = ..., lot_id: _Optional[str] = ..., amount: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateCreditTransactionRequest(_message.Message):
    __slots__ = ("organization_id", "transaction_type", "amount", "source", "source_id", "credit_event", "expires_at", "stripe_payment_intent_id", "description", "metadata", "request_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_EVENT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PAYMENT_INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    transaction_type: CreditTransactionType
    amount: int
    source: str
    source_id: str
    credit_event: str
    expires_at: _timestamp_pb2.Timestamp
    stripe_payment_intent_id: str
    description: str
    metadata: _struct_pb2.Struct
    request_id: str
    def __init__(self, organization_id: _Optional[str] = ..., transaction_type: _Optional[_Union[CreditTransactionType, str]] = ..., amount: _Optional[int] = ..., source: _Optional[str] = ..., source_id: _Optional[str] = ..., credit_event: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stripe_payment_intent_id: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateCreditTransactionResponse(_message.Message):
    __slots__ = ("transaction",)
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    transaction: CreditTransaction
    def __init__(self, transaction: _Optional[_Union[CreditTransaction, _Mapping]] = ...) -> None: ...

class BatchConsumeCreditsRequest(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[ConsumeCreditsRequest]
    def __init__(self, items: _Optional[_Iterable[_Union[ConsumeCreditsRequest, _Mapping]]] = ...) -> None: ...

class CreditDecision(_message.Message):
    __slots__ = ("transaction", "code", "reason", "message", "details", "remedy")
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    transaction: CreditTransaction
    code: str
    reason: str
    message: str
    details: _struct_pb2.Struct
    remedy: str
    def __init__(self, transaction: _Optional[_Union[CreditTransaction, _Mapping]] = ..., code: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., details: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., remedy: _Optional[str] = ...) -> None: ...

class BatchConsumeCreditsResponse(_message.Message):
    __slots__ = ("decisions",)
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    decisions: _containers.RepeatedCompositeFieldContainer[CreditDecision]
    def __init__(self, decisions: _Optional[_Iterable[_Union[CreditDecision, _Mapping]]] = ...) -> None: ...

class ConsumeStreamRequest(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[ConsumeCreditsRequest]
    def __init__(self, items: _Optional[_Iterable[_Union[ConsumeCreditsRequest, _Mapping]]] = ...) -> None: ...

class ConsumeStreamResponse(_message.Message):
    __slots__ = ("decisions",)
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    decisions: _containers.RepeatedCompositeFieldContainer[CreditDecision]
    def __init__(self, decisions: _Optional[_Iterable[_Union[CreditDecision, _Mapping]]] = ...) -> None: ...

class ListCreditLotsRequest(_message.Message):
    __slots__ = ("organization_id", "transaction_type", "include_closed", "page_size", "page_token")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_CLOSED_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    transaction_type: CreditTransactionType
    include_closed: bool
    page_size: int
    page_token: str
    def __init__(self, organization_id: _Optional[str] = ..., transaction_type: _Optional[_Union[CreditTransactionType, str]] = ..., include_closed: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCreditLotsResponse(_message.Message):
    __slots__ = ("lots", "next_page_token")
    LOTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lots: _containers.RepeatedCompositeFieldContainer[CreditLot]
    next_page_token: str
    def __init__(self, lots: _Optional[_Iterable[_Union[CreditLot, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListExpiringCreditsRequest(_message.Message):
    __slots__ = ("organization_id", "expires_before", "page_size", "page_token")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_BEFORE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    expires_before: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, organization_id: _Optional[str] = ..., expires_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListExpiringCreditsResponse(_message.Message):
    __slots__ = ("lots", "next_page_token")
    LOTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lots: _containers.RepeatedCompositeFieldContainer[CreditLot]
    next_page_token: str
    def __init__(self, lots: _Optional[_Iterable[_Union[CreditLot, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListAllocationsRequest(_message.Message):
    __slots__ = ("organization_id", "credit_transaction_id", "lot_id", "page_size", "page_token")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    LOT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    credit_transaction_id: str
    lot_id: str
    page_size: int
    page_token: str
    def __init__(self, organization_id: _Optional[str] = ..., credit_transaction_id: _Optional[str] = ..., lot_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListAllocationsResponse(_message.Message):
    __slots__ = ("allocations", "next_page_token")
    ALLOCATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    allocations: _containers.RepeatedCompositeFieldContainer[CreditAllocation]
    next_page_token: str
    def __init__(self, allocations: _Optional[_Iterable[_Union[CreditAllocation, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class HoldCreditsRequest(_message.Message):
    __slots__ = ("organization_id", "credit_event", "quantity", "amount", "time_to_live", "description", "metadata", "request_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_EVENT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_LIVE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    credit_event: str
    quantity: int
    amount: int
    time_to_live: _duration_pb2.Duration
    description: str
    metadata: _struct_pb2.Struct
    request_id: str
    def __init__(self, organization_id: _Optional[str] = ..., credit_event: _Optional[str] = ..., quantity: _Optional[int] = ..., amount: _Optional[int] = ..., time_to_live: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., description: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class HoldCreditsResponse(_message.Message):
    __slots__ = ("hold",)
    HOLD_FIELD_NUMBER: _ClassVar[int]
    hold: CreditHold
    def __init__(self, hold: _Optional[_Union[CreditHold, _Mapping]] = ...) -> None: ...

class CaptureHoldRequest(_message.Message):
    __slots__ = ("organization_id", "hold_id", "amount", "release_remainder", "allow_overage", "description", "metadata", "request_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    HOLD_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_REMAINDER_FIELD_NUMBER: _ClassVar[int]
    ALLOW_OVERAGE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    hold_id: str
    amount: int
    release_remainder: bool
    allow_overage: bool
    description: str
    metadata: _struct_pb2.Struct
    request_id: str
    def __init__(self, organization_id: _Optional[str] = ..., hold_id: _Optional[str] = ..., amount: _Optional[int] = ..., release_remainder: _Optional[bool] = ..., allow_overage: _Optional[bool] = ..., description: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CaptureHoldResponse(_message.Message):
    __slots__ = ("transaction", "hold")
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    transaction: CreditTransaction
    hold: CreditHold
    def __init__(self, transaction: _Optional[_Union[CreditTransaction, _Mapping]] = ..., hold: _Optional[_Union[CreditHold, _Mapping]] = ...) -> None: ...

class ReleaseHoldRequest(_message.Message):
    __slots__ = ("organization_id", "hold_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    HOLD_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    hold_id: str
    def __init__(self, organization_id: _Optional[str] = ..., hold_id: _Optional[str] = ...) -> None: ...

class ReleaseHoldResponse(_message.Message):
    __slots__ = ("hold",)
    HOLD_FIELD_NUMBER: _ClassVar[int]
    hold: CreditHold
    def __init__(self, hold: _Optional[_Union[CreditHold, _Mapping]] = ...) -> None: ...

class ExtendHoldRequest(_message.Message):
    __slots__ = ("organization_id", "hold_id", "time_to_live")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    HOLD_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_LIVE_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    hold_id: str
    time_to_live: _duration_pb2.Duration
    def __init__(self, organization_id: _Optional[str] = ..., hold_id: _Optional[str] = ..., time_to_live: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ExtendHoldResponse(_message.Message):
    __slots__ = ("hold",)
    HOLD_FIELD_NUMBER: _ClassVar[int]
    hold: CreditHold
    def __init__(self, hold: _Optional[_Union[CreditHold, _Mapping]] = ...) -> None: ...

class ListHoldsRequest(_message.Message):
    __slots__ = ("organization_id", "state", "page_size", "page_token")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    state: CreditHoldState
    page_size: int
    page_token: str
    def __init__(self, organization_id: _Optional[str] = ..., state: _Optional[_Union[CreditHoldState, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListHoldsResponse(_message.Message):
    __slots__ = ("holds", "next_page_token")
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    holds: _containers.RepeatedCompositeFieldContainer[CreditHold]
    next_page_token: str
    def __init__(self, holds: _Optional[_Iterable[_Union[CreditHold, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RefundCreditsRequest(_message.Message):
    __slots__ = ("organization_id", "credit_transaction_id", "amount", "grace_period", "description", "metadata", "request_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    GRACE_PERIOD_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    credit_transaction_id: str
    amount: int
    grace_period: _duration_pb2.Duration
    description: str
    metadata: _struct_pb2.Struct
    request_id: str
    def __init__(self, organization_id: _Optional[str] = ..., credit_transaction_id: _Optional[str] = ..., amount: _Optional[int] = ..., grace_period: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., description: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class RefundCreditsResponse(_message.Message):
    __slots__ = ("transaction",)
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    transaction: CreditTransaction
    def __init__(self, transaction: _Optional[_Union[CreditTransaction, _Mapping]] = ...) -> None: ...

class RevokeCreditsRequest(_message.Message):
    __slots__ = ("organization_id", "credit_transaction_id", "amount", "description", "metadata", "request_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    credit_transaction_id: str
    amount: int
    description: str
    metadata: _struct_pb2.Struct
    request_id: str
    def __init__(self, organization_id: _Optional[str] = ..., credit_transaction_id: _Optional[str] = ..., amount: _Optional[int] = ..., description: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class RevokeCreditsResponse(_message.Message):
    __slots__ = ("transaction", "revoked", "shortfall")
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    SHORTFALL_FIELD_NUMBER: _ClassVar[int]
    transaction: CreditTransaction
    revoked: int
    shortfall: int
    def __init__(self, transaction: _Optional[_Union[CreditTransaction, _Mapping]] = ..., revoked: _Optional[int] = ..., shortfall: _Optional[int] = ...) -> None: ...

class GetCreditUsageRequest(_message.Message):
    __slots__ = ("organization_id", "start_time", "end_time", "granularity", "time_zone", "group_by")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    GRANULARITY_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    granularity: UsageGranularity
    time_zone: str
    group_by: UsageGroup
    def __init__(self, organization_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., granularity: _Optional[_Union[UsageGranularity, str]] = ..., time_zone: _Optional[str] = ..., group_by: _Optional[_Union[UsageGroup, str]] = ...) -> None: ...

class CreditUsageBucket(_message.Message):
    __slots__ = ("start_time", "group_key", "credits", "quantity", "entries")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    GROUP_KEY_FIELD_NUMBER: _ClassVar[int]
    CREDITS_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    group_key: str
    credits: int
    quantity: int
    entries: int
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., group_key: _Optional[str] = ..., credits: _Optional[int] = ..., quantity: _Optional[int] = ..., entries: _Optional[int] = ...) -> None: ...

class GetCreditUsageResponse(_message.Message):
    __slots__ = ("buckets", "total_credits", "total_entries")
    BUCKETS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_CREDITS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    buckets: _containers.RepeatedCompositeFieldContainer[CreditUsageBucket]
    total_credits: int
    total_entries: int
    def __init__(self, buckets: _Optional[_Iterable[_Union[CreditUsageBucket, _Mapping]]] = ..., total_credits: _Optional[int] = ..., total_entries: _Optional[int] = ...) -> None: ...

class EstimateRunwayRequest(_message.Message):
    __slots__ = ("organization_id", "days")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    days: int
    def __init__(self, organization_id: _Optional[str] = ..., days: _Optional[int] = ...) -> None: ...

class EstimateRunwayResponse(_message.Message):
    __slots__ = ("available", "mean_daily_burn", "runs_out_at", "expiring_unspent")
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    MEAN_DAILY_BURN_FIELD_NUMBER: _ClassVar[int]
    RUNS_OUT_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRING_UNSPENT_FIELD_NUMBER: _ClassVar[int]
    available: int
    mean_daily_burn: float
    runs_out_at: _timestamp_pb2.Timestamp
    expiring_unspent: int
    def __init__(self, available: _Optional[int] = ..., mean_daily_burn: _Optional[float] = ..., runs_out_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expiring_unspent: _Optional[int] = ...) -> None: ...

class VerifyLedgerRequest(_message.Message):
    __slots__ = ("organization_id",)
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    def __init__(self, organization_id: _Optional[str] = ...) -> None: ...

class LedgerFinding(_message.Message):
    __slots__ = ("organization_id", "invariant", "entry_number", "expected", "found")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    INVARIANT_FIELD_NUMBER: _ClassVar[int]
    ENTRY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    invariant: str
    entry_number: int
    expected: str
    found: str
    def __init__(self, organization_id: _Optional[str] = ..., invariant: _Optional[str] = ..., entry_number: _Optional[int] = ..., expected: _Optional[str] = ..., found: _Optional[str] = ...) -> None: ...

class VerifyLedgerResponse(_message.Message):
    __slots__ = ("findings",)
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    findings: _containers.RepeatedCompositeFieldContainer[LedgerFinding]
    def __init__(self, findings: _Optional[_Iterable[_Union[LedgerFinding, _Mapping]]] = ...) -> None: ...

class CanAffordRequest(_message.Message):
    __slots__ = ("organization_id", "credit_event", "quantity")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_EVENT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    credit_event: str
    quantity: int
    def __init__(self, organization_id: _Optional[str] = ..., credit_event: _Optional[str] = ..., quantity: _Optional[int] = ...) -> None: ...

class CanAffordResponse(_message.Message):
    __slots__ = ("can_afford",)
    CAN_AFFORD_FIELD_NUMBER: _ClassVar[int]
    can_afford: bool
    def __init__(self, can_afford: _Optional[bool] = ...) -> None: ...
