"""The text of a Python module in; the same in black's form out."""

from __future__ import annotations

import keyword
import re
import threading
from functools import lru_cache

from gradgen.write.python.breaking import broken, width

_WIDTH = 88
#: Black does not load in two threads at once.
_BLACK = threading.Lock()


def black_python(text: str) -> str:
    """Return Python text in black's form, with a fixed mode: never the settings of the project around it."""
    with _BLACK:
        import black
        from black.mode import TargetVersion

        mode = black.Mode(target_versions={TargetVersion.PY310}, line_length=_WIDTH)
        return black.format_str(text, mode=mode)


def layout_python(text: str) -> str:
    """Return the built-in template's text in black's form.

    The template writes that form already; black itself only breaks the statements with a line that is too long. It treats each
    on its own, so the result is the same as for the whole text, and large modules take seconds instead of minutes.
    """
    _, _, rest = text.partition('\n"""\n')
    if (
        rest
        and text.isascii()
        and not (_is_broken(rest) or any(end in text for end in _ENDS))
    ):
        return text.rstrip("\n") + "\n"
    lines: list[str] = []
    statement: list[str] = []
    quoted = False
    depth = 0
    for line in text.splitlines():
        if _is_plain(line):
            (statement or lines).append(line)  # nothing to break, open or close
            continue
        if not statement and (quoted or line.lstrip().startswith(("#", '"""'))):
            quoted ^= line.count('"""') == 1
            lines.append(line)
            continue
        statement.append(line)
        code = line.partition("  #")[0]
        count = code.count
        depth += count("(") + count("[") - count(")") - count("]")
        if depth <= 0:
            # A name in a list of one a line may be as long as it is.
            long = (one for one in statement if not one.endswith(","))
            whole = "\n".join(statement)
            # A power of more than a name has spaces around its sign, which templates of operations leave out.
            other = max(map(width, long)) > _WIDTH or ")**" in whole
            other |= _ALONE.search(whole) is not None
            other &= not whole.endswith(_LEFT)
            lines.append(_break(whole) if other else whole)
            statement, depth = [], 0
    return "\n".join([*lines, *statement]).rstrip("\n") + "\n"


def _is_broken(text: str) -> bool:
    """Whether there may be anything to break, or to write otherwise, in statements."""
    long = max(map(len, text.split("\n"))) > _WIDTH
    return long or ")**" in text or _ALONE.search(text) is not None


def _is_plain(line: str) -> bool:
    """Whether a line is short, and neither opens nor closes anything."""
    if len(line) > _WIDTH or not line.isascii() or '"' in line or ")**" in line:
        return False
    if "#" in line and not line.startswith("    # "):
        return False
    if line.count("(") != line.count(")"):
        return "#" in line
    return not ("[" in line or "]" in line or "{" in line or "}" in line)


#: One value on lines of its own: black has it on one line wherever that is short.
_ALONE = re.compile(r"\(\n[^\n]*,\n *\)")
#: What stands behind a statement that black leaves as it is.
_LEFT = "  # fmt: skip"
#: Ends of lines that are none to Python.
_ENDS = "\r\x0b\x0c\x1c\x1d\x1e"
_WORD = re.compile(r"(?<![\w.])([^\W\d]\w*|[0-9][\w.]*(?:(?<=e)[+-][0-9]+)?)")
#: Text of letters that take one column each, and two each; there are others.
_KNOWN = re.compile(
    r"[\x20-\x7e\xa1-\xac\xae-\u02ff\u0370-\u0377\u037a-\u0482\u048a-\u052f"
    r"\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]*"
)


def _break(statement: str) -> str:
    """Return one statement, or the head of a function, as black breaks it."""
    depth = _depth(statement)
    if depth and _KNOWN.fullmatch(statement):
        code, mark, comment = statement.lstrip().partition("  #")
        pieces = _WORD.split(code)  # every second one is a word
        words = [word for word in pieces[1::2] if word not in _SIGNS]
        pieces[1::2] = map(_kind, pieces[1::2])
        found = broken("".join(pieces), words, mark[2:] + comment, depth)
        if found is not None:
            return found
    if not statement.isascii():
        return _black_break(statement)
    # Black looks at the widths of names and numbers, not at their letters: statements of one shape are broken once.
    pieces = _WORD.split(statement)
    words = pieces[1::2]
    pieces[1::2] = map(_masked, words)
    shape = [*_shape("".join(pieces))]
    shape[1::2] = words
    return "".join(shape)


#: Words that are no names.
_SIGNS = frozenset(("if", "else", "and", "or", "not"))


def _kind(word: str) -> str:
    """Return what stands for a word in a shape."""
    return word if word in _SIGNS else "1" if word[0].isdigit() else "x"


@lru_cache(maxsize=4096)
def _masked(word: str) -> str:
    """Return a word of the same kind and width."""
    if keyword.iskeyword(word):
        return word
    return re.sub(r"[0-9]", "1", word) if word[0].isdigit() else "X" * len(word)


@lru_cache(maxsize=1024)
def _shape(statement: str) -> tuple[str, ...]:
    """Return the pieces of a statement as black breaks it: every second one is a word."""
    return tuple(_WORD.split(_black_break(statement)))


def _black_break(statement: str) -> str:
    if not statement.startswith((" ", "def ")):
        return black_python(statement).rstrip("\n")
    if statement.startswith("def "):
        return black_python(f"{statement}\n    pass\n").removesuffix("\n    pass\n")
    if statement.lstrip().startswith("elif "):
        other = statement.replace("elif ", "if ", 1)
        return _black_break(other).replace("if ", "elif ", 1)  # one column is left
    heads = ["def f():", *(f"{'    ' * i}if x:" for i in range(1, _depth(statement)))]
    before = "".join(f"{head}\n" for head in heads)
    after = ""
    if statement.endswith(":"):
        after = f"\n{'    ' * (_depth(statement) + 1)}pass"
    found = black_python(f"{before}{statement}{after}\n").removeprefix(before)
    return found.rstrip("\n").removesuffix(after)


def _depth(statement: str) -> int:
    """Return how far a statement is indented."""
    return (len(statement) - len(statement.lstrip(" "))) // 4
