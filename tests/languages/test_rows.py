"""Modules over rows of data, with sums over rows, give what a program gives that says every row by itself."""

from __future__ import annotations

import ctypes
import importlib.util
import math
import random
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mpmath
import pytest

from gradgen.decorator import differentiate
from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.targets import black_python, target_for
from gradgen.verify import verify
from tests.conftest import one_in
from tests.pages import page

np = pytest.importorskip("numpy")

#: The targets whose library is here.
HERE = [
    name
    for name in ("numpy", "jax", "torch")
    if importlib.util.find_spec("scipy" if name == "numpy" else name)
]
every_target = pytest.mark.parametrize("target", HERE)
and_python = pytest.mark.parametrize("target", ["python", *HERE])
#: JAX compiles each operation anew.
mostly = pytest.mark.parametrize(
    "target",
    [
        pytest.param(t, marks=pytest.mark.slow) if t == "jax" else t
        for t in ("python", *HERE)
    ],
)
COLUMNS, NUMBERS = ("x", "y"), ("a", "b")
_ONE = ("sin({})", "tanh({})", "exp(tanh({}))", "log(1 + ({})**2)", "sqrt(1 + ({})**2)", "1/(2 + cos({}))", "-({})", "({})**3", "max({}, 0.25)", "log1p(({})**2)", "abs({})")  # fmt: skip
_TWO = ("({} + {})", "({} - {})", "({})*({})", "({})/(1.5 + ({})**2)", "max({}, {})", "hypot({}, {})", "min({}, {})")  # fmt: skip

#: By what adds up rows, each row's term, and what is made of their sum.
_SUMS = {
    "sum({})": ("({})", "({})"),
    "mean({})": ("({})", "(({})/{})"),
    "log(sum(exp({})))": ("exp({})", "log({})"),
    "sqrt(sum(({})**2))": ("({})**2", "sqrt({})"),
}


@pytest.fixture(autouse=True)
def double() -> None:
    if "jax" in HERE:
        import jax

        jax.config.update("jax_enable_x64", True)


class Drawn:
    """A random program over rows, as it is written over rows and as it is written row by row.

    Attributes:
        text: the program over rows.
        rows: whether each row has a result of its own.
    """

    def __init__(self, rnd: random.Random, lines: int, sums: float = 0.3) -> None:
        self.rnd = rnd
        self.sums = sums
        #: Names with what they are made of; the leaves of trees are names.
        self.lines: list[tuple[str, Any]] = []
        self.rowwise = {name: name in COLUMNS for name in (*COLUMNS, *NUMBERS)}
        self.usable = [*COLUMNS, *NUMBERS]
        for number in range(lines):
            name = f"u{number}"
            self.lines.append((name, self.tree(3)))
            self.rowwise[name] = self.level(self.lines[-1][1])
            self.usable.append(name)
        self.result = self.lines[-1][0]
        self.rows = self.rowwise[self.result]
        self.text = "\n".join(f"{n} = {self.said(t)}" for n, t in self.lines)

    def tree(self, depth: int) -> Any:
        rnd = self.rnd
        if not depth or rnd.random() < 0.15:
            return rnd.choice(self.usable[-4:] + [*COLUMNS, *NUMBERS])
        if rnd.random() < self.sums:
            inner = self.tree(depth - 1)
            if self.level(inner):
                return rnd.choice([*_SUMS]), inner
            return inner
        if rnd.random() < 0.15:
            a, b, c = (self.tree(depth - 1) for _ in range(3))
            return "({} if {} > {} else {})", a, b, c, ("({} + 0.5)", a)
        form = rnd.choice((*_ONE, *_TWO))
        return form, *(self.tree(depth - 1) for _ in range(form.count("{}")))

    def level(self, tree: Any) -> bool:
        """Whether each row has a value of its own."""
        if isinstance(tree, str):
            return self.rowwise[tree]
        inner = [self.level(part) for part in tree[1:]]
        return any(inner) and "sum" not in tree[0] and "mean" not in tree[0]

    def said(self, tree: Any) -> str:
        if isinstance(tree, str):
            return tree
        return str(tree[0].format(*map(self.said, tree[1:])))

    def at(self, tree: Any, row: int, count: int) -> str:
        """Return the text of a tree in one of so many rows."""
        if isinstance(tree, str):
            return f"{tree}_{row}" if self.rowwise[tree] else tree
        form, *parts = tree
        if "sum" not in form and "mean" not in form:
            return str(form.format(*(self.at(part, row, count) for part in parts)))
        each = [self.at(parts[0], i, count) for i in range(count)]
        term, whole = _SUMS[form]
        total = " + ".join(term.format(one) for one in each)
        return whole.format(total, count)

    def row_by_row(self, count: int) -> str:
        """Return the program that says every row by itself."""
        lines = []
        for name, tree in self.lines:
            if self.rowwise[name]:
                lines += [f"{name}_{i} = {self.at(tree, i, count)}" for i in range(count)]  # fmt: skip
            else:
                lines.append(f"{name} = {self.at(tree, 0, count)}")
        return "\n".join(lines)

    def plain(self, count: int, **options: Any) -> Compiled:
        """Return that program's module in plain Python."""
        each = [f"{name}_{i}" for name in COLUMNS for i in range(count)]
        outputs = [f"{self.result}_{i}" for i in range(count)] if self.rows else [self.result]  # fmt: skip
        return compile(self.row_by_row(count), inputs=[*each, *NUMBERS], outputs=outputs, ieee=True, proof=False, **options)  # fmt: skip


def array(target: str, numbers: Any, kind: str = "float64") -> Any:
    made = np.asarray(numbers, kind)
    if target == "python":
        return made.tolist()
    if target == "jax":
        import jax.numpy as jnp

        return jnp.asarray(made)
    if target == "torch":
        import torch

        return torch.tensor(made)
    return made


def flat(values: Any) -> list[float]:
    return [float(x) for value in values for x in np.atleast_1d(np.asarray(value))]


