#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""image.py - makes boot archives (newc cpio) of tar files and container images, and keeps them

usage: image.py make|quiet|build SPEC | ls | rm NAME...

SPEC: FILE.tar[.gz|.xz|.zst], oci:DIR[:TAG] (a directory in the OCI layout), docker-archive:FILE.tar.
`make` prints the archive's path; beside it lies PATH.config (see image.c).  Layers are put on each other with their
whiteouts (.wh.NAME, .wh..wh..opq); owners, modes, devices and hard links are kept.
"""
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "zerno")


def fail(why):
    sys.exit(f"zerno: {why}")


class Progress:
    """A bar on the terminal, by bytes read; nothing where there is none."""

    def __init__(self, total, quiet):
        self.total, self.done, self.shown = max(total, 1), 0, -1
        self.on = not quiet and sys.stderr.isatty()

    def add(self, n):
        self.done += n
        part = min(40, self.done * 40 // self.total)
        if self.on and part != self.shown:
            self.shown = part
            sys.stderr.write(f"\rimage [{'#' * part}{' ' * (40 - part)}] {min(100, self.done * 100 // self.total)}%")
            sys.stderr.flush()

    def end(self):
        if self.on:
            sys.stderr.write("\r" + " " * 60 + "\r")


class Counted(io.RawIOBase):
    def __init__(self, f, progress):
        self.f, self.progress = f, progress

    def readable(self):
        return True

    def readinto(self, b):
        data = self.f.read(len(b))
        self.progress.add(len(data))
        b[:len(data)] = data
        return len(data)


def open_tar(f, progress):
    """A tar file behind any of the usual compressions."""
    start = f.read(6)
    f.seek(0)
    stream = io.BufferedReader(Counted(f, progress), 1 << 20)
    if start[:4] == b"\x28\xb5\x2f\xfd":
        p = subprocess.Popen(["zstd", "-dc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        import threading

        def feed():
            try:
                shutil.copyfileobj(stream, p.stdin, 1 << 20)
            except BrokenPipeError:
                pass
            p.stdin.close()
        threading.Thread(target=feed, daemon=True).start()
        return tarfile.open(fileobj=p.stdout, mode="r|")
    return tarfile.open(fileobj=stream, mode="r|*")


class Node:
    __slots__ = ("info", "data", "children", "layer", "hidden")

    def __init__(self, info, data=None, layer=0):
        self.info, self.data, self.layer = info, data, layer


def clean(name):
    """The name below the root, or None for what does not lie there."""
    parts = [p for p in name.split("/") if p not in ("", ".")]
    return None if ".." in parts else "/".join(parts)


def below(tree, directory):
    prefix = directory + "/" if directory else ""
    return [n for n in tree if n.startswith(prefix) and n != directory]


def put_layer(tree, tar, spool, layer):
    """Puts a layer on top of what is there; file contents go to spool, a file on disk."""
    for m in tar:
        name = clean(m.name)
        if name is None:
            continue
        directory, _, base = name.rpartition("/")
        if base == ".wh..wh..opq":
            for n in below(tree, directory):
                if tree[n].layer != layer:
                    del tree[n]
            continue
        if base.startswith(".wh."):
            victim = (directory + "/" if directory else "") + base[4:]
            for n in below(tree, victim) + [victim]:
                tree.pop(n, None)
            continue
        old = tree.get(name)
        if old and old.info.isdir() and not m.isdir():
            for n in below(tree, name):
                del tree[n]
        data = None
        if m.isreg():
            at = spool.seek(0, 2)
            shutil.copyfileobj(tar.extractfile(m), spool, 1 << 20)
            data = (at, spool.tell() - at)
        elif m.islnk():
            target = clean(m.linkname)
            if target not in tree:
                continue
            tree[name] = Node(m, ("link", target), layer)
            continue
        tree[name] = Node(m, data, layer)


KIND = {tarfile.DIRTYPE: 0o040000, tarfile.SYMTYPE: 0o120000, tarfile.CHRTYPE: 0o020000, tarfile.BLKTYPE: 0o060000,
        tarfile.FIFOTYPE: 0o010000}


class Cpio:
    def __init__(self, f):
        self.f = f

    def entry(self, name, ino, mode, info, nlink, size, rdev=(0, 0)):
        raw = name.encode(errors="surrogateescape") + b"\0"
        fields = (ino, mode, info.uid if info else 0, info.gid if info else 0, nlink, int(info.mtime) if info else 0, size,
                  0, 0, rdev[0], rdev[1], len(raw), 0)
        self.f.write(b"070701" + b"".join(b"%08x" % (x & 0xffffffff) for x in fields) + raw)
        self.pad()

    def pad(self):
        self.f.write(b"\0" * (-self.f.tell() % 4))


def write_cpio(tree, spool, out):
    """Hard links: each set is written together, the contents with its last name, as cpio(5) wants it."""
    root = {}
    for name, n in tree.items():
        r = name
        while tree.get(r) and tree[r].data and tree[r].data[0] == "link" and tree[r].data[1] in tree:
            r = tree[r].data[1]
        root.setdefault(r, []).append(name)
    c, ino = Cpio(out), 0
    for first in sorted(root):
        ino += 1
        names, n = root[first], tree[first]
        mode = KIND.get(n.info.type, 0o100000) | n.info.mode & 0o7777
        for k, name in enumerate(sorted(names)):
            last = k == len(names) - 1
            if n.info.issym():
                target = n.info.linkname.encode(errors="surrogateescape")
                c.entry(name, ino, mode, n.info, 1, len(target))
                out.write(target)
            elif n.data and n.data[0] != "link" and last:
                at, size = n.data
                c.entry(name, ino, mode, n.info, len(names), size)
                spool.seek(at)
                left = size
                while left:
                    piece = spool.read(min(left, 1 << 20))
                    out.write(piece)
                    left -= len(piece)
            else:
                rdev = (n.info.devmajor, n.info.devminor) if n.info.ischr() or n.info.isblk() else (0, 0)
                c.entry(name, ino, mode, n.info, len(names), 0, rdev)
            c.pad()
    c.entry("TRAILER!!!", 0, 0, None, 1, 0)
    c.pad()


# ---- where layers and configuration come from ----

def blob(directory, digest):
    kind, _, value = digest.partition(":")
    if not kind.isalnum() or not value.isalnum():
        fail(f"{digest}: not a digest")
    return os.path.join(directory, "blobs", kind, value)


def load(path):
    with open(path, "rb") as f:
        return json.load(f)


def oci(spec):
    """([layer files], config) of oci:DIR[:TAG]."""
    directory, tag = spec, None
    if not os.path.isdir(directory):
        directory, _, tag = spec.rpartition(":")
    entries = load(os.path.join(directory, "index.json"))["manifests"]
    if tag:
        entries = [m for m in entries if m.get("annotations", {}).get("org.opencontainers.image.ref.name") == tag]
    while entries:
        fit = [m for m in entries if m.get("platform", {}).get("architecture", "amd64") == "amd64"]
        if not fit:
            break
        manifest = load(blob(directory, fit[0]["digest"]))
        if "layers" in manifest:
            config = load(blob(directory, manifest["config"]["digest"]))
            return [blob(directory, layer["digest"]) for layer in manifest["layers"]], config
        entries = manifest.get("manifests")  # an index of platforms
    fail(f"oci:{spec}: no such image for amd64")


def docker_archive(path, spool_dir):
    """The same of `docker save`: a tar file of layers."""
    inner = os.path.join(spool_dir, "docker")
    os.makedirs(inner)
    with tarfile.open(path) as t:
        for m in t:
            name = clean(m.name)
            if name is None or not (m.isreg() or m.issym() or m.islnk()):
                continue
            to = os.path.join(inner, name.replace("/", "\x01"))
            source = t.extractfile(m)
            if source:
                with open(to, "wb") as f:
                    shutil.copyfileobj(source, f, 1 << 20)
    where = lambda name: os.path.join(inner, clean(name).replace("/", "\x01"))
    manifest = load(where("manifest.json"))[0]
    return [where(layer) for layer in manifest["Layers"]], load(where(manifest["Config"]))


def write_config(path, config):
    c = config.get("config") or {}
    with open(path, "w") as f:
        for e in c.get("Env") or []:
            f.write("env " + e.replace("\n", " ") + "\n")
        if c.get("WorkingDir"):
            f.write(f"cwd {c['WorkingDir']}\n")
        if c.get("User"):
            f.write(f"user {c['User']}\n")
        for word in (c.get("Entrypoint") or []) + (c.get("Cmd") or []):
            f.write("arg " + word.replace("\n", " ") + "\n")


def source_of(spec):
    for prefix in ("oci:", "docker-archive:"):
        if spec.startswith(prefix):
            path = spec[len(prefix):]
            if not os.path.exists(path) and prefix == "oci:":
                return path.rpartition(":")[0] + "/index.json"
            return path + "/index.json" if os.path.isdir(path) else path
    return spec


def cached_name(spec):
    path = os.path.abspath(source_of(spec))
    try:
        st = os.stat(path)
    except OSError as e:
        fail(f"{path}: {e.strerror}")
    key = f"{spec} {path} {st.st_size} {st.st_mtime_ns}"
    base = os.path.basename(os.path.dirname(path) if path.endswith("/index.json") else path).split(".")[0]
    return f"{base}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.cpio"


def make(spec, quiet):
    os.makedirs(CACHE, exist_ok=True)
    result = os.path.join(CACHE, cached_name(spec))
    if os.path.exists(result):
        return result
    work = result + f".{os.getpid()}"
    os.makedirs(work)
    try:
        config = {}
        if spec.startswith("oci:"):
            layers, config = oci(spec[4:])
        elif spec.startswith("docker-archive:"):
            layers, config = docker_archive(spec[15:], work)
        else:
            layers = [spec]
        tree, progress = {}, Progress(sum(os.path.getsize(x) for x in layers), quiet)
        with open(os.path.join(work, "data"), "w+b") as spool:
            for k, path in enumerate(layers):
                with open(path, "rb") as f, open_tar(f, progress) as tar:
                    put_layer(tree, tar, spool, k)
            with open(os.path.join(work, "cpio"), "wb") as out:
                write_cpio(tree, spool, out)
        progress.end()
        write_config(result + ".config", config)
        os.rename(os.path.join(work, "cpio"), result)
    except (OSError, tarfile.TarError, KeyError, ValueError, IndexError) as e:
        fail(f"{spec}: {type(e).__name__}: {e}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return result


def kept():
    return sorted(n for n in os.listdir(CACHE) if n.endswith(".cpio")) if os.path.isdir(CACHE) else []


def main(words):
    if len(words) == 2 and words[0] in ("make", "quiet", "build"):
        print(make(words[1], words[0] == "quiet"))
    elif words == ["ls"]:
        for n in kept():
            print(f"{os.path.getsize(os.path.join(CACHE, n)) >> 10:>10} KiB  {n[:-5]}")
    elif len(words) > 1 and words[0] == "rm":
        for n in words[1:]:
            if n + ".cpio" not in kept():
                fail(f"{n}: no such image")
            os.unlink(os.path.join(CACHE, n + ".cpio"))
            if os.path.exists(os.path.join(CACHE, n + ".cpio.config")):
                os.unlink(os.path.join(CACHE, n + ".cpio.config"))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
