"""One row per output target: its spelling, template folder, reserved names and layout."""

from __future__ import annotations

import keyword
import re
import threading
import unicodedata
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from gradgen.write.language import Language
from gradgen.write.languages import python

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
    lines: list[str] = []
    statement: list[str] = []
    quoted = False
    depth = 0
    for line in text.splitlines():
        if not statement and (quoted or line.lstrip().startswith(("#", '"""'))):
            quoted ^= line.count('"""') == 1
            lines.append(line)
            continue
        statement.append(line)
        code = line.partition("  #")[0]
        depth += sum(map(code.count, "([{")) - sum(map(code.count, ")]}"))
        if depth <= 0:
            # A name in a list of one a line may be as long as it is.
            long = (one for one in statement if not one.endswith(","))
            whole = "\n".join(statement)
            # A power of more than a name has spaces around its sign, which templates of operations leave out.
            other = max(map(_width, long)) > _WIDTH or ")**" in whole
            other |= _ALONE.search(whole) is not None
            lines.append(_break(whole) if other else whole)
            statement, depth = [], 0
    return "\n".join([*lines, *statement]).rstrip("\n") + "\n"


#: One value on lines of its own: black has it on one line wherever that is short.
_ALONE = re.compile(r"\(\n[^\n]*,\n *\)")
_WORD = re.compile(r"(?<![\w.])(?:[A-Za-z_]\w*|[0-9][\w.]*(?:(?<=e)[+-][0-9]+)?)")


def _break(statement: str) -> str:
    """Return one statement, or the head of a function, as black breaks it.

    Black looks at the widths of names and numbers, not at their letters: statements of one shape are broken once.
    """
    if not statement.isascii():
        return _black_break(statement)
    words = iter(_WORD.findall(statement))
    masked = _WORD.sub(lambda word: _masked(word.group()), statement)
    return _WORD.sub(lambda _: next(words), _black_break(masked))


def _masked(word: str) -> str:
    """Return a word of the same kind and width."""
    if keyword.iskeyword(word):
        return word
    return re.sub(r"[0-9]", "1", word) if word[0].isdigit() else "X" * len(word)


@lru_cache(maxsize=1024)
def _black_break(statement: str) -> str:
    if statement.startswith("from "):
        return black_python(statement).rstrip("\n")
    if statement.startswith("def "):
        return black_python(f"{statement}\n    pass\n").removesuffix("\n    pass\n")
    return (
        black_python(f"def f():\n{statement}\n").removeprefix("def f():\n").rstrip("\n")
    )


def _width(line: str) -> int:
    """Return the columns that a line takes: wide characters take two."""
    return (
        len(line)
        if line.isascii()
        else sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
    )


@dataclass(frozen=True)
class Target:
    """An output language.

    Attributes:
        name: what the user calls it.
        folder: its folder of templates.
        language: how it writes expressions.
        imports: the import lines, each with the name that it brings in; only those in use are written.
        needs: what a user has to install to run its modules.
        reserved: names that the generated module itself uses.
        avoided: further names that no stage may take.
        layout: the built-in templates' text to text in the language's accepted form.
        layout_any: the same for any text, as from templates of the user's.
    """

    name: str
    folder: str
    language: Language
    imports: tuple[tuple[str, str], ...]
    needs: str
    reserved: frozenset[str]
    avoided: frozenset[str]
    layout: Callable[[str], str]
    layout_any: Callable[[str], str]
    precise: bool = False
    ieee: bool = False
    strict: bool = False


#: Python's builtins, spelled out so that the output does not depend on the Python that runs gradgen.
BUILTINS = frozenset("""
    abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex
    copyright credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr
    globals hasattr hash help hex id input int isinstance issubclass iter len license list locals map max
    memoryview min next object oct open ord pow print property quit range repr reversed round set setattr slice
    sorted staticmethod str sum super tuple type vars zip
    ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError
    BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError
    ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning EnvironmentError Exception
    ExceptionGroup FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError
    ImportError ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError
    KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotADirectoryError NotImplemented
    NotImplementedError OSError OverflowError PendingDeprecationWarning PermissionError ProcessLookupError
    PythonFinalizationError RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning
    StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError
    TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError
    UnicodeWarning UserWarning ValueError Warning ZeroDivisionError
    """.split())  # noqa: SIM905 - a list of eighty words reads better as words

_NAMES = frozenset(
    "math forward backward cache _ float tuple abs max min round".split()  # noqa: SIM905
)
PYTHON = Target(
    name="python",
    folder="python",
    language=python.PYTHON,
    imports=(("math", "import math"),),
    needs="",
    reserved=_NAMES | python.HELPERS,
    avoided=frozenset(keyword.kwlist) | BUILTINS,
    layout=layout_python,
    layout_any=black_python,
)

#: The same with SciPy's special functions, for what the standard library lacks.
SCIPY = replace(
    PYTHON,
    name="scipy",
    language=python.SCIPY,
    imports=(*PYTHON.imports, ("special", "from scipy import special")),
    needs="scipy",
    reserved=PYTHON.reserved | {"special"},
)

TARGETS = {target.name: target for target in (PYTHON, SCIPY)}


#: Names that a function of another module cannot have in the generated one.
_KEPT = BUILTINS.union(*(target.reserved for target in TARGETS.values()))


def local_names(
    callables: Sequence[str], taken: MutableMapping[str, str]
) -> tuple[str, ...]:
    """Return what the module calls functions of other modules: the last parts of their names, or all of these where one is taken.

    Args:
        callables: the dotted names.
        taken: what it calls others, with their dotted names; the new ones are added.
    """
    lasts = [dotted.rpartition(".")[2] for dotted in callables]
    whole = len({*zip(lasts, callables)}) > len({*lasts})
    whole |= any(taken.get(*pair) != pair[1] for pair in zip(lasts, callables))
    found = []
    for last, dotted in zip(lasts, callables):
        local = last
        if whole or local in _KEPT or local.startswith("_"):
            local = dotted.replace(".", "_")
        while taken.setdefault(local, dotted) != dotted:
            local += "_"
        found.append(local)
    return tuple(found)
