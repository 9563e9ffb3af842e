"""What a module's lines call of the user's modules in; the lines that import that out."""

from __future__ import annotations

from collections.abc import Container, Mapping

from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.write.target import Target


def used_imports(
    program: Program, called: Container[str], target: Target
) -> dict[str, dict[str, str]]:
    """Return what a module's lines call of other modules: by module, the names here with the names there.

    Args:
        program: the program.
        called: the operations that its lines call by their own names.
        target: the output language.

    Raises:
        GradgenError: it is a language that cannot call them.
    """
    found: dict[str, dict[str, str]] = {}
    for row in program.rows.values():
        for module, name, local in row.imports:
            # A slope that nobody asks for is not imported.
            if row.foreign and local in called:
                found.setdefault(module, {})[local] = name
    modules = {m: dict(sorted(found[m].items())) for m in sorted(found)}
    for module, names in modules.items():
        if not target.is_python or target.frames:
            name = f"{module}.{next(iter(names.values()))}"
            raise GradgenError(
                f"{name} is a Python function, which a module in {target.name} cannot call"
            )
    return modules


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
