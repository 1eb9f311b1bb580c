"""Every operation that takes a request_id, by its name space: a test can call any of them with the same id."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from tests.conftest import Connection
from tests.support.ledger import batch, call, consume, grant, hold, organization

TABLE = """
create table public.rendered (id text primary key, owner uuid);
grant all on public.rendered to service_role;
select public.charge_on_insert('public.rendered', 'image', 'owner');
"""
"""A table that charges for its rows. There must be a credit event `image`."""


@dataclass(frozen=True)
class Situation:
    """An organization with 1000 credits and one object of each kind that an operation needs."""

    organization_id: UUID
    grant_id: UUID
    spent_id: UUID
    hold_id: UUID

    @property
    def request_id(self) -> str:
        """The id that the trigger of `rendered` makes of the row in render(), given to all operations."""
        return f"public.rendered:{self.organization_id}"


def situation(connection: Connection) -> Situation:
    """A new organization."""
    acme = organization(connection, 1000)
    return Situation(
        acme, grant(connection, acme, 50)["id"], consume(connection, acme, 10)["id"], hold(connection, acme, 20)["id"]
    )


Operation = Callable[[Connection, Situation], Any]
"""Calls an operation with the situation's request_id. Returns the id of the object that it made."""


def _call(function: str, **arguments: Any) -> Operation:
    def run(connection: Connection, at: Situation) -> Any:
        given = {name: getattr(at, value[1:]) if str(value)[:1] == "@" else value for name, value in arguments.items()}
        answer = call(connection, function, organization_id=at.organization_id, request_id=at.request_id, **given)
        if function == "revoke_credits":
            return answer
        made = answer if "id" in answer else answer["transaction"] or answer["lot"]
        return made["id"]

    return run


def _batch(connection: Connection, at: Situation) -> Any:
    (decision,) = batch(connection, {"organization_id": at.organization_id, "amount": 2, "request_id": at.request_id})
    return decision["code"] or decision["transaction"]["id"]


def _render(connection: Connection, at: Situation) -> Any:
    connection.execute("delete from public.rendered where owner = %s", [at.organization_id])
    connection.execute("insert into public.rendered values (%(id)s, %(id)s)", {"id": at.organization_id})
    row = connection.execute(
        "select id from public.credit_transactions"
        " where organization_id = %s and idempotency_key = %s and transaction_type = 'consumed'",
        [at.organization_id, at.request_id],
    ).fetchone()
    assert row
    return row["id"]


SPENDING: dict[str, Operation] = {
    "consume_credits": _call("consume_credits", amount=1),
    "batch_consume_credits": _batch,
    "capture_hold": _call("capture_hold", hold_id="@hold_id", amount=1),
    "create_credit_transaction, consumed": _call(
        "create_credit_transaction", transaction_type="consumed", amount=-1, source="test"
    ),
    "charge_on_insert": _render,
}
"""The operations that write a consumption: one name space."""

OTHERS: dict[str, Operation] = {
    "grant_credits": _call("grant_credits", amount=1),
    "grant_credits, for later": _call("grant_credits", amount=2, effective_at="2100-01-01"),
    "hold_credits": _call("hold_credits", amount=1),
    "refund_credits": _call("refund_credits", credit_transaction_id="@spent_id", amount=1),
    "revoke_credits": _call("revoke_credits", credit_transaction_id="@grant_id", amount=1),
    "create_credit_transaction, earned": _call(
        "create_credit_transaction", transaction_type="earned", amount=1, source="test"
    ),
    "create_credit_transaction, expired": _call(
        "create_credit_transaction", transaction_type="expired", amount=-1, source="test"
    ),
    "create_billing_record": _call("create_billing_record", amount=100),
}
"""All other operations that take a request_id: the second name space."""


def outcome(connection: Connection, operation: Operation, at: Situation) -> Any:
    """The id of the object that the operation made, or the SQLSTATE of its refusal."""
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
