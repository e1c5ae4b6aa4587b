# SPDX-License-Identifier: GPL-3.0-or-later
"""What a busy cluster writes into the log: what has changed for whoever reads it, and no more."""
import math
import time

import states
from counters import wait_stat
from following import follow, wait_app
from waiting import wait_for

LEFT_OUT, AGAIN = "cannot be carried by DNS", "can be carried by DNS again"
MORE, FIT = "more records than fit", "of all tasks fit again"


def come_and_go(leader, server, number, task):
    """A task starts and ends at once, and so it was seen to do."""
    leader.run(task)
    leader.run(f"seen{number}")
    wait_app(server, f"seen{number}")
    leader.end(task["name"], f"seen{number}")
    wait_app(server, f"seen{number}", gone=True)


def test_ordinary_tasks_write_nothing(server, leader):
    """Hundreds of them, each alone."""
    follow(server, leader)
    lines = server.module_lines()
    for number in range(200):
        leader.run(f"task{number}")
        leader.end(f"task{number}")
    wait_stat(server, "events[task-added]", lambda count: count == 200)
    assert server.module_lines() == lines


def crashing(server, leader, task, words, end):
    """A task is news at each of its starts: ever fewer lines, the last of which is true."""
    began = time.monotonic()
    for number in range(40):
        come_and_go(leader, server, number, task(number))
    seconds = time.monotonic() - began
    lines = server.module_lines(words) + server.module_lines(end)
    assert 0 < len(lines) <= 2 + math.log2(1 + seconds), lines
    # What was put off is said when the time has come and the cluster is looked at again.
    leader.run(task("last"))

    def said():
        come_and_go(leader, server, "later", states.task("other"))
        return words in server.module_lines("left out")[-1]
    wait_for(said, 10 + 4 * seconds, "the last word")


def test_names_that_come_and_go(server, leader):
    """A task that DNS cannot carry crashes all the time."""
    follow(server, leader)
    crashing(server, leader, lambda number: states.task("-", id=f"bad.{number}"), LEFT_OUT, AGAIN)


def test_cuts_that_come_and_go(server, leader):
    """So does one that has too many ports."""
    follow(server, leader)
    crashing(server, leader, lambda number: states.task(
        "large", id=f"large.{number}", ports="[1-60000]"), MORE, FIT)
