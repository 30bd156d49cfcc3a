"""``python -m hostinfo``: the command line."""

from hostinfo.cli import entry_point

if __name__ == "__main__":
    entry_point()
