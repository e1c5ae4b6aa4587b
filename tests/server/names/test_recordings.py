# SPDX-License-Identifier: GPL-3.0-or-later
"""What real masters said loads as it is, or changes nothing where it is no leader's state."""
import golden
import model
import pytest
import recordings
import states
from expected import Expected, serving
from master import Master, raw

REFUSED = [
    "agent-not-master/GET_state",
    "agent-not-master/GET_master_state",
    "no-leader/GET_master_state",
    "auth/noauth_state",
    "leader-rich/GET_master_slaves",
    "leader-rich/POST_api_v1_GET_STATE",
    "v1-errors/bad_json",
    "v1-errors/get_state_gzip",
    "v1-errors/accept_protobuf",
    "failover/127.0.0.1_5051-002-12.7s",
]


def name_of(recording):
    return recording.name


@pytest.mark.parametrize("recording", recordings.STATES, ids=name_of)
def test_recorded_state_loads(recording, master):
    host, _ = model.pid_parts(recording.content["leader"])
    state = golden.move_state(recording.content, master.port)
    records = model.Model(state, [(host, master.port)]).records
    master.serve(raw(recording.moved(master.port)))
    with serving(master) as server:
        assert not Expected(records).differences(server, model.tempting_owners(state))


def test_there_are_recorded_states():
    assert len(recordings.STATES) >= 15
    assert len(recordings.EMPTY_STATES) >= 3


def served_web(master):
    """A small state, to see whether it stays."""
    return states.state(master, states.framework("marathon", states.task("web")))


def assert_nothing_changes(server, master):
    """Lets two more polls end, and sees that the last good state is still served."""
    for _ in range(3):
        server.poll(master)
    assert server.ask("web.marathon.mesos.").answer
    assert server.ask("leader.mesos.").answer


@pytest.mark.parametrize("name", REFUSED)
def test_recorded_refusal_changes_nothing(name, master):
    master.serve(served_web(master))
    with serving(master, poll_interval=1) as server:
        master.serve(raw(recordings.load(name).bytes(), close=True))
        assert_nothing_changes(server, master)


@pytest.mark.parametrize("recording", recordings.EMPTY_STATES, ids=name_of)
def test_recorded_empty_state_changes_nothing(recording, master):
    master.serve(served_web(master))
    with serving(master, poll_interval=1) as server:
        master.serve(raw(recording.moved(master.port)))
        assert_nothing_changes(server, master)


@pytest.mark.parametrize("name", ["nonleader/GET_master_state",
                                  "nonleader-leader-just-died/GET_master_state",
                                  "failover/127.0.0.1_5050-002-17.0s"])
def test_recorded_redirect_is_followed(name, master):
    with Master() as leader:
        leader.serve(served_web(leader))
        master.serve(raw(recordings.load(name).redirected(leader.address)))
        with serving(master) as server:
            assert server.ask("web.marathon.mesos.").answer


def test_recorded_failover(master):
    """Old leader, its death, a standby's redirects, then the new leader: no name is lost."""
    owner = "fake-change.fakes.mesos."
    with Master() as standby, Master() as heir:
        master.serve(raw(recordings.load("failover/127.0.0.1_5051-001-0.0s").moved(master.port)))
        heir.serve(raw(recordings.load("failover/127.0.0.1_5052-004-17.8s").moved(heir.port)))
        standby.serve(raw(recordings.load("failover/127.0.0.1_5050-001-0.0s")
                          .redirected(master.address)))
        with serving(master, standby, poll_interval=1) as server:
            assert server.ask(owner).answer
            master.stop()
            server.wait_polls(standby, standby.count() + 2)
            assert server.ask(owner).answer
            standby.serve(raw(recordings.load("failover/127.0.0.1_5050-002-17.0s")
                              .redirected(heir.address)))
            server.wait_until("_leader._tcp.mesos.", "SRV", lambda reply: any(
                record.port == heir.port for record in reply.answer[0]))
            assert server.ask(owner).answer
