# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/mesos-dns-to-knot: configurations of Mesos-DNS, and what knotd does with the result."""
import contextlib
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import threading

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import dns.zone
import pytest
import states
import tls
from ask import data, is_authoritative, outcome, records
from iam import Iam
from knotd import MESOS_SO, REPOSITORY
from master import Master
from ports import free_port

SCRIPT = REPOSITORY / "packaging/mesos-dns-to-knot"
EXAMPLES = REPOSITORY / "tests/data/mesos-dns"

# The password of every example.
SECRET = "hunter2"

MODULE = ("--module", MESOS_SO)


def example(name, **changes):
    """An example's content with some keys set anew."""
    return {**json.loads((EXAMPLES / f"{name}.json").read_text()), **changes}


def run(path, *options, **environment):
    return subprocess.run([SCRIPT, *options, path], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False, env={**os.environ, **environment})


def convert(server, content, *options):
    """Writes the files for a configuration into knotd's directory."""
    path = server.directory / "config.json"
    path.write_text(json.dumps(content))
    done = run(path, "--output", server.directory, *MODULE, *options)
    assert done.returncode == 0, done.stderr
    assert "could not judge" not in done.stdout
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
    monkeypatch.setattr(server, "_configuration", lambda: text)
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
    text = printed(tmp_path, example(name), "--zone-dir", tmp_path, *MODULE)
    assert text.startswith(conf.replace(str(server.directory), str(tmp_path)).partition(
        "mod-mesos:")[0])
    (tmp_path / "knot.conf").write_text(re.sub(".*credential-file.*\n", "", text))
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
    start(server, monkeypatch, example("odd", MASTERS=[master.address], externalOn=False,
                                       mesosAuthentication=""))
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


def test_options_of_answers(tmp_path):
    """What differs from the defaults, which are the same, has its line."""
    text = printed(tmp_path, example("minimal"))
    assert "srv-weight" not in text and "subnet-first" not in text
    for weight in (0, 10, 65535):
        text = printed(tmp_path, example("minimal", SRVRecordDefaultWeight=weight,
                                         resolvSubnetFirst=True), *MODULE)
        assert f"\n    srv-weight: {weight}\n" in text and "\n    subnet-first: on\n" in text
        assert not {"SRVRecordDefaultWeight", "resolvSubnetFirst"} & set(notes(text))


def test_service_account(server, monkeypatch):
    """The file that Mesos-DNS has is used as it is; a relative path is looked for beside config.json."""
    with Iam() as iam, Master() as master:
        iam.guard(master)
        one_task(master)
        iam.account(server.directory / "account.json")
        start(server, monkeypatch, example(
            "minimal", masters=[master.address], mesosAuthentication="iam",
            IAMConfigFile="account.json", mesosCredentials={"principal": "p", "secret": SECRET}))
        server.wait_ready("web.marathon.mesos.")
        assert iam.logins() == 1
    conf = (server.directory / "knot.conf").read_text()
    assert f"\n    iam-file: {server.directory}/account.json\n" in conf
    # Masters are told one of them.
    assert "\n    #credential-file: " in conf and "IAMConfigFile" not in notes(conf)


def test_service_account_that_is_none(server):
    """Only the module's own check knows, and where the file is not it says nothing."""
    path = server.directory / "config.json"
    path.write_text(json.dumps(example("minimal", mesosAuthentication="iam", IAMConfigFile="none")))
    assert "cannot be read here" in notes(run(path, *MODULE).stdout)["IAMConfigFile"]
    (server.directory / "none").write_text("{}")
    done = run(path, *MODULE)
    assert_refused(done, "iam-file")
    assert "conf-check" in done.stderr


def test_service_account_that_is_not_used(tmp_path):
    text = printed(tmp_path, example("minimal", IAMConfigFile="/etc/account.json"))
    assert "iam-file" not in text and "not used" in notes(text)["IAMConfigFile"]


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


# What Mesos-DNS makes of `zk`, of `listener`, of credentials and of JSON.

def masters_of(text):
    return re.search(r"^    master: (.*)", text, re.M)[1]


