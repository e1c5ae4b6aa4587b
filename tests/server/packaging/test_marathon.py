# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/marathon.json against what Marathon's documentation of /v2/apps says of each member.

Marathon 1.9 and later: docs/docs/rest-api/public/api/v2/types, app.raml and what it uses, and
docs/docs/health-checks.md. Only the members that are of use to a server of names are told here;
another one is a mistake.
"""
import copy
import json
import re

import pytest

from knotd import REPOSITORY

APP = json.loads((REPOSITORY / "packaging/marathon.json").read_text())
YEAR = 365 * 24 * 3600


def number(least, most=float("inf"), kind=(int, float)):
    return lambda value: isinstance(value, kind) and not isinstance(value, bool) and (
        least <= value <= most)


def integer(least, most=2 ** 31 - 1):
    return number(least, most, int)


def text(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value, re.S) is not None


def boolean(value):
    return isinstance(value, bool)


def array(item, least=0, most=float("inf")):
    return lambda value: isinstance(value, list) and least <= len(value) <= most and all(
        map(item, value)) and all(value.count(one) == 1 for one in value)


def members(needed=(), **known):
    """An object; all members but the needed ones may be left out."""
    return lambda value: (
        isinstance(value, dict) and set(needed) <= set(value) <= set(known)
        and all(known[name](item) for name, item in value.items()))


def constraint(value):
    """[field, operator], with a value unless the operator is UNIQUE."""
    return array(text(".+"), 2, 3)(value) and (
        value[1:] == ["UNIQUE"]
        or value[1] in ("CLUSTER", "GROUP_BY", "LIKE", "UNLIKE", "MAX_PER", "IS"))


NAME = text("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
PORT = integer(0, 65535)
SEGMENT = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
schema = members(
    ["id"], id=text(f"/?{SEGMENT}(/{SEGMENT})*"),
    instances=integer(0), cpus=number(0.001), mem=number(0), disk=number(0), args=array(text(".*")),
    env=lambda value: isinstance(value, dict) and all(map(text(".*"), value.values())),
    container=members(["type"], type=text("MESOS|DOCKER"), docker=members(
        ["image"], image=text(".+"), forcePullImage=boolean, privileged=boolean,
        parameters=array(members(["key", "value"], key=text(".+"), value=text(".*"))))),
    networks=array(members(mode=text("container|container/bridge|host"), name=NAME)),
    requirePorts=boolean,
    portDefinitions=array(members(port=PORT, protocol=text("tcp|udp|udp,tcp"), name=NAME)),
    constraints=array(constraint),
    healthChecks=array(members(
        protocol=text("HTTP|HTTPS|TCP|COMMAND|MESOS_TCP|MESOS_HTTP|MESOS_HTTPS"), path=text("/.*"),
        port=PORT, portIndex=PORT, gracePeriodSeconds=integer(0), intervalSeconds=integer(0),
        timeoutSeconds=integer(0), maxConsecutiveFailures=integer(0), delaySeconds=integer(0))),
    upgradeStrategy=members(["minimumHealthCapacity", "maximumOverCapacity"],
                            minimumHealthCapacity=number(0, 1), maximumOverCapacity=number(0, 1)))


def is_mesos_level(check):
    return check.get("protocol", "HTTP").startswith(("MESOS_", "COMMAND"))


def fits_together(app):
    """What Marathon looks at besides: members that refer to others, or exclude them."""
    ports, networks = app.get("portDefinitions", []), app.get("networks", [])
    names = [port["name"] for port in ports if "name" in port]
    modes = [network.get("mode", "container") for network in networks]
    checks = app.get("healthChecks", [])
    levels = [is_mesos_level(check) for check in checks]
    return (len(names) == len(set(names))
            and (not ports or set(modes) <= {"host"})
            and not any(network.get("mode") == "host" and "name" in network for network in networks)
            and all(("port" in check) != ("portIndex" in check) for check in checks)
            and all(check.get("portIndex", 0) < len(ports) for check in checks)
            # One at the most of those that agents make, and none that Marathon makes beside it.
            and (True not in levels or levels == [True]))


def accepted(app):
    return schema(app) and fits_together(app)


def test_is_an_app_as_marathon_documents_it():
    assert accepted(APP)


WRONG = {str: [1, None, [], {}], bool: [1, "true", None], int: ["1", -1, True, None],
         float: ["1", -1, True, None], list: [{}, "x", None, [None]], dict: [[], "x", None]}


def places(value, path=()):
    """Paths to all values of a document but the whole."""
    inner = value.items() if isinstance(value, dict) else enumerate(
        value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


def changed(path, change):
    """The app with what change() makes of the value at a path."""
    app = copy.deepcopy(APP)
    place = app
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = change(place[path[-1]])
    return app


@pytest.mark.parametrize("path", places(APP), ids=lambda path: ".".join(map(str, path)))
def test_no_value_may_be_of_another_kind(path):
    value = APP
    for key in path:
        value = value[key]
    for wrong in WRONG[type(value)]:
        assert not accepted(changed(path, lambda _, wrong=wrong: wrong)), wrong
    if isinstance(value, dict):
        assert not accepted(changed(path, lambda value: {**value, "another": 1}))


PORTS, CHECK = APP["portDefinitions"], APP["healthChecks"][0]


@pytest.mark.parametrize("change", [
    {"id": "/Mod Mesos"}, {"id": "/"}, {"cpus": 0}, {"another": 1},
    {"container": {"type": "OCI"}}, {"container": {"docker": {"image": "a"}}},
    {"container": {"type": "DOCKER", "docker": {}}},
    {"portDefinitions": [{"port": 65536}]}, {"portDefinitions": [{"protocol": "tcp,udp"}] * 2},
    {"portDefinitions": [PORTS[0], {**PORTS[1], "name": "dns"}]}, {"portDefinitions": PORTS[:1]},
    {"constraints": [["hostname"]]}, {"constraints": [["hostname", "ONLY"]]},
    {"constraints": [["hostname", "UNIQUE", "x"]]}, {"constraints": [["hostname", "UNIQUE"]] * 2},
    {"networks": [{"mode": "bridge"}]}, {"networks": [{"mode": "container"}]},
    {"networks": [{"mode": "host", "name": "x"}]},
    {"healthChecks": [{"protocol": "DNS"}]}, {"healthChecks": [{**CHECK, "portIndex": 2}]},
    {"healthChecks": [{**CHECK, "port": 8123}]}, {"healthChecks": [{**CHECK, "path": "ready"}]},
    {"healthChecks": [CHECK, {**CHECK, "path": "/health"}]},
    {"healthChecks": [CHECK, {**CHECK, "protocol": "HTTP"}]},
    {"healthChecks": [{**CHECK, "maxConsecutiveFailures": 2 ** 31}]},
    {"upgradeStrategy": {"minimumHealthCapacity": 0.5}},
    {"upgradeStrategy": {"minimumHealthCapacity": 1.5, "maximumOverCapacity": 0}}],
    ids=lambda change: json.dumps(change)[:60])
def test_mistakes_are_noticed(change):
    assert not accepted({**APP, **change})


def test_two_instances_on_different_hosts():
    assert APP["instances"] == 2 and ["hostname", "UNIQUE"] in APP["constraints"]
    assert APP["networks"] == [{"mode": "host"}] and APP["requirePorts"]
    assert [(one["port"], one["protocol"]) for one in PORTS] == [(53, "udp,tcp"), (8123, "tcp")]
    # No third one may be needed for an upgrade: the ports are taken.
    assert APP["upgradeStrategy"] == {"minimumHealthCapacity": 0.5, "maximumOverCapacity": 0}


def test_runs_the_image_of_this_version():
    version = re.search(r"version: '([^']+)'", (REPOSITORY / "meson.build").read_text())[1]
    assert APP["container"]["docker"]["image"] == f"mod-mesos:{version}"
    start = (REPOSITORY / "packaging/image/start").read_text()
    assert all(f"${{{name}" in start for name in APP["env"])


def may_kill(check):
    """Whether failures of a check end a task, ever.

    0 means never to Marathon, which looks at its own checks; an agent takes it for `at once`.
    """
    failures = check.get("maxConsecutiveFailures", 3)
    if is_mesos_level(check):
        return failures * check.get("intervalSeconds", 60) < 100 * YEAR
    return failures != 0


@pytest.mark.parametrize("change, kills", [
    ({}, False), ({"maxConsecutiveFailures": 6}, True), ({"maxConsecutiveFailures": 0}, True),
    ({"protocol": "HTTP", "maxConsecutiveFailures": 0}, False), ({"protocol": "HTTP"}, True)])
def test_masters_that_are_away_cost_no_server(change, kills):
    """Not ready is who still answers with what was last true: an end of it would be worse."""
    assert CHECK["path"] == "/ready" and PORTS[CHECK["portIndex"]]["port"] == 8123
    assert may_kill({**CHECK, **change}) == kills


def test_what_starts_has_time_for_its_first_state():
    """Until then it is not called unhealthy; a poll may take a minute, and follow a failed one."""
    assert CHECK["gracePeriodSeconds"] >= 120
