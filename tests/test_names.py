"""Names tell what a stage is, stay put under edits elsewhere, and never collide."""

from __future__ import annotations

import keyword

import pytest

from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from gradgen.targets import PYTHON
from tests.conftest import compiled, formulas


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
        ("2*x + x*2 + y", "twox twox2 sumtwox f"),
        ("sin(x)*cos(y)", "sinx cosy f"),
        ("S/K + 1", "SbyK f"),
        ("exp(-x**2/2)", "xsqr negxsqr negxby2 f"),
        ("0.31*x + y", "scaledx f"),
        ("x/pi + y", "xbypi f"),
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


def test_a_clash_is_settled_by_order_of_appearance() -> None:
    assert stages("sin(x)*sinx + y")[0] == "sinx2"


def test_an_edit_elsewhere_moves_no_name() -> None:
    before = stages("sin(x*y) + cos(x - y)*exp(z)")
    after = stages("sin(x*y) + cos(x - y)*exp(z) + tan(z)**3")
    assert [name for name in after if name in before] == before
    assert set(after) - set(before) == {"sumx", "tanz", "tanzpow3"}


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
    assert max(map(len, names)) <= 16
    assert len(set(names)) == len(names)


def test_names_over_all_formulas() -> None:
    lengths: list[int] = []
    for row in formulas("feynman") + formulas("symreg"):
        made = compiled(row["expression"], row["variables"])
        if made is None:
            continue
        found = [made.program.names[value] for value in made.program.lines]
        assert not PYTHON.avoided & set(found)
        lengths += map(len, found)
    lengths.sort()
    assert sum(lengths) / len(lengths) <= 9
    assert lengths[len(lengths) * 99 // 100] <= 16
