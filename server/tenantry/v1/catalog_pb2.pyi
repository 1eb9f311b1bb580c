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

class BillingInterval(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BILLING_INTERVAL_UNSPECIFIED: _ClassVar[BillingInterval]
    BILLING_INTERVAL_DAILY: _ClassVar[BillingInterval]
    BILLING_INTERVAL_WEEKLY: _ClassVar[BillingInterval]
    BILLING_INTERVAL_MONTHLY: _ClassVar[BillingInterval]
    BILLING_INTERVAL_ANNUAL: _ClassVar[BillingInterval]
BILLING_INTERVAL_UNSPECIFIED: BillingInterval
BILLING_INTERVAL_DAILY: BillingInterval
BILLING_INTERVAL_WEEKLY: BillingInterval
BILLING_INTERVAL_MONTHLY: BillingInterval
BILLING_INTERVAL_ANNUAL: BillingInterval

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

class SubscriptionPlan(_message.Message):
    __slots__ = ("id", "name", "description", "stripe_price_id", "stripe_product_id", "price_amount", "currency", "interval", "interval_count", "included_credits", "max_users", "features", "is_active", "trial_period_days", "created_at", "updated_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PRICE_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    PRICE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    INCLUDED_CREDITS_FIELD_NUMBER: _ClassVar[int]
    MAX_USERS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    TRIAL_PERIOD_DAYS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    description: str
    stripe_price_id: str
    stripe_product_id: str
    price_amount: int
    currency: str
    interval: BillingInterval
    interval_count: int
    included_credits: int
    max_users: int
    features: _struct_pb2.Struct
    is_active: bool
    trial_period_days: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., stripe_price_id: _Optional[str] = ..., stripe_product_id: _Optional[str] = ..., price_amount: _Optional[int] = ..., currency: _Optional[str] = ..., interval: _Optional[_Union[BillingInterval, str]] = ..., interval_count: _Optional[int] = ..., included_credits: _Optional[int] = ..., max_users: _Optional[int] = ..., features: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., is_active: _Optional[bool] = ..., trial_period_days: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateSubscriptionPlanRequest(_message.Message):
    __slots__ = ("name", "price_amount", "currency", "interval", "interval_count", "included_credits", "max_users", "features", "trial_period_days", "description", "stripe_price_id", "stripe_product_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PRICE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    INCLUDED_CREDITS_FIELD_NUMBER: _ClassVar[int]
    MAX_USERS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    TRIAL_PERIOD_DAYS_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PRICE_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    price_amount: int
    currency: str
    interval: BillingInterval
    interval_count: int
    included_credits: int
    max_users: int
    features: _struct_pb2.Struct
    trial_period_days: int
    description: str
    stripe_price_id: str
    stripe_product_id: str
    def __init__(self, name: _Optional[str] = ..., price_amount: _Optional[int] = ..., currency: _Optional[str] = ..., interval: _Optional[_Union[BillingInterval, str]] = ..., interval_count: _Optional[int] = ..., included_credits: _Optional[int] = ..., max_users: _Optional[int] = ..., features: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., trial_period_days: _Optional[int] = ..., description: _Optional[str] = ..., stripe_price_id: _Optional[str] = ..., stripe_product_id: _Optional[str] = ...) -> None: ...

class CreateSubscriptionPlanResponse(_message.Message):
    __slots__ = ("subscription_plan",)
    SUBSCRIPTION_PLAN_FIELD_NUMBER: _ClassVar[int]
    subscription_plan: SubscriptionPlan
    def __init__(self, subscription_plan: _Optional[_Union[SubscriptionPlan, _Mapping]] = ...) -> None: ...

class GetSubscriptionPlanRequest(_message.Message):
    __slots__ = ("subscription_plan",)
    SUBSCRIPTION_PLAN_FIELD_NUMBER: _ClassVar[int]
    subscription_plan: str
    def __init__(self, subscription_plan: _Optional[str] = ...) -> None: ...

class GetSubscriptionPlanResponse(_message.Message):
    __slots__ = ("subscription_plan",)
    SUBSCRIPTION_PLAN_FIELD_NUMBER: _ClassVar[int]
    subscription_plan: SubscriptionPlan
    def __init__(self, subscription_plan: _Optional[_Union[SubscriptionPlan, _Mapping]] = ...) -> None: ...

class ListSubscriptionPlansRequest(_message.Message):
    __slots__ = ("is_active", "interval", "currency", "page_size", "page_token")
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    is_active: bool
    interval: BillingInterval
    currency: str
    page_size: int
    page_token: str
    def __init__(self, is_active: _Optional[bool] = ..., interval: _Optional[_Union[BillingInterval, str]] = ..., currency: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSubscriptionPlansResponse(_message.Message):
    __slots__ = ("subscription_plans", "next_page_token")
    SUBSCRIPTION_PLANS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    subscription_plans: _containers.RepeatedCompositeFieldContainer[SubscriptionPlan]
    next_page_token: str
    def __init__(self, subscription_plans: _Optional[_Iterable[_Union[SubscriptionPlan, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateSubscriptionPlanRequest(_message.Message):
    __slots__ = ("subscription_plan", "name", "price_amount", "currency", "interval", "interval_count", "included_credits", "max_users", "features", "trial_period_days", "description", "is_active", "stripe_price_id", "stripe_product_id", "update_mask")
    SUBSCRIPTION_PLAN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PRICE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    INCLUDED_CREDITS_FIELD_NUMBER: _ClassVar[int]
    MAX_USERS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    TRIAL_PERIOD_DAYS_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PRICE_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    subscription_plan: str
    name: str
    price_amount: int
    currency: str
    interval: BillingInterval
    interval_count: int
    included_credits: int
    max_users: int
    features: _struct_pb2.Struct
    trial_period_days: int
    description: str
    is_active: bool
    stripe_price_id: str
    stripe_product_id: str
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, subscription_plan: _Optional[str] = ..., name: _Optional[str] = ..., price_amount: _Optional[int] = ..., currency: _Optional[str] = ..., interval: _Optional[_Union[BillingInterval, str]] = ..., interval_count: _Optional[int] = ..., included_credits: _Optional[int] = ..., max_users: _Optional[int] = ..., features: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., trial_period_days: _Optional[int] = ..., description: _Optional[str] = ..., is_active: _Optional[bool] = ..., stripe_price_id: _Optional[str] = ..., stripe_product_id: _Optional[str] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpdateSubscriptionPlanResponse(_message.Message):
    __slots__ = ("subscription_plan",)
    SUBSCRIPTION_PLAN_FIELD_NUMBER: _ClassVar[int]
    subscription_plan: SubscriptionPlan
    def __init__(self, subscription_plan: _Optional[_Union[SubscriptionPlan, _Mapping]] = ...) -> None: ...

class ArchiveSubscriptionPlanRequest(_message.Message):
    __slots__ = ("subscription_plan", "force")
    SUBSCRIPTION_PLAN_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    subscription_plan: str
    force: bool
    def __init__(self, subscription_plan: _Optional[str] = ..., force: _Optional[bool] = ...) -> None: ...

class ArchiveSubscriptionPlanResponse(_message.Message):
    __slots__ = ("subscription_plan",)
    SUBSCRIPTION_PLAN_FIELD_NUMBER: _ClassVar[int]
    subscription_plan: SubscriptionPlan
    def __init__(self, subscription_plan: _Optional[_Union[SubscriptionPlan, _Mapping]] = ...) -> None: ...

class CreditProduct(_message.Message):
    __slots__ = ("id", "name", "description", "stripe_price_id", "stripe_product_id", "credit_amount", "price_amount", "currency", "is_active", "created_at", "updated_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PRICE_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    PRICE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    description: str
    stripe_price_id: str
    stripe_product_id: str
    credit_amount: int
    price_amount: int
    currency: str
    is_active: bool
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., stripe_price_id: _Optional[str] = ..., stripe_product_id: _Optional[str] = ..., credit_amount: _Optional[int] = ..., price_amount: _Optional[int] = ..., currency: _Optional[str] = ..., is_active: _Optional[bool] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateCreditProductRequest(_message.Message):
    __slots__ = ("name", "credit_amount", "price_amount", "currency", "description", "stripe_price_id", "stripe_product_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CREDIT_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    PRICE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PRICE_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    credit_amount: int
    price_amount: int
    currency: str
    description: str
    stripe_price_id: str
    stripe_product_id: str
    def __init__(self, name: _Optional[str] = ..., credit_amount: _Optional[int] = ..., price_amount: _Optional[int] = ..., currency: _Optional[str] = ..., description: _Optional[str] = ..., stripe_price_id: _Optional[str] = ..., stripe_product_id: _Optional[str] = ...) -> None: ...

class CreateCreditProductResponse(_message.Message):
    __slots__ = ("credit_product",)
    CREDIT_PRODUCT_FIELD_NUMBER: _ClassVar[int]
    credit_product: CreditProduct
    def __init__(self, credit_product: _Optional[_Union[CreditProduct, _Mapping]] = ...) -> None: ...

class GetCreditProductRequest(_message.Message):
    __slots__ = ("credit_product",)
    CREDIT_PRODUCT_FIELD_NUMBER: _ClassVar[int]
    credit_product: str
    def __init__(self, credit_product: _Optional[str] = ...) -> None: ...

class GetCreditProductResponse(_message.Message):
    __slots__ = ("credit_product",)
    CREDIT_PRODUCT_FIELD_NUMBER: _ClassVar[int]
    credit_product: CreditProduct
    def __init__(self, credit_product: _Optional[_Union[CreditProduct, _Mapping]] = ...) -> None: ...

class ListCreditProductsRequest(_message.Message):
    __slots__ = ("is_active", "currency", "page_size", "page_token")
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    is_active: bool
    currency: str
    page_size: int
    page_token: str
    def __init__(self, is_active: _Optional[bool] = ..., currency: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCreditProductsResponse(_message.Message):
    __slots__ = ("credit_products", "next_page_token")
    CREDIT_PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    credit_products: _containers.RepeatedCompositeFieldContainer[CreditProduct]
    next_page_token: str
    def __init__(self, credit_products: _Optional[_Iterable[_Union[CreditProduct, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateCreditProductRequest(_message.Message):
    __slots__ = ("credit_product", "name", "credit_amount", "price_amount", "currency", "description", "is_active", "stripe_price_id", "stripe_product_id", "update_mask")
    CREDIT_PRODUCT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CREDIT_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    PRICE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PRICE_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    credit_product: str
    name: str
    credit_amount: int
    price_amount: int
    currency: str
    description: str
    is_active: bool
    stripe_price_id: str
    stripe_product_id: str
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, credit_product: _Optional[str] = ..., name: _Optional[str] = ..., credit_amount: _Optional[int] = ..., price_amount: _Optional[int] = ..., currency: _Optional[str] = ..., description: _Optional[str] = ..., is_active: _Optional[bool] = ..., stripe_price_id: _Optional[str] = ..., stripe_product_id: _Optional[str] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpdateCreditProductResponse(_message.Message):
    __slots__ = ("credit_product",)
    CREDIT_PRODUCT_FIELD_NUMBER: _ClassVar[int]
    credit_product: CreditProduct
    def __init__(self, credit_product: _Optional[_Union[CreditProduct, _Mapping]] = ...) -> None: ...

class ArchiveCreditProductRequest(_message.Message):
    __slots__ = ("credit_product",)
    CREDIT_PRODUCT_FIELD_NUMBER: _ClassVar[int]
    credit_product: str
    def __init__(self, credit_product: _Optional[str] = ...) -> None: ...

class ArchiveCreditProductResponse(_message.Message):
    __slots__ = ("credit_product",)
    CREDIT_PRODUCT_FIELD_NUMBER: _ClassVar[int]
    credit_product: CreditProduct
    def __init__(self, credit_product: _Optional[_Union[CreditProduct, _Mapping]] = ...) -> None: ...
