"""Constants with names: at the top of the module, in every language, and worth what their digits are worth to the last one."""

from __future__ import annotations

import ctypes
import json
import math
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.changes import explain
from gradgen.errors import GradgenError
from gradgen.loading import load
from gradgen.pipeline import compile, regenerate
from gradgen.sources import compile_function
from gradgen.targets import TARGETS, target_for
from gradgen.trace import Trace
from gradgen.verify import verify
from tests.conftest import many
from tests.truth import relative

GCC, NODE = shutil.which("gcc"), shutil.which("node")

ELLIPSOID = """
A = 6378137.0  # semi-major axis [m]
F = 1.0/298.257223563
E2 = F*(2.0 - F)
n = A/sqrt(1 - E2*sin(lat)**2)
z = (n*(1 - E2) + h)*sin(lat)
"""


def declared(source: str) -> list[str]:
    """Return the declarations at the top of a module."""
    head = source.partition("\ndef forward(")[0].partition("\nvoid forward(")[0]
    head = head.partition("\nexport function forward(")[0]
    lines = re.findall(
        r"(?m)^(?:(?:static )?const (?:double )?)?[^\W\d]\w* = [^\n]*$", head
    )
    return [line for line in lines if not line.startswith("import")]


def test_constants_stand_at_the_top_and_are_read_by_name() -> None:
    made = compile(ELLIPSOID)
    assert declared(made.source) == [
        "A = 6378137.0  # semi-major axis [m]",
        "F = 1.0 / 298.257223563  # 0.0033528106647474805",
        "E2 = F * (2.0 - F)  # 0.0066943799901413165",
        "ONE_MINUS_E2 = 1.0 - E2  # 0.9933056200098587",
    ]
    text = made.source.partition("def forward")[2]
    assert " A / " in text and "E2 * " in text and "ONE_MINUS_E2" in text
    assert "6378137" not in text and "0.0066" not in text
    # What the lines say is what they do, and what the recipe makes again.
    assert regenerate(made.recipe).source == made.source
    assert not made.unproven


