# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that choose names, each with values that make a difference to random states."""
import random_states

OPTIONS = {
    "name_format": ["{task}.{environment}", "{label:dns-name}", "{version}-x.{framework}",
                    "{role}.{attribute:rack}.{agent-host}", "{environment}", "{hash}.{agent}.y"],
    "network": ["overlay", "bridge"],
    "health": "require",
    "visibility": ["cluster", "external"],
    "agent_names": "on",
    "port_index": "on",
    "label_prefix": random_states.PREFIX,
    "srv_weight": 20,
    "label_rules": "rfc952",
    "ip_source": ["mesos", "host"],
}
