"""The permissions of roles are kept ready for the check that every call makes, and always match the roles."""

import contextlib
import random
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import call
from tests.support.users import Team, allowed

DIFFERENCES = """
select r.name, g.permissions as kept, held.permissions as held
from public.roles as r
left join tenantry.role_grants as g on g.role_id = r.id
cross join lateral (
    select array(
        select p.resource || ':' || p.action
        from public.role_permissions as rp
        join public.permissions as p on p.id = rp.permission_id
        where rp.role_id = r.id
        order by 1
    ) as permissions
) as held
where (g.permissions, g.organization_id) is distinct from (held.permissions, r.organization_id)
"""


def differences(admin: Connection) -> list[Any]:
    """Roles with other kept permissions than they hold."""
    return admin.execute(DIFFERENCES).fetchall()


def ids(admin: Connection, table: str) -> list[Any]:
    return [row["id"] for row in admin.execute(f"select id from {table} order by id".encode())]


@pytest.mark.parametrize("seed", range(8))
def test_it_is_what_the_roles_hold_whatever_is_done_to_them(admin: Connection, acme: Team, seed: int) -> None:
    chance = random.Random(seed)

    def role() -> Any:
        return chance.choice(ids(admin, "public.roles"))

    def permission() -> Any:
        return chance.choice(ids(admin, "public.permissions"))

    number = iter(range(1000))
    steps: list[Callable[[], object]] = [
        lambda: admin.execute("insert into public.roles (name) values (%s)", [f"role {next(number)}"]),
        lambda: call(admin, "create_role", name=f"own {next(number)}", organization_id=acme.id),
        lambda: admin.execute("delete from public.roles where id = %s", [role()]),
        lambda: admin.execute(
            "insert into public.permissions (name, resource, action) values (%(n)s, %(n)s, 'read')",
            {"n": f"p{next(number)}"},
        ),
        lambda: admin.execute(
            "update public.permissions set action = %s where id = %s", [f"a{next(number)}", permission()]
        ),
        lambda: admin.execute(
            "update public.permissions set resource = %s where id = %s", [f"r{next(number)}", permission()]
        ),
        lambda: admin.execute("delete from public.permissions where id = %s", [permission()]),
        *[
            lambda: admin.execute(
                "insert into public.role_permissions (role_id, permission_id) values (%s, %s) on conflict do nothing",
                [role(), permission()],
            )
        ]
        * 4,
        lambda: admin.execute(
            "update public.role_permissions set role_id = %s"
            " where id = (select id from public.role_permissions limit 1)",
            [role()],
        ),
        lambda: admin.execute("delete from public.role_permissions where role_id = %s", [role()]),
        lambda: admin.execute("truncate public.role_permissions"),
    ]
    for _ in range(60):
        step = chance.choices(steps, weights=[4] * (len(steps) - 1) + [1])[0]
        # The role holds it already, or nothing is left to choose from.
        with contextlib.suppress(psycopg.errors.UniqueViolation, IndexError):
            step()
        assert differences(admin) == []


def test_nobody_but_the_triggers_writes_it(connect: Connect) -> None:
    for role in ("anon", "authenticated", "service_role"):
        for statement in (
            "select from tenantry.role_grants",
            "insert into tenantry.role_grants values (gen_random_uuid(), null, array['*:*'])",
            "update tenantry.role_grants set permissions = array['*:*']",
            "delete from tenantry.role_grants",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connect(role).execute(statement.encode())


CHANGES = [
    "insert into public.role_permissions (role_id, permission_id) values ({role}, {first})",
    "insert into public.role_permissions (role_id, permission_id) values ({role}, {second})",
    "update public.permissions set action = 'renamed' where id = {first}",
    "delete from public.role_permissions where role_id = {role}",
    "delete from public.permissions where id = {first}",
]


@pytest.mark.parametrize("first", range(len(CHANGES)))
@pytest.mark.parametrize("second", range(len(CHANGES)))
def test_of_two_changes_at_once_none_is_lost(connect: Connect, admin: Connection, first: int, second: int) -> None:
    """The result is the same for each order of commits, with and without a wait of one for the other."""
    made = {
        name: admin.execute(
            "insert into public.permissions (name, resource, action) values (%(n)s, %(n)s, 'read') returning id",
            {"n": name},
        ).fetchone()
        for name in ("first", "second")
    }
    role = admin.execute("insert into public.roles (name) values ('auditor') returning id").fetchone()
    names = {"role": role, **made}
    literals = {name: f"'{row['id']}'" for name, row in names.items() if row}
    earlier, later = connect(), connect()
    refusals: list[Exception] = []

    def run() -> None:
        try:
            later.execute(CHANGES[second].format(**literals).encode())
        except psycopg.Error as error:
            refusals.append(error)

    with earlier.transaction():
        earlier.execute(CHANGES[first].format(**literals).encode())
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(0.1)
    thread.join()
    # The same row twice, or a permission that was just deleted.
    assert all(isinstance(error, psycopg.errors.IntegrityError) for error in refusals)
    assert differences(admin) == []


def test_a_change_counts_from_the_next_statement_on(admin: Connection, acme: Team) -> None:
    member = acme.as_("member")
    assert allowed(member, acme.id, "credits:consume")
    with admin.transaction():
        admin.execute(
            "delete from public.role_permissions where role_id = (select id from public.roles where name = 'member')"
        )
        assert allowed(member, acme.id, "credits:consume")
    assert not allowed(member, acme.id, "credits:consume")
