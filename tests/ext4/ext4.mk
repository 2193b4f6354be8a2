# SPDX-License-Identifier: MIT
# tests/ext4/ext4.mk - fs/ext4 as a program on the host, under the address and undefined-behaviour sanitizers.

X := build/ext4
EXTTOOL_SRC := $(filter-out kernel/fs/ext4/io.c,$(wildcard kernel/fs/ext4/*.c)) kernel/lib/crc32.c \
	kernel/lib/xarray.c kernel/lib/sort.c kernel/lib/hash.c kernel/lib/bitmap.c kernel/lib/parse.c \
	tests/ext4/exttool.c tests/ext4/hostkernel.c tests/ext4/disk.c tests/unit/stub/stub.c tests/unit/stub/strlcpy.c
EXTTOOL_OBJ := $(patsubst %.c,$(X)/%.o,$(EXTTOOL_SRC))
EXTTOOL_FLAGS := -Itests/ext4/stub $(subst -include tests/unit/stub/host.h,-include tests/ext4/stub/host.h,$(UNIT_FLAGS)) -Wno-format-truncation

$(X)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  HOSTCC $<"
	$(Q)$(UNIT_CC) $(EXTTOOL_FLAGS) -c -o $@ $<
$(X)/tests/ext4/disk.o: tests/ext4/disk.c
	@mkdir -p $(@D)
	$(Q)$(UNIT_CC) -std=gnu11 -O2 -g -Wall -Wextra -D_GNU_SOURCE -MMD -MP -c -o $@ $<
$(X)/exttool: $(EXTTOOL_OBJ)
	$(Q)$(UNIT_CC) $(UNIT_SAN) -o $@ $^
-include $(EXTTOOL_OBJ:.o=.d)

.PHONY: crashtest fuzz-ext4 fio-tests
N ?= 200
crashtest: all test-programs $(X)/exttool ## ext4 loses power N times (N=200) at a write on the host, and N times as QEMU is killed; replayed by Zerno, e2fsck and Linux
	@$(PYTHON) tests/ext4/ext4test.py crash $(N)
	@$(PYTHON) tests/ext4/killtest.py $(N)
fio-tests: all ## fio with verify on ext4: direct, buffered, mmap
	@tools/setup.sh suites
	@$(PYTHON) tests/ext4/fiotest.py
fuzz-ext4: all $(X)/exttool ## N mutated ext4 images are mounted, walked and written to (N=200)
	@$(PYTHON) tests/ext4/ext4test.py fuzz $(N)
