/* SPDX-License-Identifier: MIT
 *
 * tools/zerno/doctor.c - `zerno doctor`: what this host has of what we use, because that is what differs
 */
#define _GNU_SOURCE
#include "doctor.h"
#include "rootfs.h"
#include "vmm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool report(bool ok, bool needed, const char *what, const char *detail)
{
	printf("%-8s %-22s %s\n", ok ? "ok" : needed ? "MISSING" : "no", what, detail);
	return ok || !needed;
}

static char *qemu_version(const char *qemu)
{
	char *command = text("'%s' --version 2>/dev/null", qemu), line[256] = "";
	FILE *p = popen(command, "r");

	if (p && fgets(line, sizeof(line), p))
		line[strcspn(line, "\n")] = 0;
	if (p)
		pclose(p);
	free(command);
	return text("%s: %s", qemu, line);
}

static bool is_program(const char *name)
{
	char *command = text("PATH=$PATH:/usr/sbin:/sbin command -v '%s' >/dev/null 2>&1", name);
	bool found = system(command) == 0;

	free(command);
	return found;
}

/* What makes images of Debian, tar files and containers. */
static void report_image_tools(void)
{
	bool disks = is_program("python3") && is_program("bsdtar") && is_program("mke2fs") &&
	             (!geteuid() || is_program("fakeroot"));

	report(disks, false, "disk images",
	       disks ? "--rootfs FILE.tar, oci:, docker-archive:"
	             : "install python3, libarchive-tools, e2fsprogs and (for who is not root) fakeroot");
	report(disks && is_program("mmdebstrap"), false, "Debian images",
	       is_program("mmdebstrap") ? "--rootfs debian:PACKAGE,..." : "install mmdebstrap, uidmap");
}

int doctor(void)
{
	const char *qemu = qemu_path(), *busybox = busybox_path();
	char *kernel = installed_file("ZERNO_KERNEL", "build/x86_64/zerno.elf");
	char *init = installed_file("ZERNO_INIT", "build/user/init");
	bool ok = true;

	ok &= report(qemu != NULL, true, "QEMU", qemu ? qemu_version(qemu) : "install qemu-system-x86");
	ok &= report(kernel != NULL, true, "kernel", kernel ? kernel : "build/x86_64/zerno.elf: run make");
	ok &= report(init != NULL, true, "guest init", init ? init : "build/user/init: run make");
	ok &= report(busybox != NULL, true, "static busybox", busybox ? busybox : "install busybox-static");
	report(kvm_usable(), false, "KVM",
	       kvm_usable() ? "hardware virtualisation will be used"
	       : access("/dev/kvm", R_OK | W_OK)
	               ? "/dev/kvm cannot be opened: software emulation (slower)"
	               : "the processor shows no vmx or svm: software emulation (slower)");
	report_image_tools();
	report(isatty(0) && isatty(1), false, "terminal",
	       "commands get a terminal when stdin and stdout are one");
	puts(ok ? "All that `zerno run` needs is here." : "Something that `zerno run` needs is missing.");
	return ok ? 0 : 1;
}
