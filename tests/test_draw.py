"""Circuits: what stands in a picture is what the module computes, nothing lies over anything else, and files are kept true."""

from __future__ import annotations

import contextlib
import math
import os
import random
import re
import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from pathlib import Path

import mpmath
import pytest

from gradgen import compile
from gradgen.command.main import main
from gradgen.compiled import Compiled
from gradgen.core.build import steps_of
from gradgen.core.run import Run
from gradgen.draw.axes import bounds, labels, picture, ticks
from gradgen.draw.circuit import MOST, circuit
from gradgen.draw.curve import curve
from gradgen.draw.graphs import dot, mermaid
from gradgen.draw.place import Box, Drawing, Line, apart, place, shown, wide
from gradgen.draw.svg import escaped, svg
from gradgen.errors import GradgenError
from gradgen.files.recipe import read_artifact
from gradgen.pipeline import regenerate
from gradgen.targets import PYTHON, TARGETS
from gradgen.trace import carried, meanings
from tests.conftest import LISTS, ROOT, formulas
from tests.generators import branching, compiled, program

SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
_AT = {"x": 3.0, "y": -4.0}
_NAMESPACE = "{http://www.w3.org/2000/svg}"
Area = tuple[float, float, float, float]


def areas(box: Box) -> list[Area]:
    """Return where a node and its texts stand: left, top, right, bottom."""
    right = box.left + box.width
    found = [(box.left, box.top, right, box.top + box.height)]
    for texts, top, bottom in ((box.above, -18, -3), (box.below, 4, 19)):
        if text := " ".join(filter(None, texts)):
            left = right + 7
            y = box.middle
            found.append((left, y + top, left + wide(text), y + bottom))
    return found


def along(line: Line) -> Iterator[tuple[float, float]]:
    """Yield points of a wire: of a straight one, or of a curve that leaves and comes in level."""
    (x, y), (end, level) = line.start, line.stop
    for i in range(33):
        t = i / 32
        middle = (x + end) / 2
        before, after = (1 - t) ** 3, t**3
        near, far = 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t)
        yield (
            before * x + (near + far) * middle + after * end,
            (before + near) * y + (far + after) * level,
        )


def overlaps(drawing: Drawing) -> list[str]:
    """Return what lies over what: nodes and texts over each other or beyond the edge, wires over nodes and texts."""
    found = []
    spaces = [(b.node.name, area) for b in drawing.boxes for area in areas(b)]
    for (one, a), (other, b) in combinations(spaces, 2):
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]:
            found.append(f"{one} over {other}")
    for name, (left, top, right, bottom) in spaces:
        if left < 0 or top < 0 or right > drawing.width or bottom > drawing.height:
            found.append(f"{name} beyond the edge")
    for line in drawing.lines:
        near = [
            (name, area)
            for name, area in spaces
            if area[0] < line.stop[0] and line.start[0] < area[2]
        ]
        for x, y in along(line) if near else ():
            for name, (left, top, right, bottom) in near:
                if left < x < right and top < y < bottom:
                    found.append(f"a wire through {name}")
    return found


def ends(drawing: Drawing) -> set[tuple[str, str, int]]:
    """Return which node's wire comes into which, and as which operand from above, going along the lines."""
    sources = {(b.end, b.middle): b.node.name for b in drawing.boxes}
    left = [*drawing.lines]
    while left:  # a line goes on where another one ends
        known = [line for line in left if line.start in sources]
        assert known, "a wire begins nowhere"
        for line in known:
            sources.setdefault(line.stop, sources[line.start])
        left = [line for line in left if line.start not in sources or line not in known]
    found = set()
    for box in drawing.boxes:
        into = sorted(
            line.stop[1]
            for line in drawing.lines
            if line.stop[0] == box.left and box.top <= line.stop[1] <= box.top + box.height
        )  # fmt: skip
        found |= {(sources[box.left, y], box.node.name, n) for n, y in enumerate(into)}
    return found


