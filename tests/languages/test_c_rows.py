"""Loops over rows in C, compiled by gcc with all warnings as errors, give at every row what the same modules in Python give."""

from __future__ import annotations

import contextlib
import ctypes
import math
import platform
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.compiled import check_text
from gradgen.errors import GradgenError
from gradgen.files.recipe import read_artifact
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.targets import target_for
from tests import generators
from tests.conftest import LISTS, formulas
from tests.languages import test_c
from tests.languages.test_arrays import _CANCELLING, drawn, moved, near, plainly
from tests.languages.test_c import apart, cases, real
from tests.rows import NUMERIC, called, constants, has_text

GCC = shutil.which("gcc")
pytestmark = pytest.mark.skipif(GCC is None, reason="gcc is not installed")
#: As the comment of every such file has them, without the processor's own instructions, which each machine has others of.
FLAGS = (
    "-std=c99 -Wall -Wextra -Wpedantic -Werror -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math -fno-thread-jumps "
    "-fno-tree-sink -fno-builtin-sin -fno-builtin-cos -fschedule-insns -fsched-pressure -shared -fPIC"
)
_OURS = re.compile(r"\b(forward|value_and_grad|jacobian|\w+_of)\b(?=\()")
_CONSTANT = re.compile(r"^static const double (\w+)", re.MULTILINE)
#: The lines that declare vector functions.
_VECTORS = re.compile(
    r"^// For several rows at once glibc .*\n(?:[#_].*\n)+\n", re.MULTILINE
)
#: The functions of `math` that glibc has for several rows at once.
LIBMVEC = frozenset("cos exp log pow sin acos acosh asin asinh atan atan2 atanh cbrt cosh erf erfc exp2 expm1 hypot log10 log1p log2 sinh tan tanh".split())  # fmt: skip # noqa: SIM905
Points = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Module:
    """The functions of one module, called with columns as those of its twin in Python are with numbers."""

    compiled: Compiled
    library: ctypes.CDLL
    number: int

    def call(self, name: str, points: Points, sets: int) -> list[list[float]]:
        """Return what a function sets, one list a row; what is a number is that of the first row."""
        rows = len(points)
        columns = [(ctypes.c_double * rows)(*column) for column in zip(*points)]
        given = [
            column if text in self.compiled.recipe.rows else ctypes.c_double(column[0])
            for text, column in zip(self.compiled.program.inputs, columns)
        ]
        found = [(ctypes.c_double * rows)() for _ in range(sets)]
        function = self.library[f"{name}_{self.number}"]
        function.restype = None
        function(ctypes.c_size_t(rows), *given, *found)
        return [list(row) for row in zip(*found)]

    def values(self, points: Points) -> list[list[float]]:
        return self.call("forward", points, len(self.compiled.program.outputs))

    def both(self, points: Points) -> list[list[float]]:
        return self.call("value_and_grad", points, 1 + len(self.compiled.program.wrt))


def built(
    modules: Sequence[Compiled], folder: Path, vectors: bool = True, flags: str = ""
) -> list[Module]:
    """Return modules, compiled together: each with names of its own for its functions and constants."""
    texts = []
    for number, compiled in enumerate(modules):
        text = _OURS.sub(rf"\1_{number}", compiled.source)
        text = text if vectors else _VECTORS.sub("", text)
        if constants_of := _CONSTANT.findall(text):
            own = re.compile(rf"\b({'|'.join(constants_of)})\b")
            text = own.sub(rf"\1_{number}", text)
        texts.append(text)
    folder.mkdir(exist_ok=True, parents=True)
    kind = "vectors" if vectors else "plain"
    source, library = folder / f"{kind}.c", folder / f"{kind}.so"
    source.write_text("\n".join(texts), encoding="utf-8")
    command = [str(GCC), *FLAGS.split(), *flags.split(), str(source), "-o", str(library), "-lm"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]
    loaded = ctypes.CDLL(str(library))
    return [Module(compiled, loaded, n) for n, compiled in enumerate(modules)]


class Plain:
    """A module in C of one point, called as its twin in Python is."""

    def __init__(self, module: test_c.Module) -> None:
        self.module = module

    def forward(self, *point: float) -> tuple[Any, Any]:
        values, cache = self.module.forward(*point)
        return (values if len(values) > 1 else values[0]), cache

    def backward(self, cache: Any, *seeds: float) -> tuple[float, ...]:
        return self.module.backward(cache, *seeds)


