"""How long gradgen and CasADi take to make a gradient of many operations, and gradgen to start, in seconds of CPU time."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

from gradgen import compile as compile_formula
from tests.benchmarks.peers import installed

#: How many operations the formulas have.
SIZES = (1_000, 10_000)
#: What is started, and what its arguments to Python are.
STARTS: Mapping[str, Sequence[str]] = {
    '`gradgen compile "x*y"`': ("-m", "gradgen", "compile", "x*y"),
    "importing SymPy, Jinja2 and black": ("-c", "import sympy, jinja2, black"),
}


def formula(operations: int) -> str:
    """Return a sum of terms of six operations, over ten inputs, no two alike."""
    terms = [
        f"{i + 2}*x{i % 10}*sin(x{i * 7 % 10} + {i}.5*x{i * 3 % 10})"
        for i in range(operations // 6)
    ]
    return " + ".join(terms)


def by_gradgen(text: str, style: str = "textbook") -> str:
    return compile_formula(text, style=style).source


def by_casadi(text: str) -> str:
    """Return C text, all in: from a formula's text to what the file holds."""
    import casadi

    inputs = [casadi.SX.sym(f"x{i}") for i in range(10)]
    room = {"sin": casadi.sin, **{str(x): x for x in inputs}}
    f = eval(compile(text, "<formula>", "eval"), room)
    gradient = casadi.gradient(f, casadi.vertcat(*inputs))
    function = casadi.Function("f", inputs, [f, gradient])
    with tempfile.TemporaryDirectory() as folder:
        before = os.getcwd()
        os.chdir(folder)  # where it writes to
        try:
            with open(function.generate("f.c"), encoding="utf-8") as file:
                return file.read()
        finally:
            os.chdir(before)


def makers() -> Mapping[str, Callable[[str], str]]:
    """Return what makes gradients of a text."""
    found: dict[str, Callable[[str], str]] = {
        "gradgen": by_gradgen,
        "gradgen `--style compact`": lambda text: by_gradgen(text, "compact"),
    }
    if installed("casadi"):
        found["CasADi, gradient and C"] = by_casadi
    return found


def generation(rounds: int) -> Mapping[str, Sequence[float]]:
    """Return by maker the seconds that formulas of `SIZES` take."""
    found: dict[str, list[float]] = {name: [] for name in makers()}
    for size in SIZES:
        text = formula(size)
        times: dict[str, list[float]] = {name: [] for name in found}
        for _ in range(rounds):
            for name, make in makers().items():
                times[name].append(_seconds(make, text))
        for name, taken in times.items():
            found[name].append(median(taken))
    return found


def starting(rounds: int) -> Mapping[str, float]:
    """Return the seconds of starting each of `STARTS`."""
    times: dict[str, list[float]] = {name: [] for name in STARTS}
    for _ in range(rounds):
        for name, arguments in STARTS.items():
            before = _children()
            command = [sys.executable, *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times[name].append(_children() - before)
    return {name: median(taken) for name, taken in times.items()}


def _seconds(make: Callable[[str], str], text: str) -> float:
    start = time.process_time()
    make(text)
    return time.process_time() - start


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
