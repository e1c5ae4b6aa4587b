# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual page, README.md, packaging/doc and the module say the same."""
import re
import shutil
import subprocess

import pytest

from documents import PATHS, TEXTS, documented, manual
from knotd import REPOSITORY

OPTIONS_C = (REPOSITORY / "module/options.c").read_text()
SETTINGS_C = (REPOSITORY / "module/cluster/settings.c").read_text()
SAMPLE = (REPOSITORY / "knot.conf.sample").read_text()
TEMPLATE = REPOSITORY / "packaging/knotd-mod-mesos.7.in"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("manual") / "knotd-mod-mesos.7"
    with open(path, "w", encoding="utf-8") as file:
        subprocess.run([REPOSITORY / "packaging/manual", TEMPLATE, *PATHS, "VERSION=0",
                        "MODULE=/mesos.so", "DOCUMENTS=/doc", "EXAMPLES=/examples"], stdout=file,
                       check=True, timeout=60)
    return path


def schema():
    """What the module takes: name -> type and what follows it in options.c's schema."""
    names = dict(re.findall(r'#define (MOD_\w+) +"\\\d{3}([^"]+)"', OPTIONS_C))
    table = re.search(r"options_schema\[\] = \{\n(.*?)^\};", OPTIONS_C, re.M | re.S)[1]
    return {names[name]: (kind, rest)
            for name, kind, rest in re.findall(r"\{ (MOD_\w+), (YP_T\w+), (.*) \},", table)}


def test_the_table_has_the_options_of_the_module():
    assert list(documented()) == list(schema())
    assert len(schema()) == OPTIONS_C.count("#define MOD_")


def seconds(text):
    """A term of the schema's, or words of the table's, as a number."""
    units = {"UINT16_MAX": 65535, "DAY": 86400, "day": 86400, "days": 86400, "s": 1}
    total = 1
    for factor in re.findall(r"\w+", text):
        total *= units[factor] if factor in units else int(factor)
    return total


@pytest.mark.parametrize("name", [name for name, (kind, _) in schema().items() if kind == "YP_TINT"])
def test_numbers_have_the_ranges_and_defaults_that_the_table_says(name):
    least, most, default = re.search(r"\{ ([^,]+), ([^,]+), ([^,]+?)(?:, YP_STIME)? \}",
                                     schema()[name][1]).groups()
    meaning, documented_default = documented()[name]
    assert documented_default == default
    if stated := re.search(r"; (\d+(?: s)?) to (\d+(?: days?)?)$", meaning):
        assert [seconds(text) for text in stated.groups()] == [seconds(least), seconds(most)]


@pytest.mark.parametrize("name, lookup", [("ip-source", "ip_sources"), ("health", "health_rules"),
                                          ("visibility", "visibilities"),
                                          ("label-rules", "label_rules")])
def test_choices_are_those_that_the_table_names(name, lookup):
    choices = re.search(rf"{lookup}\[\] = \{{(.*?)\}};", OPTIONS_C + SETTINGS_C, re.S)[1]
    meaning, default = documented()[name]
    words = re.findall(r"`([^`]*)`", meaning)
    assert set(words) == set(re.findall(r'"([^"]+)"', choices))
    if name == "ip-source":
        sources = re.search(r"default_sources\[\] = \{(.*?)\}", OPTIONS_C)[1]
        assert [f"IP_SOURCE_{word.upper()}" for word in re.findall(r"\w+", default)] == (
            re.findall(r"\w+", sources))
    elif name == "visibility":
        # None of them is the same as all of them.
        assert default == "all three" and "VISIBILITY_NONE }" in schema()[name][1]
    else:
        kind = name.partition("-")[0].upper()
        assert f"{kind}_{default.strip('`').upper()} }}" in schema()[name][1]


def test_placeholders_are_those_that_the_readme_names():
    known = re.findall(r"\{ \"([a-z:-]+)\", \d+ \}",
                       (REPOSITORY / "module/records/format.c").read_text())
    section = manual.section(TEXTS, "Names")
    said = re.search(r"Placeholders are (.*?)\. A task", section, re.S)[1]
    assert [name.replace("KEY", "") for name in re.findall(r"`\{([^}]*)\}`", said)] == known
    comment = re.search(r"made of (.*?)\(default", SAMPLE, re.S)[1]
    assert {name.replace("KEY", "") for name in re.findall(r"\{([^}]*)\}", comment)} == set(known)


def rendered(page, *options):
    done = subprocess.run(["man", "--warnings", "--no-justification", "-E", "UTF-8", "-l", *options, page],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True,
                          timeout=60, env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80",
                                           "LC_ALL": "C.UTF-8"})
    assert not done.stderr, done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("man"), reason="no man here (man-db)")
