"""The modules in generated/ are what the tool makes today, are listed, and are right."""

from __future__ import annotations

import ast
import importlib.util
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mpmath
import pytest

from gradgen.command.main import main
from gradgen.files.recipe import read_artifact
from gradgen.read.programs import parse
from gradgen.targets import TARGETS
from tests.conftest import ROOT
from tests.truth import relative, value_and_gradient

MODULES = sorted((ROOT / "generated").glob("*.py"))
PICTURES = sorted((ROOT / "generated").glob("*.svg"))


def test_they_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(ROOT / "generated")]) == 0
    assert (
        len(capsys.readouterr().out.splitlines()) == len(MODULES) + len(PICTURES) >= 13
    )


def test_the_readme_lists_them_all() -> None:
    text = (ROOT / "generated" / "README.md").read_text()
    for path in MODULES:
        found = read_artifact(path.read_text())
        assert found is not None
        program = "\n" in found.recipe.source
        shown = "in the file's header" if program else f"`{found.recipe.source}`"
        (line,) = (x for x in text.splitlines() if f"[`{path.name}`]" in x)
        assert f"({path.name})" in line and shown in line
        assert f"({path.stem}.svg)" in line


def test_each_has_its_circuit_beside_it() -> None:
    assert [path.stem for path in PICTURES] == [path.stem for path in MODULES]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_they_import_what_their_target_allows(path: Path) -> None:
    imports = [
        ast.unparse(n)
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, (ast.Import, ast.ImportFrom))
    ]
    found = read_artifact(path.read_text())
    assert found is not None
    allowed = {line for _, line in TARGETS[found.recipe.target].imports}
    assert set(imports) <= allowed


@pytest.mark.parametrize("points", [2, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_value_and_gradient(path: Path, points: int) -> None:
    found = read_artifact(path.read_text())
    assert found is not None
    if found.recipe.target == "scipy":
        pytest.importorskip("scipy")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    recipe = found.recipe
    formula = parse(recipe.source, recipe.inputs or ())
    names = recipe.inputs or formula.inputs
    if not names:
        names = tuple(sorted(s.name for s in formula.expr.free_symbols))
    rnd = random.Random(path.stem)
    outputs = recipe.outputs or ("",)
    seen = 0
    while seen < points:
        point = [rnd.uniform(0.2, 0.9) for _ in names]
        try:
            values, cache = module.forward(*point)
        except ValueError:  # where the author raises
            true, _ = run(recipe.source, outputs[0], names, point)
            assert isinstance(true, mpmath.mpc)
            continue
        seen += 1
        for place, output in enumerate(outputs):
            value = values[place] if len(outputs) > 1 else values
            seeds = [float(i == place) for i in range(len(outputs))]
            if formula.assignments:
                true, slopes = run(recipe.source, output, names, point)
            else:
                expr = formula.result(output)
                true, slopes = value_and_gradient(expr, names, point)
            wanted = [slopes[names.index(name)] for name in recipe.wrt or names]
            assert relative([value], [true]) < 1e-12
            assert relative(module.backward(cache, *seeds), wanted) < 1e-12


#: What programs call, and mpmath has under another name or not at all.
_CALLS: Mapping[str, Any] = {
    "abs": abs,
    "norm_cdf": mpmath.ncdf,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "logsumexp": lambda *x: mpmath.log(mpmath.fsum(map(mpmath.exp, x))),
    "relu": lambda x: max(x, mpmath.mpf(0)),
}


def run(
    text: str, output: str, names: Sequence[str], point: Sequence[float]
) -> tuple[Any, list[Any]]:
    """Return a program's result as Python runs it with 50 digits, and its slopes by differences."""
    statements = [line for line in text.splitlines() if not line.startswith("inputs:")]
    last = statements[-1].partition(" = ")[0]
    code = compile("\n".join(statements), "program", "exec")

    def value(at: Sequence[Any]) -> Any:
        space = {**vars(mpmath), **_CALLS, **dict(zip(names, at))}
        exec(code, space)  # noqa: S102 - our own text
        return space[output or last]

    with mpmath.workdps(50):
        exact, step = [mpmath.mpf(x) for x in point], mpmath.mpf(10) ** -17
        slopes = []
        for place in range(len(names)):
            sides = [
                value([x + sign * step * (i == place) for i, x in enumerate(exact)])
                for sign in (1, -1)
            ]
            slopes.append((sides[0] - sides[1]) / (2 * step))
        return value(exact), slopes
