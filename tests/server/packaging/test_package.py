# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package: what is in it, and its life in a scratch root.

The scratch root is an overlay over this machine's files in a mount namespace of its own: dpkg
installs and removes for real there, and nothing of it is seen outside. Only the network is shared.
"""
import pathlib
import re
import shutil
import signal
import subprocess

import dns.exception
import pytest

import states
from ask import Ask, data
from knotd import REPOSITORY
from ports import free_port
from waiting import PATIENCE, wait_for

PACKAGE = "knot-module-mesos"
EXAMPLES = f"/usr/share/doc/{PACKAGE}/examples"
TOOLS = ("dpkg-buildpackage", "dh")

# All in one process: the package is built once.
pytestmark = [
    pytest.mark.slow, pytest.mark.xdist_group("package"),
    pytest.mark.skipif(not all(map(shutil.which, TOOLS)),
                       reason="no dpkg-buildpackage or no dh here (packaging/deps package)")]


def output(*command, seconds=60, status=0):
    """What a command prints; fails if its exit status is another."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=seconds * PATIENCE,
                          check=False)
    assert done.returncode == status, f"{command}: status {done.returncode}\n{done.stdout}"
    return done.stdout


def pkg_config(*what):
    return output("pkg-config", *what, "knotd").strip()


def module():
    return pathlib.Path(pkg_config("--variable=module_instdir")) / "mesos.so"


def files():
    """Every file of the tree outside .git and the build directories."""
    return {path for path in REPOSITORY.rglob("*")
            if not re.match(r"\.git|build", path.relative_to(REPOSITORY).parts[0])}


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The package, built in a directory of its own."""
    directory = tmp_path_factory.mktemp("package")
    before = files()
    said = output(REPOSITORY / "packaging/build-deb", directory, seconds=300)
    path = pathlib.Path(said.splitlines()[-1])
    assert path.parent == directory and path.is_file()
    assert not list(directory.glob("tree.*"))
    assert files() == before
    return path


def field(package, name):
    return output("dpkg-deb", "--field", package, name).strip()


def test_holds_these_files_and_no_other(package):
    listed = output("dpkg-deb", "--contents", package).splitlines()
    paths = {line.split()[5].removeprefix(".") for line in listed if not line.startswith("d")}
    assert paths == {
        str(module()), "/usr/share/man/man7/knotd-mod-mesos.7.gz",
        *(f"{EXAMPLES}/{name}" for name in ("knot.conf.sample", "mesos.zone", "reverse.zone",
                                             "follow-service", "mesos-dns-to-knot",
                                             "monitoring/grafana.json",
                                             "monitoring/prometheus.yml", "monitoring/rules.yml")),
        *(f"/usr/share/doc/{PACKAGE}/{name}" for name in ("changelog.gz", "copyright")),
        *(f"/usr/share/doc/{PACKAGE}/{path.name}"
          for path in (REPOSITORY / "packaging/doc").glob("*"))}


def published():
    """Who publishes it, as packaging/publisher says."""
    text = (REPOSITORY / "packaging/publisher").read_text()
    return dict(re.findall(r"^(\w+)='(.*)'$", text, re.M))


def test_maintainer_and_homepage_come_from_one_place(package):
    assert set(published()) == {"maintainer", "homepage"}
    assert field(package, "Maintainer") == published()["maintainer"]
    assert field(package, "Homepage") == published()["homepage"]
    changes, = package.parent.glob("*.changes")
    assert f"\nChanged-By: {published()['maintainer']}\n" in changes.read_text()
    listed = subprocess.run(["grep", "-rlF", published()["maintainer"], REPOSITORY / "packaging",
                             REPOSITORY / "README.md", REPOSITORY / "module"], text=True,
                            stdout=subprocess.PIPE, check=False, timeout=60).stdout.split()
    assert listed == [str(REPOSITORY / "packaging/publisher")]


def test_publisher_may_have_any_name_and_page(tmp_path):
    """Also one with characters that mean something to sed."""
    tree = tmp_path / "tree"
    shutil.copytree(REPOSITORY, tree, ignore=lambda folder, names: [
        name for name in names
        if folder == str(REPOSITORY) and re.match(r"[.]git$|build", name)])
    maintainer, homepage = r"A & B | C\D <a@b.example>", "https://a.example/?b=c&d=|e"
    (tree / "packaging/publisher").write_text(
        f"maintainer='{maintainer}'\nhomepage='{homepage}'\n")
    said = output(tree / "packaging/build-deb", tmp_path / "out", seconds=300)
    path = pathlib.Path(said.splitlines()[-1])
    assert field(path, "Maintainer") == maintainer
    assert field(path, "Homepage") == homepage


def test_depends_on_the_series_of_knot_it_is_built_for(package):
    version = pkg_config("--modversion")
    major, minor = map(int, version.split(".")[:2])
    depends = field(package, "Depends").split(", ")
    assert f"knot (>= {version})" in depends
    assert f"knot (<< {major}.{minor + 1}~)" in depends
    assert module().parent.name == f"modules-{major}.{minor}"


def test_has_the_version_of_the_project(package):
    version = re.search(r"version: '([^']+)'", (REPOSITORY / "meson.build").read_text())[1]
    assert field(package, "Version") == version


@pytest.mark.skipif(not shutil.which("lintian"), reason="no lintian here")
def test_lintian_finds_no_fault(package):
    changes, = package.parent.glob("*.changes")
    # As root it would only say that it should not be.
    output("lintian", "--allow-root", "--fail-on", "error,warning", changes, seconds=300)


# Its standard input keeps it alive: it ends with the test, whatever becomes of that.
SCRATCH = """
set -eu
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
# What comes and goes below an overlay may take with it what is in it.
mount -t tmpfs tmpfs "$1/root/run"
mount --rbind /proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
# Ready only when its root is this one: who enters before gets the machine's.
exec chroot "$1/root" /bin/sh -c 'echo ready; exec cat'
"""


class Scratch:
    """A root directory to change, with commands that run in it."""

    def __init__(self, directory):
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private",
             "/bin/sh", "-c", SCRATCH, "sh", directory],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            _, errors = self.process.communicate(timeout=10)
            pytest.skip(f"no scratch root can be made here: {errors.strip()}")
        self.prefix = ["nsenter", f"--target={self.process.pid}", "--mount", "--root", "--wd"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=10)

    def run(self, *command, **options):
        return output(*self.prefix, *command, **options)

    def path(self, name):
        """Where a file of the scratch root is, as seen from outside."""
        return pathlib.Path(f"/proc/{self.process.pid}/root") / str(name).lstrip("/")

    def has(self, name):
        return self.path(name).exists()


class Server:
    """The knotd of the scratch root, with its own configuration and directories."""

    def __init__(self, root, log):
        self.root, self.log = root, log
        self.ask = Ask("127.0.0.1", free_port(), 0.5 * PATIENCE)

    def __enter__(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.root.prefix, "/usr/sbin/knotd"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def __exit__(self, failure, *_):
        alive = self.process.poll() is None
        self.process.terminate()
        try:
            status = self.process.wait(30 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        print(self.log.read_text())
        assert failure or (alive and status == 0), f"knotd: status {status}"

    def configure(self, text):
        self.root.path("/etc/knot/knot.conf").write_text(text)
        self.root.run("/usr/sbin/knotc", "conf-check")

    def wait_data(self, name, kind, expected):
        def answered():
            assert self.process.poll() is None, self.log.read_text()
            try:
                return data(self.ask(name, kind), kind) == expected
            except dns.exception.DNSException:
                return False
        wait_for(answered, 10, f"{name} {kind} to be {expected}")

    def knotc(self, *arguments, **options):
        return self.root.run("/usr/sbin/knotc", *arguments, **options)


PLAIN = """\
server:
    rundir: "/run/knot"
    user: knot:knot
    listen: 127.0.0.1@{port}
