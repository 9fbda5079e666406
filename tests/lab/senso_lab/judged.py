"""A scenario played once: what the helper said of each row, and what it should have said."""

import dataclasses
import fnmatch
import json
import subprocess

import jsonschema

from . import school

SCHEMA = jsonschema.Draft202012Validator(json.loads((school.ROOT / "manifest/services/report.schema.json").read_text()))


def key_of(row):
    kind = f"turn/{row['transport']}" if row["check"] == "turn" else row["check"]
    return f"{kind} {row['host'].split('.')[0]}:{row['port']}"


def keys_of(services):
    """The rows that a report on them has."""
    return [key_of({"check": c["kind"], "transport": c.get("transport"), "host": host, "port": c["port"]})
            for s in services["services"] for host in s["hosts"] for c in s["checks"]]


def expected(scenario, key):
    """(verdict, cause, also): the most special pattern counts."""
    found = [p for p in scenario.wrong if fnmatch.fnmatchcase(key, p)]
    verdict, cause, *also = scenario.wrong[max(found, key=len)] if found else ("pass", None)
    over_tcp = not key.startswith(("stun", "dtls", "turn/udp")) and key.endswith(":443")
    return verdict, cause, [*also, *(scenario.remarks if verdict == "pass" and over_tcp else ())]


@dataclasses.dataclass
class Outcome:
    report: dict
    status: int
    got: dict
    wanted: dict

    @property
    def wrong(self):
        """{row: (got, wanted, what was seen)}"""
        saw = {key_of(r): [e["saw"] for e in r["evidence"]] for r in self.report["results"]}
        return {k: (self.got[k], self.wanted[k], saw.get(k, "no such row")) for k in self.got if self.got[k] != self.wanted[k]}

    @property
    def wanted_status(self):
        worst = {verdict for verdict, *_ in self.wanted.values()}
        return 1 if "blocked" in worst else 2 if "degraded" in worst else 0


def play(scenario, pki, folder):
    with school.school(pki, folder) as made:
        scenario.change(made)
        made.start()
        report, status, _ = made.check()
        keys = keys_of(made.services)
    unused = [p for p in scenario.wrong if not fnmatch.filter(keys, p)]
    if unused:
        raise ValueError(f"{scenario.sentence}: no row is {unused}")
    got = dict.fromkeys(keys) | {key_of(r): (r["verdict"], r["cause"], r["also"]) for r in report["results"]}
    return Outcome(report, status, got, {key: expected(scenario, key) for key in got})


def judged_again(report, folder):
    """The report that `judge` makes of a saved one, and its exit status."""
    path = folder / "report.json"
    path.write_text(json.dumps(report))
    done = subprocess.run([school.helper(), "judge", str(path), "--format", "json"], capture_output=True, text=True)
    return json.loads(done.stdout), done.returncode


def verdicts(report):
    return [(key_of(r), r["verdict"], r["cause"], r["also"], r.get("fix")) for r in report["results"]], report["methods"]
