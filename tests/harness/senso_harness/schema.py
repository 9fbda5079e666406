"""
Checks every message against manifest/protocol/: one compiled validator for each method.

The documents say `if the method is M then ...` for each method in turn. `specialised` decides those
conditions once for each method, so that a message costs its own rules only.
"""

import binascii
import json
import pathlib

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROTOCOL = ROOT / "manifest" / "protocol"

# Payloads longer than this are checked by a strict decoder and shown to the schema cut short.
BULK = 1024


class SchemaError(AssertionError):
    """A message that the protocol's schemas do not allow."""


class Schemas:
    _shared = None

    @classmethod
    def shared(cls):
        if cls._shared is None:
            cls._shared = cls(PROTOCOL)
        return cls._shared

    def __init__(self, folder):
        client, host, results = (
            json.loads((folder / f"{name}.schema.json").read_text())
            for name in ("client", "host", "results"))
        self._methods = client["properties"]["method"]["enum"]
        self._notifications = host["$defs"]["notification"]["properties"]["method"]["enum"]
        self._client = {m: validator(client, specialised(client, client, m))
                        for m in [*self._methods, None]}
        self._host = {m: validator(host, specialised(host, host, m))
                      for m in [*self._notifications, None]}
        errors = json.loads((folder / "errors.json").read_text())["errors"]
        self._errors = {(e["code"], e["reason"]) for e in errors}
        self._results = {m: validator(results, results["$defs"][m]) for m in self._methods}

    def methods(self):
        """Every method a client may call."""
        return sorted(self._methods)

    def notifications(self):
        """Every notification a host may send."""
        return sorted(self._notifications)

    def check_client(self, message):
        method = message.get("method") if isinstance(message, dict) else None
        check(self._client.get(method, self._client[None]), message)

    def check_host(self, message, method=None):
        """A message of the host's; `method` is what a reply answers, if it is known."""
        named = message.get("method") if isinstance(message, dict) else None
        check(self._host.get(named, self._host[None]), message)
        if named is not None and named not in self._host:
            raise SchemaError(f"the schemas have no notification {named}")
        if "error" in message:
            pair = message["error"]["code"], message["error"]["data"]["reason"]
            if pair not in self._errors:
                raise SchemaError(f"the table of errors has no {pair}")
        if method in self._results and "result" in message:
            check(self._results[method], message["result"], f"result of {method}")


def validator(root, body):
    return jsonschema.Draft202012Validator(body, resolver=jsonschema.RefResolver("", root))


def check(validator, message, what="message"):
    error = next(validator.iter_errors(cut_short(message)), None)
    if error is not None:
        path = ".".join(str(p) for p in error.absolute_path) or "(top)"
        shown = json.dumps(message)[:400]
        raise SchemaError(f"{what} breaks its schema at {path}: {error.message[:300]}: {shown}")


def specialised(root, node, method):
    """The schema with every condition on the method decided for this method (None: no method)."""
    if "$ref" in node:
        target = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
        return specialised(root, target, method)
    rules = [{k: v for k, v in node.items() if k not in ("if", "then", "else", "allOf", "$defs")}]
    for part in [*node.get("allOf", []), node]:
        holds = decided(part.get("if"), method)
        if holds is None and part is not node:
            rules.append(part)
        elif holds is None and "if" in node:
            rules.append({k: node[k] for k in ("if", "then", "else") if k in node})
        elif holds is not None and (chosen := part.get("then" if holds else "else")):
            rules.append(specialised(root, chosen, method))
    return {"allOf": rules} if len(rules) > 1 else rules[0]


def decided(condition, method):
    """Whether a condition on the method alone holds; None when it asks for something else."""
    if condition is None:
        return None
    required = set(condition.get("required", []))
    properties = condition.get("properties", {})
    if not required | set(properties) <= {"method"} or set(condition) - {"required", "properties"}:
        return None
    if method is None:
        return "method" not in required
    return "method" not in properties or properties["method"] == {"const": method}


def cut_short(message):
    """The message with a bulk payload replaced by a short one of the same kind."""
    params = message.get("params") if isinstance(message, dict) else None
    if not isinstance(params, dict):
        return message
    for field in ("base64", "text"):
        payload = params.get(field)
        if isinstance(payload, str) and len(payload) > BULK:
            if field == "base64":
                try:
                    binascii.a2b_base64(payload, strict_mode=True)
                except ValueError as error:
                    raise SchemaError(f"params.base64: {error}") from error
            return {**message, "params": {**params, field: payload[:8]}}
    return message
