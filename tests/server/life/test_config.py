# SPDX-License-Identifier: GPL-3.0-or-later
"""What `knotc conf-check` refuses, naming option and reason, and what it accepts."""
import json
import os
import random
import re

import ask
import iam
import pytest
import states
import tls
from master import Master

MASTER = "127.0.0.1:5050"


def check(server, status, **options):
    """Runs conf-check on a cluster with these options; gives what it says."""
    server.module("cluster", **options)
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.write()
    return server.knotc("conf-check", status=status)


def assert_accepted(server, **options):
    check(server, 0, **options)


def assert_refused(server, option, **options):
    said = check(server, None, **options)
    assert "Configuration is valid" not in said
    check(server, 1, **options)
    # The option's own name, and not as a part of another's.
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", said), said
    reason = said.partition("(")[2] or said
    assert len(reason.split()) >= 3, f"no reason: {said}"


@pytest.mark.parametrize("master", [
    "127.0.0.1:5050", "127.0.0.1", "master.example:5050", "master.example", "localhost",
    "http://127.0.0.1:5050", "http://master.example", "https://master.example:5051",
    '"[::1]:5050"', '"[2001:db8::1]"', '"http://[2001:db8::1]:5050"', '"https://[2001:db8::1]"',
    "127.0.0.1:1", "127.0.0.1:65535",
    [MASTER, "127.0.0.1:5051", "https://[2001:db8::1]:5050"],
    [f"10.0.0.{i}:5050" for i in range(1, 41)],
])
def test_masters_accepted(server, master):
    assert_accepted(server, master=master)


@pytest.mark.parametrize("master", [
    '""', ":5050", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:http",
    "127.0.0.1:-1", "127.0.0.1:5050x", "[::1", "[::1]5050", "[]:5050", "[::g]:5050",
    '"a b:5050"', "http://", "http://:5050", "https://[::1:5050", "http://127.0.0.1:99999",
    [MASTER, "127.0.0.2:x"],
    # A scheme it does not know.
    "ftp://127.0.0.1:5050", "://127.0.0.1", "file:///etc/passwd", "zookeeper://127.0.0.1/mesos",
    # The same master twice, in other words.
    [MASTER, "127.0.0.1"], ["http://127.0.0.1:5050", MASTER],
    [MASTER, "10.0.0.1:5050", "127.0.0.1"], ["master.example", "MASTER.example"],
    ["[::1]:5050", "[0:0::1]:5050"],
    # ZooKeeper.
    ["zk://127.0.0.1/mesos", "zk://127.0.0.2/mesos"], "zk://", "zk:///mesos",
    "zk://127.0.0.1:x/mesos",
])
def test_masters_refused(server, master):
    assert_refused(server, "master", master=master)


def test_no_master(server):
    assert_refused(server, "master", ttl=30)


@pytest.mark.parametrize("master", [
    "zk://127.0.0.1:2181/mesos", "zk://a:2181,b:2181,c/mesos", "zk://user:pass@a/deep/path",
    ["zk://127.0.0.1/mesos", MASTER]])
def test_zookeeper(server, master):
    """Accepted, or refused with a clear line by a build that does not have it."""
    said = check(server, None, master=master)
    if "Configuration is valid" not in said:
        assert "zk://" in said or "zookeeper" in said.lower(), said
        assert "master" in said


