# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters found through ZooKeeper, a real one."""
import pathlib
import signal
import socket
import subprocess
import time

import ask
import pytest
import states
from ensemble import Ensemble
from knotd import OUR_THREADS, PRELOAD, WRAPPER
from master import Master, hang, redirect, status
from waiting import PATIENCE, wait_for


@pytest.fixture
def zookeeper():
    with Ensemble() as ensemble:
        yield ensemble


@pytest.fixture
def other():
    with Master() as stub:
        yield stub


def lead(master, app):
    master.serve(states.state(master, states.framework("marathon", states.task(app))))


def start(server, *addresses, poll_interval=60, **options):
    server.module("cluster", master=list(addresses), poll_interval=poll_interval, **options)
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.start()


def wait_app(server, app):
    server.wait_ready(f"{app}.marathon.mesos.")


def numbered(*masters):
    """What ports() gives of masters on one address."""
    return {f"master{number}.mesos.": port
            for number, port in enumerate(sorted(master.port for master in masters))}


def ports(server):
    """Ports of the known masters, by name."""
    return {name: port for name, port in
            ((record.split()[3], int(record.split()[2]))
             for record in ask.data(server.ask("_master._tcp.mesos.", "SRV"), "SRV"))}


def test_leader_is_found(server, zookeeper, master, other):
    lead(master, "one")
    other.serve(status(503))
    zookeeper.write("log_replicas")
    zookeeper.announce(other, 12)
    zookeeper.announce(master, 7)
    start(server, zookeeper.url)
    wait_app(server, "one")
    assert other.count() == 0
    assert ports(server) == numbered(master, other)


def test_failover_renumbers_nobody(server, zookeeper, master, other):
    """Numbers go by address and port, whoever leads."""
    with Master() as third:
        masters = [master, other, third]
        for turn in range(3):
            for place in range(3):
                one = masters[(turn + place) % 3]
                lead(one, f"app{turn}")
                zookeeper.announce(one, 10 * turn + place)
            if turn == 0:
                start(server, zookeeper.url)
            for place in range(3) if turn else ():
                zookeeper.resign(10 * (turn - 1) + place)
            wait_app(server, f"app{turn}")
            wait_for(lambda: ports(server) == numbered(*masters), what="the same numbers")
            # The one before leads until it has resigned, and knows of the new app, too.
            leader = [f"0 1 {masters[turn].port} leader.mesos."]
            wait_for(lambda: ask.data(server.ask("_leader._tcp.mesos.", "SRV"), "SRV") == leader,
                     what="the next leader")


def test_new_leader_is_known_at_once(server, zookeeper, master, other):
    """A watch, not the next poll, which would be a minute away."""
    lead(master, "one")
    lead(other, "two")
    zookeeper.announce(master, 1)
    zookeeper.announce(other, 2)
    start(server, zookeeper.url)
    wait_app(server, "one")
    zookeeper.resign(1)
    wait_app(server, "two")
    server.wait_log("leader changed")
    zookeeper.announce(master, 3)
    wait_for(lambda: len(ports(server)) == 2, what="the third announcement")


def test_empty_path_then_announcement(server, zookeeper, master):
    start(server, zookeeper.url, poll_interval=1)
    wait_for(lambda: "no master is announced" in server.log, what="the log")
    lead(master, "one")
    zookeeper.announce(master, 1)
    wait_app(server, "one")


def test_path_that_comes_later(server, master):
    with Ensemble("/not/there") as zookeeper:
        zookeeper.client.delete("/not", recursive=True)
        start(server, zookeeper.url, poll_interval=1)
        wait_for(lambda: "the path does not exist" in server.log, what="the log")
        lead(master, "one")
        zookeeper.client.ensure_path("/not/there")
        zookeeper.announce(master, 1)
        wait_app(server, "one")


@pytest.mark.parametrize("data", [b"", b"{", b"null", b"[]", b"\0" * 100, b"\xff" * 5000,
                                  b'{"address":null}', b'{"address":{"ip":1,"port":"x"}}',
                                  b'{"address":{"ip":"10.0.0.1","port":0}}',
                                  b'{"address":{"ip":"10.0.0.1","port":99999999999999999999}}',
                                  b'{"address":{"ip":"name","port":5050}}',
                                  b"[" * 20000])
def test_garbage_in_a_node(server, zookeeper, master, data):
    """The others are asked still; one of them knows who leads."""
    lead(master, "one")
    zookeeper.write("json.info_0000000001", data)
    zookeeper.write("json.info_x", b"x")
    zookeeper.write("json.info_99999999999999", b"x")
    zookeeper.write("json.info_", b"x")
    zookeeper.announce(master, 2)
    start(server, zookeeper.url)
    wait_app(server, "one")


