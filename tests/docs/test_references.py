"""The pages refer only to pages, sections, files, functions and tables that exist."""

import re
from pathlib import Path

import pytest

from tests.conftest import Connection
from tests.support.postgres import in_one_version

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
GUIDES = [ROOT / "CONTRIBUTING.md", ROOT / "sql" / "README.md"]
PAGES = [ROOT / "README.md", ROOT / "UPGRADING.md", *GUIDES, *sorted(DOCS.glob("*.md"))]
BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", BLOCK.sub("", page.read_text())):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"(?<![\w/.])(?:\w+/)+[\w-]+(?:\.\w+)?", GUIDES[0].read_text())))
)
def test_the_files_of_the_guide_for_contributors_exist(target: str) -> None:
    assert (ROOT / target).exists(), f"CONTRIBUTING.md names {target}, which does not exist"


@pytest.mark.parametrize(
    ("file", "block"),
    re.findall(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```$", GUIDES[0].read_text(), re.MULTILINE | re.DOTALL),
)
def test_the_guide_for_contributors_quotes_files_as_they_are(file: str, block: str) -> None:
    """A line of … stands for lines that are left out."""
    for part in re.split(r"^ *…\n", block, flags=re.MULTILINE):
        assert part in (ROOT / file).read_text(), f"CONTRIBUTING.md quotes lines that {file} does not have:\n{part}"


def test_the_page_of_access_lists_every_permission() -> None:
    """Within a row of the table, `update` after `organizations:read` stands for organizations:update."""
    seed = (ROOT / "sql" / "seeds" / "access.sql").read_text()
    shipped = set(re.findall(r"^    \('(\w+:\w+)', '\w+', '\w+',", seed, re.MULTILINE))
    listed = set()
    for row in re.findall(r"^\| (`\w+:\w+`.*?) \|", (DOCS / "access.md").read_text(), re.MULTILINE):
        resource = ""
        for name in re.findall(r"`([\w:]+)`", row):
            resource = name.partition(":")[0] if ":" in name else resource
            listed.add(name if ":" in name else f"{resource}:{name}")
    assert len(shipped) > 20
    assert not shipped - listed, f"add to the permissions of docs/access.md: {sorted(shipped - listed)}"


def test_the_index_has_every_page() -> None:
    index = (DOCS / "README.md").read_text()
    assert [page.name for page in DOCS.glob("*.md") if f"({page.name})" not in index] == ["README.md"]


@in_one_version
def test_the_private_names_exist(admin: Connection) -> None:
    """A renamed function or table would otherwise keep its old name in the pages."""
    rows = admin.execute(
        "select proname as name from pg_proc where pronamespace = 'tenantry'::regnamespace"
        " union select relname from pg_class where relnamespace = 'tenantry'::regnamespace"
    ).fetchall()
    names = {row["name"] for row in rows}
    for page in PAGES:
        named = set(re.findall(r"\btenantry\.([a-z_]+)\b", page.read_text())) - {"v", "tenantry"}
        modules = set(re.findall(r"\b(?:from|import) tenantry\.([a-z_]+)", page.read_text()))
        assert named - modules <= names, page.name
