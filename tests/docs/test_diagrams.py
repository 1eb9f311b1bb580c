"""The diagrams of the docs agree with the database, and Mermaid can parse them.

A diagram that a test checks starts with a comment: `%% tables`, `%% subscription`, `%% hold` and so on.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from psycopg import sql

from tests.conftest import Connection
from tests.support.npm import install
from tests.support.postgres import in_one_version

DOCS = Path(__file__).parent.parent.parent / "docs"
DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# A line such as `roles ||--o{ user_roles : role_id`, and one such as `credit_lots["tenantry.credit_lots"]`.
FOREIGN_KEY = re.compile(r'^\s*(\w+) (\|\||\|o)--(o\{|o\|) (\w+) : "?([\w, ]+?)"?$', re.MULTILINE)
ALIAS = re.compile(r'^\s*(\w+)\["([\w.]+)"\]$', re.MULTILINE)
COLUMNS = re.compile(r"^\s*(\w+) \{\n(.*?)\}$", re.MULTILINE | re.DOTALL)
TRANSITION = re.compile(r"^\s*(\[\*\]|\w+) --> (\[\*\]|\w+)", re.MULTILINE)

SCHEMAS = ["public", "tenantry"]
INTERNAL_NAMES = {"smallint": "int2", "integer": "int4", "bigint": "int8", "boolean": "bool"}
"""PostgreSQL's internal names of types, where they differ from the SQL names."""


class ForeignKey(NamedTuple):
    """A foreign key: the columns as one text, and whether they may be null and are unique."""

    table: str
    columns: str
    parent: str
    is_required: bool
    is_unique: bool


def diagrams(kind: str = "") -> list[str]:
    """The diagrams of all pages that start with the comment `%% kind`, or all diagrams if no kind is given."""
    every = [text for page in sorted(DOCS.glob("*.md")) for text in DIAGRAM.findall(page.read_text())]
    return [text for text in every if not kind or text.startswith(f"%% {kind}\n")]


def drawn_tables(text: str) -> dict[str, str]:
    """The tables of a diagram with their schemas, by the name in the diagram."""
    aliases = dict(ALIAS.findall(text))
    ends = [name for parent, _, _, child, _ in FOREIGN_KEY.findall(text) for name in (parent, child)]
    columns = [name for name, _ in COLUMNS.findall(text)]
    return {name: aliases.get(name, f"public.{name}") for name in [*aliases, *ends, *columns]}


def drawn_keys(text: str) -> set[ForeignKey]:
    """The foreign keys of a diagram."""
    tables = drawn_tables(text)
    return {
        ForeignKey(tables[child], columns, tables[parent], mandatory == "||", many == "o|")
        for parent, mandatory, many, child, columns in FOREIGN_KEY.findall(text)
    }


def drawn_transitions(kind: str) -> set[tuple[str, str]]:
    """The transitions of the one diagram of this kind, without those to the end. The start is called `new`."""
    [text] = diagrams(kind)
    pairs = TRANSITION.findall(text)
    return {("new" if before == "[*]" else before, after) for before, after in pairs if after != "[*]"}


def final_states(kind: str) -> set[str]:
    """The states of the one diagram of this kind that lead to the end."""
    [text] = diagrams(kind)
    return {before for before, after in TRANSITION.findall(text) if after == "[*]"}


def catalog_keys(admin: Connection) -> set[ForeignKey]:
    """The foreign keys of the database."""
    rows = admin.execute(
        """
        select
            f.table_name, f.columns, f.parent, f.is_required,
            exists (
                select from pg_index as i
                where i.indrelid = f.conrelid and i.indisunique and i.indpred is null and i.indkey::int2[] <@ f.conkey
            ) as is_unique
        from (
            select
                c.conrelid, c.conkey,
                c.conrelid::regclass::text as table_name, c.confrelid::regclass::text as parent,
                string_agg(a.attname, ', ' order by k.place) as columns, bool_and(a.attnotnull) as is_required
            from pg_constraint as c
            cross join unnest(c.conkey) with ordinality as k (number, place)
            join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = k.number
            where c.contype = 'f' and c.connamespace::regnamespace::text = any (%s)
            group by c.oid
        ) as f
        """,
        [SCHEMAS],
    ).fetchall()
    return {ForeignKey(*row.values()) for row in rows}


