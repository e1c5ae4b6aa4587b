/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A small master's state that has everything once.
 */
#pragma once

/*! \brief A document with every value that is wanted, and some that are not. */
static const char BASE[] =
        "{\"version\":\"1.12.0\",\"id\":\"master-id\",\"pid\":\"master@10.0.0.1:5050\","
        "\"leader\":\"master@10.0.0.2:5051\",\"start_time\":1795359000.25,\"elected_time\":"
        "1795359480.5,\"activated_slaves\":2."
        "0,"
        "\"flags\":{\"registry_fetch_timeout\":\"2mins\",\"quorum\":\"2\"},"
        "\"slaves\":["
        "{\"id\":\"S0\",\"pid\":\"slave(1)@10.0.1.1:5051\",\"hostname\":\"a\",\"port\":5051},"
        "{\"id\":\"S1\",\"pid\":\"slave(1)@[2001:db8::1]:5052\",\"resources\":{\"ports\":\"[1-2]\"}"
        "}],"
        "\"recovered_slaves\":[{\"id\":\"S2\",\"pid\":\"slave(1)@10.0.1.3:5053\"}],"
        "\"frameworks\":[{\"id\":\"F0\",\"name\":\"marathon\",\"pid\":\"sched@10.0.2.1:15000\","
        "\"hostname\":\"sched.test\",\"completed_tasks\":[{\"id\":\"old\",\"state\":\"TASK_"
        "RUNNING\","
        "\"slave_id\":\"S7\"}],\"unreachable_tasks\":[{\"id\":\"lost\",\"state\":\"TASK_RUNNING\","
        "\"slave_id\":\"S8\"}],\"tasks\":["
        "{\"id\":\"T0\",\"name\":\"web\",\"slave_id\":\"S0\",\"state\":\"TASK_RUNNING\","
        "\"resources\":{\"cpus\":0.1,\"ports\":\"[31000-31002, 31010-31010]\"},"
        "\"labels\":[{\"key\":\"Docker.NetworkSettings.IPAddress\",\"value\":\"10.9.9.9\"}],"
        "\"discovery\":{\"name\":\"web.prod\",\"visibility\":\"CLUSTER\",\"ports\":{\"ports\":["
        "{\"number\":8080,\"name\":\"http\",\"protocol\":\"tcp\"},{\"number\":53.0}]}},"
        "\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":\"x\",\"port_mappings\":["
        "{\"host_port\":31000,\"container_port\":80}]},\"network_infos\":[{\"port_mappings\":["
        "{\"host_port\":31001}]}]},"
        "\"statuses\":["
        "{\"state\":\"TASK_STARTING\",\"timestamp\":9,\"container_status\":{\"network_infos\":["
        "{\"ip_addresses\":[{\"ip_address\":\"10.0.3.9\"}]}]}},"
        "{\"state\":\"TASK_RUNNING\",\"timestamp\":2.5,\"labels\":["
        "{\"key\":\"MesosContainerizer.NetworkSettings.IPAddress\",\"value\":\"10.0.3.4\"},"
        "{\"key\":\"Docker.NetworkSettings.IPAddress\",\"value\":\"10.0.3.5\"},"
        "{\"key\":\"other\",\"value\":\"10.0.3.6\"}],"
        "\"container_status\":{\"container_id\":{\"value\":\"c\"},\"network_infos\":["
        "{\"ip_addresses\":[{\"protocol\":\"IPv4\",\"ip_address\":\"10.0.3.1\"},"
        "{\"ip_address\":\"fd00::1/64\"}],\"ip_address\":\"10.0.3.2\",\"name\":\"n\"},"
        "{\"ip_address\":\"10.0.3.3\",\"port_mappings\":[{\"host_port\":31002}]}]}},"
        "{\"state\":\"TASK_RUNNING\",\"timestamp\":1.5,\"container_status\":{\"network_infos\":["
        "{\"ip_addresses\":[{\"ip_address\":\"10.0.3.8\"}]}]}}]},"
        "{\"id\":\"T1\",\"name\":\"done\",\"slave_id\":\"S6\",\"state\":\"TASK_FINISHED\"}]},"
        "{\"id\":\"F1\",\"name\":\"http\",\"hostname\":\"\",\"tasks\":["
        "{\"id\":\"T2\",\"name\":\"bare\",\"slave_id\":\"S9\",\"state\":\"TASK_RUNNING\"}]}],"
        "\"completed_frameworks\":[{\"id\":\"F9\",\"tasks\":[{\"id\":\"no\",\"slave_id\":\"S5\","
        "\"state\":\"TASK_RUNNING\"}]}],\"orphan_tasks\":[{\"id\":\"no\",\"slave_id\":\"S5\","
        "\"state\":\"TASK_RUNNING\"}]}";
