"""Names tell what a stage is, stay put under edits elsewhere, and never collide."""

from __future__ import annotations

import keyword
import random
import re
from dataclasses import replace

import pytest

from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from gradgen.targets import PYTHON
from tests.conftest import compiled, formulas, one_in
from tests.generators import program as random_program
from tests.naming import decodes, swapped


def stages(text: str, **options: object) -> list[str]:
    """Return the names of a formula's stages."""
    program = compile(text, **options).program  # type: ignore[arg-type]
    return [program.names[value] for value in program.lines]


def params(program: Program) -> list[str]:
    """Return the names of a program's inputs."""
    return [program.names[value] for value in program.signature]


SEED = ["sigy", "num", "sigx", "xpy", "xpysqr", "den", "invden", "f"]


def test_the_seed() -> None:
    assert stages("(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)") == SEED
    assert stages("(x + 1/(1 + exp(-y))) / (1/(1 + exp(-x)) + (x + y)**2)") == SEED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + 1 + y", "xp1 f"),
        ("(1 - x)*(x - 1)", "onemx xm1 f"),
        ("sin(x)*cos(y)", "sinx cosy f"),
        ("S/K + 1", "SbyK f"),
        ("exp(-x**2/2)", "xsqr xsqrby2 negxsqrby2 f"),
        ("0.31*x + y", "c0p31x f"),
        ("x**1.5 - y/2.5", "xpow1p5 yby2p5 f"),
        ("(3.7 - x)*(x - 0.5)", "c3p7mx xmhalf f"),
        ("6378137.25*x - 2.5e-9*y + z", "c6p38e6x c2p5em9y diffc2p5em9y f"),
        ("atan2(x, 3) + y", "atanx_3 f"),
        ("3*exp((x + y)/(z + w))", "num den numbyden expnumbyden f"),
        ("exp((x + y)/(z + w))*v", "xpy zpw ratioxpy expratiox f"),
        ("x if abs(z) > 1e-6 else y", "absz abszgt1em6 f"),
        ("log(x + sin(y))**2 + z", "siny sumsiny logsumx sqrlogx f"),
        ("exp(x)*y if abs(x - y) <= delta else z", "xmy absxmy ledelta expx expxy f"),
        ("x/pi + y", "xbypi f"),
        (
            "x*(-(0.3 % 1) + -(0.4 % 1))*y",
            "neg0p3mod1m0p4mod1 prodneg0p3mod1m0p4mod1 f",
        ),
        ("sqrt(a*b + c*d + e*g)", "ab cd sumcd eg sumeg f"),
        ("i*s + y", "is_ f"),
        ("sin(temperature)*temperature*p + z", "sintemperature prodtempe prodp f"),
    ],
)
def test_fragments(text: str, expected: str) -> None:
    assert stages(text) == expected.split()


def test_names_given_by_the_user_win() -> None:
    program = compile(
        "num/den + sigx + xpy*sigmoid(x)", inputs="num, den, sigx, xpy, x"
    ).program
    assert params(program) == ["num", "den", "sigx", "xpy", "x"]


def test_what_two_might_be_called_neither_is() -> None:
    assert stages("sin(x)*sinx + y")[0] == "sinsinx"
    one, two = "(a + b*c*d)*x", "(a - b*c*d)*x"
    for text in (f"exp({one}) + {two}*y", f"exp({two}) + {one}*y"):
        names = stages(text)
        assert "prodx" not in names, names
        assert {"prodxsuma", "prodxdiffa"} <= {*names}, names


def test_a_dividend_hands_no_name_on() -> None:
    option = (
        "S*{0}norm_cdf((log(S/K) + (r{1} + v**2/2)*T)/(v*sqrt(T))) "
        "- K*exp(-r*T)*norm_cdf((log(S/K) + (r{1} - v**2/2)*T)/(v*sqrt(T)))"
    )
    before = compile(option.format("", "")).program
    after = compile(option.format("exp(-q*T)*", " - q")).program
    assert swapped(before, after) == []
    assert len({*before.names.values()} & {*after.names.values()}) >= 15


