# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark runs and fills its tables; what is in them says nothing here.

Not `counts`, which takes valgrind's time, nor `growth`, which is made of the same pieces.
"""
import os
import re
import shutil
import subprocess

import pytest

from knotd import MESOS_SO, REPOSITORY
from waiting import PATIENCE

PARTS = ("answers", "poll", "latency", "huge")


@pytest.mark.skipif(not shutil.which("dnsperf"), reason="no dnsperf here")
def test_parts_give_tables():
    command = ["/usr/bin/python3", REPOSITORY / "tests/bench/bench.py", *PARTS, "--tasks", "60",
               "--sizes", "30", "--rounds", "1", "--seconds", "1"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=300 * PATIENCE,
                          env={**os.environ, "BENCH_BUILD": str(MESOS_SO.parents[1])}, check=True)
    tables = re.findall(r"^\|---.*\n((?:\|.*\n)+)", done.stdout, re.M)
    assert len(tables) == len(PARTS), done.stdout
    rows = [row.strip("|\n").split("|") for table in tables for row in table.splitlines()]
    assert all(re.search(r"\d", cell) for row in rows for cell in row[1:] if "\u00b1" not in cell)
