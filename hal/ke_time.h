/*
 * How the machine's nanoseconds and Windows' times go together.
 */
#ifndef HAL_KE_TIME_H
#define HAL_KE_TIME_H

#include <stdint.h>

/* Nanoseconds in one unit of a Windows time. */
#define KE_TIME_UNIT 100ull
/* The system time when a machine is switched on: 1 January 2026, in units since 1 January 1601. */
#define KE_BOOT_TIME 134116992000000000ll
/* Units between two ticks of the system clock (15.625 ms). */
#define KE_TICK_UNITS 156250ull
/* A time that no run reaches, far enough from the end of the numbers to be added to. */
#define KE_FOREVER (UINT64_MAX / 4)

/* The clock, in Windows' units since the machine was switched on. A yield point. */
uint64_t ke_read_clock(void);

#endif
