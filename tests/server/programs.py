# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's programs beside knotd: whether they are here, and running one for a while."""
import contextlib
import os
import shutil
import subprocess

import pytest

from waiting import PATIENCE

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/lib/systemd"


def needs(*programs):
    gone = [program for program in programs if not shutil.which(program, path=PATH)]
    return pytest.mark.skipif(bool(gone), reason=f"no {', '.join(gone)} here")


@contextlib.contextmanager
def running(command, log, **options):
    """A program that runs until the end of the block."""
    name = shutil.which(command[0], path=PATH) or command[0]
    with open(log, "ab") as file:
        process = subprocess.Popen([name, *command[1:]], stdin=subprocess.DEVNULL, stdout=file,
                                   stderr=file, **options)
    try:
        yield process
    finally:
        alive = process.poll() is None
        process.terminate()
        try:
            process.wait(10 * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        print(f"--- {command[0]}\n{log.read_text(errors='replace')}")
        assert alive, f"{command[0]} ended by itself, status {process.returncode}"
