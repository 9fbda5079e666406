"""senso-proxy-helper in a school: each scenario gives exactly its verdicts and causes, and its report is judged again alike."""

import pytest
from senso_lab import scenarios, school
from senso_lab.judged import SCHEMA, judged_again, play, verdicts

pytestmark = pytest.mark.skipif(bool(school.why_not()), reason=school.why_not() or "")


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return school.Pki(tmp_path_factory.mktemp("pki"))


@pytest.mark.parametrize("scenario", scenarios.ALL, ids=[s.sentence for s in scenarios.ALL])
def test_the_verdict_is_that_of(scenario, pki, tmp_path, judged):
    if scenario.why_not():
        pytest.skip(scenario.why_not())
    outcome = play(scenario, pki, tmp_path)
    report = outcome.report
    judged.append((scenario, not outcome.wrong, report["duration_ms"]))
    assert not outcome.wrong
    assert outcome.status == outcome.wanted_status
    for name, value in scenario.network.items():
        assert value in [e["value"] for e in report["environment"]["evidence"] if e["id"] == name]
    assert all(r.get("fix") for r in report["results"] if r["cause"])
    SCHEMA.validate(report)
    again, again_status = judged_again(report, tmp_path)
    assert (verdicts(again), again_status) == (verdicts(report), outcome.status)
    assert report["duration_ms"] <= 15_500
