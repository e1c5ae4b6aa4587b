# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/debian-root: which archives a root directory is made from."""
import os
import subprocess

import pytest

from knotd import REPOSITORY

# In place of mmdebstrap: what it is called with.
SHOWS = '#!/bin/sh\nprintf "%s\\n" "$@" >"$SHOWN"\n'


@pytest.fixture
def make_root(tmp_path):
    """Makes a root as on a machine that has such archives; gives what of them is used, and words."""
    program = tmp_path / "mmdebstrap"
    program.write_text(SHOWS)
    program.chmod(0o755)
    parts = tmp_path / "empty"
    parts.mkdir()
    conf = tmp_path / "apt.conf"
    conf.write_text(f'Dir::Etc::SourceList "{tmp_path}/list";\nDir::Etc::SourceParts "{parts}";\n'
                    f'Dir::State::Lists "{parts}";\nAcquire::http::Proxy "http://192.0.2.1:3128";\n')

    def run(suite, *lines):
        (tmp_path / "list").write_text("".join(f"deb {line} main\n" for line in lines))
        done = subprocess.run(
            [REPOSITORY / "packaging/debian-root", suite, tmp_path / "root", "--include=more"],
            env={**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin", "APT_CONFIG": str(conf),
                 "SHOWN": str(tmp_path / "shown")},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, timeout=300)
        shown = (tmp_path / "shown").read_text().splitlines()
        assert "--include=more" in shown
        assert '--aptopt=Acquire::http::Proxy "http://192.0.2.1:3128";' in shown
        assert shown[shown.index(suite) + 1] == str(tmp_path / "root")
        return [line for line in shown if line.startswith("deb ")], done.stdout
    return run


@pytest.fixture
def archive(tmp_path):
    """Makes an archive that has suites; returns its URI."""
    def make(name, *suites):
        for suite in suites:
            (tmp_path / name / "dists" / suite).mkdir(parents=True)
            (tmp_path / name / "dists" / suite / "InRelease").write_text("not looked at\n")
        return f"file:{tmp_path}/{name}"
    return make


def test_updates_of_the_suite(make_root, archive):
    """Found by the archives of this machine's own suite, in whatever order."""
    debian = archive("debian", "trixie", "trixie-updates")
    security = archive("security", "trixie-security")
    lines, said = make_root("trixie", f"{security} bookworm-security", f"{debian} bookworm-updates",
                            f"{debian} bookworm")
    assert lines == [f"deb {debian} trixie main", f"deb {debian} trixie-updates main",
                     f"deb {security} trixie-security main"]
    assert said == ""


@pytest.mark.parametrize("of_apt", [True, False], ids=["of-another-suite", "none"])
def test_without_security_updates(make_root, archive, of_apt):
    """Where the mirror has none, there is a root all the same; it is said."""
    debian = archive("debian", "trixie", "trixie-updates")
    security = archive("security", "bookworm-security")
    lines, said = make_root("trixie", f"{debian} bookworm",
                            *([f"{security} bookworm-security"] if of_apt else []))
    assert lines == [f"deb {debian} trixie main", f"deb {debian} trixie-updates main"]
    assert said.count("\n") == 1 and "without trixie-security" in said


def test_without_any_updates(make_root, archive):
    debian = archive("debian", "trixie")
    lines, said = make_root("trixie", f"{debian} stable")
    assert lines == [f"deb {debian} trixie main"]
    assert "without trixie-updates" in said and "without trixie-security" in said


def test_suite_that_has_no_updates(make_root, archive):
    debian = archive("debian", "testing")
    assert make_root("testing", f"{debian} bookworm") == ([f"deb {debian} testing main"], "")
