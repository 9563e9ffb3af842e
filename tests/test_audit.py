"""Derivatives that somebody wrote: right ones are called right, and every mutant that is another function is found."""

from __future__ import annotations

import ast
import copy
import json
import math
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sympy
from sympy.printing.pycode import pycode

from gradgen.audit.compare import audit
from gradgen.audit.finding import Audit
from gradgen.audit.pairs import pairs
from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.read.python.follow.imports import Imports
from tests.conftest import formulas, many

#: Functions of one to four parameters, as Python and SymPy write them.
FUNCTIONS = [
    "a*exp(-k*t) + c",
    "a*(w/x0)**2/((x/x0 - x0/x)**2 + (w/x0)**2)",
    "log(1 + exp(w*x + b)) - y*(w*x + b)",
    "sqrt(x**2 + y**2)*sin(x*y)",
    "S**n/(K**n + S**n)",
    "4*e*((s/r)**12 - (s/r)**6)",
    "atan2(y, x) + tanh(x)*y",
    "R*T/(v - b) - a/(sqrt(T)*v*(v + b))",
    "exp(-(x - m)**2/(2*s**2))/(s*sqrt(2*pi))",
    "y*sin(exp(x))",
    "x*log(x/y) + (1 - x)*log((1 - x)/(1 - y))",
]


