"""The module reads as a reviewer expects, and holds nothing that is not needed."""

from __future__ import annotations

import ast
from pathlib import Path

import black
import pytest

from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from gradgen.write.target import template_folder
from tests.conftest import compiled, formulas

SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"


def body(text: str, function: str, **options: object) -> list[str]:
    """Return the code lines of a function, without its docstring and comments."""
    source = compile(text, **options).source  # type: ignore[arg-type]
    node = next(
        n
        for n in ast.parse(source).body
        if isinstance(n, ast.FunctionDef) and n.name == function
    )
    lines = [ast.get_source_segment(source, statement) for statement in node.body[1:]]
    return [line for line in lines if line is not None]


def test_the_seed_forward() -> None:
    assert body(SEED, "forward") == [
        "sigy = 1.0 / (1.0 + math.exp(-y)) if y > -709.0 else math.exp(y)",
        "num = x + sigy",
        "sigx = 1.0 / (1.0 + math.exp(-x)) if x > -709.0 else math.exp(x)",
        "xpy = x + y",
        "xpysqr = xpy * xpy",
        "den = sigx + xpysqr",
        "invden = 1.0 / den",
        "f = num * invden",
        "return f, (\n        sigy,\n        num,\n        sigx,\n        xpy,\n        invden,\n    )",
    ]


def test_the_seed_backward_has_the_documents_pattern() -> None:
    assert body(SEED, "backward") == [
        "(\n        sigy,\n        num,\n        sigx,\n        xpy,\n        invden,\n    ) = cache",
        "dnum = invden * df",
        "dinvden = num * df",
        "dden = -invden * (invden * dinvden)",
        "dsigx = dden",
        "dxpysqr = dden",
        "dxpy = 2.0 * xpy * dxpysqr",
        "dx = dxpy",
        "dy = dxpy",
        "dx += (1.0 - sigx) * sigx * dsigx",
        "dx += dnum",
        "dsigy = dnum",
        "dy += (1.0 - sigy) * sigy * dsigy",
        "return dx, dy",
    ]


def test_backward_comments_name_the_forward_line_they_answer() -> None:
    source = compile(SEED).source
    comments = [
        line.strip() for line in source.splitlines() if line.startswith("    # ")
    ]
    assert [comment.split()[1] for comment in comments] == [
        *("f", "invden", "den", "xpysqr", "xpy", "sigx", "num", "sigy")
    ]
    assert "# invden = 1 / den                  d(1/den)/dden = -1/den**2" in comments
    assert "# num = x + sigy" in comments
    assert "used more than once add up: `+=`" in source
    assert "add up" not in compile("x + y").source


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x - y", ["dx = df", "dy = -df"]),
        ("cos(x)", ["x = cache[0]", "dx = -math.sin(x) * df"]),
        (
            "x*y + cos(x)",
            [
                "x, y = cache",
                "dxy = df",
                "dcosx = df",
                "dx = -math.sin(x) * dcosx",
                "dx += y * dxy",
                "dy = x * dxy",
            ],
        ),
        ("log(x)", ["x = cache[0]", "dx = df / x"]),
        ("x/3", ["dx = df / 3.0"]),
        ("-2*x", ["dx = -2.0 * df"]),
        ("asin(x)", ["x = cache[0]", "dx = df / math.sqrt((1.0 - x) * (1.0 + x))"]),
        ("x**3", ["x = cache[0]", "dx = 3.0 * (x * x) * df"]),
        ("3", []),
        ("x", ["dx = df"]),
    ],
)
def test_backward_lines(text: str, lines: list[str]) -> None:
    got = [
        line.replace("(x,) = cache", "x = cache[0]")
        for line in body(text, "backward")[:-1]
    ]
    assert got == lines


def test_only_what_is_asked_is_computed() -> None:
    lines = body("x*sin(y) + exp(z)", "backward", wrt="x")
    assert lines == [
        "(siny,) = cache",
        "dxsiny = df",
        "dx = siny * dxsiny",
        "return (dx,)",
    ]


