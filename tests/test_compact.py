"""Compact modules, whose lines hold up to four operations, and the function for value and gradient at once: they say the same."""

from __future__ import annotations

import ast
import functools
import itertools
import math
import random
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.compiled import check_text
from gradgen.errors import GradgenError
from gradgen.files.recipe import read_artifact
from gradgen.options import STYLES
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.targets import SUFFIXES, TARGETS, black_python, target_for
from gradgen.write import blocks
from gradgen.write.compact import plan
from gradgen.write.compact.measure import TERMS
from tests import test_choices
from tests.conftest import formulas, many, one_in
from tests.generators import KINDS, compiled, faults
from tests.pages import page

SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
BLACK_SCHOLES = """d1 = (log(S/K) + (r + v**2/2)*T)/(v*sqrt(T))
d2 = d1 - v*sqrt(T)
price = S*norm_cdf(d1) - K*exp(-r*T)*norm_cdf(d2)"""
SETS = ("feynman", "fpbench", "symreg", "optim")


def lines(compiled: Compiled, name: str) -> list[ast.Assign | ast.AugAssign]:
    """Return the assignments of a function of a module, but for what it takes from the cache."""
    functions = [
        n for n in ast.parse(compiled.source).body if isinstance(n, ast.FunctionDef)
    ]
    (function,) = [f for f in functions if f.name == name]
    nodes = ast.walk(function)
    found = [n for n in nodes if isinstance(n, (ast.Assign, ast.AugAssign))]
    return [n for n in found if ast.unparse(n.value) != "cache"]


def at_points(compiled: Compiled, count: int = 4) -> Iterator[list[float]]:
    chosen = random.Random(compiled.recipe.source)
    for _ in range(count):
        signs = [chosen.choice([1, 1, 1, -1]) for _ in compiled.program.inputs]
        yield [sign * chosen.uniform(0.2, 2.5) for sign in signs]


def outcome(call: Any, *point: float) -> list[float] | type[Exception]:
    """Return value and gradient, or the error."""
    try:
        value, gradient = call(*point)
    except (ArithmeticError, ValueError) as error:
        return type(error)
    return [value, *gradient]


def assert_close(got: Any, true: Any, told: str) -> None:
    if isinstance(true, type) or isinstance(got, type):
        assert got == true, told
        return
    largest = max((abs(n) for n in true if math.isfinite(n)), default=1.0)
    for a, b in zip(got, true, strict=True):
        same = a == b or (math.isnan(a) and math.isnan(b))
        assert same or abs(a - b) <= 1e-11 * max(abs(b), 1e-3 * largest), told


def in_two(module: Any) -> Any:
    """Return a module's forward and backward as one function."""

    def call(*point: float) -> tuple[float, Any]:
        value, cache = module.forward(*point)
        return value, module.backward(cache)

    return call


def compare(expression: str) -> None:
    """Hold all functions of a compact module to those of the textbook's."""
    try:
        plain = compile(expression, target="scipy", proof=False)
    except GradgenError:
        return
    options: dict[str, Any] = {"target": "scipy", "style": "compact", "proof": False}
    extras = "jacobian, value_and_grad"
    made = compile(expression, with_=extras, **options)
    quiet = compile(expression, ieee=True, **options)
    for point in at_points(made):
        true = outcome(in_two(plain.module), *point)
        told = f"{expression} at {point}"
        assert_close(outcome(in_two(made.module), *point), true, told)
        assert_close(outcome(made.module.value_and_grad, *point), true, told)
        if not isinstance(true, type):
            (row,) = made.module.jacobian(*point)
            assert_close([*row], true[1:], told)
            assert_close(outcome(in_two(quiet.module), *point), true, told)


@pytest.mark.parametrize(
    ("name", "every"),
    [(n, 72) for n in SETS]
    + [pytest.param(n, 1, marks=pytest.mark.slow) for n in SETS],
)
def test_real_formulas_are_the_textbooks(name: str, every: int) -> None:
    for row in formulas(name)[::every]:
        compare(row["expression"])


