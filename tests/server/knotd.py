# SPDX-License-Identifier: GPL-3.0-or-later
"""A real knotd with the module loaded, in a directory and on a port of its own.

    with Knotd() as server:
        server.module("cluster", master="127.0.0.1:5050")
        server.zone("mesos.", modules=["mod-mesos/cluster"])
        server.start()
        server.ask("leader.mesos.", "A")

Environment: MESOS_SO (the library to test), KNOTD_WRAPPER (a command to run knotd under, such as
valgrind), KNOTD_PRELOAD (LD_PRELOAD for knotd and knotc, such as the sanitizers' libraries),
TEST_PATIENCE (how much longer to wait). Leaving the `with` ends knotd, and fails unless it lived
until then, ended with status 0 and no sanitizer had anything to say.
"""
import contextlib
import functools
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile

from ask import Ask
from ports import free_port
from waiting import PATIENCE, wait_for

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MESOS_SO = pathlib.Path(os.environ.get("MESOS_SO", REPOSITORY / "build/module/mesos.so")).resolve()
WRAPPER = shlex.split(os.environ.get("KNOTD_WRAPPER", ""))
PRELOAD = os.environ.get("KNOTD_PRELOAD", "")

# Names of the module's threads, which ZooKeeper's library has for its own as well.
OUR_THREADS = ("mesos", "resolver", "zk-close")

SANITIZER_REPORT = re.compile(r"ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|runtime error:")

SERVER = """\
server:
    rundir: "{directory}"
    listen: {address}@{port}
    udp-workers: {udp_workers}
    tcp-workers: 2
    background-workers: 1
database:
    storage: "{directory}"
control:
    listen: "{directory}/knot.sock"
log:
  - target: stderr
    any: info
module:
  - id: mod-mesos
    file: "{library}"
"""

ZONE_HEAD = """\
$ORIGIN {name}
$TTL 300
@ SOA ns.mesos. admin.mesos. 1 3600 600 86400 60
@ NS ns.mesos.
"""


def _program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


