# SPDX-License-Identifier: GPL-3.0-or-later
"""Small master's states, made to measure."""
CLUSTER = "7f3c2d7e-1111-2222-3333-444455556666"


def agent(number=0, host="10.0.0.10", port=5051):
    return {"id": f"{CLUSTER}-S{number}", "pid": f"slave(1)@{host}:{port}",
            "hostname": f"agent{number}.invalid"}


def task(name, id=None, agent=0, ports=None, addresses=(), **items):
    """A running task; `ports` as in `resources.ports`, `addresses` as from a CNI network."""
    status = {"state": "TASK_RUNNING", "timestamp": 1.0}
    if addresses:
        status["container_status"] = {"network_infos": [
            {"ip_addresses": [{"ip_address": one} for one in addresses]}]}
    resources = {"cpus": 0.1, "ports": ports} if ports else {"cpus": 0.1}
    return {"id": id or f"{name}.1", "name": name, "slave_id": f"{CLUSTER}-S{agent}",
            "state": "TASK_RUNNING", "resources": resources, "statuses": [status], **items}


def discovery(name, *ports):
    """A task's discovery with ports (number, name, protocol)."""
    keys = ("number", "name", "protocol")
    return {"name": name, "visibility": "CLUSTER",
            "ports": {"ports": [dict(zip(keys, port)) for port in ports]}}


def framework(name, *tasks, **items):
    """A framework that speaks HTTP from an unknown host, unless `items` say otherwise."""
    return {"id": f"{CLUSTER}-{name}", "name": name, "hostname": "", "active": True,
            "tasks": list(tasks), **items}


def state(leader, *frameworks, agents=None, **items):
    """A state of a leading master (a master.Master, or its address as text)."""
    pid = getattr(leader, "pid", f"master@{leader}")
    return {"version": "1.12.0", "id": CLUSTER, "pid": pid, "leader": pid,
            "hostname": "master.invalid", "slaves": agents or [agent()], "recovered_slaves": [],
            "frameworks": list(frameworks), **items}
