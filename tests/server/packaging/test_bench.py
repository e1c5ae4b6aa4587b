# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark runs and fills its tables; what is in them says nothing here.

Not `counts`, which takes valgrind's time.
"""
import os
import re
import shutil
import subprocess

import pytest

from knotd import MESOS_SO, REPOSITORY
from waiting import PATIENCE

# How many tables each part prints.
PARTS = {"answers": 1, "poll": 2, "memory": 1, "events": 2, "flood": 1, "latency": 1, "growth": 1,
         "huge": 1}
QUICK = {"--tasks": 60, "--sizes": 30, "--rounds": 1, "--seconds": 1, "--events": 10,
         "--event-rate": 100, "--flood-tasks": 100, "--flood-agents": 30, "--flood-seconds": 2}

# What is held against the aims, as the last table has it.
BRIEF = ("user CPU of an answer, of the zone file's: A", "user CPU of an answer, of the zone file's: SRV",
         "user CPU of an answer, of the zone file's: NXDOMAIN", "CPU of a poll", "peak memory in MiB, first",
         "peak memory in MiB, a later", "from an event to the first answer",
         "CPU of one task's start and end", "events/s: lag", "latency under")


def run(*arguments):
    """What the benchmark prints, and its tables: their cells, row by row, without their heads."""
    command = ["/usr/bin/python3", REPOSITORY / "tests/bench/bench.py", *arguments,
               *(str(word) for option in QUICK.items() for word in option)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=300 * PATIENCE,
                          env={**os.environ, "BENCH_BUILD": str(MESOS_SO.parents[1])}, check=True)
    return done.stdout, [[row.strip("|\n").split("|") for row in table.splitlines()]
                         for table in re.findall(r"^\|---.*\n((?:\|.*\n)+)", done.stdout, re.M)]


@pytest.mark.skipif(not shutil.which("dnsperf"), reason="no dnsperf here")
def test_parts_give_tables():
    _, (*tables, brief) = run(*PARTS)
    assert len(tables) == sum(PARTS.values())
    cells = [cell for table in tables for row in table for cell in row[1:]]
    assert all(re.search(r"\d", cell) for cell in cells if not re.fullmatch(" (–|±.*) ", cell))
    assert all(sum(words in row[0] for row in brief) == 1 for words in BRIEF), brief
    assert all(re.search(r"\d", row[1]) for row in brief)


@pytest.mark.skipif(not shutil.which("dnsperf"), reason="no dnsperf here")
def test_other_build_is_measured_beside_this_one():
    _, (*_, brief) = run("answers", "--other", MESOS_SO.parents[1])
    assert all(re.search(r"\d", cell) for row in brief for cell in row[1:3]), brief


@pytest.mark.skipif(not shutil.which("dnsperf"), reason="no dnsperf here")
def test_answers_over_xdp_are_measured_or_it_says_why_not():
    """The module and the zone file over both ways; their answers are compared before."""
    said, tables = run("xdp")
    if refused := re.search(r"^Answers over AF_XDP are not measured: .+", said, re.M):
        pytest.skip(refused[0])
    rows, brief = tables
    assert [row[0].strip() for row in rows] == [
        f"{kind} over {way}" for kind in ("A", "SRV", "NXDOMAIN") for way in ("UDP", "AF_XDP")]
    assert all(float(row[column]) > 0 for row in rows for column in (2, 5)), rows  # system CPU
    assert len(brief) == 3 and all(float(row[1]) > 0 for row in brief)