@pytest.mark.parametrize("seed", one_in(4, range(60)))
def test_no_edit_of_a_random_program_hands_a_name_on(seed: int) -> None:
    made = random_program(seed)
    before = compile(made.text, inputs=made.inputs, proof=False).program
    rnd = random.Random(f"edit {seed}")
    for new in ("({0} + 0.5)", "({0} - 0.3*x)", "sin({0})", "({0})**2", "(x*{0})"):
        lines = made.text.splitlines()
        at = rnd.randrange(len(lines))
        name, _, said = lines[at].partition(" = ")
        spots = [m for m in re.finditer(r"\b[xyzv]\d*\b", said) if "(" not in m[0]]
        if not spots:
            continue
        spot = rnd.choice(spots)
        said = said[: spot.start()] + new.format(spot[0]) + said[spot.end() :]
        lines[at] = f"{name} = {said}"
        try:
            edited = compile("\n".join(lines), inputs=made.inputs, proof=False)
        except GradgenError:
            continue
        assert swapped(before, edited.program) == [], lines[at]


def test_the_checks_see_what_is_wrong() -> None:
    before = compile("sin(x*y)*(a + b*c*d)").program
    after = compile("sin(x*z)*(a + b*c*d)").program
    assert swapped(before, after) == []
    names = {
        v: {"xz": "abcd", "sinxz": "sumabc"}.get(n, n) for v, n in after.names.items()
    }
    old = {v: {"bcd": "abcd"}.get(n, n) for v, n in before.names.items()}
    assert "bcd" in old.values() or "abcd" in old.values()
    assert swapped(replace(before, names=old), replace(after, names=names)) == ["abcd"]
    program = compile("0.31*x + exp(y*z)").program
    scaled, yz, exp, _ = program.lines
    assert all(decodes(program, v) for v in (scaled, yz, exp))
    for value, wrong in (
        (scaled, "scaledx"),
        (scaled, "c0p32x"),
        (yz, "sumy"),
        (exp, "expq"),
        (exp, "expyz_1234"),
    ):
        names = {**program.names, value: wrong}
        assert not decodes(replace(program, names=names), value), wrong


def test_an_edit_elsewhere_moves_no_name() -> None:
    before = stages("sin(x*y) + cos(x - y)*exp(z)")
    after = stages("sin(x*y) + cos(x - y)*exp(z) + tan(z)**3")
    assert [name for name in after if name in before] == before
    assert set(after) - set(before) == {"sumprodx", "tanz", "tanzpow3"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("math + exp(x)", "math_ x"),
        ("cache*x", "cache_ x"),
        ("forward + backward", "backward_ forward_"),
        ("float + tuple", "float_ tuple_"),
        ("math + math_", "math__ math_"),
        ("dx*x + ddx", "ddx dx x"),
        ("match + case", "case match"),
        ("lambda_*2", "lambda_"),
    ],
)
def test_inputs_that_the_module_needs_for_itself(text: str, expected: str) -> None:
    assert params(compile(text).program) == expected.split()


def test_the_result_yields_only_by_default() -> None:
    assert stages("f + x") == ["f_"]
    assert stages("x + y", name="match") == ["match"]
    for taken in ("x", "forward", "math"):
        with pytest.raises(GradgenError, match="choose another"):
            compile("x + y", name=taken)


def test_no_gradient_is_a_keyword() -> None:
    names = compile("ef*el + ict").program.adjoints.values()
    assert len(names) == 5
    assert not any(map(keyword.iskeyword, names)) and "dict" not in names


def test_long_formulas_have_short_names() -> None:
    names = stages("+".join(f"sin(alpha{i}*beta{i})**2" for i in range(200)))
    assert max(map(len, names)) <= 24
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.slow)])
def test_names_over_all_formulas(every: int) -> None:
    lengths: list[int] = []
    for row in formulas("feynman")[::every] + formulas("symreg")[::every]:
        made = compiled(row["expression"], row["variables"])
        if made is None:
            continue
        found = [made.program.names[value] for value in made.program.lines]
        assert not PYTHON.avoided & set(found)
        lengths += map(len, found)
    lengths.sort()
    assert sum(lengths) / len(lengths) <= 10
    assert lengths[len(lengths) * 99 // 100] <= 20
