# SPDX-License-Identifier: GPL-3.0-or-later
"""What is amiss here is not said of a master: knotd without descriptors, files that are gone."""
import os
import resource

import ask
import pytest
import states
import tls
from master import Master
from counters import group, stats
from waiting import wait_for

FULL = "Too many open files"


@pytest.fixture
def exhausted(server):
    """Takes all descriptors from a running knotd; gives them back at the end."""
    before = []

    def exhaust():
        before.append(resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE))
        numbers = [int(number) for number in os.listdir(f"/proc/{server.process.pid}/fd")]
        lowest_free = next(number for number in range(max(numbers) + 2) if number not in numbers)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE,
                         (lowest_free, before[0][1]))

    def give_back():
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, before.pop())

    exhaust.give_back = give_back
    yield exhaust
    if before and server.process:
        give_back()


def start(server, *masters, **options):
    server.module("cluster", master=list(masters), poll_interval=1, **options)
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.start()


def assert_counted_as_local(server):
    """Some polls failed, all of them for a reason that is here."""
    counted = group(stats(server), "polls")
    assert counted.get("local", 0) >= 1
    assert set(counted) <= {"ok", "local"}, counted


def good(master):
    return states.state(master, states.framework("marathon", states.task("web")))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_descriptors(server, master, exhausted, host):
    """No socket to a master, nor to a name server; the line names no master, and comes once."""
    with Master() as other:
        master.serve(good(master))
        other.serve(good(other))
        start(server, f"{host}:{master.port}", f"{host}:{other.port}")
        server.wait_ready("web.marathon.mesos.")
        exhausted()
        server.wait_log("polls fail", FULL)
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"
        exhausted.give_back()
        server.wait_log("polls succeed again")
        line, = server.module_lines("polls fail")
        assert line.endswith(f"serving the last state: {FULL}"), line
        assert_counted_as_local(server)


def test_no_descriptors_for_zookeeper(server, master, exhausted):
    """No connection to ZooKeeper, and it is not ZooKeeper's fault."""
    start(server, "zk://127.0.0.1:1/mesos")
    server.wait_log("polls fail", "ZooKeeper 127.0.0.1:1: no connection")
    exhausted()
    server.wait_log("polls fail", FULL)
    exhausted.give_back()
    wait_for(lambda: "ZooKeeper" in server.module_lines()[-1], what="a line about ZooKeeper")
    assert group(stats(server), "polls").get("local", 0) >= 1


@pytest.mark.parametrize("option", ["ca_file", "cert_file", "key_file"])
def test_lost_tls_file(server, tmp_path, option):
    """A file that has gone is named, with the system's words, and counted as ours."""
    certificate, key = tls.self_signed(tmp_path, "master")
    client, client_key = tls.self_signed(tmp_path, "client")
    files = {"ca_file": certificate, "cert_file": client, "key_file": client_key}
    with Master(tls=tls.server_context(certificate, key)) as secure:
        secure.serve(good(secure))
        start(server, f"https://{secure.address}", **files)
        server.wait_ready("web.marathon.mesos.")
        files[option].rename(tmp_path / "elsewhere")
        server.wait_log(f"cannot open '{files[option]}': No such file or directory")
        (tmp_path / "elsewhere").rename(files[option])
        server.wait_log("polls succeed again")
        assert_counted_as_local(server)
