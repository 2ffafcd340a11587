/*
 * Spin locks.
 *
 * The lock is the driver's word: 0 while free, 1 + the number of the processor that holds it otherwise. A
 * processor that finds it taken stands still until it is free (other processors, and interrupts above its
 * level, go on); one that holds it itself would stand still for ever, which is told at once. In-stack queued
 * locks put the handle of the last in line into the word instead (see ke_queued_lock.c); the two are never
 * told apart by anything but that.
 */
#include <emu/deed.h>
#include <string.h>
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ke_spinlock.h"

static bool lock_is_free(const void *context)
{
    const KSPIN_LOCK *lock = context;
    return *lock == 0;
}

static KSPIN_LOCK own_mark(const struct emu_machine *m)
{
    return (KSPIN_LOCK)emu_cpu(m) + 1;
}

static void self_deadlock(struct emu_machine *m, const KSPIN_LOCK *lock, emu_object object)
    __attribute__((noreturn));
static void self_deadlock(struct emu_machine *m, const KSPIN_LOCK *lock, emu_object object)
{
    char name[KE_NAME_BYTES];
    emu_deed_tell(m, lock);
    emu_finding_raise(m, "KE-SPIN-4", "0xC4/1000", NULL,
                      "processor %u acquires %s, which it holds already: it waits for itself", emu_cpu(m),
                      emu_object_text(m, object, name, sizeof(name)));
}

/* ---- What a processor has ---- */

/* In front of a block that looks at what this processor holds. */
#define OWN_LOCKS(machine) EMU_UNSEEN(machine, "its own; a handler that is over has given back what it took")

void ke_spinlock_taken(struct emu_machine *m, KSPIN_LOCK *lock, emu_object object)
{
    struct ke_processor *p = ke_processor(hal_kernel());
    OWN_LOCKS(m)
    {
        if (p->locks_held < KE_LOCKS_NAMED) {
            p->locks[p->locks_held] = lock;
        }
        p->locks_held++;
    }
    emu_lock_taken(m, object);
}

void ke_spinlock_left(struct emu_machine *m, KSPIN_LOCK *lock, emu_object object)
{
    struct ke_processor *p = ke_processor(hal_kernel());
    OWN_LOCKS(m)
    {
        uint32_t named = p->locks_held < KE_LOCKS_NAMED ? p->locks_held : KE_LOCKS_NAMED;
        uint32_t i = named;
        while (i > 0 && p->locks[i - 1] != lock) {
            i--;
        }
        if (i > 0) {
            memmove(&p->locks[i - 1], &p->locks[i], (named - i) * sizeof p->locks[0]);
        }
        if (i > 0 || p->locks_held > KE_LOCKS_NAMED) {
            p->locks_held--;
        }
    }
    emu_lock_left(m, object);
}

uint32_t ke_spinlocks_held(void)
{
    struct hal_kernel *k = hal_kernel();
    uint32_t held = 0;
    OWN_LOCKS(k->machine)
    {
        held = ke_processor(k)->locks_held;
    }
    return held;
}

void ke_spinlocks_require(struct emu_machine *m, uint32_t held, const char *routine, const char *code)
{
    const struct ke_processor *p = ke_processor(hal_kernel());
    if (__builtin_expect(ke_spinlocks_held() <= held, 1)) {
        return;
    }
    char name[KE_NAME_BYTES];
    uint32_t last = (p->locks_held < KE_LOCKS_NAMED ? p->locks_held : KE_LOCKS_NAMED) - 1;
    emu_deed_tell(m, p->locks[last]);
    emu_finding_raise(m, "KE-SPIN-9", code, NULL, "%s returns while processor %u still holds %s, taken by it",
                      routine, emu_cpu(m),
                      emu_object_text(m, emu_object_at(m, p->locks[last], "lock"), name, sizeof(name)));
}

/* ---- Plain locks ---- */

void ke_spinlock_acquire(struct emu_machine *m, KSPIN_LOCK *lock, emu_op op)
{
    const emu_object object = emu_object_at(m, lock, "lock");
    EMU_UNSEEN(m, "this processor's own mark, which no other sets or clears")
    {
        if (*lock == own_mark(m)) {
            self_deadlock(m, lock, object);
        }
    }
    emu_step_when(m, op, object, 0, lock_is_free, lock);
    EMU_ASSERT(*lock == 0);
    *lock = own_mark(m);
    ke_spinlock_taken(m, lock, object);
}

