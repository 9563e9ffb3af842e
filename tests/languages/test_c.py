"""Modules in C, compiled by gcc with all warnings as errors, give what the same modules in Python give."""

from __future__ import annotations

import contextlib
import ctypes
import math
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.core.build import Steps
from gradgen.core.program import Program
from gradgen.core.rows import Row
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.files.recipe import MARKER, read_artifact
from gradgen.loading import load
from gradgen.passes.gradient import differentiate
from gradgen.passes.moved import finish
from gradgen.passes.names import name
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.targets import PYTHON
from gradgen.write.languages import c
from gradgen.write.languages.c import C
from gradgen.write.module import render
from gradgen.write.target import Skeleton
from gradgen.write.templates import helpers
from tests.conftest import DATA, LISTS, ROOT, formulas, gold
from tests.pages import page
from tests.rows import NUMERIC, constants, drawn, has_text

GCC = shutil.which("gcc")
pytestmark = pytest.mark.skipif(GCC is None, reason="gcc is not installed")
FLAGS = "-std=c99 -Wall -Wextra -Wpedantic -Werror -O2 -ffp-contract=off -shared -fPIC"
_OURS = re.compile(r"\b(forward|backward|jacobian|value_and_grad|\w+_of)\b(?=\()")
_CONSTANT = re.compile(r"^static const double (\w+)", re.MULTILINE)
_CACHE = re.compile(r"double cache\[(\d+)\]")


class Module:
    """The functions of one module in C, called as those of its twin in Python are."""

    def __init__(self, compiled: Any, library: ctypes.CDLL, number: int) -> None:
        self.compiled = compiled
        self.library = library
        self.number = number
        self.width = len(compiled.program.wrt)
        self.outputs = len(compiled.program.outputs)
        size = _CACHE.search(compiled.source)
        self.size = int(size[1]) if size else 0

    def call(self, name: str, *args: object) -> None:
        function = self.library[f"{name}_{self.number}"]
        function.restype = None
        function(*(ctypes.c_double(a) if isinstance(a, float) else a for a in args))

    def forward(self, *point: float) -> tuple[tuple[float, ...], list[object]]:
        """Return the results, and the cache as `backward` takes it."""
        results = [ctypes.c_double() for _ in range(self.outputs)]
        cache = [(ctypes.c_double * self.size)()] if self.size else []
        self.call("forward", *point, *map(ctypes.byref, results), *cache)
        return tuple(result.value for result in results), [*cache]

    def backward(self, cache: list[object], *seeds: float) -> tuple[float, ...]:
        gradient = (ctypes.c_double * self.width)()
        self.call("backward", *cache, *seeds, *([gradient] if self.width else []))
        return tuple(gradient)

    def jacobian(self, *point: float) -> tuple[tuple[float, ...], ...]:
        rows = (ctypes.c_double * self.width * self.outputs)()
        self.call("jacobian", *point, rows)
        return tuple(tuple(row) for row in rows)


def built(modules: Sequence[Any], folder: Path) -> list[Module]:
    """Return modules, compiled together: each with names of its own for its functions and constants."""
    texts = []
    for number, compiled in enumerate(modules):
        text = _OURS.sub(rf"\1_{number}", compiled.source)
        if constants_of := _CONSTANT.findall(text):
            own = re.compile(rf"\b({'|'.join(constants_of)})\b")
            text = own.sub(rf"\1_{number}", text)
        texts.append(text)
    folder.mkdir(exist_ok=True)
    source, library = folder / "modules.c", folder / "modules.so"
    source.write_text("\n".join(texts), encoding="utf-8")
    command = [str(GCC), *FLAGS.split(), str(source), "-o", str(library), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]
    loaded = ctypes.CDLL(str(library))
    return [Module(compiled, loaded, n) for n, compiled in enumerate(modules)]


def apart(got: float, other: float) -> float:
    """Return how far two numbers are apart, in units in the last place; equal infinities and two nans are the same."""
    if got == other or (math.isnan(got) and math.isnan(other)):
        return 0.0
    if not (math.isfinite(got) and math.isfinite(other)):
        return math.inf
    return abs(got - other) / math.ulp(max(abs(got), abs(other)))


def differences(
    module: Module, twin: Any, point: Sequence[float], seeds: Sequence[float]
) -> Iterator[tuple[float, float]]:
    """Yield each value and each slope of a module at a point, with that of its twin in Python."""
    results, kept = module.forward(*point)
    value, cache = twin.forward(*point)
    yield from zip(results, value if len(results) > 1 else [value])
    yield from zip(module.backward(kept, *seeds), twin.backward(cache, *seeds))


