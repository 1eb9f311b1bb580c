"""Users with accounts and roles, and connections that act as one of them."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from tests.conftest import Connect, Connection
from tests.support.ledger import Row, call, organization

ROLES = ("owner", "admin", "billing", "member", "viewer")
"""The system roles that hold in one organization."""


def user(admin: Connection, email: str | None = None) -> UUID:
    """Id of a new account."""
    created = admin.execute(
        "insert into auth.users (email) values (%s) returning id", [email or f"{uuid4()}@example.com"]
    ).fetchone()
    assert created
    user_id: UUID = created["id"]
    return user_id


def sign_in(connection: Connection, user_id: UUID, **claims: Any) -> Connection:
    """Makes the connection act as the user, as PostgREST and the gRPC server do with a token."""
    connection.execute("reset role")
    token = {"role": "authenticated", "sub": str(user_id), **claims}
    connection.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps(token)])
    connection.execute("set role authenticated")
    return connection


@dataclass
class Team:
    """An organization with a user in every system role; `as_` opens a connection as one of them."""

    admin: Connection
    connect: Connect
    id: UUID = field(init=False)
    users: dict[str, UUID] = field(default_factory=dict)
    _connections: dict[UUID, Connection] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.id = organization(self.admin)
        # Does the work of join() in one statement: most tests of access begin here.
        placed = self.admin.execute(
            """
            with accounts as (
                insert into auth.users (email) select gen_random_uuid() || '@example.com' from unnest(%(roles)s::text[])
                returning id
            )
            select role, (public.assign_role(id, role, %(id)s)).user_id
            from (select id, row_number() over () as position from accounts) as account
            join unnest(%(roles)s::text[]) with ordinality as given (role, position) using (position)
            """,
            {"roles": list(ROLES), "id": self.id},
        )
        self.users.update({row["role"]: row["user_id"] for row in placed})

    def join(self, role: str) -> UUID:
        """Creates a user with that role here."""
        joined = user(self.admin)
        call(self.admin, "assign_role", user_id=joined, role=role, organization_id=self.id)
        return joined

    def as_(self, who: str | UUID) -> Connection:
        """Opens a connection as the user; users in a system role are found by its name."""
        user_id = self.users[who] if isinstance(who, str) else who
        if user_id not in self._connections:
            self._connections[user_id] = sign_in(self.connect(), user_id)
        return self._connections[user_id]

    def assignment(self, who: str | UUID, role: str | None = None) -> UUID:
        """Id of the assignment that gives a user a role here."""
        user_id = self.users[who] if isinstance(who, str) else who
        return assignment(self.admin, user_id, role or str(who), self.id)

    def roles_of(self, who: str | UUID) -> set[str]:
        """Names of the user's roles here."""
        return roles_of(self.admin, self.users[who] if isinstance(who, str) else who, self.id)

    def subscribe(self, max_users: int | None, status: str = "active") -> None:
        """Subscribes the organization, at Stripe, to a new plan with the given number of seats."""
        name = f"plan-{uuid4()}"
        self.admin.execute(
            """
            with plan as (
                insert into public.subscription_plans
                    (name, stripe_price_id, stripe_product_id, price_amount, interval, max_users)
                values (%(name)s, %(name)s, 'product', 1, 'monthly', %(max_users)s)
                returning id
            )
            insert into public.organization_subscriptions
                (organization_id, subscription_plan_id, stripe_customer_id, stripe_subscription_id, status, past_due_at,
                ended_at)
            select %(id)s, id, 'customer', %(name)s, %(status)s, now(),
                case when %(has_ended)s then now() end
            from plan
            """,
            {
                "name": name,
                "max_users": max_users,
                "id": self.id,
                "status": status,
                "has_ended": status in ("cancelled", "expired"),
            },
        )


def assignment(admin: Connection, user_id: UUID, role: str, organization_id: UUID | None) -> UUID:
    """Id of an assignment; None is everywhere."""
    found = admin.execute(
        "select ur.id from public.user_roles as ur join public.roles as r on r.id = ur.role_id where ur.user_id = %s"
        " and coalesce(r.display_name, r.name) = %s and ur.organization_id is not distinct from %s",
        [user_id, role, organization_id],
    ).fetchone()
    assert found, f"no assignment of {role}"
    found_id: UUID = found["id"]
    return found_id


def roles_of(admin: Connection, user_id: UUID, organization_id: UUID | None) -> set[str]:
    """Names of the user's roles there; None is everywhere."""
    rows = admin.execute(
        "select coalesce(r.display_name, r.name) as name from public.user_roles as ur"
        " join public.roles as r on r.id = ur.role_id"
        " where ur.user_id = %s and ur.organization_id is not distinct from %s",
        [user_id, organization_id],
    ).fetchall()
    return {str(row["name"]) for row in rows}


def allowed(connection: Connection, organization_id: UUID | None, permission: str, user_id: UUID | None = None) -> bool:
    """check_permission()."""
    answer = call(
        connection, "check_permission", organization_id=organization_id, permission=permission, user_id=user_id
    )
    return bool(answer["check_permission"])


def own_role(connection: Connection, organization_id: UUID, name: str, *permissions: str) -> Row:
    """Creates an own role of the organization with these permissions."""
    role = call(connection, "create_role", name=name, organization_id=organization_id)
    for permission in permissions:
        call(connection, "add_role_permission", role=str(role["id"]), permission=permission)
    return role


def names(rows: list[Row]) -> list[str]:
    """The `name` of each row."""
    return [row["name"] for row in rows]
