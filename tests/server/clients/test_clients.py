# SPDX-License-Identifier: GPL-3.0-or-later
"""What others make of our answers: resolvers, load balancers and judges.

The examples are those of packaging/doc.

All run in a network of their own (skipped where that is not permitted), in which knotd has the
address and the port that those examples give it, so that they are run as they are.
"""
import contextlib
import http.server
import json
import re
import shutil
import socket
import subprocess
import threading
import urllib.request

import ask
import dns.dnssec
import dns.exception
import dns.rdata
import pytest
import states
from ask import TCP, Ask, Way
from documents import example
from knotd import REPOSITORY, Knotd
from master import Master
from network import MOUNT, is_permitted, own_network
from ports import free_port
from programs import PATH, needs, running
from waiting import PATIENCE, wait_for

pytestmark = pytest.mark.skipif(not is_permitted(), reason="unshare is not permitted")

SERVER, *JUDGED = "10.0.0.53", "10.0.0.54", "10.0.0.55"

# Instances of `web`: their addresses, each with an HTTP port of its own.
WEB = {"127.0.1.1": 31001, "127.0.1.2": 31002, "127.0.1.3": 31003}
WEB_ID = {address: f"web.{i}" for i, address in enumerate(WEB)}
# More than BIND takes by default.
MANY = sorted(f"10.2.{i}.1" for i in range(120))

# The root's key: who validates must not ask the root, whom nobody reaches here, about mesos.
ROOT = "20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d".split()

# Static answers stand beside the dynamic ones.
ZONE = """\
ns A 10.0.0.53
static A 192.0.2.1
alias CNAME web.marathon
"""


def state(master, *addresses):
    """A cluster with these instances of `web`."""
    return states.state(
        master, states.framework(
            "marathon",
            *(states.task("web", WEB_ID[address], addresses=[address],
                          discovery=states.discovery("web", (WEB[address], "http", "tcp")))
              for address in addresses),
            states.task("six", addresses=["10.1.0.6", "fd00::6"]),
            *(states.task("many", f"many.{i}", addresses=[address],
                          discovery=states.discovery("many", (20000 + i, "http", "tcp")))
              for i, address in enumerate(MANY))))


class OnPort53(Knotd):
    """knotd where the examples have it."""
    address = SERVER

    def __init__(self):
        super().__init__()
        self.port = 53
        self.ask = Ask(self.address, self.port)


class Cluster:
    """A stub master and a knotd that answers for it."""

    def __init__(self, master, server):
        self.master, self.server = master, server

    def runs(self, *addresses):
        """From now on these are the instances of `web`, and knotd knows."""
        self.master.serve(state(self.master, *addresses))
        self.server.zone_reload()
        self.server.wait_until("web.marathon.mesos.", "A",
                               lambda reply: sorted(ask.data(reply, "A")) == sorted(addresses))


@pytest.fixture(scope="module")
def network():
    with own_network(SERVER, *JUDGED):
        yield


@pytest.fixture(scope="module")
def shared(network):
    """One knotd for all tests; nothing is remembered for longer than a second."""
    with Master() as master, OnPort53() as server:
        master.serve(state(master, "127.0.1.1", "127.0.1.2"))
        server.module("cluster", master=master.address, ttl=1, poll_interval=3600)
        server.zone("mesos.", ZONE, ["mod-mesos/cluster"])
        for name in ("10.in-addr.arpa.", "d.f.ip6.arpa."):
            server.zone(name, modules=["mod-mesos/cluster"])
        server.start()
        server.wait_loaded()
        yield Cluster(master, server)


@pytest.fixture
def cluster(shared):
    shared.runs("127.0.1.1", "127.0.1.2")
    return shared


def mounted(files, *command):
    """A command that sees files in place of others."""
    return [*MOUNT, *(f"{path}={place}" for place, path in files.items()), "--", *command]


def try_ask(resolver, name, kind="A", way=TCP):
    try:
        return resolver(name, kind, way)
    except (OSError, EOFError, dns.exception.DNSException):
        return None


