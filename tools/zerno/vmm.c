/* SPDX-License-Identifier: MIT
 *
 * tools/zerno/vmm.c - starts QEMU so that it cannot outlive or disturb us
 *
 * QEMU gets none of our descriptors but two ends of socket pairs (the channel, the console) and the boot archive:
 * it would set O_NONBLOCK on a shared stdin.  It runs in a session of its own, so that keys do not signal it, and
 * dies with us by PR_SET_PDEATHSIG.  Every machine option is given explicitly: defaults have changed between
 * releases.
 */
#define _GNU_SOURCE
#include "vmm.h"
#include "rootfs.h"
#include "swap.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

bool kvm_usable(void)
{
	char line[8192];
	bool hardware = false;
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	FILE *f = fopen("/proc/cpuinfo", "r");
	while (f && !hardware && fgets(line, sizeof(line), f))
		hardware = !strncmp(line, "flags", 5) && (strstr(line, " vmx") || strstr(line, " svm"));
	if (f)
		fclose(f);
	return hardware;
}

const char *qemu_path(void)
{
	static char *path;
	const char *given = getenv("ZERNO_QEMU"), *dirs = getenv("PATH");

	if (given && *given)
		return given;
	char *copy = text("%s", dirs ? dirs : "/usr/bin:/bin");
	for (char *d = strtok(copy, ":"); d && !path; d = strtok(NULL, ":")) {
		path = text("%s/qemu-system-x86_64", d);
		if (access(path, X_OK)) {
			free(path);
			path = NULL;
		}
	}
	free(copy);
	return path;
}

static void add(struct vmm *v, const char *option, char *value)
{
	list_add(&v->argv, text("%s", option));
	if (value)
		list_add(&v->argv, value);
}

static void add_machine(struct vmm *v, const struct options *o, bool kvm)
{
	const char *accel = kvm ? "kvm" : "tcg";
	const bool microvm = !strcmp(o->machine, "microvm");

	if (microvm) {
		add(v, "-M",
		    text("microvm,acpi=on,pit=on,pic=on,rtc=on,isa-serial=on,x-option-roms=off,"
		         "auto-kernel-cmdline=off,accel=%s",
		         accel));
		add(v, "-global", text("virtio-mmio.force-legacy=false"));
	} else {
		add(v, "-M", text("%s,accel=%s", o->machine, accel));
	}
	add(v, "-cpu", text("%s", kvm ? "host" : "max"));
	add(v, "-m", text("%s", o->memory));
	add(v, "-smp", text("%d", o->cpus));
}

/* A name within an option of QEMU: commas are doubled. */
static char *escape_commas(const char *s)
{
	char *out = must_alloc(malloc(2 * strlen(s) + 1)), *to = out;

	for (; *s; s++) {
		if (*s == ',')
			*to++ = ',';
		*to++ = *s;
	}
	*to = 0;
	return out;
}

/* FILE[:ro], or the launcher's own FILE:snapshot: what is written goes to a file of QEMU's that dies with it.
 * cache=writeback: a flush of the guest is an fsync of the file, and nothing less.  werror: QEMU would stop the machine,
 * for good, when this machine's disk is full. */
static void add_disk(struct vmm *v, const struct options *o, unsigned n, const char *word)
{
	const char *bus = !strcmp(o->machine, "microvm") ? "device" : "pci";
	bool ro = ends_with(word, ":ro"), snapshot = ends_with(word, ":snapshot");
	size_t mode = ro ? strlen(":ro") : snapshot ? strlen(":snapshot") : 0;
	char *file = text("%.*s", (int)(strlen(word) - mode), word);

	if (access(file, ro || snapshot ? R_OK : R_OK | W_OK))
		die("--disk %s: %s", file, strerror(errno));
	add(v, "-drive",
	    text("file=%s,if=none,id=disk%u,format=raw,cache=writeback,discard=unmap,werror=report%s",
	         escape_commas(file), n,
	         ro         ? ",readonly=on"
	         : snapshot ? ",snapshot=on"
	                    : ""));
	add(v, "-device", text("virtio-blk-%s,drive=disk%u", bus, n));
	free(file);
}

/* "none": files are as they are, and what the user may not do (chown) is silently left.  remap: several file systems of
 * the host may lie below one share. */
static void add_volume(struct vmm *v, const struct options *o, unsigned n, const char *word)
{
	const char *bus = !strcmp(o->machine, "microvm") ? "device" : "pci";
	char *tag = volume_tag(n), *src;
	bool ro;

	src = volume_source(word, &ro);
	add(v, "-fsdev",
	    text("local,id=%s,path=%s,security_model=none,multidevs=remap%s", tag, escape_commas(src),
	         ro ? ",readonly=on" : ""));
	add(v, "-device", text("virtio-9p-%s,fsdev=%s,mount_tag=%s", bus, tag, tag));
}

