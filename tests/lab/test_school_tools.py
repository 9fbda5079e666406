"""What tools of the field say of the same school, beside senso-proxy-helper; where they differ, why ours is right. And how a
run ends when it must."""

import re
import shutil
import subprocess

import pytest
from senso_lab import coturn, scenarios, school
from senso_lab.judged import key_of
from senso_lab.pki import Authority

pytestmark = pytest.mark.skipif(bool(school.why_not()), reason=school.why_not() or "")


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return school.Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def place(pki, tmp_path):
    with school.school(pki, tmp_path) as made:
        yield made


def needs(tool):
    return pytest.mark.skipif(not shutil.which(tool), reason=f"no {tool} here")


def rows_of(report):
    return {key_of(r): r for r in report["results"]}


def at_pupil(made, *command):
    return subprocess.run([*made.pupil.inside, *command], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def curl(made, roots, host, *words):
    return at_pupil(made, "curl", "-sS", "--noproxy", "*", "--cacert", str(roots), "--resolve", f"{host}:443:{school.NAMES[host]}",
                    "-o", "/dev/null", "-w", "%{http_code}", *words, f"https://{host}/")


def s_client(made, roots, host):
    done = at_pupil(made, "openssl", "s_client", "-connect", f"{school.NAMES[host]}:443", "-servername", host, "-CAfile", str(roots),
                    "-verify_hostname", host)
    return re.search(r"Verify return code: (\d+)", done.stdout).group(1) == "0"


@needs("curl")
def test_curl_and_openssl_agree_that_all_is_well(place, pki):
    place.start()
    report, status, _ = place.check()
    assert status == 0
    for host in ("front.senso.test", "store.senso.test"):
        assert curl(place, pki.roots, host).stdout == "200"
        assert s_client(place, pki.roots, host)


@needs("curl")
@needs("sslsplit")
def test_they_take_inspection_by_an_installed_root_for_the_real_thing_and_we_do_not(place, pki, tmp_path):
    authority = Authority(scenarios.made_up())
    scenarios.sslsplit(place, authority, True)
    place.start()
    report, status, _ = place.check()
    assert status == 1 and rows_of(report)["https front:443"]["cause"] == "tls-inspection"
    # Both ask the machine's store alone, which the filter's root is in. Asked with public roots they say what we say.
    system = tmp_path / "system.pem"
    assert curl(place, system, "front.senso.test").stdout == "200"
    assert s_client(place, system, "front.senso.test")
    assert curl(place, pki.roots, "front.senso.test").returncode == 60
    assert not s_client(place, pki.roots, "front.senso.test")


@needs("curl")
@pytest.mark.parametrize("certificate, cause", (("old", "certificate-invalid"), ("else", "certificate-invalid")))
def test_curl_and_openssl_agree_on_a_certificate_that_is_not_good(place, pki, tmp_path, certificate, cause):
    host = "store.senso.test"
    place.certificates[host] = (pki.public.leaf(tmp_path, host, "old", days=(-60, -2)) if certificate == "old" else
                                pki.public.leaf(tmp_path, "else.senso.test"))
    place.start()
    report, _, _ = place.check()
    assert rows_of(report)["https store:443"]["cause"] == cause
    assert curl(place, pki.roots, host).returncode == 60 and not s_client(place, pki.roots, host)


@needs("testssl")
@needs("sslsplit")
@pytest.mark.parametrize("inspected", (False, True), ids=("not inspected", "inspected"))
def test_testssl_agrees_when_it_is_asked_with_public_roots(place, pki, inspected):
    if inspected:
        scenarios.sslsplit(place, Authority(scenarios.made_up()), True)
    place.start()
    report, _, _ = place.check()
    said = at_pupil(place, *place.knowing_names(), "testssl", "--quiet", "--warnings", "off", "--color", "0", "-S", "--add-ca",
                    str(pki.roots), "--ip", school.FRONT, "front.senso.test:443").stdout
    assert rows_of(report)["https front:443"]["cause"] == ("tls-inspection" if inspected else None)
    assert re.search(r"Chain of trust +(NOT ok|Ok)", said).group(1) == ("NOT ok" if inspected else "Ok")


@needs("turnutils_natdiscovery")
@pytest.mark.parametrize("nat, mapping, words", ((school.NAT, "endpoint-independent", "Endpoint Independent Mapping"),
                                                 (school.RANDOM_NAT, "address-and-port-dependent",
                                                  "Address and Port Dependent Mapping")))
def test_natdiscovery_sees_the_same_mapping(place, nat, mapping, words):
    """It needs a server with two addresses (RFC 5780); we take the servers that are there anyway."""
    first, second = school.FILTER_PAGE, "203.0.113.67"
    place.nat = nat
    place.internet.ip("addr", "add", f"{second}/32", "dev", "lo")
    place.start()
    with coturn.coturn(first, 5478, 5479, place.internet.inside, ("--listening-ip", second), user=None):
        report, _, _ = place.check()
        said = at_pupil(place, "turnutils_natdiscovery", "-m", "-p", "5478", first).stdout
    assert report["methods"]["srflx"]["mapping"] == mapping
    assert re.findall("NAT with .*Mapping!", said) == [f"NAT with {words}!"], said


def test_a_run_ends_when_it_must_and_says_what_is_open(place):
    place.forward("iifname lan drop")
    place.start()
    report, status, _ = place.check("--timeout", "1")
    assert 900 <= report["duration_ms"] <= 2000
    assert status == 3 and {r["verdict"] for r in report["results"]} == {"inconclusive"}


def test_a_login_page_is_named_without_what_is_this_devices_alone(place):
    scenarios.portal(place, "302")
    place.start()
    report, _, _ = place.check()
    assert "login.school.test" in rows_of(report)["https front:443"]["fix"]
    assert "s3cret" not in str(report)


def test_the_text_for_a_ticket_has_finding_evidence_and_remedy(place):
    place.forward("udp dport 3478 drop")
    place.start()
    text = place.text()
    assert "blocked      stun turn.senso.test:3478  udp-port-blocked" in text
    assert "Allow outbound UDP to turn.senso.test port 3478" in " ".join(text.split())
    assert "\nblocked:\n  " in text
