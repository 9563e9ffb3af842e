"""Lines of a function in; fewer that say the same out: what one line alone reads, and the author gave no name, stands inside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType

from gradgen.core.build import Steps, steps_of
from gradgen.core.derive import Chain
from gradgen.core.program import Line, Program, Step
from gradgen.core.rows import Number
from gradgen.passes.constants import called, held
from gradgen.passes.functions import Names, backward, forward
from gradgen.write.kinds import Kinds
from gradgen.write.language import CONDITIONAL
from gradgen.write.spell import Speller
from gradgen.write.target import Target

#: A line holds so many operations, and is so wide in a function.
OPERATIONS = 4
#: A sum of so many terms reads well, products of two names among them: all but one of these count as names.
TERMS = 4
#: So does one of so many names.
NAMES = 8
_WIDTH = 88 - 4


@dataclass
class Fused:
    """A function's lines.

    Attributes:
        made: the lines, by their places among those that they are made of.
        inside: by value without a line, the value of the forward line that it stands in.
        said: by the name of a gradient without a line, the value that it is.
        copied: the same of the gradient of what the author named.
    """

    made: dict[int, Line]
    inside: dict[int, int] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=dict)
    copied: dict[str, int] = field(default_factory=dict)

    @property
    def lines(self) -> list[Line]:
        """The lines, in order."""
        return [*self.made.values()]


class _Algebra:
    """Makes operations of a line: signs in front, and constant factors as one where that rounds alike."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        #: What has a name, and is not looked into.
        self.known: dict[int, str] = {}
        #: What is no more than a name, a number or their negative, by its value.
        self.light: dict[int, int] = {}

    def make(self, op: str, *args: int) -> int:
        """Return an operation, its sign in front, and constant factors as one where that rounds alike."""
        signs = [self._negative(arg) for arg in args]
        if op == "neg":
            return self._negated(args[0]) if signs[0] is None else signs[0]
        if op in ("mul", "div") and any(sign is not None for sign in signs):
            bare = [a if sign is None else sign for a, sign in zip(args, signs)]
            made = self.make(op, *bare)
            return self._negated(made) if None in signs else made
        if op == "add" and signs[1] is not None:
            return self.make("sub", args[0], signs[1])
        if op == "add" and signs[0] is not None:
            return self.make("sub", args[1], signs[0])
        if op == "sub" and signs[1] is not None:
            return self.make("add", args[0], signs[1])
        if op == "mul":
            (left, a), (right, b) = map(self._scale, args)
            if left != 1 or right != 1:
                return self._scaled(left * right, self._product(a, b))
            for number, other in zip(map(self.steps.number, args), args[::-1]):
                if number in (1, -1) and not isinstance(number, bool):
                    return other if number == 1 else self._negated(other)
        return self.steps.emit(op, *args)

    def _negated(self, value: int) -> int:
        """Return minus a value, with the sign in front of its text."""
        steps, step = self.steps, self.steps[value]
        number = steps.number(value)
        if isinstance(number, (Fraction, float)):
            return steps.const(-number)
        if value not in self.known and step.op in ("mul", "div"):
            one, other = step.args
            if step.op == "mul" and steps[one].op == "where" and one not in self.known:
                return steps.emit("mul", one, self._negated(other))
            return steps.emit(step.op, self._negated(one), other)
        inner = self._negative(value)
        return steps.emit("neg", value) if inner is None else inner

    def _product(self, a: int | None, b: int | None) -> int | None:
        if a is None or b is None:
            return b if a is None else a
        return self.steps.emit("mul", a, b)

    def _scale(self, value: int) -> tuple[Fraction, int | None]:
        """Return the power of 2 that a product begins with, which may stand in front of any other, and what it is a factor of."""
        number = self._digits(value)
        if isinstance(number, Fraction) and _is_power_of_2(number):
            return number, None
        step = self.steps[value]
        if step.op == "mul" and value not in self.known:
            factor, rest = self._scale(step.args[0])
            if factor != 1:
                return factor, self._product(rest, step.args[1])
        return Fraction(1), value

    def _scaled(self, factor: Fraction, value: int | None) -> int:
        """Return a product with a power of 2, which goes into a number that there is, or is its first factor."""
        steps = self.steps
        if value is None or factor == 1:
            return steps.const(factor) if value is None else value
        step, number = steps[value], self._digits(value)
        if isinstance(number, Fraction):
            return steps.const(factor * number)
        if isinstance(number, float) and value not in self.known:
            return steps.const(float(factor) * number)
        if step.op == "mul" and value not in self.known:
            one, other = step.args
            if self._has_number(one) or not self._has_number(other):
                return steps.append(Step("mul", (self._scaled(factor, one), other)))
            scaled = self._scaled(factor, other)
            order = (scaled, one) if steps.number(scaled) is not None else (one, scaled)
            return steps.append(Step("mul", order))
        return steps.append(Step("mul", (steps.const(factor), value)))

    def _has_number(self, value: int) -> bool:
        """Whether a number without a name is a factor of a value."""
        if isinstance(self._digits(value), (Fraction, float)):
            return value not in self.known
        step = self.steps[value]
        product = step.op == "mul" and value not in self.known
        return product and any(map(self._has_number, step.args))

    def _digits(self, value: int) -> Number | None:
        """Return what a constant without a name is."""
        number = self.steps.number(value)
        return None if number is None or called(number)[0] else number

    def _negative(self, value: int) -> int | None:
        """Return what a value is the negative of, if its text begins with that sign and it has no name."""
        step = self.steps[value]
        if value in self.known or step.op not in ("neg", "mul", "div"):
            return None
        if step.op == "neg":
            return step.args[0]
        inner = self._negative(step.args[0])
        return None if inner is None else self.steps.emit(step.op, inner, step.args[1])

    def put(self, value: int, places: Mapping[int, int], true: frozenset[int]) -> int:
        """Return a value with others in the places of what has names, under conditions that are known to hold."""
        if value in places:
            return self._under(places[value], true)
        if value in self.light:
            return self.light[value]
        if value in self.known:
            return value
        step = self.steps[value]
        if not step.args:
            return value
        if step.op == "copy":
            return self.put(step.args[0], places, true)
        if step.op == "where":
            condition = self.put(step.args[0], places, true)
            holds = true | {*self._parts(condition)}
            fails = true | {self.steps.emit("not", condition)}
            args: tuple[int, ...] = (
                condition,
                self.put(step.args[1], places, holds),
                self.put(step.args[2], places, fails),
            )
        else:
            args = tuple([self.put(arg, places, true) for arg in step.args])
        return self.make(step.op, *args)

    def _under(self, value: int, true: frozenset[int]) -> int:
        """Return what a guarded value is where these conditions hold."""
        step = self.steps[value]
        if step.op == "where" and true.issuperset(self._parts(step.args[0])):
            return step.args[1]
        return value

    def _parts(self, condition: int) -> Iterator[int]:
        """Yield the conditions that all hold where this one does."""
        step = self.steps[condition]
        if step.op != "and" or condition in self.known:
            yield condition
            return
        for arg in step.args:
            yield from self._parts(arg)


