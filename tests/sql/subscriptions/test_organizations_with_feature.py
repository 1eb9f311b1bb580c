"""organizations_with_feature: who may call it."""

from tests.support.rpc import access

ACCESS = access(
    "feature => 'exports'", empty="stranger viewer member billing admin owner other_owner platform_admin service_role"
)
