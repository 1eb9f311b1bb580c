"""Rules of assigning roles: nobody gives a permission that they lack in that organization."""

from uuid import UUID, uuid4

import pytest

from tests.conftest import Connection
from tests.support.ledger import call, refused
from tests.support.users import Team, allowed, assignment, names, own_role, roles_of, user


def give(connection: Connection, user_id: UUID, role: str, organization_id: UUID | None = None) -> dict[str, object]:
    return call(connection, "assign_role", user_id=user_id, role=role, organization_id=organization_id)


@pytest.mark.parametrize("giver", ["owner", "admin"])
def test_a_role_is_given_changed_and_taken(acme: Team, giver: str) -> None:
    colleague = acme.join("viewer")
    given = give(acme.as_(giver), colleague, "member", acme.id)
    assert (given["user_id"], given["organization_id"]) == (colleague, acme.id)
    assert call(acme.as_(colleague), "get_role_assignment", user_role_id=given["id"]) == given
    own_role(acme.as_("owner"), acme.id, "editor")
    changed = call(acme.as_(giver), "update_role_assignment", user_role_id=given["id"], role="editor")
    assert changed["id"] == given["id"]
    assert acme.roles_of(colleague) == {"viewer", "editor"}
    call(acme.as_(giver), "remove_role_assignment", user_role_id=given["id"])
    assert acme.roles_of(colleague) == {"viewer"}
    refused(acme.as_(giver), "TN002", "remove_role_assignment", user_role_id=given["id"])


@pytest.mark.parametrize("giver", ["owner", "admin"])
def test_nobody_is_made_a_member_unasked(
    acme: Team, globex: Team, admin: Connection, service: Connection, platform: Connection, giver: str
) -> None:
    """Otherwise the founder of an organization would learn the address of any account with a known id. The answer is
    the same for an account, a member of another organization and an unknown id."""
    said = [
        refused(acme.as_(giver), "TN002", "assign_role", user_id=who, role="viewer", organization_id=acme.id)
        for who in (user(admin), globex.users["viewer"], uuid4())
    ]
    assert [detail | {"name": ""} for detail in said] == [{"reason": "NOT_FOUND", "resource": "member", "name": ""}] * 3
    # The service and the platform can give roles to any account.
    for connection in (service, platform):
        give(connection, user(admin), "viewer", acme.id)


def test_who_does_not_manage_members_gives_nothing(acme: Team, globex: Team, stranger: Connection) -> None:
    connections = [acme.as_(who) for who in ("billing", "member", "viewer")]
    for connection in (*connections, stranger, globex.as_("owner")):
        denied = refused(
            connection, "42501", "assign_role", user_id=acme.users["viewer"], role="member", organization_id=acme.id
        )
        assert denied["permission"] == "members:manage"
    for connection in connections[1:]:
        refused(connection, "42501", "update_role_assignment", user_role_id=acme.assignment("billing"), role="viewer")
        refused(connection, "42501", "remove_role_assignment", user_role_id=acme.assignment("billing"))
    assert acme.roles_of("billing") == {"billing"}


@pytest.mark.parametrize("role", ["owner", "billing", "platform_admin"])
def test_an_admin_hands_on_no_role_that_allows_more_than_theirs(acme: Team, role: str) -> None:
    boss = acme.as_("admin")
    for target in ("viewer", "admin"):
        refused(boss, "42501", "assign_role", user_id=acme.users[target], role=role, organization_id=acme.id)
        refused(boss, "42501", "update_role_assignment", user_role_id=acme.assignment(target), role=role)


def test_an_admin_neither_demotes_nor_removes_who_may_do_more(acme: Team) -> None:
    for who in ("owner", "billing"):
        refused(acme.as_("admin"), "42501", "update_role_assignment", user_role_id=acme.assignment(who), role="viewer")
        refused(acme.as_("admin"), "42501", "remove_role_assignment", user_role_id=acme.assignment(who))


def test_an_owner_hands_on_nothing_of_the_platforms(acme: Team, service: Connection) -> None:
    owner = acme.as_("owner")
    denied = refused(
        owner, "42501", "assign_role", user_id=acme.users["owner"], role="platform_admin", organization_id=acme.id
    )
    assert denied["permission"] == "*:*"
    call(service, "create_role", name="treasurer")
    call(service, "add_role_permission", role="treasurer", permission="credits:grant")
    denied = refused(
        owner, "42501", "assign_role", user_id=acme.users["owner"], role="treasurer", organization_id=acme.id
    )
    assert (denied["permission"], denied["organization_id"]) == ("credits:grant", str(acme.id))


