/* SPDX-License-Identifier: MIT
 *
 * tty/console.c - the two names that mean another terminal: /dev/tty and /dev/console
 *
 * Owns:      devices 5:0 (the caller's controlling terminal) and 5:1 (the terminal `console=` names).
 * Layer:     tty.
 * Contexts:  process context.
 * Manual:    tty(4), console(4), bootparam(7)
 * Tests:     tests/abi/tty.c
 *
 * The last `console=NAME[,options]` on the command line decides; a name that is no terminal, or none given, falls
 * back to the terminal registered first.  /dev/console never becomes a controlling terminal by being opened.
 */
#include "tty_struct.h"
#include <base/cmdline.h>
#include <base/log.h>
#include <fs/chrdev.h>
#include <lib/string.h>

static int tty_current_open(struct inode *i, struct file *f)
{
	struct tty *t = tty_current_get();

	return t ? tty_open_as(t, f, true, false) : -ENXIO;
}

static struct tty *console_tty_get(void)
{
	const char *name = cmdline_get("console");
	struct tty *t = NULL;

	if (name) {
		const char *comma = strchr(name, ',');
		t = tty_find_name_get(name, comma ? (size_t)(comma - name) : strlen(name));
	}
	return t ? t : tty_first_get();
}

static int console_open(struct inode *i, struct file *f)
{
	struct tty *t = console_tty_get();

	return t ? tty_open_as(t, f, true, true) : -ENODEV;
}

static const struct file_ops tty_current_ops = { .open = tty_current_open };
static const struct file_ops console_ops = { .open = console_open };

void console_init(void)
{
	int err = chrdev_register(5, 0, 1, "tty", S_IFCHR | 0666, &tty_current_ops);

	if (!err)
		err = chrdev_register(5, 1, 1, "console", S_IFCHR | 0600, &console_ops);
	if (err)
		log_err("tty: /dev/tty, /dev/console: error %d", -err);
}

void tty_init(void)
{
	mutex_init(&tty_registry_lock);
	tty_jobctl_init();
	console_init();
}
