"""A function in; what other tools make of its value and gradient out, of those that are installed and can."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gradgen.loading import load
from tests.benchmarks.functions import FUNCTIONS, INPUTS, POINTS


def _symbolic(key: str, m: Any, symbol: Callable[[str], Any]) -> tuple[list[Any], Any]:
    """Return the symbols of a function's inputs, and the function of them."""
    symbols = [symbol(name) for name in INPUTS[key]]
    return symbols, FUNCTIONS[key](m, *symbols)


def lambdify(key: str) -> Any:
    import sympy

    symbols, f = _symbolic(key, sympy, sympy.Symbol)
    gradient = [sympy.diff(f, x) for x in symbols]
    return sympy.lambdify(symbols, [f, *gradient], "math", cse=True)


def symforce(key: str) -> Any:
    import symforce.symbolic as sf
    from symforce import codegen
    from symforce.values import Values

    symbols, f = _symbolic(key, sf, sf.Symbol)
    names = [f"out{i}" for i in range(len(symbols) + 1)]
    results = Values(zip(names, [f, *(f.diff(x) for x in symbols)]))
    config = codegen.PythonConfig(use_eigen_types=False)
    inputs = Values(zip(INPUTS[key], symbols))
    with tempfile.TemporaryDirectory() as folder:
        made = codegen.Codegen(inputs, results, config, name="made").generate_function(
            output_dir=folder
        )
        text = Path(made.function_dir, "made.py").read_text("utf-8")
    # The text imports a package for types of geometry, which it does not use here.
    return load(text.replace("import sym\n", "")).made


def wrenfold(key: str) -> Any:
    from wrenfold import code_generation as codegen
    from wrenfold import sym
    from wrenfold.type_annotations import FloatScalar

    def function(**symbols: Any) -> Any:
        f = FUNCTIONS[key](sym, *symbols.values())
        gradient = sym.vector(*(f.diff(x) for x in symbols.values()))
        return [codegen.ReturnValue(f), codegen.OutputArg(gradient, name="gradient")]

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, kind) for name in INPUTS[key]]
    )
    function.__annotations__ = dict.fromkeys(INPUTS[key], FloatScalar)
    text = codegen.generate_function(function, generator=codegen.PythonGenerator())
    return load(f"import numpy as np\n{text}").function


def casadi(key: str) -> Any:
    import casadi

    symbols, f = _symbolic(key, casadi, casadi.SX.sym)
    gradient = casadi.gradient(f, casadi.vertcat(*symbols))
    return casadi.Function("made", symbols, [f, gradient])


def autograd(key: str) -> Any:
    from autograd import numpy, scipy, value_and_grad

    m = SimpleNamespace(**{**vars(numpy), "erf": scipy.special.erf})
    places = tuple(range(len(INPUTS[key])))
    return value_and_grad(lambda *x: FUNCTIONS[key](m, *x), places)


def jax(key: str) -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    m = SimpleNamespace(**{**vars(jax.numpy), "erf": jax.scipy.special.erf})
    places = tuple(range(len(INPUTS[key])))
    both = jax.jit(jax.value_and_grad(lambda *x: FUNCTIONS[key](m, *x), places))
    return lambda *point: jax.block_until_ready(both(*point))


def torch(key: str) -> Any:
    import torch

    def both(*point: float) -> Any:
        kind = {"dtype": torch.float64, "requires_grad": True}
        inputs = [torch.tensor(x, **kind) for x in point]
        f = FUNCTIONS[key](torch, *inputs)
        f.backward()
        return f, [x.grad for x in inputs]

    return both


def numba(made: Any) -> Any:
    """Return a function compiled; numba knows no gradients, so it is one of gradgen's."""
    import numba

    return numba.njit(made)


#: By distribution, what it is called in the table and what makes its function.
PEERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "sympy": ("SymPy `lambdify`, `cse=True`", lambdify),
    "symforce": ("SymForce, its Python", symforce),
    "wrenfold": ("wrenfold, its Python", wrenfold),
    "casadi": ("CasADi `Function`", casadi),
    "jax": ("JAX `jit(value_and_grad)`", jax),
    "autograd": ("autograd", autograd),
    "torch": ("PyTorch", torch),
}


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def versions(names: Iterable[str]) -> list[str]:
    return [f"{name} {version(name)}" for name in names if installed(name)]


def made(name: str, key: str) -> Any:
    """Return a peer's function, None where the peer is not installed or cannot make it."""
    if not installed(name):
        return None
    try:
        found = PEERS[name][1](key)
        found(*POINTS[key])
    except Exception as error:  # noqa: BLE001 - each peer has its own
        print(f"{name} has no {key}: {error!s:.80}".splitlines()[0], file=sys.stderr)
        return None
    return found


def numbers(found: Any) -> list[float]:
    """Return value and gradient as plain numbers, whatever a peer puts them into."""
    if isinstance(found, (tuple, list)):
        return [number for part in found for number in numbers(part)]
    if hasattr(found, "full"):
        found = found.full()
    if hasattr(found, "detach"):
        found = found.detach()
    return [*map(float, found.ravel())] if getattr(found, "ndim", 0) else [float(found)]
