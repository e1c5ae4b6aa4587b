# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard and the rules on a real Prometheus, which scrapes a knotd of the demo's cluster."""
from demo import demo_master
from expected import serving
from ports import free_port
from programs import needs
from prometheus import expressions, prometheus
from waiting import wait_for

# As Grafana fills them in, with all of what may be chosen; counters need two scrapes.
VARIABLES = {"$instance": ".*", "$zone": ".*", "$__rate_interval": "30s"}


class Url:
    """A master of an address."""

    def __init__(self, url):
        self.address = url


def filled_in(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression
    return expression


@needs("prometheus")
def test_every_panel_has_data(tmp_path):
    port = free_port()
    with demo_master("--port", str(free_port())) as url, serving(
            Url(url), http=f"127.0.0.1@{port}") as server:
        server.wait_log("following the events")
        for name in ("web.marathon.mesos.", "nobody.mesos."):
            server.ask(name, "A")
        with prometheus(port, tmp_path) as scraper:
            for title, expression in expressions():
                wait_for(lambda asked=filled_in(expression): scraper.query(asked), 30,
                         f"data of {title}: {expression}")
            # Of some, what they say is known.
            assert scraper.query(filled_in("min(mesos_dns_following{zone=~\"$zone\"})")) == [1]
            assert scraper.query("max(mesos_dns_tasks)")[0] > 3
            rules = wait_for(lambda: (found := scraper.rules()) and all(
                rule["health"] == "ok" for rule in found) and found, 30, "the rules' evaluation")
            assert len(rules) >= 8
            assert not [rule["name"] for rule in rules if rule["state"] == "firing"]
