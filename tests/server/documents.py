# SPDX-License-Identifier: GPL-3.0-or-later
"""README.md and packaging/doc: their texts, and their examples as people copy them."""
import re

from knotd import REPOSITORY

PATHS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "packaging/doc").glob("*.md"))]
TEXTS = [path.read_text() for path in PATHS]


def example(path):
    """The example of a file: the block of code whose first line is a comment with its path."""
    found = re.findall(rf"^```\n(?:#|--) {re.escape(path)}\n(.*?)^```$", "\n".join(TEXTS),
                       re.M | re.S)
    assert len(found) == 1, f"the documents have {len(found)} examples of {path}"
    return found[0]
