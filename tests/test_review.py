"""What a reviewer of generated code pays for, measured: names, diffs and operations. `pytest -m review -s` prints it."""

from __future__ import annotations

import difflib
import math
import re
import statistics
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.files.recipe import read_artifact
from gradgen.passes.names import quotient_parts
from gradgen.pipeline import Compiled, compile, regenerate
from tests.conftest import DATA, compiled, formulas
from tests.naming import decodes, stages, swapped

pytestmark = pytest.mark.review
#: The published equations of `cases/equations/`, and lists that lie outside the repository.
SETS = ("equations",), ("feynman", "fpbench", "symreg", "optim")
SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"

#: One-spot edits of the seed's function: the old text, and what becomes of it.
SEED_EDITS = (
    ("**2", "**3"),
    ("(x + sigmoid(y)) /", "(x + sigmoid(y) + x*y) /"),
    ("(x + sigmoid(y)) /", "(x + sigmoid(y) + 0.5) /"),
    (SEED, f"log(1 + {SEED})"),
    ("sigmoid(y)", "sigmoid(y + 0.5*x)"),
)
#: Formulas of ordinary size beside those of `generated/`, most of which are short: a call option, a logistic regression, a
#: membrane's current, a reprojected point, the Goldman voltage, an evaporation, a soil's conductivity, a cubic equation of state.
MORE = (
    "S*norm_cdf((log(S/K) + (r + v**2/2)*T)/(v*sqrt(T))) - K*exp(-r*T)*norm_cdf((log(S/K) + (r - v**2/2)*T)/(v*sqrt(T)))",
    "log(1 + exp(-y*(w0 + w1*x1 + w2*x2 + w3*x1*x2))) + l2*(w1**2 + w2**2 + w3**2)",
    "(I - gNa*m**3*h*(V - ENa) - gK*n**4*(V - EK) - gL*(V - EL))/C",
    "f*(1 + k1*(X**2 + Y**2)/Z**2 + k2*((X**2 + Y**2)/Z**2)**2)*X/Z + cx - u",
    "R*T/F*log((PK*Ko + PNa*Nao + PCl*Cli)/(PK*Ki + PNa*Nai + PCl*Clo))",
    "(0.408*D*(Rn - G) + g*900/(T + 273)*u*(es - ea))/(D + g*(1 + 0.34*u))",
    "Ks*(1 + (a*h)**n)**(-m/2)*(1 - (1 - (1 + (a*h)**n)**(-1))**m)**2",
    "R*T/(v - b) - a/(sqrt(T)*v*(v + b)) - P",
)


def edits(text: str) -> Iterator[str]:
    """Yield a formula with one spot changed, in the ways of the seed's edits; the spot is in the middle."""
    inputs = compile(text, target="scipy").program.inputs
    first, last = inputs[0], inputs[-1]
    if "**2" in text:
        yield text.replace("**2", "**3", 1)
    yield at_middle(text, first, f"({first} + {first}*{last})")
    yield at_middle(text, last, f"({last} + 0.5)")
    yield f"log(1 + {text})"
    yield at_middle(text, last, f"({last} + 0.5*{first})")


