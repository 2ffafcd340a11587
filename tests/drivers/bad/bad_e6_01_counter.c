/*
 * 0xE6/01 and 02: a time is measured on two processors, of a machine whose performance counters do not agree.
 */
#include "bad.h"

#define FIRST_PROCESSOR  0x1
#define SECOND_PROCESSOR 0x2

static VOID Measure(KAFFINITY From, KAFFINITY To)
{
    KeSetSystemAffinityThread(From);
    KeQueryPerformanceCounter(NULL);
    if (!MENDED) {
        KeSetSystemAffinityThread(To);
    }
    KeQueryPerformanceCounter(NULL);
    KeRevertToUserAffinityThread();
}

static VOID GoesBack(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Mdl);
    Measure(SECOND_PROCESSOR, FIRST_PROCESSOR);
}

static VOID TooFast(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Mdl);
    Measure(FIRST_PROCESSOR, SECOND_PROCESSOR);
}

BAD_DRIVER(e6_01_counter_went_back, NULL, GoesBack, NULL)
BAD_DRIVER(e6_02_counter_too_fast, NULL, TooFast, NULL)
