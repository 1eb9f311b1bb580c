"""A second run of the seeds restores Tenantry's own rows and leaves everything else alone."""

from pathlib import Path

from tests.conftest import Connection
from tests.support.ledger import Row, call
from tests.support.users import Team, own_role

SEED = Path(__file__).parents[3] / "sql" / "seeds" / "access.sql"
SHIPPED = """
    select r.name as role, r.description, r.is_system_role, p.name as permission, p.resource, p.action
    from public.roles as r
    left join public.role_permissions as rp on rp.role_id = r.id
    left join public.permissions as p on p.id = rp.permission_id
    order by 1, 4
"""


def seed(admin: Connection) -> None:
    admin.execute(SEED.read_bytes())


def shipped(admin: Connection) -> list[Row]:
    return admin.execute(SHIPPED).fetchall()


def test_applied_again_they_change_nothing(acme: Team, admin: Connection) -> None:
    assert acme.id
    before = shipped(admin)
    logged = admin.execute("select count(*) as n from tenantry.audit_log").fetchone()
    seed(admin)
    assert shipped(admin) == before
    assert admin.execute("select count(*) as n from tenantry.audit_log").fetchone() == logged


def test_they_restore_what_was_changed_of_system_roles(acme: Team, admin: Connection) -> None:
    before = shipped(admin)
    for statement in (
        "update public.roles set description = 'mine', is_system_role = false where name = 'viewer'",
        "update public.permissions set action = 'look' where name = 'credits:read'",
        "delete from public.permissions where name = 'audit:read'",
        "delete from public.role_permissions where role_id = (select id from public.roles where name = 'billing')",
        "insert into public.role_permissions (role_id, permission_id)"
        " select r.id, p.id from public.roles as r, public.permissions as p where r.name = 'viewer' and p.name = '*:*'",
        "delete from public.roles where name = 'member'",
    ):
        admin.execute(statement.encode())
    seed(admin)
    assert shipped(admin) == before
    assert acme.roles_of("viewer") == {"viewer"}


def test_they_leave_other_roles_permissions_and_assignments_alone(
    acme: Team, admin: Connection, service: Connection
) -> None:
    call(service, "create_permission", name="reports:read", resource="reports", action="read")
    call(service, "create_role", name="auditor", description="Looks at books")
    call(service, "add_role_permission", role="auditor", permission="reports:read")
    call(service, "add_role_permission", role="auditor", permission="credits:grant")
    call(service, "assign_role", user_id=acme.users["viewer"], role="auditor")
    own_role(acme.as_("owner"), acme.id, "editor", "billing:manage")
    before = shipped(admin)
    seed(admin)
    assert shipped(admin) == before
    left = call(service, "list_role_assignments", user_id=acme.users["viewer"])["user_roles"]
    assert len(left) == 2


def test_nobody_but_the_platform_makes_credits_out_of_nothing(admin: Connection) -> None:
    able = {
        row["role"]
        for row in shipped(admin)
        if row["resource"] in ("*", "credits") and row["action"] in ("*", "grant", "refund", "revoke")
    }
    assert able == {"platform_admin"}
