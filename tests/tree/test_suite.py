# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/run says of a stage: whatever did not run, it says so."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

import suite


@pytest.fixture
def stage(tmp_path, monkeypatch, capfd):
    """Runs a stage of which `found` is what its tests have left; returns its sum and its words."""
    def run(*command, found, **options):
        monkeypatch.setattr(suite, "RESULTS", tmp_path)
        suite.stage("some", tmp_path / "result", lambda _: suite.Sum(*found), command, **options)
        return suite.totals.pop("some"), capfd.readouterr().out
    return run


@pytest.mark.parametrize("found", [(7, 0, 2), (7, 1, 2)], ids=["passing", "failing"])
def test_stage_that_is_cut_off(stage, monkeypatch, found):
    """Also after a test that failed."""
    monkeypatch.setattr(suite, "STAGE_SECONDS", 1)
    total, said = stage("sleep", "600", found=found, never_ran=lambda total: f"{total}!")
    assert (total.passed, total.failed, total.skipped) == (7, found[1] + 1, 2)
    assert f"some: cut off after 1 s: 7 passed, {found[1]} failed, 2 skipped!; 7 passed" in said


def test_tests_that_never_ended(tmp_path):
    """Those that were not selected are none of them."""
    (tmp_path / "test_some.py").write_text("".join(
        f"def test_{number}(): pass\n" for number in range(20)))
    assert suite.left_of_server(suite.Sum(3, 1, 2), [str(tmp_path)]) == "14 of 20 tests never ended"
    assert suite.left_of_server(suite.Sum(3, 1, 2), [str(tmp_path), "-k", "not test_7"]) == (
        "13 of 19 tests never ended")


def test_test_that_was_under_way(tmp_path):
    """pytest has it in its list, without a name."""
    path = tmp_path / "list.xml"
    path.write_text('<testsuites><testsuite><testcase name="a" /><testcase time="0.000" />'
                    '<testcase name="b"><failure /></testcase></testsuite></testsuites>')
    assert str(suite.sum_junit(path)) == "1 passed, 1 failed, 0 skipped"


def test_programs_that_never_ended(tmp_path):
    (tmp_path / "meson.build").write_text("project('some')\n" + "".join(
        f"test('t{number}', find_program('true'))\n" for number in range(5)))
    subprocess.run(["meson", "setup", tmp_path / "build", tmp_path], check=True)
    log = tmp_path / "log"
    assert suite.left_of_units(tmp_path / "build", log, ["--x"]) == (
        "5 of 5 programs of tests never ended")
    log.write_text("{}\n{}\n")
    assert suite.left_of_units(tmp_path / "build", log, []) == (
        "3 of 5 programs of tests never ended")
    assert suite.left_of_units(tmp_path / "build", log, ["t1", "t2", "t3"]) == (
        "1 of 3 programs of tests never ended")


def test_stage_of_no_tests(stage):
    total, said = stage("true", found=(0, 0, 0))
    assert (total.failed, "no test failed, yet the stage did" in said) == (1, True)


def test_suite_without_a_root(stage):
    """Is skipped, and says why."""
    words = "SKIPPED: trixie: no namespaces to be had here"
    total, said = stage("sh", "-c", f"echo more; echo '{words}'; exit {suite.NO_SUCH_ROOT}",
                        found=(0, 0, 0))
    assert (total.passed, total.failed, total.skipped) == (0, 0, 1)
    assert f"some: {words}\n" in said


def test_suite_that_ends_so_after_tests(stage):
    """Is none that was skipped."""
    total, _ = stage("sh", "-c", f"exit {suite.NO_SUCH_ROOT}", found=(3, 0, 0))
    assert (total.failed, total.skipped) == (1, 0)


@pytest.mark.parametrize("text, found", [
    ("x\n12 passed, 3 failed, 4 skipped\n", (12, 3, 4)), ("1 passed, 0 failed, 0 skipped\nx\n", (0, 0, 0)),
    ("", (0, 0, 0))], ids=["last", "before", "none"])
def test_last_line(tmp_path, text, found):
    (tmp_path / "log").write_text(text)
    total = suite.sum_last_line(tmp_path / "log")
    assert (total.passed, total.failed, total.skipped) == found


def test_module_that_is_installed(tmp_path, monkeypatch):
    """All tests of a server would fail for it, none with a word that says so."""
    monkeypatch.setattr(suite, "output", lambda *_: f"{tmp_path}\n")
    monkeypatch.setattr(suite.signal, "signal", None)
    monkeypatch.setattr(sys, "argv", ["tests/run"])
    assert suite.installed() is None
    (tmp_path / "mesos.so").touch()
    with pytest.raises(SystemExit, match=f"tests/run: {tmp_path}/mesos.so is installed"):
        suite.main()


