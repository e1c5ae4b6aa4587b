# SPDX-License-Identifier: GPL-3.0-or-later
"""Random states."""
import random

import states


class Mixer:
    """Random states of tasks whose names, ports and addresses collide and contain oddities."""

    NAMES = ["web", "Web", "web.prod", "web-prod", "WEB_prod", "a..b", "9lives", "-x-", "名前",
             "name-ü", "_http", "x" * 63, "y" * 57 + ".z", "z-" * 40, "", " ", "leader", "slave",
             "_tcp", "1.2.3.4", "w" * 61 + "---v"]
    FRAMEWORKS = ["marathon", "Marathon", "prod.marathon", "chronos v2", "slave", "_x", "名",
                  "Leader", "master7", "x.slave"]
    PROTOCOLS = ["tcp", "udp", "TCP", "udp,tcp", "tcp, udp", "", "sctp", None, "-", ",",
                 "9p", "-,udp"]
    PORTS = [None, "[]", "[31000-31000]", "[31000-31002, 32000-32001]", "[1-x, 31500-31501]"]
    PORT_NAMES = ["http", "Odd Name.x", "", None, "_dns", "admin-1"]

    def __init__(self, seed):
        self.random = random.Random(seed)

    def address(self):
        number = self.random.randrange(1, 40)
        return self.random.choice([f"10.9.0.{number}", f"fd09::{number:x}", f"fd09::{number:x}/64",
                                   f"::ffff:10.9.0.{number}", "nonsense"])

    def port(self):
        made = {"number": self.random.choice([0, 80, 8080, 65535]),
                "name": self.random.choice(self.PORT_NAMES),
                "protocol": self.random.choice(self.PROTOCOLS)}
        return {key: value for key, value in made.items() if value is not None}

    def task(self, number):
        pick = self.random.choice
        made = states.task(
            pick(self.NAMES), f"task.{number}", agent=self.random.randrange(5),
            ports=pick(self.PORTS), addresses=[self.address() for _ in range(pick([0, 1, 1, 3]))],
            state=pick(["TASK_RUNNING"] * 8 + ["TASK_STAGING", "TASK_FAILED"]))
        if self.random.random() < 0.5:
            made["discovery"] = {"name": pick(self.NAMES), "ports": {"ports": [
                self.port() for _ in range(pick([0, 1, 2, 4]))]}}
        return made

    def state(self, leader):
        agents = [states.agent(0), states.agent(1, "10.0.0.11"), states.agent(2, "[2001:db8::2]"),
                  states.agent(3, "10.0.0.11", 5055)]
        frameworks = [states.framework(name, *(self.task(f"{name}.{i}") for i in range(20)))
                      for name in self.FRAMEWORKS]
        return states.state(leader, *frameworks, agents=agents)
