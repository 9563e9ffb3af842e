"""A small search for trouble at every run, and what longer searches found, again. `tests/fuzz.py` searches for longer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.sympy.table import CALLS
from tests import fuzz
from tests.conftest import many

TOKENS = [*CALLS, *COMPOSITIONS, *"xyzEIkα012.+-*/%(),<>=^|!'\"# \n\\", "**", " if ", " else ", " and ", " or ", "not ", "pi",
          "Sum(", "Product(", "Piecewise((", ", (k, 0, 3))", "1e3", "0.5", "(x + y)", "__", "\u202e", "é", "2**99"]  # fmt: skip
ITEMS = ["# source: ", "# name: ", "# inputs: ", "# wrt: ", "# as-written: ", "# target: ", "# precise: ",
         "# templates: ", "# digest: ", "\n", "x, y", "yes", "scipy", "sin(x)*y", "\r", "\x00", "import os"]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def watched() -> None:
    fuzz.warm()


def test_what_was_found_stays_harmless() -> None:
    for data in fuzz.corpus()[::40]:
        fuzz.one_input(data)


@pytest.mark.slow
def test_all_that_was_found_stays_harmless() -> None:
    for data in fuzz.corpus():
        fuzz.one_input(data)


def formulas(kind: int, tokens: list[str]) -> None:
    fuzz.one_input(bytes([kind & ~3]) + "".join(tokens).encode())


def recipes(items: list[str], text: str) -> None:
    fuzz.one_input(b"\x03" + ("".join(items) + text).encode("utf-8", "surrogatepass"))
    fuzz.one_input(
        b"\x02" + text.encode("utf-8", "surrogatepass") + "".join(items).encode()
    )


def any_text(kind: int, text: str) -> None:
    fuzz.one_input(bytes([kind]) + text.encode("utf-8", "surrogatepass"))


TRIED = [
    (formulas, (st.integers(0, 255), st.lists(st.sampled_from(TOKENS), max_size=25))),
    (recipes, (st.lists(st.sampled_from(ITEMS), max_size=25), st.text(max_size=20))),
    (any_text, (st.integers(0, 255), st.text(max_size=60))),
]


@pytest.mark.parametrize("examples", [40, pytest.param(300, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("tried", "made"), TRIED, ids=lambda f: f.__name__ if callable(f) else ""
)
def test_random_input_is_harmless(
    tried: Callable[..., None], made: tuple[SearchStrategy[Any], ...], examples: int
) -> None:
    settings(max_examples=examples, deadline=None, derandomize=True, database=None)(
        given(*made)(tried)
    )()


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 25), pytest.param(25, 25 + many(2975), marks=pytest.mark.slow)],
)
def test_files_of_almost_any_statements_are_refused_or_right(
    first: int, last: int
) -> None:
    found = Counter(map(fuzz.one_file, range(first, last)))
    assert found["compiled"] > (last - first) // 12
    assert found["corrected"] >= (last - first) // 300


def test_the_watch_works() -> None:
    """The search would notice a file that is written and a text that is run."""
    for action in (
        lambda: open("/tmp/x", "w"),  # noqa: SIM115
        lambda: exec("1"),  # noqa: S102
        lambda: __import__("os").system("true"),
    ):
        fuzz._watching = True
        try:
            with pytest.raises(AssertionError):
                action()
        finally:
            fuzz._watching = False
