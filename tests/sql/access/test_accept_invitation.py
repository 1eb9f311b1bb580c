"""accept_invitation: its callers, and the input that it refuses."""

from tests.support.rpc import PERMISSION_DENIED, access, case

ACCESS = access("token => {token_first}", first="stranger viewer member billing admin owner other_owner platform_admin")

BAD_INPUT = [
    case(PERMISSION_DENIED, token="x"),
]
