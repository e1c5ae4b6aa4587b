# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's counters as knotc shows them."""
import re

from waiting import wait_for


def stats(server, zone="mesos."):
    """The module's counters as knotc shows them, without those that are 0."""
    shown, form = {}, re.compile(rf"\[{re.escape(zone)}\] mod-mesos\.(\S+) = (\d+)")
    for line in server.knotc("zone-stats", zone, "mod-mesos").splitlines():
        name, value = form.fullmatch(line).groups()
        assert name not in shown
        shown[name] = int(value)
    return {name: value for name, value in shown.items() if value}


def group(shown, name):
    """The counters of one name, by index."""
    found = (re.fullmatch(rf"{name}\[(.+)\]", key) for key in shown)
    return {match[1]: shown[match[0]] for match in found if match}


def difference(before, after):
    return {key: after[key] - before.get(key, 0) for key in after
            if after[key] != before.get(key, 0)}


def wait_stat(server, name, condition=bool, seconds=10):
    """Waits until a counter fulfils a condition; returns all of them."""
    def shown():
        found = stats(server)
        return found if condition(found.get(name, 0)) else None
    return wait_for(shown, seconds, f"another {name}")
