"""What adapters hand over, in the real libraries: fits and roots are found, and values and slopes are those of the plain module."""

from __future__ import annotations

import pickle
import random
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from tests.pages import blocks, page
from tests.test_nist import FILES, read

np = pytest.importorskip("numpy")
pytest.importorskip("scipy")

LIBRARIES = {"numpy", "scipy", "lmfit", "astropy", "torch", "jax", "pytensor", "casadi"}
NAMES = ("t", "a", "s", "k", "c")
PROGRAM = "u = a*exp(-k*t) + c*s; v = k*sin(t) - a/s"


@cache
def decay(wrt: str | None = None) -> Compiled:
    """Return the formula that most tests fit."""
    return compile("a*exp(-k*t) + c", name="level", inputs="t, a, k, c", wrt=wrt)


def noisy(count: int = 200) -> tuple[Any, Any, Any]:
    """Return times, levels of a = 2, k = 0.3, c = 0.5 with noise, and weights."""
    rng = np.random.default_rng(1)
    t = np.linspace(0, 10, count)
    noise = 0.01 * rng.normal(size=count)
    return t, 2 * np.exp(-0.3 * t) + 0.5 + noise, rng.uniform(0.5, 2, count)


def test_no_library_is_imported_unasked() -> None:
    rooms = "gradgen.adapters, gradgen.adapters.given, gradgen.pipeline"
    code = f"import sys, gradgen, {rooms}; print(*{LIBRARIES} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.split() == []


def test_names_that_do_not_fit_are_said_in_one_line() -> None:
    from gradgen.adapters import scipy as adapt

    t, y, _ = noisy()
    several = compile("u = x - k; v = x*y", outputs="u, v", inputs="x, y, k")
    slopes = decay(wrt="k, a")
    ma: Any = np.ma
    mean = compile("a*t", target="numpy", reduce="mean")
    wrong: dict[Any, str] = {
        lambda: adapt.objective(
            decay(), T=t
        ): "no input is called `T`; the inputs are t, a, k, c",
        lambda: adapt.objective(slopes, t=t): "`c` has no value",
        lambda: adapt.objective(slopes, t=t, c=1, a=1, k=1): "every input is given",
        lambda: adapt.objective(several, k=1.0): "one result, and there are u, v",
        lambda: adapt.objective(decay(), t=None): "given as None",
        lambda: adapt.objective(decay(), t="5"): "not made of real numbers",
        lambda: adapt.objective(decay(), t=ma.masked_less(t, 1)): "a mask or a unit",
        lambda: adapt.objective(decay(), t=t, c=y[:, None]): "columns have one shape",
        lambda: adapt.objective(decay(), t=t)([1.0, 2.0]): "has the shape (2,)",
        lambda: adapt.objective(decay(), t=t)([1.0, 2j, 1]): "not made of real numbers",
        lambda: adapt.model(decay(), "t", t=t): "`t` is given twice",
        lambda: adapt.model(decay(), "x"): "no input is called `x`",
        lambda: adapt.model(decay(), "t, c")[0](
            [t, y[:, None]], 1, 2
        ): "columns have one shape",
        lambda: adapt.model(decay(), "t, c")[0](
            [t, t, t], 1, 2
        ): "3 rows of data for the columns t, c",
        lambda: adapt.residuals(mean, t=t): "a jacobian is of each element",
        lambda: adapt.system(several): "2 equations (u, v) for 3 unknowns (x, y, k)",
        lambda: adapt.system(several, k=t): "`k` is a column",
    }
    for call, said in wrong.items():
        with pytest.raises(GradgenError) as caught:
            call()
        assert said in str(caught.value) and "\n" not in str(caught.value)


def rows_of(
    compiled: Compiled, order: Sequence[str], given: Mapping[str, Any], count: int
) -> tuple[Any, Any]:
    """Return values and slopes by inputs in an order, of the plain module: (results, rows) and (results, rows, order)."""
    names = compiled.program.inputs
    values, slopes = [], []
    for row in range(count):
        point = [float(np.broadcast_to(given[name], count)[row]) for name in names]
        value, by = compiled(*point), dict(zip(names, zip(*compiled.jacobian(*point))))
        values.append(value)
        slopes.append(np.transpose([by[name] for name in order]))
    return np.transpose(values), np.swapaxes(slopes, 0, 1)


