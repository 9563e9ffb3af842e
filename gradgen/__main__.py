"""The command line, as `gradgen` and as `python -m gradgen`."""

import sys


def run() -> int:
    """Run the command line; an interrupt is quiet even while it still loads."""
    try:
        from gradgen.cli import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
