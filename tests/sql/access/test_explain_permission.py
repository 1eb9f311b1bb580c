"""explain_permission: the ways to a permission; its callers, and the input that it refuses."""

from uuid import UUID, uuid4

from tests.conftest import Connection
from tests.support.ledger import call
from tests.support.rpc import INVALID_ARGUMENT, NOBODY, access, case
from tests.support.users import Team, own_role

ACCESS = access(
    "organization_id => {first}, permission => 'credits:read', user_id => {colleague}",
    first="viewer member admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "permission", organization_id="$acme", user_id=NOBODY),
    case(INVALID_ARGUMENT, "user_id", organization_id="$acme", permission="credits:read"),
]


def test_an_explanation_shows_every_way(acme: Team, service: Connection) -> None:
    viewer = acme.users["viewer"]
    role = own_role(acme.as_("owner"), acme.id, "editor", "credits:read")
    given = call(service, "assign_role", user_id=viewer, role="editor", organization_id=acme.id)
    everywhere = call(service, "assign_role", user_id=viewer, role="platform_admin")
    said = call(acme.as_("viewer"), "explain_permission", organization_id=acme.id, permission="credits:read")
    assert said["allowed"]
    ways = {row["role"]: row for row in said["paths"]}
    assert set(ways) == {"editor", "viewer", "platform_admin"}
    assert ways["editor"] == {
        "user_role_id": given["id"], "role_id": role["id"], "role": "editor", "permission": "credits:read",
        "organization_id": acme.id,
    }  # fmt: skip
    assert ways["platform_admin"]["user_role_id"] == everywhere["id"]
    assert (ways["platform_admin"]["permission"], ways["platform_admin"]["organization_id"]) == ("*:*", None)


def test_an_explanation_says_why_not(acme: Team, globex: Team, service: Connection) -> None:
    def why(user_id: UUID, where: UUID, permission: str = "billing:read") -> str:
        said = call(service, "explain_permission", organization_id=where, permission=permission, user_id=user_id)
        assert (said["allowed"], said["paths"]) == (False, [])
        return str(said["reason"])

    viewer = acme.users["viewer"]
    assert why(viewer, acme.id) == "no role that the user holds here has the permission"
    assert why(viewer, globex.id, "credits:read") == "the user holds no role here"
    assert why(uuid4(), acme.id) == "there is no such user"
