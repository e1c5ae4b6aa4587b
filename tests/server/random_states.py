# SPDX-License-Identifier: GPL-3.0-or-later
"""States of small clusters by chance, in which names, labels and networks meet, and odd ones lie.

The same seed gives the same state.
"""
import random

import states

# Names that are the cluster's, or another's, or no names at all, are among them.
FRAMEWORKS = ("marathon", "prod", "web.prod", "shop", "leader", "master7", "slave", "x.slave", "$$")
NAMES = ("web", "api", "db.main", "leader", "_", "Cart_1", "m" * 70, "münchen")
VALUES = ("prod", "dc-1", "1.2.3", "Web", "shop", "leader", "master1", "slave", "a.slave", "web.prod",
          "", "...", "$", "{task}", "a\0b", "xn--mnchen-3ya", "例え", "x" * 300, "-a-", "MARATHON")
NUMBERS = ("0", "7", "65535", "65536", "-1", "seven", "007", "")
NETWORKS = ("overlay", "bridge", "other", "")
VISIBILITIES = ("FRAMEWORK", "CLUSTER", "EXTERNAL")
LABELS = ("dns-name", "tier", "other")
PREFIX = "mesos-dns."


class States:
    """Makes states; `chance` is a random.Random."""

    def __init__(self, seed):
        self.chance = random.Random(seed)

    def maybe(self, portion=0.5):
        return self.chance.random() < portion

    def _labels(self):
        keys = self.chance.choices(LABELS, k=self.chance.randrange(4))
        labels = [{"key": key, "value": self.chance.choice(VALUES)} for key in keys]
        if self.maybe(0.6):
            word = self.chance.choice(("weight", "priority"))
            labels.append({"key": PREFIX + word, "value": self.chance.choice(NUMBERS)})
        if self.maybe(0.2):
            labels.append({"key": PREFIX + "hide", "value": self.chance.choice(("true", "True", ""))})
        self.chance.shuffle(labels)
        return labels

    def _discovery(self):
        ports = [{"number": self.chance.randrange(65536),
                  **{key: self.chance.choice(values) for key, values in (
                      ("name", ("http", "Admin_1", "port1", "$", "")),
                      ("protocol", ("tcp", "udp,tcp", "UDP", "-", ""))) if self.maybe(0.8)}}
                 for _ in range(self.chance.randrange(4))]
        found = {"visibility": self.chance.choice(VISIBILITIES)}
        if self.maybe(0.8):
            found["name"] = self.chance.choice(NAMES)
        if ports:
            found["ports"] = {"ports": ports}
        for key in ("environment", "location", "version"):
            if self.maybe(0.6):
                found[key] = self.chance.choice(VALUES)
        if self.maybe():
            found["labels"] = {"labels": self._labels()}
        return found

    def _statuses(self, number):
        """One or more; what they say of health comes in no order, and is not always said."""
        found = [self._status(number)]
        for _ in range(self.chance.choice((0, 0, 1, 2))):
            found.insert(self.chance.randrange(2), dict(
                self._status(number), timestamp=self.chance.choice((0.5, 2.0, 3.0)),
                state=self.chance.choice(("TASK_RUNNING", "TASK_STARTING", "TASK_KILLING"))))
        for timestamp, status in enumerate(found):
            status["timestamp"] += timestamp / 8  # None of them are of one time.
            if self.maybe(0.8):
                status["healthy"] = self.maybe(0.4)
        return found

    def _status(self, number):
        infos = []
        for i in range(self.chance.randrange(4)):
            info = {"ip_addresses": [{"ip_address": f"10.{number}.{i}.{self.chance.randrange(3)}"}]}
            if self.maybe(0.3):
                info["ip_addresses"].append({"ip_address": f"fd00::{number}:{i}/64"})
            if self.maybe(0.8):
                info["name"] = self.chance.choice(NETWORKS)
            infos.append(info)
        return {"state": "TASK_RUNNING", "timestamp": 1.0,
                "container_status": {"network_infos": infos}}

    def _task(self, number, agents):
        task = states.task(self.chance.choice(NAMES), id=f"task-{number}",
                           agent=self.chance.randrange(agents))
        task["statuses"] = self._statuses(number)
        if self.maybe(0.4):
            task["health_check"] = {"type": "COMMAND"}
        if self.maybe(0.4):
            first = self.chance.randrange(31000, 31900)
            task["resources"]["ports"] = f"[{first}-{first + self.chance.randrange(4)}, 32000-32000]"
        if self.maybe(0.7):
            task["discovery"] = self._discovery()
        if self.maybe(0.8):
            task["labels"] = self._labels()
        if self.maybe(0.8):
            task["role"] = self.chance.choice(("*", "web", "eng/frontend"))
        return task

    def _agent(self, number):
        agent = states.agent(number, f"10.200.0.{number + 1}")
        agent["hostname"] = self.chance.choice((f"node-{number}.example", "NODE", agent["pid"][9:-5],
                                                "$.x", f"s{number}"))
        agent["attributes"] = {"rack": self.chance.choice(VALUES), "level": 5.0, "ports": "[1-5]"}
        return agent

    def state(self, leader, tasks=18):
        """A state of a leading master, with tasks of several frameworks."""
        agents = [self._agent(number) for number in range(3)]
        frameworks = [states.framework(name, id=f"{states.CLUSTER}-{number}")
                      for number, name in enumerate(self.chance.sample(FRAMEWORKS, 5))]
        for framework in frameworks:
            if self.maybe():
                framework["pid"] = f"scheduler@10.201.0.{frameworks.index(framework)}:9000"
            framework.update(self.chance.choice(({"role": "ops"}, {"roles": ["web", "ops"]},
                                                 {"roles": ["dev"]}, {})))
        for number in range(tasks):
            self.chance.choice(frameworks)["tasks"].append(self._task(number, len(agents)))
        return states.state(leader, *frameworks, agents=agents)