class _Measure:
    """Tells what a line has room for."""

    def __init__(self, steps: Steps, kinds: Kinds) -> None:
        self.steps = steps
        self.kinds = kinds
        #: What has a name.
        self.known: Mapping[int, str] = {}
        #: By kind of a text: as how many operations it counts, and whether no choice stands inside an operation.
        self.found: dict[int, tuple[int, bool]] = {}

    def size(self, value: int) -> int:
        """Return how many operations a text has, but for signs."""
        if value in self.known or not self.steps[value].args:
            return 0
        return self._measured(value)[1]

    def fits(self, line: Line, value: int, most: int = OPERATIONS) -> bool:
        """Whether a line may say this: it is no longer than a line should be, and no choice stands inside an operation."""
        if value in self.known or not self.steps[value].args:
            return True
        text, size, plain = self._measured(value)
        return len(line.name) + 3 + len(text) <= _WIDTH and size <= most and plain

    def _measured(self, value: int) -> tuple[str, int, bool]:
        """Return an operation's text, as how many it counts, and whether no choice stands inside another."""
        kind, leaves = self.kinds.of(value, self.known)
        before = self.kinds.written
        text = self.kinds.text(value, self.known, kind, leaves)
        if kind not in self.found:
            written = self.kinds.written - before
            self.found[kind] = self._size(value, written), self._is_plain(value, True)
        return text, *self.found[kind]

    def _size(self, value: int, written: int) -> int:
        terms = [*self._terms(value)]
        if len(terms) <= NAMES and all(term in self.known for term in terms):
            return min(len(terms) - 1, OPERATIONS)
        products = sum(map(self._is_product, terms))
        extra = products - 1 if 1 < len(terms) <= TERMS else 0
        return written - self._signs(value) - max(0, extra)

    def _terms(self, value: int) -> Iterator[int]:
        """Yield the terms of a sum."""
        step = self.steps[value]
        if value in self.known or step.op not in ("add", "sub"):
            yield value
            return
        for arg in step.args:
            yield from self._terms(arg)

    def _is_product(self, value: int) -> bool:
        """Whether a value is a product of two names."""
        step = self.steps[value]
        if value in self.known or step.op not in ("mul", "sqr"):
            return False
        return all(arg in self.known for arg in step.args)

    def _signs(self, value: int) -> int:
        step = self.steps[value]
        inner = [arg for arg in step.args if arg not in self.known]
        return (step.op in ("neg", "copy")) + sum(map(self._signs, inner))

    def _is_plain(self, value: int, top: bool) -> bool:
        """Whether no choice stands inside an operation."""
        if value in self.known or not self.steps[value].args:
            return True
        step = self.steps[value]
        if not top and self.kinds.speller.binds(value, self.known) == CONDITIONAL:
            return False
        arms = top and step.op in ("where", "copy")
        return all(self._is_plain(arg, arms) for arg in step.args)


