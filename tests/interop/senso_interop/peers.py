"""The peers there are, how each is started, and what each lacks."""

import glob
import os
import shutil

from .agent import LineAgent

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEERS = os.path.join(HERE, "peers")


def node(name):
    return ["node", os.path.join(PEERS, f"{name}.js")]


COMMANDS = {
    "wrtc": node("wrtc"),
    "werift": node("werift"),
    "ndc": node("ndc"),
    "aiortc": ["/usr/bin/python3", os.path.join(PEERS, "aiortc_peer.py")],
}

# The largest message each says it takes (a=max-message-size).
MAX_MESSAGE = {"werift": 65536, "aiortc": 65536}

# What a peer cannot do, and why: the rows that need it are skipped with this reason.
LACKS = {
    ("werift", "send empty"): "werift sends an empty message as a DATA chunk without user data, "
                              "which RFC 9260 section 3.3.1 forbids",
    ("werift", "announce not ASCII"): "werift counts the label in characters, not bytes, in its DCEP OPEN",
    ("aiortc", "announce not ASCII"): "aiortc counts the label in characters, not bytes, in its DCEP OPEN",
    ("werift", "announce unordered and limited"): "werift announces an unordered channel with a limit as ordered",
    ("ndc", "tell kinds"): "node-datachannel says of every incoming channel that it is ordered and without limit",
    ("aiortc", "announce priority"): "aiortc has no priorities",
    ("wrtc", "send before close"): "@roamhq/wrtc throws away at close what it has not sent",
    ("aiortc", "send before close"): "aiortc throws away at close what it has not sent",
    ("werift", "receive before close"): "werift closes at once on a stream reset, before data that came earlier",
    ("ndc", "receive before close"): "node-datachannel drops at close what waits for a busy JavaScript thread: each "
                                     "callback has a queue of its own, and that of the end empties the others",
    ("aiortc", "follow a role"): "aiortc takes no offer but actpass",
    # Its statistics say connected meanwhile, and data goes both ways.
    ("wrtc", "state after a restart"): "@roamhq/wrtc says disconnected for ever when the first check of a restart comes late",
    ("werift", "follow a role"): "werift answers active whatever the offer says",
    ("aiortc", "ice restart"): "aiortc has no ICE restart",
    ("ndc", "ice restart"): "libdatachannel has no ICE restart",
    ("ndc", "offer again"): "node-datachannel never answers a second createOffer",
}

# Channels one side can make in a row: libwebrtc of @roamhq/wrtc has 1024 streams, half of them for each side.
MANY_CHANNELS = {"werift": 100, "aiortc": 100, "ndc": 500, "wrtc": 500}


def why_not(name):
    """None if that peer can be started here, else the reason."""
    name = name.rstrip("2")
    command = COMMANDS.get(name)
    if command and not shutil.which(command[0]):
        return f"no {command[0]}"
    if command and command[0] == "node" and not os.path.isdir(os.path.join(HERE, "node_modules")):
        return "npm ci has not been run in tests/interop"
    if name == "aiortc" and not glob.glob("/usr/lib/python3/dist-packages/aiortc"):
        return "no aiortc: apt-get install python3-aiortc"
    if name.startswith("extension-"):
        from senso_harness import extension

        return why_not("chromium") or extension.why_not()
    if name == "chromium" and not os.path.exists("/usr/bin/chromium"):
        return "no chromium: apt-get install chromium"
    return None


def start(name, prefix=()):
    """The agent of that name, `prefix` being the command that puts it in its namespace."""
    if name.startswith("host"):
        from .host_agent import HostAgent

        return HostAgent(name, prefix, None if prefix else {"loopback": True})
    if name.startswith("extension-"):
        from extension_agent import ExtensionAgent

        return ExtensionAgent(name.removeprefix("extension-"), prefix, None if prefix else {"loopback": True})
    if name.startswith("chromium"):
        import chromium

        return chromium.ChromiumAgent(prefix=prefix)
    return LineAgent(name, [*prefix, *COMMANDS[name.rstrip("2")]], cwd=HERE)
