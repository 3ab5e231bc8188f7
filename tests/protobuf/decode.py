#!/usr/bin/env python3
"""Decodes our protobuf with protoc and compares all of it with golden documents: decode.py PAGES

PAGES is the program that prints the pages. In decoded.txt, <10240 x> stands for as many of that letter.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PAGES = sys.argv.pop(1)

if shutil.which("protoc") is None:
    sys.exit("protoc is missing: apt-get install protobuf-compiler")


def page(*arguments):
    return subprocess.run([PAGES, *arguments], stdout=subprocess.PIPE, check=True).stdout


def varint(data, at):
    """The varint that begins there, and where it ends."""
    number = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise ValueError("a varint of more than ten bytes")


def families(data):
    """The messages of a page, each with the length before it."""
    at = 0
    while at != len(data):
        length, begin = varint(data, at)
        if begin - at > 5 or begin + length > len(data):
            raise ValueError(f"no length at {at}")
        yield data[at:begin + length]
        at = begin + length


def decoded(data):
    """A page as protoc shows it: with a tag before each length, its messages are the field `family` of a Page."""
    whole = b"".join(b"\x0a" + message for message in families(data))
    return subprocess.run(["protoc", f"--proto_path={HERE}", "--decode=io.prometheus.client.Page", "metrics.proto"],
                          input=whole, stdout=subprocess.PIPE, check=True).stdout.decode()


def golden(name="decoded.txt"):
    text = (HERE / name).read_text()
    return re.sub(r"<(\d+) (\w)>", lambda m: m[2] * int(m[1]), text)


class Decoded(unittest.TestCase):
    maxDiff = None

    def test_every_kind_in_full(self):
        self.assertMultiLineEqual(decoded(page("protobuf")), golden())

    def test_exemplars_in_full(self):
        self.assertMultiLineEqual(decoded(page("exemplars")), golden("exemplars.txt"))

    def test_without_the_family_of_a_callback_that_throws(self):
        wanted, left_out = re.subn(r'family {\n  name: "test_queue_depth"\n(  .*\n)*}\n', "", golden())
        self.assertEqual(left_out, 1)
        start = wanted.index('name: "vitals_callback_failures_total"')
        wanted = wanted[:start] + wanted[start:].replace("value: 0", "value: 1")
        self.assertMultiLineEqual(decoded(page("protobuf", "broken")), wanted)


if __name__ == "__main__":
    unittest.main(verbosity=2)
