# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurations that people copy: knot.conf.sample and the one in README.md."""
import re
import shutil

import pytest

import states
from ask import data, outcome
from documents import documented
from knotd import MESOS_SO, REPOSITORY, Knotd
from waiting import wait_for

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
    assert items == list(documented())
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


def test_only_force_makes_knotd_write_to_a_zone_file(server):
    """What the sample and README.md say about flushing and purging zones that are set so."""
    options = re.search(r"  - id: cluster\n    storage.*\n((?:    .*\n)*)", SAMPLE)[1]
    assert re.findall(r"^    (\S+): (\S+)$", options, re.M)[:2] == [
        ("zonefile-sync", "-1"), ("journal-content", "none")]
    server.zone("mesos.", "www A 192.0.2.1 ; a comment\n", zonefile_sync=-1, journal_content="none")
    server.start()
    path = server.directory / "mesos.zone"
    before = path.read_text()
    server.knotc("-b", "zone-flush", "mesos.", status=None)
    assert path.read_text() == before
    server.knotc("-b", "-f", "zone-flush", "mesos.")
    wait_for(lambda: path.exists() and "Zone dump" in path.read_text(), 10, "a rewritten file")
    assert "a comment" not in path.read_text()
    assert "force option required" in server.knotc("zone-purge", "mesos.", status=1)
    server.knotc("-b", "-f", "zone-purge", "mesos.")
    wait_for(lambda: not path.exists(), 10, "the file to be gone")
    assert "SERVFAIL" in outcome(server.ask("www.mesos.", "A"))
