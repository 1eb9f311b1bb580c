import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BillingStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BILLING_STATUS_UNSPECIFIED: _ClassVar[BillingStatus]
    BILLING_STATUS_PENDING: _ClassVar[BillingStatus]
    BILLING_STATUS_PAID: _ClassVar[BillingStatus]
    BILLING_STATUS_FAILED: _ClassVar[BillingStatus]
    BILLING_STATUS_REFUNDED: _ClassVar[BillingStatus]
    BILLING_STATUS_VOID: _ClassVar[BillingStatus]
    BILLING_STATUS_UNCOLLECTIBLE: _ClassVar[BillingStatus]
BILLING_STATUS_UNSPECIFIED: BillingStatus
BILLING_STATUS_PENDING: BillingStatus
BILLING_STATUS_PAID: BillingStatus
BILLING_STATUS_FAILED: BillingStatus
BILLING_STATUS_REFUNDED: BillingStatus
BILLING_STATUS_VOID: BillingStatus
BILLING_STATUS_UNCOLLECTIBLE: BillingStatus

class BillingRecord(_message.Message):
    __slots__ = ("id", "organization_id", "stripe_invoice_id", "stripe_payment_intent_id", "amount", "amount_refunded", "currency", "status", "description", "invoice_url", "receipt_url", "billing_reason", "metadata", "paid_at", "created_at", "updated_at", "idempotency_key")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PAYMENT_INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_REFUNDED_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    INVOICE_URL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_URL_FIELD_NUMBER: _ClassVar[int]
    BILLING_REASON_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    PAID_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    id: str
    organization_id: str
    stripe_invoice_id: str
    stripe_payment_intent_id: str
    amount: int
    amount_refunded: int
    currency: str
    status: BillingStatus
    description: str
    invoice_url: str
    receipt_url: str
    billing_reason: str
    metadata: _struct_pb2.Struct
    paid_at: _timestamp_pb2.Timestamp
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    idempotency_key: str
    def __init__(self, id: _Optional[str] = ..., organization_id: _Optional[str] = ..., stripe_invoice_id: _Optional[str] = ..., stripe_payment_intent_id: _Optional[str] = ..., amount: _Optional[int] = ..., amount_refunded: _Optional[int] = ..., currency: _Optional[str] = ..., status: _Optional[_Union[BillingStatus, str]] = ..., description: _Optional[str] = ..., invoice_url: _Optional[str] = ..., receipt_url: _Optional[str] = ..., billing_reason: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., paid_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., idempotency_key: _Optional[str] = ...) -> None: ...

