"""The import hook: calls back once, after a real import, and leaves no trace in the import system."""

import importlib
import importlib.resources
import importlib.util
import logging
import os
import sys
import threading
import zipfile
from types import ModuleType

import pytest

from agentgauge import importhook
from agentgauge.importhook import when_imported


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A package that was never imported: its name."""
    name = f"waited_for_{tmp_path.name.replace('-', '_')}"
    package = tmp_path / name
    package.mkdir()
    (package / "__init__.py").write_text("ready = True\n")
    (package / "part.py").write_text("value = 3\n")
    (package / "data.txt").write_text("data\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    for loaded in [n for n in sys.modules if n.partition(".")[0] == name]:
        del sys.modules[loaded]


@pytest.fixture(autouse=True)
def clean_meta_path():
    """Each test starts and ends without anybody waiting."""
    importhook._finder._waiting.clear()
    before = list(sys.meta_path)
    yield
    importhook._finder._waiting.clear()
    sys.meta_path = before


@pytest.fixture
def seen():
    return []


def waiting():
    return importhook._finder in sys.meta_path


def test_a_module_that_is_there_is_given_at_once(seen):
    when_imported("json", seen.append)

    assert seen == [sys.modules["json"]]
    assert not waiting()


def test_the_callback_comes_with_the_finished_module_before_the_import_returns(module, seen):
    when_imported(module, lambda m: seen.append((m.__name__, m.ready, threading.current_thread())))
    assert seen == []

    importlib.import_module(module)

    assert seen == [(module, True, threading.current_thread())]


def test_it_comes_in_the_thread_that_imports(module, seen):
    when_imported(module, lambda m: seen.append(threading.current_thread()))

    importer = threading.Thread(target=importlib.import_module, args=(module,))
    importer.start()
    importer.join()

    assert seen == [importer]


def test_importing_a_submodule_is_importing_its_package(module, seen):
    when_imported(module, seen.append)

    importlib.import_module(f"{module}.part")

    assert [m.__name__ for m in seen] == [module]


def test_a_submodule_can_be_waited_for(module, seen):
    when_imported(f"{module}.part", seen.append)

    importlib.import_module(module)
    assert seen == []
    importlib.import_module(f"{module}.part")

    assert [m.value for m in seen] == [3]


def test_everyone_who_waits_is_called(module, seen):
    for number in range(3):
        when_imported(module, lambda _, number=number: seen.append(number))

    importlib.import_module(module)

    assert seen == [0, 1, 2]


def test_the_finder_leaves_when_nobody_waits(module, seen):
    when_imported(module, seen.append)
    when_imported("never_there_at_all", seen.append)

    importlib.import_module(module)
    assert waiting()
    importhook._finder.imported("never_there_at_all", ModuleType("never_there_at_all"))

    assert not waiting()


def test_looking_for_a_module_is_not_importing_it(module, seen):
    when_imported(module, seen.append)

    spec = importlib.util.find_spec(module)

    assert spec is not None
    assert seen == []


def test_what_find_spec_gives_can_still_be_asked_everything(module, seen):
    when_imported(module, seen.append)

    loader = importlib.util.find_spec(module).loader

    assert loader.is_package(module)
    assert loader.get_source(module) == "ready = True\n"
    assert loader.get_code(module).co_filename == loader.get_filename(module)
    assert loader.get_data(os.path.join(os.path.dirname(loader.path), "data.txt")) == b"data\n"  # noqa: PTH118, PTH120
    assert loader.get_resource_reader(module).is_resource("data.txt")


def test_an_imported_module_has_its_own_loader_and_resources(module, seen):
    when_imported(module, seen.append)

    imported = importlib.import_module(module)

    assert type(imported.__loader__) is type(imported.__spec__.loader) is type(pytest.__loader__)
    assert importlib.resources.files(module).joinpath("data.txt").read_text() == "data\n"


def test_a_reload_does_not_call_again(module, seen):
    when_imported(module, seen.append)
    when_imported("never_there_at_all", seen.append)  # keeps the finder in place
    imported = importlib.import_module(module)

    importlib.reload(imported)

    assert seen == [imported]


def test_an_import_that_fails_is_not_finished(module, seen, tmp_path):
    source = tmp_path / module / "__init__.py"
    source.write_text("raise RuntimeError('not yet')\n")
    when_imported(module, seen.append)

    with pytest.raises(RuntimeError, match="not yet"):
        importlib.import_module(module)
    assert seen == []
    source.write_text("ready = 'now, with another length'\n")
    importlib.invalidate_caches()
    importlib.import_module(module)

    assert [m.ready for m in seen] == ["now, with another length"]


def test_a_module_that_does_not_exist_is_reported_as_ever(seen):
    when_imported("never_there_at_all", seen.append)

    with pytest.raises(ModuleNotFoundError, match="never_there_at_all"):
        importlib.import_module("never_there_at_all")

    assert seen == []


def test_an_error_in_a_callback_stays_inside_and_the_next_is_called(module, seen, caplog):
    def broken(_):
        raise ValueError("ours")

    when_imported(module, broken)
    when_imported(module, seen.append)

    with caplog.at_level(logging.DEBUG, logger="agentgauge"):
        imported = importlib.import_module(module)

    assert seen == [imported]
    assert [(r.levelname, r.exc_info[0]) for r in caplog.records] == [("DEBUG", ValueError)]


def test_a_module_in_the_middle_of_its_import_is_waited_for(module, seen, tmp_path):
    source = tmp_path / module / "__init__.py"
    source.write_text(
        "from agentgauge.importhook import when_imported\n"
        "when_imported(__name__, lambda m: m.seen.append(hasattr(m, 'ready')))\n"
        "seen = []\n"
        "ready = True\n"
    )

    imported = importlib.import_module(module)
    assert imported.seen == []
    importlib.import_module(f"{module}.part")  # the next import notices

    assert imported.seen == [True]


def test_a_module_put_into_sys_modules_is_noticed_at_the_next_import(module, seen):
    made_by_hand = ModuleType("made_by_hand")
    when_imported("made_by_hand", seen.append)
    sys.modules["made_by_hand"] = made_by_hand

    try:
        importlib.import_module(module)
    finally:
        del sys.modules["made_by_hand"]

    assert seen == [made_by_hand]


def test_two_hooks_wait_side_by_side(module, seen):
    """A child of `agentgauge run` has one loaded by its path and one of the package."""
    spec = importlib.util.spec_from_file_location("second_hook", importhook.__file__)
    second = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(second)
    when_imported(module, lambda m: seen.append("package"))
    second.when_imported(module, lambda m: seen.append("path"))

    imported = importlib.import_module(module)

    assert sorted(seen) == ["package", "path"]
    assert type(imported.__loader__) is type(pytest.__loader__)


def test_another_hook_may_ask_the_whole_meta_path(module, seen):
    class AsksAgain:
        """As wrapt and others do it."""

        busy = False

        def find_spec(self, name, path=None, target=None):
            if self.busy or name != module:
                return None
            self.busy = True
            try:
                return importlib.util.find_spec(name)
            finally:
                self.busy = False

    sys.meta_path.insert(0, AsksAgain())
    when_imported(module, seen.append)

    importlib.import_module(module)

    assert len(seen) == 1


def test_a_module_loaded_lazily_is_not_hurried(module, seen):
    when_imported(module, seen.append)
    spec = importlib.util.find_spec(module)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    lazy = sys.modules[module] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lazy)

    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("any_other_module")
    assert seen == []
    assert lazy.ready

    assert seen == [lazy]


def test_a_module_in_a_zip_file_is_waited_for(tmp_path, monkeypatch, seen):
    name = f"zipped_{tmp_path.name.replace('-', '_')}"
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr(f"{name}.py", "value = 4\n")
    monkeypatch.syspath_prepend(str(tmp_path / "packed.zip"))
    when_imported(name, seen.append)

    importlib.import_module(name)

    assert [m.value for m in seen] == [4]
    del sys.modules[name]


def test_many_threads_register_and_import_and_each_is_called_once(module):
    calls = []
    start = threading.Barrier(16)

    def work(number):
        start.wait()
        if number % 2:
            when_imported(module, lambda _: calls.append(number))
        else:
            importlib.import_module(module)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    importlib.import_module(f"{module}.part")

    assert sorted(calls) == list(range(1, 16, 2))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_while_the_lock_is_held_leaves_the_child_free_to_import(module):
    when_imported(module, lambda _: None)
    with importhook._finder._lock:
        holder = threading.Thread(target=_fork_and_import, args=(module, codes := []))
        holder.start()
        holder.join()

    assert codes == [0]


def _fork_and_import(module, codes):
    pid = os.fork()
    if pid == 0:
        try:
            importlib.import_module(module)
            os._exit(0)
        finally:
            os._exit(1)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
