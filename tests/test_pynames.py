"""Python files that bind names in every way that Python has: what is compiled equals what Python computes, or is refused."""

from __future__ import annotations

import math
import random
import re
import sys
import types
from collections import Counter
from pathlib import Path
from typing import Any

import numpy
import pytest

from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.files.decode import decode_formula, decode_python
from gradgen.files.recipe import read_artifact
from gradgen.pipeline import compile as compile_formula
from gradgen.pipeline import regenerate
from gradgen.read.python import meanings
from gradgen.read.python.follow.exported import ALWAYS, SOMETIMES
from gradgen.read.python.function import Function, read_function
from gradgen.sources import compile_function
from tests.conftest import listed, many

CASES = listed("python_names")


def run(text: str, name: str, point: tuple[float, ...]) -> Any:
    """Return what Python computes; the exception's name where it raises one, and None where the file cannot be imported."""
    scope: dict[str, Any] = {"__name__": "model"}
    try:
        exec(text, scope)  # noqa: S102
    except Exception:  # noqa: BLE001
        return None
    try:
        return scope[name](*point)
    except Exception as error:  # noqa: BLE001
        return type(error).__name__


def close(got: Any, value: Any) -> bool:
    """Return whether a result is what Python computes; of a dict the numbers in its order."""
    if isinstance(value, dict):
        value = tuple(value.values()) if len(value) > 1 else next(iter(value.values()))
    if isinstance(value, numpy.ndarray):
        value = tuple(value.tolist()) if value.size > 1 else value.item()
    if isinstance(value, tuple):
        return isinstance(got, tuple) and list(got) == pytest.approx(list(value))
    if not isinstance(value, (int, float)):
        return False
    return bool(got == pytest.approx(float(value), rel=1e-12))


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:60] for case in CASES])
def test_names_mean_what_python_says(case: dict[str, Any]) -> None:
    name = case.get("name", "f")
    point = tuple(case.get("point", (0.7, 1.3, 0.4)))
    if "refused" in case:
        with pytest.raises(GradgenError) as found:
            compile_function(case["text"], name)
        assert case["refused"] in str(found.value)
        assert (
            found.value.message.startswith("line ") and found.value.column is not None
        )
        return
    compiled = compile_function(case["text"], name)
    inputs = compiled.program.inputs
    got = compiled.forward(*point[: len(inputs)])[0]
    value = case.get("value")
    if value is None:
        value = run(case["text"], name, point[: len(inputs)])
    assert close(got, value), (got, value, compiled.recipe.source)
    assert compiled.recipe.outputs is None or "outputs" in case


# Files at random.

VALUES = ("K", "L", "e", "pi")
FUNCTIONS = ("exp", "log", "g", "abs", "sin")
#: What binds, changes or only seems to touch the name of a value.
OF_VALUES = [
    "{n} = {v}",
    "{n} = {v}",
    "{n}: float = {v}",
    "{n} = other_{n} = {v}",
    "{n}, other_{n} = {v}, 2.5",
    "({n}, [other_{n}, third]) = ({v}, (1.0, 2.0))",
    "{n} += 1.5",
    "if math_is_here:\n    {n} = {v}",
    "for {n} in (1.0, {v}):\n    pass",
    "from math import pi as {n}",
    "from math import tau as {n}, e as other_{n}",
    "import math as {n}",
    "with nullcontext({v}) as {n}:\n    pass",
    "try:\n    {n} = {v}\nexcept ValueError:\n    pass",
    "try:\n    raise ValueError\nexcept ValueError as {n}:\n    pass",
    "({n} := {v})",
    "[({n} := y) for y in (1.0, {v})]",
    "[{n} for {n} in (1.0, 2.0)]",
    "def set_{n}():\n    global {n}\n    {n} = {v}\nset_{n}()",
    "def set_{n}():\n    {n} = {v}\nset_{n}()",
    "class Other:\n    {n} = {v}",
    "class Another:\n    global {n}\n    {n} = {v}",
    "class {n}:\n    pass",
    "del {n}",
    "match {v}:\n    case {n}:\n        pass",
    "globals()['{n}'] = {v}",
    "exec('{n} = {v}')",
    "{n} = 2*{v} + 1/3",
    "{n} = -{v}**2",
    "{n} = {m}",
    "{n} = {m}*{m} - 0.5",
    "while True:\n    {n} = {v}\n    break",
    "lambda {n}: {v}",
    "{n} = math.sqrt(2.0)",
    "from decimal import *",
    "from math import *",
    "{n}: float",
]
OF_FUNCTIONS = [
    "from math import {n}",
    "from math import {n}",
    "from numpy import {n}",
    "from math import *",
    "from cmath import {n}",
    "from math import sinh as {n}",
    "from scipy.special import expit as {n}",
    "from scipy.special import sinc as {n}",
    "{n} = math.exp",
    "{n} = math.cos",
    "{n} = lambda t: 1 + t",
    "def {n}(t):\n    return 1 + t*t",
    "def {n}(t, k=K):\n    return k + t*t",
    "def {n}(t, k={v}):\n    u = k*t\n    return u + K",
    "if math_is_here:\n    def {n}(t):\n        return 2*t",
    "@twice\ndef {n}(t):\n    return t*t",
    "{n} = twice({n})",
    "{n} = {m}",
    "def set_{n}():\n    global {n}\n    {n} = math.cos\nset_{n}()",
    "math.{n} = math.cos",
    "import numpy as math",
    "import math",
    "import math as m\nmath = m",
    "class math:\n    exp = log = sin = tanh",
    "for {n} in (math.sin, math.cos):\n    pass",
    "async def {n}(t):\n    return t",
    "class {n}(float):\n    pass",
    "del {n}",
    "setattr(math, '{n}', math.cos)",
]
PLAIN_VALUES = [
    "{n} = {v}",
    "{n}, other_{n} = {v}, 2.5",
    "{n} = 2*{v} + 1/3",
    "from math import tau as {n}",
]
PLAIN_FUNCTIONS = [
    "from math import sinh as {n}",
    "from scipy.special import expit as {n}",
    "{n} = math.cos",
    "def {n}(t):\n    return 1 + t*t",
    "def {n}(t, k={v}):\n    u = k*t\n    return u + k",
]
BODIES = [
    "return {a}*{n}(x) + y",
    "return {n}(x) + {a}",
    "{a} = x*y\nreturn {a} + {n}(y)",
    "u = {a}*x\n{a} = y\nreturn u + {a}",
    "{n} = x + 1\nreturn {n}*y + {a}",
    "{n} = math.{f}(y)\nreturn {n}*x + {a}",
    "s = 0.0\nfor k in range(-2, 3):\n    s += (k**2 + {a})*x + k**3*y\nreturn s",
    "s = {a}\nfor {a} in range(-1, 2):\n    s += {a}*x\nreturn s + {a}*y",
    "u = v = {n}(x)\nreturn u*v + {a}",
    "u, v = y, x\nu, v = v, u\nreturn {n}(u) - v*{a}",
    "return math.{f}(x) + {a}*math.pi",
    "return max({n}(x), {a}) - min(x, y, {a})",
    "return {n}(x) if x > {a} else {a} - y",
    "return -{a}**2*x + (-{a})**2*y",
    "return {n}(x), {a}*y",
    "u = x\nreturn u, u",
    "return abs({a} - x) + pow({a}, 2)*y",
    "return {n}({n}(x)*0.1) + float({a})",
    "global {a}\nreturn {a}*x + y",
    "u = [{a}*x for {a} in (1.0,)]\nreturn y",
    "del x\nreturn y",
]
PRELUDE = """import math
from contextlib import nullcontext
math_is_here = True
def twice(f):
    return lambda *a: 2*f(*a)
K = 1.25
"""