@pytest.mark.parametrize("zk, expected", [
    ("192.0.2.1:2181", "192.0.2.1:2181"), ("master@192.0.2.1:5050", "192.0.2.1:5050"),
    ("master(7)@h.example:5050", "h.example:5050"), ("[2001:DB8::1]:5050", '"[2001:db8::1]:5050"'),
    ("zk://H:2181/mesos", "zk://h:2181/mesos"), ("zk://h/a%2fb/?c#d", "zk://h:2181/a/b"),
    ("zk://[h]/mesos", "zk://h:2181/mesos"), ("[192.0.2.1]:5050", "192.0.2.1:5050"),
    ("zk://u:p%40s@h/mesos///", "zk://h:2181/mesos"),
    ("zk://a:1,[::ffff:192.0.2.1]/mesos", '"zk://a:1,192.0.2.1:2181/mesos"'),
])
def test_forms_of_zk(tmp_path, zk, expected):
    """Also as the first line of a file."""
    spec = tmp_path / "zk-of-mesos"
    spec.write_text(f"{zk}\nanother line\n")
    for given in (zk, f"file://{spec}", f"file://{spec.name}"):
        text = printed(tmp_path, {"zk": given}, *MODULE)
        assert masters_of(text) == expected
        assert ("zk" in notes(text)) == (given != zk or "u:" in zk or not zk.startswith("zk://"))


def test_single_master_comes_first_and_once(tmp_path):
    text = printed(tmp_path, {"zk": "master@b:1", "masters": ["a:1", "B:1"]}, *MODULE)
    assert masters_of(text) == "[ b:1, a:1 ]"
    assert masters_of(printed(tmp_path, {"zk": "b:1", "mesosHTTPSOn": True})) == "https://b:1"


def test_files_that_name_files(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"zk": f"file://{tmp_path}/loop"}))
    (tmp_path / "loop").write_text(f"file://{tmp_path}/loop")
    assert_refused(run(path), "files")


def test_masters_without_a_host_are_here(tmp_path):
    """As Go's net package dials them; and port numbers may have zeros before them."""
    text = printed(tmp_path, {"masters": [":5050", "a:0005051"]}, *MODULE)
    assert masters_of(text) == "[ 127.0.0.1:5050, a:5051 ]"


@pytest.mark.parametrize("listener, listen", [
    ("0.0.0.0", "0.0.0.0@53"), ("::", "[ 0.0.0.0@53, ::@53 ]"), ("", "[ 0.0.0.0@53, ::@53 ]"),
    (None, "[ 0.0.0.0@53, ::@53 ]"), ("::ffff:192.0.2.1", "192.0.2.1@53")])
def test_listener(tmp_path, listener, listen):
    """An address of IPv4 opens no port of IPv6."""
    text = printed(tmp_path, example("minimal", listener=listener))
    assert f"    listen: {listen}\n" in text
    assert ("listener" in notes(text)) == (listener == "0.0.0.0")
    assert not re.search(r"^#mesos.zone# ns1.*0\.0\.0\.0", text, re.M)


@pytest.mark.parametrize("given, principal, secret", [
    ({"Principal": "p"}, "p", ""), ({"principal": "p", "secret": None}, "p", ""),
    ({"secret": SECRET}, "", SECRET), ({"principal": "\ud800", "SECRET": "é"}, "\ufffd", "é")])
def test_credentials_that_are_not_whole(server, given, principal, secret):
    convert(server, example("minimal", mesosAuthentication="basic", mesosCredentials=given))
    assert json.loads((server.directory / "mesos-credential.json").read_text()) == {
        "principal": principal, "secret": secret}


