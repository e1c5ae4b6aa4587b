# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in to DC/OS's IAM, and what masters are told of it."""
import time

import ask
import events
import pytest
import states
import tls
from cryptography.hazmat.primitives import serialization
from iam import KEY, LOGIN, Iam, encode, make_key, pem
from master import Master, cut, document, drip, hang, raw, redirect, silent_listener, status
from ports import free_port
from streams import Streams
from waiting import PATIENCE, wait_for

LOGIN_FAILS = "the login at"


def web(master, app="web", *others):
    return states.state(master, states.framework("marathon", states.task(app), *others))


@pytest.fixture
def iam():
    with Iam() as service:
        yield service


@pytest.fixture
def guarded(iam):
    """A master that takes the service's tokens only."""
    with Master() as master:
        iam.guard(master)
        master.serve(web(master))
        yield master


@pytest.fixture(autouse=True)
def nothing_is_told(server, iam):
    """Neither the key nor any token is ever in a log."""
    yield
    secrets = [line for line in pem(KEY).splitlines() if "-" not in line] + iam.given
    assert not [secret for secret in secrets if secret in server.log]
    assert "token=" not in server.log


def start(server, *masters, **options):
    server.module("cluster", master=list(masters), **{"poll_interval": 1, **options})
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.start()


def wait_app(server, app="web", seconds=10):
    server.wait_until(f"{app}.marathon.mesos.", "A", lambda reply: reply.answer, seconds)


def wait_login_fails(server, *words):
    line = server.wait_log(LOGIN_FAILS, *words)[0]
    assert ask.outcome(server.ask("web.marathon.mesos.")) == "SERVFAIL"
    return line


def test_login(server, iam, guarded, tmp_path):
    """One login serves the state and the events, for as long as it is good."""
    guarded.serve_events(Streams(lambda: web(guarded)))
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"), events="on")
    wait_app(server)
    server.wait_log("following the events")
    for _ in range(3):
        server.poll(guarded)
    assert not iam.faults and iam.logins() == 1
    tokens = {request.headers["Authorization"] for request in guarded.requests}
    assert tokens == {f"token={iam.given[0]}"}
    assert guarded.subscriptions()
    login = iam.last(LOGIN)
    assert "Authorization" not in login.headers
    assert not server.module_lines("fail")


def test_old_form_of_a_key(server, iam, guarded, tmp_path):
    """PKCS #1; and without a scheme, which is RS256 then."""
    key = pem(KEY, serialization.PrivateFormat.TraditionalOpenSSL)
    assert "RSA PRIVATE KEY" in key
    path = iam.account(tmp_path / "account", private_key=key)
    path.write_text(path.read_text().replace('"scheme": "RS256", ', ""))
    start(server, guarded.address, iam_file=path)
    wait_app(server)


def test_refused_token(server, iam, guarded, tmp_path):
    """Another login in the same poll, of which nobody hears."""
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"), poll_interval=60)
    wait_app(server)
    iam.tokens.clear()
    guarded.serve(web(guarded, "again"))
    server.poll(guarded)
    wait_app(server, "again")
    assert iam.logins() == 2
    tokens = [request.headers["Authorization"] for request in guarded.requests[-2:]]
    assert tokens == [f"token={token}" for token in iam.given]
    assert not server.module_lines("fail")


def test_refused_for_ever(server, iam, guarded, tmp_path):
    """A master that takes no token: one more login a poll, and not one after the other."""
    guarded.is_authorized = lambda header: False
    with Master() as other:
        other.is_authorized = lambda header: False
        start(server, guarded.address, other.address,
              iam_file=iam.account(tmp_path / "account"))
        server.wait_log("polls fail", "HTTP status 401: it wants a (better) credential-file or iam")
        server.wait_polls(other, 4)
        # The first poll has the first login as well.
        assert iam.logins() <= other.count() + 2
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "SERVFAIL"


