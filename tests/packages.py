"""Reads the functions of installed packages, compares each that is read with the original, and prints why others are refused.

`python -m tests.packages fluids chemicals ht`; `--alone` follows no imports, `--read` compares nothing. What is refused since nothing says how
long sequences are is read again with the `--shape` (and the `--const` of what counts) that the refusal names; both shares are printed.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import functools
import importlib
import importlib.util
import math
import random
import re
import signal
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import mpmath
import numpy as np

from gradgen import Compiled, GradgenError
from gradgen.files.decode import decode_python
from gradgen.sources import compile_function

PACKAGES = ("fluids", "chemicals", "ht")
#: Folders whose functions are not meant to be called by others.
_PASSED = ("tests", "test", "data", "extern", "_lib")
#: A function has so many arithmetic operators at least.
OPERATORS = 3
#: It is compared at so many points, among so many that are tried.
POINTS, TRIES = 20, 4000
#: Larger relative differences are none of rounding, where the function itself keeps its digits.
TOLERANCE = 1e-12
#: How many units in the last place of its inputs a value may be off.
ULPS = 64
#: The operations whose values are steps.
STEPPING = ("floor", "ceil", "round", "trunc")
#: Smaller slopes are none to a difference of values, nor are those that are as large.
TINY = 1e-100
#: A function has so many seconds.
SECONDS = 60


@dataclass(frozen=True)
class Candidate:
    """A function of a package."""

    module: str
    path: Path
    node: ast.FunctionDef
    text: str

    @property
    def name(self) -> str:
        return f"{self.module}.{self.node.name}"


@dataclass
class Tally:
    """What became of functions."""

    functions: int = 0
    read: int = 0
    shaped: int = 0
    compared: int = 0
    unmet: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    digits: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)


def folder_of(package: str) -> Path | None:
    """Return where a package lies; None where it is not installed."""
    try:
        found = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        return None
    places = found.submodule_search_locations if found else None
    alone = Path(found.origin) if found and found.origin else None
    return Path(next(iter(places))) if places else alone


def candidates(package: str) -> Iterator[Candidate]:
    """Yield the functions of a package that have a return, some arithmetic and no `self`."""
    folder = folder_of(package)
    assert folder is not None
    for path in [folder] if folder.is_file() else sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder) if path != folder else Path("__init__.py")
        if any(part in _PASSED for part in inside.parts):
            continue
        names = [
            *inside.parts[:-1],
            *([] if inside.stem == "__init__" else [inside.stem]),
        ]
        text = decode_python(path.read_bytes())
        try:
            module = ast.parse(text)
        except SyntaxError:
            continue
        for node in module.body:
            if isinstance(node, ast.FunctionDef) and _counts(node):
                yield Candidate(
                    ".".join([*package.split("."), *names]), path, node, text
                )


def _counts(node: ast.FunctionDef) -> bool:
    if any(arg.arg == "self" for arg in node.args.args):
        return False
    nodes = [*ast.walk(node)]
    arithmetic = sum(isinstance(n, (ast.BinOp, ast.AugAssign)) for n in nodes)
    return arithmetic >= OPERATORS and any(isinstance(n, ast.Return) for n in nodes)


def compiled(
    one: Candidate,
    follow: Sequence[str] | None,
    as_written: bool = False,
    remedies: Mapping[str, str] | None = None,
) -> Compiled:
    """Compile a function of a package; where every way raises, with the parameters that an example gives, as its user would."""
    options: dict[str, Any] = {"as_written": as_written, "proof": False}
    options |= remedies or {}
    if follow is not None:
        options |= {"file": one.path, "follow": follow}
    try:
        return compile_function(one.text, one.node.name, **options)
    except GradgenError as error:
        if "every way raises" not in error.message:
            raise
        args = one.node.args
        names = [arg.arg for arg in args.args]
        needed = names[: len(names) - len(args.defaults)]
        for given in examples(one, names):
            known = {n for n, value in given.items() if not math.isnan(value)}
            inputs = [n for n in names if n in known or n in needed]
            with contextlib.suppress(GradgenError):
                return compile_function(
                    one.text, one.node.name, inputs=inputs, **options
                )
        raise


def examples(one: Candidate, inputs: Sequence[str]) -> Iterator[dict[str, float]]:
    """Yield the numbers that a docstring calls a function with, those of sequences under the names that inputs have."""
    said = ast.get_docstring(one.node) or ""
    for line in said.replace("\n... ", " ").split("\n"):
        if ">>>" not in line or one.node.name not in line:
            continue
        with contextlib.suppress(SyntaxError, ValueError):
            for call in ast.walk(ast.parse(line.split(">>>")[1].strip())):
                if not isinstance(call, ast.Call):
                    continue
                names = [arg.arg for arg in one.node.args.args]
                given = {**dict(zip(names, call.args))}
                given |= {k.arg: k.value for k in call.keywords if k.arg}
                found = {}
                for name in (*given, *inputs):
                    with contextlib.suppress(ValueError, TypeError, ZeroDivisionError):
                        param, places = grouped(name, names)
                        if param in given:
                            value = ast.literal_eval(given[param])
                            for place in places:
                                value = value[place % len(value)]
                            found[name] = float(value)
                if found:
                    yield {n: found.get(n, math.nan) for n in inputs}


def grouped(name: str, params: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    """Return which parameter an input belongs to, and at which places it stands there."""
    for param in sorted(params, key=len, reverse=True):
        if name == param:
            break
        rest = name.removeprefix(param).removeprefix("_at").lstrip("_")
        if name.startswith(param) and all(map(str.isdigit, rest.split("_"))):
            return param, (*map(int, rest.split("_")),)
    return name, ()


class Held(dict[str, float]):
    """Numbers that a function asks a dict for, or an object."""

    def __getattr__(self, name: str) -> float:
        if name not in self:
            raise AttributeError(name)
        return self[name]


def arguments(
    inputs: Sequence[str], params: Sequence[str], at: Sequence[float]
) -> dict[str, Any]:
    """Return what a function is called with: numbers, and lists of them."""
    given: dict[str, Any] = {}
    for name, value in zip(inputs, at):
        param, places = grouped(name, [] if name in params else params)
        if not places:
            # A dict's number is called after the dict and its key.
            of = (
                [p for p in params if name.startswith(f"{p}_")]
                if name not in params
                else []
            )
            if of:
                given.setdefault(of[0], Held())[name.removeprefix(f"{of[0]}_")] = value
            else:
                given[param] = value
            continue
        row = given.setdefault(param, [])
        for place in places[:-1]:
            row += [[] for _ in range(place + 1 - len(row))]
            row = row[place]
        row.append(value)
    return given


def defaults(one: Candidate) -> dict[str, float]:
    """Return the numbers that parameters have by default."""
    args = one.node.args
    names = [arg.arg for arg in args.args][len(args.args) - len(args.defaults) :]
    pairs = [*zip(names, args.defaults)]
    pairs += [(a.arg, d) for a, d in zip(args.kwonlyargs, args.kw_defaults) if d]
    found = {}
    for name, node in pairs:
        with contextlib.suppress(ValueError, TypeError):
            found[name] = float(ast.literal_eval(node))
    return found


def points(one: Candidate, inputs: Sequence[str]) -> Iterator[tuple[float, ...]]:
    """Yield points: near those of the docstring's examples, at defaults, and anywhere."""
    rnd = random.Random(one.name)
    known = [*examples(one, inputs)]
    usual = defaults(one)
    for turn in range(TRIES):
        near = rnd.choice(known) if known and turn % 2 else {}
        point = []
        for name in inputs:
            value = near.get(name, math.nan)
            if math.isnan(value) and turn % 3 == 0 and name in usual:
                value = usual[name]
            elif math.isnan(value):
                value = 10 ** rnd.uniform(-3, 4) if turn % 4 < 3 else rnd.uniform(-2, 2)
                if turn % 8 == 2:
                    value = rnd.uniform(0, 1)
            elif rnd.random() < 0.9:
                value *= rnd.uniform(0.7, 1.4)
            point.append(value)
        yield tuple(point)


