# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for conditions, always bounded; TEST_PATIENCE stretches the bounds, as wrappers need."""
import os
import time

PATIENCE = float(os.environ.get("TEST_PATIENCE", "1"))


# What takes `seconds` at most on a machine that has time may take this much longer on a busy one.
SLACK = 4


def wait_for(condition, seconds=10, what="the condition"):
    """Polls `condition` until it gives something true, and returns that."""
    seconds *= PATIENCE * SLACK
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(0.05)
