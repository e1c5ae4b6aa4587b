# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of a zone that mod-onlinesign signs."""
import dns.dnssec
import dns.name
import dns.rdatatype
import dns.rrset

from ask import Way

UDP_DO = Way(edns=True, dnssec=True)
TCP_DO = Way(tcp=True, edns=True, dnssec=True)


def zone_keys(server, zone="mesos."):
    """The zone's DNSKEY set, validated by itself."""
    reply = server.ask(zone, "DNSKEY", TCP_DO)
    name = dns.name.from_text(zone)
    sets, signatures = by_set(reply.answer)
    found = {name: sets[name, dns.rdatatype.DNSKEY]}
    dns.dnssec.validate(found[name], signatures[name, dns.rdatatype.DNSKEY], found)
    return found


def by_set(section):
    """The sets of records of a section, and their signatures, by owner and type."""
    sets, signatures = {}, {}
    for rrset in section:
        signed = rrset.rdtype == dns.rdatatype.RRSIG
        kind = rrset[0].type_covered if signed else rrset.rdtype
        into = signatures if signed else sets
        whole = into.setdefault((rrset.name, kind), dns.rrset.RRset(
            rrset.name, rrset.rdclass, rrset.rdtype, rrset.covers))
        whole.update(rrset)
    return sets, signatures


def assert_signed(reply, keys):
    """Every set of answer and authority (but a delegation's) has a signature that validates."""
    for section in (reply.answer, reply.authority):
        sets, signatures = by_set(section)
        for place, rrset in sets.items():
            if section is reply.authority and rrset.rdtype == dns.rdatatype.NS:
                continue
            assert place in signatures, f"unsigned: {rrset}"
            dns.dnssec.validate(rrset, signatures[place], keys)
