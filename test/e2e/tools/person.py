#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A person at a terminal: person.py PROMPT ANSWER [PROMPT ANSWER]... -- COMMAND...

Runs COMMAND with a terminal of its own, types each ANSWER when its PROMPT (plain text) has appeared, and prints
what the terminal shows, as it comes. An ANSWER @FILE is y, typed when FILE exists. Its exit status is COMMAND's; 99: a prompt did not come within 60 s.
"""
import os
import pty
import select
import sys
import time

TIME = 60


def main():
    split = sys.argv.index("--")
    talk, command = sys.argv[1:split], sys.argv[split + 1:]
    pairs = list(zip(talk[::2], talk[1::2]))
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    shown, looked, end = b"", 0, time.monotonic() + TIME
    while time.monotonic() < end:
        if pairs:
            at = shown.find(pairs[0][0].encode(), looked)
            answer = pairs[0][1]
            if at >= 0 and (answer[:1] != "@" or os.path.exists(answer[1:])):
                looked = at + len(pairs[0][0])
                os.write(fd, b"y\n" if answer[:1] == "@" else answer.encode() + b"\n")
                pairs.pop(0)
                continue
        if not select.select([fd], [], [], 0.1)[0]:
            continue
        try:
            more = os.read(fd, 4096)
        except OSError:
            more = b""
        if not more:
            break
        shown += more
        os.write(1, more.replace(b"\r", b""))
    else:
        os.kill(pid, 9)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.exit(99 if pairs else status if status >= 0 else 128 - status)


main()
