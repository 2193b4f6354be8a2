/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/rtc.c - the battery clock, read once at boot
 *
 * Owns:      CMOS ports 0x70, 0x71.
 * Layer:     arch/x86_64.
 * Locks:     none: boot CPU alone.
 * Contexts:  boot.
 * Manual:    Motorola MC146818A data sheet; ACPI 6.4 FADT (century register).
 * Tests:     tests/boot: `date`.
 *
 * The clock updates its registers once a second and they are not consistent meanwhile; it is read until two
 * readings agree, at most a few times.  A machine without one reads all ones, and time starts at 1970.
 */
#include <arch/io.h>
#include <base/clock.h>
#include <base/log.h>
#include <lib/string.h>
#include "acpi.h"
#include "tsc.h"

enum {
	RTC_SEC = 0,
	RTC_MIN = 2,
	RTC_HOUR = 4,
	RTC_DAY = 7,
	RTC_MONTH = 8,
	RTC_YEAR = 9,
	RTC_A = 10,
	RTC_B = 11
};
enum { A_UPDATING = 0x80, B_BINARY = 4, B_24H = 2, HOUR_PM = 0x80 };
struct rtc_time {
	u8 sec, min, hour, day, month, year, century;
};

static u8 cmos(u8 reg)
{
	outb(reg, 0x70);
	return inb(0x71);
}

static void rtc_sample(struct rtc_time *t)
{
	for (unsigned i = 0; i < 10000 && cmos(RTC_A) & A_UPDATING; i++)
		;
	*t = (struct rtc_time){ cmos(RTC_SEC),
		                cmos(RTC_MIN),
		                cmos(RTC_HOUR),
		                cmos(RTC_DAY),
		                cmos(RTC_MONTH),
		                cmos(RTC_YEAR),
		                acpi_info.century && acpi_info.century < 128 ? cmos(acpi_info.century) : 0 };
}

static unsigned from_bcd(unsigned v, bool binary)
{
	return binary ? v : (v >> 4) * 10 + (v & 15);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar; years start in March so that leap days come last.
 */
static s64 days_from_civil(s64 y, unsigned m, unsigned d)
{
	y -= m <= 2;
	s64 era = y / 400, yoe = y - era * 400;
	s64 doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void rtc_read_wall_clock(void)
{
	struct rtc_time t, again;
	u8 b = cmos(RTC_B);
	bool binary = b & B_BINARY;
	unsigned tries = 0;

	rtc_sample(&t);
	do {
		again = t;
		rtc_sample(&t);
	} while (memcmp(&t, &again, sizeof(t)) != 0 && ++tries < 5);

	unsigned hour = from_bcd(t.hour & 0x7f, binary), century = from_bcd(t.century, binary);
	unsigned month = from_bcd(t.month, binary), day = from_bcd(t.day, binary),
	         year = from_bcd(t.year, binary);

	if (!(b & B_24H))
		hour = hour % 12 + (t.hour & HOUR_PM ? 12 : 0);
	if (month < 1 || month > 12 || day < 1 || day > 31 || year > 99 || hour > 23) {
		log_warn("rtc: no clock; time starts at 1970");
		return;
	}
	year += century >= 19 && century <= 29 ? century * 100 : 2000;
	s64 sec = days_from_civil(year, month, day) * 86400 + hour * 3600 + from_bcd(t.min, binary) * 60 +
	          from_bcd(t.sec, binary);

	clock_set_realtime(sec * NSEC_PER_SEC);
}
