# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurations that people copy: knot.conf.sample and the one in README.md."""
import re
import shutil

import pytest

import states
from ask import data
from knotd import MESOS_SO, REPOSITORY, Knotd

SAMPLE = (REPOSITORY / "knot.conf.sample").read_text()
README = next(block for block in re.findall(r"^```\n(.*?)^```$", (REPOSITORY / "README.md").read_text(),
                                            re.M | re.S) if "mod-mesos:" in block)

MODULE = f"""\
module:
  - id: mod-mesos
    file: "{MESOS_SO}"
"""


def check(server, text):
    (server.directory / "knot.conf").write_text(MODULE + text)
    return server.knotc("conf-check")


def uncommented(text):
    """The sample with all the options that it shows as comments."""
    return re.sub(r"^    #([a-z-]+: )", r"    \1", text, flags=re.M)


@pytest.mark.parametrize("text", [SAMPLE, README], ids=["sample", "readme"])
def test_passes_the_check(text, server):
    check(server, text)


def test_shows_every_option_with_its_default(server):
    text = uncommented(SAMPLE)
    items = re.findall(r"^    ([a-z-]+):", text.split("\nmod-mesos:")[1].split("\nremote:")[0], re.M)
    assert items == ["master", "poll-interval", "poll-timeout", "ttl", "events", "resync-interval",
                     "ip-source", "label-rules", "origin", "max-age", "http", "credential-file",
                     "ca-file", "cert-file", "key-file"]
    # The files do not exist here; what is left are the defaults.
    check(server, re.sub(r"^    [a-z]+-file: .*\n", "", text, flags=re.M))


def test_the_sample_serves(server, master, monkeypatch):
    """Run with its addresses and directories changed, and nothing else."""
    master.serve(states.state(master, states.framework(
        "marathon", states.task("web", addresses=["10.1.2.3"]))))
    for name in ("mesos.zone", "reverse.zone"):
        shutil.copy(REPOSITORY / "packaging" / name, server.directory)
    with Knotd() as resolver:
        resolver.zone("example.", "www A 192.0.2.80\n")
        resolver.start()
        text = MODULE + SAMPLE
        for old, new in [
                (r"/run/knot|/var/lib/knot", str(server.directory)),
                (r"    user: .*\n", ""),
                (r"listen: \[.*\]", f"listen: {server.address}@{server.port}"),
                (r"target: syslog", "target: stderr"),
                (r"master: \[.*\]", f"master: {master.address}"),
                (r"address: 192\.0\.2\.53", f"address: {resolver.address}@{resolver.port}")]:
            text, count = re.subn(old, new, text)
            assert count, old
        monkeypatch.setattr(server, "_configuration", lambda: text)
        server.zones["mesos."] = {}
        server.start()
        server.wait_ready()
        assert data(server.ask("web.marathon.mesos.", "A"), "A") == ["10.1.2.3"]
        assert data(server.ask("3.2.1.10.in-addr.arpa.", "PTR"), "PTR") == ["web.marathon.mesos."]
        assert data(server.ask("ns.mesos.", "A"), "A") == ["127.0.0.1"]
        assert data(server.ask("www.example.", "A"), "A") == ["192.0.2.80"]