log:
  - target: stderr
    any: info
zone:
  - domain: mesos.
    storage: "/var/lib/knot"
    file: "mesos.zone"
"""


def with_version(package, version, directory):
    """The same package with another version."""
    output("dpkg-deb", "--raw-extract", package, directory / "tree")
    control = directory / "tree/DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*", f"Version: {version}", control.read_text(),
                              flags=re.M))
    path = directory / f"{PACKAGE}_{version}.deb"
    output("dpkg-deb", "--root-owner-group", "--build", directory / "tree", path)
    return path


@pytest.fixture
def root(package, tmp_path):
    with Scratch(tmp_path) as scratch:
        if not scratch.has("/usr/sbin/knotd"):
            pytest.skip("no knotd here")
        # What systemd does for the service.
        scratch.run("install", "--directory", "--owner=knot", "--group=knot", "/run/knot")
        yield scratch


def dpkg(root, *arguments):
    return root.run("dpkg", f"--path-include=/usr/share/doc/{PACKAGE}/*", *arguments, seconds=120)


def install(root, package):
    shutil.copy(package, root.path("/root"))
    dpkg(root, "--install", f"/root/{package.name}")


def sample(root, server, master):
    """The installed sample with its addresses changed, and the log where it is seen."""
    text = root.path(f"{EXAMPLES}/knot.conf.sample").read_text()
    for old, new in [(r"master: \[.*\]", f"master: {master.address}"),
                     (r"listen: \[.*\]", f"listen: 127.0.0.1@{server.ask.port}"),
                     (r"target: syslog", "target: stderr")]:
        text, count = re.subn(old, new, text)
        assert count == 1, old
    return text


def test_scratch_root_has_a_run_of_its_own(root):
    """Daemons of this machine, and of other tests, come and go in its own."""
    assert root.run("ls", "/run").split() == ["knot"]


def test_install_serve_upgrade_remove(package, root, master, tmp_path_factory):
    directory = tmp_path_factory.mktemp("life")
    server = Server(root, directory / "log")
    master.serve(states.state(master, states.framework(
        "marathon", states.task("web", addresses=["10.1.2.3"]))))
    web = ("web.marathon.mesos.", "A", ["10.1.2.3"])

    install(root, package)
    assert root.has(module())
    root.run("cp", f"{EXAMPLES}/mesos.zone", f"{EXAMPLES}/reverse.zone", "/var/lib/knot")
    server.configure(sample(root, server, master))
    with server:
        server.wait_data(*web)
        server.wait_data("3.2.1.10.in-addr.arpa.", "PTR", ["web.marathon.mesos."])

        # An upgrade under a running knotd: it goes on with the module it has until it ends.
        newer = field(package, "Version") + "+newer"
        install(root, with_version(package, newer, directory))
        server.wait_data(*web)
        server.knotc("reload")
        server.wait_data(*web)

    with server:
        server.wait_data(*web)
        # A removal too soon: knotd goes on with what it has, and says why it cannot reload.
        dpkg(root, "--remove", PACKAGE)
        assert not root.has(module())
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "unknown module 'mod-mesos'" in server.log.read_text(), 10,
                 "knotd to say that it cannot reload")
        server.wait_data(*web)

    server.configure(PLAIN.format(port=server.ask.port))
    with server:
        server.wait_data("ns.mesos.", "A", ["127.0.0.1"])
        # Installing does no more than make the module known.
        install(root, package)
        server.knotc("reload")
        server.wait_data("ns.mesos.", "A", ["127.0.0.1"])
        dpkg(root, "--purge", PACKAGE)
        server.knotc("reload")
        server.wait_data("ns.mesos.", "A", ["127.0.0.1"])

    for path in (module(), f"/usr/share/doc/{PACKAGE}", "/usr/share/man/man7/knotd-mod-mesos.7.gz",
                 f"/var/lib/dpkg/info/{PACKAGE}.list"):
        assert not root.has(path), path


def test_the_test_of_the_package(package, root, tmp_path):
    """What autopkgtest runs, from the unpacked source package, against the installed package."""
    source, = package.parent.glob("*.dsc")
    output("dpkg-source", "--extract", source, tmp_path / "source")
    control = (tmp_path / "source/debian/tests/control").read_text()
    test, = re.search(r"^Tests: (.*)$", control, re.M)[1].split()
    install(root, package)
    shutil.copytree(tmp_path / "source", root.path("/root/source"))
    root.run("mkdir", "/root/tmp")
    command = f"cd /root/source && AUTOPKGTEST_TMP=/root/tmp debian/tests/{test}"
    said = root.run("sh", "-c", command, seconds=120)
    assert re.search(r"^web[.]marathon[.]mesos A: 10[.]", said, re.M), said

    # It fails where the module is not there.
    dpkg(root, "--remove", PACKAGE)
    root.run("rm", "-r", "/root/tmp")
    root.run("mkdir", "/root/tmp")
    root.run("sh", "-c", f"{command} && exit 3 || exit 7", seconds=120, status=7)


def test_is_not_installed_beside_another_series_of_knot(package, root):
    shutil.copy(package, root.path("/root"))
    status = root.path("/var/lib/dpkg/status")
    major, minor = map(int, pkg_config("--modversion").split(".")[:2])
    changed, count = re.subn(r"(?<=\nPackage: knot\n)((?:.+\n)*?)Version: .*",
                             rf"\g<1>Version: {major}.{minor + 1}.0-1", status.read_text())
    assert count == 1
    status.write_text(changed)
    said = root.run("dpkg", "--install", f"/root/{package.name}", status=1)
    assert f"{PACKAGE} depends on knot (<< {major}.{minor + 1}~)" in said


def test_meson_installs_what_the_package_holds(package, tmp_path):
    """Except for what only packages have; from what is built for the other tests."""
    build = REPOSITORY / "build"
    if not (build / "packaging/knotd-mod-mesos.7").exists():
        pytest.skip("nothing is built in build/")
    output("meson", "install", "-C", build, "--no-rebuild", "--destdir", tmp_path)
    installed = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert (tmp_path / str(module()).lstrip("/")).is_file()
    packaged = output("dpkg-deb", "--contents", package)
    names = {line.split("/")[-1].removesuffix(".gz") for line in packaged.splitlines()}
    assert installed == names - {"", "changelog", "copyright"}