@pytest.mark.parametrize("role", ["viewer", "owner", "platform_admin"])
def test_a_role_everywhere_is_given_by_who_manages_members_everywhere(
    acme: Team, admin: Connection, platform: Connection, stranger: Connection, role: str
) -> None:
    guest = user(admin)
    for connection in (acme.as_("owner"), stranger):
        denied = refused(connection, "42501", "assign_role", user_id=guest, role=role)
        assert denied == {"reason": "PERMISSION_DENIED", "permission": "members:manage"}
    given = give(platform, guest, role)
    assert given["organization_id"] is None
    assert allowed(acme.as_(guest), acme.id, "organizations:read")
    for connection in (acme.as_("owner"), stranger):
        refused(connection, "TN002", "remove_role_assignment", user_role_id=given["id"])
        refused(connection, "TN002", "update_role_assignment", user_role_id=given["id"], role="viewer")
    call(platform, "remove_role_assignment", user_role_id=given["id"])
    assert not allowed(acme.as_(guest), acme.id, "organizations:read")


def test_a_role_everywhere_is_bounded_by_what_its_giver_holds_everywhere(
    acme: Team, admin: Connection, service: Connection
) -> None:
    call(service, "create_role", name="member_manager")
    call(service, "add_role_permission", role="member_manager", permission="members:manage")
    keeper = user(admin)
    give(service, keeper, "member_manager")
    give(acme.as_(keeper), acme.users["viewer"], "member_manager")
    for role in ("viewer", "owner", "platform_admin"):
        refused(acme.as_(keeper), "42501", "assign_role", user_id=keeper, role=role)
        refused(acme.as_(keeper), "42501", "assign_role", user_id=keeper, role=role, organization_id=acme.id)


def test_a_role_is_held_once_in_each_place(acme: Team, admin: Connection, service: Connection) -> None:
    refused(
        acme.as_("owner"), "23505", "assign_role", user_id=acme.users["viewer"], role="viewer", organization_id=acme.id
    )
    give(acme.as_("owner"), acme.users["viewer"], "member", acme.id)
    refused(acme.as_("owner"), "23505", "update_role_assignment", user_role_id=acme.assignment("viewer"), role="member")
    give(service, acme.users["viewer"], "viewer")
    refused(service, "23505", "assign_role", user_id=acme.users["viewer"], role="viewer")
    assert roles_of(admin, acme.users["viewer"], None) == {"viewer"}


def test_who_and_what_is_not_there_is_said(acme: Team, service: Connection) -> None:
    nobody = uuid4()
    viewer = acme.users["viewer"]
    said = refused(service, "TN002", "assign_role", user_id=nobody, role="viewer", organization_id=acme.id)
    assert (said["resource"], said["name"]) == ("user", str(nobody))
    said = refused(service, "TN002", "assign_role", user_id=viewer, role="nobody", organization_id=acme.id)
    assert said["resource"] == "role"
    said = refused(service, "TN002", "assign_role", user_id=viewer, role="viewer", organization_id=nobody)
    assert said["resource"] == "organization"
    assert refused(service, "TN001", "assign_role", role="viewer", organization_id=acme.id)["field"] == "user_id"
    assert refused(service, "TN001", "assign_role", user_id=viewer, organization_id=acme.id)["field"] == "role"
    for function in ("get_role_assignment", "remove_role_assignment", "update_role_assignment"):
        assert refused(service, "TN001", function)["field"] == "user_role_id"
        assert refused(service, "TN002", function, user_role_id=nobody)["resource"] == "user_role"


def test_an_assignment_elsewhere_is_as_one_that_is_not_there(acme: Team, globex: Team) -> None:
    hidden = globex.assignment("viewer")
    for function, more in (
        ("get_role_assignment", {}),
        ("remove_role_assignment", {}),
        ("update_role_assignment", {"role": "viewer"}),
    ):
        for user_role_id in (hidden, uuid4()):
            said = refused(acme.as_("owner"), "TN002", function, user_role_id=user_role_id, **more)
            assert said == {"reason": "NOT_FOUND", "resource": "user_role", "name": str(user_role_id)}


def test_anybody_gives_up_their_own_role(acme: Team) -> None:
    for who in ("viewer", "member", "billing", "admin"):
        call(acme.as_(who), "remove_role_assignment", user_role_id=acme.assignment(who))
        assert acme.roles_of(who) == set()


