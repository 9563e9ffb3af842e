"""What gives the sums of least squares at a point in; the steps of Levenberg and Marquardt, each of which asks for them once, out.

The damped step solves (J'J + damping * D**2) d = -J'r with D**2 = diag(J'J), which makes it the same in any units (Marquardt, SIAM J. Appl. Math.
11, 1963). The damping follows Nielsen (IMM-REP-1999-05, eq. 2.16 and section 3; Madsen, Nielsen and Tingleff 2004, algorithm 3.16), and is no larger than the share
of the squares that a step may still gain, which goes to 0 at the minimum, so that the last steps are those of Gauss and Newton (as in
Fan and Yuan, Computing 74, 2005).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradgen.adapters.rows import Doubles

#: The damping of the first step.
DAMPING = 1e-3
#: A sum over many rows is known to so much of itself at best: what a step gains below that, it cannot tell.
_KNOWN = 1e-11
_EPS = float(np.finfo(np.float64).eps)
#: A parameter has a part in a direction if so much of the direction is its own.
_PART = 0.1
#: A step is taken that gains so much of what it promises.
_ENOUGH = 1e-4
CONVERGED = "converged"
UNDETERMINED = "at rest, but the rows leave open"
ROUGH = "at rest, within {:.1g} of the minimum, which rounding hides"
STUCK = "no step from here gains anything"
TOO_SMALL = "the squares are too small for doubles: take other units"


class Sums(NamedTuple):
    """The sums over all residuals at a point: of their squares, J'r and J'J, and how many there are."""

    squares: float
    right: Doubles
    left: Doubles
    residuals: int

    @property
    def finite(self) -> bool:
        """Whether all are numbers."""
        rest = np.isfinite(self.right).all() and np.isfinite(self.left).all()
        return bool(np.isfinite(self.squares) and rest)

    @property
    def lost(self) -> bool:
        """Whether squares are 0 that are none, as J'r tells: they are too small."""
        gone = (np.diag(self.left) == 0) | (self.squares == 0)
        return bool((gone & (self.right != 0)).any())


@dataclass(frozen=True)
class Normal:
    """The normal equations at a point, in units in which J'J has the diagonal 1."""

    sums: Sums

    @cached_property
    def scale(self) -> Doubles:
        found = np.sqrt(np.diag(self.sums.left))
        return np.where(found > 0, found, 1.0)

    @cached_property
    def parts(self) -> tuple[Doubles, Doubles]:
        """The eigenvalues, and the eigenvectors as columns."""
        values, vectors = np.linalg.eigh(self.sums.left / np.outer(self.scale, self.scale))  # fmt: skip
        return values, vectors

    @cached_property
    def told(self) -> Doubles:
        """The eigenvalues that are told from 0, and 0 for the others, whose directions the rows leave open."""
        values, _ = self.parts
        return np.where(values > 8 * len(values) * _EPS, values, 0.0)

    @cached_property
    def open(self) -> list[int]:
        """The places of the parameters that the rows leave open."""
        _, vectors = self.parts
        part = np.abs(vectors[:, self.told == 0]).max(axis=1, initial=0.0)
        least = min(_PART, float(part.max())) if not self.told.all() else np.inf
        return [int(place) for place in np.flatnonzero(part >= least)]

    def step(self, damping: float) -> tuple[Doubles, float]:
        """Return a damped step, and what it promises to take from the sum of the squares; without damping only in directions that are told."""
        _, vectors = self.parts
        slopes = vectors.T @ (self.sums.right / self.scale)
        below = self.told + damping
        along = np.divide(-slopes, below, where=below > 0, out=np.zeros_like(slopes))
        gain = float(along @ (damping * along - slopes))
        step: Doubles = vectors @ along / self.scale
        return step, gain

    @cached_property
    def covariance(self) -> Doubles:
        """The covariance of the parameters, s**2 * inv(J'J); infinite in directions that are left open, nan without a degree of freedom."""
        free = self.sums.residuals - len(self.scale)
        values, vectors = self.parts
        if self.open or free <= 0:
            return np.full_like(vectors, np.inf if free > 0 else np.nan)
        with np.errstate(over="ignore"):  # In units that large it is infinite.
            inverse: Doubles = (
                (vectors / values) @ vectors.T / np.outer(self.scale, self.scale)
            )
            return inverse * (self.sums.squares / free)

    @property
    def errors(self) -> Doubles:
        """The standard errors of the parameters."""
        found: Doubles = np.sqrt(np.diag(self.covariance))
        return found

    def away(self, at: Doubles) -> float:
        """Return how far the minimum is by the whole step of Gauss and Newton: the most that it moves a parameter, as a share of it or of its standard error."""
        if self.sums.squares == 0:
            return 0.0
        step = np.abs(self.step(0.0)[0])
        errors = np.where(np.isfinite(self.errors), self.errors, 0.0)
        size = np.maximum(np.abs(at), errors)
        share = np.divide(step, size, where=size > 0, out=np.where(step > 0, np.inf, 0.0))  # fmt: skip
        return float(share.max())

    def known(self, at: Doubles) -> float:
        """Return to how much of itself the sum of the squares is known: where residuals are small beside what they are differences of, to less than the sum is.

        To round the parameters to doubles moves the residuals by up to eps*|J_k*at_k| each, and the squares by 2*r times that.
        """
        if self.sums.squares == 0:
            return _KNOWN
        moved = 2 * _EPS * float(np.sqrt(np.diag(self.sums.left)) @ np.abs(at))
        return max(_KNOWN, moved / math.sqrt(self.sums.squares))


