"""Statements about an RPC that stand in its own test module, tests/sql/<domain>/test_<rpc>.py.

    ACCESS      the result of a call by each kind of caller; tests/rls/test_matrix.py makes the calls
    BAD_INPUT   the requests that the RPC refuses; tests/grpc/test_bad_input.py sends them
    REQUEST_ID  calls of an RPC with a request_id; tests/sql/credits/test_request_ids.py makes them, each after each
                other call with the same request_id, and tests/concurrency/test_credits.py makes them all at once

    REQUEST_ID = [{"organization_id": "$acme", "amount": 1}]

Each item of REQUEST_ID has the arguments of one call of the SQL function, without request_id. Calls that make different
objects have an item each. A text such as "$acme" stands for an object of `Situation` in tests/support/request_ids.py.
An RPC that writes consumptions has no REQUEST_ID: it is in SPENDING there.

A public function that is no RPC has a module with ACCESS alone. An RPC without a function of its own has a module with
BAD_INPUT alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Struct

CAST = (
    "anon",
    "stranger",
    "viewer",
    "member",
    "billing",
    "admin",
    "owner",
    "other_owner",
    "platform_admin",
    "service_role",
)
"""The kinds of callers. A stranger is signed in and has no role. The callers from viewer to owner have that role in the
first organization, and other_owner owns the second."""

DENIED = "-"
"""The result of a call that fails with 42501."""


@dataclass(frozen=True)
class Access:
    """A row of the access matrix: the arguments of the call, and its result by caller, in the order of CAST."""

    arguments: str
    results: Mapping[str, str]


def access(
    arguments: str,
    *,
    hidden: str = "",
    empty: str = "",
    no: str = "",
    ok: str = "",
    first: str = "",
    second: str = "",
    both: str = "",
    **refused: str,
) -> Access:
    """Returns a row of the access matrix. Each keyword is a result; its value names the callers, separated by spaces.

    A caller that no keyword names is denied.

    Args:
        arguments: SQL for the arguments of the call, which is about the first organization. A word in braces becomes a
            literal, which the function `build` in tests/rls/world.py makes:
            {first}, {second}: the ids of the organizations;
            {viewer} and the other names of CAST and EXTRAS: the id of that user, but for anon and service_role;
            {role_first}, {invitation_first}, {token_first}, {spent_first}, {hold_first}, {bill_first}, {grant_first},
            {subscription_first}, {request_first}, and the same with _second: an object of that organization;
            {invited_first}, {invited_second}: the user with the address of that invitation, without a role yet;
            {colleague_role}, {foreigner_role}: assignments of the role member in the first and in the second one;
            {auditor}, {event}, {permission}: a role, a credit event and a permission of no organization.
        hidden: the object does not exist for these callers (TN002).
        empty: the call returns nothing, or an empty answer.
        no: the call returns false.
        ok: the call succeeds, and its answer contains nothing of an organization.
        first: the call succeeds, and its answer contains data of the first organization and not of the second.
        second: the call succeeds, and its answer contains data of the second organization and not of the first.
        both: the call succeeds, and its answer contains data of both organizations.
        refused: by SQLSTATE, such as TN014: the callers that have the permission and are refused by another rule.

    Raises:
        ValueError: a caller is unknown or named twice, or a keyword is no result.
    """
    named = {"hidden": hidden, "empty": empty, "no": no, "ok": ok, "first": first, "second": second, "both": both}
    if wrong := [result for result in refused if not re.fullmatch("TN[0-9]{3}", result)]:
        raise ValueError(f"no results of a call: {wrong}")
    pairs = [(who, result) for result, callers in (named | refused).items() for who in callers.split()]
    results = dict(pairs)
    if len(results) != len(pairs) or not results.keys() <= set(CAST):
        raise ValueError(f"unknown callers, or callers with two results: {pairs}")
    return Access(arguments, {who: results.get(who, DENIED) for who in CAST})


class Refusal(NamedTuple):
    """The status code and the reason of an error."""

    code: grpc.StatusCode
    reason: str


class Case(NamedTuple):
    """A request that the RPC refuses: the fields of the request, the refusal, and the field that the refusal names."""

    fields: dict[str, Any]
    expected: Refusal
    field: str | None


def case(expected: Refusal, field: str | None = None, /, **fields: Any) -> Case:
    """Returns a case of bad input.

    Args:
        expected: the refusal.
        field: the field that the refusal names; None for a refusal that names none.
        fields: the fields of the request. A text such as "$acme" stands for an object of tests/grpc/test_bad_input.py.
    """
    return Case(fields, expected, field)


def mask(*paths: str) -> FieldMask:
    """Returns a field mask with these paths."""
    return FieldMask(paths=paths)


def struct(value: dict[str, Any]) -> Struct:
    """Returns the value as a message."""
    message = Struct()
    message.update(value)
    return message


NOBODY = "00000000-0000-4000-8000-000000000000"
"""An id that no row has."""

ANY_UUID = "11111111-1111-4111-8111-111111111111"
ZERO, HOUR = Duration(), Duration(seconds=3600)

# Each under the name of its reason.
_EXISTS, _PRECONDITION = grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.FAILED_PRECONDITION
ALREADY_EXISTS = Refusal(_EXISTS, "ALREADY_EXISTS")
BALANCE_OUT_OF_RANGE = Refusal(grpc.StatusCode.OUT_OF_RANGE, "BALANCE_OUT_OF_RANGE")
BILLING_RECORD_FOLLOWS_STRIPE = Refusal(_PRECONDITION, "BILLING_RECORD_FOLLOWS_STRIPE")
BILLING_TRANSITION_REFUSED = Refusal(_PRECONDITION, "BILLING_TRANSITION_REFUSED")
CREDIT_EVENT_INACTIVE = Refusal(_PRECONDITION, "CREDIT_EVENT_INACTIVE")
INSUFFICIENT_CREDITS = Refusal(_PRECONDITION, "INSUFFICIENT_CREDITS")
INVALID_ARGUMENT = Refusal(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")
INVALID_PAGE_TOKEN = Refusal(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")
INVALID_SIGNATURE = Refusal(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_SIGNATURE")
MANAGED_BY_STRIPE = Refusal(_PRECONDITION, "MANAGED_BY_STRIPE")
NOT_AT_STRIPE = Refusal(_PRECONDITION, "NOT_AT_STRIPE")
NOT_FOUND = Refusal(grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
NO_TRIAL = Refusal(_PRECONDITION, "NO_TRIAL")
ORGANIZATION_INACTIVE = Refusal(_PRECONDITION, "ORGANIZATION_INACTIVE")
PERMISSION_DENIED = Refusal(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
PLAN_INACTIVE = Refusal(_PRECONDITION, "PLAN_INACTIVE")
PLAN_IN_USE = Refusal(_PRECONDITION, "PLAN_IN_USE")
REQUEST_ID_REUSED = Refusal(_PRECONDITION, "REQUEST_ID_REUSED")
STRIPE_PRICE_TAKEN = Refusal(_EXISTS, "STRIPE_PRICE_TAKEN")
SUBSCRIPTION_ENDED = Refusal(_PRECONDITION, "SUBSCRIPTION_ENDED")
SUBSCRIPTION_EXISTS = Refusal(_PRECONDITION, "SUBSCRIPTION_EXISTS")
SUBSCRIPTION_TRANSITION = Refusal(_PRECONDITION, "SUBSCRIPTION_TRANSITION")
SYSTEM_ROLE = Refusal(_PRECONDITION, "SYSTEM_ROLE")
