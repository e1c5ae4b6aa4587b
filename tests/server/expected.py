# SPDX-License-Identifier: GPL-3.0-or-later
"""Holding a server against the complete set of records that it should have."""
import contextlib

import ask
from ask import TCP, UDP
from knotd import Knotd

ZONES = ("mesos.", "in-addr.arpa.", "ip6.arpa.")
KINDS = ("A", "AAAA", "SRV", "PTR")

STATIC = "ns A 127.0.0.53\nstatic.zone TXT static\n"
STATIC_RECORDS = {("ns.mesos.", "A", "127.0.0.53"), ("static.zone.mesos.", "TXT", '"static"')}


@contextlib.contextmanager
def serving(*masters, **options):
    """A knotd that has loaded the masters' state, in a forward zone and both reverse zones.

    If it serves HTTP it does by then, or has said why not.
    """
    with Knotd() as server:
        server.module("cluster", master=[master.address for master in masters], **options)
        for zone in ZONES:
            server.zone(zone, STATIC if zone == "mesos." else "", ["mod-mesos/cluster"])
        server.start()
        server.wait_loaded()
        for address in as_list(options.get("http", [])):
            server.wait_log("HTTP at", address)
        yield server


def as_list(value):
    return value if isinstance(value, list) else [value]


def ancestors(owner):
    """The names above an owner, up to its top-level domain."""
    labels = owner.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels) - 1)]


class Expected:
    """What serving() must answer: the module's records, each (owner, type, data), and STATIC."""

    def __init__(self, records):
        self.sets = {}
        for owner, kind, data in records | STATIC_RECORDS:
            self.sets.setdefault((owner, kind), set()).add(data)
        self.owners = {owner for owner, _ in self.sets}
        self.names = self.owners | {name for owner in self.owners for name in ancestors(owner)}

    def outcome(self, name, kind):
        if (name, kind) in self.sets:
            return "ANSWER"
        return "NODATA" if name in self.names else "NXDOMAIN"

    def differences(self, server, candidates):
        """What a server answers otherwise, asked for all owners, names above them and candidates.

        Names that exist are asked for all types, others for one: they all give NXDOMAIN.
        """
        names = self.names | {name for known in candidates for name in (known, *ancestors(known))}
        found = []
        for name in sorted(names):
            if any(name.endswith("." + zone) for zone in ZONES):
                for kind in KINDS if name in self.names else KINDS[:1]:
                    found += self._differences(server, name, kind)
        return found

    def _differences(self, server, name, kind):
        reply = server.ask(name, kind, UDP)
        if ask.is_truncated(reply):
            reply = server.ask(name, kind, TCP)
        outcome, expected = ask.outcome(reply), self.outcome(name, kind)
        if outcome != expected:
            return [f"{name} {kind}: {outcome}, not {expected}"]
        if expected != "ANSWER":
            return []
        listed = [record[:3] for record in ask.records(reply.answer)]
        wanted = {(name, kind, data) for data in self.sets[name, kind]}
        if len(listed) == len(wanted) and set(listed) == wanted:
            return []
        return [f"{name} {kind}: {sorted(listed)}, not {sorted(wanted)}"]
