# SPDX-License-Identifier: GPL-3.0-or-later
"""Events as a Mesos master streams them (v1 `master::Event`), made of what its state lists.

    stream.send(*events.between(before, after))    # two states that `states` has made

What events leave out (a framework's `pid`) is left out here; what they alone have (uuid, source) is
there as far as somebody might look at it.
"""
import base64
import json
import re
import uuid

HEARTBEAT_SECONDS = 15.0

HEARTBEAT = {"type": "HEARTBEAT"}

# The states of tasks that have ended (Mesos: `isTerminalState()`).
ENDED = {"TASK_FINISHED", "TASK_FAILED", "TASK_KILLED", "TASK_ERROR", "TASK_LOST", "TASK_DROPPED",
         "TASK_GONE"}


def record(event):
    """An event (or bytes that may be none) as a record: its length, a line feed, its JSON."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return b"%d\n" % len(body) + body


def _value(text):
    return {"value": text}


def _labels(labels):
    return {"labels": labels}


def _resources(resources, **items):
    """Of a state's `{"cpus": 0.1, "ports": "[1-2, 5-5]"}`; of what there is none is left out."""
    result = []
    for name, amount in resources.items():
        if isinstance(amount, str):
            pairs = re.findall(r"(\d+)-(\d+)", amount)
            result.append({"name": name, "type": "RANGES", **items, "ranges": {"range": [
                {"begin": int(first), "end": int(last)} for first, last in pairs]}})
        elif amount:
            result.append({"name": name, "type": "SCALAR", **items, "scalar": _value(amount)})
    return result


def status(task, number=-1):
    """One of a task's statuses, the last one if not said."""
    given = task["statuses"][number]
    name = f"{task['id']} {given['state']} {given.get('timestamp')}"
    result = {**given, "task_id": _value(task["id"]), "agent_id": _value(task["slave_id"]),
              "source": "SOURCE_EXECUTOR",
              "uuid": base64.b64encode(uuid.uuid5(uuid.NAMESPACE_OID, name).bytes).decode()}
    if "labels" in given:
        result["labels"] = _labels(given["labels"])
    return result


def task(framework, task, statuses=True):
    """A task of a framework; a master has no statuses of one that it has just launched."""
    kept = {key: task[key] for key in ("name", "state", "discovery", "container", "health_check",
                                       "user") if key in task}
    result = {**kept, "task_id": _value(task["id"]), "agent_id": _value(task["slave_id"]),
              "framework_id": _value(framework["id"]),
              "resources": _resources(task.get("resources", {}),
                                      allocation_info={"role": task.get("role", "*")})}
    if "labels" in task:
        result["labels"] = _labels(task["labels"])
    if statuses:
        result["statuses"] = [status(task, i) for i in range(len(task.get("statuses", ())))]
    return result


def _attributes(attributes):
    return [{"name": name, "type": "SCALAR", "scalar": _value(value)}
            if isinstance(value, (int, float)) else
            {"name": name, "type": "TEXT", "text": _value(value)}
            for name, value in attributes.items()]


def _agent_info(agent):
    info = {"id": _value(agent["id"]), "hostname": agent["hostname"],
            "port": agent.get("port", 5051), "resources": _resources(agent.get("resources", {}))}
    if agent.get("attributes"):
        info["attributes"] = _attributes(agent["attributes"])
    return info


def agent(agent):
    return {"agent_info": _agent_info(agent), "pid": agent["pid"],
            "active": agent.get("active", True), "deactivated": agent.get("deactivated", False),
            "version": "1.12.0", "total_resources": _resources(agent.get("resources", {}), role="*")}


def _framework_info(framework):
    kept = {key: framework[key] for key in ("name", "hostname", "webui_url", "user", "roles")
            if framework.get(key)}
    return {"user": "root", "roles": ["*"], **kept, "id": _value(framework["id"])}


def framework(framework):
    return {"framework_info": _framework_info(framework),
            **{key: framework.get(key, default) for key, default in
               (("active", True), ("connected", True), ("recovered", False))}}