def test_keys_that_are_there_twice(server):
    """Go's encoding/json: objects come together, of all else the last one counts."""
    path = server.directory / "config.json"
    path.write_text("""{
        "masters": ["192.0.2.1:5050"], "MASTERS": ["192.0.2.2:5050"], "ttl": 7, "ttl": null,
        "zoneResolvers": {"a": ["192.0.2.3"], "b": ["192.0.2.3"]},
        "zoneResolvers": {"b": ["192.0.2.4"]},
        "mesosAuthentication": "basic", "mesosCredentials": {"principal": "p", "secret": "old"},
        "mesosCredentials": {"Secret": "new"}, "mesosCredentials": null}""")
    done = run(path, "--output", server.directory, *MODULE)
    assert done.returncode == 0, done.stderr
    conf = (server.directory / "knot.conf").read_text()
    assert masters_of(conf) == "192.0.2.2:5050" and "    ttl: 7\n" in conf
    assert re.findall(r"- id: zone-(.)\n    address: (.*)", conf) == [
        ("a", "192.0.2.3@53"), ("b", "192.0.2.4@53")]
    assert json.loads((server.directory / "mesos-credential.json").read_text()) == {
        "principal": "p", "secret": "new"}
    path.write_text('{"masters": ["a:1"], "zoneResolvers": {"a": ["192.0.2.3"]}, '
                    '"zoneResolvers": null}')
    assert "zone-a" not in run(path).stdout


def test_what_only_strict_readers_refuse(tmp_path):
    """Bytes that are not UTF-8, numbers of any size, and null, where no key wants them."""
    path = tmp_path / "config.json"
    path.write_bytes(b'{"masters": ["a:1"], "note": "f\xfcr", "n": 1' + b"0" * 5000
                     + b', "zk": null, "mesosCredentials": null}')
    done = run(path, *MODULE)
    assert (done.returncode, done.stderr) == (0, "")
    assert {"note", "n"} <= set(notes(done.stdout))


def test_zones_have_identifiers_of_their_own(tmp_path):
    """A long name has its number in place of itself, which may be another zone's name."""
    text = printed(tmp_path, example("minimal", zoneResolvers={
        "2": ["192.0.2.3"], "x" * 60: ["192.0.2.4"]}), *MODULE)
    found = re.findall(r"^  - id: (\S+)\n    remote: ", text, re.M)
    assert len(set(found)) == len(found) == 3


@pytest.mark.parametrize("listener, expected", [("0.0.0.0", ["A\t192.0.2.9"]),
                                                ("::", ["A\t192.0.2.9", "AAAA\t2001:db8::9"])])
def test_the_name_server_has_addresses_that_are_listened_on(monkeypatch, listener, expected):
    monkeypatch.setattr(converter, "own_addresses", lambda: ["192.0.2.9", "2001:db8::9"])
    result = converter.Result(
        converter.Config([("masters", ["a:1"]), ("listener", listener)]), "config.json",
        "/etc/knot", "/var/lib/knot", [])
    assert re.findall(r"^ns1\.mesos\.\t(.*)", result.zones["mesos.zone"], re.M) == expected


@pytest.mark.parametrize("label, is_clusters", [
    ("leader", True), ("MASTER", True), ("master12", True), ("slave", True), ("masters", False),
    ("leader.ns", False)])
def test_a_name_server_with_a_name_of_the_clusters(tmp_path, label, is_clusters):
    """In the zone file its address would win over the cluster's."""
    text = printed(tmp_path, example("minimal", SOAMname=f"{label}.mesos", listener="192.0.2.9"))
    assert f"#mesos.zone# @\tNS\t{label}.mesos." in text
    assert (f"#mesos.zone# {label}.mesos.\tA\t192.0.2.9" not in text) == is_clusters
    assert ("SOAMname" in notes(text)) == is_clusters


def test_what_is_empty_needs_no_comment(tmp_path):
    """As in what /v1/config of a Mesos-DNS gives."""
    found = notes(printed(tmp_path, example("minimal", IAMConfigFile="", file="", zk="", Zk=None)))
    assert not {"IAMConfigFile", "file", "zk"} & set(found)


def test_old_keys(tmp_path):
    found = notes(printed(tmp_path, example("minimal", Email="a.b", ns="ns1")))
    assert "SOARname" in found["Email"] and "SOAMname" in found["ns"]


# What knotc says of the result.

def fake_knotc(directory, script):
    path = directory / "bin"
    path.mkdir()
    (path / "knotc").write_text(f"#!/bin/sh\n{script}\n")
    (path / "knotc").chmod(0o755)
    return f"{path}:{os.environ['PATH']}"


