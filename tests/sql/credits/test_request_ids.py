"""The two name spaces of request_ids: no two operations of one name space succeed with one id."""

from itertools import product

import pytest

from tenantry.bridge import FUNCTIONS
from tests.conftest import Connection
from tests.support.calls import METHODS
from tests.support.ledger import assert_ledger_holds, findings
from tests.support.request_ids import OTHERS, SPENDING, Operation, outcome, situation, written
from tests.support.rpc_modules import RPCS, gaps, request_ids, strays


@pytest.mark.parametrize(("first", "second"), [pair for space in (SPENDING, OTHERS) for pair in product(space, space)])
def test_one_request_id_serves_one_operation_of_a_name_space(
    credits_service: Connection, credits_admin: Connection, first: str, second: str
) -> None:
    operations = SPENDING if first in SPENDING else OTHERS
    at = situation(credits_service)
    made = outcome(credits_service, operations[first], at)
    assert made != "TN011"
    before = written(credits_admin, at)
    answer = outcome(credits_service, operations[second], at)
    assert answer == (made if first == second else "TN011")
    assert outcome(credits_service, operations[first], at) == made
    assert written(credits_admin, at) == before
    assert_ledger_holds(credits_admin, at.organization_id)


@pytest.mark.parametrize("other", OTHERS)
def test_the_request_id_of_a_consumption_serves_any_other_operation_too(
    credits_service: Connection, credits_admin: Connection, other: str
) -> None:
    for spending in SPENDING.values():
        pairs: tuple[tuple[Operation, Operation], ...] = ((spending, OTHERS[other]), (OTHERS[other], spending))
        for first, second in pairs:
            at = situation(credits_service)
            made = [outcome(credits_service, operation, at) for operation in (first, second)]
            assert "TN011" not in made
            before = written(credits_admin, at)
            assert [outcome(credits_service, operation, at) for operation in (first, second)] == made
            assert written(credits_admin, at) == before
            assert findings(credits_admin, at.organization_id) == []


def test_every_rpc_with_a_request_id_states_its_calls() -> None:
    """A call that writes a consumption is in SPENDING, and all others are in the test module of their RPC."""
    spending = {name.partition(",")[0] for name in SPENDING}
    wanted = {function for function, name in RPCS.items() if name not in FUNCTIONS and _takes_request_id(name)}
    missing = wanted - spending - request_ids().keys()
    if wrong := [*gaps("REQUEST_ID", missing), *strays("REQUEST_ID", wanted)]:
        pytest.fail("\n".join(wrong), pytrace=False)


def _takes_request_id(name: str) -> bool:
    """Whether the request of an RPC, or an item in it, has a request_id."""
    request = METHODS[name].input_type
    items = [field.message_type for field in request.fields if field.is_repeated and field.message_type]
    return any("request_id" in message.fields_by_name for message in (request, *items))
