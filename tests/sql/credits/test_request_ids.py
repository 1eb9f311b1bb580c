"""The two name spaces of request_ids: no two operations of one name space succeed with one id."""

from collections.abc import Iterator
from itertools import product

import pytest

from tenantry.bridge import FUNCTIONS, snake_case
from tests.conftest import Connection
from tests.support.calls import METHODS
from tests.support.ledger import assert_ledger_holds, findings
from tests.support.request_ids import OTHERS, SPENDING, TABLE, Operation, outcome, situation, written


@pytest.fixture(scope="module")
def charging(shared_admin: Connection) -> Iterator[None]:
    """There is a table that charges for its rows."""
    shared_admin.execute(TABLE.encode())
    yield
    shared_admin.execute("drop table public.rendered")


@pytest.mark.usefixtures("charging")
@pytest.mark.parametrize(("first", "second"), [pair for space in (SPENDING, OTHERS) for pair in product(space, space)])
def test_one_request_id_serves_one_operation_of_a_name_space(
    shared_service: Connection, shared_admin: Connection, first: str, second: str
) -> None:
    operations = SPENDING if first in SPENDING else OTHERS
    at = situation(shared_service)
    made = outcome(shared_service, operations[first], at)
    assert made != "TN011"
    before = written(shared_admin, at)
    answer = outcome(shared_service, operations[second], at)
    assert answer == (made if first == second else "TN011")
    assert outcome(shared_service, operations[first], at) == made
    assert written(shared_admin, at) == before
    assert_ledger_holds(shared_admin, at.organization_id)


@pytest.mark.usefixtures("charging")
@pytest.mark.parametrize("other", OTHERS)
def test_the_request_id_of_a_consumption_serves_any_other_operation_too(
    shared_service: Connection, shared_admin: Connection, other: str
) -> None:
    for spending in SPENDING.values():
        pairs: tuple[tuple[Operation, Operation], ...] = ((spending, OTHERS[other]), (OTHERS[other], spending))
        for first, second in pairs:
            at = situation(shared_service)
            made = [outcome(shared_service, operation, at) for operation in (first, second)]
            assert "TN011" not in made
            before = written(shared_admin, at)
            assert [outcome(shared_service, operation, at) for operation in (first, second)] == made
            assert written(shared_admin, at) == before
            assert findings(shared_admin, at.organization_id) == []


def test_every_operation_with_a_request_id_is_in_a_name_space() -> None:
    listed = {name.partition(",")[0] for name in (*SPENDING, *OTHERS)}
    for name, method in METHODS.items():
        items = [field.message_type for field in method.input_type.fields if field.is_repeated and field.message_type]
        if any("request_id" in message.fields_by_name for message in (method.input_type, *items)):
            function = FUNCTIONS.get(name) or snake_case(name)
            assert function in listed, f"add {function} to OTHERS in tests/support/request_ids.py"