def check(made: Compiled, point: Sequence[float] | None) -> None:
    """Hold a picture to the circuit, and the circuit to the module."""
    at = None if point is None else dict(zip(made.program.inputs, point))
    found = circuit(made, at, digits=at is not None)
    drawing = place(found)
    assert overlaps(drawing) == []
    names = [node.name for node in found.nodes]
    if len(set(names)) == len(names):
        wanted = {(names[w.source], names[w.into], w.port) for w in found.wires}
        assert ends(drawing) == wanted
    text = svg(found)
    ET.fromstring(text)
    assert svg(circuit(made, at, digits=at is not None)) == text
    if point is None:
        return
    values, slopes = made.trace(*point)
    for value, name in made.program.names.items():
        node = found.nodes[[*made.program.names].index(value)]
        if node.taken:
            assert node.value == values[name]
            assert node.gradient == slopes.get(made.program.adjoints[value])
    parts = [node.share for node in found.nodes if node.share is not None]
    assert not parts or sum(parts) == pytest.approx(1.0)


def test_the_seed() -> None:
    made = compile(SEED)
    check(made, (3.0, -4.0))
    found = circuit(made, _AT)
    assert [(node.name, node.label) for node in found.nodes] == [
        *(("x", "x"), ("y", "y"), ("sigy", "sigmoid"), ("num", "+")),
        *(("sigx", "sigmoid"), ("xpy", "+"), ("xpysqr", "xpy**2"), ("den", "+")),
        *(("invden", "1 / den"), ("f", "×")),
    ]
    tree = ET.fromstring(svg(found))
    texts = ["".join(text.itertext()) for text in tree.iter(f"{_NAMESPACE}text")]
    assert {"sigy 0.01799", "f 1.546", "2.06", "1.592"} <= {*texts}
    about = tree.findtext(f"{_NAMESPACE}desc") or ""
    assert "den = sigx + xpysqr (value 1.953, gradient −0.7916)" in about


@pytest.mark.parametrize("seed", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_random_programs(seed: int) -> None:
    for number in range(seed, seed + max(1, seed - 1)):
        for make in (program, branching):
            made = compiled(make(number))
            if made is None:
                continue
            point = [0.3 + 0.2 * i for i in range(len(made.program.inputs))]
            try:
                made.trace(*point)
            except (ArithmeticError, ValueError):
                check(made, None)
            else:
                check(made, point)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", sorted((ROOT / "generated").glob("*.py")), ids=lambda p: p.stem
)
def test_generated_modules(path: Path) -> None:  # fmt: skip
    found = read_artifact(path.read_text("utf-8"))
    assert found is not None
    if len((made := regenerate(found.recipe)).program.names) <= MOST:
        check(made, None)


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
def test_real_formulas(name: str) -> None:
    for row in formulas(name)[::16]:
        try:
            made = compile(row["expression"], inputs=row["variables"].replace(";", ","))
        except GradgenError:
            continue
        check(made, None)


def test_branches_that_are_not_taken_are_told() -> None:
    made = compile("y = 2*x; f = sin(y) if x > 0 else cos(y)*y")
    one, other = (circuit(made, {"x": x}) for x in (1.0, -1.0))
    left = [{n.name for n in found.nodes if not n.taken} for found in (one, other)]
    assert "siny" in left[1] and "cosy" in left[0] and not left[0] & left[1]
    for found, gone in zip((one, other), left):
        for wire in found.wires:
            names = found.nodes[wire.source].name, found.nodes[wire.into].name
            assert wire.taken == (not gone & {*names})
        assert svg(found).count('class="stage left"') == len(gone)
        assert mermaid(found).count("-.->") == sum(not w.taken for w in found.wires)
        assert dot(found).count("[style=dashed]") == sum(not w.taken for w in found.wires)  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_wires_that_are_taken_are_those_that_matter(seed: int) -> None:
    # What a choice does not read changes nothing in it: inputs, and values that others read as well.
    draw = random.Random(seed)
    names = ["a", "b", "c", "d"]
    draw.shuffle(names)
    p, q, r, s = names
    made = compile(f"g = {p} if {q} > {r} else {s}; f = g*{p} + (g if {r} > 0 else {q})")  # fmt: skip
    point = {name: draw.uniform(-1, 1) for name in made.program.inputs}
    found = circuit(made, point)
    for number, node in enumerate(found.nodes):
        if node.label != "if":
            continue
        read = [found.nodes[w.source].value for w in found.wires if w.into == number and w.taken]  # fmt: skip
        assert len(read) == 2 and read[1] == node.value


