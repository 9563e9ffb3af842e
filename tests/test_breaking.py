"""Long assignments stand on lines as black would put them, which is asked here and nowhere else."""

from __future__ import annotations

import random

import pytest

from gradgen.pipeline import compile
from gradgen.write.python import layout
from gradgen.write.python.layout import _black_break, _break
from tests.conftest import many, one_in

CALLS = ["math.exp", "math.sqrt", "abs", "_beta", "float", "math.log1p"]
SEVERAL = ["max", "min", "math.hypot", "_compound"]
NUMBERS = [
    "1.0",
    "2.0",
    "0.5",
    "-709.0",
    "3.14159265358979",
    "1e300",
    "1e-05",
    "2",
    "12345.678901",
]


class Statements:
    """Random statements of the kinds that modules have, with names of any length."""

    def __init__(self, seed: int, letters: str = "abcdxyz") -> None:
        self.random = random.Random(seed)
        self.letters = letters
        self.choice = self.random.choice

    def statement(self) -> str:
        sign = self.choice(["=", "=", "=", "+=", "-="])
        text = f"    {self.name()} {sign} {self.expression(self.choice([1, 2, 3, 4, 5]))[0]}"
        words = "w" * self.choice([3, 20, 50, 90])
        return text + self.choice(["", "", "  # logaddexp", f"  # {words}"])

    def name(self) -> str:
        return self.choice(self.letters) * self.choice(
            [1, 1, 2, 3, 5, 8, 13, 20, 30, 45]
        )

    def expression(self, depth: int) -> tuple[str, float]:
        """Return a text, and how strongly it binds."""
        if depth <= 0 or self.random.random() < 0.18:
            name = self.random.random() < 0.8
            return (self.name() if name else self.choice(NUMBERS)), 9
        inner = self.random.choices(
            [self.sum, self.product, self.call, self.calls, self.pick, self.power],
            [22, 23, 20, 10, 8, 13],
        )[0]
        return inner(depth - 1)

    def sum(self, depth: int) -> tuple[str, float]:
        left, right = self.within(depth, 5), self.within(depth, 6)
        return f"{left} {self.choice('+-')} {right}", 5

    def product(self, depth: int) -> tuple[str, float]:
        left, right = self.within(depth, 6), self.within(depth, 7)
        return f"{left} {self.choice('**/')} {right}", 6

    def call(self, depth: int) -> tuple[str, float]:
        inside, _ = self.expression(depth)
        if self.random.random() < 0.1:
            return f"float(special.sici({inside})[0])", 9
        return f"{self.choice(CALLS)}({inside})", 9

    def calls(self, depth: int) -> tuple[str, float]:
        inside = [self.expression(depth)[0] for _ in range(self.choice([2, 2, 3, 4]))]
        return f"{self.choice(SEVERAL)}({', '.join(inside)})", 9

    def pick(self, depth: int) -> tuple[str, float]:
        left, right = self.within(depth, 1), self.within(depth, 0)
        return f"{left} if {self.condition(depth)} else {right}", 0

    def condition(self, depth: int) -> str:
        chance = self.random.random()
        if chance < 0.7:
            sign = self.choice(["<", ">", "==", "!=", "<=", ">="])
            return f"{self.within(depth, 4)} {sign} {self.within(depth, 4)}"
        if chance < 0.85:
            inner = self.condition(depth - 1), self.condition(depth - 1)
            return f" {self.choice(['and', 'or'])} ".join(inner)
        return f"not {self.name()}"

    def power(self, depth: int) -> tuple[str, float]:
        chance = self.random.random()
        if chance < 0.35:
            return f"-{self.name()}", 7
        if chance < 0.5:
            return f"({self.expression(depth)[0]}) ** {self.choice('2n')}", 7.5
        raised = self.choice(["2", "3", "-2", "n", "(n - 1)", "math.pi", "abs(n)"])
        return f"{self.name()}{' ** ' if '(' in raised else '**'}{raised}", 7.5

    def within(self, depth: int, binds: float) -> str:
        text, own = self.expression(depth)
        return f"({text})" if own < binds else text


@pytest.mark.parametrize("seed", one_in(4, range(4)))
def test_lines_are_broken_as_black_breaks_them(seed: int) -> None:
    compare(seed, 60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 14))
def test_many_lines_are_broken_as_black_breaks_them(seed: int) -> None:
    compare(seed, many(4_000))


@pytest.mark.parametrize("letters", one_in(2, ["aéü", "αβx", "a变量한カ", "жx"]))
def test_names_in_other_letters_are_broken_as_black_breaks_them(letters: str) -> None:
    compare(3, 40, letters)


def compare(seed: int, count: int, letters: str = "abcdxyz") -> None:
    statements = Statements(seed, letters)
    while count:
        text = statements.statement()
        if 88 < len(text) < statements.choice([120, 200, 400, 900]):
            assert _break(text) == _black_break(text), text
            count -= 1


@pytest.mark.parametrize(
    "text",
    [
        "    x = (a + b)",
        "    x = (a, b)",
        "    x = -a**2",
        "    x = f()",
        "    x, y = a, b",
        "    x: float = a",
        "    x = [a for a in b]",
        "    x = lambda: a",
        "    x = 'a'",
        "    x = y = a",
        "    x = a @ b",
    ],
)
def test_what_is_not_known_is_left_to_black(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def noted(text: str) -> str:
        asked.append(text)
        return text

    monkeypatch.setattr(layout, "_black_break", noted)
    text = text.replace("a", "a" * 90)
    assert _break(text) == text and len(asked) == 1


@pytest.mark.parametrize("letter", ["x", "é", "变"])
def test_names_of_any_length_need_no_black(
    letter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which takes milliseconds for each statement of widths that it has not met."""

    def fail(text: str) -> str:
        assert text.startswith(("def ", "    return "))
        return text

    monkeypatch.setattr(layout, "_black_break", fail)
    draw = random.Random(5)
    names = [f"v{i}_{letter * draw.randrange(20, 60)}" for i in range(60)]
    lines = [
        f"{c} = logaddexp({a}*{b}, {a})"
        for a, b, c in zip(names, names[1:], names[2:], strict=False)
    ]
    assert compile("\n".join(lines), proof=False).source.count("\n") > 400
