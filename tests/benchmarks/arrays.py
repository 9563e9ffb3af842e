"""A function in; what value and gradient over arrays of a million points take, by gradgen and by tools that are installed, out."""

from __future__ import annotations

import contextlib
import ctypes
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from gradgen import compile as compile_formula
from gradgen.files.library import library
from gradgen.native import new_rows
from tests.benchmarks import peers
from tests.benchmarks.clock import Ratio, ratio
from tests.benchmarks.functions import FUNCTIONS, INPUTS, POINTS, SOURCES

#: Whose inputs make sense as columns.
KEYS = ("F1", "F3", "F6")
SIZE = 1_000_000
#: What the others are compared with: the same arrays read and written.
FLOOR = "the same arrays read and written, no arithmetic"
_CHUNK = 16_384
Made = Callable[[], Any]


def columns(key: str, size: int) -> list[Any]:
    """Return inputs near the function's ordinary point."""
    import numpy as np

    draw = np.random.default_rng(1)
    return [x * draw.uniform(0.95, 1.05, size) for x in POINTS[key]]


def floor(key: str, given: Sequence[Any]) -> Made:
    """Return what reads all inputs and writes as many results as there are, in C."""
    count = len(INPUTS[key])
    reads = [f"const double i{n}[]" for n in range(count)]
    writes = [f"double o{n}[restrict]" for n in range(count + 1)]
    total = " + ".join(f"i{n}[row]" for n in range(count))
    lines = [f"o{n}[row] = all + {n}.0;" for n in range(count + 1)]
    text = f"""#include <stddef.h>
void floor_of(size_t rows, {", ".join([*reads, *writes])}) {{
    for (size_t row = 0; row < rows; row++) {{
        const double all = {total};
        {" ".join(lines)}
    }}
}}
"""
    # Each result begins elsewhere in a page of memory, as those of `native` do.
    shape = (len(given[0]),)
    results = [new_rows(None, shape, place) for place in range(len(writes))]
    function = library(text).floor_of
    places = [ctypes.c_void_p(array.ctypes.data) for array in [*given, *results]]
    return lambda: function(ctypes.c_size_t(len(given[0])), *places) or results


def native(key: str, given: Sequence[Any]) -> Made:
    made = compile_formula(SOURCES[key], inputs=list(INPUTS[key])).native(threads=1)
    kept = made.value_and_grad(*given)
    return lambda: made.value_and_grad(*given, out=kept)


def native_anew(key: str, given: Sequence[Any]) -> Made:
    made = compile_formula(SOURCES[key], inputs=list(INPUTS[key])).native(threads=1)
    return lambda: made.value_and_grad(*given)


def numpy_chunks(key: str, given: Sequence[Any]) -> Made:
    made = compile_formula(SOURCES[key], inputs=list(INPUTS[key]), target="numpy")
    kept = made.over(given)
    return lambda: made.over(given, out=kept)


def numpy_chunks_anew(key: str, given: Sequence[Any]) -> Made:
    made = compile_formula(SOURCES[key], inputs=list(INPUTS[key]), target="numpy")
    return lambda: made.over(given)


def numpy_whole(key: str, given: Sequence[Any]) -> Made:
    made = compile_formula(SOURCES[key], inputs=list(INPUTS[key]), target="numpy")
    return lambda: made.value_and_grad(*given)


def by_hand(key: str, given: Sequence[Any]) -> Made:
    """Return chunks by hand, each operation into an array that is used again."""
    import numpy as np

    if key != "F1":
        raise NotImplementedError("written out for F1 alone")
    size = len(given[0])
    results = [np.empty(size) for _ in range(3)]
    kept = [np.empty(_CHUNK) for _ in range(6)]

    def sigmoid(x: Any, into: Any) -> None:
        np.negative(x, out=into)
        np.exp(into, out=into)
        np.add(into, 1.0, out=into)
        np.divide(1.0, into, out=into)

    def run() -> Any:
        for start in range(0, size, _CHUNK):
            part = slice(start, start + _CHUNK)
            x, y = (column[part] for column in given)
            f, dx, dy = (result[part] for result in results)
            sigy, num, sigx, xpy, inv, dden = (one[: len(x)] for one in kept)
            sigmoid(y, sigy)
            np.add(x, sigy, out=num)
            sigmoid(x, sigx)
            np.add(x, y, out=xpy)
            np.multiply(xpy, xpy, out=dden)
            np.add(sigx, dden, out=inv)
            np.divide(1.0, inv, out=inv)
            np.multiply(num, inv, out=f)
            np.multiply(f, inv, out=dden)
            np.negative(dden, out=dden)
            np.multiply(xpy, 2.0, out=xpy)
            np.multiply(xpy, dden, out=xpy)
            np.subtract(1.0, sigx, out=dx)
            np.multiply(dx, sigx, out=dx)
            np.multiply(dx, dden, out=dx)
            np.add(dx, xpy, out=dx)
            np.add(dx, inv, out=dx)
            np.subtract(1.0, sigy, out=dy)
            np.multiply(dy, sigy, out=dy)
            np.multiply(dy, inv, out=dy)
            np.add(dy, xpy, out=dy)
        return results

    return run