def test_refused_subscription(server, iam, guarded, tmp_path):
    """The token with which the state was read is good no more when it is subscribed."""
    streams = Streams(lambda: web(guarded))

    def refuse_the_first(handler):
        if len(iam.given) == 1:
            iam.tokens.clear()
            status(401, b"401 Unauthorized.")(handler)
        else:
            streams(handler)

    guarded.serve_events(refuse_the_first)
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"), poll_interval=60,
          events="on")
    streams.wait()
    server.wait_log("following the events")
    assert iam.logins() == 2
    tokens = [request.headers["Authorization"] for request in guarded.subscriptions()]
    assert tokens == [f"token={token}" for token in iam.given]
    assert not server.module_lines("no events")


def test_token_that_ends(server, guarded, iam, tmp_path):
    """Another one is there before a master would refuse it."""
    iam.life = 3
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"))
    wait_for(lambda: iam.logins() >= 3, 60, "another login")
    told = {request.headers["Authorization"] for request in guarded.requests}
    assert len(told) >= 2 and not iam.late
    assert not server.module_lines("fail")


def test_token_that_has_ended_already(server, guarded, iam, tmp_path):
    """What is given is used, for a second, and no more is asked for without end."""
    token = f"h.{encode({'exp': 1})}.s"
    iam.tokens.add(token)
    iam.reply = document({"token": token})
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"))
    wait_app(server)
    wait_for(lambda: iam.logins() >= 3, 30, "another login")
    assert iam.logins() <= guarded.count() + 1


def test_token_whose_end_is_told_by_its_makers_clock(server, guarded, iam, tmp_path):
    """A service whose clock is a day behind ours gives tokens that are good for an hour."""
    token = f"h.{encode({'exp': int(time.time()) - 86400 + 3600})}.s"
    iam.tokens.add(token)
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - 86400))
    body = b'{"token": "%b"}' % token.encode()
    iam.reply = raw(f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: {len(body)}\r\n\r\n"
                    .encode() + body)
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"))
    wait_app(server)
    server.wait_polls(guarded, 4)
    assert iam.logins() == 1


def test_changed_account_is_picked_up(server, iam, guarded, tmp_path):
    """Without a reload; a wrong key, then a wrong uid, then the right ones."""
    path = iam.account(tmp_path / "account", private_key=pem(make_key()))
    start(server, guarded.address, iam_file=path)
    line = wait_login_fails(server, "HTTP status 401: it does not take the uid and the private_key")
    assert iam.address in line and guarded.address not in line
    assert "another key" in iam.faults
    iam.account(path, uid="somebody")
    wait_for(lambda: "another account" in iam.faults, 10, "a login of the other account")
    assert not guarded.requests
    iam.account(path)
    wait_app(server)


def test_changed_account_logs_in_at_once(server, iam, guarded, tmp_path):
    """What the old one was given is not used any more."""
    path = iam.account(tmp_path / "account")
    start(server, guarded.address, iam_file=path, poll_interval=60)
    wait_app(server)
    iam.account(path, login_endpoint=iam.url + "?changed")
    iam.posts[LOGIN + "?changed"] = iam.log_in
    server.poll(guarded)
    assert guarded.last().headers["Authorization"] == f"token={iam.given[1]}"


@pytest.mark.parametrize("kind", ["absent", "garbage", "directory"])
def test_bad_file(server, iam, guarded, tmp_path, kind):
    """Polls fail until it is there, in words that name it."""
    path = tmp_path / "account"
    words = {"absent": "cannot be read", "directory": "is not a regular file",
             "garbage": "is not a JSON object"}
    server.module("cluster", master=guarded.address, poll_interval=1, iam_file=path)
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    if kind == "absent":
        server.start()
    else:
        iam.account(path)
        server.start()
        wait_app(server)
        path.unlink()
        path.mkdir() if kind == "directory" else path.write_text("{")
    server.wait_log("polls fail", f"iam-file '{path}' {words[kind]}")
    if kind == "directory":
        path.rmdir()
    iam.account(path)
    server.wait_log("loaded the state" if kind == "absent" else "polls succeed again")
    wait_app(server)


