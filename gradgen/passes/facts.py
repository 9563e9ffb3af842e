"""A program in; what is known of its values out: their signs, and under which conditions they raise."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from gradgen.core.build import Steps, steps_of
from gradgen.core.program import Guard, Program, Step, Way
from gradgen.core.rows import ANY, Raise

#: Operations whose values are never negative, in double precision where they may come to 0.
_NOT_NEGATIVE = (
    "sqr",
    "abs",
    "exp",
    "exp2",
    "hypot",
    "hypot3",
    "sigmoid",
    "softplus",
    "relu",
    "norm_cdf",
)
_ANY_SIGN = "-0+"

#: Where a text of the table names an operand's value at which a partial has none: `{0} = 0`, `abs({0}) = 1`.
_POINT = re.compile(
    r"(?:^|(?<=or )|(?<=and ))(abs\()?\{([0-9])\}\)? (?:=|<=) (?:\{[0-9]\} = )*(-?[0-9.]+)(?![\w.])"
)
#: Operations that are 0 exactly where their first operand is, and smooth or not does not matter.
SAME_ZERO = ("copy", "neg", "sqr", "powi", "abs", "sqrt", "cbrt", "powr")
#: What a comparison rules out, by its sign and by the sign of what is ruled out.
_RULED_OUT = {
    "lt": (">", ">=", "="),
    "le": (">",),
    "gt": ("<", "<=", "="),
    "ge": ("<",),
    "ne": ("=",),
    "eq": ("<", ">"),
}
_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}


@dataclass(frozen=True)
class Raising:
    """A rule of the table that may hold: for which ways, if it speaks of slopes, and in which branches, if not in all."""

    rule: Raise
    ways: Sequence[Way]
    branches: Sequence[Guard]


@dataclass(frozen=True)
class Facts:
    """What is known of the values of a program."""

    program: Program

    @cached_property
    def steps(self) -> Steps:
        """The program's steps, with what their constants come to."""
        return steps_of(self.program)

    def number(self, value: int) -> float:
        """Return a constant in double precision, nan where it is none or not known."""
        return (
            self.steps.evaluate(value)
            if self.steps.sizes[value] is not None
            else math.nan
        )

    @cached_property
    def signs(self) -> list[str]:
        """The signs that each value may have, as far as that follows from how it is made: some of `-0+`."""
        found: list[str] = []
        for value, step in enumerate(self.program.steps):
            if step.op == "input":
                found.append(_ANY_SIGN)
            elif self.steps.sizes[value] is not None:
                found.append(_sign(self.number(value)))
            else:
                found.append(self._signs_of(step, [found[arg] for arg in step.args]))
        return found

    def _signs_of(self, step: Step, args: Sequence[str]) -> str:
        if step.op in _NOT_NEGATIVE:
            return "0+"
        if step.op == "powi":
            exponent = self.number(step.args[1])
            return "0+" if exponent % 2 == 0 else args[0] if exponent < 0 else _ANY_SIGN
        if step.op == "cosh":
            return "+"
        if step.op == "sqrt":
            return "+" if args[0] == "+" else "0+"
        if step.op in ("copy", "inv"):
            return args[0]
        if step.op == "neg":
            return _opposite(args[0])
        if step.op == "where":
            return _listed({*args[1], *args[2]})
        if step.op in ("add", "sub"):
            one, other = args[0], args[1] if step.op == "add" else _opposite(args[1])
            sums = {
                a if b in (a, "0") else b if a == "0" else _ANY_SIGN
                for a in one
                for b in other
            }
            return _listed({*"".join(sums)})
        if step.op in ("max", "min"):
            choose = max if step.op == "max" else min
            return _listed(
                {choose(a, b, key=_ANY_SIGN.index) for a in args[0] for b in args[1]}
            )
        if step.op in ("mul", "div"):
            # A small product may come to 0.
            one, other = args
            return _listed(
                {"0"}
                | {
                    "+" if a == b else "-"
                    for a in one
                    for b in other
                    if "0" not in a + b
                }
            )
        return _ANY_SIGN

    def concerns(self, rule: Raise, step: Step) -> bool:
        """Whether a rule's condition can hold for a step with these operands."""
        compared = re.fullmatch(r"\{([0-9])\} (<=|<|=) 0", rule.when)
        constant = [self.steps.sizes[arg] is not None for arg in step.args]
        if compared is not None:
            place = int(compared[1])
            wanted = {"<": "-", "<=": "-0", "=": "0"}[compared[2]]
            if not constant[place] and not set(wanted) & set(
                self.signs[step.args[place]]
            ):
                return False
        if rule.variable is not None and constant[rule.variable]:
            return False
        zeros = re.findall(r"\{([0-9])\} = (?=(?:\{[0-9]\} = )*0$)", rule.when)
        given = [self.number(step.args[int(place)]) for place in zeros]
        if any(number < 0 or number > 0 for number in given):
            return False  # a constant is not 0
        if rule.step_only:
            return any(
                not c and self.program.steps[a].op != "input"
                for a, c in zip(step.args, constant)
            )
        if rule.exponent_below is not None:
            return not self.number(step.args[-1]) >= rule.exponent_below
        if rule.base_at_most is not None:
            return not self.number(step.args[0]) > rule.base_at_most
        return True

    def excludes(self, branch: Guard, when: str, args: Sequence[int]) -> bool:
        """Whether a branch's own conditions rule out, in as many words, what a rule says of these operands."""
        said = re.fullmatch(r"\{([0-9])\} (<|<=|>|>=|=) (-?[0-9.]+|\{[0-9]\})", when)
        if said is None:
            return False
        left, right = args[int(said[1])], said[3]
        for condition, wanted in branch:
            step = self.program.steps[condition]
            if step.op not in _OPPOSITE or step.args[0] != left:
                continue
            other = step.args[1]
            same = (
                other == args[int(right[1])]
                if right[0] == "{"
                else self.number(other) == float(right)
            )
            op = step.op if wanted else _OPPOSITE[step.op]
            if same and said[2] in _RULED_OUT[op]:
                return True
        return False

    def singular(self, step: Step, partial: int) -> tuple[float, ...]:
        """Return the values of the operand at which a partial is infinite although the operation has a value."""
        found: dict[float, None] = {}
        row = self.program.rows[step.op]
        for rule in row.raises:
            if rule.partial not in (partial, ANY):
                continue
            below = rule.exponent_below
            if below is not None and self.number(step.args[-1]) >= below:
                continue
            if row.own or rule.missing:
                found[math.nan] = (
                    None  # at more than a point, or where only its body tells
                )
            for both, place, number in _POINT.findall(rule.when):
                if int(place) == partial or rule.partial == ANY:
                    found[float(number)] = None
                    if both:
                        found[-float(number)] = None
        return tuple(found)

    @cached_property
    def flowing(self) -> Mapping[int, Sequence[Way]]:
        """The ways of the gradient, by the value that they come from."""
        found: dict[int, list[Way]] = {}
        for way in self.program.ways:
            found.setdefault(way.source, []).append(way)
        return found

    def raising(self, value: int, strict: bool) -> Iterator[Raising]:
        """Yield what a line and its slopes may raise for finite inputs."""
        for rule in self.program.rows[self.program.steps[value].op].raises:
            if strict or not rule.missing:
                yield from self._holds(value, rule)

    def missing(self, value: int) -> Iterator[Raising]:
        """Yield the slopes of a value that do not exist somewhere."""
        for rule in self.program.rows[self.program.steps[value].op].raises:
            if rule.missing:
                yield from self._holds(value, replace(rule, when=rule.missing))

    def _holds(self, value: int, rule: Raise) -> Iterator[Raising]:
        step = self.program.steps[value]
        ways: Sequence[Way] = ()
        branches: Sequence[Guard] = [step.guard]
        if rule.partial is not None:
            ways = [
                w
                for w in self.flowing.get(value, ())
                if rule.partial in (ANY, w.place) and not self.covered(w)
            ]
            if not ways or self.rules_out(rule, ways):
                return
            branches = self.program.active.get(value, branches)
        stated = [b for b in branches if not self.excludes(b, rule.when, step.args)]
        if stated and self.concerns(rule, step):
            yield Raising(rule, ways, [branch for branch in stated if branch])

    def failure(self, value: int) -> str | None:
        """Return what a constant expression raises when the module runs, as log(0) does; None if it has a value."""
        try:
            self.steps.compute(value)
        except (ArithmeticError, ValueError) as error:
            return type(error).__name__
        return None

    def points(self, way: Way) -> tuple[float, ...]:
        """Return the values of the operand at which a way's partial is infinite; past a denominator there are none."""
        if way.below is not None:
            return ()
        return self.singular(self.program.steps[way.source], way.place)

    def covered(self, way: Way) -> bool:
        """Whether a way's tests leave out all the points at which its partial is infinite."""
        points = self.points(way)
        at = {t for test in way.alive for t in self.asked(test)}
        same = self.program.steps[way.source].op in SAME_ZERO
        root = same and (way.source, 0.0) in at
        return bool(points) and all(
            (way.into, point) in at or (point == 0 and root) for point in points
        )

    def asked(self, test: int) -> list[tuple[int, float]]:
        """Return the values and numbers that a test alone tells apart."""
        steps = self.program.steps
        if steps[test].op != "ne":
            return []
        value, other = steps[test].args
        number = self.number(other)
        if steps[value].op == "abs" and value not in self.program.names:
            value = steps[value].args[0]
            return [(value, number), (value, -number)]
        return [(value, number)]

    def rules_out(self, rule: Raise, ways: Sequence[Way]) -> bool:
        """Whether all these ways ask for a branch of their operand in which the rule's condition cannot hold."""
        steps = self.program.steps
        for way in ways:
            step, args = steps[way.into], [*steps[way.source].args]
            if step.op != "where":
                return False
            condition, yes, no = step.args
            for test in way.alive:
                wanted = steps[test].op != "not"
                if (test if wanted else steps[test].args[0]) == condition:
                    args[way.place] = yes if wanted else no
                    if self.excludes(((condition, wanted),), rule.when, args):
                        break
                    return False
            else:
                return False
        return bool(ways)


def _opposite(signs: str) -> str:
    return signs.translate(str.maketrans("+-", "-+"))[::-1]


def _sign(value: float) -> str:
    return "+" if value > 0 else "-" if value < 0 else "0" if value == 0 else _ANY_SIGN


def _listed(signs: set[str]) -> str:
    return "".join(sign for sign in _ANY_SIGN if sign in signs)
