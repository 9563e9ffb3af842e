"""A target and the user's folder of templates in; texts by its templates, and the helpers that a module may have to carry, out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import jinja2

from gradgen.errors import GradgenError
from gradgen.files.bytecode import Bytecode
from gradgen.write.target import Target, template_folder
from gradgen.write.view import (
    FramesModule,
    ListsModule,
    Module,
    ModuleTest,
    QueryModule,
    RowsModule,
    SumsModule,
)

#: A call of a helper.
_CALLED = re.compile(r"\b(\w+)\(")


class Templates:
    """The templates of a target: the user's go before the built-in ones file by file."""

    def __init__(self, target: Target, folder: Path | None = None) -> None:
        """Take a target and the user's folder.

        Raises:
            GradgenError: the folder holds no templates.
        """
        self.target = target
        self.environment = (
            _built_in(target.folder, target.suffix)
            if folder is None
            else _environment(target.folder, target.suffix, folder)
        )

    def module(
        self,
        module: (
            Module | RowsModule | ListsModule | SumsModule | QueryModule | FramesModule
        ),
    ) -> str:
        """Return the text of a module, without its header.

        Raises:
            GradgenError: a template of the user's is missing or broken.
        """
        return self._fill(f"module{self.target.suffix}.jinja", module=module)

    def test(self, test: ModuleTest) -> str:
        """Return the text of a test module, without its header, in the target's layout.

        Raises:
            GradgenError: a template of the user's is broken.
        """
        several = "_of_several" if test.outputs > 1 else ""
        kind = "_of_rows" if test.over_rows else several
        text = self._fill(f"test_module{kind}.py.jinja", test=test)
        return self.target.layout_any(text)

    def _fill(self, name: str, **view: object) -> str:
        held = None
        try:
            template = self.environment.select_template([name, f"python/{name}"])
            held = template.new_context(view)
            return "".join(template.root_render_func(held))
        except (
            jinja2.TemplateError,
            ArithmeticError,
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
        ) as error:
            raise GradgenError(
                f"template {getattr(error, 'name', None) or name}: {error}"
            ) from None
        finally:
            if held is not None:  # which its macros hold, and so the view
                held.vars.clear()

    def helpers(self, words: Iterable[str]) -> tuple[str, ...]:
        """Return the helper functions that these words call, and those that they call in turn."""
        known = {self.target.helper.format(name): name for name in _files(self.target)}
        found: dict[str, str] = {}
        todo = [*words]
        for text in todo:  # which grows by the helpers' own texts
            for called in _CALLED.findall(text):
                if called in known and called not in found:
                    found[called] = self._helper(known[called])
                    todo.append(found[called])
        if self.target.callees_first:
            return tuple(_callees_first(found))
        return tuple(found.values())

    def _helper(self, name: str) -> str:
        """Return a helper's text: the user's, or the built-in one."""
        loader = self.environment.loader
        assert loader is not None
        file = f"helpers/{name}{self.target.suffix}"
        try:
            source, _, _ = loader.get_source(self.environment, file)
        except jinja2.TemplateNotFound:  # one that is borrowed or written
            source = _files(self.target)[name]
        return source.strip("\n")


@cache
def _built_in(folder: str, suffix: str) -> jinja2.Environment:
    """Return the environment of the built-in templates; each is read and compiled once."""
    return _environment(folder, suffix, None)


def helpers(target: Target) -> Mapping[str, str]:
    """Return every function that a module may have to carry, by name, with its text."""
    texts = _files(target).items()
    return {target.helper.format(name): text for name, text in texts}


def _files(target: Target) -> Mapping[str, str]:
    own = {**target.written(), **_helpers(target.folder, target.suffix)}
    if target.borrows is None:
        return own
    folder, names = target.borrows
    return {**_borrowed(folder, target.suffix, names), **own}


@cache
def _borrowed(
    folder: str, suffix: str, names: tuple[tuple[str, str], ...]
) -> Mapping[str, str]:
    """Return the helpers of another folder, with other names in them."""
    found = dict(_helpers(folder, suffix))
    for theirs, ours in names:
        name = re.compile(rf"\b{re.escape(theirs)}")
        found = {file: name.sub(ours, text) for file, text in found.items()}
    return found


@cache
def _helpers(folder: str, suffix: str) -> Mapping[str, str]:
    files = sorted((template_folder() / folder / "helpers").glob(f"*{suffix}"))
    return {file.stem: file.read_text("utf-8") for file in files}


def _environment(
    folder: str, suffix: str, templates: Path | None
) -> jinja2.Environment:
    folders = [template_folder() / folder, template_folder()]
    module = f"module{suffix}.jinja"
    if templates is not None:
        folders = [templates / folder, templates, *folders]
        if not any(
            (place / module).is_file() or (place / "helpers").is_dir()
            for place in folders[:2]
        ):
            raise GradgenError(
                f"{templates} holds no templates; expected is {templates / folder / module}"
            )
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        bytecode_cache=None if templates else Bytecode(),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _callees_first(texts: Mapping[str, str]) -> Iterator[str]:
    """Yield functions so that each stands after those that it calls."""
    todo = [*texts][::-1]
    open_: set[str] = set()
    done: set[str] = set()
    while todo:
        name = todo[-1]
        called = [n for n in _CALLED.findall(texts[name]) if n in texts]
        missing = [n for n in called if n not in done | open_ | {name}]
        open_.add(name)
        if missing:
            todo += missing
            continue
        todo.pop()
        if name not in done:
            done.add(name)
            yield texts[name]
