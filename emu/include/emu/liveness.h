/*
 * Liveness: whoever waits is served in the end, or the run is a finding that says who waits for whom.
 *
 * Strands that wait the scheduler knows. What waits without a strand (a request in a queue) the layers above
 * list when they are asked: at a deadlock, at a livelock, and when everything should have been served.
 */
#ifndef EMU_LIVENESS_H
#define EMU_LIVENESS_H

#include <emu/machine.h>
#include <emu/step.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where waiters are written down: the list belongs to who asked. */
struct emu_waiters {
    char *text;
    size_t size, used;
    uint32_t count;
    uint64_t oldest; /* the step since which the first of them waits; UINT64_MAX: not known of any */
};

/* One that waits, since a step (UINT64_MAX: not known), and for whom: "irp#1 waits for ...". */
__attribute__((format(printf, 3, 4))) void emu_waiter(struct emu_waiters *w, uint64_t since,
                                                      const char *format, ...);

/* A layer's list: calls emu_waiter() for each, in an order that is the same in every run. It only reads. */
typedef void emu_waiters_fn(struct emu_machine *m, void *context, struct emu_waiters *w);
enum { EMU_WAITERS_MAX = 4 };
/* From a boot function; forgotten at the next reset. */
void emu_waiters_add(struct emu_machine *m, emu_waiters_fn *list, void *context);

/* Somebody's request has ended: what happens now is not in vain. */
void emu_progress(struct emu_machine *m);

/* A finding "undrained" where anybody is left on the layers' lists. On a strand. */
void emu_require_drained(struct emu_machine *m);

/*
 * A service was called that is no step and writes nothing down (memory is allocated). Such calls, notes and
 * printing count together: EMU_CALLS_PER_STEP times the step limit of them in a run are a livelock, for a
 * loop of them makes no step.
 */
enum { EMU_CALLS_PER_STEP = 16 };
void emu_called(struct emu_machine *m, emu_op op);

#ifdef __cplusplus
}
#endif
#endif