def random_file(rnd: random.Random) -> str:
    """Return a file with a function f(x, y) somewhere in it."""
    prelude = PRELUDE if rnd.random() < 0.4 else PRELUDE.replace("K = 1.25\n", "")
    names = rnd.sample(VALUES, 2), rnd.sample(FUNCTIONS, 2)
    words = {"a": rnd.choice(names[0]), "n": rnd.choice(names[1])}
    parts = []
    for _ in range(rnd.randint(0, 4)):
        kind = rnd.randint(0, 1)
        form = rnd.choice((OF_VALUES, OF_FUNCTIONS)[kind])
        n, m = rnd.sample(names[kind], 2)
        value = rnd.choice(("2.0", "0.5", "3", "-1.5", "7"))
        parts.append(form.format(n=n, m=m, v=value))
    # Most often, what the function reads is bound in a way that is plain.
    for kind, name in enumerate((words["a"], words["n"])):
        if rnd.random() < 0.7:
            form = rnd.choice((PLAIN_VALUES, PLAIN_FUNCTIONS)[kind])
            other = next(n for n in names[kind] if n != name)
            parts.insert(0, form.format(n=name, m=other, v="0.75"))
    body = rnd.choice(BODIES).format(**words, f=rnd.choice(("exp", "sin", "tanh")))
    head = rnd.choice(("x, y", "x, y", "x, y", "x, y, {a}=0.5", "x, y, {n}=2.0"))
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    function = f"def f({head.format(**words)}):\n{lines}"
    decorated = rnd.random()
    if decorated < 0.05:
        function = f"@twice\n{function}"
    elif decorated < 0.1:
        function = f"def f(x, y):\n    return x\n{function}"
    parts.insert(rnd.randint(0, len(parts)), function)
    return prelude + "\n".join(parts) + "\n"


def evaluate(found: Function, point: tuple[float, ...]) -> Any:
    """Return the value of a program, line by line, as Python reads it."""
    text, outputs = found.program, found.outputs
    scope: dict[str, Any] = {**MATH, **dict(zip(found.inputs, point))}
    scope |= {"expit": lambda t: 1 / (1 + math.exp(-t))}
    scope |= {"sinc": lambda t: math.sin(t) / t}
    scope |= {"clip": lambda t, low, high: min(max(t, low), high)}
    scope |= {"where": lambda test, one, other: one if test else other}
    lines = text.split("\n")
    if len(lines) == 1 and " = " not in text:
        lines = [f"{found.name} = {text}"]
    exec("\n".join(lines), scope)  # noqa: S102
    last = lines[-1].partition(" = ")[0]
    values = tuple(float(scope[output]) for output in outputs or (last,))
    return values if outputs and len(outputs) > 1 else values[0]


def compare(text: str, seen: Counter[str], whole: bool = False) -> None:
    """Compare one file with Python."""
    point = (0.6875, 1.3125)
    value = run(text, "f", point)
    for module, was in SAVED:  # some files change them
        for name in FUNCTIONS:
            if name in was:
                setattr(module, name, was[name])
            elif name in vars(module):
                delattr(module, name)
    try:
        found = read_function(text, "f")
    except GradgenError as error:
        assert error.message.startswith("line "), (text, error)
        seen[
            "refused" if not isinstance(value, str) else "refused, as Python does"
        ] += 1
        return
    if value is None:
        seen["no file that Python imports"] += 1
        return
    more = tuple(float(found.defaults[name]) for name in found.inputs[2:])
    at = (*point, *more)
    try:
        got = (
            compile_function(text, "f").forward(*at)[0]
            if whole
            else evaluate(found, at)
        )
    except ArithmeticError:
        assert value in ("ZeroDivisionError", "OverflowError"), (text, value)
        return
    except ValueError:
        # Outside the domain math raises, and numpy returns nan.
        assert value == "ValueError" or numpy.isnan(value), (text, value)
        return
    assert close(got, value), f"{text}\n{found.program}\n{got} {value}"
    seen["compiled"] += 1


MATH = dict(vars(math))
SAVED = [(math, MATH), (numpy, dict(vars(numpy)))]