def test_choices_are_those_of_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    other = functools.partial(compile, style="compact", proof=False)
    monkeypatch.setattr(test_choices, "compile", other)
    assert (
        sum(test_choices.compare(test_choices.made(seed)) for seed in range(12)) > 150
    )


@pytest.mark.parametrize("kind", [*KINDS])
@pytest.mark.parametrize("first", [0, pytest.param(4, marks=pytest.mark.slow)])
def test_random_programs_are_what_python_makes_of_them(kind: str, first: int) -> None:
    for seed in range(first, first + (many(296) if first else 4)):
        made = KINDS[kind](seed)
        module = compiled(made, style="compact", proof=False)
        assert module is None or faults(made, module) == []


def test_the_seed_reads_as_written_by_hand() -> None:
    made = compile(SEED, style="compact")
    assert made.cost.forward + made.cost.backward == 24
    ahead = [ast.unparse(line) for line in lines(made, "forward")]
    assert ahead[2:] == [
        "xpy = x + y",
        "den = sigx + xpy * xpy",
        "f = (x + sigy) / den",
    ]
    back = [ast.unparse(line) for line in lines(made, "backward")]
    assert back == [
        "dnum = df / den",
        "dden = -f * dnum",
        "dxpy = 2.0 * xpy * dden",
        "dx = dnum + dxpy",
        "dx += (1.0 - sigx) * sigx * dden",
        "dy = dxpy + (1.0 - sigy) * sigy * dnum",
    ]


def test_what_the_author_named_has_its_lines() -> None:
    made = compile(BLACK_SCHOLES, style="compact")
    names = [ast.unparse(line).split(" ")[0] for line in lines(made, "forward")]
    assert {"d1", "d2", "price"} <= {*names}
    answers = [ast.unparse(line).split(" ")[0] for line in lines(made, "backward")]
    assert {"dd1", "dd2"} <= {*answers}
    assert "# d2 = d1 - prodsqrtT" in made.source


@pytest.mark.parametrize(
    "name",
    [n if n == "fpbench" else pytest.param(n, marks=pytest.mark.slow) for n in SETS],
)
def test_lines_stay_short(name: str) -> None:
    for row in formulas(name)[::6]:
        try:
            compiled = compile(row["expression"], style="compact", proof=False)
            plain = compile(row["expression"], proof=False)
        except GradgenError:
            continue
        alone = max(map(operations, lines(plain, "forward") + lines(plain, "backward")))
        for function in ("forward", "backward"):
            assert len(lines(compiled, function)) <= len(lines(plain, function))
            for line in lines(compiled, function):
                # Products of names in a short sum count as names.
                most = max(2 * TERMS - 1, alone)
                assert operations(line) <= most, ast.unparse(line)
        pure = [n for n in lines(compiled, "backward") if isinstance(n, ast.Assign)]
        for line in pure:
            copies = isinstance(line.value, ast.Name)
            assert not copies or len(compiled.program.given) > 0, ast.unparse(line)


def operations(line: ast.Assign | ast.AugAssign) -> int:
    """Return how many operators and calls a line has, but for signs."""
    found = [n for n in ast.walk(line.value) if isinstance(n, (ast.BinOp, ast.Call))]
    return sum(not ast.unparse(n).startswith("float(") for n in found)


def test_a_compact_module_is_made_again(tmp_path: Any) -> None:
    path = tmp_path / "f.py"
    options = ["--style", "compact", "--with", "value_and_grad", "-o", str(path)]
    assert main(["compile", SEED, *options]) == 0
    assert "# style: compact\n" in path.read_text()
    assert main(["check", str(path)]) == 0
    found = read_artifact(path.read_text())
    assert found is not None
    assert regenerate(found.recipe, proof=True).source == path.read_text()


def test_another_style_is_refused() -> None:
    with pytest.raises(GradgenError, match="known are textbook, compact"):
        compile("x", style="terse")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "text",
    ["(x if x > 1 else y)/(0*x)", "(x if y > atanh(3) else 0)*(0*x)**-2"],
)
def test_constants_without_a_value_raise_when_the_module_runs(
    text: str, style: str
) -> None:
    f = compile(text, style=style, with_=["jacobian", "value_and_grad"])
    for function in (f.forward, f.value_and_grad, f.jacobian):
        with pytest.raises((ArithmeticError, ValueError)):
            function(*[0.5] * len(f.program.inputs))


