"""PostgreSQL's plans for the statements of a test, one by one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg.errors import Diagnostic

from tests.conftest import Connection

Plan = dict[str, Any]


def nodes(plan: Plan) -> Iterator[Plan]:
    """A plan's node and all nodes below it."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@contextmanager
def told_plans(connection: Connection) -> Iterator[list[dict[str, Any]]]:
    """Collects the plans of the statements that the connection runs in the context, including each statement within a
    function, with rows, loops and buffers. Each has a "Query Text" and a "Plan". connection: a superuser's."""
    told: list[dict[str, Any]] = []

    def listen(notice: Diagnostic) -> None:
        _, found, plan = (notice.message_primary or "").partition("plan:\n")
        if found:
            told.append(json.loads(plan))

    connection.execute(
        "load 'auto_explain';"
        " set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;"
        " set auto_explain.log_analyze = on; set auto_explain.log_buffers = on; set auto_explain.log_format = json;"
        " set auto_explain.log_level = notice"
    )
    connection.add_notice_handler(listen)
    yield told
    connection.remove_notice_handler(listen)
    connection.execute("set auto_explain.log_min_duration = -1")
