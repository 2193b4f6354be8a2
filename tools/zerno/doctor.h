/* SPDX-License-Identifier: MIT
 * tools/zerno/doctor.h - `zerno doctor`. */
#pragma once
int doctor(void); /* prints its findings; 0: all that is needed is there, else 1 */
