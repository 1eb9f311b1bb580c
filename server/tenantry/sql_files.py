"""The SQL files of a root folder, and the steps that send them to PostgreSQL."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import LiteralString, NamedTuple

from psycopg import sql

_ROLES_FOLDER = "roles"
# The folders of the repeatable files, in the order in which they are applied.
REPEATABLE_FOLDERS = (_ROLES_FOLDER, "functions", "api", "triggers", "policies", "seeds")
# Demo data is applied on request only.
DEMO_SEED = "seeds/demo.sql"

_FILE_NAME = re.compile(r"(?P<version>[0-9]{14})_[a-z0-9_]+\.sql")
_IDENTIFIER = r'(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")'
_ROUTINE = re.compile(
    rf"^\s*create\s+(?:or\s+replace\s+)?(?:function|procedure)\s+(?P<name>{_IDENTIFIER}\s*\.\s*{_IDENTIFIER})",
    re.IGNORECASE | re.MULTILINE,
)
_CALL = re.compile(rf"(?P<name>{_IDENTIFIER}\s*\.\s*{_IDENTIFIER})\s*\(", re.IGNORECASE)
# The kind of an object and the beginning of its statement. The names stand for those of `_NAMES` below.
_OBJECTS = {
    "function": r"(?:or\s+replace\s+)?(?:function|procedure)\s+{relation}",
    "table": r"table\s+{relation}",
    "view": r"(?:or\s+replace\s+)?view\s+{relation}",
    "type": r"type\s+{relation}",
    "trigger": r"(?:or\s+replace\s+)?trigger\s+{own}\s[^;]*?\son\s+{relation}",
    "policy": r"policy\s+{own}\s+on\s+{relation}",
}
_NAMES = {
    "own": rf"(?P<own>{_IDENTIFIER})",
    "relation": rf"(?P<schema>{_IDENTIFIER})\s*\.\s*(?P<relation>{_IDENTIFIER})",
}
_CREATED = {
    kind: re.compile(rf"^create\s+{beginning.format(**_NAMES)}", re.IGNORECASE | re.MULTILINE)
    for kind, beginning in _OBJECTS.items()
}
# Comments and quoted bodies: PostgreSQL binds no names in them.
_UNBOUND = re.compile(r"--[^\n]*|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$", re.DOTALL)
_BODY = re.compile(r"\$(?P<tag>\w*)\$.*?\$(?P=tag)\$", re.DOTALL)
_GRANTED = re.compile(
    r"^\s*(?:grant|revoke)\s[^;]*?\son\s+(?P<names>[^;]*?)\s+(?:to|from)\s", re.IGNORECASE | re.MULTILINE
)
_WITHOUT_KIND = re.compile(r"^(?:table|schema)\s+", re.IGNORECASE)
_COMMENT = re.compile(r"--[^\n]*")


class MigrationError(Exception):
    """A file is wrong, or differs from the applied one. The message names the file."""


@dataclass(frozen=True)
class File:
    """An SQL file. name: its path under the root, with forward slashes."""

    name: str
    content: bytes

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def text(self) -> str:
        return self.content.decode()


@dataclass(frozen=True)
class Migration:
    version: str
    file: File


@dataclass(frozen=True)
class Tree:
    """All files of a root, in the order of application. rollbacks: by file name."""

    migrations: list[Migration]
    repeatables: list[File]
    rollbacks: dict[str, File]

    @property
    def roles(self) -> list[File]:
        """The repeatable files that make roles."""
        return [file for file in self.repeatables if file.name.startswith(f"{_ROLES_FOLDER}/")]


class Made(NamedTuple):
    """An object that a file makes. kind: a key of `_OBJECTS`. own: the name of a trigger or policy on the relation."""

    kind: str
    schema: str
    relation: str
    own: str | None = None

    @property
    def name(self) -> str:
        """The name as in tenantry.installed_objects."""
        relation = f"{self.schema}.{self.relation}"
        return f"{self.own} on {relation}" if self.own else relation

    @property
    def table(self) -> tuple[str, str]:
        """The schema and name of the table of a trigger or policy."""
        return self.schema, self.relation

    @property
    def identifier(self) -> sql.Composable:
        """The name as a statement has it."""
        relation = sql.Identifier(self.schema, self.relation)
        return sql.SQL("{} on {}").format(sql.Identifier(self.own), relation) if self.own else relation


@dataclass(frozen=True)
class Step:
    """SQL that is sent as one message. file: the file that it comes from; None for SQL of the runner."""

    sql: bytes
    file: File | None = None


def read_tree(root: Path | None) -> Tree:
    """The files of a root; of the package's own when None. Raises MigrationError if a name or text is invalid."""
    root = root or default_root()
    if not (root / "migrations").is_dir():
        raise MigrationError(f"{root} is not an SQL root: it has no folder migrations")
    migrations: dict[str, Migration] = {}
    for file in _read_files(root, "migrations"):
        match = _FILE_NAME.fullmatch(base_name(file.name))
        if not match:
            raise MigrationError(f"{file.name} is not named <14-digit timestamp>_<lower_case_name>.sql")
        version = match["version"]
        if version in migrations:
            raise MigrationError(f"{file.name}: {migrations[version].file.name} has the same version")
        migrations[version] = Migration(version, file)
    return Tree(
        migrations=list(migrations.values()),
        repeatables=[
            file
            for folder in REPEATABLE_FOLDERS
            for file in _callees_first(_read_files(root, folder))
            if file.name != DEMO_SEED
        ],
        rollbacks={base_name(file.name): file for file in _read_files(root, "rollbacks")},
    )


