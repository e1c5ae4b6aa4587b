# SPDX-License-Identifier: GPL-3.0-or-later
"""Constant queries while something happens: not one answer may lose a record.

TEST_FAILOVER_COUNTS names a file that gets a line for each run.
"""
import contextlib
import os
import threading

import ask
import dns.exception
from ask import TCP, Way
from waiting import wait_for

LARGE = Way(edns=True, payload=4096)


class Watch:
    """Asks for sets of records without a pause, and notes each answer that lacks one of them."""

    def __init__(self, server, records):
        self.server = server
        self.sets = {}
        for owner, kind, data in records:
            self.sets.setdefault((owner, kind), set()).add(data)
        self.count, self.rounds, self.losses = 0, 0, []

    def _missing(self, questioner, owner, kind, expected):
        try:
            reply = questioner(owner, kind, LARGE)
            if ask.is_truncated(reply):
                reply = questioner(owner, kind, TCP)
        except (OSError, dns.exception.DNSException) as error:
            return repr(error)
        return expected - set(ask.data(reply, kind))

    def round(self, questioner):
        """Asks for each set once."""
        for (owner, kind), expected in self.sets.items():
            missing = self._missing(questioner, owner, kind, expected)
            self.count += 1
            if missing:
                self.losses.append((owner, kind, missing))
        self.rounds += 1

    def wait_rounds(self, more=2):
        """Waits until every set has been asked for that often from now on."""
        target = self.rounds + more
        wait_for(lambda: self.rounds >= target, 60, "queries")


@contextlib.contextmanager
def watch(server, records, name):
    """Queries in a thread for as long as the `with` lasts; not one answer may lose a record."""
    found, ending = Watch(server, records), threading.Event()

    def run():
        questioner = ask.Ask(server.address, server.port)
        while not ending.is_set():
            found.round(questioner)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        found.wait_rounds(1)
        yield found
        found.wait_rounds()
    finally:
        ending.set()
        thread.join()
        line = (f"{name}: {found.count} answers of {len(found.sets)} sets of records, "
                f"{len(found.losses)} lost a record")
        print(line)
        if "TEST_FAILOVER_COUNTS" in os.environ:
            with open(os.environ["TEST_FAILOVER_COUNTS"], "a", encoding="utf-8") as file:
                file.write(line + "\n")
    assert not found.losses, f"{len(found.losses)} of {found.count}: {found.losses[:5]}"
