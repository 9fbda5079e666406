"""senso-proxy-helper in a school: each scenario gives exactly its verdicts and causes, and its report is judged again alike."""

import fnmatch
import json
import os
import subprocess

import jsonschema
import pytest
from senso_lab import scenarios, school

pytestmark = pytest.mark.skipif(bool(school.why_not()), reason=school.why_not() or "")

SCHEMA = json.loads((school.ROOT / "manifest/services/report.schema.json").read_text())
TIMES = int(os.environ.get("SENSO_SCHOOL_TIMES", "1"))


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return school.Pki(tmp_path_factory.mktemp("pki"))


def key_of(row):
    kind = f"turn/{row['transport']}" if row["check"] == "turn" else row["check"]
    return f"{kind} {row['host'].split('.')[0]}:{row['port']}"


def expected(scenario, key):
    """(verdict, cause, also): the most special pattern counts."""
    found = [p for p in scenario.wrong if fnmatch.fnmatchcase(key, p)]
    verdict, cause, *also = scenario.wrong[max(found, key=len)] if found else ("pass", None)
    over_tcp = not key.startswith(("stun", "dtls", "turn/udp")) and key.endswith(":443")
    return verdict, cause, [*also, *(scenario.remarks if verdict == "pass" and over_tcp else ())]


def judged_again(report, folder):
    path = folder / "report.json"
    path.write_text(json.dumps(report))
    done = subprocess.run([school.helper(), "judge", str(path), "--format", "json"], capture_output=True, text=True)
    return json.loads(done.stdout), done.returncode


def verdicts(report):
    return [(key_of(r), r["verdict"], r["cause"], r["also"], r.get("fix")) for r in report["results"]], report["methods"]


@pytest.mark.parametrize("time", range(TIMES))
@pytest.mark.parametrize("scenario", scenarios.ALL, ids=[s.sentence for s in scenarios.ALL])
def test_the_verdict_is_that_of(scenario, time, pki, tmp_path, judged):
    if scenario.why_not():
        pytest.skip(scenario.why_not())
    with school.school(pki, tmp_path) as made:
        scenario.change(made)
        made.start()
        report, status, _ = made.check()
    rows = {key_of(r): (r["verdict"], r["cause"], r["also"]) for r in report["results"]}
    wanted = {key: expected(scenario, key) for key in rows}
    saw = {key_of(r): [e["saw"] for e in r["evidence"]] for r in report["results"]}
    wrong = {key: (rows[key], wanted[key], saw[key]) for key in rows if rows[key] != wanted[key]}
    judged.append((scenario, not wrong, report["duration_ms"]))
    assert not wrong
    worst = {v for v, *_ in wanted.values()}
    assert status == (1 if "blocked" in worst else 2 if "degraded" in worst else 0)
    for name, value in scenario.network.items():
        assert value in [e["value"] for e in report["environment"]["evidence"] if e["id"] == name]
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert all(r.get("fix") for r in report["results"] if r["cause"])
    again, again_status = judged_again(report, tmp_path)
    assert (verdicts(again), again_status) == (verdicts(report), status)
    assert report["duration_ms"] <= 15_500
