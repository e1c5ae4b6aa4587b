# SPDX-License-Identifier: GPL-3.0-or-later
"""Real readers: curl, haproxy and nginx with what packaging/follow-service writes, Prometheus."""
import contextlib
import http.server
import json
import socket
import subprocess
import threading
import urllib.request

import pytest
import states
from expected import serving
from knotd import REPOSITORY, Knotd
from ports import free_port
from programs import needs, running
from waiting import wait_for
from web import Web

SERVICE = "_http._web._tcp.f.mesos"
FOLLOW = REPOSITORY / "packaging/follow-service"


def state(master, *ports):
    """An instance of a service at each of these ports of the agent on loopback."""
    return states.state(master, states.framework("f", *[
        states.task("web", id=f"web.{port}", addresses=["127.0.0.1"],
                    discovery=states.discovery("web", (port, "http", "tcp")))
        for port in ports]), agents=[states.agent(0, "127.0.0.1")])


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "--max-time", "20", *arguments], text=True, check=True,
                          stdout=subprocess.PIPE).stdout


@contextlib.contextmanager
def followed(master, port, **options):
    with serving(master, http=f"127.0.0.1@{port}", poll_interval=1, ip_source=["netinfo"],
                 **options) as server:
        server.wait_ready(SERVICE, "SRV")
        yield server


@needs("curl")
def test_curl(master):
    """What a shell script does."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    master.serve(state(master, 8001, 8002))
    with followed(master, port):
        leader = json.loads(curl(f"{base}/v1/hosts/leader.mesos"))
        assert leader == [{"host": "leader.mesos.", "ip": "127.0.0.1"}]
        found = json.loads(curl(f"{base}/v1/services/{SERVICE}."))
        assert sorted(one["port"] for one in found) == ["8001", "8002"]
        assert curl("-I", f"{base}/v1/version").startswith("HTTP/1.1 200 ")
        assert json.loads(curl("--http1.0", "--compressed", f"{base}/v1/axfr"))["Domain"] == "mesos"
        # Two requests on one connection.
        both = curl("-w", "%{num_connects} ", f"{base}/health", f"{base}/ready")
        assert both.replace("\n", " ").split() == ["ok", "1", "ready", "0"]
        lines = curl(f"{base}/v1/records").splitlines()
        assert [line.split()[-1] for line in lines if line.startswith("web.f.mesos.")] == [
            "127.0.0.1"]
        failed = subprocess.run(["curl", "-sf", f"{base}/nothing"], check=False)
        assert failed.returncode == 22
        index = next(line.split()[1] for line in curl(
            "-D", "-", "-o", "/dev/null", f"{base}/v1/services/{SERVICE}").splitlines()
            if line.lower().startswith("x-index:"))
        waiting = subprocess.Popen(
            ["curl", "-sS", f"{base}/v1/services/{SERVICE}?index={index}&wait=60s"],
            stdout=subprocess.PIPE, text=True)
        master.serve(state(master, 8003))
        assert [one["port"] for one in json.loads(waiting.communicate(timeout=60)[0])] == ["8003"]


class Backend:
    """A web server that says which one it is."""

    def __init__(self):
        self.port = free_port()
        content = str(self.port).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format, *args):
                """Says nothing."""
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def fetched(port):
    """Who answers at a port, None if nobody does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as reply:
            return int(reply.read())
    except (OSError, ValueError):
        return None


def follow(kind, port, path, *command):
    return [str(FOLLOW), kind, f"http://127.0.0.1:{port}/v1/services/{SERVICE}", str(path),
            *command]


def wait_answering(port, backends):
    """Waits until these backends answer in turn, and no other one does."""
    wanted = {backend.port for backend in backends}
    wait_for(lambda: {fetched(port) for _ in range(4 * len(wanted))} == wanted, 30,
             f"{wanted} at the balancer")


HAPROXY = """\
global
    stats socket {directory}/admin.sock level admin
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend front
    bind 127.0.0.1:{front}
    default_backend web
"""


@needs("haproxy")
def test_haproxy(master, tmp_path):
    """A balancer whose servers follow the service: written, reloaded, changed, gone, back."""
    port, front = free_port(), free_port()
    (tmp_path / "haproxy.cfg").write_text(HAPROXY.format(directory=tmp_path, front=front))
    servers, pid = tmp_path / "web.cfg", tmp_path / "pid"
    with Backend() as one, Backend() as two, Backend() as three:
        master.serve(state(master, one.port, two.port))
        with followed(master, port), running(
                follow("haproxy", port, servers, "sh", "-c",
                       f"[ ! -s {pid} ] || kill -USR2 $(cat {pid})"), tmp_path / "follow.log"):
            wait_for(servers.exists, what="the file")
            with running(["haproxy", "-W", "-db", "-p", str(pid), "-f",
                          str(tmp_path / "haproxy.cfg"), "-f", str(servers)],
                         tmp_path / "haproxy.log"):
                wait_answering(front, [one, two])
                master.serve(state(master, two.port, three.port))
                wait_answering(front, [two, three])
                master.serve(state(master))
                wait_for(lambda: fetched(front) is None, 30, "no server")
                master.serve(state(master, one.port))
                wait_answering(front, [one])


