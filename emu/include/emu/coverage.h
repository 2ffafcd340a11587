/*
 * Coverage of the space: how many different runs were seen, what came in which order, and what may be left.
 *
 * Two runs are alike when they differ only in the order of steps that do not touch each other: those of
 * different contexts on different objects, or both reading. Each class of alike runs has one hash, made of
 * its happens-before order while it runs. The relation is coarse: a handler is part of the context that it
 * interrupted, and engines and timers keep their order. So no two different runs are taken for alike (but for
 * two hashes of 56 bits that are equal by chance), while alike ones may count as two: the number of classes
 * is never too small, and may be larger than what partial-order reduction finds.
 */
#ifndef EMU_COVERAGE_H
#define EMU_COVERAGE_H

#include <emu/step.h>

#ifdef __cplusplus
extern "C" {
#endif

struct emu_coverage;

/* NULL without memory; emu_coverage_destroy(NULL) does nothing. */
struct emu_coverage *emu_coverage_create(void);
void emu_coverage_destroy(struct emu_coverage *c);

/*
 * Operations whose order is of interest, at most EMU_MOMENTS_MAX. Before the first run; the array is not
 * kept.
 */
enum { EMU_MOMENTS_MAX = 32 };
void emu_coverage_watch(struct emu_coverage *c, const emu_op *moments, unsigned count);

/*
 * The machine's runs are counted by c from the next one on; NULL: by nobody. emu_explore() does all of this
 * where its options name a coverage.
 */
void emu_machine_set_coverage(struct emu_machine *m, struct emu_coverage *c);
void emu_coverage_begin_run(struct emu_coverage *c);
/* True: no run before was like this one. */
bool emu_coverage_end_run(struct emu_coverage *c);
/* Instead of end_run(): the run counts nowhere. */
void emu_coverage_forget_run(struct emu_coverage *c);

/* Classes so far. */
uint64_t emu_coverage_classes(const struct emu_coverage *c);
/* No run was new in the last half of all, and in EMU_SATURATED_RUNS at least. */
bool emu_coverage_is_saturated(const struct emu_coverage *c);

/* The class of the last run; its steps, those of the race alone. */
uint64_t emu_coverage_class(const struct emu_coverage *c);
uint64_t emu_coverage_steps(const struct emu_coverage *c);

enum {
    EMU_COVERAGE_CLASSES_MAX = 1 << 23, /* told apart; then nothing new is noticed */
    EMU_COVERAGE_POINTS_MAX = 40,
    EMU_SATURATED_RUNS = 1000,
};
struct emu_coverage_point {
    uint64_t runs, classes;
};
struct emu_coverage_report {
    uint64_t runs, classes;
    uint64_t once, twice;    /* classes seen in just one run, in just two */
    uint64_t since_new;      /* runs since the last one that was new */
    double next_new;         /* how likely the next run is new, by Good and Turing: once / runs */
    double classes_expected; /* how many there are at least, by Chao: classes + once^2 / (2 twice) */
    bool full;               /* there were more classes than can be told apart */
    bool saturated;
    unsigned points; /* after 1, 2, 4, 8 ... runs, and now */
    struct emu_coverage_point curve[EMU_COVERAGE_POINTS_MAX];
};
void emu_coverage_read(const struct emu_coverage *c, struct emu_coverage_report *r);

/*
 * Orders of moments: in how many runs an a came before a b; in how many runs one followed the other at once,
 * that is with no other moment between; and a, b, c in a row.
 */
uint64_t emu_coverage_before(const struct emu_coverage *c, emu_op a, emu_op b);
uint64_t emu_coverage_followed(const struct emu_coverage *c, emu_op a, emu_op b);
uint64_t emu_coverage_between(const struct emu_coverage *c, emu_op a, emu_op b, emu_op last);

#ifdef __cplusplus
}
#endif
#endif