def test_a_reciprocal_rounds_and_half_of_a_value_does_not() -> None:
    found = circuit(compile("2/x + x/4 + relu(x)"), {"x": 3.0}, digits=True)
    exact = {node.name for node in found.nodes if node.share == 0.0}
    parts = {node.formula: node.share for node in found.nodes}
    assert parts["2 / x"] and "xby4" in exact and len(exact) == 2


def changed(made: Compiled, point: Sequence[float], value: int, by: float) -> float:
    """Return the result where one stage is off by a part of itself."""
    program = made.program
    run = Run(steps_of(program), meanings(program, PYTHON, carried()))
    scope = dict(zip(program.inputs, point))
    names = {v: program.names[v] for v in program.signature}
    for stage in program.lines:
        with contextlib.suppress(ArithmeticError, ValueError, KeyError):  # not taken
            found = run.value(stage, names, scope)
            scope[program.names[stage]] = found * (1 + by * (stage == value))
        names[stage] = program.names[stage]
    return scope[program.names[program.outputs[0][1]]]


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(s, marks=pytest.mark.slow) for s in range(2, 60))]
)
def test_shares_are_those_of_stages_that_are_off(seed: int) -> None:
    made = compiled(branching(seed))
    assert made is not None
    point = [0.3 + 0.2 * i for i in range(len(made.program.inputs))]
    try:
        made.trace(*point)
    except (ArithmeticError, ValueError):
        pytest.skip("no value there")
    found = circuit(made, dict(zip(made.program.inputs, point)), digits=True)
    moved = {
        value: abs(changed(made, point, value, 1e-7) - changed(made, point, value, -1e-7))
        for value, node in zip(made.program.names, found.nodes)
        if node.share
    }  # fmt: skip
    for value, node in zip(made.program.names, found.nodes):
        if node.share:
            wanted = moved[value] / sum(moved.values())
            assert node.share == pytest.approx(wanted, abs=1e-3)


def test_shares_of_the_rounding_error() -> None:
    # (x + y) - y loses at the sum what the sum rounds: (x + y) counts as y does, the difference as x.
    made = compile("s = x + y; f = exp(s) * 2")
    found = circuit(made, {"x": 1.0, "y": 2.0}, digits=True)
    parts = {node.name: node.share for node in found.nodes}
    assert parts["x"] is None and parts["f"] == 0.0  # a factor of 2 rounds nothing
    # d exp(s)*2 = 2*exp(s) ds: s counts three times as much as exp(s).
    [name] = {*parts} - {"x", "y", "s", "f"}
    assert parts["s"] == pytest.approx(0.75) and parts[name] == pytest.approx(0.25)


@pytest.mark.parametrize("trial", range(30))
def test_heights_are_the_nearest_that_are_apart(trial: int) -> None:
    draw = random.Random(trial)
    count = draw.randint(1, 7)
    wanted = [float(draw.randint(-20, 20)) for _ in range(count)]
    weights = [float(draw.randint(1, 4)) for _ in range(count)]
    gaps = [float(draw.randint(1, 6)) for _ in range(count - 1)]
    found = apart(wanted, weights, gaps)
    assert all(b - a >= gap - 1e-9 for a, b, gap in zip(found, found[1:], gaps))

    def cost(heights: Sequence[float]) -> float:
        return sum(w * (h - x) ** 2 for h, x, w in zip(heights, wanted, weights))

    # No step of a group that may move makes it less: the conditions of a least square.
    for start in range(count):
        for stop in range(start + 1, count + 1):
            for step in (-1e-3, 1e-3):
                other = [h + step * (start <= i < stop) for i, h in enumerate(found)]
                if all(
                    b - a >= gap - 1e-9 for a, b, gap in zip(other, other[1:], gaps)
                ):
                    assert cost(other) >= cost(found) - 1e-12


