"""How large an hour's page is and how soon it can be used: ``python tests/report/hour_page.py``."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from factories import make_hour
from playwright.sync_api import sync_playwright

from callvoice.report.html import render_html

READY = "performance.getEntriesByName('ready')[0]?.startTime"
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def main() -> None:
    """Print size, time to render, and of three openings the median times in Chromium."""
    report, audio, tracks = make_hour()
    began = time.perf_counter()
    page = render_html(report, audio, tracks=tracks).encode()
    rendered_s = time.perf_counter() - began
    painted, ready = opened_ms(page)
    print(f"60 min, two channels: {len(page) / 1e6:.2f} MB, rendered in {rendered_s:.1f} s")
    print(f"first paint after {painted:.0f} ms, player ready after {ready:.0f} ms")


def opened_ms(html: bytes) -> tuple[float, float]:
    """Milliseconds from navigation to the first paint and to a player that can be used."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder, "hour.html")
        path.write_bytes(html)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        times = []
        for _ in range(3):
            page = browser.new_page()
            page.goto(path.as_uri())
            while page.evaluate(READY) is None:
                time.sleep(0.05)
            times.append((page.evaluate(PAINTED), page.evaluate(READY)))
            page.close()
        browser.close()
    painted, ready = (sorted(column)[1] for column in zip(*times, strict=True))
    return painted, ready


if __name__ == "__main__":
    main()
