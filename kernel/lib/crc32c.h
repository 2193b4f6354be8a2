/* SPDX-License-Identifier: MIT
 * lib/crc32c.h - the CRC of iSCSI and ext4 (polynomial 0x1EDC6F41, reflected). */
#pragma once
#include <abi/types.h>
/* Goes on from `crc`; neither that nor the result is inverted (ext4 begins with ~0 and stores what comes out). */
u32 crc32c(u32 crc, const void *data, size_t n);
