#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Reads Prometheus' text exposition format 0.0.4 from standard input, strictly, and prints each sample as "NAME{LABELS} VALUE".
# Exit status 1, with a word, for what a scraper could misread.
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(\{{{LABEL}(?:,{LABEL})*\}})? (-?[0-9]+(?:\.[0-9]+)?)")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


def fail(line, why):
    sys.exit(f"promtext: {why}: {line!r}")


def histogram(name, samples):
    buckets = [(k, float(v)) for k, v in samples if k.startswith(name + "_bucket")]
    values = [v for _, v in buckets]
    bounds = [float(re.fullmatch(r'.*le="(.*)"\}', k).group(1).replace("+Inf", "inf")) for k, _ in buckets]
    count = [float(v) for k, v in samples if k == name + "_count"]
    if bounds != sorted(set(bounds)) or not bounds or bounds[-1] != float("inf"):
        fail(name, "bounds do not rise to +Inf")
    if values != sorted(values) or count != values[-1:] or not any(k == name + "_sum" for k, _ in samples):
        fail(name, "buckets are not cumulative, or differ from the count")


text = sys.stdin.read()
if not text.endswith("\n"):
    fail(text[-40:], "the last line has no end")
types, helped, seen, family, samples = {}, set(), set(), None, []
for line in text[:-1].split("\n"):
    if m := re.fullmatch(rf"# HELP ({NAME}) (.+)", line):
        if m[1] in helped:
            fail(line, "a second HELP")
        helped.add(m[1])
    elif m := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram)", line):
        if m[1] in types or m[1] not in helped:
            fail(line, "a second TYPE, or no HELP before")
        types[m[1]] = m[2]
        family = m[1]
    elif m := SAMPLE.fullmatch(line):
        if not family or m[1] not in [family + s for s in SUFFIXES[types[family]]]:
            fail(line, "not of the family above")
        if types[family] == "counter" and not family.endswith("_total"):
            fail(line, "a counter's name ends in _total")
        key = m[1] + (m[2] or "")
        if key in seen:
            fail(line, "twice")
        seen.add(key)
        if types[family] != "gauge" and float(m[3]) < 0:
            fail(line, "negative")
        samples.append((key, m[3]))
    else:
        fail(line, "no line of this format")
for name, kind in types.items():
    if kind == "histogram":
        histogram(name, [s for s in samples if s[0].startswith(name)])
for key, value in samples:
    print(key, value)
