# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/marathon.json against what Marathon's documentation of /v2/apps says of each member.

Marathon 1.9 and later: docs/docs/rest-api/public/api/v2/types, app.raml and what it uses. Only the
members that are of use to a server of names are told here; another one is a mistake.
"""
import json
import re

import pytest

from knotd import REPOSITORY

APP = json.loads((REPOSITORY / "packaging/marathon.json").read_text())


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
    return lambda value: isinstance(value, dict) and set(needed) <= set(value) <= set(known) and all(
        known[name](item) for name, item in value.items())


NAME = text("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
PORT = integer(0, 65535)
app = members(
    ["id"], id=text(r"/?[a-z0-9]([-a-z0-9]*[a-z0-9])?(/[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"),
    instances=integer(0), cpus=number(0.001), mem=number(0), disk=number(0), args=array(text(".*")),
    env=lambda value: isinstance(value, dict) and all(isinstance(one, str) for one in value.values()),
    container=members(["type"], type=text("MESOS|DOCKER"), docker=members(
        ["image"], image=text(".+"), forcePullImage=boolean, privileged=boolean,
        parameters=array(members(["key", "value"], key=text(".+"), value=text(".*"))))),
    networks=array(members(mode=text("container|container/bridge|host"), name=NAME)),
    requirePorts=boolean,
    portDefinitions=array(members(port=PORT, protocol=text("tcp|udp|udp,tcp"), name=NAME)),
    constraints=array(array(text(".+"), 2, 3)),
    healthChecks=array(members(
        protocol=text("HTTP|HTTPS|TCP|COMMAND|MESOS_TCP|MESOS_HTTP|MESOS_HTTPS"), path=text("/.*"),
        port=PORT, portIndex=PORT, gracePeriodSeconds=integer(0), intervalSeconds=integer(0),
        timeoutSeconds=integer(0), maxConsecutiveFailures=integer(0), delaySeconds=integer(0))),
    upgradeStrategy=members(["minimumHealthCapacity", "maximumOverCapacity"],
                            minimumHealthCapacity=number(0, 1), maximumOverCapacity=number(0, 1)))


def test_is_an_app_as_marathon_documents_it():
    assert app(APP)


@pytest.mark.parametrize("change", [
    {"id": "/Mod Mesos"}, {"instances": "2"}, {"cpus": 0}, {"another": 1}, {"requirePorts": 1},
    {"container": {"type": "OCI"}}, {"portDefinitions": [{"port": 65536}]},
    {"constraints": [["hostname"]]}, {"networks": [{"mode": "bridge"}]},
    {"healthChecks": [{"protocol": "DNS"}]}, {"upgradeStrategy": {"minimumHealthCapacity": 0.5}},
    {"env": {"LISTEN": 53}}], ids=lambda change: next(iter(change)))
def test_mistakes_are_noticed(change):
    assert not app({**APP, **change})


def test_two_instances_on_different_hosts_that_are_asked_whether_they_are_ready():
    assert APP["instances"] == 2 and ["hostname", "UNIQUE"] in APP["constraints"]
    assert APP["networks"] == [{"mode": "host"}] and APP["requirePorts"]
    assert [(one["port"], one["protocol"]) for one in APP["portDefinitions"]] == [
        (53, "udp,tcp"), (8123, "tcp")]
    check, = APP["healthChecks"]
    assert check["path"] == "/ready" and APP["portDefinitions"][check["portIndex"]]["port"] == 8123
    # No third one may be needed for an upgrade: the ports are taken.
    assert APP["upgradeStrategy"] == {"minimumHealthCapacity": 0.5, "maximumOverCapacity": 0}
    version = re.search(r"version: '([^']+)'", (REPOSITORY / "meson.build").read_text())[1]
    assert APP["container"]["docker"]["image"] == f"mod-mesos:{version}"
    start = (REPOSITORY / "packaging/image/start").read_text()
    assert all(f"${{{name}" in start for name in APP["env"])
