"""`python -m gradgen`: the command line."""

import sys

from gradgen.cli import main

if __name__ == "__main__":
    sys.exit(main())
