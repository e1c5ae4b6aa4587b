# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading fails for a wrong configuration only; what a zone was served from outlives its unload."""
import os
import subprocess
import time

import ask
import pytest
import states
from knotd import PRELOAD, WRAPPER
from master import Master, hang
from test_config import CREDENTIAL
from test_life import SOON, constant_queries, start, web
from waiting import wait_for

# Fails what the file $FAULTS names, in calls from the module: "thread N" the next N threads,
# "memory N" the N-th allocation from the start of knotd on. What was made to fail is in
# $FAULTS.failed, a line each.
FAULTS = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_faults(const char *kind)
{
	char word[16] = "";
	int number = 0;
	FILE *file = fopen(getenv("FAULTS"), "r");
	if (file != NULL) {
		if (fscanf(file, "%15s %d", word, &number) != 2 || strcmp(word, kind) != 0) {
			number = 0;
		}
		fclose(file);
	}
	return number;
}

static void note(const char *what)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s.failed", getenv("FAULTS"));
	FILE *file = fopen(path, "a");
	if (file != NULL) {
		fprintf(file, "%s\n", what);
		fclose(file);
	}
}

static int is_module(void *caller)
{
	Dl_info info;
	return dladdr(caller, &info) != 0 && strstr(info.dli_fname, "mesos.so") != NULL;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *ctx)
{
	static int failed;
	int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
		dlsym(RTLD_NEXT, "pthread_create");
	if (is_module(__builtin_return_address(0)) && failed < read_faults("thread")) {
		failed++;
		note("thread");
		return EAGAIN;
	}
	return next(thread, attr, run, ctx);
}

void *calloc(size_t count, size_t size)
{
	extern void *__libc_calloc(size_t, size_t);
	static __thread int busy;
	static int seen;
	void *caller = __builtin_return_address(0);
	if (!busy) {
		busy = 1;
		if (is_module(caller) && ++seen == read_faults("memory")) {
			note("memory");
			busy = 0;
			return NULL;
		}
		busy = 0;
	}
	return __libc_calloc(count, size);
}
"""

no_faults = pytest.mark.skipif(bool(WRAPPER or PRELOAD), reason="these have functions of their own")


@pytest.fixture
def faults(server, tmp_path, monkeypatch):
    """Preloads the library into knotd; gives a function that says what shall fail."""
    library = tmp_path / "faults.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", library, "-ldl"],
                   input=FAULTS, text=True, check=True)
    path = tmp_path / "faults"
    monkeypatch.setenv("FAULTS", str(path))
    server.preload = [library]
    return path


def is_not_ready(server, name="web.marathon.mesos."):
    return ask.outcome(server.ask(name)) == "SERVFAIL"


@no_faults
def test_no_thread(server, master, faults):
    """SERVFAIL, a line, and the queries that come start it: nobody has to do anything."""
    faults.write_text("thread 1000")
    master.serve(web(master))
    start(server, master)
    assert is_not_ready(server)
    wait_for(lambda: len(server.module_lines("no thread can be started")) == 2, what="two lines")
    faults.write_text("thread 0")
    server.wait_ready("web.marathon.mesos.")
    server.wait_ready("1.0.1.10.in-addr.arpa.", "PTR")
    assert server.threads("mesos") == 1


@no_faults
def test_no_thread_at_reload(server, master, faults):
    """The zone goes on with what it had."""
    master.serve(web(master))
    start(server, master)
    for name, kind in (("web.marathon.mesos.", "A"), ("1.0.1.10.in-addr.arpa.", "PTR")):
        server.wait_ready(name, kind)
    faults.write_text("thread 3")
    with constant_queries(server):
        server.module("cluster", master=master.address, poll_timeout=7)
        count = master.count()
        server.reload()
        server.wait_polls(master, count + 1)
    server.wait_log("no thread can be started")


@no_faults
def test_no_thread_ever(server, master, faults):
    """A cluster without a thread can be unloaded, too."""
    faults.write_text("thread 1000")
    start(server, master)
    for _ in range(2):
        server.reload()
        assert is_not_ready(server)
    server.stop()


@no_faults
@pytest.mark.parametrize("number", range(1, 13))
def test_no_memory(server, master, faults, number):
    """The n-th allocation fails: not ready, or the right answer, and never NXDOMAIN."""
    faults.write_text(f"memory {number}")
    master.serve(web(master))
    start(server, master)

    def ready():
        outcome = ask.outcome(server.ask("web.marathon.mesos."))
        assert outcome in ("SERVFAIL", "ANSWER"), outcome
        return outcome == "ANSWER"
    wait_for(ready, what="the first good poll")
    assert (faults.parent / "faults.failed").read_text() == "memory\n"


# Files.

@pytest.mark.parametrize("kind", ["absent", "unreadable", "pipe", "directory", "device", "huge"])
@pytest.mark.parametrize("option", ["credential_file", "ca_file"])
def test_file_that_cannot_be_read(server, tmp_path, kind, option):
    """At a reload, or before the start: failing polls that a stop does not wait for."""
    path = tmp_path / "file"
    path.write_text(CREDENTIAL)
    with Master() as master:
        master.serve(web(master))
        # Loaded while the file is as it should be, for there is a check before.
        server.module("cluster", master=("https://" if option == "ca_file" else "") +
                      master.address, poll_interval=1, **{option: path})
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        path.unlink()
        server.start()
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "directory":
            path.mkdir()
        elif kind == "device":
            path.symlink_to("/dev/zero")
        elif kind == "huge":
            with open(path, "wb") as file:
                file.truncate(1 << 40)
        elif kind == "unreadable":
            path.symlink_to(path)  # Root may read whatever has no such loop.
        closed = "cannot open" if option == "ca_file" else "cannot be read"
        reason = {"absent": closed, "unreadable": closed,
                  "huge": "too large"}.get(kind, "not a regular file")
        server.wait_log(str(path), reason)
        assert is_not_ready(server)
        began = time.monotonic()
        server.zone_reload()
        server.knotc("reload", status=None)
        assert is_not_ready(server)
        server.stop()
        assert time.monotonic() - began < SOON


def test_file_comes_later(server, tmp_path):
    path = tmp_path / "file"
    with Master(credential=("dns", "word")) as master:
        master.serve(web(master))
        server.module("cluster", master=master.address, poll_interval=1, credential_file=path)
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        server.start()
        server.wait_log("cannot be read")
        assert is_not_ready(server)
        path.write_text(CREDENTIAL)
        server.wait_ready("web.marathon.mesos.")


def test_file_half_written_at_zone_reload(server, tmp_path):
    """What does not parse at this moment will the next."""
    path = tmp_path / "file"
    path.write_text(CREDENTIAL)
    with Master(credential=("dns", "word")) as master:
        master.serve(web(master))
        server.module("cluster", master=master.address, poll_interval=1, credential_file=path)
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        server.start()
        server.wait_ready("web.marathon.mesos.")
        path.write_text(CREDENTIAL[:9])
        server.zone_reload()
        server.wait_log("is not JSON")
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"
        path.write_text(CREDENTIAL)
        server.wait_log("polls succeed again")


# What a zone was served from.

def restore(server):
    server.knotc("-b", "zone-restore", "+backupdir", server.directory / "backup", "mesos.")


def test_restore_without_master(server, master):
    master.serve(web(master))
    start(server, master)
    del server.zones["10.in-addr.arpa."]
    server.reload()
    server.wait_ready("web.marathon.mesos.")
    server.knotc("-b", "zone-backup", "+backupdir", server.directory / "backup", "mesos.")
    master.stop()
    for _ in range(3):
        restore(server)
        # knotd reads the zone file after that, and has no zone until then.
        server.wait_until("mesos.", "SOA", lambda reply: reply.answer)
        reply = server.ask("web.marathon.mesos.")
        assert ask.outcome(reply) == "ANSWER"
    assert server.threads("mesos") == 1


def test_other_section_inherits_nothing(server, master):
    """A zone that goes over to another cluster does not show the old one's names."""
    master.serve(web(master))
    with Master() as other:
        other.serve(hang)
        start(server, master)
        server.wait_ready("web.marathon.mesos.")
        server.module("other", master=other.address)
        server.zone("mesos.", "", ["mod-mesos/other"])
        server.reload()
        assert is_not_ready(server)
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        server.reload()
        server.wait_ready("web.marathon.mesos.")