@pytest.fixture
def qualified(admin: Connection) -> Connection:
    """A connection that prints the names of all tables with their schemas."""
    admin.execute("set search_path = pg_catalog")
    return admin


@in_one_version
def test_the_tables_of_the_diagrams_exist_with_their_columns(qualified: Connection) -> None:
    for text in diagrams("tables"):
        tables = drawn_tables(text)
        for name in tables.values():
            assert qualified.execute("select to_regclass(%s) as found", [name]).fetchone() != {"found": None}, name
        for name, columns in COLUMNS.findall(text):
            for line in columns.strip().splitlines():
                kind, column = line.split()
                found = qualified.execute(
                    "select t.typname from pg_attribute as a join pg_type as t on t.oid = a.atttypid"
                    " where a.attrelid = %s::regclass and a.attname = %s",
                    [tables[name], column],
                ).fetchone()
                assert found == {"typname": INTERNAL_NAMES.get(kind, kind)}, f"{tables[name]}: {kind} {column}"


@in_one_version
def test_every_public_table_is_in_a_diagram(qualified: Connection) -> None:
    drawn = {name for text in diagrams("tables") for name in drawn_tables(text).values()}
    rows = qualified.execute(
        "select oid::regclass::text as name from pg_class"
        " where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
    ).fetchall()
    missing = {row["name"] for row in rows} - drawn
    assert not missing, f"draw {sorted(missing)} in a diagram of docs/data-model.md"


@in_one_version
def test_the_diagrams_have_the_foreign_keys_of_their_tables(qualified: Connection) -> None:
    drawn = {key for text in diagrams("tables") for key in drawn_keys(text)}
    tables = {name for text in diagrams("tables") for name in drawn_tables(text).values()}
    found = {key for key in catalog_keys(qualified) if key.table in tables}
    assert not found - drawn, f"docs/data-model.md has no line for {sorted(map(str, found - drawn))}"
    assert not drawn - found, f"docs/data-model.md has lines without a foreign key: {sorted(map(str, drawn - found))}"


def transitions(admin: Connection, table: str, *, stripe_only: bool) -> set[tuple[str, str]]:
    """The changes of status in a table of transitions. The start is called `new`."""
    rows = admin.execute(
        sql.SQL("select from_status, to_status from {} where stripe_only = %s").format(
            sql.Identifier("tenantry", table)
        ),
        [stripe_only],
    ).fetchall()
    return {(row["from_status"], row["to_status"]) for row in rows}


@in_one_version
@pytest.mark.parametrize(
    ("kind", "table"), [("subscription", "subscription_transitions"), ("billing record", "billing_transitions")]
)
def test_the_states_of_a_diagram_are_those_of_the_transitions(admin: Connection, kind: str, table: str) -> None:
    allowed = transitions(admin, table, stripe_only=False)
    assert drawn_transitions(kind) == allowed
    assert final_states(kind) == {after for _, after in allowed} - {before for before, _ in allowed}


@in_one_version
def test_the_changes_of_a_subscription_at_stripe_are_those_of_the_transitions(admin: Connection) -> None:
    at_stripe = transitions(admin, "subscription_transitions", stripe_only=True)
    assert drawn_transitions("subscription at Stripe") == at_stripe


@in_one_version
@pytest.mark.parametrize(
    ("kind", "constraint"),
    [("hold", "credit_holds_state_check"), ("stripe request", "stripe_requests_state_check")],
)
def test_the_states_of_a_diagram_are_those_of_the_check(admin: Connection, kind: str, constraint: str) -> None:
    row = admin.execute(
        "select pg_get_constraintdef(oid) as definition from pg_constraint where conname = %s", [constraint]
    ).fetchone()
    assert row
    states = set(re.findall(r"'(\w+)'", row["definition"]))
    assert {state for pair in drawn_transitions(kind) for state in pair} == {"new", *states}
    # The state after the start is the only one that leads on.
    [first] = [after for before, after in drawn_transitions(kind) if before == "new"]
    assert final_states(kind) == states - {first}


def test_mermaid_can_parse_the_diagrams(pytestconfig: pytest.Config) -> None:
    folder = install(Path(__file__).parent / "mermaid", pytestconfig)
    done = subprocess.run(
        ["node", folder / "parse.mjs"], input=json.dumps(diagrams()), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
