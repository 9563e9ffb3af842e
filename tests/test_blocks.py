"""The stages of a branch are one block: which blocks there are, and that they come to what each line by itself comes to."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gradgen.core.build import Steps
from gradgen.core.program import Guard, Line
from gradgen.core.table import ROWS
from gradgen.core.tidy import Tidy
from gradgen.errors import GradgenError
from gradgen.passes.blocks.order import Order, Piece
from gradgen.passes.blocks.paths import Paths, ranked
from gradgen.pipeline import Compiled, compile
from gradgen.running import load_by_kind
from gradgen.write.python.layout import _black_break, _break
from tests import test_choices as choices
from tests.choices import INPUTS
from tests.conftest import many
from tests.languages import test_c as in_c
from tests.languages import test_javascript as in_javascript
from tests.test_breaking import Statements

TAX = "0.1*x if x <= 1 else 0.1 + 0.3*(x - 1) if x <= 4 else 1 + 0.45*(x - 4)"
HUBER = "(y - t)**2/2 if abs(y - t) <= delta else delta*(abs(y - t) - delta/2)"
SABR = """
fk = (f*k)**((1 - beta)/2)
z = nu/alpha*fk*log(f/k)
chi = log((sqrt(1 - 2*rho*z + z*z) + z - rho)/(1 - rho))
ratio = z/chi if abs(z) > 1e-6 else 1 - rho*z/2 + (2 - 3*rho**2)/12*z**2
vol = alpha/fk*ratio
"""


def function(source: str, name: str) -> ast.FunctionDef:
    found = [
        node for node in ast.parse(source).body if getattr(node, "name", "") == name
    ]
    (one,) = found
    assert isinstance(one, ast.FunctionDef)
    return one


def asked(source: str, name: str) -> tuple[list[str], int]:
    """Return the conditions of a function's branches, in order, and how many conditional expressions it has."""
    nodes = [*ast.walk(function(source, name))]
    branches = [node for node in nodes if isinstance(node, ast.If)]
    branches.sort(key=lambda node: node.lineno)
    single = sum(isinstance(node, ast.IfExp) for node in nodes)
    return [ast.unparse(node.test) for node in branches], single


def body(source: str, name: str) -> str:
    """Return the lines of a function, without its docstring and its last line."""
    lines = [ast.unparse(node) for node in function(source, name).body[1:-1]]
    return "\n".join(lines)


def plain(text: str) -> str:
    """Return lines as `body` gives them; Python 3.10 brackets the names that something is taken apart into."""
    return ast.unparse(ast.parse(text))


def test_a_schedule_is_one_chain_of_branches() -> None:
    source = compile(TAX, name="tax").source
    assert asked(source, "forward") == (["xle1", "xle4"], 0)
    assert asked(source, "backward") == (["xle1", "xle4"], 0)
    assert body(source, "forward") == """\
xle1 = x <= 1.0
xle4 = not xle1 and x <= 4.0
if xle1:
    tax = 0.1 * x
elif xle4:
    xm1 = x - 1.0
    c0p3xm1 = 0.3 * xm1
    tax = 0.1 + c0p3xm1
else:
    xm4 = x - 4.0
    c0p45xm4 = 0.45 * xm4
    tax = 1.0 + c0p45xm4"""
    assert "# tax = 0.1 * x\n        dx = 0.1 * dtax\n" in source


def test_what_one_branch_alone_makes_is_0_in_the_other() -> None:
    source = compile(HUBER).source
    for name in ("forward", "backward"):
        assert asked(source, name)[0] == ["ledelta"]
    assert "    diffdeltaby2 = 0.0\n    if ledelta:\n" in source
    assert "    ddelta = 0.0\n    if ledelta:\n" in source
    assert source.count("= 0.0\n") == 2


def test_a_series_near_a_point_is_a_branch() -> None:
    source = compile(SABR).source
    for name in ("forward", "backward"):
        conditions, single = asked(source, name)
        assert len({*conditions}) == 1
        # What is added to the slope of z behind the branch keeps its place in that sum.
        assert len(conditions) == 1 + (name == "backward")
        assert single == 3 * (name == "backward")  # of the power


