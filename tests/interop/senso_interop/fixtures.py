"""The fixtures of the suites that drive real peers; their conftest.py files import these."""

import signal

import pytest

from . import lan as lans
from . import peers
from .pairing import connect


@pytest.fixture(scope="session")
def network():
    """A network of the test run's own; None, and the loopback interface, where none can be made."""
    # A run that is told to end leaves nothing behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if lans.why_not():
        yield None
        return
    with lans.lan() as made:
        yield made


@pytest.fixture(scope="session")
def agents(network):
    """agents(name): the running agent of that name, in the left namespace; a new one if it ended."""
    running = {}

    def get(name):
        if name in running and running[name].ended is not None:
            running.pop(name).stop()
        if name not in running:
            running[name] = start(name, network)
        return running[name]

    yield get
    failures = []
    for agent in running.values():
        try:
            agent.stop()
        except Exception as error:  # noqa: BLE001 - the others are to be stopped first
            failures.append(error)
    if failures:
        raise failures[0]


def start(name, network, side="left"):
    """Starts that agent in the namespace of that side, if there are any."""
    if reason := peers.why_not(name):
        pytest.skip(reason)
    if name == "werift" and not network:
        pytest.skip("werift asks a public STUN server, and there is no network without a way out to put it in")
    prefix = network.inside(getattr(network, side)) if network else ()
    return peers.start(name, prefix)


@pytest.fixture
def fresh(network):
    """fresh(name, side): an agent of this test's own, which it may kill."""
    made = []

    def make(name, side="left"):
        made.append(start(name, network, side))
        return made[-1]

    yield make
    for agent in made:
        agent.stop()


class Match:
    """A connected pair seen from the implementation under test: `subject` and `peer` are its connections."""

    def __init__(self, agents, subject, peer, subject_offers):
        self.names = {"subject": subject, "peer": peer}
        order = (subject, peer) if subject_offers else (peer, subject)
        self.pair = connect(*(agents(name) for name in order))
        ends = (self.pair.offerer, self.pair.answerer)
        self.subject, self.peer = ends if subject_offers else reversed(ends)
        self.sides = {"subject": self.subject, "peer": self.peer}
        self.serial = 0

    def other(self, side):
        return "peer" if side == "subject" else "subject"

    def name(self, side):
        return self.names[side].rstrip("2")

    def lacks(self, side, ability):
        """Why that side's implementation has not the ability; None if it has."""
        return peers.LACKS.get((self.name(side), ability))

    def need(self, side, ability):
        """Skips the row if that side's implementation lacks the ability, and says why."""
        if reason := self.lacks(side, ability):
            pytest.skip(reason)

    def label(self, text="row"):
        self.serial += 1
        return f"{text} {self.serial}"

    def channel(self, side="subject", label=None, **init):
        """An open channel made by that side: its own end, and the other's."""
        label = self.label() if label is None else label
        return self.pair.channel(label, by=self.sides[side], **init)

    def alive(self):
        return all(
            c.agent.ended is None and c.states["connection"] == "connected" for c in self.sides.values()
        )

    def check(self):
        """No command that nobody waited for was refused."""
        for connection in self.sides.values():
            refused, connection.agent.errors = connection.agent.errors, []
            assert not refused, f"{connection.agent.name}: {refused}"

    def close(self):
        self.pair.close()


def match_ids(peer_names):
    """Every peer, both offer directions; a pair of two of the same kind once."""
    for name in peer_names:
        yield name, True
        if not name.endswith("2"):
            yield name, False


def match_id(value):
    name, subject_offers = value
    return f"{name.rstrip('2')}-{'answers' if subject_offers else 'offers'}"
