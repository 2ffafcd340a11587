/*
 * Loads and stores of instrumented code, and the order between contexts: how data races are found.
 *
 * From the first load or store of an instrumented driver on, a run is watched: every access is compared with
 * those that other contexts made to the same bytes. Two that conflict (one of them a write, not both of them
 * volatile or atomic) and that nothing orders are a data race, a finding. A context is a strand, or the
 * handlers of one level on one processor: those never overlap. What orders: see docs/data-races.md.
 *
 * An access is a yield point when it is volatile or atomic, or when another context made a conflicting one
 * before (docs/decisions/0039).
 *
 * While a run is not watched, all of these return at once. None is a yield point but where it says so.
 */
#ifndef EMU_ACCESS_H
#define EMU_ACCESS_H

#include <emu/step.h>

#ifdef __cplusplus
extern "C" {
#endif

enum emu_memory {
    EMU_MEMORY_READ = 0,
    EMU_MEMORY_WRITE = 1,
    EMU_MEMORY_VOLATILE = 2,
    EMU_MEMORY_ATOMIC = 4,
    EMU_MEMORY_ACQUIRE = 8,      /* of an atomic one: orders what comes later behind the releases it saw */
    EMU_MEMORY_RELEASE = 16,     /* of an atomic one: what came before is ordered before who acquires it */
    EMU_MEMORY_ANNOUNCED = 32,   /* part of the operation whose emu_step() returned: not announced again */
    EMU_MEMORY_INSTRUMENTED = 64 /* begins the watch where it has not begun */
};

/* From here on in this run. */
void emu_access_watch(struct emu_machine *m);
bool emu_access_watched(const struct emu_machine *m);

/*
 * The running context reads or writes bytes from address on, by the instruction before pc. May be a yield
 * point; the caller performs the access when it returns.
 */
void emu_access_memory(struct emu_machine *m, const volatile void *address, size_t bytes, unsigned memory,
                       uintptr_t pc);

/* A full memory barrier: with one before the write and one after the read, a volatile variable orders. */
void emu_access_fence(struct emu_machine *m);

/* The bytes begin a new life (allocated anew): who touched them before is forgotten. */
void emu_access_fresh(struct emu_machine *m, const void *address, size_t bytes);

/*
 * Memory that watched code may not touch as it likes, since it is somebody else's for a while. Guards are
 * shown each access to a page that has guarded bytes, before it is made, and says by a finding that it is
 * wrong. Guards are added at boot; on and off are counted, for the pages that the bytes lie in. Only while
 * the run is watched.
 */
enum { EMU_GUARDS_MAX = 4 };
typedef void emu_guard_fn(struct emu_machine *m, void *context, uintptr_t address, size_t bytes, bool writes);
void emu_access_add_guard(struct emu_machine *m, emu_guard_fn *guard, void *context);
void emu_access_guard(struct emu_machine *m, const void *address, size_t bytes, bool on);

/*
 * What the running context (strand, handler, device) did so far comes before whatever a context does that
 * acquires the object later. Every step of a writing operation releases and acquires its object by itself, of
 * a reading one acquires it.
 */
void emu_order_release(struct emu_machine *m, emu_object object);
void emu_order_acquire(struct emu_machine *m, emu_object object);
/* Acquires all that was done at EMU_LEVEL_DISPATCH and above on a processor. */
void emu_order_after_level(struct emu_machine *m, unsigned cpu);

/* For reports: the running context holds the lock from now on, or no longer; and what it runs (a DPC). */
void emu_lock_taken(struct emu_machine *m, emu_object lock);
void emu_lock_left(struct emu_machine *m, emu_object lock);
void emu_access_runs(struct emu_machine *m, emu_object object);

#ifdef __cplusplus
}
#endif
#endif
