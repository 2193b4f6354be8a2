# SPDX-License-Identifier: MIT
"""linux_kernel.py - Debian's own 6.1 kernel and pieces of its source package, fetched once, to compare Zerno with in the same QEMU."""
import glob
import os
import re
import shutil
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOME = f"{TOP}/build/conformance/linux"
# What a disk, a share and an overlay need, in the order in which they can be loaded: Debian builds these as modules.
MODULES = """virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_mmio virtio_blk crc16 crc32c_generic
libcrc32c mbcache jbd2 ext4 netfs fscache 9pnet 9pnet_virtio 9p overlay""".split()


def apt_options():
    """apt-get with lists of its own, under build/: the host's stay as they are."""
    apt = f"{HOME}/apt"
    for d in ("lists/partial", "cache/archives/partial", "state"):
        os.makedirs(f"{apt}/{d}", exist_ok=True)
    with open(f"{apt}/sources.list", "w") as f:
        f.write("deb http://deb.debian.org/debian bookworm main\ndeb-src http://deb.debian.org/debian bookworm main\n")
    return ["-o", f"Dir::Etc::SourceList={apt}/sources.list", "-o", "Dir::Etc::SourceParts=-", "-o", f"Dir::State::Lists={apt}/lists",
            "-o", f"Dir::Cache={apt}/cache", "-o", "APT::Sandbox::User=root"]


def download(*packages):
    """The files of these Debian packages, unpacked below a new folder, which is returned; the caller removes it."""
    options, unpacked = apt_options(), f"{HOME}/unpacked"
    subprocess.run(["apt-get", *options, "update", "-q"], check=True, stdout=subprocess.DEVNULL)
    if "linux-image" in packages:
        depends = subprocess.run(["apt-cache", *options, "depends", "linux-image-amd64"], check=True, capture_output=True, text=True)
        packages = [re.search(r"linux-image-6\S+-amd64$", depends.stdout, re.M)[0] if p == "linux-image" else p for p in packages]
    subprocess.run(["apt-get", *options, "download", "-q", *packages], cwd=HOME, check=True, stdout=subprocess.DEVNULL)
    for package in glob.glob(f"{HOME}/*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
        os.unlink(package)
    return unpacked


def kernel():
    """The path of a bzImage."""
    fetch()
    return f"{HOME}/vmlinuz"


def modules():
    """Paths of MODULES' files, in that order; those that are part of the kernel itself are left out."""
    fetch()
    paths = [f"{HOME}/modules/{m}.ko" for m in MODULES]
    return [p for p in paths if os.path.exists(p)]


def fetch():
    if os.path.exists(f"{HOME}/vmlinuz"):
        return
    unpacked = download("linux-image")
    os.makedirs(f"{HOME}/modules", exist_ok=True)
    for path in glob.glob(f"{unpacked}/lib/modules/**/*.ko", recursive=True):
        if os.path.basename(path)[:-3] in MODULES:
            shutil.copy(path, f"{HOME}/modules")
    shutil.copy(glob.glob(f"{unpacked}/boot/vmlinuz-*")[0], f"{HOME}/vmlinuz")
    shutil.rmtree(unpacked)
