"""The text of a program in; its assignments, each with its comment and its place, out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from gradgen.errors import GradgenError, printable

_ASSIGNED = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")
_DEF = re.compile(r"\s*def\b\s*(\w*)")
_FOREIGN = re.compile(r"\s*function\s*\(")
_INPUTS = re.compile(r"\s*inputs\s*:")
_SPACES = str.maketrans("\t\n", "  ")
#: A comment, a mark that may end a statement or keep it open, or anything else.
_PART = re.compile(r"#[^\n]*|[\n;()\[\]]|[^#\n;()\[\]]+")


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

    @cached_property
    def declares(self) -> str:
        """The name of the function that it declares; empty where it declares none."""
        head = _DEF.match(self.text)
        if head is not None:
            return head[1] or "def"
        return self.name if _FOREIGN.match(self.text, self.expression) else ""

    @cached_property
    def lists(self) -> bool:
        """Whether it lists inputs."""
        return not self.name and _INPUTS.match(self.text) is not None

    def fail(self, message: str, column: int) -> GradgenError:
        """Return an error at a column of the statement."""
        return GradgenError(message, self.text, column, self.line)


#: A comment at the top with an empty line below says what the program is, as a docstring does.
_HEAD = re.compile(r"(?:[ \t]*#[^\n]*\n)+(?=[ \t]*\n\s*\S)")
_DOCSTRING = re.compile(r'\s*"""(.*?)"""[ \t]*(?=[\n;]|$)', re.DOTALL)


def plain_line_ends(source: str) -> str:
    r"""Return a text whose lines all end in \n, whichever system wrote it."""
    return source.replace("\r\n", "\n").replace("\r", "\n")


def split_docstring(source: str) -> tuple[str, str]:
    """Return the docstring that a program starts with, each paragraph on one line, and the rest, in which lines keep their numbers.

    Raises:
        GradgenError: the docstring holds a character that no text file shows.
    """
    source = plain_line_ends(source)
    match = _DOCSTRING.match(source) or _HEAD.match(source)
    if match is None:
        return "", source
    words = (
        match[1] if match.re is _DOCSTRING else re.sub(r"(?m)^[ \t]*#+", "", match[0])
    )
    words = words.replace('"""', "'''") if match.re is _HEAD else words
    paragraphs = re.split(r"\n[ \t]*\n", words)
    found = "\n\n".join(filter(None, (" ".join(p.split()) for p in paragraphs)))
    if not found and match.re is _DOCSTRING:
        raise GradgenError("the docstring is empty; leave it out")
    if not found:
        return "", source
    if not all(line.isprintable() for line in found.split("\n")):
        raise GradgenError("the docstring holds an invisible character")
    lines = source[: match.end()].count("\n")
    return found, "\n" * lines + source[match.end() :].removeprefix(";")


#: What an expression alone does not have; a comparison may have it, too.
_SEVERAL = re.compile(r"[=;#\n\r\":]|def\b|function")


def is_program(source: str) -> bool:
    """Whether a text is a program: several statements, one of them an assignment at least. One alone is a formula.

    What has a docstring, a function, or a comment beside its one statement is a program, too.
    """
    if not _SEVERAL.search(source):
        return False
    if split_docstring(source)[0]:
        return True
    found = statements(source)  # of which one tells in most programs
    first, second = next(found, None), next(found, None)
    if first is None or second is None:
        return first is not None and bool(first.comment or first.declares)
    several = chain((first, second), found)
    return any(s.name or s.declares or s.lists for s in several)


def one_assignment(source: str) -> tuple[str, str] | None:
    """Return the name and the expression of a text that is one assignment alone, without a comment."""
    if not _SEVERAL.search(source) or is_program(source):
        return None
    found = list(statements(source))
    if len(found) != 1 or not found[0].name:
        return None
    return found[0].name, found[0].text[found[0].expression :].strip()


def statements(source: str) -> Iterator[Statement]:
    """Split a program at line ends and semicolons, but not inside brackets; yield the statements.

    Raises:
        GradgenError: a comment holds a character that no text file shows.
    """
    comments: list[str] = []
    for line, text, comment in _pieces(plain_line_ends(source)):
        if comment and not comment.isprintable():
            said = "a comment holds an invisible character"
            raise GradgenError(said, line=line)
        if comment:
            comments.append(comment)
        if text:
            match = _ASSIGNED.match(text)
            yield Statement(
                line,
                text,
                match.group(1) if match else "",
                match.end() if match else 0,
                "; ".join(comments),
            )
            comments = []


