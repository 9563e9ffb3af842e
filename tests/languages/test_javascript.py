"""Modules in JavaScript, run by Node, against the same modules in Python: to the last digit where all operations are exact."""

from __future__ import annotations

import ast
import json
import math
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mpmath
import pytest

from gradgen.command.main import main
from gradgen.core.build import Steps
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.files.recipe import read_artifact
from gradgen.loading import load
from gradgen.passes.gradient import differentiate
from gradgen.passes.moved import finish
from gradgen.passes.names import name as named
from gradgen.pipeline import compile
from gradgen.targets import PYTHON
from gradgen.write.languages.javascript import JAVASCRIPT
from gradgen.write.module import render
from gradgen.write.target import Skeleton
from gradgen.write.templates import helpers
from tests import generators
from tests.conftest import LISTS, ROOT, formulas, gold
from tests.pages import page
from tests.rows import ALL, NUMERIC, constants, drawn, has_text

SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")

#: One process runs all modules of a test: each at its points, with one seed for each output.
RUNNER = """
import { readFileSync } from "node:fs";
const jobs = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const found = [];
for (const [file, points] of jobs) {
  const module = await import(file);
  found.push(points.map((point) => {
    const [value, cache] = module.forward(...point.map(Number));
    const values = Array.isArray(value) ? value : [value];
    const seeds = values.map((_, i) => values.map((_, j) => (i === j ? 1 : 0)));
    const rows = seeds.map((s) => module.backward(cache, ...(s.length > 1 ? s : [])));
    rows.push(...(module.jacobian ? module.jacobian(...point.map(Number)) : []));
    return [values, ...rows].map((row) => row.map((x) => String(Number(x))));
  }));
}
console.log(JSON.stringify(found));
"""

Point = Sequence[float]
#: Values, then a gradient for each output, then the Jacobian's rows if the module has a function for them.
Rows = list[list[float]]


