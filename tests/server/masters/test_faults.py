# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is wrong with one master, a good one serves, the last good snapshot stays, knotd lives.

Replies that are refused for their content: test_refused.py has the table, and lets each follow a
good state; here each stands before a good master. Others that follow a good state: a dead master in
test_masters.py, TLS in test_secure.py, recorded refusals in test_recordings.py.
"""
import copy
import gzip
import json
import time

import ask
import golden
import pytest
import states
from knotd import WRAPPER, Knotd
from master import (STATE, Master, cut, document, drip, gzip_bomb, hang, raw, redirect,
                    silent_listener, status)
from ports import free_port
from test_refused import LOCATIONS, REFUSED, assert_refused, good
from waiting import wait_for

BODY = json.dumps(states.state("127.0.0.1:5050", states.framework(
    "marathon", states.task("bad")))).encode()
PACKED = gzip.compress(BODY * 200)


def packed(content):
    """A reply that claims to be gzip."""
    return status(200, content, Content_Encoding="gzip", Content_Type="application/json")


def head(*lines):
    return "\r\n".join(("HTTP/1.1 200 OK", *lines, "", "")).encode()


def leader(text):
    return document(dict(states.state("127.0.0.1:5050"), leader=text))


DEAD = f"127.0.0.1:{free_port()}"

# Replies, and what the log's line has to say of them.
REPLIES = {
    "hang": (hang, "timed out"),
    "byte-a-second": (drip(BODY, 1), "timed out in the middle"),
    "401": (status(401, b"401 Unauthorized.", WWW_Authenticate='Basic realm="mesos"'), "401"),
    "403": (status(403, b"403 Forbidden."), "403"),
    "404": (status(404, b"404 Not Found."), "404"),
    "500": (status(500, BODY), "500"),
    "503": (status(503, b"No leader elected"), "503"),
    "no-location": (status(307), "without a Location"),
    "nowhere": (redirect("//"), "leads nowhere"),
    "unresolvable": (redirect("//nobody.invalid:5050/master/state"), "does not resolve"),
    "dead-host": (redirect(f"//{DEAD}/master/state"), "refused"),
    "unreachable-host": (redirect("//255.255.255.255:5050/master/state"), "unreachable"),
    "redirect-to-port-0": (redirect("//127.0.0.1:0/master/state"), "leads nowhere"),
    "cut-with-length": (cut(BODY, 200), "partial"),
    "cut-without-length": (raw(head("Connection: close") + BODY[:200], close=True), "too early"),
    "cut-chunk": (raw(head("Transfer-Encoding: chunked") + b"%x\r\n" % len(BODY) + BODY[:200],
                      close=True), ""),
    "cut-headers": (raw(b"HTTP/1.1 200 OK\r\nContent-Le", close=True), ""),
    "gzip-corrupt": (packed(PACKED[:300] + bytes(byte ^ 0x55 for byte in PACKED[300:])), ""),
    "gzip-cut": (packed(gzip.compress(BODY)[:-50]), ""),
    "gzip-checksum": (packed(gzip.compress(BODY)[:-8] + bytes(8)), ""),
    "gzip-of-nothing": (packed(b""), ""),
    "gzip-of-html": (packed(gzip.compress(b"<html></html>")), "not JSON"),
    "gzip-twice": (packed(gzip.compress(gzip.compress(BODY))), "not JSON"),
    "html": (document(b"<!DOCTYPE html><html><body>It works!</body></html>"), "not JSON"),
    "empty": (status(200), "too early"),
    "list": (document([]), "not a master's state"),
    "null": (document(None), "not a master's state"),
    "nul-bytes": (document(bytes(1000)), "not JSON"),
    "nul-after": (document(BODY + b"\0"), "not JSON"),
    "nul-inside": (document(BODY.replace(b", ", b",\0", 1)), "not JSON"),
    "nul-in-string": (document(BODY.replace(b"marathon", b"mara\0hon")), "not JSON"),
    "invalid-utf8": (document(BODY.replace(b", ", b",\xff\xfe", 1)), "not JSON"),
    "overlong-utf8": (document(BODY.replace(b", ", b",\xc0\xa0", 1)), "not JSON"),
    "byte-order-mark": (document(b"\xef\xbb\xbf" + BODY), "not JSON"),
    "utf-16": (document(BODY.decode().encode("utf-16")), "not JSON"),
    "deep-lists": (document(b"[" * 100000 + b"]" * 100000), "not JSON"),
    "deep-objects": (document(b'{"frameworks":' * 100000 + b"{}" + b"}" * 100000), "not JSON"),
    "deep-inside": (document(BODY[:-1] + b',"x":' + b"[" * 100000 + b"]" * 100000 + b"}"),
                    "not JSON"),
    "number-01": (document(BODY.replace(b'"frameworks"', b'"x": 01, "frameworks"')), "not JSON"),
    "number-nan": (document(BODY.replace(b'"frameworks"', b'"x": NaN, "frameworks"')), "not JSON"),
    "leader-nobody": (leader("nobody"), "not a master's state"),
    "leader-empty": (leader(""), "not a master's state"),
    "leader-unresolvable": (leader("master@nobody.invalid:5050"), "does not resolve"),
    "leader-dead": (leader(f"master@{DEAD}"), "refused"),
    "leader-without-port": (leader("master@127.0.0.1"), "not a master's state"),
    "leader-port-0": (leader("master@127.0.0.1:0"), ""),
    "leader-port-65536": (leader("master@127.0.0.1:65536"), "not a master's state"),
    "leader-garbage": (leader("master@\0\x7f\u2603%s%n{}:5050"), ""),
    "leader-dash": (leader("master@-127.0.0.1:5050"), ""),
    "leader-newline": (leader("master@a\nb:5050"), ""),
    "leader-long": (leader("master@" + "a" * 60000 + ":5050"), ""),
}

# Whom the line names where that is not the master, but whom it has sent us to.
SENT_TO = {"dead-host": DEAD, "leader-dead": DEAD, "unresolvable": "nobody.invalid:5050",
           "leader-unresolvable": "nobody.invalid:5050", "unreachable-host": "255.255.255.255:5050"}

# Odd, but read as far as it makes sense: what is around it counts.
LENIENT = {
    "duplicate-keys": BODY[:-1] + b"," + BODY[1:],
    "duplicate-frameworks": BODY.replace(b'"frameworks"', b'"frameworks": [{"name": "x"}], '
                                         b'"frameworks"'),
    "duplicate-leader": BODY.replace(b'"leader"', b'"leader": "nobody", "leader"'),
    "duplicate-in-task": BODY.replace(b'"name": "bad"', b'"name": 7, "name": "bad"'),
    "number-1e999": BODY.replace(b'"frameworks"', b'"elected_time": 1e999, "frameworks"'),
    "number-minus": BODY.replace(b'"frameworks"', b'"elected_time": -1e308, "frameworks"'),
    "number-long": BODY.replace(b'"frameworks"', b'"elected_time": ' + b"9" * 100000
                                + b', "frameworks"'),
    "number-small": BODY.replace(b'"timestamp": 1.0', b'"timestamp": 1e-999'),
    "timestamp-huge": BODY.replace(b'"timestamp": 1.0', b'"timestamp": 1e999'),
    "string-long": BODY.replace(b'"frameworks"', b'"id": "' + b"x" * 100000000
                                + b'", "frameworks"'),
    "name-long": BODY.replace(b'"frameworks"', b'"frameworks": [{"name": "' + b"x" * 10000000
                              + b'"}], "frameworks"'),
    "utf8-in-string": BODY.replace(b'"frameworks"', b'"x": "\xff\xc0\xaf", "frameworks"'),
    "surrogates": BODY.replace(b'"frameworks"', rb'"x": "\ud800\udc00\udfff", "frameworks"'),
}


# A bad master first, a good one second: nothing is loaded before.

def start(server, *masters, **options):
    server.module("cluster", master=list(masters), poll_interval=1, poll_timeout=1, **options)
    server.zone("mesos.", "static A 192.0.2.1\n", ["mod-mesos/cluster"])
    server.start()


def assert_second_serves(server, bad, words):
    """Names come up, more polls succeed, and one line tells who fails and why."""
    with Master() as second:
        second.serve(good(second))
        start(server, bad, second.address)
        server.wait_until("web.marathon.mesos.", "A", lambda reply: reply.answer, 20)
        server.wait_log("some masters failed")
        for _ in range(2):
            server.poll(second)
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"
        lines = [line for line in server.module_lines() if " info: " not in line]
        assert len(lines) == 1 and bad in lines[0], lines
        assert words.lower() in lines[0].lower(), lines
        server.log.encode().decode("ascii")


@pytest.mark.parametrize("name", REPLIES)
def test_bad_reply_of_first_master(server, master, name):
    reply, words = REPLIES[name]
    master.serve(reply)
    assert_second_serves(server, SENT_TO.get(name, master.address), words)


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in REPLIES])
def test_refused_reply_of_first_master(server, master, name):
    master.serve(REFUSED[name])
    assert_second_serves(server, master.address, "")


@pytest.mark.parametrize("location", LOCATIONS, ids=lambda location: location[:40])
def test_strange_redirect_of_first_master(server, master, location):
    master.serve(redirect(location))
    assert_second_serves(server, master.address if "nobody" not in location else "nobody", "")


def test_redirect_of_first_master_to_itself(server, master):
    master.serve(redirect(f"//{master.address}/master/state"))
    assert_second_serves(server, master.address, "redirects to itself, it may just be starting")


def test_folded_header_after_a_redirect(server, master):
    """A first line that goes on with a line before it: there is none in this reply."""
    master.serve(redirect("/elsewhere"))
    master.serve(raw(b"HTTP/1.1 200 OK\r\n folded: " + b"x" * 1000 + b"\r\n\r\n"
                     b"<html></html>", close=True), path="/elsewhere")
    assert_second_serves(server, master.address, "")


def test_first_master_refuses_connections(server, master):
    master.stop()
    assert_second_serves(server, master.address, "refused")


def test_first_master_does_not_answer_connections(server):
    with silent_listener() as address:
        assert_second_serves(server, address, "timed out")


def test_first_master_is_unreachable(server):
    """The kernel itself says so: nobody can be connected to under this address."""
    assert_second_serves(server, "255.255.255.255:5050", "unreachable")


def test_first_master_does_not_resolve(server):
    assert_second_serves(server, "nobody.invalid:5050", "does not resolve")


def bomb(string):
    """1.1 GiB in front of a whole state, of blanks or in a string that is wanted."""
    if string:
        return gzip_bomb(b'{"id":"', b"x", b'",' + BODY[1:], 1126)
    return gzip_bomb(b"{", b" ", BODY[1:], 1126)


@pytest.mark.slow
@pytest.mark.skipif(bool(WRAPPER), reason="takes minutes under a wrapper")
@pytest.mark.parametrize("string", [False, True], ids=["blanks", "string"])
def test_first_master_sends_more_than_a_gibibyte(server, master, string):
    """It is let finish: a poll-timeout would end it before."""
    master.serve(packed(bomb(string)))
    with Master() as second:
        second.serve(good(second))
        server.module("cluster", master=[master.address, second.address])
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        server.start()
        server.wait_until("web.marathon.mesos.", "A", lambda reply: reply.answer, 60)
        assert len(server.wait_log("1 GiB", master.address)) == 1
        # Twenty times that would be held if all were kept.
        assert server.memory() < 400 * 1024


# A good state is loaded, then the same master turns bad.

@pytest.fixture(scope="module")
def loaded():
    """A knotd that has loaded a good state; polls come when a zone is reloaded."""
    with Master() as stub, Knotd() as server:
        stub.serve(good(stub))
        server.module("cluster", master=stub.address, poll_interval=3600, poll_timeout=1)
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        server.start()
        server.wait_loaded()
        yield server, stub


@pytest.mark.parametrize("name", [name for name in REPLIES if name not in REFUSED])
def test_master_that_turns_bad(loaded, name):
    server, stub = loaded
    reply, words = REPLIES[name]
    before = len(server.module_lines())
    assert_refused(server, stub, reply)
    assert words.lower() in server.module_lines()[before].lower()


def test_master_that_redirects_to_itself_later(loaded):
    server, stub = loaded
    assert_refused(server, stub, redirect(f"//{stub.address}{STATE}"))


def test_master_that_does_not_answer_connections_later(loaded):
    server, stub = loaded
    before = len(server.module_lines())
    stub.stop()
    with silent_listener(stub.port):
        server.zone_reload()
        wait_for(lambda: len(server.module_lines()) > before, what="a line about it")
        for _ in range(3):
            server.zone_reload()
            time.sleep(1.2)
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"
    lines = server.module_lines()[before:]
    assert any("timed out" in line for line in lines)
    stub.start()
    server.poll(stub)
    wait_for(lambda: "succeed again" in server.module_lines()[-1], what="a line about success")


# What is odd inside a state.

@pytest.mark.parametrize("body", LENIENT.values(), ids=LENIENT)
def test_lenient_reading(server, master, body):
    """Names come from the odd state, or from the good one: here all are read."""
    port = str(master.port).encode()
    with Master() as second:
        master.serve(status(200, body.replace(b"127.0.0.1:5050", b"127.0.0.1:" + port)))
        second.serve(good(second))
        start(server, master.address, second.address)
        server.wait_until("bad.marathon.mesos.", "A", lambda reply: reply.answer, 20)
        assert second.count() == 0
        assert server.memory() < 300 * 1024


def complete(master):
    """A state with every field that is read; what may be spoilt is apart from `web`."""
    status_items = {
        "state": "TASK_RUNNING", "timestamp": 2.0,
        "labels": [{"key": "Docker.NetworkSettings.IPAddress", "value": "10.2.0.3"},
                   {"key": "MesosContainerizer.NetworkSettings.IPAddress", "value": "10.2.0.2"}],
        "container_status": {"network_infos": [
            {"ip_addresses": [{"ip_address": "10.2.0.1", "protocol": "IPv4"}],
             "ip_address": "10.2.0.4",
             "port_mappings": [{"host_port": 31000, "container_port": 80}]}]}}
    odd = states.task(
        "odd", ports="[31000-31001]", agent=1, statuses=[status_items],
        discovery=states.discovery("odd", (8080, "http", "tcp")),
        container={"docker": {"port_mappings": [{"host_port": 31000, "container_port": 80}]},
                   "network_infos": [{"port_mappings": [{"host_port": 31000}]}]})
    return states.state(
        master, states.framework("odd", odd, pid="scheduler@10.9.0.1:9000", hostname="10.9.0.1",
                                 recovered=False),
        states.framework("marathon", states.task("web")), agents=[states.agent(1), states.agent(0)],
        recovered_slaves=[states.agent(2)], elected_time=1000.0,
        flags={"registry_fetch_timeout": "1mins"})


def paths(value, here=()):
    """Paths to all parts of a JSON value, the first element standing for all of a list."""
    if here:
        yield here
    members = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(
        value, list) else ()
    for key, member in members:
        yield from paths(member, (*here, key))


WRONG = {"null": None, "true": True, "number": -1.5, "large": 1e300, "text": "x", "empty": "",
         "list": [[[]], None, 7], "object": {"ports": {"name": []}}}


def kind_of(value):
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(
        value).__name__


def get(content, path):
    for key in path:
        content = content[key]
    return content


def changed(content, path, value):
    """A copy with another value at a path."""
    made = copy.deepcopy(content)
    get(made, path[:-1])[path[-1]] = value
    return made


PATHS = [path for path in paths(complete("127.0.0.1:5050"))]


@pytest.fixture(scope="module")
def strange():
    """A knotd for states with wrong types; one after the other, polled by a zone's reload."""
    with Master() as stub, Knotd() as server:
        stub.serve(complete(stub))
        server.module("cluster", master=stub.address, poll_interval=3600,
                      ip_source=["auto", "docker", "mesos", "host"])
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        server.start()
        server.wait_ready("odd.odd.mesos.")
        yield server, stub


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_wrong_type(strange, path):
    """It spoils nothing of another framework; or the state is refused, and the last one stays."""
    server, stub = strange
    whole = complete(stub)
    wrong = [value for value in WRONG.values() if kind_of(value) != kind_of(get(whole, path))]
    assert len(wrong) >= 5
    for value in wrong:
        stub.serve(changed(whole, path, value))
        server.poll(stub)
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER", value
    stub.serve(whole)
    server.poll(stub)
    server.poll(stub)
    assert "polls fail" not in server.module_lines()[-1]
    for name in ("web.marathon.mesos.", "odd.odd.mesos."):
        server.wait_until(name, "A", lambda reply: reply.answer)


@pytest.mark.parametrize("key", ["leader", "slaves", "frameworks"])
@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_wrong_type_in_first_master(server, master, key, value):
    """What makes it a master's state."""
    content = complete(master)
    if kind_of(value) == kind_of(content[key]):
        pytest.skip("the right type")
    master.serve(dict(content, **{key: value}))
    assert_second_serves(server, master.address, "not a master's state")


@pytest.mark.parametrize("path", golden.FILES[:1], ids=golden.name_of)
def test_state_cut_anywhere(loaded, path):
    """A real one, ended by the connection after any number of bytes."""
    server, stub = loaded
    body = json.dumps(golden.state(path)).encode()
    for length in range(0, len(body), len(body) // 40):
        stub.serve(raw(head("Connection: close") + body[:length], close=True))
        server.poll(stub)
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER", length
    stub.serve(good(stub))
    server.poll(stub)
    server.poll(stub)
    wait_for(lambda: "succeed again" in server.module_lines()[-1], what="a line about success")
