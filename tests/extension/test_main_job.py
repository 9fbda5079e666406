"""The main job as packaging/quickstart --browser shows it: the harness's command, with the release host."""

import pathlib
import subprocess

import pytest

from senso_interop import peers

TOOL = pathlib.Path(__file__).resolve().parents[1] / "harness" / "senso"


@pytest.mark.skipif(peers.why_not("extension-native") is not None, reason=str(peers.why_not("extension-native")))
def test_pictures_go_from_the_extension_to_the_console(network, tmp_path):
    if network is None:
        pytest.skip("a page needs an address besides 127.0.0.1, and no network can be made")
    shot = tmp_path / "console.png"
    done = subprocess.run([*network.inside(network.left), TOOL, "browser", "--seconds", "3", "--screenshot", shot],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ("engine:      native", "method:      host", " 0 broken", "all well"):
        assert part in done.stdout
    assert shot.read_bytes().startswith(b"\x89PNG")