def test_value_and_gradient_at_once_are_of_one_result() -> None:
    with pytest.raises(GradgenError, match="of one result"):
        compile("u = x*y\nv = x + y", outputs="u, v", with_="value_and_grad")
    several = compile("u = x*y\nv = x + y", outputs="u, v")
    with pytest.raises(GradgenError, match="call jacobian"):
        several.value_and_grad  # noqa: B018


def test_a_function_for_both_that_is_wrong_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gradgen.write.bodies import Bodies

    single = Bodies.single

    def wrong(self: Bodies) -> Any:
        body, stages, gradients = single(self)
        return body, stages, [*gradients][::-1]

    monkeypatch.setattr(Bodies, "single", wrong)
    with pytest.raises(GradgenError, match="value_and_grad"):
        compile("x*sin(y)", with_="value_and_grad")
    made = compile("x*sin(y)")
    with pytest.raises(GradgenError, match="other numbers than forward and backward"):
        made.value_and_grad  # noqa: B018


def test_a_value_at_once_that_is_wrong_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two arms by one name, the second took the place of the first: only the value told."""
    monkeypatch.setattr("gradgen.passes.blocks.arrange.check_apart", lambda _: None)
    monkeypatch.setattr("gradgen.passes.blocks.paths.Paths._joins", lambda *_: False)
    text = "sigmoid(exp(y)*3 - 1 if not (y == z and x >= 0.5) else (y + 1))"
    with pytest.raises(GradgenError, match="the module is wrong"):
        compile(text, with_="value_and_grad")
    made = compile(text)
    with pytest.raises(GradgenError, match="other numbers than forward and backward"):
        made.value_and_grad  # noqa: B018


@pytest.mark.parametrize("target", ["python", "c", "javascript"])
def test_a_sigmoid_that_is_written_often_is_a_function(target: str) -> None:
    def made(terms: int) -> str:
        text = " + ".join(f"sigmoid(x{i})" for i in range(terms))
        return compile(text, target=target, style="textbook").source

    few, many = made(3), made(4)
    assert len(re.findall(r"sigx?\d = .*> -709", few)) == few.count("> -709") == 3
    assert "> -709" in many and not re.search(r"sigx?\d = .*> -709", many)
    assert (
        len(re.findall(r" sigx?\d = _?sigmoid(?:_of)?\(x\d\);?$", many, re.MULTILINE))
        == 4
    )
    # What a module costs does not depend on how it is written.
    (cost,) = re.findall(r"Operations: (\d+) forward, (\d+) backward", many)
    assert cost == ("15", "8")


@pytest.mark.parametrize("every", [30, pytest.param(10, marks=pytest.mark.slow)])
@pytest.mark.parametrize("target", [*SUFFIXES.values()])
def test_compact_modules_in_other_languages(target: str, every: int) -> None:
    for row in formulas("optim")[::every]:
        try:
            compile(row["expression"], target=target, proof=False)
        except GradgenError:
            continue
        options: dict[str, Any] = {"style": "compact", "proof": False}
        # A query has all that at once.
        extras = "" if TARGETS[target].query else "jacobian, value_and_grad"
        compile(row["expression"], target=target, with_=extras, **options)


#: Functions that one language or another lacks, in value or in slope.
_SPECIAL = ("besselj(0, x)", "gammainc(2, x)", "x*Ei(x)", "Si(x)", "erfi(x)", "lambertw(x)", "y*digamma(x)", "gamma(x)", "zeta(x)")  # fmt: skip


@pytest.mark.parametrize("target", one_in(3, TARGETS))
def test_what_a_language_lacks_is_said_in_either_style(target: str) -> None:
    for source in _SPECIAL:
        found = []
        for style in ("textbook", "compact"):
            try:
                compile(source, target=target, style=style, proof=False)
                found.append("")
            except GradgenError as error:
                found.append(str(error))
        lacking = TARGETS[target].language.lacking
        assert bool(found[0]) == bool(found[1])
        assert all(not text or text.endswith(lacking) for text in found)


def said(compiled: Compiled, name: str) -> list[str]:
    return [ast.unparse(line) for line in lines(compiled, name)]


def test_a_power_of_2_goes_into_a_number_wherever_that_is() -> None:
    text = "d = y - x**2\nf = 100*d**2"
    made = compile(text, style="compact", with_="value_and_grad")
    assert "dd = 200.0 * d" in said(made, "value_and_grad")
    assert "dd = d * (200.0 * df)" in said(made, "backward")
    third = compile("(x - y)**2 / 3", style="compact", with_="value_and_grad")
    plain = compile("(x - y)**2 / 3")
    assert third.value_and_grad(0.1, 0.7) == plain.value_and_grad(0.1, 0.7)


def test_sums_and_what_is_returned_alone_are_gathered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fewer lines, of no other digits: each sum is added up in the same order."""
    texts = [SEED, BLACK_SCHOLES, "*".join(f"x{i}" for i in range(6))]
    texts += [" + ".join(f"(x{i} - x{i + 1}**2)**2*tanh(x{i})" for i in range(4))]
    texts += ["d = x*y\nf = sin(d)*exp(x - d)*log(y)/(x + d*d) - x**3", "a*exp(-k*t)*k"]
    made = [compile(text, with_="value_and_grad") for text in texts]
    monkeypatch.setattr(blocks, "gathered", lambda compact, found, *_: found)
    for one, text in zip(made, texts, strict=True):
        apart = compile(text, with_="value_and_grad")
        before, now = (len(lines(m, "value_and_grad")) for m in (apart, one))
        assert now < before, text
        for point in at_points(one, 9):
            want = outcome(apart.module.value_and_grad, *point)
            assert outcome(one.module.value_and_grad, *point) == want, text


