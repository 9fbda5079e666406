"""Whatever ends, the host is gone soon and nothing is left behind; and the extension comes back where it should."""

import os
import select
import signal

import pytest

from extension_agent import ExtensionAgent
from senso_harness import extension
from senso_interop import peers
from senso_interop.pairing import connect

GONE_S = 2

pytestmark = pytest.mark.skipif(peers.why_not("extension-native") is not None,
                                reason=str(peers.why_not("extension-native")))


@pytest.fixture
def student(network):
    """A browser of the test's own with the extension, and the host's number."""
    prefix = network.inside(network.left) if network else ()
    with ExtensionAgent("native", prefix, None if network else {"loopback": True}) as agent:
        [host] = agent.install.hosts()
        yield agent, host
        assert wait_gone(agent, agent.install.hosts(), before=agent.stop), "an orphan is left"


def wait_gone(agent, pids, before=lambda: None):
    """Whether all of them end within the time they have."""
    fds = [os.pidfd_open(pid) for pid in pids]
    try:
        before()
        return all(select.select([fd], [], [], GONE_S)[0] for fd in fds)
    finally:
        for fd in fds:
            os.close(fd)


def ends(agent, host, action):
    assert wait_gone(agent, [host], before=action), f"the host is there {GONE_S} s later"


def test_the_service_worker_is_stopped(student):
    agent, host = student
    ends(agent, host, lambda: agent.browser.call("Target.closeTarget", targetId=agent.worker))


def test_the_extension_is_reloaded_and_has_a_host_again(student):
    agent, host = student
    before = agent.generation
    ends(agent, host, lambda: agent.browser.send("Runtime.evaluate", agent.session, expression="chrome.runtime.reload()"))
    agent.enter(after=before)
    [again] = agent.install.hosts()
    assert agent.engine == "native" and again != host


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_the_browser_is_ended(student, how):
    agent, host = student
    ends(agent, host, lambda: os.kill(agent.browser.process.pid, how))


def test_the_engine_is_stopped_by_the_extension(student):
    agent, host = student
    ends(agent, host, lambda: agent.run("self.senso.stop()"))
    assert agent.run("self.senso.engine") is None


def test_a_host_that_crashes_is_started_again_and_its_connections_have_ended(student, agents):
    agent, host = student
    pair = connect(agent, agents("chromium"))
    ends(agent, host, lambda: os.kill(host, signal.SIGKILL))
    pair.first.wait_closed()
    pair.offerer.wait_state("connection", "closed")
    assert agent.run("self.senso.ready.then(() => self.senso.engine)", seconds=10) == "native"
    [again] = agent.install.hosts()
    assert again != host
    second = connect(agent, agents("chromium"))
    second.close()


def test_the_console_page_is_closed_and_the_host_notices(student, agents):
    agent, host = student
    page = agents("chromium").browser.page()
    pair = connect(page, agent)
    page.stop()
    pair.answerer.wait_state("connection", "disconnected", "failed", seconds=15)
    assert agent.install.hosts() == [host]


def test_without_a_host_the_browser_engine_is_used_and_says_why(network):
    """`auto`, with a manifest that leads nowhere."""
    prefix = network.inside(network.left) if network else ()
    with ExtensionAgent("auto", prefix, None if network else {"loopback": True}, host_missing=True) as agent:
        assert agent.engine == "browser"
        assert "native" in agent.run("self.senso.why")


def test_a_host_that_does_not_allow_the_extension_says_goodbye(network):
    prefix = network.inside(network.left) if network else ()
    with ExtensionAgent("auto", prefix, None if network else {"loopback": True}, allow=False) as agent:
        assert agent.engine == "browser"
        assert "bad-origin" in agent.run("self.senso.why")


def test_nothing_of_an_install_touches_the_machine(network):
    with extension.Install(os.devnull) as install:
        assert not os.path.exists(f"/etc/chromium/native-messaging-hosts/{extension.NAME}.json")
        folder = install.folder
    assert not folder.exists()
