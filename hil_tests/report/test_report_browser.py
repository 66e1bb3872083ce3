"""The page in a real browser, headless Chromium, with the network off: on phones, on a desk, and on paper.

Skipped where there is no Chromium; `.ci/run` installs Debian's.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; to run it: apt-get install chromium"),
    pytest.mark.timeout(300),
]

WIDTHS_PX = (360, 390, 768, 1280)
LETTER_MIN_PX = 11.0

# Shows the page in a frame of each width, as a window of that width would, and writes down what it finds. The page
# itself is not touched: its own policy holds.
PROBE = """<!DOCTYPE html><meta charset="utf-8"><pre id="found"></pre><script>
const widths = WIDTHS, found = {};
function look(frame) {
  const window_ = frame.contentWindow, doc = frame.contentDocument, root = doc.documentElement;
  const texts = [], walker = doc.createTreeWalker(doc.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && parent.getClientRects().length && !parent.closest("script"))
      texts.push(parseFloat(window_.getComputedStyle(parent).fontSize));
  }
  const inside = (box) => box.left >= 0 && box.right <= window_.innerWidth;
  const areas = [...doc.querySelectorAll(".area")], box = areas[0].getBoundingClientRect();
  const before = doc.querySelector(".legend output").textContent;
  const clientX = box.left + box.width * 0.75;
  areas[0].dispatchEvent(new window_.PointerEvent("pointermove", {clientX, bubbles: true}));
  return {
    scroll: root.scrollWidth, inner: window_.innerWidth,
    smallest: Math.min(...texts),
    sections: [...doc.querySelectorAll("section")].filter((one) => one.getBoundingClientRect().height > 40).length,
    areas: areas.map((one) => one.getBoundingClientRect()).map((one) => [one.width, one.height, inside(one)]),
    curves: [...doc.querySelectorAll(".area .curve")].filter((one) => one.getTotalLength() > 0).length,
    requests: window_.performance.getEntriesByType("resource").length,
    before, reading: doc.querySelector(".reading").textContent,
    outputs: [...doc.querySelectorAll(".legend output")].map((one) => one.textContent),
  };
}
let left = widths.length;
for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.style = `width:${width}px;height:800px;border:0;display:block`;
  frame.onload = () => {
    found[width] = look(frame);
    if (!--left) document.getElementById("found").textContent = JSON.stringify(found);
  };
  frame.src = "page.html";
  document.body.append(frame);
}
</script>"""


def chromium(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Chromium with its own profile, no network and its console on stderr."""
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--no-first-run",
               f"--user-data-dir={home / 'profile'}", "--host-resolver-rules=MAP * ~NOTFOUND", *words]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)


@pytest.fixture(scope="module")
def shown(page: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """Return what the probe found at each width, and what the console said."""
    folder = tmp_path_factory.mktemp("probe")
    (folder / "page.html").write_text(page, encoding="utf-8")
    (folder / "probe.html").write_text(PROBE.replace("WIDTHS", json.dumps(WIDTHS_PX)), encoding="utf-8")
    run = chromium(folder, "--allow-file-access-from-files", "--dump-dom", (folder / "probe.html").as_uri())
    found = re.search(r'<pre id="found">(.*?)</pre>', run.stdout, re.DOTALL)
    assert found is not None and found.group(1), run.stdout[-500:]
    return json.loads(html.unescape(found.group(1))), run.stderr


@pytest.fixture(scope="module")
def printed(page: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """Return the page printed to PDF by itself, and what the console said."""
    folder = tmp_path_factory.mktemp("print")
    (folder / "page.html").write_text(page, encoding="utf-8")
    run = chromium(folder, "--no-pdf-header-footer", f"--print-to-pdf={folder / 'page.pdf'}",
                   (folder / "page.html").as_uri())  # fmt: skip
    return (folder / "page.pdf").read_bytes(), run.stderr


class TestScreen:
    """At the width of phones, a tablet and a desk."""

    @pytest.mark.parametrize("width", WIDTHS_PX)
    def test_nothing_scrolls_sideways(self, shown: tuple[dict[str, Any], str], width: int) -> None:
        found = shown[0][str(width)]
        assert found["inner"] == width
        assert found["scroll"] <= width

    @pytest.mark.parametrize("width", WIDTHS_PX)
    def test_every_letter_can_be_read(self, shown: tuple[dict[str, Any], str], width: int) -> None:
        assert shown[0][str(width)]["smallest"] >= LETTER_MIN_PX

    @pytest.mark.parametrize("width", WIDTHS_PX)
    def test_every_section_and_plot_is_there(self, shown: tuple[dict[str, Any], str], width: int) -> None:
        found = shown[0][str(width)]
        assert found["sections"] == 9
        assert len(found["areas"]) == 5
        assert all(wide > 0.6 * width and high > 100 and inside for wide, high, inside in found["areas"])
        assert found["curves"] == 13

    def test_values_can_be_read_off(self, shown: tuple[dict[str, Any], str]) -> None:
        """Three quarters of two minutes: in FILL, hose at 4.1 bar, 44.8 kg in the tank."""
        found = shown[0]["390"]
        assert found["before"] == ""
        assert found["reading"].startswith("At 1:30.") and found["reading"].endswith(" in FILL")
        assert found["outputs"][0] == "4.1"
        assert float(found["outputs"][10]) == pytest.approx(44.8, abs=0.1)

    def test_nothing_is_asked_of_the_network(self, shown: tuple[dict[str, Any], str]) -> None:
        assert [found["requests"] for found in shown[0].values()] == [0] * len(WIDTHS_PX)


class TestPaper:
    """Printed by itself."""

    def test_it_has_several_whole_pages(self, printed: tuple[bytes, str]) -> None:
        assert printed[0].startswith(b"%PDF-")
        assert 4 <= len(re.findall(rb"/Type /Page\b(?!s)", printed[0])) <= 9


def test_the_console_stays_silent(shown: tuple[dict[str, Any], str], printed: tuple[bytes, str]) -> None:
    """No script error, and nothing that the page's own policy had to refuse."""
    said = [line for line in (shown[1] + printed[1]).splitlines() if "CONSOLE" in line]
    assert said == []
