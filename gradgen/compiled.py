"""What a formula compiles to: the module's text, and the module itself, which runs, explains itself and goes into a file."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.files import artifact
from gradgen.files.recipe import Recipe
from gradgen.loading import load
from gradgen.passes.constants import constants_in
from gradgen.passes.cost import Cost
from gradgen.prove.running import check_same
from gradgen.read.formula import check_identifier
from gradgen.running import load_by_kind, release
from gradgen.shown import Shown
from gradgen.targets import TARGETS, target_for
from gradgen.trace import Trace
from gradgen.write.arrays.handed import signatures_over_rows
from gradgen.write.frames.parts import signatures_of_frames
from gradgen.write.module import (
    MAX_WRITTEN,
    parameters,
    render,
    upstream_parameters,
    with_named_tuple,
)
from gradgen.write.python.imports import import_lines
from gradgen.write.sql.parts import parts_of
from gradgen.write.target import Skeleton, Target
from gradgen.write.templates import helpers

if TYPE_CHECKING:
    from gradgen.native import Native

#: A module of more characters takes long to load.
_LARGE = 200_000


def check_text(
    text: str,
    program: Program,
    target: Target,
    extras: Sequence[str],
    defaults: Mapping[str, float],
    modules: Mapping[str, Mapping[str, str]],
    cache: str,
) -> None:
    """Prove that a module's text is no more than a generated module may be."""
    signatures: Mapping[str, Sequence[str]]
    if target.query:
        signatures = parts_of(program, target)
    elif target.frames:
        signatures = signatures_of_frames(program, target, defaults)
    elif target.rows and not target.is_python:
        signatures = signatures_over_rows(program, target, extras)
    else:
        given = parameters(program, target, defaults)
        upstream = upstream_parameters(program, target)
        order = [n for n in ("jacobian", "value_and_grad") if n in extras]
        signatures = {"forward": given, "backward": (cache, *upstream)}
        signatures |= dict.fromkeys(order, given)
    imports = tuple(line for _, line in target.imports)
    own = tuple(import_lines(modules))
    if target.named:
        imports = (*with_named_tuple(imports),)
    constants = (*constants_in(program),)
    parts = imports, helpers(target), signatures, own, constants, target.above
    target.check(text, Skeleton(*parts))


def _added(compiled: Compiled, name: str) -> Callable[..., Any]:
    """Return a function of a module that was made without it."""
    program, recipe = compiled.program, compiled.recipe
    target, defaults = target_for(recipe), dict(recipe.defaults)
    limit = MAX_WRITTEN if recipe.source else None
    made = render(program, target, "", extras=(name,), defaults=defaults, limit=limit)
    check_text(made.text, program, target, (name,), defaults, made.imports, made.cache)
    function = cast(Callable[..., Any], getattr(load(made.text), name))
    check_same(compiled, name, function)
    return function


def _of_numbers(recipe: Recipe, what: str) -> None:
    """Refuse what functions of frames have none of."""
    if TARGETS[recipe.target].frames:
        raise GradgenError(f"a module of frames has no {what}: call its forward or value_and_grad with a frame")  # fmt: skip