def test_what_others_read_or_a_branch_holds_is_not_gathered() -> None:
    # What two read keeps its line, and what a branch holds its block.
    source = compile("u = x*y\nf = u*sin(u)", with_="value_and_grad").source
    assert "return f, (y * du, x * du)" in source
    choice = compile("y*y*x if x > 0 else x*exp(y)", with_="value_and_grad").source
    assert choice.rstrip().endswith("return f, (dx, dy)")


def test_the_gradient_of_a_product_goes_straight_to_an_exponent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = ["a*exp(-k*t) + b", "exp(x)*exp(y*x)*y", "x*exp(x)/y", BLACK_SCHOLES]
    made = [compile(text, style="compact") for text in texts]
    # What the author named, or others read, keeps its gradient.
    named = compile("e = exp(-k*t)\nf = a*e", style="compact")
    assert "de = a * df" in said(named, "backward")
    twice = "x*exp(y) + sin(exp(y))"
    kept = compile(twice, style="compact").source
    monkeypatch.setattr(plan, "_past_exponentials", lambda program: program.ways)
    assert compile(twice, style="compact").source == kept
    for one, text in zip(made, texts, strict=True):
        plain = compile(text, style="compact")
        assert one.cost.backward < plain.cost.backward
        for point in at_points(one, 9):
            pairs = [(in_two(m.module), m.value_and_grad) for m in (one, plain)]
            for got, true in zip(*pairs, strict=True):
                assert_close(outcome(got, *point), outcome(true, *point), text)


def test_every_line_of_value_and_gradient_is_read() -> None:
    text = "*".join(f"x{i}" for i in range(6))
    for expression in (text, "w*tanh(x + u) + tanh(x - u)", "y*exp(-k*t)*k"):
        made = compile(expression, with_="value_and_grad")
        tree = ast.parse(made.source).body[-1]
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        assert {n.id for n in names if isinstance(n.ctx, ast.Store)} <= read


def test_stages_keep_their_names_in_value_and_gradient() -> None:
    made = compile("w*tanh(x + u)", style="compact", with_="value_and_grad")
    ahead = said(made, "forward")
    assert said(made, "value_and_grad")[: len(ahead)] == ahead
    both = said(compile("a*exp(-k*t)", with_="value_and_grad"), "value_and_grad")
    assert both[0].endswith("= math.exp(-k * t)")


