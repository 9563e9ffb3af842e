"""Layout equals black's on the whole text."""

from __future__ import annotations

import builtins
import itertools
import keyword
import random

import black
import pytest

from gradgen.pipeline import compile
from gradgen.reserved import is_kept
from gradgen.targets import BUILTINS, PYTHON, layout_python
from tests.conftest import one_in


def test_layout_breaks_only_long_lines() -> None:
    words = "long " * 30 + "words."
    call = f"    y = g({', '.join(['x'] * 60)})"
    text = f'"""{words}"""\n\n\ndef f(x: float) -> float:\n    # {words}\n{call}\n    return y\n'
    assert layout_python(text) == black.format_str(text, mode=black.Mode()) != text


def test_wide_characters_count_twice() -> None:
    source = compile("+".join(f"名前{i}*値{i}" for i in range(10))).source
    assert black.format_str(source, mode=black.Mode()) == source


def test_names_of_python_are_avoided() -> None:
    assert set(keyword.kwlist) <= PYTHON.avoided
    assert {n for n in dir(builtins) if n.islower() and not n.startswith("_")} - {
        "copyright",
        "credits",
    } <= BUILTINS | set(keyword.kwlist)


#: Outputs, inputs with a gradient, parameters, and the width of a name.
GRID = [*itertools.product(range(2, 6), range(1, 6), (0, 1, 4), (1, 4, 9, 16, 34))]


def check_jacobian(rows: int, columns: int, parameters: int, width: int) -> None:
    """Compile a Jacobian of this shape; its text must be black's own, and what it returns right."""
    names = ["a" * width + "bcdef"[j] for j in range(columns)]
    params = [f"{'p' * width}{j}" for j in range(parameters)]
    results = [f"{'r' * width}{i}" for i in range(rows)]
    lines = []
    for i, result in enumerate(results):
        terms = [f"{name}**{i + k + 2}" for k, name in enumerate(names)]
        lines.append(f"{result} = {' + '.join(terms)}")
    lines[0] += "".join(f" + {param}*{names[0]}" for param in params)
    compiled = compile(
        "\n".join(lines), outputs=results, params=params or None, with_="jacobian"
    )
    source = compiled.source
    assert black.format_str(source, mode=black.Mode()) == source
    point = [0.5 + j / 4 for j in range(columns + parameters)]
    for i, row in enumerate(compiled.jacobian(*point)):
        true = [(i + k + 2) * x ** (i + k + 1) for k, x in enumerate(point[:columns])]
        true[0] += sum(point[columns:]) if i == 0 else 0.0
        assert row == pytest.approx(true, rel=1e-14)


@pytest.mark.parametrize(
    ("outputs", "inputs"), one_in(3, [(3, 3), (3, 4), (4, 2), (4, 3), (4, 4), (5, 1)])
)
def test_jacobians_whose_signature_is_one_name_a_line(
    outputs: int, inputs: int
) -> None:
    for parameters, width in ((4, 4), (4, 34)):
        check_jacobian(outputs, inputs, parameters, width)


@pytest.mark.parametrize(
    ("rows", "width"),
    one_in(5, itertools.product([1, 2, 3], [20, 32, 33, 34, 35, 50])),
)
def test_rows_of_one_slope_have_the_form_of_black(rows: int, width: int) -> None:
    check_jacobian(rows, 1, 0, width)
    lines = [f"{'r' * width}{i} = {'p' * (50 - i)}**{i + 2}" for i in range(rows)]
    text = "\n".join([*lines, "none = 3*other"])
    outputs = [*(line.split()[0] for line in lines), "none"]
    source = compile(text, outputs=outputs, wrt="other", with_="jacobian").source
    assert "(0.0,)," in source
    assert black.format_str(source, mode=black.Mode()) == source


def test_jacobians_of_any_shape_have_the_form_of_black() -> None:
    for case in random.Random(3).sample(GRID, 5):
        check_jacobian(*case)


@pytest.mark.slow
@pytest.mark.parametrize("case", GRID, ids=str)
def test_jacobians_of_every_shape_have_the_form_of_black(
    case: tuple[int, int, int, int],
) -> None:
    check_jacobian(*case)


def test_every_helper_is_a_name_that_is_kept() -> None:
    assert all(map(is_kept, PYTHON.reserved))
