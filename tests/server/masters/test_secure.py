# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials and TLS towards the masters."""
import json

import ask
import pytest
import states
import tls
from knotd import WRAPPER
from master import Master, redirect
from network import MOUNT, is_permitted
from ports import free_port

CREDENTIAL = ("dns", "s3cret word")


def web(master, app="web"):
    return states.state(master, states.framework("marathon", states.task(app)))


def start(server, *masters, **options):
    server.module("cluster", master=list(masters), poll_interval=1, **options)
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.start()


def wait_app(server, app="web"):
    server.wait_ready(f"{app}.marathon.mesos.")


def write_credential(path, credential=CREDENTIAL):
    path.write_text(json.dumps(dict(zip(("principal", "secret"), credential))))
    return path


@pytest.fixture
def locked():
    """A master that wants a credential."""
    with Master(credential=CREDENTIAL) as master:
        master.serve(web(master))
        yield master


def assert_never_loads(server, master):
    server.wait_polls(master, master.count() + 3)
    assert ask.outcome(server.ask("web.marathon.mesos.")) == "SERVFAIL"


def test_basic_authentication(server, locked, tmp_path):
    start(server, locked.address, credential_file=write_credential(tmp_path / "credential"))
    wait_app(server)
    assert locked.last().headers["Authorization"] == locked.authorization


def test_without_credential(server, locked):
    start(server, locked.address)
    assert_never_loads(server, locked)
    assert "401" in server.module_lines()[-1]


def test_changed_credential_is_picked_up(server, locked, tmp_path):
    """Without a reload."""
    path = write_credential(tmp_path / "credential", ("dns", "old"))
    start(server, locked.address, credential_file=path)
    assert_never_loads(server, locked)
    write_credential(path)
    wait_app(server)


def test_credential_goes_to_the_leader(server, locked, tmp_path):
    """A configured master named it."""
    with Master(credential=CREDENTIAL) as standby:
        standby.serve(redirect(f"//{locked.address}/master/state"))
        start(server, standby.address, credential_file=write_credential(tmp_path / "credential"))
        wait_app(server)


def test_credential_goes_no_further(server, tmp_path):
    """The leader that a configured master named redirects to a third: that one gets none."""
    with Master() as master, Master() as leader, Master() as stranger:
        stranger.serve(web(stranger))
        leader.serve(redirect(f"//{stranger.address}/master/state"))
        master.serve(redirect(f"//{leader.address}/master/state"))
        start(server, master.address, credential_file=write_credential(tmp_path / "credential"))
        server.wait_polls(stranger, 1)
        assert master.last().headers["Authorization"]
        assert leader.last().headers["Authorization"]
        assert {request.headers["Authorization"] for request in stranger.requests} == {None}


@pytest.mark.parametrize("path", ["/elsewhere", "/master/state"])
def test_credential_stays_with_the_leader(server, locked, tmp_path, path):
    """The leader that a configured master named sends on to another path of its own."""
    with Master(credential=CREDENTIAL) as standby:
        locked.serve(web(locked), path=path)
        if path != "/master/state":
            locked.serve(redirect(path))
        standby.serve(redirect(f"//{locked.address}/master/state"))
        start(server, standby.address, credential_file=write_credential(tmp_path / "credential"))
        wait_app(server)


def test_secret_is_not_logged(server, locked, tmp_path):
    path = write_credential(tmp_path / "credential", ("dns", "wr0ng-secret"))
    start(server, locked.address, credential_file=path)
    assert_never_loads(server, locked)
    assert "wr0ng-secret" not in server.log
    assert locked.last().headers["Authorization"].partition(" ")[2] not in server.log


@pytest.fixture
def certificate(tmp_path):
    return tls.self_signed(tmp_path, "master")


@pytest.fixture
def secure(certificate):
    """A master that speaks TLS only."""
    with Master(tls=tls.server_context(*certificate)) as master:
        master.serve(web(master))
        yield master


def test_https(server, secure, certificate):
    start(server, f"https://{secure.address}", ca_file=certificate[0])
    wait_app(server)


def test_https_of_unknown_master(server, secure):
    """The system's authorities do not know it."""
    start(server, f"https://{secure.address}")
    assert_refuses_connection(server, secure)


