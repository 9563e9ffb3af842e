"""Functions of public packages are read as what they are, or refused; these are installed by the extra `corpus`."""

from __future__ import annotations

import random

import pytest

from tests.packages import Tally, candidates, folder_of, look

#: So many functions of each package are looked at here; `python -m tests.packages` looks at all.
SAMPLE = 60
#: At least this share of them is read, with the lengths that refusals ask for.
READ = {"fluids": 0.65, "chemicals": 0.7, "ht": 0.7}


@pytest.mark.slow
@pytest.mark.parametrize("package", READ)
def test_functions_of_packages_are_what_they_are(package: str) -> None:
    if folder_of(package) is None:
        pytest.skip(f"{package} is not installed")
    listed = [*candidates(package)]
    tally = Tally()
    for one in random.Random(package).sample(listed, SAMPLE):
        look(one, tally, ["fluids", "chemicals", "ht"], run=True)
    read = tally.read + tally.shaped
    print(f"{package}: {tally.read} of {tally.functions} read, with --shape {read}")
    assert tally.wrong == []
    assert tally.compared > 0.9 * read
    assert read >= READ[package] * tally.functions