def jax(key: str, given: Sequence[Any]) -> Made:
    import jax

    jax.config.update("jax_enable_x64", True)
    m = SimpleNamespace(**{**vars(jax.numpy), "erf": jax.scipy.special.erf})
    places = tuple(range(len(given)))
    one = jax.value_and_grad(lambda *x: FUNCTIONS[key](m, *x), places)
    many = jax.jit(jax.vmap(one))
    arrays = [jax.numpy.asarray(column) for column in given]
    return lambda: jax.block_until_ready(many(*arrays))


def torch_own(key: str, given: Sequence[Any]) -> Made:
    """Return what PyTorch compiles of the function and of its own derivative of it."""
    import torch

    torch.set_num_threads(1)
    compiled = torch.compile(lambda *x: FUNCTIONS[key](torch, *x), dynamic=False)
    inputs = [torch.tensor(column, requires_grad=True) for column in given]
    ones = torch.ones(len(given[0]), dtype=torch.float64)

    def run() -> Any:
        value = compiled(*inputs)
        return [value, *torch.autograd.grad(value, inputs, ones)]

    return run


def torch_stages(key: str, given: Sequence[Any]) -> Made:
    """Return what PyTorch compiles of gradgen's module."""
    import torch

    torch.set_num_threads(1)
    made = compile_formula(SOURCES[key], inputs=list(INPUTS[key]), target="torch")
    compiled = torch.compile(made.value_and_grad, dynamic=False)
    inputs = [torch.tensor(column) for column in given]

    def run() -> Any:
        with torch.no_grad():
            return compiled(*inputs)

    return run


def numba(key: str, given: Sequence[Any]) -> Made:
    """Return a loop over gradgen's function, which numba compiles with it."""
    import numba
    import numpy as np

    from gradgen.loading import load

    made = compile_formula(SOURCES[key], inputs=list(INPUTS[key]))
    one = numba.njit(made.value_and_grad)
    names = ", ".join(INPUTS[key])
    sets = "; ".join(f"slopes[{n}, i] = g[{n}]" for n in range(len(given)))
    takes = ", ".join(f"{name}[i]" for name in INPUTS[key])
    text = f"def loop(one, value, slopes, {names}):\n    for i in range(len(value)):\n        value[i], g = one({takes})\n        {sets}\n"
    loop = numba.njit(load(text).loop)
    value, slopes = np.empty(len(given[0])), np.empty((len(given), len(given[0])))

    def run() -> Any:
        loop(one, value, slopes, *given)
        return [value, *slopes]

    return run


def casadi(key: str, given: Sequence[Any]) -> Made:
    """Return a map over chunks, which is how CasADi takes many points."""
    import numpy as np

    chunk = 10_000
    many = peers.casadi(key).map(chunk)

    def run() -> Any:
        parts = [
            many(*(column[start : start + chunk].reshape(1, -1) for column in given))
            for start in range(0, len(given[0]), chunk)
        ]
        value = np.concatenate([part[0].full()[0] for part in parts])
        slopes = np.concatenate([part[1].full() for part in parts], axis=1)
        return [value, *slopes]

    return run


def autograd(key: str, given: Sequence[Any]) -> Made:
    from autograd import elementwise_grad, numpy, scipy

    m = SimpleNamespace(**{**vars(numpy), "erf": scipy.special.erf})
    places = tuple(range(len(given)))
    slopes = elementwise_grad(lambda *x: FUNCTIONS[key](m, *x), places)
    return lambda: [FUNCTIONS[key](m, *given), *slopes(*given)]


def lambdify(key: str, given: Sequence[Any]) -> Made:
    import sympy

    symbols = [sympy.Symbol(name) for name in INPUTS[key]]
    f = FUNCTIONS[key](sympy, *symbols)
    gradient = [sympy.diff(f, x) for x in symbols]
    made = sympy.lambdify(symbols, [f, *gradient], "scipy", cse=True)
    return lambda: made(*given)


