# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/mesos-dns-to-knot: configurations of Mesos-DNS, and what knotd does with the result."""
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import threading

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
import states
import tls
from ask import data, is_authoritative, outcome, records
from knotd import MESOS_SO, REPOSITORY
from master import Master
from ports import free_port

SCRIPT = REPOSITORY / "packaging/mesos-dns-to-knot"
EXAMPLES = REPOSITORY / "tests/data/mesos-dns"

# The password of every example.
SECRET = "hunter2"

MODULE = f"""\
module:
  - id: mod-mesos
    file: "{MESOS_SO}"
"""


def example(name, **changes):
    """An example's content with some keys set anew."""
    return {**json.loads((EXAMPLES / f"{name}.json").read_text()), **changes}


def run(path, *options):
    return subprocess.run([SCRIPT, *options, path], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False)


def convert(server, content, *options):
    """Writes the files for a configuration into knotd's directory."""
    path = server.directory / "config.json"
    path.write_text(json.dumps(content))
    done = run(path, "--output", server.directory, *options)
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr
    return (server.directory / "knot.conf").read_text()


def printed(tmp_path, content, *options):
    """What the script prints for a configuration."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(content))
    done = run(path, *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert SECRET not in done.stdout
    return done.stdout


def use(server, text, monkeypatch):
    """Has knotd use a result: its directories, user and log changed, and nothing else."""
    for old, new in [("/run/knot|/var/lib/knot", str(server.directory)),
                     ("    user: .*\n", ""),
                     ("target: syslog", "target: stderr")]:
        text, count = re.subn(old, new, text)
        assert count, old
    credential = server.directory / "mesos-credential.json"
    if credential.exists():
        # It belongs to the user `knot` if root wrote it.
        os.chown(credential, os.getuid(), os.getgid())
    monkeypatch.setattr(server, "_configuration", lambda: MODULE + text)
    server.zones["mesos."] = {}


def start(server, monkeypatch, content):
    """Converts a configuration and runs knotd with the result."""
    content = {**content, "listener": server.address, "port": server.port}
    use(server, convert(server, content, "--force"), monkeypatch)
    server.start()


def notes(text):
    """What the comment at the top says, by key."""
    head = text.split("\n\n")[0].replace("\n#   ", " ")
    found = [line[len("# - "):].split(": ", 1) for line in head.splitlines()
             if line.startswith("# - ")]
    return {key: note for keys, note in found for key in keys.split(", ")}


class Resolver:
    """A stub of a resolver: it has one address for every name, and remembers the questions."""

    def __init__(self, data):
        self.data = data
        self.rcode = dns.rcode.NOERROR
        self.questions = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", free_port()))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join(10)
        self._socket.close()

    @property
    def address(self):
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self):
        while True:
            wire, client = self._socket.recvfrom(65535)
            if not wire:
                return
            with contextlib.suppress(dns.exception.DNSException):
                query = dns.message.from_wire(wire)
                question = query.question[0]
                self.questions.append(question.name.to_text().lower())
                reply = dns.message.make_response(query, recursion_available=True)
                reply.set_rcode(self.rcode)
                reply.answer.append(dns.rrset.from_text(question.name, 77, "IN", "A", self.data))
                self._socket.sendto(reply.to_wire(), client)


def one_task(master, name="web"):
    master.serve(states.state(master, states.framework(
        "marathon", states.task(name, addresses=["10.1.2.3"]))))


# What passes the check.

@pytest.fixture
def files(tmp_path):
    """The files that the example `secure` names."""
    certificate, key = tls.self_signed(tmp_path, "client")
    return {"caCertFile": str(certificate), "certFile": str(certificate), "keyFile": str(key)}


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.json")))
def test_examples_pass_the_check(name, server, files, monkeypatch):
    content = example(name, **files)
    use(server, convert(server, content), monkeypatch)
    server.write()
    assert server.knotc("conf-check") == "Configuration is valid\n"


@pytest.mark.parametrize("name", ["full", "odd", "zookeeper"])
def test_printed_is_the_same(name, server, tmp_path):
    """It is a knot.conf, and the commands in it take out the zone files."""
    conf = convert(server, example(name))
    text = printed(tmp_path, example(name), "--zone-dir", tmp_path)
    assert text.startswith(conf.replace(str(server.directory), str(tmp_path)).partition(
        "mod-mesos:")[0])
    (tmp_path / "knot.conf").write_text(MODULE + re.sub(".*credential-file.*\n", "", text))
    server.knotc("-c", tmp_path / "knot.conf", "conf-check")
    commands = re.findall("^#   (sed .*)", text, re.M)
    for command in commands:
        subprocess.run(command, shell=True, cwd=tmp_path, check=True, timeout=60)
    zones = sorted(path.name for path in server.directory.glob("*.zone"))
    assert zones == sorted(path.name for path in tmp_path.glob("*.zone"))
    assert len(commands) == len(zones) > 0
    for zone in zones:
        serial = re.compile(r"\d+(?=\t; serial)")
        assert serial.sub("", (tmp_path / zone).read_text()) == serial.sub(
            "", (server.directory / zone).read_text())


def test_odd_paths(server, files, monkeypatch):
    """Quotes, and what knot.conf takes for a comment or a list."""
    path = server.directory / 'a "b", [d] # é.pem'
    path.write_bytes(pathlib.Path(files["caCertFile"]).read_bytes())
    use(server, convert(server, example("secure", **{**files, "caCertFile": path.name})),
        monkeypatch)
    server.write()
    server.knotc("conf-check")


# What knotd does with it.

def test_minimal(server, master, monkeypatch):
    """The defaults are those of Mesos-DNS."""
    one_task(master)
    with Resolver("192.0.2.80") as resolver:
        start(server, monkeypatch,
              example("minimal", masters=[master.address], resolvers=[resolver.address]))
        server.wait_ready()
        reply = server.ask("web.marathon.mesos.")
        assert is_authoritative(reply)
        assert records(reply.answer) == [("web.marathon.mesos.", "A", "10.1.2.3", 60)]
        (soa,) = records(server.ask("mesos.", "SOA").answer)
        assert soa.ttl == 60
        assert re.fullmatch(r"ns1\.mesos\. root\.ns1\.mesos\. \d{10,} 60 600 86400 60", soa.data)
        assert data(server.ask("mesos.", "NS"), "NS") == ["ns1.mesos."]
        assert data(server.ask("ns1.mesos."), "A") == [server.address]
        assert outcome(server.ask("gone.marathon.mesos.")) == "NXDOMAIN"
        assert resolver.questions == []
        reply = server.ask("www.example.")
        assert records(reply.answer) == [("www.example.", "A", "192.0.2.80", 77)]
        assert reply.flags & dns.flags.RA
        assert resolver.questions == ["www.example."]
    conf = (server.directory / "knot.conf").read_text()
    for line in ("poll-interval: 60", "poll-timeout: 300", "ttl: 60", "timeout: 5000",
                 "ip-source: [ netinfo, mesos, host ]", "label-rules: rfc1123"):
        assert f"    {line}\n" in conf


def test_without_listener_and_resolvers(tmp_path):
    """Mesos-DNS listens on all addresses then, and asks Google."""
    text = printed(tmp_path, example("minimal"))
    assert "    listen: [ 0.0.0.0@53, ::@53 ]\n" in text
    assert "    address: 8.8.8.8@53\n" in text
    assert re.search(r"^#mesos.zone# ns1\.mesos\.\tA", text, re.M)


def test_full(server, master, monkeypatch):
    one_task(master, name="9My_Task-with-a-rather-long-name")
    with Resolver("192.0.2.80") as resolver:
        start(server, monkeypatch,
              example("full", masters=[master.address], resolvers=[resolver.address]))
        server.wait_ready("leader.cluster.example.")
        name = "my-task-with-a-rather-lo.marathon.cluster.example."
        assert records(server.ask(name).answer) == [(name, "A", "10.0.0.10", 45)]
        (soa,) = records(server.ask("cluster.example.", "SOA").answer)
        assert (soa.data.split()[:2], soa.data.split()[3:], soa.ttl) == (
            ["dns.cluster.example.", "admin.cluster.example."], ["61", "602", "86403", "14"], 45)
        assert data(server.ask("dns.cluster.example."), "A") == [server.address]
        assert data(server.ask("mesos."), "A") == ["192.0.2.80"]
    conf = (server.directory / "knot.conf").read_text()
    for line in ("poll-interval: 20", "poll-timeout: 120", "timeout: 2000"):
        assert f"    {line}\n" in conf


def test_odd(server, master, monkeypatch):
    """Values at their limits, or beyond what the module takes."""
    one_task(master)
    start(server, monkeypatch, example("odd", MASTERS=[master.address], externalOn=False))
    server.wait_ready("leader.a-1.b.")
    assert records(server.ask("web.marathon.a-1.b.").answer) == [
        ("web.marathon.a-1.b.", "A", "10.0.0.10", 604800)]
    (soa,) = data(server.ask("a-1.b.", "SOA"), "SOA")
    assert soa.startswith(r". first\.last.example. ") and soa.split()[3] == str(2**32 - 1)


def test_zones_with_resolvers_of_their_own(server, master, monkeypatch):
    one_task(master)
    with Resolver("192.0.2.81") as common, Resolver("192.0.2.82") as weave, \
            Resolver("192.0.2.83") as corp:
        start(server, monkeypatch, example(
            "zookeeper", zk="", masters=[master.address], resolvers=[common.address],
            zoneResolvers={"weave": [weave.address], "corp.example": [corp.address, "127.0.0.9"]}))
        server.wait_ready()
        for name, resolver in [("a.b.weave.", weave), ("weave.", weave), ("corp.example.", corp),
                               ("www.corp.example.", corp), ("example.", common),
                               ("notcorp.example.", common), (".", common)]:
            assert data(server.ask(name), "A") == [resolver.data], name
            assert resolver.questions[-1] == name
        assert data(server.ask("web.marathon.mesos."), "A") == ["10.1.2.3"]
        assert len(weave.questions + corp.questions + common.questions) == 7


def test_zone_whose_resolver_is_away(server, master, monkeypatch):
    """SERVFAIL; neither is its name asked elsewhere nor does knotd make something up."""
    one_task(master)
    with Resolver("192.0.2.81") as common:
        start(server, monkeypatch, example(
            "minimal", masters=[master.address], resolvers=[common.address], timeout=1,
            zoneResolvers={"weave": [f"127.0.0.1:{free_port()}"]}))
        server.wait_ready()
        assert outcome(server.ask("a.weave.")) == "SERVFAIL"
        assert common.questions == []


def test_zone_whose_resolver_refuses(server, master, monkeypatch):
    """Knot asks the other resolver too, Mesos-DNS does not; so a comment says it."""
    one_task(master)
    with Resolver("192.0.2.81") as common, Resolver("192.0.2.82") as weave:
        content = example("minimal", masters=[master.address], resolvers=[common.address],
                          zoneResolvers={"weave": [weave.address]})
        start(server, monkeypatch, content)
        server.wait_ready()
        weave.rcode = dns.rcode.REFUSED
        server.ask("a.weave.")
        assert weave.questions == common.questions == ["a.weave."]
    text = (server.directory / "knot.conf").read_text()
    assert "REFUSED" in notes(text)["zoneResolvers"]


def test_nothing_is_forwarded(server, master, monkeypatch):
    """externalOn: false."""
    one_task(master)
    with Resolver("192.0.2.81") as resolver:
        start(server, monkeypatch, example(
            "zookeeper", zk="", masters=[master.address], resolvers=[resolver.address],
            zoneResolvers={"weave": [resolver.address]}, externalOn=False))
        server.wait_ready()
        assert outcome(server.ask("www.example.")) == "REFUSED"
        assert outcome(server.ask("www.weave.")) == "REFUSED"
        assert resolver.questions == []
    assert "dnsproxy" not in (server.directory / "knot.conf").read_text()


def test_zookeeper(server, master, monkeypatch):
    from ensemble import Ensemble  # Skips this test where there is none.
    one_task(master)
    with Ensemble() as zookeeper:
        zookeeper.announce(master, 1)
        url = zookeeper.url.replace("zk://", f"zk://dns:{SECRET}@") + "/"
        start(server, monkeypatch, example("zookeeper", zk=url, externalOn=False,
                                           masters=[f"127.0.0.1:{free_port()}"]))
        server.wait_ready("web.marathon.mesos.")
    assert SECRET not in (server.directory / "knot.conf").read_text()


@pytest.fixture
def secure(tmp_path):
    """A master with TLS that wants a certificate and a credential, and the example for it."""
    certificate, key = tls.self_signed(tmp_path, "master")
    client, client_key = tls.self_signed(tmp_path, "client")
    content = example("secure", caCertFile="master.pem", certFile=str(client),
                      keyFile=str(client_key))
    with Master(tls=tls.server_context(certificate, key, client_ca=client),
                credential=tuple(content["mesosCredentials"].values())) as master:
        one_task(master)
        yield master, {**content, "masters": [master.address]}


def test_credential_and_certificates(server, secure, tmp_path, monkeypatch):
    master, content = secure
    # A relative path is looked for beside config.json.
    (server.directory / "master.pem").write_bytes((tmp_path / "master.pem").read_bytes())
    start(server, monkeypatch, content)
    server.wait_ready("web.marathon.mesos.")
    assert master.last().headers["Authorization"] == master.authorization
    path = server.directory / "mesos-credential.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == content["mesosCredentials"]
    for other in server.directory.iterdir():
        if other not in (path, server.directory / "config.json") and other.is_file():
            assert SECRET not in other.read_text()


def test_credential_file_is_never_readable(server, secure, tmp_path):
    """Also where there is one that everybody may read, or a link."""
    path, link = server.directory / "mesos-credential.json", tmp_path / "elsewhere"
    link.write_text("")
    path.symlink_to(link)
    _, content = secure
    convert(server, content, "--force")
    assert not path.is_symlink() and path.stat().st_mode & 0o777 == 0o600
    assert link.read_text() == ""


def test_printed_says_how_to_write_the_credential(tmp_path):
    text = printed(tmp_path, example("secure"))
    assert "\n    credential-file: /etc/knot/mesos-credential.json\n" in text
    assert "mode 0600" in text and "--output" in text


def test_credential_that_is_not_sent(tmp_path):
    """Mesos-DNS sends it only if mesosAuthentication is `basic`."""
    for how in ("", None):
        text = printed(tmp_path, example("secure", mesosAuthentication=how))
        assert "\n    #credential-file: " in text
        assert "basic" in notes(text)["mesosCredentials"]


def test_https_without_authority(tmp_path):
    """Mesos-DNS believes every certificate then."""
    content = {"masters": ["192.0.2.1:5050"], "mesosHTTPSOn": True}
    text = printed(tmp_path, content)
    assert "master: https://192.0.2.1:5050" in text
    assert "ca-file" in notes(text)["mesosHTTPSOn"]
    # A ca-file is what makes the module speak TLS to what ZooKeeper names.
    text = printed(tmp_path, {**content, "zk": "zk://192.0.2.9/mesos"})
    assert "\n    ca-file: /etc/ssl/certs/" in text


def test_certificates_without_https(tmp_path, files):
    """Mesos-DNS does not use them."""
    text = printed(tmp_path, {"zk": "zk://192.0.2.9/mesos", **files})
    assert "-file:" not in text
    assert "not used" in notes(text)["caCertFile"]


def test_reverse_zones(server, master, monkeypatch):
    """The successor's option."""
    one_task(master)
    with Resolver("192.0.2.84") as resolver:
        start(server, monkeypatch, example(
            "minimal", masters=[master.address], reverseDnsOn=True, domain="dc.mesos",
            resolvers=[resolver.address], zoneResolvers={"9.in-addr.arpa": [resolver.address]}))
        server.wait_ready("web.marathon.dc.mesos.")
        assert records(server.ask("3.2.1.10.in-addr.arpa.", "PTR").answer) == [
            ("3.2.1.10.in-addr.arpa.", "PTR", "web.marathon.dc.mesos.", 60)]
        assert outcome(server.ask("4.2.1.10.in-addr.arpa.", "PTR")) == "NXDOMAIN"
        (soa,) = data(server.ask("in-addr.arpa.", "SOA"), "SOA")
        assert soa.startswith("ns1.mesos. root.ns1.mesos. ")
        # A default of Mesos-DNS, and not in this zone.
        assert data(server.ask("dc.mesos.", "NS"), "NS") == ["ns1.mesos."]
        assert data(server.ask("1.9.in-addr.arpa."), "A") == ["192.0.2.84"]


