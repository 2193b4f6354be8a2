# SPDX-License-Identifier: MIT
# tests/unit/unit.mk - `make unit`: kernel code on the host, under the address and undefined-behaviour
# sanitizers.  Included by the Makefile.  A test NAME is tests/unit/NAME_test.c and the kernel files that
# UNIT_SRC_NAME lists; it prints PASS unit/NAME or FAIL unit/NAME, with its log.

U := build/unit
UNIT_CC ?= gcc
UNIT_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_BASE := -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-fno-strict-aliasing -fwrapv -D_GNU_SOURCE -include tests/unit/stub/host.h \
	-Itests/unit/stub -Ikernel -Ikernel/arch/x86_64/include -MMD -MP
UNIT_FLAGS := $(UNIT_BASE) $(UNIT_SAN) -DZERNO_HOST

UNIT_TESTS := crc32c string format rbtree xarray tables inflate cpio random cmdline lockdep mem bpf
UNIT_SRC_crc32c := kernel/lib/crc32.c
UNIT_SRC_string := kernel/lib/parse.c
UNIT_SRC_rbtree := kernel/lib/rbtree.c
UNIT_SRC_xarray := kernel/lib/xarray.c kernel/lib/idr.c
UNIT_SRC_tables := kernel/lib/sort.c kernel/lib/bitmap.c kernel/lib/hash.c
UNIT_SRC_inflate := kernel/lib/inflate.c kernel/lib/crc32.c
UNIT_SRC_cpio := kernel/lib/cpio.c
UNIT_SRC_bpf := kernel/lib/bpf.c
UNIT_SRC_random := tests/unit/stub/stub.c
UNIT_SRC_cmdline := kernel/base/cmdline.c kernel/lib/parse.c tests/unit/stub/stub.c tests/unit/stub/strlcpy.c
UNIT_SRC_lockdep := kernel/lib/bitmap.c tests/unit/stub/stub.c
UNIT_SRC_mem := $(addprefix kernel/mem/,buddy.c early.c kmalloc.c kmap.c mem_init.c page.c slab.c) \
	kernel/lib/xarray.c kernel/lib/bitmap.c tests/unit/stub/stub.c

unit_obj = $(patsubst %.c,$(U)/%.o,$(1))
UNIT_OBJ_string := $(U)/string_c.o $(U)/string_x.o
UNIT_OBJ_format := $(U)/format_k.o

.PHONY: unit
unit: $(UNIT_TESTS:%=$(U)/%_test) ## the host tests of kernel code
	@fail=0; for t in $(UNIT_TESTS); do \
		if timeout 300 $(U)/$${t}_test >$(U)/$$t.log 2>&1; then echo "PASS unit/$$t"; \
		else echo "FAIL unit/$$t"; tail -40 $(U)/$$t.log; fail=1; fi; done; exit $$fail

$(U)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  HOSTCC $<"
	$(Q)$(UNIT_CC) $(UNIT_FLAGS) -c -o $@ $<

# Kernel files that are libc's on the host are compiled under other names, to stand beside libc's.
UNIT_RENAME = $(foreach f,memcpy memmove memset memcmp memchr strlen strnlen strcmp strncmp strchr strrchr \
	strstr strlcpy,-D$(f)=$(1)$(f))
$(U)/string_c.o: kernel/lib/string.c
	@mkdir -p $(@D)
	$(Q)$(UNIT_CC) $(UNIT_FLAGS) -fno-builtin $(call UNIT_RENAME,c_) -c -o $@ $<
$(U)/string_x.o: kernel/lib/string.c
	@mkdir -p $(@D)
	$(Q)$(UNIT_CC) $(filter-out -include tests/unit/stub/host.h,$(UNIT_BASE)) -ffreestanding -fno-builtin $(call UNIT_RENAME,x_) -c -o $@ $<
$(U)/format_k.o: kernel/lib/format.c
	@mkdir -p $(@D)
	$(Q)$(UNIT_CC) $(filter-out -include tests/unit/stub/host.h,$(UNIT_BASE)) $(UNIT_SAN) -ffreestanding -fno-builtin \
		$(foreach f,vsnprintf snprintf scnprintf,-D$(f)=zerno_$(f)) -c -o $@ $<

define unit_program
$(U)/$(1)_test: $(call unit_obj,tests/unit/$(1)_test.c $(UNIT_SRC_$(1))) $(UNIT_OBJ_$(1))
	$$(Q)$$(UNIT_CC) $$(UNIT_SAN) -o $$@ $$^ -lcmocka
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_program,$(t))))

-include $(shell find $(U) -name '*.d' 2>/dev/null)
