# SPDX-License-Identifier: GPL-3.0-or-later
"""The counters: what knotc shows, what knotd dumps, what Knot's exporter for Prometheus reads."""
import contextlib
import json
import os
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request

import ask
import golden
import pytest
import states
import tls
import yaml
from ask import ALL_WAYS, EDE_NOT_READY, EDE_STALE_ANSWER, TCP, UDP, UDP_EDNS
from counters import difference, group, stats, wait_stat
from expected import ZONES, serving
from knotd import REPOSITORY, Knotd
from libknot.control import KnotCtl, KnotCtlType
from master import Master, cut, document, hang, raw, redirect, silent_listener, status
from ports import free_port
from waiting import PATIENCE, wait_for

ZONE = """\
static A 192.0.2.1
alias CNAME web.marathon
*.wild TXT wildcard
sub NS ns.example.
"""

LARGE = 60  # addresses: more than fit into 512 octets

KINDS = ["records", "nodata", "not-found", "not-ready"]

# What one question is counted as: name, type, kind of answer.
QUESTIONS = [
    ("web.marathon.mesos.", "A", "records"),
    ("WEB.marathon.mesos.", "ANY", "records"),
    ("_web._tcp.marathon.mesos.", "SRV", "records"),
    ("alias.mesos.", "A", "records"),
    ("web.marathon.mesos.", "TXT", "nodata"),
    ("_tcp.marathon.mesos.", "SRV", "nodata"),
    ("alias.mesos.", "AAAA", "nodata"),
    ("nobody.mesos.", "A", "not-found"),
    ("static.mesos.", "A", "not-found"),
    ("static.mesos.", "TXT", "not-found"),
    ("mesos.", "SOA", "not-found"),
    ("x.wild.mesos.", "TXT", "not-found"),
    ("x.sub.mesos.", "A", "not-found"),
]


def state(master):
    return states.state(master, states.framework(
        "marathon", states.task("web", ports="[31000-31000]", addresses=["10.1.0.1"]),
        states.task("large", addresses=[f"10.2.0.{n}" for n in range(LARGE)])))


def start(server, *masters, **options):
    options = {"poll_interval": "1d", **options}
    server.module("cluster", master=[getattr(one, "address", one) for one in masters], **options)
    server.zone("mesos.", ZONE, ["mod-mesos/cluster"])
    server.start()


def served(shown):
    """All but answers, polls and publications: what is served."""
    return {name: value for name, value in shown.items()
            if "[" not in name and name != "publications"}


@contextlib.contextmanager
def counted(server, expected):
    """The answers that are counted while the `with` lasts."""
    before = group(stats(server), "answers")
    yield
    assert difference(before, group(stats(server), "answers")) == expected


# Answers.

@pytest.mark.parametrize("way", ALL_WAYS, ids=str)
def test_answers(server, master, way):
    master.serve(state(master))
    start(server, master)
    wait_stat(server, "polls[ok]")
    for name, kind, expected in QUESTIONS:
        with counted(server, {expected: 3}):
            for _ in range(3):
                server.ask(name, kind, way)


def test_truncated(server, master):
    master.serve(state(master))
    start(server, master)
    wait_stat(server, "polls[ok]")
    with counted(server, {"records": 2, "truncated": 1}):
        assert ask.is_truncated(server.ask("large.marathon.mesos.", "A", UDP))
        assert len(server.ask("large.marathon.mesos.", "A", TCP).answer) == LARGE


def test_not_ready(server, master):
    master.serve(hang)
    start(server, master)
    with counted(server, {"not-ready": 3, "not-found": 1}):
        for name in ("web.marathon.mesos.", "nobody.mesos."):
            reply = server.ask(name, "A", UDP_EDNS)
            assert ask.extended_errors(reply) == {EDE_NOT_READY}
        server.ask("alias.mesos.", "AAAA", TCP)
        server.ask("static.mesos.")
    assert not group(stats(server), "polls")


