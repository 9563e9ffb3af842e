"""A named program in; its values, branches and tests in words out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache, cached_property
from itertools import pairwise
from string import Formatter

from gradgen.core.build import Steps
from gradgen.core.notation import read
from gradgen.core.program import Guard, Program, Way
from gradgen.core.rows import Worded
from gradgen.core.table import ROWS
from gradgen.core.tidy import Tidy
from gradgen.passes.facts import USUAL, Facts, Size
from gradgen.passes.gradient import all_of
from gradgen.passes.raising import Rules
from gradgen.passes.signs import negated
from gradgen.write.kinds import Kinds
from gradgen.write.language import AND, ATOM, COMPARISON, infix
from gradgen.write.languages.formula import FORMULA
from gradgen.write.spell import Speller

#: Formulas in which equal is =, as in words.
_WORDED = replace(FORMULA, words={**FORMULA.words, "eq": infix("=", COMPARISON)})


@cache
def _worded(text: str, params: tuple[str, ...]) -> str:
    """Return a condition of the table in words, with places for the parameters."""
    steps = Steps(ROWS)
    scope = {param: steps.input(param) for param in params}
    names = {value: f"{{{place}}}" for place, value in enumerate(scope.values())}
    value = read(text, scope, steps, Tidy(steps).make)
    return Speller(steps, _WORDED).text(value, names)


def _is_enclosed(before: str, after: str) -> bool:
    """Whether what stands between these needs no brackets, as an operand of a call."""
    return before.endswith(("(", ", ")) and after.startswith((")", ", "))


class Words:
    """Says in words what values, branches and tests are, in the names that the program gives."""

    def __init__(
        self,
        program: Program,
        names: Mapping[int, str] | None = None,
        holder: Callable[[int], int] | None = None,
        usual: Size = USUAL,
    ) -> None:
        """Take a named program.

        Args:
            program: the program.
            names: the values that have lines, and the inputs, with their names, if these are not all.
            holder: tells the value in whose line one without stands.
            usual: the size of its inputs, on which it rests what is said to raise.
        """
        self.program = program
        #: What is said of constants without a value, by their texts.
        self.notes: Mapping[str, str] = {}
        self.names = program.names if names is None else names
        self.holder = holder or (lambda value: value)
        self.facts = Facts(program, usual)
        self.rules = Rules(self.facts)
        self.speller = Speller(self.facts.steps, FORMULA)
        self.kinds = Kinds(self.speller)

    @cached_property
    def result(self) -> str:
        """The names of the outputs."""
        return ", ".join(self.names[value] for _, value in self.program.outputs)

    def line(self, value: int) -> str:
        """Return the name of the line in which a value is made."""
        return self.names[self.holder(value)]

    def formula(self, value: int) -> str:
        """Return a line's right-hand side as a formula."""
        step = self.program.steps[value]
        if step.op == "where" and (own := self.goes_by(value)):
            asked, *arms = step.args
            others = [self.operand(arm) for arm in arms if arm not in own]
            one, other = map(self.formula, own) if not others else (others[0], "")
            return f"{one} if {self.operand(asked)} else {other}" if other else one
        names = self.names
        if not all(map(names.__contains__, step.args)):
            signed = self._signed(value)
            if signed != value and signed in names:
                return names[signed]  # as -(-x)
            value = signed
        return self.kinds.text(value, names, *self.kinds.of(value, names))

    def _signed(self, value: int) -> int:
        """Return a value whose signs stand in front of the first factor of what has no name, as they do in its line."""
        steps, step = self.facts.steps, self.facts.steps[value]
        if steps.is_constant(value):
            return value
        args = tuple([a if a in self.names else self._signed(a) for a in step.args])
        if step.op == "neg" and args[0] not in self.names:
            return negated(steps, args[0], self.names)
        return value if args == step.args else steps.append(step._replace(args=args))

    def goes_by(self, value: int) -> list[int]:
        """Return the arms of a choice that have its own name in their branches; of other operations none."""
        step, names = self.program.steps[value], self.names
        if step.op != "where":
            return []
        called = names.get(value)
        return [arm for arm in step.args[1:] if called and names.get(arm) == called]

    def stage(self, value: int) -> str:
        """Return the same with the branch in which it is evaluated."""
        text, guard = self.formula(value), self.program.steps[value].guard
        if not guard:
            return text
        loose = self.program.steps[value].op == "where"
        return f"{f'({text})' if loose else text} if {self.guard(guard)}"

    def operand(self, value: int) -> str:
        """Return the text of what a line reads."""
        value = self._unsigned(value)
        return self.names.get(value) or self.speller.text(value, self.names)

    def factor(self, value: int) -> str:
        """Return the same in brackets where it is more than a name."""
        text = self.operand(value)
        named = self._unsigned(value) in self.names
        loose = not named and self.speller.binds(value, self.names) < ATOM
        return f"({text})" if loose else text

    def _unsigned(self, value: int) -> int:
        """Return what a line reads, which may be another that has a name, as -(-x) is x."""
        return value if value in self.names else self._signed(value)

    def say(self, said: str | Worded, value: int) -> str:
        """Return a condition of the table about a value and its operands."""
        if isinstance(said, Worded):
            return self.tell(said.words, value)
        row = self.program.rows[self.program.steps[value].op]
        return self.tell(_worded(said, row.params), value)

    def tell(self, text: str, value: int) -> str:
        """Return words of the table about a value and its operands."""
        args, names = self.program.steps[value].args, self.names
        if names.keys() >= {*args, value}:  # as nearly always
            return text.format(*[names[arg] for arg in args], out=names[value])
        found = ""
        pieces = [*Formatter().parse(text), ("", None, None, None)]
        for (before, place, *_), (after, *_) in pairwise(pieces):
            found += before
            if place == "out":
                found += self.operand(value)
            elif place is not None:
                operand = self.operand if _is_enclosed(before, after) else self.factor
                found += operand(args[int(place)])
        return found

    def guard(self, guard: Guard) -> str:
        """Return a branch's conditions."""
        return self.operand(all_of(Tidy(self.facts.steps).make, guard))

    def alive(self, way: Way) -> str:
        """Return the tests that a way makes, in words; empty where it makes none."""
        tests = [
            (self.speller.text(test, self.names), self.speller.binds(test, self.names))
            for test in way.alive
            if test not in self.names
        ]
        tests += [(self.names[test], ATOM) for test in way.alive if test in self.names]
        if way.steep:
            tests.append((f"{self.program.adjoints[way.source]} != 0", AND + 1))
        if len(tests) == 1:
            return tests[0][0]
        return " and ".join(
            f"({text})" if binds < AND else text for text, binds in tests
        )

    def held(self, way: Way) -> str:
        """Return where a way is 0 because its operand does not move there, in words; empty where it is so nowhere."""
        if way.steep:
            return ""
        found: list[str] = []
        for test in way.alive:
            found += [" and ".join(each) for each in self._opposites(way, test)]
        return " or ".join(found)

    def _opposites(self, way: Way, test: int) -> Iterator[list[str]]:
        """Yield where a test fails: several lists where in several cases."""
        steps = self.facts.steps
        group, todo = [], [test]
        while todo:
            at = todo.pop()
            if steps[at].op == "or" and at not in self.names:
                todo += reversed(steps[at].args)
            else:
                group.append(at)
        if len(group) == 1 and len(asked := self.rules.asked(group[0])) == 2:
            yield from ([self._equal(way, value, number)] for value, number in asked)
            return
        texts = []
        for at in group:
            step = steps[at]
            if step.op == "ne" and at not in self.names:
                value, other = step.args
                if value == way.source and self.facts.number(other) == 0:
                    value = way.into
                texts.append(f"{self.operand(value)} = {self.operand(other)}")
            elif step.op == "eq" and at not in self.names:
                texts.append(" != ".join(map(self.operand, step.args)))
            elif step.op == "not" and at not in self.names:
                texts.append(self.operand(step.args[0]))
            else:
                texts.append(f"not {self.operand(at)}")
        yield texts

    def _equal(self, way: Way, value: int, number: float) -> str:
        value = way.into if value == way.source and number == 0 else value
        return f"{self.operand(value)} = {self.speller.constant(number if number % 1 else Fraction(number))[0]}"
