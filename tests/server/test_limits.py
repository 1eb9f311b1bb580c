"""Limits of a request: they are checked on its bytes, without making objects of them."""

import json
import math
import random
import time
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from google.protobuf.struct_pb2 import Struct

from tenantry import limits
from tenantry.bridge import _encode_messages, _encode_struct
from tenantry.errors import CallError
from tenantry.limits import FREE_SIZE, MAX_DEPTH, MAX_ITEMS, MAX_VALUES, PLAIN_SIZE, RequestLimits
from tenantry.v1.access_pb2 import BatchCheckPermissionsRequest, CreateRoleRequest
from tenantry.v1.credits_pb2 import (
    BatchConsumeCreditsRequest,
    ConsumeCreditsRequest,
    ConsumeStreamRequest,
    GetCreditBalanceRequest,
    GrantCreditsRequest,
)
from tenantry.v1.stripe_events_pb2 import ProcessStripeEventRequest

LARGEST = 4 * 1024 * 1024


def limits_of(request: Any, largest: int = LARGEST) -> RequestLimits:
    """The limits of the method that takes the request."""
    services = request.DESCRIPTOR.file.services_by_name.values()
    (method,) = [m for service in services for m in service.methods if m.input_type is request.DESCRIPTOR]
    return RequestLimits(method, largest)


def check(request: Any, message: bytes) -> None:
    limits_of(request).check(message)


def refused(request: Any, message: bytes) -> str:
    """The refusal, which must cost little."""
    start = time.process_time()
    with pytest.raises(CallError) as error:
        check(request, message)
    assert time.process_time() - start < 0.5
    return str(error.value)


@pytest.mark.parametrize(
    ("request_type", "size"),
    [
        (GetCreditBalanceRequest, PLAIN_SIZE),
        (CreateRoleRequest, PLAIN_SIZE),
        (GrantCreditsRequest, FREE_SIZE),
        (BatchCheckPermissionsRequest, FREE_SIZE),
        (ProcessStripeEventRequest, FREE_SIZE),
        (BatchConsumeCreditsRequest, LARGEST),
        (ConsumeStreamRequest, LARGEST),
    ],
    ids=str,
)
def test_a_request_may_be_as_large_as_its_fields_need(request_type: Any, size: int) -> None:
    assert limits_of(request_type).max_size == size
    assert f"{size} are allowed" in refused(request_type, bytes(size + 1))


def test_a_server_that_receives_less_has_lower_limits() -> None:
    for request_type in (BatchConsumeCreditsRequest, GetCreditBalanceRequest):
        assert limits_of(request_type, 1000).max_size == 1000


