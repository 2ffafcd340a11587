/*
 * What a machine remembers for its liveness; liveness.c's part of struct emu_machine. Private to emu.
 */
#ifndef EMU_LIVENESS_STATE_H
#define EMU_LIVENESS_STATE_H

#include <emu/choose.h>
#include <emu/liveness.h>

enum {
    EMU_FAIR_PART = 2,    /* of a run's steps the last one in so many are fair */
    EMU_MOVES_KEPT = 128, /* of the fair part, the newest */
    EMU_CYCLE_MAX = EMU_MOVES_KEPT / 2,
};

/* One decision of the fair part of a run. */
struct emu_move {
    uint8_t kind; /* enum emu_action_kind */
    uint8_t cpu;
    emu_op op;
    emu_object object;
};

struct emu_liveness {
    struct {
        emu_waiters_fn *list;
        void *context;
    } layers[EMU_WAITERS_MAX];
    uint32_t layer_count;
    uint64_t ended; /* requests, in the fair part of the run */
    uint64_t moved; /* decisions in it */
    struct emu_move moves[EMU_MOVES_KEPT];
};

/* liveness.c */
void emu_liveness_reset(struct emu_machine *m);
/* In the fair part of a run, where no strategy is asked any more: this comes next. */
void emu_liveness_moved(struct emu_machine *m, const struct emu_action *a);
/* "; irp#1 waits for ..." behind what is there; returns its length. */
size_t emu_liveness_waiters(struct emu_machine *m, char *out, size_t size);
/* The run has come to its limit of calls that are no steps. */
__attribute__((noreturn)) void emu_liveness_calls(struct emu_machine *m, emu_op op);
/* The run has come to its limit of steps. */
__attribute__((noreturn)) void emu_liveness_limit(struct emu_machine *m, const char *runners);

#endif
