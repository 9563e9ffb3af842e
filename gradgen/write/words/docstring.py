"""What writes about a program in; the docstrings of its module and of its functions out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from gradgen.core.program import Program
from gradgen.passes.cost import Cost
from gradgen.write.sql.names import keys
from gradgen.write.sql.normal import normal_of, slopes_of
from gradgen.write.target import Target
from gradgen.write.words.conditions import kinks, raises, undefined
from gradgen.write.words.summary import summary
from gradgen.write.words.values import Words
from gradgen.write.words.wrapping import wrap

_WIDTH = 84
#: A list of more lines is cut short: what follows is counted.
_LISTED = 8
#: What is said of the gradients by arrays.
_SHAPED = (
    "Each has the shape of its variable: it is summed over what that was spread along."
)
#: And by columns and what all rows share.
_SUMMED = (
    "By a column each row has its own; by what all rows share, it is the sum over rows."
)
#: What an entry is about, by the error that it begins with.
_ABOUT = {
    "ZeroDivisionError": "a division by 0",
    "ValueError": "a value outside a domain",
    "OverflowError": "an overflow",
}


class Docstrings:
    """Writes the docstrings of a module in some language."""

    def __init__(
        self, words: Words, target: Target, meanings: Mapping[str, str]
    ) -> None:
        """Take what writes about a program, the language, and what is said of inputs, results and constants without a value."""
        self.words = words
        self.program = words.program
        self.names = words.names
        self.target = target
        self.meanings = meanings
        signature, outputs = words.program.signature, words.program.outputs
        #: What inputs mean, and what results do.
        self.given = {v: meanings[n] for v, n in signature.items() if n in meanings}
        self.gives = {v: meanings[n] for n, v in outputs if n in meanings}

    def module(self, formula: str, cost: Cost, told: str = "") -> list[str]:
        """Return the lines of the module's docstring.

        Args:
            formula: what the module computes: a formula, or the statements of a program; empty where there is no text.
            cost: the operations of its functions.
            told: what the program says about itself, its paragraphs apart.
        """
        lines: list[str] = []
        for paragraph in filter(None, told.split("\n\n")):
            lines += [*wrap(self.target.quoted(paragraph), _WIDTH), ""]
        names, program = self.names, self.program
        lines += summary(
            formula,
            [names[value] for _, value in program.outputs],
            [names[value] for value in program.signature],
            len(program.lines),
            _WIDTH,
            self.target.quoted,
        )
        lines += ["", *self._inputs(), *self._cost(cost)]
        query = self.target.query
        if self.target.infinite and (query is None or query.infinite):
            lines.append(
                "Overflow and poles give inf, what has no value gives nan, as in C."
            )
        for title, entries in self._conditions():
            if entries:
                texts = [self.target.quoted(entry) for entry in entries]
                lines += ["", f"{title}:", *_listed(texts)]
        return lines

    def _inputs(self) -> Iterator[str]:
        """Yield what the inputs are called, what the module calls, and by which inputs the gradient is."""
        program, names = self.program, self.names
        called = [
            (
                names[value]
                if names[value] == text
                else f"{names[value]} (`{text}` in the formula)"
            )
            for value, text in program.signature.items()
        ]
        yield from _wrap(f"Inputs: {', '.join(called) or 'none'}.")
        foreign = [
            f"{module}.{name}"
            for op in dict.fromkeys(
                step.op for step in program.steps if step.op in program.rows
            )
            for module, name, _ in program.rows[op].imports
        ]
        if foreign:
            yield from _wrap(f"Calls: {', '.join(dict.fromkeys(foreign))}.")
        yield from _columns(self.target, program, names)
        if program.wrt != tuple(program.signature):
            asked = ", ".join(names[i] for i in program.wrt)
            yield from _wrap(f"Gradient: by {asked or 'no input'} only.")

    def _cost(self, cost: Cost) -> Iterator[str]:
        yield (
            f"Operations: {cost.forward} forward, {cost.backward} backward; "
            f"value and gradient cost {cost.ratio:.1f} times the value."
        )
        if cost.jacobian is not None:
            yield f"The Jacobian's rows: {cost.jacobian} operation{'s' * (cost.jacobian != 1)} after the forward ones."

    def _conditions(self) -> Iterator[tuple[str, list[str]]]:
        words, quiet, strict = self.words, self.target.infinite, self.target.strict
        yield "Raises", [] if quiet else raises(words, self.meanings, strict)
        held = (*self.program.lines, *self.program.signature)
        chain = self.target.chain(self.program, words.facts.steps, held)
        settles = chain.settles
        yield "Undefined", [] if quiet or strict else undefined(words, settles)
        yield "Kinks", kinks(words, settles)

    def forward(self, results: Sequence[str], cached: bool) -> list[str]:
        """Return the lines of `forward`'s docstring: what it returns.

        Args:
            results: what holds the outputs, where they are set and not returned.
            cached: whether there is a cache.
        """
        outputs = [self.names[value] for _, value in self.program.outputs]
        if self.target.reduce:
            outputs = [f"the {self.target.reduce} of {name}" for name in outputs]
        text = self.target.gives(outputs, results, cached)
        # What stands before and behind it in its first line counts; black takes an indent away that all other lines have.
        lines = wrap(text, _WIDTH - 6)
        for title, found in (("Args", self.given), (self._returns, self.gives)):
            lines += titled(self, title, found)
        return lines

    @property
    def _returns(self) -> str:
        return f"{self.target.returns.split()[0]}s"

    def _titled(self, title: str, entries: Sequence[str]) -> list[str]:
        """Return entries under a title, below an empty line; nothing where there are none."""
        wrapped = [line for e in entries for line in _wrap(self.target.quoted(e), 4, _WIDTH - 4)]  # fmt: skip
        return ["", f"{title}:", *wrapped] if wrapped else []

    def backward(self) -> list[str]:
        """Return the lines of `backward`'s docstring: what it returns, in which order, and by what."""
        asked = [i for i in self.program.wrt if i in self.given]
        entries = self._named(self.given, asked, self.program.adjoints)
        return [*self._returned(), *self._titled(self._returns, entries)]

    def _named(
        self,
        meanings: Mapping[int, str],
        values: Sequence[int],
        adjoints: Mapping[int, str] | None = None,
    ) -> list[str]:
        """Return names with meanings, those that have the same together; of adjoints, with what they are by."""
        entries = []
        for words, group in groupby(values, meanings.__getitem__):
            names = [(self.names[v], adjoints[v] if adjoints else "") for v in group]
            given = ", ".join(name for name, _ in names)
            if adjoints:
                given = f"{', '.join(of for _, of in names)}: by {given},"
            entries.append(f"{given}{'' if adjoints else ':'} {words}")
        return entries

    def _returned(self) -> list[str]:
        program, names, result = self.program, self.names, self.words.result
        give = self.target.returns.format("gradient")
        seeds = ", ".join(program.adjoints[value] for _, value in program.outputs)
        order = ", ".join(names[i] for i in program.wrt)
        if len(program.outputs) > 1:
            text = f"{give} the gradients of {result}, times their upstream gradients ({seeds}), summed."
            lines = _wrap(text, width=_WIDTH - 4)
            lines += ["", *_wrap(f"In this order: by {order or 'no input'}.")]
        else:
            slopes = self.target.listed([f"d{result}/d{names[i]}" for i in program.wrt])
            if not program.wrt:
                return [f"{give} {slopes}: no gradient of {result} is asked for."]
            each = "each " if len(program.wrt) > 1 else ""
            lines = [f"{give} {slopes}, {each}times the upstream gradient {seeds}."]
            if len(lines[0]) > _WIDTH - 6:
                text = f"{give} the gradient of {result}, times the upstream gradient {seeds}."
                lines = _wrap(text, width=_WIDTH - 7)
                lines += ["", *_wrap(f"In this order: by {order}.")]
        if self.target.arrays or self.target.lists:
            lines += [""] if len(lines) == 1 else []
            if self.target.reduce:
                what = "rows" if self.target.rows else "all elements"
                lines.append(f"They are of the {self.target.reduce} over {what}.")
            lines.append(_SUMMED if self.target.rows else _SHAPED)
        received = {value for _, value in program.outputs}
        if any(way.into in received or received.add(way.into) for way in program.ways):  # type: ignore[func-returns-value]
            lines += [""] if len(lines) == 1 else []
            added = ": in one line or by `+=`." if self.target.compact else ": `+=`."
            added = "." if self.target.arrays else added
            text = "The gradients of a value that is used more than once add up"
            lines.append(text + added)
        return lines

    def single(self) -> list[str]:
        """Return the lines of `value_and_grad`'s docstring."""
        names, result = self.names, self.words.result
        give = self.target.returns.format("the result and gradient")
        order = ", ".join(names[i] for i in self.program.wrt)
        result = (
            f"the {self.target.reduce} of {result}" if self.target.reduce else result
        )
        text = f"{give} {result} and its gradient: by {order or 'no input'}."
        return _wrap(text, width=_WIDTH - 4)

    def jacobian(self) -> list[str]:
        """Return the lines of `jacobian`'s docstring."""
        if self.target.rows:
            order = ", ".join(self.names[i] for i in self.program.wrt)
            return [*_wrap(f"Return the slopes of {self.words.result} in the shape (rows, parameters): by {order}.", width=_WIDTH - 4)]  # fmt: skip
        each = (
            "one row, of" if len(self.program.outputs) == 1 else "one row for each of"
        )
        order = ", ".join(self.names[i] for i in self.program.wrt)
        give = self.target.returns.format("rows")
        text = f"{give} the Jacobian: {each} {self.words.result}."
        first = _wrap(text, width=_WIDTH - 4)
        return [*first, "", *_wrap(f"In this order: by {order or 'no input'}.")]


