# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests of this folder look at polls alone: which requests there are, what the log says of them."""
import pytest
from knotd import Knotd


@pytest.fixture(autouse=True)
def polls_alone(monkeypatch):
    monkeypatch.setattr(Knotd, "options", {"events": "off"})
