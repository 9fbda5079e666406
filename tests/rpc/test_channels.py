"""Channels: the matrix of kinds and sizes, credit to the byte, and how they close."""

import asyncio
import base64

import pytest
from senso_harness import Link, Peer, RpcError, connect

from support import MiB, greeted, pair, pattern, settled

KINDS = {
    "ordered": {},
    "unordered": {"ordered": False},
    "retransmits-0": {"ordered": False, "maxRetransmits": 0},
    "retransmits-5": {"maxRetransmits": 5},
    "lifetime": {"ordered": False, "maxPacketLifeTime": 3000},
    "negotiated": {"negotiated": True, "id": 77},
    "protocol": {"protocol": "a protocol, é \U0001f600", "priority": "high"},
}
SIZES = (0, 1, 2, 1000, 1199, 1200, 1201, 16384, 65536, 262144, MiB)


async def budget(link):
    return (await link.a.get())["maxMessageSize"]


async def refused(work):
    with pytest.raises(RpcError) as caught:
        await work
    return caught.value


# --- what goes through ---------------------------------------------------------------------------

@pytest.mark.parametrize("kind", KINDS)
async def test_every_size_arrives_whole_as_it_was_sent(kind):
    async with pair(("x", KINDS[kind])) as link:
        a, b = link.channels_a["x"], link.channels_b["x"]
        for size in SIZES:
            for here, there in ((a, b), (b, a)):
                await here.send(pattern(size, seed=size))
                assert await there.recv() == pattern(size, seed=size)
                await here.send("é" * (size // 2))
                assert await there.recv() == "é" * (size // 2)
        if b.init is not None:
            init = KINDS[kind]
            assert b.init["ordered"] == init.get("ordered", True)
            assert b.init["protocol"] == init.get("protocol", "")
            for field in ("maxRetransmits", "maxPacketLifeTime"):
                assert b.init.get(field) == init.get(field)


async def test_both_ends_agree_on_the_stream_id_and_the_dtls_roles_share_them_out():
    async with greeted(name="a") as a, greeted(name="b") as b:
        link = await connect(a, b, "first")
        ids = {}
        for side, peer in (("a", link.a), ("b", link.b)):
            ids[side] = [await (await peer.channel(f"{side}{n}")).opened() for n in range(3)]
        assert len(set(ids["a"] + ids["b"])) == 6
        assert len({i % 2 for i in ids["a"]}) == 1
        assert {i % 2 for i in ids["a"]} != {i % 2 for i in ids["b"]}
        for n in range(3):
            assert await (await link.b.incoming(f"a{n}")).opened() == ids["a"][n]
        link.stop()


async def test_the_largest_message_passes_and_one_more_byte_does_not():
    async with pair("x", ("text", {})) as link:
        limit = await budget(link)
        await link.channels_a["x"].send(pattern(limit), piece=MiB)
        assert await link.channels_b["x"].recv() == pattern(limit)
        error = await refused(link.channels_a["x"].send(pattern(limit + 1), piece=MiB))
        assert error.reason == "message-too-large" and error.data["limit"] == limit
        error = await refused(link.channels_a["text"].send("é" * (limit // 2) + "xx"))
        assert error.reason == "message-too-large"
        await link.channels_a["text"].send("after")
        assert await link.channels_b["text"].recv() == "after"
        await link.channels_a["x"].send(b"after")
        assert await link.channels_b["x"].recv() == b"after"


async def test_a_message_may_be_sent_in_pieces_between_others():
    async with pair("x", "y") as link:
        x, y = link.channels_a["x"], link.channels_a["y"]
        data = pattern(100_000)
        for at in range(0, len(data), 30_000):
            more = {"more": True} if at + 30_000 < len(data) else {}
            part = base64.b64encode(data[at:at + 30_000]).decode()
            await x.call("send", base64=part, **more)
            await y.send(f"beside {at}")
            assert await link.channels_b["y"].recv() == f"beside {at}"
        assert await link.channels_b["x"].recv() == data
        await x.send("aé" * 3 + "\U0001f600", piece=2)
        assert await link.channels_b["x"].recv() == "aé" * 3 + "\U0001f600"
        await x.call("send", text="", more=True)
        await x.call("send", text="")
        assert await link.channels_b["x"].recv() == ""


@pytest.mark.parametrize("bad, reason", [
    ({"base64": "AAAA"}, "invalid-params"), ({"text": "x" * (MiB + 1)}, "message-too-large")],
    ids=["of-another-kind", "too-large"])
async def test_a_message_with_a_bad_piece_is_given_up_whole(bad, reason):
    async with pair("x") as link:
        x = link.channels_a["x"]
        tickets = [await x.host.post("channel.send", {"channel": x.number, **body}) for body in (
            {"text": "a", "more": True}, {**bad, "more": True}, {"text": "b", "more": True},
            {"text": "c"}, {"text": "the next"})]
        await x.host.wait_reply(tickets[0])
        assert (await refused(x.host.wait_reply(tickets[1]))).reason == reason
        for ticket in tickets[2:4]:
            assert (await refused(x.host.wait_reply(ticket))).reason == "invalid-state"
        await x.host.wait_reply(tickets[4])
        assert await link.channels_b["x"].recv() == "the next"
        await x.call("send", text="a", more=True)
        assert (await refused(x.call("send", **bad))).reason == reason
        await x.send("and the next")
        assert await link.channels_b["x"].recv() == "and the next"


@pytest.mark.parametrize("text", [
    "\0", "a\0b", "\u0001\u001f\u007f", "\"\\/\b\f\n\r\t", "\u2028\u2029", "\ufffd\ufeff",
    "\U0010ffff\U0001f600", "é" * 5000, "<script>", "{\"jsonrpc\":\"2.0\"}"], ids=ascii)
async def test_text_arrives_to_the_character(text):
    async with pair("x") as link:
        await link.channels_a["x"].send(text)
        assert await link.channels_b["x"].recv() == text


async def test_text_is_cut_between_characters_when_it_does_not_fit_a_frame():
    async with pair("x") as link:
        limit = await budget(link)
        for character, width in (("\U0001f600", 4), ("\0", 1), ("\"", 1)):
            text = character * (limit // width)
            for at in range(0, len(text), 100_000):
                more = {"more": True} if at + 100_000 < len(text) else {}
                await link.channels_a["x"].call("send", text=text[at:at + 100_000], **more)
            assert await link.channels_b["x"].recv(timeout=30) == text


async def test_labels_and_protocols_of_any_text_arrive():
    labels = ["", "\0", "é\U0001f600", "x" * 65535, "a\"b\\c"]
    async with pair("first") as link:
        for label in labels:
            made = await link.a.channel(label, protocol=label)
            other = await link.b.incoming(label)
            assert other.init["protocol"] == label
            await asyncio.gather(made.opened(), other.opened())


async def test_ordered_messages_stay_in_order():
    async with pair("x") as link:
        a, b = link.channels_a["x"], link.channels_b["x"]
        tickets = [await a.host.post("channel.send", {"channel": a.number, "text": str(n)})
                   for n in range(3000)]
        for n, ticket in enumerate(tickets):
            await a.host.wait_reply(ticket)
            assert await b.recv() == str(n)


async def test_channels_made_before_and_after_connecting_all_open():
    async with greeted(name="a") as a, greeted(name="b") as b:
        link = await connect(a, b, *[f"early {n}" for n in range(10)])
        for n in range(10):
            await (await link.a.channel(f"late {n}")).opened()
            await (await link.b.incoming(f"late {n}")).opened()
        link.stop()


@pytest.mark.limit(180)
async def test_a_thousand_channels():
    async with pair("first") as link:
        host = link.a.host
        count = min(1000, host.limits["maxChannels"] - 1)
        tickets = [await host.post("channel.create", {
            "peer": link.a.number, "label": f"{n}", "init": {"credit": 100}}) for n in range(count)]
        mine = {n: (await host.wait_reply(t))["channel"] for n, t in enumerate(tickets)}
        assert len(set(mine.values())) == count
        theirs = {}
        for _ in range(count):
            params = await link.b.event("datachannel", timeout=60)
            theirs[int(params["label"])] = params["channel"]
        assert sorted(theirs) == list(range(count))
        for n in range(count):
            await host.event("channel.open", {"channel": mine[n]}, timeout=30)
        grants = [await link.b.host.post("channel.credit", {"channel": c, "bytes": 100})
                  for c in theirs.values()]
        sends = [await host.post("channel.send", {"channel": c, "text": f"to {n}"})
                 for n, c in mine.items()]
        for ticket in grants:
            await link.b.host.wait_reply(ticket)
        for ticket in sends:
            await host.wait_reply(ticket)
        arrived = {}
        for _ in range(count):
            params = await link.b.host.event("channel.message", timeout=30)
            arrived[params["channel"]] = params["text"]
        assert arrived == {theirs[n]: f"to {n}" for n in range(count)}
        closes = [await host.post("channel.close", {"channel": c}) for c in mine.values()]
        for ticket in closes:
            await host.wait_reply(ticket)
        closed = [(await link.b.host.event("channel.closed", timeout=60))["channel"]
                  for _ in range(count)]
        assert sorted(closed) == sorted(theirs.values())


async def test_a_channel_past_the_limit_is_refused():
    async with greeted() as host:
        peer = (await host.call("peer.create", configuration={"loopback": True}))["peer"]
        limit = host.limits["maxChannels"]
        tickets = [await host.post("channel.create", {"peer": peer, "label": ""})
                   for _ in range(limit)]
        for ticket in tickets:
            await host.wait_reply(ticket)
        error = await refused(host.call("channel.create", peer=peer, label="one more"))
        assert error.reason in ("too-many", "operation-error")


async def test_a_negotiated_id_in_use_is_refused():
    async with pair(("x", {"negotiated": True, "id": 9})) as link:
        error = await refused(link.a.channel("again", negotiated=True, id=9))
        assert error.reason == "operation-error"
        await link.channels_a["x"].send("still here")
        assert await link.channels_b["x"].recv() == "still here"


# --- credit --------------------------------------------------------------------------------------

async def after_all_before(link):
    """Whatever was sent on other channels before this has reached the other host."""
    await link.channels_a["barrier"].send("now")
    assert await link.channels_b["barrier"].recv() == "now"
    await settled(link.b.host)


BARRIER = ("barrier", {"credit": 1 << 30})


async def stingy(link, label="x", **init):
    """A channel of a's, with no credit at b."""
    made = await link.a.channel(label, **init)
    other = await link.b.incoming(label)
    await asyncio.gather(made.opened(), other.opened())
    return made, other


def waiting(channel):
    return channel.host.seen("channel.message", {"channel": channel.number})


async def test_nothing_is_delivered_without_credit():
    async with pair(BARRIER) as link:
        made, other = await stingy(link)
        for _ in range(10):
            await made.send(pattern(1000))
        await after_all_before(link)
        assert waiting(other) == []
        await other.credit(10_000)
        for _ in range(10):
            assert await other.recv() == pattern(1000)


async def test_credit_is_exact_to_the_byte():
    async with pair(BARRIER) as link:
        made, other = await stingy(link)
        data = b"".join(pattern(1000, seed=n) for n in range(10))
        for n in range(10):
            await made.send(pattern(1000, seed=n))
        await after_all_before(link)
        got, granted, messages = b"", 0, 0
        for grant in (1, 1, 998, 1, 1499, 500, 3000, 0, 2999, 1001):
            granted += grant
            await other.credit(grant)
            await settled(link.b.host)
            for _ in range(len(waiting(other))):
                params = await other.piece()
                got += base64.b64decode(params["base64"])
                messages += not params.get("more")
                assert (len(got) % 1000 == 0) == (not params.get("more"))
            assert len(got) == granted
            assert got == data[:granted]
        assert messages == 10


async def test_credit_of_text_counts_utf8_and_never_cuts_a_character():
    async with pair(BARRIER) as link:
        made, other = await stingy(link)
        await made.send("\U0001f600" * 10)
        await after_all_before(link)
        got, granted = "", 0
        while len(got) < 10:
            granted += 3
            await other.credit(3)
            await settled(link.b.host)
            for _ in range(len(waiting(other))):
                got += (await other.piece())["text"]
            assert len(got.encode()) <= granted
            assert granted - len(got.encode()) < 4
        assert got == "\U0001f600" * 10


async def test_empty_messages_are_free_and_keep_their_place():
    async with pair(BARRIER) as link:
        made, other = await stingy(link)
        for message in (b"", "", b"ab", b"", b"cd", ""):
            await made.send(message)
        await after_all_before(link)
        assert [await other.recv(), await other.recv()] == [b"", ""]
        assert waiting(other) == []
        await other.credit(2)
        assert [await other.recv(), await other.recv()] == [b"ab", b""]
        await settled(link.b.host)
        assert waiting(other) == []
        await other.credit(2)
        assert [await other.recv(), await other.recv()] == [b"cd", ""]


async def test_grants_add_up_and_may_come_before_the_messages():
    async with pair(BARRIER) as link:
        made, other = await stingy(link)
        for grant in (5, 5, 1):
            await other.credit(grant)
        await made.send("twelve bytes")
        await after_all_before(link)
        piece = await other.piece()
        assert piece["text"] == "twelve byte" and piece["more"] is True
        await other.credit(2 ** 53 - 1)
        await other.credit(2 ** 53 - 1)
        assert (await other.piece())["text"] == "s"
        await made.send(pattern(5000))
        assert await other.recv() == pattern(5000)


async def test_the_first_grant_of_init_counts_for_the_maker():
    async with pair(BARRIER) as link:
        made, other = await stingy(link, credit=3)
        await other.send("abcdef")
        piece = await made.piece()
        assert piece["text"] == "abc" and piece["more"] is True
        await made.credit(3)
        assert (await made.piece())["text"] == "def"


async def test_auto_credit_is_renewed_as_frames_are_written():
    async with pair("x", hello={"auto_credit": 10_000}, credit=None) as link:
        for _ in range(20):
            await link.channels_a["x"].send(pattern(9_000))
            assert await link.channels_b["x"].recv() == pattern(9_000)
        await link.channels_a["x"].send(pattern(60_000))
        assert await link.channels_b["x"].recv() == pattern(60_000)


async def test_a_full_budget_is_told_and_credit_opens_it_again():
    async with pair(BARRIER) as link:
        made, other = await stingy(link)
        total = 12 * MiB
        chunk = pattern(MiB // 4)
        for _ in range(2):
            for _ in range(total // len(chunk)):
                amount = await made.send(chunk)
            stalled = await link.b.event("stalled", timeout=20)
            assert stalled["channels"] == [other.number]
            assert amount > 4 * MiB  # 4 MiB are at the other side, as much may be on its way
            made.host.forget("channel.bufferedamountlow")
            await made.call("setBufferedAmountLowThreshold", bytes=MiB)
            await settled(made.host)
            assert made.host.seen("channel.bufferedamountlow") == []
            await other.credit(total)
            for _ in range(total // len(chunk)):
                assert await other.recv(timeout=20) == chunk
            await made.event("bufferedamountlow")
            await settled(made.host)
            assert made.host.seen("channel.bufferedamountlow") == []
            await made.call("setBufferedAmountLowThreshold", bytes=0)


async def test_a_send_past_16_MiB_waiting_is_refused_and_changes_nothing():
    async with pair(BARRIER) as link:
        made, other = await stingy(link)
        chunk = pattern(MiB // 4)
        sent = 0
        error = None
        for _ in range(200):
            try:
                await made.send(chunk)
                sent += 1
            except RpcError as caught:
                error = caught
                break
        assert error is not None and error.reason == "operation-error"
        assert sent * len(chunk) >= 16 * MiB - len(chunk)
        await other.credit(1 << 40)
        for _ in range(sent):
            assert await other.recv(timeout=20) == chunk
        await made.send("goes again")
        assert await other.recv() == "goes again"


# --- closing -------------------------------------------------------------------------------------

@pytest.mark.parametrize("side", "ab")
async def test_either_side_closes_and_what_was_sent_before_arrives_first(side):
    async with pair("x") as link:
        here, there = link.channels_a["x"], link.channels_b["x"]
        if side == "b":
            here, there = there, here
        for n in range(50):
            await here.send(f"{n}")
        await here.close()
        for n in range(50):
            assert await there.recv() == f"{n}"
        await there.host.awaited(
            lambda: there.host.seen("channel.closed", {"channel": there.number}) or None, 10,
            "not closed")
        order = [n for n, p in there.host.events
                 if p.get("channel") == there.number and n in ("channel.closing", "channel.closed")]
        assert order == ["channel.closing", "channel.closed"]
        await here.closed()
        for end in (here, there):
            assert (await refused(end.send("late"))).reason == "invalid-state"
            await end.close()
        assert here.host.seen("channel.error") == [] and there.host.seen("channel.error") == []


async def test_closing_both_sides_at_once_closes_once():
    async with pair("x", "y") as link:
        a, b = link.channels_a["x"], link.channels_b["x"]
        await asyncio.gather(a.close(), b.close())
        await asyncio.gather(a.closed(), b.closed())
        await link.channels_a["y"].send("other channels live")
        assert await link.channels_b["y"].recv() == "other channels live"
        await settled(a.host, b.host)
        assert a.host.seen("channel.closed") == [] and b.host.seen("channel.closed") == []


async def test_what_waits_for_credit_is_delivered_before_closed():
    async with pair(BARRIER) as link:
        made, other = await stingy(link)
        for n in range(5):
            await made.send(f"{n}" * 100)
        await made.close()
        await after_all_before(link)
        assert other.host.seen("channel.closed") == []
        await other.credit(500)
        for n in range(5):
            assert await other.recv() == f"{n}" * 100
        await other.closed()


async def test_a_channel_closed_before_connecting_never_opens():
    async with greeted(name="a") as a, greeted(name="b") as b:
        link = Link(await Peer.create(a), await Peer.create(b))
        early = await link.a.channel("early")
        kept = await link.a.channel("kept")
        await early.close()
        await link.negotiate()
        await link.connected()
        await kept.opened()
        await (await link.b.incoming("kept")).opened()
        await settled(a, b)
        assert a.seen("channel.open", {"channel": early.number}) == []
        assert b.seen("peer.datachannel") == []
        link.stop()


@pytest.mark.limit(120)
async def test_a_stream_serves_many_channels_one_after_the_other():
    async with pair("first") as link:
        for n in range(200):
            made = await link.a.channel(f"{n}", credit=10)
            other = await link.b.incoming(f"{n}", credit=10)
            await asyncio.gather(made.opened(), other.opened())
            await made.send(f"{n}")
            assert await other.recv() == f"{n}"
            await (made if n % 2 else other).close()
            await asyncio.gather(made.closed(), other.closed())
        assert made.host.seen("channel.error") == []