def titled(docstrings: Docstrings, title: str, meanings: Mapping[int, str]) -> list[str]:  # fmt: skip
    """Return what names mean under a title; nothing where nobody said."""
    return docstrings._titled(title, docstrings._named(meanings, [*meanings]))


def _columns(
    target: Target, program: Program, names: Mapping[int, str]
) -> Iterator[str]:
    """Yield which inputs are columns, where rows are added up."""
    if target.adds:
        columns, signature = target.rows, program.signature
        shared = ", ".join(names[v] for v, t in signature.items() if t not in columns)
        listed = ", ".join(names[v] for v, t in signature.items() if t in columns)
        rest = f"; {shared}: one number for all rows" if shared else ""
        yield from _wrap(f"Columns of data: {listed}{rest}.")


def over_rows(docstrings: Docstrings, sets: Sequence[str]) -> list[str]:
    """Return the lines of the comment of `value_and_grad` over rows."""
    order = ", ".join(docstrings.names[i] for i in docstrings.program.wrt)
    text = f"Set {', '.join(sets)} in each row to {docstrings.words.result} and its slopes: by {order or 'no input'}."
    lines = _wrap(text, width=_WIDTH - 4)
    signature = docstrings.program.signature
    if any(signature[i] not in docstrings.target.rows for i in docstrings.program.wrt):
        lines += ["", *_wrap("A slope by a number that all rows share is that of its row; added up they are the sum's.")]  # fmt: skip
    return lines


