# SPDX-License-Identifier: MIT
"""zerno.py - commands for gdb that show the state of a Zerno kernel: who waits where, and for what.

Loaded by attach.gdb; in any other session: `source tools/gdb/zerno.py`.  They only read memory, so they work on a kernel that
hangs, in QEMU's gdb stub, and change nothing.

    zerno-threads [PID...]   all threads: state, place, system call, kernel stack
    zerno-cpus               what each CPU runs and has queued, its timers and pending requests
    zerno-timers             all timers, with the function and the time left
    zerno-futexes            all waiters of futexes, with the word they wait for
    zerno-mutexes            all threads that wait for a mutex, with its owner
    zerno-all                all of these
"""
import struct

import gdb

KSTACK_SIZE = 16384  # of the ordinary build; each command asks the kernel
DIRECT_MAP = 0xffff888000000000
PTE_ADDRESS = 0x000ffffffffff000
U64 = (1 << 64) - 1


# ---- reading ----

def kernel(expression):
    return gdb.parse_and_eval(expression)


def kind(name):
    return gdb.lookup_type(name)


def number(value):
    return int(value) & U64


def read(address, size):
    return gdb.selected_inferior().read_memory(address, size).tobytes()


def word(address):
    return struct.unpack("<Q", read(address, 8))[0]


def pointer(address, t):
    signed = address - (1 << 64) if address >> 63 else address  # gdb takes no larger ones
    return gdb.Value(signed).cast((kind(t) if isinstance(t, str) else t).pointer())


def container(address, type_name, member):
    """The structure that holds `member` at this address."""
    t, offset = kind(type_name), 0
    for name in member.split("."):
        field = next(f for f in t.fields() if f.name == name)
        offset += field.bitpos // 8
        t = field.type
    return pointer(number(address) - offset, type_name)


def entries(head, type_name, member, limit=100000):
    """The elements of a list; a broken one ends with a word about it."""
    end, at = number(head.address), number(head["next"])
    while at != end:
        limit -= 1
        if not at or limit < 0:
            print("    (the list is broken)")
            return
        yield container(at, type_name, member)
        at = word(at)


def in_order(root, type_name, member):
    """The elements of a red-black tree, first to last."""
    stack, n = [], root["node"]
    while number(n) or stack:
        while number(n):
            stack.append(n)
            n = n["left"]
        n = stack.pop()
        yield container(n, type_name, member)
        n = n["right"]


def percpu(name, cpu):
    address = number(kernel(f"&{name}")) + number(kernel(f"percpu_offset[{cpu}]")) & U64
    return pointer(address, kernel(name).type).dereference()


def cpus():
    return range(int(kernel("cpu_count")))


def cstring(value):
    return value.string(errors="replace") if number(value.address or 1) else "?"


def symbol(address):
    """name+offset of an address in the kernel's text, or None."""
    if address < 0xffffffff80000000:
        return None
    text = gdb.execute(f"info symbol {address}", to_string=True)
    if "in section .text" not in text and "in section .init" not in text:
        return None
    return text.split(" in section")[0].replace(" + ", "+")


def mask(value, names):
    return "|".join(n for bit, n in names if value & bit) or "-"


def signals(value):
    return ",".join(str(i + 1) for i in range(64) if value >> i & 1) or "-"


# ---- the registers of the CPUs: one gdb thread each ----

def registers():
    """{cpu: {register: value}}; {} where gdb is not attached to a machine."""
    found, chosen = {}, gdb.selected_thread()
    for t in sorted(gdb.selected_inferior().threads(), key=lambda t: t.num):
        t.switch()
        frame = gdb.newest_frame()
        found[t.num - 1] = {r: number(frame.read_register(r)) for r in ("rip", "rsp", "rbp", "eflags", "cs")}
    if chosen:
        chosen.switch()
    return found


# ---- threads ----

STATES = "running interruptible uninterruptible killable stopped traced dead".split()
FLAGS = ((1, "RESCHED"), (2, "SIGPENDING"), (4, "KILLED"), (8, "NOTIFY"), (16, "RESTORE_MASK"))


