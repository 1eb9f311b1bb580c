"""stop_charging: who may call it."""

from tests.support.rpc import access

ACCESS = access(
    "charged_table => 'public.billing_history'",
)
