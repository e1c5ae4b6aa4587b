# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets that do not fit: truncated over UDP with what fits, and cut where TCP cannot carry them."""
import re
import shutil
import subprocess

import ask
import dns.edns
import dns.exception
import dns.message
import pytest
import states
from ask import TCP, UDP, Ask, Way
from knotd import Knotd
from master import Master
from ports import free_port
from programs import needs, running
from waiting import PATIENCE, wait_for

UDP_DO, TCP_DO = Way(edns=True, dnssec=True), Way(tcp=True, edns=True, dnssec=True)

THIRTY = [f"10.1.0.{i}" for i in range(1, 31)]
LONG = ".".join([20 * "x", 20 * "y", 20 * "z"])  # The framework of long names.
HUGE = 5000
EDGE = 4080  # Fits into 64 KiB, but with nothing else.
SPARE = 512

# What the answers' 12 octets of header, the question and an OPT record leave.
HEAD, OPT, ADDRESS = 12, 11, 16

WAYS = [UDP, *(Way(edns=True, payload=size) for size in (512, 600, 1232, 4096))]


def space(name, way):
    """Octets for records in a message over UDP."""
    size = max(512, min(way.payload, 1232)) - OPT if way.edns else 512
    return size - HEAD - (len(name) + 1 + 4)


def tasks():
    return [
        *(states.task("thirty-instances", f"thirty.{i}", addresses=[one]) for i, one in enumerate(THIRTY)),
        *(states.task("huge", f"huge.{i}", addresses=[f"10.2.{i // 250}.{i % 250}"])
          for i in range(HUGE)),
        *(states.task("edge", f"edge.{i}", addresses=[f"10.3.{i // 250}.{i % 250}"])
          for i in range(EDGE)),
    ]


@pytest.fixture(scope="module")
def server():
    with Master() as master, Knotd() as knotd:
        master.serve(states.state(master, states.framework("f", *tasks()), states.framework(
            LONG, *(states.task("long", f"long.{i}", ports=f"[{20000 + i}-{20000 + i}]")
                    for i in range(40)))))
        knotd.module("cluster", master=master.address)
        knotd.section("mod-onlinesign", "sign", nsec_bitmap=["A", "AAAA", "SRV"])
        text = "ns A 127.0.0.53\nalias CNAME thirty-instances.f\n"
        knotd.zone("mesos.", text, ["mod-mesos/cluster"])
        knotd.zone("first.example.", text, ["mod-mesos/cluster", "mod-onlinesign/sign"])
        knotd.zone("last.example.", text, ["mod-onlinesign/sign", "mod-mesos/cluster"])
        knotd.start()
        for zone in ("mesos.", "first.example.", "last.example."):
            knotd.wait_ready(f"leader.{zone}")
        yield knotd


def assert_truncated(replies, kind, least, most, whole):
    """TC, with about so many records, all of the set and together the whole of it."""
    parts = [ask.data(reply, kind) for reply in replies]
    for reply, part in zip(replies, parts):
        assert ask.is_truncated(reply) and ask.is_authoritative(reply) and reply.rcode() == 0
        assert least <= len(set(part)) == len(part) <= most
        assert not ask.records(reply.authority) and not ask.records(reply.additional)
    assert len({tuple(part) for part in parts}) > 10
    assert {data for part in parts for data in part} == set(whole)


@pytest.mark.parametrize("way", WAYS[:2], ids=["plain", "512"])
def test_thirty(server, way):
    """29 of 30 addresses fit into 512 octets, 28 with an OPT record."""
    name = "thirty-instances.f.mesos."
    fitting = space(name, way) // ADDRESS
    assert fitting == (29 if way == UDP else 28)
    assert_truncated([server.ask(name, "A", way) for _ in range(60)], "A", fitting, fitting,
                     THIRTY)
    reply = server.ask(name, "A", TCP)
    assert not ask.is_truncated(reply) and sorted(ask.data(reply, "A")) == sorted(THIRTY)


def test_thirty_fit(server):
    """No TC where all fit, and not by an octet too early."""
    name = "thirty-instances.f.mesos."
    least = 30 * ADDRESS + HEAD + len(name) + 1 + 4 + OPT
    reply = server.ask(name, "A", Way(edns=True, payload=least))
    assert not ask.is_truncated(reply) and sorted(ask.data(reply, "A")) == sorted(THIRTY)
    reply = server.ask(name, "A", Way(edns=True, payload=least - 1))
    assert ask.is_truncated(reply) and len(ask.data(reply, "A")) == 29


