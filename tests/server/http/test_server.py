# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP server's life: reloads, shared addresses, addresses in use, stops, who is slow, and
requests of every form."""
import contextlib
import os
import random
import socket
import time

import ask
import pytest
import states
from expected import serving
from knotd import PRELOAD, WRAPPER, Knotd
from ports import free_port
from waiting import PATIENCE, wait_for
from web import Web, constant_requests, elapsed

HOST = "/v1/hosts/web.marathon.mesos"
CONNECTIONS = int(os.environ.get("TEST_CONNECTIONS", "2000"))
CONNECTIONS_MAX = 64
REQUEST_SECONDS = 10

SOON = 5 * PATIENCE


@pytest.fixture
def web():
    return Web("127.0.0.1", free_port())


def at(*webs):
    return {"http": [f"{web.address}@{web.port}" for web in webs]}


def state(master, *more):
    return states.state(master, states.framework(
        "marathon", states.task("web", ports="[31000-31000]", addresses=["10.1.0.1"]), *more))


def large(master, count=3000):
    """A state whose lists take long to write."""
    return state(master, *(states.task(f"task-{number}", ports="[31000-31009]",
                                       addresses=[f"10.2.{number // 250}.{number % 250}"])
                           for number in range(count)))


@pytest.fixture
def served(master, web):
    master.serve(state(master))
    with serving(master, **at(web)) as server:
        web.server = server
        yield web


@pytest.mark.parametrize("path, keep", [(HOST, False), (HOST, True), ("/metrics", True),
                                        ("/v1/config", False)])
def test_reloads_lose_no_request(served, path, keep):
    with constant_requests(served, path, keep):
        for _ in range(5):
            served.server.reload()
            served.server.zone_reload()
    assert len(served.server.module_lines("HTTP at")) == 1


def test_reloads_lose_no_long_list(master, web):
    """A list that is being written when its zone's instance goes is written from the next one."""
    master.serve(large(master, 1500))
    with serving(master, **at(web)) as server:
        whole = web.get("/v1/records").body
        with constant_requests(web, "/v1/axfr"), constant_requests(web, "/v1/enumerate"):
            for _ in range(5):
                server.reload()
        assert web.get("/v1/records").body == whole


def test_stopping_in_the_middle_of_lists(master, web):
    master.serve(large(master, 8000))
    with serving(master, **at(web)) as server, contextlib.ExitStack() as stack:
        for path in ["/v1/axfr", "/v1/enumerate", "/v1/records"] * 10:
            stack.enter_context(web.connect()).get(path)
        seconds, _ = elapsed(server.stop)
        assert seconds < SOON
        server.start()


def test_addresses_come_and_go_with_reloads(master, web):
    """What is named is listened at, nothing else; the thread ends with the last."""
    other = Web("127.0.0.1", free_port())
    master.serve(state(master))
    with serving(master, **at(web)) as server:
        assert server.threads("mesos-http") == 1
        server.module("cluster", master=master.address, **at(web, other))
        server.reload()
        other.wait_listening()
        assert web.get(HOST).body == other.get(HOST).body
        server.module("cluster", master=master.address, **at(other))
        server.reload()
        web.wait_listening(False)
        assert other.get(HOST).status == 200
        server.module("cluster", master=master.address)
        server.reload()
        other.wait_listening(False)
        assert server.threads("mesos-http") == 0
        server.module("cluster", master=master.address, **at(web))
        server.reload()
        web.wait_listening()
        assert web.get(HOST).status == 200


def test_sections_that_share_an_address(master, web):
    """Two clusters at one address, and a third zone at another; one goes, the others stay."""
    from master import Master
    master.serve(state(master))
    with Master() as other, Knotd() as server:
        other.serve(states.state(other, states.framework(
            "chronos", states.task("job", addresses=["10.7.0.1"]))))
        server.module("one", master=master.address, **at(web))
        server.module("two", master=other.address, **at(web))
        server.zone("mesos.", modules=["mod-mesos/one"])
        server.zone("dc2.example.", modules=["mod-mesos/two"])
        server.zone("10.in-addr.arpa.", modules=["mod-mesos/one"])
        server.start()
        server.wait_loaded()
        server.wait_ready("leader.dc2.example.")
        assert web.hosts("web.marathon.mesos") == {"10.1.0.1"}
        assert web.hosts("job.chronos.dc2.example") == {"10.7.0.1"}
        assert web.hosts("job.chronos.mesos") == set()
        # Lists are of the first forward zone by its name, or of the one that is named.
        assert web.get("/v1/axfr").json()["Domain"] == "dc2.example"
        assert web.get("/v1/axfr?zone=mesos.").json()["Domain"] == "mesos"
        assert web.get("/v1/axfr?zone=MESOS").json()["Domain"] == "mesos"
        assert web.get("/v1/axfr?zone=nowhere").status == 404
        assert "PTR" in web.get("/v1/records?zone=10.in-addr.arpa").text
        server.module("two", master=other.address)
        server.reload()
        # Its names are not missing all at once: who asked before should notice that it has gone.
        assert web.get("/v1/hosts/job.chronos.dc2.example").status == 503
        assert web.get("/v1/axfr").json()["Domain"] == "mesos"
        assert len(server.module_lines("HTTP at")) == 1


