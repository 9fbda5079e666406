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
import socket
import struct
import subprocess
import termios
import threading

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
    (("check", "--proxy", "ftp://x:1"), "expected http://host:port"), (("check", "--proxy", "http://:3128"), "expected http://host:port"),
    (("check", "--proxy", "http://pupil:1/2@x:1"), "expected http://host:port"), (("check", "--output", "/nonexistent/x"), "No such file"),
    (("check", "--output", "/"), "Is a directory"),
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
    assert "others may write it" in run("check", "--services", path).stderr


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


@pytest.mark.parametrize("value", ("socks5://127.0.0.1:1080", "http://proxy.example:0", "ftp://x:1"))
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
    assert done.returncode == 64 and "others may write it" in done.stderr


def test_where_nothing_was_tested_nothing_is_proven(tmp_path):
    services = {"version": 1, "services": [{"id": "a", "pattern": "*.senso.test", "checks": [{"kind": "https", "port": 443}]}]}
    done = run("check", "--services", written(tmp_path, services), "--format", "json")
    assert done.returncode == 3 and "proven" not in json.loads(done.stdout)["summary"]["text"]


def test_judging_needs_no_services_file(tmp_path):
    report = tmp_path / "report.json"
    report.write_text(run("check", "--services", written(tmp_path, ONE), "--format", "json").stdout)
    assert run("judge", report, "--services", tmp_path / "none").returncode == 1


def test_a_report_takes_the_place_of_an_older_one_alone(tmp_path):
    path, other = tmp_path / "report", tmp_path / "other"
    other.write_text("precious")
    os.link(other, path)
    path.chmod(0o600)
    services = written(tmp_path, ONE)
    assert run("check", "--services", services, "--output", path, "--format", "json").returncode == 1
    assert json.loads(path.read_text())["version"] == 1 and path.stat().st_mode & 0o777 == 0o600
    assert other.read_text() == "precious"
    assert {p.name for p in tmp_path.iterdir()} == {"report", "other", "services.json"}


@pytest.mark.parametrize("closed", ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"))
def test_standard_streams_may_be_closed(tmp_path, closed):
    path = tmp_path / "report"
    done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", HELPER, "check", "--services", str(written(tmp_path, ONE)),
                           "--output", str(path), "--format", "json"])
    assert done.returncode == 1 and json.loads(path.read_text())["summary"]["verdict"] == "blocked"


def test_a_reader_of_progress_that_goes_away_loses_no_report(tmp_path):
    path = tmp_path / "report"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([HELPER, "check", "--services", str(written(tmp_path, ONE)), "--output", str(path)], stderr=writing)
    os.close(writing)
    assert done.returncode == 1 and "blocked" in path.read_text()


def test_what_there_are_no_descriptors_for_is_not_proven(tmp_path):
    """Not even where everything else is."""
    services = {"version": 1, "services": [{"id": f"a{i}", "hosts": ["127.0.0.1"], "checks": [{"kind": "stun", "port": 9}]}
                                           for i in range(40)]}
    done = subprocess.run(["sh", "-c", 'ulimit -n 30; exec "$@"', "sh", HELPER, "check", "--services",
                           str(written(tmp_path, services)), "--format", "json"], capture_output=True, text=True, timeout=60)
    report = json.loads(done.stdout)
    assert "not-tested" not in {row["verdict"] for row in report["results"]}
    assert "Too many open files" in done.stdout and done.returncode != 0


@pytest.mark.parametrize("change, status, said", (
    (lambda r: r["results"][0].pop("required"), 1, ""), (lambda r: r["results"][0].update(required="yes"), 64, "required"),
    (lambda r: r.update(results=[]), 64, "results"), (lambda r: r["results"][0].update(evidence=[]), 3, ""),
))
def test_a_report_that_was_changed_proves_nothing(tmp_path, change, status, said):
    report = json.loads(run("check", "--services", written(tmp_path, ONE), "--format", "json").stdout)
    change(report)
    path = tmp_path / "report"
    path.write_text(json.dumps(report))
    done = run("judge", path)
    assert done.returncode == status and said in done.stderr
    path.write_text(json.dumps(report) + "more")
    assert run("judge", path).returncode == 64