@pytest.mark.parametrize("item", [b"\x0a\x00", b"\x8a\x00\x00", b"\x0a\x80\x00"])
def test_items_are_counted_however_they_are_written(item: bytes) -> None:
    check(BatchConsumeCreditsRequest, item * MAX_ITEMS)
    said = refused(BatchConsumeCreditsRequest, item * (MAX_ITEMS + 1))
    assert said == "items: more than 10000 items were given, 1 to 10000 are allowed"
    assert refused(BatchConsumeCreditsRequest, item * (LARGEST // len(item))) == said


def test_plain_items_are_counted_too() -> None:
    request = BatchCheckPermissionsRequest(permissions=["a"] * 9000, organization_ids=["b"] * 9000)
    check(BatchCheckPermissionsRequest, request.SerializeToString())
    request.permissions.extend(["a"] * 1001)
    assert refused(BatchCheckPermissionsRequest, request.SerializeToString()).startswith("permissions: more than 10000")


def many_values(count: int) -> ConsumeCreditsRequest:
    item = ConsumeCreditsRequest()
    item.metadata.fields["a"].list_value.values.extend([json_format.Parse("null", Struct().fields["b"])] * count)
    return item


def test_what_is_inside_of_items_is_bounded() -> None:
    full = BatchConsumeCreditsRequest(items=[many_values(1000)] * 900).SerializeToString()
    check(BatchConsumeCreditsRequest, full)
    fuller = BatchConsumeCreditsRequest(items=[many_values(1000)] * 1010).SerializeToString()
    assert refused(BatchConsumeCreditsRequest, fuller) == "the request holds more than 1000000 values"


@pytest.mark.parametrize("unit", [b"\x08\x01", b"\x12\x00", b"\x4b", b"\x0d0000"])
def test_fields_that_are_repeated_without_end_cost_little(unit: bytes) -> None:
    start = time.process_time()
    with pytest.raises(DecodeError):
        check(BatchConsumeCreditsRequest, unit * (LARGEST // len(unit)))
    assert time.process_time() - start < 0.2


def test_a_batch_of_the_allowed_size_passes() -> None:
    item = ConsumeCreditsRequest(organization_id="0" * 36, amount=5, request_id="x" * 36)
    item.metadata.update({"a": 1, "b": "c", "d": [1, 2]})
    request = BatchConsumeCreditsRequest(items=[item] * MAX_ITEMS)
    check(BatchConsumeCreditsRequest, request.SerializeToString())


@pytest.mark.parametrize("request_type", [BatchConsumeCreditsRequest, ConsumeStreamRequest], ids=str)
def test_a_batch_whose_answer_a_client_would_refuse_is_refused(request_type: Any) -> None:
    """The answer repeats the items, and a client takes 4 MiB unless told otherwise."""
    item = ConsumeCreditsRequest(organization_id="0" * 36, amount=5, request_id="x" * 255, description="d" * 60)
    message = request_type(items=[item] * MAX_ITEMS).SerializeToString()
    assert len(message) < LARGEST
    assert "the answer would have more than 4194304 bytes" in refused(request_type, message)
    check(request_type, request_type(items=[item] * (MAX_ITEMS // 2)).SerializeToString())


@pytest.mark.parametrize("seed", range(20))
def test_bytes_are_read_as_protobuf_reads_them(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random messages, whole, cut and with random bytes: a message that both parsers accept has the same items."""
    monkeypatch.setattr(limits, "COUNTED_ABOVE", 0)
    chance = random.Random(seed)
    for _ in range(200):
        items = [
            ConsumeCreditsRequest(
                organization_id="x" * chance.choice([0, 1, 36, 127, 128, 300]),
                amount=chance.choice([0, 1, -1, 2**31 - 1]),
            )
            for _ in range(chance.randrange(8))
        ]
        message = bytearray(BatchConsumeCreditsRequest(items=items).SerializeToString())
        for _ in range(chance.randrange(3)):
            if message:
                message[chance.randrange(len(message))] = chance.randrange(256)
        cut = bytes(message[: chance.choice([len(message), chance.randrange(len(message) + 1)])])
        try:
            parsed = len(BatchConsumeCreditsRequest.FromString(cut).items)
        except DecodeError:
            continue
        monkeypatch.setattr(limits, "MAX_ITEMS", parsed)
        check(BatchConsumeCreditsRequest, cut)
        if parsed:
            monkeypatch.setattr(limits, "MAX_ITEMS", parsed - 1)
            with pytest.raises((CallError, DecodeError)):
                check(BatchConsumeCreditsRequest, cut)


# Structs.


def nested(levels: int) -> Struct:
    struct = Struct()
    inner = struct
    for _ in range(levels - 1):
        inner = inner.fields["a"].struct_value
    inner.fields["a"].null_value = 0  # type: ignore[assignment]
    return struct


def random_value(chance: random.Random, depth: int = 0) -> Any:
    kinds: list[Any] = [None, True, chance.random(), 5.0, "ü\\'\n", ""]
    if depth < 4:
        kinds.append([random_value(chance, depth + 1) for _ in range(chance.randrange(4))])
        kinds.append({f"k{number}": random_value(chance, depth + 1) for number in range(chance.randrange(4))})
    return chance.choice(kinds)


@pytest.mark.parametrize("seed", range(20))
def test_a_struct_becomes_what_protobuf_makes_of_it(seed: int) -> None:
    chance = random.Random(seed)
    struct = Struct()
    struct.update({f"k{number}": random_value(chance) for number in range(5)})
    struct.fields["unset"].ClearField("kind")

    def as_protobuf(message: Message) -> str:
        return json.dumps(json_format.MessageToDict(message), ensure_ascii=False)

    assert _encode_struct("metadata", struct) == as_protobuf(struct)
    item = ConsumeCreditsRequest(amount=3, metadata=struct)
    # A copy of a map has another order.
    assert _encode_messages("items", [item]) == (f'[{{"amount": 3, "metadata": {as_protobuf(item.metadata)}}}]')


def test_a_struct_has_a_limited_number_of_values_and_levels() -> None:
    struct = Struct()
    struct.update({str(number): number for number in range(MAX_VALUES)})
    _encode_struct("metadata", struct)
    struct.update({"one more": 1})
    with pytest.raises(CallError, match="metadata: must not hold more than 1000 values in a Struct"):
        _encode_struct("metadata", struct)
    _encode_struct("metadata", nested(MAX_DEPTH))
    with pytest.raises(CallError, match="metadata: must not have more than 32 levels"):
        _encode_struct("metadata", nested(MAX_DEPTH + 1))
    with pytest.raises(CallError, match="items: must not hold more than 1000 values in a Struct"):
        _encode_messages("items", [many_values(MAX_VALUES)])
    with pytest.raises(CallError, match="items: must not hold more than 100000 values in all Structs"):
        _encode_messages("items", [many_values(MAX_VALUES - 1)] * 101)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_no_json_are_refused(number: float) -> None:
    struct = Struct()
    struct.fields["a"].number_value = number
    with pytest.raises(CallError, match="metadata: must hold JSON values only"):
        _encode_struct("metadata", struct)