@pytest.mark.filterwarnings("ignore:coroutine")
@pytest.mark.parametrize(
    ("count", "every"), [(200, 50), pytest.param(4000, 40, marks=pytest.mark.slow)]
)
def test_random_files_are_read_as_python_reads_them_or_refused(
    count: int, every: int
) -> None:
    seen: Counter[str] = Counter()
    for seed in range(count):
        compare(random_file(random.Random(seed)), seen, seed % every == 0)
    print(f"\n{dict(seen)}")
    assert seen["compiled"] > count / 5 and seen["refused"] > count / 5


# What changes names behind every assignment's back.

#: The names of the file, as a dictionary; `L` for those that are right at the top level alone.
_OWN_NAMES = [
    "globals()", "L vars()", "L locals()", "sys.modules[__name__].__dict__", "vars(sys.modules[__name__])", "g.__globals__",
    "(lambda: 0).__globals__", "sys._getframe().f_globals", "L sys._getframe().f_locals", "getattr(g, '__globals__')",
    "eval('globals()')", "eval('vars(this)', {'this': sys.modules[__name__]})", "builtins.globals()", "L builtins.vars()",
    "__import__(__name__).__dict__", "vars(importlib.import_module(__name__))", "(lambda see: see())(globals)",
    "vars(*[sys.modules[__name__]])", "L (lambda see: see)(locals)()", "getattr(builtins, 'globals')()",
    "__import__('builtins').globals()",
]  # fmt: skip
_ON_NAMES = [
    "{d}['K'] = 2.0", "{d}.update(K=2.0)", "{d}.__setitem__('K', 2.0)", "names = {d}\nnames['K'] = 2.0",
    "dict.update({d}, K=2.0)", "exec('K = 2.0', {d})", "(lambda d: d.update(K=2.0))({d})", "del {d}['K']",
    "names, other = {d}, 0\nnames |= dict(K=2.0)", "{d}['g'] = math.cos", "for {d}['K'] in (1.0, 2.0): pass",
]  # fmt: skip
_BY_TEXT = [
    "exec('global K; K = 2.0')", "eval('globals().update(K=2.0)')", "run = exec\nrun('global K; K = 2.0')", "list(map(exec, ['global K; K = 2.0']))",
    "exec(compile('global K; K = 2.0', 'text', 'exec'))", "builtins.exec('global K; K = 2.0')", "L eval('(K := 2.0)')",
    "exec('global K; K = 2.0', None)", "eval('setattr(math, \"exp\", math.cos)', dict(math=math))", "exec(*['global K; K = 2.0'])", "getattr(builtins, 'exec')('global K; K = 2.0')",
    "from builtins import exec as run\nrun('global K; K = 2.0')",
]  # fmt: skip
_ON_MODULES = [
    "setattr({m}, 'exp', math.cos)", "{m}.__dict__['exp'] = math.cos", "vars({m})['exp'] = math.cos", "vars({m}).update(exp=math.cos)",
    "held = {m}\nfor name in ('exp',): setattr(held, name, math.cos)", "[setattr(m, n, math.cos) for m in ({m},) for n in ['exp']]",
    "{m}.__setattr__('exp', math.cos)", "put = setattr\nput({m}, 'exp', math.cos)", "functools.partial(setattr, {m})('exp', math.cos)",
    "def put(owner, name): setattr(owner, name, math.cos)\nput({m}, 'exp')", "held = {m}.__dict__\nheld['exp'] = math.cos",
    "held = vars({m})\nheld['exp'] = math.cos", "{m}.exp = math.cos", "held = {m}\nheld.exp = math.cos", "delattr({m}, 'exp')",
    "held = {m}\nvars(held)['exp'] = math.cos", "importlib.import_module('math').exp = math.cos", "for {m}.exp in (math.cos,): pass",
    "held = importlib.import_module('math')\nfor name in ('exp',): setattr(held, name, math.cos)",
]  # fmt: skip
_ON_FUNCTIONS = [
    "{g}.__defaults__ = (9.0,)", "setattr({g}, '__defaults__', (9.0,))", "held = {g}\nheld.__defaults__ = (9.0,)",
    "held = {g}\nheld.__code__ = (lambda x, k=2.0: 7*x).__code__", "{g}.__code__ = (lambda x, k=2.0: 7*x).__code__",
    "(lambda h: setattr(h, '__defaults__', (9.0,)))({g})",
]  # fmt: skip
_HARMLESS = [
    "def show(thing): return vars(thing)", "def show(thing): return locals()", "def run(eval, vars): return eval(vars)",
    "class Bag:\n    def __init__(self, **given):\n        for name in given: setattr(self, name, given[name])\nBag(exp=1)",
    "class Bag:\n    def __init__(self, **given): self.__dict__.update(given)\nBag(exp=1)", "class Model:\n    def eval(self): return 1\nModel().eval()",
    "exec('K = 2.0', {})", "eval('1 + 2', {'K': 3})", "def run(names): exec('K = 2.0', names)\nrun({})",
    "def exec(text): return text\nexec('K = 2.0')", "print_names = sorted(dir(math))",
    "import argparse\nvars(argparse.Namespace(K=1.0))", "def copied(thing): return dict(thing.__dict__)", "def named(eval=None): return eval",
    "held = dict(K=2.0)\nheld['K'] = 3.0", "class Bag: pass\nbag = Bag()\nsetattr(bag, 'level', 2.0)",
]  # fmt: skip
_PLACES = [
    "{}", "{}", "def change():\n    {}\nchange()", "class Change:\n    {}", "if math:\n    {}", "try:\n    {}\nfinally:\n    pass",
    "class Change:\n    def change(self):\n        {}\nChange().change()", "def change():\n    def inner():\n        {}\n    inner()\nchange()",
]  # fmt: skip
_USUAL = "import builtins, functools, importlib, math, sys\n"


def change(rnd: random.Random) -> str:
    """Return lines that change what a name of the file means, in a way that no assignment shows."""
    kind = rnd.randrange(5)
    if kind < 2:
        text = rnd.choice(_ON_NAMES).replace("{d}", rnd.choice(_OWN_NAMES))
    elif kind == 2:
        text = rnd.choice(_BY_TEXT)
    elif kind == 3:
        text = rnd.choice(_ON_MODULES).format(m=rnd.choice(("math", "numbers_of")))
    else:
        text = rnd.choice(_ON_FUNCTIONS).format(g=rnd.choice(("g", "globals()['g']", "[g][0]")))  # fmt: skip
    place = "{}" if "L " in text else rnd.choice(_PLACES)
    return place.format(text.replace("L ", "").replace("\n", "\n" + " " * (place.find("{}") - place.rfind("\n", 0, place.find("{}")) - 1)))  # fmt: skip


