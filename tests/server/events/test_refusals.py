# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaders that refuse to stream, or send on; credentials and TLS towards those that stream."""
import json
import time

import pytest
import recordings
import states
import tls
from following import (FOLLOWING, SOON, Leader, following_all, reasons, start, wait_app,
                       wait_followed, wait_reason)
from master import API, MASTER_API, Master, hang, raw, redirect, status
from waiting import wait_for

CREDENTIAL = ("dns", "s3cret word")

REFUSALS = {
    "unauthorized": (status(401), "401"),
    "forbidden": (status(403), "403"),
    "no-api": (None, "404"),
    "method": (status(405), "405"),
    "unrecovered": (raw(recordings.load("events/unrecovered/lone-leader").bytes()), "503"),
    "nonsense": (raw(b"SSH-2.0-OpenSSH\r\n", close=True), ""),
    "nothing": (raw(b"", close=True), ""),
    "endless-refusal": (raw(b"HTTP/1.1 403 Forbidden\r\n\r\nno"), "403"),
    "gzip": (raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
                 b"4\r\nabcd\r\n"), "content coding"),
    "no-location": (raw(b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\n\r\n"),
                    "Location"),
    "to-itself": (lambda handler: redirect(f"//{handler.headers['Host']}{API}")(handler), "itself"),
    "to-nowhere": (redirect("//127.0.0.1:1/master/api/v1"), "refused"),
    "to-nobody": (redirect("//nobody.invalid:5050/master/api/v1"), "resolve"),
    "to-noise": (redirect("gopher://127.0.0.1:1/"), ""),
    "not-a-stream": (status(200, b"8\n{}"), ""),
}


def test_refusals():
    """They are polled instead, as always, and asked again; a line says so, and one its end."""
    leaders = {f"{way}.": Leader(states.task("web")) for way in REFUSALS}
    for leader, (reply, _) in zip(leaders.values(), REFUSALS.values()):
        leader.serve_events(reply)
    with following_all(leaders, poll_interval=1) as server:
        for zone, (_, reason) in zip(leaders, REFUSALS.values()):
            assert reason in wait_reason(server, zone), zone
        counts = {zone: leader.count() for zone, leader in leaders.items()}
        for leader in leaders.values():
            leader.run("polled")
        for zone, leader in leaders.items():
            wait_app(server, "polled", zone=zone)
            server.wait_polls(leader, counts[zone] + 2)
            wait_for(lambda leader=leader: len(leader.subscriptions()) >= 3, SOON, f"{zone} again")
            assert len(server.module_lines(f"[{zone}]", "events")) == 1
            assert not server.module_lines(f"[{zone}]", "fail")
        for leader in leaders.values():
            leader.serve_events(leader.streams)
        for zone, leader in leaders.items():
            wait_followed(server, leader)
            leader.run("told")
            wait_app(server, "told", zone=zone)
            assert len(server.module_lines(f"[{zone}]", "events")) == 2


def test_another_reason(server, leader):
    """Following again or not is what is said, not each reason by turns."""
    leader.serve_events(status(503))
    start(server, leader, poll_interval=1)
    wait_reason(server, leader)
    for code in (403, 503):
        leader.serve_events(status(code))
        count = len(leader.subscriptions())
        wait_for(lambda count=count: len(leader.subscriptions()) > count + 1, SOON, "tries")
    assert len(reasons(server, leader)) <= 3  # A line for each reason at most.


def test_another_leader_is_subscribed_to_at_once():
    """However often the one before has refused: it is no repetition."""
    leaders = {zone: Leader(states.task("web")) for zone in ("same.", "other.")}
    with Leader(states.task("web")) as heir:
        heir.state["id"] = "heir"
        for leader in leaders.values():
            leader.serve_events(status(403))
        with following_all(leaders, poll_interval="1d") as server:
            for leader in leaders.values():  # Tries come after 1, 2, 4, 8 s.
                wait_for(lambda leader=leader: len(leader.subscriptions()) == 4, SOON, "tries")
            leaders["other."].serve(redirect(f"//{heir.address}/master/state"))
            server.zone_reload("other.")
            wait_followed(server, heir)
            assert len(leaders["same."].subscriptions()) == 4


def test_refusal_does_not_hold_up_polls(server, leader):
    """Nor do requests that nobody answers."""
    leader.serve_events(hang)
    start(server, leader, poll_interval=1)
    wait_app(server, "web")
    leader.run("polled")
    wait_app(server, "polled")
    server.wait_polls(leader, 4)


# Redirects.

def test_redirect_to_the_leader(server, leader):
    """The leader changes between the poll and the subscription: the old one is a standby now."""
    with Leader(states.task("web")) as heir:
        def steps_down(handler):
            leader.serve(redirect(f"//{heir.address}/master/state"))
            leader.serve_events(redirect(f"//{heir.address}{MASTER_API}"))
            leader.events(handler)

        leader.serve_events(steps_down)
        start(server, leader)
        wait_followed(server, heir)
        heir.run("api")
        wait_app(server, "api")
        server.wait_until("_leader._tcp.mesos.", "SRV", lambda reply: any(
            record.port == heir.port for rrset in reply.answer for record in rrset))
        assert not reasons(server, leader) and not reasons(server, heir)