@pytest.mark.skipif(not is_permitted(), reason="unshare is not permitted")
@pytest.mark.parametrize("place", ["directory", "file"])
def test_ca_file_replaces_the_systems(server, secure, certificate, tmp_path, place):
    """An authority that only the system knows counts without a ca-file, and not with one.

    The system's are a file and a directory: here knotd sees others in their place.
    """
    directory = tmp_path / "certs"
    directory.mkdir()
    bundle = directory / "ca-certificates.crt"
    ours, _ = tls.self_signed(tmp_path, "ours")
    bundle.write_bytes((certificate[0] if place == "file" else ours).read_bytes())
    if place == "directory":
        (directory / "master.pem").write_bytes(certificate[0].read_bytes())
    server.wrapper = [*MOUNT, f"{directory}=/etc/ssl/certs", "--", *WRAPPER]
    start(server, f"https://{secure.address}")
    wait_app(server)
    server.module("cluster", master=f"https://{secure.address}", poll_interval=1, ca_file=ours)
    server.reload()
    server.wait_log("polls fail", "certificate")
    asked = secure.count()
    secure.serve(web(secure, "unseen"))
    server.module("cluster", master=f"https://{secure.address}", poll_interval=1,
                  ca_file=certificate[0])
    assert secure.count() == asked
    server.reload()
    wait_app(server, "unseen")


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_no_proxy_of_the_environment(server, master, secure, certificate, monkeypatch, name):
    """Masters are asked by knotd itself, whatever whoever started it has in its environment."""
    monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("no_proxy", "")
    master.serve(redirect(f"https://{secure.address}/master/state"))
    start(server, master.address, ca_file=certificate[0])
    wait_app(server)
    assert not server.module_lines("fail")


def test_no_netrc(server, locked, monkeypatch, tmp_path):
    """Nor is its password file told to anybody."""
    (tmp_path / ".netrc").write_text("default login dns password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    start(server, locked.address)
    assert_never_loads(server, locked)
    assert {request.headers["Authorization"] for request in locked.requests} == {None}


def test_https_of_other_name(server, tmp_path):
    """The right authority, but a certificate of another address."""
    certificate = tls.self_signed(tmp_path, "other", "127.0.0.9")
    with Master(tls=tls.server_context(*certificate)) as master:
        master.serve(web(master))
        start(server, f"https://{master.address}", ca_file=certificate[0])
        assert_refuses_connection(server, master)


def assert_refuses_connection(server, master):
    """Polls fail before a request is sent, and a line of the log says so."""
    server.wait_log("certificate")
    assert not master.requests
    assert ask.outcome(server.ask("web.marathon.mesos.")) == "SERVFAIL"


def test_client_certificate(server, certificate, tmp_path):
    client, key = tls.self_signed(tmp_path, "client")
    with Master(tls=tls.server_context(*certificate, client_ca=client)) as master:
        master.serve(web(master))
        start(server, f"https://{master.address}", ca_file=certificate[0], cert_file=client,
              key_file=key)
        wait_app(server)


def test_missing_client_certificate(server, certificate, tmp_path):
    client, _ = tls.self_signed(tmp_path, "client")
    with Master(tls=tls.server_context(*certificate, client_ca=client)) as master:
        master.serve(web(master))
        start(server, f"https://{master.address}", ca_file=certificate[0])
        server.wait_log("module 'mod-mesos/", master.address)
        assert not master.requests
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "SERVFAIL"


def test_changed_certificate_is_picked_up(server, certificate, tmp_path):
    """The file of authorities knows the master only later; no reload."""
    unknown, _ = tls.self_signed(tmp_path, "unknown")
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(unknown.read_bytes())
    with Master(tls=tls.server_context(*certificate)) as master:
        master.serve(web(master))
        start(server, f"https://{master.address}", ca_file=trusted)
        assert_refuses_connection(server, master)
        trusted.write_bytes(certificate[0].read_bytes())
        wait_app(server)


def test_redirect_keeps_https(server, secure, certificate):
    """`//HOST:PORT` has no scheme: the one of the request stays."""
    with Master(tls=tls.server_context(*certificate)) as leader:
        leader.serve(web(leader, "leads"))
        secure.serve(redirect(f"//{leader.address}/master/state"))
        start(server, f"https://{secure.address}", ca_file=certificate[0])
        wait_app(server, "leads")


def test_redirect_from_https_to_http(server, secure, certificate):
    """Refused."""
    with Master() as plain:
        plain.serve(web(plain))
        secure.serve(redirect(f"http://{plain.address}/master/state"))
        start(server, f"https://{secure.address}", ca_file=certificate[0])
        server.wait_polls(secure, 3)
        assert not plain.requests
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "SERVFAIL"


def test_redirect_from_http_to_https(server, secure, certificate):
    with Master() as plain:
        plain.serve(redirect(f"https://{secure.address}/master/state"))
        start(server, plain.address, ca_file=certificate[0])
        wait_app(server)
