# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of module/: who may include whom, as its map says; no circles; nothing too long."""
import os
import pathlib
import re
import subprocess

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MODULE = REPOSITORY / "module"
BUILD = pathlib.Path(os.environ.get("MESOS_SO", REPOSITORY / "build/module/mesos.so")).parent

FILE_LINES_MAX = 450
FUNCTION_LINES_MAX = 60

INCLUDE = re.compile(r'^\s*#\s*include "([^"]+)"', re.M)


def rooms():
    """The map's folders, the topmost first: name, and the set of those that it may include.

    The top of module/ itself is called `.`; it may include all.
    """
    rows = re.findall(r"^\| `([a-z]+)/` \| ([a-z, /`]+|-) \|", (MODULE / "README.md").read_text(), re.M)
    found = {name: set(re.findall(r"[a-z]+", knows)) for name, knows in rows}
    return {".": set(found), **found}


def sources(folder=MODULE):
    return sorted(path for path in folder.rglob("*.[ch]"))


def room_of(path):
    """The folder of module/ that a file lies in."""
    parts = path.parts
    return parts[0] if len(parts) > 1 else "."


def violations(texts, allowed):
    """What is wrong with includes: {path below module/: text} against {folder: may include}."""
    wrong = []
    for path, text in texts.items():
        room = room_of(path)
        for included in INCLUDE.findall(text):
            if not included.startswith("module/"):
                wrong.append(f"{path} includes {included}: not by its place in the tree")
                continue
            other = room_of(pathlib.PurePath(included).relative_to("module"))
            if other != room and other not in allowed.get(room, ()):
                wrong.append(f"{path} includes {included}: {room}/ does not stand above {other}/")
    return wrong


def module_texts():
    return {path.relative_to(MODULE): path.read_text() for path in sources()}


def test_map_lists_every_folder():
    assert set(rooms()) == {room_of(path) for path in module_texts()}


def test_map_has_no_arrow_upwards():
    order = list(rooms())
    for room, knows in rooms().items():
        above = [other for other in knows if order.index(other) <= order.index(room)]
        assert not above, f"{room}/ knows {above}, which stand above it in the map"


def test_includes_are_as_the_map_says():
    assert not violations(module_texts(), rooms())


@pytest.mark.parametrize("path, include", [
    ("snapshot/snapshot.c", "module/state/state.h"),
    ("base/arena.c", "module/json/json.h"),
    ("answer/answer.h", "module/cluster/cluster.h"),
    ("masters/master.c", "module/options.h"),
    ("state/objects.c", "state_task.h"),
])
def test_planted_include_is_found(path, include):
    """The check itself: a file that includes what stands above it."""
    texts = module_texts()
    texts[pathlib.PurePath(path)] += f'\n#include "{include}"\n'
    assert len(violations(texts, rooms())) == 1


def symbols(path):
    """What an object file defines for others, and what it needs of them."""
    defined, needed = set(), set()
    for line in subprocess.check_output(["nm", path], text=True).splitlines():
        kind, name = line.split()[-2:]
        if kind == "U":
            needed.add(name)
        elif kind in "TDBRC":
            defined.add(name)
    return defined, needed


def circles(edges):
    """The groups of nodes that reach each other; edges as {node: nodes}."""
    def reached(start):
        found, todo = set(), [start]
        while todo:
            for node in edges.get(todo.pop(), ()):
                if node not in found:
                    found.add(node)
                    todo.append(node)
        return found

    reach = {node: reached(node) for node in edges}
    return {frozenset(other for other in reach[node] if node in reach.get(other, ()))
            for node in edges if node in reach[node]}


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == set()
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == {frozenset("bc")}


def test_no_files_call_each_other_in_a_circle():
    objects = {path.name.removesuffix(".c.o"): symbols(path)
               for path in BUILD.rglob("*.c.o")}
    assert len(objects) > 20, f"no objects below {BUILD}: build the module first"
    home = {name: path for path, (defined, _) in objects.items() for name in defined}
    edges = {path: {home[name] for name in needed if home.get(name, path) != path}
             for path, (_, needed) in objects.items()}
    assert not circles(edges)


COMMENT = re.compile(r"/\*.*?\*/", re.S)

# Functions of Knot's and Mesos's own that comments name and that nothing here calls.
OTHERS_FUNCTIONS = {"answer_query", "isTerminalState", "knot_dname_wire_check",
                    "sign_ctx_add_records"}


def unknown_functions(texts):
    """What comments call a function and the code does not know: {(path, name)}."""
    code = "\n".join(COMMENT.sub(" ", text) for text in texts.values())
    known = set(re.findall(r"\w+", code)) | OTHERS_FUNCTIONS
    return {(str(path), name) for path, text in texts.items()
            for comment in COMMENT.findall(text)
            for name in re.findall(r"\b([A-Za-z_]\w*)\(\)", comment) if name not in known}


def test_comments_name_functions_that_there_are():
    texts = module_texts()
    assert not unknown_functions(texts)
    path = pathlib.PurePath("base/arena.c")
    texts[path] += "\n/*! \\brief As arena_never_was() does. */\n"
    assert unknown_functions(texts) == {(str(path), "arena_never_was")}


def test_map_names_files_that_there_are():
    named = re.findall(r"`([a-z_0-9/]+\.[ch])`", (MODULE / "README.md").read_text())
    assert len(named) > 30
    found = {path.name for path in sources()}
    assert {name for name in named if pathlib.PurePath(name).name not in found
            or "/" in name and not (MODULE / name).exists()} == set()


def test_no_file_is_too_long():
    long = {str(path): len(text.splitlines()) for path, text in module_texts().items()
            if len(text.splitlines()) > FILE_LINES_MAX}
    assert not long


def functions(text):
    """Name and number of lines of each function: from its opening brace's line to its end."""
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield lines[start - 1], number - start + 1
            start = None


def test_no_function_is_too_long():
    long = {f"{path}: {name}": length for path, text in module_texts().items()
            for name, length in functions(text) if length > FUNCTION_LINES_MAX}
    assert not long
