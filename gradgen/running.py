"""The text of a large module in; the module, run assignment by assignment, out: compiling each kind of these once takes far less time."""

from __future__ import annotations

import builtins
import re
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gradgen.loading import load
from gradgen.write.python.aside import DIGITS, NAME, Assignment, set_aside
from gradgen.write.python.skeleton import CALLABLE

#: What stands between two words of a kind.
_WORDS = re.compile(f"[{NAME}{DIGITS}]")
#: Where a function begins, and where its assignments stand.
_MARK = re.compile(r"^def (\w+)|^( +)pass$", re.MULTILINE)


def load_by_kind(text: str) -> types.ModuleType:
    """Return a module that gradgen wrote, in which all runs of assignments are run from outside of its functions.

    It is for a few calls, one at a time; its tracebacks show no lines.
    """
    short, runs, kinds = set_aside(text)
    plans = [run.assignments for run in runs]
    calls = _Calls(short)
    functions = (_function(_WORDS.split(k), n) for n, k in enumerate(kinds))
    module = load("".join([calls.text, *functions]))
    if any(calls.sets(module, {step[0] for step in p}, i) for i, p in enumerate(plans)):
        return load(text)  # what a run assigns to, its function assigns to as well
    set_aside.cache_clear()  # of a text that may be large
    numbers = frozenset[str]().union(*[run.numbers for run in runs])
    runner = _Runner(vars(module), plans, numbers, len(kinds))
    vars(module)["__run__"] = runner.run
    return module


def release(module: types.ModuleType) -> None:
    """Let go of what runs a module, which holds the module in turn, when it has been called often enough."""
    vars(module).pop("__run__", None)


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
        self,
        module: dict[str, Any],
        plans: Sequence[Sequence[Assignment]],
        numbers: Iterable[str],
        kinds: int,
    ) -> None:
        self.module = module
        functions = [module[_name(kind)] for kind in range(kinds)]
        #: What every run may read: what the module has, and numbers by their texts.
        self.known = {**module, **{n: getattr(builtins, n) for n in CALLABLE}}
        self.known |= {n: int(n) if n.isdigit() else float(n) for n in numbers}
        self.plans = []
        for plan in plans:
            self.plans.append([(t, functions[k], operands) for t, k, operands in plan])
        #: What the runs of this call have assigned so far.
        self.made: dict[str, Any] = {}

    def run(self, number: int, first: bool, given: Mapping[str, Any]) -> None:
        """Run a plan over the variables of its function."""
        if first:
            self.made = {}
        values, made = {**self.known, **self.made, **given}, self.made
        value_of = values.__getitem__
        for target, function, operands in self.plans[number]:
            values[target] = made[target] = function(*map(value_of, operands))
        self.module.update(made)