class Noisy:
    """The module `math`, with functions that are some units in the last place from what they are."""

    def __init__(self) -> None:
        self.rnd = random.Random(7)

    def __getattr__(self, name: str) -> Any:
        found = getattr(math, name)
        if name not in LIBMVEC:
            return found

        def noisy(*args: float) -> float:
            return float(found(*args)) * (1 + self.rnd.randint(-4, 4) * 2**-52)

        return noisy


def explained(twin: Any, point: Sequence[float], seeds: Sequence[float]) -> list[float]:
    """Return how far values and slopes move by the last digits of inputs and of functions."""
    found = [plainly(twin, point, seeds)]
    twin.math = Noisy()
    try:
        found += [plainly(twin, point, seeds) for _ in range(8)]
        rooms = moved(twin, point, seeds)
    finally:
        twin.math = math
    noise = [
        (
            10 * (max(column) - min(column))
            if all(map(math.isfinite, column))
            else math.inf
        )
        for column in zip(*found)
    ]
    return [max(pair) for pair in zip(noise, rooms)]


def lost(got: float, want: float) -> bool:
    """Whether one of two results is nan and the other infinite."""
    return math.isnan(got + want) and not (math.isfinite(got) or math.isfinite(want))


def differing(
    module: Module, plain: Plain, twin: Any, points: Points, exact: bool
) -> Iterator[str]:
    """Yield where a module is apart from that of one point: by more than some last digits or, of vector functions, than they explain."""
    seeds = [1.0] * len(module.compiled.program.outputs)
    values = module.values(points)
    every = module.both(points) if len(seeds) == 1 else values
    for point, value, got in zip(points, values, every):
        wanted = plainly(plain, point, seeds)[: len(got)]
        # Slopes add up in another order, which decides between inf and nan where infinities meet; values do not.
        first = len(seeds)
        slopes = [w if lost(g, w) else g for g, w in zip(got[first:], wanted[first:])]
        for found in (value, [*got[:first], *slopes]):
            fine = all(apart(a, b) <= 4 for a, b in zip(found, wanted))
            if not fine and exact:  # where slopes add up in another order
                rooms = moved(twin, point, seeds)
                pairs = zip(found, wanted, rooms)
                fine = all(near(a, b, 1e-15, room) for a, b, room in pairs)
            elif not fine and not all(
                near(*pair, 2e-14) for pair in zip(found, wanted)
            ):
                rooms = explained(twin, point, seeds)
                pairs = zip(found, wanted, rooms)
                fine = all(near(a, b, 2e-14, room) for a, b, room in pairs)
            else:
                fine = True
            if not fine:
                yield f"{module.compiled.recipe.source} at {point}: {found}, not {wanted}"


def compared(
    listed: Mapping[tuple[str, tuple[str, ...]], Points],
    folder: Path,
    outputs: Mapping[str, Sequence[str]] = MappingProxyType({}),
    **options: Any,
) -> tuple[int, list[str]]:
    """Compare all that C can write; return how many that are, and what is apart."""
    rnd = random.Random(3)
    made: list[Compiled] = []
    plain: list[Compiled] = []
    twins, places = [], []
    for (source, names), points in listed.items():
        with contextlib.suppress(GradgenError):
            given: dict[str, Any] = {
                "inputs": names,
                "proof": False,
                "outputs": outputs.get(source),
                **options,
            }
            rows = compile(source, target="c", rows=names, **given)
            one = compile(source, target="c", **given)
            twins.append(compile(source, ieee=True, **given).module)
            made.append(rows)
            plain.append(one)
            more = [] if source in _CANCELLING else drawn(names, "numpy", rnd)
            places.append([*points, *more])
    found: list[str] = []
    ones = [*map(Plain, test_c.built(plain, folder))]
    # Without vector functions, with those of every processor of the kind, and with those of this one.
    for place, flags in enumerate(("", "", "-march=native")):
        vectors = place > 0
        modules = built(made, folder / str(place), vectors, flags)
        for module, one_point, twin, points in zip(modules, ones, twins, places):
            found += [*differing(module, one_point, twin, points, not vectors)][:1]
    return len(made), found


def with_inputs(step: int = 1) -> Mapping[tuple[str, tuple[str, ...]], Points]:
    return dict([case for case in cases().items() if case[0][1]][::step])