def test_several_resolvers(tmp_path):
    """All of them are named, though Knot 3.2 asks the first only."""
    text = printed(tmp_path, example("zookeeper"))
    assert "    address: [ 192.0.2.54@53, 2001:db8::54@53 ]\n" in text
    assert "    address: [ 192.0.2.56@53, 2001:db8::56@5353 ]\n" in text
    assert "first" in notes(text)["resolvers"]
    assert "first" in notes(text)["zoneResolvers (corp.example)"]
    assert "zoneResolvers (weave)" not in notes(text)


def test_no_resolvers(tmp_path):
    """Those of /etc/resolv.conf then, or none."""
    for resolvers in ([], None):
        text = printed(tmp_path, example("minimal", resolvers=resolvers))
        assert "/etc/resolv.conf" in notes(text)["resolvers"]
        assert "8.8.8.8" not in text or "8.8.8.8" in pathlib.Path("/etc/resolv.conf").read_text()


def test_addresses_of_the_name_server(tmp_path):
    text = printed(tmp_path, example("full"), "--address", "192.0.2.7", "--address", "2001:db8::7")
    assert re.findall(r"^#mesos.zone# dns\.cluster\.example\.\t(.*)", text, re.M) == [
        "A\t192.0.2.7", "AAAA\t2001:db8::7"]
    text = printed(tmp_path, example("full", SOAMname="NS.Cluster.Example."))
    assert "#mesos.zone# NS.Cluster.Example.\tA\t192.0.2.53\n" in text
    assert "192.0.2.53" not in printed(tmp_path, example("full", SOAMname="ns.example")).partition(
        "#mesos.zone#")[2]


