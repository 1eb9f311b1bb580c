"""Permissions: callers who manage roles everywhere create, find, change and delete them; those of system roles stay."""

import pytest

from tests.conftest import Connection
from tests.support.ledger import call, refused
from tests.support.users import Team, allowed, names, own_role, sign_in, user

REPORTS = {"name": "reports:read", "resource": "reports", "action": "read"}


def test_a_permission_is_made_and_found_by_id_and_by_name(service: Connection) -> None:
    made = call(service, "create_permission", **REPORTS, description="See reports")
    assert (made["resource"], made["action"], made["description"]) == ("reports", "read", "See reports")
    assert call(service, "get_permission", permission="reports:read") == made
    assert call(service, "get_permission", permission=str(made["id"])) == made


def test_the_platform_manages_permissions_and_nobody_else_does(
    acme: Team, stranger: Connection, platform: Connection
) -> None:
    for connection in (stranger, acme.as_("owner"), acme.as_("admin")):
        denied = refused(connection, "42501", "create_permission", **REPORTS)
        assert denied == {"reason": "PERMISSION_DENIED", "permission": "roles:manage"}
        refused(connection, "42501", "update_permission", permission="credits:read", description="mine")
        refused(connection, "42501", "delete_permission", permission="credits:read")
    assert call(platform, "create_permission", **REPORTS)["name"] == "reports:read"


def test_a_name_or_a_pair_of_resource_and_action_is_taken_once(service: Connection) -> None:
    call(service, "create_permission", **REPORTS)
    refused(service, "23505", "create_permission", **{**REPORTS, "action": "write"})
    refused(service, "23505", "create_permission", **{**REPORTS, "name": "another name"})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": " "}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"name": "11111111-1111-4111-8111-111111111111"}, "name"),
        ({"resource": None}, "resource"),
        ({"resource": "Re ports"}, "resource"),
        ({"resource": "r" * 51}, "resource"),
        ({"resource": "a:b"}, "resource"),
        ({"action": None}, "action"),
        ({"action": "**"}, "action"),
        ({"action": "a" * 51}, "action"),
    ],
    ids=str,
)
def test_what_is_no_permission_is_refused_by_field(visitor: Connection, change: dict[str, object], field: str) -> None:
    assert refused(visitor, "TN001", "create_permission", **{**REPORTS, **change})["field"] == field


def test_a_change_counts_at_once_for_whoever_holds_the_permission(acme: Team, service: Connection) -> None:
    call(service, "create_permission", **REPORTS)
    reader = own_role(service, acme.id, "reader", "reports:read")
    call(service, "assign_role", user_id=acme.users["viewer"], role=str(reader["id"]), organization_id=acme.id)
    assert allowed(acme.as_("viewer"), acme.id, "reports:read")
    changed = call(service, "update_permission", permission="reports:read", action="export")
    assert (changed["name"], changed["action"]) == ("reports:read", "export")
    assert not allowed(acme.as_("viewer"), acme.id, "reports:read")
    assert allowed(acme.as_("viewer"), acme.id, "reports:export")


def test_a_mask_clears_what_has_no_value(service: Connection) -> None:
    call(service, "create_permission", **REPORTS, description="See reports")
    changed = call(service, "update_permission", permission="reports:read", update_mask=["description"])
    assert changed["description"] is None
    assert refused(service, "TN001", "update_permission", permission="reports:read", update_mask=["name"])
    assert refused(service, "TN001", "update_permission", permission="reports:read")["field"] == "update_mask"


def test_a_deleted_permission_is_taken_from_every_role(acme: Team, service: Connection, admin: Connection) -> None:
    made = call(service, "create_permission", **REPORTS)
    own_role(service, acme.id, "reader", "reports:read")
    call(service, "delete_permission", permission="reports:read")
    assert admin.execute(
        "select count(*) as n from public.role_permissions where permission_id = %s", [made["id"]]
    ).fetchone() == {"n": 0}
    refused(service, "TN002", "get_permission", permission="reports:read")
    refused(service, "TN002", "delete_permission", permission="reports:read")


def test_a_permission_that_is_shipped_is_changed_and_deleted_by_nobody(
    service: Connection, platform: Connection
) -> None:
    shipped = names(call(service, "list_permissions", page_size=1000)["permissions"])
    assert {"*:*", "credits:read", "credits:grant", "members:*", "members:manage", "catalog:manage"} <= set(shipped)
    for permission in shipped:
        for connection in (service, platform):
            refused(connection, "TN021", "update_permission", permission=permission, action="other")
            refused(connection, "TN021", "delete_permission", permission=permission)


def test_nobody_takes_a_permission_from_others_that_they_could_not_give(service: Connection, admin: Connection) -> None:
    call(service, "create_permission", **REPORTS)
    call(service, "create_role", name="role_manager")
    call(service, "add_role_permission", role="role_manager", permission="roles:manage")
    keeper = user(admin)
    call(service, "assign_role", user_id=keeper, role="role_manager")
    sign_in(admin, keeper)
    for function, arguments in (
        ("delete_permission", {}),
        ("update_permission", {"resource": "roles", "action": "manage"}),
    ):
        denied = refused(admin, "42501", function, permission="reports:read", **arguments)
        assert denied["permission"] == "reports:read"


def test_who_manages_roles_cannot_turn_a_permission_they_hold_into_one_they_lack(
    service: Connection, admin: Connection
) -> None:
    call(service, "create_permission", **REPORTS)
    call(service, "create_role", name="role_manager")
    for permission in ("roles:manage", "reports:read", "members:manage"):
        call(service, "add_role_permission", role="role_manager", permission=permission)
    keeper = user(admin)
    call(service, "assign_role", user_id=keeper, role="role_manager")
    sign_in(admin, keeper)
    denied = refused(admin, "42501", "update_permission", permission="reports:read", resource="credits", action="*")
    assert denied["permission"] == "credits:*"
    refused(admin, "42501", "update_permission", permission="reports:read", action="*")
    refused(admin, "42501", "update_permission", permission="reports:read", resource="*")
    call(admin, "update_permission", permission="reports:read", description="may be reworded")