def test_an_address_in_use(master, web):
    """One line; names are served; tried again until it is free, and that is said."""
    master.serve(state(master))
    with socket.create_server(("127.0.0.1", web.port)) as taken:
        with serving(master, **at(web)) as server:
            assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"
            line, = server.wait_log("no HTTP at", f"127.0.0.1@{web.port}", "in use")
            assert "error" in line
            server.reload()
            time.sleep(2.5)
            assert len(server.module_lines("no HTTP at")) == 1
            taken.close()
            server.wait_log("notice", "HTTP at", f"127.0.0.1@{web.port}", seconds=60)
            assert web.get(HOST).status == 200


def test_an_address_of_somebody_else(master):
    """It may come later, too (a virtual one)."""
    master.serve(state(master))
    with serving(master, http="192.0.2.77@8123") as server:
        server.wait_log("no HTTP at 192.0.2.77@8123", "cannot assign")
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"


@pytest.mark.parametrize("http, words", [
    ("/tmp/http.sock", "IP address"),
    ("127.0.0.1@0", "port 0"),
    (["127.0.0.1", "127.0.0.1@8123"], "twice"),
    (["::1", "0:0::1@8123"], "twice"),
])
def test_what_conf_check_refuses(server, http, words):
    server.module("cluster", master="127.0.0.1:5050", http=http)
    server.zone("mesos.", modules=["mod-mesos/cluster"])
    server.write()
    said = server.knotc("conf-check", status=1)
    assert "http: " in said and words in said


def test_the_port_if_none_is_named(server):
    server.module("cluster", master="127.0.0.1:5050", http=["192.0.2.77", "2001:db8::77"])
    server.zone("mesos.", modules=["mod-mesos/cluster"])
    server.start()
    server.wait_log("no HTTP at 192.0.2.77@8123")
    server.wait_log("no HTTP at 2001:db8::77@8123")


