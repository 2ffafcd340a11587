/*
 * Liveness: the fair part of a run, and what is said of one that has no end.
 *
 * A schedule that a strategy chose for ever proves nothing: it may pass over whoever would end the run. So
 * the second half of a run's steps belongs to nobody: whatever can happen has its turn. What has no end then
 * has none on any machine, and the run is
 *
 *   starvation   where requests go on to end, but one that waited when fairness began still waits
 *   livelock     else; the moves that repeat are named
 */
#include "emu/machine_state.h"

#include <stdio.h>
#include <string.h>

enum {
    STARVED_ENDS = 8, /* requests that ended while another waited: it was passed over */
    NAME_TEXT = 64,
    WAITERS_TEXT = 400,
    CYCLE_TEXT = 240,
    CYCLE_SHOWN = 6,
};

void emu_liveness_reset(struct emu_machine *m)
{
    struct emu_liveness *l = &m->liveness;
    l->layer_count = 0;
    l->ended = 0;
    m->calls = 0;
    l->moved = 0;
}

void emu_waiters_add(struct emu_machine *m, emu_waiters_fn *list, void *context)
{
    struct emu_liveness *l = &m->liveness;
    EMU_ASSERT(l->layer_count < EMU_WAITERS_MAX);
    l->layers[l->layer_count].list = list;
    l->layers[l->layer_count++].context = context;
}

static uint64_t fair_from(const struct emu_machine *m)
{
    return m->config.step_limit / EMU_FAIR_PART;
}

void emu_progress(struct emu_machine *m)
{
    m->liveness.ended += m->steps > fair_from(m);
}

void emu_waiter(struct emu_waiters *w, uint64_t since, const char *format, ...)
{
    w->count++;
    w->oldest = since < w->oldest ? since : w->oldest;
    if (w->used >= w->size)
        return;
    int n = snprintf(w->text + w->used, w->size - w->used, "; ");
    w->used += n > 0 ? (size_t)n : 0;
    if (w->used >= w->size)
        return;
    va_list arguments;
    va_start(arguments, format);
    n = vsnprintf(w->text + w->used, w->size - w->used, format, arguments);
    va_end(arguments);
    w->used += n > 0 ? (size_t)n : 0;
}

static struct emu_waiters ask(struct emu_machine *m, char *out, size_t size)
{
    const struct emu_liveness *l = &m->liveness;
    struct emu_waiters w = {.text = out, .size = size, .oldest = UINT64_MAX};
    out[0] = '\0';
    for (uint32_t i = 0; i < l->layer_count; i++)
        l->layers[i].list(m, l->layers[i].context, &w);
    return w;
}

size_t emu_liveness_waiters(struct emu_machine *m, char *out, size_t size)
{
    struct emu_waiters w = ask(m, out, size);
    return w.used < size ? w.used : size - 1;
}

void emu_require_drained(struct emu_machine *m)
{
    char text[WAITERS_TEXT];
    struct emu_waiters w = ask(m, text, sizeof text);
    if (w.count != 0)
        emu_finding_raise(m, "undrained", NULL, NULL, "nothing can run and nothing is due%s", text);
}

/* ---- Calls ---- */

void emu_called(struct emu_machine *m, emu_op op)
{
    emu_count_call(m, op);
}

void emu_liveness_calls(struct emu_machine *m, emu_op op)
{
    uint64_t calls = m->calls;
    m->calls = 0; /* the finding is written down, too */
    emu_finding_raise(
        m, "livelock", NULL, NULL,
        "no end after %llu calls that are no steps, and %llu steps: %s on processor %u calls %s",
        (unsigned long long)calls, (unsigned long long)m->steps, m->self->name, (unsigned)m->self->cpu,
        emu_op_info(m, op)->name);
}

/* ---- The fair part ---- */

