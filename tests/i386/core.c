/* SPDX-License-Identifier: MIT
 * tests/i386/core.c - the core file of a 32-bit program: its headers and notes.  Needs a core_pattern that begins with "core". */
#include "start.h"

enum { NR_prlimit = 75, RLIMIT_CORE = 4, NR_setgid16 = 46 };
enum { PRSTATUS = 1, FPREGSET, PRPSINFO, AUXV = 6, TLS = 0x200, XSTATE = 0x202, FILE_NOTE = 0x46494c45, PRXFPREG = 0x46e62b7f,
       SIGINFO = 0x53494749 };

struct header {
	u8 ident[16];
	u16 type, machine;
	u32 version, entry, phoff, shoff, flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct segment {
	u32 type, offset, vaddr, paddr, filesz, memsz, flags, align;
};
struct note {
	u32 namesz, descsz, type;
};
struct user_desc {
	u32 entry, base, limit, flags;
};

static u8 file[1 << 20] __attribute__((aligned(4096)));
static volatile u32 marked[8192] = { 0x600df00d };
static struct user_desc area = { (u32)-1, 0, 0xfffff, 0x51 };

static u32 word_at(const u8 *p)
{
	return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static void crash(void)
{
	area.base = (u32)marked;
	SYS(NR_set_thread_area, &area);
	__asm__ volatile("movl %0, %%gs" ::"r"(area.entry * 8 + 3));
	marked[5000] = 0xcafe1234;
	__asm__ volatile("fldpi; fld1; movl $0x77777777, %%ebx; movl $0x12345678, %%esi; movl %%eax, 8(%%eax)" ::"a"(0));
}

/* The dumped word at addr. */
static u32 memory(const struct header *h, u32 addr)
{
	const struct segment *s = (const struct segment *)(file + h->phoff);

	for (int i = 0; i < h->phnum; i++)
		if (s[i].type == 1 && addr >= s[i].vaddr && addr < s[i].vaddr + s[i].filesz)
			return word_at(file + s[i].offset + (addr - s[i].vaddr));
	return 0;
}

static void show_note(const struct note *n, const u8 *d, int child)
{
	switch (n->type) {
	case PRSTATUS:
		say_number("PRSTATUS ", n->descsz, 10);
		say_number("  signal ", (int)word_at(d), 10);
		say_number("  cursig ", d[12], 10);
		say_number("  is the child ", (int)word_at(d + 24) == child, 10);
		say_number("  ebx ", word_at(d + 72), 16);
		say_number("  esi ", word_at(d + 72 + 12), 16);
		say_number("  cs ", word_at(d + 72 + 4 * 13), 16);
		say_number("  ss ", word_at(d + 72 + 4 * 16), 16);
		say_number("  gs ", word_at(d + 72 + 4 * 10), 16);
		say_number("  fpvalid ", word_at(d + 140), 10);
		break;
	case PRPSINFO:
		say_number("PRPSINFO ", n->descsz, 10);
		say_number("  state ", d[1], 10);
		say_number("  is the child ", (int)word_at(d + 12) == child, 10);
		say("  ");
		say((const char *)d + 28);
		say(" ");
		say((const char *)d + 44);
		say("\n");
		break;
	case SIGINFO:
		say_number("SIGINFO ", n->descsz, 10);
		say_number("  signal ", word_at(d), 10);
		say_number("  code ", word_at(d + 8), 10);
		say_number("  address ", word_at(d + 12), 10);
		break;
	case AUXV:
		say("AUXV\n");
		for (u32 i = 0; i + 8 <= n->descsz; i += 8)
			if (word_at(d + i) == 6)
				say_number("  page size ", word_at(d + i + 4), 10);
		break;
	case FILE_NOTE:
		say_number("FILE page ", word_at(d + 4), 10);
		say_number("  first at ", word_at(d + 8), 16);
		break;
	case FPREGSET:
		say_number("FPREGSET ", n->descsz, 10);
		say_number("  control ", word_at(d), 16);
		say_number("  tags ", word_at(d + 8), 16);
		say_number("  st1 ", word_at(d + 28 + 10 + 4), 16);
		break;
	case PRXFPREG:
		say_number("PRXFPREG ", n->descsz, 10);
		break;
	case XSTATE:
		say("XSTATE\n");
		break;
	case TLS:
		say_number("386_TLS ", n->descsz, 10);
		say_number("  entry ", word_at(d), 10);
		say_number("  is ours ", word_at(d + 4) == (u32)marked, 10);
		say_number("  limit ", word_at(d + 8), 16);
		say_number("  flags ", word_at(d + 12), 16);
		say_number("  next ", word_at(d + 16), 10);
		break;
	}
}

static void show_core(int child)
{
	struct header *h = (struct header *)file;
	struct segment *s = (struct segment *)(file + sizeof(*h));
	u8 *at = file + s->offset, *end = at + s->filesz;

	say_number("class ", h->ident[4], 10);
	say_number("type ", h->type, 10);
	say_number("machine ", h->machine, 10);
	say_number("phoff ", h->phoff, 10);
	say_number("phentsize ", h->phentsize, 10);
	say_number("first segment ", s->type, 10);
	while (at < end) {
		struct note *n = (struct note *)at;
		u8 *desc = at + sizeof(*n) + ((n->namesz + 3) & ~3u);

		show_note(n, desc, child);
		at = desc + ((n->descsz + 3) & ~3u);
	}
	say_number("memory ", memory(h, (u32)marked), 16);
	say_number("memory ", memory(h, (u32)&marked[5000]), 16);
}

int program(int argc, char **argv, char **envp)
{
	static const u32 unlimited[2] = { ~0u, ~0u };
	static char name[20] = "core";
	int status = 0, size = 0, n;

	(void)argc;
	(void)argv;
	(void)envp;
	say_number("setrlimit ", SYS(NR_setrlimit, RLIMIT_CORE, unlimited), 10);
	int child = SYS(NR_fork);
	if (!child) {
		crash();
		SYS(NR_exit, 1);
	}
	SYS(NR_wait4, child, &status, 0, 0);
	say_number("status ", status, 16);
	int fd = SYS(NR_open, name, 0, 0);
	say_number("opened ", fd >= 0, 10);
	while ((n = SYS(NR_read, fd, file + size, sizeof(file) - size)) > 0)
		size += n;
	show_core(child);
	return 0;
}