@pytest.mark.parametrize("host", ("10.0.0.1:443", "a" * 64 + ".test", "a.senso.test.", "a..test", ":::"))
def test_what_is_no_host_name_is_refused(tmp_path, host):
    services = {"version": 1, "services": [{"id": "a", "hosts": [host], "checks": [{"kind": "tcp", "port": 9}]}]}
    done = run("check", "--services", written(tmp_path, services))
    assert done.returncode == 64 and "services[0].hosts[0]" in done.stderr


@pytest.mark.parametrize("text", ('{"\\u001b]0;x\\u0007":1}', '{"version":1,"services":[{"id":"a","purpose":"\\u009b31m"}]}'))
def test_no_terminal_obeys_a_services_file(tmp_path, text):
    done = subprocess.run([HELPER, "rules", "--services", str(written(tmp_path, text))], capture_output=True)
    assert done.returncode == 64 and not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]", done.stdout + done.stderr)


def test_the_rules_are_described_in_their_order():
    """Cause and confidence of each rule, in the program's table and in the page for people."""
    judge = ROOT / "proxy-helper/judge"
    table = (judge / "rules.c").read_text()
    table = table[table.index("const struct rule rules[]"):table.index("const size_t n_rules")]
    coded = [(c.lower().replace("_", "-"), sure == "true") for c, sure in re.findall(r"{CAUSE_(\w+), \w+, \w+, (\w+), \w+}", table)]
    rows = re.findall(r"^\| (.*?) \| .* \| (proven|likely) \|$", (judge / "RULES.md").read_text(), re.M)
    assert [(cause, sure == "proven") for causes, sure in rows for cause in causes.split(", ")] == coded


@contextlib.contextmanager
def serving(kind, answer):
    """A server on loopback: `answer(bytes)` gives the pieces that it sends back, one write each. TCP ends after them."""
    with socket.socket(socket.AF_INET, kind) as server:
        server.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            server.listen()

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    if kind == socket.SOCK_DGRAM:
                        data, source = server.recvfrom(2048)
                        for piece in answer(data):
                            server.sendto(piece, source)
                        continue
                    with server.accept()[0] as client:
                        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        data = client.recv(4096)
                        for piece in answer(data) if data else ():
                            client.sendall(piece)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR) if kind == socket.SOCK_STREAM else server.sendto(b"", server.getsockname())


def judged(folder, port, check):
    services = {"version": 1, "services": [{"id": "a", "hosts": ["127.0.0.1"], "checks": [dict(check, port=port)]}]}
    done = run("check", "--services", written(folder, services), "--format", "json", "--no-proxy")
    return json.loads(done.stdout)["results"][0]


@pytest.mark.parametrize("kind", ("dtls", "stun", "turn"))
def test_an_echo_is_no_answer(tmp_path, kind):
    with serving(socket.SOCK_DGRAM, lambda data: [data]) as port:
        row = judged(tmp_path, port, {"kind": kind})
    assert row["verdict"] == "blocked" and row["cause"] != "stun-dpi"