void emu_liveness_moved(struct emu_machine *m, const struct emu_action *a)
{
    struct emu_liveness *l = &m->liveness;
    l->moves[l->moved++ % EMU_MOVES_KEPT] =
        (struct emu_move){.kind = a->kind, .cpu = a->cpu, .op = a->op, .object = a->object};
}

static const struct emu_move *move_back(const struct emu_liveness *l, uint64_t back)
{
    return &l->moves[(l->moved - 1 - back) % EMU_MOVES_KEPT];
}

static bool same(const struct emu_move *a, const struct emu_move *b)
{
    return a->kind == b->kind && a->cpu == b->cpu && a->op == b->op && a->object == b->object;
}

/* The shortest period of the last moves, or 0. */
static uint32_t cycle(const struct emu_liveness *l)
{
    if (l->moved < EMU_MOVES_KEPT)
        return 0;
    for (uint32_t period = 1; period <= EMU_CYCLE_MAX; period++) {
        uint32_t i = 0;
        while (i + period < EMU_MOVES_KEPT && same(move_back(l, i), move_back(l, i + period)))
            i++;
        if (i + period == EMU_MOVES_KEPT)
            return period;
    }
    return 0;
}

static int describe(const struct emu_machine *m, const struct emu_move *move, char *out, size_t size)
{
    char what[NAME_TEXT];
    emu_object_text(m, move->object, what, sizeof what);
    switch ((enum emu_action_kind)move->kind) {
    case EMU_ACTION_STEP:
        if (move->object == EMU_NO_OBJECT)
            return snprintf(out, size, "%s on processor %u", emu_op_info(m, move->op)->name,
                            (unsigned)move->cpu);
        return snprintf(out, size, "%s of %s on processor %u", emu_op_info(m, move->op)->name, what,
                        (unsigned)move->cpu);
    case EMU_ACTION_SOFT:
        return snprintf(out, size, "a software interrupt on processor %u", (unsigned)move->cpu);
    case EMU_ACTION_DELIVER:
    case EMU_ACTION_SWITCH:
        return snprintf(out, size, "%s on processor %u", what, (unsigned)move->cpu);
    case EMU_ACTION_ENGINE:
    case EMU_ACTION_EVENT:
        break;
    }
    return snprintf(out, size, "%s", what);
}

/* "; these repeat: A, B, C" */
static void describe_cycle(const struct emu_machine *m, char *out, size_t size)
{
    const struct emu_liveness *l = &m->liveness;
    uint32_t period = cycle(l);
    size_t used = 0;
    out[0] = '\0';
    if (period == 0)
        return;
    uint32_t shown = period < CYCLE_SHOWN ? period : CYCLE_SHOWN;
    for (uint32_t i = 0; i < shown && used < size; i++) {
        int n = snprintf(out + used, size - used, "%s", i == 0 ? "; for ever: " : ", ");
        used += n > 0 ? (size_t)n : 0;
        n = used < size ? describe(m, move_back(l, period - 1 - i), out + used, size - used) : 0;
        used += n > 0 ? (size_t)n : 0;
    }
    if (shown < period && used < size)
        snprintf(out + used, size - used, " ... (%u moves)", (unsigned)period);
}

void emu_liveness_limit(struct emu_machine *m, const char *runners)
{
    const struct emu_liveness *l = &m->liveness;
    char waiters[WAITERS_TEXT], moves[CYCLE_TEXT];
    struct emu_waiters w = ask(m, waiters, sizeof waiters);
    if (w.oldest < fair_from(m) && l->ended >= STARVED_ENDS)
        emu_finding_raise(m, "starvation", NULL, NULL,
                          "%llu requests ended since step %llu, and one of these waits since step %llu%s",
                          (unsigned long long)l->ended, (unsigned long long)fair_from(m),
                          (unsigned long long)w.oldest, waiters);
    describe_cycle(m, moves, sizeof moves);
    emu_finding_raise(m, "livelock", NULL, NULL, "no end after %llu steps: %s%s%s",
                      (unsigned long long)m->steps, runners, moves, waiters);
}
