"""Wheel, source distribution and editable install all find their templates, in clean environments."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def python(folder: Path) -> Path:
    """Make a clean virtual environment and return its interpreter."""
    venv.create(folder, with_pip=True)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def run(*command: object, cwd: Path) -> str:
    """Run a command and return what it prints."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", out, ROOT, cwd=out)
    return out


def works(interpreter: Path, cwd: Path) -> None:
    """The installed command compiles, away from the checkout."""
    out = run(
        interpreter, "-m", "gradgen", "compile", "x*sigmoid(y) + cbrt(x)", cwd=cwd
    )
    assert "def backward" in out and "def _cbrt" in out
    out = run(interpreter, "-m", "gradgen", "help", "first_steps", cwd=cwd)
    assert out.startswith("# First steps\n")


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_a_distribution_installs_and_runs(
    dist: Path, tmp_path: Path, kind: str
) -> None:
    (file,) = dist.glob(kind)
    interpreter = python(tmp_path / "env")
    run(interpreter, "-m", "pip", "install", "-q", file, cwd=tmp_path)
    works(interpreter, tmp_path)


def test_an_editable_install_runs(tmp_path: Path) -> None:
    interpreter = python(tmp_path / "env")
    run(interpreter, "-m", "pip", "install", "-q", "-e", ROOT, cwd=tmp_path)
    works(interpreter, tmp_path)


def test_the_wheel_holds_the_package_and_its_templates_only(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "gradgen",
        wheel.name.rsplit("-", 3)[0] + ".dist-info",
    }
    for needed in (
        "py.typed",
        "templates/python/module.py.jinja",
        "templates/python/helpers/cbrt.py",
        "docs/tutorial/first_steps.md",
        "docs/explanation/speed.md",
    ):
        assert f"gradgen/{needed}" in names