def test_a_single_stage_stays_a_choice_on_one_line() -> None:
    source = compile("sqrt(x) if x > 1 else y").source
    assert asked(source, "forward") == ([], 2)
    assert "sqrtx = math.sqrt(x) if xgt1 else 0.0" in source
    source = compile("exp(x) if x < 1 else x**2").source
    assert "f = math.exp(x) if xlt1 else (x * x)\n" in source


def test_conditions_are_asked_inside_only_where_they_need_what_is_made_there() -> None:
    source = compile(
        "s = sqrt(x); 1 if x < 0 else (log(s)*s if s > 2 else s*s*exp(s))"
    ).source
    assert "sgt2 = not xlt0 and s > 2.0" not in source
    tree = function(source, "forward")
    (outer,) = [node for node in tree.body if isinstance(node, ast.If)]
    assert any(isinstance(node, ast.If) for node in ast.walk(outer.orelse[-1]))


def test_conditions_are_ranked_behind_those_around_them() -> None:
    """And else as they are made, also those that are around each other."""
    in_order: list[tuple[list[Guard], list[int]]] = [
        ([((4, True), (2, True)), ((1, True),), ((6, False),)], [1, 4, 2, 6]),
        ([((5, True),), ((7, True), (6, False)), ((6, False), (9, True))], [5, 7, 6, 9]),
        ([((2, True), (1, True)), ((1, True), (2, True)), ()], [1, 2]),
    ]  # fmt: skip
    for paths, wanted in in_order:
        assert [*ranked(paths)] == wanted


def test_a_condition_that_is_made_first_is_asked_inside_another_all_the_same() -> None:
    source = compile(
        "r = log(x)*exp(z) if x > 0 else sin(z)*x\n"
        "s = (r*exp(x) + cos(x) if x > 0 else sin(z*y) + exp(y)*y) if y > 1 else 5*x*exp(y)\n"
        "t = r*s"
    ).source
    tops = [node for node in function(source, "forward").body if isinstance(node, ast.If)]  # fmt: skip
    assert [ast.unparse(node.test) for node in tops] == ["xgt0", "ygt1"]
    assert ast.unparse(tops[1].body[-1]).startswith("if xgt0:")


def test_an_arm_that_is_a_sum_or_a_product_has_brackets() -> None:
    source = compile("1 - x if x > 0 else y").source
    assert "onemx = (1.0 - x) if xgt0 else 0.0" in source
    for seed in range(8):
        with_choices = compiled(seed)
        for node in ast.walk(ast.parse(with_choices.source)):
            if not isinstance(node, ast.IfExp):
                continue
            text = ast.get_source_segment(with_choices.source, node) or ""
            for arm in (node.body, node.orelse):
                part = ast.get_source_segment(with_choices.source, arm) or ""
                bare = isinstance(arm, ast.BinOp) and not isinstance(arm.op, ast.Pow)
                assert not bare or part.endswith(")") or f"({part})" in text


def compiled(seed: int, **options: Any) -> Compiled:
    program = choices.made(seed)
    result = [*program.lines][-1]
    options = {"with_": "jacobian", "proof": False, **options}
    return compile(
        program.text, inputs=INPUTS, outputs=[result], as_written=True, **options
    )


def some(seeds: Iterable[int], **options: Any) -> Iterator[tuple[int, Compiled]]:
    for seed in seeds:
        try:
            yield seed, compiled(seed, **options)
        except GradgenError as error:
            assert "a constant must be a finite number" in error.message