def default_root() -> Path:
    """The package's own files."""
    package = Path(__file__).parent
    installed = package / "sql"
    return installed if installed.is_dir() else package.parents[1] / "sql"


def _read_files(root: Path, folder: str) -> list[File]:
    files = []
    for path in sorted((root / folder).rglob("*.sql")):
        file = File(path.relative_to(root).as_posix(), path.read_bytes())
        try:
            file.content.decode()
        except UnicodeDecodeError as exc:
            raise MigrationError(f"{file.name} is not UTF-8: {exc}") from exc
        files.append(file)
    return files


def _callees_first(files: Sequence[File]) -> list[File]:
    """The files by name, but each after the files of the functions that it calls outside of a quoted body.

    PostgreSQL binds a body in SQL-standard form (`return …`, `begin atomic`) when it creates the function, so the
    callees must exist by then. It binds a body between dollar quotes at the first call.
    """
    homes = {_name_of(match["name"]): file for file in files for match in _ROUTINE.finditer(file.text)}
    calls = {}
    for file in files:
        named = {_name_of(match["name"]) for match in _CALL.finditer(_UNBOUND.sub("", file.text))}
        calls[file] = [homes[name] for name in sorted(named & homes.keys()) if homes[name] is not file]
    try:
        return list(TopologicalSorter(calls).static_order())
    except CycleError as exc:
        circle = " → ".join(file.name for file in exc.args[1])
        raise MigrationError(f"these files call each other in a circle of SQL-standard bodies: {circle}") from exc


def _name_of(text: str) -> str:
    return re.sub(r"\s", "", text)


def base_name(name: str) -> str:
    """The last part of a path."""
    return name.rpartition("/")[2]


def objects_of(file: File) -> list[Made]:
    """The objects that the file makes.

    An indented statement stands in a block that decides whether it runs, such as for Supabase's own schema auth.
    """
    text = _BODY.sub("", file.text)
    return [
        Made(kind, **{key: _plain(value) for key, value in match.groupdict().items()})
        for kind, pattern in _CREATED.items()
        for match in pattern.finditer(text)
    ]


def granted_in(file: File) -> set[str]:
    """The names of the schemas, tables and views on which the file grants or revokes rights, with their schemas."""
    lists = [_WITHOUT_KIND.sub("", match["names"]) for match in _GRANTED.finditer(_COMMENT.sub("", file.text))]
    return {name.strip() for names in lists for name in names.split(",")}


def _plain(identifier: str) -> str:
    """The identifier as the catalogs have it."""
    return identifier[1:-1].replace('""', '"') if identifier.startswith('"') else identifier.lower()


def statement(template: LiteralString, *values: str | list[str]) -> Step:
    """SQL of the runner. Each {} of the template becomes a literal."""
    return Step(sql.SQL(template).format(*values).as_bytes(None))


def render(step: Step) -> str:
    """The text of a step for psql, under the name of its file."""
    text = step.sql.decode().strip()
    # A file may omit its last semicolon, as `up` sends it alone. Here more text follows.
    text += "\n" if text.endswith(";") else "\n;\n"
    return f"-- {step.file.name}\n{text}" if step.file else text
