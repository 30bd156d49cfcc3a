"""Write the generated pages: docs/facts.md from the model and the drivers, docs/qmf-schema.md from the agent's schema.

./run python docs/generate.py          write the pages
./run python docs/generate.py --check  exit with 1 and name the pages that are out of date
"""  # noqa: INP001 - a script, not a package

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

import generate_facts  # noqa: E402 - they import the tree that this file is in, not an installed one
import generate_qmf_schema  # noqa: E402

PAGES = {"facts.md": generate_facts.page, "qmf-schema.md": generate_qmf_schema.page}


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check compare them."""
    outdated = []
    for name, page in PAGES.items():
        path, text = FOLDER / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            outdated.append(f"docs/{name}")
            if arguments != ["--check"]:
                path.write_text(text, encoding="utf-8")
    if arguments != ["--check"] or not outdated:
        return 0
    sys.stderr.write(f"{' and '.join(outdated)}: out of date; run: ./run python docs/generate.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
