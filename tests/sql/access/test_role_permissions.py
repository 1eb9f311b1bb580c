"""A role can allow only permissions that its author holds in the same place."""

from tests.conftest import Connection
from tests.support.ledger import call, refused
from tests.support.users import Team, allowed, names, own_role


def test_a_permission_is_given_once_and_taken_once(acme: Team) -> None:
    owner = acme.as_("owner")
    role = str(own_role(owner, acme.id, "editor")["id"])
    first = call(owner, "add_role_permission", role=role, permission="credits:read")
    assert call(owner, "add_role_permission", role=role, permission="credits:read") == first
    by_id = str(call(owner, "get_permission", permission="audit:read")["id"])
    call(owner, "add_role_permission", role=role, permission=by_id)
    held = call(owner, "list_role_permissions", role=role)["permissions"]
    assert names(held) == ["audit:read", "credits:read"]
    call(owner, "remove_role_permission", role=role, permission="credits:read")
    missing = refused(owner, "TN002", "remove_role_permission", role=role, permission="credits:read")
    assert missing["resource"] == "role_permission"


def test_nobody_gives_a_role_what_they_may_not_do_themselves(acme: Team) -> None:
    role = str(own_role(acme.as_("admin"), acme.id, "editor")["id"])
    for permission in ("organizations:delete", "billing:manage", "subscriptions:*", "*:*", "credits:grant"):
        denied = refused(acme.as_("admin"), "42501", "add_role_permission", role=role, permission=permission)
        assert (denied["permission"], denied["organization_id"]) == (permission, str(acme.id))
    for permission in ("credits:grant", "*:*", "organizations:suspend", "credits:refund"):
        refused(acme.as_("owner"), "42501", "add_role_permission", role=role, permission=permission)
    call(acme.as_("owner"), "add_role_permission", role=role, permission="billing:manage")


def test_a_wildcard_covers_its_parts_and_no_part_covers_it(acme: Team, service: Connection) -> None:
    role = str(own_role(acme.as_("owner"), acme.id, "editor", "members:manage", "billing:*")["id"])
    assert names(call(service, "list_role_permissions", role=role)["permissions"]) == ["billing:*", "members:manage"]
    call(service, "create_permission", name="credits:*", resource="credits", action="*")
    call(service, "create_permission", name="*:read", resource="*", action="read")
    for permission in ("credits:*", "*:read"):
        refused(acme.as_("owner"), "42501", "add_role_permission", role=role, permission=permission)


def test_nobody_raises_themselves_by_the_role_that_they_hold(acme: Team) -> None:
    role = own_role(acme.as_("owner"), acme.id, "role keeper", "roles:manage", "organizations:read")
    keeper = acme.join("viewer")
    call(acme.as_("owner"), "assign_role", user_id=keeper, role="role keeper", organization_id=acme.id)
    mine = acme.as_(keeper)
    refused(mine, "42501", "add_role_permission", role=str(role["id"]), permission="members:manage")
    call(mine, "add_role_permission", role=str(role["id"]), permission="credits:read")
    assert not allowed(mine, acme.id, "members:manage")


def test_a_role_of_all_is_bounded_by_what_its_maker_holds_everywhere(
    acme: Team, service: Connection, platform: Connection
) -> None:
    call(platform, "create_role", name="auditor")
    call(platform, "add_role_permission", role="auditor", permission="audit:read")
    call(service, "create_role", name="role_manager")
    call(service, "add_role_permission", role="role_manager", permission="roles:manage")
    keeper = acme.join("owner")
    call(service, "assign_role", user_id=keeper, role="role_manager")
    # The author holds it in one organization, not everywhere.
    denied = refused(acme.as_(keeper), "42501", "add_role_permission", role="auditor", permission="members:manage")
    assert "organization_id" not in denied
    call(acme.as_(keeper), "add_role_permission", role="auditor", permission="roles:manage")


def test_nobody_takes_from_a_role_what_they_could_not_give(acme: Team) -> None:
    role = str(own_role(acme.as_("owner"), acme.id, "treasurer", "billing:manage")["id"])
    refused(acme.as_("admin"), "42501", "remove_role_permission", role=role, permission="billing:manage")
    refused(acme.as_("admin"), "42501", "delete_role", role=role)
    call(acme.as_("owner"), "remove_role_permission", role=role, permission="billing:manage")
    call(acme.as_("admin"), "delete_role", role=role)
