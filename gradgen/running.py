"""The text of a large module in; the module, run assignment by assignment, out: compiling each kind of these once takes far less time."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradgen.loading import load
from gradgen.write.python.skeleton import CALLABLE, set_aside

#: What stands between two assignments of a run, where a mark stands for each word.
_BETWEEN = re.compile(r"\n(?=    \0)")
_KEYWORDS = frozenset(keyword.kwlist)
#: Where a function begins, and where its assignments stand.
_MARK = re.compile(r"^def (\w+)|^( +)pass$", re.MULTILINE)

#: An assignment: its target, its kind, and the names and numbers that stand in it.
_Step = tuple[str, int, Sequence[str]]


def load_by_kind(text: str) -> types.ModuleType:
    """Return a module that gradgen wrote, in which all runs of assignments are run from outside of its functions.

    It is for a few calls, one at a time; its tracebacks show no lines.
    """
    short, _, runs = set_aside(text)
    kinds: dict[tuple[str, ...], int] = {}
    plans = [[*_steps(run, kinds)] for run in runs]
    calls = _Calls(short)
    module = load("".join([calls.text, *(_function(k, n) for k, n in kinds.items())]))
    if any(calls.sets(module, {step[0] for step in p}, i) for i, p in enumerate(plans)):
        return load(text)  # what a run assigns to, its function assigns to as well
    set_aside.cache_clear()  # of a text that may be large
    vars(module)["__run__"] = _Runner(vars(module), plans, len(kinds)).run
    return module


def release(module: types.ModuleType) -> None:
    """Let go of what runs a module, which holds the module in turn, when it has been called often enough."""
    vars(module).pop("__run__", None)


def _steps(run: Sequence[str], kinds: dict[tuple[str, ...], int]) -> Iterator[_Step]:
    """Yield the assignments of a run, of words and what is between them; each is of the kind that all is of it but for these words."""
    parts = [run[0].lstrip(), *run[1:-1], run[-1].rstrip()]
    if not _KEYWORDS.isdisjoint(parts):
        parts = _joined(parts)
    words = [*map(sys.intern, parts[1::2])]
    known: dict[str, tuple[int, int, bool]] = {}
    start = 0
    for masked in _BETWEEN.split("\0".join(parts[::2])):
        kind = known.get(masked)
        if kind is None:
            between = masked.split("\0")
            number = kinds.setdefault(tuple(between), len(kinds))
            adds = not between[1].startswith(" = ")
            kind = known[masked] = number, len(between) - 1, adds
        number, count, adds = kind
        target = words[start]
        yield target, number, words[start + (not adds) : start + count]
        start += count


def _joined(parts: Sequence[str]) -> list[str]:
    """Return words with what stands between them, in which keywords are no words."""
    found = [parts[0]]
    for word, behind in zip(parts[1::2], parts[2::2]):
        if word in _KEYWORDS:
            found[-1] += word + behind
        else:
            found += word, behind
    return found


def _function(between: Sequence[str], number: int) -> str:
    """Return the text of a function of an assignment's operands; of one that adds, behind what it adds to."""
    sign, _, first = between[1].partition("= ")
    names = [f"a{place}" for place in range(len(between) - 2)]
    value = first + "".join(n + b for n, b in zip(names, between[2:]))
    if sign.strip():
        names = ["a", *names]
        value = f"a {sign.strip()} ({value})"
    return f"\n\ndef {_name(number)}({', '.join(names)}):\n    return ({value})\n"


def _name(kind: int) -> str:
    return f"__kind_{kind}__"  # which is the name of no value


class _Calls:
    """A module in which a call stands in the place of each run.

    Attributes:
        text: its text.
        functions: the name of the function of each run.
    """

    def __init__(self, short: str) -> None:
        self.functions: list[str] = []
        self._begun = ""
        self._first = True
        self.text = _MARK.sub(self._call, short)

    def _call(self, match: re.Match[str]) -> str:
        if match[1]:
            self._begun, self._first = match[1], True
            return match[0]
        call = f"{match[2]}__run__({len(self.functions)}, {self._first}, locals())"
        self.functions.append(self._begun)
        self._first = False
        return call

    def sets(self, module: types.ModuleType, targets: set[str], run: int) -> bool:
        """Whether the function of a run has a variable that the run assigns to."""
        code = vars(module)[self.functions[run]].__code__
        return not targets.isdisjoint(code.co_varnames)


class _Runner:
    """Runs assignments, and leaves what they assign where the rest of their function finds it."""

    def __init__(
        self, module: dict[str, Any], plans: Sequence[Sequence[_Step]], kinds: int
    ) -> None:
        self.module = module
        functions = [module[_name(kind)] for kind in range(kinds)]
        #: What every run may read: what the module has, and numbers by their texts.
        self.known = {**module, **{n: getattr(builtins, n) for n in CALLABLE}}
        self.plans = []
        for plan in plans:
            self.plans.append([(t, functions[k], operands) for t, k, operands in plan])
            self.known |= {
                word: int(word) if word.isdigit() else float(word)
                for _, _, operands in plan
                for word in operands
                if word[0].isdigit()
            }
        #: What the runs of this call have assigned so far.
        self.made: dict[str, Any] = {}

    def run(self, number: int, first: bool, given: Mapping[str, Any]) -> None:
        """Run a plan over the variables of its function."""
        if first:
            self.made = {}
        values = {**self.known, **self.made, **given}
        for target, function, operands in self.plans[number]:
            values[target] = function(*[values[name] for name in operands])
        self.made |= {target: values[target] for target, _, _ in self.plans[number]}
        self.module.update(self.made)