def test_stale(server, master):
    """What the zone file holds is not stale, and a stale answer is also one of its kind."""
    master.serve(state(master))
    start(server, master, poll_interval=1)
    wait_stat(server, "polls[ok]")
    master.stop()
    wait_for(lambda: EDE_STALE_ANSWER in ask.extended_errors(
        server.ask("web.marathon.mesos.", "A", UDP_EDNS)), 10, "a stale answer")
    with counted(server, {"records": 2, "nodata": 1, "not-found": 2, "stale": 4}):
        server.ask("web.marathon.mesos.", "A", UDP_EDNS)
        server.ask("web.marathon.mesos.", "A", UDP)  # without EDNS nobody is told
        server.ask("_tcp.marathon.mesos.", "A", TCP)
        server.ask("nobody.mesos.")
        server.ask("static.mesos.")


def test_other_questions(server, master):
    """What no module is asked for is not counted."""
    master.serve(state(master))
    start(server, master)
    wait_stat(server, "polls[ok]")
    with counted(server, {"records": 1}):
        server.ask("web.example.", "A")
        server.ask("mesos.", "AXFR", TCP)
        server.ask("web.marathon.mesos.", "A")
        server.ask("web.marathon.example.", "A")


def test_many_workers(master):
    """None is lost and none counted twice, however many workers count at once."""
    master.serve(state(master))
    asked = 40

    def ask_all(server):
        questioner = ask.Ask(server.address, server.port)
        for number in range(asked):
            for name, kind, _ in QUESTIONS:
                questioner(name, kind, TCP if number % 4 == 0 else UDP)

    with Knotd() as server:
        server.udp_workers = 8
        start(server, master)
        wait_stat(server, "polls[ok]")
        expected = {kind: 4 * asked * sum(kind == one for _, _, one in QUESTIONS)
                    for kind in KINDS}
        with counted(server, {kind: count for kind, count in expected.items() if count}):
            threads = [threading.Thread(target=ask_all, args=(server,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()


def test_two_in_one_zone(server, master):
    """Each query is counted once: the second section is not used."""
    with Master() as other:
        for stub, name in ((master, "one"), (other, "two")):
            stub.serve(states.state(stub, states.framework(
                name, states.task("web", ports="[31000-31000]"))))
        server.module("one", master=master.address)
        server.module("two", master=other.address)
        server.zone("mesos.", "", ["mod-mesos/one", "mod-mesos/two"])
        server.start()
        server.wait_ready("web.one.mesos.")
        server.wait_log("not used: 'one' comes first")

        def shown():
            """The sum of both instances' if there are two; knotc shows both under one name."""
            counts = {}
            for kind, count in re.findall(r"answers\[(.+)\] = (\d+)",
                                          server.knotc("zone-stats", "mesos.")):
                counts[kind] = counts.get(kind, 0) + int(count)
            return counts
        before = shown()
        for _ in range(5):
            for name, kind in (("web.one.mesos.", "A"), ("_web._tcp.one.mesos.", "SRV"),
                               ("web.two.mesos.", "A"), ("web.two.mesos.", "TXT"),
                               ("nobody.mesos.", "A")):
                server.ask(name, kind)
        assert difference(before, shown()) == {"records": 10, "not-found": 15}


# Polls.

def stopped(master):
    master.stop()


def replying(reply):
    return lambda master: master.serve(reply)


def blank(master):
    master.serve(states.state(master, slaves=[], elected_time=time.time()))


CAUSES = {
    "refused": (stopped, "connect"),
    "hang": (replying(hang), "timeout"),
    "status": (replying(status(500)), "http-status"),
    "unauthorized": (replying(status(401)), "http-status"),
    "no-leader": (replying(status(503)), "http-status"),
    "redirect-without-end": (replying(redirect("/master/state")), "http-status"),
    "redirect-to-nowhere": (replying(redirect("//127.0.0.1:1/master/state")), "connect"),
    "redirect-to-noise": (replying(redirect("gopher://127.0.0.1:1/")), "http-status"),
    "not-json": (replying(document(b"<html>")), "bad-reply"),
    "not-a-state": (replying(document({"tasks": []})), "bad-reply"),
    "cut": (replying(cut(b'{"id": "x"}', 5)), "bad-reply"),
    "not-http": (replying(raw(b"SSH-2.0-OpenSSH\r\n", close=True)), "bad-reply"),
    "nothing": (replying(raw(b"", close=True)), "bad-reply"),
    "blank": (blank, "unread-registry"),
}


@pytest.mark.parametrize("way", CAUSES)
def test_failed_poll(server, master, way):
    fail, cause = CAUSES[way]
    fail(master)
    start(server, master, poll_interval=1, poll_timeout=1)
    shown = wait_stat(server, f"polls[{cause}]", lambda count: count >= 2)
    assert set(group(shown, "polls")) == {cause}, shown
    assert not served(shown)
    # What comes after is counted beside it.
    master.stop()
    master.serve(state(master))
    master.start()
    shown = wait_stat(server, "polls[ok]")
    assert shown["tasks"] == 2


def test_silent_master(server):
    with silent_listener() as address:
        start(server, address, poll_timeout=1)
        assert set(group(wait_stat(server, "polls[timeout]"), "polls")) == {"timeout"}


def test_untrusted_master(server, tmp_path):
    certificate, key = tls.self_signed(tmp_path, "master")
    with Master(tls=tls.server_context(certificate, key)) as master:
        master.serve(state(master))
        start(server, f"https://{master.address}")
        assert set(group(wait_stat(server, "polls[tls]"), "polls")) == {"tls"}


def test_name_without_address(server):
    start(server, "nobody.invalid:5050")
    assert set(group(wait_stat(server, "polls[connect]"), "polls")) == {"connect"}


def test_no_zookeeper(server):
    start(server, "zk://127.0.0.1:1/mesos")
    assert set(group(wait_stat(server, "polls[zookeeper]"), "polls")) == {"zookeeper"}


def test_lost_credential(server, master, tmp_path):
    master.serve(state(master))
    path, content = tmp_path / "credential", json.dumps({"principal": "p", "secret": "s"})
    path.write_text(content)
    start(server, master, credential_file=path, poll_interval=1)
    wait_stat(server, "polls[ok]")
    path.unlink()
    server.wait_log("credential-file", "cannot be read")
    wait_stat(server, "polls[local]")
    path.write_text(content)  # knotc wants it, too
    assert set(group(stats(server), "polls")) == {"ok", "local"}


def test_failures_of_several_masters(server, master):
    """A poll is counted once, as the failure that came farthest."""
    with Master() as other:
        master.serve(status(500))
        other.stop()
        start(server, other, master, "nobody.invalid:1")
        wait_stat(server, "polls[http-status]", lambda count: count >= 2)
        assert set(group(stats(server), "polls")) == {"http-status"}
        # A failure that does not end the poll is none.
        master.serve(state(master))
        server.zone_reload()
        count = stats(server)["polls[http-status]"]
        shown = wait_stat(server, "polls[ok]")
        assert set(group(shown, "polls")) == {"http-status", "ok"}
        assert shown["polls[http-status]"] - count <= 1


def test_leader_changes(server, master):
    """Counted even if polls failed in between; the first leader is no change."""
    with Master() as second:
        leader = state(master)
        master.serve(leader)
        second.serve(redirect(f"//{master.address}/master/state"))
        start(server, master, second, poll_interval=1)
        assert "leader-changes" not in wait_stat(server, "polls[ok]", lambda count: count >= 2)

        master.serve(redirect(f"//{second.address}/master/state"))
        second.serve(state(second))
        wait_stat(server, "leader-changes", lambda count: count == 1)
        second.serve(status(503))
        master.serve(status(503))
        wait_stat(server, "polls[http-status]")
        master.serve(leader)
        shown = wait_stat(server, "leader-changes", lambda count: count == 2)
        server.reload()
        assert stats(server)["leader-changes"] == shown["leader-changes"]


# What is served.

def test_numbers(server, master):
    document = state(master)
    document["frameworks"][0]["tasks"].append(states.task("é.."))
    body = json.dumps(document).encode()
    master.serve(document)
    before = int(time.time())
    start(server, master)
    server.zone("10.in-addr.arpa.", "", ["mod-mesos/cluster"])
    server.reload()
    shown = wait_stat(server, "polls[ok]")
    assert before <= shown["last-poll-time"] <= time.time()
    assert shown.get("poll-duration", 0) <= 1000 * (time.time() - before + 1)
    assert shown["poll-bytes"] == len(body)
    assert (shown["tasks"], shown["agents"], shown["frameworks"]) == (3, 1, 1)
    assert shown["skipped"] >= 1
    assert shown["snapshot-bytes"] > shown["records"] * 20

    reverse = wait_for(lambda: (lambda found: found if "records" in found else None)(
        stats(server, "10.in-addr.arpa.")), 10, "the reverse zone's numbers")
    # A task's addresses, each with a name of its own.
    assert reverse["records"] == reverse["names"] == 1 + LARGE
    for name in ("tasks", "agents", "frameworks", "poll-bytes"):
        assert reverse[name] == shown[name]


@pytest.mark.parametrize("path", golden.FILES, ids=golden.name_of)
def test_numbers_of_golden(path):
    """Names and records are those of the complete set of records, in every zone."""
    with Master() as master:
        master.serve(golden.move_state(golden.state(path), master.port))
        with serving(master, poll_interval="1d", **golden.options(path)) as server:
            for zone in ZONES:
                of_zone = {record for record in golden.records(path)
                           if record[0].endswith("." + zone)}
                expected = (len(of_zone), len({owner for owner, _, _ in of_zone}))
                wait_for(lambda zone=zone, expected=expected: expected == tuple(
                    stats(server, zone).get(name, 0) for name in ("records", "names")),
                         10, f"{expected} in {zone}")


RELOADS = {"reload": lambda server: server.reload(),
           "zone-reload": lambda server: server.zone_reload()}


@pytest.mark.parametrize("reload", RELOADS.values(), ids=RELOADS)
def test_reload(server, master, reload):
    """The new instance shows at once what it serves; its answers begin at zero."""
    master.serve(state(master))
    start(server, master)
    wait_stat(server, "polls[ok]")
    server.ask("web.marathon.mesos.")
    master.serve(hang)
    before = stats(server)
    assert before["answers[records]"] == 1
    for _ in range(3):
        reload(server)
        after = stats(server)
        assert served(after) == served(before)
        assert group(after, "polls") == group(before, "polls")
        assert not group(after, "answers")
        server.ask("web.marathon.mesos.")
        assert stats(server)["answers[records]"] == 1


def test_reload_with_other_options(server, master):
    """Another poller counts its own polls; what is served stays until its first one is in."""
    document = state(master)
    document["frameworks"][0]["tasks"].append(states.task("é.."))
    master.serve(document)
    start(server, master)
    before = wait_stat(server, "polls[ok]")
    assert before["skipped"]
    master.serve(hang)
    server.module("cluster", master=[master.address, "127.0.0.1:1"], ttl=5)
    server.reload()
    after = stats(server)
    assert served(after) == served(before) and not group(after, "polls")
    master.stop()
    master.serve(document)
    master.start()
    wait_stat(server, "polls[ok]")


# Who else reads them.

def test_knotc(server, master):
    """One counter can be asked for; with force those that are 0 are shown, too."""
    master.serve(state(master))
    start(server, master)
    wait_stat(server, "polls[ok]")
    assert server.knotc("zone-stats", "mesos.", "mod-mesos.tasks").strip() == \
        "[mesos.] mod-mesos.tasks = 2"
    forced = server.knotc("-f", "zone-stats", "mesos.", "mod-mesos")
    assert "mod-mesos.skipped = 0" in forced
    assert "mod-mesos.answers[not-ready] = " in forced
    assert len(forced.splitlines()) == 10 + 6 + 15 + 11


class Dumping(Knotd):
    """A knotd that dumps its statistics every second."""

    @property
    def dump(self):
        return self.directory / "stats.yaml"

    def _configuration(self):
        return super()._configuration() + f"statistics:\n    timer: 1\n    file: \"{self.dump}\"\n"


def test_dump(master):
    master.serve(state(master))
    with Dumping() as server:
        start(server, master)
        shown = wait_stat(server, "polls[ok]")
        server.ask("web.marathon.mesos.")

        def dumped():
            if not server.dump.exists():
                return None
            content = yaml.safe_load(server.dump.read_text())
            found = content.get("zone", {}).get("mesos.", {}).get("mod-mesos", {})
            return found if found.get("answers", {}).get("records") == 1 else None
        found = wait_for(dumped, 10, "the dump")
        assert found["polls"] == {"ok": 1}
        assert found["tasks"] == 2
        assert found["records"] == shown["records"]


def exported(server):
    """What Knot's exporter gives to Prometheus, as names with labels; made as it makes them.

    Knot 3.5: python/knot_exporter/knot_exporter/knot_exporter.py, collect().
    """
    control = KnotCtl()
    control.connect(str(server.directory / "knot.sock"))
    control.set_timeout(int(5000 * PATIENCE))  # milliseconds
    control.send_block(cmd="zone-stats", flags="")
    metrics = {}
    for zone, sections in control.receive_stats().get("zone", {}).items():
        for section, items in sections.items():
            for item, values in items.items():
                name = "knot_zone_stats_" + item.replace("-", "_")
                for kind, value in (values if isinstance(values, dict) else {"": values}).items():
                    labels = f'zone="{zone}",module="{section}",type="{kind}"'
                    metrics[f"{name}{{{labels}}}"] = int(value)
    control.send(KnotCtlType.END)
    control.close()
    return metrics


def test_exporter(server, master):
    """Also while nothing is loaded yet: knotd leaves the first of a group out if it is 0."""
    master.serve(status(503))
    start(server, master, poll_interval=1)
    wait_stat(server, "polls[http-status]")
    answers = group(stats(server), "answers")
    metrics = exported(server)
    assert metrics['knot_zone_stats_polls{zone="mesos.",module="mod-mesos",'
                   'type="http-status"}'] >= 1
    assert metrics['knot_zone_stats_answers{zone="mesos.",module="mod-mesos",'
                   'type="not-found"}'] == answers["not-found"] > 0

    master.serve(state(master))
    wait_stat(server, "polls[ok]")
    server.module("cluster", master=master.address, poll_interval="1d")
    server.reload()
    wait_stat(server, "polls[ok]")
    server.ask("web.marathon.mesos.")
    # From Knot 3.4 on it has something to say of the zone as well.
    metrics = {name: value for name, value in exported(server).items()
               if value and 'module="mod-mesos"' in name}
    shown = stats(server)
    assert len(metrics) == len(shown)
    for name, value in shown.items():
        item, _, kind = name.rstrip("]").partition("[")
        key = f'knot_zone_stats_{item.replace("-", "_")}' \
              f'{{zone="mesos.",module="mod-mesos",type="{kind}"}}'
        assert metrics[key] == value


EXPORTER = shutil.which("knot-exporter", path=os.environ.get("PATH", "") + ":/usr/sbin")


def ordered(metric):
    """A metric's name with its labels in order."""
    name, labels = metric.rstrip("}").split("{")
    return name, *sorted(labels.split(","))


@contextlib.contextmanager
def exporter(server):
    """Knot's exporter at work; gives what it answers, as names with labels."""
    port = free_port()
    process = subprocess.Popen(
        [EXPORTER, f"--web-listen-port={port}", f"--knot-socket-path={server.directory}/knot.sock",
         f"--knot-socket-timeout={int(5000 * PATIENCE)}"], stdout=subprocess.DEVNULL)

    def scraped():
        assert process.poll() is None
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics",
                                        timeout=10 * PATIENCE) as reply:
                text = reply.read().decode()
        except urllib.error.URLError:
            return None
        return {name: float(value) for name, value in re.findall(r"^(\w+\{\S*\}) (\S+)$", text, re.M)}
    try:
        wait_for(scraped, 20, "the exporter to answer")
        yield scraped
    finally:
        process.terminate()
        process.wait(10 * PATIENCE)


@pytest.mark.skipif(not EXPORTER, reason="no knot-exporter here (Debian 13 and later have it)")
def test_metrics_have_the_names_that_the_page_of_counters_says(server, master):
    """Scraped for real: the names that are documented for this Knot's exporter, and all values."""
    page = (REPOSITORY / "packaging/doc/counters.md").read_text()
    documented = re.findall(r'`(knot_\w+\{zone="mesos\.".*?\})`', page)
    version = tuple(map(int, re.search(r"(\d+)\.(\d+)", server.knotc("--version")).groups()))
    newer = [name for name in documented if "module=" in name]
    expected = newer if version >= (3, 5) else [name for name in documented if name not in newer]
    assert len(newer) == len(documented) - len(newer) == 2

    master.serve(state(master))
    start(server, master)
    wait_stat(server, "polls[ok]")
    server.ask("web.marathon.mesos.")
    with exporter(server) as scraped:
        ours = {ordered(name): value for name, value in scraped().items()
                if "mod-mesos" in name and "_total{" not in name}
        for name in expected:
            assert ours[ordered(name)] > 0, sorted(ours)
        shown = {name: int(value) for name, value in stats(server).items()}
        assert sorted(value for value in ours.values() if value) == sorted(
            value for value in shown.values() if value)