def test_each_language_declares_them_its_own_way() -> None:
    assert declared(compile(ELLIPSOID, target="c").source) == [
        "static const double A = 6378137.0;  // semi-major axis [m]",
        "static const double E2 = 0.0066943799901413165;  // F * (2.0 - F)",
        "static const double ONE_MINUS_E2 = 0.9933056200098587;  // 1.0 - E2",
    ]
    # A constant that no line reads would be a warning there.
    assert "\n// F = 0.0033528106647474805\n" in compile(ELLIPSOID, target="c").source
    assert declared(compile(ELLIPSOID, target="javascript").source) == [
        "const A = 6378137; // semi-major axis [m]",
        "const F = 1 / 298.257223563; // 0.0033528106647474805",
        "const E2 = F * (2 - F); // 0.0066943799901413165",
        "const ONE_MINUS_E2 = 1 - E2; // 0.9933056200098587",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # In capitals, unless something else is called that.
        ("g = 9.81; m*g*h", ["G = 9.81"]),
        ("g = 9.81; G*g*h", ["g = 9.81"]),
        ("g = 9.81; G = 6.674e-11; x*g*G", ["G = 6.674e-11", "g = 9.81"]),
        ("g = 9.81; G = x*g; G**2 + g", ["g = 9.81"]),
        ("max_ = 2.5; forward = 3.5; x*max_ + forward", ["FORWARD = 3.5", "MAX_ = 2.5"]),
        ("nan_ = 2.5; NAN = 3.5; x*nan_ + NAN", ["NAN_ = 2.5", "NAN__ = 3.5"]),
        # What nothing reads is not there; what is whole may be of a form of its own.
        ("k = 2.5; n = 2; x**n", []),
        ("n = 2.0; c = 0.5; x**n + sqrt(x)*y**c", []),
        ("n = 2; n*x", ["N = 2.0"]),
        ("one = 1.0; zero = 0.0; one*x + y", []),
        # What another language keeps is kept in all.
        ("y0 = 2.5; x*y0*Y0", ["y0_ = 2.5"]),
        ("Math = 2.5; x*Math*MATH", ["Math_ = 2.5"]),
        # Capitals of other alphabets look as Latin ones do.
        ("μ = 0.5; x*μ", ["μ = 0.5"]),
        # In exponents, conditions and signs.
        ("gamma = 1.4; x**gamma", ["GAMMA = 1.4"]),
        ("limit = -0.25; x**2 if x > limit else limit*x", ["LIMIT = -0.25"]),
        ("k = 0.7; exp(-k*t)", ["K = 0.7"]),
        ("k = -0.7; x + k*t - k", ["K = -0.7"]),
        # By formula where that gives the same double, and by digits where exact numbers say more.
        ("t = 1/3; x*t", ["T = 1.0 / 3.0  # 0.3333333333333333"]),
        ("s = sqrt(2*pi); x*s", ["S = math.sqrt(2.0 * math.pi)  # 2.5066282746310002"]),
        ("c = log(10); d = 2*c; x*d", ["C = math.log(10.0)  # 2.302585092994046", "D = 2.0 * C  # 4.605170185988092"]),
        ("p = pi; x*p", []),
        # In the body of a function of the program's own.
        ("k = 0.25; def g(p): return k*p**2; g(x) + g(y)", ["K = 0.25"]),
        ("a = 0.1; b = 0.1; a*x + b*y", ["A = 0.1", "B = 0.1"]),
        ("a = 0.1; b = a; a*x + b*y", ["A = 0.1"]),
    ],
)  # fmt: skip
def test_what_is_declared(text: str, expected: list[str]) -> None:
    made = compile(text)
    assert sorted(declared(made.source)) == sorted(expected)
    assert regenerate(made.recipe).source == made.source
    for target in TARGETS:
        compile(text, target=target)
    assert not made.unproven


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exp(-x**2/2)/sqrt(2*pi)", ["SQRT_2PI = math.sqrt(2.0 * math.pi)  # 2.5066282746310002"]),
        ("y - log(2*pi)/2 - x", ["HALF_LOG_2PI = math.log(2.0 * math.pi) / 2.0  # 0.9189385332046727"]),
        ("x*(2*pi) + y*(pi/2)", ["HALF_PI = math.pi / 2.0  # 1.5707963267948966", "TWO_PI = 2.0 * math.pi  # 6.283185307179586"]),
        ("x**sqrt(2)", ["SQRT_2 = math.sqrt(2.0)  # 1.4142135623730951"]),
        ("g = 9.81; x*(2*g) + y*(g/2)", ["G = 9.81", "HALF_G = G / 2.0  # 4.905", "TWO_G = 2.0 * G  # 19.62"]),
        # A name that could say little has the digits of the value.
        ("x*(sqrt(2*pi)*exp(1.5)*gamma(0.3)/log(3))", ["C_30P59 = math.sqrt(2.0 * math.pi) * math.exp(1.5) * math.gamma(0.3) / math.log(3.0)"]),
        # What has no value raises where the module runs; a sign and a result are no constants.
        ("x*log(-1.5) - pi*y", []), ("sqrt(2*pi)", []), ("y/sin(0) if x > 0 else y", []),
        # What a module would carry a function for is worked out beforehand.
        ("x*digamma(0.75) + y*polygamma(2, 1.5)", ["DIGAMMA_0P75 = -1.0858608797864722  # digamma(0.75)", "C_M0P8288 = -0.82879664423432  # polygamma(2, 1.5)"]),
        # Inside of functions of the program's own, too.
        ("k = 0.25; def g(p): return p/(2*k) + p*sqrt(2*pi); g(x)*g(y)", ["K = 0.25", "TWO_K = 2.0 * K  # 0.5", "SQRT_2PI = math.sqrt(2.0 * math.pi)  # 2.5066282746310002"]),
        # An input may have the name.
        ("x*(2*pi) + TWO_PI", ["TWO_PI2 = 2.0 * math.pi  # 6.283185307179586"]),
    ],
)  # fmt: skip
def test_what_is_made_of_constants_alone_is_computed_once(
    text: str, expected: list[str]
) -> None:
    made = compile(text)
    assert sorted(declared(made.source)) == sorted(expected)
    assert regenerate(made.recipe).source == made.source
    assert not made.unproven or "log(-1.5)" in text
    for target in TARGETS:
        compile(text, target=target)
    body = made.source.partition("def forward")[2]
    assert (
        not re.search(
            r"math\.\w+\([0-9.]+\)|math\.(?:sqrt|log|exp)\(2.0 \* math.pi", body
        )
        or not expected
    )