def test_some_listed_formulas_are_those_of_one_point(tmp_path: Path) -> None:
    some = with_inputs(60)
    count, found = compared(some, tmp_path)
    assert not found
    assert count == len(some)


@pytest.mark.slow
@pytest.mark.parametrize("style", ["textbook", "compact"])
def test_every_listed_formula_is_that_of_one_point(style: str, tmp_path: Path) -> None:
    some = dict([*with_inputs().items()][:: 4 if style == "compact" else 1])
    count, found = compared(some, tmp_path, style=style)
    assert not found
    assert count == len(some)


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
def test_real_formulas_are_those_of_one_point(name: str, tmp_path: Path) -> None:
    listed = real(name)
    if len(listed) > 200:  # which take gcc minutes
        listed = dict([*listed.items()][::3])
    count, apart_at = compared(listed, tmp_path)
    assert not apart_at
    assert count > 0.95 * len(listed)


def random_programs(first: int, last: int, folder: Path) -> None:
    """Hold random programs, of one result and of several, to those of one point."""
    made = [generators.program(seed) for seed in range(first, last)]
    listed: dict[tuple[str, tuple[str, ...]], Points] = {}
    listed = {(one.text, one.inputs): [] for one in made}
    several = {one.text: one.outputs for one in made if one.outputs}
    count, found = compared(listed, folder, several)
    assert not found
    assert count > 0.9 * len(made)


def test_random_programs_are_those_of_one_point(tmp_path: Path) -> None:
    random_programs(0, 2, tmp_path)


@pytest.mark.slow
def test_many_random_programs_are_those_of_one_point(tmp_path: Path) -> None:
    random_programs(2, 150, tmp_path)


def test_what_is_no_column_is_a_number(tmp_path: Path) -> None:
    made = compile("a*exp(-k*t) if t > k else t", inputs="t, a, k", target="c", rows="t")  # fmt: skip
    (module,) = built([made], tmp_path)
    one = Plain(test_c.built([compile(made.recipe.source, inputs="t, a, k", target="c")], tmp_path)[0])  # fmt: skip
    points = [[t, 1.5, 0.75] for t in (-1.0, 0.5, 0.75, 2.0, 40.0)]
    wanted = [plainly(one, point, [1.0]) for point in points]
    for got, want in zip(module.both(points), wanted):
        assert all(near(a, b, 2e-14) for a, b in zip(got, want))
    assert "size_t rows, const double t_in[], double a, double k," in made.source
    assert "A slope by a number that all rows share" in made.source


def taken_together(made: Compiled, path: Path) -> list[bool]:
    """Return of each loop whether gcc takes several rows at once."""
    path.write_text(made.source, "utf-8")
    command = [str(GCC), *FLAGS.split(), "-mavx2", "-fopt-info-vec", str(path), "-o", str(path.with_suffix(".so"))]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = {*re.findall(r"(\d+):\d+: optimized: loop vectorized", done.stderr)}
    heads = [n for n, line in enumerate(made.source.splitlines(), 1) if "for (size_t row" in line]  # fmt: skip
    return [str(head) in lines for head in heads]


#: glibc has its vector functions here, which loops with calls are measured by.
vectors = pytest.mark.skipif(
    platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc",
    reason="glibc has no vector functions here",
)


def test_sigmoids_call_exp_once_and_are_right_where_it_has_no_double(
    tmp_path: Path,
) -> None:
    for number, text in enumerate(("sigmoid(x)*y", "y/(1 + 3*exp(-x))")):
        made = compile(text, inputs="x, y", target="c", rows="x, y")
        assert made.source.partition("void forward")[0].count("double e = exp(") == 1
        assert "exp(" not in made.source.partition("void forward")[2].partition("}")[0]
        (module,) = built([made], tmp_path / f"{number}")
        plain = compile(text, inputs="x, y", ieee=True)
        points = [(x, 2.0) for x in (-math.inf, -1e300, -745.0, -709.5, -709.0, -700.0, -36.5, -1.0, -0.0, 2.5, 40.0, 709.5, 1e300, math.inf, math.nan)]  # fmt: skip
        for (x, y), (got, *slopes) in zip(points, module.both(points)):
            value, cache = plain.forward(x, y)
            assert near(got, value, 2e-15), x
            for slope, want in zip(slopes, plain.backward(cache)):
                assert near(slope, want, 2e-15), x


