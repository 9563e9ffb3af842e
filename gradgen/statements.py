"""The text of a program in; its assignments, each with its comment and its place, out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gradgen.errors import GradgenError, printable

_ASSIGNED = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes:
        line: the number of the line that it starts in.
        text: the statement on one line, without its comment.
        name: the name that it assigns to; empty for an expression.
        expression: where in the text its expression starts.
        comment: what was written beside or above it.
    """

    line: int
    text: str
    name: str
    expression: int
    comment: str

    def fail(self, message: str, column: int) -> GradgenError:
        """Return an error at a column of the statement."""
        return GradgenError(f"line {self.line}: {message}", self.text, column)


#: A comment at the top with an empty line below says what the program is, as a docstring does.
_HEAD = re.compile(r"(?:[ \t]*#[^\n]*\n)+(?=[ \t\r]*\n\s*\S)")
_DOCSTRING = re.compile(r'\s*"""(.*?)"""[ \t\r]*(?=[\n;]|$)', re.DOTALL)


def split_docstring(source: str) -> tuple[str, str]:
    """Return the docstring that a program starts with, each paragraph on one line, and the rest, in which lines keep their numbers.

    Raises:
        GradgenError: the docstring holds a character that no text file shows.
    """
    match = _DOCSTRING.match(source) or _HEAD.match(source)
    if match is None:
        return "", source
    words = (
        match[1] if match.re is _DOCSTRING else re.sub(r"(?m)^[ \t]*#+", "", match[0])
    )
    words = words.replace('"""', "'''") if match.re is _HEAD else words
    paragraphs = re.split(r"\n[ \t\r]*\n", words)
    found = "\n\n".join(filter(None, (" ".join(p.split()) for p in paragraphs)))
    if not found and match.re is _DOCSTRING:
        raise GradgenError("the docstring is empty; leave it out")
    if not found:
        return "", source
    if not all(line.isprintable() for line in found.split("\n")):
        raise GradgenError("the docstring holds an invisible character")
    lines = source[: match.end()].count("\n")
    return found, "\n" * lines + source[match.end() :].removeprefix(";")


def is_program(source: str) -> bool:
    """Whether a text is a program: several statements, one of them an assignment at least. One alone is a formula.

    What has a docstring, a function, or a comment beside its one assignment is a program, too.
    """
    if split_docstring(source)[0]:
        return True
    if not re.search(r"[\n;].*=|=.*[\n;#]|\bdef\b", source, re.DOTALL):
        return False
    found = list(statements(source))
    if any(statement.text.startswith("def ") for statement in found):
        return True
    assigned = [statement for statement in found if statement.name]
    return bool(assigned) and (len(found) > 1 or assigned[0].comment != "")


def one_assignment(source: str) -> tuple[str, str] | None:
    """Return the name and the expression of a text that is one assignment alone, without a comment."""
    if split_docstring(source)[0]:
        return None
    found = list(statements(source))
    if len(found) != 1 or not found[0].name or found[0].comment:
        return None
    return found[0].name, found[0].text[found[0].expression :].strip()


def statements(source: str) -> Iterator[Statement]:
    """Split a program at line ends and semicolons, but not inside brackets; yield the statements.

    Raises:
        GradgenError: a comment holds a character that no text file shows.
    """
    comments: list[str] = []
    for line, text, comment in _pieces(source):
        if comment and not comment.isprintable():
            raise GradgenError(f"line {line}: a comment holds an invisible character")
        if comment:
            comments.append(comment)
        if text.strip():
            match = _ASSIGNED.match(text)
            yield Statement(
                line,
                text,
                match.group(1) if match else "",
                match.end() if match else 0,
                "; ".join(comments),
            )
        if text.strip():
            comments = []


def _pieces(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield each statement's first line, its text without line ends, and its comment."""
    line, depth = 1, 0
    start, text, comment = 1, "", ""
    open_def = ""
    for part in re.findall(r"#[^\n]*|[\n;()\[\]]|[^#\n;()\[\]]+", source + "\n"):
        if part.startswith("#"):
            words = " ".join(part.lstrip("#").split())
            comment = f"{comment} {words}".strip()
            continue
        depth += (part in ("(", "[")) - (part in (")", "]"))
        if part == "\n" and depth <= 0 and text and text == open_def:
            pass
        elif part == "\n" and depth <= 0 and re.match(r"\s*def\b.*:\s*$", text):
            text += " "  # the body may stand on the next line
            open_def = text
        elif part in "\n;" and depth <= 0:
            yield start, text.strip(" \t\r"), comment
            text = comment = ""
            depth = 0
        else:
            text += part if part != "\n" else " "
        line += part == "\n"
        if not text.strip():
            start = line


def canonical(items: list[tuple[str, str, str]], docstring: str = "") -> str:
    """Return a program's text as a recipe holds it: one assignment a line, its comment behind it."""
    lines = [f'"""{docstring}"""'] if docstring else []
    for name, expression, comment in items:
        line = f"{name} = {expression}" if name else expression
        lines.append(f"{line}  # {printable(comment)}" if comment else line)
    return "\n".join(lines)