FILE = """
import math
from math import pi

G = 9.81  # gravity [m/s^2]
_R = 287.05
K = 1.4
N = 3
gamma = 2.5
UNUSED = 7.0
CP = K * _R / (K - 1.0)
TWO_PI = 2 * math.pi
P = pi


def lift(x, g=G):
    return x * g + CP


def f(t, v=2.5, k=K):
    s = 0.0
    for i in range(N):
        s = s + t**i
    return lift(s) * math.sin(TWO_PI * v) + P * _R * k * gamma
"""


def test_constants_of_a_python_file() -> None:
    made = compile_function(FILE, "f")
    assert declared(made.source) == [
        "G = 9.81  # gravity [m/s^2]",
        "R = 287.05",
        "K = 1.4",
        "CP = K * R / (K - 1.0)  # 1004.6750000000002",
        "TWO_PI = 2.0 * math.pi  # 6.283185307179586",
        "GAMMA = 2.5",
        "PI_R = math.pi * R  # 901.7941712129501",
    ]
    there = load(FILE)
    assert made.forward(1.25, 0.3)[0] == pytest.approx(there.f(1.25, 0.3), rel=1e-15)
    assert not made.unproven and dict(made.recipe.defaults) == {"v": 2.5, "k": 1.4}
    assert regenerate(made.recipe).source == made.source
    # A number of turns is known where the loop is written out.
    assert "N = 3" not in made.recipe.source and "UNUSED" not in made.recipe.source
    # A parameter goes before a constant of a file that another function reads.
    text = (
        "g = 9.81\ndef fall(t):\n    return g*t\ndef f(g, x):\n    return fall(x) + g\n"
    )
    made = compile_function(text, "f")
    assert declared(made.source) == ["G2 = 9.81"] and made.forward(2.0, 1.0)[0] == 11.81


def test_equal_numbers_keep_their_own_names() -> None:
    made = compile("KF = 0.5; KB = 0.5; f = KF*x - KB*y + 0.5*sqrt(z)")
    lines = made.source.partition("def forward")[2]
    assert "KF * x" in lines and "KB * y" in lines and "0.5 * sqrtz" in lines
    assert "0.5 / sqrtz" in lines


def test_a_formula_that_doubles_round_otherwise_is_no_declaration() -> None:
    """Exact numbers are worked out exactly: 49*(1/49) is 1, though not in doubles."""
    made = compile("t = 1/49; u = 49*t + 1/10; x*u")
    assert declared(made.source) == ["U = 1.1  # 49 * T + 1 / 10"]
    assert made.forward(1.0)[0] == 1.1 != 49.0 * (1.0 / 49.0) + 0.1


def test_a_formula_of_very_many_operations_is_its_value() -> None:
    made = compile("c = " + " + ".join(["0.1"] * 300) + "; x*c")
    (line,) = declared(made.source)
    assert re.fullmatch(r"C = 30\.00000000\d*|C = 29\.9999999\d*", line)
    made = compile(
        "c0 = 1.1\n"
        + "".join(f"c{i} = c{i - 1}*1.001\n" for i in range(1, 400))
        + "x*c399"
    )
    assert len(declared(made.source)) == 400


def test_a_long_formula_is_broken_as_black_does() -> None:
    text = "n3 = 0.0016792203863837\nbeta1 = n3/2 - 2*n3**2/3 + 37*n3**3/96 - n3**4/360 - 81*n3**5/512 + 0.00003*n3**6\nx*beta1"
    made = compile(text)
    assert "\nBETA1 = (\n    N3 / 2.0\n" in made.source
    assert max(map(len, made.source.splitlines())) < 120


def test_a_negative_constant_keeps_the_signs_that_its_author_wrote() -> None:
    made = compile("k = -0.7; x + k*t + k", as_written=True)
    assert "K * t" in made.source and "xpKt + K" in made.source
    made = compile("k = -0.7; k*x + sin(x)*y - k*y")
    text = made.source.partition("def forward")[2]
    assert "K * x" in text and "-K" not in text
    assert "dx += K * " in text
    assert made.value_and_grad(0.5, 2.0)[1] == pytest.approx(
        (2 * math.cos(0.5) - 0.7, math.sin(0.5) + 0.7)
    )


