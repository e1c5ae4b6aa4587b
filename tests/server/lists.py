# SPDX-License-Identifier: GPL-3.0-or-later
"""Mesos-DNS's lists as recorded (data/http), and what is otherwise here on purpose."""
import json
import re

import golden
import states
import web

DATA = golden.DATA / "http"
STATES = ("small", "quirks", "real-rich")
FORKS = ("orig", "fork")


def recorded(state, endpoint):
    """What each fork answered to a plain GET: {fork: parsed JSON}."""
    found = {}
    for fork in FORKS:
        exchanges = web.recorded(DATA / state / f"{endpoint}.http", fork)
        found[fork] = next(json.loads(one.reply.body) for one in exchanges
                           if one.line == f"GET /v1/{endpoint} HTTP/1.1")
    return found


def state_of(name):
    """The state that both forks read."""
    return json.loads((DATA / name / "state.json").read_text())


def state(name, port):
    """The same as a master on another port would give it."""
    return golden.move_state(state_of(name), port)


# What differs from Mesos-DNS on purpose.

BOTH = {"_udptcp": ("_udp", "_tcp")}


def _carried(name):
    """A name of Mesos-DNS as it is here: lower case, canonical labels cut to 63 octets; or None."""
    labels = name.lower().rstrip(".").split(".")
    for number, one in enumerate(labels):
        suffix = re.search(r"-[a-z0-9]{5}-s\d+$", one)
        if len(one) > 63 and suffix:
            labels[number] = one[:63 - len(suffix[0])] + suffix[0]
    # A task without a label has `-HASH-AGENT` there.
    if any(not one or one.startswith("-") or len(one) > 63 for one in labels):
        return None
    return ".".join(labels) + "."


def translated(records):
    """Mesos-DNS's records (owner, type, data) as they are here; SRV data is TARGET:PORT.

    Names that DNS cannot carry are gone, others are in lower case; a list of protocols means each
    of them; who serves DNS is the zone file's.
    """
    found = set()
    for owner, kind, data in records:
        name, port = data.partition(":")[::2] if kind == "SRV" else (None, None)
        owner, target = _carried(owner), name and _carried(name)
        if owner is None or owner == "ns1.mesos." or (name and not target):
            continue
        owners = [owner.replace(list_of, one) for list_of, each in BOTH.items()
                  for one in each if list_of in owner] or [owner]
        found |= {(one, kind, f"{target}:{port}" if name else data) for one in owners}
    return found


def masters_of(found, port):
    """What Mesos-DNS's documentation promises, and it lacks: each master's port."""
    return found | {(f"_master._{protocol}.mesos.", "SRV", f"master0.mesos.:{port}")
                    for protocol in ("tcp", "udp")}


def moved(records, old, new):
    """Records with the leader's port replaced, in those that name it."""
    return {(owner, kind, f"leader.mesos.:{new}" if data == f"leader.mesos.:{old}" else data)
            for owner, kind, data in records}


def is_discovery_on_agents(record):
    """SRV records of discovery ports on the agents' side: of Mesos-DNS's forks only one has them."""
    owner, kind, data = record
    return kind == "SRV" and ".slave.mesos." in owner and ".slave.mesos.:" in data


def as_listed(records):
    """A model's records as lists have them: SRV data as TARGET:PORT; PTR records are not in them."""
    return {(owner, kind, "{3}:{2}".format(*data.split()) if kind == "SRV" else data)
            for owner, kind, data in records if kind != "PTR"}


def axfr_records(document):
    """The records of /v1/axfr; fails if one is there twice."""
    listed = [(owner, kind[:-1], one) for kind, owners in document["Records"].items()
              for owner, data in owners.items() for one in data]
    assert len(listed) == len(set(listed))
    return set(listed)


# States made by chance.

def random_tasks(chance, count):
    for number in range(count):
        items = {"ports": f"[{number + 1000}-{number + 1000 + chance.randrange(3)}]"}
        if chance.random() < 0.3:
            items["discovery"] = states.discovery(
                chance.choice(["web", "web.prod", "Api", "x_y"]),
                *[(chance.randrange(1, 65536), chance.choice(["http", "", "a.b"]),
                   chance.choice(["tcp", "udp", "", "udp,tcp"])) for _ in range(2)])
        addresses = [f"10.1.{chance.randrange(4)}.{chance.randrange(9)}"]
        if chance.random() < 0.5:
            addresses.append(f"fd00::{chance.randrange(1, 9)}")
        yield states.task(chance.choice(["web", "db", "a.b", "--", "x" * 70]), id=f"t.{number}",
                          agent=chance.randrange(3), addresses=addresses, **items)


def random_state(chance, master):
    return states.state(
        master,
        *[states.framework(name, *random_tasks(chance, chance.randrange(12)),
                           pid=f"scheduler@10.9.0.{number}:9000",
                          id=f"{states.CLUSTER}-{number:04}")
          for number, name in enumerate(["marathon", "Prod Env", "a.b", "marathon"])],
        agents=[states.agent(number, f"10.0.0.{number + 1}") for number in range(3)])
