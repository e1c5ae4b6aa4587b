# SPDX-License-Identifier: GPL-3.0-or-later
"""The container image: it is built, unpacked and run here, and answers for a stub of a master.

It shares this machine's network, on loopback addresses of its own: so it is run where listening on
port 53 takes the capability that the image's knotd has. IMAGE names one that is there already.
"""
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request

import dns.exception
import pytest

import spaces
import states
from ask import Ask, data, outcome
from knotd import REPOSITORY, Knotd
from master import Master, hang
from waiting import PATIENCE, wait_for

MOST_BYTES = 120_000_000
TOOLS = ("mmdebstrap", "setcap", "umoci", "crun", "unshare")
MISSING = [tool for tool in TOOLS if not shutil.which(
    tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")]

pytestmark = [
    pytest.mark.slow, pytest.mark.xdist_group("image"),
    pytest.mark.skipif(bool(MISSING), reason=f"THE CONTAINER IMAGE IS NOT TESTED: no {MISSING} here"),
    pytest.mark.skipif(os.getuid() != 0, reason="THE CONTAINER IMAGE IS NOT TESTED: only root can")]


# Without control groups; so it need not know what kind of them a machine has.
CRUN = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c",
        "mount -t cgroup2 none /sys/fs/cgroup && exec crun --cgroup-manager=disabled \"$@\"", "sh"]


def output(*command, seconds=60):
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=seconds * PATIENCE)
    assert done.returncode == 0, f"{command}: status {done.returncode}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    if "IMAGE" in os.environ:
        return pathlib.Path(os.environ["IMAGE"])
    path = tmp_path_factory.mktemp("image") / "image.tar"
    output(REPOSITORY / "packaging/build-image", path, seconds=900)
    return path


@pytest.fixture(scope="module")
def bundle(image, tmp_path_factory):
    """The image unpacked, for a runtime."""
    directory = tmp_path_factory.mktemp("bundle")
    (directory / "layout").mkdir()
    output("tar", "-C", directory / "layout", "-xf", image)
    tag, = output("umoci", "ls", "--layout", directory / "layout").split()
    output("umoci", "unpack", "--image", f"{directory}/layout:{tag}", directory / "bundle")
    return directory / "bundle"


@pytest.fixture(scope="module")
def runtime(bundle):
    """crun, or the same made by hand of what util-linux has where crun is refused."""
    config = json.loads((bundle / "config.json").read_text())
    config["process"].update(args=["/bin/true"], terminal=False)
    config["linux"].pop("resources", None)
    probe = bundle.parent / "probe"
    probe.mkdir()
    config["root"]["path"] = str(bundle / "rootfs")
    (probe / "config.json").write_text(json.dumps(config))
    for kind, command in (
            (Crun, [*CRUN, "run", "--bundle", probe, f"probe-{os.getpid()}"]),
            (Unshared, ["unshare", "--mount", "--pid", "--fork", "--root", bundle / "rootfs", "true"])):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.STDOUT, text=True, timeout=60 * PATIENCE)
        if done.returncode == 0:
            return kind
        print(kind.__name__, done.stdout)
    pytest.skip(f"THE CONTAINER IMAGE IS NOT RUN: neither crun nor unshare may: {done.stdout}")
    return None


