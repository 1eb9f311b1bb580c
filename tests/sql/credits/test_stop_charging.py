"""stop_charging: its callers."""

from tests.support.rpc import access

ACCESS = access(
    "charged_table => 'public.billing_history'",
)
