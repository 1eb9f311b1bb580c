"""Where SQL may stand in the server: in Statements, as constant text, beside their values.

Only the database layer (database.py), the bridge, which composes calls of public functions, and the modules of the
migration runner make SQL in another way. ruff's rule S608 refuses SQL that is put together from pieces in every other
module.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tenantry

PACKAGE = Path(tenantry.__file__).parent
MAY_HOLD_SQL = {"database.py", "bridge.py", "migrate.py", "record.py", "drift.py", "doctor.py", "baseline.py"}

SQL = re.compile(
    r"\s*(select\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s|listen\s|notify\s|call\s+\w+\.|"
    r"set\s+(local|session|role)\s|reset\s+\w+$|lock\s+table\s|do\s+\$|execute\s+\w+|prepare\s+\w+\s+as\s|"
    r"(create|alter|drop)\s+(or\s+replace\s+)?(table|function|schema|role|database|index|policy|view|trigger|type)\s)"
)
"""The beginnings of SQL as the project writes it, in lower case."""

HAND_MADE_LITERAL = re.compile(r"""['"]\0|\0['"]""")


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "v1" not in path.relative_to(PACKAGE).parts]


def texts(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Every string and f-string of a module that is no docstring; a placeholder is a NUL."""
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node, "".join(str(v.value) if isinstance(v, ast.Constant) else "\0" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (inner | docstrings):
            yield node, node.value


def statement_texts(tree: ast.Module) -> set[int]:
    """The constants that are the text of a Statement."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "Statement"]
    return {id(call.args[1]) for call in calls if isinstance(call.args[1], ast.Constant)}


def misplaced(source: str) -> list[str]:
    tree = ast.parse(source)
    allowed = statement_texts(tree)
    return [f"line {node.lineno}: {text}" for node, text in texts(tree) if SQL.match(text) and id(node) not in allowed]


def quoted_by_hand(source: str) -> list[str]:
    tree = ast.parse(source)
    return [f"line {n.lineno}: {t}" for n, t in texts(tree) if SQL.match(t) and HAND_MADE_LITERAL.search(t)]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_sql_is_the_constant_text_of_a_statement(path: Path) -> None:
    source = path.read_text()
    assert quoted_by_hand(source) == []
    if str(path.relative_to(PACKAGE)) not in MAY_HOLD_SQL:
        assert misplaced(source) == []


@pytest.mark.parametrize(
    "source",
    [
        'connection.execute("set role service_role")',
        'text = f"select public.f({value})"',
        'Statement("f", f"select public.f({value})", ())',
        'text = " select 1"',
    ],
)
def test_sql_elsewhere_is_found(source: str) -> None:
    assert misplaced(source)


def test_a_literal_that_is_quoted_by_hand_is_found() -> None:
    assert quoted_by_hand("""text = f"select public.f('{value}')" """)
    assert misplaced('Statement("f", "select public.f($1)", parameters(1))') == []