def test_only_garbage(server, zookeeper, master):
    zookeeper.write("json.info_0000000001", b"garbage")
    start(server, zookeeper.url, poll_interval=1)
    wait_for(lambda: "no master's announcement can be read" in server.log, what="the log")
    lead(master, "one")
    zookeeper.announce(master, 1)
    zookeeper.announce(master, 2)
    wait_app(server, "one")


def test_old_masters_are_named(server, zookeeper):
    zookeeper.write("info_0000000001", b"\x0a\x04abcd")
    start(server, zookeeper.url, poll_interval=1)
    wait_for(lambda: "before Mesos 0.24" in server.log, what="the log")


def test_many_announcements(server, zookeeper, master):
    for number in range(2, 80):
        zookeeper.write(f"json.info_{number:010}", b"garbage")
    lead(master, "one")
    zookeeper.announce(master, 1)
    start(server, zookeeper.url)
    wait_app(server, "one")


def test_server_away_and_back(server, zookeeper, master, other):
    """Names stay while it is away, and new leaders are found after it."""
    lead(master, "one")
    zookeeper.announce(master, 1)
    start(server, zookeeper.url, poll_interval=1)
    wait_app(server, "one")
    zookeeper.stop()
    lead(master, "two")
    wait_app(server, "two")
    wait_for(lambda: "no connection" in server.log, what="the log")
    zookeeper.start()
    lead(other, "three")
    zookeeper.announce(other, 0)
    wait_app(server, "three")
    assert zookeeper.sessions() <= 1


def test_expired_session(server, zookeeper, master, other):
    """A session that has expired is replaced by one."""
    lead(master, "one")
    zookeeper.announce(master, 1)
    start(server, zookeeper.url, poll_interval=1)
    wait_app(server, "one")
    for _ in range(2):
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(15)  # longer than the session's timeout of 10 s
        server.process.send_signal(signal.SIGCONT)
        wait_for(lambda: zookeeper.sessions() == 1, 20, "one session")
    lead(other, "two")
    zookeeper.announce(other, 0)
    wait_app(server, "two")


def test_static_masters_serve_without_it(server, master):
    lead(master, "one")
    start(server, "zk://127.0.0.1:1/mesos", master.address, poll_interval=1)
    wait_app(server, "one")
    assert ports(server) == {"master0.mesos.": master.port}


def test_without_static_masters(server):
    start(server, "zk://127.0.0.1:1/mesos", poll_interval=1)
    wait_for(lambda: "polls fail" in server.log, what="the log")
    assert "ZooKeeper 127.0.0.1:1: no connection" in server.log


def test_standby_first(server, zookeeper, master, other):
    """ZooKeeper lags: who it says leads sends on to who does."""
    lead(other, "one")
    master.serve(redirect(f"//{other.address}/master/state"))
    zookeeper.announce(master, 1)
    start(server, zookeeper.url)
    wait_app(server, "one")


def test_auth(server, master):
    from kazoo.security import make_digest_acl
    with Ensemble("/secret") as zookeeper:
        lead(master, "one")
        zookeeper.announce(master, 1)
        zookeeper.client.set_acls("/secret", [make_digest_acl("user", "p:a/s@s", all=True)])
        start(server, f"zk://user:wrong@{zookeeper.address}/secret", poll_interval=1)
        wait_for(lambda: "may not be read" in server.log, what="the log")
        server.module("cluster", master=f"zk://user:p:a/s@s@{zookeeper.address}/secret")
        server.reload()
        wait_app(server, "one")
        assert "p:a/s@s" not in server.log and "wrong" not in server.log


@pytest.mark.parametrize("masters", [1, 10])
def test_stop_while_it_hangs(server, zookeeper, master, masters):
    """Together, however many clusters wait for the same hung server; one by one is 1.5 s each."""
    lead(master, "one")
    zookeeper.announce(master, 1)
    for number in range(1, masters):
        server.module(f"cluster{number}", master=zookeeper.url, poll_interval=60 + number)
        server.zone(f"zone{number}.", "", [f"mod-mesos/cluster{number}"])
    start(server, zookeeper.url)
    wait_app(server, "one")
    wait_for(lambda: zookeeper.sessions() == masters, what="all sessions")
    zookeeper.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 5 * PATIENCE
    finally:
        zookeeper.process.send_signal(signal.SIGCONT)


def test_server_that_never_answers(server, master):
    """It takes connections and says nothing: neither polls nor the end wait for it."""
    lead(master, "one")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"zk://127.0.0.1:{listener.getsockname()[1]}/mesos"
        start(server, url, master.address, poll_interval=1)
        wait_app(server, "one")
        server.wait_polls(master, 4)
        for _ in range(2):
            began = time.monotonic()
            server.module("cluster", master=[url, master.address], poll_timeout=50)
            server.reload()
            assert time.monotonic() - began < 5 * PATIENCE
        wait_app(server, "one")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 5 * PATIENCE