def numbers(value: Any) -> tuple[float, ...] | None:
    """Return what a function returned, if it is finite numbers; of a dict those that it holds, in its order."""
    value = [*value.values()] if isinstance(value, dict) else value
    value = value.tolist() if hasattr(value, "tolist") else value
    parts = value if isinstance(value, (tuple, list)) else (value,)
    while any(isinstance(part, (tuple, list)) for part in parts):
        lists = [p if isinstance(p, (tuple, list)) else (p,) for p in parts]
        parts = [inner for row in lists for inner in row]
    if any(isinstance(part, complex) for part in parts):
        return None
    try:
        found = tuple(float(part) for part in parts)
    except (TypeError, ValueError):
        return None
    return found if all(map(math.isfinite, found)) else None


def differs(
    original: Callable[..., Any],
    made: Compiled,
    point: tuple[float, ...],
    names: Sequence[str],
    params: Sequence[str],
) -> str | None:
    """Return what is different at a point, an empty text where nothing is, and None where the original has no value."""

    def value(at: Sequence[float]) -> tuple[float, ...] | None:
        given = arguments(names, params, at)
        try:
            return numbers(original(**given))
        except Exception:  # noqa: BLE001 - whatever it raises
            lists = {n: np.array(v) for n, v in given.items() if isinstance(v, list)}
        try:
            return numbers(original(**{**given, **lists})) if lists else None
        except Exception:  # noqa: BLE001
            return None

    true = value(point)
    if true is None:
        return None
    try:
        got = numbers(made.module.forward(*point)[0])
    except (ArithmeticError, ValueError) as error:
        got, said = None, repr(error)
    else:
        said = repr(got)
    if got is not None and len(got) == len(true):
        scale = [max(abs(a), abs(b)) for a, b in zip(got, true)]
        if all(abs(a - b) <= TOLERANCE * s for a, b, s in zip(got, true, scale)):
            return ""
        # What the last digits of the inputs decide is no difference.
        allowed = [0.0] * len(true)
        for place in range(len(point)):
            for step in (ULPS, -ULPS):
                moved = [*point]
                moved[place] += step * math.ulp(moved[place])
                near = value(moved)
                if near is None:
                    return None
                allowed = [max(o, abs(a - b)) for o, a, b in zip(allowed, near, true)]
        if all(abs(a - b) <= o for a, b, o in zip(got, true, allowed)):
            return ""
    where = ", ".join(f"{n}={x!r}" for n, x in zip(names, point))
    return f"{said} where {true!r} is right, at {where}"