@pytest.mark.parametrize("scheme", ["//", "http://"])
def test_redirect_to_an_address_without_brackets(server, leader, scheme):
    """As masters give those of IPv6."""
    with Leader(states.task("web"), host="::1") as heir:
        heir.state["pid"] = heir.state["leader"] = leader.pid  # The same one, at another address.
        location = f"{scheme}::1:{heir.port}{MASTER_API}"
        leader.serve_events(redirect(location))
        start(server, leader)
        heir.streams.wait(SOON)
        server.wait_log("following the events of leader")
        heir.run("api")
        wait_app(server, "api")


def test_standby_is_not_subscribed_to(server, leader):
    """Who leads is known from the state."""
    with Master() as standby:
        standby.serve(redirect(f"//{leader.address}/master/state"))
        start(server, standby, leader)
        wait_followed(server, leader)
        assert not standby.subscriptions()


def test_redirects_in_a_circle(server, leader):
    """Given up after some, and not tried without a pause."""
    with Master() as other:
        leader.serve_events(redirect(f"//{other.address}{MASTER_API}"))
        other.serve_events(redirect(f"//{leader.address}{MASTER_API}"))
        start(server, leader)
        wait_reason(server, "mesos.")
        wait_for(lambda: len(leader.subscriptions()) >= 2, SOON, "another try")
        began, count = time.monotonic(), len(leader.subscriptions() + other.subscriptions())
        wait_app(server, "web")
        time.sleep(2)
        more = len(leader.subscriptions() + other.subscriptions()) - count
        assert more <= 6 * (2 + time.monotonic() - began)


# Credentials.

def write_credential(path):
    path.write_text(json.dumps(dict(zip(("principal", "secret"), CREDENTIAL))))
    return path


def authorizations(master):
    return {request.headers["Authorization"] for request in master.subscriptions()}


def test_credential(server, tmp_path):
    """A master that wants one; the leader that it names gets it too."""
    with (Leader(states.task("web"), credential=CREDENTIAL) as leader,
          Master(credential=CREDENTIAL) as standby):
        standby.serve(redirect(f"//{leader.address}/master/state"))
        start(server, standby, credential_file=write_credential(tmp_path / "credential"))
        wait_followed(server, leader)
        leader.run("api")
        wait_app(server, "api")
        assert authorizations(leader) == {leader.authorization}


def test_wrong_credential(server, tmp_path):
    """Good for the state only: an account may read one and not the other."""
    with Leader(states.task("web"), credential=CREDENTIAL) as leader:
        leader.serve_events(raw(recordings.load("events/auth/refused-wrong").bytes()))
        start(server, leader, poll_interval=1,
              credential_file=write_credential(tmp_path / "credential"))
        assert "401" in wait_reason(server, leader)
        leader.run("polled")
        wait_app(server, "polled")
        for secret in CREDENTIAL[1], leader.authorization.partition(" ")[2]:
            assert secret not in server.log


def test_credential_goes_no_further(server, tmp_path):
    """The leader that a configured master named sends on to a third: that one gets none."""
    with Leader(states.task("web")) as leader, Master() as standby, Master() as stranger:
        standby.serve(redirect(f"//{leader.address}/master/state"))
        leader.serve_events(redirect(f"//{stranger.address}{MASTER_API}"))
        start(server, standby, credential_file=write_credential(tmp_path / "credential"))
        wait_for(stranger.subscriptions, SOON, "a subscription")
        assert authorizations(stranger) == {None}
        assert None not in authorizations(leader)


# TLS.

@pytest.fixture
def certificate(tmp_path):
    return tls.self_signed(tmp_path, "master")


def test_tls_with_a_client_certificate_and_a_credential(server, certificate, tmp_path):
    client, key = tls.self_signed(tmp_path, "client")
    context = tls.server_context(*certificate, client_ca=client)
    with Leader(states.task("web"), tls=context, credential=CREDENTIAL,
                streams={"heartbeat": 1.0}) as leader:
        server.module("cluster", master=f"https://{leader.address}", poll_interval="1d",
                      ca_file=certificate[0], cert_file=client, key_file=key,
                      credential_file=write_credential(tmp_path / "credential"))
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        server.start()
        stream = wait_followed(server, leader)
        count = leader.count()
        for number in range(20):
            leader.run(f"task{number}")
        wait_app(server, "task19")
        assert all(server.ask(f"task{number}.marathon.mesos.").answer for number in range(20))
        assert leader.count() == count
        assert authorizations(leader) == {leader.authorization}
        leader.run("missed", told=False)
        stream.cut()
        wait_app(server, "missed")
        wait_followed(server, leader, times=2)


def test_redirect_from_https_to_http(server, certificate):
    """Refused."""
    with (Leader(states.task("web"), tls=tls.server_context(*certificate)) as leader,
          Leader() as plain):
        leader.serve_events(redirect(f"http://{plain.address}{MASTER_API}"))
        server.module("cluster", master=f"https://{leader.address}", poll_interval=1,
                      ca_file=certificate[0])
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        server.start()
        assert "https" in wait_reason(server, leader)
        server.wait_polls(leader, 4)
        assert not plain.requests and not server.module_lines(FOLLOWING)
