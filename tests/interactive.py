# SPDX-License-Identifier: MIT
"""interactive.py - a person at the terminal: keys typed into `./zerno run`, the screen read back."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SLOW = 1  # how much slower than the ordinary kernel the tested one is


class Terminal:
    def __init__(self, command, rows=24, cols=80):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(TOP)
            os.execv(command[0], command)
        self.resize(rows, cols)
        self.screen = ""

    def resize(self, rows, cols):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def expect(self, pattern, seconds=60):
        """Waits for the pattern in what came since the last match."""
        end = time.time() + seconds * SLOW
        while True:
            m = re.search(pattern, self.screen)
            if m:
                self.screen = self.screen[m.end():]
                return m
            left = end - time.time()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError(f"expected {pattern!r}, the screen shows {self.screen[-400:]!r}")
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            if not data:
                raise AssertionError(f"expected {pattern!r}, the terminal closed after {self.screen[-400:]!r}")
            self.screen += data.decode(errors="replace")

    def wait(self, seconds=60):
        end = time.time() + seconds * SLOW
        while time.time() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError("the launcher did not end")


PROMPT = r"[#$] $"


def session(report):
    t = Terminal([f"{TOP}/zerno", "run"])

    def case(name, steps):
        try:
            steps()
            report(f"interactive/{name}", True)
            return True
        except AssertionError as e:
            report(f"interactive/{name}", False, str(e))
            return False

    def prompt():
        t.expect(r"# ")

    def typing():
        t.type("echo a$((1+1))b\r")
        t.expect(r"a2b\r\n")
        prompt()

    def erase():
        t.type("echo wrongg\177\177\177\177\177\177right\r")
        t.expect(r"\nright\r\n")
        prompt()

    def history():
        t.type("echo first-$((40+2))\r")
        t.expect(r"first-42\r\n")
        prompt()
        t.type("\033[A\r")
        t.expect(r"first-42\r\n")
        prompt()

    # A key that shall reach a program is typed once the program has said that it runs, however slow the machine is: before
    # that the terminal is the shell's, whose line editor takes every key for itself.
    def started(command):
        t.type(command + "\r")
        t.expect(r"go2\r\n")

    def ctrl_c():
        started("sh -c 'echo go$((1+1)); exec sleep 100'")
        t.type("\003")
        prompt()
        t.type("echo status=$?\r")
        t.expect(r"status=130\r\n")
        prompt()

    def jobs():
        started("sh -c 'echo go$((1+1)); exec sleep 77'")
        t.type("\032")
        t.expect(r"Stopped")
        prompt()
        t.type("bg\r")
        t.expect(r"sleep 77")
        prompt()
        t.type("jobs\r")
        t.expect(r"Running")
        prompt()
        t.type("fg\r")
        t.expect(r"sleep 77")
        time.sleep(2)  # until it has the terminal
        t.type("\003")
        prompt()

    def cat_eof():
        started("echo go$((1+1)); cat")
        t.type("line\r")
        t.expect(r"line\r\nline\r\n")
        t.type("\004")
        prompt()

    def vi():
        t.type("vi /tmp/f\r")
        t.expect(r"/tmp/f 1/1 100%")
        t.type("ihello from vi\033")
        time.sleep(1)  # what follows an escape too soon belongs to it
        t.type("yypp:wq\r")
        prompt()
        t.type("wc -l /tmp/f; tail -n 1 /tmp/f\r")
        t.expect(r"3 /tmp/f\r\nhello from vi")
        prompt()

    def top():
        t.type("top\r")
        t.expect(r"Mem:.*used")
        t.expect(r"PID")
        t.type("q")
        prompt()

    def resized(rows, cols):
        t.resize(rows, cols)
        for _ in range(20):
            t.type("stty size\r")
            m = t.expect(r"(\d+) (\d+)\r\n")
            prompt()
            if (int(m[1]), int(m[2])) == (rows, cols):
                return
            time.sleep(0.5)
        raise AssertionError(f"the size stays {m[0]!r}")

    def resize():
        resized(33, 101)
        resized(40, 120)

    def tty_name():
        t.type("tty; ps -o tty,comm | grep -c sh\r")
        t.expect(r"/dev/pts/\d")
        prompt()

    def leave():
        t.type("exit 9\r")
        assert t.wait() == 9, "exit status"

    if case("prompt", prompt):
        for name, steps in (("typing", typing), ("erase", erase), ("history", history), ("ctrl-c", ctrl_c), ("jobs", jobs),
                            ("end-of-file", cat_eof), ("vi", vi), ("top", top), ("resize", resize), ("tty-name", tty_name),
                            ("exit", leave)):
            if not case(name, steps):
                t.type("\003\r")
                t.screen = ""
    try:
        os.kill(t.pid, signal.SIGKILL)
        os.waitpid(t.pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass
