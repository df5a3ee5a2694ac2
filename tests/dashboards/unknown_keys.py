"""python unknown_keys.py FILE...: prints the paths that Grafana's own models do not know, as JSON by file.

A dashboard is decoded by grafana-foundation-sdk and encoded again; what got lost on the way is unknown.
"""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard


def paths(node, at=""):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from paths(value, f"{at}.{key}")
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from paths(value, f"{at}[{place}]")
    else:
        yield at


def unknown(file):
    written = json.loads(Path(file).read_text())
    kept = json.loads(json.dumps(Dashboard.from_json(written), cls=JSONEncoder))
    return sorted(set(paths(written)) - set(paths(kept)))


plugins.register_default_plugins()
print(json.dumps({file: unknown(file) for file in sys.argv[1:]}))