def test_stop_and_reload_are_quick(server, zookeeper, master):
    """Also with a ZooKeeper that hangs, and one that never was."""
    lead(master, "one")
    zookeeper.announce(master, 1)
    start(server, zookeeper.url)
    wait_app(server, "one")
    zookeeper.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        server.module("cluster", master=["zk://127.0.0.1:1/mesos", master.address])
        server.reload()
        assert time.monotonic() - began < 5 * PATIENCE
        wait_app(server, "one")
    finally:
        zookeeper.process.send_signal(signal.SIGCONT)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 5 * PATIENCE


def test_many_hanging_sections(server, zookeeper, master):
    """Twenty pollers whose sessions cannot be closed are ended together, not one by one."""
    count = 20

    def sections(timeout):
        for number in range(count):
            server.module(f"c{number}", master=zookeeper.url, poll_timeout=timeout + number)
            server.zone(f"z{number}.", "", [f"mod-mesos/c{number}"])

    lead(master, "one")
    zookeeper.announce(master, 1)
    sections(60)
    server.start()
    for number in range(count):
        server.wait_ready(f"leader.z{number}.")
    zookeeper.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        sections(160)
        server.reload()
        assert time.monotonic() - began < 5 * PATIENCE
        assert server.ask("leader.z7.").answer
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 5 * PATIENCE
    finally:
        zookeeper.process.send_signal(signal.SIGCONT)


def test_reloads_leave_no_session(server, zookeeper, master):
    lead(master, "one")
    zookeeper.announce(master, 1)
    start(server, zookeeper.url)
    wait_app(server, "one")
    threads = server.threads(OUR_THREADS)
    for ttl in range(1, 11):
        server.module("cluster", master=zookeeper.url, ttl=ttl, poll_interval=60 + ttl)
        server.reload()
        wait_app(server, "one")
    wait_for(lambda: zookeeper.sessions() == 1, what="one session")
    wait_for(lambda: server.threads(OUR_THREADS) == threads, what="the threads to end")


# Whoever starts a thread goes on only once that is well ahead. Each thread says who it is: its
# number, and the file that its function is in.
LATE_STARTER = """\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
struct start {
	void *(*run)(void *);
	void *ctx;
};
static void *run_start(void *ctx)
{
	struct start start = *(struct start *)ctx;
	free(ctx);
	Dl_info info = { .dli_fname = "?" };
	(void)dladdr((void *)start.run, &info);
	int log = open(LOG, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	dprintf(log, "%d %s\\n", (int)gettid(), info.dli_fname);
	close(log);
	return start.run(start.ctx);
}
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *ctx)
{
	int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
		dlsym(RTLD_NEXT, "pthread_create");
	struct start *start = malloc(sizeof(*start));
	*start = (struct start){ run, ctx };
	int ret = next(thread, attr, run_start, start);
	usleep(200000);
	return ret;
}
"""


@pytest.mark.skipif(bool(WRAPPER or PRELOAD), reason="these have functions of their own")
def test_all_threads_bear_our_names(server, zookeeper, master, tmp_path):
    """ZooKeeper's, too, which have the name of the thread that starts them.

    Knot's own, one of liburcu among them, are told by their function: how many there are changes
    by itself.
    """
    library, log = tmp_path / "late.so", tmp_path / "threads"
    subprocess.run(["gcc", "-shared", "-fPIC", f'-DLOG="{log}"', "-x", "c", "-", "-o", library,
                    "-ldl"], input=LATE_STARTER, text=True, check=True)
    server.preload = [library]
    lead(master, "one")
    zookeeper.announce(master, 1)
    start(server, zookeeper.url)
    wait_app(server, "one")
    started = [line.split(None, 1) for line in log.read_text().splitlines()]
    ours = [(thread, file) for thread, file in started
            if not pathlib.Path(file).name.startswith(("knotd", "libknot", "liburcu"))]
    assert {"mesos.so", "libzookeeper_mt.so.2"} <= {pathlib.Path(file).name for _, file in ours}
    named = [(name, file) for thread, file in ours if (name := server.thread_name(thread))]
    assert len(named) > 2
    assert [each for each in named if not each[0].startswith(OUR_THREADS)] == []


def test_hanging_leader(server, zookeeper, master, other):
    """The next one is asked after the time a poll has."""
    master.serve(hang)
    lead(other, "one")
    zookeeper.announce(master, 1)
    zookeeper.announce(other, 2)
    start(server, zookeeper.url, poll_timeout=1)
    wait_app(server, "one")


def test_ipv6_and_several_servers(server, zookeeper, master):
    lead(master, "one")
    zookeeper.announce(master, 1)
    start(server, f'"zk://[::1]:1,localhost:{zookeeper.port},127.0.0.1:2/mesos"')
    wait_app(server, "one")