def test_an_unused_input_has_gradient_zero() -> None:
    assert body("2*x", "backward", inputs="x, y")[0] == "dy = 0.0"
    assert compile("2*x", inputs="x, y").value_and_grad(3.0, 9.0) == (6.0, (2.0, 0.0))


def test_the_docstring_states_formula_inputs_and_what_raises_where() -> None:
    text = ast.get_docstring(ast.parse(compile("log(x)/abs(y)").source))
    assert text == (
        "f(x, y) = log(x)/abs(y).\n\n"
        "Inputs: x, y.\n"
        "Operations: 3 forward, 5 backward; value and gradient cost 2.7 times the value.\n\n"
        "Raises:\n"
        "    ValueError: where x <= 0 (num).\n"
        "    ZeroDivisionError: where den = 0 (f).\n\n"
        "Kinks:\n"
        "    abs(y) at y = 0: gradient 0 (den)."
    )


def test_math_is_imported_only_where_it_is_used() -> None:
    assert "import math" not in compile("x*y + 1").source
    assert "import math" in compile("x*pi").source


def test_helpers_travel_with_the_module() -> None:
    source = compile("cbrt(x)").source
    assert source.count("def _cbrt") == 1
    for point in (27.0, -27.0, 1e-300, 1e300, 5e-324, 1.7e308):
        value = compile("cbrt(x)").forward(point)[0]
        assert abs(value**3 / point - 1) < 1e-9 or point == 5e-324
    assert compile("cbrt(x)").forward(-8.0)[0] == -2.0
    assert compile("cbrt(x)").forward(0.0)[0] == 0.0


AWKWARD = [
    "l + O0 + I",
    "α + Δ*x",
    "名 + x",
    "id + S*sum",
    "softplus(x) - cbrt(y)",
    "x**y*hypot(x, y)",
    "3",
    "x",
    "x - x",
    "len**2",
]


@pytest.mark.parametrize(
    "text",
    [
        SEED,
        *AWKWARD,
        "+".join(
            f"some_quite_long_name_{i}*sigmoid(another_long_name_{i})"
            for i in range(12)
        ),
    ],
)
def test_the_text_is_in_blacks_form_and_parses(text: str) -> None:
    source = compile(text).source
    ast.parse(source)
    assert black.format_str(source, mode=black.Mode()) == source


@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.slow)])
def test_every_formula_is_in_blacks_form(every: int) -> None:
    rows = formulas("feynman") + formulas("fpbench") + formulas("symreg")
    for row in rows[::every]:  # black is slow
        made = compiled(row["expression"], row["variables"])
        if made is not None:
            source = made.source
            assert black.format_str(source, mode=black.Mode()) == source, row["id"]


def test_the_users_templates_go_first_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "module.py.jinja").write_text(
        "# {{ module.inputs | join(' and ') }}\nx=1\n"
    )
    source = compile("a*b", templates=tmp_path).source
    assert (
        "# a and b\n" in source
        and "x = 1\n" in source
        and "# templates: custom\n" in source
    )
    (tmp_path / "module.py.jinja").unlink()
    with pytest.raises(GradgenError, match="holds no templates"):
        compile("a*b", templates=tmp_path)
    (tmp_path / "helpers").mkdir()
    assert (
        compile("a*b", templates=tmp_path).source.splitlines()[4:]
        == compile("a*b").source.splitlines()[3:]
    )


def test_broken_templates_are_named(tmp_path: Path) -> None:
    (tmp_path / "module.py.jinja").write_text("{{ module.nothing }}")
    with pytest.raises(GradgenError, match="nothing"):
        compile("x", templates=tmp_path)
    (tmp_path / "module.py.jinja").write_text("def f(:\n")
    with pytest.raises(GradgenError, match="valid python"):
        compile("x", templates=tmp_path)
    with pytest.raises(GradgenError, match="no folder"):
        compile("x", templates=tmp_path / "missing")


def test_text_of_the_user_is_data_for_the_template(tmp_path: Path) -> None:
    with pytest.raises(GradgenError):
        compile("{{ 7*7 }}")


def test_the_templates_are_found() -> None:
    assert (template_folder() / "python" / "module.py.jinja").is_file()