@pytest.mark.parametrize("way", WAYS, ids=lambda way: str(way.payload if way.edns else "plain"))
def test_long_targets(server, way):
    name = f"_long._tcp.{LONG}.mesos."
    whole = ask.data(server.ask(name, "SRV", TCP), "SRV")
    assert len(whole) == 40
    # Owner, fixed fields, port, and a target that is not compressed.
    sizes = {12 + 6 + len(data.split()[3]) + 1 for data in whole}
    fitting = space(name, way) // sizes.pop()
    assert not sizes and fitting < 40
    assert_truncated([server.ask(name, "SRV", way) for _ in range(150)], "SRV", fitting, fitting,
                     whole)


def test_behind_an_alias(server):
    replies = [server.ask("alias.mesos.", "A", UDP) for _ in range(60)]
    assert {tuple(ask.data(reply, "CNAME")) for reply in replies} == {("thirty-instances.f.mesos.",)}
    assert_truncated(replies, "A", 27, 28, THIRTY)


@pytest.mark.parametrize("zone", ["first.example.", "last.example."])
@pytest.mark.parametrize("name, kind", [
    ("thirty-instances.f", "A"), (f"_long._tcp.{LONG}", "SRV")])
def test_signed(server, zone, name, kind):
    """What is signed comes whole or not at all; who wants no signatures gets what fits."""
    small = Way(edns=True, dnssec=True, payload=600)
    reply = server.ask(f"{name}.{zone}", kind, small)
    assert ask.is_truncated(reply) and reply.rcode() == 0
    assert not reply.answer and not reply.authority
    reply = server.ask(f"{name}.{zone}", kind, Way(edns=True, payload=512))
    assert ask.is_truncated(reply) and ask.data(reply, kind)
    reply = server.ask(f"{name}.{zone}", kind, TCP_DO)
    assert not ask.is_truncated(reply) and ask.data(reply, kind)
    assert "RRSIG" in {record.kind for record in ask.records(reply.answer)}


@pytest.mark.parametrize("name, whole", [("huge.f.mesos.", HUGE), ("edge.f.mesos.", EDGE)])
def test_cut_with_room_to_spare(server, name, whole):
    """As much as fits, but for a resolver's own octets; whatever options came with the query."""
    options = [dns.edns.GenericOption(10, bytes(range(8))), dns.edns.GenericOption(3, b""),
               dns.edns.GenericOption(12, bytes(400))]
    parts = set()
    for edns in ({"use_edns": False}, {"use_edns": 0}, {"use_edns": 0, "options": options}):
        for _ in range(4):
            reply = server.ask.send(dns.message.make_query(name, "A", **edns), TCP)
            assert not ask.is_truncated(reply) and reply.rcode() == 0
            listed = ask.data(reply, "A")
            assert len(listed) == len(set(listed)) < whole
            size = HEAD + len(name) + 1 + 4 + len(listed) * ADDRESS
            assert 65535 - SPARE - 100 < size <= 65535 - SPARE
            parts.add(frozenset(listed))
    assert len(parts) > 6


@needs("named", "dig")
def test_bind_in_front(server, tmp_path):
    """dig sends a cookie, and BIND gives one back: there has to be room for it."""
    port = free_port()
    conf = tmp_path / "named.conf"
    conf.write_text(f"""\
options {{
    directory "{tmp_path}";
    pid-file none;
    session-keyfile none;
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    dnssec-validation no;
    max-records-per-type 0;
    recursion yes;
}};
controls {{ }};
zone "mesos" {{
    type forward;
    forward only;
    forwarders {{ {server.address} port {server.port}; }};
}};
""")
    tmp_path.chmod(0o755)
    with running(["named", "-g", "-n", "1", "-c", conf], tmp_path / "log"):
        bind = Ask("127.0.0.1", port)

        def is_there():
            try:
                return bind("leader.mesos.", "A").answer
            except (OSError, dns.exception.DNSException):
                return False
        wait_for(is_there, 30, "an answer from BIND")
        for name in ("huge.f.mesos.", "edge.f.mesos."):
            done = subprocess.run(
                [shutil.which("dig"), "@127.0.0.1", "-p", str(port), "+tcp", "+cookie",
                 "+nsid", "+tries=1", f"+time={int(30 * PATIENCE)}", name, "A"],
                stdout=subprocess.PIPE, text=True, timeout=60 * PATIENCE, check=True)
            flags = re.search(r";; flags: ([a-z ]*);", done.stdout)[1].split()
            assert "tc" not in flags and "COOKIE" in done.stdout
            assert len(re.findall(r"\sIN\s+A\s+10\.", done.stdout)) > 4000
