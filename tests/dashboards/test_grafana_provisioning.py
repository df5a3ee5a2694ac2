"""Grafana's provisioning files: only keys that Grafana reads, and names that are the same everywhere.

The keys are those of Grafana's documentation of provisioning and of its Prometheus and Tempo data sources.
"""

import json
import re
from pathlib import Path

import pytest
import yaml

from board_series import KNOWN

ROOT = Path(__file__).parents[2]
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
DATA_SOURCE = {"access", "basicAuth", "database", "editable", "isDefault", "jsonData", "name", "orgId"}
DATA_SOURCE |= {"secureJsonData", "type", "uid", "url", "user", "version", "withCredentials"}
JSON_DATA = {
    "prometheus": {"cacheLevel", "customQueryParameters", "defaultEditor", "disableRecordingRules"}
    | {"exemplarTraceIdDestinations", "httpMethod", "incrementalQuerying", "manageAlerts", "prometheusType"}
    | {"prometheusVersion", "queryTimeout", "timeInterval"},
    "tempo": {"nodeGraph", "search", "serviceMap", "spanBar", "streamingEnabled", "traceQuery"}
    | {"tracesToLogsV2", "tracesToMetrics", "tracesToProfiles"},
    "alertmanager": {"handleGrafanaManagedAlerts", "implementation"},
}
TRACES_TO_METRICS = {"datasourceUid", "queries", "spanEndTimeShift", "spanStartTimeShift", "tags"}
EXEMPLARS = {"datasourceUid", "name", "url", "urlDisplayLabel"}
PROVIDER = {"allowUiUpdates", "disableDeletion", "folder", "folderUid", "name", "options", "orgId", "type"}
PROVIDER |= {"updateIntervalSeconds"}
CONTACT_POINT, RECEIVER = {"name", "orgId", "receivers"}, {"disableResolveMessage", "settings", "type", "uid"}
POLICY = {
    "group_by",
    "group_interval",
    "group_wait",
    "matchers",
    "orgId",
    "receiver",
    "repeat_interval",
    "routes",
}


def read(name):
    return yaml.safe_load((PROVISIONING / name).read_text())


SOURCES = {source["uid"]: source for source in read("datasources/agentgauge.yaml")["datasources"]}
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())["services"]["grafana"]


def strange_keys():
    """What Grafana would pass over in silence."""
    for uid, source in SOURCES.items():
        yield from set(source) - DATA_SOURCE
        yield from set(source.get("jsonData", {})) - JSON_DATA[uid]
    yield from set(SOURCES["tempo"]["jsonData"]["tracesToMetrics"]) - TRACES_TO_METRICS
    for one in SOURCES["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]:
        yield from set(one) - EXEMPLARS
    for provider in read("dashboards/agentgauge.yaml")["providers"]:
        yield from set(provider) - PROVIDER
    alerting = read("alerting/contact-points.yaml.example")
    for point in alerting["contactPoints"]:
        yield from set(point) - CONTACT_POINT
        yield from (key for receiver in point["receivers"] for key in set(receiver) - RECEIVER)
    for policy in alerting["policies"]:
        yield from set(policy) - POLICY


def test_grafana_reads_every_key():
    assert list(strange_keys()) == []


def test_a_strange_key_is_found(monkeypatch):
    monkeypatch.setitem(SOURCES["prometheus"]["jsonData"], "timeIntervall", "15s")

    assert list(strange_keys()) == ["timeIntervall"]


def test_sources_refer_to_each_other_by_uids_that_exist():
    text = (PROVISIONING / "datasources" / "agentgauge.yaml").read_text()

    assert set(re.findall(r"datasourceUid: (\w+)", text)) <= set(SOURCES)


@pytest.mark.parametrize("name", ["spend", "agents", "tools", "traces", "pipeline"])
def test_dashboards_prefer_the_sources_that_are_provisioned(name):
    variables = json.loads((ROOT / "dashboards" / f"{name}.json").read_text())["templating"]["list"]
    preferred = {one["query"]: one["current"]["value"] for one in variables if one["type"] == "datasource"}

    assert {kind: SOURCES[uid]["type"] for kind, uid in preferred.items()} == {
        "prometheus": "prometheus",
        "tempo": "tempo",
    }


def test_a_span_leads_to_series_that_exist():
    found = SOURCES["tempo"]["jsonData"]["tracesToMetrics"]
    names = [re.search(r"rate\((\w+)\{", one["query"])[1] for one in found["queries"]]

    assert set(names) <= set(KNOWN)
    for name in names:
        assert {tag["value"] for tag in found["tags"]} <= KNOWN[name][1]


def test_containers_have_the_files_where_provisioning_looks_for_them():
    volumes = [volume.split(":") for volume in COMPOSE["volumes"]]
    mounted = {to: (ROOT / "deploy" / "compose" / source).resolve() for source, to, *_ in volumes}
    (provider,) = read("dashboards/agentgauge.yaml")["providers"]
    home = Path(COMPOSE["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])

    assert mounted["/etc/grafana/provisioning"] == PROVISIONING
    assert mounted[provider["options"]["path"]] == ROOT / "dashboards"
    assert (mounted[str(home.parent)] / home.name).is_file()


def test_the_rate_interval_of_grafana_fits_the_scrapes():
    scrapes = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())["global"]

    assert SOURCES["prometheus"]["jsonData"]["timeInterval"] == scrapes["scrape_interval"]