@vectors
def test_no_branch_is_left_in_a_loop(tmp_path: Path) -> None:
    """Whatever the choice, gcc takes several rows together."""
    texts = ("sqrt(x)*y*p if x > 0 and y > 1 else sin(x)", "x*sigmoid(y) + p", "max(x, y)*abs(p)",
             "log(x) if x > y or not y < p else hypot(x, y)")  # fmt: skip
    for number, text in enumerate(texts):
        made = compile(text, target="c", rows="x, y")
        assert not re.search(
            r"^ *}? ?(if|while|else) ", made.source.partition("void")[2], re.MULTILINE
        )
        assert all(taken_together(made, tmp_path / f"{number}.c")), text


#: Operations whose bodies loop, or branch around what glibc has no vector function of; and a copy, which is no arithmetic.
_ONE_BY_ONE = frozenset(
    [
        "copy",
        "mod",
        "xcoth",
        "langevin",
        "logsoftplus",
        "compound",
        "experfc",
        "gamma",
        "lgamma",
        "digamma",
        "trigamma",
        "polygamma",
        "beta",
        "logbeta",
        "erfinv",
        "erfcinv",
        "lambertw",
        "zeta",
        "erfcx",
    ]
)


@pytest.mark.slow
@vectors
def test_gcc_takes_several_rows_of_all_other_operations(tmp_path: Path) -> None:
    words = {*target_for(made_of("x", "x").recipe).language.words, "lowers"}
    for row in NUMERIC:
        if row.name in _ONE_BY_ONE or not has_text(row, words):
            continue
        fixed = constants(row)[0]
        args = [str(fixed.get(i, "xyz"[i])) for i in range(row.arity)]
        made = made_of(called(row, args), "".join(a for a in args if a in "xyz"))
        assert all(taken_together(made, tmp_path / "one.c")), row.name


@pytest.mark.slow
@vectors
def test_gcc_takes_several_rows_of_nearly_all_listed_formulas(tmp_path: Path) -> None:
    """Of all 972, with value and slopes in one loop, 968."""
    listed = [row for name in LISTS[1:] for row in formulas(name)][::16]
    taken = 0
    for row in listed:
        names = tuple(row["variables"].split(";"))
        made = compile(row["expression"], inputs=names, rows=names, target="c", proof=False)  # fmt: skip
        taken += taken_together(made, tmp_path / "one.c")[-1]
    assert taken >= len(listed) - 2


def made_of(text: str, columns: str) -> Compiled:
    """Return a formula of columns alone."""
    return compile(text, target="c", rows=(*columns,), inputs=(*columns,), proof=False)


def test_vector_functions_of_the_other_processor_are_called(tmp_path: Path) -> None:
    compiler = shutil.which("aarch64-linux-gnu-gcc")
    if compiler is None:
        pytest.skip("there is no gcc for AArch64")
    for minor, formula in ((40, "exp(x)*y**x + tanh(x)"), (38, "exp(x)*sin(y)")):
        text = compile(formula, target="c", rows="x, y").source
        path = tmp_path / f"{minor}.c"
        path.write_text(text.replace("__GLIBC_MINOR__", str(minor)), "utf-8")
        command = [compiler, *FLAGS.replace("-shared", "").split(), "-S", str(path), "-o", "-"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        declared = {*re.findall(r"extern double (\w+)\(", text)}
        assert {*re.findall(r"\bbl\t_ZGVnN2vv?_(\w+)", done.stdout)} == declared


def test_only_what_is_called_is_declared() -> None:
    text = compile("exp(x) + tan(y)", target="c", rows="x, y").source
    names = re.findall(r"extern double (\w+)\(", text)
    assert names == ["exp", "tan"]
    assert "extern" not in compile("x*y", target="c", rows="x").source


@pytest.mark.parametrize("style", ["textbook", "compact"])
def test_columns_are_read_where_they_are_needed_first(style: str) -> None:
    formula = "exp(x)*y + sin(exp(x)*z)/w + 0.5*u**2"
    made = compile(formula, target="c", rows="u, w, x, y, z", style=style)
    for part in made.source.split("\nvoid ")[1:]:
        lines = part.split("{", 1)[1].splitlines()
        for name in "uwxyz":
            brings = f"        const double {name} = {name}_in[row];"
            at = lines.index(brings)
            while re.match(r" *const double (\w) = \1_in\[row\];$", lines[at]):
                at += 1
            assert re.search(rf"\b{name}\b", lines[at])
            assert lines.count(brings) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"target": "javascript", "rows": "x"}, "rows are of --target python, c"),
        ({"target": "scipy", "rows": "x"}, "in scipy, leave --rows out"),
        ({"target": "c", "rows": "z"}, "no input is called `z`, which is to be a column"),
        ({"target": "c", "rows": "x", "with_": "jacobian"}, 'say --wrt "y"'),
        ({"target": "c", "rows": "x, x"}, "given twice"),
    ],
)  # fmt: skip
def test_what_is_no_module_over_rows_is_refused(
    options: dict[str, Any], says: str
) -> None:
    with pytest.raises(GradgenError, match=says) as refusal:
        compile("x*y", **options)
    assert "\n" not in str(refusal.value)


