"""create_organization: its callers, and the input that it refuses."""

from tests.support.rpc import ALREADY_EXISTS, INVALID_ARGUMENT, access, case

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
