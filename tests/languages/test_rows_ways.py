"""By whatever way a formula over rows of data is run, it comes to the same, or says in one line why it does not."""

from __future__ import annotations

import importlib.util
import itertools
import math
import random
import re
import shutil
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from gradgen.reserved import BUILTINS
from tests.languages.test_rows import COLUMNS, HERE, NUMBERS, Drawn, array, flat

np = pytest.importorskip("numpy")
needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no cc")
INPUTS = (*COLUMNS, *NUMBERS)


@pytest.fixture(autouse=True)
def double() -> None:
    if "jax" in HERE:
        import jax

        jax.config.update("jax_enable_x64", True)


def refused(call: Callable[[], Any]) -> bool:
    """Whether a call is refused in one line, which tells what to do."""
    try:
        call()
    except GradgenError as error:
        assert "\n" not in str(error) and "bug" not in str(error)
        return True
    return False


def same(found: tuple[Any, Any], wanted: tuple[Any, Any], text: str) -> None:
    """Hold a value and slopes to others, with their shapes."""
    for got, want in zip((found[0], *found[1]), (wanted[0], *wanted[1]), strict=True):
        got, want = np.asarray(got), np.asarray(want)
        assert got.shape == want.shape, text
        scale = max(1.0, *np.abs(want).flat)
        assert np.allclose(got, want, rtol=0, atol=1e-9 * scale, equal_nan=True), text


def ways(made: Compiled, every: bool) -> dict[str, Callable[..., Any]]:
    """Return the ways to value and gradient at once, beside the module's own, or those that take no compiler."""
    found: dict[str, Callable[..., Any]] = {
        f"chunks of {size}": lambda *given, size=size: made.over(given, chunk=size)
        for size in (1, 4)
    }
    if every and shutil.which("cc"):
        native = cache(made.native)
        found["native"] = lambda *given: native().value_and_grad(*given)
    if every and "torch" in HERE:
        found["torch"] = lambda *given: by_torch(made, given)
    if every and "jax" in HERE:
        found["jax"] = lambda *given: by_jax(made, given)
    return found


def by_jax(made: Compiled, given: Any) -> Any:
    import jax

    from gradgen.adapters import jax as adapt

    value, back = jax.vjp(adapt.function(made), *given)
    return value, back(jax.numpy.ones_like(value))


def by_torch(made: Compiled, given: Any) -> Any:
    import torch

    from gradgen.adapters import torch as adapt

    tensors = [torch.tensor(np.asarray(x), requires_grad=True) for x in given]
    value = adapt.function(made)(*tensors)
    slopes = torch.autograd.grad(value, tensors)
    return value.detach(), slopes