def compare(
    one: Candidate,
    made: Compiled,
    again: Callable[[], Compiled],
    more: list[str],
    asked: Mapping[str, Any] | None = None,
) -> str | None:
    """Compare a module with the function; return what is wrong, an empty text where nothing is, and None where nothing was met.

    Args:
        one: the function.
        made: the module.
        again: what makes the same module as it is written, which keeps the digits of the original where this has better ones.
        more: to which it is added where they have others.
        asked: the options that the refusal asked for.
    """
    try:
        named = getattr(importlib.import_module(one.module), one.node.name)
    except Exception:  # noqa: BLE001 - it wants what is not installed, or is no module
        return None
    said = (asked or {}).get("const", {}).items()
    given = {name: int(k) if k.isdigit() else k for name, k in said}
    inputs = made.program.inputs
    params = [arg.arg for arg in (*one.node.args.args, *one.node.args.kwonlyargs)]
    held = {*given, *arguments(inputs, params, [0.0] * len(inputs))}
    needed = params[: len(one.node.args.args) - len(one.node.args.defaults)]
    for name in {*needed} - held:  # what an example counts
        counts = [int(v[name]) for v in examples(one, [name]) if v[name] % 1 == 0]
        given |= dict.fromkeys([name], counts[0]) if counts else {}
    original = functools.partial(named, **given)
    met = 0
    for point in points(one, inputs):
        found = differs(original, made, point, inputs, params)
        if found:
            more.append(f"{one.name}: {found}")
            found = differs(original, again(), point, inputs, params)
        found = found or (found if found is None else slopes_differ(made, point))
        if found:
            return found
        met += found is not None
        if met == POINTS:
            break
    return "" if met else None


