# SPDX-License-Identifier: MIT
# user.mk - the programs that run inside the guest: static, small, with musl.

USER_CC     ?= musl-gcc
USER_CFLAGS := -std=gnu11 -Os -Wall -Wextra -Werror -Wstrict-prototypes -static -s -ffunction-sections -Wl,--gc-sections
INIT_SRC    := $(wildcard user/init/*.c) tools/zerno/frame.c

build/user/init: $(INIT_SRC) user/init/init.h tools/zerno/frame.h
	@mkdir -p $(@D)
	@echo "  USER  $@"
	$(Q)$(USER_CC) $(USER_CFLAGS) -o $@ $(INIT_SRC)
