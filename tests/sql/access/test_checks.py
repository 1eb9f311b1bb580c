"""Questions about permissions: one, many at once, with an explanation, and the list of the holders."""

from uuid import UUID, uuid4

import pytest

from tests.conftest import Connection
from tests.support.ledger import Row, call, refused
from tests.support.users import Team, allowed, own_role, user

HOLDS = {
    "owner": {
        "organizations:read", "organizations:update", "organizations:delete", "members:read", "members:manage",
        "members:*", "roles:manage", "credits:read", "credits:consume", "billing:read", "billing:manage", "billing:*",
        "subscriptions:read", "subscriptions:manage", "subscriptions:*", "audit:read",
    },
    "admin": {
        "organizations:read", "organizations:update", "members:read", "members:manage", "members:*", "roles:manage",
        "credits:read", "credits:consume", "billing:read", "subscriptions:read", "audit:read",
    },
    "billing": {
        "organizations:read", "credits:read", "billing:read", "billing:manage", "billing:*", "subscriptions:read",
        "subscriptions:manage", "subscriptions:*",
    },
    "member": {"organizations:read", "members:read", "credits:read", "credits:consume"},
    "viewer": {"organizations:read", "members:read", "credits:read"},
}  # fmt: skip
"""The permissions of the system roles in their organization."""


def permissions(service: Connection) -> list[str]:
    return [row["name"] for row in call(service, "list_permissions", page_size=1000)["permissions"]]


@pytest.mark.parametrize("role", HOLDS)
def test_a_system_role_allows_what_it_says_there_and_nothing_elsewhere(
    acme: Team, globex: Team, service: Connection, role: str
) -> None:
    asked = permissions(service)
    answers = call(acme.as_(role), "batch_check_permissions", organization_ids=[acme.id, globex.id], permissions=asked)[
        "answers"
    ]
    assert [(row["organization_id"], row["permission"]) for row in answers] == [
        (organization, permission) for organization in (acme.id, globex.id) for permission in asked
    ]
    held = {row["permission"] for row in answers if row["allowed"]}
    assert held == HOLDS[role], f"sql/seeds/access.sql and HOLDS[{role!r}] differ in {sorted(held ^ HOLDS[role])}"
    assert not [row for row in answers if row["allowed"] and row["organization_id"] == globex.id]
    for permission in asked:
        assert allowed(acme.as_(role), acme.id, permission) == (permission in HOLDS[role])
        assert not allowed(acme.as_(role), None, permission)


def test_who_holds_everything_everywhere_holds_each(platform: Connection, acme: Team, service: Connection) -> None:
    for permission in (*permissions(service), "anything:at_all", "*:read"):
        assert allowed(platform, acme.id, permission)
        assert allowed(platform, None, permission)


def test_a_wildcard_holds_all_of_its_side_and_no_more(acme: Team, service: Connection) -> None:
    call(service, "create_permission", name="readers", resource="*", action="read")
    own_role(service, acme.id, "reader", "readers")
    call(service, "assign_role", user_id=acme.users["viewer"], role="reader", organization_id=acme.id)
    reader = acme.as_("viewer")
    assert allowed(reader, acme.id, "anything:read")
    assert allowed(reader, acme.id, "*:read")
    assert not allowed(reader, acme.id, "anything:write")
    assert not allowed(reader, acme.id, "anything:*")
    assert not allowed(reader, acme.id, "*:*")
    # The name of an own permission has no meaning: the resource and the action count.
    refused(reader, "TN001", "check_permission", organization_id=acme.id, permission="readers")


def test_a_role_everywhere_counts_in_every_organization(acme: Team, globex: Team, service: Connection) -> None:
    call(service, "assign_role", user_id=acme.users["viewer"], role="billing")
    for where in (acme.id, globex.id, None, uuid4()):
        assert allowed(acme.as_("viewer"), where, "billing:manage")


def test_others_are_asked_about_by_who_may_see_members_there(
    acme: Team, globex: Team, service: Connection, stranger: Connection
) -> None:
    owner = acme.users["owner"]
    assert allowed(acme.as_("viewer"), acme.id, "organizations:delete", owner)
    assert allowed(service, acme.id, "organizations:delete", owner)
    assert not allowed(service, globex.id, "organizations:delete", owner)
    questions: list[tuple[str, Row]] = [
        ("check_permission", {"organization_id": acme.id, "permission": "credits:read"}),
        ("explain_permission", {"organization_id": acme.id, "permission": "credits:read"}),
        ("batch_check_permissions", {"organization_ids": [acme.id], "permissions": ["credits:read"]}),
    ]
    for connection in (acme.as_("billing"), stranger, globex.as_("owner")):
        for function, arguments in questions:
            denied = refused(connection, "42501", function, user_id=owner, **arguments)
            assert denied["permission"] == "members:read"
    mixed = {"organization_ids": [acme.id, globex.id], "permissions": ["credits:read"], "user_id": owner}
    refused(acme.as_("owner"), "42501", "batch_check_permissions", **{**mixed, "user_id": acme.users["viewer"]})
    call(acme.as_("owner"), "batch_check_permissions", **mixed)
    for function, arguments in questions:
        assert refused(service, "TN001", function, **arguments)["field"] == "user_id"


