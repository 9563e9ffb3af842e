"""What a module's lines call of the user's modules in; the lines that import that out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gradgen.core.program import Program


def used_imports(program: Program, said: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return what a module's lines call of other modules: by module, the names here with the names there.

    Args:
        program: the program.
        said: the literal parts of its lines.
    """
    called = {text.rstrip("(") for text in said}
    found: dict[str, dict[str, str]] = {}
    for row in program.rows.values():
        for module, name, local in row.imports:
            # A slope that nobody asks for is not imported.
            if row.foreign and local in called:
                found.setdefault(module, {})[local] = name
    return {module: dict(sorted(found[module].items())) for module in sorted(found)}


def import_lines(modules: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the lines that import them."""
    return [
        f"from {module} import "
        + ", ".join(
            name if name == local else f"{name} as {local}"
            for local, name in names.items()
        )
        for module, names in modules.items()
    ]
