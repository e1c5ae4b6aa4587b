# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the naming rules agrees with the golden data, and with the examples."""
import golden
import model
import pytest


@pytest.mark.parametrize("path", golden.FILES, ids=golden.name_of)
def test_model_gives_golden_records(path):
    state, options = golden.state(path), golden.options(path)
    made = model.Model(state, [model.pid_parts(state["leader"])],
                       rules=options.get("label_rules", "rfc1123"),
                       sources=options.get("ip_source", model.DEFAULT_SOURCES))
    assert made.records == golden.records(path)


@pytest.mark.parametrize("rules, name, label", [
    ("rfc1123", "UpperCase.App_v2", "uppercase-app-v2"),
    ("rfc1123", "has space and $ign", "hasspaceandign"),
    ("rfc1123", "c" * 60 + "---d", "c" * 60 + "d"),
    ("rfc1123", "--lead-and-trail--", "lead-and-trail"),
    ("rfc952", "89fdgsf---gs7-fgs--d7fddg-123", "fdgsf---gs7-fgs--d7fddg1"),
])
def test_model_labels(rules, name, label):
    assert model.label(name, rules) == label


def test_model_names():
    assert model.dotted_label("Marathon.Prod Env") == "marathon.prodenv"
    assert model.task_hash("test") == "iffe9"
