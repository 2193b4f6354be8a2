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
	-z noexecstack --orphan-handling=error $(if $(KASAN),--defsym=boot_stack_size=65536)

# The vDSOs: shared objects of their own, for user mode, in the kernel image as bytes (vdso_image.S).
VDSO_FLAGS := -std=gnu11 -O2 -g -fPIC -ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include) \
	-Wall -Wextra -Werror -Wno-unused-parameter -fno-stack-protector -fno-common -fcf-protection=none \
	-fasynchronous-unwind-tables -mgeneral-regs-only -fno-builtin -Ikernel
VDSO_LINK := -shared -nostdlib --hash-style=both --build-id=sha1 -Bsymbolic --eh-frame-hdr --no-undefined \
	-z max-page-size=4096 -z noexecstack
VDSO := kernel/arch/$(ARCH)/vdso
VDSO_DEPS := $(VDSO)/clock_read.h kernel/base/clock_page.h
$(B)/vdso/vdso64.so: $(VDSO)/vdso.c $(VDSO)/vdso.lds $(VDSO_DEPS)
	@mkdir -p $(@D)
	@echo "  VDSO  $@"
	$(Q)$(CC) $(VDSO_FLAGS) -m64 -c -o $(B)/vdso/vdso64.o $<
	$(Q)$(LD) -m elf_x86_64 $(VDSO_LINK) -soname linux-vdso.so.1 -S -s -T $(VDSO)/vdso.lds -o $@ $(B)/vdso/vdso64.o
$(B)/vdso/vdso32.so: $(VDSO)/vdso32.c $(VDSO)/vsyscall32.S $(VDSO)/vdso32.lds $(VDSO_DEPS)
	@mkdir -p $(@D)
	@echo "  VDSO  $@"
	$(Q)$(CC) $(VDSO_FLAGS) -m32 -march=i686 -c -o $(B)/vdso/vdso32.o $<
	$(Q)$(CC) $(VDSO_FLAGS) -m32 -c -o $(B)/vdso/vsyscall32.o $(VDSO)/vsyscall32.S
	$(Q)$(LD) -m elf_i386 $(VDSO_LINK) -soname linux-gate.so.1 -T $(VDSO)/vdso32.lds -o $@.all \
		$(B)/vdso/vdso32.o $(B)/vdso/vsyscall32.o
	$(Q)$(NM) $@.all | sed -n 's/^\([0-9a-f]*\) [tT] \([a-z_]*\)$$/#define VDSO32_\2 0x\1/p' > $(B)/vdso/vdso32.h
	$(Q)objcopy -S $@.all $@
$(B)/arch/$(ARCH)/vdso_image.S.o: $(B)/vdso/vdso64.so $(B)/vdso/vdso32.so
$(B)/arch/$(ARCH)/vdso_image.S.o: KFLAGS += -I$(B)/vdso -Wa,-I$(B)/vdso

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
