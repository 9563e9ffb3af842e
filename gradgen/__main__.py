"""The command line, as `gradgen` and as `python -m gradgen`."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

#: What a shell calls a command that was interrupted.
_INTERRUPTED = 130


def _stop(number: int, frame: FrameType | None) -> None:
    """End at once, without a word: an exception would show wherever a library, as it loads, lets none through."""
    os._exit(_INTERRUPTED)


def run() -> int:
    """Run the command line; an interrupt is quiet at any moment, also while it still loads."""
    try:
        import gc
        import signal

        # A command makes much that lives until it ends, and next to no garbage.
        gc.set_threshold(1_000_000, 20, 20)

        # Where interrupts are ignored, as in the background of a shell, they stay so.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _stop)
        from gradgen.command.main import main

        try:
            return main()
        finally:
            gc.freeze()  # as it ends, nothing of it need be looked through
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)


if __name__ == "__main__":
    sys.exit(run())