def test_no_root_without_a_program_to_make_it(tmp_path):
    for name in ("dirname", "id", "mktemp", "chmod", "rm", "bash"):
        (tmp_path / name).symlink_to(shutil.which(name))
    done = subprocess.run([TESTS / "elsewhere", "trixie"], stdout=subprocess.PIPE, text=True,
                          env={"PATH": str(tmp_path), "TMPDIR": str(tmp_path)}, check=False)
    assert done.returncode == suite.NO_SUCH_ROOT
    reason = "no mmdebstrap here" if os.getuid() == 0 else "making a root needs root's rights"
    assert done.stdout == f"SKIPPED: trixie: {reason}\n"
    assert not list(tmp_path.glob("mod-mesos-root-*"))


@pytest.fixture
def elsewhere(tmp_path):
    """Runs tests/elsewhere in a copy of the tree that has scripts of our own in `packaging`."""
    namespaces = ["unshare", "--mount", "--pid", "--net", "--fork", "true"]
    if os.getuid() != 0 or subprocess.run(namespaces, check=False).returncode != 0:
        pytest.skip("no namespaces to be had here")
    tree, scratch, programs = tmp_path / "tree", tmp_path / "scratch", tmp_path / "programs"
    for path in (tree / "tests", tree / "packaging", scratch, programs):
        path.mkdir(parents=True)
    shutil.copy(TESTS / "elsewhere", tree / "tests")
    (programs / "mmdebstrap").symlink_to("/bin/true")  # It is only looked for.

    def run(seconds=60, **scripts):
        for name, text in scripts.items():
            path = tree / "packaging" / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{text}\n")
            path.chmod(0o755)
        done = subprocess.run(
            [tree / "tests/elsewhere", "trixie"], stdout=subprocess.PIPE, text=True, check=False,
            env={"PATH": f"{programs}:{os.environ['PATH']}:/usr/sbin:/sbin", "TMPDIR": str(scratch),
                 "ROOT_SECONDS": str(seconds)})
        assert not list(scratch.glob("mod-mesos-root-*"))
        return done.returncode, done.stdout.splitlines()
    return run


# A root with no more in it than what runs the script that is to install packages.
SMALL_ROOT = """\
set -e
mkdir -p "$2/bin" "$2/etc" "$2/proc" "$2/dev" "$2/sys" "$2/root"
ln -s bin "$2/sbin"
mkdir "$2/usr" && ln -s ../bin "$2/usr/bin"
for program in sh env timeout sleep; do
	path=$(command -v $program)
	cp -L "$path" "$2/bin"
	ldd "$path" | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$2${library%/*}"
		cp -L "$library" "$2$library"
	done
done
echo PRETTY_NAME=Debian >"$2/etc/os-release"
"""


@pytest.mark.parametrize("said, reason", [
    ("E: Failed to fetch http://mirror/x.deb  404  Not Found\ndeps: apt-get install failed",
     "E: Failed to fetch http://mirror/x.deb  404  Not Found"),
    ("E: Release file for http://mirror is expired\ndeps: apt-get update failed",
     "E: Release file for http://mirror is expired"),
], ids=["install", "update"])
def test_mirror_that_goes_away(elsewhere, said, reason):
    """After the root has been made: the suite is skipped, and that says why."""
    status, lines = elsewhere(debian_root=SMALL_ROOT, deps=f"echo '{said}' >&2; exit 1")
    assert status == suite.NO_SUCH_ROOT
    assert lines[-1] == f"SKIPPED: trixie: its packages cannot be fetched (see above): {reason}"


def test_package_that_a_suite_has_not(elsewhere):
    """Is a fault, of packaging/deps."""
    status, lines = elsewhere(
        debian_root=SMALL_ROOT,
        deps="echo 'E: Unable to locate package x'; echo 'deps: apt-get install failed'; exit 1")
    assert (status, lines[-2:]) == (1, ["packaging/deps run has failed",
                                        "0 passed, 1 failed, 0 skipped"])


@pytest.mark.parametrize("seconds, scripts, reason", [
    (2, {"debian_root": "sleep 600"}, "there was no root after 2 s"),
    # The root itself takes a while, too, where others are at work.
    (15, {"debian_root": SMALL_ROOT, "deps": "sleep 600"},
     "its packages were not there after 15 s"),
], ids=["root", "packages"])
def test_mirror_that_hangs(elsewhere, seconds, scripts, reason):
    status, lines = elsewhere(seconds, **scripts)
    assert (status, lines[-1]) == (suite.NO_SUCH_ROOT, f"SKIPPED: trixie: {reason}")


def test_other_suites_are_all_but_one():
    others = suite.other_suites()
    assert len(others) == len(suite.SUITES) - 1 and set(others) < set(suite.SUITES)
