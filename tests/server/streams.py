# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stub master streams to whoever subscribes.

    with Master() as master:
        streams = Streams(lambda: state)           # the first event is made of it
        master.serve_events(streams)
        stream = streams.wait()                    # the next subscriber
        stream.send(events.task_added(framework, task, statuses=False))
        stream.cut()
"""
import socket
import struct
import threading
import time

import events
from waiting import wait_for

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"


def chunks(data, size=None):
    """Bytes as chunks (RFC 9112, section 7.1), of at most `size` bytes each."""
    size = size or len(data)
    pieces = [data[i:i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


class Stream:
    """One subscriber's; what is sent to one that is gone is lost without a word."""

    def __init__(self, handler, heartbeat):
        self.request_time = time.monotonic()
        self.heartbeat = heartbeat
        self.ended = threading.Event()
        self._connection = handler.connection
        self._lock = threading.RLock()
        self._last = time.monotonic()

    def beginning(self):
        """To be held until the first event is sent: what others send comes after it."""
        return self._lock

    def send_bytes(self, *pieces, pause=0):
        """Exactly these bytes, with a pause after each piece."""
        with self._lock:
            for piece in pieces:
                try:
                    self._connection.sendall(piece)
                except OSError:
                    self.ended.set()
                self._last = time.monotonic()
                time.sleep(pause)

    def send(self, *found):
        """Events (or bytes that are none) as a master sends them: each a record, each a chunk."""
        self.send_bytes(b"".join(chunks(events.record(one)) for one in found))

    def send_chunked(self, *found, size):
        """Events cut into chunks of a size, wherever a record ends."""
        self.send_bytes(chunks(b"".join(map(events.record, found)), size))

    def stall(self):
        """Sends nothing by itself any more; the connection stays."""
        self.heartbeat = None

    def finish(self):
        """The last chunk, as for one subscriber too many; the connection stays open and silent."""
        self.stall()
        self.send_bytes(b"0\r\n\r\n")

    def cut(self):
        """Ends the connection without the last chunk, as a master that dies."""
        self._end(socket.SHUT_RDWR)

    def reset(self):
        """Breaks the connection (RST)."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._end(None)

    def _end(self, how):
        with self._lock:
            try:
                if how is not None:
                    self._connection.shutdown(how)
                self._connection.close()
            except OSError:
                pass  # The client was faster.
            self.ended.set()

    def _is_gone(self):
        """True if the subscriber has hung up."""
        try:
            return self._connection.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) == b""
        except (BlockingIOError, ValueError):
            return False
        except OSError:
            return True

    def run(self, ending):
        """Beats until the stream or the master ends."""
        while not ending.is_set() and not self.ended.wait(0.02):
            if self.heartbeat and time.monotonic() - self._last >= self.heartbeat:
                self.send(events.HEARTBEAT)
            if self._is_gone():
                self.ended.set()


class Streams:
    """A reply for Master.serve_events(): streams to all who ask.

    `state` gives the state that SUBSCRIBED is made of, or is None: then the test sends everything.
    `heartbeat` is what SUBSCRIBED says, and when heartbeats come. `most` is how many subscribers
    there may be; the oldest one has to go for one more.
    """

    def __init__(self, state=None, heartbeat=events.HEARTBEAT_SECONDS, most=1000):
        self.state, self.heartbeat, self.most = state, heartbeat, most
        self.other_first = None  # Another first event than that which is made of the state.
        self.all = []
        self._taken = 0
        self._lock = threading.Lock()

    def first(self):
        """What a subscriber gets first."""
        return [self.other_first or events.subscribed(self.state(), self.heartbeat),
                events.HEARTBEAT] if self.state else []

    def __call__(self, handler):
        stream = Stream(handler, self.heartbeat if self.state else None)
        with stream.beginning():
            with self._lock:
                self.all.append(stream)
                open_ones = self.open()
            stream.send_bytes(HEAD)
            stream.send(*self.first())
        if len(open_ones) > self.most:
            open_ones[0].finish()
        stream.run(handler.server.ending)
        handler.close_connection = True

    def open(self):
        """The streams that have not ended, the oldest first."""
        return [stream for stream in self.all if not stream.ended.is_set()]

    def wait(self, seconds=10):
        """The next subscriber's stream: each once, in the order in which they came."""
        def next_one():
            with self._lock:
                return self.all[self._taken] if len(self.all) > self._taken else None
        stream = wait_for(next_one, seconds, "a subscriber")
        self._taken += 1
        return stream

    def send(self, *found):
        """Sends events to all subscribers."""
        for stream in self.open():
            stream.send(*found)