def apart(drawn: Drawn, made: Any, plain: Any, target: str, rnd: random.Random) -> str:
    """Compare the two modules at a point; return what differs."""
    count = 3
    columns = [[rnd.uniform(-2, 2) for _ in range(count)] for _ in COLUMNS]
    numbers = [rnd.uniform(-2, 2) for _ in NUMBERS]
    point = [*(x for column in columns for x in column), *numbers]
    value, kept = plain.forward(*point)
    seeds = [rnd.uniform(0.5, 1.5) for _ in range(count if drawn.rows else 1)]
    wanted = [*(value if isinstance(value, tuple) else [value])]
    wanted += plain.backward(kept, *seeds)
    given = [array(target, column) for column in columns]
    value, cache = made.forward(*given, *numbers)
    upstream = array(target, seeds) if drawn.rows else seeds[0]
    slopes = made.backward(cache, upstream)
    shapes = [tuple(np.shape(np.asarray(s))) for s in slopes]
    if shapes != [(count,)] * len(COLUMNS) + [()] * len(NUMBERS):
        return f"shapes {shapes}"
    if tuple(np.shape(np.asarray(value))) != ((count,) if drawn.rows else ()):
        return "the shape of the result"
    found = flat([value, *slopes])
    scale = max([1.0, *(abs(x) for x in wanted if math.isfinite(x))])
    for got, want in zip(found, wanted, strict=True):
        if math.isfinite(want) and not abs(got - want) <= 1e-9 * scale:
            return f"{got} where {want} is right, at {point}, {seeds}"
    return ""


