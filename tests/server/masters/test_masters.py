# SPDX-License-Identifier: GPL-3.0-or-later
"""Which masters are asked, in which order, and what of their replies counts."""
import gzip
import json

import ask
import pytest
import states
import tls
from master import STATE, Master, document, drip, hang, raw, redirect, status
from counters import stats
from waiting import wait_for


def state_with(master, app):
    """A state with one app, so that names tell which state has been loaded."""
    return states.state(master, states.framework("marathon", states.task(app)))


def start(server, *masters, poll_interval=1, **options):
    server.module("cluster", master=[master.address for master in masters],
                  poll_interval=poll_interval, **options)
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.start()


def wait_app(server, app):
    server.wait_ready(f"{app}.marathon.mesos.")


def test_request(server, master):
    """GET /master/state, and gzip is asked for."""
    master.serve(state_with(master, "web"))
    start(server, master)
    wait_app(server, "web")
    assert {request.path for request in master.requests} == {STATE}
    headers = master.last().headers
    assert "gzip" in headers["Accept-Encoding"]
    assert headers["Host"] == master.address
    assert "Authorization" not in headers


def test_gzip_and_plain(server, master):
    """Both forms of a reply are understood; the stub chooses gzip as it is asked for."""
    body = json.dumps(state_with(master, "plain")).encode()
    master.serve(status(200, body, Content_Type="application/json"))
    start(server, master)
    wait_app(server, "plain")
    master.serve(document(state_with(master, "packed")))
    wait_app(server, "packed")


def test_changes_are_seen(server, master):
    master.serve(state_with(master, "one"))
    start(server, master)
    wait_app(server, "one")
    master.serve(state_with(master, "two"))
    wait_app(server, "two")
    assert ask.outcome(server.ask("one.marathon.mesos.")) == "NXDOMAIN"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZip", "identity"])
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_gzip_in_pieces(server, master, coding, piece):
    """However it is cut; it unpacks to more than a few pieces."""
    content = state_with(master, "web")
    content["x"] = "x" * 300000
    body = json.dumps(content).encode()
    if coding != "identity":
        body = gzip.compress(body)
    pieces = [body[at:at + piece] for at in range(0, len(body), piece)] + [b""]
    master.serve(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: "
                     + coding.encode() + b"\r\n\r\n" + b"".join(
                         b"%x\r\n%s\r\n" % (len(one), one) for one in pieces), close=True))
    start(server, master)
    wait_app(server, "web")


@pytest.mark.parametrize("form", ["chunked", "until-close", "name"])
def test_forms_of_reply(server, master, form):
    """In chunks, or ended by the connection's end; from a master configured by its name."""
    body = json.dumps(state_with(master, "web")).encode()
    heads = {"chunked": b"Transfer-Encoding: chunked", "until-close": b"Connection: close",
             "name": b"Content-Length: %d" % len(body)}
    if form == "chunked":
        pieces = [body[at:at + 100] for at in range(0, len(body), 100)] + [b""]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    master.serve(raw(b"HTTP/1.1 200 OK\r\n" + heads[form] + b"\r\n\r\n" + body, close=True))
    host = "localhost" if form == "name" else master.host
    server.module("cluster", master=f"{host}:{master.port}")
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.start()
    wait_app(server, "web")


# Redirects.

@pytest.mark.parametrize("form", ["//{}/master/state", "http://{}/master/state",
                                  "HTTP://{}/master/state"])
def test_redirect(server, master, form):
    with Master() as leader:
        leader.serve(state_with(leader, "web"))
        master.serve(redirect(form.format(leader.address)))
        start(server, master)
        wait_app(server, "web")


def test_redirect_with_path_only(server, master):
    master.serve(redirect("/other/state"))
    master.serve(state_with(master, "web"), path="/other/state")
    start(server, master)
    wait_app(server, "web")


@pytest.mark.parametrize("form", ["//::1:{}/master/state", "//[::1]:{}/master/state",
                                  "http://::1:{}/master/state"])
def test_redirect_to_ipv6(server, master, form):
    """Mesos gives an IPv6 address without brackets."""
    with Master("::1") as leader:
        leader.serve(state_with(leader, "web"))
        master.serve(redirect(form.format(leader.port)))
        start(server, master)
        wait_app(server, "web")
        assert ask.data(server.ask("leader.mesos.", "AAAA"), "AAAA") == ["::1"]
        assert ask.outcome(server.ask("leader.mesos.", "A")) == "NODATA"


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_redirect_codes(server, master, code):
    with Master() as leader:
        leader.serve(state_with(leader, "web"))
        master.serve(redirect(f"//{leader.address}/master/state", code))
        start(server, master)
        wait_app(server, "web")


