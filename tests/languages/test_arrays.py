"""Modules of arrays, by NumPy, JAX and PyTorch, give at every element what the same modules in plain Python give."""

from __future__ import annotations

import contextlib
import importlib.util
import math
import random
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from gradgen.targets import TARGETS, target_for
from gradgen.trace import Trace
from tests.conftest import LISTS, many
from tests.generators import KINDS, compiled
from tests.languages.test_c import cases, real
from tests.rows import NUMERIC, called, constants, has_text
from tests.rows import drawn as at_random

np = pytest.importorskip("numpy")

#: The targets whose library is here.
HERE = [
    name
    for name in ("numpy", "jax", "torch")
    if importlib.util.find_spec("scipy" if name == "numpy" else name)
]
every_target = pytest.mark.parametrize("target", HERE)
#: JAX compiles each operation anew for each shape.
mostly = pytest.mark.parametrize(
    "target",
    [pytest.param(t, marks=pytest.mark.slow) if t == "jax" else t for t in HERE],
)
#: What inputs are at the edges of their range. Only NumPy calls functions that are so near to Python's that the far ones can be compared:
#: JAX takes numbers without all their digits for 0.
_EDGES = (0.0, 1.0, -1.0, 0.5, 2.0, math.inf, -math.inf, math.nan, 300.0, -300.0)
_FAR = (1e300, -1e300, 1e-300, 700.0, -750.0, 1e-9)
#: Formulas that cancel where they are drawn at, so that the last digits of two libraries are far apart there, or overflow in one of them.
_CANCELLING = ("log(norm_cdf(x) - norm_cdf(y))", "((1 + x)**2 - 1)/x")
Points = Sequence[Sequence[float]]


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    """Have JAX work in double precision, and every warning be an error."""
    if "jax" in HERE:
        import jax

        jax.config.update("jax_enable_x64", True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def array(target: str, numbers: Any, single: bool = False) -> Any:
    """Return an array of a target's library."""
    made = np.asarray(numbers, np.float32 if single else np.float64)
    if target == "jax":
        import jax.numpy as jnp

        return jnp.asarray(made)
    if target == "torch":
        import torch

        return torch.tensor(made)
    return made


def both(
    formula: str, names: Sequence[str] | None, target: str
) -> tuple[Compiled, Compiled]:
    """Return a formula's module of arrays, and that in plain Python which raises nothing either."""
    made = compile(formula, inputs=names, target=target, proof=False)
    return made, compile(formula, inputs=names, ieee=True, proof=False)


def near(got: float, want: float, tolerance: float, spread: float = 0.0) -> bool:
    """Whether two numbers are near each other, infinite both, or nan both."""
    if got == want or (math.isnan(got) and math.isnan(want)):
        return True
    # Two libraries' functions are a last digit apart, which 1 - tanh(x)**2 cannot be nearer than.
    room = max(tolerance * max(abs(got), abs(want)), 3e-15, spread)
    if math.isinf(spread):
        return True
    return abs(got - want) <= room and math.isfinite(got) and math.isfinite(want)


def plainly(twin: Any, point: Sequence[float], seeds: Sequence[float]) -> list[float]:
    """Return the values and the slopes of a plain module at a point."""
    value, cache = twin.forward(*point)
    return [*(value if len(seeds) > 1 else [value]), *twin.backward(cache, *seeds)]


def moved(twin: Any, point: Sequence[float], seeds: Sequence[float]) -> list[float]:
    """Return how far values and slopes move where the inputs move by their last digits: they are known no better."""
    rnd = random.Random(1)
    near_by = [[x * (1 + rnd.uniform(-4e-15, 4e-15)) for x in point] for _ in range(8)]
    found = [plainly(twin, one, seeds) for one in near_by]
    # Beyond the range, on one side or the other, they are not known at all.
    ends = [(min(column), max(column)) for column in zip(*found)]
    return [0.0 if low == high else 10 * (high - low) for low, high in ends]


def noisily(twin: Compiled, point: Sequence[float], rnd: random.Random) -> list[float]:
    """Return the same where every operation is off by some last digits, as another library's is."""

    def noisy(operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            found = operation(*args)
            return found if isinstance(found, bool) else found * (1 + rnd.uniform(-6e-16, 6e-16))  # fmt: skip

        return run

    program = twin.program
    tracer = Trace(program, target_for(twin.recipe))
    plain = tracer.run.operations
    tracer.run = replace(
        tracer.run, operations={op: noisy(f) for op, f in plain.items()}
    )
    values = tracer.forward(dict(zip(program.inputs, point)))
    outputs = [program.names[value] for _, value in program.outputs]
    rows = [tracer.backward(dict(values), place) for place in range(len(outputs))]
    slopes = [[row[program.adjoints[i]] for row in rows] for i in program.wrt]
    return [*(values[name] for name in outputs), *map(sum, slopes)]


def doubts(twin: Compiled, point: Sequence[float]) -> list[float]:
    """Return how far values and slopes move with the last digits of operations: they are known no better."""
    rnd = random.Random(1)
    found = [noisily(twin, point, rnd) for _ in range(8)]
    spreads = []
    for column in zip(*found):
        same = len({*map(repr, column)}) == 1
        known = all(map(math.isfinite, column))
        # Beyond the range, on one side or the other, they are not known at all.
        spreads.append(0.0 if same else 4 * (max(column) - min(column)) if known else math.inf)  # fmt: skip
    return spreads


def apart(
    made: Compiled,
    twin: Compiled,
    target: str,
    points: Points,
    tolerance: float = 1e-12,
) -> Iterator[str]:
    """Yield where a module of arrays, called once, and its twin, called at each point, are apart."""
    seeds = [1.0] * len(made.program.outputs)
    columns = [array(target, column) for column in zip(*points)]
    value, cache = made.module.forward(*columns)
    slopes = made.module.backward(cache, *seeds)
    got = np.array([*(value if len(seeds) > 1 else [value]), *slopes], np.float64)
    for place, point in enumerate(points):
        wanted = plainly(twin.module, point, seeds)
        pairs = [*zip(got[:, place], wanted)]
        if all(near(one, want, tolerance) for one, want in pairs):
            continue
        for (one, want), spread in zip(pairs, doubts(twin, point)):
            if not near(one, want, tolerance, spread):
                yield f"{made.recipe.source} at {point}: {one!r}, not {want!r}"


def drawn(names: Sequence[str], target: str, rnd: random.Random) -> list[list[float]]:
    """Return points: some ordinary, some at the edges of the range."""
    edges = (*_EDGES, *_FAR) if target == "numpy" else _EDGES
    ordinary = [[rnd.uniform(-3, 3) for _ in names] for _ in range(8)]
    return [*ordinary, *([rnd.choice(edges) for _ in names] for _ in range(16))]


def compared(
    listed: Mapping[tuple[str, tuple[str, ...]], list[list[float]]], target: str
) -> tuple[int, list[str]]:
    """Compare all that the target can write; return how many that are, and what is apart."""
    count, found = 0, []
    for (formula, names), points in listed.items():
        rnd = random.Random(formula)  # its points are the same whatever else is listed
        with contextlib.suppress(GradgenError):
            made, twin = both(formula, names, target)
            count += 1
            if names:
                points = [*points, *drawn(names, target, rnd)]
                found += [*apart(made, twin, target, points)][:1]
    return count, found


@pytest.mark.slow
@pytest.mark.parametrize("target", ["numpy", "jax", "torch"])
def test_every_operation_is_written_in_the_words_of_its_library(target: str) -> None:
    known = TARGETS[target].language.words
    written = 0
    for row in NUMERIC:
        if not has_text(row, {*known, "lowers"}):
            continue
        for fixed in constants(row)[:1]:
            args = [str(fixed.get(i, "xyz"[i])) for i in range(row.arity)]
            text = called(row, args)
            made = compile(text, inputs="x, y, z", target=target, proof=False)
            written += 1
            assert target == "numpy" or not re.search(r"\bnp\.", made.source), text
    assert written > 100


@pytest.mark.slow
@pytest.mark.parametrize("target", [t for t in HERE if t != "numpy"])
def test_every_operation_of_other_libraries_is_that_of_python(target: str) -> None:
    rnd = random.Random(5)
    found: list[str] = []
    written = 0
    for row in NUMERIC:
        if not has_text(row, {*TARGETS[target].language.words, "lowers"}):
            continue
        fixed = constants(row)[0]
        args = [str(fixed.get(i, "xyz"[i])) for i in range(row.arity)]
        live = [i for i in range(row.arity) if i not in fixed]
        points = [
            [float(point[i]) * scale for i in live]
            for scale in (0.1, 1, 3) * 12
            for point in [at_random(row, fixed, rnd)]
        ]
        names = tuple("xyz"[i] for i in live)
        with contextlib.suppress(GradgenError):  # whose slope the library lacks
            made, twin = both(called(row, args), names, target)
            found += [*apart(made, twin, target, points)][:1]
            written += 1
    assert not found
    assert written > 90


@every_target
def test_some_listed_formulas_are_those_of_python(target: str) -> None:
    some = dict([*cases().items()][:: 36 if target == "numpy" else 60])
    count, found = compared(some, target)
    assert not found
    assert count > 0.7 * len(some)


@pytest.mark.slow
@every_target
def test_every_listed_formula_is_that_of_python(target: str) -> None:
    count, found = compared(cases(), target)
    assert not found
    assert count > 0.9 * len(cases())


@pytest.mark.slow
@every_target
@pytest.mark.parametrize("name", LISTS)
def test_real_formulas_are_those_of_python(name: str, target: str) -> None:
    listed = real(name)
    if target != "numpy":  # whose operations take longer to begin
        listed = dict([*listed.items()][::3])
    count, apart_at = compared(listed, target)
    assert not apart_at
    assert count > 0.95 * len(listed)


#: Formulas in which inputs meet in several ways, with choices, kinks, and results that not all inputs reach.
_SHAPED = (
    "x*sigmoid(y) + z",
    "exp(-x)*y**2 if z > 0.5 else hypot(x, y)",
    "log(x)*y if x > 1 and z < 2 else sqrt(y)/(z + 3)",
    "max(x, y)*abs(z - 1)",
    "u = x*y; v = 3; w = sin(z) - x; u + w",
)
_SHAPES = (
    ((), (), ()),
    ((3,), (), (2, 3)),
    ((2, 1), (3,), (4, 1, 1)),
    ((1, 3), (2, 3), ()),
    ((0,), (1,), ()),
    ((4, 2, 3), (2, 1), (3,)),
    ((0, 3), (3,), (1, 1)),
)


@mostly
@pytest.mark.parametrize("outputs", [None, "u, v, w"])
def test_gradients_have_the_shapes_of_their_variables(
    target: str, outputs: str | None
) -> None:
    rnd = np.random.default_rng(7)
    for formula in _SHAPED[-1:] if outputs else _SHAPED:
        made = compile(
            formula, inputs="x, y, z", outputs=outputs, target=target, proof=False
        )
        plain = compile(formula, inputs="x, y, z", outputs=outputs, proof=False).module
        seeds = [1.0, 0.5, 2.0][: len(made.program.outputs)]
        for shapes in _SHAPES:
            inputs = [rnd.uniform(0.2, 2.5, shape) for shape in shapes]
            before = [one.copy() for one in inputs]
            given = [array(target, one) for one in inputs]
            value, cache = made.module.forward(*given)
            slopes = made.module.backward(cache, *seeds)
            again = made.module.backward(cache, *seeds)
            whole = np.broadcast_arrays(*inputs)
            want = np.zeros((3, *whole[0].shape))
            results = np.zeros((len(seeds), *whole[0].shape))
            for at in np.ndindex(whole[0].shape):
                point = [float(one[at]) for one in whole]
                other, kept = plain.forward(*point)
                here = (slice(None), *at)
                results[here] = other
                want[here] = plain.backward(kept, *seeds)
            got = np.asarray(value, np.float64).reshape(results.shape)
            assert np.allclose(got, results, rtol=1e-12, atol=0)
            for place, (one, old) in enumerate(zip(given, before)):
                slope = np.asarray(slopes[place])
                assert slope.shape == old.shape, (formula, shapes)
                axes = tuple(range(whole[0].ndim - old.ndim))
                total = want[place].sum(axes)
                total = total.sum(tuple(i for i, n in enumerate(old.shape) if n == 1), keepdims=True).reshape(old.shape)  # fmt: skip
                assert np.allclose(slope, total, rtol=1e-12, atol=1e-300)
                assert np.array_equal(np.asarray(one), old), "an input was written to"
                assert np.array_equal(slope, np.asarray(again[place]))


@mostly
@pytest.mark.parametrize("every", [27, pytest.param(9, marks=pytest.mark.slow)])
def test_single_precision_is_kept(target: str, every: int) -> None:
    rnd = random.Random(11)
    some = dict([*cases().items()][::every])
    for formula, names in some:
        try:
            made, twin = both(formula, names, target)
        except GradgenError:
            continue
        point = [rnd.uniform(0.3, 1.5) for _ in names]
        single = [float(np.float32(number)) for number in point]
        columns = [array(target, [number], single=True) for number in single]
        value, cache = made.module.forward(*columns)
        seeds = [1.0] * len(made.program.outputs)
        slopes = made.module.backward(cache, *seeds)
        other, kept = twin.module.forward(*single)
        several = len(seeds) > 1
        wanted = [*(other if several else [other]), *twin.module.backward(kept, *seeds)]
        scale = max([abs(one) for one in wanted if math.isfinite(one)], default=1.0)
        for got, want in zip([*(value if several else [value]), *slopes], wanted):
            assert str(got.dtype).endswith("float32"), formula
            close = abs(float(got[0]) - want) <= 1e-5 * max(abs(want), scale)
            assert close or near(float(got[0]), want, 1e-5), (formula, single, got, want)  # fmt: skip


@every_target
def test_numbers_whole_numbers_and_lists_are_inputs_too(target: str) -> None:
    made = compile("x**-2 + y/x", target=target, proof=False).module
    for x, y in ((2, 3), (2.0, 3), (array(target, [2.0]), 3)):
        value, cache = made.forward(x, y)
        assert float(np.asarray(value).reshape(())) == 1.75
        assert [float(np.asarray(s).reshape(())) for s in made.backward(cache)] == [-1.0, 0.5]  # fmt: skip
    whole = array(target, [[1, 2], [3, 4]])
    whole = whole.astype("int64") if target != "torch" else whole.long()
    value, _ = made.forward(whole, 0)
    assert np.allclose(np.asarray(value), [[1, 0.25], [1 / 9, 1 / 16]], rtol=1e-15)


def _first(function: Any, *inputs: Any) -> Any:
    return function(*inputs)[0]


@pytest.mark.slow
@pytest.mark.skipif("jax" not in HERE, reason="jax is not installed")
def test_jax_transforms_a_module() -> None:
    import jax

    for formula in _SHAPED[:-1]:
        made = compile(
            formula, inputs="x, y, z", target="jax", with_="value_and_grad", proof=False
        )
        module = made.module
        points = np.random.default_rng(5).uniform(0.2, 2.5, (20, 3))
        value, cache = module.forward(*points.T)
        slopes = np.array(module.backward(cache))
        each = jax.vmap(module.value_and_grad)(*points.T)
        fast = jax.jit(module.value_and_grad)(*points.T)
        first = partial(_first, module.forward)
        own = jax.vmap(jax.grad(first, (0, 1, 2)))(*points.T)
        for got in (each[1], fast[1], own):
            assert np.allclose(np.array(got), slopes, rtol=1e-12, atol=1e-300)
        for got in (each[0], fast[0]):
            assert np.allclose(got, value, rtol=1e-12, atol=0)


@pytest.mark.skipif("torch" not in HERE, reason="torch is not installed")
def test_torch_differentiates_a_module() -> None:
    import torch

    for formula in _SHAPED[:-1]:
        module = compile(formula, inputs="x, y, z", target="torch", proof=False).module
        points = np.random.default_rng(5).uniform(0.2, 2.5, (3, 20))
        given = [torch.tensor(column, requires_grad=True) for column in points]
        value, _ = module.forward(*given)
        own = torch.autograd.grad(value.sum(), given, materialize_grads=True)
        _, cache = module.forward(*map(torch.tensor, points))
        for got, want in zip(module.backward(cache), own):
            assert torch.allclose(got, want, rtol=1e-12, atol=1e-300)


@pytest.mark.slow
@pytest.mark.skipif("torch" not in HERE, reason="torch is not installed")
def test_torch_compiles_a_module_in_one_graph() -> None:
    import torch

    for formula in _SHAPED[:-1]:
        made = compile(
            formula,
            inputs="x, y, z",
            target="torch",
            with_="value_and_grad",
            proof=False,
        )
        given = [torch.rand(5, dtype=torch.float64) + 0.5 for _ in range(3)]
        torch._dynamo.reset()
        explained = torch._dynamo.explain(made.module.value_and_grad)(*given)
        assert explained.graph_break_count == 0


def test_what_no_branch_takes_warns_of_nothing_and_leaks_nothing() -> None:
    # Of each formula one arm has neither a value nor slopes where the other is taken.
    for formula in (
        "log(x) if x > 0 else -x",
        "x**y if x > 0 else y",
        "1/x if x != 0 else 7*x",
        "sqrt(x - 1)*exp(800*x) if x < 0.5 and x > 2 else x*y",
        "acosh(x)*y if x > 1 else asin(x)",
        "y*(x*y if x < 1 else exp(x) if x < 700 else 0)",
        "lgamma(x) if x > 0 else zeta(2 - x)",
    ):
        made, twin = both(formula, ("x", "y"), "numpy")
        points = [
            [x, y]
            for x in (-3.0, -1.0, 0.0, 0.25, 1.0, 1.5, 710.0, math.inf, -math.inf)
            for y in (0.0, -2.0, 1e300, math.inf)
        ]
        assert not [*apart(made, twin, "numpy", points)]


@every_target
@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_results_over_all_elements_have_the_gradient_of_that(
    target: str, reduce: str
) -> None:
    rnd = np.random.default_rng(9)
    formula, extra = "w*(y - a*exp(-b*t))**2 if t > 0.5 else 0", "value_and_grad"
    options: dict[str, Any] = {
        "inputs": "a, b, t, y, w",
        "wrt": "y, a, b",
        "proof": False,
    }
    made = compile(formula, target=target, reduce=reduce, with_=extra, **options)
    each = compile(formula, target=target, **options).module
    for shapes in (((), (), (30,), (30,), ()), ((2, 1), (2, 1), (1, 5), (2, 5), (5,))):
        given = [array(target, rnd.uniform(0.2, 2.0, shape)) for shape in shapes]
        value, cache = made.module.forward(*given)
        values, whole = each.forward(*given)
        values = np.asarray(values)
        size = values.size if reduce == "mean" else 1
        assert np.isclose(float(value), values.sum() / size, rtol=1e-13)
        slopes = [np.asarray(one) / size for one in each.backward(whole, 3.0)]
        for got, want in zip(made.module.backward(cache, 3.0), slopes):
            assert np.asarray(got).shape == want.shape
            assert np.allclose(np.asarray(got), want, rtol=1e-12)
        both_ = made.module.value_and_grad(*given)
        assert np.isclose(float(both_[0]), float(value), rtol=1e-13)
        for got, want in zip(both_[1], slopes):
            assert np.allclose(3.0 * np.asarray(got), want, rtol=1e-12)


def test_a_reduction_is_of_arrays_alone() -> None:
    with pytest.raises(GradgenError, match="of arrays, which python has none of"):
        compile("x", reduce="sum")
    with pytest.raises(GradgenError, match="known are sum, mean"):
        compile("x", reduce="max", target="numpy")
    with pytest.raises(GradgenError, match="jacobian is of each element"):
        compile("x", reduce="sum", target="numpy", with_="jacobian")


@every_target
@pytest.mark.parametrize(
    "count", [2, pytest.param(many(40), marks=pytest.mark.slow)], ids=["some", "many"]
)
@pytest.mark.parametrize("kind", ["programs", "functions", "branches"])
def test_random_programs_are_those_of_python(
    kind: str, count: int, target: str
) -> None:
    if count > 2 and target == "numpy":
        count *= 3
    for seed in range(count):
        program = KINDS[kind](seed)
        made = compiled(program, target=target, proof=False)
        twin = compiled(program, ieee=True, proof=False)
        if made is not None and twin is not None and made.program.inputs:
            points = drawn(made.program.inputs, target, random.Random(seed))
            assert not [*apart(made, twin, target, points)], (seed, program.text)