def thread_name(thread):
    address = thread["name"]
    return address.string(errors="replace") if number(address) else "?"


def call_chain(frame_pointer, stack, pc=None, limit=20):
    """Return addresses along the frame pointers within one kernel stack."""
    names = [symbol(pc)] if pc else []
    while stack <= frame_pointer <= stack + KSTACK_SIZE - 16 and len(names) < limit:
        names.append(symbol(word(frame_pointer + 8)))
        up = word(frame_pointer)
        if up <= frame_pointer:
            break
        frame_pointer = up
    return [n for n in names if n]


def stack_of(thread, regs):
    """The call chain of a thread: from its saved stack pointer, or from the CPU that runs it."""
    stack = number(thread["kstack"])
    if not stack:
        return []
    if thread["on_cpu"]:
        r = regs.get(int(thread["cpu"]))
        if not r or r["cs"] & 3 or not stack <= r["rsp"] < stack + KSTACK_SIZE:
            return []
        return call_chain(r["rbp"], stack, r["rip"])
    sp = number(thread["arch"]["sp"])  # switch_stacks: r15 r14 r13 r12 rbx rbp ip
    if not stack <= sp <= stack + KSTACK_SIZE - 56:
        return []
    return call_chain(word(sp + 40), stack, word(sp + 48))


def user_side(thread):
    """What the thread asked of the kernel, from the registers it entered with."""
    if thread["is_kernel"] or not number(thread["kstack"]):
        return ""
    top = number(thread["kstack"]) + KSTACK_SIZE
    r = dict(zip("r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig ip cs flags sp ss".split(),
                 struct.unpack("<21Q", read(top - 168, 168))))
    where = f"ip=0x{r['ip']:x} sp=0x{r['sp']:x}"
    if r["orig"] >> 63:
        return f"entered by a trap, {where}"
    if r["cs"] == 0x23:
        return f"i386 call {r['orig']}(0x{r['bx']:x}, 0x{r['cx']:x}, 0x{r['dx']:x}, 0x{r['si']:x}), {where}"
    table = kernel("syscall_table_native")
    name = str(r["orig"])
    if r["orig"] < table.type.sizeof // 8:
        name = (symbol(number(table[r["orig"]])) or name).replace("t_", "", 1)
    return f"{name}(0x{r['di']:x}, 0x{r['si']:x}, 0x{r['dx']:x}, 0x{r['r10']:x}, 0x{r['r8']:x}, 0x{r['r9']:x}), {where}"


def tasks():
    for g in entries(kernel("groups_all"), "struct thread_group", "all"):
        yield g, list(entries(g["threads"], "struct task", "group_link"))


def show_task(t, regs):
    th = t["thread"]
    state = STATES[int(th["state"])] if int(th["state"]) < len(STATES) else str(th["state"])
    place = "on CPU" if th["on_cpu"] else "queued on CPU" if th["on_rq"] else "last on CPU"
    more = "" if int(t["exiting"]) == 0 else " exiting" if int(t["exiting"]) == 1 else " dead"
    print(f"  {int(t['pid'])} {cstring(t['comm'])}: {state}{more}, {place} {int(th['cpu'])},"
          f" flags {mask(int(th['flags']), FLAGS)}, pending {signals(number(t['pending']['set']))},"
          f" blocked {signals(number(t['blocked']))}")
    if int(t["exiting"]) == 2:
        return
    side, chain = user_side(th), stack_of(th, regs)
    if side:
        print(f"      {side}")
    if chain:
        print("      " + " < ".join(chain))


def show_group(g, threads, regs):
    marks = [w for w, on in (("exits", g["group_exit"]), ("stops", g["group_stop"]), ("zombie", g["zombie"]),
                             ("execs", number(g["exec_task"]))) if on]
    parent = int(g["parent"]["tgid"]) if number(g["parent"]) else 0
    print(f"process {int(g['tgid'])}, parent {parent}, {int(g['nr_live'])} of {int(g['nr_threads'])} threads live"
          f"{', ' + ' '.join(marks) if marks else ''}, pending {signals(number(g['shared']['set']))}")
    for t in threads:
        show_task(t, regs)


