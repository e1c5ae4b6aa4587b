# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking over HTTP, with sockets: what is sent and what comes back, byte for byte.

    web = Web("127.0.0.1", 8123)
    web.get("/v1/hosts/leader.mesos").json()
    with web.connect() as line:
        line.send("GET /health HTTP/1.1", "Host: x")
        line.reply().status
"""
import contextlib
import json
import re
import socket
import threading
import time

from waiting import PATIENCE, wait_for

# No answer takes as long, but those that wait for a change.
TIMEOUT = 10 * PATIENCE


class Reply:
    """A response; names of headers are in lower case."""

    def __init__(self, head, body):
        status, *lines = head.split("\r\n")
        self.version, code, _ = (status + "  ").split(" ", 2)
        self.status = int(code)
        self.headers = {name.lower(): value.strip()
                        for name, _, value in (line.partition(":") for line in lines)}
        self.body = body

    @property
    def text(self):
        return self.body.decode()

    @property
    def index(self):
        return int(self.headers["x-index"])

    def json(self):
        assert self.headers["content-type"] == "application/json", self
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:200]}"


class Line:
    """One connection."""

    def __init__(self, address, port, timeout=TIMEOUT, buffer=None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((address, port))
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *lines):
        """Sends a request's lines (text or bytes), and the empty one that ends them."""
        self.write(b"".join((line if isinstance(line, bytes) else line.encode("latin-1")) + b"\r\n"
                            for line in (*lines, "")))

    def write(self, content):
        self.socket.sendall(content)

    def get(self, path, *headers):
        self.send(f"GET {path} HTTP/1.1", "Host: dns", *headers)

    def _more(self):
        more = self.socket.recv(1 << 16)
        self.pending += more
        return more

    def reply(self, head_only=False):
        """The next response, or None if the connection ends instead."""
        while b"\r\n\r\n" not in self.pending:
            if not self._more():
                assert not self.pending, self.pending
                return None
        head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        reply = Reply(head.decode("latin-1"), b"")
        length = 0 if head_only else int(reply.headers["content-length"])
        while len(self.pending) < length:
            assert self._more(), f"the body ends early: {reply}"
        reply.body, self.pending = self.pending[:length], self.pending[length:]
        return reply

    def is_closed(self):
        """Waits until the server has ended the connection, without a further word."""
        try:
            return not self._more()
        except ConnectionResetError:
            return True

    def has_come(self):
        """Whether something has been received, without waiting."""
        self.socket.setblocking(False)
        try:
            return bool(self.pending or self.socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        finally:
            self.socket.settimeout(TIMEOUT)


class Web:
    """One server."""

    def __init__(self, address, port):
        self.address, self.port = address, port

    def connect(self, **options):
        return Line(self.address, self.port, **options)

    def raw(self, content, head_only=False):
        """The response to these bytes, or None if the connection ends without one."""
        with self.connect() as line:
            line.write(content)
            try:
                return line.reply(head_only)
            except ConnectionResetError:
                return None

    def ask(self, method, path, *headers):
        with self.connect() as line:
            line.send(f"{method} {path} HTTP/1.1", "Host: dns", *headers)
            return line.reply(method == "HEAD")

    def get(self, path, *headers):
        return self.ask("GET", path, *headers)

    def hosts(self, name):
        """What /v1/hosts says of a name: a set of addresses; empty if it is missing."""
        return {entry["ip"] for entry in self.get(f"/v1/hosts/{name}").json() if entry["host"]}

    def services(self, name):
        """What /v1/services says: a set of (host, port, address)."""
        return {(entry["host"], entry["port"], entry["ip"])
                for entry in self.get(f"/v1/services/{name}").json() if entry["host"]}

    def listens(self):
        with contextlib.suppress(OSError):
            socket.create_connection((self.address, self.port), TIMEOUT).close()
            return True
        return False

    def wait_listening(self, listens=True):
        wait_for(lambda: self.listens() == listens, what="HTTP" if listens else "the end of HTTP")

    def wait_for(self, path, condition, seconds=10):
        """Asks until a reply fulfils the condition; returns that."""
        def asked():
            reply = self.get(path)
            return reply if condition(reply) else None
        return wait_for(asked, seconds, f"another reply for {path}")


class Recorded:
    """A request to Mesos-DNS, and what it said."""

    def __init__(self, request, response):
        self.request = request
        head, _, body = response.partition("\n\n")
        self.reply = Reply(head.replace("\n", "\r\n"), unchunked(head, body)) if head else None

    @property
    def line(self):
        return self.request.split(b"\r\n")[0].decode()


def unchunked(head, body):
    """A body as it was meant; recordings have CRLF as LF, and the sizes of chunks."""
    if "chunked" not in head.lower():
        length = re.search(r"Content-Length: (\d+)", head)
        return body[:int(length[1])].encode() if length else body.encode()
    content, rest = "", body
    while True:
        size, _, rest = rest.partition("\n")
        size = int(size, 16)
        if size == 0:
            return content.encode()
        data = rest.encode()[:size].decode()
        content, rest = content + data, rest[len(data):].removeprefix("\n")


def recorded(path, fork):
    """The exchanges of a recording with one of the forks, `orig` or `fork`."""
    found = []
    for block in path.read_text().split("######## ")[1:]:
        name, _, rest = block.partition("\n")
        request, *response = re.split(r"^(?=HTTP/1\.1 )", rest, maxsplit=1, flags=re.M)
        head, _, body = request.strip("\n").partition("\n\n")
        if name == fork:
            sent = head.replace("\n", "\r\n") + "\r\n\r\n" + body
            found.append(Recorded(sent.encode(), "".join(response).strip("\n")))
    return found


@contextlib.contextmanager
def constant_requests(web, path, keep=False, statuses=(200,), least=20):
    """Asks without a pause, so often at least; every request must be answered with such a status.

    `path` may be a function of the reply before, of which there is none at first.
    """
    ending, failed, count = threading.Event(), [], [0]

    def run():
        line = reply = None
        while not ending.is_set():
            try:
                if not keep or line is None:
                    line = web.connect()
                line.get(path(reply) if callable(path) else path)
                reply = line.reply()
                if reply is None or reply.status not in statuses:
                    failed.append(reply)
                if not keep:
                    line.socket.close()
            except OSError as error:
                failed.append(repr(error))
                line = None
            count[0] += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
        wait_for(lambda: count[0] > least or failed, 30, f"{least} answers")
    finally:
        ending.set()
        thread.join()
    assert not failed, f"{len(failed)} of {count[0]} failed: {failed[:5]}"


def watching(path):
    """Paths for constant_requests(): each waits for another answer than the one before."""
    def following(reply):
        known = reply and reply.headers.get("x-index")
        return f"{path}?index={known}&wait=1s" if known else path
    return following


def elapsed(action):
    """How long something takes in seconds, and what it gives."""
    began = time.monotonic()
    result = action()
    return time.monotonic() - began, result
