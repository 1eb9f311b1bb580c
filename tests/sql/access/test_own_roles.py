"""An organization's own roles: members see, change and give them there, and they are unknown anywhere else."""

import psycopg
import pytest

from tests.conftest import Connection
from tests.support.ledger import call, refused
from tests.support.users import Team, allowed, own_role


def test_two_organizations_have_an_editor_each_and_neither_learns_of_the_other(acme: Team, globex: Team) -> None:
    mine = own_role(acme.as_("owner"), acme.id, "editor", "credits:read")
    theirs = own_role(globex.as_("owner"), globex.id, "editor")
    assert (mine["display_name"], mine["name"]) == ("editor", f"own:{mine['id']}")
    assert mine["name"] != theirs["name"]
    asking = acme.as_("owner")
    listed = call(asking, "list_roles", organization_id=acme.id)["roles"]
    assert [role["id"] for role in listed if role["organization_id"]] == [mine["id"]]
    assert not [
        role for role in call(asking, "list_roles", organization_id=globex.id)["roles"] if role["organization_id"]
    ]
    assert asking.execute("select id from public.roles where organization_id is not null").fetchall() == [
        {"id": mine["id"]}
    ]
    # The refusal for a role of another organization has the same words as for a role that does not exist.
    for function, more in (
        ("get_role", {}),
        ("list_role_permissions", {}),
        ("update_role", {"name": "x"}),
        ("delete_role", {}),
        ("add_role_permission", {"permission": "credits:read"}),
        ("remove_role_permission", {"permission": "credits:read"}),
        ("assign_role", {"user_id": acme.users["viewer"], "organization_id": acme.id}),
        ("invite_member", {"email": "a@example.com", "organization_id": acme.id}),
        ("update_role_assignment", {"user_role_id": acme.assignment("viewer")}),
    ):
        for name in (str(theirs["id"]), theirs["name"], "00000000-0000-4000-8000-000000000000"):
            said = refused(asking, "TN002", function, role=name, **more)
            assert said == {"reason": "NOT_FOUND", "resource": "role", "name": name}, function


def test_a_display_name_is_taken_once_in_its_organization(acme: Team) -> None:
    own_role(acme.as_("owner"), acme.id, "editor")
    refused(acme.as_("admin"), "23505", "create_role", name="editor", organization_id=acme.id)
    other = own_role(acme.as_("owner"), acme.id, "writer")
    refused(acme.as_("owner"), "23505", "update_role", role=str(other["id"]), name="editor")


def test_an_own_role_cannot_pass_for_a_system_role(acme: Team) -> None:
    for name in ("viewer", "owner", "platform_admin", "Owner", " viewer "):
        assert refused(acme.as_("admin"), "TN001", "create_role", name=name, organization_id=acme.id)["field"] == "name"
    mine = own_role(acme.as_("admin"), acme.id, "editor")
    assert refused(acme.as_("admin"), "TN001", "update_role", role=str(mine["id"]), name="viewer")["field"] == "name"


def test_it_is_made_changed_and_deleted_by_who_manages_roles_there(
    acme: Team, globex: Team, stranger: Connection
) -> None:
    mine = own_role(acme.as_("admin"), acme.id, "editor")
    changed = call(acme.as_("owner"), "update_role", role=str(mine["id"]), name="writer", description="Writes")
    assert (changed["name"], changed["display_name"]) == (mine["name"], "writer")
    for who in ("billing", "member", "viewer"):
        connection = acme.as_(who)
        said = refused(connection, "42501", "create_role", name="x", organization_id=acme.id)
        assert said["permission"] == "roles:manage"
        refused(connection, "42501", "update_role", role=str(mine["id"]), name="x")
        refused(connection, "42501", "delete_role", role=str(mine["id"]))
    for connection in (stranger, globex.as_("owner")):
        refused(connection, "42501", "create_role", name="x", organization_id=acme.id)
    call(acme.as_("admin"), "delete_role", role=str(mine["id"]))
    refused(acme.as_("admin"), "TN002", "get_role", role=str(mine["id"]))


def test_a_role_that_allows_more_than_somebody_holds_is_not_passed_off_by_them_as_another(acme: Team) -> None:
    crown = own_role(acme.as_("owner"), acme.id, "may delete everything", "organizations:delete")
    for arguments in ({"name": "may look on"}, {"description": "Harmless"}):
        denied = refused(acme.as_("admin"), "42501", "update_role", role=str(crown["id"]), **arguments)
        assert denied["permission"] == "organizations:delete"


def test_it_is_assigned_there_only_and_never_everywhere(
    acme: Team, globex: Team, service: Connection, platform: Connection
) -> None:
    mine = own_role(acme.as_("owner"), acme.id, "editor", "audit:read")
    viewer = acme.users["viewer"]
    for connection in (service, platform):
        refused(connection, "TN002", "assign_role", user_id=viewer, role=str(mine["id"]))
        refused(connection, "TN002", "assign_role", user_id=viewer, role=str(mine["id"]), organization_id=globex.id)
        refused(
            connection, "TN002", "update_role_assignment", user_role_id=globex.assignment("viewer"), role=mine["name"]
        )
    call(acme.as_("owner"), "assign_role", user_id=viewer, role="editor", organization_id=acme.id)
    assert allowed(acme.as_("viewer"), acme.id, "audit:read")
    assert not allowed(acme.as_("viewer"), globex.id, "audit:read")


def test_an_assignment_elsewhere_that_a_dba_makes_allows_nothing(acme: Team, globex: Team, admin: Connection) -> None:
    mine = own_role(acme.as_("owner"), acme.id, "editor", "audit:read")
    for where in (globex.id, None):
        admin.execute(
            "insert into public.user_roles (user_id, role_id, organization_id) values (%s, %s, %s)",
            [globex.users["viewer"], mine["id"], where],
        )
    for where in (acme.id, globex.id):
        assert not allowed(globex.as_("viewer"), where, "audit:read")
        assert globex.as_("viewer").execute("select * from public.organizations_with('audit:read')").fetchall() == []


def test_a_role_cannot_be_made_in_an_organization_that_is_not_there(service: Connection) -> None:
    refused(service, "TN002", "create_role", name="x", organization_id="00000000-0000-4000-8000-000000000000")


def test_it_goes_with_its_organization(acme: Team, admin: Connection) -> None:
    mine = own_role(acme.as_("owner"), acme.id, "editor")
    call(acme.as_("owner"), "delete_organization", organization_id=acme.id)
    assert admin.execute("select from public.roles where id = %s", [mine["id"]]).fetchone() is None


@pytest.mark.parametrize(
    "statement",
    [
        "update public.roles set is_system_role = false",
        "insert into public.roles (name) values ('mine')",
        "delete from public.roles",
        "insert into public.role_permissions (role_id, permission_id)"
        " select r.id, p.id from public.roles as r, public.permissions as p",
        "insert into public.user_roles (user_id, role_id) select auth.uid(), id from public.roles",
        "update public.user_roles set organization_id = null",
    ],
)
def test_no_role_is_changed_past_the_functions(acme: Team, service: Connection, statement: str) -> None:
    for connection in (acme.as_("owner"), service):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
