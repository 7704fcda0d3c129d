"""Print the HTTP API as OpenAPI JSON; the console's types are generated from it.

python -m tools.openapi > openapi.json
"""

import json
import sys
import tempfile
from pathlib import Path

from weaktie.app.home import make_home
from weaktie.app.http import make_api
from weaktie.app.wiring import open_app, prepare_home
from weaktie.kit.clock import SystemClock


def document() -> dict[str, object]:
    """The document of the application as it is wired."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        make_home(home, {"name": "openapi"})
        prepare_home(home, SystemClock())
        with open_app(home) as wt:
            return make_api(wt).openapi()


def main() -> None:
    """Write it to standard output."""
    json.dump(document(), sys.stdout, ensure_ascii=False, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()