def test_no_stage_has_the_name_of_a_constant() -> None:
    made = compile("sinx = 0.3; SINX*sinx + sin(x)")
    assert declared(made.source) == ["sinx = 0.3"]
    assert "sinsinx = math.sin(x)" in made.source and "SINX * sinx" in made.source
    assert made.forward(2.0, 0.5)[0] == 2.0 * 0.3 + math.sin(0.5)


def test_options_give_constants() -> None:
    made = compile("x*g - g", const={"g": 9.81})
    assert declared(made.source) == ["G = 9.81"]
    assert made.value_and_grad(2.0) == (9.81, (9.81,))


def test_an_upgrade_of_a_constant_is_said_in_words() -> None:
    old, new = compile("g = 9.81; m*g*h"), compile("g = 9.80665; m*g*h")
    assert "constant changed: G = 9.81 is now 9.80665" in [*explain(old, new)]
    assert "constant removed: G = 9.81" in [*explain(old, compile("m*h"))]
    assert "constant added:   G = 9.81" in [*explain(compile("m*h"), old)]


def test_in_latex_they_are_declared_among_the_stages() -> None:
    made = compile("k0 = 0.9996; s = sqrt(2*pi); x*k0/s")
    stages = made.latex(stages=True)
    assert r"\mathrm{K0} &= 0.9996" in stages and r"S &= \sqrt{2 \cdot \pi}" in stages
    assert made.latex().endswith(r"= \frac{x \cdot \mathrm{K0}}{S}")
    assert compile("x/sqrt(2*pi)").latex().endswith(r"= \frac{x}{\sqrt{2 \cdot \pi}}")


def test_nothing_but_its_own_constants_gets_into_a_module() -> None:
    for target in TARGETS:
        made = compile("k = 0.25; x*k", target=target)
        used = target_for(made.recipe)
        number = used.language.digits(0.25)
        line = used.constant.format("K", number)
        from gradgen.compiled import check_text

        wrong = made.source.replace(
            line,
            used.constant.format("Q", number) + "," * bool(used.query) + "\n" + line,
        )
        with pytest.raises(GradgenError, match="constant"):
            check_text(wrong, made.program, used, (), {}, {}, used.cache)


# Random programs.


def drawn(seed: int) -> tuple[str, dict[str, float]]:
    """Return a program with constants, and these by name."""
    rng = random.Random(seed)
    names = rng.sample(["A", "k", "K", "g", "mu_2", "T0", "b"], 4)
    lines: list[str] = []
    known: dict[str, float] = {}
    for name in names:
        number = rng.choice([0.5, 2.0, 3.0, 0.1, 1.7, 0.9996, 9.81, 1e-3, 250.0])
        text = f"{rng.choice(['', '-'])}{number!r}"
        if known and rng.random() < 0.4:
            other, sign = rng.choice([*known]), rng.choice("+-*/")
            text = f"{other} {sign} {number!r}"
        known[name] = eval(text, dict(known))
        lines.append(f"{name} = {text}")
    values = ["x", "y", "z"]
    for i in range(rng.randint(3, 7)):
        a, b, c = rng.choice(values), rng.choice(values), rng.choice(names)
        d = rng.choice(names)
        form = rng.choice([
            "{a} + {c}*{b}", "{a}*{c} - {b}", "{a}/{c} + {d}*{b}", "sin({c}*{a}) - {d}", "-{c}*{a}*{b}", "{a}*({c} - {b})",
            "{a}*({c} - {d}) + {b}", "{a} if {b} > {c} else {b}*{c}", "exp(-({c}*{a})**2) + {b}", "{c} - {a}", "{c} + {d} - {a}",
            "max({a}, {c})*{b}", "g_({a}, {b})", "sqrt(1 + {a}**2)*{c}", "(2 + sin({a}))**{c}", "{a} - -{c}*{d}",
        ])  # fmt: skip
        lines.append(f"v{i} = " + form.format(a=a, b=b, c=c, d=d))
        values.append(f"v{i}")
    lines.insert(4, f"def g_(p, q): return p*{names[0]} + cos({names[1]}*q)")
    lines.append(f"f = {values[-1]} + {values[-2]}")
    return "\n".join(lines), known


