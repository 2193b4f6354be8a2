# SPDX-License-Identifier: MIT
# zerno.mk - the launcher, ./zerno in the top folder.

HOSTCC       ?= gcc
HOST_CFLAGS  := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes
ZERNO_VERSION ?= 0.1
ZERNO_SRC    := $(wildcard tools/zerno/*.c)

zerno: $(ZERNO_SRC) $(wildcard tools/zerno/*.h) | build/user/init
	@echo "  HOST  $@"
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -DZERNO_VERSION='"$(ZERNO_VERSION)"' -o $@ $(ZERNO_SRC)
