# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/doc/naming.md: its configurations pass the check, and answer as it shows."""
import re
import subprocess

import pytest

from demo import demo_master
from knotd import MESOS_SO, REPOSITORY, SERVER, ZONE_HEAD
from waiting import PATIENCE, wait_for

PAGE = (REPOSITORY / "packaging/doc/naming.md").read_text()

ZONE = """\
zone:
  - domain: mesos.
    file: "mesos.zone"
    module: mod-mesos/cluster
"""


def recipes():
    """Heading -> the blocks of its section: what knot.conf has, the zone file, a session."""
    for text in re.split(r"^## ", PAGE, flags=re.M)[1:]:
        blocks = re.findall(r"^```\n(.*?)^```$", text, re.M | re.S)
        conf, *rest = blocks
        zone = "".join(block for block in rest if block.startswith("; mesos.zone\n"))
        sessions = [block for block in rest if block.startswith("$ kdig ")]
        assert len(rest) == len(sessions) + bool(zone), text
        yield text.splitlines()[0], conf, zone, "".join(sessions)


RECIPES = list(recipes())


def configure(server, monkeypatch, conf, zone, master):
    """Has knotd use a recipe's lines, with another master and nothing else changed."""
    text, count = re.subn(r"(master:) 10\.0\.0\.1:5050$", rf"\1 {master}", conf, flags=re.M)
    assert count == conf.count("- id:")
    text = SERVER.format(directory=server.directory, address=server.address, port=server.port,
                         udp_workers=1, library=MESOS_SO) + (
        f'template:\n  - id: default\n    storage: "{server.directory}"\n') + text + (
        "" if "zone:" in conf else ZONE)
    # One file for zones of several names.
    (server.directory / "mesos.zone").write_text(ZONE_HEAD.partition("\n")[2] + zone)
    monkeypatch.setattr(server, "_configuration", lambda: text)
    server.zones["mesos."] = {}


def lines(answer):
    """An answer's lines, whose order turns, without the hashes of task IDs that are made up anew."""
    return sorted(re.sub(r"(?<=-)[a-z0-9]{5}(?=-s\d)", "HASH", answer).splitlines())


def ask(server, command):
    command, count = re.subn(r"@127\.0\.0\.1 -p 5353\b", f"@{server.address} -p {server.port}",
                             command)
    assert count == 1
    return subprocess.run(command.split(), stdout=subprocess.PIPE, text=True, check=True,
                          timeout=20 * PATIENCE).stdout


@pytest.mark.parametrize("heading, conf, zone, session", RECIPES, ids=[one[0] for one in RECIPES])
def test_recipe(server, monkeypatch, heading, conf, zone, session):
    questions = re.findall(r"^\$ (kdig .*)\n((?:(?!\$).*\n)*)", session, re.M)
    assert len(questions) == session.count("$ ") > 0
    # Who is ill changes from step to step; nothing else that is shown does.
    with demo_master("--period=2" if "health" in conf else "--period=1000") as url:
        configure(server, monkeypatch, conf, zone, url)
        server.write()
        assert server.knotc("conf-check") == "Configuration is valid\n"
        server.start()
        for command, shown in questions:
            wait_for(lambda c=command, s=shown: lines(ask(server, c)) == lines(s), 30, command)


def test_page_has_what_it_promises():
    text = "".join(conf for _, conf, _, _ in RECIPES)
    for option in ("name-format", "health", "network", "label-prefix", "agent-names"):
        assert f"    {option}:" in text
    assert len(RECIPES) == 8