def test_what_knotc_refuses_is_not_written(server, tmp_path):
    """A certificate that is none: only the module's own check knows."""
    (tmp_path / "ca.pem").write_text("none\n")
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"masters": ["a:1"], "mesosHTTPSOn": True, "caCertFile": "ca.pem"}))
    before = sorted(os.listdir(server.directory))
    for options in ((), ("--output", server.directory)):
        assert_refused(run(path, *MODULE, *options), "conf-check")
    assert sorted(os.listdir(server.directory)) == before


def test_files_may_be_elsewhere(tmp_path):
    """They are not looked for where the script runs, and a comment says so."""
    text = printed(tmp_path, example("secure"), *MODULE)
    for key in ("caCertFile", "certFile", "keyFile"):
        assert "cannot be read here" in notes(text)[key]


@pytest.mark.parametrize("script", ["exit 1", "echo \"unknown module 'mod-mesos'\"; exit 1"])
def test_without_a_knotc_that_can_judge(server, tmp_path, script):
    """The script's own rules decide, and it says so."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(example("minimal")))
    environment = {"PATH": fake_knotc(tmp_path, script)}
    done = run(path, "--output", server.directory, **environment)
    assert done.returncode == 0 and "could not judge it here" in done.stdout, done.stdout
    path.write_text(json.dumps(example("minimal", zk="zk://a:99999/mesos")))
    assert_refused(run(path, **environment), "zk")


def test_the_secret_is_kept_while_knotc_judges(server, tmp_path):
    """knotc gets it in a file that nobody else can read and that is gone afterwards."""
    seen = tmp_path / "seen"
    path = tmp_path / "config.json"
    path.write_text(json.dumps(example("secure", mesosHTTPSOn=False)))
    done = run(path, "--output", server.directory, PATH=fake_knotc(tmp_path, f"""
