#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""image.py - makes disk images (ext4) of tar files, container images and Debian packages, and keeps them

usage: image.py make|quiet|build SPEC | ls | rm NAME...

SPEC: debian[:PACKAGE,PACKAGE...], FILE.tar[.gz|.xz|.zst], oci:DIR[:TAG] (a directory in the OCI layout),
docker-archive:FILE.tar.  `make` prints the image's path; beside it lies PATH.config (see image.c).  Layers are put on each
other with their whiteouts (.wh.NAME, .wh..wh..opq); owners, modes, devices, hard links and attributes are kept.

    layers ---> tree (names in memory, contents in one file) --tar--+
    debian ---> mmdebstrap's tar, or the archive of `make debian` --+--> bsdtar -x --> mke2fs -d --> NAME.ext4

mke2fs takes a directory.  Who is not root unpacks and packs under fakeroot, which remembers owners and devices.
"""
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "zerno")
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SIZE = 8 << 30  # of a file system: room to install more; what is not used takes no place in the file


def fail(why):
    sys.exit(f"zerno: {why}")


class Progress:
    """A bar on the terminal, by bytes that were read or written; nothing where there is none."""

    def __init__(self, total, quiet):
        self.total, self.done, self.shown = max(total, 1), 0, -1
        self.on = not quiet and sys.stderr.isatty()

    def add(self, n):
        self.reach(self.done + n)

    def reach(self, done):
        self.done = done
        part = min(40, done * 40 // self.total)
        if self.on and part != self.shown:
            self.shown = part
            sys.stderr.write(f"\rimage [{'#' * part}{' ' * (40 - part)}] {min(100, done * 100 // self.total)}%")
            sys.stderr.flush()

    def end(self):
        if self.on:
            sys.stderr.write("\r" + " " * 60 + "\r")
            sys.stderr.flush()


class Counted(io.RawIOBase):
    """A stream whose bytes move the bar."""

    def __init__(self, f, progress):
        self.f, self.progress = f, progress

    def readable(self):
        return True

    def readinto(self, b):
        data = self.f.read(len(b))
        self.progress.add(len(data))
        b[:len(data)] = data
        return len(data)

    def writable(self):
        return True

    def write(self, data):
        self.f.write(data)
        self.progress.add(len(data))
        return len(data)


def open_tar(f, progress):
    """A tar file behind any of the usual compressions."""
    start = f.read(6)
    f.seek(0)
    stream = io.BufferedReader(Counted(f, progress), 1 << 20)
    if start[:4] == b"\x28\xb5\x2f\xfd":
        p = subprocess.Popen(["zstd", "-dc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

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
    """A file: what its header says, and where its contents lie in the spool."""
    __slots__ = ("info", "data")

    def __init__(self, info, data=None):
        self.info, self.data = info, data


def clean(name):
    """The name below the root, or None for what does not lie there."""
    parts = [p for p in name.split("/") if p not in ("", ".")]
    return None if ".." in parts else "/".join(parts)


def through_links(tree, directory, left=40):
    """The directory without symbolic links: a layer may put lib/x where an earlier one has made lib a link to usr/lib."""
    real = []
    for part in directory.split("/"):
        if part == "..":
            real = real[:-1]
            continue
        at = "/".join([*real, part])
        if part and part != "." and left and at in tree and tree[at][0].info.issym():
            target, left = tree[at][0].info.linkname, left - 1
            start = "" if target.startswith("/") else "/".join(real)
            real = [p for p in through_links(tree, f"{start}/{target}", left).split("/") if p]
        elif part and part != ".":
            real.append(part)
    return "/".join(real)


def below(tree, directory):
    prefix = directory + "/" if directory else ""
    return [n for n in tree if n.startswith(prefix) and n != directory]


def put_layer(tree, tar, spool, layer):
    """Puts a layer on top of what is there: {name: (node, layer)}; contents go to spool, a file on disk."""
    for m in tar:
        name = clean(m.name)
        if not name:
            continue
        directory, _, base = name.rpartition("/")
        directory = through_links(tree, directory)
        name = f"{directory}/{base}".lstrip("/")
        if base == ".wh..wh..opq":
            for n in below(tree, directory):
                if tree[n][1] != layer:
                    del tree[n]
            continue
        if base.startswith(".wh."):
            victim = f"{directory}/{base[4:]}".lstrip("/")
            for n in below(tree, victim) + [victim]:
                tree.pop(n, None)
            continue
        if name in tree and tree[name][0].info.isdir() and not m.isdir():
            for n in below(tree, name):
                del tree[n]
        if m.isreg():
            at = spool.seek(0, 2)
            shutil.copyfileobj(tar.extractfile(m), spool, 1 << 20)
            tree[name] = (Node(m, (at, spool.tell() - at)), layer)
        elif m.islnk():
            directory, _, base = (clean(m.linkname) or "").rpartition("/")
            target = f"{through_links(tree, directory)}/{base}".lstrip("/")
            if target in tree and not tree[target][0].info.isdir():
                tree[name] = (tree[target][0], layer)
        else:
            tree[name] = (Node(m), layer)


def write_tar(tree, spool, out):
    """The tree as one tar stream; the second name of a file is a hard link to its first."""
    first = {}
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar:
        for name in sorted(tree):
            node = tree[name][0]
            info = tarfile.TarInfo(name)
            for field in ("mode", "uid", "gid", "mtime", "type", "linkname", "devmajor", "devminor"):
                setattr(info, field, getattr(node.info, field))
            info.pax_headers = {k: v for k, v in node.info.pax_headers.items() if k.startswith("SCHILY.xattr.")}
            if id(node) in first:
                info.type, info.linkname = tarfile.LNKTYPE, first[id(node)]
            elif node.data:
                info.type, info.size = tarfile.REGTYPE, node.data[1]
                spool.seek(node.data[0])
            first.setdefault(id(node), name)
            tar.addfile(info, spool if info.size else None)


# ---- from a stream of files to a disk ----

MAKE_DISK = """mkdir "$1/root" && bsdtar -xp $3 -f - -C "$1/root" && mke2fs -q -F -t ext4 -b 4096 -J size=16 -d "$1/root" "$1/disk" "$2" >&2"""


def make_disk(work, feed, total, quiet):
    """WORK/disk, of the files that feed(stream) writes as a tar or cpio stream of about `total` bytes."""
    progress = Progress(total * 2, quiet)
    unprivileged = os.geteuid() != 0
    for tool in ["bsdtar", "mke2fs"] + ["fakeroot"] * unprivileged:
        if not shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            fail(f"{tool} is not installed: tools/setup.sh debian")
    command = ["fakeroot"] * unprivileged + ["sh", "-c", MAKE_DISK, "sh", work, str(SIZE >> 10) + "k", "--no-xattrs" if unprivileged else "--xattrs"]
    env = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
    p = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    said = []
    reader = threading.Thread(target=lambda: said.append(p.stderr.read()), daemon=True)
    reader.start()
    try:
        feed(Counted(p.stdin, progress))
        p.stdin.close()
    except BrokenPipeError:
        pass  # it says why
    while p.poll() is None:
        time.sleep(0.05)
        if os.path.exists(f"{work}/disk"):
            progress.reach(total + min(os.stat(f"{work}/disk").st_blocks * 512, total))
    reader.join()
    progress.end()
    if p.returncode:
        raise OSError(said[0].decode(errors="replace").strip()[-500:] or "no disk was made")


def debian(packages, work, quiet):
    """A Debian root as (path of an archive): what `make debian` has made serves where nothing is to be added."""
    ready = os.environ.get("ZERNO_DEBIAN") or f"{TOP}/build/debian/root.cpio"
    if not packages and os.path.exists(ready):
        return ready
    script, tar = f"{TOP}/tools/debian_root.sh", f"{work}/debian.tar"
    r = subprocess.run([script, tar, "amd64", *([",".join(packages)] if packages else [])], stdout=subprocess.DEVNULL if quiet else sys.stderr)
    if r.returncode:
        fail("no Debian root was made")
    return tar


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


def debian_packages(spec):
    """The sorted packages of debian[:PACKAGE,...], or None for another kind of image."""
    if spec != "debian" and not spec.startswith("debian:"):
        return None
    packages = sorted({p for p in spec[7:].split(",") if p})
    for p in packages:
        if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", p):
            fail(f"{p}: no name of a package")
    return packages


def cached_name(spec):
    """Of a file: by its path, size and time, so that a changed one is made anew."""
    packages = debian_packages(spec)
    if packages is not None:
        name = "+".join(["debian", *packages])
        return (name if len(name) < 100 else f"{name[:80]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}") + ".ext4"
    path = os.path.abspath(source_of(spec))
    try:
        st = os.stat(path)
    except OSError as e:
        fail(f"{path}: {e.strerror}")
    key = f"{spec} {path} {st.st_size} {st.st_mtime_ns}"
    base = os.path.basename(os.path.dirname(path) if path.endswith("/index.json") else path).split(".")[0]
    return f"{base}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.ext4"


def make_of_layers(spec, work, quiet):
    """WORK/disk of a tar file or a container image; the image's configuration."""
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
        progress.end()
        make_disk(work, lambda out: write_tar(tree, spool, out), spool.seek(0, 2) + 1024 * len(tree), quiet)
    return config


