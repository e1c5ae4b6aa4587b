# SPDX-License-Identifier: GPL-3.0-or-later
"""/v1/records: every record once, as a zone file reads it."""
import random
import subprocess

import ask
import dns.rdatatype
import dns.zone
import golden
import lists
import model
import pytest
import states
from as_dns import records_of as records
from expected import ZONES, serving
from knotd import ZONE_HEAD
from ports import free_port
from programs import needs
from web import Web


def lines(port, zone=None):
    reply = Web("127.0.0.1", port).get("/v1/records" + (f"?zone={zone}" if zone else ""))
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert not reply.text or reply.text.endswith("\n")
    return reply.text.splitlines()


def in_zone(everything, zone):
    return {record for record in everything if record[0].endswith(f".{zone}")}


def parsed(zone, listed):
    """What dnspython reads of a zone file with SOA, NS and the lines."""
    text = ZONE_HEAD.format(name=zone) + "\n".join(listed) + "\n"
    found = dns.zone.from_text(text, zone, relativize=False)
    return {(str(name), dns.rdatatype.to_text(rdata.rdtype), rdata.to_text())
            for name, _, rdata in found.iterate_rdatas()
            if dns.rdatatype.to_text(rdata.rdtype) not in ("SOA", "NS")}


@pytest.mark.parametrize("path", golden.FILES, ids=golden.name_of)
def test_golden(master, path):
    """Exactly the golden records, in the forward zone and in both reverse zones."""
    state, port = golden.state(path), free_port()
    _, old = model.pid_parts(state["leader"])
    wanted = golden.move_records(golden.records(path), old, master.port)
    master.serve(golden.move_state(state, master.port))
    with serving(master, http=f"127.0.0.1@{port}", **golden.options(path)):
        assert lines(port) == lines(port, "mesos")
        for zone in ZONES:
            listed = lines(port, zone)
            assert records(listed) == in_zone(wanted, zone)
            assert parsed(zone, listed) == in_zone(wanted, zone)
    assert sum(len(in_zone(wanted, zone)) for zone in ZONES) == len(wanted)


@needs("kzonecheck")
@pytest.mark.parametrize("state", lists.STATES)
def test_kzonecheck(master, state, tmp_path):
    """Knot's own check takes it, with the zone's SOA and NS records before it."""
    port = free_port()
    master.serve(lists.state(state, master.port))
    with serving(master, http=f"127.0.0.1@{port}"):
        for zone in ZONES:
            path = tmp_path / f"{zone}zone"
            # A name server in the zone wants an address.
            glue = "ns A 127.0.0.1\n" if zone == "mesos." else ""
            path.write_text(ZONE_HEAD.format(name=zone) + glue + "\n".join(lines(port, zone))
                            + "\n")
            done = subprocess.run(["kzonecheck", "-o", zone, path], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            assert done.returncode == 0 and "error" not in done.stdout, done.stdout


@pytest.mark.parametrize("seed", range(3))
def test_as_dns(master, seed):
    """The same as DNS answers; in a stable order, where a framework's names stand together."""
    content, port = lists.random_state(random.Random(seed), master), free_port()
    master.serve(content)
    wanted = model.Model(content, [model.pid_parts(master.pid)]).records
    with serving(master, http=f"127.0.0.1@{port}", ttl=7) as server:
        listed = lines(port)
        assert records(listed, ttl=7) == in_zone(wanted, "mesos.")
        assert lines(port) == listed
        owners = [line.split()[0] for line in listed]
        assert owners == sorted(owners, key=lambda name: name.split(".")[::-1])
        for owner, kind in random.Random(seed).sample(
                sorted({record[:2] for record in records(listed, ttl=7)}), 20):
            assert {record[:3] for record in ask.records(server.ask(owner, kind, ask.TCP).answer)
                    } == {record for record in wanted if record[:2] == (owner, kind)}


def test_many(master):
    """A list that is longer than any buffer on its way."""

    port, count = free_port(), 3000
    master.serve(states.state(master, states.framework("f", *[
        states.task("web", id=f"web.{n}", addresses=[f"10.{n >> 8}.{n & 255}.1"])
        for n in range(count)])))
    with serving(master, http=f"127.0.0.1@{port}", ip_source=["netinfo"]):
        found = records(lines(port))
    assert len({one for one in found if one[0] == "web.f.mesos."}) == count
    assert len(found) > 3 * count