def by_digits(text: str, known: dict[str, float]) -> str:
    """Return the same program with digits in the place of names."""
    lines = []
    for line in text.split("\n"):
        left, equals, right = line.partition(" = ")
        if left in known:
            continue
        for name, number in known.items():
            right = re.sub(rf"\b{name}\b", f"({number!r})", right) if equals else right
            left = left if equals else re.sub(rf"\b{name}\b", f"({number!r})", left)
        lines.append(left + equals + right)
    return "\n".join(lines)


def hold(seeds: range, folder: Path) -> None:
    cases: list[tuple[Any, list[tuple[float, ...]], str]] = []
    for seed in seeds:
        text, known = drawn(seed)
        options: dict[str, Any] = {
            "inputs": "x, y, z",
            "outputs": "f",
            "with_": "jacobian",
        }
        made = compile(text, **options)
        digits = compile(by_digits(text, known), **options)
        trace = Trace(made.program, target_for(made.recipe))
        rng = random.Random(seed)
        points = [tuple(rng.uniform(-2, 2) for _ in "xyz") for _ in range(4)]
        for point in points:
            try:
                value, slopes = made.value_and_grad(*point)
            except OverflowError:
                with pytest.raises(OverflowError):
                    digits.value_and_grad(*point)
                continue
            other, others = digits.value_and_grad(*point)
            assert value == pytest.approx(other, rel=1e-12, abs=1e-12), text
            assert slopes == pytest.approx(others, rel=1e-11, abs=1e-11), text
            assert made.jacobian(*point)[0] == pytest.approx(
                slopes, rel=1e-12, abs=1e-12
            )
            values = trace.forward(dict(zip("xyz", point)))
            assert values[made.program.names[made.program.outputs[0][1]]] == value
        lines = made.source.partition("def forward")[2]
        for name in {*declared(made.source)}:
            assert re.search(
                rf"\b{name.split(' ')[0]}\b", made.source.partition(name)[2]
            ), text
        assert not re.search(r"[-+] -[A-Z0-9]", lines.replace("- -", "")), text
        cases.append((text, points, made.source))
    for target, run in (("c", in_c), ("javascript", in_javascript)):
        for number, (text, points, _) in enumerate(cases):
            made = compile(
                text, inputs="x, y, z", outputs="f", target=target, proof=False
            )
            twin = compile(text, inputs="x, y, z", outputs="f", proof=False)
            found = run(made.source, points, folder / f"{target}{number}")
            for point, got in zip(points, found or ()):
                try:
                    value, slopes = twin.value_and_grad(*point)
                except OverflowError:
                    continue
                assert got == pytest.approx(
                    [value, *slopes], rel=1e-11, abs=1e-11
                ), text