def make_of_debian(packages, work, quiet):
    archive = debian(packages, work, quiet)
    with open(archive, "rb") as f:
        make_disk(work, lambda out: shutil.copyfileobj(f, out, 1 << 20), os.path.getsize(archive), quiet)
    return {}


def make(spec, quiet):
    """The path of the image of SPEC, which is made now if it is not there."""
    packages, result = debian_packages(spec), os.path.join(CACHE, cached_name(spec))
    if os.path.exists(result):
        return result
    os.makedirs(CACHE, exist_ok=True)
    if not quiet:
        print(f"zerno: the image {os.path.basename(result)[:-5]} is made, once", file=sys.stderr, flush=True)
    work = tempfile.mkdtemp(prefix="making-", dir=CACHE)
    try:
        config = make_of_layers(spec, work, quiet) if packages is None else make_of_debian(packages, work, quiet)
        write_config(result + ".config", config)
        os.rename(os.path.join(work, "disk"), result)
    except (OSError, tarfile.TarError, KeyError, ValueError, IndexError) as e:
        fail(f"{spec}: {type(e).__name__}: {e}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return result


def kept():
    return sorted(n[:-5] for n in os.listdir(CACHE) if n.endswith(".ext4")) if os.path.isdir(CACHE) else []


def main(words):
    if len(words) == 2 and words[0] in ("make", "quiet", "build"):
        print(make(words[1], words[0] == "quiet"))
    elif words == ["ls"]:
        for n in kept():
            print(f"{os.stat(os.path.join(CACHE, n + '.ext4')).st_blocks >> 11:>8} MiB  {n}")
    elif len(words) > 1 and words[0] == "rm":
        for n in words[1:]:
            if n not in kept():
                fail(f"{n}: no such image")
            os.unlink(os.path.join(CACHE, n + ".ext4"))
            if os.path.exists(os.path.join(CACHE, n + ".ext4.config")):
                os.unlink(os.path.join(CACHE, n + ".ext4.config"))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