def test_check_and_update_know_modules_over_rows(tmp_path: Path) -> None:
    path = tmp_path / "decay.c"
    options = ["compile", "a*exp(-k*t)", "--inputs", "t, a, k", "--target", "c"]
    assert main([*options, "--rows", "t", "-o", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 0
    found = read_artifact(text)
    assert found is not None and found.intact
    assert found.recipe.rows == ("t",)
    assert regenerate(found.recipe).source == text
    path.write_text(text.replace("rows: t", "rows: t, k"))
    assert main(["check", str(path)]) == 1
    assert main(["update", str(path)]) == 0
    assert "const double k_in[]" in path.read_text(encoding="utf-8")


def test_names_that_loops_use_are_kept_free(tmp_path: Path) -> None:
    source = "row = 3; rows = x*2; size_t = rows + x_in*row; f_out = size_t + x"
    made = compile(source, target="c", rows="x, x_in", const={"e0": 2})
    (module,) = built([made], tmp_path)
    assert module.both([[1.0, 2.0], [3.0, 4.0]]) == [[9.0, 3.0, 3.0], [21.0, 3.0, 3.0]]
    named = compile("row*x", target="c", rows="x, row")
    (module,) = built([named], tmp_path / "other")
    assert module.both([[5.0, 2.0]]) == [[10.0, 2.0, 5.0]]


#: What stands in a module over rows, and what cannot stand in its place.
WRONG = (
    ("#include <stddef.h>", "#include <stdlib.h>"),
    ("#include <stddef.h>", "#include <stddef.h>\n#define x y"),
    ("extern double exp(double);", "extern double system(double);"),
    ("extern double exp(double);", "extern double exp(double);\nint counter;"),
    ("__GLIBC_MINOR__ >= 22", "__GLIBC_MINOR__ >= 2"),
    ("#endif\n", "#endif\n#undef NAN\n"),
    ("#endif\n", ""),
    ("void forward", "static void forward"),
    ("const double x_in[]", "double x_in[]"),
    ("double f_out[restrict]", "double f_out[]"),
    ("row < rows", "row <= rows"),
    ("row++", "row--"),
    ("size_t row = 0", "size_t row = 1"),
    ("x_in[row];", "x_in[rows];"),
    ("x_in[row];", "x_in[row + 1];"),
    ("x_in[row];", "f_out[row];"),
    ("f_out[row] = f;", "f_out[row] = system(x);"),
    ("f_out[row] = f;", "f_out[row] = f = x;"),
    ("f_out[row] = f;", "f_out[0] = f;"),
    ("f_out[row] = f;", "x_in[row] = f;"),
    ("f_out[row] = f;", "f_out[row] = f;\n        return;"),
    ("f_out[row] = f;", "f_out[row] = f;\n        row += 1;"),
    ("f_out[row] = f;", "if (x) { f_out[row] = f; }"),
    ("const int", "const long"),
    ("const int", "int"),
)


@cache
def whole() -> Compiled:
    """Return a module with all that modules over rows have."""
    return compile("exp(x)*p if x > 0 else p", target="c", rows="x")


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_no_other_statement_can_get_in(number: int) -> None:
    made = whole()
    rest: tuple[Any, ...] = ((), {}, {}, "")

    def check(text: str) -> None:
        check_text(text, made.program, target_for(made.recipe), *rest)

    check(made.source)
    before, after = WRONG[number]
    assert before in made.source
    with pytest.raises(GradgenError, match="is not what a generated module must be"):
        check(made.source.replace(before, after, 1))
    with pytest.raises(GradgenError, match="is not what a generated module must be"):
        check(made.source + "int x;")
