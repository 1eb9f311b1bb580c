"""Generates everything that lists error reasons from the rows of sql/seeds/errors.sql.

Part of `make protos`; `make lint` checks that all is current. The generated files are the SQL function
tenantry.error_reason, the enum ErrorReason, server/tenantry/reasons.py and the tables of docs/errors.md.
"""

import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from pglast import ast, parse_sql

ROOT = Path(__file__).parent.parent
SEED = ROOT / "sql" / "seeds" / "errors.sql"
FUNCTION = ROOT / "sql" / "functions" / "core" / "error_reason.sql"
PROTO = ROOT / "protos" / "tenantry" / "v1" / "errors.proto"
MODULE = ROOT / "server" / "tenantry" / "reasons.py"
DOCUMENT = ROOT / "docs" / "errors.md"

_WIDTH = 120


@dataclass(frozen=True)
class Error:
    """A row of tenantry.errors; the comments of its columns say more. retry_after: seconds."""

    reason: str
    number: int
    sqlstate: str | None
    postgres_codes: tuple[str, ...]
    grpc_status: str
    retry_after: float | None
    metadata: str
    occurs: str
    remedy: str

    @property
    def is_own(self) -> bool:
        """Whether the code is of Tenantry's own class TN."""
        return (self.sqlstate or "").startswith("TN")


def read(text: str) -> list[Error]:
    """The rows that a seed inserts, by number. Raises ValueError with a sentence for a row that cannot be right."""
    inserts = [raw.stmt for raw in parse_sql(text) if isinstance(raw.stmt, ast.InsertStmt)]
    if len(inserts) != 1:
        raise ValueError(f"{SEED.name} must have one INSERT and has {len(inserts)}")
    columns = [column.name for column in inserts[0].cols]
    errors = []
    for row in inserts[0].selectStmt.valuesLists:
        values = dict(zip(columns, map(_constant, row), strict=True))
        values["postgres_codes"] = tuple(filter(None, values["postgres_codes"].strip("{}").split(",")))
        errors.append(Error(**values))
    _check(errors)
    return sorted(errors, key=lambda error: error.number)


def _constant(node: Any) -> Any:
    if node.isnull:
        return None
    if isinstance(node.val, ast.Integer):
        return node.val.ival
    return float(str(node.val.fval)) if isinstance(node.val, ast.Float) else node.val.sval


def _check(errors: list[Error]) -> None:
    for name in ("reason", "number", "sqlstate"):
        values = [getattr(error, name) for error in errors if getattr(error, name) is not None]
        for value in values:
            if values.count(value) > 1:
                raise ValueError(f"two errors have the {name} {value}")
    for error in errors:
        if error.is_own and error.sqlstate != f"TN{error.number:03}":
            raise ValueError(
                f"{error.reason}: the number of {error.sqlstate} must be {int((error.sqlstate or '')[2:])}"
            )
        if error.grpc_status not in grpc.StatusCode.__members__:
            raise ValueError(f"{error.reason}: {error.grpc_status} is not a gRPC status")
        for sentence in (error.occurs, error.remedy):
            if not re.fullmatch(r"[^|\n]+\.", sentence):
                raise ValueError(f"{error.reason}: {sentence!r} must be one line that ends with a full stop")


def render(seed: str, document: str) -> dict[Path, str]:
    """The text of every generated file, from the text of the seed and of docs/errors.md as it is."""
    errors = read(seed)
    return {
        FUNCTION: _function(errors),
        PROTO: _proto(errors),
        MODULE: _module(errors),
        DOCUMENT: _document(errors, document),
    }


def _function(errors: list[Error]) -> str:
    cases = "\n".join(f"    when '{error.sqlstate}' then '{error.reason}'" for error in errors if error.sqlstate)
    return f"""\
-- Returns the reason of an SQLSTATE that tenantry.fail raises; null for any other.
--
-- `make protos` generates this file from sql/seeds/errors.sql. A function that reads tenantry.errors is too slow: a
-- batch asks three times for each refused item, and would take a quarter longer.
create or replace function tenantry.error_reason(p_code text) returns text
language sql immutable
return case p_code
{cases}
end;

comment on function tenantry.error_reason(text) is 'The reason that an SQLSTATE of Tenantry''s own stands for.';
revoke all on function tenantry.error_reason from public, anon, authenticated, service_role;
grant execute on function tenantry.error_reason to anon, authenticated, service_role;
"""