class Container:
    """A container with an environment, on an address of its own; without root's rights.

    `space` is a network namespace to run in; a variable that is None is not set.
    """

    def __init__(self, bundle, *, bounding=("net_bind_service",), conf=None, address=None,
                 uid=53, space=None, **environment):
        self.address = address or some_address()
        self.port = 53
        self.bundle, self.bounding, self.conf, self.uid = bundle, bounding, conf, uid
        self.space, self.prefix = space, ["ip", "netns", "exec", space] if space else []
        self.config = json.loads((bundle / "config.json").read_text())
        every = {**dict(one.split("=", 1) for one in self.config["process"]["env"]),
                 "LISTEN": self.address, **environment}
        self.environment = {name: value for name, value in every.items() if value is not None}
        # What a runtime gives that mounts a tmpfs there and knows no better: the directory's mode.
        self.mode = f"{(bundle / 'rootfs/run/knot').stat().st_mode & 0o7777:o}"
        self.name = f"mod-mesos-test-{os.getpid()}-{random.randrange(1 << 30)}"
        self.directory = bundle.parent / self.name
        self.directory.mkdir()

    def command(self):
        """What runs it."""
        raise NotImplementedError

    def pid(self):
        """Its first process, as seen from outside."""
        raise NotImplementedError

    def enter(self, *command):
        """What runs a command in it."""
        raise NotImplementedError

    def __enter__(self):
        with open(self.directory / "log", "wb") as log:
            self.process = subprocess.Popen([*self.prefix, *self.command()], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        return self

    def __exit__(self, failure, *_):
        try:
            if self.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid(), signal.SIGTERM)
            self.process.wait(20 * PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            print(self.said)
        assert failure or self.process.returncode == 0, f"status {self.process.returncode}"

    @property
    def said(self):
        return (self.directory / "log").read_text(errors="replace")

    def ask(self, name, kind):
        with spaces.inside(self.space) if self.space else contextlib.nullcontext():
            return Ask(self.address, self.port, 0.5 * PATIENCE)(name, kind)

    def wait_reply(self, name, kind, fits):
        def answered():
            assert self.process.poll() is None, self.said
            try:
                return fits(self.ask(name, kind))
            except (OSError, dns.exception.DNSException):
                return False
        wait_for(answered, 30, f"{name} {kind}")

    def wait_data(self, name, kind, expected):
        self.wait_reply(name, kind, lambda reply: data(reply, kind) == expected)

    def run(self, *command):
        """A command that has ended, run in it."""
        return subprocess.run([*self.prefix, *map(str, self.enter(*command))],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=30 * PATIENCE, check=False)

    def health(self, *arguments):
        return self.run("/usr/local/bin/health", *arguments)


class Crun(Container):
    def command(self):
        config = self.config
        process, linux = config["process"], config["linux"]
        process["terminal"] = process["noNewPrivileges"] = False  # as Docker has them
        process["user"] = {"uid": self.uid, "gid": self.uid}
        process["env"] = [f"{name}={value}" for name, value in self.environment.items()]
        process["capabilities"] = {"bounding": [f"CAP_{name.upper()}" for name in self.bounding]}
        linux["namespaces"] = [one for one in linux["namespaces"] if one["type"] != "network"]
        linux.pop("resources", None)
        config["root"] = {"path": str(self.bundle / "rootfs"), "readonly": True}
        config["mounts"].append({"destination": "/run/knot", "type": "tmpfs", "source": "tmpfs",
                                 "options": [f"mode={self.mode}"]})
        config["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
                                 "options": ["mode=1777"]})
        if self.conf:
            config["mounts"].append({"destination": "/etc/knot/knot.conf", "type": "bind",
                                     "source": str(self.conf), "options": ["bind", "ro"]})
        (self.directory / "config.json").write_text(json.dumps(config))
        return [*CRUN, "run", "--bundle", self.directory, self.name]

    def __exit__(self, *failure):
        try:
            super().__exit__(*failure)
        finally:
            if self.conf:  # crun has made a file to mount it on.
                (self.bundle / "rootfs/etc/knot/knot.conf").unlink(missing_ok=True)

    def pid(self):
        return json.loads(output(*CRUN, "state", self.name))["pid"]

    def enter(self, *command):
        return [*CRUN, "exec", "--user", f"{self.uid}:{self.uid}", self.name, *command]


# $1: the root directory; $2: a knot.conf or nothing; $3: /run/knot's mode; then a command.
UNSHARED = """
set -eu
mkdir -p "$1/dev" "$1/proc"
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
mount -t tmpfs -o "mode=$3" tmpfs "$1/run/knot"
if [ -n "$2" ]; then
    mount -t tmpfs tmpfs "$1/etc/knot"
    cp "$2" "$1/etc/knot/knot.conf"
fi
mount --rbind /dev "$1/dev"
root=$1
shift 3
exec chroot "$root" "$@"
"""


class Unshared(Container):
    def _unprivileged(self):
        bounds = ",".join(["-all", *(f"+{name}" for name in self.bounding)])
        return ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in self.environment.items()),
                "/usr/bin/setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups",
                "--inh-caps=-all", f"--bounding-set={bounds}"]

    def command(self):
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private",
                "/bin/sh", "-c", UNSHARED, "sh", self.bundle / "rootfs", self.conf or "",
                self.mode, *self._unprivileged(), "/usr/local/bin/start"]

    def pid(self):
        pid = self.process.pid
        return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def enter(self, *command):
        return ["nsenter", f"--target={self.pid()}", "--mount", "--pid", "--root", "--wd",
                *self._unprivileged(), *command]


def some_address():
    return f"127.{random.randrange(64, 128)}.{random.randrange(256)}.53"


def one_task(master):
    master.serve(states.state(master, states.framework(
        "marathon", states.task("web", addresses=["10.1.2.3"]))))


