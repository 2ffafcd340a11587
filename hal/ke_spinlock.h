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
/* This processor has the lock, and has it no longer: for every kind of spin lock. */
void ke_spinlock_taken(struct emu_machine *m, KSPIN_LOCK *lock, emu_object object);
void ke_spinlock_left(struct emu_machine *m, KSPIN_LOCK *lock, emu_object object);
/* How many it has. */
uint32_t ke_spinlocks_held(void);
/* A finding where a routine of this kind ("a DPC's") that was called with held of them returns with more. */
void ke_spinlocks_require(struct emu_machine *m, uint32_t held, const char *routine, const char *code);
/* The code of the rules SpinLock and CancelSpinLock, which are about dispatch and cancel routines. */
#define KE_CODE_SPIN_LOCK "0xC4/40009"
/* The way down after a release: to a level that the caller named. A yield point. */
void ke_spinlock_lower(struct emu_machine *m, KIRQL level);

#endif
