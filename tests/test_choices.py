"""Programs of choices, compared with what plain Python's conditional expressions give, and with slopes in forward mode."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.passes.branches.apart import choices_apart
from gradgen.passes.branches.guard import guard, guarded
from gradgen.pipeline import Compiled, compile
from gradgen.read.programs import parse
from gradgen.read.sympy.stage import stage
from gradgen.read.sympy.table import CALLS
from tests.choices import INPUTS, VALUES, Evaluation, Maker, Program, TooCloseError
from tests.conftest import many
from tests.rows import has_text

CASES = [
    tuple(part.strip() for part in line.split("|"))
    for line in (Path(__file__).parent / "cases" / "choices.txt")
    .read_text()
    .splitlines()
    if line and not line.startswith("#")
]
_ERRORS = (ValueError, ZeroDivisionError, OverflowError)


def points(seed: int, count: int) -> list[tuple[float, ...]]:
    chosen = random.Random(seed)
    return [tuple(chosen.choice(VALUES) for _ in INPUTS) for _ in range(count)]


def close(got: Sequence[float], true: Sequence[float], largest: float) -> bool:
    return all(
        math.isclose(a, b, rel_tol=1e-7, abs_tol=1e-12 * largest)
        for a, b in zip(got, true, strict=True)
    )


def compare(program: Program, results: Sequence[str] = (), **options: Any) -> int:
    """Compare at some points; return at how many there is a gradient to compare."""
    names = [*results] or [[*program.lines][-1]]
    try:
        compiled = compile(
            program.text,
            inputs=INPUTS,
            outputs=names,
            as_written=True,
            with_="jacobian",
            **options,
        )
    except GradgenError as error:
        # Of a part that is a constant, as 1/(0.0 + 0.0) in a branch that is never taken.
        assert "a constant must be a finite number" in error.message, program.text
        return 0
    return sum(
        compare_at(compiled, program, names, point)
        for point in points(len(program.text), 25)
    )


def compare_at(
    compiled: Compiled, program: Program, names: list[str], point: tuple[float, ...]
) -> bool:
    evaluation = Evaluation(program, point)
    told = f"{program.text}at {point}"
    try:
        true = [evaluation.name(name, False)[0] for name in names]
    except TooCloseError:
        return False
    except _ERRORS as error:
        with pytest.raises(_ERRORS):
            compiled.forward(*point)
        return not error
    if not all(map(math.isfinite, true)):
        return False
    try:
        value, cache = compiled.forward(*point)
    except _ERRORS as error:
        raise AssertionError(f"{error!r} of {told}") from None
    values = value if isinstance(value, tuple) else (value,)
    assert close(values, true, evaluation.largest), told
    try:
        slopes = [evaluation.name(name, True)[1] for name in names]
    except _ERRORS:
        return False  # a slope of the branch taken does not exist
    if not all(
        math.isfinite(slope) and abs(slope) < 1e100 for row in slopes for slope in row
    ):
        return False
    try:
        rows = compiled.jacobian(*point)
        gradient = compiled.backward(cache, *([1.0] * len(names)))
    except _ERRORS as error:
        raise AssertionError(f"{error!r} of {told}") from None
    alone = [
        compiled.backward(cache, *[float(name == other) for other in names])
        for name in names
    ]
    for row, own, true_row in zip(rows, alone, slopes, strict=True):
        for found in (row, own):
            assert close(
                found, true_row, evaluation.largest
            ), f"{found} is not {true_row} of {told}"
    total = [sum(column) for column in zip(*slopes)]
    assert close(
        gradient, total, evaluation.largest
    ), f"{gradient} is not {total} of {told}"
    return True


def made(seed: int) -> Program:
    maker = Maker(seed)
    if seed % 4 == 0:
        return maker.loop(rounds=seed // 4 % 4 + 2, depth=1 + seed // 16 % 2)
    return maker.program(lines=2 + seed % 4, depth=1 + seed // 5 % 4)


@pytest.mark.parametrize(("text", "at", "value", "gradient"), CASES)
def test_the_branch_taken_is_all_that_counts(
    text: str, at: str, value: str, gradient: str
) -> None:
    point = {k.strip(): float(v) for k, v in (p.split("=") for p in at.split(","))}
    compiled = compile(text, inputs=tuple(point), with_="jacobian")
    if value == "raises":
        with pytest.raises(_ERRORS):
            compiled.forward(**point)
        return
    got, cache = compiled.forward(**point)
    assert math.isclose(got, float(value), rel_tol=1e-15, abs_tol=1e-300)
    wanted = [float(slope) for slope in gradient.split(",")]
    assert list(compiled.backward(cache)) == pytest.approx(wanted, rel=1e-14, abs=0)
    (row,) = compiled.jacobian(*point.values())
    assert list(row) == pytest.approx(wanted, rel=1e-14, abs=0)


def test_random_choices_are_those_of_plain_python() -> None:
    assert sum(compare(made(seed)) for seed in (*range(12), 606)) > 150


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 630, 105))
def test_many_random_choices_are_those_of_plain_python(start: int) -> None:
    assert sum(
        compare(made(seed)) for seed in range(start, start + many(105))
    ) > 10 * many(105)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"target": "scipy"}, {"precise": True}])
def test_random_choices_with_options(options: dict[str, Any]) -> None:
    seeds = range(many(100))
    assert sum(compare(made(seed), **options) for seed in seeds) > 10 * len(seeds)


@pytest.mark.parametrize(
    "seeds",
    [
        (*range(101, 107), 114, 115, 187),
        pytest.param(range(107, 107 + many(293)), marks=pytest.mark.slow),
    ],
)
def test_random_choices_of_several_results(seeds: Sequence[int]) -> None:
    for seed in seeds:
        program = made(seed)
        compare(program, [*program.lines][-3:])


def test_a_result_has_its_gradient_where_that_of_another_is_infinite() -> None:
    text = "v = sqrt(x)\nf = v if k > 0 else y\ng = v + y"
    compiled = compile(text, inputs="x, y, k", outputs="f, g")
    _, cache = compiled.forward(0.0, 3.0, -1.0)
    assert compiled.backward(cache, 1.0, 0.0) == (0.0, 1.0, 0.0)
    with pytest.raises(ZeroDivisionError):
        compiled.backward(cache, 0.0, 1.0)


def test_a_choice_between_the_same_and_its_arms_swapped_change_nothing() -> None:
    for seed in range(200, 204):
        program = made(seed)
        *_, last = program.lines
        condition = "x > 0.3 and not y < k"
        plain = compile(program.text, inputs=INPUTS, as_written=True)
        names = {last: "v0"}
        other = "\n".join(
            f"{names.get(name, name + 'w')} = {node.renamed({n: n + 'w' for n in program.lines})}"
            for name, node in program.lines.items()
        )
        for choice in (
            f"({last} if {condition} else v0)",
            f"(v0 if not ({condition}) else {last})",
            f"({last} if {condition} else y) if {condition} else v0",
        ):
            text = f"{program.text}{other}\nr = {choice}\n"
            chosen = compile(text, inputs=INPUTS, as_written=True)
            for point in points(seed, 12):
                try:
                    expected = plain.value_and_grad(*point)
                except _ERRORS:
                    continue
                assert chosen.value_and_grad(*point) == expected, (text, point)


def pieces(count: int) -> str:
    """Return a program of pieces that share a root."""
    arms = " else ".join(f"{i}.5*u + {i} if x < {i + 1}" for i in range(count))
    return f"u = sqrt(x)\nf = {arms} else 0\n"


@pytest.mark.parametrize("count", [66, pytest.param(130, marks=pytest.mark.slow)])
def test_many_pieces_share_one_value(count: int) -> None:
    compiled = compile(pieces(count))
    value, (slope,) = compiled.value_and_grad(64.25)
    assert math.isclose(value, 64.5 * math.sqrt(64.25) + 64, rel_tol=1e-15)
    assert math.isclose(slope, 64.5 * 0.5 / math.sqrt(64.25), rel_tol=1e-15)
    assert compiled.source.count("math.sqrt") == 1
    assert compiled.value_and_grad(count + 0.5) == (0.0, (0.0,))
    with pytest.raises(ValueError, match="math domain"):
        compiled.forward(-1.0)


@pytest.mark.parametrize("count", [66, pytest.param(130, marks=pytest.mark.slow)])
def test_a_value_that_none_of_many_pieces_needs_is_not_made(count: int) -> None:
    arms = " else ".join(f"u*{i} if k < {i}" for i in range(1, count))
    compiled = compile(f"u = log(x)\nf = {arms} else k\n", inputs="x, k")
    assert compiled.value_and_grad(0.0, count + 0.5) == (count + 0.5, (0.0, 1.0))
    assert compiled.value_and_grad(1.0, 4.5) == (0.0, (5.0, 0.0))


#: The lines of a round, and how many steps it may have.
ROUNDS = [
    ("r = u*g; lim = r if g > 0 else (r if r < 1 else 0.0); u = lim if lim > 0 else u", 8),
    ("r = log(u)*g; lim = r if g > 0 else (r if r < 1 else 0.0); u = lim if lim > 0 else u", 10),
    ("r = sqrt(u); lim = r if g > 0 else 1; u = log(r) if lim > 0.5 else 0.0", 14),
    ("u = 2*u if u < 0.5 else 2 - 2*u", 6),
    ("a = a/u if u > g else 1; u = log(a) if a > g else u", 12),
    ("a = log(u) if u > 0 and g > u else a; u = a if a > 0 or u > a else u*g", 16),
]  # fmt: skip


def rounds(text: str, count: int) -> str:
    """Return a program that repeats these lines."""
    lines = ["u0 = x", "a0 = y"]
    at = {"u": "u0", "a": "a0"}
    for i in range(1, count + 1):
        for line in text.split("; "):
            name, _, value = line.partition(" = ")
            for old, new in at.items():
                value = re.sub(rf"\b{old}\b", new, value)
            at[name] = f"{name}{i}"
            lines.append(f"{name}{i} = {value}")
    return "\n".join([*lines, f"f = {at['u']} + 0*{at['a']}"]) + "\n"


@pytest.mark.parametrize(("text", "most"), ROUNDS)
def test_loops_of_choices_grow_with_their_rounds(text: str, most: int) -> None:
    for count in (10, 100):
        program = guard(stage(parse(rounds(text, count))))
        assert len(program.lines) < most * count


@pytest.mark.slow
@pytest.mark.parametrize(("text", "most"), ROUNDS)
def test_long_loops_of_choices_compile(text: str, most: int) -> None:
    compiled = compile(rounds(text, 400))
    assert len(compiled.program.lines) < most * 400


#: A value that a test needs in one case, and the branch that is tested in others.
TESTED = [
    ("{u} if g > {i} else y", "log({u}) if {l} > 0 else y"),
    ("2*{u} - 1 if g > {i} else y", "sqrt({u}) if {l} > 0 else y*{u}"),
    ("1/({u} if g > {i} else y)", "log({u}) if {l} > 0 and {l} < k else y"),
    ("({u} if g > {i} else y) + ({u} if k > {i} else x)", "log({u}) if not {l} < 0 else k"),
    ("max(({u} if g > {i} else y), 1/{u} if k > {i} else -3)", "log({u}) if {l} > 1 else y"),
]  # fmt: skip


def one_by_one(first: str, second: str, count: int) -> str:
    """Return a program of so many rounds."""
    lines = ["u0 = x"]
    for i in range(count):
        names = {"i": i, "u": f"u{i}", "l": f"l{i}"}
        lines += [f"l{i} = {first.format(**names)}", f"u{i + 1} = {second.format(**names)}"]  # fmt: skip
    return "\n".join(lines)


@pytest.mark.parametrize(("first", "second"), TESTED)
@pytest.mark.parametrize("count", [9, pytest.param(30, marks=pytest.mark.slow)])
def test_a_value_that_its_test_needs_in_some_cases(
    first: str, second: str, count: int
) -> None:
    """However many rounds: what Python works out line by line, the module works out, too."""
    text = one_by_one(first, second, count)
    compiled = compile(text, inputs="x, y, g, k")
    assert compiled.unproven == ""
    assert len(compiled.program.steps) < 60 * count
    same = 0
    for point in points(count, 300):
        scope: dict[str, Any] = {"log": math.log, "sqrt": math.sqrt, **dict(zip("xygk", point))}  # fmt: skip
        try:
            exec(text, scope)  # noqa: S102
        except _ERRORS:
            continue
        assert compiled.forward(*point)[0] == scope[f"u{count}"], point
        same += 1
    assert same > 30


def test_conditions_that_need_what_they_decide_about_are_limited() -> None:
    text = "{u} if g > {i} else (y if k > {i} else x)", "log({u}) if {l} > 0 else y"
    assert compile(one_by_one(*text, 4)).program.lines
    with pytest.raises(GradgenError, match="in more ways than can be written out"):
        compile(one_by_one(*text, 30))


def apart(program: Any) -> Any:
    """Do with any program what is done with one that comes to too many stages."""
    if not any(step.op in ("where", "and", "or") for step in program.steps):
        return program
    parted = choices_apart(program, 1 + len(program.steps) % 2)
    try:
        return guarded(parted, split=True)
    except GradgenError:  # it comes to too many stages, as some do
        return guard(program)


@pytest.mark.parametrize(
    "seeds",
    [(*range(4), 84, 178), pytest.param(range(many(300)), marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("separate", [1, 4])
def test_choices_told_apart_are_those_of_plain_python(
    seeds: Sequence[int], separate: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradgen.pipeline.guard", apart)
    monkeypatch.setattr("gradgen.passes.branches.needs._SEPARATE", separate)
    assert sum(compare(made(seed)) for seed in seeds) > 5 * len(seeds)


def test_a_choice_in_the_second_of_two_conditions_stays_behind_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gradgen.pipeline.guard", apart)
    text = "log(x) if k > 0 and (x if sqrt(y) > 0.5 else 2 - x) > 0 else z"
    compiled = compile(text, inputs="x, y, z, k")
    at = {"x": -1.0, "y": -1.0, "z": 3.0, "k": -1.0}
    assert compiled.value_and_grad(**at) == (3.0, (0.0, 0.0, 1.0, 0.0))


def test_a_gradient_that_is_0_where_a_root_is_does_not_tell_that_none_flows() -> None:
    arms = [f"{'q**2' if i % 2 else 'q'}*{i} + {i} if k < {i}" for i in range(1, 9)]
    compiled = compile("q = sqrt(x)\nf = " + " else ".join(arms) + " else k\n")
    assert compiled.value_and_grad(k=2.5, x=1.0) == (6.0, (0.0, 3.0))
    assert compiled.value_and_grad(k=9.0, x=0.0) == (9.0, (1.0, 0.0))
    # The slope is 3, by way of 0*inf: it must not come out as 0.
    with pytest.raises(ZeroDivisionError):
        compiled.value_and_grad(k=2.5, x=0.0)


def test_the_branch_that_needs_no_root_is_left_alone() -> None:
    arms = [f"q**2*{i} if q < {i}" for i in range(1, 7)]
    text = "q = sqrt(x)\nf = k if q < 0.5 else " + " else ".join(arms) + " else q\n"
    compiled = compile(text)
    assert compiled.value_and_grad(k=3.0, x=0.0) == (3.0, (1.0, 0.0))
    assert compiled.value_and_grad(k=3.0, x=4.0) == (12.0, (0.0, 3.0))


@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("same", ["1/(1/y)", "3*(y/3)", "(y + 0.1) - 0.1"])
def test_a_condition_that_rounding_tells_is_no_fault_of_the_module(
    same: str, op: str
) -> None:
    text = f"u = {same}\nf = u + k if y {op} u else 3*y\n"
    compiled = compile(text, inputs="y, k", as_written=True)
    value, _ = compiled.forward(1.679, 1.0)
    u = eval(same, {"y": 1.679})
    taken = eval(f"y {op} u", {"y": 1.679, "u": u})
    assert value == pytest.approx(u + 1.0 if taken else 3 * 1.679, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "2*u if u < 0.5 else 2 - 2*u",
        pytest.param("2*u if u < 1 else u - 1", marks=pytest.mark.slow),
    ],
)
def test_a_chaotic_map_is_no_fault_of_the_module(text: str) -> None:
    compiled = compile(rounds(f"u = {text}", 300))
    value, (slope, _) = compiled.value_and_grad(0.3, 1.0)
    assert 0 <= value <= 2 and math.frexp(abs(slope))[0] == 0.5


@pytest.mark.parametrize("options", [{}, {"as_written": True}, {"precise": True}, {"ieee": True}, {"strict": True}], ids=str)  # fmt: skip
def test_a_step_is_the_choice_of_its_value_at_zero(options: dict[str, Any]) -> None:
    chosen = random.Random(f"step {options}")
    moving = ["x", "x*y", "x - y", "floor(x)", "0*x", "abs(y)", "0", "1"]
    value_at_zero = ["x", "y", "y**2", "0.5", "x*y + 1", "heaviside(y, x)", "max(x, y)"]
    whole = ["{}", "{}*y", "sqrt(1 + {}**2)", "exp({}) - {}", "x - 3*{}", "{}/2 if x < 1 else x*{}"]  # fmt: skip
    for _ in range(6):
        u, v = chosen.choice(moving), chosen.choice(value_at_zero)
        around = chosen.choice(whole)
        step, choice = (
            f"heaviside({u}, {v})",
            f"({v} if {u} == 0 else heaviside({u}, 0))",
        )
        made = [
            compile(
                around.replace("{}", text),
                inputs="x, y",
                with_="jacobian",
                proof=bool(chosen.randrange(2)),
                **options,
            )
            for text in (step, choice)
        ]
        for point in ((0.0, 0.0), (0.0, 2.0), (-1.0, 0.0), (2.0, 2.0), (1.5, -2.0)):
            found, wanted = (one.value_and_grad(*point) for one in made)
            assert found == wanted, (step, around, point)
            assert made[0].jacobian(*point) == (found[1],)


def test_a_condition_of_constants_is_what_the_constants_are() -> None:
    """Whether it is settled before the module runs, as log(2) > 0, or not, as floor(2.5) > 2."""
    chosen = random.Random("constant conditions")
    unary = [r for r in ROWS.values() if r.name in CALLS and len(r.params) == 1]
    for row in chosen.sample([r for r in unary if not r.boolean and has_text(r)], 20):
        constant = f"{row.name}({sum(row.sample[0]) / 2 + 0.25})"
        value = compile(constant, inputs="x", proof=False).forward(0.0)[0]
        bound = chosen.choice([value, 0.0, 1.0])
        sign = chosen.choice(["<", "<=", ">", ">=", "==", "!="])
        holds = {"<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound, "==": value == bound, "!=": value != bound}[sign]  # fmt: skip
        other = constant if bound == value else repr(bound)
        text = f"y**2 if {constant} {sign} {other} and x > 0 else x"
        for as_written in (False, True):
            f = compile(text, inputs="x, y", as_written=as_written, proof=False)
            wanted = (4.0, (0.0, 4.0)) if holds else (3.0, (1.0, 0.0))
            assert f.value_and_grad(3.0, 2.0) == wanted, text


def test_an_arm_to_whose_gradient_nothing_is_added_keeps_its_branch() -> None:
    # In the branch of s2 the condition of its choice fails: what comes out of it to r is 0 everywhere.
    text = """invalid = sqrt(-1)
r = 2.5*y if x > 2.5 else 1.5*y if x > 1.5 else invalid
s2 = x + (r if not (not x > 2.5 and not x > 1.5) and r != 0 else 4.0)
f = r if x > y else s2 if not x > 2.5 and not x > 1.5 else r"""
    made = compile(text, inputs=["x", "y"])
    for x, y, slopes in (
        (2.872, 1.302, (0.0, 2.5)),
        (2.6, 3.0, (0.0, 2.5)),
        (2.0, 1.0, (0.0, 1.5)),
        (2.0, 3.0, (0.0, 1.5)),
        (1.0, 3.0, (1.0, 0.0)),
    ):
        _, cache = made.module.forward(x, y)
        assert made.module.backward(cache) == slopes