@functools.cache
def series():
    """Knot's series, such as (3, 2)."""
    text = subprocess.run([_program("knotd"), "-V"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    return tuple(map(int, re.search(r" (\d+)\.(\d+)", text).groups()))


def _value(value):
    """A value as knot.conf wants it; what its parser could take for a list is quoted."""
    if isinstance(value, (list, tuple)):
        return "[ " + ", ".join(map(_value, value)) + " ]"
    text = str(value)
    return f'"{text}"' if re.search(r"[\[\],]", text) and not text.startswith('"') else text


def _section(name, items):
    lines = [f"    {key.replace('_', '-')}: {_value(value)}" for key, value in items.items()]
    return f"{name}:\n  - " + "\n".join(lines).lstrip() + "\n"


class Knotd:
    address = "127.0.0.1"
    library = MESOS_SO
    udp_workers = 2
    wrapper = None  # A command to run knotd under; KNOTD_WRAPPER if there is none.
    database = False  # Whether knotd runs with a configuration database, into which write() goes.
    preload = ()  # Further libraries to preload into knotd.
    options = {}  # What every cluster is set to if the test does not say otherwise.

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="mod-mesos-"))
        self.port = free_port()
        self.ask = Ask(self.address, self.port)
        self.process = None
        self.sections = {}
        self.zones = {}
        self._log = self.directory / "log"
        self._log.touch()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            if self.process:
                self.stop()
            self._assert_clean()
        finally:
            print(f"--- knot.conf\n{self._configuration()}--- log\n{self.log}")
            shutil.rmtree(self.directory)

    # What it is to serve.

    def section(self, name, id, **items):
        """Sets one section of the configuration; underscores in names mean dashes."""
        self.sections[name, id] = {"id": id, **items}

    def module(self, id, **options):
        """Sets one cluster (a mod-mesos section)."""
        self.section("mod-mesos", id, **{**self.options, **options})

    def zone(self, name, text="", modules=(), **items):
        """Sets one zone: SOA, NS and what `text` adds to them."""
        path = self.directory / f"{name}zone"
        path.write_text(ZONE_HEAD.format(name=name) + text)
        self.zones[name] = {"domain": name, "file": path, **items}
        if modules:
            self.zones[name]["module"] = list(modules)

    def _configuration(self):
        head = SERVER.format(directory=self.directory, address=self.address, port=self.port,
                             udp_workers=self.udp_workers, library=self.library)
        sections = [_section(name, items) for (name, _), items in self.sections.items()]
        return head + "".join(sections + [_section("zone", zone) for zone in self.zones.values()])

    def write(self):
        """Writes the configuration; start() and reload() do it by themselves."""
        path = self.directory / "knot.conf"
        path.write_text(self._configuration())
        return path

    # Its life.

    def start(self):
        """Starts knotd and waits until it answers (which says nothing about any master)."""
        assert self.library.exists(), f"no {self.library}: build it, or set MESOS_SO"
        self.write()
        if self.database:
            self.knotc("conf-import", self.directory / "knot.conf")
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                [*(self.wrapper or WRAPPER), _program("knotd"), *self._source()],
                stdout=log, stderr=log, env=self._environment(self.preload))
        wait_for(self._answers, 10, "knotd to answer")
        assert "cannot bind" not in self.log, self.log

    def _answers(self):
        assert self.process.poll() is None, f"knotd ended at its start:\n{self.log}"
        return (Ask(self.address, self.port).is_up(next(iter(self.zones)))
                and (self.directory / "knot.sock").exists())

    def stop(self, number=signal.SIGTERM):
        """Ends knotd, which must still be alive, and must end by itself and with status 0."""
        process, self.process = self.process, None
        assert process.poll() is None, f"knotd is gone, status {process.returncode}:\n{self.log}"
        process.send_signal(number)
        try:
            process.wait(30 * PATIENCE)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        self._assert_clean()
        assert process.returncode == 0, f"knotd's status {process.returncode}:\n{self.log}"

    def _assert_clean(self):
        reports = [path.read_text(errors="replace") for path in self.directory.glob("sanitizer*")]
        assert not reports, "\n".join(reports)
        assert not SANITIZER_REPORT.search(self.log), self.log

    def _source(self):
        """Where knotd and knotc have the configuration from."""
        return ["-C", self.directory / "confdb"] if self.database else [
            "-c", self.directory / "knot.conf"]

    def _environment(self, preload=()):
        environment = dict(os.environ)
        if PRELOAD or preload:
            environment["LD_PRELOAD"] = " ".join(filter(None, [PRELOAD, *map(str, preload)]))
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"):
            options = [environment.get(name), f"log_path={self.directory}/sanitizer"]
            environment[name] = ":".join(filter(None, options))
        return environment

    # Its control.

    def knotc(self, *arguments, status=0, source=None):
        """Runs knotc and returns what it printed; fails if its exit status is another.

        By `source` it can be told not to read, and check, the configuration.
        """
        done = subprocess.run([_program("knotc"), *(source or self._source()), *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60 * PATIENCE, check=False, env=self._environment())
        assert status is None or done.returncode == status, f"{arguments}: {done.stdout}"
        return done.stdout

    def reload(self):
        self.write()
        self.knotc("reload")

    def zone_reload(self, zone="mesos."):
        """Loads a zone and its modules anew; nothing checks the configuration before."""
        self.knotc("-f", "zone-reload", zone, source=["-s", self.directory / "knot.sock"])

    # What is seen of it.

    @property
    def log(self):
        return self._log.read_text(errors="replace")

    def log_lines(self, *words):
        """The lines of the log that hold all the words, case aside."""
        return [line for line in self.log.splitlines()
                if all(word.lower() in line.lower() for word in words)]

    def module_lines(self, *words):
        """The module's own lines of the log."""
        return self.log_lines("module 'mod-mesos/", *words)

    def wait_until(self, name, kind, condition, seconds=10):
        """Asks until a reply fulfils the condition; returns that reply."""
        def asked():
            reply = self.ask(name, kind)
            return reply if condition(reply) else None
        return wait_for(asked, seconds, f"another answer to {name} {kind}")

    @staticmethod
    def wait_polls(master, count, seconds=10):
        """Waits until a master has been polled that often in all."""
        wait_for(lambda: master.count() >= count, seconds, f"poll {count} of {master.address}")

    def poll(self, master, zone="mesos."):
        """Makes the module poll now, and waits until the master has been asked."""
        count = master.count()
        self.zone_reload(zone)
        self.wait_polls(master, count + 1)

    def wait_log(self, *words, seconds=10):
        """Waits for a line of the log that holds all the words."""
        return wait_for(lambda: self.log_lines(*words), seconds, f"{words} in the log")

    def wait_ready(self, name="leader.mesos.", kind="A"):
        """Waits until a name has records; the log and the counters may say so a moment later."""
        return self.wait_until(name, kind, lambda reply: reply.answer)

    def wait_loaded(self):
        """Waits until the first poll is over for every zone, in the log and the counters as well."""
        self.wait_ready()

        zones = {name for name, zone in self.zones.items()
                 if "mod-mesos/" in str(zone.get("module"))}

        def is_over():
            shown = "".join(self.knotc("zone-stats", name, "mod-mesos",
                                       source=["-s", self.directory / "knot.sock"])
                            for name in zones)
            return "mod-mesos.polls[ok] = " in shown and all(
                f"[{name}] mod-mesos.publications = " in shown for name in zones)
        wait_for(is_over, what="the end of the first poll")

    def _threads(self, name, file="status"):
        """What a file of /proc says of each thread whose name starts with a word.

        Threads may end while it is read.
        """
        found = []
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if (task / "comm").read_text().startswith(name):
                    found.append((task / file).read_text())
        return found

    def threads(self, name=""):
        """How many threads there are whose name starts with a word, or with one of several."""
        return len(self._threads(name))

    def thread_name(self, number):
        """The name of a thread, nothing if it has ended."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return pathlib.Path(f"/proc/{self.process.pid}/task/{number}/comm").read_text().strip()
        return ""

    def blocked_signals(self, name):
        """The signals that each thread of that name blocks, as sets of numbers."""
        found = []
        for text in self._threads(name):
            mask = int(re.search(r"SigBlk:\s*(\w+)", text)[1], 16)
            found.append({number for number in range(1, 65) if mask >> (number - 1) & 1})
        return found

    def descriptors(self):
        """How many descriptors are open."""
        return len(list(pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def _memory(self, what):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{what}:\s*(\d+)", status)[1])

    def memory(self):
        """Resident memory in KiB."""
        return self._memory("VmRSS")

    def peak_memory(self):
        """The most memory that was ever resident, in MiB."""
        return self._memory("VmHWM") / 1024