def slopes_differ(made: Compiled, point: tuple[float, ...]) -> str:
    """Return which slope differs from a central difference of the module's own values at a point; empty where none does, or none is known."""

    if any(step.op in STEPPING for step in made.program.steps):
        return ""  # between the steps it is flat, whatever differences see

    def value(at: Sequence[float]) -> float:
        found = made.module.forward(*at)[0]
        return float(found) if isinstance(found, (int, float)) else float(sum(found))

    try:
        _, cache = made.module.forward(*point)
        upstream = [1.0] * max(1, len(made.program.outputs))
        slopes = made.module.backward(cache, *upstream)
        for place, name in enumerate(made.program.inputs):
            quotients = []
            for step in (1e-3, 1e-5, 1e-6):
                high, low = ([*point], [*point])
                high[place] += step * abs(point[place])
                low[place] -= step * abs(point[place])
                width = high[place] - low[place]
                quotients.append((value(high) - value(low)) / width)
            spread = max(quotients) - min(quotients)
            size = max(map(abs, quotients))
            if (
                size > TINY
                and spread < 1e-3 * size
                and abs(slopes[place] - quotients[1]) > 0.01 * size
                and not _is_exact(made, point, place, slopes[place])
            ):
                return f"slope by {name} {slopes[place]!r} where {quotients[1]!r} is near, at {point}"
    except (ArithmeticError, ValueError, IndexError, TypeError):
        return ""
    return ""


def _is_exact(
    made: Compiled, point: tuple[float, ...], place: int, slope: float
) -> bool:
    """Whether a slope is that of the program in many digits, where its rounded values go in steps."""
    text = made.recipe.source
    text = text[text.rindex('"""') + 3 :] if '"""' in text else text
    names: dict[str, Any] = {
        **{name: getattr(mpmath, name) for name in ("sqrt", "exp", "log", "log10", "cbrt", "sin", "cos", "tan", "tanh", "atan", "erf", "gamma", "floor", "ceil", "pi")},
        "log1p": lambda x: mpmath.log(1 + x),
        "expm1": lambda x: mpmath.exp(x) - 1,
        "where": lambda test, one, other: one if test else other,
    }  # fmt: skip

    def value(step: Any) -> Any:
        inputs = [*map(mpmath.mpf, point)]
        inputs[place] += step
        scope = {**names, **dict(zip(made.program.inputs, inputs))}
        exec(text, scope)  # noqa: S102
        return mpmath.fsum(scope[name] for name, _ in made.program.outputs)

    try:
        with mpmath.workdps(60):
            step = abs(mpmath.mpf(point[place])) * mpmath.mpf(10) ** -25
            true = (value(step) - value(-step)) / (2 * step)
            return bool(abs(true - slope) <= 0.01 * abs(true))
    except Exception:  # noqa: BLE001 - it holds what has no place here
        return False


def remedy(error: GradgenError) -> dict[str, Any]:
    """Return the options that a refusal asks for: how long sequences are, what counts, and which text a parameter is."""
    told = re.search(r"; say which text `(\w+)` is by --const \1=(.*)$", error.message)
    if told:
        return {"const": {told[1]: told[2]}}
    asked = error.message.partition(", as in ")[2] if "; say how " in error.message else ""  # fmt: skip
    found: dict[str, Any] = dict(re.findall(r'--(shape|const) "([^"]+)"', asked))
    if "const" in found:
        found["const"] = dict(item.split("=") for item in found["const"].split(", "))
    return found


def remedied(one: Candidate, follow: Sequence[str] | None) -> tuple[Compiled, dict[str, Any]]:  # fmt: skip
    """Compile a function with the options that its refusals ask for, one after the other."""
    asked: dict[str, Any] = {}
    while True:
        try:
            return compiled(one, follow, remedies=asked), asked
        except GradgenError as error:
            more = remedy(error)
            const = {**asked.get("const", {}), **more.get("const", {})}
            found = {**asked, **more, **({"const": const} if const else {})}
            if found == asked:
                raise
            asked = found


