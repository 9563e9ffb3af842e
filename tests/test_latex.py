"""Formulas and stages in LaTeX: as a person would typeset them, every bracket closed."""

from __future__ import annotations

import re

import pytest

from gradgen.pipeline import compile
from gradgen.read.compositions import COMPOSITIONS
from tests.conftest import compiled, formulas
from tests.rows import ALL, called


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x*y + 2", r"x \cdot y + 2"),
        ("(x + y)**2", r"\left(x + y\right)^2"),
        ("(x/y)**n", r"\left(\frac{x}{y}\right)^{n}"),
        ("x**(n + 1)", r"x^{n + 1}"),
        ("exp(-x/3)", r"\exp\left(-\frac{x}{3}\right)"),
        ("1/3*x", r"\frac{1}{3} \cdot x"),
        ("x/y", r"\frac{x}{y}"),
        ("x - (y - 1)", r"x - \left(y - 1\right)"),
        ("sqrt(x + 1)", r"\sqrt{x + 1}"),
        ("1e-10*x + 2.5e9", r"10^{-10} \cdot x + 2500000000.0"),
        ("2.5e-30*x", r"2.5 \cdot 10^{-30} \cdot x"),
        ("2*pi*EulerGamma*x", r"2 \cdot \pi \cdot \gamma \cdot x"),
        ("sigmoid(x)", r"\sigma\left(x\right)"),
        ("hypot(x, y)", r"\operatorname{hypot}\left(x, y\right)"),
        ("besselj(2, x)", r"J_{2}\left(x\right)"),
        ("x % y*2", r"\left(x \bmod y\right) \cdot 2"),
        ("(x + y) % z", r"\left(x + y\right) \bmod z"),
        ("x % (y*z)", r"x \bmod \left(y \cdot z\right)"),
        ("x*-y", r"x \cdot \left(-y\right)"),
        ("heaviside(x, 1)", r"\theta_{1}\left(x\right)"),
        ("x__2*y", r"\mathrm{x\_\_2} \cdot y"),
        (
            "log(x) if x > 0 and not y <= 1 else 0",
            r"\begin{cases} \ln\left(x\right) & \text{if } x > 0 \wedge \neg \left(y \leq 1\right) \\ 0 & \text{otherwise} \end{cases}",
        ),
        (
            "2*(x if x > 0 else y)",
            r"2 \cdot \left(\begin{cases} x & \text{if } x > 0 \\ y & \text{otherwise} \end{cases}\right)",
        ),
    ],
)
def test_formulas(text: str, shown: str) -> None:
    call, _, value = compile(text, target="scipy").latex().partition(" = ")
    assert value == shown and call.startswith(r"f\left(")


def test_names_have_their_greek_letters_and_indices() -> None:
    assert compile("theta_1*alpha").latex() == (
        r"f\left(\alpha, \theta_{1}\right) = \theta_{1} \cdot \alpha"
    )


def test_stages() -> None:
    assert compile("log(x_1) if x_1 > 0 else y").latex(stages=True).splitlines() == [
        r"\begin{aligned}",
        r"\mathrm{x\_1gt0} &= x_{1} > 0 \\",
        r"\mathrm{logx\_1} &= \ln\left(x_{1}\right) \quad \text{if } \mathrm{x\_1gt0} \\",
        r"f &= \begin{cases} \mathrm{logx\_1} & \text{if } \mathrm{x\_1gt0} \\ y & \text{otherwise} \end{cases}",
        r"\end{aligned}",
    ]


def test_notebooks_show_the_formula() -> None:
    compiled = compile("x/y")
    assert compiled._repr_latex_() == rf"$\displaystyle {compiled.latex()}$"


def balanced(text: str) -> bool:
    """Whether every brace and every bracket is closed, and no place was left open."""
    return (
        text.count("{") == text.count("}")
        and len(re.findall(r"\\left\b", text)) == len(re.findall(r"\\right\b", text))
        and text.count(r"\begin") == text.count(r"\end")
        and not re.search(r"(?<![_^a-z]){[0-9]:?d?}{", text.replace(r"\frac", "frac"))
    )


def test_every_operation_can_be_typeset() -> None:
    for row in ALL:
        if row.boolean or row.truths or row.name in ("copy", "powi", "powr", "expb"):
            continue
        args = [
            "2" if i in row.whole else f"({v} > 0)" if i in row.truths else v
            for i, v in enumerate("xyz"[: row.arity])
        ]
        compiled = compile(called(row, args), target="scipy", wrt=())
        assert balanced(compiled.latex()) and "{0}" not in compiled.latex(), row.name
    for name, composition in COMPOSITIONS.items():
        text = f"{name}({', '.join(composition.params)})"
        compiled = compile(text, inputs=composition.params, target="scipy", wrt=())
        assert balanced(compiled.latex() + compiled.latex(stages=True)), name


@pytest.mark.parametrize("every", [2, pytest.param(1, marks=pytest.mark.slow)])
def test_every_formula_can_be_typeset(every: int) -> None:
    for row in formulas("feynman")[::every] + formulas("fpbench")[::every]:
        made = compiled(row["expression"], row["variables"])
        assert made is not None and balanced(made.latex()), row["id"]
