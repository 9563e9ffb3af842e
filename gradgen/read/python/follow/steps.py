"""The name of something imported in; what the next file on the way to it binds, out."""

from __future__ import annotations

from gradgen.read.python.bound import Dotted, Meaning
from gradgen.read.python.follow.classes import member
from gradgen.read.python.follow.modules import Modules, top_of
from gradgen.read.python.scope import Names, UnclearError


def step(files: Modules, found: Dotted, by: Names) -> Meaning | None:
    """Return what something imported is by the file that binds it, which may be something else imported; None where it is not read.

    Args:
        files: the files that may be read.
        found: the name, without dots in front.
        by: the file that imports it.

    Raises:
        UnclearError: it does not mean one thing for certain.
    """
    if not files.reads(found.path, by):
        return None
    module = found.module or top_of(found.path)
    names = files.load(module)
    if names is None:
        return None
    attributes = found.path[len(module) + 1 :].split(".")
    for place, name in enumerate(filter(None, attributes)):
        here = f"{module}.{name}"
        rest = attributes[place + 1 :]
        held = _in_class(names, name, rest[0]) if len(rest) == 1 else None
        if held is not None:
            files.use(name, names)
            _check_apart(files, names, name, held)
            return held
        meaning = _of(files, names, name)
        itself = isinstance(meaning, Dotted) and meaning.path == here
        inner = None
        if names.package and (meaning is None or itself):
            inner = files.load(here)
        handed = meaning is None and "__getattr__" in names.bound.names
        if inner is not None and handed:
            raise UnclearError(
                f"`{here}` may be a module, or what `__getattr__` of {module} returns; import from {here} itself"
            )
        if inner is not None:
            module, names = here, inner
            continue
        if meaning is None or itself:
            return None
        files.use(name, names)
        _check_apart(files, names, name, meaning)
        if isinstance(meaning, Dotted):
            return meaning.inner(rest)
        if rest:
            raise UnclearError(f"`{here}` is no module, and holds no `{rest[0]}`")
        return meaning
    return Dotted(module, module)


def _in_class(names: Names, name: str, attribute: str) -> Meaning | None:
    try:
        return member(names, name, attribute)
    except UnclearError as error:
        raise UnclearError(f"{error} (in {names.home})") from None


def _check_apart(files: Modules, names: Names, name: str, meaning: Meaning) -> None:
    """Refuse a name of a package that is that of a module in it, too, unless it is imported from there."""
    inner = f"{names.home}.{name}"
    by_it = isinstance(meaning, Dotted) and f"{meaning.module}.".startswith(f"{inner}.")  # fmt: skip
    if names.package and not by_it and files.load(inner) is not None:
        raise UnclearError(
            f"`{inner}` is a module, and something else that {names.home} binds; which of them it is depends on what is imported first"
        )


def _of(files: Modules, names: Names, name: str) -> Meaning | None:
    """Return what a file binds a name to, the dots in front of it resolved; None where it does not."""
    if not names.binds(name):
        return None
    try:
        found = names.meaning(name)
        ways = (found, *found.others) if isinstance(found, Dotted) else ()
        known = [files.absolute(each, names) for each in ways]
    except UnclearError as error:
        raise UnclearError(f"{error} (in {names.home})") from None
    if isinstance(found, Dotted):
        first, *others = known
        if first is None or None in others:
            return None
        rest = tuple(each for each in others if each is not None)
        found = Dotted(first.path, first.module, rest)
    return found
