# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS over TLS (RFC 7858) and over QUIC (RFC 9250), where Knot has them (3.4 and later), by kdig."""
import re
import shutil
import subprocess

import pytest

import states
from knotd import Knotd
from ports import free_port
from waiting import PATIENCE, wait_for

VERSION = tuple(map(int, re.search(r"(\d+)\.(\d+)", subprocess.run(
    [shutil.which("kdig") or "false", "--version"], stdout=subprocess.PIPE, text=True, check=False,
    timeout=60).stdout or "0.0").groups()))

pytestmark = pytest.mark.skipif(VERSION < (3, 4), reason=f"Knot {VERSION} has neither TLS nor QUIC")


class Encrypted(Knotd):
    """Listens in two more ways."""

    def __init__(self):
        super().__init__()
        self.ports = {"tls": free_port(), "quic": free_port()}

    def _configuration(self):
        more = "".join(f"    listen-{way}: {self.address}@{port}\n" for way, port in self.ports.items())
        return super()._configuration().replace("    udp-workers:", more + "    udp-workers:", 1)


def kdig(server, way, name, kind):
    done = subprocess.run(["kdig", f"@{server.address}", "-p", str(server.ports[way]), f"+{way}",
                           "+short", "+time=5", "+retry=0", name, kind], stdout=subprocess.PIPE,
                          text=True, check=False, timeout=60 * PATIENCE)
    return sorted(done.stdout.split("\n")[:-1])


@pytest.mark.parametrize("way", ["tls", "quic"])
def test_answers_are_those_of_udp(way, master):
    master.serve(states.state(master, states.framework("marathon", *(
        states.task("web", id=f"web.{n}", ports="[31000-31001]", addresses=[f"10.1.0.{n}"]) for n in range(1, 60)))))
    with Encrypted() as server:
        server.module("cluster", master=master.address)
        server.zone("mesos.", "www A 192.0.2.1\n", ["mod-mesos/cluster"])
        server.start()
        server.wait_loaded()
        wait_for(lambda: kdig(server, way, "www.mesos.", "A") == ["192.0.2.1"], 20, "an answer")
        assert kdig(server, way, "web.marathon.mesos.", "A") == sorted(
            f"10.1.0.{n}" for n in range(1, 60))
        assert kdig(server, way, "_web._tcp.marathon.mesos.", "SRV")
        assert kdig(server, way, "nobody.mesos.", "A") == []