def agree(
    modules: Sequence[Module], twins: Sequence[Any], points: Sequence[Sequence[Any]]
) -> None:
    """Hold modules to what their twins give, to the last digit: both call one libm."""
    for module, twin, places in zip(modules, twins, points):
        for point in places:
            for got, other in differences(module, twin, point, [1.0]):
                assert apart(got, other) == 0, (module.compiled.source, point)


#: Formulas with the values of their inputs, by the files that have them.
_CASES = "choices entropy exponentials flat ieee missing norms overflow removable"


def cases() -> dict[tuple[str, tuple[str, ...]], list[list[float]]]:
    """Return the formulas of the lists, with their inputs, and all points of each."""
    found: dict[tuple[str, tuple[str, ...]], list[list[float]]] = {}
    for file in _CASES.split():
        text = (ROOT / "tests" / "cases" / f"{file}.txt").read_text(encoding="utf-8")
        for line in text.splitlines():
            if line and not line.startswith("#"):
                formula, where, *_ = line.split(" | ")
                pairs = [pair.split("=") for pair in where.split(",")]
                names = tuple(key.strip() for key, _ in pairs)
                point = [float(value) for _, value in pairs]
                found.setdefault((formula, names), []).append(point)
    return found


def real(name: str) -> dict[tuple[str, tuple[str, ...]], list[list[float]]]:
    """Return the real formulas of a list, with their inputs, and the points with gold values of each."""
    here = name == "equations" or (DATA / f"{name}_gold.jsonl").exists()
    points = gold(name) if here else {}
    listed: dict[tuple[str, tuple[str, ...]], list[list[float]]] = {}
    # C's gamma and hypot are others than Python's, some units in the last place apart.
    alike = [row for row in formulas(name) if not re.search(r"\b(l?gamma|hypot)\(", row["expression"])]  # fmt: skip
    for row in alike[::4] if name == "equations" else formulas(name):
        names = tuple(row["variables"].split(";"))
        found = [[at["point"][n] for n in names] for at in points.get(row["id"], [])]
        listed[row["expression"], names] = found
    return listed


def both(formula: str, names: Sequence[str] | None = None) -> tuple[Compiled, Any]:
    """Return a formula's module in C, and that in Python which raises nothing either."""
    made = compile(formula, inputs=names, target="c", proof=False)
    return made, compile(formula, inputs=names, ieee=True, proof=False).module


def compare(
    listed: Mapping[tuple[str, tuple[str, ...]], list[list[float]]], folder: Path
) -> int:
    """Compare all that is accepted, and return how many modules that is."""
    pairs, points = [], []
    for formula, places in listed.items():
        with contextlib.suppress(GradgenError):
            pairs.append(both(*formula))
            points.append(places)
    modules, twins = zip(*pairs)
    agree(built(modules, folder), twins, points)
    return len(pairs)


def test_some_listed_formulas_are_those_of_python(tmp_path: Path) -> None:
    some = dict([*cases().items()][::20])
    assert compare(some, tmp_path) == len(some)


@pytest.mark.slow
def test_every_listed_formula_is_that_of_python(tmp_path: Path) -> None:
    assert compare(cases(), tmp_path) == len(cases())


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
def test_real_formulas_are_those_of_python(name: str, tmp_path: Path) -> None:
    listed = real(name)
    assert compare(listed, tmp_path) > 0.95 * len(listed)


@dataclass(frozen=True)
class Alone:
    """A row of the table alone in a module."""

    row: Row
    fixed: Mapping[int, Fraction | float]
    live: Sequence[int]
    program: Program
    source: str
    twin: Any


def alone() -> Iterator[Alone]:
    """Yield each row that C can write, for each choice of its constants."""
    for row in NUMERIC:
        if not has_text(row, C.language.words):
            continue
        for fixed in constants(row):
            live = [i for i in range(row.arity) if i not in fixed]
            steps = Steps(ROWS)
            inputs = {i: steps.input("xyz"[i]) for i in live}
            args = [inputs[i] if i in live else steps.const(fixed[i]) for i in range(row.arity)]  # fmt: skip
            made = finish(steps, {"f": steps.emit(row.name, *args)}, inputs.values())
            ready = differentiate(made)
            for precise in (False, True) if row.precise else (False,):
                python = replace(PYTHON, ieee=True, precise=precise)
                named = name(ready, python.reserved, python.avoided)
                twin = load(render(named, python, "").text)
                program = name(ready, C.reserved, C.avoided)
                text = render(program, replace(C, precise=precise), "").text
                yield Alone(row, fixed, live, program, text, twin)


