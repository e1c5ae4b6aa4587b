# SPDX-License-Identifier: GPL-3.0-or-later
"""/metrics: what knotc shows is there, too; Prometheus reads it; what is shipped asks for it."""
import importlib.util
import json
import re
import subprocess

import pytest
import states
from expected import serving
from knotd import REPOSITORY, Knotd
from master import hang
from ports import free_port
from programs import needs
from prometheus import MONITORING, expressions, prometheus
from streams import Streams
from waiting import wait_for
from web import Web

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"

# As Prometheus 2 asks, and as it did before it knew OpenMetrics.
ACCEPT = ("Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,"
          "*/*;q=0.1")

SAMPLE = re.compile(r'(\w+)\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\} (\S+)')

# What knotc shows in another unit or under another name.
FAMILIES = {
    "answers[stale]": ("mesos_dns_stale_answers_total", 1),
    "answers[truncated]": ("mesos_dns_truncated_answers_total", 1),
    "last-poll-time": ("mesos_dns_last_poll_timestamp_seconds", 1),
    "poll-duration": ("mesos_dns_poll_duration_seconds", 1000),
    "event-lag": ("mesos_dns_event_lag_seconds", 1000000),
}


def metrics(web, *headers):
    """All samples: {(name, labels as a frozenset of pairs): value}; fails if one is there twice."""
    reply = web.get("/metrics", *headers)
    assert reply.status == 200
    found = {}
    for line in reply.text.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            key = name, frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels))
            assert key not in found
            found[key] = float(value)
    return found


def of_zone(samples, zone="mesos."):
    """The samples of one zone: {(name, value of the other label or None): value}."""
    return {(name, next((value for label, value in labels if label != "zone"), None)): number
            for (name, labels), number in samples.items() if ("zone", zone) in labels}


def knotc_stats(server, zone="mesos."):
    shown = server.knotc("-f", "zone-stats", zone, "mod-mesos")
    return {name: int(value) for name, value in re.findall(r"mod-mesos\.(\S+) = (\d+)", shown)}


def as_metric(counter, samples):
    """What /metrics says of a counter of knotc's, in its unit."""
    name, index = re.fullmatch(r"([\w-]+)(?:\[(.+)\])?", counter).groups()
    family, unit = FAMILIES.get(counter, (None, 1))
    if family:
        return round(samples[family, None] * unit)
    family = f"mesos_dns_{name.replace('-', '_')}"
    key = next(key for key in ((f"{family}_total", index), (family, index)) if key in samples)
    return samples[key]


def ask_some(server):
    for name, kind in (("web.f.mesos.", "A"), ("web.f.mesos.", "TXT"), ("nobody.mesos.", "A"),
                       ("nobody.mesos.", "A"), ("_web._tcp.f.mesos.", "SRV")):
        server.ask(name, kind)


def state(master):
    return states.state(master, states.framework("f", states.task(
        "web", ports="[31000-31000]", addresses=["10.1.0.1"])))


def test_as_knotc(master):
    """Every counter, each with knotc's value."""
    port = free_port()
    master.serve(state(master))
    with serving(master, http=f"127.0.0.1@{port}", poll_interval="1d", events="off") as server:
        ask_some(server)
        shown, samples = knotc_stats(server), of_zone(metrics(Web("127.0.0.1", port)))
        assert {name: as_metric(name, samples) for name in shown} == shown
        assert shown["answers[nodata]"] == 1 and shown["records"] > 10
        # And little that knotc does not have.
        assert {name for name, _ in samples} - {as_family(name) for name in shown} == {
            "mesos_dns_age_seconds", "mesos_dns_inventory_bytes"}
        assert 0 <= samples["mesos_dns_age_seconds", None] < 600
        assert samples["mesos_dns_inventory_bytes", None] > 1000


def as_family(counter):
    """The name that the samples of a counter of knotc's have."""
    if counter in FAMILIES:
        return FAMILIES[counter][0]
    name = f"mesos_dns_{counter.partition('[')[0].replace('-', '_')}"
    counts = counter.partition("[")[0] in ("answers", "polls", "events", "leader-changes",
                                           "publications", "subscriptions")
    return f"{name}_total" if counts else name


def test_documented(master):
    """The page of counters names every metric, and each of its counters is one."""
    port = free_port()
    master.serve(state(master))
    with serving(master, http=f"127.0.0.1@{port}") as server:
        samples = of_zone(metrics(Web("127.0.0.1", port)))
        shown = knotc_stats(server)
    page = (REPOSITORY / "packaging/doc/counters.md").read_text()
    rows = re.findall(r"^\| (`[^|]+`) \|", page, re.M)
    listed = [name for row in rows for name in re.findall(r"`([^`]+)`", row)
              if not name.startswith("mesos_dns_")]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(shown)
    assert {name for name, _ in samples} | {"mesos_dns_build_info"} == {
        name for name in re.findall(r"`(mesos_dns_\w+)", page)}


