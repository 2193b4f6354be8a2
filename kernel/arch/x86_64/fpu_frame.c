/* SPDX-License-Identifier: MIT
 * arch/x86_64/fpu_frame.c - the FPU state of the running thread in a signal frame
 *
 * Owns:      the software bytes of the frame.
 * Layer:     arch/x86_64.  Uses fpu.c; called by signal.c.
 * Locks:     none: the running thread's own state.
 * Contexts:  process context; copies with the user sleep.
 * Manual:    sigreturn(2); Intel SDM vol. 1, 13.4 (XSAVE area); Linux's struct _fpstate and _fpx_sw_bytes.
 * Tests:     tests/abi/signal.c.
 *
 * Theory
 * ------
 * The frame holds what XSAVE wrote, and says so in 48 bytes of the FXSAVE part that the CPU leaves to
 * software:
 *
 *     0            464               512      576                    fpu_size
 *     | x87, SSE   | magic1 sizes    | header | AVX, ...             | magic2 |
 *
 * On the way back both magic words must be right; else only the first 512 bytes count, as for a program that
 * made the frame itself and knows nothing of XSAVE.  The state goes straight between registers and frame
 * (fpu_user.S); only a frame with other components than the CPU's is gathered in a buffer first.
 */
#include "fpu_frame.h"
#include "fpu.h"
#include <arch/user_access.h>
#include <abi/errno.h>
#include <base/iov.h>
#include <base/panic.h>
#include <lib/string.h>

/* fpu_user.S: 0 or -EFAULT; the range is the user's. */
MUST_CHECK int x86_fxsave_user(unsigned long addr);
MUST_CHECK int x86_fxrstor_user(unsigned long addr);
MUST_CHECK int x86_xsave_user(unsigned long addr);
MUST_CHECK int x86_xrstor_user(unsigned long addr);

enum { FPU_SW_OFFSET = 464, FPU_AREA_MAX = 2816 };
#define FP_XSTATE_MAGIC1 0x46505853u
#define FP_XSTATE_MAGIC2 0x46505845u
#define XFEATURES_LEGACY 3UL

struct fpx_sw_bytes {
	u32 magic1, extended_size;
	u64 xfeatures;
	u32 xstate_size, padding[7];
};
_Static_assert(sizeof(struct fpx_sw_bytes) == 48, "_fpx_sw_bytes");

unsigned x86_fpu_frame_size(void)
{
	return fpu_size + (fpu_features ? sizeof(u32) : 0);
}

int x86_fpu_save_user(unsigned long addr)
{
	struct fpx_sw_bytes sw = {
		.magic1 = FP_XSTATE_MAGIC1,
		.extended_size = fpu_size + sizeof(u32),
		.xfeatures = fpu_features,
		.xstate_size = fpu_size,
	};

	if (!arch_user_range_ok(addr, fpu_size))
		return -EFAULT;
	if (!fpu_features)
		return x86_fxsave_user(addr);
	int err = x86_xsave_user(addr);
	if (!err)
		err = copy_to_user((void __user *)(addr + FPU_SW_OFFSET), &sw, sizeof(sw));
	return err ? err : put_user(FP_XSTATE_MAGIC2, (u32 __user *)(addr + fpu_size));
}

/* Does the frame at addr, whose software bytes are sw, hold an XSAVE area? */
static bool frame_is_extended(unsigned long addr, const struct fpx_sw_bytes *sw)
{
	u32 magic2;

	if (!fpu_features || sw->magic1 != FP_XSTATE_MAGIC1 || sw->xstate_size > fpu_size ||
	    sw->xstate_size < FPU_LEGACY_SIZE + FPU_HEADER_SIZE || sw->xstate_size > sw->extended_size)
		return false;
	return !get_user(magic2, (const u32 __user *)(addr + sw->xstate_size)) && magic2 == FP_XSTATE_MAGIC2;
}

static void load_registers(const void *bytes)
{
	__asm__ volatile("xrstor64 (%0)" ::"r"(bytes), "a"(-1), "d"(-1) : "memory");
}

/* A frame that names other components than the CPU's, or none: what it lacks gets its initial state. */
static COLD __attribute__((noinline)) int restore_partial(unsigned long addr, const struct fpx_sw_bytes *sw)
{
	u8 buf[FPU_AREA_MAX] __attribute__((aligned(FPU_FRAME_ALIGN)));
	u64 *xstate_bv = (u64 *)(buf + FPU_LEGACY_SIZE);
	size_t n = sw ? sw->xstate_size : FPU_LEGACY_SIZE;
	int err = copy_from_user(buf, (const void __user *)addr, n);

	if (err)
		return err;
	if (sw)
		*xstate_bv &= sw->xfeatures;
	if (fpu_size > n)
		memset(buf + n, 0, fpu_size - n);
	if (!sw)
		*xstate_bv = XFEATURES_LEGACY;

	fpu_sanitise(buf);
	load_registers(buf);
	return 0;
}

static int restore_extended(unsigned long addr)
{
	struct fpx_sw_bytes sw;
	int err = copy_from_user(&sw, (const void __user *)(addr + FPU_SW_OFFSET), sizeof(sw));

	if (err)
		return err;
	if (!frame_is_extended(addr, &sw))
		return restore_partial(addr, NULL);
	if (sw.xstate_size != fpu_size || (sw.xfeatures & fpu_features) != fpu_features)
		return restore_partial(addr, &sw);
	return arch_user_range_ok(addr, fpu_size) ? x86_xrstor_user(addr) : -EFAULT;
}

static int restore(unsigned long addr)
{
	if (fpu_features)
		return restore_extended(addr);
	return arch_user_range_ok(addr, fpu_size) ? x86_fxrstor_user(addr) : -EFAULT;
}

int x86_fpu_restore_user(unsigned long addr)
{
	assert(fpu_size <= FPU_AREA_MAX);
	int err = addr ? restore(addr) : 0;

	if (!addr || err) /* half of a bad state may be there */
		fpu_reset_current();
	return err;
}
