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


def test_no_root_without_a_program_to_make_it(tmp_path):
    for name in ("dirname", "id", "mktemp", "chmod", "rm", "bash"):
        (tmp_path / name).symlink_to(shutil.which(name))
    done = subprocess.run([TESTS / "elsewhere", "trixie"], stdout=subprocess.PIPE, text=True,
                          env={"PATH": str(tmp_path), "TMPDIR": str(tmp_path)}, check=False)
    assert done.returncode == suite.NO_SUCH_ROOT
    reason = "no mmdebstrap here" if os.getuid() == 0 else "making a root needs root's rights"
    assert done.stdout == f"SKIPPED: trixie: {reason}\n"
    assert not list(tmp_path.glob("mod-mesos-root-*"))


def test_other_suites_are_all_but_one():
    others = suite.other_suites()
    assert len(others) == len(suite.SUITES) - 1 and set(others) < set(suite.SUITES)