#: By title, what makes a call and the distributions that it needs.
CALLS: Mapping[str, tuple[Callable[[str, Sequence[Any]], Made], tuple[str, ...]]] = {
    FLOOR: (floor, ()),
    "**gradgen `native`**, arrays used again": (native, ()),
    "**gradgen `native`**, new arrays": (native_anew, ()),
    "**gradgen `over`**, in NumPy, arrays used again": (numpy_chunks, ("scipy",)),
    "**gradgen `over`**, in NumPy, new arrays": (numpy_chunks_anew, ("scipy",)),
    "NumPy in chunks by hand, arrays used again": (by_hand, ()),
    "gradgen's NumPy module on whole arrays": (numpy_whole, ("scipy",)),
    "gradgen's PyTorch module under `torch.compile`": (torch_stages, ("torch",)),
    "PyTorch's own derivative under `torch.compile`": (torch_own, ("torch",)),
    "gradgen's function in a loop under numba's `njit`": (numba, ("numba",)),
    "JAX `jit(vmap(value_and_grad))`": (jax, ("jax",)),
    "CasADi `Function.map`": (casadi, ("casadi",)),
    "SymPy `lambdify` for NumPy, `cse=True`": (lambdify, ("scipy",)),
    "autograd": (autograd, ("autograd",)),
}


def made(title: str, key: str, given: Sequence[Any]) -> Made | None:
    """Return a call, None where what it needs is not installed or cannot make it."""
    make, needs = CALLS[title]
    if not all(map(peers.installed, needs)):
        return None
    try:
        call = make(key, given)
        call()
    except Exception as error:  # noqa: BLE001 - each has its own
        print(f"{title} has no {key}: {error!s:.80}".splitlines()[0], file=sys.stderr)
        return None
    return call


def rounds_of(key: str, rounds: int) -> Mapping[str, Sequence[float]]:
    """Return by title the CPU time of each round, in seconds; all take turns."""
    given = columns(key, SIZE)
    calls = {title: call for title in CALLS if (call := made(title, key, given))}
    found: dict[str, list[float]] = {title: [] for title in calls}
    for _ in range(rounds):
        for title, call in calls.items():
            start = time.process_time()
            call()
            found[title].append(time.process_time() - start)
    return found


def memory(size: int) -> float:
    """Return the bytes a row that the native code takes beyond inputs and results, in a process of its own."""
    given = columns("F6", size)
    compiled = compile_formula(SOURCES["F6"], inputs=list(INPUTS["F6"]))
    call = compiled.native(threads=1)
    before = call.value_and_grad(*given)
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    call.value_and_grad(*given, out=before)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) * 1024 / size


def _asked(*words: str) -> Any:
    """Return what another process of this module prints."""
    command = [sys.executable, "-m", "tests.benchmarks.arrays", *words]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=1800)
    return json.loads(done.stdout.splitlines()[-1])


def raced(rounds: int) -> Mapping[str, Mapping[str, Sequence[float]]]:
    """Return the rounds of all functions, each in a process of its own."""
    found = {}
    for key in KEYS:
        found[key] = _asked(key, str(rounds))
        print(f"{key} over arrays is measured", file=sys.stderr)
    return found


def table(found: Mapping[str, Mapping[str, Sequence[float]]]) -> Iterator[str]:
    """Yield the lines of the table: nanoseconds a point, and how many times the floor that is in the middle of all rounds."""
    yield "| ns a point, over 10⁶ points | " + " | ".join(found) + " |"
    yield "|---|" + "---|" * len(found)
    for title in CALLS:
        cells = []
        for rounds in found.values():
            if title not in rounds:
                cells.append("–")
                continue
            taken: Ratio = ratio(rounds[title], rounds[FLOOR])
            cells.append(f"{min(rounds[title]) / SIZE * 1e9:.1f} ({taken.middle:.1f})")
        if {*cells} != {"–"}:
            yield f"| {title} | {' | '.join(cells)} |"


def growth() -> str:
    """Return the line that says what memory is needed for more rows."""
    few, many = (_asked("memory", str(size)) for size in (SIZE, 10 * SIZE))
    return f"Beyond inputs and results `native` needs {few:.1f} bytes a row for 10⁶ rows, and {many:.1f} for 10⁷."


if __name__ == "__main__":
    what, number = sys.argv[1:]
    with contextlib.redirect_stdout(sys.stderr):
        answer = memory(int(number)) if what == "memory" else rounds_of(what, int(number))  # fmt: skip
    print(json.dumps(answer))
