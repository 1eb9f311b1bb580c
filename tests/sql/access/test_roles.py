"""Roles of all organizations, and system roles, which nobody can change."""

import pytest

from tests.conftest import Connection
from tests.support.ledger import call, refused
from tests.support.users import Team, allowed, names, own_role

SYSTEM = ["admin", "billing", "member", "owner", "platform_admin", "viewer"]


def test_a_role_is_made_and_found_by_id_and_by_name(service: Connection) -> None:
    made = call(service, "create_role", name="auditor", description="Looks at books")
    assert (made["organization_id"], made["display_name"], made["is_system_role"]) == (None, None, False)
    assert call(service, "get_role", role="auditor") == made
    assert call(service, "get_role", role=str(made["id"])) == made
    refused(service, "23505", "create_role", name="auditor")


def test_roles_of_all_are_made_by_the_platform_only(acme: Team, stranger: Connection, platform: Connection) -> None:
    for connection in (stranger, acme.as_("owner"), acme.as_("admin")):
        assert refused(connection, "42501", "create_role", name="auditor")["permission"] == "roles:manage"
    call(platform, "create_role", name="auditor")
    for connection in (stranger, acme.as_("owner")):
        refused(connection, "42501", "update_role", role="auditor", name="mine")
        refused(connection, "42501", "delete_role", role="auditor")


@pytest.mark.parametrize("name", [None, "", " ", "n" * 51, "own:mine", "11111111-1111-4111-8111-11111111111a"], ids=str)
def test_what_is_no_name_is_refused(service: Connection, acme: Team, name: str | None) -> None:
    assert refused(service, "TN001", "create_role", name=name)["field"] == "name"
    assert refused(service, "TN001", "create_role", name=name, organization_id=acme.id)["field"] == "name"
    call(service, "create_role", name="auditor")
    asked = {"role": "auditor", "name": name, "update_mask": ["name"]}
    assert refused(service, "TN001", "update_role", **asked)["field"] == "name"


def test_a_role_is_changed_and_deleted_with_all_that_hangs_on_it(
    service: Connection, admin: Connection, acme: Team
) -> None:
    call(service, "create_role", name="auditor")
    call(service, "add_role_permission", role="auditor", permission="audit:read")
    call(service, "assign_role", user_id=acme.users["viewer"], role="auditor", organization_id=acme.id)
    call(service, "invite_member", organization_id=acme.id, email="a@example.com", role="auditor")
    changed = call(service, "update_role", role="auditor", name="examiner", description="Looks closely")
    assert (changed["name"], changed["description"]) == ("examiner", "Looks closely")
    assert changed["updated_at"] > changed["created_at"]
    call(service, "delete_role", role="examiner")
    for table in ("public.role_permissions", "public.user_roles", "tenantry.invitations"):
        left = admin.execute(f"select count(*) as n from {table} where role_id = %s".encode(), [changed["id"]])
        assert left.fetchone() == {"n": 0}
    assert not allowed(acme.as_("viewer"), acme.id, "audit:read")


@pytest.mark.parametrize("role", SYSTEM)
def test_a_system_role_is_changed_by_nobody(service: Connection, platform: Connection, role: str) -> None:
    before = call(service, "list_role_permissions", role=role)
    for connection in (service, platform):
        for function, arguments in (
            ("update_role", {"name": "mine"}),
            ("update_role", {"description": "mine"}),
            ("delete_role", {}),
            ("add_role_permission", {"permission": "*:*"}),
            ("remove_role_permission", {"permission": "organizations:read"}),
        ):
            assert refused(connection, "TN021", function, role=role, **arguments)["role"] == role
    assert call(service, "list_role_permissions", role=role) == before


def test_users_see_the_roles_of_all_in_pages(stranger: Connection, acme: Team) -> None:
    own_role(acme.as_("owner"), acme.id, "editor")
    first = call(stranger, "list_roles", page_size=4)
    rest = call(stranger, "list_roles", page_size=4, page_token=first["next_page_token"])
    assert names(first["roles"]) + names(rest["roles"]) == SYSTEM
    assert rest["next_page_token"] is None
    refused(stranger, "TN003", "list_roles", organization_id=acme.id, page_token=first["next_page_token"])


def test_what_is_missing_or_not_there_is_said(service: Connection) -> None:
    for function in ("get_role", "delete_role", "list_role_permissions"):
        assert refused(service, "TN001", function)["field"] == "role"
        assert refused(service, "TN002", function, role="nobody")["resource"] == "role"