def test_every_row_is_that_of_python(tmp_path: Path) -> None:
    # Both are within the row's bound of the truth, as test_ops.py proves of Python. Only where they call different
    # functions, which is for gamma, lgamma, cbrt and hypot, is there a difference at all. That glibc's cbrt is within 4 ulp
    # is what its manual states.
    rnd = random.Random(5)
    modules = built([*alone()], tmp_path)
    assert len(modules) > 100
    for module in modules:
        row, fixed, live = (
            module.compiled.row,
            module.compiled.fixed,
            module.compiled.live,
        )
        for _ in range(15):
            at = drawn(row, fixed, rnd)
            point = [float(at[i]) for i in live]
            pairs = [*differences(module, module.compiled.twin, point, [1.0])]
            for bound, (got, other) in zip((row.ulp[0], *[row.ulp[1]] * 3), pairs):
                allowed = 4.8 if row.name == "cbrt" else 2 * bound
                assert apart(got, other) <= allowed, (row.name, point, got, other)


def test_what_needs_scipy_is_refused_in_one_line() -> None:
    for row in NUMERIC:
        if has_text(row, C.language.words):
            continue
        args = ", ".join(
            "1" if i in row.whole or row.adjoints[i] is None else "xyz"[i]
            for i in range(row.arity)
        )
        with pytest.raises(GradgenError, match="needs SciPy's special functions"):
            compile(f"{row.name}({args})", target="c")


#: Formulas and programs, with options, that a reviewer may hand over.
WHOLE: Sequence[tuple[str, dict[str, Any]]] = (
    ("(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)", {"with_": "jacobian"}),
    ("huber(a*x - y, delta)", {"inputs": "a, x, y, delta", "with_": "jacobian"}),
    ("double + int*gamma + y0*exp(y) - log(int)/M_PI + linux*NAN*cache", {}),
    ("gradient*rows + forward*gamma(x) + f_out*modulo", {"with_": "jacobian"}),
    ("3", {"with_": "jacobian"}),
    ("x", {"inputs": "x, unused", "with_": "jacobian"}),
    ("k*x", {"inputs": "x, k", "wrt": (), "with_": "jacobian"}),
    ("a*exp(-k*t) + EulerGamma*E/pi", {"inputs": "t, a, k", "defaults": {"k": 0.5}}),
    ("θ*名前 + μ % 3 - μ % θ", {"inputs": "θ, 名前, μ"}),
    ("x if x > 0 and y > 0 or x < y and not y > 3 or x == 7 else y", {}),
    ("x if (x > 0 or y > 1) and (x < 2 or y < 3) and y != 5 else y*y", {}),
    (
        "r = sqrt(x**2 + y**2)  # the radius\ns = 1 if x > y else r\nu = r*s\nv = max(r, s, z)*u",
        {"outputs": "u, v, r", "with_": "jacobian"},
    ),
    (
        "def twice(t):\n    return 2*t if t > 0 else sin(t)\n\ny = twice(a*b) + twice(c)**2",
        {"with_": "jacobian"},
    ),
    ("u = a*b; v = 7", {"outputs": "u, v", "with_": "jacobian"}),
    ("erfinv(x/9) + erfcinv(y) + erfcx(x) + zeta(y + 2)", {"with_": "jacobian"}),
    (
        "sigmoid(-x)*tanh(y)*atan2(x, y)",
        {"precise": True, "ieee": True, "strict": True},
    ),
)


def test_whole_modules_are_those_of_python(tmp_path: Path) -> None:
    modules = built([compile(s, target="c", **o) for s, o in WHOLE], tmp_path)
    rnd = random.Random(11)
    for module, (source, options) in zip(modules, WHOLE):
        python = compile(source, **{**options, "ieee": True}).module
        for _ in range(20):
            point = [rnd.uniform(0.1, 1.9) for _ in module.compiled.program.signature]
            seeds = [rnd.uniform(-2, 2) for _ in range(module.outputs)]
            for got, other in differences(module, python, point, seeds):
                assert apart(got, other) <= 16, (source, point)
            if options.get("with_"):
                rows = zip(module.jacobian(*point), python.jacobian(*point))
                for row, other_row in rows:
                    assert max(map(apart, row, other_row), default=0) <= 16, source