@pytest.mark.parametrize("options", [
    {"poll_interval": "1"}, {"poll_interval": "1d"}, {"poll_interval": "86400"},
    {"poll_timeout": "1"}, {"poll_timeout": "5m"},
    {"ttl": "0"}, {"ttl": "7d"}, {"ttl": "604800"},
    {"max_age": "0"}, {"max_age": "1h"},
    {"events": "on"}, {"events": "off"}, {"resync_interval": "10"}, {"resync_interval": "5m"},
    {"resync_interval": "1d"}, {"resync_interval": "86400"},
    {"label_rules": "rfc1123"}, {"label_rules": "rfc952"},
    {"ip_source": "netinfo"}, {"ip_source": "mesos"}, {"ip_source": "docker"},
    {"ip_source": "host"}, {"ip_source": "auto"},
    {"ip_source": ["netinfo", "mesos", "docker", "host", "auto"]},
    {"health": "ignore"}, {"health": "avoid"}, {"health": "require"},
    {"answer_limit": "0"}, {"answer_limit": "1"}, {"answer_limit": "65535"},
    {"subnet_first": "on"}, {"subnet_first": "off"},
    {"origin": "mesos."}, {"origin": "a.b.example."},
    {"name_format": '"{task}.{environment}"'},
    {"name_format": ['"{version}.{task}.{framework}"', '"x-{label:dns-name}"']},
    {"name_format": ['"{task}.f%d"' % i for i in range(16)]},
    {"name_format": '"{attribute:rack}.{agent-host}.{hash}.{agent}.{role}.{location}"'},
    {"network": "overlay"}, {"network": ["overlay", '"with space"']},
    {"visibility": "framework"}, {"visibility": ["external", "cluster"]},
    {"agent_names": "on"}, {"port_index": "off"}, {"label_prefix": "mesos-dns."},
    {"srv_weight": "0"}, {"srv_weight": "65535"},
], ids=str)
def test_options_accepted(server, options):
    assert_accepted(server, master=MASTER, **options)


@pytest.mark.parametrize("options", [
    {"poll_interval": "0"}, {"poll_interval": "86401"}, {"poll_interval": "2d"},
    {"poll_interval": "soon"}, {"poll_interval": "-1"},
    {"poll_timeout": "0"}, {"poll_timeout": "never"},
    {"ttl": "8d"}, {"ttl": "604801"}, {"ttl": "-1"},
    {"max_age": "-1"},
    {"events": "maybe"}, {"resync_interval": "9"}, {"resync_interval": "0"},
    {"resync_interval": "86401"}, {"resync_interval": "2d"}, {"resync_interval": "-1"},
    {"label_rules": "rfc1035"},
    {"ip_source": "dns"}, {"ip_source": ["host", "dns"]},
    {"health": "good"},
    {"answer_limit": "-1"}, {"answer_limit": "65536"}, {"answer_limit": "all"},
    {"subnet_first": "2"}, {"subnet_first": "yes please"},
    {"origin": "a..b."},
    {"origin": "x" * 64 + ".example."},
    # No such placeholder; text that is no label; no placeholder; names that are the agents'.
    {"name_format": '"{tasks}.x"'}, {"name_format": '"{label:}"'}, {"name_format": '"{task"'},
    {"name_format": '"{task}.under_score"'}, {"name_format": '"{task}..x"'},
    {"name_format": '"{task}."'}, {"name_format": '".{task}"'}, {"name_format": '"-{task}"'},
    {"name_format": '"{task}.x y"'}, {"name_format": "web.prod"}, {"name_format": '""'},
    {"name_format": '"{task}.slave"'}, {"name_format": ['"{task}"', '"{nothing}"']},
    {"name_format": '"{task}.%s"' % ("x" * 64)},
    {"name_format": ['"{task}.f%d"' % i for i in range(17)]},
    {"network": '""'}, {"network": ["net%d" % i for i in range(97)]},
    {"visibility": "world"}, {"visibility": ["cluster", "world"]},
    {"agent_names": "maybe"}, {"port_index": "2"}, {"label_prefix": '""'},
    {"srv_weight": "65536"}, {"srv_weight": "-1"}, {"srv_weight": "heavy"},
], ids=str)
def test_options_refused(server, options):
    (name,) = options
    assert_refused(server, name.replace("_", "-"), master=MASTER, **options)


def test_same_words_twice(server, master):
    """Knot's configuration database keeps them once before anybody can see that they are two."""
    server.module("cluster", master=[master.address, master.address],
                  ip_source=["netinfo", "host", "netinfo"])
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.write()
    if "Configuration is valid" in server.knotc("conf-check", status=None):
        master.serve(states.state(master))
        server.start()
        server.wait_loaded()
        assert ask.outcome(server.ask("master0.mesos.")) == "ANSWER"
        assert ask.outcome(server.ask("master1.mesos.")) == "NXDOMAIN"


