"""A function's docstring in; its own words, and what it says of parameters and results, out: as Google, NumPy and Sphinx write that."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from gradgen.syntax import parse_python

#: The titles of Google's and NumPy's sections that are read, and of what. What the function raises, its module knows better.
_SECTIONS = {
    **dict.fromkeys(("args", "arguments", "parameters", "params"), "parameters"),
    **dict.fromkeys(("returns", "return"), "results"),
    "raises": "errors",
}
#: Those that stay with the function, as all of NumPy's that are not read do.
_LEFT = ("example", "examples", "reference", "references", "see also", "todo")
_UNDERLINE = re.compile(r"[-=~]{3,}$")
#: What shows a figure or gives a source, and where a source is referred to.
_SHOWS = re.compile(r"\.\. (?:\[\w+\]|(?:plot|figure|image|code-block|testcode)::)")
_CITED = re.compile(r"(?<=\w) *\[\w+\]_")
#: A name or several, a type that is not kept, and what they mean.
_NAMED = re.compile(
    r"((?:\*{0,2}\w+)(?:, *\*{0,2}\w+)*) *(?:\([^)]*\))? *:(?: +(.*))?$"
)
#: A type, or a name with one, in a line of NumPy's above what is meant.
_TYPED = re.compile(r"((?:\w+)(?:, *\w+)*) *(?::.*)?$")
_FIELD = re.compile(r":(\w+)(?: +([^:]*))?: *(.*)$")
#: A meaning has at most so many characters.
_LONGEST = 400
_PARAMETER = ("param", "parameter", "arg", "argument")


@dataclass
class Docstring:
    """What a docstring says.

    Attributes:
        words: what it says of the function itself.
        parameters: what it says of parameters, by name.
        results: what it says of results: by name, where it gives one, or under the empty name.
        errors: what it says that it raises.
    """

    words: list[str] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def read_docstring(text: str) -> Docstring:
    """Return what a docstring says, whose first lines stand at no indent."""
    found = Docstring()
    lines = text.split("\n")
    place = 0
    while place < len(lines):
        line = lines[place].rstrip()
        below = lines[place + 1].strip() if place + 1 < len(lines) else ""
        about = _SECTIONS.get(line.rstrip(":").lower())
        given = _FIELD.match(line)
        titled = bool(line) and not _depth(line) and _UNDERLINE.match(below)
        if about is not None and line.endswith(":"):
            end = _end(lines, place + 1)
            _google(lines[place + 1 : end], getattr(found, about))
        elif titled and (about is not None or any(found.words)):
            end = _numpy_end(lines, place + 2)
            if about is not None:
                _numpy(lines[place + 2 : end], getattr(found, about))
        elif line.lower().removesuffix(":") in _LEFT and line.endswith(":"):
            end = _end(lines, place + 1)
        elif _SHOWS.match(line):
            end = max(_end(lines, place + 1), place + 1)
        elif line.lstrip().startswith(">>>"):
            end = place + 1
            while end < len(lines) and lines[end].strip():
                end += 1
        elif given is not None:
            end = _end(lines, place + 1)
            _sphinx(given, lines[place + 1 : end], found)
        else:
            found.words.append(_CITED.sub("", line))
            end = place + 1
        place = end
    return found


def meanings(
    found: Docstring,
    parameters: Collection[str],
    results: Collection[str],
    shapes: Mapping[str, Sequence[str]],
) -> Mapping[str, str]:
    """Return what a docstring says of these parameters and results, by name."""
    said = {n: w for n, w in found.parameters.items() if n in parameters}
    for name, parts in shapes.items():
        said |= dict.fromkeys(parts, found.parameters.get(name, ""))
    for name, words in found.results.items():
        if name in results:
            said[name] = words
        elif len(results) == 1 and len(found.results) == 1:
            (only,) = results
            # What stands before the meaning is a type, or a name that the function gives its result inside.
            said[only] = words
    return {name: _short(words) for name, words in said.items() if words.strip()}


def _short(words: str) -> str:
    """Return a meaning without the full stop of its one sentence."""
    words = "".join(c if c.isprintable() else " " for c in words)
    words = textwrap.shorten(words, _LONGEST, placeholder=" ...")
    return words[:-1] if words.endswith(".") and ". " not in words else words


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _end(lines: list[str], start: int) -> int:
    """Return where lines end that stand further in, empty ones among them apart."""
    end = place = start
    while place < len(lines) and (not lines[place].strip() or _depth(lines[place])):
        place += 1
        end = place if lines[place - 1].strip() else end
    return end


def _numpy_end(lines: list[str], start: int) -> int:
    """Return where a section of NumPy's ends: at the next underlined title."""
    for place in range(start, len(lines) - 1):
        if _UNDERLINE.match(lines[place + 1].strip()) and lines[place].strip():
            return place
    return len(lines)


def _google(lines: list[str], said: dict[str, str]) -> None:
    depth = min((_depth(line) for line in lines if line.strip()), default=0)
    names = [""]
    for line in lines:
        text = line.strip()
        head = _NAMED.match(text) if _depth(line) == depth else None
        if head is not None:
            names = [name.strip(" *") for name in head[1].split(",")]
            text = head[2] or ""
        for name in names:
            said[name] = f"{said.get(name, '')} {text}".strip()


def _numpy(lines: list[str], said: dict[str, str]) -> None:
    names = [""]
    for line in lines:
        head = _TYPED.match(line.strip()) if line.strip() and not _depth(line) else None
        if head is not None:
            names = [name.strip() for name in head[1].split(",")]
            said.update(dict.fromkeys(names, ""))
        else:
            for name in names:
                said[name] = f"{said.get(name, '')} {line.strip()}".strip()


def _sphinx(head: re.Match[str], lines: list[str], found: Docstring) -> None:
    words = " ".join([head[3], *(line.strip() for line in lines)])
    if head[1] in _PARAMETER and head[2]:
        found.parameters[head[2].split()[-1]] = words
    elif head[1] in ("return", "returns"):
        found.results[""] = words
    elif head[1] not in ("type", "rtype"):
        found.words += [head[0], *lines]


#: So many lines of examples are read, each of at most so many characters.
_EXAMPLES, _WIDEST = 100, 4_000


def calls(function: ast.FunctionDef) -> list[dict[str, ast.expr]]:
    """Return what the examples in a function's docstring call it with, call by call: by parameter, names for what a line above gives them."""
    text = re.sub(r"\n\s*\.\.\. ?", " ", ast.get_docstring(function) or "")
    lines = [line.partition(">>>")[2].strip() for line in text.split("\n") if ">>>" in line]  # fmt: skip
    params = [arg.arg for arg in function.args.args]
    found: list[dict[str, ast.expr]] = []
    names: dict[str, ast.expr] = {}
    for line in lines[:_EXAMPLES]:
        try:
            statements = parse_python(line).body if len(line) <= _WIDEST else []
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
        for node in statements:
            for call in filter(lambda each: isinstance(each, ast.Call), ast.walk(node)):
                assert isinstance(call, ast.Call)
                called = getattr(call.func, "id", None) or getattr(
                    call.func, "attr", ""
                )
                if called == function.name and not any(isinstance(a, ast.Starred) for a in call.args):  # fmt: skip
                    given = [*zip(params, call.args), *((str(k.arg), k.value) for k in call.keywords)]  # fmt: skip
                    found.append({n: names.get(getattr(v, "id", ""), v) for n, v in given})  # fmt: skip
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                names[node.targets[0].id] = node.value
    return found
