# SPDX-License-Identifier: GPL-3.0-or-later
"""An independent model of the naming rules: a master's state in, records out.

Slow, plain and written from the specification alone, so that it can be held against the module.
A record is (owner, type, data), all text, lower case, as a zone file would have it.
"""
import hashlib
import ipaddress
import re
import socket

ZBASE32 = "ybndrfg8ejkmcpqxot1uwisza345h769"
DEFAULT_SOURCES = ("auto",)
MESOS_DNS_SOURCES = ("netinfo", "mesos", "host")
LABEL_LIMIT = {"rfc1123": 63, "rfc952": 24}
BLANKS = " \t\n\v\f\r"


def label(name, rules="rfc1123"):
    """One label made of any text by the label rules; may come out empty."""
    limit = LABEL_LIMIT[rules]
    text = "".join("-" if c in "._" else c.lower()
                   for c in name if c in "._-" or (c.isascii() and c.isalnum()))
    text = text.lstrip("-0123456789" if rules == "rfc952" else "-")
    if len(text) <= limit:
        return text.rstrip("-")
    head = text[:limit].rstrip("-")
    rest = text[limit:].lstrip("-")
    return head + rest[:limit - len(head)]


def dotted_label(name, rules="rfc1123"):
    """The labels of a name that may keep its dots, joined by dots."""
    return ".".join(filter(None, (label(part, rules) for part in name.split("."))))


def task_hash(task_id):
    """The first five characters of the z-base-32 form of the SHA-1 of a task ID."""
    bits = int.from_bytes(hashlib.sha1(task_id.encode()).digest(), "big") >> (160 - 25)
    return "".join(ZBASE32[bits >> shift & 31] for shift in (20, 15, 10, 5, 0))


def address(text):
    """The address in a text, or None; prefix length cut off, IPv4-mapped as IPv4."""
    if "%" in text:
        return None  # An interface's name is no part of an address that DNS has.
    try:
        found = ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def host_addresses(host):
    """The addresses of a host part: itself, or what the system's resolver says."""
    if not host:
        return []
    found = address(host)
    if found is not None:
        return [found]
    try:
        infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [address(info[4][0]) for info in infos]


def pid_parts(pid):
    """Host and port of NAME@HOST:PORT; (None, None) without one."""
    match = re.fullmatch(r"[^@]*@(.+):(\d+)", (pid or "").strip(BLANKS))
    if not match:
        return None, None
    return match[1].removeprefix("[").removesuffix("]"), int(match[2])


def port_ranges(text):
    """All ports of `[31000-31002, 32000-32000]`; what is no range is passed over."""
    ports = []
    for first, last in re.findall(r"(?<=[\[, ])(\d+)-(\d+)(?=[\], ])", text or ""):
        ports += range(int(first), int(last) + 1)
    return ports


def is_carried(owner):
    """True if DNS can carry a name (its final dot included)."""
    labels = owner.removesuffix(".").split(".")
    return all(0 < len(part) <= 63 for part in labels) and len(owner) + 1 <= 255


def running_status(task):
    """The latest status in state TASK_RUNNING, or an empty one."""
    running = [s for s in task.get("statuses", []) if s.get("state") == "TASK_RUNNING"]
    return max(running, key=lambda status: status.get("timestamp", 0), default={})


def is_unhealthy(task, rule):
    """Whether a task gives way to others at the names they share, by the option `health`."""
    words = [s for s in task.get("statuses", []) if isinstance(s.get("healthy"), bool)]
    latest = max(words, key=lambda status: status.get("timestamp", 0), default=None)
    if rule == "ignore":
        return False
    if latest is not None:
        return not latest["healthy"]
    return rule == "require" and isinstance(task.get("health_check"), dict)


def netinfo(task, networks=()):
    """Its addresses; with `networks`, those in the first of them that it has any in."""
    infos = running_status(task).get("container_status", {}).get("network_infos", [])
    for network in networks:
        found = _info_addresses([info for info in infos if info.get("name") == network])
        if found:
            return found
    return [] if networks else _info_addresses(infos)


def _info_addresses(infos):
    found = []
    for info in infos:
        entries = info.get("ip_addresses") or [info]
        found += [address(e["ip_address"]) for e in entries if "ip_address" in e]
    return [a for a in found if a]


def status_label(task, key):
    labels = running_status(task).get("labels", [])
    found = [address(entry.get("value", "")) for entry in labels if entry.get("key") == key]
    return [a for a in found if a]


