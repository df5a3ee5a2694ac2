"""Run by every Python below `agentgauge run` when it starts: waits for the model clients, then steps aside.

Any Python that a child starts meets this file, Python 2 included, so its syntax is that of all of them.
Nothing is printed, and nothing here may keep a program from starting.
"""
# pathlib costs more than all that is done here.
# ruff: noqa: PTH100, PTH118, PTH120

import os
import sys

if __name__ == "sitecustomize":  # not when a tool imports it as a part of the package
    _folder = os.path.dirname(os.path.abspath(__file__))
    # Off the path of this process only: PYTHONPATH stays, so that its children are recorded as well.
    sys.path[:] = [_entry for _entry in sys.path if os.path.abspath(_entry) != _folder]
    try:
        if sys.version_info >= (3, 8):  # noqa: UP036  # older ones come by, too
            from importlib.machinery import SourceFileLoader

            # By path: importing the package would cost every child what only some of them need.
            _hook = type(sys)("_agentgauge_importhook")
            _start = type(sys)("_agentgauge_start")
            _sources = {
                _hook: os.path.join(os.path.dirname(_folder), "importhook.py"),
                _start: os.path.join(_folder, "start.py"),
            }
            for _module, _source in _sources.items():
                _code = SourceFileLoader(_module.__name__, _source).get_code(_module.__name__)
                exec(_code, _module.__dict__)  # type: ignore[arg-type]  # noqa: S102  # our own two files
            _start.watch(_hook.when_imported)
    except Exception:  # noqa: BLE001, S110  # the program comes first, and there is nobody to tell
        pass
    # What Python would have run without us runs now, in its own name: its errors are shown as ever, and where
    # there is none the ImportError tells `site` just that.
    del sys.modules["sitecustomize"]
    __import__("sitecustomize")
