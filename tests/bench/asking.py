# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks: dnsperf with files of questions, and a client that waits for one answer to change."""
import pathlib
import random
import re
import socket
import subprocess
import time

import dns.message

import cluster

NAMES_ASKED = 20_000
GIVE_UP_SECONDS = 20


def questions(folder, kind, tasks):
    """A file of questions for dnsperf, in an order that helps no cache."""
    apps = list(cluster.apps(tasks))
    chosen = random.Random(1)
    lines = []
    for number in range(NAMES_ASKED):
        framework, app, _ = chosen.choice(apps)
        lines.append({"A": f"{app}.{framework}.mesos A",
                      "A of FW.mesos.": f"{framework}.mesos A",
                      "SRV": f"_http._{app}._tcp.{framework}.mesos SRV",
                      "NXDOMAIN": f"no-{number}.{framework}.mesos A"}[kind])
    path = pathlib.Path(folder) / f"questions-{kind.split()[-1]}-{tasks}"
    path.write_text("\n".join(lines) + "\n")
    return path


def dnsperf(server, path, *options):
    """How many answers there were, and all that dnsperf has printed."""
    out = path.with_name("dnsperf.out")
    with open(out, "w", encoding="utf-8") as file:
        subprocess.run(
            [*server.asker, "dnsperf", "-s", server.address, "-p", str(server.port), "-d", path,
             "-e", "-c", "4", "-q", "40", *map(str, options)],
            check=True, stdout=file, stderr=subprocess.STDOUT)
    done = out.read_text()
    answers = int(re.search(r"Queries completed:\s+(\d+)", done)[1])
    lost = int(re.search(r"Queries lost:\s+(\d+)", done)[1])
    codes = re.search(r"Response codes:\s+(.*)", done)[1]
    assert answers and lost < answers / 1000, done
    assert len(codes.split(",")) == 1, f"not one kind of answer: {codes}"
    return answers, done


def cpu_of_answers(server, path, seconds, cpu=None):
    """(user, system) microseconds of CPU an answer, or what else `cpu` gives seconds of."""
    cpu = cpu or server.cpu
    before = cpu()
    answers, _ = dnsperf(server, path, "-l", seconds)
    return tuple((after - before) * 1e6 / answers for before, after in zip(before, cpu()))


def latencies(server, path, seconds, rate):
    """Seconds that each answer took."""
    _, text = dnsperf(server, path, "-l", seconds, "-Q", rate, "-v")
    return sorted(float(line.split()[-1]) for line in text.splitlines()
                  if line.startswith("> NOERROR"))


def instructions(serving, path):
    """Instructions an answer, in user space; `serving` makes a server of a command to wrap it."""
    out = path.with_name("callgrind.out")
    wrapper = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no",
               f"--callgrind-out-file={out}"]
    with serving(wrapper) as server:
        def switch(how):
            subprocess.run(["callgrind_control", "-i", how, str(server.process.pid)], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        switch("on")
        answers, _ = dnsperf(server, path, "-n", 1)
        switch("off")
    return int(re.search(r"^totals: (\d+)", out.read_text(), re.M)[1]) / answers


def _read(connection, size):
    """So many bytes, or fewer if the connection ends."""
    data = bytearray()
    while len(data) < size and (chunk := connection.recv(size - len(data))):
        data += chunk
    return bytes(data)


def cpu_over_tcp(server, name, kind, seconds):
    """Microseconds of CPU an answer, and its octets; dnsperf cannot read answers that large."""
    query = dns.message.make_query(name, kind).to_wire()
    before, end, count = sum(server.cpu()), time.monotonic() + seconds, 0
    with socket.create_connection((server.address, server.port)) as connection:
        while time.monotonic() < end:
            connection.sendall(len(query).to_bytes(2, "big") + query)
            size = int.from_bytes(_read(connection, 2), "big")
            if len(_read(connection, size)) < size or size == 0:
                break
            count += 1
    if not count:
        return float("nan"), size
    return (sum(server.cpu()) - before) * 1e6 / count, size


def query(owner):
    """A question for its A records, as it goes out."""
    return dns.message.make_query(owner, "A").to_wire()


class Watcher:
    """Asks one question again and again, as fast as it is answered."""

    def __init__(self, server):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((server.address, server.port))
        self._socket.settimeout(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def has_records(self, wire):
        """Whether the answer to this question has any records; it is asked until it is answered."""
        while True:
            self._socket.send(wire)
            try:
                while (reply := self._socket.recv(4096))[:2] != wire[:2]:
                    pass  # Too late an answer to the question before.
            except TimeoutError:
                continue
            return reply[6:8] != b"\0\0"  # ANCOUNT (RFC 1035, section 4.1.1)

    def wait(self, wire, there):
        """Waits until there are records, or none; returns when that was seen first."""
        end = time.monotonic() + GIVE_UP_SECONDS
        while True:
            found, now = self.has_records(wire) == there, time.monotonic()
            if found:
                return now
            assert now < end, f"an event was not in the answers after {GIVE_UP_SECONDS} s"
