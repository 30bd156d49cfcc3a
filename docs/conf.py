"""Sphinx builds the pages; a reference that leads nowhere is an error (`./run tox -e docs`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import hostinfo

project = "hostinfo"
author = "the hostinfo authors"
copyright = "the hostinfo authors, LGPL-2.1-or-later"
version = release = hostinfo.__version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
suppress_warnings = ["toc.empty_glob"]
nitpicky = True
myst_heading_anchors = 4
html_theme = "alabaster"
html_theme_options = {"description": "Facts about a Linux host, with their sources", "page_width": "1080px"}
