# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown to queries anew: what has changed, when it has changed, and nothing else."""
import states
from counters import stats, wait_stat
from knotd import PRELOAD, WRAPPER
from master import hang
from waiting import wait_for


def state(master, *apps, names=("marathon",)):
    return states.state(master, *(
        states.framework(name, *(states.task(app, ports="[31000-31001]") for app in apps))
        for name in names))


def start(server, *masters, **options):
    options = {"poll_interval": "1d", **options}
    server.module("cluster", master=[master.address for master in masters], **options)
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.start()


def publications(server, zone="mesos."):
    return stats(server, zone).get("publications", 0)


def test_unchanged_state(server, master):
    """Publishes nothing; one changed task is one publication, gone again another one."""
    master.serve(state(master, "web"))
    start(server, master)
    wait_stat(server, "polls[ok]")
    assert publications(server) == 1
    for _ in range(5):
        server.poll(master)
    wait_stat(server, "polls[ok]", lambda count: count == 6)
    assert publications(server) == 1

    master.serve(state(master, "web", "other"))
    server.poll(master)
    wait_stat(server, "polls[ok]", lambda count: count == 7)
    assert publications(server) == 2
    assert server.ask("other.marathon.mesos.", "A").answer

    master.serve(state(master, "web"))
    server.poll(master)
    wait_stat(server, "polls[ok]", lambda count: count == 8)
    assert publications(server) == 3
    assert not server.ask("other.marathon.mesos.", "A").answer


def test_age_of_what_does_not_change(server, master):
    """Polls that publish nothing keep it fresh all the same."""
    master.serve(state(master, "web"))
    start(server, master, poll_interval=1, max_age=2)
    server.wait_loaded()
    server.wait_polls(master, 6)
    assert server.ask("web.marathon.mesos.", "A").answer
    assert publications(server) == 1


def test_zones_of_one_cluster(server, master):
    """A change shows where it is one: here the reverse zone has nothing of ports."""
    master.serve(state(master, "web"))
    server.zone("10.in-addr.arpa.", "", ["mod-mesos/cluster"])
    start(server, master, origin="mesos.")
    wait_stat(server, "polls[ok]")
    master.serve(states.state(master, states.framework(
        "marathon", states.task("web", ports="[31000-31009]"))))
    server.poll(master)
    wait_stat(server, "polls[ok]", lambda count: count == 2)
    assert publications(server) == 2
    assert publications(server, "10.in-addr.arpa.") == 1


def test_other_naming_options(server, master):
    """They are served at once, of what is known: the masters are away, or silent."""
    name, long = "a23456789012345678901234567890", "web.a23456789012345678901234567890.mesos."
    short = f"web.{name[:24]}.mesos."
    master.serve(state(master, "web", names=[name]))
    start(server, master)
    server.wait_until(long, "A", lambda reply: reply.answer)
    count = master.count()
    for rules in ("rfc952", "rfc1123"):
        server.module("cluster", master=[master.address], poll_interval="1d", label_rules=rules)
        server.reload()
        owner, other = (short, long) if rules == "rfc952" else (long, short)
        server.wait_until(owner, "A", lambda reply: reply.answer)
        server.wait_until(other, "A", lambda reply: not reply.answer)
        assert master.count() == count
        if rules == "rfc952":
            # In the middle of a poll that hangs, too.
            master.serve(hang)
            server.zone_reload()
            wait_for(lambda: master.count() == count + 1, 10, "a poll")
            count += 1


def test_other_ttl(server, master):
    master.serve(state(master, "web"))
    start(server, master, ttl=30)
    server.wait_loaded()
    before = stats(server)
    master.serve(hang)
    server.module("cluster", master=[master.address], poll_interval="1d", ttl=77)
    server.reload()
    server.wait_until("web.marathon.mesos.", "A",
                      lambda reply: reply.answer and reply.answer[0].ttl == 77)
    # It is the same zone: nothing was made anew but for that.
    assert publications(server) == before["publications"] + 1
    assert stats(server)["records"] == before["records"]


def test_memory_stays(server, master):
    """However many states come, the same again or another each time."""
    states_by_turn = [state(master, *(f"app{number}" for number in range(begin, begin + 300)),
                            names=["one", "two", "three"]) for begin in (0, 100)]
    master.serve(states_by_turn[0])
    start(server, master)
    wait_stat(server, "polls[ok]")

    def poll(times):
        for turn in range(times):
            master.serve(states_by_turn[turn // 2 % 2])
            server.poll(master)
    poll(12)
    before, shown = server.memory(), publications(server)
    poll(40)
    assert publications(server) >= shown + 18
    if not (WRAPPER or PRELOAD):
        assert server.memory() < before + 4 * 1024