def test_who_is_slow_is_cut_off(served):
    """A request has ten seconds to arrive, however it comes; an idle connection as many."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(served.connect()) for _ in range(5)]
        lines[1].write(b"GET /health HT")
        lines[2].write(b"GET /health HTTP/1.1\r\nHost: x\r\n")
        lines[3].get("/health")
        assert lines[3].reply().status == 200
        while time.monotonic() - began < REQUEST_SECONDS - 1:
            # Byte by byte, so that it is never idle.
            lines[4].write(b"X")
            time.sleep(0.5)
        for line in lines:
            line.socket.settimeout(20 * PATIENCE)
            assert line.is_closed()
    assert time.monotonic() - began > REQUEST_SECONDS - 1


def test_more_connections_than_there_may_be(served):
    """They wait to be accepted; who has had an answer and asks for nothing makes room at once."""
    with contextlib.ExitStack() as stack:
        for _ in range(CONNECTIONS_MAX):
            line = stack.enter_context(served.connect())
            line.get("/health")
            assert line.reply().status == 200
        seconds, reply = elapsed(lambda: served.get(HOST))
        assert seconds < SOON and reply.status == 200
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(served.connect()) for _ in range(CONNECTIONS_MAX)]
        for line in lines:
            line.write(b"GET /hea")
        # Their ten seconds have to be over.
        with served.connect(timeout=30 * PATIENCE) as line:
            line.get(HOST)
            assert line.reply().status == 200


def test_a_slow_reader_holds_up_nobody(master, web):
    """It has its list in memory that is its own; others are served, and changes published."""
    master.serve(large(master, 8000))
    with serving(master, poll_interval=1, events="off", **at(web)) as server:
        with web.connect(buffer=65536) as slow:
            slow.get("/v1/axfr")
            time.sleep(0.5)
            assert web.get(HOST).status == 200
            master.serve(large(master, 10))
            server.wait_until("task-77.marathon.mesos.", "A",
                              lambda reply: ask.outcome(reply) == "NXDOMAIN", 60)
            whole = slow.reply().json()
            assert "task-77.marathon.mesos." in whole["Records"]["As"]


def test_many_connections_in_a_row(served):
    """No descriptor and no memory is left of them."""
    for _ in range(200):
        assert served.get(HOST).status == 200
    descriptors, memory = served.server.descriptors(), served.server.memory()
    for _ in range(CONNECTIONS):
        assert served.get(HOST).status == 200
    wait_for(lambda: served.server.descriptors() <= descriptors + 2, what="their descriptors")
    if not PRELOAD and not WRAPPER:
        assert served.server.memory() < memory + 4096


def test_pipelining(served):
    """A hundred requests at once, answered in their order."""
    paths = [("/health", 200), (HOST, 200), ("/nope", 404), ("/v1/axfr", 200)] * 25
    with served.connect() as line:
        line.write(b"".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
                            for path, _ in paths))
        assert [line.reply().status for _ in paths] == [status for _, status in paths]


def test_versions_of_http(served):
    for content, status in [
            (b"GET /health HTTP/1.0\r\n\r\n", 200),
            (b"GET /health HTTP/1.1\r\n\r\n", 400),
            (b"GET /health HTTP/1.1\r\nHost:\r\n\r\n", 200),
            (b"GET /health HTTP/2.0\r\nHost: x\r\n\r\n", 505),
            (b"GET /health HTTP/0.9\r\n\r\n", 505),
            (b"GET /health\r\n\r\n", 400),
            (b"GET http://elsewhere:1/health?x HTTP/1.1\r\nHost: x\r\n\r\n", 200),
            (b"GET HTTPS://elsewhere HTTP/1.1\r\nHost: x\r\n\r\n", 404),
            (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 200),
            (b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
            (b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
            (b"\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n", 200)]:
        assert served.raw(content).status == status, content
    with served.connect() as line:
        line.send("GET /health HTTP/1.0")
        assert line.reply().status == 200 and line.is_closed()
    with served.connect() as line:
        line.send("GET /health HTTP/1.0", "Connection: keep-alive")
        assert line.reply().status == 200
        line.get("/health", "Connection: close")
        assert line.reply().status == 200 and line.is_closed()


def test_methods(served):
    for path in (HOST, "/v1/hosts/x/ports", "/health", "/ready", "/metrics", "/v1/axfr"):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "FOO", "get"):
            reply = served.ask(method, path)
            assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD"), (method, path)
    for path in (HOST, "/health", "/metrics", "/v1/axfr", "/v1/version"):
        get, head = served.get(path), served.ask("HEAD", path)
        assert head.body == b"" and head.status == get.status == 200
        assert head.headers["content-type"] == get.headers["content-type"]
        if path != "/metrics":
            assert head.headers["content-length"] == get.headers["content-length"]


def test_bodies_are_not_read(served):
    """The answer comes without them, and is the last one of the connection."""
    for method, status in (("GET", 200), ("POST", 405)):
        for body in ("Content-Length: 100000000", "Transfer-Encoding: chunked",
                     "Expect: 100-continue\r\nContent-Length: 5"):
            with served.connect() as line:
                line.send(f"{method} {HOST} HTTP/1.1", "Host: x", body)
                assert line.reply().status == status
                assert line.is_closed()
    assert served.ask("POST", HOST, "Content-Length: x").status == 400
    with served.connect() as line:
        line.get(HOST, "Content-Length: 0", "Content-Type: text/plain")
        assert line.reply().status == 200
        line.get(HOST)
        assert line.reply().status == 200


def test_how_long_requests_may_be(served):
    """8 KiB in all, 512 octets of path, a bit more of query."""
    assert served.get("/health", "X: " + "y" * 7900).status == 200
    assert served.get("/health", "X: " + "y" * 8192).status == 431
    assert served.get("/health", *("X: y" for _ in range(5000))).status == 431
    # However many headers and cookies it is of.
    for count in (100, 250, 500):
        header = f"X-Header: {'y' * (8000 // count - 12)}"
        assert served.get("/health", *[header] * count).status == 200
        cookies = "; ".join(["name=" + "y" * (8000 // count - 7)] * count)
        assert served.get("/health", f"Cookie: {cookies}").status == 200
    assert served.get("/health", "X: " + "y" * 1000000).status == 431
    assert served.get("/v1/hosts/" + "a" * 502).status == 200
    assert served.get("/v1/hosts/" + "a" * 503).status == 414
    assert served.get("/health?" + "a" * 1000).status == 200
    assert served.get("/health?" + "a" * 1100).status == 414
    assert served.get("/" + "a" * 10000).status in (414, 431)
    assert served.get(HOST).status == 200


def test_random_requests(served):
    """Bytes changed at random: a status or the end of the connection, and never the server's."""
    generator = random.Random(7)
    whole = (f"GET {HOST}?index=3&wait=1ms HTTP/1.1\r\nHost: dns\r\nAccept: */*\r\n"
             "Content-Length: 0\r\nConnection: close\r\n\r\n").encode()
    seen = set()
    for _ in range(400):
        content = bytearray(whole if generator.random() < 0.9 else generator.randbytes(200))
        for _ in range(generator.choice([1, 2, 5])):
            content[generator.randrange(len(content))] = generator.randrange(256)
        with served.connect() as line:
            line.write(content)
            # What does not end is not answered.
            line.socket.settimeout(0.1)
            with contextlib.suppress(OSError):
                reply = line.reply(content.startswith(b"HEAD"))
                seen.add(reply and reply.status)
    assert {200, 400, 404} <= seen
    assert served.get(HOST).status == 200
