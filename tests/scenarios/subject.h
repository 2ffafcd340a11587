/*
 * A scenario out of a module, with its machine: what tests of scenarios begin with.
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <haldma.h>

struct subject {
    void *module;
    const struct haldma_scenario *scenario;
    struct emu_machine *machine;
    struct emu_program program;
};

/* Fails the test where there is no such module or scenario. */
struct subject open_subject(const char *path, const char *name);
/* Its scenario on another machine than the one it came with. */
void move_subject(struct subject *s, const struct haldma_platform *platform);
void close_subject(struct subject *s);

/* Explores under a strategy, which it destroys, for so many runs (0: until it is done). */
struct emu_report explore_subject(struct subject *s, struct emu_strategy *strategy, uint64_t runs);

/* Fails the test where there is a finding, with its message. */
void require_clean(const struct emu_report *report);

#endif
