"""list_users_with_permission: its pages; its callers, and the input that it refuses."""

from uuid import UUID

from tests.conftest import Connection
from tests.support.ledger import call, refused
from tests.support.rpc import INVALID_ARGUMENT, access, case
from tests.support.users import Team, names, own_role, user

ACCESS = access(
    "organization_id => {first}, permission => 'credits:read'",
    first="viewer member admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "permission", organization_id="$acme"),
]


def test_who_holds_a_permission_is_listed_in_pages(
    acme: Team, globex: Team, service: Connection, admin: Connection, platform: Connection
) -> None:
    boss, outsider = user(admin), user(admin)
    call(service, "assign_role", user_id=boss, role="platform_admin")
    call(service, "assign_role", user_id=outsider, role="owner", organization_id=globex.id)
    own_role(acme.as_("owner"), acme.id, "editor", "billing:manage")
    call(acme.as_("owner"), "assign_role", user_id=acme.users["viewer"], role="editor", organization_id=acme.id)

    def holders(permission: str, asking: Connection | None = None) -> set[UUID]:
        found: list[str] = []
        token = None
        while True:
            page = call(
                asking or acme.as_("member"), "list_users_with_permission",
                organization_id=acme.id, permission=permission, page_size=1, page_token=token,
            )  # fmt: skip
            found += page["user_ids"]
            token = page["next_page_token"]
            if not token:
                assert found == sorted(set(found))
                return {UUID(holder) for holder in found}

    users = acme.users
    assert holders("billing:manage") == {users["owner"], users["billing"], users["viewer"]}
    assert holders("credits:grant") == set()
    assert holders("credits:read") == set(users.values())
    # Holders of roles everywhere are listed only for callers who may see them.
    runs_the_platform = call(platform, "list_user_roles")["roles"]
    assert names(runs_the_platform) == ["platform_admin"]
    for asking in (service, platform):
        assert boss in holders("credits:grant", asking)
        assert holders("credits:read", asking) > {*users.values(), boss}
    for connection in (acme.as_("billing"), globex.as_("owner")):
        refused(connection, "42501", "list_users_with_permission", organization_id=acme.id, permission="credits:read")