def node(folder: Path, jobs: Sequence[tuple[str, Sequence[Point]]]) -> list[list[Rows]]:
    """Run modules at points, all in one process."""
    assert NODE is not None
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "run.js").write_text(RUNNER)
    listed = []
    for place, (source, points) in enumerate(jobs):
        (folder / f"m{place}.js").write_text(source, encoding="utf-8")
        listed.append((f"./m{place}.js", [[repr(x) for x in p] for p in points]))
    text = json.dumps(listed).replace('"inf"', '"Infinity"')
    text = text.replace('"-inf"', '"-Infinity"').replace('"nan"', '"NaN"')
    (folder / "jobs.json").write_text(text)
    done = subprocess.run(
        [NODE, "run.js", "jobs.json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [
        [[[float(x) for x in row] for row in rows] for rows in points]
        for points in json.loads(done.stdout)
    ]


# The same in Python, where nothing raises; and what an error of a few ulp in every function does to it.

#: Of `math`, what is right to the last digit everywhere.
EXACT = ("sqrt", "floor", "ceil", "trunc", "copysign", "isnan", "factorial", "isfinite")
#: The error that a function of JavaScript's or of a helper may have, in ulp; `test_the_helpers_are_right` proves the largest.
ULP = 4


class _Powers(ast.NodeTransformer):
    """Makes calls of powers, which have errors too."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            return node
        power = ast.Attribute(ast.Name("math", ast.Load()), "pow", ast.Load())
        return ast.Call(power, [node.left, node.right], [])


NOISE = random.Random()


def noisy() -> SimpleNamespace:
    """Return a `math` whose functions are wrong by a few units in the last place."""

    def wrong(function: Any, least: float) -> Any:
        def call(*args: float) -> Any:
            value = function(*args)
            if not isinstance(value, float) or not math.isfinite(value):
                return value
            return value + NOISE.randint(-ULP, ULP) * math.ulp(max(abs(value), least))

        return call

    return SimpleNamespace(
        **{
            # Near its zeros, Python's own lgamma is right to so many digits behind the point.
            name: (
                wrong(value, float(name == "lgamma"))
                if callable(value) and name not in EXACT
                else value
            )
            for name, value in vars(math).items()
            if not name.startswith("__")
        }
    )


NOISY = noisy()


class Twin:
    """A module in Python that is run at points as the runner runs one in JavaScript."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.exact = vars(load(source))

    @cached_property
    def noisy(self) -> dict[str, Any]:
        """The module with calls in the place of its powers, which have errors too."""
        tree = ast.fix_missing_locations(_Powers().visit(ast.parse(self.source)))
        space = vars(load(ast.unparse(tree)))
        space["math"] = NOISY
        return space

    def rows(self, space: dict[str, Any], point: Point) -> Rows:
        value, cache = space["forward"](*point)
        values = value if isinstance(value, tuple) else (value,)
        seeds = [
            [float(i == j) for j in range(len(values))] for i in range(len(values))
        ]
        rows = [space["backward"](cache, *seed) for seed in seeds]
        rows += space["jacobian"](*point) if "jacobian" in space else []
        return [[float(x) for x in row] for row in (values, *rows)]

    def at(self, point: Point) -> Rows:
        return self.rows(self.exact, point)

    def doubts(self, point: Point) -> Rows:
        """Return by how much errors of a few ulp in every function call change each number."""
        here = self.at(point)
        doubts = [
            [2 * math.ulp(x) if math.isfinite(x) else 0.0 for x in row] for row in here
        ]
        NOISE.seed(1)
        for _ in range(8):
            for near, row, sums in zip(self.rows(self.noisy, point), here, doubts):
                for i, (a, b) in enumerate(zip(near, row)):
                    far = abs(a - b)
                    sums[i] = max(sums[i], 4 * far if math.isfinite(far) else math.inf)
        return doubts


def plain(source: str) -> bool:
    """Whether all operations of a module in JavaScript are right to the last digit."""
    code = re.sub(r"(?m)/\*\*(?s:.*?)\*/|//.*$", "", source)
    called = {*re.findall(r"Math\.(\w+)\(|_(\w+)\(", code)}
    exact = "sqrt abs max min floor sign trunc ceil copysign modulo floor_divide round heaviside"
    return "**" not in code and {a or b for a, b in called} <= {*exact.split()}


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


@dataclass
class Case:
    """A formula in both languages, at points."""

    label: str
    javascript: str
    python: str
    points: Sequence[Point]


def compare(folder: Path, cases: Sequence[Case]) -> None:
    """Compare modules in JavaScript with their twins: value, gradients and Jacobian at every point."""
    found = node(folder, [(case.javascript, case.points) for case in cases])
    wrong: list[object] = []
    for case, results in zip(cases, found):
        twin = Twin(case.python)
        for point, rows in zip(case.points, results):
            here = twin.at(point)
            assert [*map(len, rows)] == [*map(len, here)], case.label
            flat = [(a, b) for got, row in zip(rows, here) for a, b in zip(got, row)]
            if all(same(a, b) for a, b in flat):
                continue
            if plain(case.javascript):
                wrong.append((case.label, point, rows, here))
                continue
            doubts = [doubt for row in twin.doubts(point) for doubt in row]
            for (a, b), doubt in zip(flat, doubts):
                if not (same(a, b) or abs(a - b) <= doubt):
                    wrong.append((case.label, point, a, b, doubt))
    assert not wrong, "\n".join(map(str, wrong[:20]))


def both(text: str, points: Sequence[Point], **options: Any) -> Case:
    """Return a formula in both languages."""
    made = compile(text, target="javascript", proof=False, **options)
    twin = compile(text, ieee=True, proof=False, **options)
    return Case(text, made.source, twin.source, points)


def of_rows(count: int) -> Iterator[Case]:
    """Yield every row of the table that JavaScript has, alone in a module, with points of its sample."""
    rnd = random.Random(2)
    for row in NUMERIC:
        if not has_text(row, JAVASCRIPT.language.words):
            continue
        for fixed in constants(row):
            live = [i for i in range(row.arity) if i not in fixed]
            texts = []
            for target in (JAVASCRIPT, replace(PYTHON, ieee=True)):
                steps = Steps(ROWS)
                inputs = {i: steps.input("xyz"[i]) for i in live}
                args = [inputs[i] if i in live else steps.const(fixed[i]) for i in range(row.arity)]  # fmt: skip
                made = finish(
                    steps, {"f": steps.emit(row.name, *args)}, inputs.values()
                )
                program = named(differentiate(made), target.reserved, target.avoided)
                texts.append(render(program, target, "").text)
            points = [drawn(row, fixed, rnd) for _ in range(count)]
            at = [[float(point[i]) for i in live] for point in points]
            yield Case(f"{row.name} {fixed}", texts[0], texts[1], at)


@needs_node
def test_every_row_is_that_of_python(tmp_path: Path) -> None:
    cases = [*of_rows(2)]
    assert {case.label.split()[0] for case in cases} >= {"erf", "gamma", "mod"}
    compare(tmp_path, cases)


@needs_node
@pytest.mark.slow
def test_every_row_is_that_of_python_at_many_points(tmp_path: Path) -> None:
    compare(tmp_path, [*of_rows(200)])


def test_javascript_lacks_what_python_lacks() -> None:
    for row in ALL:
        words = JAVASCRIPT.language.words
        assert has_text(row, words) == has_text(row, PYTHON.language.words), row.name
    with pytest.raises(GradgenError, match=r"besselj has no form in JavaScript"):
        compile("besselj(0, x)", target="javascript")


EDGES = [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -1.5, -2.5, 1.0, -1.0, 2.0, 3.0, -3.0, 1e-300, -1e-300, 5e-324]  # fmt: skip
EDGES += [0.49999999999999994, -0.49999999999999994, 4503599627370497.5, 1e17, -1e17, 1e300, -1e300, math.inf, -math.inf, math.nan]  # fmt: skip


FEW = [0.0, -0.0, 0.5, -1.5, 1.0, -1.0, 3.0, -3.0, 1e-300, -1e300, math.inf, -math.inf, math.nan]  # fmt: skip


@needs_node
def test_exact_operations_are_those_of_python_at_the_edges(tmp_path: Path) -> None:
    cases = [
        both(text, [[x] for x in EDGES])
        for text in ("round(x)", "trunc(x)", "ceil(x)", "floor(x)", "sign(x)", "abs(x)")
    ]
    pairs = [[x, y] for x in FEW for y in FEW]
    texts = [
        *("x % y", "heaviside(x, y)", "max(x, y)", "x/y", "x if x > y else -y"),
        "x if x < y and not y <= 1 or x == 3 else y",
        "x if x != y and x >= y else 2*x",
    ]
    compare(tmp_path, [*cases, *(both(text, pairs) for text in texts)])


@needs_node
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_overflow_and_poles_are_those_of_ieee(tmp_path: Path, every: bool) -> None:
    one = "exp(x) log(x) log1p(x) sqrt(x) gamma(x) lgamma(x) digamma(x) erf(x) erfc(x) erfcx(x) erfinv(x) erfcinv(x) zeta(x) lambertw(x) sigmoid(x) tanh(x) sinh(x) acosh(x) asin(x) atanh(x) logerfc(x) log_norm_cdf(x) softplus(x) 1/x x**-3 x**0.5 2**x beta(x,2) logbeta(x,2)"  # fmt: skip
    # Where the largest number is near, a last digit decides what is too large.
    points = [[x] for x in EDGES if abs(x) not in (1e17, 4503599627370497.5)]
    texts = one.split()[:: 1 if every else 4]
    cases = [both(text, points) for text in texts]
    # These are infinite where Python's `--ieee` says nan: at 1e-300 and at infinity.
    finite = [[x] for x in EDGES if 1e-300 < abs(x) <= 1e17]
    cases += [both(text, finite) for text in ("trigamma(x)", "exprel(x)", "sinhc(x)")]
    pairs = [[x, y] for x in FEW for y in FEW]
    texts = ["pow(x, y)", "logaddexp(x, y)", "hypot(x, y)", "atan2(x, y)"]
    compare(tmp_path, [*cases, *(both(text, pairs) for text in texts)])


TRUTHS = {
    "_erf": mpmath.erf,
    "_erfc": mpmath.erfc,
    "_erfcx": lambda x: mpmath.exp(x * x) * mpmath.erfc(x),
    "_gamma": mpmath.gamma,
    "_lgamma": lambda x: mpmath.log(abs(mpmath.gamma(x))),
    "_gauss": lambda x: mpmath.exp(-x * x),
    "_digamma": mpmath.digamma,
}


@needs_node
@pytest.mark.parametrize("count", [40, pytest.param(2000, marks=pytest.mark.slow)])
def test_the_helpers_are_right(tmp_path: Path, count: int) -> None:
    """Errors in units in the last place, by mpmath to 50 digits; the largest of 6000 random points each are below these."""
    rnd = random.Random(count)
    bounds = [
        ("_erf", -6, 6, 2.0),
        ("_erfc", -6, 1, 4.0),
        ("_erfc", 1, 26.5, 4.0),
        ("_erfcx", -5, 100, 3.0),
        ("_gamma", -12, 12, 5.0),
        ("_gamma", 12, 171.6, 5.0),
        ("_gamma", -170, -12, 6.0),
        ("_lgamma", 0, 12, 3.0),
        ("_lgamma", 0.999, 1.001, 3.0),
        ("_lgamma", 1.999, 2.001, 3.0),
        ("_lgamma", 12, 1e6, 3.0),
        ("_gauss", -26, 26, 2.0),
        ("_digamma", 2, 99, 3.0),
    ]
    texts = helpers(JAVASCRIPT)
    every = "\n".join(texts.values())
    jobs = []
    for name, low, high, _ in bounds:
        function = f"export const forward = (x) => [{name}(x), []];"
        points = [[rnd.uniform(low, high)] for _ in range(count)]
        jobs.append((f"{every}\n{function}\nexport const backward = () => [];", points))
    with mpmath.workdps(50):
        for (name, low, high, bound), (_, points), found in zip(
            bounds, jobs, node(tmp_path, jobs)
        ):
            for (x,), ((value,), _) in zip(points, found):
                true = TRUTHS[name](mpmath.mpf(x))
                error = abs(value - true) / math.ulp(float(true))
                assert error <= bound, (name, low, high, x, float(error))


def point_of(text: str, inputs: Sequence[str]) -> Point | None:
    """Return a point that a list of cases gives: `x=1, y=2`, or numbers in the inputs' order."""
    named = dict(re.findall(r"(\w+) ?= ?([-\w.+]+)", text))
    numbers = [named.get(n, "") for n in inputs] if named else re.split(r"[ ,]+", text)
    try:
        point = [float(number) for number in numbers]
    except ValueError:
        return None
    return point if len(point) == len(inputs) else None


def of_lists() -> Iterator[Case]:
    """Yield all formulas of the lists of cases that compile, at their points or at random ones."""
    rnd = random.Random(3)
    for path in sorted((ROOT / "tests" / "cases").glob("*.txt")):
        for line in path.read_text("utf-8").splitlines():
            parts = [part.strip() for part in line.split(" | ")]
            try:
                made = compile(parts[0], target="javascript", proof=False)
                twin = compile(parts[0], ieee=True, proof=False)
            except GradgenError:
                continue
            inputs = made.program.inputs
            point = point_of(parts[1], inputs) if len(parts) > 1 else None
            points: list[Point] = [[rnd.uniform(0.1, 3) for _ in inputs]]
            points += [point] if point is not None else []
            yield Case(f"{path.name} {parts[0]}", made.source, twin.source, points)


@needs_node
@pytest.mark.slow
def test_the_lists_of_cases(tmp_path: Path) -> None:
    cases = [*of_lists()]
    assert len(cases) > 500
    compare(tmp_path, cases)


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
def test_real_formulas(tmp_path: Path, name: str) -> None:
    listed, points = formulas(name)[:: 3 if name == "equations" else 1], gold(name)
    cases = []
    for row in listed:
        names = row["variables"].split(";")
        at = [[float(p["point"][n]) for n in names] for p in points[row["id"]]]
        cases.append(both(row["expression"], at, inputs=", ".join(names)))
    assert len(cases) == len(listed) > 0
    compare(tmp_path, cases)


@needs_node
@pytest.mark.slow
def test_random_programs(tmp_path: Path) -> None:
    rnd, cases = random.Random(4), []
    for seed in range(150):
        made = generators.program(seed)
        points = [[rnd.uniform(-3, 3) for _ in made.inputs] for _ in range(3)]
        options: dict[str, Any] = {"proof": False, "with_": "jacobian"}
        source = made.compile(target="javascript", **options).source
        twin = made.compile(ieee=True, **options).source
        cases.append(Case(made.text, source, twin, points))
    compare(tmp_path, cases)


# Modules as files, and what else they hold.

PROGRAM = '''"""A rate */ with \\ and a limit."""
def relu6(x): return min(max(x, 0), 6)
r = a*exp(-b*t)  # the */ rate
s = relu6(r + 1) if r > 1 and not b < 0 else r**2
u = r*s
v = r - s + pi*E*EulerGamma
'''


@needs_node
def test_programs_constants_jacobians_and_names_of_the_language(tmp_path: Path) -> None:
    points = [[1.5, 0.25, 0.5], [9.0, 0.5, 0.25], [0.5, -1.0, 2.0], [2.0, 1.0, 0.0]]
    several = both(PROGRAM, points, outputs="u, v", with_="jacobian")
    assert " * A rate *\\/ with \\ and a limit.\n" in several.javascript
    words = both("var*new - function/new + delete**2", [[1.0, 2.0, 3.0, 4.0]])
    assert "forward(delete_, function_, new_, var_)" in words.javascript
    taken = both("Math + NaN*Infinity + undefined", [[1.0, 2.0, 3.0, 4.0]])
    wide = both("*".join(f"x{i}" for i in range(9)), [[*map(float, range(1, 10))]])
    none = both("x + y", [[1.0, 2.0]], wrt="")
    flat = both("x + floor(y)", [[1.0, 2.0]], with_="jacobian", params="x")
    holes = both("u = sin(x)*y\nv = u*x", [[1.0, 2.0]], outputs="u,v", with_="jacobian")
    steep = both(
        "a = sqrt(x)\nf = a*y if y > 0 else y", [[0.0, -1.0]], with_="jacobian"
    )
    given = both("a*exp(-k*t)", [[1.0, 2.0, 3.0]], defaults={"t": 2.0})
    assert "forward(a, k, t = 2)" in given.javascript
    seed = both(SEED, [[3.0, -4.0], [-800.0, 1.0], [0.0, 0.0]])
    compare(
        tmp_path, [several, words, taken, wide, none, flat, holes, steep, given, seed]
    )


def test_the_names_of_the_language_are_not_results() -> None:
    with pytest.raises(GradgenError, match="cannot be called `new`"):
        compile("x + 1", name="new", target="javascript")
    assert compile("x + 1", name="new").source


def test_every_helper_is_reserved_and_used() -> None:
    texts = helpers(JAVASCRIPT)
    assert {*texts} <= JAVASCRIPT.reserved
    called = {name for text in texts.values() for name in re.findall(r"(_\w+)\(", text)}
    spelled = {
        piece.rstrip("(")
        for word in JAVASCRIPT.language.words.values()
        for piece in word.pieces
        if isinstance(piece, str) and piece.startswith("_")
    }
    assert called | spelled == {*texts}
    for name, text in texts.items():
        assert JAVASCRIPT.layout(text) == text
        assert text.startswith("/** ") and f"\nfunction {name}(" in text, name


@needs_node
def test_options_that_keep_from_raising_change_the_header_alone(tmp_path: Path) -> None:
    for text in ("x**n + sqrt(x)/y", "atan2(x, y)*log(x)"):
        plainly = compile(text, target="javascript").source
        for option in ("ieee", "strict"):
            source = compile(text, target="javascript", **{option: True}).source  # type: ignore[arg-type]
            assert source.partition("/**")[2] == plainly.partition("/**")[2]
            assert f"// {option}: yes\n" in source


def test_a_file_is_checked_and_updated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.js"
    assert main(["compile", PROGRAM, "--outputs", "u,v", "--with", "jacobian", "--target", "javascript", "-o", str(path)]) == 0  # fmt: skip
    text = path.read_text("utf-8")
    artifact = read_artifact(text)
    assert artifact is not None and artifact.intact
    assert artifact.recipe.target == "javascript"
    assert main(["check", str(tmp_path)]) == 0
    path.write_text(text.replace("r * s", "s * r"), encoding="utf-8")
    assert main(["check", str(path)]) == 1
    assert main(["compile", "2*x", "--target", "javascript", "-o", str(path)]) == 2
    path.write_text(text.replace("a*exp(-b*t)", "a*exp(-b*t*t)"), encoding="utf-8")
    capsys.readouterr()
    assert main(["update", "--force", str(path)]) in (0, 2)
    assert main(["compile", "x", "--target", "javascript", "-o", str(tmp_path / "x.py")]) == 2  # fmt: skip
    assert "--target javascript writes .js files, as -o x.js" in capsys.readouterr().err
    assert main(["compile", "x", "-o", str(path)]) == 2
    assert main(["compile", "--help"][:1] + ["x", "--target", "java"]) == 2
    assert "known are python, scipy, " in capsys.readouterr().err


def test_what_runs_in_python_is_refused() -> None:
    made = compile("x*y", target="javascript")
    for call in (lambda: made(1.0, 2.0), lambda: made.test("model")):
        with pytest.raises(GradgenError, match="a module in javascript cannot be"):
            call()
    with pytest.raises(GradgenError, match=r"pkg\.rate is a Python function, which"):
        compile(
            "g = function(pkg.rate, derivative=pkg.slope)\ng(x)", target="javascript"
        )


def test_the_function_in_its_page_is_todays() -> None:
    source = compile(SEED, target="javascript").source
    start, end = source.index("/** Return [f"), source.index("\n/**\n * Return [df")
    assert f"```js\n{source[start:end]}```" in page("javascript")


# The proof of the text.

HARMFUL = (
    "import fs from 'fs';",
    "console.log(x);",
    "const z = fetch;",
    "const z = x.constructor;",
    "const z = x['a'];",
    "const z = [x];",
    "const z = `x`;",
    "const z = 'x';",
    "const z = /x/;",
    "const z = x => x;",
    "const z = function () {};",
    "const z = new Date;",
    "const z = eval(x);",
    "const z = Math.random(x);",
    "const z = Math.exp;",
    "const z = (Math.exp)(x);",
    "const z = _missing(x);",
    "const z = x++;",
    "const z = --x;",
    "const z = x = 1;",
    "const z = x ?? 1;",
    "const z = x?.y;",
    "const z = (x, y);",
    "const z = x, w = y;",
    "const z = -x ** 2;",
    "const z = x y;",
    "const z = (x;",
    "const z = x);",
    "const z = x ? y;",
    "const z = x : y;",
    "const z = ;",
    "const z;",
    "const z = q;",
    "const z = z;",
    "const x = 1;",
    "const Math = 1;",
    "const _erf = 1;",
    "const var = 1;",
    "const \\u0061 = 1;",
    "const z = 010;",
    "const z = 0x10;",
    "const z = 1n;",
    "const z = 1.toString;",
    "const z = x /* y */;",
    "const z = x; // \u2028 fetch(x);",
    "const { z } = x;",
    "const [z] = x;",
    "const [z] = forward(x, y);",
    "const [z] = cache;",
    "const { z: w } = cache;",
    "return [x, { y: fetch(x) }];",
    "return [{ x }];",
    "return [x, { q }];",
    "return [x, { x, ...y }];",
    "return [x, { [y]: x }];",
    "var z = x;",
    "let x;",
    "let z, y;",
    "if (x) return [x];",
    "if (x) { return [x]; }",
    "if (q) { f += x; }",
    "if (x) { const q = x; } f += q;",
    "else { f += x; }",
    "while (x) { f += x; }",
    "f += 1;",
    "q += 1;",
    "x *= 2;",
    "x;",
    "if (x) { y }",
    "for (;;) {}",
    "{}",
    "}",
    ";",
    "return [x];",
    "return x;",
    "throw x;",
    "debugger;",
    "export default x;",
    "const z = await x;",
    "const z = this;",
    "const z = typeof x;",
    "const z = x in y;",
    "const z = $;",
    "const z = x\u00a0+ y;",
    "const z = \u0661;",
)


def skeleton(rows: bool = False) -> Skeleton:
    signatures = {"forward": ("x", "y"), "backward": ("cache", "df = 1")}
    signatures |= {"jacobian": ("x", "y")} if rows else {}
    return Skeleton((), helpers(JAVASCRIPT), signatures)


@pytest.fixture(scope="module")
def good() -> str:
    source = compile("erf(x) + x/y", target="javascript", proof=False).source
    JAVASCRIPT.check(source, skeleton())
    return source


@pytest.mark.parametrize("line", HARMFUL)
def test_no_other_statement_gets_in(good: str, line: str) -> None:
    for place in ("  return [f", "  // f ="):
        before, found, after = good.partition(place)
        assert found
        with pytest.raises(GradgenError, match="is not what a generated module must"):
            JAVASCRIPT.check(f"{before}  {line}\n{found}{after}", skeleton())


def test_nothing_gets_in_around_the_functions(good: str) -> None:
    head = good.index("/**")
    helper = good.index("/** Return the error function")
    changed = [
        good + "fetch();\n",
        good + "/** More. */\nexport function more() {\n  return [];\n}\n",
        good + "/** More. */\nfetch();\n",
        good + "/* ",
        good[:head] + "fetch();\n" + good[head:],
        good[:head] + "// \u2028 fetch();\n" + good[head:],
        good[:head] + "// \r fetch();\n" + good[head:],
        good[:helper] + "fetch();\n" + good[helper:],
        good.replace("const size = Math.abs(x);", "const size = fetch(x);"),
        good.replace("(cache, df = 1)", "(cache, df = fetch())"),
        good.replace("export function forward(x, y)", "export function forward(y, x)"),
        good.replace(" * Inputs", " */ fetch(); /*"),
        good.replace("  return [f", "  return\n  [f"),
        good[: good.index("/** Return [df") if "/** Return [df" in good else 0],
        good.replace("export function backward", "function backward"),
        good.replace("export function backward", "export async function backward"),
    ]
    for text in changed:
        assert text != good
        with pytest.raises(GradgenError, match="is not what a generated module must"):
            JAVASCRIPT.check(text, skeleton())


def test_a_module_with_characters_that_end_lines_is_refused_or_whole() -> None:
    for end in "\u2028\u2029\x0b\x85\r":
        for text in (f"y = 2*x  # a{end}fetch()\ny", f'"""a{end}fetch()"""\ny = 2*x'):
            try:
                source = compile(text, target="javascript", proof=False).source
            except GradgenError:
                continue
            assert end not in source
