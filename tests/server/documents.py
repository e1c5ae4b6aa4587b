# SPDX-License-Identifier: GPL-3.0-or-later
"""README.md and packaging/doc: their texts, and their examples as people copy them."""
import importlib.machinery
import importlib.util
import re

from knotd import REPOSITORY

PATHS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "packaging/doc").glob("*.md"))]
TEXTS = [path.read_text() for path in PATHS]


def _load_manual():
    loader = importlib.machinery.SourceFileLoader("manual", str(REPOSITORY / "packaging/manual"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("manual", loader))
    loader.exec_module(module)
    return module


manual = _load_manual()


def documented():
    """What README.md's table says of options: name -> (meaning, default)."""
    _, *rows = manual.rows(TEXTS, "Options")
    return {name: (meaning, default) for names, meaning, default in rows
            for name in re.findall(r"`([^`]*)`", names)}


def example(path):
    """The example of a file: the block of code whose first line is a comment with its path."""
    found = re.findall(rf"^```\n(?:#|--) {re.escape(path)}\n(.*?)^```$", "\n".join(TEXTS),
                       re.M | re.S)
    assert len(found) == 1, f"the documents have {len(found)} examples of {path}"
    return found[0]