@pytest.mark.parametrize(
    "seeds", [range(8), pytest.param(range(8, 8 + many(152)), marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("ieee", [False, True])
def test_blocks_come_to_what_their_lines_come_to(seeds: range, ieee: bool) -> None:
    """The trace runs each line by itself, under its own guard."""
    held = 0
    for seed, made in some(seeds, ieee=ieee):
        for point in choices.points(seed, 20):
            try:
                values, slopes = made.trace(*point)
            except (ArithmeticError, ValueError):
                with pytest.raises((ArithmeticError, ValueError)):
                    value, cache = made.forward(*point)
                    made.backward(cache)
                continue
            value, cache = made.forward(*point)
            _, result = made.program.outputs[0]
            assert same(value, values[made.program.names[result]]), (seed, point)
            wanted = [slopes[made.program.adjoints[i]] for i in made.program.wrt]
            assert all(map(same, made.backward(cache), wanted)), (seed, point)
            held += 1
    assert held > 3 * len(seeds)


@pytest.mark.parametrize(
    "seeds", [range(6), pytest.param(range(6, 6 + many(104)), marks=pytest.mark.slow)]
)
def test_compact_blocks_come_to_the_same(seeds: range) -> None:
    held = 0
    for seed, made in some(seeds, style="compact", with_="value_and_grad"):
        for name in ("forward", "backward", "value_and_grad"):
            bound(function(made.source, name))
        plain = compiled(seed)
        for point in choices.points(seed, 12):
            try:
                value, cache = plain.forward(*point)
                slopes = plain.backward(cache)
            except (ArithmeticError, ValueError):
                continue
            got, kept = made.module.forward(*point)
            one, gradient = made.module.value_and_grad(*point)
            found = (got, *made.module.backward(kept)), (one, *gradient)
            for numbers in found:
                for a, b in zip(numbers, (value, *slopes), strict=True):
                    assert same(a, b) or math.isclose(a, b, rel_tol=1e-12), (seed, point)  # fmt: skip
            held += 1
    assert held > 2 * len(seeds)


def asked_again(source: str) -> Iterator[str]:
    """Yield the choices on one line whose condition the branch around them has settled."""
    todo = [(n, frozenset[str]()) for n in ast.parse(source).body]
    while todo:
        node, known = todo.pop()
        if isinstance(node, ast.IfExp) and ast.unparse(node.test) in known:
            yield ast.unparse(node)
        inside = known
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
            inside = known | {node.test.id}
            todo += [(each, known) for each in node.orelse]
            todo += [(each, inside) for each in node.body]
            continue
        todo += [(each, inside) for each in ast.iter_child_nodes(node)]  # type: ignore[misc]


def test_a_branch_does_not_ask_what_it_is_in_again() -> None:
    text = "k = 0.3 + (1.5 - (0.2 - 0.1*w)*w)*w if w > 0.5 else 0.4 + 1.5*w - 0.3*w**2\nf = x/(x - k) if x > k else k"
    sources = [compile(text, style=style).source for style in ("textbook", "compact")]
    sources += [made.source for _, made in some(range(12), style="compact")]
    assert [each for source in sources for each in asked_again(source)] == []


def test_a_compact_schedule_is_what_one_writes_by_hand() -> None:
    source = compile(TAX, style="compact", with_="value_and_grad").source
    assert body(source, "forward") == """\
xle1 = x <= 1.0
xle4 = not xle1 and x <= 4.0
if xle1:
    f = 0.1 * x
elif xle4:
    f = 0.1 + 0.3 * (x - 1.0)
else:
    f = 1.0 + 0.45 * (x - 4.0)"""
    assert body(source, "backward") == plain("""\
xle1, xle4 = cache
if xle1:
    dx = 0.1 * df
elif xle4:
    dx = 0.3 * df
else:
    dx = 0.45 * df""")
    assert asked(source, "value_and_grad") == (["xle1", "xle4"], 0)


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize(
    "seeds", [[*range(6), 384], pytest.param(range(6, 24), marks=pytest.mark.slow)]
)
def test_no_name_is_read_before_it_has_a_value(seeds: Iterable[int]) -> None:
    for _, made in some(seeds):
        for name in ("forward", "backward", "jacobian"):
            bound(function(made.source, name))


def bound(node: ast.FunctionDef) -> None:
    """Hold that each name is assigned to on every way to where it is read."""

    def run(lines: list[ast.stmt], known: set[str]) -> set[str]:
        for line in lines:
            if isinstance(line, ast.If):
                read(line.test, known)
                one, other = (run(arm, {*known}) for arm in (line.body, line.orelse))
                known |= one & other
                continue
            read(line, known)
            known |= {
                name.id
                for name in ast.walk(line)
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            }
        return known

    def read(part: ast.AST, known: set[str]) -> None:
        for name in ast.walk(part):
            if isinstance(name, ast.Name) and name.id in assigned:
                added = isinstance(part, ast.AugAssign)
                if isinstance(name.ctx, ast.Load) or added:
                    assert name.id in known, ast.unparse(part)

    assigned = {
        name.id
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }
    run(node.body, {arg.arg for arg in node.args.args})


@in_c.pytestmark
def test_blocks_in_c_are_those_of_python(tmp_path: Path) -> None:
    seeds = range(12)
    made = [*some(seeds, target="c")]
    twins = [compiled(seed, ieee=True).module for seed, _ in made]
    places = [choices.points(seed, 12) for seed, _ in made]
    in_c.agree(in_c.built([one for _, one in made], tmp_path), twins, places)
    assert sum("if (" in one.source for _, one in made) > len(made) // 2


@in_javascript.needs_node
def test_blocks_in_javascript_are_those_of_python(tmp_path: Path) -> None:
    cases = []
    for seed, made in some(range(12), target="javascript"):
        twin = compiled(seed, ieee=True).source
        points = [[*point] for point in choices.points(seed, 12)]
        cases.append(in_javascript.Case(str(seed), made.source, twin, points))
    in_javascript.compare(tmp_path, cases)


def test_a_large_module_with_blocks_runs_by_kinds() -> None:
    for seed, made in some(range(12)):
        module = load_by_kind(made.source)
        for point in choices.points(seed, 10):
            try:
                value, cache = made.forward(*point)
                slopes, rows = made.backward(cache), made.jacobian(*point)
            except (ArithmeticError, ValueError):
                continue
            found, kept = module.forward(*point)
            assert same(found, value)
            assert all(map(same, module.backward(kept), slopes))
            assert all(map(same, module.jacobian(*point)[0], rows[0]))


def test_blocks_cost_what_their_lines_cost() -> None:
    assert compile(TAX).cost == compile(TAX, style="compact").cost
    cost = compile(HUBER).cost
    assert (cost.forward, cost.backward) == (7, 8)


def test_a_long_schedule_has_branches_for_its_first_steps() -> None:
    arms = " else ".join(f"sqrt(x + {i})*x" + f" if x < {i}" for i in range(1, 41))
    made = compile(f"{arms} else x*x*x")
    assert len(asked(made.source, "forward")[0]) < 40
    for x in (0.5, 3.5, 17.5, 38.5, 60.0):
        value, cache = made.forward(x)
        whole = math.floor(x) + 1
        wanted = math.sqrt(x + whole) * x if whole < 41 else x**3
        assert math.isclose(value, wanted, rel_tol=1e-15)
        slope = math.sqrt(x + whole) + x / 2 / math.sqrt(x + whole)
        slope = slope if whole < 41 else 3 * x * x
        assert math.isclose(made.backward(cache)[0], slope, rel_tol=1e-14)


def test_statements_in_branches_are_broken_as_black_breaks_them() -> None:
    for seed in range(80):
        inner = "    " * (1 + seed % 4)
        statement = inner + Statements(seed).statement()
        assert _break(statement) == _black_break(statement)
    long = " and ".join(f"condition{i}" for i in range(12))
    for word in ("if", "elif"):
        found = _break(f"        {word} {long}:")
        assert found.startswith(f"        {word} (\n            condition0\n")


# How pieces are put together.


def piece(number: int, name: str, path: tuple[tuple[int, bool], ...], *reads: str) -> Piece:  # fmt: skip
    return Piece(number, Line(0, name, number), 0, path, 0, {}, reads)


def told(pieces: list[Piece]) -> str:
    def text(items: Any) -> str:
        return " ".join(
            (
                item.line.name
                if isinstance(item, Piece)
                else f"{item.condition}({text(item.arms[1])} | {text(item.arms[0])})"
            )
            for item in items
        )

    return text(Order(pieces).run())


def test_lines_of_a_branch_come_together_where_others_can_wait() -> None:
    one, other = ((7, True),), ((7, False),)
    lines = [
        piece(0, "a", one),
        piece(1, "b", ()),
        piece(2, "c", one, "a", "b"),
        piece(3, "d", other, "b"),
    ]
    assert told(lines) == "b 7(a c | d)"
    lines[1] = piece(1, "b", (), "a")
    assert told(lines) == "7(a | ) b 7(c | d)"


def test_a_condition_says_what_it_implies() -> None:
    steps = Steps(ROWS)
    x, zero = steps.input("x"), steps.const(0)
    first = steps.emit("lt", x, zero)
    inner = steps.emit("gt", x, steps.const(2), guard=((first, False),))
    paths = Paths(steps, Tidy(steps).make)
    names = {first: "first", inner: "inner"}
    assert paths.taken(inner, True, names) == ((first, False), (inner, True))
    assert paths.taken(inner, False, names) == ((inner, False),)
    assert paths.holds(first, ((first, False), (inner, True)), names) is False