@pytest.mark.parametrize(
    "permission", [None, "", "credits", "credits:", ":read", "a:b:c", "Credits:read", "credits:read\n"]
)
def test_what_is_no_permission_is_refused(acme: Team, permission: str | None) -> None:
    for function in ("check_permission", "explain_permission", "list_users_with_permission"):
        said = refused(acme.as_("owner"), "TN001", function, organization_id=acme.id, permission=permission)
        assert said["field"] == "permission"
    asked = {"organization_ids": [acme.id], "permissions": [permission]}
    assert refused(acme.as_("owner"), "TN001", "batch_check_permissions", **asked)["field"] == "permission"


def test_members_do_not_learn_who_runs_the_platform_nor_whose_account_exists(
    acme: Team, globex: Team, service: Connection, admin: Connection, platform: Connection
) -> None:
    """Members see of other users the roles held in their own organization, as the policy of user_roles allows. A
    colleague's role everywhere, an operator, a member of another organization, an account and an unknown id look
    alike."""
    boss = user(admin)
    for operator in (boss, acme.users["billing"]):
        call(service, "assign_role", user_id=operator, role="platform_admin")
    asked: Row = {"organization_id": acme.id, "permission": "credits:grant"}
    reasons = set()
    for who in (boss, globex.users["owner"], user(admin), uuid4()):
        said = call(acme.as_("owner"), "explain_permission", user_id=who, **asked)
        assert (said["allowed"], said["paths"]) == (False, [])
        reasons.add(said["reason"])
        assert not allowed(acme.as_("owner"), acme.id, "credits:grant", who)
    assert reasons == {"the user holds no role here"}
    colleague = acme.users["billing"]
    said = call(acme.as_("owner"), "explain_permission", user_id=colleague, **asked)
    assert (said["allowed"], said["reason"]) == (False, "no role that the user holds here has the permission")
    batch = {"organization_ids": [acme.id], "permissions": ["credits:grant"], "user_id": colleague}
    assert not call(acme.as_("owner"), "batch_check_permissions", **batch)["answers"][0]["allowed"]
    # The user, the service and the platform see all roles.
    assert allowed(acme.as_("billing"), acme.id, "credits:grant")
    for asking in (service, platform):
        assert allowed(asking, acme.id, "credits:grant", colleague)
        assert call(asking, "batch_check_permissions", **batch)["answers"][0]["allowed"]
        said = call(asking, "explain_permission", user_id=colleague, **asked)
        assert {row["role"] for row in said["paths"]} == {"platform_admin"}


def test_an_explanation_agrees_with_the_check(acme: Team, service: Connection) -> None:
    for user_id in acme.users.values():
        for permission in permissions(service):
            said = call(service, "explain_permission", organization_id=acme.id, permission=permission, user_id=user_id)
            assert said["allowed"] == allowed(service, acme.id, permission, user_id)


def test_has_permission_and_organizations_with_say_the_same_of_the_caller(
    acme: Team, globex: Team, service: Connection, platform: Connection, stranger: Connection
) -> None:
    def both(connection: Connection, permission: str) -> set[UUID]:
        rows = connection.execute("select * from public.organizations_with(%s) as id", [permission]).fetchall()
        listed = {row["id"] for row in rows}
        for team in (acme, globex):
            held = connection.execute("select public.has_permission(%s, %s) as held", [team.id, permission]).fetchone()
            assert held == {"held": team.id in listed}
        return listed

    call(service, "assign_role", user_id=acme.users["viewer"], role="billing", organization_id=globex.id)
    assert both(acme.as_("viewer"), "credits:read") == {acme.id, globex.id}
    assert both(acme.as_("viewer"), "billing:read") == {globex.id}
    assert both(acme.as_("viewer"), "credits:grant") == set()
    assert both(stranger, "credits:read") == set()
    for everywhere in (service, platform):
        assert both(everywhere, "credits:read") == {acme.id, globex.id}


def test_the_rule_becomes_part_of_the_query_that_asks(visitor: Connection) -> None:
    """As a function call it would be planned at each call before PostgreSQL 18, and cost ten times as much."""
    visitor.execute("reset role")
    asked = "select from tenantry.organizations_granting(auth.uid(), tenantry.permissions_granting('credits:read'))"
    plan = str(visitor.execute(f"explain (verbose) {asked}").fetchall())
    assert "user_roles" in plan
    assert "organizations_granting" not in plan
    assert "permissions_granting" not in plan