def test_nothing_in_a_formula_is_markup() -> None:
    hostile = '<script>alert(1)</script> & "quoted" --> ]]> #quot;'
    made = compile(f"s = x + 1  # {hostile}\nf = s**2 if s < 3 and x > 1 else s\n")
    for text in (svg(circuit(made)), svg(circuit(made, {"x": 2.0}))):
        tree = ET.fromstring(text)
        assert {e.tag.removeprefix(_NAMESPACE) for e in tree.iter()} <= {
            *("svg", "title", "desc", "style", "rect", "path", "g", "text", "tspan")
        }
    assert "<script" not in dot(circuit(made)) + mermaid(circuit(made))
    # Of what stands between quotes nothing ends them.
    for line in mermaid(circuit(made)).splitlines():
        assert not re.search(r'"[^"]*"[^\]]', line)


def test_numbers_on_wires() -> None:
    assert [shown(x) for x in (1.0, -0.25, 1e-9, True, None, float("inf"))] == [
        *("1", "−0.25", "1e−09", "True", "", "inf")
    ]
    assert Fraction(shown(2 / 3)) == Fraction("0.6667")


def test_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module, picture = tmp_path / "seed.py", tmp_path / "seed.svg"
    compile(SEED).write(module)
    draws = ["draw", str(module), "--at", "x=3, y=-4", "--digits", "-o"]
    for suffix in (".svg", ".dot", ".mmd"):
        assert main([*draws, str(picture.with_suffix(suffix))]) == 0
        assert main([*draws, str(picture.with_suffix(suffix))]) == 0
        assert "unchanged" in capsys.readouterr().err
    text = picture.read_text("utf-8")
    assert text.startswith("<!-- Drawn by gradgen from seed.py; at x=3.0, y=-4.0; digits. -->\n<svg ")  # fmt: skip
    assert main(["check", str(tmp_path)]) == 0
    capsys.readouterr()
    picture.write_text(text.replace(">2.06<", ">2.07<"), "utf-8")
    assert main(["check", str(tmp_path)]) == 1
    assert "stale    " + str(picture) in capsys.readouterr().out
    assert main(["update", str(tmp_path)]) == 0
    assert picture.read_text("utf-8") == text
    # Another formula in the module: the picture is drawn of that.
    module.write_text(compile("x*y").source, "utf-8")
    capsys.readouterr()
    assert main(["check", str(tmp_path)]) == 1
    assert capsys.readouterr().out.count("stale") == 3
    module.write_text(compile("x*y").source.replace("x * y", "y * x"), "utf-8")
    assert main(["check", str(tmp_path)]) == 1  # no picture of what no recipe makes
    out = capsys.readouterr().out
    assert out.startswith("edited ") and out.count("\nfailed ") == 3
    module.write_text(compile("x*y").source, "utf-8")
    assert main(["update", str(tmp_path)]) == 0 == main(["check", str(tmp_path)])
    module.unlink()
    assert main(["check", str(picture)]) == 1
    assert "seed.py does not exist" in capsys.readouterr().out


def test_what_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foreign = tmp_path / "theirs.svg"
    foreign.write_text("<svg/>", "utf-8")
    large = " + ".join(f"sin(x{i})" for i in range(600))
    for argv, said in (
        (["x*y", "-o", str(foreign)], "was not drawn by gradgen"),
        (["x*y", "-o", str(tmp_path / "a.gif")], ".svg, .dot, .mmd"),
        (["x*y", "--digits"], "--digits is at a point"),
        (["x*y", "--at", "x=1"], "--at gives no value for `y`"),
        (["log(x)", "--at", "x=0"], "there is no value"),
        (["x*y", "--of", "g"], "error: no result is called `g`"),
        ([large], f"at most {MOST}"),
        ([str(tmp_path / "no.py")], "does not exist"),
    ):
        assert main(["draw", *argv]) == 2
        shown_ = capsys.readouterr()
        assert said in shown_.err and shown_.err.count("\n") == 1 and not shown_.out
        assert ("no value or" in shown_.err) == (argv[0] == "log(x)")
    assert foreign.read_text("utf-8") == "<svg/>"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["theirs.svg"]
    assert main(["draw", "x*y", "-o", str(foreign), "--force"]) == 0