def test_five_redirects(server, master):
    for step in range(5):
        here = STATE if step == 0 else f"/step{step}"
        master.serve(redirect(f"//{master.address}/step{step + 1}"), path=here)
    master.serve(state_with(master, "web"), path="/step5")
    start(server, master)
    wait_app(server, "web")


def test_six_redirects(server, master):
    for step in range(6):
        here = STATE if step == 0 else f"/step{step}"
        master.serve(redirect(f"//{master.address}/step{step + 1}"), path=here)
    master.serve(state_with(master, "web"), path="/step6")
    start(server, master)
    server.wait_polls(master, 2)
    assert master.count("/step5") >= 1
    assert master.count("/step6") == 0
    assert ask.outcome(server.ask("web.marathon.mesos.")) == "SERVFAIL"


def test_redirect_loop(server, master):
    """A standby that redirects to itself is asked a few times a poll, and never spun on."""
    master.serve(redirect(f"//{master.address}/master/state"))
    start(server, master)
    server.wait_polls(master, 12, 20)
    times = master.times()
    assert times[11] - times[0] > 0.8, "polls without a pause"
    master.serve(state_with(master, "web"))
    wait_app(server, "web")


@pytest.mark.parametrize("path, asked", [
    ("/" + "x" * 254, "/" + "x" * 254), ("/" + "x" * 255, STATE), ("/x", "/x"), ("/", STATE),
    ("", STATE), ("?x", STATE), ("#x", STATE), ("/!", "/!"), ("/~", "/~"), ("/a b", STATE),
    ("/\x7f", STATE), ("/\xe9", STATE), ("/a\tb", STATE)], ids=range(13))
def test_paths_of_redirects(server, master, path, asked):
    """One that is not plain, or is longer than 255 bytes, is passed over: it is the state's."""
    with Master() as leader:
        leader.serve(state_with(leader, "web"), path=asked)
        master.serve(redirect(f"//{leader.address}{path}"))
        start(server, master)
        wait_app(server, "web")
        assert {request.path for request in leader.requests} == {asked}


def test_redirects_in_a_circle(server, master):
    """Two that name each other, as in the middle of an election: each is asked once a poll."""
    with Master() as second:
        master.serve(redirect(f"//{second.address}/master/state"))
        second.serve(redirect(f"//{master.address}/master/state"))
        start(server, master, second)
        server.wait_log(f"{second.address}: it redirects back to {master.address}, "
                        "they may just be electing")
        server.wait_polls(master, 4, 20)
        assert abs(master.count() - second.count()) <= 1
        second.serve(state_with(second, "web"))
        wait_app(server, "web")
        # It passed; nothing of it is left to be said.
        server.wait_polls(second, second.count() + 2)
        assert "succeed" in server.module_lines()[-1] or "loaded" in server.module_lines()[-1]


def test_dead_leader_whom_standbys_name(server, master):
    """Its failure is told once, with who sent us there; it is asked once in a poll."""
    with Master() as second, Master() as dead:
        for standby in (master, second):
            standby.serve(redirect(f"//{dead.address}/master/state"))
        dead.stop()
        start(server, master, second, dead)
        server.wait_log(f"polls fail, no state yet: {dead.address}: Connection refused "
                        f"(redirected by {master.address}); "
                        f"{second.address}: it redirects to {dead.address}")
        assert server.module_lines()[-1].count("refused") == 1


def test_dead_leader_that_is_asked_first(server, master):
    """Nobody sent us there."""
    with Master() as dead:
        master.serve(redirect(f"//{dead.address}/master/state"))
        dead.stop()
        start(server, dead, master)
        line, = server.wait_log("polls fail")
        assert line.endswith(f": {dead.address}: Connection refused; "
                             f"{master.address}: it redirects to {dead.address}")


def test_failing_leader_is_asked_once_a_poll(server, master):
    """However many standbys name it."""
    with Master() as second, Master() as third:
        for standby in (master, second):
            standby.serve(redirect(f"//{third.address}/master/state"))
        third.serve(status(500))
        start(server, master, second, third)
        server.wait_polls(master, 4, 20)
        assert abs(third.count() - master.count()) <= 1
        assert f"HTTP status 500 (redirected by {master.address})" in server.log


def test_same_address_with_tls_is_another(server, master, tmp_path):
    """A standby without TLS names the leader, which speaks TLS only; the configuration knows."""
    certificate = tls.self_signed(tmp_path, "master")
    with Master(tls=tls.server_context(*certificate)) as leader:
        leader.serve(state_with(leader, "web"))
        master.serve(redirect(f"//{leader.address}/master/state"))
        server.module("cluster", master=[master.address, f"https://{leader.address}"],
                      ca_file=certificate[0])
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        server.start()
        wait_app(server, "web")