def kind(message: str) -> str:
    """Return a refusal without what is one function's own."""
    message = re.sub(r"^(?:[\w.]+, )?line [0-9]+: ", "", message)
    message = message.partition(" (that is with --shape")[0]
    return re.sub(r"line [0-9]+", "line N", re.sub(r"`[^`]*`", "`...`", message))[:150]


class _LateError(Exception):
    pass


def _late(_: int, __: FrameType | None) -> None:
    raise _LateError


def look(one: Candidate, tally: Tally, follow: Sequence[str] | None, run: bool) -> None:
    """Read a function, and compare it."""
    tally.functions += 1
    signal.signal(signal.SIGALRM, _late)
    signal.alarm(SECONDS)
    try:
        made, asked = remedied(one, follow)
        if asked:
            tally.refused["say what the refusal asks for by --shape or --const"] += 1
        tally.read += not asked
        tally.shaped += bool(asked)
        found = (
            compare(
                one,
                made,
                lambda: compiled(one, follow, True, asked),
                tally.digits,
                asked,
            )
            if run
            else None
        )
        tally.compared += found == ""
        if found is None:
            tally.unmet.append(one.name)
        elif found:
            # What raises says so; with numpy, nan may go on to a value.
            raised = "Error(" in found.partition(" where ")[0]
            listed = tally.raised if raised else tally.wrong
            listed.append(f"{one.name}: {found}")
    except GradgenError as error:
        reason = kind(error.message)
        tally.refused[reason] += 1
        tally.examples.setdefault(reason, f"{one.name}: {error.message}")
    except _LateError:
        tally.refused["took too long"] += 1
        tally.examples.setdefault("took too long", one.name)
    finally:
        signal.alarm(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    parser.add_argument("--alone", action="store_true", help="follow no imports")
    parser.add_argument("--read", action="store_true", help="compare nothing")
    parser.add_argument("--most", type=int, default=30, help="so many reasons")
    parser.add_argument("--these", type=Path, help="functions that a file lists")
    parser.add_argument("--only", default="", help="functions whose names hold this")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    follow = (
        None if options.alone else [name.split(".")[0] for name in options.packages]
    )
    these = options.these.read_text().split() if options.these else []
    whole = Tally()
    for package in options.packages:
        tally = Tally()
        for one in candidates(package):
            if options.only in one.name and (not these or one.name in these):
                look(one, tally, follow, not options.read)
        share = 100 * tally.read / max(1, tally.functions)
        print(
            f"{package}: {tally.functions} functions, {tally.read} read ({share:.1f} %), {tally.shaped} more with --shape, "
            f"{tally.compared} as the original, {len(tally.wrong)} not, {len(tally.unmet)} without a point"
        )
        whole.functions += tally.functions
        whole.read += tally.read
        whole.shaped += tally.shaped
        whole.compared += tally.compared
        whole.unmet += tally.unmet
        whole.wrong += tally.wrong
        whole.digits += tally.digits
        whole.raised += tally.raised
        whole.refused += tally.refused
        whole.examples = {**tally.examples, **whole.examples}
    count = max(1, whole.functions)
    print(
        f"all: {whole.read} of {whole.functions} read ({100 * whole.read / count:.1f} %), "
        f"with --shape {whole.read + whole.shaped} ({100 * (whole.read + whole.shaped) / count:.1f} %), "
        f"{whole.compared} as the original, {len(whole.wrong)} not\n"
    )
    for reason, count in whole.refused.most_common(options.most):
        example = whole.examples.get(reason, "")  # none of those who need --shape
        print(f"{count:5}  {reason}\n         {example[:230]}")
    for title, listed in (
        ("wrong", whole.wrong),
        ("raising where the original has a value", whole.raised),
        ("of other digits, by forms that keep more", whole.digits),
        ("without a point", whole.unmet),
    ):
        print(f"\n{title}: {len(listed)}")
        for line in listed:
            print(f"  {line[:400]}")


if __name__ == "__main__":
    main()
