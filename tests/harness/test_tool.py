"""The senso tool itself, as a developer runs it."""

import json
import pathlib
import shutil
import subprocess

import pytest
from senso_harness import pictures
from senso_harness.shell import parse_params, ShellError
from senso_harness.transcript import normalised

TOOL = pathlib.Path(__file__).parent / "senso"


def senso(*arguments, stdin="", timeout=60):
    return subprocess.run([TOOL, *map(str, arguments)], input=stdin, capture_output=True, text=True,
                          timeout=timeout)


def test_thumbnails_arrive_and_the_summary_says_so():
    done = senso("thumbnails", "--seconds", "4")
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ("method:      host ", " 0 lost", "0 unanswered",
                 "console 0, student 0", "all well"):
        assert part in done.stdout


def test_thumbnails_on_an_ordered_channel():
    done = senso("thumbnails", "--seconds", "2", "--channel", "ordered")
    assert done.returncode == 0, done.stdout + done.stderr


def test_thumbnails_with_a_binary_that_is_no_host_fail():
    done = senso("--host", "/bin/cat", "thumbnails", "--seconds", "1")
    assert done.returncode != 0


@pytest.mark.skipif(not shutil.which("unshare"), reason="no unshare")
def test_thumbnails_need_nothing_but_loopback():
    space = ["unshare", "--net", "--map-root-user", "sh", "-c",
             f"ip link set lo up && exec {TOOL} thumbnails --seconds 2"]
    probe = subprocess.run(["unshare", "--net", "--map-root-user", "true"], capture_output=True)
    if probe.returncode != 0:
        pytest.skip("no network namespaces here")
    done = subprocess.run(space, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_repl_shows_replies_notifications_and_errors():
    done = senso("repl", stdin="hello\npeer.create {\"configuration\":{\"loopback\":true}}\n"
                               "channel.create peer=1 label=x\npeer.get peer=9\nnonsense\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert '= s1 {"server"' in done.stdout
    assert '= s2 {"peer": 1}' in done.stdout
    assert '* peer.negotiationneeded {"peer": 1}' in done.stdout
    assert "! s4 1002 unknown-peer: " in done.stdout
    assert "! s5 -32601 unknown-method: " in done.stdout


def test_pair_connects_and_carries_a_message():
    done = senso("pair", stdin="a channel.send channel=1 text=hello\nb expect channel.message "
                               "{\"text\":\"hello\"}\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# connected: chat" in done.stdout
    assert '"text": "hello"' in done.stdout


def test_a_script_stops_at_the_line_that_fails(tmp_path):
    script = tmp_path / "x.senso"
    script.write_text("hello\npeer.get peer=3\nping\n")
    done = senso("script", script)
    assert done.returncode == 1
    assert f"{script}:2: " in done.stdout and "unknown-peer" in done.stdout


def test_a_script_may_expect_an_error(tmp_path):
    script = tmp_path / "x.senso"
    script.write_text("hello\nfails unknown-peer peer.get peer=3\n")
    assert senso("script", script).returncode == 0
    script.write_text("hello\nfails invalid-state peer.get peer=3\n")
    assert senso("script", script).returncode == 1


def test_what_was_recorded_replays_and_what_was_changed_does_not(tmp_path):
    script, transcript = tmp_path / "x.senso", tmp_path / "x.jsonl"
    script.write_text("a hello\nb hello\nconnect chat\na channel.send channel=1 text=hi\n"
                      "b expect channel.message {\"text\":\"hi\"}\n")
    done = senso("record", "--pair", transcript, script)
    assert done.returncode == 0, done.stdout + done.stderr
    done = senso("replay", transcript)
    assert done.returncode == 0, done.stdout
    transcript.write_text(transcript.read_text().replace('"seq": 0', '"seq": 1'))
    done = senso("replay", transcript)
    assert done.returncode == 1 and "recorded" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, ("chromium", "google-chrome"))), reason="no Chromium")
def test_a_host_and_a_page_are_connected_with_one_command():
    done = senso("page", stdin="channel.send channel=1 text=hello\njs peers.size\n", timeout=90)
    if "needs another address" in done.stderr:
        pytest.skip("only loopback here")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# connected: chat" in done.stdout


def test_params_are_json_or_fields():
    assert parse_params('{"a": 1}') == {"a": 1}
    assert parse_params("a=1 b=x c=true d={\"e\":[]}") == {
        "a": 1, "b": "x", "c": True, "d": {"e": []}}
    with pytest.raises(ShellError):
        parse_params("word")


def test_pictures_survive_and_damage_is_noticed():
    desktop = pictures.Desktop()
    data = pictures.encode(desktop.draw(5), 70, {"frame": 5})
    assert pictures.decode(data)["frame"] == 5
    for at in (0, 3, len(data) // 2, len(data) - 1):
        with pytest.raises(ValueError):
            pictures.decode(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])


def test_sizes_of_pictures_vary_as_a_screen_does():
    desktop = pictures.Desktop()
    sizes = [len(pictures.encode(desktop.draw(n, width), quality, {"frame": n}))
             for n in range(0, 100, 9) for width, quality in ((640, 92), (320, 40))]
    assert min(sizes) < 9_000 and max(sizes) > 45_000


def test_what_differs_from_run_to_run_is_normalised():
    sdp = ("v=0\r\no=- {} 2 IN IP4 127.0.0.1\r\na=ice-ufrag:{}\r\na=candidate:1 1 udp {}\r\n"
           "a=mid:0\r\n")
    one, two = ({"sdp": sdp.format(x, x, x), "port": x} for x in (1, 22))
    assert normalised(one) == normalised(two)
    assert "a=mid:0" in json.dumps(normalised(one))
    assert normalised({"sdp": "a=mid:0"}) != normalised({"sdp": "a=mid:1"})
