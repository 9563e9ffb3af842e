"""A named program in; the comments beside its forward lines and above its backward lines out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from gradgen.core.build import Steps
from gradgen.core.program import Line, Program, Way
from gradgen.passes.ieee import Quiet
from gradgen.passes.names import quotient_parts
from gradgen.passes.settle import Settled
from gradgen.write.language import Language
from gradgen.write.languages.formula import FORMULA, TIGHT
from gradgen.write.spell import Speller
from gradgen.write.view import Stage
from gradgen.write.words.values import Words
from gradgen.write.words.wrapping import wrap

#: The column in which a backward comment gives its rule.
_RULE_COLUMN = 34
#: No line with a comment has more columns, but for a name that has; so many of these stand before and in its mark.
_COLUMNS, _INDENT, _MARK = 88, 4, 3
_WIDTH = _COLUMNS - _INDENT - _MARK
_ROLES = {"num": "numerator", "den": "denominator"}


class Comments:
    """Writes the comments of a module."""

    def __init__(self, words: Words, chain: Settled, language: Language) -> None:
        self.words = words
        self.program: Program = words.program
        self.names = words.names
        self.chain = chain
        self.language = language
        self.given = {
            self.names[value]: note for _, value, note in self.program.given if note
        }
        parts = quotient_parts(self.program)
        self.roles = {value: _ROLES[part] for value, part in parts.items()}

    def beside(self, line: Line) -> str:
        """Return the comment on a forward line: the user's, or what the operation is called."""
        value = line.total
        if line.name in self.given:
            return self.given[line.name]
        if value >= len(self.program.steps):  # a part of one
            return ""
        role, op = self.roles.get(value, ""), self.program.steps[value].op
        if op in FORMULA.words:
            return role
        # The operation's name is worth a comment where the spelling does not show it.
        row, word = self.program.rows[op], self.language.words.get(op)
        if word is not None:
            literal = "".join(p for p in word.pieces if isinstance(p, str))
        else:
            # Of a function of the program's own, a call of another module shows it.
            body = row.body if isinstance(row.body, str) else row.body.op
            literal = body if not row.own or row.imports else ""
        called = "" if row.name in literal else row.name
        return " ".join(filter(None, [role, called]))

    def edge(self, line: Line, value: int, quiet: Quiet | None) -> str:
        """Return what is said of a constant without a value that a choice is in some branch; empty for all else.

        Args:
            line: the line of the choice.
            value: what it says in the branch.
            quiet: what makes operations that do not raise, if the line is of these.
        """
        steps, notes = self.chain.steps, self.words.notes
        for end in _ends(steps, line.value) if notes else ():
            edge = steps.is_constant(end) and steps.number(end) is None
            if edge and value in (end, quiet.value(end, {}) if quiet else end):
                return notes.get(Speller(steps, FORMULA).text(end, {}), "")
        return ""

    def above(self, source: int, indent: str = "") -> str:
        """Return a forward line, and its rule where that is not obvious, for the backward lines, so far in, that answer it."""
        width = _WIDTH - len(indent)
        words, names = self.words, self.names
        step = self.program.steps[source]
        rule = self.program.rows[step.op].rule
        rule = words.tell(rule, source) if rule else ""
        quotient = self._quotients.get(source)
        if quotient is not None and quotient.into in names:
            rule = self._of_quotient(quotient)
        name = names.get(source) or self.program.names[source]
        text = f"{name} = {words.formula(source)}"
        both = f"{text.ljust(_RULE_COLUMN - 4)}    {rule}" if rule else text
        if len(both) <= width:
            return both
        # A rule that does not fit beside its line stands below it.
        return "\n".join([*wrap(text, width, others=4), *wrap(rule, width, 4, 8)])

    def _of_quotient(self, way: Way) -> str:
        """Return the rule of the way from a quotient to its denominator or past it, or past what a logarithm is of."""
        words, names = self.words, self.names
        step = self.program.steps[way.source]
        into = words.operand(way.into)
        above = words.factor(step.args[0]) if step.op == "div" else "1"
        what = f"({above}/{words.factor(step.args[-1])})"
        if step.op == "log":
            what = f" {words.formula(way.source)}"
        elif step.op in ("mul", "powi", "powr", "pow"):
            what = f"({words.formula(way.source)})"
        text = f"-{words.operand(way.source)}/{into}"
        if way.below:
            bare = way._replace(branch=None, alive=(), moving=False, steep=False)
            one = self.chain.steps.const(1)
            slope, negative = self.chain.tidy.signless(
                self.chain.each().partial(bare, one)
            )
            text = Speller(self.chain.steps, TIGHT).text(slope, names)
            text = "-" * negative + text
        return f"d{what}/d{into} = {text}"

    @cached_property
    def _quotients(self) -> Mapping[int, Way]:
        """The ways from a quotient to its denominator or past it, by the quotient; the first of each."""
        found: dict[int, Way] = {}
        for way in self.program.ways:
            over = self.program.steps[way.source].op == "div" and way.place == 1
            if way.below or over:
                found.setdefault(way.source, way)
        return found


def _ends(steps: Steps, choice: int) -> Iterator[int]:
    """Yield what a choice comes to in its branches, and in those of the choices that these are."""
    todo = [choice]
    while todo:
        at = todo.pop()
        if steps[at].op == "where":
            todo += steps[at].args[1:]
        elif at != choice:
            yield at


def commented(text: str, comment: str, indent: str = "") -> Stage:
    """Return a line, so far in, with its comment beside it, or above it where there is no room beside it."""
    text = indent + text
    room = _COLUMNS - _INDENT - _MARK - 2  # the two blanks before the mark
    if not comment or len(text) + len(comment) <= room:
        return Stage(text, comment)
    above = tuple(wrap(comment, _WIDTH - len(indent)))
    return Stage(text, above=above, indent=indent)