def test_nobody_changes_their_own_role_to_a_higher_one(acme: Team) -> None:
    for who in ("viewer", "member", "billing", "admin"):
        refused(acme.as_(who), "42501", "update_role_assignment", user_role_id=acme.assignment(who), role="owner")


def test_assignments_are_listed_by_user_and_by_organization_as_far_as_the_caller_sees(
    acme: Team, globex: Team, service: Connection, stranger: Connection
) -> None:
    both = acme.users["viewer"]
    give(service, both, "viewer", globex.id)
    give(service, both, "viewer")

    def listed(connection: Connection, **filters: object) -> int:
        return len(call(connection, "list_role_assignments", **filters)["user_roles"])

    assert listed(service) == 5 + 5 + 2
    assert listed(service, user_id=both) == 3
    assert listed(service, organization_id=globex.id) == 6
    assert listed(service, user_id=both, organization_id=globex.id) == 1
    assert listed(acme.as_("owner")) == 5
    assert listed(acme.as_("owner"), organization_id=globex.id) == 0
    assert listed(acme.as_("owner"), user_id=both) == 1
    assert listed(acme.as_("billing")) == 1
    assert listed(stranger) == 0
    first = call(acme.as_("owner"), "list_role_assignments", page_size=3)
    rest = call(acme.as_("owner"), "list_role_assignments", page_size=3, page_token=first["next_page_token"])
    assert len({row["id"] for row in first["user_roles"] + rest["user_roles"]}) == 5
    assert rest["next_page_token"] is None


def test_the_roles_and_organizations_of_a_user(acme: Team, globex: Team, service: Connection) -> None:
    viewer = acme.users["viewer"]
    own_role(acme.as_("owner"), acme.id, "editor")
    give(acme.as_("owner"), viewer, "editor", acme.id)
    give(service, viewer, "member", globex.id)
    give(service, viewer, "billing")
    mine = acme.as_("viewer")
    assert len(call(mine, "list_user_roles")["roles"]) == 4
    there = names(call(mine, "list_user_roles", organization_id=globex.id)["roles"])
    assert there == ["billing", "member"]
    assert len(call(acme.as_("owner"), "list_user_roles", user_id=viewer)["roles"]) == 2
    assert call(globex.as_("billing"), "list_user_roles", user_id=viewer)["roles"] == []
    both = call(mine, "list_user_organizations")["organizations"]
    assert {row["id"] for row in both} == {acme.id, globex.id}
    assert both == sorted(both, key=lambda row: str(row["name"]))
    seen = call(acme.as_("owner"), "list_user_organizations", user_id=viewer)["organizations"]
    assert [row["id"] for row in seen] == [acme.id]
    assert refused(service, "TN001", "list_user_roles")["field"] == "user_id"
    assert refused(service, "TN001", "list_user_organizations")["field"] == "user_id"


def test_members_are_listed_with_their_roles_for_who_may_see_them(
    acme: Team, globex: Team, service: Connection
) -> None:
    own_role(acme.as_("owner"), acme.id, "editor")
    give(acme.as_("owner"), acme.users["viewer"], "editor", acme.id)
    first = call(acme.as_("member"), "list_members", organization_id=acme.id, page_size=2)
    rows = first["members"]
    while first["next_page_token"]:
        first = call(
            acme.as_("member"),
            "list_members",
            organization_id=acme.id,
            page_size=2,
            page_token=first["next_page_token"],
        )
        rows += first["members"]
    by_user = {row["user_id"]: row for row in rows}
    assert len(rows) == len(by_user) == 5
    assert set(by_user) == set(acme.users.values())
    assert sorted(by_user[acme.users["viewer"]]["roles"]) == ["editor", "viewer"]
    assert by_user[acme.users["owner"]]["email"].endswith("@example.com")
    for connection in (acme.as_("billing"), globex.as_("owner")):
        denied = refused(connection, "42501", "list_members", organization_id=acme.id)
        assert denied["permission"] == "members:read"
    assert refused(service, "TN001", "list_members")["field"] == "organization_id"


def test_one_account_is_another_in_every_organization(acme: Team, globex: Team, service: Connection) -> None:
    give(service, acme.users["viewer"], "owner", globex.id)
    assert not allowed(acme.as_("viewer"), acme.id, "organizations:update")
    assert allowed(acme.as_("viewer"), globex.id, "organizations:update")
    assert assignment(acme.admin, acme.users["viewer"], "owner", globex.id)
