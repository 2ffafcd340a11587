/*
 * What the tests of the bare machine share: a machine without layers above, operations of its own to step
 * with, strategies that pick by hand, and children that are meant to die.
 */
#ifndef TESTS_EMU_BARE_H
#define TESTS_EMU_BARE_H

#include <emu/bus.h>
#include <emu/choose.h>
#include <emu/cpu.h>
#include <emu/event.h>
#include <emu/finding.h>
#include <emu/irq.h>
#include <emu/machine.h>
#include <emu/mem.h>
#include <emu/step.h>
#include <emu/strand.h>
#include <emu/trace.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Operations that the tests announce. */
enum bare_op { OP_WORK = EMU_OP_BASE_HOST, OP_LOCK, OP_UNLOCK, OP_WAIT, OP_POLL, OP_IN_HANDLER, OP_IN_SOFT };

static inline void bare_describe(struct emu_machine *m, void *context)
{
    static const struct emu_op_info ops[] = {
        {"work", EMU_ACCESS_WRITE, "value"},   {"lock", EMU_ACCESS_WRITE, NULL},
        {"unlock", EMU_ACCESS_WRITE, NULL},    {"wait", EMU_ACCESS_WRITE, NULL},
        {"poll", EMU_ACCESS_READ, NULL},       {"handle", EMU_ACCESS_WRITE, "level"},
        {"soft work", EMU_ACCESS_WRITE, NULL},
    };
    (void)context;
    emu_describe_ops(m, EMU_OP_BASE_HOST, ops, COUNT_OF(ops));
}

/* A machine, or the test fails. NULL: the default configuration. */
static inline struct emu_machine *bare_machine(const struct emu_config *config)
{
    const char *error = NULL;
    struct emu_machine *m = emu_machine_create(config != NULL ? config : &(struct emu_config){0}, &error);
    if (m == NULL)
        fail_msg("no machine: %s", error);
    emu_machine_add_boot(m, bare_describe, NULL);
    emu_machine_reset(m);
    return m;
}

static inline struct emu_machine *bare_processors(uint32_t processors)
{
    return bare_machine(&(struct emu_config){.processors = processors});
}

/* A strand at level 0 that must finish. */
static inline struct emu_strand *bare_start(struct emu_machine *m, const char *name, unsigned cpu,
                                            emu_strand_fn *fn, void *arg)
{
    return emu_strand_start(
        m, &(struct emu_strand_config){.name = name, .fn = fn, .arg = arg, .cpu = cpu, .must_finish = true});
}

/* A step on nothing in particular, from a strand. */
static inline void bare_work(uint64_t value)
{
    emu_step(emu_current(), OP_WORK, EMU_NO_OBJECT, value);
}

static inline void bare_assert_idle(struct emu_machine *m)
{
    enum emu_stop stop = emu_machine_run(m, 0);
    if (stop == EMU_STOP_FINDING)
        fail_msg("%s: %s", emu_machine_finding(m)->rule, emu_machine_finding(m)->message);
    assert_int_equal(stop, EMU_STOP_IDLE);
}

/* Runs until a finding of this rule whose message contains every given word (up to a NULL). */
static inline void bare_assert_finding(struct emu_machine *m, const char *rule, const char *const words[])
{
    assert_int_equal(emu_machine_run(m, 0), EMU_STOP_FINDING);
    const struct emu_finding *f = emu_machine_finding(m);
    assert_non_null(f);
    assert_string_equal(f->rule, rule);
    for (; *words != NULL; words++)
        if (strstr(f->message, *words) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", f->message, *words);
}

/* ---- What happened, in order ---- */

enum { LOG_MAX = 256 };
struct bare_log {
    char text[LOG_MAX];
    size_t length;
};

static inline void bare_log(struct bare_log *log, char what)
{
    if (log->length + 1 < LOG_MAX)
        log->text[log->length++] = what;
}

/* ---- A strategy that asks a function ---- */

typedef uint32_t bare_pick_fn(void *context, const struct emu_decision *d);
struct bare_picker {
    struct emu_strategy base;
    bare_pick_fn *pick;
    void *context;
};

static inline void bare_picker_begin(struct emu_strategy *s, uint64_t run)
{
    (void)s;
    (void)run;
}

static inline uint32_t bare_picker_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct bare_picker *p = (struct bare_picker *)s;
    return p->pick(p->context, d);
}

static inline bool bare_picker_end(struct emu_strategy *s)
{
    (void)s;
    return false;
}

static inline void bare_picker_destroy(struct emu_strategy *s)
{
    (void)s;
}

static inline void bare_pick_with(struct emu_machine *m, struct bare_picker *p, bare_pick_fn *pick,
                                  void *context)
{
    *p = (struct bare_picker){.base = {.name = "picker",
                                       .begin = bare_picker_begin,
                                       .choose = bare_picker_choose,
                                       .end = bare_picker_end,
                                       .destroy = bare_picker_destroy},
                              .pick = pick,
                              .context = context};
    emu_machine_set_strategy(m, &p->base);
}

/* The first action of a kind on offer, or -1. */
static inline int bare_find(const struct emu_decision *d, enum emu_action_kind kind)
{
    if (d->kind == EMU_CHOICE_SCHEDULE)
        for (uint32_t i = 0; i < d->count; i++)
            if (d->actions[i].kind == (uint8_t)kind)
                return (int)i;
    return -1;
}

/* A strategy's function: takes an action of the kind that context points to whenever there is one. */
static inline uint32_t bare_prefer(void *context, const struct emu_decision *d)
{
    const enum emu_action_kind *kind = context;
    int at = bare_find(d, *kind);
    return at < 0 ? 0 : (uint32_t)at;
}

/* Answers drawn from a seed: a plain generator (xorshift), for runs that differ. */
static inline uint32_t bare_draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

static inline uint32_t bare_random(void *context, const struct emu_decision *d)
{
    return bare_draw(context) % d->count;
}

/* ---- Children that die ---- */

/* Runs fn(arg) in a child without signal handlers; the signal that ended it, or 0. The child is quiet. */
static inline int bare_dies_of(void (*fn)(void *), void *arg)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        signal(SIGABRT, SIG_DFL);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(EXIT_FAILURE);
        fn(arg);
        _exit(EXIT_SUCCESS);
    }
    int status = 0;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

#endif
