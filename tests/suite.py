# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds everything, runs every test, and sums up.

The last line is the sum, such as `412 passed, 0 failed, 3 skipped`; the exit status is 0 only if
nothing failed. A stage that runs no test at all counts as one that failed. Whatever is written
lands in build*/; what a stage had to say is in build/results/STAGE.log.

    tree             the shape of module/: includes, circles, lengths
    units            C units (cmocka, through meson)
    server           a real knotd with the module (pytest)
    units-asan       the units under ASan and UBSan
    server-asan      the server tests with a module under ASan and UBSan
    units-valgrind   the units under valgrind
    server-valgrind  some of the server tests with knotd under valgrind
    units-tsan       the unit with threads under TSan
    server-tsan      the server tests of threads with a module under TSan
    fuzz             each fuzz target for a bounded number of inputs, from its corpus
    debian-SUITE     quickstart, units and some server tests on other Debian suites (tests/elsewhere);
                     only with --suites
"""

import argparse
import concurrent.futures
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree

TOP = pathlib.Path(__file__).resolve().parents[1]
BUILD, BUILD_ASAN, BUILD_FUZZ = TOP / "build", TOP / "build-asan", TOP / "build-fuzz"
BUILD_TSAN = TOP / "build-tsan"
RESULTS = BUILD / "results"

BUILD_SECONDS = 300
STAGE_SECONDS = 2700  # the longest takes 1250 on two cores, 1500 beside six busy loops
ROOT_SECONDS = 900  # for another suite's root and packages, which come from a mirror
TIME_IS_UP = 124  # exit status of what was ended for that
STOP_SECONDS = 30  # for a stage that took too long to end what it started
FUZZ_RUNS = 200_000
FUZZ_SECONDS = 25  # a target

# Without glibc's own clean-up at exit, in which valgrind finds fault with the resolver's threads.
VALGRIND = ("valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite "
            "--errors-for-leak-kinds=definite --run-libc-freeres=no")

# What touches most of the code per minute of valgrind's.
VALGRIND_TESTS = ["answers/test_answers", "life/test_life", "clients/test_onlinesign",
                  "masters/test_refused", "names/test_zones"]
# valgrind changes the signal masks of threads; hundreds of reloads take minutes under it.
NOT_UNDER_VALGRIND = "not test_thread_blocks_all_signals and not test_reloads_leave_nothing_behind"

# What knotd's series, libraries and other people's programs make a difference to.
SHORT_TESTS = ["answers/test_answers", "answers/test_edns", "answers/test_signed", "clients",
               "events/test_follow", "life/test_config", "life/test_database", "life/test_life",
               "life/test_loading", "life/test_stats", "masters/test_secure",
               "masters/test_zookeeper", "names/test_golden", "packaging/test_manual",
               "packaging/test_mesos_dns", "packaging/test_package", "packaging/test_quickstart",
               "packaging/test_sample"]
# Debian's suites from the oldest on that the project is for; all but this machine's own.
SUITES = ["bookworm", "trixie", "testing"]
NO_SUCH_ROOT = 77  # tests/elsewhere's exit status

ENVIRONMENT = {
    **os.environ,
    "PATH": os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "CMOCKA_MESSAGE_OUTPUT": "TAP",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    # There are always others beside: this machine's, and our own lanes.
    "TEST_PATIENCE": os.environ.get("TEST_PATIENCE", "3"),
}

running = set()
ending = threading.Event()
lock = threading.Lock()


def say(*lines):
    with lock:
        print(*lines, sep="\n", flush=True)


def run(command, log, seconds, **environment):
    """Runs a command and returns its exit status; ends it, and all it started, when time is up."""
    if ending.is_set():
        return 1
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=TOP,
                               env={**ENVIRONMENT, **environment}, start_new_session=True)
    running.add(process)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        print(f"\nNot done after {seconds} s.", file=log, flush=True)
        stop(process)
        return TIME_IS_UP
    finally:
        running.discard(process)


def stop(process):
    """Ends a command as Ctrl-C does, so that it can clean up, and then for good."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