def outcome(text: str, module: types.ModuleType) -> float | str:
    """Return what the file's function returns, or why it returns nothing."""
    try:
        exec(text, vars(module))  # noqa: S102
    except Exception:  # noqa: BLE001
        return "no such file is ever imported"
    try:
        return float(module.f(0.75))
    except Exception as error:  # noqa: BLE001
        return type(error).__name__


@pytest.mark.parametrize("count", [150, pytest.param(6000, marks=pytest.mark.slow)])
def test_files_that_change_names_behind_every_assignment_are_refused(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = 0
    for seed in range(count):
        rnd = random.Random(seed)
        parts = [rnd.choice(("def f(x): return K*x + math.exp(x) + g(x)", "def f(x):\n    u = g(K*x)\n    return u + numbers_of.exp(x)"))]  # fmt: skip
        parts.insert(rnd.randint(0, 1), change(rnd))
        before = f"{_USUAL}import math as numbers_of\nK = 1.25\ndef g(x, k=0.5): return k*x\n"  # fmt: skip
        if rnd.random() < 0.5:
            before = before.replace("builtins, ", "")
        text = before + "\n".join(parts) + "\n"
        this = types.ModuleType("model")
        monkeypatch.setitem(sys.modules, "model", this)
        value = outcome(text, this)
        vars(math).update(MATH)
        inner = 1.25 * 0.75
        plain = 0.5 * inner if "u = " in text else inner + 0.5 * 0.75
        plain += math.exp(0.75)
        if value == "no such file is ever imported" or close(value, plain):
            continue  # or it changes nothing after all
        with pytest.raises(GradgenError) as found:
            print(text, read_function(text, "f").program, value)
        assert found.value.message.startswith("line ")
        changed += 1
    assert changed > count / 2


def test_files_that_only_seem_to_change_names_are_read() -> None:
    for harmless in _HARMLESS:
        for part in (harmless, "def elsewhere():\n    " + harmless.replace("\n", "\n    ")):  # fmt: skip
            text = f"import math\nK = 1.25\n{part}\ndef f(x): return K*math.exp(x)\n"
            value = run(text, "f", (0.5,))
            assert close(evaluate(read_function(text, "f"), (0.5,)), value), text


# What results are called.


@pytest.mark.parametrize(
    "count", [60, pytest.param(many(6000), marks=pytest.mark.slow)]
)
def test_the_one_result_is_called_after_the_function(count: int) -> None:
    """Whatever the locals are called, in whichever order they are assigned; and means what Python says."""
    after = 0
    for seed in range(count):
        rnd = random.Random(seed)
        name = rnd.choice(("rate", "total", "u", "cos"))
        local = rnd.sample(("rate", "total", "u", "v", "cos", "exp", "rate1"), 3)
        inputs = ["x", *rnd.sample(("y", "rate", "k"), 2)]
        lines = [f"{local[0]} = {rnd.choice(inputs)}*0.5"]
        read = [*inputs, local[0]]
        for _ in range(rnd.randint(0, 4)):
            target = rnd.choice(local)
            value = f"{rnd.choice(read)}*{rnd.choice(read)} + math.{rnd.choice(('exp', 'cos'))}({rnd.choice(read)}/4)"
            lines.append(f"{target} = {value}")
            read = [*read, target]
        if rnd.random() < 0.3:
            lines.append(f"for i in range(3):\n        {local[0]} += i*x")
        lines.append(f"return {rnd.choice((local[0], local[0], read[-1], f'{read[-1]} - {local[0]}'))}")  # fmt: skip
        body = "\n    ".join(lines)
        text = f"import math\ndef {name}({', '.join(inputs)}):\n    {body}\n"
        point = (0.75, 1.25, -0.5)
        found = read_function(text, name)
        assert close(evaluate(found, point), run(text, name, point)), text
        last = found.program.split("\n")[-1].partition(" = ")[0]
        result = (found.outputs or (last,))[0]
        result = found.name if "\n" not in found.program else result
        other = name in inputs or f"{name}(" in found.program or name == "cos"
        assert result == name or other, f"{text}\n{found.program}"
        after += result == name
        kept = read_function(text, name, outputs=("elsewhere",))
        assert close(evaluate(kept, point), run(text, name, point)), text
    assert after > count / 3


def test_results_keep_their_names_where_outputs_are_asked_for() -> None:
    text = "def rate(x, k):\n    half = x*k\n    total = half*half\n    return total"
    made = compile_function(text, "rate", outputs="half, total")
    assert [name for name, _ in made.program.outputs] == ["half", "total"]
    made = compile_function(text, "rate", outputs="half, rate")
    assert [name for name, _ in made.program.outputs] == ["half", "rate"]
    assert "drate: float = 1.0" in compile_function(text, "rate").source
    assert "dpower: float = 1.0" in compile_function(text, "rate", name="power").source


# What imports mean.


def test_an_import_means_what_the_user_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(
        "from fluids.numerics import exp, g\nimport jax.numpy as jnp\nimport mine as m\n"
        "def rate(x):\n    return exp(x)*g + jnp.tanh(x) + m.sub.clipped(x, 0, 1) - jnp.pi\n"
    )
    means = ["--means", "fluids.numerics.exp=exp, fluids.numerics.g=9.81", "--means", "jax.numpy=numpy"]  # fmt: skip
    means += ["--means=mine.sub.clipped=clip"]
    assert main(["compile", "model.py:rate", *means, "-o", "rate.py"]) == 0
    assert main(["check", "rate.py"]) == 0  # the recipe needs no more
    assert main(["eval", "model.py:rate", *means, "--at", "x=0.5"]) == 0
    assert "exp(x)" in capsys.readouterr().out
    assert main(["diff", "model.py:rate", "rate.py", *means]) == 0
    assert "nothing changed" in capsys.readouterr().out
    Path("pyproject.toml").write_text(
        '[[tool.gradgen.modules]]\nsource-file = "model.py:rate"\noutput = "rate.py"\n'
        'means = { "fluids.numerics.exp" = "exp", "fluids.numerics.g" = 9.81, "jax.numpy" = "numpy", "mine.sub.clipped" = "clip" }\n'
    )
    assert main(["build", "--check"]) == 0
    made = compile_function(Path("model.py").read_text(), "rate", means={
        "fluids.numerics": "math", "fluids.numerics.g": 9.81, "jax.numpy": "numpy", "mine.sub.clipped": "clip"})  # fmt: skip
    assert made.source == Path("rate.py").read_text()
    value = math.exp(0.5) * 9.81 + math.tanh(0.5) + 0.5 - math.pi
    assert made.forward(0.5)[0] == pytest.approx(value, rel=1e-15)
    capsys.readouterr()
    for wrong, message in (
        ("fluids.numerics.exp=expp", "cannot mean `expp`"),
        ("fluids.numerics.exp", "--means is written as in"),
        ("a b=exp", "is no name of an import"),
        ("a.b=exp, a.b=log", "two meanings for `a.b`"),
    ):
        assert main(["compile", "model.py:rate", "--means", wrong]) == 2
        assert message in capsys.readouterr().err
    assert main(["compile", "x*y", "--means", "a.b=exp"]) == 2
    assert "name a function in it" in capsys.readouterr().err
    Path("pyproject.toml").write_text(
        '[[tool.gradgen.modules]]\nsource = "x*y"\noutput = "rate.py"\nmeans = { "a.b" = "exp" }\n'
    )
    assert main(["build"]) == 1
    assert "name a function in it" in capsys.readouterr().err


# What files hold.


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfdef f(x):\n    return 2*x\n",
        b"# -*- coding: latin-1 -*-\n# caf\xe9\ndef f(x):\n    return 2*x\n",
        b"\xef\xbb\xbf# coding: utf-8\r\ndef f(x):\r\n    return 2*x\r\n",
        b"\n\n\x0cdef f(x):\r    return 2*x\r",
        b"def f(x):\n\treturn (" + b"(" * 150 + b"2" + b")" * 150 + b")*x",
    ],
)
def test_files_as_python_reads_them(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_bytes(data)
    assert main(["compile", "model.py:f", "-o", "made.py"]) == 0
    assert "f = 2.0 * x" in Path("made.py").read_text()
    assert compile_function(decode_python(data), "f").forward(3.0)[0] == 6.0


def test_a_formula_may_bear_a_mark_of_its_byte_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("formula.txt").write_bytes(b"\xef\xbb\xbfy = 2*x\r\n")
    assert main(["compile", "-f", "formula.txt", "-o", "made.py"]) == 0
    assert "y = 2.0 * x" in Path("made.py").read_text()
    assert decode_formula(b"\xef\xbb\xbfx\r\ny") == "x\ny"


def test_files_that_are_no_python_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for data, message in (
        (b"# coding: nothing\ndef f(x): return x\n", "not a text file"),
        (b"# caf\xe9\ndef f(x): return x\n", "not a text file"),
        (b"def f(x): return x\0\n", "no valid Python"),
        (b"def f(x) return x\n", "no valid Python"),
        (b"K = 1.0\n" * 1_300_000 + b"def f(x): return x\n", "at most 1000000"),
    ):
        Path("model.py").write_bytes(data)
        assert main(["compile", "model.py:f"]) == 2
        err = capsys.readouterr().err
        assert message in err and len(err) < 300


def test_the_place_where_a_file_is_no_python_is_shown() -> None:
    text = "import math\n\ndef f(x):\n    y = 2*x +* 3\n    return y\n"
    with pytest.raises(GradgenError) as refused:
        compile_function(text, "f")
    first, shown, caret = str(refused.value).splitlines()
    assert first.startswith("line 4: the file is no valid Python: ")
    assert shown == "      y = 2*x +* 3" and caret.index("^") == shown.index("*", 12)


def test_what_an_unpacking_binds_is_called_so() -> None:
    for line in ("G, *C = 6.0, 3.0", "G, C = pair", "G, C = (1.0, 2.0, 3.0)"):
        with pytest.raises(GradgenError, match="`G` is bound by an assignment that"):
            compile_function(f"{line}\ndef f(x): return G*x\n", "f")


# What a result is called.


@pytest.mark.parametrize(
    ("text", "name", "asked", "called"),
    [
        ("def rate(a, b): return a*b", "rate", "", "rate"),
        ("def rate(a, b): return a*b", "rate", "speed", "speed"),
        ("def rate(a, b): return a*b", "rate", "f", "f"),
        ("def rate(a, b):\n    u = a + b\n    return u*b", "rate", "", "rate"),
        ("def rate(a, b):\n    u = a + b\n    return u", "rate", "", "rate"),
        ("def rate(a, b):\n    u = a + b\n    return u", "rate", "f", "f"),
        ("def rate(a, b):\n    u = a + b\n    v = u*u\n    return u", "rate", "speed", "speed"),
        ("def rate(rate, b): return rate*b", "rate", "", "f"),
        ("def rate(f, b):\n    rate = f + b\n    return rate*b", "rate", "", "rate"),
        ("import math\ndef exp(a): return math.exp(a)", "exp", "", "f"),
        ("def gamma(a): return a*a", "gamma", "", "f"),
        ("def pi(a): return a*a", "pi", "", "f"),
        ("def __rate(a): return a*a", "__rate", "", "f"),
        ("def _rate(a): return a*a", "_rate", "", "_rate"),
        ("def forward(a): return a*a", "forward", "", "f"),
        ("def cache(a): return a*a", "cache", "", "f"),
        ("def da(a): return a*a", "da", "", "da"),
    ],
)  # fmt: skip
def test_a_result_is_called_after_its_function(
    text: str, name: str, asked: str, called: str
) -> None:
    made = compile_function(text, name, name=asked or None)
    assert [output for output, _ in made.program.outputs] == [called]
    point = [1.5, 0.5][: len(made.program.inputs)]
    assert made.forward(*point)[0] == pytest.approx(run(text, name, tuple(point)))
    found = read_artifact(made.source)
    assert found is not None and regenerate(found.recipe).source == made.source


def test_several_results_may_be_called_as_the_user_says() -> None:
    made = compile_function("def f(x):\n    y = x*x\n    return y, y, x", "f", name="r")
    assert made.recipe.outputs == ("r", "r2", "r3")
    assert made.jacobian(3.0) == ((6.0,), (6.0,), (1.0,))
    assert compile_function("def f(x):\n    y = x*x\n    return x, y", "f").recipe.outputs == ("f", "y")  # fmt: skip
    with pytest.raises(GradgenError, match="cannot be called `y`"):
        compile_function("def f(x):\n    y = x*x\n    return y + 1", "f", name="y")


# Defaults.

DEFAULTS = """import math
K = 2*math.pi/3
def f(x, a=-1.5, k=K):
    return x*a*k

def g(x, mode=None, a=-1.5, n=2):
    return x**n*a

def h(x, many=(), y=1.0):
    return x*y

def first(x=1.0, other=None):
    return x*other

def rotated(x, y, angle=0.5, scale=1e-3):
    return x*math.cos(angle)*scale, y*math.sin(angle)
"""


@pytest.mark.parametrize(
    ("name", "head", "point"),
    [
        ("f", "x: float, a: float = -1.5, k: float = 2.0943951023931953", (0.5,)),
        ("g", "x: float, mode: float, a: float = -1.5, n: float = 2.0", (0.5, 0.0)),
        ("h", "x: float, many: float, y: float = 1.0", (0.5, 0.0)),
        ("first", "x: float, other: float", (0.5, 2.0)),
        ("rotated", "x: float, y: float, angle: float = 0.5, scale: float = 0.001", (0.5, 2.0)),
    ],
)  # fmt: skip
def test_defaults_travel_into_the_signature(
    name: str, head: str, point: tuple[float, ...]
) -> None:
    made = compile_function(DEFAULTS, name, with_="jacobian")
    flat = " ".join(made.source.split())
    assert f"def forward({head})" in flat.replace("( ", "(").replace(" )", ")")
    value = run(DEFAULTS, name, point)
    assert close(made.forward(*point)[0], value) and close(made(*point), value)
    assert made.jacobian(*point) == made.module.jacobian(*point)
    found = read_artifact(made.source)
    assert found is not None and regenerate(found.recipe).source == made.source
    assert ("# defaults: " in made.source) == (" = " in head)


def test_defaults_go_with_their_inputs() -> None:
    made = compile_function(DEFAULTS, "f", inputs="a, x, k")
    assert "a: float, x: float, k: float = 2.09" in made.source
    assert "`a` has no default here" in made.notes[-1]
    assert compile_function(DEFAULTS, "f", const={"k": 2.0})(1.0) == -3.0
    made = compile_function(DEFAULTS, "f", params="a")
    assert made.recipe.defaults == (("k", 2.0943951023931953), ("a", -1.5))
    assert made(1.0) == pytest.approx(-math.pi, rel=1e-15)
    made = compile_function(DEFAULTS, "f", with_="jacobian")
    assert compile_function(DEFAULTS, "f").jacobian(1.0) == made.jacobian(1.0)
    for wrong in ({"y": 1.0}, {"x": math.inf}, {"x": "1"}, {"x": True}):
        with pytest.raises(GradgenError):
            compile_formula("2*x", defaults=wrong)  # type: ignore[arg-type]
    assert compile_formula("2*x", defaults={"x": 3})() == 6.0


def test_defaults_in_the_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(DEFAULTS)
    assert main(["compile", "model.py:f", "-o", "made.py", "--test"]) == 0
    assert main(["check", "made.py", "test_made.py"]) == 0
    assert main(["eval", "model.py:f", "--at", "x=2"]) == 0
    assert main(["verify", "made.py", "--at", "x=2"]) == 0
    Path("model.py").write_text(DEFAULTS.replace("-1.5", "-2.5"))
    capsys.readouterr()
    assert main(["diff", "made.py", "model.py:f"]) == 0
    out = capsys.readouterr().out
    assert "defaults: a=-1.5, k=2.0943951023931953 is now a=-2.5" in out
    text = Path("made.py").read_text()
    for wrong in ("a=inf", "a", "a=1.0, x", "1=2.0", "a=1.0, b=2.0"):
        Path("made.py").write_text(re.sub("# defaults: .*", f"# defaults: {wrong}", text))  # fmt: skip
        assert main(["check", "made.py"]) == 1
        assert "failed" in capsys.readouterr().out


# What is long, or doubles at every line.


def test_constants_that_are_made_of_others_do_not_double() -> None:
    chain = "".join(f"A{i} = A{i - 1}*A{i - 1}\n" for i in range(1, 31))
    text = f"A0 = 1.000000001\n{chain}def f(x): return x*A30"
    found = read_function(text, "f")
    assert len(found.program) < 5000
    assert close(compile_function(text, "f").forward(2.0)[0], run(text, "f", (2.0,)))
    long = "".join(f"A{i} = A{i - 1}\n" for i in range(1, 3001))
    assert read_function(f"A0 = 1.5\n{long}def f(x): return x*A3000", "f").program == "A0 = 1.5\nf = x * A0"  # fmt: skip
    sums = "".join(f"A{i} = A{i - 1} + 1.0\n" for i in range(1, 3001))
    found = read_function(f"A0 = 1.5\n{sums}def f(x): return x*A3000", "f")
    assert len(found.program) < 100_000
    assert evaluate(found, (2.0,)) == 2 * 3001.5


def test_what_the_user_wrote_is_short_whatever_it_is_unrolled_to() -> None:
    text = (
        "def f(position, velocity, stiffness, mass):\n    step = 0.01\n    for i in range({}):\n"
        "        force = -stiffness*position\n        velocity = velocity + force/mass*step\n"
        "        position = position + velocity*step\n        energy = velocity*velocity\n    return energy"
    )
    found = read_function(text.format(1000), "f")
    assert found.program.count("\n") == 4000 and len(found.program) > 100_000
    point = (1.0, 0.5, 2.0, 1.5)
    assert evaluate(found, point) == run(text.format(1000), "f", point)
    assert close(compile_function(text.format(40), "f").forward(*point)[0], run(text.format(40), "f", point))  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "def f(x): return " + "+".join(["x"] * 2000),
        "def f(x): return " + "-" * 500 + "x",
        "def f(x): return " + "(" * 120 + "x" + ")" * 120,
        "def f(x): return " + " ".join(f"{i} if x < {i} else" for i in range(500)) + " 3.0",
        "def f(x): return " + "x < 1 and " * 500 + "x < 2",
        "def f(x): return " + "abs(" * 150 + "x" + ")" * 150,
        "def f(x): return " + "x**" * 500 + "x",
        pytest.param("def g(x): return " + "+".join([f"x*{2 / 3}"] * 200) + "\ndef f(x): return " + "+".join(["g(x)"] * 600), marks=pytest.mark.slow),
        "def f(x):\n    return x" + "".join(f"\ndef g{i}(x): return g{i + 1}(x)" for i in range(3000)),
        "".join(f"def g{i}(x): return g{i + 1}(x)\n" for i in range(50)) + "def g50(x): return x\ndef f(x): return g0(x)",
    ],
)  # fmt: skip
def test_deep_and_long_functions_are_read_or_refused_in_one_line(text: str) -> None:
    try:
        found = read_function(text, "f")
    except GradgenError as error:
        assert len(error.message) < 200
    else:
        assert found.inputs == ("x",)


