# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/deps: what it says of packages that are missing."""
import os
import subprocess

import pytest

from knotd import REPOSITORY


@pytest.fixture
def deps(tmp_path):
    """Runs it as a user without root's rights, where nothing is installed and apt knows some names."""
    def run(what, known):
        for name, text in {"id": "echo 1000", "sudo": "exit 1", "dpkg-query": "exit 1",
                           "apt-get": "exit 1",
                           "apt-cache": f"""case " {' '.join(known)} " in
*" $2 "*) printf '%s:\\n  Installed: (none)\\n  Candidate: 1.0-1\\n' "$2" ;;
esac"""}.items():
            path = tmp_path / name
            path.write_text(f"#!/bin/sh\n{text}\n")
            path.chmod(0o755)
        return subprocess.run([REPOSITORY / "packaging/deps", what], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False,
                              env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    return run


@pytest.mark.parametrize("known, named", [
    (["python3-libknot", "knot-resolver"], {"python3-libknot", "knot-resolver"}),
    (["knot-exporter", "python3-libknot", "knot-resolver6"], {"knot-exporter", "knot-resolver6"}),
    ([], {"knot-exporter", "knot-resolver"})], ids=["older", "newer", "unknown"])
def test_names_packages_that_there_are(deps, known, named):
    """Where two Debians have two names for one; what it says is to be pasted."""
    done = deps("test", known)
    assert (done.returncode, done.stdout) == (1, "")
    line, = done.stderr.splitlines()
    start = ("deps: packages are missing; as root, run: apt-get install --no-install-recommends ")
    assert line.startswith(start)
    words = line.removeprefix(start).split()
    assert set(words) & {"knot-exporter", "python3-libknot", "knot-resolver", "knot-resolver6"} == named
    assert len(words) == len(set(words)) and not any("|" in word for word in words)
