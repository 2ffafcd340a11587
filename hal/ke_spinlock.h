/*
 * Spin locks, for the rest of the kernel layer. Callers have raised the level already and lower it
 * themselves.
 */
#ifndef HAL_KE_SPINLOCK_H
#define HAL_KE_SPINLOCK_H

#include <emu/step.h>
#include <wdm.h>

/* Stands still until the lock is free, then takes it. op is what the trace shows. */
void ke_spinlock_acquire(struct emu_machine *m, KSPIN_LOCK *lock, emu_op op);
/* Gives back a lock that this processor holds (else a finding). */
void ke_spinlock_release(struct emu_machine *m, KSPIN_LOCK *lock);
/* The way down after a release: to a level that the caller named. A yield point. */
void ke_spinlock_lower(struct emu_machine *m, KIRQL level);

#endif
