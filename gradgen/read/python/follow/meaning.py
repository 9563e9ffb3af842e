"""Something imported, and the file that imports it, in; what it is in a formula, or the function or constant that a file defines, out."""

from __future__ import annotations

from collections.abc import Mapping

from gradgen.read.python.bound import Dotted, Meaning
from gradgen.read.python.follow.modules import MAX_STEPS
from gradgen.read.python.follow.steps import step
from gradgen.read.python.meanings import API, OF_SEQUENCES, meant
from gradgen.read.python.scope import Names, UnclearError


def follow(found: Dotted, names: Names, means: Mapping[str, str]) -> Meaning:
    """Return what something imported is by the files that are read; where they do not tell, as it is.

    Raises:
        UnclearError: it does not mean one thing for certain.
    """
    first, *others = (_one(each, names, means) for each in (found, *found.others))
    for other, path in zip(others, found.others):
        if isinstance(first, Dotted) and isinstance(other, Dotted):
            continue  # what these mean is compared where they are used
        if first != other:
            raise UnclearError(either_of(found.path, path.path))
    rest = tuple(each for each in others if isinstance(each, Dotted))
    return (
        Dotted(first.path, first.module, rest) if isinstance(first, Dotted) else first
    )


def _one(found: Dotted, names: Names, means: Mapping[str, str]) -> Meaning:
    modules, by = names.modules, names
    here: Meaning = Dotted(found.path, found.module)
    if modules is not None:
        module, _, name = found.path.rpartition(".")
        modules.keep(module, name)
    if modules is None or _is_known(found.path, means):
        return here
    absolute = modules.absolute(found, by)
    if absolute is None:
        return here
    here = Dotted(absolute.path, absolute.module)
    for _ in range(MAX_STEPS):
        if _is_known(here.path, means):
            return here
        bound = step(modules, here, by)
        if bound is None or bound == here:
            return here
        if not isinstance(bound, Dotted):
            return bound
        if bound.others:
            return follow(bound, by, means)
        here = bound
    raise UnclearError(f"`{found.path}` is handed on more than {MAX_STEPS} times")


def _is_known(path: str, means: Mapping[str, str]) -> bool:
    """Return whether something imported has a meaning in formulas."""
    if path in API or means.get(path) in OF_SEQUENCES:
        return True
    try:
        meant(path, means)
    except ValueError:
        return False
    return True


def either_of(one: str, other: str) -> str:
    """Return what is wrong with a name that is imported from one place or another."""
    return f"the name is that of `{one}` or of `{other}`, and these are not the same; import one of them by a name of its own"
