"""One row for each kind of bad input: the error says what to do, and the session goes on."""

import asyncio
import dataclasses
import json
import random
import struct

import pytest
from senso_harness import Host, Peer

from support import LOOPBACK, MiB, greeted, pair, settled

PARSE, REQUEST, METHOD, PARAMS = -32700, -32600, -32601, -32602
WITH_ID = '{"jsonrpc":"2.0","id":7,%s}'


@dataclasses.dataclass
class Row:
    name: str
    body: bytes
    code: object           # a code or a tuple of them
    reason: object         # a reason or a tuple of them
    id: object = None
    path: str = None       # data.path


def row(name, body, code, reason, id=None, path=None):
    return Row(name, body if isinstance(body, bytes) else body.encode(), code, reason, id, path)


def call(name, method, params, code, reason, path=None):
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    return row(name, json.dumps(body), code, reason, 7, path)


NOT_JSON = [row(name, body, PARSE, "parse-error") for name, body in [
    ("an unfinished object", '{"jsonrpc":"2.0","id":7,"method":'),
    ("an empty frame", b""),
    ("blanks", b"   "),
    ("an unfinished string", '{"jsonrpc":"2.0","id":7,"method":"ping'),
    ("text after the object", '{"jsonrpc":"2.0","id":7,"method":"ping"} x'),
    ("two objects", '{"jsonrpc":"2.0","id":7,"method":"ping"}{"jsonrpc":"2.0"}'),
    ("single quotes", "{'jsonrpc':'2.0'}"),
    ("a trailing comma", '{"jsonrpc":"2.0","id":7,"method":"ping",}'),
    ("not a number", '{"jsonrpc":"2.0","id":NaN,"method":"ping"}'),
    ("a bare word", "ping"),
    ("a NUL byte", b'{"jsonrpc":"2.0","id":7,"method":"pi\0ng"}'),
    ("a NUL byte after the object", b'{"jsonrpc":"2.0","id":7,"method":"ping"}\0'),
    ("a control character in a string", b'{"jsonrpc":"2.0","id":7,"method":"pi\x01ng"}'),
    ("a byte that is not UTF-8", b'{"jsonrpc":"2.0","id":"\xff","method":"ping"}'),
    ("an overlong form", b'{"jsonrpc":"2.0","id":"\xc0\x80","method":"ping"}'),
    ("a surrogate in UTF-8", b'{"jsonrpc":"2.0","id":"\xed\xa0\x80","method":"ping"}'),
    ("UTF-16", '{"jsonrpc":"2.0","id":7,"method":"ping"}'.encode("utf-16")),
    ("an unknown escape", r'{"jsonrpc":"2.0","id":7,"method":"\q"}'),
    ("random bytes", random.Random(1).randbytes(400)),
]] + [
    row("nesting without end", b"[" * 100_000, PARSE, "parse-error"),
    row("deep nesting", b"[" * 50_000 + b"]" * 50_000, (PARSE, REQUEST),
        ("parse-error", "invalid-request")),
]

NO_REQUEST = [row(name, body, REQUEST, "invalid-request", id) for name, body, id in [
    ("a batch", '[{"jsonrpc":"2.0","id":7,"method":"ping"}]', None),
    ("an empty batch", "[]", None),
    ("a number", "42", None),
    ("a string", '"ping"', None),
    ("null", "null", None),
    ("no jsonrpc", '{"id":7,"method":"ping"}', 7),
    ("another jsonrpc", '{"jsonrpc":"1.0","id":7,"method":"ping"}', 7),
    ("jsonrpc as a number", '{"jsonrpc":2.0,"id":7,"method":"ping"}', 7),
    ("jsonrpc in capitals", '{"JSONRPC":"2.0","id":7,"method":"ping"}', 7),
    ("no method", WITH_ID % '"params":{}', 7),
    ("a method that is no string", WITH_ID % '"method":5', 7),
    ("a fraction as id", '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', None),
    ("a boolean as id", '{"jsonrpc":"2.0","id":true,"method":"ping"}', None),
    ("an object as id", '{"jsonrpc":"2.0","id":{},"method":"ping"}', None),
    ("a list as id", '{"jsonrpc":"2.0","id":[7],"method":"ping"}', None),
    ("an id of 257 bytes", '{"jsonrpc":"2.0","id":"%s","method":"ping"}' % ("x" * 257), None),
    ("an id of 258 bytes in two-byte characters",
     '{"jsonrpc":"2.0","id":"%s","method":"ping"}' % ("é" * 129), None),
]]