@mostly
@pytest.mark.parametrize(
    "count", [6, pytest.param(400, marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_random_programs_are_those_that_say_every_row(target: str, count: int) -> None:
    if target not in ("numpy", "python"):
        count = max(4, count // 10)
    sums = 0
    for seed in range(count):
        rnd = random.Random(seed)
        drawn = Drawn(rnd, rnd.randint(1, 4))
        style = rnd.choice(("textbook", "compact"))
        options: dict[str, Any] = {"target": target, "style": style, "proof": False}
        if target == "python":
            options["cache"] = rnd.choice(("tuple", "namedtuple"))
        made = compile(drawn.text, inputs=[*COLUMNS, *NUMBERS], rows=COLUMNS, **options)
        plain = drawn.plain(3).module
        sums += "sum" in drawn.text or "mean" in drawn.text
        for _ in range(3):
            found = apart(drawn, made.module, plain, target, rnd)
            assert not found, (seed, style, drawn.text, found)
    assert sums > count / 3


@every_target
@pytest.mark.parametrize(
    "count", [6, pytest.param(200, marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_jacobians_have_a_row_for_each(target: str, count: int) -> None:
    compared = 0
    for seed in range(count if target == "numpy" else count // 3 + 1):
        rnd = random.Random(seed)
        drawn = Drawn(rnd, rnd.randint(1, 3), sums=0.0)
        if not drawn.rows:
            continue
        style = rnd.choice(("textbook", "compact"))
        made = compile(drawn.text, inputs=[*COLUMNS, *NUMBERS], rows=COLUMNS, wrt=NUMBERS, with_="jacobian", target=target, style=style)  # fmt: skip
        plain = drawn.plain(3, wrt=NUMBERS, with_="jacobian").module
        columns = [[rnd.uniform(-2, 2) for _ in range(3)] for _ in COLUMNS]
        numbers = [rnd.uniform(-2, 2) for _ in NUMBERS]
        found = made.module.jacobian(*(array(target, c) for c in columns), *numbers)
        wanted = np.array(plain.jacobian(*columns[0], *columns[1], *numbers))
        assert tuple(found.shape) == (3, 2)
        scale = max(1.0, float(np.max(np.abs(wanted))))
        assert np.allclose(np.asarray(found), wanted, rtol=0, atol=1e-9 * scale), drawn.text  # fmt: skip
        compared += 1
    assert compared >= count // 6


def test_several_columns_of_residuals_have_a_jacobian_each() -> None:
    text = "u = y - a*exp(-b*t); v = a*t"
    options: dict[str, Any] = {"inputs": "t, y, a, b", "outputs": "u, v", "wrt": "a, b"}
    made = compile(text, rows="t, y", target="numpy", **options)
    t, y = np.array([0.5, 1.0, 2.0]), np.array([1.0, 2.0, 0.5])
    u, v = made.jacobian(t, y, 1.5, 0.75)  # which is made when it is asked for
    decay = np.exp(-0.75 * t)
    assert np.allclose(u, np.stack([-decay, 1.5 * t * decay], -1), rtol=1e-14)
    assert np.array_equal(v, np.stack([t, 0 * t], -1))
    many, _ = made.jacobian(np.ones((4, 5)), np.ones((4, 5)), 1.5, 0.75)
    assert np.shape(many) == (4, 5, 2)


#: Formulas whose naive form is lost in rounding, or has no double, with the same of lists of mpmath's numbers.
_HARD: dict[str, Any] = {
    "log(sum(exp(x)))": lambda x: mpmath.log(mpmath.fsum(map(mpmath.exp, x))),
    "log(mean(exp(a*x)))/a": lambda x: mpmath.log(mpmath.fsum(mpmath.exp(2 * one) for one in x) / len(x)) / 2,
    "logsumexp(x) + a": lambda x: mpmath.log(mpmath.fsum(map(mpmath.exp, x))) + 2,
    "sum(exp(x)/sum(exp(x))*x)": lambda x: mpmath.fsum(mpmath.exp(one) * one for one in x) / mpmath.fsum(map(mpmath.exp, x)),
    "sum(x*exp(x))/sum(exp(x))": lambda x: mpmath.fsum(mpmath.exp(one) * one for one in x) / mpmath.fsum(map(mpmath.exp, x)),
    "mean(log(exp(x)/sum(exp(x))))": lambda x: mpmath.fsum(x) / len(x) - mpmath.log(mpmath.fsum(map(mpmath.exp, x))),
    "mean((x - mean(x))**2)": lambda x: mpmath.fsum((one - mpmath.fsum(x) / len(x)) ** 2 for one in x) / len(x),
    "sqrt(sum(x**2))": lambda x: mpmath.sqrt(mpmath.fsum(one**2 for one in x)),
}  # fmt: skip


@and_python
@pytest.mark.parametrize("formula", one_in(3, _HARD))
def test_sums_over_many_rows_are_those_of_mpmath(target: str, formula: str) -> None:
    made = compile(formula, inputs="x, a", rows="x", target=target).module
    rnd = random.Random(formula)
    for far in (0, 900, -900):
        numbers = [far + rnd.uniform(-5, 5) for _ in range(200)]
        value, cache = made.forward(array(target, numbers), 2.0)
        with mpmath.workdps(60):
            exact = [mpmath.mpf(one) for one in numbers]
            true = _HARD[formula](exact)
            assert abs(float(value) - true) <= 1e-13 * max(abs(true), abs(far)), far
            slopes = np.asarray(made.backward(cache, 1.0)[0])
            for place in (0, 17, 199):
                step = mpmath.mpf(2) ** -60
                moved = [*exact]
                moved[place] += step
                want = (_HARD[formula](moved) - true) / step
                assert abs(slopes[place] - want) <= 1e-10 * max(1, abs(want))


@and_python
def test_the_gradient_of_what_rows_share_is_summed(target: str) -> None:
    text = "w*(y - a*exp(-b*t))**2 if t > 0.5 else a*0.25"
    rnd = np.random.default_rng(3)
    t, y, w = (rnd.uniform(0.2, 2.0, 40) for _ in range(3))
    point = compile(text, inputs="t, y, w, a, b", ieee=True).module
    for how, share in (("sum", 1), ("mean", 40)):
        options: dict[str, Any] = {"inputs": "t, y, w, a, b", "rows": "t, y, w", "target": target}  # fmt: skip
        made = compile(text, reduce=how, with_="value_and_grad", **options)
        whole = compile(f"{how}({text})", **options).module
        given = [*(array(target, column) for column in (t, y, w)), 1.5, 0.75]
        values, slopes = [], []
        for row in zip(t, y, w):
            value, kept = point.forward(*map(float, row), 1.5, 0.75)
            values.append(value / share)
            slopes.append([one / share for one in point.backward(kept, 3.0)])
        wanted = np.array(slopes)
        for module in (made.module, whole):
            value, cache = module.forward(*given)
            assert math.isclose(float(value), math.fsum(values), rel_tol=1e-14)
            found = module.backward(cache, 3.0)
            for got, want in zip(found, (*wanted[:, :3].T, *wanted[:, 3:].sum(0))):
                assert np.asarray(got).shape == np.shape(want)
                assert np.allclose(np.asarray(got), want, rtol=1e-12, atol=1e-15)
        value, found = made.module.value_and_grad(*given)
        assert math.isclose(float(value), math.fsum(values), rel_tol=1e-14)
        assert np.isclose(3.0 * float(found[3]), wanted[:, 3].sum(), rtol=1e-12)


@every_target
def test_what_no_row_takes_leaks_nothing(target: str) -> None:
    # Of each formula the sum has no value, or no slopes, where the other arm is taken, in all rows or in some.
    for text, value, slope in (
        ("sum(log(x)) if a > 0 else a*x", None, 1.0),
        ("mean(1/x)*x if a > y else a*x", None, 1.0),
        ("sum(log(x) if x > 0.5 else 0) + a", [-1.0], None),
        ("sqrt(sum(x**2*0)) + a", [-1.0], None),
        ("sqrt(sum(max(x - 1, 0))) + a", [-1.0], None),
        ("sqrt(mean((x - x)**2)) + a", [-1.0], None),
    ):
        made = compile(text, inputs="x, y, a", rows="x, y", target=target, proof=False)
        given = [array(target, numbers) for numbers in ([0, 0.25, -3], [1, 2, 3])]
        found, cache = made.module.forward(*given, -1.0)
        wanted = [0.0, -0.25, 3.0] if value is None else value
        assert flat([found]) == wanted, text
        slopes = [np.asarray(one) for one in made.module.backward(cache, 1.0)]
        assert np.all(np.isfinite(np.concatenate([*map(np.ravel, slopes)]))), text
        if slope is not None:
            assert float(slopes[2]) == -2.75 and flat([slopes[0]]) == [-1.0] * 3, text
        else:
            assert float(slopes[2]) == 1.0 and flat([slopes[0]]) == [0.0] * 3, text


@every_target
def test_precision_shapes_and_inputs_are_kept(target: str) -> None:
    text = "sum(x*y)*a - mean(x)\n"
    made = compile(text, inputs="x, y, a", rows="x, y", target=target).module
    for shape in ((4,), (2, 3), (), (1,)):
        x, y = (np.full(shape, 0.5, np.float32), np.full(shape, 2.0, np.float32))
        given = [array(target, one, "float32") for one in (x, y)]
        value, cache = made.forward(*given, 3.0)
        assert str(value.dtype).endswith("float32")
        assert float(value) == 3.0 * x.size - 0.5
        for got, of in zip(made.backward(cache), (*given, None)):
            assert tuple(got.shape) == (tuple(of.shape) if of is not None else ())
            assert str(got.dtype).endswith("float32")
        assert np.array_equal(np.asarray(given[0]), x)
    whole, _ = made.forward(array(target, [1, 2, 3], "int64"), [1, 1, 1], 2)
    assert float(whole) == 10.0


@every_target
def test_other_shapes_raise(target: str) -> None:
    made = compile("sum(x*y)*a", inputs="x, y, a", rows="x, y", target=target).module
    row = array(target, [1.0, 2.0, 3.0])
    for given in ((row, row[:2], 1.0), (row, 1.0, 1.0), (row, row, row)):
        with pytest.raises(ValueError, match="one shape|one number"):
            made.forward(*given)
    _, cache = made.forward(row, row, 1.0)
    with pytest.raises(Exception, match=r"shape|size|reshape"):
        made.backward(cache, row)


@pytest.mark.skipif("torch" not in HERE, reason="torch is not installed")
def test_torch_differentiates_sums() -> None:
    import torch

    for seed in range(12):
        drawn = Drawn(random.Random(seed), 2)
        made = compile(drawn.text, inputs="x, y, a, b", rows="x, y", target="torch", proof=False)  # fmt: skip
        points = np.random.default_rng(seed).uniform(-2, 2, (2, 6))
        given = [*points, *points[:, 0]]
        given = [torch.tensor(one, requires_grad=True) for one in given]
        value, _ = made.module.forward(*given)
        own = torch.autograd.grad(value.sum(), given, materialize_grads=True)
        plain = [one.detach() for one in given]
        _, cache = made.module.forward(*plain)
        for got, want in zip(made.module.backward(cache), own):
            assert torch.allclose(got, want, rtol=1e-9, atol=1e-9), drawn.text


@pytest.mark.slow
@pytest.mark.skipif("jax" not in HERE, reason="jax is not installed")
def test_jax_transforms_sums() -> None:
    import jax

    made = compile("log(sum(exp(a*x)))/mean(x) + b", inputs="x, a, b", rows="x", target="jax", with_="value_and_grad").module  # fmt: skip
    x = np.random.default_rng(1).uniform(0.2, 2, (5, 7))
    one = [made.value_and_grad(row, 0.5, 2.0) for row in x]
    fast = jax.jit(made.value_and_grad)(x[0], 0.5, 2.0)
    many = jax.vmap(made.value_and_grad, (0, None, None))(x, 0.5, 2.0)
    own = jax.grad(lambda *given: made.forward(*given)[0], (0, 1, 2))(x[0], 0.5, 2.0)
    for place in range(3):
        assert np.allclose(fast[1][place], one[0][1][place], rtol=1e-12)
        assert np.allclose(own[place], one[0][1][place], rtol=1e-12)
        assert np.allclose(many[1][place], [each[1][place] for each in one], rtol=1e-12)


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("sum(x)", {}, "name the inputs that are columns"),
        ("mean(x)", {"target": "javascript"}, "python, c, jax, numpy, polars, sql, torch with --rows"),
        ("sum(x) + 1", {"target": "numpy"}, "name the inputs that are columns"),
        ("sum(a)*x", {"target": "numpy", "rows": "x"}, "the same for all of them"),
        ("sum(2)*x", {"target": "numpy", "rows": "x"}, "the same for all of them"),
        ("sum(sum(x))", {"target": "numpy", "rows": "x"}, "the same for all of them"),
        ("sum(x)", {"target": "numpy", "rows": "x", "reduce": "sum"}, "one number for all of them already"),
        ("x", {"target": "numpy", "rows": "z"}, "which is to be a column"),
        ("x", {"target": "scipy", "rows": "x"}, "leave --rows out"),
        ("a*x", {"rows": "x", "wrt": "a", "with_": "jacobian"}, "is of arrays"),
        ("erfi(x)", {"rows": "x"}, "over rows in Python"),
        ("a*x", {"target": "numpy", "rows": "x", "with_": "value_and_grad"}, "--reduce sum, or write"),
        ("a*x", {"target": "numpy", "rows": "x", "with_": "jacobian"}, 'say --wrt "a"'),
        ("a*x - mean(x)", {"target": "numpy", "rows": "x", "wrt": "a", "with_": "jacobian"}, "each has by itself"),
        ("a*b", {"target": "numpy", "inputs": "x, a, b", "rows": "x", "wrt": "a", "with_": "jacobian"}, "each has by itself"),
        ("sum(x, y)", {"target": "numpy", "rows": "x"}, "takes 1 argument"),
    ],
)  # fmt: skip
def test_what_is_not_over_rows_is_refused(
    source: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(GradgenError, match=message) as caught:
        compile(source, **options)
    assert "\n" not in caught.value.message


def test_sums_of_names_are_names_still() -> None:
    assert compile("sum*mean + logmeanexp").program.inputs == ("logmeanexp", "mean", "sum")  # fmt: skip
    assert compile("logsumexp(x, y)").program.steps[-1].op == "logaddexp"


@pytest.mark.parametrize(
    "source", ["sum(a*x) + log(mean(exp(x)))", "x - mean(a*x)", "a/(x + 3)"]
)
def test_a_wrong_module_is_not_proven(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gradgen.core.table import ROWS
    from gradgen.passes.settle import Settled

    compile(source, target="numpy", rows="x")

    def unsummed(self: Settled, way: Any, d: int, shared: int | None = None) -> int:
        return self._partial(way, d, shared)

    with monkeypatch.context() as patch:
        patch.setattr(Settled, "partial", unsummed)
        with pytest.raises(GradgenError, match="cannot be run: ProgramError"):
            compile(source, target="numpy", rows="x")
    if "mean" in source:
        with monkeypatch.context() as patch:
            row = ROWS["logmeanexp" if "exp" in source else "mean"]
            patch.setitem(vars(row), "adjoints", ("each(d)*1.5",))
            with pytest.raises(GradgenError, match="the module is wrong"):
                compile(source, target="numpy", rows="x")


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_chunks_are_of_rows_that_need_no_others(reduce: str) -> None:
    options: dict[str, Any] = {"inputs": "a, x, y", "rows": "x, y", "target": "numpy"}
    made = compile("(y - a*x)**2", reduce=reduce, **options)
    x, y = np.random.default_rng(2).uniform(0.5, 2, (2, 1000))
    whole = made.value_and_grad(1.5, x, y)
    parts = made.over({"a": 1.5, "x": x, "y": y}, chunk=300)
    for got, want in zip((parts[0], *parts[1]), (whole[0], *whole[1])):
        assert np.allclose(got, want, rtol=1e-13) and np.shape(got) == np.shape(want)
    for formula in (f"{reduce}(x*y) + a", f"(x - {reduce}(x))**2*a*y"):
        how = reduce if "**" in formula else ""
        made = compile(formula, reduce=how, **options)
        with pytest.raises(GradgenError, match="is over all of them"):
            made.over((1.5, x, y), chunk=300)


def test_functions_of_a_program_add_up_rows() -> None:
    x, a = np.array([0.5, 1.0, 2.5]), 1.5
    for source in (
        "def s(z): return sum(z)\nf = s(x)*x + s(a*x)",
        "def soft(z): return z - log(sum(exp(z)))\nf = soft(a*x) + soft(x)",
        "def c(p): return p*p\ndef g(p, q): return c(p) + q*mean(p)\nf = g(x, a)*c(a)",
    ):
        made = compile(source, inputs="x, a", rows="x", target="numpy")
        whole = compile(source, inputs="x, a", rows="x", target="numpy", expand=True)
        assert not made.unproven and not whole.unproven
        value, cache = made.module.forward(x, a)
        other, kept = whole.module.forward(x, a)
        assert np.allclose(value, other, rtol=1e-14)
        for got, want in zip(made.module.backward(cache), whole.module.backward(kept)):
            assert np.allclose(got, want, rtol=1e-13)


def test_verify_knows_rows() -> None:
    for source in ("log(sum(exp(a*x)))", "x - mean(a*x)", "(x*a - 1)**2"):
        how = "mean" if "1" in source else ""
        made = compile(source, target="numpy", rows="x", reduce=how)
        report = verify(made, samples=5, ranges={"x": (0.5, 2.0)})
        assert report.passed() and report.compared >= 5
        with pytest.raises(GradgenError, match="points are drawn"):
            verify(made, [(1.0, 2.0)])
        again = regenerate(made.recipe, proof=True)
        assert again.source == made.source and not again.unproven
        with pytest.raises(GradgenError, match="no single point"):
            made.trace(1.0, 2.0)


def test_results_of_sympy_are_summed_each() -> None:
    import sympy as sp

    x, a = sp.symbols("x a")
    both = compile({"u": (x - a) ** 2, "v": sp.exp(x) * a}, target="numpy", rows="x", reduce="sum")  # fmt: skip
    assert not both.unproven
    (u, v), _ = both.module.forward(2.0, np.array([1.0, 3.0, 5.0]))
    assert float(u) == 11.0 and math.isclose(v, 2 * sum(map(math.exp, (1, 3, 5))))


def test_its_page_shows_a_loss_as_it_is() -> None:
    formula = "log(sum(exp(a*x + b)))"
    shown = page("arrays").split(f'"{formula}" --target numpy')[1].split("```")[2]
    lines = [line for line in shown.split("\n")[1:] if line and line != "    ..."]
    source = compile(formula, target="numpy", rows="x").source.split("def forward")[1]
    at = [source.index(f"\n{line}\n") for line in lines]
    assert len(lines) > 10 and at == sorted(at)


def test_sums_in_python_are_rounded_once() -> None:
    made = compile("sum(x*y) + a", inputs="x, y, a", rows="x, y").module
    value, cache = made.forward([1e16, 1.0, -1e16], [1.0, 1.0, 1.0], 0.5)
    assert value == 1.5
    assert made.backward(cache, 2.0) == ([2.0] * 3, [2e16, 2.0, -2e16], 2.0)
    made = compile("a*x", rows="x").module
    _, cache = made.forward(2.0, [1e16, 1.0, -1e16])
    assert made.backward(cache, [1.0, 1.0, 1.0]) == (1.0, [2.0] * 3)
    assert compile("sum(a*x) + a", rows="x").module.forward(2.0, [])[0] == 2.0
    with pytest.raises(ValueError, match="one length"):
        compile("sum(x)*sum(y)", rows="x, y").module.forward([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="zip"):
        made.backward(cache, [1.0])


@pytest.mark.parametrize("target", ["python", "numpy"])
def test_results_may_read_each_other(target: str) -> None:
    text = "u = a*x; v = u**2 - mean(u); w = sum(v*u)/a; z = w*x + u"
    options: dict[str, Any] = {"inputs": "x, a", "rows": "x", "target": target}
    for outputs in ("u, v", "w, u", "v, u, w", "z, w, v, u"):
        made = compile(text, outputs=outputs, **options)
        assert not made.unproven
        report = verify(made, samples=3)
        assert report.passed() and report.compared >= 3, outputs


@pytest.mark.parametrize("count", [8, pytest.param(25, marks=pytest.mark.slow)])
@pytest.mark.parametrize("target", ["python", "numpy"])
def test_value_and_gradient_at_once_are_those_of_the_passes(
    target: str, count: int
) -> None:
    for seed in range(count):
        drawn = Drawn(random.Random(seed), 3)
        text = drawn.text + f"\nf = mean({drawn.result}*x)"
        rnd = random.Random(seed)
        style = rnd.choice(("textbook", "compact"))
        made = compile(text, inputs="x, y, a, b", rows="x, y", target=target, with_="value_and_grad", style=style, proof=False).module  # fmt: skip
        columns = [[rnd.uniform(-2, 2) for _ in range(4)] for _ in COLUMNS]
        given = [*(array(target, one) for one in columns), 0.7, -1.2]
        value, cache = made.forward(*given)
        other, slopes = made.value_and_grad(*given)
        if seed < 3:
            asked = compile(text, inputs="x, y, a, b", rows="x, y", target=target, proof=False)  # fmt: skip
            assert asked.value_and_grad(*given)[0] == other
        assert math.isclose(value, other, rel_tol=1e-12, abs_tol=1e-12)
        for got, want in zip(slopes, made.backward(cache)):
            scale = max(1.0, float(np.max(np.abs(want))))
            assert np.allclose(got, want, rtol=0, atol=1e-11 * scale), text


_LOOP = "    for x_i in x:\n"


@pytest.mark.parametrize(
    "statement",
    [
        "for x_i in open:\n        pass",
        "for x_i in zip(x, open, strict=True):\n        pass",
        "for x_i in map(print, x):\n        pass",
        "for x.y in x:\n        pass",
        "for x_i in x:\n        print(x_i)",
        "for x_i in x:\n        x_i.append(x)",
        "ax.append(*x)",
        "ax.append(__import__('os'))",
        "ax.clear()",
        "ax: list[float] = [x]",
        "ax: print(x) = []",
        "class Cache(NamedTuple):\n        ax: list[float]",
        "ax += [1.0]",
        "while x: pass",
        "with x: pass",
        "for x_i in x:\n        pass\n    else:\n        pass",
    ],
)
def test_no_other_statement_gets_into_loops(statement: str) -> None:
    from gradgen.compiled import check_text

    made = compile("sum(sin(a*x))", inputs="x, a", rows="x")
    rest: Any = (
        made.program,
        target_for(made.recipe),
        (),
        {},
        {},
        "cache: tuple[Any, ...]",
    )
    check_text(made.source, *rest)
    assert made.source.count(_LOOP) == 1
    with pytest.raises(GradgenError, match="not what a generated module must be"):
        check_text(made.source.replace(_LOOP, f"    {statement}\n{_LOOP}"), *rest)


def test_its_page_shows_loops_as_they_are() -> None:
    made = compile("(y - a*exp(-b*t))**2", rows="t, y", reduce="sum", wrt="a, b")
    listing = made.source.split("def backward")[1]
    assert f"```python\ndef backward{listing}```" in page("arrays")


def test_check_and_update_know_loops(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gradgen.command.main import main

    path = tmp_path / "loss.py"
    command = ["compile", "(y - a*x)**2", "--inputs", "x, y, a", "--rows", "x, y", "--reduce", "mean", "-o", str(path)]  # fmt: skip
    assert main(command) == 0 and main(["check", str(path)]) == 0
    path.write_text(path.read_text("utf-8").replace("rows: x, y", "rows: x"), "utf-8")
    assert main(["check", str(path)]) == 1 and main(["update", str(path)]) == 0
    assert "y: one number" not in path.read_text("utf-8")
    assert "y, a: one number for all rows" in path.read_text("utf-8")
    capsys.readouterr()


class InC:
    """A module in C, compiled here."""

    def __init__(self, made: Compiled, folder: Path) -> None:
        file, library = folder / "m.c", folder / "m.so"
        file.write_text(made.source, "utf-8")
        flags = "-std=c99 -O3 -march=native -ffp-contract=off -fno-math-errno -fno-trapping-math -fno-thread-jumps -fno-tree-sink -fno-builtin-sin -fno-builtin-cos -fschedule-insns -fsched-pressure -Wall -Wextra -Werror -Wconversion -Wshadow -pedantic -shared -fPIC"  # fmt: skip
        subprocess.run(["cc", *flags.split(), str(file), "-o", str(library), "-lm"], check=True)  # fmt: skip
        self.program, self.columns = made.program, made.recipe.rows
        self.library = ctypes.CDLL(str(library))

    def call(self, name: str, columns: Sequence[Any], numbers: Sequence[float], sets: Sequence[int]) -> list[Any]:  # fmt: skip
        """Return what a function sets, where these are the sizes of the arrays."""
        rest, others = iter(columns), iter(numbers)
        given: list[Any] = [ctypes.c_size_t(len(columns[0]))]
        for text in self.program.inputs:
            if text in self.columns:
                given.append(ctypes.c_void_p(next(rest).ctypes.data))
            else:
                given.append(ctypes.c_double(next(others)))
        found = [np.full(size, np.nan) for size in sets]
        function = getattr(self.library, name)
        function.restype = None
        function(*given, *(ctypes.c_void_p(one.ctypes.data) for one in found))
        return found


needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no cc")


@needs_cc
@pytest.mark.parametrize(
    "count", [6, pytest.param(150, marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_sums_in_c_are_those_that_say_every_row(count: int, tmp_path: Path) -> None:
    compared = 0
    for seed in range(count):
        rnd = random.Random(seed)
        drawn = Drawn(rnd, rnd.randint(1, 4))
        if "sum" not in drawn.text and "mean" not in drawn.text:
            drawn = Drawn(rnd, 3, sums=0.7)
        if "sum" not in drawn.text and "mean" not in drawn.text:
            continue
        style = rnd.choice(("textbook", "compact"))
        made = compile(drawn.text, inputs="x, y, a, b", rows="x, y", target="c", style=style)  # fmt: skip
        if "sum_of" not in made.source and "mean_of" not in made.source and "exp_of" not in made.source:  # fmt: skip
            continue  # nothing reads what it adds up
        folder = tmp_path / str(seed)
        folder.mkdir()
        module = InC(made, folder)
        plain = drawn.plain(3).module
        columns = [np.array([rnd.uniform(-2, 2) for _ in range(3)]) for _ in COLUMNS]
        numbers = [rnd.uniform(-2, 2) for _ in NUMBERS]
        value, kept = plain.forward(*columns[0], *columns[1], *numbers)
        wanted = [*(value if drawn.rows else [value])]
        found = module.call("forward", columns, numbers, [len(wanted)])
        assert np.allclose(found[0], wanted, rtol=1e-9, atol=1e-9), drawn.text
        compared += 1
        if drawn.rows:
            assert "value_and_grad" not in made.source
            continue
        found = module.call("value_and_grad", columns, numbers, [1, 3, 3, 1, 1])
        wanted += plain.backward(kept)
        scale = max(1.0, *map(abs, wanted))
        assert np.allclose(np.concatenate(found), wanted, rtol=0, atol=1e-9 * scale), drawn.text  # fmt: skip
    assert compared >= count // 2


@needs_cc
def test_sums_in_c_lose_nothing_over_many_rows(tmp_path: Path) -> None:
    made = compile("log(sum(exp(x))) + sum(a*x)", inputs="x, a", rows="x", target="c")
    module = InC(made, tmp_path)
    rnd = np.random.default_rng(4)
    for far in (0.0, 900.0, -900.0):
        x = far + rnd.uniform(-5, 5, 100_003)
        x[::7] *= -1e-3
        found = module.call("value_and_grad", [x], [3.0], [1, x.size, 1])
        largest = x.max()
        log = largest + math.log(math.fsum(np.exp(x - largest)))
        assert math.isclose(found[0][0], log + math.fsum(3.0 * x), rel_tol=4e-16)
        assert found[2][0] == math.fsum(x)
        assert np.allclose(found[1], np.exp(x - log) + 3.0, rtol=1e-12)
    made = compile("mean(x)", rows="x", target="c")
    (tmp_path / "mean").mkdir()
    module = InC(made, tmp_path / "mean")
    assert module.call("forward", [np.array([1e16, 1.0, -1e16])], [], [1])[0] == 1 / 3
    for numbers, want in (([np.inf, 1.0], np.inf), ([np.nan, 1.0], np.nan), ([], np.nan)):  # fmt: skip
        found = module.call("forward", [np.array([*numbers, *numbers])], [], [1])
        assert np.array_equal(found[0], [want], equal_nan=True)


@pytest.mark.parametrize(
    "statement",
    [
        "system(x_in);",
        "f_out[1] = 0.0;",
        "x_in[0] = 0.0;",
        "for (;;) { }",
        "while (1) { }",
        "double s[4] = {0.0, 0.0, 0.0};",
        "adds_of(f_sum, f_sum, end - start);",
        "goto end;",
        "*f_out = 0.0;",
        "f_sum[0] = 1.0;",
        "const double z = f_out[0];",
    ],
)
def test_no_other_statement_gets_into_blocks(statement: str) -> None:
    from gradgen.compiled import check_text
    from gradgen.over_rows import target_of

    made = compile("sum(sin(a*x))", inputs="x, a", rows="x", target="c")
    rest: Any = made.program, target_of(made.recipe, made.program), (), {}, {}, ""
    check_text(made.source, *rest)
    for line in (
        "    for (size_t start",
        "            f_sum_each[",
        "    f_out[0] = f;",
    ):
        assert line in made.source
        with pytest.raises(GradgenError, match="not what a generated module must be"):
            check_text(made.source.replace(line, f"    {statement}\n{line}", 1), *rest)


@needs_cc
def test_native_code_adds_up_rows() -> None:
    text = "w*(y - a*exp(-b*t))**2 if t > 0.5 else a*0.25"
    options: dict[str, Any] = {"inputs": "t, a, y, w, b", "rows": "t, y, w"}
    rnd = np.random.default_rng(5)
    t, y, w = rnd.uniform(0.2, 2.0, (3, 5, 200))
    for how in ("sum", "mean"):
        made = compile(text, reduce=how, target="numpy", **options)
        native = made.native()
        value, slopes = native.value_and_grad(t, 1.5, y, w, 0.75)
        other, wanted = made.value_and_grad(t, 1.5, y, w, 0.75)
        assert math.isclose(value, other, rel_tol=1e-13)
        assert value == native.forward(t, 1.5, y, w, 0.75)
        for got, want in zip(slopes, wanted):
            assert np.shape(got) == np.shape(want)
            assert np.allclose(got, want, rtol=1e-12, atol=1e-15)
        strided = [np.repeat(one, 2, 1)[:, ::2] for one in (t, y, w)]
        again = native.forward(strided[0], 1.5, strided[1], strided[2], 0.75)
        assert again == value
    made = compile("x - mean(a*x)", inputs="x, a", rows="x", target="numpy")
    native = made.native()
    assert np.allclose(native.forward(t, 2), made.forward(t, 2.0)[0], rtol=1e-13)
    for call, message in (
        (lambda: native.value_and_grad(t, 2.0), "one number for all rows"),
        (lambda: native.forward(t), "1 values for the inputs x, a"),
        (lambda: native.forward(t, t), "one number for all rows, and no array"),
        (lambda: native.forward(t + 1j, 2.0), "real numbers"),
        (lambda: compile("sum(x*y)", rows="x, y").native().forward(t, t[0]), "columns have one shape"),
    ):  # fmt: skip
        with pytest.raises(GradgenError, match=message):
            call()


def residual(t: float, y: float, a: float = 1.5, b: float = 0.75) -> float:
    left = math.exp(-b * t)  # what is left
    return (y - a * left) ** 2 if t > 0.5 else a * 0.25


def late(a: float = 2.0, t: float = 1.0) -> float:
    return a * t


@pytest.mark.parametrize("target", ["python", "numpy", "c"])
def test_functions_of_python_are_of_each_row(target: str) -> None:
    options: dict[str, Any] = {"rows": "t, y", "reduce": "mean", "target": target}
    made = differentiate(residual, **options)
    assert not made.unproven and verify(made, samples=3).passed()
    again = regenerate(made.recipe, proof=True)
    assert again.source == made.source and not again.unproven
    last = differentiate(late, rows="t", target=target)
    assert any("no default here" in note for note in last.notes) or target == "c"
    if target == "c":
        return
    t, y = [0.25, 1.0, 2.0], [1.0, 0.5, 2.0]
    given = [array(target, column) for column in (t, y)]
    value, cache = made.module.forward(*given, 2.0)
    each = [residual(*row, 2.0) for row in zip(t, y)]
    assert math.isclose(value, math.fsum(each) / 3, rel_tol=1e-15)
    slopes = made.module.backward(cache)
    step = 1e-5
    for place, name in enumerate(("a", "b"), 2):
        moved = {"a": 2.0, "b": 0.75}
        sides = []
        for sign in (1, -1):
            now = {**moved, name: moved[name] + sign * step}
            sides.append(math.fsum(residual(*row, **now) for row in zip(t, y)) / 3)
        assert math.isclose(slopes[place], (sides[0] - sides[1]) / (2 * step), rel_tol=1e-7)  # fmt: skip


def test_a_function_that_is_read_otherwise_is_not_proven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gradgen import sources

    def otherwise(source: str, **options: Any) -> Compiled:
        return compile(source.replace("0.25", "0.5"), **options)

    monkeypatch.setattr(sources, "compile", otherwise)
    with pytest.raises(GradgenError, match="the module is wrong"):
        differentiate(residual, rows="t, y", reduce="sum")


def test_functions_of_other_modules_are_called_or_refused() -> None:
    text = "drag = function(aero.drag, derivative=aero.slope)\nf = sum(drag(x)*a)"
    for target in ("python", "numpy"):
        made = compile(text, rows="x", target=target)
        assert "from aero import drag, slope" in made.source and made.unproven
    for options in ({"rows": "x"}, {"rows": "x", "source": "f = drag(x)"}, {}):
        source = text.replace("f = sum(drag(x)*a)", options.get("source", "f = drag(x)*a"))  # fmt: skip
        with pytest.raises(GradgenError, match="a module in c cannot call"):
            compile(text if options == {"rows": "x"} else source, target="c", rows=options.get("rows", ""))  # fmt: skip


@pytest.mark.parametrize("style", ["textbook", "compact"])
@pytest.mark.parametrize("target", ["jax", "torch", "python", "c"])
def test_what_a_language_lacks_is_said_in_every_style(target: str, style: str) -> None:
    with pytest.raises(GradgenError, match="besselj (has no form|needs SciPy)"):
        compile("besselj(1, x)*a + b", target=target, style=style)


@pytest.mark.parametrize(
    "count", [8, pytest.param(120, marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_loops_have_the_form_that_black_gives_them(count: int) -> None:
    for seed in range(count):
        rnd = random.Random(seed)
        drawn = Drawn(rnd, rnd.randint(1, 5), rnd.choice((0.2, 0.5)))
        text, names = drawn.text, [*COLUMNS, *NUMBERS]
        if seed % 2:  # names so long that lines are broken
            names = [f"{name}_{'long' * rnd.randint(2, 9)}" for name in names]
            for old, new in zip((*COLUMNS, *NUMBERS), names):
                text = re.sub(rf"\b{old}\b", new, text)
            text = re.sub(r"\bu(\d)\b", r"value_with_a_rather_long_name_\1", text)
        extra = () if drawn.rows else "value_and_grad"
        made = compile(text, inputs=names, rows=names[:2], with_=extra, proof=False)
        assert black_python(made.source) == made.source


@needs_cc
@pytest.mark.parametrize("style", ["textbook", "compact"])
def test_a_number_added_up_over_rows_is_no_number(style: str, tmp_path: Path) -> None:
    made = compile("sum(mean(x) % y)", rows="x, y", wrt="x", target="c", style=style)
    columns = [np.array([5.0, 1.0, 3.5]), np.array([2.0, 4.0, 2.5])]
    (value,), slopes = InC(made, tmp_path).call("value_and_grad", columns, [], [1, 3])
    mean = 9.5 / 3
    assert math.isclose(value, mean % 2 + mean % 4 + mean % 2.5, rel_tol=1e-14)
    assert slopes.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("style", ["textbook", "compact"])
def test_what_is_added_to_upstream_lists_is_in_sums_over_them(style: str) -> None:
    # db reads the sum of du0, to which u1 adds in a loop; the list that is given has the rest.
    text = "u0 = b**2 - y - mean(y*b)\nu1 = u0*mean(tanh(u0))"
    made = compile(text, inputs="y, b", rows="y", outputs="u1, u0", style=style)
    assert not made.unproven
    y, b, up = [0.3, -1.0], 0.75, ([1.0, 0.5], [0.25, 2.0])
    _, cache = made.module.forward(y, b)
    _, db = made.module.backward(cache, *up)

    def total(b: float) -> float:
        u0 = [b**2 - y_i - b * sum(y) / 2 for y_i in y]
        mean = sum(map(math.tanh, u0)) / 2
        return sum(p * u * mean + q * u for p, q, u in zip(*up, u0))

    step = 1e-6
    assert math.isclose(db, (total(b + step) - total(b - step)) / 2e-6, rel_tol=1e-7)


@pytest.mark.parametrize("style", ["textbook", "compact"])
def test_what_is_added_later_is_in_no_sum_before(style: str) -> None:
    # Compactly, db adds up what dy is at first: to dy comes what sqrt gives.
    text = "u0 = -(b - sqrt(1 + y**2))\nu3 = sin(mean(u0 - y))\nu4 = mean(max(b if y > 0.1 else b + 0.5, -b))"  # fmt: skip
    made = compile(text, inputs="y, b", rows="y", outputs="u4, u3", style=style)
    assert not made.unproven
    _, cache = made.module.forward([0.3, 2.0], 0.7)
    u0 = [math.sqrt(1 + y * y) - 0.7 - y for y in (0.3, 2.0)]
    wanted = 0.9 - 1.3 * math.cos(sum(u0) / 2)
    assert math.isclose(made.module.backward(cache, 0.9, 1.3)[1], wanted, rel_tol=1e-13)


@pytest.mark.parametrize("target", ["python", "c"])
def test_a_gradient_may_be_read_before_all_of_it_is_there(target: str) -> None:
    # da is d/den at first, which dden reads; what comes of dden flows to a again.
    text = "u = log(sum(exp(y*a*a**a)))\nf = a/sqrt(abs(log1p(u**2)))"
    made = compile(text, inputs="y, a", rows="y", target=target)
    assert not made.unproven and made.source.index(" da = ") < made.source.index(
        " da += "
    )
    report = verify(made, samples=5, ranges={"a": (0.5, 2), "y": (-1, 1)})
    assert report.passed() and report.compared >= 5
