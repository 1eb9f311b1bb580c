"""Finds the differences between a database and its record (record.py), with their remedies.

Only objects that the files made count. Tables, columns, indexes, triggers and policies that others added, and rights of
other roles, do not.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import psycopg
from psycopg import sql

from tenantry.record import Fact, read_catalog
from tenantry.sql_files import File, Step, Tree, granted_in, objects_of

REPAIR = "run `tenantry migrate up --repair`"

_ROLES = """
select r.name, case when g.oid is null then 'is missing' else 'is not granted to tenantry_server' end
from unnest('{anon,authenticated,service_role,tenantry_server}'::text[]) as r (name)
left join pg_catalog.pg_roles as g on g.rolname = r.name
left join pg_catalog.pg_roles as s on s.rolname = 'tenantry_server'
where g.oid is null or not pg_catalog.pg_has_role(s.oid, g.oid, 'member')
"""

_ROW_SECURITY = {
    "on": "enable row level security, no force row level security",
    "forced": "enable row level security, force row level security",
    "off": "disable row level security, no force row level security",
}
"""By recorded state: the change of a table that brings it back."""


_NAME = r'(?:"[^"]+"|\w+)'
_CAST = rf"::(?:{_NAME}\.)?{_NAME}(?: varying| precision| with(?:out)? time zone)?(?:\(\d+(?:,\d+)?\))?(?:\[\])*"
_FORM = re.compile(rf"{_CAST}| AS {_NAME}|[()\s]")


class Finding(NamedTuple):
    """A fault of a database. object: its kind and name."""

    object: str
    fault: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.object}: {self.fault}: {self.remedy}"


class Difference(NamedTuple):
    """A difference between the record and the catalog.

    fact: as it is recorded; of an object that is not recorded, as it is in the catalog. found: the value in the
    catalog; None if the object is missing there.
    """

    fact: Fact
    found: str | None
    is_recorded: bool = True

    def finding(self, remedy: str | None = None) -> Finding:
        """The difference in words. remedy: in place of the statement that takes it back."""
        return Finding(f"{self.fact.kind} {self.fact.name}", _fault(self), remedy or _remedy(self))


class Repair(NamedTuple):
    """The way to mend differences: by difference, the repeatable files to apply, and statements to run after them.

    A difference that neither mends is not in it.
    """

    files: dict[Difference, list[File]]
    steps: dict[Difference, Step]

    def mends(self, difference: Difference) -> bool:
        """Whether the files or statements mend a difference."""
        return difference in self.files or difference in self.steps


def compare(conn: psycopg.Connection) -> list[Difference]:
    """The differences between the record of a database and its catalog."""
    return differences(read_catalog(conn, "record"), read_catalog(conn, "catalog"))


def differences(recorded: Sequence[Fact], current: Sequence[Fact]) -> list[Difference]:
    """The differences between recorded facts and those of a catalog."""
    found = {(fact.kind, fact.name, fact.aspect): fact.value for fact in current}
    there = {(fact.kind, fact.name) for fact in current}
    missing: dict[tuple[str, str], Difference] = {}
    changed = []
    for fact in recorded:
        if (fact.kind, fact.name) in there:
            value = found.get((fact.kind, fact.name, fact.aspect), "")
            if _essence(value) != _essence(fact.value):
                changed.append(Difference(fact, value))
        # The definition stands for all aspects of a missing object, because a remedy can need it.
        elif fact.aspect == "definition" or (fact.kind, fact.name) not in missing:
            missing[fact.kind, fact.name] = Difference(fact, None)
    tables = {name for kind, name in missing if kind == "table"}
    known = {(fact.kind, fact.name) for fact in recorded}
    functions = {fact.object for fact in recorded if fact.kind == "function"}
    overloads = [
        Difference(fact, fact.value, is_recorded=False)
        for fact in current
        if fact.kind == "function" and fact.aspect == "definition" and fact.object in functions
        if (fact.kind, fact.name) not in known
    ]
    # A missing table stands for all its parts.
    whole = (each for each in missing.values() if each.fact.kind == "table" or _relation(each.fact) not in tables)
    return [*whole, *changed, *overloads]


def _essence(value: str) -> str:
    """A value without casts, parentheses, names of columns and white space.

    PostgreSQL prints them in another way after it has read its own print, as in a restore: `status in (…)` of a varchar
    has its casts around the array at first, and then around the elements.
    """
    return _FORM.sub("", value)


def role_faults(conn: psycopg.Connection) -> list[Finding]:
    """The roles that are missing, and those that the server's login may not become."""
    return [Finding(f"role {name}", fault, REPAIR) for name, fault in conn.execute(_ROLES)]