# ---- commands ----

class Command(gdb.Command):
    """A command that prints with its function; an error of the reading ends it, not gdb."""

    def __init__(self, name, function):
        self.__doc__ = function.__doc__
        self.function = function
        super().__init__(name, gdb.COMMAND_STATUS)

    def invoke(self, words, from_tty):
        if not gdb.selected_inferior().pid:
            raise gdb.GdbError("attach to a machine first: target remote build/gdb.sock")
        global KSTACK_SIZE
        KSTACK_SIZE = int(kernel("STACK_PAGES")) * 4096
        self.function(*gdb.string_to_argv(words))


def threads_command(*pids):
    """zerno-threads [PID...]: processes and their threads, of all or of these processes."""
    wanted, regs = {int(p) for p in pids}, registers()
    for g, threads in tasks():
        if not wanted or int(g["tgid"]) in wanted or any(int(t["pid"]) in wanted for t in threads):
            show_group(g, threads, regs)


def show_cpu(cpu, regs):
    rq, base = percpu("run_queues", cpu), percpu("timer_bases", cpu)
    now = clock_now()
    curr = rq["curr"].dereference()
    print(f"CPU {cpu}: runs {int(curr['tid'])} {thread_name(curr)}, flags {mask(int(curr['flags']), FLAGS)},"
          f" {int(rq['nr_running'])} runnable, queue lock {int(rq['lock']['held'])}")
    if cpu in regs:
        r = regs[cpu]
        print(f"    at {symbol(r['rip']) or hex(r['rip'])}, interrupts {'on' if r['eflags'] >> 9 & 1 else 'off'}")
    for t in in_order(rq["fair"]["tree"], "struct thread", "rb"):
        print(f"    queued: {int(t['tid'])} {thread_name(t)}")
    for level in range(99, 0, -1) if int(rq["rt"]["nr"]) else ():
        for t in entries(rq["rt"]["list"][level], "struct thread", "rt_link"):
            print(f"    queued: {int(t['tid'])} {thread_name(t)}, real-time {level}")
    print(f"    timer armed for {left(base['armed'], now)}, tick {left(base['tick'], now)}, base lock {int(base['lock']['held'])}")


def cpus_command():
    """zerno-cpus: what each CPU runs and has queued, and what is asked of it."""
    regs = registers()
    for cpu in cpus():
        show_cpu(cpu, regs)
    print(f"idle CPUs {number(kernel('sched_idle_mask')):#x}, RCU waits for {number(kernel('rcu_waiting')):#x},"
          f" TLB requests {' '.join(hex(int(percpu('flush_requests', cpu)['pending'])) for cpu in cpus())}, calls {number(kernel('call_pending')):#x}")


def clock_now():
    """The latest moment at which any CPU accounted: what a stopped machine knows of the time."""
    return max(int(percpu("run_queues", cpu)["curr"]["exec_start"]) for cpu in cpus())


def left(deadline, now):
    d = int(deadline)
    return "never" if d == (1 << 63) - 1 else "now (in its interrupt)" if d == -(1 << 63) else f"{(d - now) / 1e9:+.3f} s"


def timers_command():
    """zerno-timers: all timers; times are relative to the last moment a CPU looked at the clock."""
    now = clock_now()
    for cpu in cpus():
        for wall in (0, 1):
            for t in in_order(percpu("timer_bases", cpu)["queue"][wall]["tree"], "struct timer", "rb"):
                fn = symbol(number(t["fn"])) or "?"
                when = f"wall clock {int(t['deadline']) / 1e9:.3f}" if wall else left(t["deadline"], now)
                who = ""
                if fn == "sleep_timer_fire":
                    th = container(t, "struct sleep_timer", "timer")["thread"].dereference()
                    who = f" of {int(th['tid'])} {thread_name(th)}"
                print(f"CPU {cpu}: {when} {fn}{who}")


