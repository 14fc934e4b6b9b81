"""Pictures of pages, for the documentation and for the eye: headless Chromium, no network.

python -m tests.screenshots                    docs/images/report.png from manifests/demo/report.html
python -m tests.screenshots PAGE PICTURE [WIDTH HEIGHT]
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def screenshot(page: Path, picture: Path, width: int = 1280, height: int = 900) -> None:
    """Save the top of a page as a PNG. Raises SystemExit where there is no Chromium."""
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        sys.exit("Chromium is not installed: install it with your system's package manager")
    picture.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
                *("--hide-scrollbars", f"--user-data-dir={profile}", f"--window-size={width},{height}"),
                *(f"--screenshot={picture}", page.resolve().as_uri()),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )


def main() -> None:
    """The pictures of the documentation, or one that is asked for."""
    if len(sys.argv) > 2:
        screenshot(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:5]))
    else:
        screenshot(ROOT / "manifests" / "demo" / "report.html", ROOT / "docs" / "images" / "report.png")


if __name__ == "__main__":
    main()
