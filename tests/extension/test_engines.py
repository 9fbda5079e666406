"""The extension's RTCPeerConnection against a page in a second Chromium, on both engines: every row that holds for
senso-host itself."""

import pytest

import test_matrix
from senso_interop.fixtures import Match
from test_matrix import *  # noqa: F403 - the rows

ENGINES = ["extension-native", "extension-browser"]


@pytest.fixture(scope="module", params=[(e, o) for e in ENGINES for o in (True, False)],
                ids=lambda p: f"{p[0].removeprefix('extension-')}-{'offers' if p[1] else 'answers'}")
def pairing(request):
    return request.param


@pytest.fixture(scope="module")
def keeper(agents, pairing):
    held = []

    def get():
        if held and not held[-1].alive():
            held.pop().close()
        if not held:
            held.append(Match(agents, pairing[0], "chromium", pairing[1]))
        return held[-1]

    yield get
    for match in held:
        match.close()


@pytest.fixture
def own(agents, pairing):
    match = Match(agents, pairing[0], "chromium", pairing[1])
    yield match
    match.check()
    match.close()


def test_the_engine_is_the_one_that_was_asked_for(agents, pairing):
    agent = agents(pairing[0])
    assert agent.engine == agent.name.removeprefix("extension-")
    assert len(agent.install.hosts()) == (1 if agent.engine == "native" else 0)


def test_media_is_refused(agents, pairing):
    said = agents(pairing[0]).run("""(() => {
      const pc = new self.senso.RTCPeerConnection();
      try { pc.addTrack({}); } catch (e) { return e.name; } finally { pc.close(); }
    })()""")
    assert said == "NotSupportedError"


def test_the_person_at_the_device_sees_who_is_watching(own):
    agent = own.subject.agent

    def watching():
        return int(agent.run("chrome.action.getBadgeText({})") or 0)

    own.channel()
    before = watching()
    assert before >= 1
    assert "watched by Test" in agent.run("chrome.action.getTitle({})")
    own.subject.close()
    assert watching() == before - 1


del test_matrix
