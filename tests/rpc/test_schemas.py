"""The schemas are themselves right, and the host knows all they name."""

import json
import pathlib

import jsonschema
import pytest
from senso_harness.schema import PROTOCOL, SchemaError, Schemas

from support import greeted

FILES = sorted(PROTOCOL.glob("*.schema.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_a_schema_is_a_schema(path):
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text()))


def test_every_method_has_a_result():
    results = json.loads((PROTOCOL / "results.schema.json").read_text())["$defs"]
    for method in Schemas.shared().methods():
        assert method in results


def test_every_error_has_one_code_and_a_meaning():
    errors = json.loads((PROTOCOL / "errors.json").read_text())["errors"]
    reasons = [e["reason"] for e in errors]
    assert len(reasons) == len(set(reasons))
    assert all(e["meaning"] for e in errors)


@pytest.mark.parametrize("message", [
    {"jsonrpc": "2.0", "method": "channel.message", "params": {"channel": 1, "seq": 0}},
    {"jsonrpc": "2.0", "method": "channel.message",
     "params": {"channel": "1", "seq": 0, "text": ""}},
    {"jsonrpc": "2.0", "method": "no.such", "params": {}},
    {"jsonrpc": "2.0", "method": "goodbye", "params": {"reason": "bored"}},
    {"jsonrpc": "2.0", "id": 1},
    {"jsonrpc": "2.0", "id": 1, "error": {"code": -32700, "message": "x"}},
    {"jsonrpc": "2.0", "id": 1,
     "error": {"code": -32700, "message": "x", "data": {"reason": "invalid-state"}}},
    {"id": 1, "result": {}},
], ids=lambda m: json.dumps(m)[:60])
def test_the_checker_refuses_what_a_host_must_not_say(message):
    with pytest.raises(SchemaError):
        Schemas.shared().check_host(message)


async def test_the_host_has_every_method_of_the_schemas():
    async with greeted() as host:
        for method in Schemas.shared().methods():
            await host.send_frame({"jsonrpc": "2.0", "id": method, "method": method,
                                   "params": {"peer": "x", "channel": "x"}})
            reply = await host.reply(id=method)
            if "error" in reply:
                assert reply["error"]["data"]["reason"] != "unknown-method", method
