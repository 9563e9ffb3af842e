"""A named program in; the words about it out: its formula, its inputs, what may raise where, and its kinks."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property

from gradgen.core.program import Guard, Program, Way
from gradgen.core.rows import ANY
from gradgen.core.tidy import Tidy
from gradgen.passes.cost import Cost
from gradgen.passes.facts import Facts
from gradgen.passes.gradient import all_of
from gradgen.passes.raising import Raising, Rules
from gradgen.write.kinds import Kinds
from gradgen.write.language import AND, ATOM
from gradgen.write.languages.formula import FORMULA
from gradgen.write.spell import Speller
from gradgen.write.target import listed, quoted

_WIDTH = 84
#: A longer list is cut short: the docstring of a large module is for reading too.
_LISTED = 24
_PLACE = re.compile(r"\{(out|[0-9])\}")


class Words:
    """Writes about a named program."""

    def __init__(
        self,
        program: Program,
        listed: Callable[[Sequence[str]], str] = listed,
        quoted: Callable[[str], str] = quoted,
        returns: str = "Return",
    ) -> None:
        """Take a program, and how the language writes a list of fixed length, the user's words in a docstring, and results."""
        self.program = program
        self.listed = listed
        self.quoted = quoted
        self.returns = returns
        self.names = program.names
        self.facts = Facts(program)
        self.rules = Rules(self.facts)
        self.speller = Speller(self.facts.steps, FORMULA)
        self.kinds = Kinds(self.speller)

    @cached_property
    def result(self) -> str:
        """The names of the outputs."""
        return ", ".join(self.names[value] for _, value in self.program.outputs)

    def docstring(
        self,
        shown: str,
        cost: Cost,
        words: str = "",
        ieee: bool = False,
        strict: bool = False,
    ) -> list[str]:
        """Return the lines of the module's docstring.

        Args:
            shown: what the module computes.
            cost: the operations of its functions.
            words: what the program says about itself, its paragraphs apart.
            ieee: whether nothing raises.
            strict: whether a slope that does not exist raises.
        """
        program, names = self.program, self.names
        inputs = ", ".join(names[value] for value in program.signature)
        call = f"{self.result}({inputs})"
        if len(program.outputs) > 1:
            call = f"({self.result})({inputs})"
        lines = _wrap(f"{call} = {shown}.")
        for paragraph in filter(None, words.split("\n\n")):
            lines += ["", *textwrap.wrap(self.quoted(paragraph), _WIDTH)]
        called = [
            (
                names[value]
                if names[value] == text
                else f"{names[value]} (`{text}` in the formula)"
            )
            for value, text in program.signature.items()
        ]
        lines += ["", *_wrap(f"Inputs: {', '.join(called) or 'none'}.")]
        foreign = [
            f"{module}.{name}"
            for op in dict.fromkeys(
                step.op for step in program.steps if step.op in program.rows
            )
            for module, name, _ in program.rows[op].imports
        ]
        if foreign:
            lines += _wrap(f"Calls: {', '.join(dict.fromkeys(foreign))}.")
        if program.wrt != tuple(program.signature):
            asked = ", ".join(names[i] for i in program.wrt)
            lines += _wrap(f"Gradient: by {asked or 'no input'} only.")
        lines.append(
            f"Operations: {cost.forward} forward, {cost.backward} backward; "
            f"value and gradient together cost {cost.ratio:.1f} times the value."
        )
        if cost.jacobian is not None:
            lines += [
                f"The Jacobian's rows: {cost.jacobian} operation{'s' * (cost.jacobian != 1)} after the forward ones."
            ]
        if ieee:
            lines.append(
                "Overflow and poles give inf, what has no value gives nan, as in C."
            )
        sections = (
            ("Raises", [] if ieee else self.raises(strict)),
            ("Undefined", [] if ieee or strict else self.undefined()),
            ("Kinks", self.kinks()),
        )
        for title, entries in sections:
            if entries:
                lines += ["", f"{title}:"]
                for entry in entries[:_LISTED]:
                    lines += _wrap(entry, "    ")
            if len(entries) > _LISTED:
                lines.append(
                    f"    ... and {len(entries) - _LISTED} more of these kinds."
                )
        return lines

    def backward_summary(self) -> list[str]:
        """Return the lines of `backward`'s docstring: what it returns, and in which order."""
        program, names, result = self.program, self.names, self.result
        give = self.returns.format("gradient")
        seeds = ", ".join(program.adjoints[value] for _, value in program.outputs)
        order = ", ".join(names[i] for i in program.wrt)
        if len(program.outputs) > 1:
            text = f"{give} the gradients of {result}, times their upstream gradients ({seeds}), summed."
            lines = _wrap(text, width=_WIDTH - 4)
            lines += ["", *_wrap(f"In this order: by {order or 'no input'}.")]
        else:
            slopes = self.listed([f"d{result}/d{names[i]}" for i in program.wrt])
            if not program.wrt:
                return [f"{give} {slopes}: no gradient of {result} is asked for."]
            each = "each " if len(program.wrt) > 1 else ""
            lines = [f"{give} {slopes}, {each}times the upstream gradient {seeds}."]
            if len(lines[0]) > _WIDTH - 6:
                lines = [
                    f"{give} the gradient of {result}, times the upstream gradient {seeds}.",
                    "",
                    *_wrap(f"In this order: by {order}."),
                ]
        received = {value for _, value in program.outputs}
        if any(way.into in received or received.add(way.into) for way in program.ways):  # type: ignore[func-returns-value]
            lines += [""] if len(lines) == 1 else []
            lines += [
                "The gradients of a value that is used more than once add up: `+=`."
            ]
        return lines

    def rows_summary(self) -> list[str]:
        """Return the lines of `jacobian`'s docstring."""
        each = (
            "one row, of" if len(self.program.outputs) == 1 else "one row for each of"
        )
        order = ", ".join(self.names[i] for i in self.program.wrt)
        give = self.returns.format("rows")
        first = _wrap(f"{give} the Jacobian: {each} {self.result}.", width=_WIDTH - 4)
        return [*first, "", *_wrap(f"In this order: by {order or 'no input'}.")]

    # What may raise, and where slopes jump or do not exist.

    def raises(self, strict: bool = False) -> list[str]:
        """Return what may raise for finite inputs: the error, the condition, and the stage in brackets.

        Args:
            strict: whether a slope that does not exist raises.
        """
        entries = []
        steps = self.program.steps
        made = {v for v in self.program.constants if steps[v].op != "const"}
        for value in self.program.lines:
            step, stage = steps[value], self.names[value]
            for arg in step.args if made else ():
                error = self.facts.failure(arg) if arg in made else None
                if error is not None:
                    when = f"where {self.guard(step.guard)}" if step.guard else "always"
                    shown = self.operand(arg)
                    entries.append(
                        f"{error}: {when}, as {shown} has no value ({stage})."
                    )
            if not self.program.rows[step.op].raises:
                continue
            for one in self.rules.raising(value, strict):
                where = "where" if one.rule.partial is None else "backward, where"
                entries.append(
                    f"{one.rule.error}: {where} {self._when(one, value)} ({stage})."
                )
        return entries

    def undefined(self) -> list[str]:
        """Return the slopes that do not exist somewhere and are nan there, with the conditions and the stages in brackets."""
        entries = []
        for value in self.program.lines:
            for one in self.rules.missing(value):
                slope = f"the slope of {self.formula(value)}"
                if one.rule.partial != ANY:
                    args = self.program.steps[value].args
                    slope += f" by {self.operand(args[one.rule.partial or 0])}"
                entries.append(
                    f"{slope} is nan where {self._when(one, value)} ({self.names[value]})."
                )
        return entries

    def kinks(self) -> list[str]:
        """Return the conventions of the program's kinks, with the stages in brackets."""
        entries = []
        for value in self.program.lines:
            row = self.program.rows[self.program.steps[value].op]
            ways = self.rules.flowing.get(value, ())
            if not (row.kink or any(way.alive for way in ways)):
                continue
            concerned = any(row.kink_partial in (None, way.place) for way in ways)
            still = [
                a == "" and i not in row.truths for i, a in enumerate(row.adjoints)
            ]
            if row.kink and (concerned or any(still) or row.flat):
                entries.append(f"{self.say(row.kink, value)} ({self.names[value]}).")
            for where in dict.fromkeys(map(self.held, ways)):
                if where:
                    entries.append(
                        f"{self.formula(value)} where {where}: gradient 0 ({self.names[value]})."
                    )
        return entries

    def _when(self, one: Raising, value: int) -> str:
        """Return the condition under which a rule holds of a value, in words."""
        when = self.say(one.rule.when, value)
        texts = [self.guard(branch) for branch in one.branches]
        alive = {self.alive(way) for way in one.ways}
        if texts:
            when += f", if {' or '.join(texts)}"
        if len(alive) == 1 and (text := alive.pop()):
            when += f" and {text}" if texts else f", if {text}"
        return when

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
        return f"{self.names[value]} = {self.speller.constant(number if number % 1 else Fraction(number))[0]}"

    # Values in words.

    def formula(self, value: int) -> str:
        """Return a line's right-hand side as a formula."""
        return self.kinds.text(value, self.names, *self.kinds.of(value, self.names))

    def stage(self, value: int) -> str:
        """Return the same with the branch in which it is evaluated."""
        text, guard = self.formula(value), self.program.steps[value].guard
        if not guard:
            return text
        loose = self.program.steps[value].op == "where"
        return f"{f'({text})' if loose else text} if {self.guard(guard)}"

    def operand(self, value: int) -> str:
        """Return the text of what a line reads."""
        return self.names.get(value) or self.speller.text(value, self.names)

    def say(self, text: str, value: int) -> str:
        """Return a text of the table about a value and its operands."""
        args = self.program.steps[value].args

        def word(match: re.Match[str]) -> str:
            if match[1] == "out":
                return self.names[value]
            arg = args[int(match[1])]
            before, after = text[: match.start()], text[match.end() :]
            enclosed = before.endswith(("(", ", ")) and after.startswith((")", ", "))
            loose = not enclosed and self.speller.binds(arg, self.names) < ATOM
            return f"({self.operand(arg)})" if loose else self.operand(arg)

        return _PLACE.sub(word, text)

    def guard(self, guard: Guard) -> str:
        """Return a branch's conditions."""
        return self.operand(all_of(Tidy(self.facts.steps).make, guard))


def _wrap(text: str, indent: str = "", width: int = _WIDTH) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + "    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
