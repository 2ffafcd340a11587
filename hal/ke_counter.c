/*
 * The performance counter.
 *
 * It counts with the machine's clock. A machine may have one for each processor that do not agree: each is
 * ahead of the one before by the configured time, and a driver that measures on two of them measures wrong.
 * Under verification that is told, as Driver Verifier's DMA verification tells it: bug check 0xE6, code 1
 * where the counter went back, 2 where it ran ahead of the time that has passed.
 */
#include <wdm.h>

#include <emu/cpu.h>
#include <emu/finding.h>

#include "hal/boot.h"
#include "hal/ke_time.h"
#include "hal/kernel.h"

enum { COUNTER_FREQUENCY = 10000000 };
enum { WENT_BACK = 0x01, TOO_FAST = 0x02 };

void hal_set_counter_skew(struct emu_machine *m, uint64_t skew_ns)
{
    struct hal_kernel *k = emu_slot(m, EMU_SLOT_KERNEL);
    k->ke.counter.skew = skew_ns / KE_TIME_UNIT;
}

static void raise_wrong(struct hal_kernel *k, unsigned code, uint64_t value, const char *what)
{
    const struct ke_counter *c = &k->ke.counter;
    const uint64_t parameters[] = {code, c->value, value, 0};
    emu_finding_came_from(k->machine, EMU_NO_OBJECT, "read before", &c->birth);
    emu_finding_raise(k->machine, code == WENT_BACK ? "DMA-VERIFY-01" : "DMA-VERIFY-02",
                      code == WENT_BACK ? "0xE6/01" : "0xE6/02", parameters,
                      "the performance counter %s: %llu on processor %u, %llu now on processor %u", what,
                      (unsigned long long)c->value, c->birth.cpu, (unsigned long long)value,
                      emu_cpu(k->machine));
}

static void verify(struct hal_kernel *k, uint64_t clock, uint64_t value)
{
    struct ke_counter *c = &k->ke.counter;
    emu_touch(k->machine, k->ke.clock, EMU_ACCESS_WRITE);
    if (c->was_read && value < c->value)
        raise_wrong(k, WENT_BACK, value, "went back");
    if (c->was_read && value - c->value > clock - c->clock)
        raise_wrong(k, TOO_FAST, value, "runs too fast");
    c->was_read = true;
    c->clock = clock;
    c->value = value;
    emu_birth_note(k->machine, &c->birth);
}

LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    struct hal_kernel *k = hal_kernel();
    LARGE_INTEGER counter;
    if (PerformanceFrequency != NULL) {
        PerformanceFrequency->QuadPart = COUNTER_FREQUENCY;
    }
    const uint64_t clock = ke_read_clock();
    const uint64_t value = clock + emu_cpu(k->machine) * k->ke.counter.skew;
    if ((k->verify & HAL_VERIFY_DMA) != 0) {
        verify(k, clock, value);
    }
    counter.QuadPart = (LONGLONG)value;
    return counter;
}