def plan_repair(tree: Tree, found: Sequence[Difference]) -> Repair:
    """The way to mend differences with the repeatable files of a tree."""
    made = {(each.kind, each.name): file for file in tree.repeatables for each in objects_of(file)}
    granted: dict[str, list[File]] = {}
    for file in tree.repeatables:
        for name in granted_in(file):
            granted.setdefault(name, []).append(file)
    files = {difference: list(_files_that_mend(difference, made, granted)) for difference in found}
    return Repair(
        {difference: some for difference, some in files.items() if some},
        {each: _restore_row_security(each.fact) for each in found if each.fact.aspect == "row security" and each.found},
    )


def _files_that_mend(
    difference: Difference, made: dict[tuple[str, str], File], granted: dict[str, list[File]]
) -> Iterator[File]:
    fact = difference.fact
    is_missing = difference.found is None
    if not difference.is_recorded or (fact.aspect == "owner" and not is_missing):
        return
    if fact.kind in ("function", "trigger", "policy") and (fact.kind, fact.object) in made:
        yield made[fact.kind, fact.object]
    elif fact.kind == "policy" or (fact.aspect == "rights" and not is_missing):
        # A file that makes a policy under a condition also gives the rights on its table.
        yield from granted.get(_relation(fact), ())


def _relation(fact: Fact) -> str:
    """The table of a trigger, policy or part of a table; the object itself otherwise."""
    return fact.object.rpartition(" on ")[2]


def _restore_row_security(fact: Fact) -> Step:
    schema, _, table = fact.name.partition(".")
    change = sql.SQL(_ROW_SECURITY[fact.value])
    return Step(sql.SQL("alter table {} {}").format(sql.Identifier(schema, table), change).as_bytes(None))


def _fault(difference: Difference) -> str:
    fact, found = difference.fact, difference.found
    if found is None:
        return "is missing"
    if not difference.is_recorded:
        return "is not Tenantry's, and the server refuses a second function of this name"
    match fact.aspect:
        case "definition" if fact.kind in ("column", "constraint", "index"):
            return f"is {found}, not {fact.value}"
        case "definition":
            return "is changed"
        case "rights":
            before, after = set(fact.value.split()), set(found.split())
            lacking = [f"lacks {_right(each)}" for each in sorted(before - after)]
            added = [f"has too much: {_right(each)}" for each in sorted(after - before)]
            return ", ".join([*lacking, *added])
        case "owner":
            return f"belongs to {found}, not to {fact.value}"
        case "row security":
            return f"row-level security is {found}, not {fact.value}"
        case "triggers":
            return "is not enforced, because its triggers are disabled"
        case _:
            return f"is {found}, not {fact.value}"


def _right(entry: str) -> str:
    role, _, right = entry.partition(":")
    return f"{right} for {role}"


def _remedy(difference: Difference) -> str:
    """The statement or action that takes a difference back."""
    fact, found = difference.fact, difference.found
    own, _, table = fact.name.rpartition(" on ")
    if not difference.is_recorded:
        return "rename or drop it"
    if fact.kind == "table" and found is None:
        return "restore it from a backup"
    match fact.kind, fact.aspect:
        case "column", "definition" if found is None:
            return f"add it as {fact.value}, with its values from a backup"
        case "constraint", "definition":
            drop = "" if found is None else f"drop constraint {own}, "
            return f"alter table {table} {drop}add constraint {own} {fact.value}"
        case "constraint", _:
            return f"as a superuser: alter table {table} enable trigger all"
        case "index", _:
            return fact.value if found is None else f"drop it, then: {fact.value}"
        case _, "owner" if found is not None:
            return f"alter {fact.kind} {fact.name} owner to {fact.value}"
        case _, "persistence":
            return f"alter table {fact.name} set {fact.value}"
        case _, "rights":
            return "grant the lacking rights, and revoke the added ones"
        case _:
            return "bring it back as the files in migrations/ make it"
