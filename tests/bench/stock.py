"""The Collector of stock components that ours is measured against, built once into the user's cache."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from agentgauge.stack.places import find_places, locked

MANIFEST = Path(__file__).with_name("stock-collector.yaml")
BUILDER = "go.opentelemetry.io/collector/cmd/builder"


def stock_collector():
    """Its binary."""
    places, text = find_places(), MANIFEST.read_text()
    name = f"stock-collector-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    binary, folder = places.binaries / name, places.cache / "build" / name
    with locked(folder.with_name("stock-collector.lock"), waiting=lambda: print("another process builds it")):
        if not binary.exists():
            _build(text, folder)
            (folder / "build" / "stock-collector").replace(binary)
            shutil.rmtree(folder)
    return binary


def _build(text, folder):
    print("building the Collector of stock components, once; some minutes", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MANIFEST.name).write_text(text)
    version = re.search(r"nopexporter (v[\d.]+)", text)[1]
    subprocess.run(
        ["go", "run", f"{BUILDER}@{version}", f"--config={MANIFEST.name}"],
        cwd=folder,
        env=os.environ | {"GOWORK": "off", "GOFLAGS": "-buildvcs=false -p=1"},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