def in_c(
    source: str, points: list[tuple[float, ...]], folder: Path
) -> list[list[float]]:
    if GCC is None:
        return []
    folder.mkdir()
    (folder / "m.c").write_text(source)
    flags = (
        "-std=c99 -Wall -Wextra -Wpedantic -Werror -O1 -ffp-contract=off -shared -fPIC"
    )
    command = [
        GCC,
        *flags.split(),
        str(folder / "m.c"),
        "-o",
        str(folder / "m.so"),
        "-lm",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    library = ctypes.CDLL(str(folder / "m.so"))
    size = re.search(r"double cache\[(\d+)\]", source)
    found = []
    for point in points:
        f = ctypes.c_double()
        cache = [(ctypes.c_double * int(size[1]))()] if size else []
        slopes = (ctypes.c_double * 3)()
        library.forward(*map(ctypes.c_double, point), ctypes.byref(f), *cache)
        library.backward(*cache, ctypes.c_double(1.0), slopes)
        found.append([f.value, *slopes])
    return found


def in_javascript(
    source: str, points: list[tuple[float, ...]], folder: Path
) -> list[list[float]]:
    if NODE is None:
        return []
    folder.mkdir()
    (folder / "m.mjs").write_text(source)
    (folder / "run.mjs").write_text(
        "import { forward, backward } from './m.mjs';\n"
        f"const found = {json.dumps(points)}.map((point) => {{\n"
        "  const [f, cache] = forward(...point);\n  return [f, ...backward(cache)];\n});\n"
        "console.log(JSON.stringify(found));\n"
    )
    done = subprocess.run(
        [NODE, str(folder / "run.mjs")], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_random_programs(tmp_path: Path) -> None:
    hold(range(3), tmp_path)


@pytest.mark.slow
def test_many_random_programs(tmp_path: Path) -> None:
    hold(range(many(100)), tmp_path)


def test_the_same_slope_where_a_constant_divides() -> None:
    """One division is one rounding, a product with the inverse two."""
    made = compile("k = 0.9996; x/k")
    assert "df / K" in made.source
    assert relative([made.value_and_grad(1.0)[1][0]], [1 / 0.9996]) < 1e-15
    assert math.isclose(made.forward(3.0)[0], 3.0 / 0.9996, rel_tol=0)


# What changes nothing.


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("1.0*y", "f = y"), ("x/1.0", "f = x"), ("x/(-1)", "f = -x"), ("y + x/(-1.0)", "f = y - x"), ("x + 0.0", "f = x"), ("0.0 + x", "f = x"), ("x - 0.0", "f = x"),
        ("x - -0.5", "f = x + 0.5"), ("x + -0.5", "f = x - 0.5"), ("0.0 - x", "f = -x"), ("0.0*z", "f = 0.0"),
        ("x*0", "f = 0.0"), ("0*z*sin(x) + y", "f = y"), ("x*y + 0.0*(y + z)", "f = x * y"),
        ("k = -0.5; x - -k*y - -k", "halfy = -K * y; diffhalfy = x - halfy; f = diffhalfy + K"),
        ("zero = 0.0; one = 1; x*y*one + zero*z", "f = x * y"),
        # What may raise or be infinite is not hidden, nor the sign of a zero that is seen.
        ("0*log(x) + y", "logx = math.log(x); zerologx = 0.0 * logx; f = zerologx + y"),
        ("0/x + y", "zerobyx = 0.0 / x; f = zerobyx + y"),
        ("atan2(x + 0.0, y)", "xp0 = x + 0.0; f = math.atan2(xp0, y)"),
        ("def g(p): return 0*p + 1*p; g(x)*y", "gx = x; f = gx * y"),
    ],
)  # fmt: skip
def test_what_changes_nothing_is_gone(text: str, lines: str) -> None:
    made = compile(text)
    body = made.source.partition("cache that backward needs.")[2].partition("return")[0]
    found = [line.partition("  #")[0].strip() for line in body.splitlines()[1:]]
    assert [line for line in found if line] == lines.split("; ")
    assert not made.unproven
    assert regenerate(made.recipe).source == made.source


def test_gradients_of_what_is_gone_are_zero() -> None:
    made = compile("0.0*z*x + y + 0.0", inputs="x, y, z", with_="jacobian")
    assert made.value_and_grad(2.0, 3.0, 4.0) == (3.0, (0.0, 1.0, 0.0))
    assert made.jacobian(2.0, 3.0, 4.0) == ((0.0, 1.0, 0.0),)
    assert "dx = 0.0  # f does not depend on x" in made.source


def test_what_asks_for_all_keeps_it() -> None:
    """What is written stays as it is under one option, and what tells of nan and infinities under another."""
    text = "1.0*y + x/1.0 + 0.0*z - -0.5"
    source = compile(text, as_written=True).source
    assert all(f" = {line}\n" in source for line in ("1.0 * y", "x / 1.0", "0.0 * z"))
    made = compile(text, ieee=True)
    assert math.isnan(made.forward(1.0, 2.0, math.inf)[0])
    assert math.isnan(made.forward(1.0, 2.0, math.nan)[0])
    assert compile(text).forward(1.0, 2.0, math.inf)[0] == 3.5
    zeros = compile("1/(x + 0.0) + 1/(y - 0.0)", ieee=True)
    assert "x + 0.0" in zeros.source and " = y - 0.0" not in zeros.source
    assert zeros.forward(-0.0, math.inf)[0] == math.inf
    own = "def g(p): return 0*p + p\nx*g(y)"
    assert math.isnan(compile(own, ieee=True).forward(1.0, math.inf)[0])


def test_a_constant_may_be_called_as_the_result_is() -> None:
    made = compile("f = 2.5; x*f")
    assert made(2.0) == 5.0 and not made.unproven
    assert verify(made, samples=5).passed()
    assert "model" in made.test("model").source


def test_a_division_by_nothing_is_left_to_the_branch_that_makes_it() -> None:
    made = compile("1/(z*0.0) if x > 0 else x*z")
    assert made(-1.0, 2.0) == -2.0
    with pytest.raises(ZeroDivisionError):
        made(1.0, 2.0)