class CreateBillingRecordRequest(_message.Message):
    __slots__ = ("organization_id", "amount", "currency", "status", "billing_reason", "description", "invoice_url", "receipt_url", "stripe_invoice_id", "stripe_payment_intent_id", "paid_at", "metadata", "request_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    BILLING_REASON_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    INVOICE_URL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_URL_FIELD_NUMBER: _ClassVar[int]
    STRIPE_INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PAYMENT_INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAID_AT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    amount: int
    currency: str
    status: BillingStatus
    billing_reason: str
    description: str
    invoice_url: str
    receipt_url: str
    stripe_invoice_id: str
    stripe_payment_intent_id: str
    paid_at: _timestamp_pb2.Timestamp
    metadata: _struct_pb2.Struct
    request_id: str
    def __init__(self, organization_id: _Optional[str] = ..., amount: _Optional[int] = ..., currency: _Optional[str] = ..., status: _Optional[_Union[BillingStatus, str]] = ..., billing_reason: _Optional[str] = ..., description: _Optional[str] = ..., invoice_url: _Optional[str] = ..., receipt_url: _Optional[str] = ..., stripe_invoice_id: _Optional[str] = ..., stripe_payment_intent_id: _Optional[str] = ..., paid_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateBillingRecordResponse(_message.Message):
    __slots__ = ("billing_record",)
    BILLING_RECORD_FIELD_NUMBER: _ClassVar[int]
    billing_record: BillingRecord
    def __init__(self, billing_record: _Optional[_Union[BillingRecord, _Mapping]] = ...) -> None: ...

class GetBillingRecordRequest(_message.Message):
    __slots__ = ("organization_id", "billing_record_id", "stripe_invoice_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    BILLING_RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    billing_record_id: str
    stripe_invoice_id: str
    def __init__(self, organization_id: _Optional[str] = ..., billing_record_id: _Optional[str] = ..., stripe_invoice_id: _Optional[str] = ...) -> None: ...

class GetBillingRecordResponse(_message.Message):
    __slots__ = ("billing_record",)
    BILLING_RECORD_FIELD_NUMBER: _ClassVar[int]
    billing_record: BillingRecord
    def __init__(self, billing_record: _Optional[_Union[BillingRecord, _Mapping]] = ...) -> None: ...

class ListBillingRecordsRequest(_message.Message):
    __slots__ = ("organization_id", "status", "billing_reason", "stripe_invoice_id", "created_after", "created_before", "page_size", "page_token")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    BILLING_REASON_FIELD_NUMBER: _ClassVar[int]
    STRIPE_INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AFTER_FIELD_NUMBER: _ClassVar[int]
    CREATED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    status: BillingStatus
    billing_reason: str
    stripe_invoice_id: str
    created_after: _timestamp_pb2.Timestamp
    created_before: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, organization_id: _Optional[str] = ..., status: _Optional[_Union[BillingStatus, str]] = ..., billing_reason: _Optional[str] = ..., stripe_invoice_id: _Optional[str] = ..., created_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListBillingRecordsResponse(_message.Message):
    __slots__ = ("billing_records", "next_page_token")
    BILLING_RECORDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    billing_records: _containers.RepeatedCompositeFieldContainer[BillingRecord]
    next_page_token: str
    def __init__(self, billing_records: _Optional[_Iterable[_Union[BillingRecord, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateBillingRecordRequest(_message.Message):
    __slots__ = ("organization_id", "billing_record_id", "status", "amount_refunded", "description", "invoice_url", "receipt_url", "paid_at", "metadata", "update_mask")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    BILLING_RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_REFUNDED_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    INVOICE_URL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_URL_FIELD_NUMBER: _ClassVar[int]
    PAID_AT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    billing_record_id: str
    status: BillingStatus
    amount_refunded: int
    description: str
    invoice_url: str
    receipt_url: str
    paid_at: _timestamp_pb2.Timestamp
    metadata: _struct_pb2.Struct
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, organization_id: _Optional[str] = ..., billing_record_id: _Optional[str] = ..., status: _Optional[_Union[BillingStatus, str]] = ..., amount_refunded: _Optional[int] = ..., description: _Optional[str] = ..., invoice_url: _Optional[str] = ..., receipt_url: _Optional[str] = ..., paid_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpdateBillingRecordResponse(_message.Message):
    __slots__ = ("billing_record",)
    BILLING_RECORD_FIELD_NUMBER: _ClassVar[int]
    billing_record: BillingRecord
    def __init__(self, billing_record: _Optional[_Union[BillingRecord, _Mapping]] = ...) -> None: ...

class GetBillingSummaryRequest(_message.Message):
    __slots__ = ("organization_id",)
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    def __init__(self, organization_id: _Optional[str] = ...) -> None: ...

class GetBillingSummaryResponse(_message.Message):
    __slots__ = ("totals",)
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    totals: _containers.RepeatedCompositeFieldContainer[BillingTotal]
    def __init__(self, totals: _Optional[_Iterable[_Union[BillingTotal, _Mapping]]] = ...) -> None: ...

class BillingTotal(_message.Message):
    __slots__ = ("currency", "paid", "refunded", "open", "records")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    PAID_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    currency: str
    paid: int
    refunded: int
    open: int
    records: int
    def __init__(self, currency: _Optional[str] = ..., paid: _Optional[int] = ..., refunded: _Optional[int] = ..., open: _Optional[int] = ..., records: _Optional[int] = ...) -> None: ...