class Compact:
    """Fuses the lines of one module.

    Attributes:
        reads: how often the lines that were counted last read each value.
    """

    def __init__(self, chain: Chain, kinds: Kinds) -> None:
        self.chain = chain
        self.steps = chain.steps
        self.kinds = kinds
        self.algebra = _Algebra(chain.steps)
        self.measure = _Measure(chain.steps, self.kinds)
        self.known: dict[int, str] = {}
        #: The lines that may stand inside the one that reads them: their places, by their values.
        self.waiting: dict[int, int] = {}

    def count(self, lines: Sequence[Line], names: Mapping[int, str]) -> Counter[int]:
        """Return how often the texts of lines read each value.

        Args:
            lines: the lines of a function, in order.
            names: what values are called before the first.
        """
        found: Counter[int] = Counter()
        known = Names(names)
        for line in known.along(lines):
            value = line.value
            if value in known or not self.steps[value].args:
                found[value] += 1
                continue
            kind, leaves = self.kinds.of(value, known)
            self.kinds.text(value, known, kind, leaves)
            found.update(self.kinds.reads(kind, leaves))
        return found

    def fuse(
        self,
        lines: Sequence[Line],
        names: Mapping[int, str],
        kept: Iterable[str],
        read: Mapping[int, int] = MappingProxyType({}),
        gradients: Iterable[str] = (),
    ) -> Fused:
        """Return fewer lines that say the same.

        Args:
            lines: the lines of a function, in order.
            names: what values are called before the first.
            kept: the names that keep their lines.
            read: how often others than these lines read a value.
            gradients: the names of what is returned: one that is no more than another has no line.
        """
        reads = self.count(lines, names)
        again = {line.name for line in lines if line.sign != "="}
        kept, gradients = {*kept}, {*gradients}
        found = Fused({})
        known = self.known = self.algebra.known = self.measure.known = Names(names)
        waiting = self.waiting = {}
        #: The sums that a name alone has begun, by their name: where, and by which line.
        begun: dict[str, int] = {}
        for place, line in enumerate(lines):
            line = self._filled(line, found)
            before = found.made.get(place - 1)
            if line.name in begun:
                line = self._summed(found.made, begun.pop(line.name), line)
            elif line.sign != "=" and before and _is_begun(before, line):
                line = self._summed(found.made, place - 1, line)
            found.made[place] = line
            light = self._is_light(line.value)
            if line.name in again:
                if line.sign == "=" and light:
                    begun[line.name] = place
            elif line.name in gradients:
                if light:
                    found.said[line.name] = self._bare(found.made.pop(place).value)
            elif light and line.name in kept and line.answers is not None:
                del found.made[place]
                self.algebra.light[line.total] = line.value
                found.copied[line.name] = self._bare(line.value)
                continue
            elif line.answers is not None and line.total in known and light:
                del found.made[place]  # which has a name, and gets no second one
                continue
            elif line.name not in kept and line.total not in names:
                alone = reads[line.total] == 1
                if light and (alone or line.answers is not None or self._flips(line)):
                    del found.made[place]
                    self.algebra.light[line.total] = line.value
                    continue
                if alone and (line.total not in read or self._again(line, read)):
                    waiting[line.total] = place
            known.give(line)
        return _renamed(found, kept | gradients, known)

    def _filled(self, line: Line, found: Fused) -> Line:
        """Return a line with as many of those that wait in their places as it has room for."""
        ahead = line.answers is None
        for inner in self._leaves(line.value) if ahead else ():
            if inner in self.algebra.light:
                found.inside.setdefault(inner, line.total)
        value, size = self.algebra.put(line.value, {}, frozenset()), self.measure.size
        waiting = [v for v in self._leaves(value) if v in self.waiting]
        places = {v: found.made[self.waiting[v]].value for v in waiting}
        places = {v: inner for v, inner in places.items() if self._stands(inner)}
        hidden = {v: self.known.pop(v) for v in places}
        sizes: dict[int, int] = {}
        while places:
            said = self.algebra.put(value, places, frozenset())
            if self.measure.fits(line, said):
                value = said
                break
            sizes = sizes or {v: size(inner) for v, inner in places.items()}
            dearest = max(places, key=lambda v: (sizes[v], self.waiting[v]))
            del places[dearest]
            self.known[dearest] = hidden.pop(dearest)
        for inner in places:
            if ahead:
                found.inside[inner] = line.total
            del found.made[self.waiting.pop(inner)]
        line = line._replace(value=value)
        if line.sign == "=":
            return line
        bare, negative = self.chain.tidy.signless(value)
        sign = {"+=": "-=", "-=": "+="}[line.sign] if negative else line.sign
        return line._replace(value=bare, sign=sign)

    def _flips(self, line: Line) -> bool:
        """Whether a line is a name with a sign, which costs no more where it is read."""
        return self.steps[line.value].op == "neg"

    def _again(self, line: Line, read: Mapping[int, int]) -> bool:
        """Whether a line is as well made once more by the one other line that reads it: of a number and one name that has a value there."""
        step = self.steps[line.value]
        plain = step.op in ("add", "sub", "mul", "div") and line.value == line.total
        numbers = [arg for arg in step.args if self.steps.number(arg) is not None]
        named = [arg for arg in step.args if arg in self.known]
        return plain and len(numbers) == len(named) == read[line.total] == 1

    def _summed(self, made: dict[int, Line], first: int, line: Line) -> Line:
        """Return the line that begins a sum with what another has begun it with."""
        begun = made[first]
        named = self.known.get(begun.total) == line.name
        if named:
            del self.known[begun.total]
        op = "add" if line.sign == "+=" else "sub"
        value = self.algebra.make(op, begun.value, line.value)
        summed = line._replace(value=value, sign="=")
        if self._stands(begun.value) and self.measure.fits(
            summed, value, OPERATIONS + 1
        ):
            del made[first]
            return summed
        if named:
            self.known[begun.total] = line.name
        return line

    # What a value is made of, down to what has names.

    def _leaves(self, value: int) -> Iterator[int]:
        """Yield the values with names that a line reads."""
        todo = [value]
        seen = set()
        while todo:
            at = todo.pop()
            if at in seen:
                continue
            seen.add(at)
            if at in self.known or at in self.algebra.light:
                yield at
            else:
                todo += reversed(self.steps[at].args)

    def _stands(self, value: int) -> bool:
        """Whether all that a line reads is called something here, or is made in the line."""
        todo = [] if value in self.known else [*self.steps[value].args]
        while todo:
            at = todo.pop()
            if at not in self.known:
                if at in self.chain.tidy.named or self.steps[at].op == "input":
                    return False
                todo += self.steps[at].args
        return True

    def _is_light(self, value: int) -> bool:
        """Whether a value is no more than a name, a number or their negative."""
        step = self.steps[value]
        if value in self.known or self.steps.is_constant(value):
            return True
        return step.op in ("neg", "copy") and self._is_light(step.args[0])

    def _bare(self, value: int) -> int:
        """Return what a copy is of."""
        while self.steps[value].op == "copy":
            value = self.steps[value].args[0]
        return value