@pytest.mark.parametrize(
    "count", [6, pytest.param(25, marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_every_way_comes_to_the_same(count: int) -> None:
    compared = whole = 0
    for seed in range(count):
        rnd = random.Random(seed)
        drawn = Drawn(rnd, rnd.randint(1, 3), rnd.choice((0.0, 0.3, 0.7)))
        # Each third result is one number for all rows, as no column is in it.
        text = drawn.text if seed % 3 else "u = a*b**2"
        each = drawn.rows and seed % 3
        reduce = rnd.choice(("sum", "mean")) if each else ""
        # Modules have a use for these names, and call inputs otherwise.
        names = ("np", "special", "Array", "math") if seed % 2 else INPUTS
        for old, new in zip(INPUTS, names):
            text = re.sub(rf"\b{old}\b", new, text)
        options: dict[str, Any] = {"inputs": names, "rows": names[:2], "reduce": reduce}
        made = compile(text, target="numpy", proof=False, **options)
        columns = np.random.default_rng(seed).uniform(-2, 2, (2, 11))
        given = [*columns, rnd.uniform(-2, 2), rnd.uniform(-2, 2)]
        wanted = made.value_and_grad(*given)
        every = ways(made, count > 6)
        for way in every.values():
            if refused(lambda: way(*given)):  # noqa: B023 - called at once
                whole += 1
                continue
            same(way(*given), wanted, text)
            compared += 1
        crossed = [columns[0], columns[1][:, None], *given[2:]]
        many = [*columns, columns[0], given[3]]
        for wrong in (crossed, many):
            for name, way in every.items():
                with pytest.raises((GradgenError, ValueError), match=r"shape|one number|needs? no other|each row has"):  # fmt: skip
                    way(*wrong)
                    pytest.fail(f"{name} takes {[np.shape(x) for x in wrong]}")
    assert compared and whole


#: Each makes of a list what holds the same numbers.
_HOLDERS: tuple[Callable[[list[float]], Any], ...] = (tuple, np.array, iter, lambda x: map(float, x), lambda x: (one for one in x))  # fmt: skip


@pytest.mark.parametrize(
    "count", [8, pytest.param(120, marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_whatever_holds_numbers_is_a_column_or_refused(count: int) -> None:
    for seed in range(count):
        drawn = Drawn(random.Random(seed), 2, 0.5)
        # Of one column alone nothing else tells how many rows there are.
        text = re.sub(r"\by\b", "x", drawn.text)
        extra = () if drawn.rows else "value_and_grad"
        made = compile(text, inputs="x, a, b", rows="x", with_=extra, proof=False)
        numbers = [0.5, -1.0, 2.0]
        seeds = [1.0] * 3 if drawn.rows else 1.0

        def run(column: Any, made: Compiled = made, seeds: Any = seeds) -> Any:
            value, cache = made.forward(column, 0.75, -0.5)
            return value, made.backward(cache, seeds)

        wanted = flat([run(numbers)[0], *run(numbers)[1]])
        for holder in _HOLDERS:
            if hasattr(holder(numbers), "__len__"):
                value, slopes = run(holder(numbers))
                assert np.allclose(flat([value, *slopes]), wanted, rtol=1e-12)
                continue
            with pytest.raises(TypeError, match="len"):
                run(holder(numbers))


@pytest.mark.parametrize(
    "every", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["some", "all"]
)
def test_what_loops_call_is_shadowed_by_no_name(every: bool) -> None:
    text = "u = x*p\nv = logsumexp(u + q)\nw = mean(u - v)*y + logmeanexp(u)"
    options: dict[str, Any] = {"proof": False}
    roles = ("x", "y", "p", "q", "u", "v")

    def run(text: str, names: list[str]) -> list[float]:
        made = compile(text, inputs=names, rows=names[:2], **options)
        value, cache = made.forward([0.5, -1.0, 2.0], [1.0, 2.0, 0.5], 0.75, 0.25)
        return flat([value, *made.backward(cache, [1.0, 2.0, 3.0])])

    wanted = run(text, ["x", "y", "p", "q"])
    source = compile(text, inputs="x, y, p, q", rows="x, y", **options).source
    called = BUILTINS & {*re.findall(r"\b(\w+)\(", source)}
    assert called >= {"len", "zip"}
    tried = called if every else {"len", "zip"}
    for builtin, role in itertools.product(sorted(tried), roles):
        names = [builtin if name == role else name for name in ("x", "y", "p", "q")]
        assert run(re.sub(rf"\b{role}\b", builtin, text), names) == wanted, (builtin, role)  # fmt: skip


#: Shares of a sum of exponentials over rows, as they may be written, and what makes them of the shares of exp(a*x).
_SHARES: dict[str, Callable[[Any, Any], Any]] = {
    "exp(a*x)/sum(exp(a*x))*y": lambda share, y: share * y,
    "e = exp(a*x); total = sum(e); e/total*y": lambda share, y: share * y,
    "exp(a*x)*y/mean(2*exp(a*x))": lambda share, y: 1.5 * share * y,
    "exp(a*x - log(sum(exp(a*x))))*y": lambda share, y: share * y,
    "sum(y*exp(a*x))/sum(exp(a*x))": lambda share, y: np.sum(share * y),
}


@pytest.mark.parametrize("target", [*HERE, "python", pytest.param("c", marks=needs_cc)])
@pytest.mark.parametrize("text", _SHARES)
def test_shares_have_all_digits_however_large_their_exponents(
    target: str, text: str
) -> None:
    """Three numbers near 0 and the same far off, which are the doubles that they were: the shares are the same."""
    made = compile(text, inputs="x, y, a", rows="x, y", target=target, proof=False)
    near, y = np.array([0.25, -1.5, 3.0]), np.array([1.0, -0.5, 2.0])
    share = np.exp(near) / np.sum(np.exp(near))
    wanted = np.asarray(_SHARES[text](share, y))
    tops = share * (y - np.sum(share * y))  # by a*x, each row's part of sum(share*y)
    native = made.native() if target == "c" else None
    for far in (0.0, 800.0, -800.0, 2.0**30, -(2.0**49)):
        if native:
            value = native.forward(near + far, y, 1.0)
        else:
            value, kept = made.forward(array(target, near + far), array(target, y), 1.0)
        assert np.allclose(np.asarray(value), wanted, rtol=4e-15, atol=0), far
        if native:
            continue
        seeds = 1.0 if wanted.shape == () else array(target, np.ones(3).tolist())
        slopes = [np.asarray(one) for one in made.backward(kept, seeds)]
        scale = np.sum(wanted) / np.sum(share * y)
        assert np.allclose(slopes[0], scale * tops, rtol=4e-15, atol=1e-16), far
    if native and wanted.shape == ():
        found = native.value_and_grad(near - 2.0**30, y, 1.0)
        assert np.allclose(found[1][0], tops, rtol=4e-15, atol=1e-16)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy's own numbers
def test_shares_of_what_is_not_finite_are_those_of_the_formula() -> None:
    texts = ("exp(x)/sum(exp(x))", "sum(exp(x)*x)/sum(exp(x))")
    kinds = (math.inf, -math.inf, math.nan, 0.5, -30.0)
    for text, rows in itertools.product(texts, itertools.product(kinds, repeat=3)):
        plain, arrays = (_made(text, target)(rows) for target in ("python", "numpy"))
        assert np.allclose(plain, arrays, rtol=1e-14, equal_nan=True), rows
        powers = np.exp(rows)
        total = np.sum(powers)
        wanted = powers / total if text.startswith("exp") else np.sum(powers * rows) / total  # fmt: skip
        assert np.allclose(arrays, wanted, rtol=1e-14, equal_nan=True), rows


@cache
def _made(text: str, target: str) -> Callable[[Any], Any]:
    made = compile(text, rows="x", target=target, ieee=target == "python", proof=False)
    return lambda rows: made.forward(np.array(rows))[0]


@pytest.mark.slow
@needs_cc
def test_sums_of_exponentials_of_what_is_not_finite_are_those_of_numpy() -> None:
    kinds = (math.inf, -math.inf, math.nan, 0.5, 800.0, -1e300)
    near = partial(np.allclose, rtol=1e-14, atol=0, equal_nan=True)
    for text in ("logsumexp(x)", "logmeanexp(x)"):
        plain = compile(text, rows="x").forward
        arrays = compile(text, rows="x", target="numpy").forward
        native = compile(text, rows="x").native().forward
        for rows in itertools.product(kinds, repeat=3):
            want, _ = arrays(np.array(rows))
            assert near(native(np.array(rows)), want), rows
            if want == -math.inf:
                with pytest.raises(ValueError, match=r"domain|positive"):
                    plain(rows)  # log(0), as in every plain module
            else:
                assert near(plain(rows)[0], want), rows


@pytest.mark.parametrize(
    "target",
    [
        t if t == "numpy" else pytest.param(t, marks=pytest.mark.slow)
        for t in (*HERE, "c")
    ],
)
def test_what_holds_no_plain_real_numbers_is_refused(target: str) -> None:
    x = np.arange(1.0, 5.0)
    strange = [
        np.ma.array(x, mask=x > 2),
        x + 1j,
        x.astype(object),
        x.astype(str),
        np.array([None] * 4),
        np.arange(4).astype("m8[s]"),
    ]
    for rows, reduce in (("", ""), ("x", "sum")):
        made = compile("a*x", inputs="x, a", rows=rows, reduce=reduce, target="numpy" if target == "c" else target)  # fmt: skip
        if target == "c":
            native = made.native()
            for one in strange:
                assert refused(lambda: native.forward(one, 2.0))  # noqa: B023
            continue
        value, _ = made.forward(array(target, x), 2.0)
        assert np.shape(value) == (() if rows else (4,))
        for place, one in enumerate(strange):
            if target == "torch" and place == 1:
                one = made.module.torch.complex(*[array(target, x)] * 2)
            with pytest.raises((TypeError, ValueError)):
                made.forward(one, 2.0)
            if target == "numpy":
                assert refused(lambda: made.over([one, 2.0], chunk=2))  # noqa: B023


@pytest.mark.parametrize(
    "target",
    ["python", *(pytest.param(t, marks=pytest.mark.slow) for t in ("numpy", "c"))],
)
def test_what_is_simplified_to_one_number_is_no_column(target: str) -> None:
    if target == "c" and not shutil.which("cc"):
        pytest.skip("there is no cc")
    taken = 0
    for text in ("x**0*a", "a if x > 0 else a", "0*x + a", "x*0", "min(x, x)*0 + a", "x - x + a"):  # fmt: skip
        for form in (text, f"sum({text})"):
            given = [array(target, [1.0, 2.0, 3.0]), 2.0]

            def run(form: str = form, given: Any = given) -> Any:
                made = compile(form, inputs="x, a", rows="x", target=target)
                return made.native().forward(*given) if target == "c" else made.forward(*given)[0]  # fmt: skip

            if not refused(run):
                want = 0.0 if text == "x*0" else 2.0
                assert flat([run()]) == ([3 * want] if form != text else [want] * 3)
                taken += 1
    assert taken


def test_expressions_of_sympy_are_added_up_as_their_texts_are() -> None:
    import sympy as sp

    x, y, a, b = sp.symbols("x y a b")
    given = [[0.5, -1.0, 2.0], [1.0, 2.0, 0.5], 0.75, -0.25]
    for expr in ((y - a * sp.exp(-b * x)) ** 2, sp.Max(x, a) / (2 + sp.cos(y)) + b):
        for how in ("sum", "mean"):
            options: dict[str, Any] = {"inputs": INPUTS, "rows": COLUMNS, "reduce": how, "with_": "value_and_grad"}  # fmt: skip
            wanted = compile(str(expr).replace("Max", "max"), **options)
            for proof in (True, False):
                found = compile(expr, proof=proof, **options).module
                same(found.value_and_grad(*given), wanted.module.value_and_grad(*given), str(expr))  # fmt: skip


@pytest.mark.skipif(importlib.util.find_spec("scipy") is None, reason="there is no SciPy")  # fmt: skip
def test_an_objective_may_add_up_rows_itself() -> None:
    from gradgen.adapters import scipy as adapt

    t, y = np.linspace(0.1, 2, 7), np.linspace(2, 0.5, 7)
    options: dict[str, Any] = {"inputs": "t, y, a, b", "rows": "t, y"}
    text = "(y - a*exp(-b*t))**2"
    wanted = adapt.objective(compile(text, inputs="t, y, a, b"), t=t, y=y)([1.5, 0.75])
    for form, reduce in ((text, ""), (text, "sum"), (f"sum({text})", "")):
        made = compile(form, reduce=reduce, **options)
        found = adapt.objective(made, t=t, y=y)([1.5, 0.75])
        assert math.isclose(found[0], wanted[0], rel_tol=1e-13)
        assert np.allclose(found[1], wanted[1], rtol=1e-12)
    spread = adapt.objective(made, t=t, y=0.5)([1.5, 0.75])
    assert spread[0] == adapt.objective(made, t=t, y=np.full(7, 0.5))([1.5, 0.75])[0]
    for given in ({"t": t}, {"t": t, "y": y[:3]}, {"t": t, "y": y, "a": y}):
        assert refused(lambda: adapt.objective(made, **given))  # noqa: B023
    assert refused(lambda: adapt.residuals(made, t=t, y=y))


#: What is made of values of rows by a number that all of them make.
_NORMED = ("{0}/mean({0})", "{0}/(2 + sum({0}**2))", "({0} - mean({0}))/sqrt(1 + mean(({0} - mean({0}))**2))", "exp({0})/sum(exp({0}))*{0}", "({0}/(3 + logsumexp({0})))**2")  # fmt: skip


@pytest.mark.parametrize(
    ("target", "count"),
    [
        ("python", 5),
        pytest.param("python", 150, marks=pytest.mark.slow),
        pytest.param("c", 30, marks=[pytest.mark.slow, needs_cc]),
    ],
)
def test_what_rows_have_is_divided_by_what_they_share(target: str, count: int) -> None:
    """A quotient's gradient is read before it grows: by its denominator, which all rows make."""
    parted = 0
    for seed in range(count):
        rnd = random.Random(seed)
        drawn = Drawn(rnd, rnd.randint(1, 2), 0.3)
        norm = _NORMED[seed % len(_NORMED)]
        inner = drawn.result if drawn.rows and seed >= len(_NORMED) else "y"
        text = f"{drawn.text}\nv = {norm.format(inner)}"
        reduce = "sum" if target == "c" else rnd.choice(("", "sum", "mean"))
        options: dict[str, Any] = {"inputs": INPUTS, "rows": COLUMNS, "reduce": reduce, "proof": False}  # fmt: skip
        made = compile(text, target=target, **options)
        arrays = compile(text, target="numpy", **options)
        parted += "_part" in made.source
        columns = np.random.default_rng(seed).uniform(0.5, 2, (2, 300))
        given = [*columns, rnd.uniform(-2, 2), rnd.uniform(-2, 2)]
        if target == "c":
            same(made.native().value_and_grad(*given), arrays.value_and_grad(*given), text)  # fmt: skip
            continue
        seeds = 1.5 if reduce else columns[1]
        value, cache = arrays.forward(*given)
        wanted = value, arrays.backward(cache, seeds)
        value, cache = made.forward(*(array("python", x) for x in given))
        same((value, made.backward(cache, seeds)), wanted, text)
    assert parted


def test_columns_have_any_name() -> None:
    for name in ("_", "_x", "x_", "x__", "x__0__", "x_i", "rows", "lambda_"):
        made = compile(f"sum({name}*a)/mean({name})", rows=name)
        assert not made.unproven and made.program.inputs[-1] in (name, "a")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy's own numbers
@pytest.mark.parametrize(
    "kinds",
    [
        (math.inf, math.nan, 0.0, 1e308),
        pytest.param((math.inf, -math.inf, math.nan, -math.nan, 0.0, -0.0, 1e308, -1e308, 800.0, 0.5), marks=pytest.mark.slow),
    ],
    ids=["some", "many"],
)  # fmt: skip
def test_loops_that_never_raise_are_those_of_numpy(kinds: tuple[float, ...]) -> None:
    texts = ("sum(a*x)", "mean(x/a)", "logsumexp(x*a)", "logmeanexp(x) + a", "x/mean(x)*a", "exp(x)*sqrt(sum(x))*a", "exp(x)/sum(exp(x))*a")  # fmt: skip
    for text in texts:
        options: dict[str, Any] = {"inputs": "x, a", "rows": "x", "proof": False}
        plain = compile(text, ieee=True, **options)
        arrays = compile(text, target="numpy", **options)
        for *rows, a in itertools.product(kinds, repeat=3):
            value, cache = arrays.forward(np.array(rows), a)
            wanted = [value, *arrays.backward(cache, np.ones_like(value))]
            for column in (rows, np.array(rows)):
                value, cache = plain.forward(column, a)
                seeds = [1.0, 1.0] if isinstance(value, list) else 1.0
                found = [value, *plain.backward(cache, seeds)]
                assert np.allclose(flat(found), flat(wanted), rtol=1e-12, equal_nan=True), (text, rows, a)  # fmt: skip
        value, cache = plain.forward([], 2.0)
        plain.backward(cache, value if value == [] else 1.0)
