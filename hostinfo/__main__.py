"""``python -m hostinfo``: the command line."""

from hostinfo.cli import program

if __name__ == "__main__":
    program()