# Several masters.

def test_next_master_is_tried(server, master):
    """Nobody listens at the first two, in any turn."""
    with Master() as dead, Master() as failing:
        dead.stop()
        failing.serve(status(503, b"No leader elected"))
        master.serve(state_with(master, "web"))
        start(server, dead, failing, master)
        wait_app(server, "web")


def test_leader_whose_name_does_not_resolve(server, master):
    """It is looked for among the other masters."""
    with Master() as leader:
        master.serve(redirect(f"//leader.invalid:{leader.port}/master/state"))
        leader.serve(state_with(leader, "web"))
        start(server, master, leader)
        wait_app(server, "web")


def test_last_good_master_first(server, master):
    with Master() as second:
        master.serve(status(503, b"No leader elected"))
        second.serve(state_with(second, "web"))
        start(server, master, second)
        wait_app(server, "web")
        asked = master.count()
        server.wait_polls(second, second.count() + 3)
        assert master.count() == asked


def test_masters_change_over(server, master):
    """The leader dies, the other one takes over, and back again."""
    with Master() as second:
        master.serve(state_with(master, "one"))
        second.serve(status(503, b"No leader elected"))
        start(server, master, second)
        wait_app(server, "one")
        master.stop()
        second.serve(state_with(second, "two"))
        wait_app(server, "two")
        second.stop()
        master.start()
        wait_app(server, "one")


def test_leader_field_is_followed(server, master):
    """A reply that names another master as leader does not count; that one is asked."""
    with Master() as leader:
        master.serve(dict(state_with(master, "old"), leader=leader.pid))
        leader.serve(state_with(leader, "new"))
        start(server, master)
        wait_app(server, "new")
        assert ask.outcome(server.ask("old.marathon.mesos.")) == "NXDOMAIN"


def test_leader_fields_that_point_at_each_other(server, master):
    """Two masters that each take the other for the leader: an end, and nothing loaded."""
    with Master() as other:
        master.serve(dict(state_with(master, "one"), leader=other.pid))
        other.serve(dict(state_with(other, "two"), leader=master.pid))
        start(server, master, other)
        server.wait_polls(master, 3)
        for app in ("one", "two"):
            assert ask.outcome(server.ask(f"{app}.marathon.mesos.")) == "SERVFAIL"
        times = master.times() + other.times()
        assert len(times) < 40 * (max(times) - min(times) + 1), "polls without a pause"


def test_hanging_master_does_not_hold_up_the_other(server, master):
    with Master() as second:
        master.serve(hang)
        second.serve(state_with(second, "web"))
        start(server, master, second, poll_timeout=2)
        wait_app(server, "web")


def test_poll_timeout_is_for_all_of_it(server, master):
    """A byte now and then does not extend the time."""
    with Master() as second:
        master.serve(drip(b"{" + b" " * 100000 + b"}", 0.1))
        second.serve(state_with(second, "web"))
        start(server, master, second, poll_timeout=2)
        wait_app(server, "web")


def test_numbers_of_masters(server, master):
    """Known masters in the order of the configuration, then a leader that is not among them."""
    with Master() as standby, Master("127.0.0.2") as leader:
        leader.serve(state_with(leader, "web"))
        for one in (master, standby):
            one.serve(redirect(f"//{leader.address}/master/state"))
        start(server, master, standby)
        wait_app(server, "web")
        for kind in ("tcp", "udp"):
            assert sorted(ask.data(server.ask(f"_master._{kind}.mesos.", "SRV"), "SRV")) == sorted([
                f"0 1 {master.port} master0.mesos.", f"0 1 {standby.port} master1.mesos.",
                f"0 1 {leader.port} master2.mesos."])
        assert ask.data(server.ask("master0.mesos."), "A") == ["127.0.0.1"]
        assert ask.data(server.ask("master2.mesos."), "A") == ["127.0.0.2"]
        assert sorted(ask.data(server.ask("master.mesos."), "A")) == ["127.0.0.1", "127.0.0.2"]
        assert ask.data(server.ask("leader.mesos."), "A") == ["127.0.0.2"]
        assert ask.outcome(server.ask("master3.mesos.")) == "NXDOMAIN"


# What is logged, and what is passed over.