@dataclass(frozen=True)
class State:
    """Where a fit stands.

    Attributes:
        at: the best parameters so far.
        normal: the normal equations there.
        damping: that of the next step.
        queries: how often sums have been asked for.
        says: why it has ended; empty where it has not.
        growth: what the damping grows by if the next step gains nothing.
    """

    at: Doubles
    normal: Normal
    damping: float
    queries: int
    says: str = ""
    growth: float = 2.0

    @cached_property
    def away(self) -> float:
        """How far the minimum is, as `Normal.away` has it."""
        return self.normal.away(self.at)

    def ended(self, tolerance: float) -> State:
        """Return the same, with why it has ended if it has."""
        if self.normal.sums.lost:
            return replace(self, says=TOO_SMALL)
        if not self.away <= max(tolerance, 4 * _EPS):
            return self
        return replace(self, says=UNDETERMINED if self.normal.open else CONVERGED)


def steps(
    sums: Callable[[Doubles], Sums],
    at: Doubles,
    tolerance: float,
    damping: float = DAMPING,
    queries: int = 0,
) -> Iterator[State]:
    """Yield where a fit stands each time that sums have been asked for, until it has ended.

    Args:
        sums: what gives the sums at a point; where they are no numbers, a step is too long, and at the start nothing can be done.
        at: where to start.
        tolerance: the end is where a step moves no parameter by more than this, relative to the parameter or its standard error.
        damping: that of the first step.
        queries: how often sums have been asked for before.
    """
    now = State(at, Normal(sums(at)), damping, queries + 1)
    if now.normal.sums.finite:
        now = now.ended(tolerance)
    else:
        now = replace(now, says=STUCK)
    yield now
    while not now.says:
        step, gain = now.normal.step(now.damping)
        if (np.abs(step) <= _EPS * np.abs(now.at)).all():
            yield _at_the_limit(now)
            return
        found = Normal(sums(now.at + step))
        now = replace(now, queries=now.queries + 1)
        taken = _taken(now, found, now.at + step, gain)
        if taken is None:
            yield _at_the_limit(now)
            return
        now = taken.ended(tolerance) if taken.normal is found else taken
        yield now


def _taken(now: State, found: Normal, at: Doubles, gain: float) -> State | None:
    """Return where a fit stands once the sums behind a step, at another point, are known; None where they tell no more."""
    squares, new = now.normal.sums.squares, found.sums
    longer = replace(
        now,
        damping=max(now.damping * now.growth, float(now.normal.told.min())),
        growth=2 * now.growth,
    )
    if not new.finite:
        return longer
    share = found.step(0.0)[1] / new.squares if new.squares > 0 else 0.0
    known = now.normal.known(now.at)
    if gain <= known * squares:
        # The squares tell nothing; whether the step to the minimum has become shorter does.
        left, right = found.step(0.0)[1], now.normal.step(0.0)[1]
        if left >= right or new.squares > squares * (1 + known):
            return None
        return replace(now, normal=found, at=at, damping=min(now.damping / 3, share))
    ratio = (squares - new.squares) / gain
    if not ratio > _ENOUGH:
        return longer
    damping = now.damping * max(1 / 3, 1 - (2 * ratio - 1) ** 3)
    damping = min(damping, share)
    return replace(now, normal=found, at=at, damping=damping, growth=2.0)


def _at_the_limit(now: State) -> State:
    """Return where a fit stands whose next step tells nothing: where rounding hides the minimum, or where the damping is too large."""
    gain = now.normal.step(0.0)[1]
    if gain > now.normal.known(now.at) * now.normal.sums.squares:
        return replace(now, says=STUCK)
    rough = ROUGH.format(now.away)
    return replace(now, says=UNDETERMINED if now.normal.open else rough)