def test_two_sections_in_one_zone(server, master):
    """The first serves, the second is refused: it neither hides nor adds anything."""
    master.serve(web(master))
    with Master() as other:
        other.serve(states.state(other, states.framework("marathon", states.task(
            "web", addresses=["fd00::1"]), states.task("second"))))
        server.module("cluster", master=master.address)
        server.module("other", master=other.address)
        server.zone("mesos.", "", ["mod-mesos/cluster", "mod-mesos/other"])
        server.start()
        server.wait_ready("web.marathon.mesos.")
        assert len(server.module_lines("mod-mesos/other", "not used")) == 1
        assert not other.count()
        with constant_queries(server, [("web.marathon.mesos.", "A")]):
            for ttl in (1, 2):
                server.module("cluster", master=master.address, ttl=ttl)
                server.module("other", master=other.address, ttl=ttl)
                server.reload()
        assert ask.outcome(server.ask("second.marathon.mesos.")) == "NXDOMAIN"
        master.stop()
        server.module("cluster", master=master.address, poll_timeout=7)
        server.reload()
        assert ask.data(server.ask("web.marathon.mesos."), "A") == ["10.1.0.1"]


def test_template_and_zone(server, master):
    """A zone's own list of modules stands for the template's; both serve."""
    master.serve(web(master))
    server.module("cluster", master=master.address)
    server.section("template", "cluster", module=["mod-mesos/cluster"])
    server.zone("mesos.", "", template="cluster")
    server.zone("sub.mesos.", "", ["mod-mesos/cluster"], template="cluster")
    server.start()
    server.wait_ready("web.marathon.mesos.")
    server.wait_ready("web.marathon.sub.mesos.")
    assert server.threads("mesos") == 1


# Many sections.

SECTIONS = 20


def test_many_hanging_sections(server, master):
    """Their pollers are ended together: many take no longer than one, give or take."""
    master.serve(hang)

    def sections(count, timeout):
        for number in range(count):
            server.module(f"c{number}", master=master.address, poll_timeout=timeout + number)
            server.zone(f"z{number}.", "", [f"mod-mesos/c{number}"])

    def timed(action):
        began = time.monotonic()
        action()
        return time.monotonic() - began

    sections(SECTIONS, 60)
    server.start()
    server.wait_polls(master, SECTIONS)
    sections(SECTIONS, 160)
    assert timed(server.reload) < SOON
    wait_for(lambda: server.threads("mesos") == SECTIONS, what="the old pollers' ends")
    assert timed(server.stop) < SOON