def unknown(name, method):
    return row(name, WITH_ID % f'"method":{json.dumps(method)}', METHOD, "unknown-method", 7)


UNKNOWN_METHODS = [unknown(name, method) for name, method in [
    ("an unknown method", "peer.fly"), ("a method in capitals", "PING"), ("an empty method", ""),
    ("a method with a NUL", "ping\0"), ("a method's beginning", "pin"),
    ("a notification as a method", "peer.icecandidate"), ("a long method", "m" * 10_000),
]]

WRONG_PARAMS = [
    row("params as a list", WITH_ID % '"method":"ping","params":[1]', PARAMS, "invalid-params", 7),
    row("params as a string", WITH_ID % '"method":"ping","params":"x"', PARAMS, "invalid-params",
        7),
    call("no peer", "peer.get", {}, PARAMS, "invalid-params", "peer"),
    call("a peer in capitals", "peer.get", {"Peer": 1}, PARAMS, "invalid-params", "peer"),
    call("a peer as a string", "peer.get", {"peer": "1"}, PARAMS, "invalid-params", "peer"),
    call("a fraction of a peer", "peer.get", {"peer": 1.5}, PARAMS, "invalid-params", "peer"),
    call("a negative peer", "peer.get", {"peer": -1}, PARAMS, "invalid-params", "peer"),
    call("a peer as a boolean", "peer.get", {"peer": True}, PARAMS, "invalid-params", "peer"),
    call("a peer as null", "peer.get", {"peer": None}, PARAMS, "invalid-params", "peer"),
    call("a peer past all integers", "peer.get", {"peer": 1e300}, PARAMS, "invalid-params", "peer"),
    call("a configuration that is none", "peer.create", {"configuration": 5}, PARAMS,
         "invalid-params", "configuration"),
    call("servers that are no list", "peer.create", {"configuration": {"iceServers": "stun:x"}},
         PARAMS, "invalid-params", "configuration.iceServers"),
    call("a port range the wrong way round", "peer.create",
         {"configuration": {"udpPortRange": [2000, 1000]}}, PARAMS, "invalid-params",
         "configuration.udpPortRange"),
    call("loopback as a string", "peer.create", {"configuration": {"loopback": "yes"}}, PARAMS,
         "invalid-params", "configuration.loopback"),
    call("an unknown transport policy", "peer.create",
         {"configuration": {"iceTransportPolicy": "some"}}, PARAMS, "invalid-params",
         "configuration.iceTransportPolicy"),
    call("a description that is a string", "peer.setRemoteDescription",
         {"peer": 1, "description": "v=0"}, PARAMS, "invalid-params", "description"),
    call("an unknown type of description", "peer.setRemoteDescription",
         {"peer": 1, "description": {"type": "wish", "sdp": ""}}, PARAMS, "invalid-params",
         "description.type"),
    call("no candidate", "peer.addIceCandidate", {"peer": 1}, PARAMS, "invalid-params",
         "candidate"),
    call("no label", "channel.create", {"peer": 1, "init": {}}, PARAMS, "invalid-params", "label"),
    call("ordered as a string", "channel.create",
         {"peer": 1, "label": "x", "init": {"ordered": "yes"}}, PARAMS, "invalid-params",
         "init.ordered"),
    call("a negative maxRetransmits", "channel.create",
         {"peer": 1, "label": "x", "init": {"maxRetransmits": -1}}, (PARAMS, 1009),
         ("invalid-params", "type-error")),
    call("a maxRetransmits past 65535", "channel.create",
         {"peer": 1, "label": "x", "init": {"maxRetransmits": 65536}}, (PARAMS, 1009),
         ("invalid-params", "type-error")),
    call("nothing to send", "channel.send", {"channel": 1}, PARAMS, "invalid-params"),
    call("text and base64", "channel.send", {"channel": 1, "text": "a", "base64": "AAAA"}, PARAMS,
         "invalid-params"),
    call("text as a number", "channel.send", {"channel": 1, "text": 5}, PARAMS, "invalid-params",
         "text"),
    call("more as a string", "channel.send", {"channel": 1, "text": "a", "more": "yes"}, PARAMS,
         "invalid-params", "more"),
    call("a negative credit", "channel.credit", {"channel": 1, "bytes": -1}, PARAMS,
         "invalid-params", "bytes"),
    call("a fraction of credit", "channel.credit", {"channel": 1, "bytes": 0.5}, PARAMS,
         "invalid-params", "bytes"),
    call("a threshold as a string", "channel.setBufferedAmountLowThreshold",
         {"channel": 1, "bytes": "1"}, PARAMS, "invalid-params", "bytes"),
]

