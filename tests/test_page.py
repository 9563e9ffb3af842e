"""The page that explains a formula: what it shows is what the module computes, nothing in it is another's markup, and it asks for nothing."""

from __future__ import annotations

import html
import json
import math
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.command.show.explain import page_of
from gradgen.core.table import ROWS
from gradgen.files.pictures import is_drawn
from gradgen.page.flow import backward, stages
from gradgen.page.formula import formula
from gradgen.page.live import LIVE, chain_of, live
from gradgen.page.page import LARGEST, rendered
from gradgen.page.source import said
from gradgen.page.values import Evaluator
from gradgen.pipeline import Compiled, compile
from gradgen.targets import PYTHON
from gradgen.trace import Trace
from tests.conftest import one_in

SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")

#: Formulas with the numbers of their inputs, in natural order.
CASES: Sequence[tuple[str, Sequence[float]]] = (
    (SEED, (3.0, -4.0)),
    ("x", (2.0,)),
    ("3", ()),
    ("x - y - x + 0*z", (1.0, 2.0, 3.0)),
    ("x*x if x > 0 else -sqrt(y)/3", (1.5, 2.0)),
    ("x*x if x > 0 else -sqrt(y)/3", (-1.5, 2.0)),
    ("max(x, y)*abs(z) + min(x, 2)**3", (1.5, 0.5, -2.0)),
    ("(x if x > y else y) if x > 0 else z**2", (-0.5, 1.0, 3.0)),
    ("a = x*y\nb = a - x/a\na*b - b/(1 + a)", (0.7, 1.3)),
    ("log(x/y)**2 - exp(-x*y)/sqrt(x + y)", (0.4, 2.5)),
    ("norm_cdf(x) + gamma(y) + erf(x*y) + atan2(x, y)", (0.3, 2.2)),
    ("sigmoid(a)+sigmoid(b)+sigmoid(a*b)+sigmoid(a-b)+sigmoid(2*a)", (0.5, -1.0)),
    ("1/x + log(y)", (0.0, 2.0)),
    ("hypot(x, y) + x % y", (5.5, 2.0)),
)  # fmt: skip
#: Formulas beside whose curvature or size a step that suits 1 is far too long or short, each at a point.
DIFFERENCES: Sequence[tuple[str, float]] = (
    ("1/x", 1e-10),
    ("-log(1 - exp(-x))", 1e-8),
    ("atan2(x, -1)", 1e-9),
    ("exp(x)", 1e-12),
    ("abs(x)", 1e-7),
    ("cos(x)**2", 1e6),
    ("sin(1000*x)", 12.3),
    ("x**3", -1e40),
    ("x*1.5", 0.0),
)
HOSTILE = "a = x*y  # </script><script>alert(1)</script><img src=x onerror=alert(2)>\nb = a + 1  # <!-- ]]> {{ 7*7 }} \"'&amp;\nb*b"


def made(text: str, **options: Any) -> Compiled:
    return compile(text, target="javascript", proof=False, **options)


def page(text: str, given: dict[str, float] | None = None, **options: Any) -> str:
    compiled = compile(text, proof=False, **options)
    return page_of(compiled, given or {})


