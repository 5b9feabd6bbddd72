#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A person at a terminal: person.py PROMPT ANSWER [PROMPT ANSWER]... -- COMMAND...

Runs COMMAND with a terminal of its own, types each ANSWER when its PROMPT (plain text) has appeared, and prints
what the terminal shows, as it comes. An ANSWER @FILE is y, typed when FILE exists; ~TEXT is typed when the terminal
no longer shows what is typed: many a program throws away what came before. Its exit status is COMMAND's; 99: a prompt
did not come within 60 s. SIGTERM goes to COMMAND.
"""
import os
import pty
import select
import signal
import sys
import termios
import time

TIME = 60


def may_type(fd, answer):
    if answer[:1] == "@":
        return os.path.exists(answer[1:])
    return answer[:1] != "~" or not termios.tcgetattr(fd)[3] & termios.ECHO


def typed(answer):
    return "y" if answer[:1] == "@" else answer[1:] if answer[:1] == "~" else answer


def main():
    split = sys.argv.index("--")
    talk, command = sys.argv[1:split], sys.argv[split + 1:]
    pairs = list(zip(talk[::2], talk[1::2]))
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    signal.signal(signal.SIGTERM, lambda number, frame: os.kill(pid, number))
    shown, looked, end = b"", 0, time.monotonic() + TIME
    while time.monotonic() < end:
        if pairs:
            at = shown.find(pairs[0][0].encode(), looked)
            answer = pairs[0][1]
            if at >= 0 and may_type(fd, answer):
                looked = at + len(pairs[0][0])
                os.write(fd, typed(answer).encode() + b"\n")
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
