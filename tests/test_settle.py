"""Adjoints ask nothing that the forward pass has settled, and give what they gave."""

from __future__ import annotations

import math
import random

import pytest

from gradgen.core.derive import Chain
from gradgen.passes.settle import Settled
from gradgen.pipeline import compile

#: Formulas, and a test that each would have if its first term were not there.
SETTLED = [
    ("log(x) + x**y", "x != 0.0"),
    ("1/x + x**y", "x != 0.0"),
    ("log(x) + x**y", "x > 0.0"),
    ("y/hypot(x, y) + hypot(x, y)", "hypxy != 0.0"),
]


@pytest.mark.parametrize(("text", "asked"), SETTLED)
def test_what_had_a_value_is_not_asked_again(text: str, asked: str) -> None:
    made = compile(text)
    assert asked not in made.source and "gradient 0" not in made.source
    # Where nothing raises, and in another branch, nothing is settled.
    assert asked in compile(text, ieee=True).source
    guarded = compile(f"{text.partition(' + ')[0]} if z > 1 else hypot(x, y) + x**y")
    assert "!= 0.0" in guarded.source


@pytest.mark.parametrize("text", [text for text, _ in SETTLED])
def test_the_gradient_is_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = compile(text)
    monkeypatch.setattr(Settled, "partial", Chain.partial)
    plain = compile(text)
    assert plain.source != made.source
    chosen = random.Random(text)
    for _ in range(50):
        point = [chosen.choice([0.0, 1.0, -1.0, chosen.uniform(-3, 3)]) for _ in "xy"]
        found = []
        for one in (made, plain):
            try:
                value, cache = one.forward(*point)
                found.append((value, *one.backward(cache)))
            except (ArithmeticError, ValueError) as error:
                found.append((type(error),))
        for a, b in zip(*found):
            same = a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))
            assert same, point


def test_nothing_is_undefined_where_a_logarithm_has_a_value() -> None:
    assert "Undefined:" in compile("x**y").source
    assert "Undefined:" not in compile("log(x) + x**y").source