def _is_power_of_2(number: Fraction) -> bool:
    above, below = number.numerator, number.denominator
    return above > 0 and above & (above - 1) == 0 and below & (below - 1) == 0


@dataclass(frozen=True)
class Plan:
    """Which values of a program have lines.

    Attributes:
        program: the program; its gradient goes through each value after the one in whose line that stands.
        names: the values that have lines, and the inputs, with their names.
        kinds: what spells lines over the program's steps, to which those of lines are added.
        ahead: the forward lines, if they are others than those of the program.
        inside: by value without a line, the value of a line that it stands in, or of one that stands in a line.
    """

    program: Program
    names: Mapping[int, str]
    kinds: Kinds
    ahead: Sequence[Line] | None = None
    inside: Mapping[int, int] = field(default_factory=dict)

    def holder(self, value: int) -> int:
        """Return the value in whose line a value stands."""
        while value in self.inside:
            value = self.inside[value]
        return value


def _renamed(found: Fused, kept: Container[str], known: Mapping[int, str]) -> Fused:
    """Return lines in which the first gradient that is no more than another takes its place."""
    new: dict[str, str] = {}
    own = {line.name for line in found.made.values() if line.answers is not None}
    for name, value in (*found.said.items(), *found.copied.items()):
        was = known.get(value, "")
        if was in own and was not in kept and was not in new:
            new[was] = name
            found.said.pop(name, None)
    for place, line in found.made.items():
        found.made[place] = line._replace(name=new.get(line.name, line.name))
    return found


