"""
Recorded sessions, sent again: the host says the same. To record anew:
  tests/harness/senso record --pair tests/rpc/golden/NAME.jsonl tests/rpc/golden/NAME.senso
"""

import pathlib

import pytest
from senso_harness.transcript import Mismatch, Replay, load


def name(path):
    return getattr(path, "stem", "none")


GOLDEN = sorted((pathlib.Path(__file__).parent / "golden").glob("*.jsonl"))


@pytest.mark.parametrize("path", GOLDEN, ids=name)
async def test_a_recorded_session_goes_as_it_went(path):
    assert await Replay(load(path)).run() > 3


@pytest.mark.parametrize("path", GOLDEN[:1], ids=name)
async def test_a_transcript_that_says_something_else_is_noticed(path):
    lines = load(path)
    for line in lines:
        if line["dir"] == "host" and "error" in line["msg"]:
            line["msg"]["error"]["data"]["reason"] = "invalid-state"
    with pytest.raises(Mismatch):
        await Replay(lines, timeout=2).run()
