# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Prometheus that scrapes what a knotd says, with what is shipped for it."""
import contextlib
import json
import urllib.parse
import urllib.request

from knotd import REPOSITORY
from ports import free_port
from programs import running
from waiting import wait_for
from web import Web

MONITORING = REPOSITORY / "packaging/monitoring"


def expressions():
    """What the dashboard asks Prometheus for, as (panel's title, expression)."""
    dashboard = json.loads((MONITORING / "grafana.json").read_text())
    return [(panel["title"], target["expr"])
            for panel in dashboard["panels"] for target in panel["targets"]]


class Prometheus:
    def __init__(self, port):
        self.port = port

    def asked(self, path, **parameters):
        """What its interface says."""
        query = urllib.parse.urlencode(parameters)
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}"
        with urllib.request.urlopen(url) as reply:
            return json.load(reply)["data"]

    def query(self, expression):
        """The values of an expression now, by no order."""
        found = self.asked("query", query=expression)
        return [float(one["value"][1]) for one in found["result"]]

    def rules(self):
        return [rule for group in self.asked("rules")["groups"] for rule in group["rules"]]

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready") as reply:
                return reply.status == 200
        except OSError:
            return False


@contextlib.contextmanager
def prometheus(port, folder):
    """Scrapes a port each second until the end of the block; has scraped once at its start."""
    own = Prometheus(free_port())
    config = (MONITORING / "prometheus.yml").read_text().replace("127.0.0.1:8123",
                                                                 f"127.0.0.1:{port}")
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 1s, evaluation_interval: 1s}\n" + config)
    (folder / "rules.yml").write_text((MONITORING / "rules.yml").read_text())
    with running(["prometheus", f"--config.file={folder}/prometheus.yml",
                  f"--storage.tsdb.path={folder}/data",
                  f"--web.listen-address=127.0.0.1:{own.port}"], folder / "log"):
        Web("127.0.0.1", own.port).wait_listening()
        wait_for(own.is_ready, 30, "Prometheus")
        wait_for(lambda: own.query("mesos_dns_age_seconds") and own.query("up") == [1], 30,
                 "a scrape")
        yield own