class Sum:
    """What came of some tests."""

    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def __add__(self, other):
        return Sum(self.passed + other.passed, self.failed + other.failed,
                   self.skipped + other.skipped)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def sum_tap(text):
    """Counts lines of TAP as cmocka writes it; a test that is planned and missing has failed."""
    total, planned = Sum(), 0
    for line in text.splitlines():
        if match := re.fullmatch(r"1\.\.(\d+)", line):
            planned += int(match[1])
        elif match := re.match(r"(not )?ok \d+( # SKIP)?", line):
            if match[2]:
                total.skipped += 1
            elif match[1]:
                total.failed += 1
            else:
                total.passed += 1
    total.failed += max(0, planned - total.passed - total.failed - total.skipped)
    return total


def sum_meson(path):
    """Counts the cases of every test in meson's log; a program that ends badly has failed."""
    total = Sum()
    for line in path.read_text().splitlines():
        test = json.loads(line)
        cases = sum_tap(test.get("stdout", ""))
        if test["result"] == "SKIP":
            cases.skipped += 1
        elif test["result"] != "OK" and not cases.failed:
            cases.failed += 1
        total += cases
    return total


def sum_junit(path):
    total = Sum()
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        if not case.get("name"):
            continue  # It was under way when time was up.
        if kinds & {"failure", "error"}:
            total.failed += 1
        elif "skipped" in kinds:
            total.skipped += 1
        else:
            total.passed += 1
    return total


def sum_last_line(path):
    """What another run of this program says in the end."""
    match = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped",
                         path.read_text(errors="replace").rstrip().rpartition("\n")[2])
    return Sum(*map(int, match.groups())) if match else Sum()


totals = {}


def stage(name, result, summing, command, *, seconds=None, never_ran=None, **environment):
    """Runs the tests of one stage, which leave `result` behind, and says what came of them.

    `never_ran` is asked for words on that if there was no time for all of them.
    """
    began = time.monotonic()
    seconds = seconds or STAGE_SECONDS
    result.unlink(missing_ok=True)
    path = RESULTS / f"{name}.log"
    with open(path, "w", encoding="utf-8") as log:
        status = run(command, log, seconds, **environment)
    try:
        total = summing(result)
    except (OSError, ValueError, xml.etree.ElementTree.ParseError):
        total = Sum()
    lines = []
    if status == NO_SUCH_ROOT and not total.passed + total.failed:
        total.skipped += 1
        lines.append(f"{name}: {path.read_text(errors='replace').rstrip().rpartition(chr(10))[2]}")
    elif status == TIME_IS_UP:
        words = never_ran(total) if never_ran else "it has not said what it had still to do"
        lines.append(f"{name}: cut off after {seconds} s: {words}; {total.passed} passed until then")
        total.failed += 1
    elif not total.failed and (status or not total.passed):
        total.failed += 1
        lines.append(f"{name}: no test failed, yet the stage did: {total.passed} tests passed, "
                     f"exit status {status}")
    totals[name] = total
    if total.failed:
        lines += [f"--- {path}", *path.read_text(errors="replace").splitlines()[-200:], "---"]
    say(*lines, f"{name:16} {total} ({time.monotonic() - began:.0f} s)")


def output(*command):
    """What a command prints; it has a while for that."""
    return subprocess.run(command, cwd=TOP, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=BUILD_SECONDS).stdout


def left_of_units(directory, log, options):
    which = [option for option in options if not option.startswith("-")]
    planned = len(output("meson", "test", "-C", directory, "--no-rebuild", "--list",
                         *which).splitlines())
    ended = len(log.read_text().splitlines()) if log.exists() else 0
    return f"{planned - ended} of {planned} programs of tests never ended"


def units(name, directory, *options, suffix="", wrapper=()):
    log = directory / "meson-logs" / f"{name}{suffix}.json"
    stage(name, log, sum_meson,
          [*wrapper, "meson", "test", "-C", directory, "--no-rebuild", "--logbase", name,
           "--print-errorlogs", *options],
          never_ran=lambda _: left_of_units(directory, log, options))


def units_valgrind():
    # meson adds the wrapper's name to that of the log.
    units("units-valgrind", BUILD, f"--wrapper={VALGRIND}", "--timeout-multiplier=20",
          suffix="-valgrind")


PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]


def left_of_server(total, options):
    found = re.search(r"^(\d+)(/\d+)? tests? collected",
                      output(*PYTEST, "--collect-only", *options), re.M)
    planned = int(found[1]) if found else 0
    return f"{planned - total.passed - total.failed - total.skipped} of {planned} tests never ended"


def server(name, *options, wrapper=(), **environment):
    result = RESULTS / f"{name}.xml"
    stage(name, result, sum_junit,
          [*wrapper, *PYTEST, "-n", "2", "--dist", "loadfile", f"--junitxml={result}", *options],
          never_ran=lambda total: left_of_server(total, options), **environment)


