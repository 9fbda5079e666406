"""What the tests of this folder found out, printed at the end of a run."""

import pytest

MATRIX, ROAMED = {}, {}


@pytest.fixture
def matrix():
    return MATRIX


@pytest.fixture
def roamed():
    return ROAMED


def pytest_terminal_summary(terminalreporter):
    if MATRIX:
        terminalreporter.write_line("methods found, one network against another:")
    for (one, other), found in MATRIX.items():
        terminalreporter.write_line(f"  {one:>12} - {other:<12} {found}")
    if ROAMED:
        terminalreporter.write_line("seconds until data flowed again:")
    for what, seconds in ROAMED.items():
        terminalreporter.write_line(f"  {what:<24} {seconds:.2f}")