NGINX = """\
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/web.conf;
    server {{
        listen 127.0.0.1:{front};
        location / {{ proxy_pass http://web; }}
    }}
}}
"""


@needs("nginx")
def test_nginx(master, tmp_path):
    port, front = free_port(), free_port()
    config = tmp_path / "nginx.conf"
    config.write_text(NGINX.format(directory=tmp_path, front=front))
    upstream, pid = tmp_path / "web.conf", tmp_path / "nginx.pid"
    with Backend() as one, Backend() as two:
        master.serve(state(master, one.port))
        with followed(master, port), running(
                follow("nginx", port, upstream, "sh", "-c",
                       f"[ ! -s {pid} ] || kill -HUP $(cat {pid})"), tmp_path / "follow.log"):
            wait_for(upstream.exists, what="the file")
            with running(["nginx", "-e", str(tmp_path / "early.log"), "-c", str(config)],
                         tmp_path / "nginx.out"):
                wait_answering(front, [one])
                master.serve(state(master, one.port, two.port))
                wait_answering(front, [one, two])
                master.serve(state(master))
                wait_for(lambda: fetched(front) is None, 30, "no server")


def test_prometheus_targets(master, tmp_path):
    """A file for `file_sd_configs`: whole at any time, IPv6 in brackets, empty without a task."""
    port, path = free_port(), tmp_path / "web.json"

    def targets():
        found = json.loads(path.read_text())
        assert [set(group) for group in found] == [{"targets", "labels"}]
        return found[0]["targets"]
    master.serve(state(master, 8001))
    with followed(master, port), running(follow("prometheus", port, path), tmp_path / "log"):
        wait_for(path.exists, what="the file")
        assert targets() == ["127.0.0.1:8001"]
        content = state(master, 8002)
        status = content["frameworks"][0]["tasks"][0]["statuses"][0]
        status["container_status"]["network_infos"][0]["ip_addresses"].append(
            {"ip_address": "fd00::1"})
        master.serve(content)
        wait_for(lambda: targets() == ["127.0.0.1:8002", "[fd00::1]:8002"], what="both addresses")
        master.serve(state(master))
        wait_for(lambda: targets() == [], what="no target")
        master.serve(state(master, 8003))
        wait_for(lambda: targets() == ["127.0.0.1:8003"], what="the new target")


def test_follow_service_goes_on(master, tmp_path):
    """Nobody there at first, then a server that restarts: the file stays until it is known better."""
    port, path = free_port(), tmp_path / "web.json"
    master.serve(state(master, 8001))
    with running(follow("prometheus", port, path), tmp_path / "log"):
        wait_for(lambda: "refused" in (tmp_path / "log").read_text(), what="a complaint")
        assert not path.exists()
        with followed(master, port):
            wait_for(path.exists, what="the file")
            before = path.read_text()
            assert "127.0.0.1:8001" in before
        with socket.create_server(("127.0.0.1", port)):
            assert path.read_text() == before
        master.serve(state(master, 8002))
        with followed(master, port):
            wait_for(lambda: "127.0.0.1:8002" in path.read_text(), 30, "the new target")


def test_follow_service_runs_a_command_again_that_has_failed(master, tmp_path):
    """The file says what is new by then, and nobody has been told of it."""
    port, path, count = free_port(), tmp_path / "web.json", tmp_path / "count"
    master.serve(state(master, 8001))
    command = ("sh", "-c", f"echo x >>{count}; [ $(wc -l <{count}) -ge 3 ]")
    with followed(master, port), running(follow("prometheus", port, path, *command),
                                         tmp_path / "log"):
        wait_for(lambda: count.exists() and count.read_text().count("x") == 3,
                 what="the third run")
        assert (tmp_path / "log").read_text().count("non-zero exit status") == 2
        master.serve(state(master, 8002))
        wait_for(lambda: count.read_text().count("x") > 3, what="the run for another target")


@pytest.mark.parametrize("zones", [1, 3])
def test_stop_is_no_change(master, zones):
    """knotd ends: nobody who waits is told that the service is gone, only that nobody is there."""
    port = free_port()
    master.serve(state(master, 8001))
    with Knotd() as server:
        server.module("cluster", master=master.address, http=f"127.0.0.1@{port}",
                      ip_source=["netinfo"])
        for zone in ("mesos.", "a.other.", "b.other.")[:zones]:
            server.zone(zone, modules=["mod-mesos/cluster"])
        server.start()
        server.wait_ready(SERVICE, "SRV")
        web = Web("127.0.0.1", port)
        index = web.get(f"/v1/services/{SERVICE}").index
        with contextlib.ExitStack() as stack:
            lines = [stack.enter_context(web.connect()) for _ in range(20)]
            for line in lines:
                line.get(f"/v1/services/{SERVICE}?index={index}&wait=60s")
            server.stop()
            for line in lines:
                assert line.is_closed()


@pytest.mark.parametrize("arguments", [[], ["haproxy"], ["apache", "http://x/", "y"]])
def test_follow_service_usage(arguments):
    done = subprocess.run([FOLLOW, *arguments], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2 and "usage: follow-service" in done.stderr
