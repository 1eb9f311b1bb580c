"""Every operation that takes a request_id, by its name space: a test can call any of them with the same id.

The operations of an RPC stand in its own test module, as REQUEST_ID (see tests/support/rpc.py). Only the operations
that write a consumption are here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from tests.conftest import Connection
from tests.support.ledger import batch, call, consume, grant, hold, organization
from tests.support.rpc_modules import request_ids


@dataclass(frozen=True)
class Situation:
    """An organization with 1000 credits and one object of each kind that an operation needs.

    The calls of REQUEST_ID and SPENDING name the objects: $acme is the organization and $globex a second one. $granted
    is the entry of a grant, $spent the entry of a consumption and $hold an active hold.
    """

    organization_id: UUID
    names: Mapping[str, UUID]

    @property
    def request_id(self) -> str:
        """The id that is given to all operations."""
        return f"request:{self.organization_id}"


def situation(connection: Connection) -> Situation:
    """Makes new organizations."""
    acme = organization(connection, 1000)
    return Situation(
        acme,
        {
            "$acme": acme,
            "$globex": organization(connection),
            "$granted": grant(connection, acme, 50)["id"],
            "$spent": consume(connection, acme, 10)["id"],
            "$hold": hold(connection, acme, 20)["id"],
        },
    )


Operation = Callable[[Connection, Situation], Any]
"""Calls an operation with the situation's request_id. Returns its answer, or the id of the object that it made."""


def _call(function: str, **arguments: Any) -> Operation:
    """The operation that calls a function with these arguments, in which names of the situation stand for ids."""

    def run(connection: Connection, at: Situation) -> Any:
        given = {
            name: at.names.get(value, value) if isinstance(value, str) else value for name, value in arguments.items()
        }
        return call(connection, function, request_id=at.request_id, **given)

    return run


def _batch(connection: Connection, at: Situation) -> Any:
    (decision,) = batch(connection, {"organization_id": at.organization_id, "amount": 2, "request_id": at.request_id})
    return decision["code"] or decision["transaction"]["id"]


SPENDING: dict[str, Operation] = {
    "consume_credits": _call("consume_credits", organization_id="$acme", amount=1),
    "batch_consume_credits": _batch,
    "capture_hold": _call("capture_hold", organization_id="$acme", hold_id="$hold", amount=1),
    "create_credit_transaction, consumed": _call(
        "create_credit_transaction", organization_id="$acme", transaction_type="consumed", amount=-1, source="test"
    ),
}
"""The operations that write a consumption: one name space."""

OTHERS: dict[str, Operation] = {
    function if len(calls) == 1 else f"{function}, {number}": _call(function, **arguments)
    for function, calls in sorted(request_ids().items())
    for number, arguments in enumerate(calls, 1)
}
"""All other operations that take a request_id, from REQUEST_ID of their test modules: the second name space."""


def outcome(connection: Connection, operation: Operation, at: Situation) -> Any:
    """The answer of the operation, or the SQLSTATE of its refusal."""
    try:
        return operation(connection, at)
    except psycopg.Error as error:
        return error.sqlstate


def written(admin: Connection, at: Situation) -> dict[str, Any]:
    """The numbers of all objects that an operation may make or change."""
    row = admin.execute(
        "select"
        " (select count(*) from public.credit_transactions where organization_id = %(id)s) as entries,"
        " (select count(*) from tenantry.pending_grants where organization_id = %(id)s) as pending,"
        " (select count(*) from tenantry.credit_holds where organization_id = %(id)s) as holds,"
        " (select sum(remaining) from tenantry.credit_holds where organization_id = %(id)s) as held,"
        " (select count(*) from tenantry.credit_revocations where organization_id = %(id)s) as revocations,"
        " (select count(*) from public.billing_history where organization_id = %(id)s) as bills,"
        " (select count(*) from tenantry.requests where organization_id = %(id)s) as requests,"
        " o.credit_balance, o.credits_reserved from public.organizations as o where o.id = %(id)s",
        {"id": at.organization_id},
    ).fetchone()
    assert row
    return row