@pytest.mark.slow
def test_four_thousand_statements_compile() -> None:
    text = (
        "def f(x, v, k, m):\n    for i in range(1000):\n        a = -k*x/m\n        v = v + a*0.01\n"
        "        x = x + v*0.01\n        e = v*v + x*x\n    return e"
    )
    point = (1.0, 0.5, 2.0, 1.5)
    made = compile_function(text, "f")
    assert close(made.forward(*point)[0], run(text, "f", point))
    found = read_artifact(made.source)
    assert found is not None and regenerate(found.recipe).source == made.source


# What modules hold.

_OF_TWO = "atan2 arctan2 pow power hypot maximum minimum fmax fmin max min mod fmod logaddexp heaviside beta betaln binom huber xlogy xlog1py".split()  # fmt: skip  # noqa: SIM905
_OF_ORDERS = "jv yv iv kv polygamma gammainc gammaincc".split()  # noqa: SIM905
_POINTS = {name: (1.7,) for name in ("acosh", "arccosh")}
_POINTS |= {name: (0.3,) for name in ("erfinv", "erfcinv", "ndtri", "ppf")}
#: These are compared below 0, at halves and at whole numbers, too.
_STEPS = [
    "trunc",
    "fix",
    "rint",
    "round",
    "int",
    "floor",
    "ceil",
    "sign",
    "abs",
    "fabs",
    "absolute",
    "sinc",
    "float",
]