def test_compact_modules_are_not_padded(root: Path) -> None:
    """Of the compact modules in `generated/`: copies and lone signs among gradient lines, and lines that are one name of a list."""
    gradients = copies = signs = alone = every = 0
    for path in sorted(root.glob("generated/*.py")):
        found = read_artifact(path.read_text())
        assert found is not None
        if found.recipe.style != "compact":
            continue
        text = path.read_text().splitlines()
        every += len(text)
        alone += sum(bool(re.match(r"\s*\w+,$", line)) for line in text)
        for line in lines(regenerate(found.recipe), "backward"):
            gradients += 1
            plain = isinstance(line, ast.Assign)
            copies += plain and isinstance(line.value, ast.Name)
            if plain and isinstance(line.value, ast.UnaryOp):
                signs += isinstance(line.value.operand, ast.Name)
    assert gradients > 300 and every > 1500
    assert copies <= 0.03 * gradients and signs <= 0.03 * gradients
    assert alone <= 0.1 * every


def test_a_short_sum_of_products_is_one_line_and_so_is_a_function_of_it() -> None:
    made = compile("exp(0.5*x - 0.3*y + 0.8*z + b)", style="compact")
    (line,) = said(made, "forward")
    assert line == "f = math.exp(0.5 * x - 0.3 * y + 0.8 * z + b)"
    made = compile("a*b + c*d + h*k + m*n + w", style="compact")
    assert said(made, "forward") == ["f = a * b + c * d + h * k + m * n + w"]
    made = compile("tanh(a*b + c*d + h*k + m*n)", style="compact")
    assert said(made, "forward")[-1].startswith("f = math.tanh(")
    made = compile("tanh(a*b + c*d + h*k + m*n + w)", style="compact")
    assert said(made, "forward")[-1] == "f = math.tanh(sumw)"
    # What a text repeats keeps its name.
    made = compile("sigmoid(a*x + b)", style="compact")
    assert said(made, "forward")[0].endswith(" = a * x + b")


def test_a_gradient_adds_up_in_one_line_where_there_is_room() -> None:
    made = compile("x*y + exp(x*z) + x/w", style="compact")
    back = said(made, "backward")
    found = [line for line in back if re.match(r"dx\b", line)]
    assert found == ["dx = y * df + df / w + z * dxz"]
    # In branches each has its place.
    made = compile("x*y + (exp(x*z) if x > 1 else x**3)", style="compact")
    back = said(made, "backward")
    assert sum(bool(re.match(r"dx\b", line)) for line in back) > 1


@pytest.mark.parametrize("style", STYLES)
def test_a_cache_may_have_names(style: str, tmp_path: Path) -> None:
    text = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
    options: dict[str, Any] = {"style": style, "with_": "jacobian"}
    made, plain = (compile(text, cache=c, **options) for c in ("namedtuple", "tuple"))
    value, cache = made.forward(0.3, 0.7)
    assert (value, tuple(cache)) == plain.forward(0.3, 0.7)
    assert made.backward(cache) == plain.backward(cache)
    assert made.jacobian(0.3, 0.7) == plain.jacobian(0.3, 0.7)
    assert cache.xpy == 1.0  # type: ignore[attr-defined]
    path = tmp_path / "f.py"
    made.write(path)
    assert main(["check", str(path)]) == 0
    # A module whose backward reads nothing has an empty one, which has no names.
    assert "Cache" not in compile("x + y", cache="namedtuple").source


@pytest.mark.parametrize("rows", ["", "count, index"])
def test_parts_of_a_cache_have_names_that_a_namedtuple_takes(rows: str) -> None:
    text = "_a*exp(count*index)*cached_a*_1"
    text = f"sum({text})" if rows else text
    made, plain = (compile(text, cache=c, rows=rows) for c in ("namedtuple", "tuple"))
    wide = [[1.5], 0.5, [0.25], 2.0, 0.75] if rows else [1.5, 0.5, 0.25, 2.0, 0.75]
    point = dict(zip(("count", "_a", "index", "cached_a", "_1"), wide))
    value, cache = made.forward(**point)
    assert (value, tuple(cache)) == plain.forward(**point)
    assert made.backward(cache) == plain.backward(tuple(cache))
    parts = [cache.cached_count, cache.cached_index, cache.cached_1, cache.cached_a_]  # type: ignore[attr-defined]
    assert parts == [point[n] for n in ("count", "index", "_1", "_a")]