def test_pictures_of_dots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are those of SVG, name what they are drawn from, and replace no other file."""
    try:
        import cairosvg  # noqa: F401
    except (ImportError, OSError):
        assert main(["draw", "x*y", "-o", str(tmp_path / "a.png")]) == 2
        assert "pip install cairosvg" in capsys.readouterr().err
        pytest.skip("CairoSVG is not here")
    module, picture = tmp_path / "seed.py", tmp_path / "seed.png"
    compile(SEED).write(module)
    sizes = []
    for argv in (
        ["draw", str(module)],
        ["plot", "x*y", "--over", "x=1:2", "--at", "y=2"],
    ):
        for said in ("drew", "unchanged"):
            assert main([*argv, "-o", str(picture)]) == 0
            assert said in capsys.readouterr().err
        data = picture.read_bytes()
        assert data.startswith(b"\x89PNG") and b"Drawn by gradgen" in data
        sizes.append(struct.unpack(">II", data[16:24]))
        place = 8
        while place < len(data):  # every part says its length and has its checksum
            (size,) = struct.unpack(">I", data[place : place + 4])
            part, place = data[place + 4 : place + 8 + size], place + 12 + size
            assert data[place - 4 : place] == struct.pack(">I", zlib.crc32(part))
        assert part == b"IEND"
    width, height = re.findall(r'(?:width|height)="([\d.]+)"', drawn_svg(module))[:2]
    assert sizes[0] == (round(2 * float(width)), round(2 * float(height)))
    picture.write_bytes(b"\x89PNG of somebody's\xff")
    assert main(["draw", "x*y", "-o", str(picture)]) == 2
    assert picture.read_bytes() == b"\x89PNG of somebody's\xff"
    assert main(["check", str(tmp_path)]) == 0


def drawn_svg(module: Path) -> str:
    path = module.with_suffix(".svg")
    assert main(["draw", str(module), "-o", str(path)]) == 0
    return path.read_text("utf-8")


def test_notebooks_show_formula_circuit_and_listing() -> None:
    made = compile("f = x**2 + y if y < 3 else y  # <script>alert(1)</script>\n")
    html = made._repr_html_()
    assert escaped(made._repr_latex_()) in html and "y < 3" not in html
    assert (made._repr_svg_() or "no") in html
    assert "def forward(x: float, y: float)" in html and "<script" not in html
    # The rules of its style are of the circuit alone: a page may hold several, and other texts.
    [style] = re.findall("<style>(.*?)</style>", html, re.DOTALL)
    for rule in re.findall(r"^ *([^{}@]+) {(?!$)", style, re.MULTILINE):
        assert all(part.strip().startswith(".circuit ") for part in rule.split(","))
    large = compile(" + ".join(f"x{i}*sin(x{i})" for i in range(60)))
    assert large._repr_svg_() is None and "<svg" not in large._repr_html_()


@pytest.mark.parametrize(
    ("formula", "over", "marks"),
    [
        ("abs(x - 0.3)", (-1.0, 1.0), [(0.3, "kink")]),
        ("sin(x)*exp(x)", (-3.0, 3.0), []),
        ("floor(x) + x**2", (0.5, 2.5), [(1.0, "jump"), (2.0, "jump")]),
        ("y*tan(x)", (-2.0, 4.0), [(-1.5707963267948966, "pole"), (1.5707963267948966, "pole")]),
        ("sqrt(x)", (-1.0, 2.0), [(0.0, "edge")]),
        ("1/x + max(x, 2)", (-3.0, 3.0), [(0.0, "pole"), (2.0, "kink")]),
        ("abs(x - 0.3)*exp(x)", (-3.0, 10.0), [(0.3, "kink")]),
        ("tan(30*x)", (-0.3, 0.3), [(n * math.pi / 60, "pole") for n in (-5, -3, -1, 1, 3, 5)]),
        ("exp(x)", (0.0, 1000.0), [(709.782712893384, "overflow")]),
        # The slope overflows where the value does not yet: where x + exp(x) is log of the largest double.
        ("exp(exp(x))", (0.0, 10.0), [(6.555679788613809, "overflow"), (6.564958885017789, "overflow")]),
    ],
)  # fmt: skip
def test_curves_break_where_the_formula_does(
    formula: str, over: tuple[float, float], marks: list[tuple[float, str]]
) -> None:
    made = compile(formula)
    at = dict.fromkeys(made.program.inputs, 2.0)
    found = curve(made, "x", *over, at, count=61)
    assert [mark.kind for mark in found.marks] == [kind for _, kind in marks]
    for mark, (x, _) in zip(found.marks, marks):
        assert mark.x == pytest.approx(x, abs=1e-9)
    truth = truths(formula, made.program.inputs)
    for i in range(0, len(found.xs), 10):
        if found.values[i] is not None:
            true = truth(found.xs[i], 2.0)[0]
            assert found.values[i] == pytest.approx(float(true), rel=1e-13, abs=1e-15)
    tree = ET.fromstring(picture(found))
    lines = [e for e in tree.iter() if "points" in e.attrib]
    for line in lines:  # inside of their frames
        for point in line.attrib["points"].split():
            assert re.fullmatch(r"-?\d+(\.\d)?", point)
    assert {e.attrib["class"] for e in lines} == {"value", "gradient"}


@pytest.mark.parametrize(
    ("formula", "low", "high"),
    [
        ("exp(x)", 0.0, 700.0),
        ("x**30", 0.0, 10.0),
        ("exp(-x**2)", -30.0, 30.0),
        ("sin(x)**2 + cos(x)**2", 0.0, 10.0),  # 1, up to rounding
        ("1/(x**2 + 1e-12)", -1.0, 1.1),
        ("tanh(1e6*x)", -1.0, 1.1),
        ("x*1e-320", 0.0, 1.0),
        ("x", 1.0, 1.0 + 2**-52),
    ],
)
def test_what_is_smooth_has_no_marks(formula: str, low: float, high: float) -> None:
    assert curve(compile(formula), "x", low, high, {}, count=41).marks == ()


def truths(formula: str, inputs: Sequence[str]) -> Callable[..., tuple[float, ...]]:
    """Return the formula's value as Python itself makes it of its text."""
    code = "lambda " + ", ".join(inputs) + ": " + formula
    known = {n: getattr(math, n) for n in ("sin", "exp", "floor", "tan", "sqrt")}
    function = eval(code, {**known, "max": max, "abs": abs})
    return lambda x, y: (function(*[x if n == "x" else y for n in inputs]),)


