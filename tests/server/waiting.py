# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for conditions, always bounded; TEST_PATIENCE stretches the bounds under wrappers."""
import os
import time

PATIENCE = float(os.environ.get("TEST_PATIENCE", "1"))


def wait_for(condition, seconds=10, what="the condition"):
    """Polls `condition` until it gives something true, and returns that."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds * PATIENCE:.0f} s in vain for {what}"
        time.sleep(0.05)