EARLY_MALLOC = """\
#include <stdlib.h>
static void *volatile block;
__attribute__((constructor)) static void init(void)
{
	block = malloc(1);
	free(block);
}
"""


def library(name):
    """Where gcc has a library of its own."""
    return subprocess.check_output(["gcc", f"-print-file-name={name}"], text=True).strip()


def server_asan():
    # ASan starts itself at the first malloc(), and leaves glibc's lock of locales broken if that
    # happens inside newlocale(), as libp11-kit's constructor has it; json-c then waits for ever.
    early = BUILD_ASAN / "early_malloc.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-Wl,-z,initfirst", "-x", "c", "-", "-o", early],
                   input=EARLY_MALLOC, text=True, check=True)
    preload = [library("libasan.so"), library("libubsan.so"), str(early)]
    # What is in packaging/ builds a module of its own, or none.
    server("server-asan", "tests/server", "--ignore=tests/server/packaging",
           MESOS_SO=str(BUILD_ASAN / "module/mesos.so"), KNOTD_PRELOAD=" ".join(preload),
           TEST_PATIENCE="6")


def server_valgrind():
    server("server-valgrind", "-k", NOT_UNDER_VALGRIND,
           *(f"tests/server/{name}.py" for name in VALGRIND_TESTS),
           KNOTD_WRAPPER=VALGRIND, TEST_PATIENCE="20")


def fixed_addresses():
    """A command under which gcc 12's TSan finds memory where it expects it, if it is allowed."""
    command = ["setarch", "-R"]
    return command if subprocess.run([*command, "true"], check=False).returncode == 0 else []


def units_tsan():
    units("units-tsan", BUILD_TSAN, "threads", wrapper=fixed_addresses())


def server_tsan():
    """A module under TSan in a knotd that is not.

    TSan sees all locks and threads, knotd's too, but of accesses only the module's own, and those
    by functions of the C library. What knotd and the module have by RCU it is told by
    rcu_annotate.c. With this nothing is left to be suppressed but one thing: knotd has two mutexes
    that it takes in either order, and no symbols to name them by, so here the order of locks is
    not looked at. What goes over one socket does not order what another thread does with its own,
    as TSan would have it (io_sync).
    """
    preload = [library("libtsan.so"), str(BUILD_TSAN / "tests/unit/librcu_annotate.so")]
    server("server-tsan", "tests/server/life/test_threads.py", wrapper=fixed_addresses(),
           MESOS_SO=str(BUILD_TSAN / "module/mesos.so"), KNOTD_PRELOAD=" ".join(preload),
           TSAN_OPTIONS="detect_deadlocks=0:io_sync=0", TEST_PATIENCE="6")


def dictionary(name):
    """The dictionary that a fuzz target's source names for itself."""
    source = (TOP / f"tests/fuzz/fuzz_{name}.c").read_text()
    return re.findall(r"-dict=\S+", source)[:1]


def fuzz():
    targets = [pathlib.Path(path) for path in glob.glob(f"{BUILD_FUZZ}/tests/fuzz/fuzz_*")
               if os.path.isfile(path)]
    for target in sorted(targets):
        name = target.name.removeprefix("fuzz_")
        # Inputs that find something new go into this copy; the tree's corpus stays as it is.
        corpus = RESULTS / f"corpus-{name}"
        shutil.rmtree(corpus, ignore_errors=True)
        shutil.copytree(TOP / "tests/fuzz/corpus" / name, corpus)
        log = RESULTS / f"fuzz-{name}.log"
        stage(f"fuzz-{name}", log, lambda log: Sum(passed=int("DONE" in log.read_text())),
              [target, f"-runs={FUZZ_RUNS}", f"-max_total_time={FUZZ_SECONDS}", "-timeout=20",
               "-rss_limit_mb=2048", "-print_final_stats=1",
               f"-artifact_prefix={RESULTS}/fuzz-{name}-",
               *dictionary(name), corpus])
    if not targets:
        totals["fuzz"] = Sum(failed=1)
        say("fuzz: there is no fuzz target")