def test_values_and_slopes_are_those_of_the_plain_module_in_any_order() -> None:
    from gradgen.adapters import scipy as adapt

    rnd = random.Random(5)
    plain = compile(PROGRAM, inputs=NAMES, outputs="u, v")
    for target in ("python", "numpy", "c", "python", "python", "scipy"):
        names = rnd.sample(NAMES, 5)
        columns = names[: rnd.randint(1, 2)]
        fixed = names[2 : rnd.randint(2, 3)]
        left = [name for name in names if name not in (*columns, *fixed)]
        wrt = rnd.choice([None, left, [*columns, *left], [*left, *fixed]])
        options: dict[str, Any] = {"inputs": NAMES, "wrt": wrt, "target": target}
        order = left if wrt else [name for name in NAMES if name in left]
        data = {name: np.array([rnd.uniform(0.5, 2) for _ in range(4)]) for name in columns}  # fmt: skip
        numbers = {name: rnd.uniform(0.5, 2) for name in fixed}
        x = [rnd.uniform(0.5, 2) for _ in order]
        point = {**data, **numbers, **dict(zip(order, x))}
        values, slopes = rows_of(plain, order, point, 4)

        both = compile(PROGRAM, outputs="u, v", **options)
        fun, jac = adapt.residuals(both, **data, **numbers)
        assert np.allclose(fun(x), values.ravel(), rtol=1e-13)
        assert np.allclose(jac(x), slopes.reshape(8, -1), rtol=1e-13, atol=1e-15)
        one = compile(PROGRAM, outputs="u", **options)
        total, gradient = adapt.objective(one, **data, **numbers)(x)
        assert np.isclose(total, values[0].sum(), rtol=1e-13)
        assert np.allclose(gradient, slopes[0].sum(0), rtol=1e-13, atol=1e-15)
        f, by = adapt.model(one, columns, **numbers)
        given = [*data.values()] if len(columns) > 1 else data[columns[0]]
        assert np.allclose(f(given, *x), values[0], rtol=1e-13)
        assert np.allclose(by(given, *x), slopes[0], rtol=1e-13, atol=1e-15)


