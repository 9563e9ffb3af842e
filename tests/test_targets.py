"""Layout equals black's on the whole text."""

from __future__ import annotations

import builtins
import keyword

import black

from gradgen.pipeline import compile
from gradgen.targets import BUILTINS, PYTHON, layout_python


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
