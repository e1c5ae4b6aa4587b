# SPDX-License-Identifier: GPL-3.0-or-later
"""A knotd that measures itself: CPU of all of it and of the module's thread, memory."""
import collections
import contextlib
import io
import os
import pathlib
import re
import time

import knotd
from following import FOLLOWING
from waiting import wait_for

TICK = 1 / os.sysconf("SC_CLK_TCK")
NEVER = "1d"  # A time between polls.
THREAD = "mesos\n"  # All of its name: there are others that begin so.

# Until the thread is said to have nothing more to do: it uses less CPU than that in that time.
IDLE_SECONDS, IDLE_CPU = 0.3, 0.002


class Module(collections.namedtuple("Module", "library")):
    """A build of the module; an older one may not know of events."""

    @property
    def follows_events(self):
        return b"resync-interval" in self.library.read_bytes()


class Server(knotd.Knotd):
    """One worker, so that who asks has a processor too."""
    udp_workers = 1
    asker = ()  # A command to run who asks under.

    def __init__(self, module=None, wrapper=()):
        super().__init__()
        self.wrapper = wrapper
        if module:
            self.library = module.library

    def __exit__(self, *args):
        with contextlib.redirect_stdout(io.StringIO()):
            super().__exit__(*args)

    def serve_cluster(self, leader, **options):
        """A zone with the records of a leader's cluster, the same ones from any revision."""
        self.module("cluster", master=leader.address, ip_source=["netinfo", "mesos", "host"],
                    **{"poll_interval": NEVER, **options})
        self.zone("mesos.", modules=["mod-mesos/cluster"])

    def cpu(self):
        """Seconds of user and of system CPU so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2]
        user, system = fields.split()[11:13]
        return int(user) * TICK, int(system) * TICK

    def cpu_of(self, thread):
        """Seconds of CPU of a thread so far, to the nanosecond when it sleeps."""
        schedule, = self._threads(thread, "schedstat")
        return int(schedule.split()[0]) / 1e9

    def thread_cpu(self):
        """The same of the module's thread."""
        return self.cpu_of(THREAD)

    def wait_idle(self, seconds=120):
        """Waits until the module's thread has nothing to do; returns its CPU so far."""
        def idle_cpu():
            before = self.thread_cpu()
            time.sleep(IDLE_SECONDS)
            after = self.thread_cpu()
            return after - before < IDLE_CPU and after
        return wait_for(idle_cpu, seconds, "the module's thread to rest")

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak(self):
        """The most that was resident since forget_peak(), or ever, in bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s*(\d+)", status)[1]) * 1024

    def wait_loaded(self):
        wait_for(lambda: self.module_lines("loaded the state"), 120, "the first poll")


@contextlib.contextmanager
def with_module(module, leader, interval=NEVER, wrapper=(), kind=Server, **options):
    """knotd with the module, its first poll done; it only polls."""
    with kind(module, wrapper) as server:
        events = {"events": "off"} if module.follows_events else {}
        server.serve_cluster(leader, poll_interval=interval, **events, **options)
        server.start()
        server.wait_loaded()
        yield server


@contextlib.contextmanager
def with_events(module, leader, resync=NEVER, **options):
    """knotd with the module, and the stream that it follows, all that came first being done."""
    streams = leader.stream()
    with Server(module) as server:
        server.serve_cluster(leader, resync_interval=resync, **options)
        server.start()
        server.wait_loaded()
        server.wait_log(FOLLOWING, seconds=120)
        server.wait_idle()
        yield server, streams.wait()


@contextlib.contextmanager
def with_zone(text, wrapper=(), kind=Server):
    """knotd with records in a zone file."""
    with kind(None, wrapper) as server:
        server.zone("mesos.", text, semantic_checks="off", zonefile_sync=-1,
                    journal_content="none")
        server.start()
        wait_for(lambda: server.log_lines("loaded, serial"), 120, "the zone")
        yield server
