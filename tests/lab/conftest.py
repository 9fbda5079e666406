"""The matrix of situations, printed at the end of a run."""

import pytest

MATRIX = {}


@pytest.fixture
def matrix():
    return MATRIX


def pytest_terminal_summary(terminalreporter):
    if MATRIX:
        terminalreporter.write_line("methods found, one network against another:")
    for (one, other), found in MATRIX.items():
        terminalreporter.write_line(f"  {one:>12} - {other:<12} {found}")