BAD_BASE64 = {
    "cut short": "AAA", "one character": "A", "of other characters": "####",
    "padded inside": "AA=A", "padded too much": "A===", "of the URL kind": "-_-_",
    "broken by a newline": "AAAA\nAAAA", "bad at its end": "AAAA" * 5000 + "AA*=",
    "bad in its middle": "AAAA" * 5000 + "A\0AA" + "AAAA" * 5000, "blank": " ",
}

GARBAGE_SDP = {
    "empty": "", "a word": "hello", "half a line": "v=0\r\no=", "a NUL": "v=0\r\n\0",
    "lines without values": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=\r\n",
    "no credentials": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
                      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
                      "a=mid:0\r\na=sctp-port:5000\r\n",
    "long": "v=0\r\n" + "a=x\r\n" * 50_000, "one long line": "v=" + "0" * 300_000,
}

WRONG_STATE = [
    call(f"garbage for a description: {name}", "peer.setRemoteDescription",
         {"peer": 1, "description": {"type": "offer", "sdp": sdp}}, 1005, "invalid-sdp")
    for name, sdp in GARBAGE_SDP.items()
] + [
    call("an answer to nothing", "peer.setRemoteDescription",
         {"peer": 1, "description": {"type": "answer", "sdp": ""}}, (1004, 1005),
         ("invalid-state", "invalid-sdp")),
    call("an answer without an offer", "peer.createAnswer", {"peer": 1}, 1004, "invalid-state"),
    call("a candidate before a description", "peer.addIceCandidate",
         {"peer": 1, "candidate": {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host",
                                   "sdpMid": "0"}}, 1004, "invalid-state"),
    call("a send on a channel that is not open", "channel.send", {"channel": 1, "text": "x"}, 1004,
         "invalid-state"),
    call("both limits", "channel.create", {"peer": 1, "label": "x", "init": {
        "maxRetransmits": 1, "maxPacketLifeTime": 1}}, 1009, "type-error"),
    call("negotiated without an id", "channel.create",
         {"peer": 1, "label": "x", "init": {"negotiated": True}}, 1009, "type-error"),
    call("an id of 65535", "channel.create",
         {"peer": 1, "label": "x", "init": {"negotiated": True, "id": 65535}}, (PARAMS, 1009),
         ("invalid-params", "type-error")),
    call("a label of 65536 bytes", "channel.create", {"peer": 1, "label": "x" * 65536}, 1009,
         "type-error"),
    call("a protocol of 65536 bytes", "channel.create",
         {"peer": 1, "label": "x", "init": {"protocol": "x" * 65536}}, 1009, "type-error"),
    call("a second hello", "hello", {"protocol": 1, "client": {"name": "x", "version": "1"}}, 1004,
         "invalid-state"),
]

UNKNOWN_NUMBERS = [
    call(f"{method} of an unknown peer", method, {"peer": 4_000_000_000, **more}, 1002,
         "unknown-peer")
    for method, more in [
        ("peer.createOffer", {}), ("peer.createAnswer", {}), ("peer.setLocalDescription", {}),
        ("peer.setRemoteDescription", {"description": {"type": "offer", "sdp": "v=0\r\n"}}),
        ("peer.addIceCandidate", {"candidate": None}), ("peer.restartIce", {}),
        ("peer.setConfiguration", {"configuration": {}}), ("peer.getStats", {}), ("peer.get", {}),
        ("peer.close", {}), ("channel.create", {"label": "x"}),
    ]
] + [
    call(f"{method} of an unknown channel", method, {"channel": 4_000_000_000, **more}, 1003,
         "unknown-channel")
    for method, more in [
        ("channel.send", {"text": "x"}), ("channel.send", {"base64": "AAAA"}),
        ("channel.credit", {"bytes": 1}), ("channel.close", {}),
        ("channel.setBufferedAmountLowThreshold", {"bytes": 1}),
    ]
]