def slopes_over_rows(docstrings: Docstrings, sets: Sequence[str]) -> list[str]:
    """Return the lines of the comment of `jacobian` over rows."""
    order = ", ".join(docstrings.names[i] for i in docstrings.program.wrt)
    width = len(docstrings.program.wrt)
    text = f"Set {', '.join(sets)} in each row to the slopes of {docstrings.words.result}: by {order or 'no input'}, {width} numbers a row, one row after the other."
    return [*_wrap(text, width=_WIDTH - 4)]


def of_query(docstrings: Docstrings, defaults: Mapping[str, float]) -> list[str]:
    """Return the lines on what a query takes and gives, by the defaults of its parameters."""
    target, program, names = docstrings.target, docstrings.program, docstrings.names
    result = docstrings.words.result
    columns = target.columns(program)
    slopes = _slopes(program, names, target.by)
    signature = program.signature.items()
    dialect = target.query
    assert dialect is not None
    given = ", ".join(
        dialect.parameter.format(names[v])
        for v, text in signature
        if text not in columns
    )
    lines = []
    if target.normal:
        lines += _normal(target, program, names, result)
    elif target.whole:
        lines += _wrap(f"Gives one row: {result}, and its gradient ({slopes}).")
    elif target.reduce:
        lines += _wrap(f"{_one_row(target, program)}: the {target.reduce} of {result} over the rows of the table, and its gradient ({slopes}).")  # fmt: skip
    else:
        lines += _wrap(f"Gives of each row of the table its columns, {result}, and the slopes ({slopes}).")  # fmt: skip
    if given:
        lines += _wrap(f"Parameters, which all rows share: {given}.")
    usual = ", ".join(
        f"{names[v]} = {defaults[text]!r}"
        for v, text in signature
        if text in defaults and text not in columns
    )
    if usual:
        lines += _wrap(f"Defaults, which the caller has to give: {usual}.")
    others = "`rows` counts the others, " * target.in_one
    where = " in an input" * bool(target.by)
    lines += _wrap(f"Rows with a NULL{where} are left out; {others}`left_out` counts them.")  # fmt: skip
    if target.by:
        lines += _wrap("A group of which all are left out has NULL for its sums.")
    since = f" {dialect.since} or later" * bool(dialect.since)
    for line in (f"For {dialect.engine}{since}.", *dialect.header):
        lines += _wrap(line)
    for title, found in (("Inputs", docstrings.given), ("Results", docstrings.gives)):
        lines += titled(docstrings, title, found)
    return lines