def _is_begun(before: Line, line: Line) -> bool:
    """Whether a line goes on with the sum that the line before begins, and answers the same."""
    begins = before.sign == "=" and before.name == line.name
    return begins and before.answers == line.answers


def kept_names(program: Program) -> frozenset[str]:
    """Return the names of what the author named, and of its gradients."""
    given = {value for _, value, _ in program.given}
    given |= {value for _, value in program.outputs}
    names = {program.names[value] for value in given}
    return frozenset(names | {program.adjoints[value] for value in given})


def plan(program: Program, target: Target) -> Plan:
    """Return which values of a program have lines, in a target's style."""
    steps = steps_of(program)
    kinds = Kinds(Speller(steps, target.language))
    if not target.compact:
        return Plan(program, program.names, kinds)
    chain = target.chain(program, steps, held(program))
    compact = Compact(chain, kinds)
    upstream, back = backward(program, chain)
    read = compact.count(back, {**program.names, **upstream})
    inputs = {value: program.names[value] for value in program.signature}
    fused = compact.fuse(forward(program, chain), inputs, kept_names(program), read)
    inside = fused.inside
    names = {v: name for v, name in program.names.items() if v not in inside}
    found = Plan(program, names, kinds, fused.lines, inside)
    ways = sorted(program.ways, key=lambda w: (-found.holder(w.source), -w.source))
    return replace(found, program=replace(program, ways=tuple(ways)))
