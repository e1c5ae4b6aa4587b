# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies that are no complete, valid state of a leader change nothing but a line of the log."""
import gzip
import json
import zlib

import ask
import master as stub
import pytest
import states
from knotd import WRAPPER, Knotd
from master import Master, cut, document, redirect, status
from waiting import wait_for


def good(master):
    return states.state(master, states.framework("marathon", states.task("web")))


def body(**changes):
    """A whole state as text, with some of it changed."""
    return json.dumps(dict(states.state("127.0.0.1:5050"), **changes)).encode()


def without(key):
    content = states.state("127.0.0.1:5050")
    del content[key]
    return content


def packed(content):
    """A reply that is gzip as it is."""
    return status(200, content, Content_Encoding="gzip", Content_Type="application/json")


GZIP = gzip.compress(body())

REFUSED = {
    "503": status(503, b"No leader elected"),
    "404": status(404, b"404 Not Found."),
    "401": status(401, b"401 Unauthorized."),
    "500": status(500, body()),
    "204": status(204),
    "206": status(206, body()),
    "html": document(b"<html><body>It works!</body></html>"),
    "nothing": document(b""),
    "cut": cut(body(), 300),
    "cut-at-once": cut(body(), 0),
    "cut-json": document(body()[:-1]),
    "more": document(body() + b"{}"),
    "number": document(b"1"),
    "null": document(b"null"),
    "list": document([states.state("127.0.0.1:5050")]),
    "empty-object": document({}),
    "no-leader": document(without("leader")),
    "leader-empty": document(body(leader="")),
    "leader-number": document(body(leader=5050)),
    "leader-no-pid": document(body(leader="nobody")),
    "no-slaves": document(without("slaves")),
    "slaves-object": document(body(slaves={})),
    "frameworks-null": document(body(frameworks=None)),
    "not-utf8-json": document(b"\xff\xfe" + body()),
    "quote": document(body()[:-20] + b'"' + body()[-19:]),
    "deep": document(b'{"x":' + b"[" * 100000 + b"]" * 100000 + b"," + body()[1:]),
    "not-gzip": stub.raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n"
                         b"hello", close=True),
    "gzip-without-trailer": packed(GZIP[:-8]),
    "gzip-without-length": packed(GZIP[:-4]),
    "gzip-less-a-byte": packed(GZIP[:-1]),
    "gzip-until-close": stub.raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + GZIP[:-1],
                                 close=True),
    "gzip-wrong-checksum": packed(GZIP[:-8] + bytes(4) + GZIP[-4:]),
    "gzip-wrong-length": packed(GZIP[:-4] + bytes(4)),
    "gzip-and-more": packed(GZIP + b"\n"),
    "gzip-second-member": packed(GZIP + gzip.compress(b" ")),
    "gzip-in-two-members": packed(gzip.compress(body()[:99]) + gzip.compress(body()[99:])),
    "gzip-in-gzip": status(200, gzip.compress(GZIP), Content_Encoding="gzip, gzip"),
    "gzip-unsaid": status(200, GZIP),
    "deflate": status(200, zlib.compress(body()), Content_Encoding="deflate"),
    "zlib-as-gzip": packed(zlib.compress(body())),
    "unknown-encoding": stub.raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: zip\r\n"
                                 b"Content-Length: 5\r\n\r\nhello", close=True),
    "no-http": stub.raw(b"220 mail.example ESMTP\r\n", close=True),
    "no-bytes": stub.raw(b"", close=True),
    "endless-headers": stub.raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200000, close=True),
    "no-last-chunk": stub.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              b"%x\r\n%s\r\n" % (len(body()), body()), close=True),
    "bad-chunk": stub.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                          close=True),
}

LOCATIONS = [
    "", "//", "//:5050/master/state", "//127.0.0.1:99999/", "//nobody.invalid:5050/master/state",
    "ftp://127.0.0.1/", "file:///etc/passwd", "zk://127.0.0.1/mesos", "http://", "%", "//[::1",
    "//" + "a" * 5000]


@pytest.fixture(scope="module")
def loaded():
    """A knotd that has loaded a good state; polls come when a zone is reloaded."""
    with Master() as master, Knotd() as server:
        master.serve(good(master))
        server.module("cluster", master=master.address, poll_interval=3600, events="off")
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        server.start()
        server.wait_loaded()
        yield server, master


def assert_refused(server, master, reply):
    """One line however many polls there are, and one when polls succeed again."""
    before = len(server.module_lines())
    master.serve(reply)
    for _ in range(3):
        server.poll(master)
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"
        assert ask.outcome(server.ask("nobody.mesos.")) == "NXDOMAIN"
        wait_for(lambda: len(server.module_lines()) > before, what="a line about it")
    lines = server.module_lines()[before:]
    assert len(lines) == 1, lines
    assert " error: " in lines[0] or " warning: " in lines[0]
    master.serve(good(master))
    server.poll(master)
    wait_for(lambda: len(server.module_lines()) > before + 1, what="a line about success")
    assert len(server.module_lines()) == before + 2


@pytest.mark.parametrize("reply", REFUSED.values(), ids=REFUSED)
def test_refused_reply(loaded, reply):
    assert_refused(*loaded, reply)


@pytest.mark.parametrize("location", LOCATIONS, ids=lambda location: location[:40])
def test_strange_redirect(loaded, location):
    assert_refused(*loaded, redirect(location))


@pytest.mark.slow
@pytest.mark.skipif(bool(WRAPPER), reason="takes minutes under a wrapper")
def test_more_than_a_gibibyte(loaded):
    """A small reply that unpacks to 1.1 GiB of blanks in front of a whole state."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(b"{") + packer.flush(zlib.Z_FULL_FLUSH)
    blanks = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    end = packer.compress(body()[1:]) + packer.flush()
    bomb = start + blanks * 1126 + end
    server, master = loaded
    before = len(server.module_lines())
    master.serve(status(200, bomb, Content_Encoding="gzip", Content_Type="application/json"))
    server.poll(master)
    wait_for(lambda: len(server.module_lines()) > before, 60, "a line about it")
    assert "1 GiB" in server.module_lines()[-1]
    assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"
    master.serve(good(master))
    server.poll(master)
    wait_for(lambda: len(server.module_lines()) > before + 1, what="a line about success")