#: What stands at the top of a file, in any order, and what is made of the names below it.
TOPS = ["from numpy import *", "from math import *", "pi = 3.0", "e = 2.5", "def sqrt(x):\n    return x*2", "from math import log", "import numpy as np", "from numpy import exp", "def sum(x):\n    return x[0]", "def abs(x):\n    return -x", "C = pi*2"]  # fmt: skip
USED = ["pi", "e", "sqrt(x)", "log(y)", "sum([x, y])", "abs(x - 2)", "len([x])", "max(x, y)", "pow(x, y)", "round(x)", "float(x)", "gamma(y)", "exp(x)", "where(x > y, x, y)", "C", "hypot(x, y)", "any([x > 1, y > 1])*1.0", "floor(x)", "fabs(x)", "inf", "trunc(y)", "divmod(x, y)[1]", "asin(x/9)"]  # fmt: skip


def starred_file(seed: int) -> bool:
    """Compare what a file with imports of `*` means; return whether it is read."""
    rnd = random.Random(seed)
    tops = rnd.sample(TOPS, rnd.randint(1, 4))
    text = "\n".join([*tops, f"def f(x, y):\n    return {rnd.choice(USED)} + {rnd.choice(USED)}\n"])  # fmt: skip
    try:
        found = read_function(text, "f")
    except GradgenError:
        return False
    value = run(text, "f", (1.5, 2.5))
    if not isinstance(value, float):  # no way through the file ends
        return False
    return bool(close(evaluate(found, (1.5, 2.5)[: len(found.inputs)]), value)) or pytest.fail(text)  # fmt: skip


