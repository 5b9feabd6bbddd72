#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where messages go: sink.py DIR CERT KEY [--user NAME:PASSWORD] [--fail N] [--ports WEB SMTP]

A web server (TLS) and a mail server (STARTTLS, and AUTH if there is a user) on 127.0.0.1. DIR/web and DIR/smtp get
their ports, which are any without --ports. What is taken is appended: DIR/hooks has a line of JSON for each POST (path, signature, body as text),
DIR/mails the mails as the wire has them, each after a line with its sender, recipients and who has signed in. Each server
refuses its first N messages, and says so in DIR/refused.
"""
import argparse
import base64
import json
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

args = argparse.ArgumentParser()
args.add_argument("dir")
args.add_argument("cert")
args.add_argument("key")
args.add_argument("--user")
args.add_argument("--fail", type=int, default=0)
args.add_argument("--ports", type=int, nargs=2, default=[0, 0])
args = args.parse_args()
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(args.cert, args.key)
left = {"web": args.fail, "smtp": args.fail}


def put(name, data):
    with open(f"{args.dir}/{name}", "ab") as f:
        f.write(data)


def refuses(server):
    if left[server] == 0:
        return False
    left[server] -= 1
    put("refused", f"{server}\n".encode())
    return True


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        refused = refuses("web")
        if not refused:
            line = {"path": self.path, "signature": self.headers.get("X-Quorum11-Signature"), "body": body,
                    "type": self.headers["Content-Type"]}
            put("hooks", (json.dumps(line) + "\n").encode())
        self.send_response(503 if refused else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Mail:
    """RFC 5321 for one client, as far as libcurl goes."""

    def __init__(self, conn):
        self.conn, self.f, self.secure, self.who = conn, conn.makefile("rb"), False, ""

    def say(self, *lines):
        self.conn.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def start_tls(self):
        self.conn = tls.wrap_socket(self.conn, server_side=True)
        self.f, self.secure = self.conn.makefile("rb"), True

    def auth(self, line):
        words = line.split()
        if len(words) < 3:
            self.say("334 ")
            words.append(self.f.readline().decode().strip())
        self.who = ":".join(base64.b64decode(words[2]).decode().split("\0")[1:])
        self.say("235 fine" if self.who == args.user else "535 no")
        return self.who == args.user

    def data(self, sender, to):
        if refuses("smtp"):
            return self.say("451 come again")
        self.say("354 go on")
        mail = b""
        while (line := self.f.readline()) not in (b".\r\n", b""):
            mail += line[1:] if line.startswith(b".") else line
        put("mails", f"--- {sender} {to} {self.who}\n".encode() + mail)
        return self.say("250 taken")

    def serve(self):
        sender = to = ""
        self.say("220 sink")
        while line := self.f.readline().decode().rstrip("\r\n"):
            word = line.split(" ")[0].upper()
            needs_tls = word in ("AUTH", "MAIL") and not self.secure
            if word == "EHLO":
                self.say("250-sink", *([] if self.secure else ["250-STARTTLS"]),
                         *(["250-AUTH PLAIN"] if self.secure and args.user else []), "250 8BITMIME")
            elif word == "STARTTLS":
                self.say("220 go on")
                self.start_tls()
            elif needs_tls or (word == "MAIL" and args.user and not self.who):
                self.say("530 first something else")
            elif word == "AUTH":
                if not self.auth(line):
                    return
            elif word == "MAIL":
                sender = line[10:]
                self.say("250 ok")
            elif word == "RCPT":
                to = line[8:]
                self.say("250 ok")
            elif word == "DATA":
                self.data(sender, to)
            elif word == "QUIT":
                return self.say("221 bye")
            else:
                self.say("502 no")


def client(conn):
    try:
        Mail(conn).serve()
    except (OSError, ValueError):
        pass


def mail_server(listener):
    while True:
        threading.Thread(target=client, args=(listener.accept()[0],), daemon=True).start()


listener = socket.create_server(("127.0.0.1", args.ports[1]))
web = HTTPServer(("127.0.0.1", args.ports[0]), Hook)
web.socket = tls.wrap_socket(web.socket, server_side=True)
threading.Thread(target=mail_server, args=(listener,), daemon=True).start()
put("web", f"{web.server_port}\n".encode())
put("smtp", f"{listener.getsockname()[1]}\n".encode())
web.serve_forever()
