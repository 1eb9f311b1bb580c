"""consume_stream: the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, case

BAD_INPUT = [
    case(INVALID_ARGUMENT, "items"),
]
