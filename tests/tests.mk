# SPDX-License-Identifier: MIT
# tests/tests.mk - the test targets.  tests/run.py does the work; each prints `N passed, N failed` last.

ABI_SRC := $(filter-out tests/abi/abi.c,$(wildcard tests/abi/*.c))
ABI_BIN := $(patsubst tests/abi/%.c,build/tests/abi/%,$(ABI_SRC))
STRESS_BIN := $(patsubst tests/stress/%.c,build/tests/stress/%,$(wildcard tests/stress/*.c))
DEBIAN_BIN := $(patsubst tests/debian/%.c,build/tests/debian/%,$(wildcard tests/debian/*.c))
# 32-bit ones for the i386 root, when that was made.
ifneq ($(wildcard build/debian/root-i386.cpio),)
DEBIAN_BIN += $(patsubst tests/debian/%.c,build/tests/debian-i386/%,$(wildcard tests/debian/*.c))
endif
GUEST_CC := musl-gcc -static -O1 -g -std=gnu11 -Wall -Wno-stringop-overflow -Wno-stringop-overread -Wno-nonnull \
	-Wno-unused-result -Wno-dangling-pointer -Wno-unused-but-set-variable

build/tests/abi/%: tests/abi/%.c tests/abi/abi.h
	@mkdir -p $(@D)
	@echo "  GUEST $<"
	$(Q)$(GUEST_CC) -Itests/abi -o $@ $<
build/tests/stress/%: tests/stress/%.c $(wildcard tests/stress/*.h)
	@mkdir -p $(@D)
	@echo "  GUEST $<"
	$(Q)$(GUEST_CC) -I$(B)/gen -o $@ $<

# Dynamic and with debug information, for the debuggers of the Debian root; gdb finds the source in /tests.
build/tests/debian/%: tests/debian/%.c
	@mkdir -p $(@D)
	@echo "  GUEST $<"
	$(Q)gcc -g -O0 -std=gnu11 -Wall -pthread -ffile-prefix-map=$(CURDIR)/tests/debian=/tests -o $@ $(CURDIR)/$<

build/tests/debian-i386/%: tests/debian/%.c
	@mkdir -p $(@D)
	@echo "  GUEST $< (i386)"
	$(Q)gcc -m32 -g -O0 -std=gnu11 -Wall -pthread -ffile-prefix-map=$(CURDIR)/tests/debian=/tests -o $@ $(CURDIR)/$<

# Static programs of Debian's Go and Rust, which `make debian-dev` installs: only built when that was done.
ifneq ($(wildcard build/debian/root-dev.cpio),)
DEV_SRC := $(wildcard tests/debian-dev/*.go tests/debian-dev/*.rs)
DEV_BIN := $(patsubst tests/debian-dev/%,build/tests/debian-dev/%,$(basename $(DEV_SRC)))
endif
build/tests/debian-dev/%: tests/debian-dev/%.go
	@mkdir -p $(@D)
	@echo "  GUEST $<"
	$(Q)CGO_ENABLED=0 GO111MODULE=off GOCACHE=$(CURDIR)/build/go-cache /usr/bin/go build -trimpath -o $@ $<
build/tests/debian-dev/%: tests/debian-dev/%.rs
	@mkdir -p $(@D)
	@echo "  GUEST $<"
	$(Q)/usr/bin/rustc -O --edition 2021 -C target-feature=+crt-static -o $@ $<

# i386: a 32-bit program each, without a library, so that plain gcc -m32 is enough.
I386_BIN := $(patsubst tests/i386/%.c,build/tests/i386/%,$(wildcard tests/i386/*.c))
build/tests/i386/%: tests/i386/%.c tests/i386/start.h
	@mkdir -p $(@D)
	@echo "  GUEST $<"
	$(Q)gcc -m32 -march=i686 -static -nostdlib -ffreestanding -fno-pic -no-pie -fno-stack-protector -fcf-protection=none -O1 -g \
		-std=gnu11 -Wall -Wextra -Itests/i386 -o $@ $<

test-programs: $(ABI_BIN) $(STRESS_BIN) $(I386_BIN) $(DEBIAN_BIN) $(DEV_BIN)
.PHONY: i386-tests i386-busybox test test-programs unit-tests abi-tests apps-tests debian-tests debian-i386-tests debian-dev-tests share-tests boot-tests fuzz files-tests images-tests conformance-busybox conformance-python conformance-python-disk conformance-git conformance-strace conformance-x86 bench bench-files

test: need-test ## all tests, under 15 minutes
	@$(MAKE) --no-print-directory all test-programs
	@$(PYTHON) tests/run.py all
ktest: all ## the tests inside the kernel
	@$(PYTHON) tests/run.py ktest
abi-tests: all test-programs ## system calls: each check on Linux, then on Zerno (T=name: one family)
	@$(PYTHON) tests/run.py abi $(T)
i386-tests: all test-programs ## 32-bit programs on int $$0x80, compared with Linux's
	@$(PYTHON) tests/run.py i386 $(T)
i386-busybox: all build/i386/usr/bin/busybox ## apps-tests with Debian's i386 busybox (makes `debian-i386` if it is not there)
	@$(PYTHON) tests/run.py apps --busybox=$(abspath build/i386/usr/bin/busybox)
build/i386/usr/bin/busybox: build/debian/root-i386.cpio
	@mkdir -p build/i386
	$(Q)bsdtar -xmf $< -C build/i386 ./usr/bin/busybox
build/debian/root-i386.cpio:
	@$(MAKE) --no-print-directory debian-i386
apps-tests: all ## busybox command lines, output compared with Linux's
	@$(PYTHON) tests/run.py apps $(T)
debian-tests: all test-programs ## Debian's dynamic programs, output compared with Linux's (after `make debian`)
	@$(PYTHON) tests/run.py debian $(T)
debian-i386-tests: all test-programs ## the same with Debian's 32-bit programs (after `make debian-i386`)
	@$(PYTHON) tests/run.py debian-i386 $(T)
debian-dev-tests: all test-programs ## gcc, make, git, sqlite3, python3, Go and Rust on both systems (after `make debian-dev`)
	@$(PYTHON) tests/run.py debian-dev $(T)
share-tests: all ## folders of this machine in the guest: volumes, and its root below a throw-away layer
	@$(PYTHON) tests/run.py share $(T)
boot-tests: all ## machines, CPUs, memory sizes
	@$(PYTHON) tests/run.py boot $(T)
.PHONY: ubsan-tests
ubsan-tests: need-test all test-programs ## ktest, abi, i386 and apps on a kernel that reports undefined behaviour (docs/debugging.md)
	@$(MAKE) --no-print-directory UBSAN=1 B=build/ubsan build/ubsan/zerno.elf
	@for k in ktest abi i386 apps; do $(PYTHON) tests/run.py $$k --kernel=build/ubsan/zerno.elf || exit 1; done
.PHONY: stress kasan-tests
kasan-tests: need-test all test-programs ## all tests that run a guest, on a kernel that reports stray accesses to memory
	@$(MAKE) --no-print-directory KASAN=1 B=build/kasan build/kasan/zerno.elf
	@$(PYTHON) tests/run.py guests --kernel=build/kasan/zerno.elf --slow=3
stress: need-test all test-programs ## threads, forks, signals, exec and ptrace against exit: 60 s each on 1, 2 and 4 CPUs; KERNEL=FILE: another build
	@$(PYTHON) tests/run.py stress --seconds=60 $(if $(KERNEL),--kernel=$(KERNEL) --slow=3)
fuzz: need-test all test-programs ## hostile input for 10 minutes; KERNEL=FILE: another build of the kernel
	@$(PYTHON) tests/run.py fuzz --seconds=600 $(if $(KERNEL),--kernel=$(KERNEL) --slow=3)
files-tests: need-test all test-programs ## random file operations against a model in memory, 10 million for each file system; goes on where it was stopped
	@$(PYTHON) tests/run.py files --long
images-tests: need-test all test-programs ## images of ext4 that travel between Linux and Zerno in QEMU, and Debian on one
	@$(PYTHON) tests/run.py images --long $(T)
conformance-busybox: need-test all ## the busybox 1.35 test suite of Debian's source package, on Linux and on Zerno
	@$(PYTHON) tests/conformance_busybox.py
conformance-python: need-test all build/debian/root-python.cpio ## CPython's own tests of processes, threads, files and times, on Linux and on Zerno
	@$(PYTHON) tests/conformance_python.py $(T)
conformance-python-disk: need-test all build/debian/root-python.cpio ## the same with the tests' files on ext4
	@$(PYTHON) tests/conformance_python.py --disk $(T)
build/debian/root-python.cpio:
	@tools/setup.sh debian
	@tools/debian_root.sh $@ amd64 libpython3.11-testsuite

conformance-strace: need-test all build/debian/root.cpio ## strace's own test suite, built once from Debian's source, on Linux and on Zerno
	@tools/setup.sh suites
	@$(PYTHON) tests/conformance_strace.py $(T)
conformance-git: need-test all build/debian/root.cpio ## some hundred scripts of git's own t/, built once from Debian's source, on ext4, on Linux and on Zerno
	@tools/setup.sh suites
	@$(PYTHON) tests/conformance_git.py $(T)
conformance-x86: need-test all ## the x86 and vDSO selftests of Debian's linux-source-6.1, on Debian's kernel and on Zerno in the same QEMU
	@tools/setup.sh suites
	@$(PYTHON) tests/conformance_x86.py $(T)
build/debian/root.cpio:
	@$(MAKE) --no-print-directory debian

bench: need-test all ## microbenchmarks in executed instructions, beside Linux's figures
	@bench/run.sh
bench-files: need-test all build/debian/root-bench.cpio ## files on disks and shares, Linux and Zerno in turn in the same QEMU (T="ROW...")
	@$(PYTHON) bench/files.py $(T)
build/debian/root-bench.cpio:
	@tools/setup.sh debian
	@tools/debian_root.sh $@ amd64 fio,sqlite3,busybox-static
