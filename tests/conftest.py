"""Makes the harness importable from every suite, and runs tests that are coroutines."""

import asyncio
import inspect
import pathlib
import sys

import pytest

for folder in ("harness", "lab"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / folder))

LIMIT = 60  # seconds for one test; @pytest.mark.limit(seconds) changes it


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: left out by tests/run --quick")
    config.addinivalue_line("markers", "limit(seconds): how long this test may take")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    marker = pyfuncitem.get_closest_marker("limit")
    limit = marker.args[0] if marker else LIMIT
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**arguments), limit))
    return True