def follows(resolver, cluster):
    """A resolver gives what the cluster has, and follows it."""
    resolver.timeout = 2 * PATIENCE

    def wait_for_web(*addresses):
        def right():
            a = try_ask(resolver, "web.marathon.mesos.")
            srv = try_ask(resolver, "_web._tcp.marathon.mesos.", "SRV")
            return a and srv and sorted(ask.data(a, "A")) == sorted(addresses) and (
                sorted(data.split()[2] for data in ask.data(srv, "SRV")) == (
                    sorted(str(WEB[address]) for address in addresses)))
        wait_for(right, 30, f"{addresses} from the resolver")

    wait_for_web("127.0.1.1", "127.0.1.2")
    # Truncated over UDP, whole over TCP, and the resolver has to do the same with us.
    for way in (TCP, ask.UDP_EDNS):
        reply = resolver("many.marathon.mesos.", "A", way)
        assert ask.is_truncated(reply) or sorted(ask.data(reply, "A")) == MANY
    assert sorted(ask.data(resolver("many.marathon.mesos.", "A", TCP), "A")) == MANY
    assert ask.data(resolver("six.marathon.mesos.", "AAAA"), "AAAA") == ["fd00::6"]
    assert ask.data(resolver("static.mesos.", "A"), "A") == ["192.0.2.1"]
    assert sorted(ask.data(resolver("alias.mesos.", "A"), "A")) == ["127.0.1.1", "127.0.1.2"]
    for name, kind, outcome in (("nobody.mesos.", "A", "NXDOMAIN"),
                                ("web.marathon.mesos.", "AAAA", "NODATA"),
                                ("_tcp.marathon.mesos.", "A", "NODATA"),
                                ("_nobody._tcp.marathon.mesos.", "SRV", "NXDOMAIN")):
        reply = resolver(name, kind)
        assert not reply.answer
        assert reply.rcode() == (3 if outcome == "NXDOMAIN" else 0), reply
    reply = resolver("6.0.1.10.in-addr.arpa.", "PTR")
    assert ask.data(reply, "PTR") == ["six.marathon.mesos."]

    cluster.runs("127.0.1.2", "127.0.1.3")
    wait_for_web("127.0.1.2", "127.0.1.3")
    cluster.runs()
    wait_for_gone(resolver)


def wait_for_gone(resolver):
    def gone():
        reply = try_ask(resolver, "web.marathon.mesos.")
        # dnsmasq says NODATA of a name that it has something else in its cache about.
        return reply and not reply.answer and reply.rcode() in (0, 3)
    wait_for(gone, 30, "no answer from the resolver")


@needs("unbound")
def test_unbound(cluster, tmp_path):
    """Validating, and with private addresses kept out, as many have it."""
    port = free_port()
    (tmp_path / "mesos.conf").write_text(example("/etc/unbound/unbound.conf.d/mesos.conf"))
    conf = tmp_path / "unbound.conf"
    conf.write_text(f"""\
server:
    interface: 127.0.0.1@{port}
    do-daemonize: no
    use-syslog: no
    chroot: ""
    username: ""
    directory: "{tmp_path}"
    pidfile: "{tmp_path}/pid"
    num-threads: 1
    module-config: "validator iterator"
    trust-anchor: ". DS {" ".join(ROOT)}"
    private-address: 10.0.0.0/8
    private-address: 127.0.0.0/8
    private-address: fd00::/8
remote-control:
    control-enable: no
include: "{tmp_path}/mesos.conf"
""")
    with running(["unbound", "-d", "-c", conf], tmp_path / "log"):
        follows(Ask("127.0.0.1", port), cluster)


