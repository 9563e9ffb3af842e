"""One row per output target: its spelling, template folder, reserved names and layout."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from dataclasses import dataclass

from gradgen.ops import OPS
from gradgen.spell import Spelling


def layout_python(text: str) -> str:
    """Lay Python text out in black's form, with a fixed mode: never the settings of the project around it."""
    import black
    from black.mode import TargetVersion

    return black.format_str(text, mode=black.Mode(target_versions={TargetVersion.PY310}, line_length=88))


@dataclass(frozen=True)
class Target:
    """An output language.

    Attributes:
        name: what the user calls it.
        folder: its folder of templates.
        spelling: how it writes expressions.
        library: the module its functions come from, imported where it is used.
        reserved: names that the generated module itself uses.
        avoided: further names that no stage may take.
        layout: text to text in the language's accepted form.
    """

    name: str
    folder: str
    spelling: Spelling
    library: str
    reserved: frozenset[str]
    avoided: frozenset[str]
    layout: Callable[[str], str]


#: Python's builtins in lower case, spelled out so that the output does not depend on the Python that runs gradgen.
BUILTINS = frozenset("""
    abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex
    copyright credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr
    globals hasattr hash help hex id input int isinstance issubclass iter len license list locals map max
    memoryview min next object oct open ord pow print property quit range repr reversed round set setattr slice
    sorted staticmethod str sum super tuple type vars zip
    """.split())  # noqa: SIM905 - a list of eighty words reads better as words

_HELPERS = frozenset(f"_{helper}" for row in OPS.values() for helper in row.helpers)

PYTHON = Target(
    name="python",
    folder="python",
    spelling=Spelling("python", False, {"pi": "math.pi", "e": "math.e"}),
    library="math",
    reserved=frozenset({"math", "forward", "backward", "cache", "float", "tuple", "abs", "max", "min"}) | _HELPERS,
    avoided=frozenset(keyword.kwlist) | BUILTINS,
    layout=layout_python,
)

TARGETS = {target.name: target for target in (PYTHON,)}
