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

class CreditTransactionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CREDIT_TRANSACTION_TYPE_UNSPECIFIED: _ClassVar[CreditTransactionType]
    CREDIT_TRANSACTION_TYPE_EARNED: _ClassVar[CreditTransactionType]
    CREDIT_TRANSACTION_TYPE_PURCHASED: _ClassVar[CreditTransactionType]
    CREDIT_TRANSACTION_TYPE_CONSUMED: _ClassVar[CreditTransactionType]
    CREDIT_TRANSACTION_TYPE_EXPIRED: _ClassVar[CreditTransactionType]
    CREDIT_TRANSACTION_TYPE_REFUNDED: _ClassVar[CreditTransactionType]
    CREDIT_TRANSACTION_TYPE_REVOKED: _ClassVar[CreditTransactionType]
CREDIT_TRANSACTION_TYPE_UNSPECIFIED: CreditTransactionType
CREDIT_TRANSACTION_TYPE_EARNED: CreditTransactionType
CREDIT_TRANSACTION_TYPE_PURCHASED: CreditTransactionType
CREDIT_TRANSACTION_TYPE_CONSUMED: CreditTransactionType
CREDIT_TRANSACTION_TYPE_EXPIRED: CreditTransactionType
CREDIT_TRANSACTION_TYPE_REFUNDED: CreditTransactionType
CREDIT_TRANSACTION_TYPE_REVOKED: CreditTransactionType

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
    __slots__ = ("organization_id", "amount", "transaction_type", "source", "source_id", "expires_at", "priority", "stripe_payment_intent_id", "description", "metadata", "request_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
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
    priority: int
    stripe_payment_intent_id: str
    description: str
    metadata: _struct_pb2.Struct
    request_id: str
    def __init__(self, organization_id: _Optional[str] = ..., amount: _Optional[int] = ..., transaction_type: _Optional[_Union[CreditTransactionType, str]] = ..., source: _Optional[str] = ..., source_id: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., priority: _Optional[int] = ..., stripe_payment_intent_id: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class GrantCreditsResponse(_message.Message):
    __slots__ = ("transaction",)
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    transaction: CreditTransaction
    def __init__(self, transaction: _Optional[_Union[CreditTransaction, _Mapping]] = ...) -> None: ...

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
    __slots__ = ("organization_id",)
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    def __init__(self, organization_id: _Optional[str] = ...) -> None: ...

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
    __slots__ = ("organization_id", "oldest_first", "page_size", "page_token")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    OLDEST_FIRST_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    oldest_first: bool
    page_size: int
    page_token: str
    def __init__(self, organization_id: _Optional[str] = ..., oldest_first: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCreditTransactionsResponse(_message.Message):
    __slots__ = ("transactions", "next_page_token")
    TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    transactions: _containers.RepeatedCompositeFieldContainer[CreditTransaction]
    next_page_token: str
    def __init__(self, transactions: _Optional[_Iterable[_Union[CreditTransaction, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
