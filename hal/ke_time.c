/*
 * Reading the clock. Each reading is a yield point: a loop that polls the time must let it pass.
 */
#include "hal/ke_time.h"

#include <wdm.h>

#include <emu/event.h>

#include "hal/ke_check.h"

enum { SHORTEST_TICK_UNITS = 5000 };

uint64_t ke_read_clock(void)
{
    struct hal_kernel *k = hal_kernel();
    EMU_UNSEEN(k->machine, "who is the first to need it: its address names it")
    {
        if (k->ke.clock == EMU_NO_OBJECT) {
            k->ke.clock = emu_object_at(k->machine, &k->ke.clock, "clock");
        }
    }
    emu_step(k->machine, HAL_OP_KE_READ_TIME, k->ke.clock, 0);
    return emu_now(k->machine) / KE_TIME_UNIT;
}

VOID haldma_KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    CurrentTime->QuadPart = KE_BOOT_TIME + (LONGLONG)ke_read_clock();
}

VOID KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    haldma_KeQuerySystemTime(CurrentTime);
}

ULONGLONG KeQueryInterruptTime(VOID)
{
    return ke_read_clock();
}

ULONGLONG KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    const uint64_t now = ke_read_clock();
    *QpcTimeStamp = now;
    return now;
}

ULONGLONG KeQueryUnbiasedInterruptTime(VOID)
{
    return ke_read_clock();
}

VOID haldma_KeQueryTickCount(PLARGE_INTEGER TickCount)
{
    TickCount->QuadPart = (LONGLONG)(ke_read_clock() / KE_TICK_UNITS);
}

ULONG KeQueryTimeIncrement(VOID)
{
    return KE_TICK_UNITS;
}

/* Timers expire when they are due whatever the interval is; what drivers see of it is this. */
static uint32_t clock_interval(const struct hal_kernel *k)
{
    return k->ke.clock_interval != 0 ? k->ke.clock_interval : (uint32_t)KE_TICK_UNITS;
}

ULONG ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution)
{
    struct hal_kernel *k = hal_kernel();
    const uint32_t wanted = DesiredTime < SHORTEST_TICK_UNITS ? SHORTEST_TICK_UNITS : DesiredTime;
    ke_level_at_most(k->machine, APC_LEVEL, "KE-TIME-2", KE_CODE_IRQL_EX_APC_LTE2, "ExSetTimerResolution");
    if (SetResolution) {
        k->ke.clock_requests++;
        if (wanted < clock_interval(k)) {
            k->ke.clock_interval = wanted;
        }
    } else if (k->ke.clock_requests > 0 && --k->ke.clock_requests == 0) {
        k->ke.clock_interval = 0;
    }
    return clock_interval(k);
}

VOID ExQueryTimerResolution(PULONG MaximumTime, PULONG MinimumTime, PULONG CurrentTime)
{
    *MaximumTime = (ULONG)KE_TICK_UNITS;
    *MinimumTime = SHORTEST_TICK_UNITS;
    *CurrentTime = clock_interval(hal_kernel());
}

/* The machine stands where local time is UTC. */
VOID ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime)
{
    *LocalTime = *SystemTime;
}

VOID ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime)
{
    *SystemTime = *LocalTime;
}

VOID KeStallExecutionProcessor(ULONG MicroSeconds)
{
    emu_stall(emu_current(), MicroSeconds * EMU_MICROSECOND);
}