def maps_ports(task):
    container = task.get("container", {})
    infos = container.get("network_infos", []) + running_status(task).get(
        "container_status", {}).get("network_infos", [])
    mappings = [one for part in (container.get("docker", {}), *infos)
                for one in part.get("port_mappings", [])]
    return any(one.get("host_port") for one in mappings)


def task_addresses(task, host, sources, networks=()):
    """A task's addresses: those of the first source that has any."""
    give = {
        "netinfo": lambda: netinfo(task, networks),
        "mesos": lambda: status_label(task, "MesosContainerizer.NetworkSettings.IPAddress"),
        "docker": lambda: status_label(task, "Docker.NetworkSettings.IPAddress"),
        "host": lambda: host,
        "auto": lambda: host if maps_ports(task) else netinfo(task, networks) or host,
    }
    return next(filter(None, (give[source]() for source in sources)), [])


def labels_of(task, key):
    """The values that labels with a key have: the task's first one, its discovery's first one."""
    lists = task.get("labels", []), task.get("discovery", {}).get("labels", {}).get("labels", [])
    found = [[one["value"] for one in labels if one.get("key") == key and one.get("value")]
             for labels in lists]
    return [values[0] for values in found if values]


def role_of(task, framework):
    roles = framework.get("roles", [])
    return task.get("role") or framework.get("role") or (roles[0] if len(roles) == 1 else "")


def attribute_of(agent, key):
    """A text attribute; a range or set is text in brackets."""
    value = agent.get("attributes", {}).get(key)
    return value if isinstance(value, str) and value[:1] not in ("[", "{") else ""


def agent_suffix(agent_id):
    """What follows the last hyphen, if that is a label of letters and digits."""
    suffix = agent_id.rpartition("-")[2].lower()
    return suffix if re.fullmatch("[a-z0-9]{1,63}", suffix, re.ASCII) else ""


def is_clusters(name):
    """True for a name that section 3.3 keeps for masters, or that lies where agents' names lie."""
    return bool(re.fullmatch("leader|master[0-9]*", name)) or name.split(".")[-1] == "slave"


def canonical(name, suffix):
    """A canonical name; its task part is cut if this name alone is too long for DNS."""
    rest, dot, last = name.rpartition(".")
    if len(last) <= 63:
        last = last[:63 - len(suffix)]
    return rest + dot + last + suffix


def canonical_name(task, name):
    return canonical(name, f"-{task_hash(task['id'])}-{agent_suffix(task['slave_id'])}")


def protocols(port, rules="rfc1123"):
    """The protocol labels of a discovery port: both if there are none, or the rules leave none."""
    listed = [label(part, rules) for part in port.get("protocol", "").split(",")]
    return list(filter(None, listed)) or ["tcp", "udp"]