def _pieces(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield each statement's first line, its text without line ends, and its comment."""
    line, depth, start = 1, 0, 1
    text: list[str] = []
    comments: list[str] = []
    first = last = ""  # of the text, what is more than space
    for match in _PART.finditer(source + "\n"):
        part = match.group()
        if part.startswith("#"):
            comments.append(" ".join(part.lstrip("#").split()))
            continue
        ends_line = part == "\n"
        depth += (part in ("(", "[")) - (part in (")", "]"))
        # The body of a function may stand on the next line.
        goes_on = last.endswith(":") and _DEF.match(first) is not None
        if part in "\n;" and depth <= 0 and not (ends_line and goes_on):
            yield start, "".join(text).strip(" "), " ".join(filter(None, comments))
            text, comments = [], []
            first = last = ""
            depth = 0
        else:
            part = part.translate(_SPACES)
            text.append(part)
            last = part.strip(" ") or last
            first = first or last
        line += ends_line
        if not first:
            start = line
    if first:  # a bracket is never closed
        yield start, "".join(text).strip(" "), " ".join(filter(None, comments))


@dataclass(frozen=True)
class Listing:
    """Inputs that a program lists together.

    Attributes:
        statement: where.
        names: their names.
        meaning: what is said of them.
    """

    statement: Statement
    names: tuple[str, ...]
    meaning: str


def split_inputs(listed: list[Statement]) -> tuple[list[Listing], list[Statement]]:
    """Return what statements list as inputs, and the others. A list goes on in the next line behind a comma.

    Raises:
        GradgenError: a list holds something else than names.
    """
    found: list[Listing] = []
    others: list[Statement] = []
    goes_on = False
    for statement in listed:
        if not (statement.lists or goes_on):
            others.append(statement)
            continue
        text = statement.text
        text = _INPUTS.sub("", text, count=1) if statement.lists else text
        goes_on = text.rstrip().endswith(",")
        names = [name.strip() for name in text.rstrip(" ,").split(",")]
        if not all(name.isidentifier() for name in names):
            raise statement.fail(
                "inputs are listed by their names alone, as in `inputs: t, k  # time [s]`",
                len(statement.text) - len(text.lstrip()),
            )
        found.append(Listing(statement, tuple(names), statement.comment))
    return found, others


#: A name with what may follow it; `1e3` has none.
_WORD = re.compile(r"(?<![\w.])([^\W\d]\w*)\s*(\(?)")


def in_order(listed: list[Statement]) -> list[Statement]:
    """Return the statements so that definitions stand before their use, where a program gives its result first.

    A program whose one expression stands before definitions, as other tools write them, is put in order by need; so is one
    that gives that expression a name, if it needs all that follow. Any other is left as it is.

    Raises:
        GradgenError: definitions need each other, or one behind the result is not needed for it.
    """
    results = [i for i, s in enumerate(listed) if not s.name and not s.declares]
    named = {_plain(s.declares or s.name): i for i, s in enumerate(listed)}
    if not results:
        results = _ahead(listed, named)
    if len(results) != 1 or results[0] == len(listed) - 1:
        return listed
    order: dict[int, None] = {}
    begun: set[int] = set()
    for root in range(results[0] + 1):
        todo = [] if root in begun else [(root, _needs(listed, root, named))]
        begun.add(root)
        while todo:
            place, needs = todo[-1]
            needed = next(needs, None)
            if needed is None:
                todo.pop()
                order[place] = None
            elif needed not in begun:
                begun.add(needed)
                todo.append((needed, _needs(listed, needed, named)))
            elif needed not in order:
                again = listed[needed]
                name = again.declares or again.name
                raise again.fail(f"`{name}` is needed for its own value", 0)
    if len(order) < len(listed) and listed[results[0]].name:
        return listed
    if len(order) < len(listed):
        raise listed[results[0]].fail(
            "a statement is written `name = expression`; only the last may be an expression alone, "
            "or the first, if it needs all that follow",
            0,
        )
    return [listed[place] for place in order]


def _ahead(listed: list[Statement], named: dict[str, int]) -> list[int]:
    """Return the first statement that reads what a later one assigns, if there is one."""
    for place in range(len(listed)):
        if any(needed > place for needed in _needs(listed, place, named)):
            return [place]
    return []


def _needs(listed: list[Statement], place: int, named: dict[str, int]) -> Iterator[int]:
    """Yield the statements whose names a statement reads."""
    statement = listed[place]
    own = set()
    start = statement.expression
    if statement.declares and not statement.name:
        start = statement.text.find(")")
        own = set(_plain(statement.text[:start]).replace("(", " ").split())
        own = {word.strip(",:") for word in own}
    for word, called in _WORD.findall(_plain(statement.text[start:])):
        needed = named.get(word)
        if needed is None or word in own:
            continue
        # What is called is a function, even where a value has its name.
        if not called or listed[needed].declares:
            yield needed


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def canonical(items: list[tuple[str, str, str]], docstring: str = "") -> str:
    """Return a program's text as a recipe holds it: one assignment a line, its comment behind it."""
    lines = [f'"""{docstring}"""'] if docstring else []
    for name, expression, comment in items:
        line = f"{name} = {expression}" if name else expression
        lines.append(f"{line}  # {printable(comment)}" if comment else line)
    return "\n".join(lines)
