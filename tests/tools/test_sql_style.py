"""The check of SQL files: its findings, in bodies too, and the lines that it accepts."""

import pytest

from tools.sql_style import findings

BODY = "create function f() returns void language plpgsql as $$\nbegin\n{}\nend\n$$;\n"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("    perform g('" + "x" * 103 + "');", "121 characters, at most 120"),
        ("    perform g(); ", "white space at the end"),
        ("\tperform g();", "a tab"),
        ("    SELECT 1;", "SELECT in upper case"),
        ("    perform g('a''b', 1) OR true;", "OR in upper case"),
    ],
)
def test_a_fault_in_a_body_is_found_at_its_line(line: str, fault: str) -> None:
    assert list(findings(BODY.format(line))) == [(3, fault)]


@pytest.mark.parametrize(
    "line",
    [
        "    -- A NULL is a plain value here, and TN001 a code.",
        "    /* SELECT */ perform g('UTC', \"ID\");",
        "    perform g('two\n    LINES');",
        "    perform g('" + "x" * 102 + "');",
    ],
)
def test_comments_strings_and_full_lines_are_left_alone(line: str) -> None:
    assert not list(findings(BODY.format(line)))


def test_descriptions_and_messages_are_text() -> None:
    assert not list(
        findings("comment on function f() is\n    'Raises TN001 FOR NULL.';\nselect tenantry.fail('A B');\n")
    )
