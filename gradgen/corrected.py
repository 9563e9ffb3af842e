"""A derivative with wrong slopes in, and its function; the lines that make it right, in its own file's words, out. They are audited again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gradgen.audit.claims import Claim, read_claim
from gradgen.audit.compare import audit
from gradgen.audit.finding import Audit
from gradgen.audit.written import Change, Spot, Written
from gradgen.core.notation import NoWordError
from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from gradgen.read.python.follow.imports import Imports
from gradgen.read.statements import split_docstring
from gradgen.reserved import BUILTINS, NAMES
from gradgen.write.slope import Lines, Manner, lines_of, target_of, words_for

#: A name in a program, and no part of a number.
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_LINE = re.compile(r"([^\W\d]\w*) = (.+)")
#: What a slope is right by.
_GOOD = ("right", "weak")


@dataclass(frozen=True)
class Pair:
    """A function and its derivative, as texts; see `audit`."""

    text: str
    function: str
    against_text: str
    against: str
    means: Mapping[str, str] | None = None
    imports: tuple[Imports | None, Imports | None] = (None, None)


@dataclass(frozen=True)
class Corrected:
    """What makes a derivative right.

    Attributes:
        text: the file with it.
        lines: the lines that are new there.
    """

    text: str
    lines: tuple[str, ...]


def corrected(pair: Pair, found: Audit, wrt: Sequence[str] | None = None, own: Sequence[str] = ()) -> Corrected | None:  # fmt: skip
    """Return a derivative whose wrong slopes are right; None where its file's own words do not say them.

    Args:
        pair: the function and the derivative.
        found: the verdicts on it.
        wrt: as for `audit`.
        own: as for `audit`.
    """
    written = Written(pair.against_text, pair.against)
    spots = written.spots()
    if len(spots) != len(found.findings):
        return None
    wrong = [n for n, one in enumerate(found.findings) if one.verdict == "wrong"]
    try:
        for shared in (True, False):
            changes = _changes(pair, found, written, spots, wrong, shared)
            text, lines = written.corrected(changes)
            again = audit(pair.text, pair.function, text, pair.against, wrt, pair.means, own, pair.imports)  # fmt: skip
            same = again.slots == found.slots
            if same and all(again.findings[n].verdict in _GOOD for n in wrong):
                return Corrected(text, tuple(lines))
    except (GradgenError, NoWordError):
        pass  # which says what this file cannot say
    return None


def _changes(
    pair: Pair,
    found: Audit,
    written: Written,
    spots: Sequence[Spot],
    wrong: Sequence[int],
    shared: bool,
) -> list[Change]:
    """Return the right slopes in the places of wrong ones; `shared` where they may read what the derivative gives names to."""
    ours = read_claim(pair.text, pair.function, pair.means, pair.imports[0])
    theirs = read_claim(pair.against_text, pair.against, pair.means, pair.imports[1])
    taken = {*written.names, *NAMES, *BUILTINS}
    changed = {spots[n].name for n in wrong}
    made: list[Change] = []
    for number in wrong:
        spot = spots[number]
        there = written.before(spot.statement) - changed if shared else frozenset()
        row, by = found.slots[number]
        lines = _lines(_Joint(ours, theirs, there), row, by, written, taken, spot.name)
        taken |= {*lines.names}
        made.append(Change(spot, lines.made, lines.slope))
    return made


@dataclass(frozen=True)
class _Joint:
    """A function behind what its derivative gives names to, as one program in the derivative's names.

    Attributes:
        ours: the function.
        theirs: the derivative.
        there: the names of the derivative's that may be read.
    """

    ours: Claim
    theirs: Claim
    there: frozenset[str]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The parameters of the function, as the derivative calls them."""
        mine, theirs = self.ours.inputs, self.theirs.inputs
        return mine if {*theirs} <= {*mine} else theirs

    def program(self) -> tuple[str, Sequence[str]]:
        """Return the program, and the names of the function's results there."""
        ahead = _statements(self.theirs) if self.there else []
        mine = _statements(self.ours)
        given = {name for name, _ in mine}
        # A constant at the top of a file of both is one.
        fixed = {name for _, name in self.ours.function.constants}
        mine = [line for line in mine if line[0] not in fixed or line not in ahead]
        others = {*self.inputs, *(name for name, _ in ahead)}
        used = {*others, *given}
        new = dict(zip(self.ours.inputs, self.inputs))
        for name, _ in mine:
            said = name
            while said in others or (said != name and said in used):
                said += "_"
            used.add(said)
            new[name] = said

        def called(text: str) -> str:
            return _NAME.sub(lambda match: new.get(match[0], match[0]), text)

        lines = [f"{name} = {text}" for name, text in ahead]
        lines += [f"{new[name]} = {called(text)}" for name, text in mine]
        outputs = self.ours.function.outputs or (mine[-1][0],)
        return "\n".join(lines), [new.get(name, name) for name in outputs]


def _statements(claim: Claim) -> list[tuple[str, str]]:
    """Return what a function's program gives names to, in order; of a formula its one result."""
    _, program = split_docstring(claim.function.program)
    found = []
    for line in filter(None, program.splitlines()):
        text = line.partition("  # ")[0]
        match = _LINE.fullmatch(text)
        name, value = (match[1], match[2]) if match else (claim.function.name, text)
        found.append((name, value))
    return found


def _lines(joint: _Joint, row: int, by: int, written: Written, taken: Collection[str], result: str) -> Lines:  # fmt: skip
    """Return the lines of one slope; `result` is what the file gives it to, if it does."""
    source, results = joint.program()
    compiled = compile(
        source,
        inputs=joint.inputs,
        outputs=(results[row],),
        wrt=(joint.inputs[by],),
        style="compact",
        as_written=True,
        strict=True,
        proof=False,
    )
    module = written.module
    words = words_for(module, written.prefixes, written.bare)
    circle = written.bare.get(f"{module}.pi") or f"{written.prefixes.get(module, 'math.')}pi"  # fmt: skip
    target = target_of(words, circle, Manner(*written.close, written.whole))
    shown = dict(_parts(joint.theirs))
    program = _called(compiled.program, joint.there, taken, shown, result)
    kept = {program.names[value] for _, value, _ in program.given if value in program.names}  # fmt: skip
    return lines_of(program, target, (joint.there & kept) | written.top)


def _parts(claim: Claim) -> Iterator[tuple[str, str]]:
    """Yield the inputs that are numbers in a parameter, each as the file asks for it."""
    for name, parts in claim.function.shapes.items():
        for place, part in enumerate(parts):
            size = len(parts) // parts.rows if parts.rows else 0
            at = f"{place // size}][{place % size}" if size else f"{place}"
            yield part, f"{name}[{at}]"


def _called(program: Program, there: Collection[str], taken: Collection[str], shown: Mapping[str, str], result: str) -> Program:  # fmt: skip
    """Return a program in names that hide no others of the file; its inputs as the file asks for them, its slope as it calls that."""
    used = {*taken}

    def fresh(name: str) -> str:
        while name in used:
            name += "_"
        used.add(name)
        return name

    kept = {value for name, value, _ in program.given if program.names.get(value) == name in there}  # fmt: skip
    inputs = {value: shown.get(name, name) for value, name in program.signature.items()}
    names = {**program.names, program.outputs[0][1]: "value"} | inputs
    names = {v: n if v in inputs or v in kept else fresh(n) for v, n in names.items()}
    adjoints = {value: fresh(name) for value, name in program.adjoints.items()}
    if result:
        adjoints[program.wrt[0]] = result
    return replace(program, names=names, adjoints=adjoints)