def test_errors_of_a_curve_are_those_of_the_module() -> None:
    made = compile("log(1 + exp(x))/x")
    found = curve(made, "x", 1.0, 5.0, {}, count=41)
    for x, value, error in zip(found.xs, found.values, found.value_errors):
        with mpmath.workdps(50):
            true = mpmath.log(1 + mpmath.exp(mpmath.mpf(x))) / mpmath.mpf(x)
            wanted = abs(mpmath.mpf(value) - true) / mpmath.mpf(math.ulp(float(true)))
        assert error == pytest.approx(float(wanted), abs=1e-9)


def test_curves_in_other_languages_are_those_of_the_program_in_python(
    capsys: pytest.CaptureFixture[str],
) -> None:
    drawn = set()
    for target in TARGETS:
        argv = ["plot", "x*y", "--over", "x=-1:1", "--at", "y=1", "--target", target]
        assert main(argv) == 0
        drawn.add(capsys.readouterr().out)
    assert len(drawn) == 1
    with pytest.raises(GradgenError, match="cannot be run here"):
        curve(compile("x*y", target="c"), "x", -1.0, 1.0, {"y": 0.5})


@pytest.mark.parametrize("trial", range(40))
def test_ticks_are_round_and_few(trial: int) -> None:
    draw = random.Random(trial)
    low = draw.uniform(-1, 1) * 10.0 ** draw.randint(-9, 9)
    high = low + 10.0 ** draw.uniform(-3, 3) * max(abs(low), 1e-9)
    found = ticks(low, high)
    assert 2 <= len(found) <= 7 and low - 1e-9 * abs(low) <= found[0]
    assert found[-1] <= high + 1e-9 * abs(high)
    steps = {float(f"{b - a:.6g}") for a, b in pairwise(found)}
    assert len(steps) == 1 or max(steps) <= min(steps) * (1 + 1e-3)