def _one_row(target: Target, program: Program) -> str:
    """Return what says that a query gives a row, or one for each group."""
    groups = [
        name if name == column else f"{name} (column {column})"
        for column, name in keys(program, target.by).items()
    ]
    listed = (
        f" for each {', '.join(groups)}, in this order, NULL last" if groups else ""
    )
    return f"Gives one row{listed}"


def _slopes(program: Program, names: Mapping[int, str], by: Sequence[str]) -> str:
    """Return which slopes a query gives."""
    several = len(program.outputs) > 1
    of = [f" of {names[value]}" * several for _, value in program.outputs]
    found = zip(of, slopes_of(program, by))
    listed = [
        f"{slope}{what} by {names[i]}"
        for what, row in found
        for slope, i in zip(row, program.wrt)
    ]
    return ", ".join(listed) or "no gradient"


def _normal(
    target: Target, program: Program, names: Mapping[int, str], result: str
) -> list[str]:
    """Return the lines on what a query gives for least squares."""
    squares, right, left = normal_of(program, target.by)
    by = ", ".join(f"{name} by {names[i]}" for name, i in zip(right, program.wrt))
    text = f"{_one_row(target, program)}, of sums over the rows of the table: {squares}, that of the squares of the residuals {result}; with their Jacobian J, J'r ({by}) and the upper triangle of J'J ({', '.join(left)})."
    return [*_wrap(text), *_wrap("A step d of Gauss and Newton solves J'J d = -J'r.")]


def _listed(entries: Sequence[str]) -> Iterator[str]:
    """Yield entries in as many lines as a list has, the last of which counts those that do not fit."""
    texts = [_wrap(entry, 4) for entry in entries[: _LISTED + 1]]
    room = _LISTED - (sum(map(len, texts)) > _LISTED)
    shown = 0
    while shown < len(texts) and (len(texts[shown]) <= room or not shown):
        yield from texts[shown]
        room -= len(texts[shown])
        shown += 1
    rest = entries[shown:]
    if rest:
        errors = [entry.partition(":")[0].split(" or ") for entry in rest]
        kinds = dict.fromkeys(_ABOUT.get(e, "") for each in errors for e in each)
        each = "each " if len(rest) > 1 else ""
        *others, last = kinds
        listed = f"{', '.join(others)} or {last}" if others else last
        what = f", {each}{listed}" if all(kinds) else ""
        yield from _wrap(f"and {len(rest)} more{what}.", 4)


def _wrap(text: str, indent: int = 0, width: int = _WIDTH) -> list[str]:
    return wrap(text, width, indent, indent + 4)
