# SPDX-License-Identifier: GPL-3.0-or-later
"""What several of the files of tests use."""
import pytest

from knotd import Knotd
from master import Master


@pytest.fixture
def master():
    """A stub master that serves nothing yet."""
    with Master() as stub:
        yield stub


@pytest.fixture
def server():
    """A knotd that is not configured and not started yet."""
    with Knotd() as knotd:
        yield knotd
