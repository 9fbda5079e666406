"""TURN over TCP and TLS through an HTTP proxy by CONNECT: tinyproxy in the middle, the only way out."""

import contextlib
import shutil
import subprocess

import pytest
from senso_harness import Host, Link, Peer

from senso_lab import coturn
from senso_lab.world import SERVER, next_address, why_not, world

REASON = why_not() or (None if shutil.which("tinyproxy") else "no tinyproxy here")
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON or "")

CLOSED = "chain pass { type filter hook forward priority 0; policy drop; }"


@contextlib.contextmanager
def tinyproxy(machine, folder, *lines):
    """On port 8080 of a machine, up."""
    config = folder / "tinyproxy.conf"
    config.write_text("\n".join(("Port 8080", "Timeout 600", "MaxClients 50", "LogLevel Info",
                                 "ConnectPort 3479", "ConnectPort 3480", "ConnectPort 3478", *lines, "")))
    process = subprocess.Popen([*machine.inside, "stdbuf", "-oL", "tinyproxy", "-d", "-c", str(config)], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    try:
        for line in process.stdout:
            if "Accepting connections" in line:
                break
        yield
    finally:
        process.terminate()
        process.wait()


def config(proxy, *servers):
    rules = {"singleProxy": {"scheme": "http", "host": proxy, "port": 8080}}
    return {"iceServers": list(servers), "proxy": {"mode": "fixed_servers", "rules": rules}}


@contextlib.asynccontextmanager
async def host(machine, **env):
    async with await Host.start(name="pupil", wrap=machine.inside, env=env) as a:
        await a.hello(auto_credit=1 << 20)
        yield a


@pytest.mark.parametrize("transport", ("tcp", "tls"))
async def test_a_proxy_is_the_only_way_out(tmp_path, transport):
    with world() as (internet, _, _web):
        network = internet.network("cone")
        network.filter("chain out { type nat hook postrouting priority 100; oifname wan masquerade; }", CLOSED)
        pupil, teacher = network.device(), internet.network("public").device()
        proxy = next_address(network.lan, 1)
        keys = coturn.certificate(tmp_path, f"IP:{SERVER}")
        with tinyproxy(network.router, tmp_path), coturn.coturn(SERVER, 3479, 3480, internet.internet.inside, keys=keys) as turn:
            async with host(pupil, SSL_CERT_FILE=str(keys[0])) as a, host(teacher) as b:
                link = Link(await Peer.create(a, config(proxy, turn.server(transport))), await Peer.create(b, {}))
                channel = await link.a.channel("x")
                await link.negotiate()
                await link.connected()
                there = await link.b.incoming("x")
                await channel.opened()
                path = await link.a.event("path")
                assert (path["method"], path["relayProtocol"]) == ("relay", transport)
                await channel.send(b"x" * 100_000)
                assert await there.recv() == b"x" * 100_000
                assert link.errors == []
                link.stop()


async def test_a_proxy_that_wants_a_login_says_so(tmp_path):
    with world() as (internet, usual, _web):
        network = internet.network("cone")
        proxy = next_address(network.lan, 1)
        with tinyproxy(network.router, tmp_path, "BasicAuth someone secret"):
            async with host(network.device()) as a:
                peer = await Peer.create(a, config(proxy, usual.server("tcp")))
                await peer.channel("x")
                await peer.call("setLocalDescription")
                error = await peer.event("icecandidateerror")
                assert error["errorCode"] == 701
                assert "the tunnel through 10.1.0.1:8080: the proxy answered 407" in error["errorText"]
