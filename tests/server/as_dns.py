# SPDX-License-Identifier: GPL-3.0-or-later
"""Holding what HTTP says of names against what DNS says."""
import ask


def dns_data(server, name, *kinds):
    """The data of a name's records of some types."""
    return {data for kind in kinds
            for data in ask.data(server.ask(name, kind, ask.TCP), kind)}


def dns_services(server, name):
    """What DNS says of a service: (target, port, address), as /v1/services puts it."""
    found = set()
    for data in dns_data(server, name, "SRV"):
        _, _, port, target = data.split()
        found |= {(target, port, address) for address in dns_data(server, target, "A", "AAAA")}
    return found


def assert_same(server, web, names):
    """For each name HTTP says what DNS says; returns how much that is."""
    count = 0
    for name in names:
        hosts, services = dns_data(server, name, "A", "AAAA"), dns_services(server, name)
        assert web.hosts(name) == hosts, name
        assert web.services(name) == services, name
        count += len(hosts) + len(services)
    return count


def records_of(lines, ttl=30):
    """The lines of /v1/records as (owner, type, data); fails if one is there twice."""
    found = []
    for line in lines:
        owner, given, klass, kind, data = line.split(None, 4)
        assert (given, klass) == (str(ttl), "IN")
        found.append((owner, kind, " ".join(data.split())))
    assert len(found) == len(set(found))
    return set(found)


def enumerated(listed):
    """The records under one task of /v1/enumerate; fails if one stands there twice."""
    found = [(one["name"], one["rtype"], one["host"]) for one in listed["records"] or []]
    assert len(found) == len(set(found))
    return set(found)


def all_enumerated(document):
    """All records of /v1/enumerate; fails if one stands there twice."""
    found = [record for framework in document["frameworks"] or [] for task in framework["tasks"]
             for record in enumerated(task)]
    assert len(found) == len(set(found))
    return set(found)
