"""Names that Python and generated modules keep for themselves."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence

from gradgen.core.table import ROWS

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

NAMES = frozenset(
    "math forward backward cache Cache NamedTuple _ float tuple abs max min round".split()  # noqa: SIM905
)

#: What a tuple has by itself.
_METHODS = ("count", "index")

#: Names that a function of another module cannot have in a generated one.
_KEPT = BUILTINS | NAMES | {"special"}


#: Helpers that are called otherwise than a row of the table.
_HELPERS = frozenset(
    [
        "log_cosh",
        "log_softplus",
        "log_erfc",
        "log_beta",
        "exp_erfc",
        "exprel",
        "divide",
        "floor_divide",
        "modulo",
        "power",
        "maximum",
        "minimum",
    ]
)


def is_kept(name: str) -> bool:
    """Whether a generated module may need a name for itself, if it is no name of a value."""
    helper = name.removeprefix("_").removesuffix("_anywhere")
    return name in _KEPT or (name[0] == "_" and (helper in ROWS or helper in _HELPERS))


def fields_of(names: Sequence[str]) -> Iterator[str]:
    """Yield what the parts of a namedtuple are called: as their values, where it takes that name."""
    taken = {*names}
    for name in names:
        field = name
        if name[0] == "_" or name in _METHODS:
            field = f"cached_{name.lstrip('_')}"
            while field in taken:
                field += "_"
            taken.add(field)
        yield field


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
        if whole or is_kept(local) or local.startswith("_"):
            local = dotted.replace(".", "_")
        while taken.setdefault(local, dotted) != dotted:
            local += "_"
        found.append(local)
    return tuple(found)
