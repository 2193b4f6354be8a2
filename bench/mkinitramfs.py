#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes an initramfs (cpio, newc) without needing root or mknod.

usage: mkinitramfs.py OUTPUT ENTRY...

An ENTRY is one of
    dir:PATH                  a directory
    file:PATH=SOURCE          an executable file with the contents of SOURCE
    link:PATH=TARGET          a symbolic link
    char:PATH=MAJOR,MINOR     a character device
    text:PATH=TEXT            a text file
Times and owners are 0, so that the same entries give the same bytes.
"""
import sys


def record(number, name, mode, data=b"", rdev=(0, 0)):
    encoded = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(encoded), 0)
    header = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
    return pad(header) + pad(data)


def pad(data):
    return data + b"\0" * (-len(data) % 4)


def entry(number, text):
    kind, _, rest = text.partition(":")
    path, _, value = rest.partition("=")
    path = path.lstrip("/")
    if kind == "dir":
        return record(number, path, 0o040755)
    if kind == "file":
        with open(value, "rb") as source:
            return record(number, path, 0o100755, source.read())
    if kind == "link":
        return record(number, path, 0o120777, value.encode())
    if kind == "char":
        major, minor = value.split(",")
        return record(number, path, 0o020666, rdev=(int(major), int(minor)))
    if kind == "text":
        return record(number, path, 0o100644, value.encode() + b"\n")
    sys.exit(f"mkinitramfs.py: bad entry: {text}")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    archive = b"".join(entry(i, text) for i, text in enumerate(sys.argv[2:], 1))
    archive += record(0, "TRAILER!!!", 0)
    with open(sys.argv[1], "wb") as output:
        output.write(archive + b"\0" * (-len(archive) % 512))


main()