def test_is_small_and_says_what_it_is(image, bundle):
    assert image.stat().st_size < MOST_BYTES
    size = sum(path.lstat().st_size for path in (bundle / "rootfs").rglob("*") if not path.is_dir())
    assert size < MOST_BYTES
    layout = bundle.parent / "layout"
    def blob(descriptor):
        return json.loads((layout / "blobs" / descriptor["digest"].replace(":", "/")).read_text())
    manifest = blob(json.loads((layout / "index.json").read_text())["manifests"][0])
    assert blob(manifest["config"])["created"] > "2026"
    config = blob(manifest["config"])["config"]
    assert config["User"] == "53:53"
    assert set(config["ExposedPorts"]) == {"53/udp", "53/tcp", "8123/tcp"}
    assert config["Healthcheck"]["Test"] == ["CMD", "/usr/local/bin/health"]
    for program in (*config["Entrypoint"], config["Healthcheck"]["Test"][1]):
        assert os.access(f"{bundle}/rootfs{program}", os.X_OK)


def test_serves_as_an_unprivileged_user(runtime, bundle, master):
    one_task(master)
    with runtime(bundle, MESOS_MASTER=master.address) as container:
        container.wait_data("web.marathon.mesos.", "A", ["10.1.2.3"])
        assert data(container.ask("3.2.1.10.in-addr.arpa.", "PTR"), "PTR") == ["web.marathon.mesos."]
        with urllib.request.urlopen(f"http://{container.address}:8123/ready",
                                    timeout=10 * PATIENCE) as reply:
            assert reply.status == 200
        done = container.health()
        assert done.returncode == 0, done.stdout
        status = pathlib.Path(f"/proc/{container.pid()}/status").read_text()
        assert re.search(r"^Name:\s*knotd$", status, re.M)
        assert re.search(r"^Uid:\s*53\s+53\s+53\s+53$", status, re.M)
        assert int(re.search(r"^CapPrm:\s*(\w+)", status, re.M)[1], 16) == 1 << 10  # NET_BIND_SERVICE
        done = container.run("knotc", "zone-status")
        assert done.returncode == 0 and "[mesos.] role: master" in done.stdout, done.stdout


def test_runs_as_any_user(runtime, bundle, master):
    """Some runtimes choose one; port 53 is there for it as well."""
    one_task(master)
    with runtime(bundle, uid=1000, MESOS_MASTER=master.address) as container:
        container.wait_data("web.marathon.mesos.", "A", ["10.1.2.3"])
        status = pathlib.Path(f"/proc/{container.pid()}/status").read_text()
        assert re.search(r"^Uid:\s*1000\s+1000\s+1000\s+1000$", status, re.M)


@pytest.fixture
def space():
    """A network namespace with the addresses 127.0.0.1, ::1 and 198.51.100.1."""
    try:
        with spaces.linked() as (link,):
            yield link.server
    except spaces.Refused as refused:
        pytest.skip(f"NOT TESTED IN A NETWORK OF ITS OWN: {refused}")


@pytest.mark.parametrize("listen, addresses, elsewhere", [
    (None, ["127.0.0.1", "::1", "198.51.100.1"], []), ("::", ["::1"], ["127.0.0.1"]),
    ("::1, 198.51.100.1", ["::1", "198.51.100.1"], ["127.0.0.1"])])
def test_listens_on(runtime, bundle, space, listen, addresses, elsewhere):
    with spaces.inside(space):
        master = Master()
    with master, runtime(bundle, space=space, LISTEN=listen, MESOS_MASTER=master.address) as container:
        one_task(master)
        for address in addresses:
            container.address = address
            container.wait_data("web.marathon.mesos.", "A", ["10.1.2.3"])
        for address in elsewhere:
            container.address = address
            with pytest.raises((OSError, dns.exception.DNSException)):
                container.ask("web.marathon.mesos.", "A")
        done = container.health()
        assert done.returncode == 0, done.stdout


def test_masters_that_zookeeper_names(runtime, bundle, master):
    from ensemble import Ensemble  # Skips the test where there is no ZooKeeper.
    one_task(master)
    with Ensemble() as zookeeper:
        zookeeper.announce(master, 1)
        with runtime(bundle, MESOS_MASTER=f"{zookeeper.url} 127.0.0.1:1") as container:
            container.wait_data("web.marathon.mesos.", "A", ["10.1.2.3"])


def test_odd_path_in_zookeeper_is_text(runtime, bundle):
    """A URI may have characters that mean something to the shell, or to knot.conf."""
    odd = "zk://127.0.0.1:1/$(id)];&"
    with runtime(bundle, MESOS_MASTER=odd) as container:
        container.wait_reply("leader.mesos.", "A", lambda reply: outcome(reply) == "SERVFAIL")
        assert f'master: [ "{odd}" ]' in container.run("cat", "/run/knot/knot.conf").stdout


