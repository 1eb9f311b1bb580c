"""The cast of the access tests: two organizations, all kinds of callers, and data of both in every table."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.support.ledger import call, organization
from tests.support.rpc import CAST

SECOND = "Globex"
"""Name of the second organization; every text of its rows begins with it."""

# Users outside of the cast: a member of the first organization, a user with an account alone, and a member of the
# second organization.
EXTRAS = ("colleague", "newcomer", "foreigner")


@dataclass(frozen=True)
class World:
    """The ids of the organizations, of the users by name, and of further rows by name (`ids`)."""

    first: UUID
    second: UUID
    users: dict[str, UUID]
    ids: dict[str, Any]

    def claims(self, who: str) -> dict[str, Any]:
        """The claims of a caller's token, as Supabase Auth writes them."""
        if who in ("anon", "service_role"):
            return {"role": who}
        return {
            "sub": str(self.users[who]),
            "role": "authenticated",
            "email": f"{who}@example.com",
            "aud": "authenticated",
        }

    def role(self, who: str) -> str:
        """The database role of a caller."""
        role: str = self.claims(who)["role"]
        return role

    def become(self, connection: Connection, who: str, **claims: Any) -> Connection:
        """Makes the session that of the caller, with further claims if given; within a transaction, until its end."""
        local = connection.info.transaction_status.name != "IDLE"
        connection.execute(
            "select set_config('role', %s, %s), set_config('request.jwt.claims', %s, %s)",
            [self.role(who), local, json.dumps(self.claims(who) | claims), local],
        )
        return connection

    @contextmanager
    def acting(self, connection: Connection, who: str) -> Iterator[Connection]:
        """Runs a transaction as the caller, and rolls it back at the end."""
        connection.execute("begin")
        try:
            yield self.become(connection, who)
        finally:
            connection.execute("rollback")


def build(admin: Connection) -> World:
    """Creates the cast and its data, as the superuser."""
    first, second = organization(admin, 1000, "Acme"), organization(admin, 1000, SECOND)
    names = [who for who in CAST if who not in ("anon", "service_role")] + list(EXTRAS)
    users = {who: user(admin, f"{who}@example.com") for who in names}
    for who in ("viewer", "member", "billing", "admin", "owner"):
        call(admin, "assign_role", user_id=users[who], role=who, organization_id=first)
    call(admin, "assign_role", user_id=users["other_owner"], role="owner", organization_id=second)
    call(admin, "assign_role", user_id=users["platform_admin"], role="platform_admin")

    ids = {
        f"{who}_role": call(admin, "assign_role", user_id=users[who], role="member", organization_id=tenant)["id"]
        for who, tenant in (("colleague", first), ("foreigner", second))
    }
    call(admin, "create_permission", name="reports:view", resource="reports", action="view")
    ids["auditor"] = call(admin, "create_role", name="auditor")["id"]
    call(admin, "add_role_permission", role="auditor", permission="reports:view")
    ids["event"] = call(admin, "create_credit_event", name="image", credit_cost=2, category="compute")["id"]
    call(admin, "create_credit_event", name="old image", credit_cost=2, category="compute")
    call(admin, "update_credit_event", credit_event="old image", is_active=False)
    for name, is_active in (("current", True), ("old", False)):
        admin.execute(
            "insert into public.subscription_plans"
            " (name, stripe_price_id, stripe_product_id, price_amount, interval, is_active)"
            " values (%(name)s, %(name)s, 'product', 100, 'monthly', %(is_active)s)",
            {"name": name, "is_active": is_active},
        )
        admin.execute(
            "insert into public.credit_products"
            " (name, stripe_price_id, stripe_product_id, credit_amount, price_amount, is_active)"
            " values (%(name)s, %(price)s, 'product', 100, 100, %(is_active)s)",
            {"name": name, "price": f"{name}_pack", "is_active": is_active},
        )
    admin.execute(
        "insert into tenantry.stripe_events (id, type, created, livemode, payload)"
        " values ('evt_1', 'new', now(), false, '{}')"
    )
    ids["permission"] = _value(admin, "select id from public.permissions where name = 'credits:read'")
    for key, tenant, name in (("first", first, "Acme"), ("second", second, SECOND)):
        ids |= {f"{what}_{key}": value for what, value in _fill(admin, tenant, name).items()}
    return World(first, second, users, ids)


def user(admin: Connection, email: str) -> UUID:
    """Creates an account; returns its id."""
    created: UUID = _value(admin, "insert into auth.users (email) values (%s) returning id", email)
    return created


def _fill(admin: Connection, tenant: UUID, name: str) -> dict[str, Any]:
    role = call(admin, "create_role", name="editor", description=f"{name} edits", organization_id=tenant)["id"]
    call(admin, "add_role_permission", role=str(role), permission="credits:read")
    address = f"{name.lower()}@example.com"
    invited = admin.execute(
        "select (x.invitation).id, x.token from public.invite_member(%s, %s, 'viewer') as x",
        [tenant, address],
    ).fetchone()
    assert invited
    call(admin, "grant_credits", organization_id=tenant, amount=50, expires_at=datetime(2100, 1, 1, tzinfo=UTC))
    spent = call(admin, "consume_credits", organization_id=tenant, amount=5, description=f"{name} spends")["id"]
    hold = call(admin, "hold_credits", organization_id=tenant, amount=10, description=f"{name} holds")["id"]
    subscription = _value(
        admin,
        "insert into public.organization_subscriptions"
        " (organization_id, subscription_plan_id, stripe_customer_id, status, metadata) select %s, id, %s, 'active', %s"
        " from public.subscription_plans where name = 'current' returning id",
        tenant,
        f"{name} customer",
        Jsonb({"name": name}),
    )
    bill = _value(
        admin,
        "insert into public.billing_history (organization_id, amount, status, description)"
        " values (%s, 100, 'paid', %s) returning id",
        tenant,
        f"{name} paid",
    )
    grant = _value(
        admin, "select id from public.credit_transactions where organization_id = %s and amount = 1000", tenant
    )
    call(admin, "set_auto_top_up", organization_id=tenant, credit_product="current", threshold=1, monthly_cap=1)
    request = call(admin, "ensure_customer", organization_id=tenant, email=f"{name.lower()}@example.com")["id"]
    return {
        "role": role,
        "invitation": invited["id"],
        "invited": user(admin, address),
        "token": invited["token"],
        "spent": spent,
        "hold": hold,
        "bill": bill,
        "grant": grant,
        "subscription": subscription,
        "request": request,
    }


def _value(admin: Connection, query: str, *values: Any) -> Any:
    return admin.cursor(row_factory=scalar_row).execute(query.encode(), values).fetchone()
