/*
 * Strands: stackful coroutines that processors run. Their stacks lie in simulated RAM, with a guard page
 * below.
 */
#ifndef EMU_STRAND_H
#define EMU_STRAND_H

#include <emu/step.h>

#ifdef __cplusplus
extern "C" {
#endif

struct emu_strand;
typedef void emu_strand_fn(void *arg);

struct emu_strand_config {
    const char *name; /* outlives the run */
    emu_strand_fn *fn;
    void *arg;
    unsigned cpu;     /* its processor */
    uint8_t priority; /* higher goes first where several are ready on one processor */
    bool must_finish; /* a run that ends while it still waits is a deadlock */
    bool spared;      /* what it calls never fails by choice (emu_fault), until it is told otherwise */
    bool held;        /* not ready before emu_strand_release_held(); after that call it means nothing */
};

/* Ready at once (or held). Returns NULL when strands_max are alive. */
struct emu_strand *emu_strand_start(struct emu_machine *m, const struct emu_strand_config *config);
/* Makes every held strand ready, in order of their start. Once per run. */
void emu_strand_release_held(struct emu_machine *m);

/* The running strand; a pointer that the layer above keeps with it (its thread object). */
struct emu_strand *emu_strand_self(const struct emu_machine *m);
void emu_strand_set_user(struct emu_strand *s, void *user);
void *emu_strand_user(const struct emu_strand *s);
emu_object emu_strand_object(const struct emu_strand *s);
unsigned emu_strand_cpu(const struct emu_strand *s);
/* Moves the strand to a processor: the running one at once (below DISPATCH), another when it is next readied.
 */
void emu_strand_set_cpu(struct emu_machine *m, struct emu_strand *s, unsigned cpu);
uint8_t emu_strand_set_priority(struct emu_strand *s, uint8_t priority); /* returns the old one */
/* The whole stack, lowest address first. */
void emu_strand_stack(const struct emu_strand *s, void **base, size_t *bytes);

/*
 * The running strand leaves its processor until emu_strand_ready(). Only below EMU_LEVEL_DISPATCH, outside
 * interrupts. op and object say what it waits for. No other context runs between the caller's last look at
 * what it waits for and this call, so no wake-up is lost.
 */
void emu_strand_block(struct emu_machine *m, emu_op op, emu_object object);
void emu_strand_ready(struct emu_machine *m, struct emu_strand *s);

/* Ends the running strand. */
__attribute__((noreturn)) void emu_strand_exit(struct emu_machine *m);

#ifdef __cplusplus
}
#endif
#endif
