#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares an OpenAPI 3.1 document with a server. By Debian's python, which has jsonschema.

openapi.py form DOCUMENT VERSION    is it whole, and of this version?
openapi.py routes DOCUMENT          has it the routes that quorum11-server --dump-routes prints, read from stdin, and no other?
openapi.py answers DOCUMENT RECORD  does what liar.py --record has seen fit, and was each answer that is good news seen?

form and routes print what is wrong, and fail then; answers prints a line "ok TEXT" or "not_ok TEXT" for each answer.
"""
import json
import re
import sys
import urllib.parse

import jsonschema

METHODS = ("get", "put", "post", "delete")


def operations(doc):
    return {(m.upper(), path): op for path, item in doc["paths"].items() for m, op in item.items() if m in METHODS}


def resolved(doc, obj):
    while "$ref" in obj:
        at = doc
        for step in obj["$ref"].removeprefix("#/").split("/"):
            at = at[step]
        obj = at
    return obj


def placeholders(path):
    return re.findall(r"\{(\w+)\}", path)


# ---- form ----

def references(obj):
    if isinstance(obj, dict):
        if "$ref" in obj:
            yield obj["$ref"]
        for v in obj.values():
            yield from references(v)
    elif isinstance(obj, list):
        for v in obj:
            yield from references(v)


def form(doc, version):
    wrong = []
    if doc["openapi"] != "3.1.0" or doc["info"]["version"] != version:
        wrong.append("it is not of OpenAPI 3.1.0, or not of version %s of the server" % version)
    used = set(references(doc))
    known = {"#/components/%s/%s" % (kind, name) for kind, of in doc["components"].items() for name in of
             if kind != "securitySchemes"}
    wrong += ["%s is used and not there" % r for r in sorted(used - known)]
    wrong += ["%s is there and not used" % r for r in sorted(known - used)]
    if used - known:
        return wrong
    for name, schema in doc["components"]["schemas"].items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as e:
            wrong.append("schema %s: %s" % (name, e.message))
    ids, tags = [], {t["name"] for t in doc["tags"]}
    for (method, path), op in operations(doc).items():
        what = "%s %s" % (method, path)
        ids.append(op["operationId"])
        given = [p["name"] for p in (resolved(doc, p) for p in op.get("parameters", [])) if p["in"] == "path"]
        if sorted(given) != sorted(placeholders(path)):
            wrong.append("%s: its parameters are %s" % (what, given))
        if not op["summary"] or not set(op["tags"]) <= tags or "default" not in op["responses"]:
            wrong.append("%s: no summary, an unknown tag or no default" % what)
        if (method == "GET") == ("requestBody" in op):
            wrong.append("%s: a body where there is none, or none where there is one" % what)
        if (op["x-who"] == ["everybody"]) != (op.get("security") == []):
            wrong.append("%s: x-who and security do not fit" % what)
    wrong += ["operationId %s twice" % i for i in sorted(set(ids)) if ids.count(i) > 1]
    return wrong


# ---- routes ----

def routes(doc, lines):
    table = dict(((m, p), w) for m, p, w in (line.split() for line in lines))
    written = {(m, re.sub(r"\{\w+\}", "*", p)): ",".join(op["x-who"]) for (m, p), op in operations(doc).items()}
    return (["the document lacks %s %s" % r for r in sorted(table.keys() - written.keys())] +
            ["the server lacks %s %s" % r for r in sorted(written.keys() - table.keys())] +
            ["%s %s is for %s, the document says %s" % (*r, table[r], written[r])
             for r in sorted(table.keys() & written.keys()) if table[r] != written[r]])


# ---- answers ----

class Judge:
    def __init__(self, doc):
        self.doc, self.ops = doc, operations(doc)
        self.paths = sorted({p for _, p in self.ops}, key=lambda p: len(placeholders(p)))

    def violations(self, schema, value, what):
        validator = jsonschema.Draft202012Validator({**schema, "components": self.doc["components"]})
        for e in validator.iter_errors(value):
            yield "%s: %s at %s" % (what, e.message[:300], "/".join(map(str, e.absolute_path)) or "the top")

    def operation(self, method, path):
        for p in self.paths:
            m = re.fullmatch(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(p)), path)
            if m and (method, p) in self.ops:
                return p, self.ops[method, p], m.groupdict()
        return None, None, None

    def content(self, spec, kind, text, what):
        content = spec.get("content", {})
        if not content:
            return ["%s: a body, where there is none" % what] if text else []
        if kind not in content:
            return ["%s: of type %s" % (what, kind)]
        if kind != "application/json":
            return []
        return list(self.violations(content[kind]["schema"], json.loads(text.encode("latin-1")), what))

    def parameters(self, op, values, query):
        given = {p["name"]: p for p in (resolved(self.doc, p) for p in op.get("parameters", []))}
        for name, text in [*values.items(), *urllib.parse.parse_qsl(query)]:
            if name not in given:
                yield "an unknown parameter %s" % name
                continue
            schema = resolved(self.doc, given[name]["schema"])
            yield from self.violations(schema, int(text) if schema["type"] == "integer" else text, name)

    def wrong(self, op, values, query, seen):
        spec = resolved(self.doc, op["responses"].get(str(seen["status"]), op["responses"]["default"]))
        bad = self.content(spec, seen["type"], seen["body"], "the answer")
        if 200 <= seen["status"] < 300:         # what was refused may have been wrong
            bad += self.parameters(op, values, query)
            if "application/json" in op.get("requestBody", {}).get("content", {}):
                bad += self.content(op["requestBody"], "application/json", seen["sent"], "the body sent")
        return bad


def answers(doc, lines):
    judge, found = Judge(doc), {}
    for line in lines:
        seen = json.loads(line)
        path, _, query = seen["path"].partition("?")
        pattern, op, values = judge.operation(seen["method"], path)
        if not op:
            if seen["status"] not in (404, 405):
                found.setdefault("%s %s: %d" % (seen["method"], path, seen["status"]), []).append("no such operation")
            continue
        key = "%s %s: %d" % (seen["method"], pattern, seen["status"])
        found.setdefault(key, []).extend(judge.wrong(op, values, query, seen))
    for (method, path), op in judge.ops.items():
        for status in op["responses"]:
            if status[0] in "23":
                found.setdefault("%s %s: %s" % (method, path, status), ["never seen"] if
                                 "%s %s: %s" % (method, path, status) not in found else [])
    for key, bad in sorted(found.items()):
        print("not_ok" if bad else "ok", key, *("- %s" % b for b in sorted(set(bad))[:4]))


def main():
    verb, doc = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8"))
    if verb == "answers":
        return answers(doc, open(sys.argv[3], encoding="utf-8"))
    wrong = form(doc, sys.argv[3]) if verb == "form" else routes(doc, sys.stdin)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return bool(wrong)


sys.exit(main())