@dataclass(frozen=True, repr=False)
class Compiled(Shown):
    """A compiled formula.

    Attributes:
        source: the module's text.
        program: the staged program with its backward lines and names.
        recipe: the formula and the options it was made from.
        cost: the operations of `forward` and `backward`.
        notes: what the reader should know, one sentence each.
        imports: what the module imports of the user's modules: by module, the names here with those there.
        unproven: why the module was not compared with what was read, where that was tried in vain.
        followed: the modules of the user's that a Python function was read from, beside its own.
    """

    source: str
    program: Program
    recipe: Recipe
    cost: Cost
    notes: tuple[str, ...] = ()
    unproven: str = ""
    imports: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    followed: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs: what is made of it where it is asked for is left out."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def __repr__(self) -> str:
        """The signature and the formula."""
        names = self.program.names
        result = ", ".join(names[value] for _, value in self.program.outputs)
        inputs = ", ".join(names[value] for value in self.program.signature)
        return f"<gradgen {result}({inputs}) = {self.recipe.source or '...'}>"

    @cached_property
    def module(self) -> types.ModuleType:
        """The module, loaded in memory; its tracebacks show the generated lines.

        Raises:
            GradgenError: it is in another language than Python.
        """
        self._runs("run here")
        return load(self.source)

    def runner(self) -> types.ModuleType:
        """Return the module for a few calls: a large one is run line by line, as Python takes long to compile it.

        Raises:
            GradgenError: it is in another language than Python.
        """
        large = len(self.source) > _LARGE and not self.recipe.custom_templates
        self._runs("run here")
        return load_by_kind(self.source) if large else self.module

    @staticmethod
    def release(runner: types.ModuleType) -> None:
        """Let go of a module for a few calls, which have been made."""
        release(runner)

    def _runs(self, what: str, at_a_point: bool = False) -> None:
        if not TARGETS[self.recipe.target].is_python:
            raise GradgenError(
                f"a module in {self.recipe.target} cannot be {what}; compile it for Python as well, where it can"
            )
        over = self.recipe.rows or TARGETS[self.recipe.target].frames
        if at_a_point and over:
            raise GradgenError(f"a module over rows is of no single point and cannot be {what}; verify compares a few rows")  # fmt: skip

    @property
    def forward(self) -> Callable[..., tuple[Any, tuple[float, ...]]]:
        """The module's `forward(*inputs)`: the value, or a tuple of several, and the cache."""
        return cast(Callable[..., tuple[Any, tuple[float, ...]]], self.module.forward)

    @property
    def backward(self) -> Callable[..., tuple[float, ...]]:
        """The module's `backward(cache, upstream=1.0)`: one gradient per input asked for."""
        _of_numbers(self.recipe, "backward")
        return cast(Callable[..., tuple[float, ...]], self.module.backward)

    def __call__(self, *inputs: float, **named: float) -> Any:
        """Return the value at `inputs`, given in order or by name; of several outputs, a tuple."""
        _of_numbers(self.recipe, "value at a point")
        return self.forward(*inputs, **named)[0]

    @cached_property
    def value_and_grad(self) -> Callable[..., tuple[float, tuple[float, ...]]]:
        """The function that returns the value at inputs, given in order or by name, and its gradient.

        Raises:
            GradgenError: there are several outputs.
        """
        if TARGETS[self.recipe.target].frames:
            return cast(Callable[..., Any], self.module.value_and_grad)
        if len(self.program.outputs) > 1:
            raise GradgenError(
                "there are several outputs; call jacobian for all their gradients"
            )
        return self._function("value_and_grad")

    @cached_property
    def jacobian(self) -> Callable[..., tuple[tuple[float, ...], ...]]:
        """The function that returns the gradients of all outputs at inputs: one row for each, columns in the order of `wrt`."""
        _of_numbers(self.recipe, "jacobian")
        return self._function("jacobian")

    def _function(self, name: str) -> Callable[..., Any]:
        """Return a function of the module's own, or of the same module made with it."""
        if name in self.recipe.with_:
            return cast(Callable[..., Any], getattr(self.module, name))
        self._runs("run here")
        return _added(self, name)

    def trace(
        self, *inputs: float, output: int = 0
    ) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """Return every value, and every gradient of one output, by name.

        Raises:
            GradgenError: the module is in another language than Python, or an input has no value.
            ArithmeticError, ValueError: as the module raises.
        """
        given = {**dict(self.recipe.defaults), **dict(zip(self.program.inputs, inputs))}
        if {*given} != {*self.program.inputs} or len(inputs) > len(given):
            raise GradgenError(
                f"there are {len(inputs)} values for the inputs {', '.join(self.program.inputs) or '(none)'}"
            )
        values = self.tracer.forward(given)
        return values, self.tracer.backward(values, output)

    @cached_property
    def tracer(self) -> Trace:
        """What runs the module's lines one by one."""
        self._runs("traced", at_a_point=True)
        own = self.imports or self.recipe.custom_templates
        functions = vars(self.module) if own else None
        return Trace(self.program, target_for(self.recipe), functions)

    def native(self, threads: int | None = None) -> Native:
        """Return the formula over NumPy's arrays, compiled for this machine by its C compiler.

        Args:
            threads: how many threads a call has at most; by default as many as there are processors.

        Raises:
            GradgenError: there is no C compiler, or it fails; or C lacks a function.
        """
        from gradgen.native import native

        return native(self, threads)

    def over(
        self,
        arrays: Sequence[Any] | Mapping[str, Any],
        chunk: int = 16_384,
        out: Any = None,
    ) -> tuple[Any, tuple[Any, ...]]:
        """Return the value and the gradient over long arrays, of a module for NumPy, chunk by chunk in the processor's cache.

        Args:
            arrays: the inputs, in order or by name: arrays of one shape, and numbers, whose gradients are summed.
            chunk: so many rows are worked on at once.
            out: what an earlier call for inputs of these shapes returned: its arrays are written anew and returned, which saves new memory.

        Raises:
            GradgenError: the formula is for another target or has several results, or the inputs or `out` are others.
        """
        from gradgen.over import over

        return over(self, arrays, chunk, out)

    def test(self, module: str, templates: Path | None = None) -> Compiled:
        """Return a test of the module, to be written beside it: values and gradients from mpmath, and central differences.

        Args:
            module: the name that the module is imported by, as `model` or `package.model`.
            templates: the user's folder of templates, if the module was made with one.

        Raises:
            GradgenError: there is no formula to compute values from, or no point of its domain was found.
        """
        from gradgen.testfile import make_test

        over = self.recipe.rows and not TARGETS[self.recipe.target].frames
        self._runs("tested here", at_a_point=not over)
        parts = module.split(".")
        plain = ".".join(check_identifier(part, "the module") for part in parts)
        source, recipe = make_test(self, plain, templates)
        return replace(self, source=source, recipe=recipe)

    def write(self, path: str | Path, *, force: bool = False) -> bool:
        """Write the module to a file; return whether the file changed.

        Args:
            path: the file. One that gradgen did not write, or that was edited by hand, is refused.
            force: overwrite a file that was edited by hand.

        Raises:
            GradgenError: the file is refused, or cannot be written; it is then as it was.
        """
        return artifact.write(Path(path), self.source, force=force)