def test_what_numpy_hands_on_by_a_star_is_what_python_imports() -> None:
    assert sum(map(starred_file, range(400))) > 100


@pytest.mark.slow
def test_what_numpy_hands_on_by_many_stars_is_what_python_imports() -> None:
    assert sum(map(starred_file, range(400, 400 + many(20_000)))) > many(5_000)


def test_what_numpy_hands_on_is_what_this_version_does() -> None:
    assert ALWAYS <= {*numpy.__all__} <= ALWAYS | SOMETIMES


def known() -> list[Any]:
    """Return the dotted names that are read; those that mean a function of the same name are slow to go through."""
    listed = [f"{module}.{name}" for module, names in meanings._SAME.items() for name in names]  # fmt: skip
    every = sorted({*listed, *meanings._OTHERS})
    return [
        path if path in meanings._OTHERS else pytest.param(path, marks=pytest.mark.slow)
        for path in every
        if not path.startswith("gradgen.")
    ]


@pytest.mark.parametrize("path", known())
def test_what_modules_hold_is_what_formulas_call_so(path: str) -> None:
    module, _, name = path.rpartition(".")
    head = f"import {module}"
    if module == "scipy.stats.norm":
        pytest.importorskip("scipy.stats")
        head = "import scipy.stats"
    elif not hasattr(pytest.importorskip(module), name):
        pytest.skip(f"this Python has no {path}")
    try:
        what = meanings.meant(path, {})
    except ValueError:
        pytest.skip(f"formulas have no {path} yet")
    points: list[tuple[float, ...]] = [_POINTS.get(name, (0.7,))]
    inputs, shown = "x", f"{path}(x)"
    if not what.callable:
        shown = f"x*{path}"
    elif name in _OF_TWO:
        inputs, shown, points = "x, y", f"{path}(x, y)", [(0.7, 1.3), (1.3, 0.7)]
    elif name in _OF_ORDERS:
        shown = f"{path}(2, x)"
    elif name in ("clip", "fma", "where"):
        first = "x > 0" if name == "where" else "x"
        inputs, shown, points = "x, y, z", f"{path}({first}, y, z)", [(0.7, 1.0, 2.0)]
    if name in _STEPS:
        points += [(x,) for x in (-0.5, 0.5, 1.5, 2.5, -2.5, -1.2, 3.0)]
    text = f"{head}\ndef f({inputs}): return {shown}"
    made = compile_function(text, "f", target="scipy")
    for point in points:
        value = float(run(text, "f", point))
        assert made.forward(*point)[0] == pytest.approx(value, rel=1e-12), point


