"""An error is one line, with a caret under the column."""

from __future__ import annotations

from gradgen.errors import GradgenError


def test_caret_stands_under_the_column() -> None:
    assert str(GradgenError("no power", "x^2", 1)) == "no power\n  x^2\n   ^"


def test_without_a_column_the_message_stands_alone() -> None:
    assert str(GradgenError("no power")) == "no power"


def test_long_text_is_cut_around_the_column() -> None:
    shown = str(GradgenError("bad", "x+" * 5000 + "^", 10_000)).splitlines()
    assert len(shown) == 3 and len(shown[1]) < 150
    assert shown[1][shown[2].index("^")] == "^"


def test_nothing_reaches_the_terminal_raw() -> None:
    assert "\x1b" not in str(GradgenError("bad", "x\x1b[31m", 1))