def at_middle(text: str, name: str, new: str) -> str:
    """Replace the middle one of a name's occurrences."""
    found = list(re.finditer(rf"\b{name}\b", text))
    match = found[len(found) // 2]
    return text[: match.start()] + new + text[match.end() :]


def body(made: Compiled) -> list[str]:
    """Return the lines of code of a module, without header and docstrings."""
    text = made.source[made.source.index('"""') :]
    text = re.sub(r'"""(?:.|\n)*?"""', "", text)
    return [line for line in text.splitlines() if line.strip()]


def touched(before: list[str], after: list[str]) -> int:
    """Return how many lines of the old body are removed or changed."""
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    codes = matcher.get_opcodes()
    return sum(end - start for kind, start, end, _, _ in codes if kind != "equal")


def by_hand(before: Compiled, after: Compiled, told: int) -> int:
    """Return how many lines a person would touch who keeps the old names, but for the result's, `num` and `den`.

    Names stay for what is made alike, and for what takes its place if that was made of more operations than `told`: a reader
    takes names of fewer for what they spell.
    """
    old, new = before.program, after.program
    kept = {v for v, size in sizes(old).items() if size > told}
    alike, instead = [*same(old, new)], [*placed(old, new)]
    instead = [(at, was) for at, was in instead if was in kept]
    return min(
        touched(body(before), body(after)),
        renamed(before, after, [*alike, *instead]),
        renamed(before, after, [*instead, *alike]),
    )


def sizes(program: Program) -> dict[int, int]:
    """Return of how many operations each value that has a name is made, what several read counted for each."""
    found = dict.fromkeys(program.signature, 0)
    for value in program.lines:
        inner = [found.get(arg, 0) for arg in program.variables(value)]
        found[value] = 1 + sum(inner)
    return found


def renamed(
    before: Compiled, after: Compiled, matches: Sequence[tuple[int, int]]
) -> int:
    """Return how many lines are touched if the new module takes over the old one's names."""
    old, new = before.program, after.program
    pairs: dict[int, int] = {}  # new value to old value
    for at, was in matches:
        if at in roles(new) or was in roles(old):
            continue
        if at not in pairs and was not in pairs.values():
            pairs[at] = was
    names = {}
    for at, was in pairs.items():
        names[new.names[at]] = old.names[was]
        if at in new.adjoints and was in old.adjoints:
            names[new.adjoints[at]] = old.adjoints[was]
    fresh = set(names.values())
    for name in (*new.names.values(), *new.adjoints.values()):
        names.setdefault(name, f"{name}_new" if name in fresh else name)
    text = "\n".join(body(after))
    text = re.sub(r"\b[^\W\d]\w*", lambda m: names.get(m.group(), m.group()), text)
    # A comment's rule stands in a column of its own.
    return touched(
        *(
            [re.sub(r"(?<=\S) {2,}(?=\S)", "  ", line) for line in lines]
            for lines in (body(before), text.splitlines())
        )
    )


def roles(program: Program) -> set[int]:
    """Return the values whose names say what they are to the module: the result, and the parts of the outermost quotient."""
    return {value for _, value in program.outputs} | {*quotient_parts(program)}


def same(old: Program, new: Program) -> Iterator[tuple[int, int]]:
    """Yield the new and the old value of what is made alike."""
    known = {key: value for value, key in structures(old)}
    for value, key in structures(new):
        if key in known:
            yield value, known[key]


def placed(old: Program, new: Program) -> Iterator[tuple[int, int]]:
    """Yield the new and the old value of what stands at one place, from the result down."""
    todo = [(new.outputs[0][1], old.outputs[0][1])]
    while todo:
        at, was = todo.pop()
        if at in new.signature or was in old.signature:
            continue
        yield at, was
        todo += zip(new.variables(at), old.variables(was))


def structures(program: Program) -> Iterator[tuple[int, Any]]:
    """Yield each value that has a name, and a key for what it is made of."""
    keys: list[Any] = []
    for value, step in enumerate(program.steps):
        args = tuple(keys[arg] for arg in step.args)
        keys.append(hash((step.op, args, repr(step.data), step.guard != ())))
        if value in program.names:
            yield value, keys[-1]


def edited(root: Path) -> list[tuple[str, str]]:
    """Return formulas of the project and others, each with one spot changed."""
    texts = [
        read_artifact(path.read_text()) for path in sorted(root.glob("generated/*.py"))
    ]
    sources = [found.recipe.source for found in texts if found is not None]
    sources = [text for text in sources if "\n" not in text]  # formulas, not programs
    pairs = [(SEED, SEED.replace(old, new, 1)) for old, new in SEED_EDITS]
    pairs += [
        (text, new) for text in (*sources, *MORE) if text != SEED for new in edits(text)
    ]
    return pairs


def test_small_diffs(root: Path) -> None:
    shares: list[float] = []
    hands: dict[int, list[float]] = {0: [], 1: [], 2: []}
    print()
    for old, new in edited(root):
        before, after = (compile(text, target="scipy") for text in (old, new))
        lines, changed = body(before), touched(body(before), body(after))
        shares.append(changed / len(lines))
        for told, found in hands.items():
            found.append(by_hand(before, after, told) / len(lines))
        shown = new if len(new) < 80 else f"{new[:77]}..."
        by = " ".join(f"{found[-1]:4.0%}" for found in hands.values())
        print(f"{shares[-1]:4.0%} by hand {by}  {shown}")
    count = len(SEED_EDITS)
    five, more = shares[:count], shares[count:]
    print(
        f"lines changed: mean {statistics.mean(five):.1%} over the seed's {count} edits (most {max(five):.0%}), "
        f"{statistics.mean(more):.1%} over {len(more)} others"
    )
    for told, found in hands.items():
        print(
            f"by hand, names of up to {told} operations not kept for anything else: "
            f"{statistics.mean(found[:count]):.1%} and {statistics.mean(found[count:]):.1%}"
        )
    assert len(more) >= 40
    # Four edits unmake a recognised form (an annuity, Planck's law), and with it most of the module.
    assert statistics.mean(five) <= 0.12 and statistics.mean(shares) <= 0.18
    assert statistics.mean(shares) <= statistics.mean(hands[2]) + 0.02


def test_compact_modules_have_fewer_lines_to_read(root: Path) -> None:
    counts: dict[str, list[tuple[int, int]]] = {"textbook": [], "compact": []}
    for old, new in edited(root):
        for style, found in counts.items():
            before, after = (
                compile(text, target="scipy", style=style, proof=False)
                for text in (old, new)
            )
            lines = body(before)
            found.append((touched(lines, body(after)), len(lines)))
    means = {
        style: [statistics.mean(column) for column in zip(*found)]
        for style, found in counts.items()
    }
    for style, (changed, lines) in means.items():
        shares = [a / b for a, b in counts[style]]
        print(
            f"\n{style}: an edit changes {changed:.1f} of {lines:.1f} lines of code, {statistics.mean(shares):.1%} in the mean"
        )
    assert means["compact"][0] <= means["textbook"][0]
    assert means["compact"][1] <= 0.55 * means["textbook"][1]


def test_no_name_is_handed_on(root: Path) -> None:
    for old, new in edited(root):
        one, other = (compile(t, target="scipy", proof=False) for t in (old, new))
        assert swapped(one.program, other.program) == [], new


@pytest.mark.parametrize(("names", "every"), [*zip(SETS, (1, 4))])
def test_edits_of_real_formulas_hand_few_names_on(
    names: Sequence[str], every: int
) -> None:
    count, found = 0, []
    for row in (row for name in names for row in formulas(name)[::every]):
        if "\n" in row["expression"]:
            continue
        before = compile(row["expression"], proof=False)
        for new in edits(row["expression"]):
            with suppress(GradgenError):
                after = compile(new, proof=False)
                count += 1
                found += swapped(before.program, after.program)
    print(
        f"\n{len(found)} names handed on by {count} edits of {', '.join(names)}: {found}"
    )
    assert len(found) <= 0.02 * count


def test_names_are_decoded(root: Path) -> None:
    for what, programs in (
        *(
            (", ".join(names), [m.program for m in compiled_formulas(names)])
            for names in SETS
            if is_here(names)
        ),
        ("generated/", [made.program for made in generated(root)]),
    ):
        told: list[bool] = []
        dark: list[str] = []
        for program in programs:
            for value in stages(program).values():
                told.append(decodes(program, value))
                dark += [program.names[value]] * (not told[-1])
        share = statistics.mean(told)
        print(
            f"\n{share:.1%} of {len(told)} names of {what} are decoded; not {dark[:12]}"
        )
        assert share >= 0.95


def generated(root: Path) -> Iterator[Compiled]:
    for path in sorted(root.glob("generated/*.py")):
        found = read_artifact(path.read_text())
        assert found is not None
        yield regenerate(found.recipe)


@pytest.mark.parametrize("names", SETS)
def test_names(names: Sequence[str]) -> None:
    lengths, telling, numbered = [], 0, 0
    others: dict[str, int] = {}
    for made in compiled_formulas(names):
        program = made.program
        inside = {value: {program.names[value]} for value in program.signature}
        for value in program.lines:
            inner = [inside[arg] for arg in program.variables(value)]
            inside[value] = set[str]().union(*inner)
            name = program.names[value]
            if f"\n{name} = " in f"\n{made.recipe.source}":  # the author's
                inside[value].add(name)
            if value == program.outputs[0][1]:
                continue
            lengths.append(len(name))
            own = any(text[:5] in name for text in inside[value])
            role = re.match(r"(num|den)(?![a-z])|(inv)?(num|den)|num|den", name)
            telling += own or role is not None
            numbered += bool(re.search(r"[a-z]_?[0-9]+$", name)) and not name.endswith(
                tuple(inside[value])
            )
            if not own and role is None:
                others[name] = others.get(name, 0) + 1
    share = telling / len(lengths)
    long = sorted(lengths)[math.ceil(0.99 * len(lengths)) - 1]
    print(
        f"\n{', '.join(names)}: {len(lengths)} names of stages: {share:.2%} hold a name of the formula's own or num, den; "
        f"{statistics.mean(lengths):.2f} characters in the mean, {long} at the 99th percentile, {max(lengths)} at most"
    )
    print("others:", sorted(others.items(), key=lambda item: -item[1])[:20])
    assert share >= 0.995 and statistics.mean(lengths) <= 10.5 and long <= 21


@pytest.mark.parametrize("names", SETS)
def test_the_cost_of_gradients(names: Sequence[str]) -> None:
    ratios, large = [], []
    for made in compiled_formulas(names):
        ratios.append(made.cost.ratio)
        if made.cost.forward >= 10:
            large.append((made.cost.ratio, made.recipe.source))
    over = [entry for entry in large if entry[0] > 4]
    print(
        f"\n{', '.join(names)}: {len(ratios)} formulas: value and gradient cost {statistics.median(ratios):.2f} times the value in the median; "
        f"of {len(large)} with ten operations or more, {len(over)} cost more than 4 times, the dearest {max(large)[0]:.2f}: {max(large)[1][:60]}"
    )
    assert statistics.median(ratios) <= 2.5 and len(over) <= 0.02 * len(large)


def is_here(names: Sequence[str]) -> bool:
    return names == SETS[0] or DATA.exists()


def compiled_formulas(names: Sequence[str]) -> Iterator[Compiled]:
    for name in names:
        for row in formulas(name):
            made = compiled(row["expression"], row["variables"])
            assert made is not None, row["id"]
            yield made


class Text:
    """A formula that writes itself down: what an expression of it, evaluated, would be written as."""

    def __init__(self, text: str, binds: int) -> None:
        self.text = text
        self.binds = binds

    def within(self, binds: int) -> str:
        return self.text if self.binds >= binds else f"({self.text})"

    @staticmethod
    def join(a: Any, sign: str, b: Any, binds: int) -> Text:
        a, b = (x if isinstance(x, Text) else Text(repr(x), 9) for x in (a, b))
        return Text(f"{a.within(binds)} {sign} {b.within(binds + 1)}", binds)

    def __add__(self, other: Any) -> Text:
        return Text.join(self, "+", other, 1)

    def __radd__(self, other: Any) -> Text:
        return self if other == 0 else Text.join(other, "+", self, 1)

    def __sub__(self, other: Any) -> Text:
        return Text.join(self, "-", other, 1)

    def __rsub__(self, other: Any) -> Text:
        return Text.join(other, "-", self, 1)

    def __mul__(self, other: Any) -> Text:
        return Text.join(self, "*", other, 2)

    def __rmul__(self, other: Any) -> Text:
        return Text.join(other, "*", self, 2)

    def __truediv__(self, other: Any) -> Text:
        return Text.join(self, "/", other, 2)

    def __rtruediv__(self, other: Any) -> Text:
        return Text.join(other, "/", self, 2)

    def __neg__(self) -> Text:
        return Text(f"-{self.within(3)}", 2)

    def __pow__(self, exponent: int) -> Text:
        return Text(f"{self.within(5)}**{exponent}", 4)


class Mathematics:
    """A namespace of functions that write themselves down."""

    def __getattr__(self, name: str) -> Any:
        return lambda x: Text(f"{name}({x.text})", 9)


#: Operations of value and gradient that a careful reverse mode needs, by the same rule.
CAREFUL = {"F1": 24, "F2": 124, "F3": 64, "F4": 60, "F5": 55, "F6": 170}


def test_the_benchmark_functions() -> None:
    path = DATA / "benchmarks.py"
    if not path.exists():
        pytest.skip("the benchmark functions are not on this machine")
    scope: dict[str, Any] = {}
    exec(path.read_text(), scope)  # noqa: S102 - a file of the tests' own data
    print()
    totals = {}
    for name, function in scope["FUNCTIONS"].items():
        names = scope["NAMES"][name]
        text = function(Mathematics(), *(Text(n, 9) for n in names)).text
        cost = compile(text, inputs=names).cost
        totals[name] = cost.forward + cost.backward
        print(
            f"{name}: {cost.forward} -> {totals[name]} operations; a careful reverse mode: {CAREFUL[name]}"
        )
    # The outermost quotient keeps the textbook's gradient of 1/d, which costs the seed's function one product more.
    assert totals.pop("F1") <= CAREFUL["F1"] + 1
    assert all(total <= CAREFUL[name] for name, total in totals.items())
