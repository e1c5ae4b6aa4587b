# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/quickstart: what a newcomer starts first, with and without masters of their own."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

from ask import Ask, data
from demo import demo_master
from knotd import MESOS_SO, REPOSITORY
from waiting import PATIENCE, wait_for

ADDRESS, PORT = "127.0.0.1", 5353
READY = "Ctrl-C ends it."
README = (REPOSITORY / "README.md").read_text()

# All in one process: there is but one such port.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("quickstart")]

ask = Ask(ADDRESS, PORT)


@pytest.fixture(scope="module", autouse=True)
def lock():
    """One at a time has the port: there may be test runs of several checkouts."""
    def locked():
        try:
            return holder.bind(f"\0mod-mesos-test-{PORT}") or True
        except OSError:
            return False

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as holder:
        wait_for(locked, 120, "another test run to end")
        yield


def port_is_free():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ADDRESS, PORT))
            except OSError:
                return False
    return True


@pytest.fixture(autouse=True)
def port():
    # Somebody else's server is no failure of ours.
    if not port_is_free():
        pytest.skip(f"{ADDRESS} port {PORT} is in use")


def members(session):
    """The living processes of a session."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # proc(5): pid (comm) state ppid pgrp session ...
            name, fields = path.read_text().rsplit(")", 1)
            fields = fields.split()
            if int(fields[3]) == session and fields[0] != "Z":
                found[int(path.parent.name)] = name.split("(", 1)[1]
    return found


def files():
    """Every file of the tree outside .git and the build directories."""
    return {path for path in REPOSITORY.rglob("*")
            if not re.match(r"\.git|build", path.relative_to(REPOSITORY).parts[0])}


class Quickstart:
    """The script in a session of its own, as a terminal gives it one."""

    def __init__(self, *masters, wrapper=()):
        self.process = subprocess.Popen(
            [*wrapper, REPOSITORY / "packaging/quickstart", *masters], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout))
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        left = members(self.process.pid)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.reader.join()
        print(self.output)
        assert failure or not left, f"left behind: {left}"

    @property
    def output(self):
        return "".join(self.lines)

    def wait_ready(self):
        def ready():
            assert self.process.poll() is None, self.output
            return READY in self.output
        wait_for(ready, 120, "the quickstart to be ready")

    def wait_end(self, seconds=15):
        wait_for(lambda: self.process.poll() is not None and not members(self.process.pid),
                 seconds, "the quickstart and all it started to end")
        return self.process.returncode


def shapes(text):
    """The lines with what differs from run to run made alike: addresses, tasks' hashes, agents."""
    changing = re.compile(r"(?<=-)\w{5}-s\d+|\d+(?=[.\n])")
    return {changing.sub("N", line + "\n") for line in text.splitlines()}


def wait_records(name, kind, condition=bool, seconds=30):
    return wait_for(lambda: condition(data(ask(name, kind), kind)), seconds, f"{name} {kind}")


def test_demo_cluster_answers_and_lives():
    before = files()
    with Quickstart() as quickstart:
        quickstart.wait_ready()
        assert len(data(ask("slave.mesos.", "A"), "A")) == 4
        assert data(ask("cart-shop.marathon.mesos.", "A"), "A")
        assert data(ask("_http._web._tcp.marathon.mesos.", "SRV"), "SRV")

        # The lines it prints are to be pasted, so they are.
        lines = re.findall(r"^  ((?:kdig|curl|/\S*knotc) .*)$", quickstart.output, re.M)
        assert len(lines) > 6, quickstart.output
        assert sum(line.startswith("curl") for line in lines) == (0 if "no HTTP" in
                                                                  quickstart.output else 3)
        for line in lines:
            done = subprocess.run(line, shell=True, stdout=subprocess.PIPE, text=True,
                                  stdin=subprocess.DEVNULL, timeout=20 * PATIENCE, check=True)
            assert done.stdout.strip(), line

        # README's session is what one sees.
        session = re.search(r"^\$ packaging/quickstart\n(.*?)^```$", README, re.M | re.S)[1]
        questions = re.findall(r"^\$ (kdig .*)\n((?:(?!\$).*\n)+)", session, re.M)
        assert len(questions) == session.count("$ ") > 2
        for command, shown in questions:
            command = re.sub(r"(?<=-x )\S+", data(ask("web.marathon.mesos.", "A"), "A")[0], command)
            done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True,
                                  stdin=subprocess.DEVNULL, timeout=20 * PATIENCE, check=True)
            assert shapes(done.stdout) == shapes(shown), command
        words = re.search(r"\[mesos\.\] module .* leader ", session)[0]
        assert words in quickstart.output

        # Instances come and go.
        seen = {len(data(ask("web.marathon.mesos.", "A"), "A"))}
        wait_records("web.marathon.mesos.", "A", lambda a: len(a) not in seen)
        for present in (True, False, True):
            wait_records("report.chronos.mesos.", "A", lambda a, want=present: bool(a) == want)

        # So does an instance that is ill.
        for count in (1, 2, 1):
            wait_records("cart-shop.marathon.mesos.", "A", lambda a, want=count: len(a) == want)

        # Ctrl-C reaches the whole foreground group.
        os.killpg(quickstart.process.pid, signal.SIGINT)
        assert quickstart.wait_end() == 0, quickstart.output
    assert port_is_free()
    assert files() == before


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 0), (signal.SIGHUP, 0),
                                            (signal.SIGKILL, -signal.SIGKILL)])