def test_service_is_away(server, guarded, iam, tmp_path):
    """Said once, however many masters there are; nobody is asked without a token."""
    iam.stop()
    with Master() as other:
        iam.guard(other)
        other.serve(web(other))
        start(server, guarded.address, other.address, iam_file=iam.account(tmp_path / "account"))
        line = wait_login_fails(server, f"{iam.address}: Connection refused")
        assert line.count(LOGIN_FAILS) == 1
        assert guarded.address not in line and other.address not in line
        assert not guarded.requests and not other.requests
        iam.start()
        wait_app(server)


def test_service_takes_no_connection(server, guarded, iam, tmp_path):
    with silent_listener() as address:
        path = iam.account(tmp_path / "account", login_endpoint=f"http://{address}/login")
        start(server, guarded.address, iam_file=path)
        wait_login_fails(server, f"{address}: timed out")
    iam.account(path)
    wait_app(server)


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_service_hangs(server, guarded, iam, tmp_path, kind):
    """As long as a poll may take, and no longer."""
    iam.reply = hang if kind == "hang" else drip(b"x" * 1000, 0.2)
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"), poll_timeout=2)
    wait_login_fails(server, "timed out")
    iam.reply = None
    wait_app(server)


def test_hanging_login_holds_up_neither_events_nor_a_stop(server, guarded, iam, tmp_path):
    streams = Streams(lambda: web(guarded))
    guarded.serve_events(streams)
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"), poll_interval=60,
          events="on")
    wait_app(server)
    stream = streams.wait()
    server.wait_log("following the events")
    iam.tokens.clear()
    iam.reply = hang
    server.poll(guarded)
    wait_for(lambda: iam.logins() == 2, 10, "another login")

    added = states.task("late", ports="[31000-31000]")
    framework = states.framework("marathon", added)
    stream.send(events.task_added(framework, added, statuses=False),
                events.task_updated(framework, added))
    began = time.monotonic()
    wait_app(server, "late", 5)
    # A login may take 10 s; it was still under way.
    lines = server.log_lines(LOGIN_FAILS)
    if time.monotonic() - began < 5:
        assert not lines
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 5 * PATIENCE


def test_reload_while_logging_in(server, guarded, iam, tmp_path):
    """What the old instance began is given up; the new one logs in by itself."""
    iam.reply = hang
    path = iam.account(tmp_path / "account")
    start(server, guarded.address, iam_file=path)
    wait_for(lambda: iam.logins() == 1, 10, "a login")
    iam.reply = None
    # Other settings: the cluster's thread is another one.
    server.module("cluster", master=guarded.address, poll_interval=2, iam_file=path)
    began = time.monotonic()
    server.reload()
    wait_app(server)
    # The login that hangs would take 10 s.
    assert time.monotonic() - began < 5 * PATIENCE
    assert not server.log_lines(LOGIN_FAILS)


def test_reloads_that_change_nothing_keep_the_token(server, guarded, iam, tmp_path):
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"))
    wait_app(server)
    for _ in range(3):
        server.reload()
        server.poll(guarded)
    assert iam.logins() == 1


def test_stop_while_logging_in(server, guarded, iam, tmp_path):
    iam.reply = hang
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"))
    wait_for(lambda: iam.logins() == 1, 10, "a login")
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 5 * PATIENCE
    assert not guarded.requests


def test_who_is_asked_beside_a_silent_master(server, guarded, iam, tmp_path):
    """Is told the token as well; and leads to a state."""
    with Master() as silent:
        iam.guard(silent)
        silent.serve(hang)
        start(server, silent.address, guarded.address, iam_file=iam.account(tmp_path / "account"),
              poll_timeout=300)
        wait_app(server, seconds=30)
        assert silent.last().headers["Authorization"] == f"token={iam.given[0]}"
        assert guarded.last().headers["Authorization"] == f"token={iam.given[0]}"
        assert iam.logins() == 1


def long_reply(length):
    return status(200, b'{"token": "' + b"x" * length + b'"}')