def test_the_page_has_every_option_and_no_warning(page):
    text = rendered(page)
    assert not re.search(r"@[A-Z]+( [^@\n]+)?@", text)
    options = text.split("\nOPTIONS\n")[1].split("\nRECORDS\n")[0]
    indent = re.search(r"^( +)master ", options, re.M)[1]
    items = re.findall(rf"^{indent}([a-z-]+(?:, [a-z-]+)*)(?:  |$)", options, re.M)
    assert ", ".join(items).split(", ") == list(documented())
    flat = re.sub(r"‐\n +|\s+", lambda space: "" if "‐" in space[0] else " ", text)
    for words in ("Default: 30.", "Default: auto.", "Default: mesos. max-age",
                  "_http._web._tcp.marathon.mesos. (SRV)", "polls fail, no state yet: ...",
                  "/examples/mesos.zone", "stub-addr: 10.0.0.53", "force a poll", "mod-rrl",
                  "master: [ 10.0.0.1:5050,", "RFC 8914"):
        assert words in flat, words


@pytest.mark.skipif(not shutil.which("mandoc"), reason="no mandoc here")
def test_mandoc_finds_no_fault(page):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], stdout=subprocess.PIPE,
                          text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("part", ["@TABLE Gone@", "@LIST Gone@", "@EXAMPLE Gone@", "@FILES Gone@",
                                  "@GONE@"])
def test_a_part_that_is_not_there_is_an_error(part):
    with pytest.raises((ValueError, KeyError)):
        list(manual.page(part, TEXTS, {}))


def sources():
    """The text of the module, adjacent string literals joined, and masters' refusals as said."""
    text = "".join(path.read_text() for path in sorted((REPOSITORY / "module").rglob("*.c")))
    return re.sub(r'"\s*"', "", text) + "".join(
        f'fail(x, X, "HTTP status {code}: {words}")'
        for code, words in re.findall(r'\{ (\d{3}), "([^"]+)" \}', text))


THEIR_OWN = ("Connection refused", "No route to host", "SSL peer certificate",
             "Too many open files", "Recv failure")


@pytest.mark.parametrize("heading", ["Lines of the log", "Reasons"])
def test_documented_lines_are_the_modules(heading):
    _, *rows = manual.rows(TEXTS, heading)
    for cell, _ in rows:
        for phrase in re.findall(r"`([^`]*)`", cell):
            for part in re.split(r"\.\.\.|\b[NM]\b|'\.\.\.'", phrase.replace("ZooKeeper ...: ", "")):
                part = part.strip(" '").replace("5 redirects", "%d redirects")
                if not part.startswith(THEIR_OWN):
                    assert part in sources(), phrase


def test_all_lines_are_documented():
    """The longest part of each that is the same each time."""
    text = "\n".join(TEXTS)
    lines = set(re.findall(r'(?:\breport|knotd_mod_log)\([^;"]*?LOG_\w+,\s*"([^"]+)"', sources()) +
                re.findall(r'snprintf\(text, sizeof\(text\), "([^"]*HTTP[^"]*)"', sources()))
    assert len(lines - {"%s"}) > 25
    for line in lines - {"%s"}:
        parts = re.split(r"%(?:\.\*)?(?:ll|z)?\w", line)
        assert max(parts, key=len).strip(" ':(),").partition(", ")[0] in text, line


def test_all_reasons_are_documented():
    text = "\n".join(TEXTS).replace("5 redirects", "%d redirects").replace("...", "%")
    reasons = (set(re.findall(r'fail\([^",]+,\s*\w+,\s*"([^"]+)"', sources()))
               - {"%s", "%s: %s", "'%s' %s"}
               | set(re.findall(r'zk->problem = (?:[^;"]*\? )?"([^"]+)"', sources()))
               | set(re.findall(r'return "(a redirect[^"]+)"', sources())))
    assert len(reasons) > 20
    for reason in reasons - {"out of memory"}:
        start = re.split(r"%", reason)[0].strip(" '")
        assert start in text, reason


# The documents themselves.

@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text()):
        if not target.startswith("https://"):
            assert (path.parent / target).exists(), target


def test_readme_is_short_and_leads_to_every_document():
    readme, *others = PATHS
    assert len(readme.read_text().splitlines()) < 250
    for path in others:
        assert f"(packaging/doc/{path.name})" in readme.read_text()


def test_every_document_is_installed():
    build = (REPOSITORY / "packaging/meson.build").read_text()
    assert re.findall(r"'doc/(.*[.]md)'", build) == [path.name for path in PATHS[1:]]
