# SPDX-License-Identifier: GPL-3.0-or-later
"""A real ZooKeeper server on loopback (Debian's packages zookeeper and python3-kazoo).

    with Ensemble() as zookeeper:
        zookeeper.announce(master)          # as a Mesos master does
        server.module("cluster", master=zookeeper.url)
"""
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile

import pytest

from ports import free_port
from waiting import wait_for

JAR = pathlib.Path("/usr/share/java/zookeeper.jar")
JAVA = shutil.which("java")

kazoo = pytest.importorskip("kazoo.client", reason="no python3-kazoo")
if not (JAR.exists() and JAVA):
    pytest.skip("no Debian package zookeeper", allow_module_level=True)

CONFIGURATION = """\
tickTime=200
maxSessionTimeout=60000
dataDir={directory}
clientPortAddress={host}
clientPort={port}
admin.enableServer=false
4lw.commands.whitelist=cons
"""


def announcement(master):
    """What a Mesos master writes into its node (recordings/zk)."""
    return json.dumps({"address": {"hostname": "localhost", "ip": master.host,
                                   "port": master.port},
                       "capabilities": [], "hostname": "localhost", "id": "1234",
                       "ip": 16777343, "pid": master.pid, "port": master.port,
                       "version": "1.12.0"}).encode()


class Ensemble:
    """One server; an ensemble of one."""

    def __init__(self, path="/mesos"):
        self.path = path
        self.port = free_port()
        self.move("127.0.0.1")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="mod-mesos-zk-"))
        self.process = None
        self.client = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory)

    def move(self, host):
        """Where it is to listen from its next start on."""
        self.host = host
        self.address = f"{host}:{self.port}"
        self.url = f"zk://{self.address}{self.path}"

    def start(self):
        """Starts the server, with all that it had before."""
        conf = self.directory / "zoo.cfg"
        conf.write_text(CONFIGURATION.format(directory=self.directory, host=self.host,
                                             port=self.port))
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                [JAVA, "-Xmx64m", "-cp", JAR, "org.apache.zookeeper.server.ZooKeeperServerMain",
                 conf], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.client = kazoo.KazooClient(self.address, timeout=20)
        wait_for(self._connect, 30, "ZooKeeper to answer")

    def _connect(self):
        assert self.process.poll() is None, (self.directory / "log").read_text()
        try:
            # kazoo would wait longer after each try of its own, and for its whole timeout if the
            # server takes its connection before it serves.
            with socket.create_connection((self.host, self.port), 1) as probe:
                probe.sendall(b"cons")
                if b"not currently serving" in probe.recv(4096):
                    return False
            self.client.start(timeout=2)
            self.client.ensure_path(self.path)
            return True
        except Exception:  # kazoo has many words for "not yet"
            self.client.stop()
            return False

    def stop(self):
        """Ends the server; clients find nobody."""
        process, self.process = self.process, None
        if process is None:
            return
        self.client.stop()
        self.client.close()
        process.kill()
        process.wait()

    # What is written there.

    def write(self, child, data=b""):
        """Creates or changes a child of the path."""
        path = f"{self.path}/{child}"
        if self.client.exists(path):
            self.client.set(path, data)
        else:
            self.client.create(path, data)

    def delete(self, child):
        self.client.delete(f"{self.path}/{child}")

    def announce(self, master, number):
        """Writes a master's node; the lowest number leads."""
        self.write(f"json.info_{number:010}", announcement(master))

    def resign(self, number):
        self.delete(f"json.info_{number:010}")

    def sessions(self):
        """How many clients are connected, ours not counted."""
        answer = self.client.command(b"cons")
        return sum(line.strip().startswith("/") for line in answer.splitlines()) - 2