def test_unknown_option(server):
    assert_refused(server, "masters", masters=MASTER)


# Files.

CREDENTIAL = json.dumps({"principal": "dns", "secret": "word"})

ACCOUNT = {"scheme": "RS256", "uid": "dns", "login_endpoint": "https://127.0.0.1/login"}


@pytest.fixture
def files(tmp_path):
    """Certificates and keys, good ones and others."""
    certificate, key = tls.self_signed(tmp_path, "client")
    for name, content in (("credential", CREDENTIAL), ("credential-lines", CREDENTIAL + "\n\n"),
                          ("text", "hello\n"), ("empty", ""), ("number", "17"), ("list", "[]"),
                          ("no-secret", '{"principal": "dns"}'),
                          ("no-principal", '{"secret": "word"}'),
                          ("secret-number", '{"principal": "dns", "secret": 17}'),
                          ("cut", CREDENTIAL[:-1])):
        (tmp_path / name).write_text(content)
    for name, items in (("account", {}), ("account-http", {"login_endpoint": "http://a.test:81/b"}),
                        ("account-ec", {"private_key": key.read_text()}),
                        ("account-no-key", {"private_key": "word"}),
                        ("account-no-uid", {"uid": ""}),
                        ("account-no-url", {"login_endpoint": "127.0.0.1/login"}),
                        ("account-ftp", {"login_endpoint": "ftp://127.0.0.1/login"}),
                        ("account-hs256", {"scheme": "HS256"})):
        (tmp_path / name).write_text(json.dumps({"private_key": iam.pem(iam.KEY), **ACCOUNT, **items}))
    os.mkfifo(tmp_path / "pipe")
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(1 << 40)
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    return tmp_path


@pytest.mark.parametrize("options", [
    {"credential_file": "credential"}, {"credential_file": "credential-lines"},
    {"iam_file": "account"}, {"iam_file": "account-http", "ca_file": "client.pem"},
    {"ca_file": "client.pem"},
    {"cert_file": "client.pem", "key_file": "client.key"},
    {"cert_file": "both.pem", "key_file": "both.pem"},
    {"ca_file": "client.pem", "cert_file": "client.pem", "key_file": "client.key",
     "credential_file": "credential"},
], ids=str)
def test_files_accepted(server, files, options):
    paths = {name: files / path for name, path in options.items()}
    assert_accepted(server, master=f"https://{MASTER}", **paths)


@pytest.mark.parametrize("option, options", [
    ("cert-file|key-file", {"cert_file": "client.pem"}),
    ("cert-file|key-file", {"key_file": "client.key"}),
    *(("credential-file", {"credential_file": path}) for path in (
        ".", "pipe", "/dev/zero", "huge", "text", "empty", "number", "list", "no-secret", "no-principal",
        "secret-number", "cut")),
    *(("iam-file", {"iam_file": path}) for path in (
        ".", "pipe", "/dev/zero", "huge", "text", "empty", "number", "list", "credential", "cut",
        "account-ec", "account-no-key", "account-no-uid", "account-no-url", "account-ftp",
        "account-hs256")),
    ("iam-file", {"iam_file": "account", "credential_file": "credential"}),
    ("iam-file", {"iam_file": "absent", "credential_file": "absent"}),
    *(("ca-file", {"ca_file": path}) for path in (
        ".", "pipe", "/dev/zero", "huge", "text", "empty", "client.key")),
    *(("cert-file", {"cert_file": path, "key_file": "client.key"}) for path in (
        "pipe", "/dev/zero", "text", "client.key")),
    *(("key-file", {"cert_file": "client.pem", "key_file": path}) for path in (
        "pipe", "/dev/zero", "text", "client.pem")),
], ids=str)
def test_files_refused(server, files, option, options):
    paths = {name: files / path for name, path in options.items()}
    assert_refused(server, f"({option})", master=f"https://{MASTER}", **paths)


