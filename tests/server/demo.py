# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/demo-master by itself."""
import contextlib
import subprocess

from knotd import REPOSITORY
from waiting import PATIENCE


@contextlib.contextmanager
def demo_master(*options):
    """The demo master by itself; gives its URL."""
    demo = subprocess.Popen([REPOSITORY / "packaging/demo-master", *options],
                            stdout=subprocess.PIPE, text=True)
    try:
        yield demo.stdout.readline().strip()
    finally:
        demo.terminate()
        demo.communicate(timeout=10 * PATIENCE)
    assert demo.returncode == 0
