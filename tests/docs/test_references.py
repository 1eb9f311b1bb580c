"""The pages refer only to pages, sections, functions and tables that exist."""

import re
from pathlib import Path

import pytest

from tests.conftest import Connection
from tests.support.postgres import in_one_version

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "UPGRADING.md", *sorted(DOCS.glob("*.md"))]
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
