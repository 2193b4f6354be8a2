# SPDX-License-Identifier: MIT
"""tests/ext4/recorder.py - disks for QEMU that remember every write and every flush, in their order.

An NBD server on a Unix socket with several disks.  What has been written can be given back as it may stand on a disk
that lost power at any moment: a write that a later flush covers is there; any other write may be there, may be
missing, or may be there in some of its pieces.

A flush covers the writes that had been answered before it arrived.  So that writes which were on their way at the
same time are not, what lies in the socket is taken in one go and answered afterwards.
"""
import os
import socket
import struct
import threading

PIECE = 1024  # of a torn write; not less: half a superblock is no file system for Linux either
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
FUA = 1  # flag of a command
OPT_ABORT, OPT_INFO, OPT_GO = 2, 6, 7


class Recorder:
    """disks: {name: bytes at the beginning}; path: of the socket."""

    def __init__(self, path, disks):
        self.start = disks
        self.now = {name: bytearray(data) for name, data in disks.items()}
        self.log = []  # (disk, offset, data, fua), or (disk, None, how many entries of the log were answered before, False)
        self.lock = threading.Lock()
        self.path = path
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()
        os.unlink(self.path)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            disk = self.negotiate(connection)
            buffer = b""
            while disk is not None:
                more = connection.recv(1 << 22)
                if not more:
                    break
                buffer = self.commands(connection, disk, buffer + more)
        except OSError:
            pass  # QEMU was killed
        connection.close()

    @staticmethod
    def take(connection, n):
        data = b""
        while len(data) < n:
            more = connection.recv(n - len(data))
            if not more:
                raise OSError
            data += more
        return data

    def negotiate(self, connection):
        """The fixed newstyle handshake; the disk's name, or None."""
        connection.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", 3))
        self.take(connection, 4)
        while True:
            option, length = struct.unpack(">8xII", self.take(connection, 16))
            data = self.take(connection, length)

            def reply(kind, payload=b"", option=option):
                connection.sendall(struct.pack(">QIII", 0x3e889045565a9, option, kind, len(payload)) + payload)
            if option == OPT_ABORT:
                reply(1)
                return None
            if option not in (OPT_GO, OPT_INFO):
                reply(0x80000001)  # unsupported
                continue
            name = data[4:4 + struct.unpack(">I", data[:4])[0]].decode()
            reply(3, struct.pack(">HQH", 0, len(self.now[name]), 1 | 4 | 8))  # flags: valid, FLUSH, FUA
            reply(1)
            if option == OPT_GO:
                return name

    def commands(self, connection, disk, buffer):
        """Does what stands in the buffer wholly; the rest of it."""
        answers = []
        with self.lock:
            answered = len(self.log)
            while len(buffer) >= 28:
                magic, flags, kind, handle, offset, length = struct.unpack(">IHHQQI", buffer[:28])
                assert magic == 0x25609513
                if kind == DISCONNECT:
                    raise OSError
                end = 28 + (length if kind == WRITE else 0)
                if len(buffer) < end:
                    break
                data = b""
                if kind == READ:
                    data = bytes(self.now[disk][offset:offset + length])
                elif kind == WRITE:
                    self.now[disk][offset:offset + length] = buffer[28:end]
                    self.log.append((disk, offset, buffer[28:end], bool(flags & FUA)))
                elif kind == FLUSH:
                    self.log.append((disk, None, answered, False))
                answers.append(struct.pack(">IIQ", 0x67446698, 0 if kind in (READ, WRITE, FLUSH) else 22, handle) + data)
                buffer = buffer[end:]
        connection.sendall(b"".join(answers))
        return buffer

    def flushes(self, disk):
        return sum(entry[0] == disk and entry[1] is None for entry in self.log)

    def image(self, disk, up_to, rnd, stable=()):
        """The disk as a loss of power after `up_to` entries of the log may leave it; rnd decides on what no flush covers.
        `stable` disks have no cache."""
        data = bytearray(self.start[disk])
        covered = max((entry[2] for entry in self.log[:up_to] if entry[0] == disk and entry[1] is None), default=0)
        share = rnd.choice([0, 0.1, 0.5, 0.9, 1])
        for n, (name, offset, bytes_, fua) in enumerate(self.log[:up_to]):
            if name != disk or offset is None:
                continue
            if n < covered or fua or name in stable or rnd.random() < share:
                data[offset:offset + len(bytes_)] = bytes_
            elif rnd.random() < 0.2:  # torn
                for at in range(0, len(bytes_), PIECE):
                    if rnd.random() < 0.5:
                        data[offset + at:offset + at + PIECE] = bytes_[at:at + PIECE]
        return data