TABLE = (NOT_JSON + NO_REQUEST + UNKNOWN_METHODS + WRONG_PARAMS + WRONG_STATE + UNKNOWN_NUMBERS)


def check_error(row, reply):
    codes = row.code if isinstance(row.code, tuple) else (row.code,)
    reasons = row.reason if isinstance(row.reason, tuple) else (row.reason,)
    assert "error" in reply, reply
    error = reply["error"]
    assert (error["code"] in codes and error["data"]["reason"] in reasons), error
    assert reply["id"] == row.id
    assert len(error["message"]) >= 8, "the error does not say what is wrong"
    if row.path:
        assert error["data"].get("path") == row.path


@pytest.mark.parametrize("row", TABLE, ids=lambda r: r.name.replace(" ", "-"))
async def test_bad_input_is_answered_and_nothing_else_happens(row):
    async with greeted() as host:
        peer = await Peer.create(host, LOOPBACK)
        channel = await peer.channel("kept")
        assert (peer.number, channel.number) == (1, 1)
        ping = json.dumps({"jsonrpc": "2.0", "id": "after", "method": "ping"}).encode()
        await host.send_raw(host.frame(row.body) + host.frame(ping))
        check_error(row, await host.reply())
        assert (await host.reply())["id"] == "after"
        view = await peer.get()
        assert view["signalingState"] == "stable" and view["connectionState"] == "new"
        assert view["localDescription"] is None and view["remoteDescription"] is None
        offer = await peer.call("createOffer")
        assert "webrtc-datachannel" in offer["sdp"]
        assert host.replies == []


async def test_the_whole_table_in_one_write_is_answered_in_order():
    async with greeted() as host:
        peer = await Peer.create(host, LOOPBACK)
        await peer.channel("kept")
        await host.send_raw(b"".join(host.frame(r.body) for r in TABLE))
        for r in TABLE:
            check_error(r, await host.reply())
        await settled(host)
        assert host.replies == []


@pytest.mark.parametrize("id", [
    0, 1, -1, 9007199254740993, -9223372036854775808, "", "x", "7", "é\n\0\"\\/", "x" * 256,
    "é" * 128, "\U0001f600"], ids=repr)
async def test_ids_come_back_exactly_as_they_came(id):
    async with greeted() as host:
        for method, ok in [("ping", True), ("nothing", False)]:
            text = json.dumps({"jsonrpc": "2.0", "id": id, "method": method}).encode()
            await host.send_frame(text)
            reply = await host.reply()
            assert reply["id"] == id and type(reply["id"]) is type(id)
            assert ("result" in reply) == ok


async def test_a_null_id_is_answered_with_null():
    async with greeted() as host:
        await host.send_frame(b'{"jsonrpc":"2.0","id":null,"method":"ping"}')
        reply = await host.reply()
        assert reply["id"] is None and reply["error"]["data"]["reason"] == "invalid-request"


async def test_a_request_without_an_id_is_done_and_never_answered():
    async with greeted() as host:
        await host.send_frame(b'{"jsonrpc":"2.0","method":"ping"}')
        await host.send_frame(b'{"jsonrpc":"2.0","method":"no.such.method"}')
        await host.send_frame(b'{"jsonrpc":"2.0","method":"peer.get","params":{"peer":"x"}}')
        await host.send_frame(b'{"jsonrpc":"2.0","method":"peer.create","params":{}}')
        assert (await host.call("peer.get", peer=1))["connectionState"] == "new"
        assert host.replies == []


async def test_unknown_fields_are_ignored():
    async with greeted() as host:
        await host.send_frame({"jsonrpc": "2.0", "id": 7, "method": "ping", "extra": [1],
                               "params": {"colour": "red", "": None}})
        assert (await host.reply())["result"] == {}


