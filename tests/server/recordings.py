# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact HTTP responses of real masters and agents."""
import json
import re

import golden

FOLDER = golden.DATA / "recordings"


class Recording:
    """One response: `head` (status line and headers) and `body`, both as they were sent."""

    def __init__(self, path):
        self.path = path
        self.head, _, self.body = path.read_bytes().partition(b"\r\n\r\n")

    @property
    def name(self):
        return str(self.path.relative_to(FOLDER).with_suffix(""))

    @property
    def content(self):
        """The body's JSON, or None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def bytes(self):
        return self.head + b"\r\n\r\n" + self.body

    def moved(self, port):
        """The same state as bytes, from a master that listens on another port."""
        old = self.content["leader"].encode()
        body = self.body.replace(old, old.rpartition(b":")[0] + b":%d" % port)
        head = re.sub(rb"(Content-Length: )\d+", rb"\g<1>%d" % len(body), self.head)
        return head + b"\r\n\r\n" + body

    def redirected(self, address):
        """The same redirect as bytes, to a master that listens at another HOST:PORT."""
        head, found = re.subn(rb"(Location: //)[^/\r]+", rb"\g<1>" + address.encode(), self.head)
        assert found == 1, self.path
        return head + b"\r\n\r\n" + self.body


def load(name):
    """The recording of that name, such as `nonleader/GET_redirect`."""
    return Recording(FOLDER / f"{name}.http")


def _is_state(content):
    return isinstance(content, dict) and "leader" in content and "slaves" in content


def _states():
    return [recording for recording in map(Recording, sorted(FOLDER.glob("*/*.http")))
            if recording.head.startswith(b"HTTP/1.1 200 ") and _is_state(recording.content)]


# All states of masters; those without any agent may be of a master that knows nothing yet.
STATES = [r for r in _states() if r.content["slaves"] or r.content["recovered_slaves"]]
EMPTY_STATES = [r for r in _states() if not r.content["slaves"] + r.content["recovered_slaves"]]