#: Functions that may leave out what they are given, or hand it no gradient.
LEAVING = ("p", "q*q", "p if p > 0 else q", "sin(p) + 1", "2.5", "p/q", "max(p, 2)",
           "0.5 if 3 > 2 else p", "(1 if p > 0 else 2) + q")  # fmt: skip


def leaving(seed: int) -> str:
    """Return a random program of functions that leave out what calls give them."""
    rnd = random.Random(seed)
    lines = [f"def g{i}(p, q): return {rnd.choice(LEAVING)}" for i in range(3)]
    known = ["x", "y"]
    for place in range(5):
        first, second = (
            f"{rnd.choice(('', 'cosh', '-'))}({rnd.choice(known)})" for _ in "pq"
        )
        lines.append(f"v{place} = g{rnd.randrange(3)}({first}, {second})")
        known.append(f"v{place}")
    return "\n".join(lines)


@pytest.mark.parametrize("count", [16, pytest.param(40, marks=pytest.mark.slow)])
def test_what_functions_leave_out_warns_of_nothing(tmp_path: Path, count: int) -> None:
    texts = [leaving(seed) for seed in range(count)]
    options: dict[str, Any] = {"inputs": ["x", "y"], "with_": "jacobian"}
    made = [compile(text, target="c", **options) for text in texts]
    twins = [compile(text, ieee=True, **options).module for text in texts]
    agree(built(made, tmp_path), twins, [[[0.7, -1.25], [2.0, 0.5]]] * len(texts))


def test_its_page_shows_the_seeds_module_as_it_is() -> None:
    listing = compile(WHOLE[0][0], target="c").source.partition("<math.h>\n\n")[2]
    assert f"```c\n{listing}```" in page("c")


def test_names_that_c_keeps_have_an_underscore_behind_them() -> None:
    made = compile("double*gamma + y0*exp + NAN", target="c", inputs="double, gamma, y0, exp, NAN")  # fmt: skip
    assert "void forward(double double_, double gamma_, double y0_, double exp_, double NAN_," in made.source.replace("\n        ", " ")  # fmt: skip
    assert made.program.inputs == ("double", "gamma", "y0", "exp", "NAN")


def test_overflow_and_poles_give_inf_and_nan(tmp_path: Path) -> None:
    texts = ("exp(x)", "1/x", "log(x)", "gamma(x)", "digamma(x)", "max(x, 1)", "sign(x)", "asin(x)")  # fmt: skip
    values = (
        (800.0, math.inf, math.inf),
        (0.0, math.inf, -math.inf),
        (-1.0, math.nan, -1.0),
        (500.0, math.inf, math.inf),
        (0.0, -math.inf, math.inf),
        (math.nan, math.nan, 0.0),
        (math.nan, math.nan, 0.0),
        (2.0, math.nan, math.nan),
    )
    modules = built([compile(text, target="c") for text in texts], tmp_path)
    for module, (point, value, slope) in zip(modules, values):
        (got,), cache = module.forward(point)
        assert apart(got, value) == 0, module.compiled.source
        assert apart(module.backward(cache, 1.0)[0], slope) == 0, module.compiled.source