def subscribed(state, heartbeat=HEARTBEAT_SECONDS):
    """The first event: all that a state lists."""
    return {"type": "SUBSCRIBED", "subscribed": {
        "heartbeat_interval_seconds": heartbeat,
        "get_state": {
            "get_agents": {"agents": [agent(one) for one in state["slaves"]],
                           "recovered_agents": [_agent_info(one)
                                                for one in state["recovered_slaves"]]},
            "get_executors": {"executors": []},
            "get_frameworks": {"frameworks": [framework(one) for one in state["frameworks"]],
                               "completed_frameworks": []},
            "get_tasks": {
                kind: [task(one, other) for one in state["frameworks"]
                       for other in one.get(kind, ())]
                for kind in ("tasks", "unreachable_tasks", "completed_tasks")},
        }}}


def agent_added(one):
    return {"type": "AGENT_ADDED", "agent_added": {"agent": agent(one)}}


def agent_removed(one):
    return {"type": "AGENT_REMOVED", "agent_removed": {"agent_id": _value(one["id"])}}


def framework_added(one):
    return {"type": "FRAMEWORK_ADDED", "framework_added": {"framework": framework(one)}}


def framework_updated(one):
    return {"type": "FRAMEWORK_UPDATED", "framework_updated": {"framework": framework(one)}}


def framework_removed(one):
    """Holds no more than the framework's info."""
    return {"type": "FRAMEWORK_REMOVED",
            "framework_removed": {"framework_info": _framework_info(one)}}


def task_added(framework, one, statuses=True):
    """`statuses` as a returning agent's tasks have them; without, it has just been launched."""
    added = task(framework, one, statuses)
    if not statuses:
        added["state"] = "TASK_STAGING"
    return {"type": "TASK_ADDED", "task_added": {"task": added}}


def task_updated(framework, one, number=-1, state=None):
    """A status of a task as it is told, the last one if not said."""
    return {"type": "TASK_UPDATED", "task_updated": {
        "framework_id": _value(framework["id"]), "status": status(one, number),
        "state": state or one["state"]}}


def task_gone(framework, one, state="TASK_FINISHED", **items):
    """The end of a task, as the master tells it before the state lists it no more."""
    assert state in ENDED, state
    last = {"state": state, "timestamp": 2.0, **items}
    return task_updated(framework, {**one, "state": state, "statuses": [last]})


def _by_id(objects):
    return {one["id"]: one for one in objects}


def _tasks(framework):
    return _by_id(framework["tasks"]) if framework else {}


def _changed_tasks(before, after):
    """What happened to a framework's tasks."""
    old, new = _tasks(before), _tasks(after)
    yield from (task_gone(before, one) for id, one in old.items() if id not in new)
    for id, one in new.items():
        if id not in old:
            yield task_added(after, one, statuses=False)
            yield from (task_updated(after, one, i, one["statuses"][i]["state"])
                        for i in range(len(one["statuses"])))
        elif one != old[id]:
            yield task_updated(after, one)


def between(before, after):
    """The events that lead from a state to the next one, in an order that masters have.

    Of a task that both have only its state and last status can change; that is all that a master
    tells of it.
    """
    agents = _by_id(before["slaves"]), _by_id(after["slaves"])
    frameworks = _by_id(before["frameworks"]), _by_id(after["frameworks"])
    result = [agent_added(one) for id, one in agents[1].items() if id not in agents[0]]
    for id, one in frameworks[1].items():
        old = frameworks[0].get(id)
        if old is None:
            result.append(framework_added(one))
        elif framework(old) != framework(one):
            result.append(framework_updated(one))
        result.extend(_changed_tasks(old, one))
    for id, one in frameworks[0].items():
        if id not in frameworks[1]:
            result.extend(task_gone(one, other, "TASK_KILLED", reason="REASON_FRAMEWORK_REMOVED")
                          for other in one["tasks"])
            result.append(framework_removed(one))
    result.extend(agent_removed(one) for id, one in agents[0].items() if id not in agents[1])
    return result