class Model:
    """All records of one state, made for a zone, its reverse zones and one set of options.

    `options` has those that knot.conf has beside label-rules, ip-source and origin, by their names
    with underscores; what is not there is off.
    """

    def __init__(self, state, masters=(), zone="mesos.", rules="rfc1123",
                 sources=DEFAULT_SOURCES, origin="mesos.", options=None):
        self.zone, self.rules, self.sources = zone, rules, sources
        self.options = options or {}
        self.records = set()
        self.yielding = set()  # Records of tasks that give way to others.
        self._yields = False
        self.reverse = {}
        self.priority, self.weight = 0, self.options.get("srv_weight", 1)
        self.slaves = {a["id"]: a for a in state["slaves"]}
        self.agents = {a["id"]: pid_parts(a.get("pid")) for a in state["slaves"]}
        self.own_names = {dotted_label(framework.get("name", ""), rules)
                          for framework in state["frameworks"]}
        for framework in state["frameworks"]:
            self._framework(framework)
        for agent in state["slaves"]:
            self._agent(agent)
        self._masters(state, list(masters))
        self._add_yielding()
        for pointer, names in self.reverse.items():
            target = f"{min(names)}.{origin}"
            if len(names) == 1 and is_carried(target):
                self.records.add((pointer, "PTR", target))

    def _add(self, owner, kind, data):
        if is_carried(f"{owner}.{self.zone}"):
            where = self.yielding if self._yields else self.records
            where.add((f"{owner}.{self.zone}", kind, data))

    def _add_yielding(self):
        """Adds what gives way where nobody else has records: A and AAAA together, and SRV."""
        def decided(record):
            return record[0], record[1] == "SRV"
        taken = {decided(record) for record in self.records}
        self.records |= {record for record in self.yielding if decided(record) not in taken}

    def _addresses(self, owner, addresses):
        for one in addresses:
            self._add(owner, "A" if one.version == 4 else "AAAA", str(one))
        return bool(addresses)

    def _srv(self, owner, port, target):
        if is_carried(f"{target}.{self.zone}"):
            data = f"{self.priority} {self.weight} {port} {target}.{self.zone}"
            self._add(owner, "SRV", data)

    def _is_on(self, option):
        return self.options.get(option) == "on"

    def _agent(self, agent):
        host, port = pid_parts(agent.get("pid"))
        addresses = host_addresses(host)
        if self._addresses("slave", addresses):
            self._srv("_slave._tcp", port, "slave")
        if self._is_on("agent_names"):
            names = {agent_suffix(agent["id"])}
            if not address(agent.get("hostname", "")):
                names.add(label(agent.get("hostname", "").split(".")[0], self.rules))
            for name in filter(None, names):
                self._addresses(f"{name}.slave", addresses)

    def _framework(self, framework):
        name = dotted_label(framework.get("name", ""), self.rules)
        if not name or name.split(".")[-1] == "slave":
            return
        host, port = pid_parts(framework.get("pid"))
        addresses = host_addresses(host or framework.get("hostname"))
        if not re.fullmatch("leader|master[0-9]*", name):
            self._addresses(name, addresses)
            if port and addresses:
                self._srv(f"_framework._tcp.{name}", port, name)
        for task in framework.get("tasks", []):
            if (task.get("state") == "TASK_RUNNING" and task.get("slave_id") in self.agents
                    and self._is_shown(task)):
                self._steer(task)
                self._task(task, name, framework)
                self.priority, self.weight = 0, self.options.get("srv_weight", 1)

    def _is_shown(self, task):
        visible = {one.upper() for one in self.options.get("visibility", ())}
        if visible and len(visible) < 3 and "discovery" in task:
            if task["discovery"].get("visibility") not in visible:
                return False
        prefix = self.options.get("label_prefix")
        return not prefix or "true" not in labels_of(task, f"{prefix}hide")

    def _steer(self, task):
        prefix = self.options.get("label_prefix")
        for word in ("priority", "weight") if prefix else ():
            for value in labels_of(task, f"{prefix}{word}")[::-1]:
                # Six digits are too many, and Python reads no more than some thousands.
                number = value.lstrip("0")[:6] or "0"
                if re.fullmatch("[0-9]+", value, re.ASCII) and int(number) < 65536:
                    setattr(self, word, int(number))

    def _task(self, task, framework, said):
        host = host_addresses(self.agents[task["slave_id"]][0])
        addresses = task_addresses(task, host, self.sources, self.options.get("network", ()))
        discovery = task.get("discovery", {}).get("name", "")
        names = {label(discovery or task.get("name", ""), self.rules)}
        for name in filter(None, set(names)):
            for one in addresses:
                self.reverse.setdefault(one.reverse_pointer + ".", set()).add(f"{name}.{framework}")
        if re.fullmatch(r"[\w-]+(\.[\w-]+)*", discovery, re.ASCII):
            names.add(discovery.lower())
        for name in filter(None, names):
            self._canonical_name(task, framework, name, addresses, host)
        self._yields = is_unhealthy(task, self.options.get("health", "ignore"))
        for name in filter(None, names):
            self._task_name(task, framework, name, addresses, host)
        self._chosen_names(task, framework, said, addresses)
        self._yields = False

    def _chosen_names(self, task, framework, said, addresses):
        """The names that formats give a task."""
        discovery = task.get("discovery", {}).get("name", "")
        made = label(discovery or task.get("name", ""), self.rules)
        for format in self.options.get("name_format", ()):
            values = {placeholder: self._value(placeholder, task, made, framework, said)
                      for placeholder in re.findall(r"\{([^}]*)\}", format)}
            if all(values.values()):
                chosen = re.sub(r"\{([^}]*)\}|[A-Z]", lambda found: (
                    values[found[1]] if found[1] else found[0].lower()), format)
                self._chosen(task, framework, chosen, addresses, made or discovery.lower())

    def _value(self, placeholder, task, made, framework, said):
        agent = self.slaves[task["slave_id"]]
        discovery = task.get("discovery", {})
        kind, _, key = placeholder.partition(":")
        if kind == "label":
            return dotted_label((labels_of(task, key) or [""])[0], self.rules)
        if kind in ("task", "framework", "hash", "agent"):
            return {"task": made, "framework": framework, "hash": task_hash(task["id"]),
                    "agent": agent_suffix(agent["id"])}[kind]
        return label({
            "agent-host": agent.get("hostname", ""), "attribute": attribute_of(agent, key),
            "environment": discovery.get("environment", ""),
            "location": discovery.get("location", ""), "version": discovery.get("version", ""),
            "role": role_of(task, said)}[kind], self.rules)

    def _chosen(self, task, framework, name, addresses, label_of_task):
        """A name that a format gives a task."""
        if is_clusters(name) or name in self.own_names or not is_carried(f"{name}.{self.zone}"):
            return
        self._addresses(name, addresses)
        if not label_of_task or not agent_suffix(task["slave_id"]):
            return
        full = canonical_name(task, label_of_task)
        for port in task.get("discovery", {}).get("ports", {}).get("ports", []):
            port_name = label(port.get("name", ""), self.rules)
            for protocol in protocols(port, self.rules) if port_name else ():
                self._srv(f"_{port_name}._{protocol}.{name}", port["number"], f"{full}.{framework}")

    def _canonical_name(self, task, framework, name, addresses, host):
        full = canonical_name(task, name)
        self._addresses(f"{full}.{framework}", addresses)
        self._addresses(f"{full}.{framework}.slave", host)

    def _task_name(self, task, framework, name, addresses, host):
        full = canonical_name(task, name)
        self._addresses(f"{name}.{framework}", addresses)
        self._addresses(f"{name}.{framework}.slave", host)
        discovery = task.get("discovery", {})
        by_ranges = (f"{framework}.slave",) if discovery.get("name") else (
            framework, f"{framework}.slave")
        for port in port_ranges(task.get("resources", {}).get("ports")):
            for place in by_ranges:
                for protocol in ("tcp", "udp"):
                    self._srv(f"_{name}._{protocol}.{place}", port, f"{full}.{framework}.slave")
        ports = discovery.get("ports", {}).get("ports", [])
        for port in ports if discovery.get("name") else ():
            self._discovery_port(port, framework, name, full)
        if self._is_on("port_index"):
            self._indexed_ports(task, ports, framework, name, full)

    def _indexed_ports(self, task, ports, framework, name, full):
        places = framework, f"{framework}.slave"
        for index, port in enumerate(ports):
            for protocol in protocols(port, self.rules):
                for place in places:
                    self._srv(f"_port{index}._{name}._{protocol}.{place}", port["number"],
                              f"{full}.{place}")
        given = () if ports else port_ranges(task.get("resources", {}).get("ports"))
        for index, port in enumerate(given):
            for protocol in ("tcp", "udp"):
                for place in places:
                    self._srv(f"_port{index}._{name}._{protocol}.{place}", port,
                              f"{full}.{framework}.slave")

    def _discovery_port(self, port, framework, name, full):
        port_name = label(port.get("name", ""), self.rules)
        for place in (framework, f"{framework}.slave"):
            for protocol in protocols(port, self.rules):
                owner = f"_{name}._{protocol}.{place}"
                self._srv(owner, port["number"], f"{full}.{place}")
                if port_name:
                    self._srv(f"_{port_name}.{owner}", port["number"], f"{full}.{place}")

    def _masters(self, state, masters):
        leader = pid_parts(state["leader"])
        self._addresses("leader", host_addresses(leader[0]))
        for protocol in ("tcp", "udp"):
            self._srv(f"_leader._{protocol}", leader[1], "leader")
        if leader not in masters:
            masters.append(leader)
        for number, (host, port) in enumerate(masters):
            self._addresses("master", host_addresses(host))
            self._addresses(f"master{number}", host_addresses(host))
            for protocol in ("tcp", "udp"):
                self._srv(f"_master._{protocol}", port, f"master{number}")


def tempting_owners(state):
    """Owners that a careless reader finds: all tasks ever, running or not, all agents known."""
    frameworks = []
    for framework in state["frameworks"] + state.get("completed_frameworks", []):
        tasks = [dict(task, state="TASK_RUNNING") for key, value in framework.items()
                 if key.endswith("tasks") for task in value]
        frameworks.append(dict(framework, tasks=tasks))
    agents = [{"id": task["slave_id"], "pid": "slave(1)@192.0.2.255:5051"}
              for framework in frameworks for task in framework["tasks"]]
    everything = dict(state, frameworks=frameworks, slaves=agents + state["slaves"])
    return {owner for rules in LABEL_LIMIT
            for owner, _, _ in Model(everything, rules=rules).records}


def made_with(options, state, masters=()):
    """The records of a state with options as knot.conf has them, by names with underscores."""
    return Model(state, masters, rules=options.get("label_rules", "rfc1123"),
                 sources=options.get("ip_source", DEFAULT_SOURCES), options=options).records