def _proto(errors: list[Error]) -> str:
    values = []
    for error in errors:
        facts = [f"gRPC status {error.grpc_status}"]
        if error.sqlstate:
            facts.insert(0, f"SQLSTATE {error.sqlstate}")
        if error.retry_after:
            facts.append(f"RetryInfo {error.retry_after:g} s")
        if error.metadata:
            facts.append(f"metadata {error.metadata}")
        lines = [error.occurs, f"Remedy: {error.remedy}", f"{'; '.join(facts)}."]
        comment = "\n".join(_comment(line) for line in lines)
        values.append(f"{comment}\n  {error.reason} = {error.number};")
    return f"""\
// Generated from sql/seeds/errors.sql by `make protos`; not to be edited.

syntax = "proto3";

package tenantry.v1;

// Every reason that a call fails for, as google.rpc.ErrorInfo.reason of the domain "tenantry" names it. The names have
// no prefix: the text of a reason is the name of its value.
enum ErrorReason {{
  // No reason: a failed call always has one of the others.
  ERROR_REASON_UNSPECIFIED = 0;
{chr(10).join(values)}
}}
"""


def _comment(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  // ", subsequent_indent="  // ", break_on_hyphens=False)


def _module(errors: list[Error]) -> str:
    constants = []
    for error in errors:
        retry = "" if error.retry_after is None else f", retry_after={float(error.retry_after)}"
        status = f"StatusCode.{error.grpc_status}"
        docstring = textwrap.fill(f'"""{error.occurs}"""', _WIDTH, break_on_hyphens=False)
        constants.append(f'{error.reason} = Reason("{error.reason}", {status}{retry})\n{docstring}\n')
    raised = [(error.sqlstate, error.reason) for error in errors if error.sqlstate]
    answered = sorted((code, error.reason) for error in errors for code in error.postgres_codes)
    return f'''\
"""Every reason that a call fails for. Generated from sql/seeds/errors.sql by `make protos`; not to be edited."""

from collections.abc import Mapping
from dataclasses import dataclass

from grpc import StatusCode


@dataclass(frozen=True)
class Reason:
    """The reason of a failed call.

    name: ErrorInfo.reason. status: the gRPC status. retry_after: seconds after which the same call may succeed, None if
    repeating it does not help.
    """

    name: str
    status: StatusCode
    retry_after: float | None = None


{chr(10).join(constants)}
RAISED: Mapping[str, Reason] = {{
{_entries(raised)}
}}
"""The reason of every SQLSTATE that tenantry.fail raises."""

POSTGRES: Mapping[str, Reason] = {{
{_entries(answered)}
}}
"""The reason of PostgreSQL's own SQLSTATEs, or of all that begin with these characters."""
'''


def _entries(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f'    "{code}": {reason},' for code, reason in pairs)


def _document(errors: list[Error], text: str) -> str:
    groups: dict[str, Callable[[Error], bool]] = {
        "Tenantry's own": lambda error: error.is_own,
        "PostgreSQL's own": lambda error: not error.is_own and bool(error.sqlstate or error.postgres_codes),
        "The server's own": lambda error: not (error.sqlstate or error.postgres_codes),
    }
    for heading, belongs in groups.items():
        found = re.search(rf"\n## {heading}\n(?:(?!## |\|).*\n)*((?:\|.*\n)+)", text)
        if not found:
            raise ValueError(f"docs/errors.md has no table below the heading {heading}")
        table = "".join(f"{line}\n" for line in table_lines(filter(belongs, errors)))
        text = text[: found.start(1)] + table + text[found.end(1) :]
    return text


def table_lines(errors: Iterable[Error]) -> list[str]:
    """Errors as the lines of a table in Markdown."""
    lines = ["| SQLSTATE | reason | gRPC status | when it happens | remedy | metadata |", "|---|---|---|---|---|---|"]
    for error in errors:
        retry = f"; retry after {error.retry_after:g} s" if error.retry_after else ""
        cells = [
            ", ".join(sqlstates(error)),
            error.reason,
            f"{error.grpc_status}{retry}",
            error.occurs,
            error.remedy,
            error.metadata,
        ]
        lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return lines


def sqlstates(error: Error) -> list[str]:
    """Every SQLSTATE that is answered with the error, with x in place of any character."""
    codes = [error.sqlstate] if error.sqlstate else []
    return codes + [code.ljust(5, "x") for code in error.postgres_codes]


def outdated() -> list[str]:
    """The generated files that differ from the output of the seed now, as paths in the repository."""
    current = render(SEED.read_text(), DOCUMENT.read_text())
    return [
        str(path.relative_to(ROOT)) for path, text in current.items() if not path.exists() or path.read_text() != text
    ]


def main() -> None:
    """Writes every generated file."""
    for path, text in render(SEED.read_text(), DOCUMENT.read_text()).items():
        path.write_text(text)


if __name__ == "__main__":
    main()
