# SPDX-License-Identifier: MIT
# kernel/arch/x86_64/arch.mk - how to compile and link for this CPU.  Included by the Makefile before KOBJ is set, so
# the link rule expands its prerequisites late.
.DEFAULT_GOAL := all
LD     ?= ld
NM     ?= nm
KFLAGS += -m64 -mcmodel=kernel -mno-red-zone -mgeneral-regs-only
# The kernel uses no SSE, so 8-byte stacks save an instruction in every other function; clang spells it otherwise.
KFLAGS += $(shell echo 'int x;' | $(CC) -mgeneral-regs-only -mpreferred-stack-boundary=3 -x c -c -o /dev/null - 2>/dev/null \
	&& echo -mpreferred-stack-boundary=3 || echo -mstack-alignment=8)
LDSCRIPT := kernel/arch/x86_64/zerno.lds
LDFLAGS_KERNEL := -m elf_x86_64 -nostdlib -static -T $(LDSCRIPT) --build-id=none -z max-page-size=4096 -z norelro \
	-z noexecstack --orphan-handling=error

# The vDSO: a shared object of its own, for user mode, in the kernel image as bytes (vdso_image.S).
VDSO_FLAGS := -std=gnu11 -O2 -g -m64 -fPIC -ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include) \
	-Wall -Wextra -Werror -Wno-unused-parameter -fno-stack-protector -fno-common -fcf-protection=none \
	-fasynchronous-unwind-tables -mgeneral-regs-only -fno-builtin -Ikernel
$(B)/vdso/vdso64.so: kernel/arch/$(ARCH)/vdso/vdso.c kernel/arch/$(ARCH)/vdso/vdso.lds kernel/base/clock_page.h
	@mkdir -p $(@D)
	@echo "  VDSO  $@"
	$(Q)$(CC) $(VDSO_FLAGS) -c -o $(B)/vdso/vdso64.o $<
	$(Q)$(LD) -m elf_x86_64 -shared -nostdlib -soname linux-vdso.so.1 --hash-style=both --build-id=sha1 -Bsymbolic \
		--eh-frame-hdr --no-undefined -z max-page-size=4096 -z noexecstack -S -s \
		-T kernel/arch/$(ARCH)/vdso/vdso.lds -o $@ $(B)/vdso/vdso64.o
$(B)/arch/$(ARCH)/vdso_image.S.o: $(B)/vdso/vdso64.so
$(B)/arch/$(ARCH)/vdso_image.S.o: KFLAGS += -Wa,-I$(B)/vdso

# Two links: the first without symbols, to learn where every function lies; the second with the table of them, which
# stands behind the text and so moves none.  The kernel checks nothing at run time, hence the comparison.
.SECONDEXPANSION:
$(B)/zerno.elf: $$(KOBJ) $(LDSCRIPT) tools/gen_symbols.py
	@echo "  LD    $@"
	$(Q)$(PYTHON) tools/gen_symbols.py < /dev/null > $(B)/symbols0.S
	$(Q)$(CC) -c -o $(B)/symbols0.o $(B)/symbols0.S
	$(Q)$(LD) $(LDFLAGS_KERNEL) -o $(B)/zerno.pass1 $(KOBJ) $(B)/symbols0.o
	$(Q)$(NM) -n $(B)/zerno.pass1 | $(PYTHON) tools/gen_symbols.py > $(B)/symbols.S
	$(Q)$(CC) -c -o $(B)/symbols.o $(B)/symbols.S
	$(Q)$(LD) $(LDFLAGS_KERNEL) -Map=$(B)/zerno.map -o $@.tmp $(KOBJ) $(B)/symbols.o
	$(Q)$(NM) -n $@.tmp | $(PYTHON) tools/gen_symbols.py | cmp -s - $(B)/symbols.S || \
		{ echo "zerno.lds: the symbol table moved the text"; exit 1; }
	$(Q)mv $@.tmp $@