def test_a_signal_to_the_script_ends_all(number, status):
    with Quickstart() as quickstart:
        quickstart.wait_ready()
        quickstart.process.send_signal(number)
        assert quickstart.wait_end() == status


def test_polls_the_masters_it_is_given():
    with demo_master("--period=1000") as url, Quickstart("127.0.0.1:1", url) as quickstart:
        quickstart.wait_ready()
        assert "web.marathon" not in quickstart.output.split("Try:")[1]
        wait_records("web.marathon.mesos.", "A", lambda a: len(a) == 2)
        quickstart.process.terminate()
        quickstart.wait_end()


def test_says_when_no_master_answers():
    with Quickstart("127.0.0.1:1") as quickstart:
        quickstart.wait_ready()
        assert "No state from the masters yet" in quickstart.output
        quickstart.process.terminate()
        quickstart.wait_end()


# In a mount namespace of its own, with a module where knotd has its own.
INSTALLED = """
set -eu
library=$1 directory=$2 scratch=$3
shift 3
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work"
lib=${directory%/knot/*}
mount -t overlay overlay -o "lowerdir=$lib,upperdir=$scratch/upper,workdir=$scratch/work" "$lib"
mkdir -p "$directory"
cp "$library" "$directory/mesos.so"
exec "$@"
"""