def test_scipy_fits_and_finds_roots() -> None:
    from scipy import optimize

    from gradgen.adapters import scipy as adapt

    t, y, w = noisy()
    f, jac = adapt.model(decay(), "t")
    x0, truth = [1, 1, 0], [2, 0.3, 0.5]
    wanted, spread = optimize.curve_fit(f, t, y, x0, sigma=1 / w)
    found, cov = optimize.curve_fit(f, t, y, sigma=1 / w, jac=jac)  # x0 is 1 for each
    assert np.allclose(found, wanted, rtol=1e-6) and np.allclose(found, truth, rtol=0.02)  # fmt: skip
    assert np.allclose(cov, spread, rtol=1e-3)

    apart = compile("(a*exp(-k*t) + c - y)", inputs="t, y, a, k, c")
    fun, jac = adapt.residuals(apart, t=t, y=y)
    least = optimize.least_squares(fun, x0, jac=jac, bounds=([0, 0, 0], 5))
    square = compile("(a*exp(-k*t) + c - y)**2", inputs="t, y, a, k, c")
    both = adapt.objective(square, t=t, y=y)
    least_too = optimize.minimize(both, x0, jac=True, tol=1e-9)
    assert np.allclose(least.x, least_too.x, rtol=1e-5)
    again = pickle.loads(pickle.dumps(both))  # as workers are handed it
    assert again(x0)[0] == both(x0)[0]

    rest = compile("a*exp(-k*t) + c", inputs="t, k, a, c", wrt="a, k", defaults={"c": 0.5})  # fmt: skip
    f, jac = adapt.model(rest, "t")  # c has its default, as no list names it
    found, _ = optimize.curve_fit(f, t, y, jac=jac)
    assert np.allclose(found, truth[:2], rtol=0.02)

    mean = compile(square.recipe.source, inputs="t, y, a, k, c", target="numpy", reduce="mean")  # fmt: skip
    value, slopes = adapt.objective(mean, t=t, y=y)(x0)
    assert np.isclose(value * 200, both(x0)[0], rtol=1e-13)
    assert np.allclose(slopes * 200, both(x0)[1], rtol=1e-13)

    circle = compile("u = x**2 + y**2 - r; v = x - y", outputs="u, v", inputs="x, y, r")
    fun, jac = adapt.system(circle, r=8)
    assert np.allclose(optimize.root(fun, [3, 1], jac=jac).x, [2, 2], rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_certified_parameters_are_found(path: Path) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    lmfit = pytest.importorskip("lmfit")
    from gradgen.adapters import lmfit as lmfits
    from gradgen.adapters import scipy as adapt

    problem = read(path)
    data = dict(zip(problem.columns, np.transpose(problem.rows)))
    strict = dict.fromkeys(("xtol", "ftol", "gtol"), 1e-15)
    fun, jac = adapt.residuals(problem.residual(ieee=False), **data)
    start = problem.starts[1]
    found = optimize.least_squares(fun, start, jac, x_scale="jac", max_nfev=5000, **strict).x  # fmt: skip
    assert found == pytest.approx(problem.certified, rel=1e-6)

    params = [f"b{place + 1}" for place in range(len(start))]
    x = [name for name in problem.columns if name != "y"]
    model, dfun = lmfits.model(compile(problem.model, inputs=(*x, *params)), x)
    y = np.log(data.pop("y")) if problem.response == "log(y)" else data.pop("y")
    fit = model.fit(y, lmfit.create_params(**dict(zip(params, start))), **data, fit_kws={"Dfun": dfun, **strict})  # fmt: skip
    assert [fit.best_values[name] for name in params] == pytest.approx(problem.certified, rel=1e-6)  # fmt: skip


@pytest.mark.parametrize("method", ["leastsq", "least_squares"])
def test_lmfit_fits_with_weights_bounds_and_fixed_parameters(method: str) -> None:
    pytest.importorskip("lmfit")
    from gradgen.adapters import lmfit as adapt

    t, y, w = noisy()
    model, dfun = adapt.model(decay(wrt="k, a, c"), "t")
    model.prefix = "p_"
    slopes = {"Dfun": dfun}
    for bounds in (
        {},
        {"p_c": {"value": 0.4, "min": 0.1, "max": 0.6}, "p_k": {"value": 1, "min": 0}},
        {"p_c": {"value": 0.52, "vary": False}},
        {"p_a": {"value": 1, "max": 1.9}},
    ):
        start: dict[str, Any] = {"p_a": 1, "p_k": 1, "p_c": 0, **bounds}
        params = model.make_params(**start)
        wanted = model.fit(y, params, t=t, weights=w, method=method)
        found = model.fit(y, params, t=t, weights=w, method=method, fit_kws=slopes)
        assert found.nfev < wanted.nfev or method == "least_squares"
        for name, one in found.params.items():
            other = wanted.params[name]
            assert np.isclose(one.value, other.value, rtol=1e-5)
            if (
                bounds.get("p_a") is None and one.vary
            ):  # at a bound lmfit tells no error
                assert np.isclose(one.stderr, other.stderr, rtol=1e-3)
    params = model.make_params(p_a=1, p_k=1, p_c={"expr": "p_a/4"})
    with pytest.raises(GradgenError, match="`p_c` is not known"):
        model.fit(y, params, t=t, method=method, fit_kws=slopes)
    other, _ = adapt.model(decay(), "t")
    params = (model + other).make_params(p_a=1, p_k=1, p_c=0, a=1, k=2, c=0)
    with pytest.raises(GradgenError, match="another model"):
        (model + other).fit(y, params, t=t, method=method, fit_kws=slopes)


def test_astropy_fits_with_weights_bounds_and_fixed_parameters() -> None:
    pytest.importorskip("astropy")
    from astropy import units
    from astropy.modeling import fitting

    from gradgen.adapters import astropy as adapt

    t, y, w = noisy()
    level = adapt.model(decay(wrt="k, a, c"), "t")
    for fitter in (fitting.LevMarLSQFitter, fitting.TRFLSQFitter):
        # LevMar cuts parameters off at bounds, which exact slopes do not show.
        most = 3 if fitter is fitting.LevMarLSQFitter else 1.9
        for options in ({}, {"fixed": {"c": True}}, {"bounds": {"a": (0, most)}}):
            start = level(a=1.5, k=1, c=0.4, **options)
            found = fitter()(start, t, y, weights=w)
            wanted = fitter()(start, t, y, weights=w, estimate_jacobian=True)
            assert np.allclose(found.parameters, wanted.parameters, rtol=1e-4)
    assert level(a=[1, 2], k=[1, 1], c=[0, 0], n_models=2)(0.0).tolist() == [1, 2]
    tied = level(a=1, k=1, c=1, tied={"a": lambda m: 4 * m.c.value})
    with pytest.raises(GradgenError, match="estimate_jacobian=True"):
        fitting.LevMarLSQFitter()(tied, t, y)
    with pytest.raises(GradgenError, match="a mask or a unit"):
        level(a=1, k=1, c=1)(t * units.s)
    with pytest.raises(GradgenError, match="something else called `name`"):
        adapt.model(compile("x*name", inputs="x, name"), "x")

    plane = adapt.model(compile("p*x + exp(q*y)", inputs="x, y, p, q"), "x, y")
    x, y = np.mgrid[:3, :4] / 4
    fitted = fitting.LevMarLSQFitter()(plane(p=1, q=1), x, y, 3 * x + np.exp(0.5 * y))
    assert np.allclose(fitted.parameters, [0.5, 3] if fitted.param_names[0] == "q" else [3, 0.5])  # fmt: skip


def test_torch_differentiates_once_and_says_so() -> None:
    torch = pytest.importorskip("torch")
    from gradgen.adapters import torch as adapt

    def tensor(*numbers: Any, grad: bool = True) -> Any:
        return torch.tensor(*numbers, dtype=torch.float64, requires_grad=grad)

    check = torch.autograd.gradcheck
    two = adapt.function(compile(PROGRAM, inputs=NAMES, outputs="u, v", wrt="k, t"))
    t, a = tensor([[0.1], [2.0]]), tensor([1.0, 2.0, 3.0])
    assert check(two, (t, a, tensor(1.5), tensor(0.5), tensor([0.3])))
    assert check(two, (t.detach(), a, 1.5, 2, tensor([0.3])))
    assert check(lambda x: two(x, x, x, x, x), (tensor([0.5, 1.5]),))
    assert check(adapt.function(compile("x")), (tensor([0.5]),))
    mean = compile("p*q + sin(q)", target="torch", reduce="mean")
    assert check(adapt.function(mean), (t, a))
    level = adapt.function(decay(), t=t.detach(), c=0.25)
    assert check(level, (a, tensor(0.5)))
    half = level(a.float().detach().requires_grad_(), 0.5)
    assert half.dtype == torch.float64  # which the data are
    with pytest.raises(GradgenError, match="`t` requires a gradient"):
        adapt.function(decay(), t=t)
    with pytest.raises(GradgenError, match="3 values for a, k"):
        level(a, 1.0, 2.0)
    with pytest.raises(GradgenError, match="PyTorch"):
        adapt.function(compile("besselj(1, x)", target="scipy"))

    k = tensor(0.5)
    (slope,) = torch.autograd.grad(level(a, k).sum(), k, create_graph=True)
    for loss in (slope, slope * slope, slope + k * k):
        with pytest.raises(RuntimeError, match="no second derivative"):
            torch.autograd.grad(loss, k, retain_graph=True)
        with pytest.raises(RuntimeError, match="no second derivative"):
            loss.backward(retain_graph=True)


@pytest.mark.slow
def test_torch_differentiates_between_the_graphs_of_its_compiler() -> None:
    torch = pytest.importorskip("torch")
    from gradgen.adapters import torch as adapt

    level = adapt.function(decay(), t=torch.linspace(0, 3, 4), c=0.25)
    a, k = torch.tensor([[1.5, 0.5]], dtype=torch.float64, requires_grad=True).T
    traced = torch.compile(lambda a, k: (level(a, k) ** 2).sum(), backend="eager")
    assert torch.autograd.gradcheck(traced, (a, k))


def test_jax_differentiates_under_jit_and_vmap() -> None:
    jax = pytest.importorskip("jax")
    from jax.test_util import check_grads

    from gradgen.adapters import jax as adapt

    jax.config.update("jax_enable_x64", True)
    plain = compile(PROGRAM, inputs=NAMES, outputs="u, v", wrt="k, t")
    two = adapt.function(plain)
    inputs = (np.array([[0.1], [2.0]]), np.array([1.0, 2.0, 3.0]), 1.5, 0.5, np.array([0.3]))  # fmt: skip
    check_grads(jax.jit(two), inputs, order=1, modes=["rev"])
    mean = adapt.function(compile("p*q + sin(q)", target="jax", reduce="mean"))
    check_grads(mean, inputs[:2], order=1, modes=["rev"])
    level = adapt.function(decay(), c=0.25)
    slopes = jax.jit(jax.vmap(jax.grad(level, argnums=(0, 1, 2)), (0, None, 0)))
    t, k = np.array([0.5, 1.0, 2]), np.array([0.1, 0.2, 0.3])
    wanted = [decay().jacobian(at, 2, by, 0.25)[0][:3] for at, by in zip(t, k)]
    assert np.allclose(np.transpose(slopes(t, 2.0, k)), wanted, rtol=1e-14)
    # By k twice: a*t**2*exp(-k*t).
    twice = jax.grad(jax.grad(level, 2), 2)(3, 2.0, 0.5)
    assert np.isclose(twice, 18 * np.exp(-1.5), rtol=1e-14)
    with pytest.raises(TypeError, match="forward-mode"):
        jax.jacfwd(level)(1.0, 2.0, 3.0)
    with pytest.raises(GradgenError, match="2 values for t, a, k"):
        level(1.0, 2.0)
    with pytest.raises(GradgenError, match="`c` is traced"):
        jax.grad(lambda c: adapt.function(decay(), c=c)(1.0, 2.0, 3.0))(1.0)


def test_pytensor_differentiates() -> None:
    pytensor = pytest.importorskip("pytensor")
    import pytensor.tensor as pt
    from pytensor.gradient import verify_grad

    from gradgen.adapters import pytensor as adapt

    t = np.array([0.5, 1.0, 2.0])
    level = adapt.function(decay(wrt="k"), t=t)
    rng = np.random.default_rng(1)
    verify_grad(level, [np.array(2.0), np.array(0.3), np.ones(3)], rng=rng)
    verify_grad(level, [np.ones((2, 1)), np.array(0.3), np.ones(3)], rng=rng)
    mean = adapt.function(compile("p*q + sin(q)", target="numpy", reduce="mean"))
    verify_grad(mean, [np.ones((2, 1)), np.ones(3)], rng=rng)
    a, k = pt.dscalars("a", "k")
    u, _ = adapt.function(compile("u = a*k; v = a - k", outputs="u, v"))(a, k)
    assert pytensor.function([a, k], pytensor.grad(u, [a, k]))(3.0, 2.0) == [2, 3]
    (slope,) = pytensor.grad(level(a, k, 0.5).sum(), [a])
    with pytest.raises(NotImplementedError):
        pytensor.grad(slope, k)
    with pytest.raises(GradgenError, match="2 values for a, k, c"):
        level(a, k)
    again = pickle.loads(pickle.dumps(level))  # as workers are handed it
    assert again(a, k, 0.5).eval({a: 2, k: 0}).tolist() == [2.5, 2.5, 2.5]


@pytest.mark.slow
def test_pytensor_keeps_columns() -> None:
    pytest.importorskip("pytensor")
    import pytensor.tensor as pt
    from pytensor.gradient import verify_grad

    from gradgen.adapters import pytensor as adapt

    t, y = np.array([0.5, 1.0, 2.0]), np.array([2.0, 1.5, 1.0])
    rng = np.random.default_rng(1)
    text = "(y - a*exp(-b*t))**2"
    options: dict[str, Any] = {"inputs": "t, y, a, b", "rows": "t, y"}
    for form, reduce in ((text, ""), (text, "sum"), (f"log(sum(exp({text})))", "")):
        fitted = adapt.function(compile(form, reduce=reduce, **options), t=t, y=y)
        verify_grad(fitted, [np.array(2.0), np.array(0.3)], rng=rng)
        loose = adapt.function(compile(form, reduce=reduce, **options))
        verify_grad(loose, [t, y, np.array(2.0), np.array(0.3)], rng=rng)
        assert loose(*map(pt.as_tensor, (t, y, 2.0, 0.3))).ndim == (
            form == text and not reduce
        )
        crossed = loose(*map(pt.as_tensor, (t, y[:, None], 2.0, 0.3)))
        with pytest.raises(ValueError, match="one shape"):
            crossed.eval()
    both = adapt.function(compile("u = a*t; v = sum(y)", outputs="u, v", **options))
    u, v = both(*map(pt.as_tensor, (t, y, 2.0, 0.3)))
    assert u.ndim == 1 and v.ndim == 0 and v.eval() == 4.5


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_model_of_pymc_samples() -> None:
    pm = pytest.importorskip("pymc")
    from gradgen.adapters import pytensor as adapt

    t, y, _ = noisy(50)
    level = adapt.function(decay(), t=t)
    with pm.Model():
        a, k = pm.HalfNormal("a", 5), pm.HalfNormal("k", 1)
        pm.Normal("y", level(a, k, pm.Normal("c")), 0.01, observed=y)
        trace = pm.sample(300, tune=500, chains=1, cores=1, progressbar=False, random_seed=1)  # fmt: skip
    for name, truth in {"a": 2, "k": 0.3, "c": 0.5}.items():
        draws = trace.posterior[name].values
        assert abs(draws.mean() - truth) < 4 * draws.std() < 0.1


def test_casadi_has_the_jacobian() -> None:
    ca = pytest.importorskip("casadi")
    from gradgen.adapters import casadi as adapt

    level = adapt.function(decay(wrt="k"), c=0.5)
    x = ca.MX.sym("x", 3)
    slopes = ca.Function("slopes", [x], [ca.jacobian(level(x[0], x[1], x[2]), x)])
    point = (1.5, 2.0, 0.3)
    assert float(level(*point)) == decay()(*point, 0.5)
    wanted = decay().jacobian(*point, 0.5)[0][:3]
    assert np.allclose(slopes(point).full().ravel(), wanted, rtol=1e-15)
    other = adapt.function(compile("sigmoid(t)", name="level"))  # of the same name
    assert float(other(0)) == 0.5 and float(level(*point)) == decay()(*point, 0.5)

    valley = adapt.function(compile("(1 - x)**2 + 100*(y - x**2)**2"))
    v = ca.MX.sym("v", 2)
    options = {"ipopt.hessian_approximation": "limited-memory", "ipopt.print_level": 0, "ipopt.sb": "yes", "print_time": 0}  # fmt: skip
    problem = {"x": v, "f": valley(v[0], v[1])}
    least = ca.nlpsol("least", "ipopt", problem, options)(x0=[-1.2, 1])
    assert np.allclose(least["x"].full().ravel(), [1, 1], rtol=1e-6)
    with pytest.raises(RuntimeError, match="Derivatives cannot be calculated"):
        ca.Function("h", [v], [ca.hessian(valley(v[0], v[1]), v)[0]])
    column: Any = [1.0, 2.0]
    with pytest.raises(GradgenError, match="`c` is no finite number"):
        adapt.function(decay(), c=column)


def worked(about: str, folder: Path) -> dict[str, Any]:
    """Run the example of the page that speaks of something, and return its names."""
    (code,) = [body for language, body in blocks(page("optimisers")) if language == "python" and about in body]  # fmt: skip
    file = folder / "example.py"
    file.write_text(code, "utf-8")
    return runpy.run_path(str(file))


def test_the_pages_dose_response_curve_is_fitted(tmp_path: Path) -> None:
    from scipy.optimize import curve_fit

    found = worked("curve_fit", tmp_path)  # which prints the times, with and without
    errors = np.sqrt(np.diag(found["covariance"]))
    assert (abs(found["fitted"] - [5, 95, 1.2, 0.7]) < 3 * errors).all()
    assert np.allclose(found["fitted"], [4.86, 94.8, 1.197, 0.706], rtol=1e-3)
    data = (found["f"], found["logdose"], found["response"], found["p0"])
    assert curve_fit(*data, jac=found["jac"], full_output=True)[2]["nfev"] < 9
    assert curve_fit(*data, full_output=True)[2]["nfev"] > 20


@pytest.mark.slow
def test_the_pages_likelihood_of_a_million_rows_is_maximal(tmp_path: Path) -> None:
    from scipy import stats

    fit = worked("weibull", tmp_path)["fit"]
    assert fit.success and fit.nfev < 13
    assert np.allclose(fit.x, [1.5014, 1.0976], atol=6e-5)
    lifetimes = 3 * np.random.default_rng(1).weibull(1.5, 1_000_000)
    shape, _, scale = stats.weibull_min.fit(lifetimes, floc=0)
    assert np.allclose(fit.x, [shape, np.log(scale)], rtol=1e-5)


def test_the_pages_loss_trains_in_pytorch(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    weight = worked("torch", tmp_path)["layer"].weight.detach().numpy()
    assert weight.dtype == np.float32
    assert np.allclose(weight, [[1, -2, 0.5]], atol=0.005)


@pytest.mark.parametrize("seeds", [range(40), pytest.param(range(40, 1000), marks=pytest.mark.slow)])  # fmt: skip
def test_from_wherever_a_loss_is_minimised_its_minimum_is_reached_or_not_claimed(
    seeds: Sequence[int],
) -> None:
    """Whatever its data are measured in; the truth is that of linear least squares."""
    np = pytest.importorskip("numpy")
    pytest.importorskip("scipy")
    from gradgen.adapters.scipy import minimum

    claimed = 0
    for seed in seeds:
        rnd = np.random.default_rng(seed)
        count, unit = int(rnd.integers(3, 30)), 10.0 ** rnd.uniform(-9, 9)
        size = (1.0, 1e-9, 1e9)[seed % 3]
        x = rnd.uniform(-1, 1, count)
        y = unit * (1.5 * x + 0.2 + 0.3 * rnd.normal(size=count))
        left = np.stack([x, np.ones(count)], 1) * 10.0 ** rnd.uniform(-5, 5, 2)
        truth = np.linalg.lstsq(left, y, rcond=None)[0]

        def loss(at: Any, left: Any = left, y: Any = y, size: float = size) -> Any:
            rest = left @ at - y
            return size * (rest @ rest) / len(y), size * 2 * (left.T @ rest) / len(y)

        least = loss(truth)[0]
        starts = np.zeros(2), np.ones(2), truth * rnd.uniform(-3, 3, 2), np.array([0.1, 1.0])  # fmt: skip
        end, value, stopped = minimum(loss, starts[seed // 3 % 4], 1e-6)
        if not stopped:
            claimed += 1
            assert value <= least * (1 + 1e-6), seed
            errors = np.sqrt(np.diag(np.linalg.inv(left.T @ left)) * least / size)
            assert (np.abs(end - truth) <= 1e-3 * (np.abs(truth) + errors)).all(), seed
    assert claimed > 0.9 * len(seeds)
