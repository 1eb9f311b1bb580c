"""The rights of a user over organizations: create one, run it within their role, and never reactivate a suspended
one."""

from uuid import uuid4

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import call, refused
from tests.support.users import Team, roles_of, sign_in, user


@pytest.fixture
def acme(admin: Connection, connect: Connect) -> Team:
    return Team(admin, connect)


@pytest.fixture
def globex(admin: Connection, connect: Connect) -> Team:
    return Team(admin, connect)


def test_who_creates_an_organization_is_its_owner(admin: Connection, connect: Connect) -> None:
    founder = user(admin)
    connection = sign_in(connect(), founder)
    made = call(connection, "create_organization", name="Acme", slug="acme")
    assert roles_of(admin, founder, made["id"]) == {"owner"}
    assert call(connection, "get_organization", slug="acme") == made
    assert call(connection, "list_user_organizations")["organizations"] == [made]


def test_the_service_owns_nothing_that_it_creates(service: Connection, admin: Connection) -> None:
    made = call(service, "create_organization", name="Acme", slug="acme")
    assert call(service, "list_members", organization_id=made["id"])["members"] == []
    assert admin.execute("select from public.user_roles").fetchall() == []


def test_who_has_no_account_creates_nothing(admin: Connection, connect: Connect) -> None:
    ghost = sign_in(connect(), uuid4())
    assert refused(ghost, "TN002", "create_organization", name="Acme", slug="acme")["resource"] == "user"
    assert admin.execute("select from public.organizations").fetchall() == []


def test_members_see_theirs_and_nobody_sees_others(acme: Team, globex: Team) -> None:
    for who in ("owner", "admin", "billing", "member", "viewer"):
        connection = acme.as_(who)
        seen = call(connection, "list_organizations")["organizations"]
        assert [row["id"] for row in seen] == [acme.id]
        for function, arguments in (("get_organization", {"organization_id": globex.id}),):
            assert refused(connection, "TN002", function, **arguments)["name"] == str(globex.id)


def test_an_organization_is_changed_by_its_owner_and_admin(acme: Team, globex: Team) -> None:
    for who in ("owner", "admin"):
        changed = call(acme.as_(who), "update_organization", organization_id=acme.id, name=f"By {who}")
        assert changed["name"] == f"By {who}"
        assert acme.as_(who).execute("update public.organizations set website = 'http://x.y'").rowcount == 1
    for connection in (*(acme.as_(who) for who in ("billing", "member", "viewer")), globex.as_("owner")):
        denied = refused(connection, "42501", "update_organization", organization_id=acme.id, name="Mine")
        assert denied["permission"] == "organizations:update"
    assert acme.as_("member").execute("update public.organizations set website = 'http://z'").rowcount == 0


def test_a_suspended_organization_is_not_raised_by_its_owner(acme: Team, service: Connection, connect: Connect) -> None:
    call(service, "update_organization", organization_id=acme.id, is_active=False)
    owner = acme.as_("owner")
    for arguments in (
        {"is_active": True},
        {"is_active": False},
        {"update_mask": ["is_active"]},
        {"update_mask": ["*"]},
    ):
        denied = refused(owner, "42501", "update_organization", organization_id=acme.id, **arguments)
        assert denied["permission"] == "organizations:suspend"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("update public.organizations set is_active = true")
    # The function and the table both refuse to edit it.
    assert refused(owner, "TN012", "update_organization", organization_id=acme.id, description="x")
    assert owner.execute("update public.organizations set description = 'x'").rowcount == 0
    call(service, "update_organization", organization_id=acme.id, description="Looked into")
    boss = user(acme.admin)
    call(service, "assign_role", user_id=boss, role="platform_admin")
    platform = sign_in(connect(), boss)
    assert platform.execute("update public.organizations set website = null where not is_active").rowcount == 1
    call(platform, "update_organization", organization_id=acme.id, is_active=True)
    call(owner, "update_organization", organization_id=acme.id, description="Back again")
    assert call(owner, "get_organization", organization_id=acme.id)["is_active"]


def test_an_organization_is_deleted_by_its_owner_with_all_that_belongs_to_it(acme: Team, admin: Connection) -> None:
    call(acme.as_("owner"), "create_role", name="editor", organization_id=acme.id)
    call(acme.as_("owner"), "invite_member", organization_id=acme.id, email="a@example.com", role="viewer")
    for who in ("admin", "billing", "member", "viewer"):
        denied = refused(acme.as_(who), "42501", "delete_organization", organization_id=acme.id)
        assert denied["permission"] == "organizations:delete"
    call(acme.as_("owner"), "delete_organization", organization_id=acme.id)
    for table in ("public.user_roles", "tenantry.invitations"):
        assert admin.execute(f"select from {table}".encode()).fetchall() == []
    assert admin.execute("select from public.roles where organization_id is not null").fetchall() == []


def test_nobody_is_told_whether_an_organization_that_they_do_not_see_exists(acme: Team, globex: Team) -> None:
    for function in ("update_organization", "delete_organization", "list_members", "list_invitations"):
        more = {"name": "x"} if function == "update_organization" else {}
        here = refused(acme.as_("owner"), "42501", function, organization_id=globex.id, **more)
        nowhere = refused(acme.as_("owner"), "42501", function, organization_id=uuid4(), **more)
        assert {**here, "organization_id": ""} == {**nowhere, "organization_id": ""}
