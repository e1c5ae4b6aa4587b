# SPDX-License-Identifier: GPL-3.0-or-later
"""The golden data: states of masters with exactly the records that they must give."""
import json
import pathlib

import model

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
FILES = sorted((DATA / "golden").glob("*/records*.txt"))

# The records that name the one port that differs from run to run: the stub master's.
MASTER_OWNERS = {f"_{name}._{protocol}.mesos."
                 for name in ("leader", "master") for protocol in ("tcp", "udp")}


def name_of(path):
    return f"{path.parent.name}/{path.stem}"


def options(path):
    """`label-rules` and `ip-source` of a file of records, as its name has them."""
    _, *words = path.stem.split("-")
    if not words:
        return {"ip_source": list(model.MESOS_DNS_SOURCES)}
    return {"label_rules": words[0], "ip_source": words[1:]}


def records(path):
    """The records of a file, each as (owner, type, data)."""
    return {tuple(line.split(" ", 2)) for line in path.read_text().splitlines()}


def state(path):
    return json.loads((path.parent / "state.json").read_text())


def owners():
    """Every owner of all golden files."""
    return {owner for path in FILES for owner, _, _ in records(path)}


def move_state(content, port):
    """A state as the same master would give it on another port."""
    moved = dict(content)
    for key in ("leader", "pid"):
        host, _ = model.pid_parts(content[key])
        moved[key] = f"master@{host}:{port}"
    return moved


def move_records(content, old, new):
    """Records with the master's port replaced where they name it, and nowhere else."""
    moved = set()
    for owner, kind, data in content:
        priority, weight, port, *target = data.split() if kind == "SRV" else ("", "", "")
        if owner in MASTER_OWNERS and port == str(old):
            data = " ".join([priority, weight, str(new), *target])
        moved.add((owner, kind, data))
    return moved
