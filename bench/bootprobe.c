/* SPDX-License-Identifier: MIT
 * bootprobe - an /init that reports what the boot has cost.
 *
 * Prints, first of all, the TSC at its start; then what memory is left:
 *
 *     READY <tsc>
 *     MEM <total KiB> <free KiB> <source>
 *     DONE
 *
 * and switches the machine off.  Under qemu -icount shift=0 the TSC counts the
 * guest's instructions since power-on, firmware and idle time included.
 *
 * Build: musl-gcc -static -O2 -std=gnu11 -o bootprobe bootprobe.c
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static uint64_t rdtsc(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static void say(const char *line)
{
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		return;
}

/* The value in KiB of a line of /proc/meminfo, 0 if there is none. */
static unsigned long meminfo(const char *text, const char *name)
{
	unsigned long value = 0;
	const char *line = strstr(text, name);
	if (line != NULL)
		sscanf(line + strlen(name), " %lu", &value);
	return value;
}

int main(void)
{
	uint64_t start = rdtsc();
	static char text[4096], line[128];
	struct sysinfo info;

	if (fcntl(STDOUT_FILENO, F_GETFL) < 0)
		dup2(open("/dev/console", O_RDWR), STDOUT_FILENO);
	snprintf(line, sizeof line, "READY %llu\n", (unsigned long long)start);
	say(line);

	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	int file = open("/proc/meminfo", O_RDONLY);
	if (file >= 0 && read(file, text, sizeof text - 1) > 0
	    && meminfo(text, "MemTotal:") > 0)
		snprintf(line, sizeof line, "MEM %lu %lu /proc/meminfo\n",
			 meminfo(text, "MemTotal:"), meminfo(text, "MemFree:"));
	else if (sysinfo(&info) == 0)
		snprintf(line, sizeof line, "MEM %lu %lu sysinfo\n",
			 info.totalram * info.mem_unit / 1024,
			 info.freeram * info.mem_unit / 1024);
	else
		snprintf(line, sizeof line, "MEM 0 0 unknown\n");
	say(line);
	say("DONE\n");
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
