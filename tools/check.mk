# SPDX-License-Identifier: MIT
# tools/check.mk - what `make check` looks at, each part a target of its own.

CHECK_PARTS := check-format check-layers check-locks check-sizes check-table check-spdx check-spelling check-named-tests
FORMAT_FILES = $(filter-out kernel/abi/% kernel/lib/list.h,$(shell git ls-files 'kernel/*.c' 'kernel/*.h' 'user/*.c' 'tools/*.c' 'tools/*.h'))
CLANG := clang-22
LOCK_FLAGS = $(filter-out -Werror -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -nostdinc -isystem -mpreferred-stack-boundary=3 $(shell $(CC) -print-file-name=include),$(KFLAGS)) \
	-ffreestanding -nostdlibinc -Wno-everything -Wthread-safety -Wthread-safety-beta -Wnoderef -Werror -fsyntax-only

.PHONY: check $(CHECK_PARTS)
check: need-check ## format, layers, locks (clang-22), sizes, tables, licences, spelling, tests that are named; under 90 s
	@$(MAKE) --no-print-directory $(B)/zerno.elf
	@$(MAKE) --no-print-directory $(CHECK_PARTS)
	@echo "check: all parts passed"
check-format:
	@clang-format --dry-run -Werror $(FORMAT_FILES) && echo "format: ok"
check-layers: $(B)/zerno.elf
	@$(PYTHON) tools/check_layers.py docs/layers.txt kernel $(B)
check-locks: $(GEN_H)
	@printf '%s\n' $(filter %.c,$(KSRC)) | xargs -P 2 -n 8 $(CLANG) $(LOCK_FLAGS) && echo "locks: ok"
check-sizes:
	@$(PYTHON) tools/check_sizes.py
check-table: $(GEN_H)
	@cmp $(B)/gen/syscalls.md docs/syscalls.md && echo "table: docs/syscalls.md is up to date"
check-spdx:
	@! git ls-files '*.c' '*.h' '*.S' '*.py' '*.sh' '*.mk' '*.lds' '*.tbl' Makefile .ci/run | xargs grep -L 'SPDX-License-Identifier: MIT' | grep . && echo "licences: ok"
check-spelling:
	@git ls-files | grep -v -E '^(LICENSE|docs/syscalls.md)$$' | xargs codespell -q 3 --ignore-words tools/codespell.ignore && echo "spelling: ok"
check-named-tests: # a header says `Tests: tests/abi/x.c`: is there one?
	@! grep -rhoE 'tests/[A-Za-z0-9_/.-]+\.(c|py|cases)' kernel user tools --include=*.[chS] | sort -u | while read -r f; do [ -e $$f ] || echo "named, but not there: $$f"; done | grep . && echo "named tests: ok"