def written(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a file with a function and its derivative as SymPy has it, and the parameters."""
    expr = sympy.S(text, {name: sympy.Symbol(name) for name in ["S", "K", "T", "R", "E", "I", "N", "a", "b", "e"]})  # fmt: skip
    names = tuple(sorted(symbol.name for symbol in expr.free_symbols))
    slopes = [pycode(sympy.diff(expr, sympy.Symbol(name))) for name in names]
    listed = "".join(f"{slope}, " for slope in slopes)
    head = f"({', '.join(names)}):\n    return "
    return f"import math\n\n\ndef f{head}{pycode(expr)}\n\n\ndef f_prime{head}({listed})\n", names  # fmt: skip


def found(text: str, **options: Any) -> Audit:
    return audit(text, "f", text, "f_prime", **options)


def mutants(text: str, count: int) -> Iterator[str]:
    """Yield the file with one operator, sign, constant or name of the derivative changed."""
    tree = ast.parse(text)
    chosen = random.Random(text)
    function = tree.body[-1]
    assert isinstance(function, ast.FunctionDef)
    params = [arg.arg for arg in function.args.args]
    kinds = (ast.BinOp, ast.UnaryOp, ast.Constant, ast.Name)
    places = [
        n
        for n, node in enumerate(ast.walk(function.body[0]))
        if isinstance(node, kinds)
        and not (isinstance(node, ast.Name) and node.id not in params)
    ]
    for _ in range(count):
        other = copy.deepcopy(tree)
        last = other.body[-1]
        assert isinstance(last, ast.FunctionDef)
        node = [*ast.walk(last.body[0])][chosen.choice(places)]
        if isinstance(node, ast.BinOp):
            ops = (ast.Add, ast.Sub, ast.Mult, ast.Div)
            node.op = chosen.choice([op for op in ops if not isinstance(node.op, op)])()
        elif isinstance(node, ast.UnaryOp):
            node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.USub()
        elif isinstance(node, ast.Constant):
            assert isinstance(node.value, (int, float))
            node.value += chosen.choice([1, -1, 0.5])
        elif isinstance(node, ast.Name):
            node.id = chosen.choice(params)
        yield ast.unparse(other)


def changed(text: str, mutant: str, names: tuple[str, ...]) -> bool:
    """Whether a mutant's derivative is another function, run at some points in double precision."""
    chosen = random.Random(mutant)
    runs = []
    for each in (text, mutant):
        space: dict[str, Any] = {}
        exec(each, space)  # noqa: S102 - our own text
        runs.append(space["f_prime"])
    differ = 0
    for _ in range(40):
        point = [chosen.uniform(0.2, 0.9) for _ in names]
        try:
            values = [run(*point) for run in runs]
        except (ArithmeticError, TypeError, ValueError):
            continue
        if any(isinstance(value, complex) for each in values for value in each):
            continue
        pairs = zip(*values)
        differ += not all(math.isclose(a, b, rel_tol=1e-4) for a, b in pairs)
    return differ > 10


@pytest.mark.parametrize("text", FUNCTIONS)
def test_what_is_right_is_called_right(text: str) -> None:
    file, names = written(text)
    said = found(file)
    assert len(said.findings) == len(names)
    # SymPy's form may lose digits, as that of S**n/(K**n + S**n) does.
    assert {finding.verdict for finding in said.findings} <= {"right", "weak"}
    assert "in the order of its parameters" in said.arranged and not said.wrong


def others_found(
    mutants: Iterable[str], differs: Callable[[str], bool], **more: Any
) -> int:
    """Hold the verdicts on mutants that are other functions to "wrong"; return how many there are."""
    others = 0
    for mutant in filter(differs, mutants):
        try:
            said = found(mutant, **more)
        except GradgenError:
            continue  # what has no value anywhere is refused
        assert said.wrong, mutant
        others += 1
    return others


def compare(text: str, count: int) -> int:
    """Hold the verdicts on mutants to what they come to; return how many are other functions."""
    file, names = written(text)
    return others_found(mutants(file, count), lambda m: changed(file, m, names))


def test_mutants_are_found() -> None:
    assert sum(compare(text, 1) for text in FUNCTIONS) > 4


@pytest.mark.slow
@pytest.mark.parametrize("text", FUNCTIONS)
def test_many_mutants_are_found(text: str) -> None:
    assert compare(text, many(100)) > 0.4 * many(100)


def indexed(text: str) -> tuple[str, int]:
    """Return a file whose functions take a sequence in the place of parameters, and how many numbers that holds."""
    file, names = written(text)
    tree = ast.parse(file)
    for function in tree.body[1:]:
        assert isinstance(function, ast.FunctionDef)
        function.args.args = [ast.arg("q")]
        for node in ast.walk(function):
            for part, inner in ast.iter_fields(node):
                if isinstance(inner, ast.Name) and inner.id in names:
                    setattr(node, part, _at(names.index(inner.id)))
                elif isinstance(inner, list):
                    inner[:] = [_at(names.index(n.id)) if isinstance(n, ast.Name) and n.id in names else n for n in inner]  # fmt: skip
    return ast.unparse(ast.fix_missing_locations(tree)), len(names)


def _at(place: int) -> ast.expr:
    return ast.Subscript(ast.Name("q", ast.Load()), ast.Constant(place), ast.Load())


def _spread(file: str) -> str:
    """Return a file whose derivative takes its numbers one by one."""
    return f"{file}\n\n\ndef f_prime(*q, inner=f_prime):\n    return inner(q)\n"


def compare_indices(text: str, count: int) -> int:
    """Hold the verdicts on other indices in a derivative to what they come to; return how many are other functions."""
    file, size = indexed(text)
    imports = Imports(shapes={"q": (size,)})
    assert not found(file, imports=(imports, imports)).wrong
    chosen = random.Random(text)

    def other() -> str:
        tree = ast.parse(file)
        places = [n for n in ast.walk(tree.body[-1]) if isinstance(n, ast.Subscript)]
        place = chosen.choice(places)
        place.slice = ast.Constant(chosen.randrange(size))
        return ast.unparse(tree)

    return others_found(
        (other() for _ in range(count)),
        lambda mutant: changed(_spread(file), _spread(mutant), ("",) * size),
        imports=(imports, imports),
    )


def test_other_indices_are_found() -> None:
    assert sum(compare_indices(text, 1) for text in FUNCTIONS) > 3


@pytest.mark.slow
@pytest.mark.parametrize("text", FUNCTIONS)
def test_many_other_indices_are_found(text: str) -> None:
    assert compare_indices(text, 30) > 5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["feynman", "symreg"])
def test_no_derivative_of_sympys_is_called_wrong(name: str) -> None:
    for row in formulas(name)[::4]:
        try:
            file, _ = written(row["expression"])
            said = found(file)
        except (GradgenError, NotImplementedError, SyntaxError, TypeError, ValueError):
            continue  # what SymPy or gradgen does not write or read
        assert not said.wrong, (row["expression"], [*said.lines()])


FILE = """import math


def f(x, k):
    return x * math.exp(-k * x)


def sign(x, k):
    return (1 - k * x) * math.exp(-k * x), x**2 * math.exp(-k * x)


def missing(x, k):
    return (1 - k * x) * math.exp(-k * x), -x * math.exp(-k * x)


def factor(x, k):
    return 2 * (1 - k * x) * math.exp(-k * x), -(x**2) * math.exp(-k * x)


def swapped(x, k):
    return -(x**2) * math.exp(-k * x), (1 - k * x) * math.exp(-k * x)


def df_dk(x, k):
    return -(x**2) * math.exp(-k * x)


def slope(x, k):
    return (1 - k * x) * math.exp(-k * x)


def few(x, k):
    return (1 - k * x) * math.exp(-k * x), -1.0000001 * x**2 * math.exp(-k * x)


def other(x, k, extra):
    return x


def three(x, k):
    return x, k, x


def weak(x):
    return (1 - math.cos(x)) / x**2


def weak_prime(x):
    return math.sin(x) / x**2 - 2 * (1 - math.cos(x)) / x**3
"""


