"""Makes the drivers importable."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "interop", HERE.parent / "browser", HERE.parent / "harness"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from senso_interop.fixtures import agents, fresh, network  # noqa: E402,F401