def test_dead_master_is_one_line(server, master):
    master.serve(state_with(master, "web"))
    start(server, master)
    wait_app(server, "web")
    before = len(server.module_lines())
    master.stop()
    wait_for(lambda: len(server.module_lines()) > before, what="a line about it")
    end = len(server.module_lines())
    wait_for(lambda: ask.extended_errors(server.ask("web.marathon.mesos.", "A", ask.UDP_EDNS)),
             what="several failures")
    assert len(server.module_lines()) == end == before + 1
    assert master.address in server.module_lines()[-1]
    master.start()
    wait_for(lambda: len(server.module_lines()) > end, what="a line about its return")


@pytest.mark.parametrize("changes", [
    {"x": "\ud800"}, {"x": "a\0b"}, {"x": 1e308}, {"frameworks": [7, None, [], {}]},
    {"slaves": [7, None, {}, {"id": 1, "pid": []}, states.agent()]},
    {"frameworks": [states.framework("\0", states.task("x\0y"), 5, None)]},
    {"completed_frameworks": [{"tasks": [states.task("ghost")]}]},
    {"hostname": None, "version": [], "flags": "none", "recovered_slaves": None},
], ids=range(8))
def test_strange_parts_are_passed_over(server, master, changes):
    """Unknown keys and wrong types spoil nothing beside them."""
    content = dict(state_with(master, "web"), **changes)
    if changes.get("frameworks"):
        content["frameworks"] = content["frameworks"] + state_with(master, "web")["frameworks"]
    master.serve(content)
    start(server, master)
    wait_app(server, "web")
    assert ask.outcome(server.ask("ghost.marathon.mesos.")) == "NXDOMAIN"


def test_starting_master(server, master):
    """One that was just started says 404, then sends on to itself, and both will pass."""
    start(server, master)
    server.wait_log("HTTP status 404: it may just be starting")
    master.serve(redirect(f"//{master.address}/master/state"))
    server.wait_log("it redirects to itself, it may just be starting")
    master.serve(state_with(master, "web"))
    wait_app(server, "web")


def test_skipped_names_are_one_line(server, master):
    """A reverse zone skips names too, and has no line of its own for them."""
    def content(*names):
        return states.state(master, states.framework("marathon", states.task("web")),
                            *(states.framework(name, states.task("odd", addresses=["10.1.2.3"]))
                              for name in names))

    first, second = ".".join(["a" * 60] * 5), ".".join(["b" * 60] * 5)
    master.serve(content(first))
    server.module("cluster", master=master.address, poll_interval=1)
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.zone("10.in-addr.arpa.", "", ["mod-mesos/cluster"])
    server.start()
    wait_app(server, "web")
    server.wait_log("cannot be carried by DNS")
    server.wait_polls(master, master.count() + 3)
    assert stats(server, "10.in-addr.arpa.")["skipped"] > 0
    assert len(server.module_lines("cannot be carried by DNS")) == 1
    # Another one is news.
    master.serve(content(second))
    wait_for(lambda: len(server.module_lines("cannot be carried by DNS")) == 2, what="a line")
    master.serve(state_with(master, "web"))
    server.wait_log("all names can be carried by DNS again")
    server.wait_polls(master, master.count() + 2)
    assert len(server.module_lines("can be carried by DNS again")) == 1
    assert not server.log_lines("[10.in-addr.arpa.]", "carried by DNS")


# When it is tried again.

def test_retry_times(server, master):
    """After 1 s, then twice that, and so on: never much earlier, and not much later."""
    master.serve(status(503, b"No leader elected"))
    start(server, master, poll_interval=30)
    server.wait_polls(master, 4, 20)
    times = master.times()
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    for gap, expected in zip(gaps, (1, 2, 4)):
        assert gap > 0.8 * expected, gaps
    assert gaps[0] < gaps[1] < gaps[2], gaps


def test_retries_are_never_further_apart_than_five_seconds(server, master):
    """Doubled on they would be 1, 2, 4, 8 and 16 s apart."""
    master.serve(status(503, b"No leader elected"))
    start(server, master, poll_interval=300)
    server.wait_polls(master, 6, 26)


def test_retry_is_never_later_than_the_interval(server, master):
    master.serve(status(503, b"No leader elected"))
    start(server, master, poll_interval=1)
    server.wait_polls(master, 6, 12)


def test_success_resets_the_retry(server, master):
    """A poll that fails after a good one is tried again after a second."""
    master.serve(state_with(master, "web"))
    start(server, master, poll_interval=2)
    wait_app(server, "web")
    master.serve(status(503, b"No leader elected"))
    count = master.count()
    server.wait_polls(master, count + 2)
    times = master.times()[count:]
    assert 0.7 < times[1] - times[0]
    master.serve(state_with(master, "again"))
    wait_app(server, "again")
