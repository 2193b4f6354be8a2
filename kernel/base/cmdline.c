/* SPDX-License-Identifier: MIT
 * base/cmdline.c - the kernel command line
 *
 * Owns:      the text, its words, and which of them the kernel knows.
 * Layer:     base.
 * Locks:     none: parsed once at boot; afterwards only the `known` marks change, idempotently.
 * Contexts:  any.
 * Manual:    bootparam(7), kernel-command-line(7).
 * Tests:     tests/boot
 *
 * Words are parted by blanks outside of double quotes; quotes around a value or a whole word are taken off.
 * In names '-' and '_' are the same.  A word is the kernel's when somebody asked for it by cmdline_get or
 * when it stands in linux_words; the others go to init: name=value to its environment, bare words to its
 * arguments. Words with a dot in their name are options of modules and go nowhere.  All words behind `--` are
 * arguments. An init= or rdinit= cancels the arguments before it, since boot loaders put a word of their own
 * in front.
 */
#include <base/cmdline.h>
#include <base/log.h>
#include <base/bootinfo.h>
#include <lib/string.h>

enum { WORDS_MAX = 256 };

struct word {
	char *text;        /* the whole word, NUL-terminated */
	const char *value; /* behind '=', or NULL for a bare word */
	u16 name_len;
	bool known;
	bool for_init; /* behind `--` */
};
static char raw[BOOT_CMDLINE_MAX], copy[BOOT_CMDLINE_MAX];
static struct word words[WORDS_MAX];
static unsigned nr_words;

/* What Linux knows and so never hands to init, whether Zerno makes use of it or not. */
static const char *const linux_words[] = {
	"acpi",       "apic",          "clocksource", "console",     "debug",
	"earlycon",   "earlyprintk",   "hpet",        "idle",        "ignore_loglevel",
	"init",       "initrd",        "iommu",       "ipv6",        "isolcpus",
	"kaslr",      "ktest",         "lapic",       "log_buf_len", "loglevel",
	"lpj",        "maxcpus",       "mem",         "mitigations", "no_timer_check",
	"noapic",     "noaslr",        "nokaslr",     "nolapic",     "nomodules",
	"nopti",      "noreplace_smp", "nosmp",       "notsc",       "nr_cpus",
	"nowatchdog", "panic",         "pci",         "pti",         "quiet",
	"rdinit",     "reboot",        "ro",          "root",        "rootdelay",
	"rootflags",  "rootfstype",    "rootwait",    "rw",          "swiotlb",
	"tsc",        "vga",           "video",
};

static bool names_equal(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char x = a[i] == '-' ? '_' : a[i], y = b[i] == '-' ? '_' : b[i];
		if (x != y)
			return false;
	}
	return true;
}

static bool word_is(const struct word *w, const char *name)
{
	return strlen(name) == w->name_len && names_equal(w->text, name, w->name_len);
}

/* Takes the double quotes off: around the word, or around the value. */
static void word_unquote(char *s)
{
	char *from = *s == '"' ? s : NULL, *eq = strchr(s, '=');
	if (!from && eq && eq[1] == '"')
		from = eq + 1;
	if (!from)
		return;
	size_t n = strlen(from);
	memmove(from, from + 1, n);
	if (n >= 2 && from[n - 2] == '"')
		from[n - 2] = 0;
}

/* Ends the next word with NUL; *p moves behind it.  NULL at the end of the text. */
static char *word_next(char **p)
{
	char *s = *p;
	while (*s == ' ' || *s == '\t' || *s == '\n')
		s++;
	if (!*s)
		return NULL;
	char *end = s;
	for (bool quoted = false; *end && (quoted || (*end != ' ' && *end != '\t' && *end != '\n')); end++)
		if (*end == '"')
			quoted = !quoted;
	*p = *end ? end + 1 : end;
	*end = 0;
	word_unquote(s);
	return s;
}

void cmdline_parse(const char *text)
{
	strlcpy(raw, text, sizeof(raw));
	strlcpy(copy, text, sizeof(copy));
	char *p = copy, *s;
	bool for_init = false;
	nr_words = 0;
	while (nr_words < WORDS_MAX && (s = word_next(&p))) {
		if (!for_init && !strcmp(s, "--")) {
			for_init = true;
			continue;
		}
		char *eq = strchr(s, '=');
		struct word *w = &words[nr_words++];
		*w = (struct word){ .text = s, .value = eq ? eq + 1 : NULL, .for_init = for_init };
		w->name_len = (u16)(eq ? (size_t)(eq - s) : strlen(s));
		for (unsigned i = 0; i < ARRAY_SIZE(linux_words) && !for_init; i++)
			w->known |= word_is(w, linux_words[i]);
	}
	if (cmdline_flag("quiet"))
		log_console_level = LOG_WARN;
	if (cmdline_flag("debug") || cmdline_flag("ignore_loglevel"))
		log_console_level = LOG_DEBUG;
}

const char *cmdline_get(const char *name)
{
	const char *value = NULL;
	for (unsigned i = 0; i < nr_words; i++) {
		struct word *w = &words[i];
		if (w->for_init || !word_is(w, name))
			continue;
		w->known = true;
		value = w->value ? w->value : "";
	}
	return value;
}

bool cmdline_flag(const char *name)
{
	const char *v = cmdline_get(name);
	return v && strcmp(v, "0") != 0;
}

u64 cmdline_u64(const char *name, u64 otherwise)
{
	const char *v = cmdline_get(name);
	u64 n;
	if (!v || !parse_u64(&v, 0, &n))
		return otherwise;
	unsigned shift = 0;
	switch (*v | 0x20) {
	case 'g':
		shift += 10; /* fall through */
	case 'm':
		shift += 10; /* fall through */
	case 'k':
		shift += 10;
		break;
	default:
		break;
	}
	return n << shift >> shift == n ? n << shift : otherwise;
}

/* A later NAME=value takes the place of an earlier one. */
static void env_add(const struct word *w, const char **envp, unsigned *envc, unsigned max)
{
	size_t n = (size_t)w->name_len + 1;
	unsigned i = 0;
	while (i < *envc && strncmp(envp[i], w->text, n) != 0)
		i++;
	if (i < max)
		envp[i] = w->text;
	if (i == *envc && i < max)
		++*envc;
}

void cmdline_for_init(const char **argv, unsigned *argc, const char **envp, unsigned *envc, unsigned max)
{
	unsigned first_arg = 0;
	for (unsigned i = 0; i < nr_words; i++)
		if (!words[i].for_init && (word_is(&words[i], "init") || word_is(&words[i], "rdinit")))
			first_arg = i;
	for (unsigned i = 0; i < nr_words; i++) {
		const struct word *w = &words[i];
		const char *dot = strchr(w->text, '.');
		if (!w->for_init && (w->known || (dot && dot < w->text + w->name_len)))
			continue;
		if (w->value && !w->for_init)
			env_add(w, envp, envc, max);
		else if (i >= first_arg && *argc < max)
			argv[(*argc)++] = w->text;
	}
}

const char *cmdline_text(void)
{
	return raw;
}
