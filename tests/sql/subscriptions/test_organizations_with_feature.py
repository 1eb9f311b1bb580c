"""organizations_with_feature: its callers."""

from tests.support.rpc import access

ACCESS = access(
    "feature => 'exports'", empty="stranger viewer member billing admin owner other_owner platform_admin service_role"
)