def test_events(master):
    """The stream's state and its events."""
    port = free_port()
    content = state(master)
    master.serve(content)
    master.serve_events(Streams(lambda: content))
    with serving(master, http=f"127.0.0.1@{port}"):
        web = Web("127.0.0.1", port)
        samples = wait_for(lambda: (found := of_zone(metrics(web)))[
            "mesos_dns_following", None] == 1 and found, what="events")
        assert samples["mesos_dns_subscriptions_total", None] == 1
        assert samples["mesos_dns_events_total", "subscribed"] == 1
        assert samples["mesos_dns_events_total", "task-added"] == 0


def test_across_reloads(master):
    """Answers are counted on: by a reload, and while a zone is away for a moment."""
    port = free_port()
    master.serve(state(master))
    with Knotd() as server:
        server.module("cluster", master=master.address, http=f"127.0.0.1@{port}")
        for zone in ("mesos.", "in-addr.arpa."):
            server.zone(zone, modules=["mod-mesos/cluster"])
        server.start()
        server.wait_loaded()
        web = Web("127.0.0.1", port)

        def answers():
            return {kind: count for (name, kind), count in of_zone(metrics(web)).items()
                    if name == "mesos_dns_answers_total"}
        ask_some(server)
        before = answers()
        server.reload()
        server.zone_reload()
        server.wait_loaded()
        ask_some(server)
        after = answers()
        # Reloading, and waiting for it, asks as well.
        assert after["nodata"] == before["nodata"] + 1
        assert after["not-found"] >= before["not-found"] + 2
        assert after["records"] >= before["records"] + 2

        zone = server.zones.pop("mesos.")
        server.reload()
        wait_for(lambda: not of_zone(metrics(web)), what="the end of the zone")
        server.zones["mesos."] = zone
        server.reload()
        server.wait_loaded()
        assert answers()["nodata"] == after["nodata"]


def test_zones_and_sections(master):
    """Each zone at the address has its own samples, families stand together."""
    port = free_port()
    master.serve(state(master))
    with Knotd() as server:
        for section, zone in (("one", "mesos."), ("two", "other.")):
            server.module(section, master=master.address, http=f"127.0.0.1@{port}",
                          poll_interval=50 if section == "one" else 51)
            server.zone(zone, modules=[f"mod-mesos/{section}"])
        server.start()
        server.wait_loaded()
        server.wait_ready("leader.other.")
        ask_some(server)
        web = Web("127.0.0.1", port)
        samples = metrics(web)
        assert of_zone(samples)["mesos_dns_answers_total", "nodata"] == 1
        assert of_zone(samples, "other.")["mesos_dns_answers_total", "nodata"] == 0
        names = [line.split("{")[0] for line in web.get("/metrics").text.splitlines()
                 if not line.startswith("#")]
        changes = [name for name, next_name in zip(names, names[1:]) if name != next_name]
        assert len(changes) == len(set(changes))


def test_not_ready(master):
    """Without records there is no age of theirs, and all else is told."""
    port = free_port()
    master.serve(hang)
    with Knotd() as server:
        server.module("cluster", master=master.address, http=f"127.0.0.1@{port}")
        server.zone("mesos.", modules=["mod-mesos/cluster"])
        server.start()
        web = Web("127.0.0.1", port)
        web.wait_listening()
        server.ask("web.f.mesos.")
        samples = of_zone(metrics(web))
        assert ("mesos_dns_age_seconds", None) not in samples
        assert samples["mesos_dns_answers_total", "not-ready"] == 1
        assert samples["mesos_dns_last_poll_timestamp_seconds", None] == 0
        assert samples["mesos_dns_records", None] == 0


def test_formats(master):
    """OpenMetrics for who asks for it; both say the same."""
    port = free_port()
    master.serve(state(master))
    with serving(master, http=f"127.0.0.1@{port}", poll_interval="1d", events="off"):
        web = Web("127.0.0.1", port)
        plain, new = web.get("/metrics"), web.get("/metrics", ACCEPT)
        assert plain.headers["content-type"] == TEXT
        assert new.headers["content-type"] == OPENMETRICS
        assert "# EOF" not in plain.text and new.text.endswith("\n# EOF\n")
        assert web.get("/metrics", "Accept: text/html").headers["content-type"] == TEXT

        def steady(samples):
            return {key: value for key, value in samples.items()
                    if key[0] != "mesos_dns_age_seconds"}
        assert steady(metrics(web)) == steady(metrics(web, ACCEPT))


@pytest.mark.skipif(not importlib.util.find_spec("prometheus_client"),
                    reason="no python3-prometheus-client here")
