# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists and look-ups with the options that choose names: each says what DNS says."""
import random_states
import lists
import model
import pytest
import states
from as_dns import all_enumerated, assert_same, records_of
from expected import STATIC_RECORDS, ZONES, Expected, serving
from option_sets import OPTIONS
from ports import free_port
from web import Web

CASES = [*({name: value} for name, value in OPTIONS.items()), OPTIONS,
         {"name_format": OPTIONS["name_format"], "health": "avoid"}]


def listed(web, zone):
    return records_of(web.get(f"/v1/records?zone={zone}").text.splitlines())


def as_enumerated(records, zone):
    """Records of a zone as /v1/enumerate has them."""
    return {(owner, kind, "{3}:{2}".format(*data.split()) if kind == "SRV" else data)
            for owner, kind, data in records if owner.endswith(f".{zone}")}


def assert_lists(web, zone, records, others):
    """Every list has the zone's records, and /v1/enumerate those that tasks make.

    `others` are those that the cluster has without tasks; a task may have the same.
    """
    assert listed(web, zone) == {one for one in records if one[0].endswith(f".{zone}")}
    everything = as_enumerated(records, zone)
    found = all_enumerated(web.get(f"/v1/enumerate?zone={zone}").json())
    assert not found - everything
    assert not everything - as_enumerated(others, zone) - found
    if zone == "mesos.":
        assert lists.axfr_records(web.get("/v1/axfr").json()) == everything


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("options", CASES, ids=[*OPTIONS, "all", "avoid"])
def test_as_dns(master, options, seed):
    content, web = random_states.States(seed).state(master), Web("127.0.0.1", free_port())
    master.serve(content)
    others = model.made_with(options, {**content, "frameworks": [
        {**framework, "tasks": []} for framework in content["frameworks"]]})
    with serving(master, http=f"{web.address}@{web.port}", **options) as server:
        records = {one for zone in ZONES for one in listed(web, zone)}
        candidates = {owner for owner, _, _ in model.made_with(OPTIONS, content)}
        assert not Expected(records).differences(server, candidates)
        for zone in ZONES:
            assert_lists(web, zone, records, others)
        names = {owner for owner, kind, _ in records | model.made_with({}, content)
                 if kind != "PTR"} - {owner for owner, _, _ in STATIC_RECORDS}
        assert assert_same(server, web, sorted(names)) > 100


def enumerate_of(master, content, zone="mesos.", **options):
    """All that /v1/enumerate lists of a state."""
    web = Web("127.0.0.1", free_port())
    master.serve(content)
    with serving(master, http=f"{web.address}@{web.port}", **options):
        return all_enumerated(web.get(f"/v1/enumerate?zone={zone}").json())


def test_a_name_that_is_a_frameworks(master):
    """What a task says does not give it the name of a scheduler, in no list either."""
    shop = states.framework("shop", pid="scheduler@10.9.0.1:9000")
    other = states.framework("other", states.task(
        "web", addresses=["10.1.0.1"], discovery={"name": "web", "environment": "shop"}))
    found = enumerate_of(master, states.state(master, shop, other), name_format="{environment}")
    assert ("web.other.mesos.", "A", "10.1.0.1") in found
    assert not [one for one in found if one[0] == "shop.mesos."]


@pytest.mark.parametrize("health", ["avoid", "require"])
def test_who_is_not_well(master, health):
    """It has no part in the names that it leaves to others, and keeps its own."""
    tasks = [states.task("web", f"web.{number}", addresses=[f"10.1.0.{number}"])
             for number in range(2)]
    for task, healthy in zip(tasks, (True, False)):
        task["statuses"][-1]["healthy"] = healthy
    found = enumerate_of(master, states.state(master, states.framework("f", *tasks)),
                         health=health)
    assert [one for one in found if one[0] == "web.f.mesos."] == [
        ("web.f.mesos.", "A", "10.1.0.0")]
    assert [one for one in found if one[2] == "10.1.0.1"]


def test_pointers_that_several_have(master):
    content = states.state(master, states.framework("f", *(
        states.task(name, addresses=["10.1.0.1", address])
        for name, address in (("a", "10.1.0.2"), ("b", "10.1.0.3")))))
    assert {owner for owner, _, _ in enumerate_of(master, content, "in-addr.arpa.")} == {
        "2.0.1.10.in-addr.arpa.", "3.0.1.10.in-addr.arpa."}