def test_is_not_well_before_there_is_a_state(runtime, bundle, master):
    """It ends when it is told to all the same, in the middle of the first poll."""
    master.serve(hang)
    with runtime(bundle, MESOS_MASTER=master.address) as container:
        container.wait_reply("leader.mesos.", "A", lambda reply: outcome(reply) == "SERVFAIL")
        with pytest.raises(urllib.error.HTTPError) as unready:
            urllib.request.urlopen(f"http://{container.address}:8123/ready", timeout=10 * PATIENCE)
        assert unready.value.code == 503
        assert container.health().returncode == 1
        assert container.health("/health").returncode == 0


def test_another_domain_and_a_resolver(runtime, bundle, master):
    one_task(master)
    with Knotd() as resolver:
        resolver.zone("example.", "www A 192.0.2.80\n")
        resolver.start()
        with runtime(bundle, MESOS_MASTER=f"127.0.0.1:1, {master.address}", MESOS_DOMAIN="a.b-c",
                     FORWARD_TO=f"127.0.0.1@1 {resolver.address}@{resolver.port}") as container:
            container.wait_data("web.marathon.a.b-c.", "A", ["10.1.2.3"])
            container.wait_data("www.example.", "A", ["192.0.2.80"])
            resolver.stop()
            container.wait_reply("www.example.", "A", lambda reply: outcome(reply) == "REFUSED")
            assert data(container.ask("3.2.1.10.in-addr.arpa.", "PTR"), "PTR") == [
                "web.marathon.a.b-c."]
            # A resolver that is slow holds up those who forward, not all.
            assert "udp-workers: 16\n" in container.run("cat", "/run/knot/knot.conf").stdout


MOUNTED = """\
server:
    rundir: "/run/knot"
    listen: {address}@53
log:
  - target: stderr
    any: info
database:
    storage: "/run/knot"
mod-mesos:
  - id: own
    master: {master}
zone:
  - domain: own.
    file: "/usr/local/share/mod-mesos/mesos.zone"
    module: mod-mesos/own
"""


def test_a_mounted_configuration_wins(runtime, bundle, master, tmp_path):
    one_task(master)
    path, address = tmp_path / "knot.conf", some_address()
    path.write_text(MOUNTED.format(address=address, master=master.address))
    path.chmod(0o644)
    with runtime(bundle, conf=path, address=address, MESOS_MASTER="not used;") as container:
        container.wait_data("web.marathon.own.", "A", ["10.1.2.3"])


def test_runs_without_any_capability_on_other_ports(runtime, bundle, master):
    one_task(master)
    address = some_address()
    with runtime(bundle, bounding=(), address=address, MESOS_MASTER=master.address,
                 LISTEN=f"{address}@5353") as container:
        container.port = 5353
        container.wait_data("web.marathon.mesos.", "A", ["10.1.2.3"])


HOSTILE = ['"', "\\", "\n", "#", "'", "]", "[", "{", "$(id)", "`id`", "\t", "\x7f", "é", "*",
           "x\n    user: root", '" ]\nserver:\n    user: "root', "\r"]


@pytest.mark.parametrize("name, good", [("MESOS_MASTER", "127.0.0.1:5050"), ("MESOS_DOMAIN", "mesos"),
                                        ("LISTEN", "127.0.0.1"), ("FORWARD_TO", "127.0.0.1"),
                                        ("MESOS_MASTER", "zk://127.0.0.1/mesos")])
def test_hostile_values_are_refused(bundle, name, good):
    """None becomes a configuration; asked of the script alone, in the image's root directory."""
    for evil in HOSTILE:
        for value in (evil, good + evil, evil + good, f"{good},{evil}"):
            if good.startswith("zk") and re.fullmatch(r"zk://[]A-Za-z0-9.~:/?@!$&()*+,;=%[_-]+", value):
                continue  # A URI has these characters; quoted, they are text.
            environment = {"MESOS_MASTER": "127.0.0.1:5050", name: value, "PATH": "/usr/bin:/bin"}
            done = subprocess.run(["/usr/sbin/chroot", bundle / "rootfs", "/usr/local/bin/start"],
                                  env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=30 * PATIENCE,
                                  check=False)
            assert done.returncode == 1 and done.stdout.startswith(f"mod-mesos: {name}"), (
                value, done.stdout)
            assert not (bundle / "rootfs/run/knot/knot.conf").exists()