def test_a_cache_with_names_is_of_python() -> None:
    with pytest.raises(GradgenError, match="known are tuple, namedtuple"):
        compile("x", cache="dict")
    with pytest.raises(GradgenError, match="is of Python"):
        compile("x", cache="namedtuple", target="c")


def test_nothing_else_is_a_class() -> None:
    made = compile("x*sin(y)", cache="namedtuple")
    for old, new in (
        ("(NamedTuple)", "(object)"),
        ("    x: float\n", "    x: float = 1.0\n"),
        ("    x: float\n", "    x: float\n    print()\n"),
        ("class Cache", "class Other"),
        ("class Cache", "@print\nclass Cache"),
    ):
        wrong = made.source.replace(old, new, 1)
        assert wrong != made.source
        target = target_for(made.recipe)
        with pytest.raises(GradgenError, match="is not what a generated module"):
            check_text(wrong, made.program, target, (), {}, {}, "cache: Cache")


def test_the_gradient_through_a_line_stands_together_in_value_and_gradient() -> None:
    count = parted = 0
    for row in formulas("symreg")[::6]:
        try:
            made = compile(row["expression"], with_="value_and_grad", proof=False)
        except GradgenError:
            continue
        body = made.source.partition("def value_and_grad")[2]
        heads = [line for line in body.splitlines() if line.startswith("    # ")]
        heads = [line for line in heads if " = " in line]
        count += 1
        parted += len(heads) != len({*heads})
    assert count > 30 and parted <= 0.05 * count


def test_the_lines_in_their_page_are_todays() -> None:
    made = compile("a*exp(-k*t) + b", style="compact").source
    shown_in = page("modules")
    start = shown_in.index("    expnegkt = math.exp(-k * t)\n")
    shown = shown_in[start : shown_in.index("```", start)].splitlines()
    assert {*shown} - {"    ..."} <= {*made.splitlines()} and len(shown) > 9


ASKED = itertools.product(
    ["3*exp(y) - 1", "(sin(y) - 3)/(1 + 8*x)", "y*z + x"],
    ["x >= 0.5", "y == z and x >= 0.5", "y == z or x >= 0.5", "y > z and (x > 0 or z > 1)"],
)  # fmt: skip


@pytest.mark.parametrize(("arm", "condition"), one_in(5, ASKED))
def test_value_and_gradient_at_once_are_those_of_the_passes(
    condition: str, arm: str
) -> None:
    """Whatever a condition is called in one function and not in the other, and however its branches stand there."""
    for asked in (condition, f"not ({condition})"):
        for text in (
            f"sigmoid({arm} if {asked} else (y + 1))",
            f"u = {arm} if {asked} else y + 1\nv = exp(u) if {asked} else u*z\nv*u",
        ):
            for style in ("textbook", "compact"):
                compiled = compile(text, inputs="x, y, z", style=style)
                for point in ((0.1, 0.03, -0.04), (0.7, 0.03, 0.03), (0.7, 0.3, 0.2), (-1.0, 0.5, 1.5)):  # fmt: skip
                    value, cache = compiled.forward(*point)
                    both = compiled.value_and_grad(*point)
                    assert both[0] == pytest.approx(value, rel=1e-13), (text, point)
                    assert both[1] == pytest.approx(compiled.backward(cache), rel=1e-13)