@pytest.mark.parametrize("transport, kind", (("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM)))
def test_who_asks_for_a_login_without_a_realm_is_no_turn_server(tmp_path, transport, kind):
    def refuse(data):
        return [b"\x01\x13" + struct.pack("!H", 8) + data[4:20] + b"\x00\x09\x00\x04\x00\x00\x04\x01"]
    with serving(kind, refuse) as port:
        row = judged(tmp_path, port, {"kind": "turn", "transport": transport})
    assert (row["verdict"], row["cause"], row["confidence"]) == ("blocked", "turn-dpi", "likely")


@pytest.mark.parametrize("pieces, confidence", (
    ([b"HTTP/1.1 403 Forbidden\r\n\r\n"], "proven"), ([b"H", b"TTP/1.1 403 Forbidden\r\n\r\n"], "proven"),
    ([b"<html>blocked"], "likely"), ([b"SSH-2.0-OpenSSH_9\r\n"], "likely"),
))
def test_what_is_said_in_the_place_of_tls(tmp_path, pieces, confidence):
    with serving(socket.SOCK_STREAM, lambda data: pieces) as port:
        row = judged(tmp_path, port, {"kind": "https", "path": "/"})
    assert (row["cause"], row["confidence"]) == ("http-blocked", confidence)


@pytest.mark.parametrize("headers, schemes", (
    (["Negotiate, NTLM, Basic realm=\"a, b\", charset=\"UTF-8\""], ["Negotiate", "NTLM", "Basic"]),
    (["NTLM", "Basic realm=\"x\""], ["NTLM", "Basic"]), (["Digest realm=\"x\", nonce=\"y\", qop=\"auth,auth-int\""], ["Digest"]),
))
def test_the_schemes_that_a_proxy_asks_for(tmp_path, headers, schemes):
    head = "HTTP/1.1 407 Login\r\n" + "".join(f"Proxy-Authenticate: {h}\r\n" for h in headers) + "Content-Length: 0\r\n\r\n"
    with serving(socket.SOCK_STREAM, lambda data: [head.encode()]) as port:
        done = run("check", "--services", written(tmp_path, ONE), "--format", "json", "--proxy", f"http://127.0.0.1:{port}")
    row = json.loads(done.stdout)["results"][0]
    assert row["cause"] == "proxy-auth-required" and row["scheme"] == schemes


def service(**more):
    return {"version": 1, "services": [{"id": "a", "hosts": ["a.test"], "checks": [{"kind": "tcp", "port": 9}]} | more]}


def checked(**check):
    return service(checks=[{"port": 443} | check])


@pytest.mark.parametrize("file, good", (
    (service(), True), (service(hosts=["::1", "10.0.0.1"]), True), (service(hosts=["a b"]), False), (service(hosts=["a.test."]), False),
    (service(hosts=["-a.test"]), False), (service(hosts=["x" * 64]), False), (service(hosts=[]), False),
    (service(hosts=[], pattern="*.a.test"), True), (service(pattern="*.*.test"), False), (service(pattern="a*.test"), False),
    (service(purpose="Prüfung"), True), (service(purpose="a\u009b"), False), (service(purpose="a\tb"), False),
    (service(expectedRoots="pinned"), False), (service(expectedRoots="pinned", pins=["sha256/" + "A" * 43 + "="]), True),
    (service(pins=["sha256/short"]), False), (service(generation=3), False), (service(required="yes"), False),
    (checked(kind="https", path="/a"), True), (checked(kind="https", path="a"), False), (checked(kind="https", path="/ "), False),
    (checked(kind="https", transport="tcp"), False), (checked(kind="stun", transport="udp"), True),
    (checked(kind="stun", transport="tcp"), False), (checked(kind="turn", transport="tls"), True), (checked(kind="dtls", transport="tls"), False),
    (checked(kind="download"), False), (checked(kind="download", sha256="0" * 64), True), (checked(kind="tcp", scope="lan"), True),
    (checked(kind="tcp", scope="wan"), False), (checked(kind="turn", username="u"), False), (checked(kind="ftp"), False),
    (checked(kind="tcp", port=0), False), (checked(kind="tcp", port=70000), False),
))
def test_the_schema_and_the_program_take_the_same_files(tmp_path, file, good):
    assert schema("services.schema.json").is_valid(file) == good
    assert run("rules", "--services", written(tmp_path, file)).returncode == (0 if good else 64)


def test_a_report_in_the_shape_that_is_written_down_is_judged(tmp_path):
    """Without what only our own reports have."""
    row = {"service": "a", "host": "a.test", "check": "stun", "transport": "udp", "port": 3478,
           "evidence": [{"id": "stun", "value": "silent", "saw": "no answer"}]}
    path = tmp_path / "report"
    path.write_text(json.dumps({"version": 1, "tool": "t", "started": "", "duration_ms": 0, "environment": {"evidence": []},
                                "results": [row]}))
    done = run("judge", path)
    assert done.returncode == 1 and "49152-65535" in done.stdout