def test_check_and_update_know_modules_in_c(tmp_path: Path) -> None:
    path = tmp_path / "decay.c"
    options = ["compile", "a*exp(-k*t)", "--inputs", "t, a, k", "--target", "c"]
    assert main([*options, "-o", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"//{MARKER[1:]}\n")
    assert main(["check", str(tmp_path)]) == 0
    found = read_artifact(text)
    assert found is not None and found.intact
    assert regenerate(found.recipe).source == text
    # A recipe that was edited is stale, and made anew.
    path.write_text(text.replace("source: a*exp(-k*t)", "source: a*exp(-2*k*t)"))
    assert main(["check", str(path)]) == 1
    assert main(["update", str(path)]) == 0
    assert "source: a*exp(-2*k*t)" in path.read_text(encoding="utf-8")
    assert main(["check", str(path)]) == 0
    # A body that was edited is left alone.
    path.write_text(path.read_text(encoding="utf-8").replace("= a * exp", "= t * exp"))
    assert main(["check", str(path)]) == 1
    assert main(["update", str(path)]) == 1
    assert main([*options, "-o", str(tmp_path / "decay.py")]) == 2


def test_a_comment_that_would_go_on_in_the_next_line_is_refused() -> None:
    for end in ("\\", "??/"):
        with pytest.raises(GradgenError, match="ends in a backslash"):
            compile(f"y = 2*x  # note {end}\nz = y*y\n", target="c")
    compile("y = 2*x  # a \\ b */ /* \nz = y*y\n", target="c")


@cache
def skeleton() -> tuple[str, Skeleton]:
    """Return a module with all that modules have, and what it may hold."""
    made = compile(
        "u = max(x, y) + x\nv = u*y", outputs="u, v", with_="jacobian", target="c"
    )
    inputs = ("double x", "double y")
    signatures = {
        "forward": inputs,
        "backward": (C.cache, "double du", "double dv"),
        "jacobian": inputs,
    }
    return made.source, Skeleton((), helpers(C), signatures)


def test_helpers_have_the_form_that_modules_have() -> None:
    for text in helpers(C).values():
        assert C.layout(text) == text


#: What stands in a module, and what cannot stand in its place.
WRONG = (
    ("#include <math.h>", "#include <math.h>\n#include <stdlib.h>"),
    ("#include <math.h>", "#define x y\n#include <math.h>"),
    ("#include <math.h>", "#include <stdlib.h>"),
    ("isnan(x) ? x : y", "isnan(y) ? x : y"),
    ("void forward", "int counter;\n\nvoid forward"),
    ("void forward", "static void forward"),
    ("double x, double y, double *u_out", "double y, double x, double *u_out"),
    ("double *u_out, ", ""),
    ("    *u_out = u;\n", "    *u_out = u, system(x);\n"),
    ("    *u_out = u;\n", "    *u_out = system(x);\n"),
    ("    *u_out = u;\n", "    *u_out = u = x;\n"),
    ("    *u_out = u;\n", "    *u_out = u++;\n"),
    ("    *u_out = u;\n", "    *u_out = &u;\n"),
    ("    *u_out = u;\n", "    *u_out = u y;\n"),
    ("    *u_out = u;\n", "    *u_out = unknown;\n"),
    ("    *u_out = u;\n", "    *u_out = u;\n    return;\n"),
    ("    *u_out = u;\n", "    *u_out = u;\n    while (x) { }\n"),
    ("    *u_out = u;\n", "    *u_out = u;\n    u += 1.0;\n"),
    ("    *u_out = u;\n", "    *u_out = u;\n    exp(x);\n"),
    ("    *u_out = u;\n", '    *u_out = u;\n    "text";\n'),
    ("    *u_out = u;\n", "    *u_out = u;\n#undef NAN\n"),
    ("    *u_out = u;\n", "    *x = u;\n"),
    ("    *v_out = v;\n", "    *v_out = cache[0];\n"),
    ("    cache[0] = ", "    cache[x] = "),
    ("    cache[0] = ", "    gradient[0] = "),
    ("    gradient[0] = dx;", "    cache[0] = dx;"),
    ("void backward", "void other(void) {\n}\n\nvoid backward"),
    ("    rows[0][0]", "    rows[0]"),
    ("    forward(x, y, ", "    forward(y, x, "),
    ("    forward(x, y, ", "    backward(x, y, "),
)


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_no_other_statement_can_get_in(number: int) -> None:
    text, known = skeleton()
    C.check(text, known)
    before, after = WRONG[number]
    assert before in text
    with pytest.raises(GradgenError, match="is not what a generated module must be"):
        C.check(text.replace(before, after, 1), known)


def test_a_module_that_goes_on_is_refused() -> None:
    text, known = skeleton()
    for more in ("int x;", "void f(void) {}", "}", "$"):
        with pytest.raises(GradgenError, match="not what a generated module must be"):
            C.check(text + more, known)


def test_a_line_of_thousands_of_names_is_broken_in_proportion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is left of it is not looked at again after every break."""
    looked = 0

    class Break:
        def finditer(self, text: str) -> Iterator[re.Match[str]]:
            nonlocal looked
            looked += len(text)
            return pattern.finditer(text)

    pattern = c._BREAK
    monkeypatch.setattr(c, "_BREAK", Break())
    line = f"void forward({', '.join(f'double x{i}' for i in range(2_000))}) {{"
    broken = c._broken(line)
    assert " ".join(map(str.strip, broken.split("\n"))) == line
    assert max(map(len, broken.split("\n"))) <= 92 and looked == len(line)
