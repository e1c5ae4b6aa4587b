# SPDX-License-Identifier: GPL-3.0-or-later
"""Each golden state, served to a real knotd, gives exactly its records, forward and reverse."""
import golden
import model
import pytest
from expected import Expected, serving


@pytest.mark.parametrize("path", golden.FILES, ids=golden.name_of)
def test_golden_records(path, master):
    state = golden.state(path)
    _, port = model.pid_parts(state["leader"])
    records = golden.move_records(golden.records(path), port, master.port)
    master.serve(golden.move_state(state, master.port))
    with serving(master, **golden.options(path)) as server:
        candidates = golden.owners() | model.tempting_owners(state)
        assert not Expected(records).differences(server, candidates)


def test_there_are_golden_files():
    assert len(golden.FILES) >= 7
    assert sum(len(golden.records(path)) for path in golden.FILES) > 1000


def test_differences_are_found(master):
    """The comparison itself sees what is missing, what is too much and what is different."""
    path = next(path for path in golden.FILES if path.parent.name == "quirks")
    master.serve(golden.move_state(golden.state(path), master.port))
    records = golden.move_records(golden.records(path), 5050, master.port)
    leader, other = ("leader.mesos.", "A", "127.0.0.1"), ("leader.mesos.", "A", "127.0.0.2")
    with serving(master, **golden.options(path)) as server:
        for wrong in (records - {leader}, records | {other}, records - {leader} | {other}):
            found = Expected(wrong).differences(server, golden.owners())
            assert found and all("leader.mesos. " in line for line in found)
