#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a person sees and does with the pages, in a real browser; for test/e2e/web.sh.

pages.py URL TOKEN-FILE REQUEST-ID AXE FOLDER -- COMMAND...    COMMAND approves once and shows the code.
Prints a line "ok TEXT" or "not ok TEXT" for each thing that was looked at; pictures go to FOLDER.
"""
import re
import subprocess
import sys

import cdp

split = sys.argv.index("--")
url, token_file, request, axe_file, folder = sys.argv[1:split]
command = sys.argv[split + 1:]
with open(token_file, encoding="ascii") as f:
    token = f.read().strip()
with open(axe_file, encoding="utf-8") as f:
    axe = f.read()


def say(text, good, why=""):
    print(("ok " if good else "not ok ") + text, flush=True)
    if not good:
        print(f"# {why}", flush=True)


def sign_in(page, to):
    page.open(url + to)
    page.tab_to("token")
    page.type(token)
    page.act(page.enter)


def accessible(page, name):
    """axe finds nothing. It is put in by the protocol: the page's policy is not loosened for it."""
    page.run(axe + "; 0")
    found = page.run("axe.run().then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html)))")
    say(f"{name}: axe finds nothing", found == [], found)


def look(browser, name, **options):
    page = browser.page(**options)
    sign_in(page, "/")
    for path, what in (("/", "waiting"), ("/requests/" + request, "request"), ("/targets", "targets"),
                       ("/custodians", "custodians"), ("/history", "history"), ("/audit", "audit")):
        page.open(url + path)
        page.screenshot(f"{folder}/{what}-{name}.png")
        accessible(page, f"{what}, {name}")
        wide = page.run("document.documentElement.scrollWidth - innerWidth")
        say(f"{what}, {name}: nothing is wider than the window", wide <= 0, wide)
    say(f"{name}: the browser has nothing to complain of", page.complaints == [], page.complaints)


def without_script(browser):
    page = browser.page(script=False)
    sign_in(page, "/requests/" + request)
    text = page.text()
    for words in ("Claimed by the host", "Proven by the card", "0 of 2 approved", "end-to-end test", "s left",
                  "quorum11 approve "):
        say(f"without a script: {words}", words in text, text)
    page.open(url + "/sign-in")
    say("without a script: signed in, the sign-in leads on", page.run("location.pathname") == "/",
        page.run("location.pathname"))


def search(page):
    """What has ended, and what happened, by the words of a form; the address has them, to be kept and sent on."""
    count = "document.querySelectorAll('main li.card, main tbody tr').length"
    for path, field, word, here in (("/history", "q", "cancelled", request), ("/audit", "q", "enrol", "UTTGT")):
        page.open(url + path)
        everything = page.run(count)
        page.tab_to(field)
        page.type(word)
        page.act(page.enter)
        found = page.run(count)
        say(f"{path}: what fits is found", found > 0 and here[:5] in page.run("document.body.innerHTML"), page.text())
        say(f"{path}: the words stand in the address and in the field", page.run("location.search").find(word) > 0 and
            page.run(f"document.getElementById('{field}').value") == word, page.run("location.href"))
        say(f"{path}: nothing else", found <= everything, (found, everything))
        page.open(f"{url}{path}?{field}=no-such-word")
        say(f"{path}: what does not fit is not", page.run(count) == 0, page.text())
        accessible(page, f"{path} without a find")


def live(browser):
    page = browser.page()
    sign_in(page, "/requests/" + request)
    mark = "document.body.dataset.same"
    page.run(mark + " = 'yes'")
    shown = page.text("#code")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    match = re.search(r"CODE +(\S+)", done.stdout)
    say("a custodian approves", done.returncode == 0, done.stderr)
    say("the code is the one that his own client shows", match and match.group(1) == shown, (shown, done.stdout))
    page.wait("document.querySelector('main').innerText.includes('1 of 2 approved')")
    say("the page shows it by itself", True)
    say("... without being loaded again", page.run(mark) == "yes")
    say("... in a region that a screen reader speaks",
        "1 of 2" in page.run("document.querySelector('[role=status]').innerText"))
    page.screenshot(f"{folder}/request-after.png")
    page.tab_to("Cancel this request")
    page.enter()
    page.tab_to("Cancel the request")
    page.act(page.enter)
    say("cancelled, by keyboard only", "Cancelled" in page.text(), page.text())
    page.screenshot(f"{folder}/request-cancelled.png")
    accessible(page, "a cancelled request")
    search(page)
    page.tab_to("Sign out")
    page.act(page.enter)
    page.open(url + "/history")
    say("signed out", page.run("location.pathname") == "/sign-in", page.run("location.href"))
    page.screenshot(f"{folder}/sign-in.png")
    accessible(page, "sign-in")
    page.run("document.body.append(Object.assign(document.createElement('script'), { textContent: 'alert(1)' }))")
    page.run("new Promise((done) => setTimeout(done))")
    say("an inline script is refused, and noticed here", any("Content Security" in c for c in page.complaints),
        page.complaints)


def main():
    with open(f"{folder}/chromium.log", "wb") as log:
        browser = cdp.Browser(log)
        try:
            look(browser, "light")
            look(browser, "dark", dark=True)
            look(browser, "phone", width=360, height=740, touch=True)
            without_script(browser)
            live(browser)
        except (cdp.Failed, subprocess.TimeoutExpired) as e:
            say("the browser does what it is told", False, e)
        finally:
            browser.close()


main()