@pytest.mark.parametrize("options", [
    {"credential_file": "absent"}, {"ca_file": "absent"}, {"iam_file": "absent"},
    {"cert_file": "absent", "key_file": "client.key"},
    {"cert_file": "client.pem", "key_file": "absent"},
    {"ca_file": "absent", "credential_file": "absent"},
], ids=str)
def test_absent_files_accepted(server, files, options):
    """knotd runs the same check, and would not start for what can still come."""
    test_files_accepted(server, files, options)


def test_secret_is_not_shown(server, files):
    (files / "bad").write_text('{"principal": "dns", "secret": "t0psecret"')
    assert "t0psecret" not in check(server, 1, master=MASTER, credential_file=files / "bad")
    (files / "bad").write_text(json.dumps({**ACCOUNT, "private_key": "t0psecret"}))
    assert "t0psecret" not in check(server, 1, master=MASTER, iam_file=files / "bad")


# Defaults.

def test_defaults(server):
    """One option alone: port 5050, TTL 30, the zone `mesos.` for pointers, default sources."""
    host = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
    with Master(host, 5050) as master:
        master.serve(states.state(master, states.framework("marathon", states.task(
            "9Web", addresses=["10.1.0.1"], id="a.b"))))
        server.module("cluster", master=host)
        for zone in ("mesos.", "in-addr.arpa."):
            server.zone(zone, "", ["mod-mesos/cluster"])
        server.start()
        server.wait_loaded()
        assert ask.records(server.ask("9web.marathon.mesos.").answer) == [
            ("9web.marathon.mesos.", "A", "10.1.0.1", 30)]
        assert ask.data(server.ask("_leader._tcp.mesos.", "SRV"), "SRV") == [
            "0 1 5050 leader.mesos."]
        assert ask.data(server.ask("1.0.1.10.in-addr.arpa.", "PTR"), "PTR") == [
            "9web.marathon.mesos."]


def test_zero_ttl(server, master):
    master.serve(states.state(master))
    server.module("cluster", master=master.address, ttl=0)
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.start()
    server.wait_loaded()
    assert [record.ttl for record in ask.records(server.ask("leader.mesos.").answer)] == [0]


def test_reload_with_bad_options_changes_nothing(server, master):
    """knotd lives on, and what it served it still serves."""
    master.serve(states.state(master, states.framework("marathon", states.task("web"))))
    server.module("cluster", master=master.address)
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.start()
    server.wait_loaded()
    server.module("cluster", master="ftp://nonsense")
    server.write()
    server.knotc("reload", status=None)
    assert server.process.poll() is None
    server.module("cluster", master=master.address)
    server.reload()
    server.wait_ready("web.marathon.mesos.")


@pytest.mark.parametrize("format, words", [
    ("{tasks}", "no such placeholder"), ("{task", "no end"), ("web", "no placeholder"),
    ("{task}.a_b", "text is no label"), ("{task}..b", "empty"), ("{task}-", "ends in a hyphen"),
    ("-{task}", "begins"), ("{task}." + "x" * 64, "too long"), ("{task}.slave", "the agents'")])
def test_formats_refused(server, format, words):
    """Each with the format itself and why."""
    said = check(server, 1, master=MASTER, name_format=f'"{format}"')
    assert "name-format: " in said and f"'{format}'" in said and words in said, said


def test_format_by_the_rules(server):
    """What is a label depends on label-rules, wherever they stand."""
    assert_accepted(server, master=MASTER, name_format='"1-{task}"', label_rules="rfc1123")
    assert_refused(server, "name-format", master=MASTER, name_format='"1-{task}"',
                   label_rules="rfc952")


def test_too_many_labels(server):
    formats = ['"%s"' % "".join("{label:l%d-%d}" % (i, j) for j in range(60)) for i in range(2)]
    assert_accepted(server, master=MASTER, name_format=formats[:1])
    assert_refused(server, "name-format", master=MASTER, name_format=formats)
