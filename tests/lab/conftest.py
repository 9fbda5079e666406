"""What the tests of this folder found out, printed at the end of a run."""

import pytest

MATRIX, ROAMED, JUDGED = {}, {}, []


@pytest.fixture
def matrix():
    return MATRIX


@pytest.fixture
def roamed():
    return ROAMED


@pytest.fixture
def judged():
    return JUDGED


def print_judged(terminalreporter):
    for kind in ("blocking", "benign", "double"):
        of = [(right, took) for scenario, right, took in JUDGED if scenario.kind == kind]
        if of:
            terminalreporter.write_line(f"{kind} scenarios of a school: {sum(r for r, _ in of)} of {len(of)} judged right, "
                                        f"{max(took for _, took in of)} ms at most")


def pytest_terminal_summary(terminalreporter):
    if MATRIX:
        terminalreporter.write_line("methods found, one network against another:")
    for (one, other), found in MATRIX.items():
        terminalreporter.write_line(f"  {one:>12} - {other:<12} {found}")
    if ROAMED:
        terminalreporter.write_line("seconds until data flowed again:")
    for what, seconds in ROAMED.items():
        terminalreporter.write_line(f"  {what:<24} {seconds:.2f}")
    print_judged(terminalreporter)
