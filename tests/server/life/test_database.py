# SPDX-License-Identifier: GPL-3.0-or-later
"""knotd with a configuration database (knotd -C), which unloads libraries when it is committed."""
import re
import subprocess

import ask
import pytest
from knotd import MESOS_SO
from test_life import constant_queries, start, web


@pytest.fixture
def database(server, master):
    server.database = True
    master.serve(web(master))
    start(server, master, poll_interval=1, ttl=5)
    server.wait_loaded()
    server.wait_ready("1.0.1.10.in-addr.arpa.", "PTR")
    return server


def commit(server, *changes):
    server.knotc("conf-begin")
    for change in changes:
        server.knotc(*change, status=None)  # What was taken out is not there the next time.
    server.knotc("conf-commit")


def test_library_stays_mapped():
    flags = subprocess.run(["readelf", "-d", MESOS_SO], stdout=subprocess.PIPE, text=True,
                           check=True).stdout
    assert re.search(r"FLAGS_1.*NODELETE", flags), flags


CHANGES = {
    "nothing": [],
    "own-poller": [("conf-set", "mod-mesos[cluster].poll-timeout", "7")],
    "own": [("conf-set", "mod-mesos[cluster].ttl", "7")],
    "own-unset": [("conf-unset", "mod-mesos[cluster].ttl")],
    "server": [("conf-set", "server.identity", "other")],
    "another-zone": [("conf-set", "zone[other.example.]")],
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_commit_under_queries(database, master, changes):
    """Each begins with a transaction that changes nothing; the thread must outlive them all."""
    with constant_queries(database):
        for _ in range(3):
            commit(database)
            commit(database, *changes)
        database.wait_polls(master, master.count() + 2)
    assert ask.data(database.ask("web.marathon.mesos."), "A") == ["10.1.0.1"]


def test_abort_under_queries(database):
    with constant_queries(database):
        for _ in range(3):
            database.knotc("conf-begin")
            database.knotc("conf-set", "mod-mesos[cluster].ttl", "7")
            database.knotc("conf-abort")
    assert ask.records(database.ask("web.marathon.mesos.").answer)[0].ttl == 5


def test_zone_gets_the_module(database):
    """It serves without it until a reload, as with any module; then with it."""
    later = database.directory / "later.example.zone"
    later.write_text("@ 300 SOA ns admin 1 3600 600 86400 60\n@ 300 NS ns\n")
    commit(database, ("conf-set", "zone[later.example.]"),
           ("conf-set", "zone[later.example.].file", later),
           ("conf-set", "zone[later.example.].module", "mod-mesos/cluster"))
    database.knotc("reload")
    database.wait_ready("leader.later.example.")
    assert ask.outcome(database.ask("web.marathon.mesos.")) == "ANSWER"


@pytest.mark.parametrize("changes", [
    [("conf-set", "template[default]"), ("conf-set", "template[default].semantic-checks", "off")],
    [("conf-set", "zone[mesos.].semantic-checks", "off")],
], ids=["template", "own-zone"])
def test_commit_that_reopens_modules(database, master, changes):
    """Knot finds no dynamic module in a transaction: the zone serves without it until a reload.

    Then it has all names at once, also while the master is away.
    """
    commit(database, *changes)
    master.stop()
    database.knotc("reload")
    assert ask.data(database.ask("web.marathon.mesos."), "A") == ["10.1.0.1"]
    assert not database.module_lines("polls fail, no state yet")
