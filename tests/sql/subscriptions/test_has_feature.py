"""has_feature: its callers."""

from tests.support.rpc import access

ACCESS = access(
    "organization_id => {first}, feature => 'exports'",
    no="stranger viewer member billing admin owner other_owner platform_admin service_role",
)