def user_word(mm, address):
    """32 bits of user memory through the page tables; None where no page is."""
    entry = number(mm["pt"]["root"]) | 1
    for level in (3, 2, 1, 0):
        if not entry & 1:
            return None
        entry = word(DIRECT_MAP + (entry & PTE_ADDRESS) + (address >> (12 + 9 * level) & 511) * 8)
    if not entry & 1:
        return None
    return struct.unpack("<I", read(DIRECT_MAP + (entry & PTE_ADDRESS) + (address & 4095), 4))[0]


def futexes_command():
    """zerno-futexes: who waits for which futex, and what the word says now."""
    table = kernel("'futex.c'::buckets")
    for i in range(table.type.range()[1] + 1):
        for w in entries(table[i]["waiters"], "struct futex_waiter", "link"):
            t = container(w["thread"], "struct task", "thread")
            r = struct.unpack("<21Q", read(number(t["thread"]["kstack"]) + KSTACK_SIZE - 168, 168))
            address, value = r[14], None
            if number(t["mm"]):
                value = user_word(t["mm"], address)
            said = "not there" if value is None else f"0x{value:x}"
            print(f"bucket {i}: {int(t['pid'])} {cstring(t['comm'])} waits at 0x{address:x}, key {number(w['key']['object']):#x}"
                  f"+{number(w['key']['offset']):#x}; the word is {said}, the call said 0x{r[12] & 0xffffffff:x}; woken {int(w['woken'])}")


def mutexes_command():
    """zerno-mutexes: threads that sleep in mutex_lock, the mutex, and who owns it."""
    regs = registers()
    for _, threads in tasks():
        for t in threads:
            th = t["thread"]
            if int(th["state"]) not in (2, 3) or not any(n.startswith("mutex_lock") for n in stack_of(th, regs)):
                continue
            for m in mutexes_on_stack(th):
                owner = number(m["owner"]) & ~1
                o = pointer(owner, "struct thread").dereference()
                print(f"{int(t['pid'])} {cstring(t['comm'])} waits for mutex {number(m.address):#x} of {int(o['tid'])} {thread_name(o)}")


def mutexes_on_stack(thread):
    """The waiter of mutex_lock_slow lies on the stack; it stands in the list of its mutex."""
    stack, sp = number(thread["kstack"]), number(thread["arch"]["sp"])
    me, size = number(thread.address), kind("struct waiter").sizeof
    offset = next(f for f in kind("struct waiter").fields() if f.name == "thread").bitpos // 8
    for at in range(sp, min(sp + 2048, stack + KSTACK_SIZE - size), 8):
        if word(at + offset) != me:
            continue
        head = word(at)
        for _ in range(1000):  # around the list; the head is what is no waiter of a thread
            if not DIRECT_MAP <= head < U64 or stack <= head < stack + KSTACK_SIZE:
                break
            m = container(head, "struct mutex", "waiters.waiters").dereference()
            if number(m["owner"]) & 1 and number(m["owner"]) & ~7 == number(m["owner"]) & ~1:
                yield m
                return
            head = word(head)


def all_command():
    """zerno-all: CPUs, threads, timers, futexes, mutexes."""
    for title, f in (("CPUs", cpus_command), ("Threads", threads_command), ("Timers", timers_command),
                     ("Futexes", futexes_command), ("Mutexes", mutexes_command)):
        print(f"---- {title}")
        try:
            f()
        except (gdb.error, gdb.MemoryError) as e:
            print(f"    {e}")


for name_, function_ in (("zerno-threads", threads_command), ("zerno-cpus", cpus_command), ("zerno-timers", timers_command),
                         ("zerno-futexes", futexes_command), ("zerno-mutexes", mutexes_command), ("zerno-all", all_command)):
    Command(name_, function_)