# What has no counterpart.

def test_notes(tmp_path):
    found = notes(printed(tmp_path, example("full")))
    assert {"httpOn", "httpPort", "httpListener", "enumerationOn", "recurseOn", "setTruncateBit",
            "SRVRecordDefaultWeight", "SOASerial", "SOAMinttl"} == set(found)
    assert all(len(note.split()) > 5 for note in found.values())

    found = notes(printed(tmp_path, example("odd")))
    assert {"IAMConfigFile", "mesosAuthentication", "resolvSubnetFirst", "refreshSeconds", "ttl",
            "stateTimeoutSeconds", "email", r'a\nkey with \"quotes\"'} <= set(found)

    found = notes(printed(tmp_path, example("zookeeper", dnsOn=False)))
    assert {"zk", "zkDetectionTimeout", "dnsOn", "resolvers"} <= set(found)


def test_nothing_to_say(tmp_path):
    text = printed(tmp_path, example("minimal", httpOn=False, recurseOn=False))
    assert notes(text) == {}


def test_keys_in_any_case(tmp_path):
    content = example("full")
    changed = {key.swapcase(): value for key, value in content.items()}
    serial = re.compile(r"\d+(?=\t; serial)")
    assert serial.sub("", printed(tmp_path, changed)) == serial.sub("", printed(tmp_path, content))


