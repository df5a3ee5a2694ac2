"""Asks a Prometheus."""

import json
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

DIRECT = build_opener(ProxyHandler({}))


class PrometheusApi:
    """For whoever knows its `prometheus_url`."""

    def prometheus(self, path, **parameters):
        """`data` of an answer of its API."""
        return fetch(f"{self.prometheus_url}/api/v1/{path}?{urlencode(parameters, doseq=True)}")["data"]

    def query(self, expression):
        """[(labels, value)] of an instant query."""
        found = self.prometheus("query", query=expression)["result"]
        return [(sample["metric"], float(sample["value"][1])) for sample in found]


def fetch(url):
    with DIRECT.open(url, timeout=30) as answer:
        return json.load(answer)