@pytest.mark.parametrize("count", one_in(2, [31, 1, 30, 11]))
def test_long_caches_have_several_names_a_line(count: int) -> None:
    """They are plain tuples as far as Python builds these at once, and black leaves them as they are."""
    rnd = random.Random(f"caches {count}")
    for outputs in (1, min(count, 9)):
        words = ("x", "rate", "pressure", "temperature_of_wall")
        names = [f"{rnd.choice(words)}{i}" for i in range(count)]
        product = "*".join(f"({name} + 2)" for name in names)
        text = "\n".join(f"result{i} = {names[-i]}*{product}" for i in range(outputs))
        plain, made = (
            compile(text, style=style, with_="jacobian", proof=False)
            for style in ("textbook", "compact")
        )
        point = [rnd.uniform(-1, 1) for _ in names]
        if outputs == 1:
            true = outcome(in_two(plain.module), *point)
            assert outcome(in_two(made.module), *point) == true
        assert made.module.jacobian(*point) == plain.module.jacobian(*point)
        _, cache = made.module.forward(*point)
        nested = [part for part in cache if isinstance(part, tuple)]
        assert not nested or sum(map(len, nested)) > 30 or outputs > 1
        assert nested or len(cache) <= 30
        arrays = compile(text, style="compact", target="numpy", proof=False)
        for source in (made.source, arrays.source):
            assert black_python(source) == source
        code = [line for line in made.source.splitlines() if line[:1] != "#"]
        assert max(map(len, code)) <= 88


# Signs, and factors that come to none.


def signed_formula(rnd: random.Random, depth: int) -> str:
    """Return a random formula of signs, factors of 1, -1 and powers of 2, and choices, which come to names and their negatives."""
    if not depth or rnd.random() < 0.15:
        return rnd.choice(("x", "y", "u", "-x", "-y", "-u", "0*x", "x - y"))
    one, other = (signed_formula(rnd, depth - 1) for _ in range(2))
    factor = rnd.choice(("-1", "1", "2", "0.5", "-2", "-0.5", "-0.0", "4"))
    form = rnd.choice(
        (
            *("-({0})", "-({0})", "({0})*({2})", "{2}*({0})", "({0})/({3})", "(0 - ({0}))"),
            *("({0})*({1})", "({0}) - ({1})", "({0}) + ({1})", "({0} if x > y else {1})"),
            *("sin({0})", "exp({0}) - {1}", "max({0}, {1})", "({0})*exp({1})", "-log(exp({0}))"),
        )
    )  # fmt: skip
    return form.format(one, other, factor, factor.replace("-0.0", "-1"))


@pytest.mark.parametrize(
    "count", [20, pytest.param(many(2500), marks=pytest.mark.slow)]
)
def test_signs_and_factors_that_come_to_none(count: int) -> None:
    rnd = random.Random(f"signs {count}")
    forms = ("atan2({0}, {1})", "atan2(y, {0})*({1})", "hypot({0}, {1})", "({0})*({1})", "sin({0}) + {1}")  # fmt: skip
    compared = 0
    for _ in range(count):
        parts = [signed_formula(rnd, rnd.randint(1, 3)) for _ in range(3)]
        text = f"u = {parts[0].replace('u', 'y')}\nf = {rnd.choice(forms).format(*parts[1:])}"  # fmt: skip
        options: dict[str, Any] = {"inputs": "x, y", "proof": False}
        options["as_written"] = rnd.random() < 0.3
        try:
            plain = in_two(compile(text, **options))
        except GradgenError:
            continue  # as it divides by 0
        made = compile(text, style="compact", with_="value_and_grad", **options)
        for _ in range(12):
            point = [rnd.choice((0.0, -0.0, 0.75, -0.75, 1.5, -2.0)) for _ in range(2)]
            true = outcome(plain, *point)
            assert_close(outcome(in_two(made), *point), true, f"{text} at {point}")
            assert_close(outcome(made.value_and_grad, *point), true, f"{text} at {point}")  # fmt: skip
            compared += 1
    assert compared > 8 * count


def products(made: Compiled) -> Iterator[tuple[str, list[str]]]:
    """Yield the functions of a module, with the products in them of two operations and more, and those with a number that is 1 but for its sign."""
    for function in ast.parse(made.source).body:
        if not isinstance(function, ast.FunctionDef):
            continue
        found = []
        for node in ast.walk(function):
            if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
                continue
            inner = [n for n in ast.walk(node) if isinstance(n, (ast.BinOp, ast.Call))]
            text = ast.unparse(node)
            if len(inner) > 1 or re.match(r"-?1\.0 \*|.*\* -?1\.0$", text):
                found.append(text)
        yield function.name, found


