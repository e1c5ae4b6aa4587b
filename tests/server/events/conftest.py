# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of following events use."""
import pytest
import states
from following import Leader


@pytest.fixture
def leader():
    """A leader with one task, `web`."""
    with Leader(states.task("web")) as stub:
        yield stub
