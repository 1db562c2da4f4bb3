"""Puts htmx, WeUI and Swagger UI, as package-lock.json names them, where the pages find them.

Run by `make`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tools"))

from node import install_locked  # noqa: E402

VENDOR = TOP / "src" / "qianbao" / "web" / "static" / "vendor"
WANTED = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "weui.min.css": "weui/dist/style/weui.min.css",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    "swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js": "swagger-ui-dist/swagger-ui-standalone-preset.js",
}


def main() -> None:
    """Installs, copies, and leaves the stamp that tells make so."""
    print("Getting htmx, WeUI and Swagger UI", file=sys.stderr)
    install_locked(TOP)
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in WANTED.items():
        shutil.copyfile(TOP / "node_modules" / source, VENDOR / name)
    (VENDOR / ".installed").touch()


if __name__ == "__main__":
    main()
