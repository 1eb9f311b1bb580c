import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StripeRequestState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STRIPE_REQUEST_STATE_UNSPECIFIED: _ClassVar[StripeRequestState]
    STRIPE_REQUEST_STATE_PENDING: _ClassVar[StripeRequestState]
    STRIPE_REQUEST_STATE_SUCCEEDED: _ClassVar[StripeRequestState]
    STRIPE_REQUEST_STATE_FAILED: _ClassVar[StripeRequestState]

class SyncDirection(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SYNC_DIRECTION_UNSPECIFIED: _ClassVar[SyncDirection]
    SYNC_DIRECTION_PUSH: _ClassVar[SyncDirection]
    SYNC_DIRECTION_PULL: _ClassVar[SyncDirection]
STRIPE_REQUEST_STATE_UNSPECIFIED: StripeRequestState
STRIPE_REQUEST_STATE_PENDING: StripeRequestState
STRIPE_REQUEST_STATE_SUCCEEDED: StripeRequestState
STRIPE_REQUEST_STATE_FAILED: StripeRequestState
SYNC_DIRECTION_UNSPECIFIED: SyncDirection
SYNC_DIRECTION_PUSH: SyncDirection
SYNC_DIRECTION_PULL: SyncDirection

class StripeRequest(_message.Message):
    __slots__ = ("id", "organization_id", "operation", "subject_id", "state", "attempts", "stripe_id", "url", "error_type", "error_code", "error_message", "created_at", "finished_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    STRIPE_ID_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    ERROR_TYPE_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    FINISHED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    organization_id: str
    operation: str
    subject_id: str
    state: StripeRequestState
    attempts: int
    stripe_id: str
    url: str
    error_type: str
    error_code: str
    error_message: str
    created_at: _timestamp_pb2.Timestamp
    finished_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., organization_id: _Optional[str] = ..., operation: _Optional[str] = ..., subject_id: _Optional[str] = ..., state: _Optional[_Union[StripeRequestState, str]] = ..., attempts: _Optional[int] = ..., stripe_id: _Optional[str] = ..., url: _Optional[str] = ..., error_type: _Optional[str] = ..., error_code: _Optional[str] = ..., error_message: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finished_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AutoTopUp(_message.Message):
    __slots__ = ("organization_id", "credit_product_id", "threshold", "monthly_cap", "payments_this_month", "created_at", "updated_at")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_CAP_FIELD_NUMBER: _ClassVar[int]
    PAYMENTS_THIS_MONTH_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    credit_product_id: str
    threshold: int
    monthly_cap: int
    payments_this_month: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, organization_id: _Optional[str] = ..., credit_product_id: _Optional[str] = ..., threshold: _Optional[int] = ..., monthly_cap: _Optional[int] = ..., payments_this_month: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class EnsureCustomerRequest(_message.Message):
    __slots__ = ("organization_id", "email")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    email: str
    def __init__(self, organization_id: _Optional[str] = ..., email: _Optional[str] = ...) -> None: ...

class EnsureCustomerResponse(_message.Message):
    __slots__ = ("stripe_request",)
    STRIPE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    stripe_request: StripeRequest
    def __init__(self, stripe_request: _Optional[_Union[StripeRequest, _Mapping]] = ...) -> None: ...

class CreateCheckoutSessionRequest(_message.Message):
    __slots__ = ("organization_id", "subscription_plan", "credit_product", "quantity", "success_url", "cancel_url", "email", "save_payment_method", "allow_promotion_codes", "automatic_tax", "tax_id_collection", "billing_address_collection", "trial_without_payment_method", "locale", "currency")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_PLAN_FIELD_NUMBER: _ClassVar[int]
    CREDIT_PRODUCT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_URL_FIELD_NUMBER: _ClassVar[int]
    CANCEL_URL_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    SAVE_PAYMENT_METHOD_FIELD_NUMBER: _ClassVar[int]
    ALLOW_PROMOTION_CODES_FIELD_NUMBER: _ClassVar[int]
    AUTOMATIC_TAX_FIELD_NUMBER: _ClassVar[int]
    TAX_ID_COLLECTION_FIELD_NUMBER: _ClassVar[int]
    BILLING_ADDRESS_COLLECTION_FIELD_NUMBER: _ClassVar[int]
    TRIAL_WITHOUT_PAYMENT_METHOD_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    subscription_plan: str
    credit_product: str
    quantity: int
    success_url: str
    cancel_url: str
    email: str
    save_payment_method: bool
    allow_promotion_codes: bool
    automatic_tax: bool
    tax_id_collection: bool
    billing_address_collection: bool
    trial_without_payment_method: bool
    locale: str
    currency: str
    def __init__(self, organization_id: _Optional[str] = ..., subscription_plan: _Optional[str] = ..., credit_product: _Optional[str] = ..., quantity: _Optional[int] = ..., success_url: _Optional[str] = ..., cancel_url: _Optional[str] = ..., email: _Optional[str] = ..., save_payment_method: _Optional[bool] = ..., allow_promotion_codes: _Optional[bool] = ..., automatic_tax: _Optional[bool] = ..., tax_id_collection: _Optional[bool] = ..., billing_address_collection: _Optional[bool] = ..., trial_without_payment_method: _Optional[bool] = ..., locale: _Optional[str] = ..., currency: _Optional[str] = ...) -> None: ...

class CreateCheckoutSessionResponse(_message.Message):
    __slots__ = ("stripe_request",)
    STRIPE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    stripe_request: StripeRequest
    def __init__(self, stripe_request: _Optional[_Union[StripeRequest, _Mapping]] = ...) -> None: ...

class CreatePortalSessionRequest(_message.Message):
    __slots__ = ("organization_id", "return_url")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    RETURN_URL_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    return_url: str
    def __init__(self, organization_id: _Optional[str] = ..., return_url: _Optional[str] = ...) -> None: ...

class CreatePortalSessionResponse(_message.Message):
    __slots__ = ("stripe_request",)
    STRIPE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    stripe_request: StripeRequest
    def __init__(self, stripe_request: _Optional[_Union[StripeRequest, _Mapping]] = ...) -> None: ...

class SyncCatalogRequest(_message.Message):
    __slots__ = ("direction",)
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    direction: SyncDirection
    def __init__(self, direction: _Optional[_Union[SyncDirection, str]] = ...) -> None: ...

class SyncCatalogResponse(_message.Message):
    __slots__ = ("stripe_requests",)
    STRIPE_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    stripe_requests: _containers.RepeatedCompositeFieldContainer[StripeRequest]
    def __init__(self, stripe_requests: _Optional[_Iterable[_Union[StripeRequest, _Mapping]]] = ...) -> None: ...

class SetAutoTopUpRequest(_message.Message):
    __slots__ = ("organization_id", "credit_product", "threshold", "monthly_cap")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_PRODUCT_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_CAP_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    credit_product: str
    threshold: int
    monthly_cap: int
    def __init__(self, organization_id: _Optional[str] = ..., credit_product: _Optional[str] = ..., threshold: _Optional[int] = ..., monthly_cap: _Optional[int] = ...) -> None: ...

class SetAutoTopUpResponse(_message.Message):
    __slots__ = ("auto_top_up",)
    AUTO_TOP_UP_FIELD_NUMBER: _ClassVar[int]
    auto_top_up: AutoTopUp
    def __init__(self, auto_top_up: _Optional[_Union[AutoTopUp, _Mapping]] = ...) -> None: ...

class GetAutoTopUpRequest(_message.Message):
    __slots__ = ("organization_id",)
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    def __init__(self, organization_id: _Optional[str] = ...) -> None: ...

class GetAutoTopUpResponse(_message.Message):
    __slots__ = ("auto_top_up",)
    AUTO_TOP_UP_FIELD_NUMBER: _ClassVar[int]
    auto_top_up: AutoTopUp
    def __init__(self, auto_top_up: _Optional[_Union[AutoTopUp, _Mapping]] = ...) -> None: ...

class DisableAutoTopUpRequest(_message.Message):
    __slots__ = ("organization_id",)
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    def __init__(self, organization_id: _Optional[str] = ...) -> None: ...

class DisableAutoTopUpResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStripeRequestRequest(_message.Message):
    __slots__ = ("organization_id", "stripe_request_id")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    stripe_request_id: str
    def __init__(self, organization_id: _Optional[str] = ..., stripe_request_id: _Optional[str] = ...) -> None: ...

class GetStripeRequestResponse(_message.Message):
    __slots__ = ("stripe_request",)
    STRIPE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    stripe_request: StripeRequest
    def __init__(self, stripe_request: _Optional[_Union[StripeRequest, _Mapping]] = ...) -> None: ...

class ListStripeRequestsRequest(_message.Message):
    __slots__ = ("organization_id", "operation", "state", "page_size", "page_token")
    ORGANIZATION_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    organization_id: str
    operation: str
    state: StripeRequestState
    page_size: int
    page_token: str
    def __init__(self, organization_id: _Optional[str] = ..., operation: _Optional[str] = ..., state: _Optional[_Union[StripeRequestState, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListStripeRequestsResponse(_message.Message):
    __slots__ = ("stripe_requests", "next_page_token")
    STRIPE_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    stripe_requests: _containers.RepeatedCompositeFieldContainer[StripeRequest]
    next_page_token: str
    def __init__(self, stripe_requests: _Optional[_Iterable[_Union[StripeRequest, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