def test_names_of_names_are_followed_once() -> None:
    names = "".join(f"A{i} = A{i - 1}\n" for i in range(1, 1501))
    sums = "".join(f"B{i} = A1500 + {i}\n" for i in range(1, 701))
    reads = "".join(f"    y = y + A1500 - B{i}\n" for i in range(1, 701))
    for first, value in (("A0 = 1.5\n", -700 * 701 / 2), ("A0 = [1]\n", None)):
        text = f"{first}{names}{sums}def f(x):\n    y = x\n{reads}    return y"
        if value is not None:
            found = read_function(text, "f")
            assert evaluate(found, (0.0,)) == value
        else:
            with pytest.raises(GradgenError, match="a list has no place"):
                read_function(text, "f")
    chain = "".join(f"a{i} = a{i - 1}.b\n" for i in range(1, 3001))
    with pytest.raises(GradgenError, match="too long a name"):
        read_function(f"import a as a0\n{chain}def f(x): return a3000(x)", "f")


# Expressions at random.


def random_expression(rnd: random.Random, depth: int) -> str:
    """Return a number's text, with brackets where Python needs none and where it does."""
    if depth == 0 or rnd.random() < 0.15:
        return rnd.choice(("x", "y", "k", "k", "-k", "2", "3", "0.5", "-1.5", "N", "C"))
    kind = rnd.choice(("binary", "binary", "binary", "sign", "choice", "call", "power"))
    one, other, third = (random_expression(rnd, depth - 1) for _ in range(3))
    if kind == "binary":
        op = rnd.choice(("+", "-", "*", "/", "%", "-", "*"))
        one, other = (rnd.choice(("{}", "({})")).format(part) for part in (one, other))
        return f"{one} {op} {other}"
    if kind == "sign":
        return rnd.choice(("-{}", "-({})", "+({})", "(-({}))")).format(one)
    if kind == "power":
        return f"({one})**{rnd.choice(('2', 'k', '-k', '3', '(k + 1)', 'N', '-1', '2**k'))}"
    if kind == "call":
        return rnd.choice((f"abs({one})", f"max({one}, {other})", f"math.tanh({one})", f"g({one}, {other})", f"g(u={one})"))  # fmt: skip
    return rnd.choice(("{} if {} else {}", "({} if {} else {})")).format(
        one, random_condition(rnd, other, third), third
    )


def random_condition(rnd: random.Random, one: str, other: str) -> str:
    words = [f"({one}) {rnd.choice(('<', '>', '<=', '>=', '!='))} ({other})" for _ in range(2)]  # fmt: skip
    words.append(f"({other}) < x <= ({one})")
    words.append(f"not {words[0]}")
    words.append(f"({words[1]} or not ({words[2]})) and {words[0]}")
    words.append(f"{words[1]} or {words[2]} and {words[0]}")
    return rnd.choice(words)


@pytest.mark.parametrize(
    "count", [120, pytest.param(many(6000), marks=pytest.mark.slow)]
)
def test_random_expressions_mean_what_python_says(count: int) -> None:
    compared = 0
    for seed in range(count):
        rnd = random.Random(seed)
        first, second = (random_expression(rnd, rnd.randint(1, 4)) for _ in range(2))
        text = (
            "import math\nN = 2\nC = -N**2 + 0.75\ndef g(u, w=-1.25):\n    return u*w - N\n"
            f"def f(x, y):\n    s = 0.0\n    for k in range(-2, 3):\n        s += {first}\n        x = x - 0.25*k\n"
            f"    k = x\n    return s - ({second})\n"
        )
        point = (0.6875, -1.3125)
        value = run(text, "f", point)
        try:
            found = read_function(text, "f")
        except GradgenError as error:
            assert isinstance(value, str), (text, error)
            continue
        try:
            got = evaluate(found, point)
        except (ArithmeticError, ValueError, TypeError):
            continue  # what a branch not taken calls is worked out here, and not in a module
        if isinstance(value, complex):
            continue
        # An index that is 0 leaves nothing of what it multiplies, where Python may still raise.
        assert isinstance(value, str) or got == pytest.approx(
            value, rel=1e-9
        ), f"{text}\n{found.program}\n{got} {value}"
        compared += not isinstance(value, str)
    assert compared > count / 3


SCALARS = """import numpy as np


def f(x, k):
    x = np.asarray(x)
    ones = np.ones_like(x)
    return np.deg2rad(k) * ones + np.zeros_like(x) + np.float64(x) * np.rad2deg(k)
"""


def test_numpy_on_scalars_is_read_and_proven() -> None:
    made = compile_function(SCALARS, "f")
    assert not made.unproven
    assert close(made(0.5, 0.7), math.radians(0.7) + 0.5 * math.degrees(0.7))
    assert "log" not in made.source and "0.0 *" not in made.source
