# SPDX-License-Identifier: MIT
# Makefile - builds the kernel, the launcher and the guest programs.  `make help` lists the targets.

ARCH   ?= x86_64
B      := build/$(ARCH)
CC     ?= gcc
PYTHON ?= python3
Q      := $(if $(V),,@)

KFLAGS := -std=gnu11 -O2 -g -ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include 2>/dev/null) \
	-Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter \
	-Wno-sign-compare -fno-strict-aliasing -fwrapv -fno-delete-null-pointer-checks -fno-common \
	-fno-omit-frame-pointer -fno-stack-protector -fno-pic -fno-pie \
	-Ikernel -Ikernel/arch/$(ARCH)/include -I$(B)/gen $(if $(DEBUG),-DCONFIG_DEBUG=1)
# `make KASAN=1 B=build/kasan`: accesses to memory that must not be touched are reported.  Not looked at: the files that
# do the looking, and slab.c, which keeps its lists in free objects.
KFLAGS += $(if $(KASAN),-DCONFIG_KASAN=1 -Wno-maybe-uninitialized)
KASAN_FLAGS := $(if $(KASAN),-fsanitize=kernel-address -fasan-shadow-offset=0xdffffc0000000000 \
	--param asan-instrumentation-with-call-threshold=0 --param asan-globals=1 --param asan-stack=1)
KASAN_NOT := base/sanitizers base/sanitizers_address mem/slab mem/object_tag
# `make UBSAN=1 B=build/ubsan`: undefined behaviour is reported, signed overflow too (docs/debugging.md).
KFLAGS += $(if $(UBSAN),-DCONFIG_UBSAN=1 -fsanitize=undefined -fno-wrapv -Wno-maybe-uninitialized)

KERNEL_DIRS := lib base mem sched cred vm dev block fs socket net/unix fs/tmpfs fs/devfs fs/bdev fs/ext4 fs/9p fs/overlay proc ipc tty drivers procfs sysfs syscall \
	arch/generic arch/$(ARCH) init
KSRC := $(foreach d,$(KERNEL_DIRS),$(wildcard kernel/$(d)/*.c kernel/$(d)/*.S))
GEN_C :=

.PHONY: all objs run debug debian debian-i386 debian-dev test check bench unit setup help clean format
all: $(B)/zerno.elf zerno

-include kernel/syscall/syscall.mk
KOBJ = $(patsubst kernel/%,$(B)/%.o,$(KSRC)) $(patsubst %.c,%.c.o,$(GEN_C))
include kernel/arch/$(ARCH)/arch.mk
-include tools/zerno/zerno.mk
-include user/user.mk
-include tests/unit/unit.mk
-include tests/tests.mk
-include tests/ext4/ext4.mk
include tools/check.mk

$(B)/%.c.o: kernel/%.c $(GEN_H)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(KFLAGS) $(if $(filter $(KASAN_NOT),$*),,$(KASAN_FLAGS)) -MMD -MP -c -o $@ $<
$(B)/%.S.o: kernel/%.S
	@mkdir -p $(@D)
	@echo "  AS    $<"
	$(Q)$(CC) $(KFLAGS) -D__ASSEMBLER__ -MMD -MP -c -o $@ $<
$(B)/gen/%.c.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(KFLAGS) -MMD -MP -c -o $@ $<

# `make objs DIR=fs` compiles one chapter.
objs: $(filter $(B)/$(DIR)/%,$(KOBJ))

setup: ## installs the Debian packages that are missing (asks for root through sudo when needed)
	tools/setup.sh all

# What `make run` needs; tools/setup.sh is silent when all of it is there.
.PHONY: need-run need-test need-check
need-run:
	@tools/setup.sh run
need-test:
	@tools/setup.sh test
need-check:
	@tools/setup.sh check

run: need-run ## a shell on Zerno in QEMU
	@$(MAKE) --no-print-directory all
	./zerno run --rootfs busybox $(RUN_ARGS)

debian: ## a Debian 12 root for the tests and for `./zerno run --rootfs debian`, made once (build/debian/root.cpio)
	@tools/setup.sh debian
	@tools/debian_root.sh build/debian/root.cpio

debian-i386: ## the same of Debian's 32-bit programs (build/debian/root-i386.cpio)
	@tools/setup.sh debian-i386
	@tools/debian_root.sh build/debian/root-i386.cpio i386

debian-dev: ## one with gcc, make and sqlite3, for the long form of the tests (build/debian/root-dev.cpio)
	@tools/setup.sh debian-dev
	@tools/debian_root.sh build/debian/root-dev.cpio amd64 gcc,libc6-dev,make,sqlite3

debug: need-run ## as run, but QEMU waits for gdb on build/gdb.sock (`gdb -x tools/gdb/attach.gdb`)
	@$(MAKE) --no-print-directory all
	@echo "In another terminal: gdb -x tools/gdb/attach.gdb"
	./zerno run --qemu-arg "-gdb unix:build/gdb.sock,server=on,wait=off -S" $(RUN_ARGS)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed 's/:.*## /\t/' | expand -t 24

clean: ## removes everything that was built
	rm -rf build zerno

-include $(KOBJ:.o=.d)