@pytest.mark.parametrize(
    "count", [20, pytest.param(many(1500), marks=pytest.mark.slow)]
)
def test_no_line_multiplies_by_1(count: int) -> None:
    rnd = random.Random(f"factors {count}")
    slopes = ("exp(-({0})**2/2)", "({1})/sqrt(1 - ({0})**2)", "tanh(({0})/2)**2*4", "({0})**2/2 - ({1})**2*0.5")  # fmt: skip
    seen = 0
    for _ in range(count):
        parts = [signed_formula(rnd, rnd.randint(0, 2)).replace("u", "y") for _ in "ab"]
        text = f"u = {rnd.choice(slopes).format(*parts)}\nf = {rnd.choice(slopes).format('u', *parts)}"  # fmt: skip
        try:
            made = compile(text, style="compact", with_="value_and_grad", inputs="x, y", proof=False)  # fmt: skip
        except GradgenError:
            continue
        for name, found in products(made):
            for product in found:
                seen += 1
                assert not re.search(r"(?<![\w.])(?<!/ )(?<!/ -)1\.0 \*|\* -?1\.0(?![\w.])", product), (text, name, product)  # fmt: skip
    assert seen > count


@pytest.mark.parametrize("seed", range(12))
def test_no_gradient_is_worked_out_twice(seed: int) -> None:
    """What comes to several inputs as it is has one line, whichever of them it is called after."""
    rnd = random.Random(f"twice {seed}")
    terms = []
    for _ in range(rnd.randint(1, 4)):
        names = rnd.sample("xyzw", rnd.randint(2, 4))
        whole = " + ".join(names) + f" - {rnd.randint(1, 9)}"
        terms.append(rnd.choice(("({0})**2", "sin({0})", "3*({0})**2", "exp({0})")).format(whole))  # fmt: skip
    made = compile(" + ".join(terms), style="compact", with_="value_and_grad", proof=False)  # fmt: skip
    for name, found in products(made):
        assert len(found) == len({*found}), (terms, name, found)


@pytest.mark.parametrize("seed", range(10))
def test_halves_are_products_with_the_same_digits(seed: int) -> None:
    """To the last digit, also where numbers are next to 0 or next to too large."""
    rnd = random.Random(f"halves {seed}")
    forms = ("({0})/{2}", "({0} + {1})/{2}", "({0})**2/{2}", "-({0})/{2}", "sin({0})/{2}", "({0})*({1})/{2}")  # fmt: skip
    text = "x"
    for _ in range(rnd.randint(2, 5)):
        text = rnd.choice(forms).format(text, rnd.choice("xy"), rnd.choice((2, 4, 1024, 2**60)))  # fmt: skip
        text = rnd.choice(("{0}", "y*({0})", "exp(x)*({0})", "y - {0}")).format(text)
    plain, made = (
        compile(text, inputs="x, y", style=style, proof=False)
        for style in ("textbook", "compact")
    )
    sizes = (5e-324, 3e-310, 1e-160, 0.3, 7.0, 1e155, 1.7e308, math.inf, -0.0)
    for _ in range(200):
        point = [rnd.choice(sizes) * rnd.choice((1, -1)) for _ in range(2)]
        with suppress(OverflowError, ValueError):
            true = plain.forward(*point)[0]
            assert repr(made.forward(*point)[0]) == repr(true), (text, point)


def test_what_is_halved_is_multiplied() -> None:
    made = compile("exp(-x**2/2)", style="compact")
    assert said(made, "forward") == ["f = math.exp(-0.5 * (x * x))"]
    assert said(made, "backward") == ["dx = -x * (f * df)"]
    both = compile("x*(y - x/4)", with_="value_and_grad")
    assert "diffxby4 = y - 0.25 * x" in said(both, "value_and_grad")
    assert said(compile("x*y/2", style="compact"), "forward") == ["f = x * y / 2.0"]