def elsewhere(suite):
    """The short tests on another suite. They wait for those of this one, so they are nice."""
    name = f"debian-{suite}"
    # So long that stages in there are cut off first, which know what they had still to do.
    stage(name, RESULTS / f"{name}.log", sum_last_line, ["nice", "tests/elsewhere", suite],
          seconds=ROOT_SECONDS + 2 * BUILD_SECONDS + STAGE_SECONDS,
          ROOT_SECONDS=str(ROOT_SECONDS))


def other_suites():
    """Of this machine's own it is known only if it is one of those that have been released."""
    codename = re.search(r"^VERSION_CODENAME=(.*)", pathlib.Path("/etc/os-release").read_text(),
                         re.M)
    own = codename[1] if codename and codename[1] in SUITES else SUITES[-1]
    return [suite for suite in SUITES if suite != own]


def build(directory, *options, **environment):
    """Builds all; returns the log if that failed."""
    path = RESULTS / f"{directory.name}.log"
    known = (directory / "build.ninja").exists()
    setup = ["meson", "configure", directory] if known else ["meson", "setup", directory, TOP]
    with open(path, "w", encoding="utf-8") as log:
        failed = (run([*setup, *options], log, BUILD_SECONDS, **environment) or
                  run(["ninja", "-C", directory], log, BUILD_SECONDS, **environment))
    return path if failed else None


def together(*jobs):
    """Runs the jobs side by side; returns their results in the same order."""
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        futures = [pool.submit(job) for job in jobs]
        try:
            return [future.result() for future in futures]
        except KeyboardInterrupt:
            ending.set()
            for process in list(running):
                stop(process)
            raise


def build_all(args):
    werror = ["-Dwerror=true"] if args.short else []
    jobs = [lambda: build(BUILD, "-Dtests=enabled", *werror)]
    if not args.quick:
        jobs += [
            lambda: build(BUILD_ASAN, "-Dtests=enabled", "-Db_sanitize=address,undefined"),
            lambda: build(BUILD_TSAN, "-Dtests=enabled", "-Db_sanitize=thread"),
            # Without coverage counters in the library libFuzzer would be blind to it.
            lambda: build(BUILD_FUZZ, "-Dtests=disabled", "-Dfuzz=true",
                          "-Db_sanitize=address,undefined", "-Dc_args=-fsanitize=fuzzer-no-link",
                          CC="clang"),
        ]
    for log in filter(None, together(*jobs)):
        totals[log.stem] = Sum(failed=1)
        say(f"--- {log}", *log.read_text(errors="replace").splitlines()[-200:], "---")
    return not totals


def test_all(args):
    # Two lanes: many tests wait more than they compute, and none should wait for a processor.
    def one():
        if not args.short:
            server("tree", "tests/tree")
        units("units", BUILD)
        server("server", *([f"tests/server/{name}" if "/" not in name else
                            f"tests/server/{name}.py" for name in SHORT_TESTS]
                           if args.short else ["tests/server"]))
        if not args.quick:
            units_tsan()
            server_tsan()
            server_valgrind()

    def two():
        units("units-asan", BUILD_ASAN)
        server_asan()
        units_valgrind()
        fuzz()

    suites = [lambda suite=suite: elsewhere(suite) for suite in other_suites()]
    together(one, *([] if args.quick else [two]), *(suites if args.suites else []))


def installed():
    """The module in knotd's own directory, if there is one: knotd takes no other beside it."""
    directory = output("pkg-config", "--variable=module_instdir", "knotd").strip()
    path = pathlib.Path(directory) / "mesos.so"
    return path if path.exists() else None


def main():
    parser = argparse.ArgumentParser(prog="tests/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true",
                        help="only the stages tree, units and server")
    parser.add_argument("--short", action="store_true",
                        help="only what another suite of Debian may make a difference to")
    parser.add_argument("--suites", action="store_true",
                        help="also the short tests on the other suites, as root")
    args = parser.parse_args()
    args.quick |= args.short
    if path := installed():
        sys.exit(f"tests/run: {path} is installed, and knotd takes no other beside it; remove it (or "
                 "the package knot-module-mesos) and try again")

    def interrupt(*_):
        raise KeyboardInterrupt

    # Also where our caller had SIGINT ignored, which the tests' processes would inherit.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)

    RESULTS.mkdir(parents=True, exist_ok=True)
    try:
        if build_all(args):
            test_all(args)
    except KeyboardInterrupt:
        sys.exit("tests/run: interrupted")
    total = sum(totals.values(), Sum())
    say(str(total))
    sys.exit(total.failed > 0 or total.passed == 0)


if __name__ == "__main__":
    main()