# What is no configuration.

@pytest.mark.parametrize("content, word", [
    ("", "JSON"), ("{", "JSON"), ('{"masters": ["a:1"]} x', "JSON"), ("[]", "object"),
    ('{"masters": ["a:1"], "ttl": NaN}', "JSON"), ("\udcff", "UTF-8"), ("[" * 100000, "JSON"),
    ("{}", "masters"), ('{"masters": []}', "masters"),
])
def test_wrong_files(tmp_path, content, word):
    path = tmp_path / "config.json"
    path.write_text(content, errors="surrogateescape")
    assert_refused(run(path), word)


@pytest.mark.parametrize("changes", [
    {"masters": "192.0.2.1:5050"}, {"masters": [1]}, {"masters": ["192.0.2.1"]},
    {"masters": ["192.0.2.1:0"]}, {"masters": ["192.0.2.1:70000"]}, {"masters": ["a b:5050"]},
    {"masters": ["2001:db8::1:5050"]}, {"masters": ['a":5050']},
    {"masters": ["a:5050", "A:5050"]},
    {"zk": 1}, {"zk": "192.0.2.1:2181"}, {"zk": "zk://192.0.2.1:2181"}, {"zk": "zk:///mesos"},
    {"zk": f'zk://u:{SECRET}@a"b/mesos'},
    {"ttl": "60"}, {"ttl": 60.5}, {"ttl": True}, {"ttl": -1}, {"refreshSeconds": 0},
    {"stateTimeoutSeconds": 0}, {"timeout": -1}, {"port": 0}, {"port": 65536},
    {"domain": ""}, {"domain": "mesos."}, {"domain": "a..b"}, {"domain": "a_b"},
    {"domain": "x" * 64}, {"domain": "mesos\nmaster: evil"},
    {"listener": "localhost"}, {"listener": "fe80::1%lo"},
    {"resolvers": ["one.one.one.one"]}, {"resolvers": ["8.8.8.8", "8.8.8.8:53"]},
    {"resolvers": {}}, {"externalOn": "yes"},
    {"zoneResolvers": ["8.8.8.8"]}, {"zoneResolvers": {"weave": "8.8.8.8"}},
    {"zoneResolvers": {"weave": []}}, {"zoneResolvers": {"mesos": ["8.8.8.8"]}},
    {"zoneResolvers": {"a.mesos": ["8.8.8.8"]}}, {"zoneResolvers": {"": ["8.8.8.8"]}},
    {"zoneResolvers": {"b": ["8.8.8.8"], "a.b": ["8.8.8.8"]}},
    {"IPSources": []}, {"IPSources": ["rkt"]}, {"IPSources": ["host", "host"]},
    {"SOAMname": "a b"}, {"SOARname": "x;y"}, {"SOARefresh": -1}, {"SOAExpire": 2**32},
    {"certFile": "a.pem"}, {"keyFile": "a.key"}, {"mesosHTTPSOn": True, "caCertFile": "a\nb"},
    {"mesosHTTPSOn": True, "caCertFile": "\ud800"}, {"mesosHTTPSOn": True, "caCertFile": "a\\"},
    {"mesosAuthentication": "digest"}, {"mesosAuthentication": "basic"},
    {"mesosAuthentication": "basic", "mesosCredentials": {"principal": SECRET}},
    {"mesosCredentials": SECRET}, {"mesosCredentials": {"principal": "a", "secret": [SECRET]}},
], ids=str)
def test_wrong_values(tmp_path, changes):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(example("minimal", **changes)))
    done = run(path)
    assert_refused(done, list(changes)[-1])
    assert SECRET not in done.stderr


def assert_refused(done, word):
    """One clear line, and no result."""
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("mesos-dns-to-knot: ") and word.lower() in line.lower(), line


def test_no_such_file(tmp_path):
    assert_refused(run(tmp_path / "absent.json"), "no such file")
    assert_refused(run(tmp_path), "directory")


def test_files_are_not_replaced(server):
    conf = server.directory / "knot.conf"
    conf.write_text("mine\n")
    path = EXAMPLES / "minimal.json"
    done = run(path, "--output", server.directory)
    assert_refused(done, "exists")
    assert sorted(os.listdir(server.directory)) == ["knot.conf", "log"]
    assert conf.read_text() == "mine\n"
    assert run(path, "--output", server.directory, "--force").returncode == 0
    assert "mod-mesos" in conf.read_text()


def test_directory_that_cannot_be_written():
    assert_refused(run(EXAMPLES / "minimal.json", "--output", "/dev/null/x"), "/dev/null")
