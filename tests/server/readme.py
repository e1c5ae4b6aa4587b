# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in README.md, so that what people copy is what is tested."""
import re

from knotd import REPOSITORY


def example(path):
    """The example of a file: the block of code whose first line is a comment with its path."""
    text = (REPOSITORY / "README.md").read_text()
    found = re.findall(rf"^```\n(?:#|--) {re.escape(path)}\n(.*?)^```$", text, re.M | re.S)
    assert len(found) == 1, f"README.md has {len(found)} examples of {path}"
    return found[0]