async def test_bad_base64_is_refused_and_the_channel_goes_on():
    async with pair("x") as link:
        channel = link.channels_a["x"]
        for name, text in BAD_BASE64.items():
            bad = call(name, "channel.send", {"channel": channel.number, "base64": text}, PARAMS,
                       "invalid-params", "base64")
            await channel.host.send_raw(channel.host.frame(bad.body))
            check_error(bad, await channel.host.reply())
            await channel.send(name)
            assert await link.channels_b["x"].recv() == name


# --- hello ---------------------------------------------------------------------------------------

async def test_everything_before_hello_gets_not_hello():
    async with await Host.start() as host:
        for method, params in [("ping", {}), ("peer.create", {}), ("peer.get", {"peer": 1})]:
            await host.send_frame({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
            check_error(row("", b"", 1000, "not-hello", 7), await host.reply())
        await host.hello()
        await host.call("ping")


async def test_another_protocol_is_refused_and_the_right_one_taken_afterwards():
    async with await Host.start() as host:
        for protocol in (0, 2, 99):
            await host.send_frame({"jsonrpc": "2.0", "id": 7, "method": "hello", "params": {
                "protocol": protocol, "client": {"name": "x", "version": "1"}}})
            check_error(row("", b"", 1001, "unsupported-protocol", 7), await host.reply())
        await host.hello()


@pytest.mark.parametrize("params, path", [
    ({}, None), ({"protocol": "1", "client": {"name": "x", "version": "1"}}, "protocol"),
    ({"protocol": 1, "client": "x"}, "client"),
    ({"protocol": 1, "client": {"name": 1, "version": "1"}}, "client.name"),
    ({"protocol": 1, "client": {"name": "x", "version": "1"}, "autoCredit": "a"}, "autoCredit"),
], ids=str)
async def test_a_hello_that_is_wrong_may_be_said_again(params, path):
    async with await Host.start() as host:
        await host.send_frame({"jsonrpc": "2.0", "id": 7, "method": "hello", "params": params})
        check_error(row("", b"", PARAMS, "invalid-params", 7, path), await host.reply())
        await host.hello()


# --- frames --------------------------------------------------------------------------------------

async def test_a_frame_above_the_limit_is_skipped_and_answered():
    async with greeted() as host:
        limit = host.limits["maxFrameIn"]
        for size in (limit + 1, limit + MiB, 3 * limit):
            peer = await Peer.create(host, LOOPBACK)
            await host.send_raw(struct.pack("=I", size))
            for _ in range(size // MiB):
                await host.send_raw(b" " * MiB)
            await host.send_raw(b" " * (size % MiB))
            reply = await host.reply()
            check_error(row("", b"", 1007, "message-too-large"), reply)
            assert reply["error"]["data"]["limit"] == limit
            await peer.get()


async def test_a_frame_at_the_limit_is_read():
    async with greeted() as host:
        body = b'{"jsonrpc":"2.0","id":7,"method":"ping"}'
        await host.send_frame(body + b" " * (host.limits["maxFrameIn"] - len(body)))
        assert (await host.reply())["result"] == {}


async def test_a_frame_at_the_hard_cap_is_skipped_too():
    async with greeted() as host:
        await host.send_raw(struct.pack("=I", 64 * MiB))
        for _ in range(64):
            await host.send_raw(b"x" * MiB)
        check_error(row("", b"", 1007, "message-too-large"), await host.reply())
        await host.call("ping")


@pytest.mark.parametrize("length", [64 * MiB + 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF], ids=hex)
async def test_a_length_above_the_hard_cap_ends_the_session_with_goodbye(length):
    async with await Host.start() as host:
        await host.hello()
        peer = await Peer.create(host, LOOPBACK)
        ticket = await host.post("peer.get", {"peer": peer.number})
        await host.send_raw(struct.pack("=I", length) + b"whatever follows")
        assert (await host.wait_reply(ticket))["peer"] == peer.number  # what was accepted is done
        await host.event("goodbye", {"reason": "frame-too-long"})
        assert await host.wait() >= 0


async def test_a_length_that_is_too_short_costs_that_frame_only():
    async with await Host.start() as host:
        await host.hello()
        body = b'{"jsonrpc":"2.0","id":7,"method":"ping"}'
        await host.send_raw(struct.pack("=I", 10) + body)
        check_error(row("", b"", PARSE, "parse-error"), await host.reply())
        # What follows reads as a length above the hard cap, and so ends the session in good order.
        await host.event("goodbye", {"reason": "frame-too-long"})
        assert await host.wait() >= 0


@pytest.mark.parametrize("cut", [1, 3, 4, 10])
async def test_eof_inside_a_frame_is_an_eof(cut):
    async with await Host.start() as host:
        await host.hello()
        await host.send_raw((struct.pack("=I", 1000) + b'{"jsonrpc')[:cut])
        assert await host.close() == 0
        assert host.goodbye == "eof"


async def test_a_frame_may_come_byte_by_byte_and_frames_may_come_together():
    async with greeted() as host:
        frame = host.frame(b'{"jsonrpc":"2.0","id":7,"method":"ping"}')
        for at in range(len(frame)):
            await host.send_raw(frame[at:at + 1])
        assert (await host.reply())["id"] == 7
        await host.send_raw(frame * 500)
        for _ in range(500):
            assert (await host.reply())["id"] == 7


@pytest.mark.parametrize("seed", range(10))
async def test_random_bytes_end_in_order(seed):
    noise = random.Random(seed)
    async with await Host.start() as host:
        await host.hello()
        lengths = struct.pack("=I", noise.randrange(0, 2000))
        try:
            await host.send_raw(lengths + noise.randbytes(6000))
        finally:
            host.process.stdin.close()
        assert await host.wait() >= 0
        assert host.goodbye in ("eof", "frame-too-long")


async def test_random_lines_are_each_answered():
    noise = random.Random(7)
    async with greeted(mode="lines") as host:
        for _ in range(300):
            line = bytes(b for b in noise.randbytes(noise.randrange(1, 300)) if b not in b"\r\n")
            await host.send_raw(b"x" + line + b"\n")
            check_error(row("", b"", PARSE, "parse-error"), await host.reply())
        await host.call("ping")


@pytest.mark.limit(120)
async def test_messages_with_a_byte_changed_never_end_the_session():
    noise = random.Random(11)
    seeds = [r.body for r in WRONG_PARAMS + WRONG_STATE if len(r.body) < 400] + [
        b'{"jsonrpc":"2.0","id":7,"method":"channel.send","params":{"channel":1,"base64":"AAAA"}}',
        b'{"jsonrpc":"2.0","id":7,"method":"channel.send","params":{"channel":1,"text":"\\u00e9"}}',
        b'{"jsonrpc":"2.0","id":7,"method":"peer.create","params":{"configuration":{}}}',
    ]
    async with greeted() as host:
        await Peer.create(host, LOOPBACK)
        for _ in range(3000):
            body = bytearray(noise.choice(seeds))
            for _ in range(noise.choice((1, 1, 2, 8))):
                at = noise.randrange(len(body))
                how = noise.randrange(3)
                if how == 0:
                    body[at] = noise.randrange(256)
                elif how == 1:
                    del body[at]
                else:
                    body.insert(at, noise.randrange(256))
            await host.send_frame(bytes(body))
        await settled(host)
        assert len(host.replies) > 2000


async def test_a_client_that_does_not_read_is_waited_for_and_loses_nothing():
    async with greeted(binary=None) as host:
        host.process.stdout._transport.pause_reading()
        await host.send_raw(host.frame(b'{"jsonrpc":"2.0","id":7,"method":"network.get"}') * 3000)
        host.process.stdout._transport.resume_reading()
        for _ in range(3000):
            assert (await host.reply())["id"] == 7


async def test_stdout_closed_by_the_browser_ends_the_host():
    host = await Host.start()
    await host.hello()
    host.process.stdout._transport.close()
    try:
        for _ in range(50):
            await host.send_raw(host.frame(b'{"jsonrpc":"2.0","id":7,"method":"ping"}'))
            await asyncio.sleep(0)
    except Exception:
        pass
    status = await asyncio.wait_for(host.process.wait(), 5)
    assert status >= 0, "killed by a signal"