def test_openmetrics_parser(master):
    """The strict parser of Prometheus's own client library takes it."""
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
    port = free_port()
    master.serve(state(master))
    with serving(master, http=f"127.0.0.1@{port}"):
        text = Web("127.0.0.1", port).get("/metrics", ACCEPT).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["mesos_dns_answers"].type == "counter"
    assert families["mesos_dns_poll_duration_seconds"].unit == "seconds"
    assert families["mesos_dns_build"].type == "info"
    assert len(families) > 20


@needs("promtool")
def test_promtool_metrics(master):
    port = free_port()
    master.serve(state(master))
    with serving(master, http=f"127.0.0.1@{port}"):
        text = Web("127.0.0.1", port).get("/metrics").text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert (done.returncode, done.stdout) == (0, "")


# What is shipped.

def asked_for():
    """What the dashboard and the rules ask Prometheus for."""
    dashboard = json.loads((MONITORING / "grafana.json").read_text())
    found = [expression for _, expression in expressions()]
    found += [variable["query"]["query"] for variable in dashboard["templating"]["list"]
              if variable["type"] == "query"]
    return found + [(MONITORING / "rules.yml").read_text()]


def test_shipped_metrics_exist(master):
    """Dashboard and rules ask for nothing that is not there, and the dashboard for nearly all."""
    port = free_port()
    master.serve(state(master))
    with serving(master, http=f"127.0.0.1@{port}"):
        there = {name for name, _ in metrics(Web("127.0.0.1", port))}
    asked = {name for text in asked_for() for name in re.findall(r"mesos_dns_\w+", text)}
    assert asked == there


@needs("promtool")
def test_promtool_shipped(tmp_path):
    """Prometheus takes the rules and the configuration, and the rules fire when they should."""
    for kind, name in (("rules", "rules.yml"), ("config", "prometheus.yml")):
        done = subprocess.run(["promtool", "check", kind, MONITORING / name], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout
    at, labels = {"instance": "a", "zone": "mesos."}, '{instance="a",zone="mesos."}'

    def alerting(alert, time, *series):
        """A case where one alert fires at a time, and no other one does at any."""
        return {"interval": "1m",
                "input_series": [{"series": one, "values": values} for one, values in series],
                "alert_rule_test": [{"eval_time": "0m", "alertname": alert, "exp_alerts": []}, {
                    "eval_time": time, "alertname": alert,
                    "exp_alerts": [{"exp_labels": at, "exp_annotations": None}]}]}
    tests = [
        alerting("MesosDnsNotReady", "5m", (f"mesos_dns_agents{labels}", "0x20")),
        alerting("MesosDnsOld", "10m", (f"mesos_dns_age_seconds{labels}", "0+60x20")),
        alerting("MesosDnsPollsFail", "30m",
                 (f'mesos_dns_polls_total{{result="timeout",{labels[1:]}', "0+1x40"),
                 (f'mesos_dns_polls_total{{result="ok",{labels[1:]}', "5x40")),
        alerting("MesosDnsNotFollowing", "30m", (f"mesos_dns_following{labels}", "1 1 0x40"),
                 (f"mesos_dns_subscriptions_total{labels}", "1x40")),
        alerting("MesosDnsLeaderChanges", "30m",
                 (f"mesos_dns_leader_changes_total{labels}", "0+1x40")),
        alerting("MesosDnsTasksGone", "30m", (f"mesos_dns_tasks{labels}", "100x20 10x20")),
        alerting("MesosDnsSkipped", "70m", (f"mesos_dns_skipped{labels}", "3x80")),
    ]
    # Severity and texts are not what is tested.
    rules = re.sub(r"(?m)^ +(labels|annotations):\n(?: {10}.*\n)+", "",
                   (MONITORING / "rules.yml").read_text())
    (tmp_path / "rules.yml").write_text(rules)
    for case in tests:
        for check in case["alert_rule_test"]:
            for alert in check["exp_alerts"]:
                del alert["exp_annotations"]
    (tmp_path / "tests.yml").write_text(json.dumps({"rule_files": ["rules.yml"], "tests": tests}))
    done = subprocess.run(["promtool", "test", "rules", tmp_path / "tests.yml"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout


@needs("prometheus")
def test_prometheus(master, tmp_path):
    """A real Prometheus scrapes it, as OpenMetrics, with the rules that are shipped."""
    port = free_port()
    master.serve(state(master))
    with serving(master, http=f"127.0.0.1@{port}") as server, prometheus(port, tmp_path) as scraper:
        ask_some(server)
        wait_for(lambda: scraper.query("sum(mesos_dns_answers_total)")[0] >= 5, 30, "the answers")
        assert scraper.query("sum(mesos_dns_records)")[0] > 10
        assert all(rule["health"] in ("ok", "unknown") for rule in scraper.rules())