@pytest.mark.parametrize("reply, words", [
    (status(200, b"<html>"), "its reply has no token"),
    (status(200, b""), "its reply has no token"),
    (document([1]), "its reply has no token"),
    (document({"token": ""}), "its reply has no token"),
    (document({"token": "a\r\nX-Evil: b"}), "its reply has no token"),
    (document({"token": {"token": "a"}}), "its reply has no token"),
    (status(200, b"[" * 60000), "its reply has no token"),
    (long_reply(65536), "its reply is larger than 64 KiB"),
    (long_reply(5 << 20), "its reply is larger than 64 KiB"),
    (cut(b'{"token": "abc"}', 9), "transferred a partial file"),
    (raw(b"", close=True), "Server returned nothing"),
    (raw(b"SSH-2.0-OpenSSH\r\n", close=True), ""),
    (redirect("/elsewhere"), "it redirects, which a login does not follow"),
    (redirect("http://127.0.0.1:1/", code=302), "it redirects, which a login does not follow"),
    (status(204), "HTTP status 204"),
    (status(400, b"?"), "HTTP status 400: it does not understand the login"),
    (status(403, b"?"), "HTTP status 403: it does not let the account in"),
    (status(404), "HTTP status 404: login_endpoint of iam-file has another path than its"),
    (status(500, b"x" * 100000), "HTTP status 500"),
    (drip(b"x" * 100, 0.01), "its reply has no token"),
], ids=lambda value: value.replace(" ", "-")[:40] if isinstance(value, str) else "")
def test_useless_replies(server, guarded, iam, tmp_path, reply, words):
    iam.reply = reply
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"))
    wait_login_fails(server, words)
    assert not guarded.requests
    iam.reply = None
    wait_app(server)


def test_longest_token(server, guarded, iam, tmp_path):
    iam.tokens.add("x" * 16000)
    iam.reply = long_reply(16000)
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"))
    wait_app(server)


@pytest.fixture
def certificate(tmp_path):
    return tls.self_signed(tmp_path, "iam")


def test_https(server, guarded, certificate, tmp_path):
    """`ca-file` says whom to trust here too."""
    with Iam(tls=tls.server_context(*certificate)) as secure:
        secure.guard(guarded)
        path = secure.account(tmp_path / "account")
        start(server, guarded.address, iam_file=path)
        wait_login_fails(server, "certificate")
        assert not secure.requests
        server.module("cluster", master=guarded.address, poll_interval=1, iam_file=path,
                      ca_file=certificate[0])
        server.reload()
        wait_app(server)


def test_token_goes_to_the_leader(server, guarded, iam, tmp_path):
    """A configured master named it; events come from it as well."""
    streams = Streams(lambda: web(guarded))
    guarded.serve_events(streams)
    with Master() as standby:
        standby.serve(redirect(f"//{guarded.address}/master/state"))
        start(server, standby.address, iam_file=iam.account(tmp_path / "account"), events="on")
        wait_app(server)
        streams.wait()
        assert standby.last().headers["Authorization"] == f"token={iam.given[0]}"
        assert iam.logins() == 1


def test_token_goes_no_further(server, iam, tmp_path):
    """Whom the leader redirects to gets none, and its refusal is no reason to log in again."""
    with Master() as master, Master() as leader, Master() as stranger:
        iam.guard(stranger)
        leader.serve(redirect(f"//{stranger.address}/master/state"))
        master.serve(redirect(f"//{leader.address}/master/state"))
        start(server, master.address, iam_file=iam.account(tmp_path / "account"))
        server.wait_polls(stranger, 3)
        assert master.last().headers["Authorization"]
        assert leader.last().headers["Authorization"]
        assert {request.headers["Authorization"] for request in stranger.requests} == {None}
        assert iam.logins() == 1


def test_login_at_an_unknown_host(server, guarded, iam, tmp_path):
    path = iam.account(tmp_path / "account",
                       login_endpoint=f"http://nobody.invalid:{free_port()}/login")
    start(server, guarded.address, iam_file=path)
    wait_login_fails(server, "nobody.invalid", "host name does not resolve")
    assert not guarded.requests


def test_failed_logins_are_counted(server, guarded, iam, tmp_path):
    iam.stop()
    start(server, guarded.address, iam_file=iam.account(tmp_path / "account"))
    wait_login_fails(server)
    stats = server.knotc("zone-stats", "mesos.", "mod-mesos")
    assert "polls[login]" in stats and "polls[connect]" not in stats