@pytest.mark.parametrize("trial", range(60))
def test_numbers_at_an_axis_say_where_they_stand(trial: int) -> None:
    draw = random.Random(trial)
    low = draw.choice([0.0, 1.0, -1.0]) * 10.0 ** draw.uniform(-300, 300)
    high = low + 10.0 ** draw.uniform(-14, 3) * (abs(low) or 1e-9)
    places = ticks(*bounds([low, high], broken=False))
    said = [float(text.replace("\N{MINUS SIGN}", "-")) for text in labels(places)]
    apart_ = places[1] - places[0]
    for place_, number in zip(places, said):
        assert number == pytest.approx(place_, rel=0, abs=0.02 * apart_)


@pytest.mark.parametrize(
    ("formula", "low", "high"),
    [
        ("1.75e308 + 0*x", 0.0, 1.0),
        ("1.75e308*x", -1.0, 1.0),
        ("x", 0.0, 5e-324),
        ("x", -8e307, 8e307),
        ("langé" * 40 + "*x", 1e6, 1e6 + 1e-3),
        ("中" * 90 + "*x", 0.0, 1.0),
    ],
)
def test_pictures_of_extremes_keep_within_themselves(
    formula: str, low: float, high: float
) -> None:
    made = compile(formula)
    at = dict.fromkeys(made.program.inputs, 1.0)
    tree = ET.fromstring(picture(curve(made, "x", low, high, at, count=5)))
    for text in tree.iter(f"{_NAMESPACE}text"):
        long = wide(text.text or "")
        anchor = text.attrib.get("text-anchor", "start")
        left = float(text.attrib["x"]) - {"start": 0, "middle": 0.5, "end": 1}[anchor] * long  # fmt: skip
        assert 0 <= left and left + long <= float(tree.attrib["width"]) + 1


def test_the_plot_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "curve.svg"
    assert (
        main(["plot", "y*tan(x)", "--over", "x=-1:1", "--at", "y=2", "-o", str(file)])
        == 0
    )
    assert ET.fromstring(file.read_text("utf-8")).attrib["class"] == "curve"
    assert main(["check", str(tmp_path)]) == 0  # it is no circuit of a module
    capsys.readouterr()
    for argv, said in (
        (["x*y", "--over", "x=0:1"], "--at gives no value for `y`"),
        (["x*y", "--over", "x=0:1", "--at", "x=1, y=1"], "--over gives a range"),
        (["x*y", "--over", "z=0:1"], "--over"),
        (["x*y", "--over", "x=1:1", "--at", "y=1"], "the range of `x` is empty"),
        (["x*y", "--over", "x=0:1, y=0:1"], "a curve is over one input"),
        (["x*y", "--over", "x=0:1", "--at", "y=1", "-o", "a.dot"], ".svg"),
        (["sum(x*y)", "--rows", "x", "--over", "x=0:1", "--at", "y=1"], "over rows"),
        (["x*y", "--over", "x=0:1", "--at", "y=1", "--wrt", "y"], "no slope by `x`"),
    ):
        assert main(["plot", *argv]) == 2
        shown_ = capsys.readouterr()
        assert said in shown_.err and shown_.err.count("\n") == 1 and not shown_.out


@pytest.mark.skipif(os.name != "posix", reason="modes and links are those of POSIX")
def test_a_picture_is_written_as_a_module_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, link = tmp_path / "a.svg", tmp_path / "b.svg"
    assert main(["draw", "x*y", "-o", str(file)]) == 0
    file.chmod(0o600)
    assert main(["draw", "x*y + 1", "-o", str(file)]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    link.symlink_to(tmp_path / "nowhere.svg")
    capsys.readouterr()
    assert main(["draw", "x*y", "-o", str(link)]) == 2
    assert "is a link to" in capsys.readouterr().err and link.is_symlink()
