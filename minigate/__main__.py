"""``python -m minigate`` is the ``minigate`` command."""

import sys

from minigate.cli import main

if __name__ == "__main__":
    sys.exit(main())
