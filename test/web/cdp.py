# SPDX-License-Identifier: Apache-2.0
"""Chromium, driven over a pair of pipes by its DevTools protocol: no other program and no library in between.

A Browser starts one and ends it; a Page is a tab of a profile of its own. Everything that waits has a limit.
"""
import base64
import collections
import json
import os
import select
import subprocess
import tempfile
import time

LIMIT = 60

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--no-default-browser-check", "--hide-scrollbars", "--remote-debugging-pipe"]


class Failed(Exception):
    pass


class Browser:
    def __init__(self, log, flags=()):
        down, self.out = os.pipe()
        self.inp, up = os.pipe()
        self.folder = tempfile.TemporaryDirectory()
        self.number = 0
        self.buffer = b""
        self.answers = {}
        self.pages = {}

        def pipes():
            # As the protocol has it: the browser reads 3 and writes 4.
            read, write = os.dup2(down, 103), os.dup2(up, 104)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            ["chromium", *FLAGS, *flags, "--user-data-dir=" + self.folder.name, "about:blank"],
            preexec_fn=pipes, close_fds=False, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        os.close(down)
        os.close(up)

    def send(self, method, params, session):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        return self.number

    def take(self, end):
        """One message more, or Failed at the time end."""
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.inp], [], [], left)[0]:
                raise Failed("the browser says nothing")
            more = os.read(self.inp, 1 << 20)
            if not more:
                raise Failed("the browser has ended")
            self.buffer += more
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        if "id" in message:
            self.answers[message["id"]] = message
        elif message.get("sessionId") in self.pages:
            self.pages[message["sessionId"]].event(message["method"], message["params"])

    def call(self, method, session=None, **params):
        number, end = self.send(method, params, session), time.monotonic() + LIMIT
        while number not in self.answers:
            self.take(end)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise Failed(f"{method}: {answer['error']}")
        return answer["result"]

    def page(self, **options):
        return Page(self, **options)

    def close(self):
        try:
            self.call("Browser.close")
        except Failed:
            self.process.kill()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()


class Page:
    """width, height: of the window; dark, script, touch: what they say."""

    def __init__(self, browser, width=1200, height=900, dark=False, script=True, touch=False):
        self.browser = browser
        self.events = collections.Counter()
        self.complaints = []
        context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        browser.pages[self.session] = self
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Security.setIgnoreCertificateErrors", ignore=True)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=touch)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        if not script:
            self.call("Emulation.setScriptExecutionDisabled", value=True)

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def event(self, method, params):
        self.events[method] += 1
        if method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"] + " " + params["entry"].get("url", ""))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(str([a.get("value") for a in params["args"]]))
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))

    def wait_event(self, method, count):
        end = time.monotonic() + LIMIT
        while self.events[method] < count:
            self.browser.take(end)

    def act(self, what):
        """Something that leads to another page: returns when that is there."""
        count = self.events["Page.loadEventFired"] + 1
        what()
        self.wait_event("Page.loadEventFired", count)

    def open(self, url):
        def go():
            answer = self.call("Page.navigate", url=url)
            if "errorText" in answer:
                raise Failed(f"{url}: {answer['errorText']}")
        self.act(go)

    def run(self, expression):
        """Evaluate; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise Failed(f"{expression[:80]}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, condition):
        """Until the condition (an expression) holds: looked at whenever the page changes."""
        answer = self.run("""new Promise((done) => {
            const holds = () => { if (%s) { watch.disconnect(); clearTimeout(limit); done(true); } };
            const watch = new MutationObserver(holds);
            const limit = setTimeout(() => { watch.disconnect(); done(false); }, %d);
            watch.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
            holds();
        })""" % (condition, 900 * LIMIT))
        if not answer:
            raise Failed("never: " + condition)

    def text(self, selector="main"):
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def key(self, key, code=None, text=None, number=0):
        common = {"key": key, "code": code or key, "windowsVirtualKeyCode": number}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text or "", **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def tab(self):
        self.key("Tab", number=9)

    def enter(self):
        self.key("Enter", text="\r", number=13)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def focused(self):
        """What has the focus, in the words that a screen reader would say of it."""
        return self.run("(document.activeElement.innerText || document.activeElement.id || "
                        "document.activeElement.tagName).trim()")

    def tab_to(self, name, most=40):
        for _ in range(most):
            self.tab()
            if self.focused() == name:
                return
        raise Failed(f"{name} is not reached by Tab")

    def screenshot(self, path):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}
        data = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))
