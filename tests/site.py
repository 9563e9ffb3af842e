"""The pages of the documentation in; a small site of HTML out, by Sphinx and MyST: `python -m tests.site FOLDER`, after `pip install -e ".[docs]"`."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from gradgen.docs.pages import KINDS, pages
from tests.conftest import ROOT

#: Where what is no page lies: files of the repository, which a site does not have.
_OUTSIDE = re.compile(r"\[([^\]\n]+)\]\(((?:\.\./)+|)(LICENSE|CONTRIBUTING\.md|CHANGELOG\.md|generated/README\.md)\)")  # fmt: skip


def sources(folder: Path) -> None:
    """Write what Sphinx reads into a folder: README as the first page, with all others below it by their kinds."""
    toctrees = []
    for kind, caption in KINDS.items():
        files = [file for file in pages().values() if file.parent.name == kind]
        topics = "\n".join(f"{kind}/{file.stem}" for file in files)
        toctrees.append(f"```{{toctree}}\n:caption: {caption[0].upper()}{caption[1:]}\n:hidden:\n\n{topics}\n```\n")  # fmt: skip
        for file in files:
            copy = folder / kind / file.name
            copy.parent.mkdir(exist_ok=True)
            text = file.read_text("utf-8").replace(
                "](../../../README.md)", "](../index.md)"
            )
            copy.write_text(_OUTSIDE.sub(r"\1", text), "utf-8")
    first = (ROOT / "README.md").read_text("utf-8")
    first = first.replace("](gradgen/docs/", "](").replace("](generated/seed.svg)", "](seed.svg)")  # fmt: skip
    (folder / "index.md").write_text("\n".join([_OUTSIDE.sub(r"\1", first), *toctrees]), "utf-8")  # fmt: skip
    shutil.copyfile(ROOT / "generated" / "seed.svg", folder / "seed.svg")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.site")
    parser.add_argument("folder", type=Path, help="where the site is written")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        sources(Path(made))
        settings = {
            "extensions": "myst_parser",
            "project": "gradgen",
            "html_theme": "alabaster",
            "suppress_warnings": "misc.highlighting_failure",  # of parameters in SQL
            "myst_heading_anchors": "3",
        }
        options = [word for key, value in settings.items() for word in ("-D", f"{key}={value}")]  # fmt: skip
        command = [sys.executable, "-m", "sphinx", "-C", "-W", "--keep-going", "-q", *options]  # fmt: skip
        return subprocess.run([*command, made, str(asked.folder)], check=False).returncode  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
