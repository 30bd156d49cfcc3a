"""``python -m hostinfo``: the command line."""

import sys

from hostinfo.cli import main

if __name__ == "__main__":
    sys.exit(main())