def run(jobs: Sequence[tuple[Compiled, Sequence[float], int]]) -> list[Any]:
    """Return what the scripts of pages come to: values, lines and gradients, where one result has the upstream gradient 1."""
    assert NODE is not None
    parts = ["const found = [];"]
    for compiled, point, of in jobs:
        seeds = [int(i == of) for i in range(len(compiled.program.outputs))]
        call = f"const [values, back] = $live(...{json.dumps(point)});"
        call += f" found.push([values, ...back(...{seeds})]);"
        parts.append(f"{{ {rendered(live(compiled.program))}\n{call} }}")
    shows = "x => typeof x === 'number' ? String(x) : x"
    parts.append(f"console.log(JSON.stringify(found, (k, v) => ({shows})(v)));")
    done = subprocess.run([NODE, "-"], input="\n".join(parts), capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [[numbers(part) for part in one] for one in json.loads(done.stdout)]


def numbers(found: Any) -> Any:
    return [*map(numbers, found)] if isinstance(found, list) else float(found)


def near(one: float, other: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or math.isclose(
        one, other, rel_tol=1e-12, abs_tol=1e-14
    )


@needs_node
def test_the_script_computes_what_python_does() -> None:
    jobs = [(made(text), point, 0) for text, point in CASES]
    for (compiled, point, _), (values, lines, slopes) in zip(jobs, run(jobs)):
        found = Evaluator(Trace(compiled.program, replace(PYTHON, ieee=True))).at(point)
        wanted = [*map(float, found.values), *found.slopes]
        assert all(map(near, [*values, *slopes], wanted)), compiled
        ours = [number for line in found.lines for number in line]
        theirs = [number for line in lines for number in line]
        assert len(ours) == len(theirs) and all(map(near, theirs, ours)), compiled
        twin = compile(compiled.recipe.source, ieee=True, proof=False)
        value, cache = twin.forward(*point)
        names = [*compiled.program.names]
        assert near(values[names.index(compiled.program.outputs[0][1])], value)
        gradient = [slopes[names.index(i)] for i in compiled.program.wrt]
        assert all(map(near, gradient, twin.backward(cache))), compiled


@needs_node
def test_each_line_brings_its_local_derivative_times_what_comes_in() -> None:
    jobs = [(made(text), point, 0) for text, point in CASES if 0.0 not in point]
    for (compiled, _, _), (_, lines, slopes) in zip(jobs, run(jobs)):
        program = compiled.program
        flow = backward(program, chain_of(program, LIVE))
        total: dict[int, float] = {}
        for line, (local, brought, so_far) in zip(flow, lines, strict=True):
            assert near(local * slopes[line.source], brought), (compiled, line)
            # A gradient is whole before a line hands it on.
            before = total.get(line.into, 0.0) if line.adds else 0.0
            total[line.into] = so_far
            seeded = line.into in [stages_at(compiled, v) for _, v in program.outputs]
            assert seeded or near(before + brought, so_far)
        for into, number in total.items():
            assert number == slopes[into] or math.isnan(number)


def stages_at(compiled: Compiled, value: int) -> int:
    return [*compiled.program.names].index(value)


@needs_node
def test_each_result_has_its_seed() -> None:
    text = "r = sqrt(x**2 + y**2)\nphi = atan2(y, x)\nz = r*phi"
    options: dict[str, Any] = {"outputs": "r, phi, z"}
    compiled = made(text, **options)
    rows = compile(text, proof=False, **options).jacobian(1.5, 0.5)
    jobs = [(compiled, (1.5, 0.5), of) for of in range(3)]
    for row, (_, _, slopes) in zip(rows, run(jobs), strict=True):
        assert all(map(near, slopes[:2], row))


def test_its_lines_are_those_of_the_module() -> None:
    for text, _ in CASES:
        compiled = made(text)
        if any(step.op == "where" for step in compiled.program.steps):
            continue
        found = live(compiled.program)
        code = re.sub(r"/\*\*(?s:.*?)\*/| *// .*", "", compiled.source)
        code = re.sub(r"\s+", " ", code)
        lines = [*found.ahead, *(line.text for line in found.back)]
        if text.count("sigmoid(") < 4:  # of which a module has a helper
            assert all(re.sub(r"\s+", " ", line) in code for line in lines), text
        assert len(found.ahead) == len(compiled.program.lines)
        assert len(found.back) == len(compiled.program.ways)


@pytest.mark.parametrize("text", one_in(8, sorted(ROWS)))
def test_every_operation_is_typeset(text: str) -> None:
    row = ROWS[text]
    if row.boolean or row.level or not text.isidentifier():
        return
    try:
        compiled = compile(f"{text}({', '.join('xyz'[:row.arity])})", target="scipy", proof=False)  # fmt: skip
    except Exception:  # noqa: BLE001 - what formulas do not call
        return
    _well_formed(formula(compiled.program))


def _well_formed(text: str) -> ET.Element:
    """Return what MathML says, whose elements that take so many parts have them, and no text beside its leaves."""
    tree = ET.fromstring(text)
    for element in tree.iter():
        leaf = element.tag in ("mi", "mn", "mo", "mtext")
        assert leaf or not (element.text or "").strip(), text
        assert not (element.tail or "").strip(), text
        if element.tag in ("mfrac", "msup", "msub", "mroot"):
            assert len(element) == 2, text
    return tree


def test_each_stage_has_its_part_of_the_formula() -> None:
    for text, _ in CASES:
        compiled = made(text)
        tree = _well_formed(formula(compiled.program))
        shown = {int(e.get("data-s", -1)) for e in tree.iter()}
        for place, stage in enumerate(stages(compiled.program)):
            inverse = stage.text.startswith("1 / ")
            assert place in shown or inverse or "0*z" in text, (text, stage)
    # What is shared is written out each time: no formula is typeset that nobody would read.
    text = "x"
    for _ in range(10):
        text = f"({text})*sin({text})"
    assert formula(made(text).program) == ""
    # What the author named has an equation of its own.
    lines = ["a0 = x*sin(x)"] + [f"a{i} = a{i - 1}*sin(a{i - 1})" for i in range(1, 14)]
    text = formula(made("\n".join(lines)).program)
    assert text.count("<mtr>") == 14 and len(text) < 10_000


def test_numbers_and_names_are_typeset() -> None:
    text = formula(made("-2*alpha_1 + x2/3 - 1.5e-7*beta_k**-1", params="").program)
    _well_formed(text)
    for part in ("α</mi><mn>1", "x</mi><mn>2", "β</mi><mi>k", "<mn>1.5</mn>", "<mn>7</mn>"):  # fmt: skip
        assert part in text


def test_the_source_knows_its_stages() -> None:
    compiled = made("# a product\na = x*y\nb = sin(a)*x\nc = 2\na*b + cos(y)")
    lines = said(compiled.program, compiled.recipe.source)
    names = [*compiled.program.names.values()]
    made_by = {line.text: [names[place] for place in line.stages] for line in lines}
    assert made_by["a = x*y  # a product"] == ["a"]
    assert made_by["b = sin(a)*x"] == ["sina", "b"]
    assert made_by["c = 2"] == []
    every = sorted(place for line in lines for place in line.stages)
    assert every == [*range(2, len(names))]


def test_nothing_of_the_authors_is_markup() -> None:
    text = page(HOSTILE, {"x": 2.0, "y": 3.0})
    assert text.count("<script") == text.count("</script>") == 1
    assert "<img" not in text and text.count("<!--") == 1
    assert "{{" not in text.partition("<script")[0].partition("7*7")[2][:4]
    assert "alert(1)" not in text.partition("<script")[2]
    assert html.escape("</script><script>alert(1)", quote=False) in text
    for name in ("onerror", "constructor", "document", "window", "values", "live", "back", "found", "step"):  # fmt: skip
        assert f"value of {name}" in page(f"{name}*2 + {name}**2")


def test_the_page_asks_for_nothing() -> None:
    text = page(SEED)
    head = text.partition("</head>")[0]
    assert "default-src 'none'" in head
    assert not re.search(r"\b(src|href|url|@import|fetch|import)\b *[=(]", text)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")  # fmt: skip


def test_the_same_page_again() -> None:
    assert page(HOSTILE) == page(HOSTILE)


def test_a_large_page_leaves_parts_out_and_says_so() -> None:
    names = ["w", "x", "y", "z"]
    lines = []
    for i in range(14):
        a, b, c = names[-1], names[-2], names[-4]
        lines.append(f"s{i} = sin({a})*{b} + {c}*exp(-{b}**2)")
        names.append(f"s{i}")
        if i == 10:
            whole = page("\n".join(lines))
    assert 80 <= whole.count("data-g=") and "<svg" in whole
    assert len(whole.encode()) <= LARGEST
    most = page("\n".join(lines))
    assert len(most.encode()) <= LARGEST
    assert "no room on this page for the module and the typeset formula." in most


def test_a_point_is_found_where_all_is_finite() -> None:
    assert 'aria-label="value of x" value="1"' in page("log(x)")
    assert 'aria-label="value of x" value="0.5"' in page("sqrt(1 - x)/x")
    assert 'aria-label="value of y" value="7"' in page("x*y", defaults={"y": 7.0})


@pytest.mark.parametrize(("text", "x"), DIFFERENCES)
def test_central_differences_suit_small_and_large_inputs(text: str, x: float) -> None:
    compiled = made(text)
    found = Evaluator(Trace(compiled.program, replace(PYTHON, ieee=True))).at([x])
    assert found.differences == pytest.approx(found.slopes[:1], rel=2e-5), text


def test_what_is_no_number_is_shown_as_such() -> None:
    text = page("1/x + log(y)", {"x": 0.0, "y": -1.0})
    assert "<b>inf</b>" in text and "<b>nan</b>" in text


def test_what_is_not_taken_has_no_value() -> None:
    text = page("x*x if x > 0 else -sqrt(y)/3", {"x": 1.5, "y": 2.0})
    rows = re.findall(r'<tr data-s="\d" data-g="[^"]*"><th scope="row">(\w+)</th>(.*?)</tr>', text)  # fmt: skip
    shown = {name: re.findall("<b>(.*?)</b>", cells) for name, cells in rows}
    assert shown["xsqr"] == ["2.25", "1"] and shown["f"] == ["2.25", "1"]
    assert shown["sqrty"] == ["\N{EN DASH}"] * 2
    nodes = re.findall(r'<g class="stage(?: left)?" data-s="\d">', text)
    assert sum("left" in node for node in nodes) == 3


def test_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.txt").write_text("a = sum(x*w)\n")
    Path("mine.html").write_text("mine")
    assert main(["compile", SEED, "-o", "seed.py"]) == 0
    assert main(["explain", "seed.py", "--at", "x=3, y=-4", "-o", "page.html"]) == 0
    first = Path("page.html").read_text("utf-8")
    assert "def forward(x: float" in first and "1.54564" in first
    assert not is_drawn(Path("page.html"))
    assert main(["explain", SEED, "--at", "x=3", "--at", "y=-4"]) == 0
    assert "1.54564" in capsys.readouterr().out
    assert main(["explain", "x*y", "-o", "page.html"]) == 0
    assert main(["explain", "sqrt(x - y)", "--at", "y=1.5", "-o", "page.html"]) == 0
    text = Path("page.html").read_text(
        "utf-8"
    )  # other inputs get what makes all finite
    assert 'of x" value="2"' in text and 'of y" value="1.5"' in text
    for argv, error in (
        (["x*y", "-o", "page.txt"], "ends in .html"),
        (["x*y", "-o", "mine.html"], "was not drawn by gradgen"),
        (["x*y", "--at", "x=3, y=1, z=2"], "which is no input"),
        (["x*y", "--at", "z=2"], "which is no input"),
        (["3", "--at", "z=2"], "which is no input; there are none"),
        (["besselj(0, x)", "--target", "scipy"], "besselj has no form in JavaScript; `gradgen eval`"),
        (["sum(x*w)", "--target", "numpy", "--rows", "x"], "over rows of data"),
        (["+".join(f"sin({i}*x)" for i in range(3, 200))], "a page explains at most 300"),
    ):  # fmt: skip
        assert main(["explain", *argv]) == 2, argv
        assert error in capsys.readouterr().err, argv
    assert Path("mine.html").read_text() == "mine"
