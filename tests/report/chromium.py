"""A headless Chromium, spoken to over a pipe by the DevTools protocol: no driver, no network."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EXECUTABLE = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)


@dataclass
class Browser:
    """One tab. `events` are all that it said: console, log, network."""

    reading: int
    writing: int
    session: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    _last: int = 0
    _rest: bytes = b""

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        asked = {"id": self._last, "method": method, "params": parameters}
        if self.session:
            asked["sessionId"] = self.session
        os.write(self.writing, json.dumps(asked).encode() + b"\0")
        while True:
            found = self._message()
            if found.get("id") == self._last:
                assert "error" not in found, found
                return found["result"]
            self.events.append(found)

    def open(self, page: Path, width: int, height: int = 900) -> None:
        """Load a page and wait until it is drawn."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.events.clear()
        self.call("Page.navigate", url=page.resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._message())

    def complaints(self) -> list[str]:
        """What the page made the browser say: errors, warnings, the console."""
        self.evaluate("0")  # all that was said before is read by then
        kinds = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        return [str(event["params"]) for event in self.events if event["method"] in kinds]

    def requests(self) -> list[str]:
        """What was asked for, but for what the page brings along."""
        asked = [event for event in self.events if event["method"] == "Network.requestWillBeSent"]
        urls = [event["params"]["request"]["url"] for event in asked]
        return [url for url in urls if not url.startswith("data:")]

    def media(self, kind: str = "", **features: str) -> None:
        """Look at the page as on paper ("print"), or in the dark (`prefers_color_scheme`)."""
        named = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self.call("Emulation.setEmulatedMedia", media=kind, features=named)

    def evaluate(self, expression: str) -> Any:
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return found["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """The whole page, however long."""
        found = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def pdf(self) -> bytes:
        found = self.call("Page.printToPDF", printBackground=True)
        return base64.b64decode(found["data"])

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            found = os.read(self.reading, 1 << 20)
            assert found, "the browser went away"
            self._rest += found
        first, self._rest = self._rest.split(b"\0", 1)
        return json.loads(first)


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Chromium with an empty profile; it ends with the block."""
    (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()

    def as_three_and_four() -> None:
        kept = os.dup(theirs_in), os.dup(theirs_out)  # neither may be 3 or 4 while these are set
        os.dup2(kept[0], 3)
        os.dup2(kept[1], 4)

    process = subprocess.Popen(
        [str(EXECUTABLE), *ARGUMENTS, f"--user-data-dir={profile}"],
        preexec_fn=as_three_and_four,
        pass_fds=(3, 4, theirs_in, theirs_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    found = Browser(ours_in, ours_out)
    try:
        target = found.call("Target.createTarget", url="about:blank")["targetId"]
        found.session = found.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            found.call(f"{domain}.enable")
        yield found
    finally:
        process.kill()
        process.wait()
        os.close(ours_in)
        os.close(ours_out)
