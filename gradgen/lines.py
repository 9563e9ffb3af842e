"""A named program in; the text of each of its lines, forward and backward, out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gradgen.ieee import QUIET, quiet
from gradgen.ir import (
    UPSTREAM,
    Const,
    Flow,
    Guard,
    Program,
    Ref,
    Step,
    asked,
    denominator,
)
from gradgen.ops import OPS
from gradgen.spell import (
    AND,
    OR,
    OVER_SHARED,
    FlowText,
    bracket,
    condition,
    fill,
    flow_text,
    operand,
    operands,
    over_text,
    read_by_partial,
    template_of,
    tests,
)
from gradgen.targets import Target

#: A call of a function of names, or a quotient of names.
_WORD = re.compile(r"\w+")
_CALL = re.compile(
    r"math\.\w+\([\w, ]*\)|(?<![\w./] )\b[^\W\d]\w* / [^\W\d]\w*\b(?! \*\*|\.)"
)


@dataclass(frozen=True)
class Term:
    """What a flow brings to a gradient.

    `assigned` holds its own sign; `added` is without the sign, which turns += into -=.
    """

    assigned: str
    added: str
    negative: bool


class Lines:
    """Spells the lines of a program, and notes what the backward ones read."""

    def __init__(self, program: Program, target: Target) -> None:
        self.program = program
        self.target = target
        self.read: set[int] = set()
        #: Each kind of backward line is spelled once, with places for the names.
        self.texts: dict[
            tuple[str, int, bool, tuple[Const | None, ...], bool], FlowText
        ] = {}
        #: The values of the stages that are plain calls and evaluated always, by their text.
        self.calls: dict[str, int] = {}

    def template(self, step: Step) -> str:
        """Return the target's text for a step, with places for its operands."""
        return template_of(OPS[step.op], self.target.spelling)

    def stage(self, position: int) -> str:
        """Return the right-hand side of a forward line."""
        step = self.program.steps[position]
        names, spelling = self.program.names, self.target.spelling
        text = fill(self.template(step), operands(step, names, spelling))
        if not step.guard:
            self.calls[self._as_in_a_partial(step, text)] = self.program.value(position)
        outside = "False" if OPS[step.op].boolean else "0.0"
        return self._quiet(self._guarded(text, (step.guard,), outside), step)

    def _quiet(self, text: str, step: Step) -> str:
        """Return the text of a step, or of its slope, as it stands where nothing may raise."""
        spelling = self.target.spelling
        precise = spelling.precise or step.precise
        plain = all(isinstance(arg, Ref) for arg in step.args) and not precise
        if not spelling.ieee or (plain and step.op in QUIET):
            return text
        return quiet(text)

    def _as_in_a_partial(self, step: Step, text: str) -> str:
        """Return the text of a stage as a partial would have it: n * (1/d) is n / d there."""
        below = denominator(self.program, step)
        if below is None:
            return text
        names, spelling = self.program.names, self.target.spelling
        above, _ = operands(step, names, spelling)
        return f"{above} / {operand(below, names, spelling)}"

    def _guarded(
        self, text: str, branches: tuple[Guard, ...], outside: str, alive: str = ""
    ) -> str:
        """Return an expression that is evaluated only in these branches, and only where it is alive."""
        names = self.program.names
        where = "" if () in branches else " or ".join(condition(branch, names) for branch in branches)  # fmt: skip
        if where and alive:
            where = f"{bracket(where, AND)} and {bracket(alive, AND)}"
        where = where or alive
        return f"{bracket(text, OR)} if {where} else {outside}" if where else text

    def term(self, flow: Flow, step: Step, upstream: str, shared: bool = False) -> Term:
        """Return what a flow brings.

        Args:
            flow: the flow.
            step: the step that it comes from.
            upstream: the name of the gradient that flows; empty if that is 1.
            shared: of a quotient, whether `upstream` is already divided by d.
        """
        over = flow.below is not None
        reader, args = step, step.args
        if flow.below is not None:
            inner = self.program.step(flow.below)
            assert inner is not None
            reader, args = inner, (*inner.args, Ref(flow.below))
        read = range(len(args)) if over else read_by_partial(reader.op, flow.partial)
        constants = tuple(
            arg if isinstance(arg, Const) and place in read else None
            for place, arg in enumerate(reader.args)
        )
        spelling = self.target.spelling
        if step.precise:
            spelling = replace(spelling, precise=True)
        key = reader.op, flow.partial, over, constants, spelling.precise
        if shared:
            text = OVER_SHARED
        else:
            text = self.texts.get(key) or (over_text if over else flow_text)(
                reader.op, flow.partial, constants, spelling
            )
            self.texts[key] = text
        names = self.program.names
        values = [names[arg.index] if isinstance(arg, Ref) else "" for arg in args]
        found: dict[str, str] = {}
        both = (text.assigned, text.added) if upstream else text.alone
        for template in dict.fromkeys(both):
            filled = template.format(*values, out=names[flow.source], d=upstream)
            if "math." in filled or " / " in filled:
                filled = _CALL.sub(self._known_call, filled)
            words = set(_WORD.findall(filled))
            for place in text.reads:
                arg = args[place] if isinstance(place, int) else Ref(flow.source)
                if isinstance(arg, Ref) and names[arg.index] in words:
                    self.read.add(arg.index)
            if "(" in template or set(text.reads) - set(OPS[step.op].truths):
                # Else the gradient is only passed on, and is 0 outside the branches already.
                branches, gates = asked(step, flow, bool(upstream))
                alive = tests(gates, names, self.target.spelling, upstream)
                filled = self._guarded(filled, branches, "0.0", alive)
                if () not in branches:
                    self.read.update(i for branch in branches for i, _ in branch)
                self.read.update(_read_by(flow))
            found[template] = self._quiet(filled, step)
        assigned, added = (found[template] for template in both)
        return Term(assigned, added, text.negative)

    def _known_call(self, call: re.Match[str]) -> str:
        """Return the stage that a call in a partial repeats, as cos(x) beside sin(x), or the call."""
        value = self.calls.get(call.group())
        if value is None:
            return call.group()
        self.read.add(value)
        return self.program.names[value]


def _read_by(flow: Flow) -> Iterator[int]:
    """Yield the values that a flow's tests read."""
    for test in (test for group in flow.alive for test in group):
        if test.value != UPSTREAM:
            yield test.value
        if isinstance(test.other, Ref):
            yield test.other.index