def test_runs_the_module_that_is_installed(tmp_path):
    """knotd takes no other one beside it."""
    directory = subprocess.check_output(["pkg-config", "--variable=module_instdir", "knotd"],
                                        text=True).strip()
    namespace = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", INSTALLED, "sh",
                 MESOS_SO, directory, tmp_path]
    made = subprocess.run([*namespace, "true"], stderr=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        pytest.skip(f"nothing can be mounted here: {made.stderr.strip()}")
    with Quickstart(wrapper=namespace) as quickstart:
        quickstart.wait_ready()
        assert f"this runs {directory}/mesos.so" in quickstart.output
        wait_records("web.marathon.mesos.", "A")
        quickstart.process.terminate()
        quickstart.wait_end()


def last_line_of_failure(*masters):
    with Quickstart(*masters) as quickstart:
        assert quickstart.wait_end(120) == 1
    return quickstart.output.splitlines()[-1]


def test_says_what_is_wrong_with_a_master():
    line = last_line_of_failure("http://")
    assert line.startswith("quickstart: ") and "master" in line


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_says_when_the_port_is_in_use(kind):
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind((ADDRESS, PORT))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        assert last_line_of_failure() == (
            f"quickstart: {ADDRESS} port {PORT} is in use; end what listens there and try again")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_demo_master_plays_the_same_for_the_same_seed(address):
    def tasks():
        with demo_master("--seed=7", "--period=1000", f"--address={address}") as url:
            with urllib.request.urlopen(f"{url}/state", timeout=10) as reply:
                state = json.load(reply)
        assert state["leader"] == "master@" + url.removeprefix("http://")
        return [task["id"] for framework in state["frameworks"] for task in framework["tasks"]]

    assert tasks() == tasks()


def streamed(url, path="/api/v1"):
    """Subscribes to the demo master; gives its events as they come."""
    request = urllib.request.Request(url + path, b'{"type":"SUBSCRIBE"}', {
        "Content-Type": "application/json", "Accept": "application/json"})
    with urllib.request.urlopen(request, timeout=30 * PATIENCE) as reply:
        while True:
            yield json.loads(reply.read(int(reply.readline())))


def running(tasks):
    """The IDs of running tasks, of events' or of a state's."""
    return {task["task_id"]["value"] if "task_id" in task else task["id"]
            for task in tasks if task["state"] == "TASK_RUNNING"}


def test_demo_master_streams_what_happens():
    """Who follows the events knows the same tasks as who reads the state."""
    with demo_master("--period=1.5") as url:
        stream = streamed(url)
        first = next(stream)
        assert first["type"] == "SUBSCRIBED"
        state = first["subscribed"]["get_state"]
        tasks = {task["task_id"]["value"]: task for task in state["get_tasks"]["tasks"]}
        assert len(state["get_agents"]["agents"]) == 4
        assert len(state["get_frameworks"]["frameworks"]) == 4
        assert len(running(tasks.values())) > 8
        assert next(stream) == {"type": "HEARTBEAT"}

        seen, health, agreed = set(), set(), 0
        states = {"TASK_STARTING", "TASK_RUNNING", "TASK_KILLED"}
        while not seen >= states or health != {True, False} or agreed < 3:
            event = next(stream)
            if event["type"] == "TASK_ADDED":
                task = event["task_added"]["task"]
                assert task["task_id"]["value"] not in tasks and "statuses" not in task
                tasks[task["task_id"]["value"]] = task
            else:
                assert event["type"] == "TASK_UPDATED"
                told = event["task_updated"]
                assert told["state"] == told["status"]["state"]
                tasks[told["status"]["task_id"]["value"]]["state"] = told["state"]
                seen.add(told["state"])
                health |= {told["status"][key] for key in ("healthy",) if key in told["status"]}
                if told["state"] == "TASK_RUNNING":
                    assert told["status"]["container_status"]["network_infos"]
            # Between two steps both say the same; within one the state may be ahead.
            with urllib.request.urlopen(f"{url}/state", timeout=10 * PATIENCE) as reply:
                listed = json.load(reply)
            agreed += running(tasks.values()) == running(
                task for framework in listed["frameworks"] for task in framework["tasks"])


def state_of(url):
    with urllib.request.urlopen(f"{url}/state", timeout=10 * PATIENCE) as reply:
        return json.load(reply)


def health(state, name):
    """What is the last that each running task of a name has said of its health."""
    return sorted(task["statuses"][-1].get("healthy") for framework in state["frameworks"]
                  for task in framework["tasks"]
                  if task["name"] == name and task["state"] == "TASK_RUNNING")


def test_demo_cluster_has_what_names_are_made_of():
    with demo_master("--period=0.5") as url:
        # One falls ill and recovers, and a master keeps no more than the last of that.
        for wanted in ([False, True], [True, True], [False, True]):
            wait_for(lambda want=wanted: health(state_of(url), "cart.shop") == want, 20, wanted)
        state = state_of(url)
    tasks = {(framework["name"], task["name"]): task for framework in state["frameworks"]
             for task in framework["tasks"]}
    assert len(tasks["marathon", "cart.shop"]["statuses"]) <= 2
    assert tasks["marathon", "cart.shop"]["health_check"]["type"] == "HTTP"
    assert {(fw, name, task["discovery"].get("environment"), task["discovery"].get("location"))
            for (fw, name), task in tasks.items() if name in ("web", "api")} == {
        ("marathon", "web", "prod", "west"), ("marathon", "api", "prod", "west"),
        ("marathon-east", "web", "prod", "east"), ("marathon-east", "api", "staging", "east")}
    versions = {(task["discovery"]["version"], *(label["value"] for label in task["labels"]
                                                 if label["key"] == "mesos-dns.weight"))
                for framework in state["frameworks"] for task in framework["tasks"]
                if task["name"] == "api"}
    assert versions == {("v1", "90"), ("v2", "10"), ("v3",)}


def test_demo_containers_are_on_named_networks():
    with demo_master("--period=1000") as url:
        (task, _) = [task for framework in state_of(url)["frameworks"]
                     for task in framework["tasks"] if task["name"] == "cart.shop"]
    infos = task["statuses"][-1]["container_status"]["network_infos"]
    assert [info["name"] for info in infos] == ["cluster-net", "ipv6-net"]
    assert [[one["protocol"] for one in info["ip_addresses"]] for info in infos] == [
        ["IPv4", "IPv6"], ["IPv6"]]


@pytest.mark.parametrize("path, body, kind, status", [
    ("/api/v1", b'{"type":"SUBSCRIBE"}', "application/json; charset=utf-8", 415),
    ("/api/v1", b'{"type":', "application/json", 400),
    ("/master/api/v1", b"[]", "application/json", 400),
    ("/api/v1", b'{"type":"GET_STATE"}', "application/json", 501),
    ("/api/v2", b'{"type":"SUBSCRIBE"}', "application/json", 404),
])
def test_demo_master_refuses_other_calls(path, body, kind, status):
    with demo_master("--period=1000") as url:
        request = urllib.request.Request(url + path, body, {"Content-Type": kind})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10 * PATIENCE)
        assert refused.value.code == status
