# SPDX-License-Identifier: GPL-3.0-or-later
"""A stub of a Mesos master: serves what a test gives it, and remembers who asked for what.

    with Master() as master:
        master.serve(states.state(master, [...]))    # a dictionary: as JSON, gzip if accepted
        master.serve(redirect("//127.0.0.1:5050/master/state"))
        master.serve(raw(recorded_bytes), path="/state")
        master.serve_events(Streams(lambda: state))  # see streams

A reply is a function that gets the request handler and writes to its `wfile`. Replies may be
changed at any time.
"""
import base64
import collections
import contextlib
import gzip
import http.server
import json
import socket
import socketserver
import threading
import time
import zlib

from ports import free_port

STATE = "/master/state"

# What is posted to for the v1 API; masters redirect to the second one.
API, MASTER_API = "/api/v1", "/master/api/v1"

Request = collections.namedtuple("Request", "path headers time body", defaults=[b""])


def raw(content, close=False):
    """Exactly these bytes, status line and headers included."""
    def reply(handler):
        handler.wfile.write(content)
        handler.close_connection = close
    return reply


def status(code, body=b"", **headers):
    """A reply with a length; underscores in the names of headers mean dashes."""
    def reply(handler):
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
    return reply


def redirect(location, code=307):
    return status(code, Location=location)


def document(content, code=200):
    """JSON (any value, or bytes that may be none), gzipped if that is accepted."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()

    def reply(handler):
        packed = "gzip" in handler.headers.get("Accept-Encoding", "")
        headers = {"Content_Encoding": "gzip"} if packed else {}
        status(code, gzip.compress(body, 1) if packed else body,
               Content_Type="application/json", **headers)(handler)
    return reply


def hang(handler):
    """Never answers; the connection stays open until the master stops."""
    handler.server.ending.wait()
    handler.close_connection = True


def drip(body, seconds):
    """A complete reply, but a byte at a time with a pause after each."""
    def reply(handler):
        handler.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        for byte in body:
            handler.wfile.write(bytes([byte]))
            if handler.server.ending.wait(seconds):
                break
        handler.close_connection = True
    return reply


def cut(body, length):
    """A reply that promises `body` and ends the connection after `length` bytes of it."""
    return raw(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:length], close=True)


def gzip_bomb(start, filler, end, mebibytes):
    """A gzipped body with so many MiB of one byte in its middle; itself it is small."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    middle = packer.compress(filler * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    # The checksum at the end is wrong; nobody should come that far.
    return first + middle * mebibytes + packer.compress(end) + packer.flush()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        replies = self.server.master.replies
        self.answer("readonly", replies.get(self.path, status(404, b"404 Not Found.")))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer("readwrite", self.find_call(body), body)

    def answer(self, realm, reply, body=b""):
        master = self.server.master
        master.note(Request(self.path, self.headers, time.monotonic(), body))
        if not master.is_authorized(self.headers.get("Authorization")):
            reply = status(401, b"401 Unauthorized.",
                           WWW_Authenticate=f'Basic realm="mesos-master-{realm}"')
        reply(self)

    def find_call(self, body):
        """The reply to a call of the v1 API, as particular about its form as Mesos is."""
        if self.path in self.server.master.posts:
            return self.server.master.posts[self.path](self.headers, body)
        if self.path not in (API, MASTER_API) or self.server.master.events is None:
            return status(404, b"404 Not Found.")
        if self.headers.get("Content-Type") != "application/json":
            return status(415, b"Expecting 'Content-Type' of application/json")
        if self.headers.get("Accept") != "application/json":
            return status(406, b"Expecting 'Accept' to allow application/json")
        if json.loads(body) != {"type": "SUBSCRIBE"}:
            return status(400, b"Failed to validate master::Call")
        return self.server.master.events

    def log_message(self, format, *args):
        """Says nothing."""


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, master):
        self.master = master
        self.address_family = socket.AF_INET6 if ":" in master.host else socket.AF_INET
        self.ending = threading.Event()
        self.connections = set()
        super().__init__((master.host, master.port), _Handler)

    def get_request(self):
        connection, address = super().get_request()
        if self.master.tls:
            connection = self.master.tls.wrap_socket(connection, server_side=True,
                                                     do_handshake_on_connect=False)
        self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """A client that hangs up, or refuses our certificate, is none of our business."""


class Master:
    """One stub master; `tls` is an ssl.SSLContext, `credential` a pair (principal, secret)."""

    def __init__(self, host="127.0.0.1", port=None, tls=None, credential=None):
        self.host, self.port = host, port or free_port(host)
        self.tls = tls
        self.authorization = credential and "Basic " + base64.b64encode(
            ":".join(credential).encode()).decode()
        self.replies = {}
        self.posts = {}  # By path: what gives a reply to the headers and body of a POST.
        self.events = None
        self.requests = []
        self._changed = threading.Lock()
        self._server = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        """HOST:PORT, as the module's option and URLs have it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def pid(self):
        """Its libprocess PID, as `leader` and `pid` of a state have it."""
        return f"master@{self.address}"

    def start(self):
        """Listens (again), always on the same port."""
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        """Ends all connections; from now on nobody listens."""
        server, self._server = self._server, None
        if server is None:
            return
        server.ending.set()
        server.shutdown()
        server.server_close()
        for connection in list(server.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # The client was faster.

    def serve(self, reply, path=STATE):
        """Sets the reply for a path: a function, or a state to be served as JSON."""
        self.replies[path] = reply if callable(reply) else document(reply)

    def serve_events(self, reply):
        """Sets the reply to who subscribes: `streams.Streams`, any other reply, or None: there is
        no such API (before Mesos 1.1)."""
        self.events = reply

    def is_authorized(self, header):
        """Whether somebody with this value of Authorization (None: without one) is let in."""
        return self.authorization is None or header == self.authorization

    def note(self, request):
        with self._changed:
            self.requests.append(request)

    def count(self, path=STATE):
        """How often a path was asked for."""
        with self._changed:
            return sum(request.path == path for request in self.requests)

    def times(self, path=STATE):
        """When a path was asked for, in seconds of the monotonic clock."""
        with self._changed:
            return [request.time for request in self.requests if request.path == path]

    def subscriptions(self):
        """The requests for events."""
        with self._changed:
            return [request for request in self.requests if request.path in (API, MASTER_API)]

    def last(self, path=STATE):
        """The last request for a path."""
        with self._changed:
            return next(request for request in reversed(self.requests) if request.path == path)


@contextlib.contextmanager
def silent_listener(port=0):
    """An address whose queue of connections is full: to connect takes for ever."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", port), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"127.0.0.1:{listener.getsockname()[1]}"
