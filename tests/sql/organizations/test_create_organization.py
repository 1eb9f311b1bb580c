"""create_organization: the creator is the owner; its callers, and the input that it refuses."""

from uuid import uuid4

from tests.conftest import Connect, Connection
from tests.support.ledger import call, refused
from tests.support.rpc import ALREADY_EXISTS, INVALID_ARGUMENT, access, case
from tests.support.users import roles_of, sign_in, user

ACCESS = access(
    "name => 'New', slug => 'new'",
    ok="stranger viewer member billing admin owner other_owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "name", slug="no-name"),
    case(INVALID_ARGUMENT, "name", name=" \t", slug="blank"),
    case(INVALID_ARGUMENT, "name", name="n" * 101, slug="long"),
    case(INVALID_ARGUMENT, "slug", name="No slug"),
    case(INVALID_ARGUMENT, "slug", name="Long", slug="s" * 101),
    case(INVALID_ARGUMENT, "slug", name="Upper", slug="Upper"),
    case(INVALID_ARGUMENT, "slug", name="Newline", slug="newline\n"),
    case(INVALID_ARGUMENT, "slug", name="Dash", slug="-dash"),
    case(INVALID_ARGUMENT, "website", name="Site", slug="site", website="javascript:1"),
    case(INVALID_ARGUMENT, "website", name="S", slug="s", website="http://" + "h" * 500),
    case(ALREADY_EXISTS, "name", name="$acme-name", slug="other"),
    case(ALREADY_EXISTS, "slug", name="Other", slug="$acme-slug"),
]


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
