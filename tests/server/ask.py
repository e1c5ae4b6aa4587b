# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to a name server, and what its answers say."""
import collections
import socket

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from waiting import PATIENCE

EDE_STALE_ANSWER = 3  # RFC 8914, section 4.4
EDE_NOT_READY = 14  # RFC 8914, section 4.15

Record = collections.namedtuple("Record", "owner kind data ttl")


class Way(collections.namedtuple("Way", "tcp edns dnssec payload",
                                 defaults=(False, False, False, 1232))):
    """How a question goes out."""

    def __str__(self):
        return ("tcp" if self.tcp else "udp") + ("-edns" if self.edns else "") + (
            "-do" if self.dnssec else "")


UDP, UDP_EDNS = Way(), Way(edns=True)
TCP, TCP_EDNS = Way(tcp=True), Way(tcp=True, edns=True)
ALL_WAYS = (UDP, UDP_EDNS, TCP, TCP_EDNS)


class Ask:
    """Asks one server, always over loopback, never longer than a few seconds."""

    def __init__(self, address, port, timeout=5 * PATIENCE):
        self.address, self.port, self.timeout = address, port, timeout

    def __call__(self, name, kind="A", way=UDP):
        """The reply, as dnspython's message with one record in each of its rrsets."""
        query = dns.message.make_query(name, kind, use_edns=0 if way.edns or way.dnssec else False,
                                       want_dnssec=way.dnssec, payload=way.payload)
        return self.send(query, way)

    def send(self, query, way=UDP):
        ask = dns.query.tcp if way.tcp else dns.query.udp
        return ask(query, self.address, timeout=self.timeout, port=self.port,
                   one_rr_per_rrset=True)

    def is_up(self, name, kind="SOA"):
        """Whether the server answers at all; one that does not listen yet refuses at once.

        So a question need not be given up early, which the server would answer, and count, later.
        """
        query = dns.message.make_query(name, kind, use_edns=False)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connected:
            connected.setblocking(False)
            connected.connect((self.address, self.port))
            try:
                return bool(dns.query.udp(query, self.address, timeout=self.timeout,
                                          port=self.port, sock=connected))
            except (OSError, dns.exception.Timeout):
                return False


def records(section):
    """The records of a section in their order, repeated ones repeated; OPT is none of them."""
    return [Record(rrset.name.to_text().lower(), dns.rdatatype.to_text(rrset.rdtype),
                   rdata.to_text(), rrset.ttl) for rrset in section for rdata in rrset]


def data(reply, kind):
    """The data of the answer section's records of one type, in their order."""
    return [record.data for record in records(reply.answer) if record.kind == kind]


def extended_errors(reply):
    """The Extended DNS Error codes of a reply."""
    return {int(option.code) for option in reply.options if option.otype == dns.edns.EDE}


def outcome(reply):
    """What kind of reply it is, in one word; a negative one must carry the zone's SOA."""
    rcode = dns.rcode.to_text(reply.rcode())
    if rcode not in ("NOERROR", "NXDOMAIN"):
        return rcode
    if reply.flags & dns.flags.TC:
        return "TRUNCATED"
    kinds = [record.kind for record in records(reply.authority)]
    if rcode == "NXDOMAIN":
        assert kinds.count("SOA") == 1, reply
        return rcode
    if reply.answer:
        return "ANSWER"
    if "SOA" in kinds:
        return "NODATA"
    return "REFERRAL" if "NS" in kinds else "EMPTY"


def is_authoritative(reply):
    return bool(reply.flags & dns.flags.AA)


def is_truncated(reply):
    return bool(reply.flags & dns.flags.TC)