@pytest.mark.parametrize(
    ("against", "slope", "reason"),
    [
        ("sign", "df/dk", "the sign"),
        ("missing", "df/dk", "a factor x missing"),
        ("factor", "df/dx", "a factor 2 too much"),
        ("swapped", "df/dx", "that is the slope by k"),
    ],
)
def test_the_reason_is_said(against: str, slope: str, reason: str) -> None:
    said = audit(FILE, "f", FILE, against)
    wrong, *_ = [one for one in said.findings if one.verdict == "wrong"]
    assert (wrong.slope, wrong.reason) == (slope, reason)
    assert any(slope in line and reason in line for line in said.lines())


def test_which_slope_is_claimed_is_found_out_and_said() -> None:
    assert "as its name says" in audit(FILE, "f", FILE, "df_dk").arranged
    assert "by x, as its value is that" in audit(FILE, "f", FILE, "slope").arranged
    swapped = audit(FILE, "f", FILE, "swapped", wrt=("k", "x"))
    assert not swapped.wrong and swapped.arranged == "by k, x"
    for against, words in (("other", "the same parameters"), ("three", "--wrt")):
        with pytest.raises(GradgenError, match=words):
            audit(FILE, "f", FILE, against)


def test_few_digits_are_weak_and_not_wrong() -> None:
    said = audit(FILE, "f", FILE, "few")
    assert [one.verdict for one in said.findings] == ["right", "weak"]
    assert not said.wrong


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.py"
    path.write_text(FILE)
    assert main(["audit", f"{path}:f", "--against", f"{path}:swapped", "--wrt", "k, x"]) == 0  # fmt: skip
    assert "df/dk  right" in capsys.readouterr().out
    assert main(["audit", f"{path}:f", "--against", f"{path}:sign"]) == 1
    out = capsys.readouterr().out
    assert "the sign" in out and "-x * value" in out
    assert main(["audit", f"{path}:f", "--against", f"{path}:sign", "--format", "json"]) == 1  # fmt: skip
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [one["verdict"] for one in findings] == ["right", "wrong"]
    assert main(["audit", "x*y", "--against", f"{path}:sign"]) == 2
    assert main(["audit", f"{path}:f", "--against", f"{path}:nothing"]) == 2
    assert "Traceback" not in capsys.readouterr().err


CLASSES = FILE + """

class Model:
    @staticmethod
    def evaluate(x, k):
        return x * math.exp(-k * x)

    @staticmethod
    def fit_deriv(x, k):
        d_k = x**2 * math.exp(-k * x)
        return [d_k]

    def deriv(self, x):
        return self.k * x

    def func(self, x):
        return self.k


def g(x, k):
    return x * math.exp(-k * x)


def grad_g(x, k):
    return (1 - k * x) * math.exp(-k * x), -(x**2) * math.exp(-k * x)


def dg_dk(x, k):
    return -(x**2) * math.exp(-k * x)


def g_derivative(x, k):
    return open(x)
"""


def test_derivatives_are_found_by_their_names() -> None:
    found = {pair.said: pair.wrt for pair in pairs(CLASSES)}
    assert found == {
        "df_dk of f": ("k",),
        "weak_prime of weak": None,
        "grad_g of g": None,
        "dg_dk of g": ("k",),
        "g_derivative of g": None,
        "Model.fit_deriv of Model.evaluate": None,
    }


def test_a_folder_is_audited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.py").write_text(CLASSES)
    (tmp_path / "broken.py").write_text("def f(:")
    assert main(["audit", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "broken.py: not read" in err and "grad_g of g: right" in out
    assert "Model.fit_deriv of Model.evaluate: wrong" in out and "the sign" in out
    assert "6 derivatives: 1 wrong, 1 not read, 4 others" in out
    assert main(["audit", str(tmp_path), "--format", "github"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("::error file=") and "dModel_evaluate/dk is wrong" in line
    assert main(["audit", str(tmp_path), "--wrt", "x"]) == 2
    assert main(["audit", str(tmp_path / "nothing.py")]) == 2