static void add_devices(struct vmm *v, const struct options *o, int channel, int console)
{
	const char *bus = !strcmp(o->machine, "microvm") ? "device" : "pci";

	add(v, "-chardev", text("socket,id=console,fd=%d", console));
	add(v, "-serial", text("chardev:console"));
	add(v, "-chardev", text("socket,id=channel,fd=%d", channel));
	add(v, "-device", text("virtio-serial-%s,max_ports=2", bus));
	add(v, "-device", text("virtserialport,chardev=channel,name=zerno,nr=1"));
	add(v, "-device", text("virtio-rng-%s", bus));
	for (unsigned n = 0; o->disks && o->disks[n]; n++)
		add_disk(v, o, n, o->disks[n]);
	if (o->swap)
		add_disk(v, o, 99, swap_make(o->swap));
	for (unsigned n = 0; o->volumes && o->volumes[n]; n++)
		add_volume(v, o, n, o->volumes[n]);
}

/* A pair of connected sockets: ours is closed on exec, QEMU's is inherited. */
static int make_channel(int *theirs)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		die("socketpair: %s", strerror(errno));
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*theirs = fds[1];
	return fds[0];
}

static int channel_theirs, console_theirs;

void vmm_prepare(struct vmm *v, const struct options *o, int root_fd)
{
	char *kernel =
	        o->kernel ? text("%s", o->kernel) : installed_file("ZERNO_KERNEL", "build/x86_64/zerno.elf");
	const char *qemu = qemu_path();
	const bool kvm = !strcmp(o->accel, "kvm") || (!strcmp(o->accel, "auto") && kvm_usable());

	if (!qemu)
		die("qemu-system-x86_64 is not installed");
	if (!kernel || access(kernel, R_OK))
		die("%s: no kernel there; run `make`, or give --kernel",
		    kernel ? kernel : "build/x86_64/zerno.elf");
	*v = (struct vmm){ .pid = -1 };
	v->channel = make_channel(&channel_theirs);
	v->console = make_channel(&console_theirs);
	v->messages = memfd_create("qemu-messages", MFD_CLOEXEC);

	add(v, qemu, NULL);
	add_machine(v, o, kvm);
	for (const char *const *word =
	             (const char *const[]){ "-nodefaults", "-no-user-config", "-no-reboot", NULL };
	     *word; word++)
		add(v, *word, NULL);
	add(v, "-display", text("none"));
	add(v, "-kernel", kernel);
	add(v, "-initrd", text("/proc/self/fd/%d", root_fd));
	/* A panic restarts at once, which -no-reboot turns into an end: it is noticed, and its text is kept. */
	add(v, "-append",
	    text("console=ttyS0 %spanic=-1 rdinit=/.zerno/init%s%s",
	         o->console ? "" : "quiet ", /* who looks sees all */
	         *o->append ? " " : "", o->append));
	add_devices(v, o, channel_theirs, console_theirs);
	for (char **a = o->qemu_args; a && *a; a++)
		list_add(&v->argv, *a);
}

static void print_word(const char *w)
{
	if (*w && !w[strspn(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=.,:/@%+")]) {
		fputs(w, stdout);
		return;
	}
	putchar('\'');
	for (; *w; w++)
		if (*w == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*w);
	putchar('\'');
}

void vmm_print(const struct vmm *v)
{
	for (char **a = v->argv; *a; a++) {
		if (a != v->argv)
			putchar(' ');
		print_word(*a);
	}
	putchar('\n');
}

static void child_run(struct vmm *v, pid_t parent)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_LAUNCHER); /* it died before the line above */
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	int null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(v->messages, 1);
	dup2(v->messages, 2);
	execv(v->argv[0], v->argv);
	dprintf(2, "%s: %s\n", v->argv[0], strerror(errno));
	_exit(EXIT_LAUNCHER);
}

void vmm_start(struct vmm *v)
{
	pid_t parent = getpid();

	v->pid = fork();
	if (v->pid < 0)
		die("fork: %s", strerror(errno));
	if (v->pid == 0)
		child_run(v, parent);
	close(channel_theirs);
	close(console_theirs);
}

void vmm_kill(struct vmm *v)
{
	if (v->pid <= 0)
		return;
	kill(v->pid, SIGKILL);
	while (waitpid(v->pid, NULL, 0) < 0 && errno == EINTR)
		;
	v->pid = -1;
}