@needs("named")
@pytest.mark.parametrize("zones", ["named.conf.local", "named.conf.mesos-forward"])
def test_bind(cluster, tmp_path, zones):
    """Validating; zones of its own servers and zones that are forwarded."""
    port = free_port()
    options, count = re.subn('directory ".*"', f"""\
directory "{tmp_path}";
    pid-file none;
    session-keyfile none;
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    allow-query {{ any; }};
    recursion yes;
    dnssec-validation yes""", example("/etc/bind/named.conf.options"))
    assert count
    *numbers, digest = ROOT
    conf = tmp_path / "named.conf"
    conf.write_text(f"""\
{options}
{example(f"/etc/bind/{zones}")}
controls {{ }};
trust-anchors {{ . static-ds {" ".join(numbers)} "{digest}"; }};
""")
    tmp_path.chmod(0o755)
    with running(["named", "-g", "-n", "1", "-c", conf], tmp_path / "log"):
        follows(Ask("127.0.0.1", port), cluster)


def version(*command):
    """What a program says that it is, such as (2, 90)."""
    said = subprocess.run([shutil.which(command[0], path=PATH), *command[1:]],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    return tuple(map(int, re.search(r"version (\d+)[.](\d+)", said).groups()))


@needs("dnsmasq")
@pytest.mark.parametrize("validating", [True, False], ids=["validating", "believing"])
def test_dnsmasq(cluster, tmp_path, validating):
    """With private addresses kept out."""
    if validating and version("dnsmasq", "--version") > (2, 91):
        pytest.skip("over TCP dnsmasq 2.93 gives up on what it has no server of the parent for")
    port = free_port()
    conf = tmp_path / "dnsmasq.conf"
    conf.write_text("stop-dns-rebind\n"
                    + f"dnssec\ntrust-anchor=.,{','.join(ROOT)}\n" * validating
                    + example("/etc/dnsmasq.d/mesos.conf"))
    with running(["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--user=",
                  "--listen-address=127.0.0.1", "--bind-interfaces", f"--port={port}",
                  "--pid-file=", "--log-facility=-", f"--conf-file={conf}"], tmp_path / "log"):
        follows(Ask("127.0.0.1", port), cluster)


@needs("kresd")
def test_knot_resolver(cluster, tmp_path):
    """Validating."""
    port = free_port()
    conf = tmp_path / "kresd.conf"
    if version("kresd", "--version") < (6, 0):
        text = example("/etc/knot-resolver/kresd.conf")
    else:
        # What its manager makes of the file for kresd.
        (tmp_path / "config.yaml").write_text(example("/etc/knot-resolver/config.yaml"))
        made = subprocess.run(["kresctl", "convert", "--type", "policy-loader",
                               tmp_path / "config.yaml"], stdout=subprocess.PIPE, text=True,
                              check=True).stdout
        text = "\n".join(re.findall("^policy[.]rule_forward_add.*", made, re.M))
        assert text
    conf.write_text(f"net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})\n"
                    f"trust_anchors.add('. DS {' '.join(ROOT)}')\n"
                    + text)
    with running(["kresd", "--noninteractive", "-c", conf, tmp_path], tmp_path / "log"):
        follows(Ask("127.0.0.1", port), cluster)


RESOLVED = """\
set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/resolve /run/systemd/resolved.conf.d
chown "$2:$2" /run/systemd/resolve
cp "$1/mesos.conf" /run/systemd/resolved.conf.d/
if [ "$4" = yes ]; then
	mkdir /run/dnssec-trust-anchors.d
	echo mesos >/run/dnssec-trust-anchors.d/mesos.negative
fi
printf '[Resolve]\nDNSSEC=%s\n' "$4" >/run/systemd/resolved.conf.d/dnssec.conf
exec "$3"
"""


@pytest.fixture
def device(network):
    """A device other than loopback, without which systemd-resolved takes the network for down."""
    for kind in (["dummy"], ["veth", "peer", "name", "other"]):
        if subprocess.run(["ip", "link", "add", "name", "some", "type", *kind], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0:
            break
    else:
        pytest.skip("this kernel has neither dummy nor veth devices")
    try:
        subprocess.run(["ip", "address", "add", "192.0.2.77/24", "dev", "some"], check=True)
        for name in ["some"] + kind[3:]:
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        yield
    finally:
        subprocess.run(["ip", "link", "delete", "some"], check=True)


@needs("systemd-resolved")
@pytest.mark.parametrize("dnssec", ["no", "yes"])
def test_systemd_resolved(cluster, device, tmp_path, dnssec):
    """Without systemd and without D-Bus, on its own address and port 127.0.0.53@53.

    Ours is the only server it has, so what `Domains=` keeps from those of links is not seen here.
    """
    (tmp_path / "mesos.conf").write_text(example("/etc/systemd/resolved.conf.d/mesos.conf"))
    number, files = 65432, {"/etc/resolv.conf": tmp_path / "resolv.conf"}
    files["/etc/resolv.conf"].write_text("nameserver 127.0.0.53\n")
    for name, line in (("passwd", f"systemd-resolve:x:{number}:{number}::/:/bin/false\n"),
                       ("group", f"systemd-resolve:x:{number}:\n")):
        path = files[f"/etc/{name}"] = tmp_path / name
        path.write_text(line + "".join(
            old for old in open(f"/etc/{name}", encoding="utf-8")
            if not old.startswith("systemd-resolve:")))
    tmp_path.chmod(0o755)
    program = shutil.which("systemd-resolved", path=PATH)
    with running(mounted(files, "sh", "-c", RESOLVED, "sh", tmp_path, str(number), program,
                         dnssec),
                 tmp_path / "log"):
        follows(Ask("127.0.0.53", 53), cluster)


# glibc.

def getent(tmp_path, resolv_conf, *arguments):
    """The addresses that getaddrinfo() gives a program, as `getent ahosts` shows them."""
    files = {}
    for name, text in (("resolv.conf", resolv_conf), ("nsswitch.conf", "hosts: dns\n")):
        files[f"/etc/{name}"] = tmp_path / name
        files[f"/etc/{name}"].write_text(text)
    done = subprocess.run(mounted(files, "getent", *arguments), stdout=subprocess.PIPE, text=True,
                          timeout=60 * PATIENCE, check=False)
    return done.returncode, sorted({line.split()[0] for line in done.stdout.splitlines()})


@pytest.mark.parametrize("options", ["", "options edns0\n", "options use-vc\n"],
                         ids=["plain", "edns", "tcp"])
def test_getaddrinfo(cluster, tmp_path, options):
    conf = f"nameserver {SERVER}\nsearch marathon.mesos\n{options}"
    for name, addresses in (("web.marathon.mesos", ["127.0.1.1", "127.0.1.2"]),
                            ("WEB.marathon.mesos.", ["127.0.1.1", "127.0.1.2"]),
                            ("web", ["127.0.1.1", "127.0.1.2"]),
                            ("alias.mesos", ["127.0.1.1", "127.0.1.2"]),
                            ("six.marathon.mesos", ["10.1.0.6", "fd00::6"]),
                            ("many.marathon.mesos", MANY)):
        assert getent(tmp_path, conf, "--no-addrconfig", "ahosts", name) == (0, addresses)
    assert getent(tmp_path, conf, "--no-addrconfig", "ahosts", "nobody.mesos") == (2, [])
    assert getent(tmp_path, conf, "hosts", "10.1.0.6") == (0, ["10.1.0.6"])
    cluster.runs("127.0.1.3")
    assert getent(tmp_path, conf, "--no-addrconfig", "ahosts", "web") == (0, ["127.0.1.3"])
    cluster.runs()
    assert getent(tmp_path, conf, "--no-addrconfig", "ahosts", "web") == (2, [])


def test_refused_ends_the_search_list(cluster, tmp_path):
    """Why clients.md gives clients with a search list a resolver: this is not ours to change."""
    conf = f"nameserver {SERVER}\nsearch elsewhere.example marathon.mesos\n"
    assert getent(tmp_path, conf, "--no-addrconfig", "ahosts", "web") == (2, [])
    conf = f"nameserver {SERVER}\nsearch other.mesos marathon.mesos\n"
    assert getent(tmp_path, conf, "--no-addrconfig", "ahosts", "web") == (
        0, ["127.0.1.1", "127.0.1.2"])


# What finds instances by their SRV name.

@contextlib.contextmanager
def backend(address):
    """An instance of `web`, which tells its address."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(address)))
            self.end_headers()
            self.wfile.write(address.encode())

        def log_message(self, format, *args):
            """Says nothing."""

    with http.server.ThreadingHTTPServer((address, WEB[address]), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield
        finally:
            httpd.shutdown()
            thread.join()


@pytest.fixture
def backends(network):
    with contextlib.ExitStack() as stack:
        for address in WEB:
            stack.enter_context(backend(address))
        yield


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=5 * PATIENCE) as reply:
            return reply.read().decode()
    except OSError:
        return None


@needs("haproxy")
def test_haproxy(cluster, backends, tmp_path):
    """Its servers are the instances, with their ports, as they come and go."""
    port = free_port()
    conf, control = tmp_path / "haproxy.cfg", tmp_path / "control"
    # The example keeps what is gone for half a minute, and checks every two seconds.
    text = example("/etc/haproxy/haproxy.cfg")
    text, count = re.subn("hold obsolete 30s", "hold obsolete 0s\n    timeout resolve 100ms", text)
    assert count
    # The same for a set of instances that is too large for UDP.
    many, count = re.subn(r".*(backend )web(.* )10 (.*_)web([.].*)",
                          r"\1many\g<2>200 \3many\4", text, flags=re.S)
    assert count
    conf.write_text(f"""\
global
    stats socket {control}
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    default-server inter 100ms
{text}
{many}
frontend all
    bind 127.0.0.1:{port}
    default_backend web
""")

    def servers(name):
        """The addresses and ports that HAProxy has now."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5 * PATIENCE)
            client.connect(str(control))
            client.sendall(f"show servers state {name}\n".encode())
            lines = client.makefile().read().splitlines()
        head = lines[1].split()[1:]
        rows = [dict(zip(head, line.split())) for line in lines[2:] if line]
        return sorted((row["srv_addr"], int(row["srv_port"])) for row in rows
                      if row["srv_addr"] not in ("-", "0.0.0.0") and row["srv_port"] != "0"
                      and not int(row["srv_admin_state"]) & 0x20)

    def assert_balances(*addresses):
        expected = sorted((address, WEB[address]) for address in addresses)
        wait_for(lambda: control.exists() and servers("web") == expected, 30,
                 f"{addresses} as HAProxy's servers")
        seen = []
        wait_for(lambda: seen.append(fetch(f"http://127.0.0.1:{port}/")) or (
            set(seen[-20:]) == set(addresses or [None])), 30, f"replies of {addresses} only")

    with running(["haproxy", "-db", "-f", conf], tmp_path / "log"):
        assert_balances("127.0.1.1", "127.0.1.2")
        wait_for(lambda: servers("many") == sorted(
            (address, 20000 + i) for i, address in enumerate(MANY)), 30, "all of many")
        cluster.runs("127.0.1.1", "127.0.1.2", "127.0.1.3")
        assert_balances("127.0.1.1", "127.0.1.2", "127.0.1.3")
        cluster.runs("127.0.1.3")
        assert_balances("127.0.1.3")
        cluster.runs("127.0.1.1")
        assert_balances("127.0.1.1")


@needs("prometheus")
def test_prometheus(cluster, tmp_path):
    """Its targets are the instances, with their ports, as they come and go."""
    port = free_port()
    conf = tmp_path / "prometheus.yml"
    text, count = re.subn("refresh_interval: 30s", "refresh_interval: 1s",
                          example("/etc/prometheus/prometheus.yml"))
    assert count
    conf.write_text(text)
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text(f"nameserver {SERVER}\n")

    def targets():
        text = fetch(f"http://127.0.0.1:{port}/api/v1/targets")
        active = json.loads(text)["data"]["activeTargets"] if text else []
        return sorted(target["discoveredLabels"]["__address__"] for target in active)

    def wait_for_targets(*addresses):
        # A target of an SRV record is an instance's canonical name.
        reply = cluster.server.ask("_http._web._tcp.marathon.mesos.", "SRV")
        expected = sorted(f"{data.split()[3].rstrip('.')}:{data.split()[2]}"
                          for data in ask.data(reply, "SRV"))
        assert len(expected) == len(addresses)
        wait_for(lambda: targets() == expected, 60, f"{expected} as Prometheus's targets")

    program = shutil.which("prometheus", path=PATH)
    with running(mounted({"/etc/resolv.conf": resolv_conf}, program, f"--config.file={conf}",
                         f"--storage.tsdb.path={tmp_path}/data",
                         f"--web.listen-address=127.0.0.1:{port}"), tmp_path / "log"):
        for addresses in (("127.0.1.1", "127.0.1.2"), ("127.0.1.1", "127.0.1.2", "127.0.1.3"),
                          ("127.0.1.3",)):
            cluster.runs(*addresses)
            wait_for_targets(*addresses)


# Judges.

class Judged(OnPort53):
    """One beside that of all tests."""
    address = JUDGED[0]


class Replica(OnPort53):
    """And one beside that."""
    address = JUDGED[1]


def delv(tmp_path, key, name, kind):
    """What delv says with this key as its only trust anchor."""
    anchors = tmp_path / "anchors"
    anchors.write_text(f'trust-anchors {{ "mesos." static-key {key}; }};\n')
    done = subprocess.run(["delv", f"@{JUDGED[0]}", "-a", anchors, "+root=mesos", name, kind],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=60 * PATIENCE, check=False)
    return done.stdout


@needs("delv")
@pytest.mark.parametrize("order", [["mod-onlinesign/sign", "mod-mesos/cluster"],
                                   ["mod-mesos/cluster", "mod-onlinesign/sign"]],
                         ids=["sign-first", "mesos-first"])
def test_delv(network, master, tmp_path, order):
    master.serve(state(master, "127.0.1.1", "127.0.1.2"))
    with Judged() as server:
        server.module("cluster", master=master.address)
        server.section("mod-onlinesign", "sign", nsec_bitmap=["A", "AAAA", "SRV"])
        server.zone("mesos.", ZONE, order)
        server.start()
        server.wait_loaded()
        reply = server.ask("mesos.", "DNSKEY", Way(tcp=True, edns=True, dnssec=True))
        flags, protocol, algorithm, *words = ask.data(reply, "DNSKEY")[0].split()
        key = f'{flags} {protocol} {algorithm} "{"".join(words)}"'

        for name, kind, data in (
                ("web.marathon.mesos", "A", ["127.0.1.1", "127.0.1.2"]),
                ("WEB.marathon.mesos", "A", ["127.0.1.1", "127.0.1.2"]),
                ("six.marathon.mesos", "AAAA", ["fd00::6"]),
                ("many.marathon.mesos", "A", MANY),
                ("static.mesos", "A", ["192.0.2.1"]),
                ("alias.mesos", "A", ["127.0.1.1", "127.0.1.2"]),
                ("_web._tcp.marathon.mesos", "SRV", ["31001", "31002"])):
            text = delv(tmp_path, key, name, kind)
            assert "; fully validated" in text, text
            assert "unsigned" not in text and "failed" not in text, text
            found = re.findall(rf"\sIN\s+{kind}\s+(.*)", text)
            assert sorted(line.split()[2] if kind == "SRV" else line for line in found) == data
        for name, kind in (("nobody.marathon.mesos", "A"), ("_tcp.marathon.mesos", "A"),
                           ("web.marathon.mesos", "MX")):
            text = delv(tmp_path, key, name, kind)
            assert "; negative response, fully validated" in text, text

        # The judge judges: with another key nothing is valid.
        words = "".join(words)
        changed = words[:40] + ("B" if words[40] == "A" else "A") + words[41:]
        other = f'{flags} {protocol} {algorithm} "{changed}"'
        assert "validated" not in delv(tmp_path, other, "web.marathon.mesos", "A")


# What Zonemaster finds worse than a notice, and why it is so.
REASONS = {
    "NAMESERVER_IP_PRIVATE_NETWORK": "the network of the tests is a private one",
    "A01_LOCAL_USE_ADDR": "so it is",
    "A01_NO_GLOBALLY_REACHABLE_ADDR": "so it is",
    "NO_RESPONSE_PTR_QUERY": "there is no other server to ask for the name servers' PTR records",
    "RNAME_RFC822_INVALID": "hostmaster.mesos. is in the zone, which is a top-level one",
}


def judged(zone, *name_servers, options=()):
    """What Zonemaster finds, as level and tag; it is told the name servers."""
    command = ["zonemaster-cli", "--raw", "--level=INFO", "--no-ipv6", "--no-progress",
               *(f"--ns={one}" for one in name_servers), *options, zone]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=300 * PATIENCE, check=False)
    print(done.stdout)
    return re.findall(r"^[\s\d.]*(INFO|NOTICE|WARNING|ERROR|CRITICAL)\s+(\w+)", done.stdout, re.M)


@needs("zonemaster-cli")
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_zonemaster(network, master, signed):
    """packaging/mesos.zone as it is but for its name servers: two replicas, or one that signs."""
    master.serve(state(master, "127.0.1.1", "127.0.1.2"))
    text = (REPOSITORY / "packaging/mesos.zone").read_text()
    text, count = re.subn("127[.]0[.]0[.]1", JUDGED[0], text)
    assert count
    with contextlib.ExitStack() as stack:
        for kind in [Judged] if signed else [Judged, Replica]:
            server = stack.enter_context(kind())
            server.module("cluster", master=master.address)
            server.section("mod-onlinesign", "sign", nsec_bitmap=["A", "AAAA", "SRV"])
            server.zone("mesos.", modules=["mod-mesos/cluster", *["mod-onlinesign/sign"] * signed])
            server.zones["mesos."]["file"].write_text(
                text if signed else f"{text}@ NS ns2\nns2 A {JUDGED[1]}\n")
            server.start()
            server.wait_loaded()
        reasons, options = dict(REASONS), []
        if signed:
            for tag in ("NOT_ENOUGH_NS_DEL", "NOT_ENOUGH_NS_CHILD", "NOT_ENOUGH_IPV4_NS_CHILD",
                        "NOT_ENOUGH_IPV4_NS_DEL"):
                reasons[tag] = "two that sign would have to share their key"
            reply = server.ask("mesos.", "DNSKEY", Way(tcp=True, edns=True, dnssec=True))
            key = dns.rdata.from_text("IN", "DNSKEY", ask.data(reply, "DNSKEY")[0])
            options = ["--ds=" + ",".join(dns.dnssec.make_ds("mesos.", key, "SHA256").to_text()
                                          .split())]
            found = judged("mesos", f"ns.mesos/{JUDGED[0]}", options=options)
        else:
            for tag in ("DS07_NOT_SIGNED", "DS07_NOT_SIGNED_ON_SERVER"):
                reasons[tag] = "it is not"
            found = judged("mesos", f"ns.mesos/{JUDGED[0]}", f"ns2.mesos/{JUDGED[1]}")
    tags = {tag for _, tag in found}
    assert {"ARE_AUTHORITATIVE", "NO_RECURSOR", "EDNS0_SUPPORT", "AXFR_FAILURE",
            "CASE_QUERIES_RESULTS_OK", "ADDRESSES_MATCH", "NAMES_MATCH"} <= tags
    bad = {tag for level, tag in found if level in ("WARNING", "ERROR", "CRITICAL")}
    assert bad <= set(reasons), bad
