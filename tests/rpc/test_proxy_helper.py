"""senso-proxy-helper at the command line, without a network: what it takes, refuses and prints."""

import contextlib
import csv
import fcntl
import io
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import termios

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HELPER = os.environ.get("SENSO_PROXY_HELPER") or str(ROOT / "build/release/proxy-helper/senso-proxy-helper")
SERVICES = ROOT / "manifest/services"
ONE = {"version": 1, "services": [{"id": "a", "hosts": ["127.0.0.1"], "checks": [{"kind": "tcp", "port": 9}]}]}


def run(*words, **more):
    return subprocess.run([HELPER, *map(str, words)], capture_output=True, text=True, timeout=60, **more)


def written(folder, value):
    path = folder / "services.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def schema(name):
    return jsonschema.Draft202012Validator(json.loads((SERVICES / name).read_text()))


def test_the_services_that_are_shipped_are_of_the_schema():
    schema("services.schema.json").validate(json.loads((SERVICES / "services.json").read_text()))


@pytest.mark.parametrize("words, what", [
    ((), "what is to be done is missing"), (("chek",), "expected check, judge or rules, not chek"),
    (("check", "more"), "too many words"), (("judge",), "judge takes one report"),
    (("check", "--colour"), "no such option"), (("check", "--timeout", "0"), "expected 1 to 120 seconds"),
    (("check", "--format", "yaml"), "expected text, json or csv"), (("check", "--generation", "3"), "expected 1, 2 or all"),
    (("check", "--format", "csv"), "--format csv is for rules"), (("check", "--services", "/nonexistent"), "No such file"),
    (("check", "--region", "mars", "--generation", "1", "--services", "{none}"), "no service is of that region"),
    (("check", "--proxy", "ftp://x:1"), "expected http://host:port"), (("check", "--proxy", "http://x"), "expected http://host:port"),
    (("check", "--roots", "/dev/null"), "no public roots"), (("judge", "/dev/null"), "not a JSON object"),
])
def test_what_cannot_be_done_is_named_and_nothing_is_tried(words, what, tmp_path):
    other = dict(ONE, services=[dict(ONE["services"][0], region="eu", generation=2)])
    words = [str(written(tmp_path, other)) if w == "{none}" else w for w in words]
    done = run(*words)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.startswith("senso-proxy-helper: ") and what in done.stderr


def test_a_bad_services_file_is_named_with_its_line(tmp_path):
    path = written(tmp_path, '{"version":1,\n"services":[\n{"id":"a","hosts":["x"],"checks":[{"kind":"ftp","port":1}]}]}')
    done = run("check", "--services", path)
    assert done.returncode == 64
    assert f"{path}:3: services[0].checks[0].kind: expected" in done.stderr


def test_a_services_file_that_others_may_write_is_refused(tmp_path):
    path = written(tmp_path, ONE)
    path.chmod(0o666)
    assert "anyone may write it" in run("check", "--services", path).stderr


def test_rules_say_the_same_in_every_format():
    text = run("rules", "--region", "all").stdout
    rows = list(csv.DictReader(io.StringIO(run("rules", "--region", "all", "--format", "csv").stdout)))
    rules = json.loads(run("rules", "--region", "all", "--format", "json").stdout)
    assert len(rows) == len(rules) == len(text.splitlines()) - 1
    for row, rule in zip(rows, rules):
        assert (row["host"], row["protocol"], row["purpose"]) == (rule["host"], rule["protocol"], rule["purpose"])
        assert row["host"] in text
    assert {"host": "*.turn.senso.cloud", "protocol": "UDP", "ports": [49152, 65535], "purpose": "relayed data"} in rules


def test_a_check_is_reported_and_judged_again_alike(tmp_path):
    saved = tmp_path / "report.json"
    first = run("check", "--services", written(tmp_path, ONE), "--no-proxy", "--format", "json", "--output", saved)
    report = json.loads(saved.read_text())
    schema("report.schema.json").validate(report)
    assert first.returncode == 1 and first.stdout == ""
    assert report["results"][0]["cause"] in ("tcp-reset", "no-network")
    again = run("judge", saved, "--format", "json")
    assert again.returncode == 1
    assert json.loads(again.stdout)["results"] == report["results"]
    text = run("judge", saved).stdout
    assert "tcp 127.0.0.1:9" in text and "What to ask for:" in text and "\033" not in text


def test_a_report_never_holds_a_credential(tmp_path):
    secret = "s3cret-credential"
    services = {"version": 1, "services": [{"id": "t", "hosts": ["127.0.0.1"], "checks": [
        {"kind": "turn", "port": 9, "transport": transport, "username": "u", "credential": secret}
        for transport in ("udp", "tcp")]}]}
    path = written(tmp_path, services)
    for form in ("json", "text"):
        done = run("check", "--services", path, "--no-proxy", "--format", form)
        assert done.returncode == 1 and secret not in done.stdout + done.stderr


def test_a_login_of_the_proxy_is_neither_used_nor_shown(tmp_path):
    """Also where the rest of it is wrong."""
    path = written(tmp_path, ONE)
    for proxy in ("http://pupil:s3cret@127.0.0.1:9", "http://pupil:s3cret@127.0.0.1:99999"):
        for words, more in ((("--proxy", proxy), {}), ((), {"env": {"https_proxy": proxy}})):
            done = run("check", "--services", path, "--format", "json", *words, **more)
            assert "s3cret" not in done.stdout + done.stderr and "pupil" not in done.stdout + done.stderr
            assert done.returncode == (64 if "99999" in proxy and words else 1)


