"""The extension's modules under node's own test runner, and its declarations under TypeScript."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from senso_harness.schema import Schemas

HERE = pathlib.Path(__file__).resolve().parent
NEEDED = (20, 19)  # ES modules in .js files without a package.json, mocked timers, String.toWellFormed


def version():
    if not shutil.which("node"):
        return (0, 0)
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(n) for n in said.strip().lstrip("v").split(".")[:2])


@pytest.mark.skipif(version() < NEEDED, reason=f"node is older than {NEEDED[0]}.{NEEDED[1]}")
@pytest.mark.parametrize("file", sorted((HERE / "unit").glob("*.test.mjs")), ids=lambda f: f.name.split(".")[0])
def test_modules(file, tmp_path):
    frames = tmp_path / "frames.jsonl"
    done = subprocess.run(["node", "--test", str(file)], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "SENSO_FRAMES": str(frames)})
    assert done.returncode == 0, done.stdout[-4000:]
    for line in frames.read_text().splitlines() if frames.exists() else []:
        Schemas.shared().check_client(json.loads(line))


def test_the_declarations_are_what_an_author_can_build_on():
    tsc = HERE / "node_modules" / "typescript" / "bin" / "tsc"
    if not tsc.exists():
        pytest.skip("npm ci has not been run in tests/extension")
    done = subprocess.run(["node", str(tsc), "--noEmit", "--strict", "--skipLibCheck", "false", "--lib", "es2022,dom",
                           "--module", "es2022", "--moduleResolution", "bundler", "--target", "es2022",
                           str(HERE / "unit" / "author.ts")],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
