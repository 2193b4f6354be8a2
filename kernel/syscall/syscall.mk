# SPDX-License-Identifier: MIT
# syscall/syscall.mk - what is generated from syscalls.tbl and ioctls.tbl.  Included by the Makefile before
# the list of objects is made; needs B, ARCH, PYTHON.

SYSCALL_TBL := kernel/syscall/syscalls.tbl
SYSCALL_GEN := $(B)/gen/sys_protos.h $(B)/gen/syscall_table_x86_64.c $(B)/gen/syscall_table_i386.c \
	$(B)/gen/syscall_table_riscv64.c $(B)/gen/fuzz_table.h $(B)/gen/syscalls.md
GEN_H += $(B)/gen/sys_protos.h
GEN_C += $(B)/gen/syscall_table_$(ARCH).c $(if $(filter x86_64,$(ARCH)),$(B)/gen/syscall_table_i386.c) $(B)/gen/ioctl_table.c

$(SYSCALL_GEN) &: $(SYSCALL_TBL) tools/gen_syscalls.py
	@mkdir -p $(B)/gen
	@echo "  GEN   $<"
	$(Q)$(PYTHON) tools/gen_syscalls.py $(SYSCALL_TBL) $(B)/gen

$(B)/gen/ioctl_table.c: kernel/syscall/ioctls.tbl tools/gen_ioctls.py
	@mkdir -p $(B)/gen
	@echo "  GEN   $<"
	$(Q)$(PYTHON) tools/gen_ioctls.py $< $@

$(patsubst kernel/%,$(B)/%.o,$(wildcard kernel/syscall/*.c)): | $(B)/gen/sys_protos.h

# `make docs` renews docs/syscalls.md; `make check` compares it.
.PHONY: docs-syscalls check-syscalls
docs-syscalls: $(B)/gen/syscalls.md
	$(Q)cp $< docs/syscalls.md
check-syscalls:
	$(Q)$(PYTHON) tools/gen_syscalls.py $(SYSCALL_TBL) --verify
	$(Q)$(PYTHON) tools/gen_syscalls.py $(SYSCALL_TBL) --check-docs docs/syscalls.md

# The fuzzer runs as a program and knows the calls by the same table.
build/tests/stress/fuzz_syscalls: $(B)/gen/fuzz_table.h