sed -n 's/.*credential-file: //p' "$2" >>{seen}
[ "$(stat -c %a "$(dirname "$2")")" = 700 ]"""))
    assert done.returncode == 0 and "could not judge" not in done.stdout, done.stdout
    (where,) = seen.read_text().split()
    assert where != str(server.directory / "mesos-credential.json")
    assert not os.path.exists(where)


HOSTS = ["a", "A.b", "192.0.2.1", "[2001:db8::1]", "[::ffff:192.0.2.1]", "2001:db8::1", "-a", "a_b",
         "", "a b", "é", 'a"b', "a" * 253, "a" * 254, "[a]", "a@b", "a,b", "[]", "#", "a\\", "%"]
PORTS = ["", ":", ":0", ":1", ":5050", ":0005050", ":65535", ":65536", ":99999", ":-1", ":x", "::1"]
PATHS = ["", "/", "/mesos", "/mesos/", "//", "/a/b", "/a//b", "/.", "/../a", "/a b", "/é", '/"',
         "/#a", "/a,b", "/[a]", "/%41", "/%2e", "/a@b", "/a:b", "/\\"]
NAMES = ["mesos", "A.b", "", ".", "a.", "a..b", "-", "x" * 63, "x" * 64, ".".join(["x" * 63] * 4),
         "in-addr.arpa", "9.in-addr.arpa", "arpa", "a_b", "1", "2", "é", "a b", "a@b", "\\", "*",
         ".".join(["y" * 40] * 3)]


def some_value(key, choose):
    """A value of a key, right or wrong."""
    def endpoint():
        return choose(HOSTS) + choose(PORTS)

    number = choose([0, 1, 5, 60, 86400, 86401, 604801, 65535, 65536, 2**31 - 1, 2**31, 2**32, -1])
    values = {
        "masters": [endpoint() for _ in range(choose(range(4)))],
        "zk": choose(["", endpoint(), "master@" + endpoint(), "file:///dev/null"] + [
            "zk://" + choose(["", "u:p@", "u@"]) + ",".join(
                endpoint() for _ in range(choose([1, 1, 2, 3, 17]))) + choose(PATHS)] * 3),
        "domain": choose(NAMES), "SOAMname": choose(NAMES), "SOARname": choose(NAMES),
        "listener": choose(HOSTS), "resolvers": [endpoint() for _ in range(choose(range(3)))],
        "zoneResolvers": {choose(NAMES): ["192.0.2.5" + choose(PORTS)]
                          for _ in range(choose(range(4)))},
        "IPSources": [choose(["netinfo", "mesos", "docker", "host", "auto"])
                      for _ in range(choose(range(4)))],
        "caCertFile": choose(["", "/gone", "a b", "a,b", '"', "[", "#", "\\", "é"]),
        "mesosCredentials": choose([{}, {"principal": choose(HOSTS), "secret": choose(HOSTS)}]),
        "mesosAuthentication": choose(["", "basic", "iam"]),
        "IAMConfigFile": choose(["", "/gone", "a b", '"', "\\", "\n", "é"]),
    }
    return values.get(key, choose([True, False]) if key.endswith("On") else number)


def some_configuration(choose, defaults):
    keys = {choose(list(defaults)) for _ in range(choose(range(8)))}
    content = {"masters": ["192.0.2.1:5050"], **{key: some_value(key, choose) for key in keys}}
    return [(key, converter.Pairs(value.items()) if isinstance(value, dict) else value)
            for key, value in content.items()]


def load_script():
    loader = importlib.machinery.SourceFileLoader("mesos_dns_to_knot", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


converter = load_script()


@pytest.mark.parametrize("seed", range(4))
def test_what_the_rules_let_through_passes_the_check(seed, tmp_path):
    """The rules alone, so that knotc has nothing left to say: they must do where it is not."""
    choose = random.Random(seed).choice
    outcomes = {True: 0, False: 0}
    for _ in range(400):
        content = some_configuration(choose, converter.DEFAULTS)
        try:
            result = converter.Result(converter.Config(content), str(tmp_path / "config.json"),
                                   "/etc/knot", "/var/lib/knot", [], str(MESOS_SO))
        except converter.Fault as e:
            assert str(e)
            outcomes[False] += 1
            continue
        outcomes[True] += 1
        assert converter.judge(result) == "", content
        zones = {"mesos.zone": f"{result.domain}.", "reverse.zone": "in-addr.arpa."}
        for name, text in result.zones.items():
            dns.zone.from_text(text, zones.get(name, "forward."), check_origin=False)
    assert min(outcomes.values()) > 40, outcomes


# What has no counterpart.

def test_notes(tmp_path):
    found = notes(printed(tmp_path, example("full")))
    assert {"httpOn", "enumerationOn", "recurseOn", "setTruncateBit",
            "SOASerial", "SOAMinttl"} == set(found)
    assert all(len(note.split()) > 5 for note in found.values())

    found = notes(printed(tmp_path, example("odd")))
    assert {"IAMConfigFile", "mesosCredentials", "refreshSeconds", "ttl",
            "stateTimeoutSeconds", "email", r'a\nkey with \"quotes\"'} <= set(found)

    found = notes(printed(tmp_path, example("zookeeper", dnsOn=False)))
    assert {"zk", "zkDetectionTimeout", "dnsOn", "resolvers"} <= set(found)


def test_nothing_to_say(tmp_path):
    text = printed(tmp_path, example("minimal", httpOn=False, recurseOn=False))
    assert notes(text) == {}


@pytest.mark.parametrize("changes, line, noted", [
    ({}, '[ 0.0.0.0@8123, "::@8123" ]', {"httpOn"}),
    ({"httpListener": "", "httpPort": 80}, '[ 0.0.0.0@80, "::@80" ]', {"httpOn"}),
    ({"httpListener": "::"}, '[ 0.0.0.0@8123, "::@8123" ]', {"httpOn"}),
    ({"httpListener": "127.0.0.1", "httpPort": 65535}, "127.0.0.1@65535", {"httpOn"}),
    ({"httpListener": "0.0.0.0"}, "0.0.0.0@8123", {"httpOn", "httpListener"}),
    ({"httpListener": "2001:DB8::1"}, '"2001:db8::1@8123"', {"httpOn"}),
    ({"enumerationOn": False}, '[ 0.0.0.0@8123, "::@8123" ]', {"httpOn", "enumerationOn"}),
    ({"httpOn": False, "httpPort": 80}, None, {"httpPort"}),
    ({"httpOn": False}, None, set()),
])
def test_http(tmp_path, changes, line, noted):
    text = printed(tmp_path, example("minimal", recurseOn=False, **changes))
    found = re.findall(r"^    http: (.*)$", text, re.M)
    assert [one.replace('"', "") for one in found] == ([line.replace('"', "")] if line else [])
    assert set(notes(text)) == noted


def test_keys_in_any_case(tmp_path):
    content = example("full")
    changed = {key.swapcase(): value for key, value in content.items()}
    serial = re.compile(r"\d+(?=\t; serial)")
    assert serial.sub("", printed(tmp_path, changed)) == serial.sub("", printed(tmp_path, content))


# What is no configuration.

@pytest.mark.parametrize("content, word", [
    ("", "JSON"), ("{", "JSON"), ('{"masters": ["a:1"]} x', "JSON"), ("[]", "object"),
    ('{"masters": ["a:1"], "ttl": NaN}', "JSON"), ("\udcff", "JSON"), ("[" * 100000, "JSON"),
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
    {"masters": ["a:5050", "A:5050"]}, {"masters": ["-a:5050"]}, {"masters": ["a" * 254 + ":1"]},
    {"masters": ["192.0.2.1:5050", "[::ffff:192.0.2.1]:5050"]}, {"masters": ["[]:5050"]},
    {"zk": 1}, {"zk": "192.0.2.1"}, {"zk": "zk://192.0.2.1:2181"}, {"zk": "zk:///mesos"},
    {"zk": "zk://a:2181:/mesos"}, {"zk": "zk://a:99999/mesos"}, {"zk": "zk://a:0/mesos"},
    {"zk": "zk://a:/mesos"}, {"zk": "zk://a,/mesos"}, {"zk": "zk://a,A:2181/mesos"},
    {"zk": "zk://-a/mesos"}, {"zk": "zk://2001:db8::1/mesos"}, {"zk": "zk://[]/mesos"},
    {"zk": "zk://a/"}, {"zk": "zk://a//mesos"}, {"zk": "zk://a/./mesos"}, {"zk": "zk://a/b/.."},
    {"zk": "zk://a/b@c/mesos"}, {"zk": "zk://a/b%00"}, {"zk": 'zk://a/b"'},
    {"zk": "zk://" + ",".join(f"a{i}" for i in range(17)) + "/mesos"},
    {"zk": f'zk://u:{SECRET}@a"b/mesos'}, {"zk": f"zk://u:{SECRET}/@a/mesos"},
    {"zk": f"a:{SECRET}@b@c:5050"}, {"zk": "master@a:99999"}, {"zk": "master@"},
    {"zk": "file:///dev/null/x"}, {"zk": "file://"}, {"zk": "http://a:5050"},
    {"ttl": "60"}, {"ttl": 60.5}, {"ttl": True}, {"ttl": -1}, {"refreshSeconds": 0},
    {"stateTimeoutSeconds": 0}, {"timeout": -1}, {"port": 0}, {"port": 65536},
    {"domain": ""}, {"domain": "mesos."}, {"domain": "a..b"}, {"domain": "a_b"},
    {"domain": "x" * 64}, {"domain": "mesos\nmaster: evil"},
    {"domain": "10.in-addr.arpa"}, {"domain": "IP6.arpa"}, {"httpOn": False, "dnsOn": False},
    {"httpPort": 0}, {"httpPort": 65536}, {"httpListener": "localhost"},
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
    {"mesosAuthentication": "basic", "mesosCredentials": {"principal": "", "secret": None}},
    {"mesosAuthentication": "basic", "mesosCredentials": {"principal": f"a:{SECRET}"}},
    {"mesosAuthentication": "basic", "mesosCredentials": {"principal": "a\0", "secret": SECRET}},
    {"mesosAuthentication": "basic", "mesosCredentials": {"secret": SECRET * 10000}},
    {"mesosAuthentication": "iam", "iamConfigFile": ""}, {"mesosCredentials": SECRET},
    {"mesosCredentials": {"principal": "a", "secret": [SECRET]}},
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