def test_a_hostile_report_does_not_reach_the_terminal(tmp_path):
    report = tmp_path / "report.json"
    run("check", "--services", written(tmp_path, ONE), "--no-proxy", "--format", "json", "--output", report)
    value = json.loads(report.read_text())
    value["results"][0] |= {"host": "a\x1b[2Jb", "service": "\x9b1m", "address": "\x07"}
    value["results"][0]["evidence"][0]["saw"] = "\x1b]0;title\x07"
    report.write_text(json.dumps(value))
    for form in ("text", "json"):
        done = run("judge", report, "--format", form)
        assert done.returncode == 1
        assert not any(ord(c) < 32 and c != "\n" or 127 <= ord(c) < 160 for c in done.stdout.replace("\t", ""))


def test_a_device_is_written_to_and_never_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True)
    try:
        done = run("rules", "--format", "csv", "--output", pipe)
        assert done.returncode == 0 and reader.communicate(timeout=20)[0].startswith("host,protocol")
    finally:
        reader.kill()
        reader.wait()
    assert pipe.is_fifo()


def on_terminal(columns, *words, **more):
    """What a terminal of that width gets on stdout."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    process = subprocess.Popen([HELPER, *map(str, words)], stdout=theirs, stderr=subprocess.DEVNULL, **more)
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # EIO: the other end is closed
        while piece := os.read(ours, 65536):
            said += piece
    os.close(ours)
    process.wait(timeout=20)
    return said.decode()


def test_colour_and_width_are_those_of_the_terminal(tmp_path):
    long = "a-name-that-is-as-long-as-those-of-the-storage.hosts.example.test"
    saved = tmp_path / "report.json"
    run("check", "--services", written(tmp_path, ONE), "--no-proxy", "--format", "json", "--output", saved)
    report = json.loads(saved.read_text())
    report["results"][0]["host"] = long
    saved.write_text(json.dumps(report))
    for columns in (60, 100):
        said = on_terminal(columns, "judge", saved)
        assert "\033[31mblocked" in said
        lines = re.sub(r"\033\[\d*m", "", said).splitlines()
        assert max(len(line) for line in lines if long not in line) <= columns
    assert "\033" not in on_terminal(80, "judge", saved, env={"NO_COLOR": "1"})
    assert "\033" not in run("judge", saved).stdout


def test_it_needs_no_privilege(tmp_path):
    """No capability at all, in a namespace of its own."""
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode:
        pytest.skip("no user namespaces here")
    done = subprocess.run(["unshare", "-rn", "setpriv", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", HELPER, "check",
                           "--services", str(written(tmp_path, ONE)), "--no-proxy", "--format", "json"],
                          capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["results"][0]["cause"] == "no-network", done.stderr


@pytest.mark.parametrize("value", ("socks5://127.0.0.1:1080", "http://proxy.example", "ftp://x:1"))
def test_a_proxy_of_the_environment_that_cannot_be_used_is_told_of_and_no_error(tmp_path, value):
    done = run("check", "--services", written(tmp_path, ONE), "--format", "json", env={"ALL_PROXY": value})
    report = json.loads(done.stdout)
    assert done.returncode == 1 and not [e for e in report["results"][0]["evidence"] if e["id"] == "proxy"]
    assert "ALL_PROXY is not used" in done.stdout
    assert run("check", "--services", written(tmp_path, ONE), "--proxy", value).returncode == 64


@pytest.mark.parametrize("hosts, asked", (("", True), ("*", False), ("127.0.0.1", False), ("10.0.0.1, 127.0.0.1", False),
                                          ("0.0.1", False), ("27.0.0.1", True), ("localhost", True)))
def test_hosts_of_no_proxy_go_without_it(tmp_path, hosts, asked):
    done = run("check", "--services", written(tmp_path, ONE), "--format", "json",
               env={"https_proxy": "http://127.0.0.1:9", "no_proxy": hosts})
    row = json.loads(done.stdout)["results"][0]
    assert row["cause"] == ("proxy-unreachable" if asked else "tcp-reset")


@pytest.mark.parametrize("command", ("check", "rules"))
def test_a_region_that_no_service_is_of_is_an_error(command):
    done = run(command, "--region", "eux")
    assert done.returncode == 64 and "--region" in done.stderr and not done.stdout


def test_roots_that_anyone_may_write_are_refused(tmp_path):
    roots = tmp_path / "roots.pem"
    roots.write_text("")
    roots.chmod(0o666)
    done = run("check", "--services", written(tmp_path, ONE), "--roots", roots)
    assert done.returncode == 64 and "anyone may write it" in done.stderr


def test_where_nothing_was_tested_nothing_is_proven(tmp_path):
    services = {"version": 1, "services": [{"id": "a", "pattern": "*.senso.test", "checks": [{"kind": "https", "port": 443}]}]}
    done = run("check", "--services", written(tmp_path, services), "--format", "json")
    assert done.returncode == 3 and "proven" not in json.loads(done.stdout)["summary"]["text"]


def test_judging_needs_no_services_file(tmp_path):
    report = tmp_path / "report.json"
    report.write_text(run("check", "--services", written(tmp_path, ONE), "--format", "json").stdout)
    assert run("judge", report, "--services", tmp_path / "none").returncode == 1


def test_nothing_is_left_of_a_report_that_could_not_be_written(tmp_path):
    (tmp_path / "report").mkdir()
    done = run("check", "--services", written(tmp_path, ONE), "--output", tmp_path / "report")
    assert done.returncode == 64 and not list(tmp_path.glob("*.part"))