void ke_spinlock_release(struct emu_machine *m, KSPIN_LOCK *lock)
{
    const emu_object object = emu_object_at(m, lock, "lock");
    if (*lock != own_mark(m)) {
        char name[KE_NAME_BYTES];
        emu_object_text(m, object, name, sizeof(name));
        emu_deed_tell(m, lock);
        if (*lock == 0) {
            emu_finding_raise(m, "KE-SPIN-5", "0xC4/1007", NULL,
                              "processor %u releases %s, which nobody holds", emu_cpu(m), name);
        }
        emu_finding_raise(m, "KE-SPIN-6", "0xC4/1004", NULL,
                          "processor %u releases %s, which another one holds", emu_cpu(m), name);
    }
    emu_step(m, HAL_OP_KE_RELEASE_LOCK, object, 0);
    ke_spinlock_left(m, lock, object);
    *lock = 0;
}

VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    emu_object_fresh(emu_current(), SpinLock, "lock");
    emu_deed_first(emu_current(), SpinLock, "initialized");
    *SpinLock = 0;
}

KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    struct emu_machine *m = emu_current();
    ke_level_at_most(m, DISPATCH_LEVEL, "KE-SPIN-1", "0xC4/42", "KeAcquireSpinLock");
    const KIRQL old = emu_level_raise(m, DISPATCH_LEVEL);
    ke_spinlock_acquire(m, SpinLock, HAL_OP_KE_ACQUIRE_LOCK);
    return old;
}

VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    struct emu_machine *m = emu_current();
    if (emu_level(m) != DISPATCH_LEVEL) {
        const uint64_t parameters[4] = {0x32, emu_level(m), 0, 0};
        emu_finding_raise(m, "KE-SPIN-2", "0xC4/32", parameters,
                          "KeReleaseSpinLock at level %u, not at DISPATCH_LEVEL", emu_level(m));
    }
    ke_spinlock_release(m, SpinLock);
    ke_spinlock_lower(m, NewIrql);
}

void ke_spinlock_lower(struct emu_machine *m, KIRQL level)
{
    const uint8_t floor = ke_handler_floor(hal_kernel());
    if (level > emu_level(m) || level < floor) {
        const uint64_t parameters[4] = {0x31, emu_level(m), level, level < floor};
        emu_finding_raise(m, "KE-SPIN-7", "0xC4/31", parameters,
                          "a spin lock is released to level %u at level %u%s", level, emu_level(m),
                          level < floor ? ", below the level of the handler that runs" : "");
    }
    emu_level_lower(m, level);
    ke_after(m);
}

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    struct emu_machine *m = emu_current();
    ke_level_at_least(m, DISPATCH_LEVEL, "KE-SPIN-3", "0xC4/40", "KeAcquireSpinLockAtDpcLevel");
    ke_spinlock_acquire(m, SpinLock, HAL_OP_KE_ACQUIRE_LOCK);
}

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    struct emu_machine *m = emu_current();
    ke_level_at_least(m, DISPATCH_LEVEL, "KE-SPIN-3", "0xC4/41", "KeReleaseSpinLockFromDpcLevel");
    ke_spinlock_release(m, SpinLock);
    ke_after(m);
}

BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    struct emu_machine *m = emu_current();
    ke_level_at_least(m, DISPATCH_LEVEL, "KE-SPIN-3", "0xC4/40", "KeTryToAcquireSpinLockAtDpcLevel");
    emu_step(m, HAL_OP_KE_TRY_LOCK, emu_object_at(m, SpinLock, "lock"), 0);
    if (*SpinLock != 0) {
        return FALSE;
    }
    *SpinLock = own_mark(m);
    ke_spinlock_taken(m, SpinLock, emu_object_at(m, SpinLock, "lock"));
    return TRUE;
}

BOOLEAN KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    struct emu_machine *m = emu_current();
    emu_step(m, HAL_OP_KE_TEST_LOCK, emu_object_at(m, SpinLock, "lock"), 0);
    return *SpinLock == 0;
}

/* A threaded DPC may run below DISPATCH_LEVEL: these two do what is right at either level. */
KIRQL KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    return KeAcquireSpinLockRaiseToDpc(SpinLock);
}

VOID KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    KeReleaseSpinLock(SpinLock, OldIrql);
}
