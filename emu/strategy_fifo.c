/*
 * First-in-first-out: every choice takes its default, so there is one run. And what all strategies have in
 * common.
 */
#include <emu/explore.h>

#include <stdlib.h>

static void fifo_begin(struct emu_strategy *s, uint64_t run)
{
    (void)s;
    (void)run;
}

static uint32_t fifo_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    (void)s;
    (void)d;
    return 0;
}

static bool fifo_end(struct emu_strategy *s)
{
    (void)s;
    return false;
}

static void fifo_destroy(struct emu_strategy *s)
{
    free(s);
}

struct emu_strategy *emu_strategy_fifo(void)
{
    struct emu_strategy *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (struct emu_strategy){
        .name = "fifo", .begin = fifo_begin, .choose = fifo_choose, .end = fifo_end, .destroy = fifo_destroy};
    return s;
}

void emu_strategy_destroy(struct emu_strategy *s)
{
    if (s != NULL)
        s->destroy(s);
}

const struct emu_divergence *emu_strategy_divergence(const struct emu_strategy *s)
{
    return s->divergence == NULL ? NULL : s->divergence(s);
}

const struct emu_reduction *emu_strategy_reduction(const struct emu_strategy *s)
{
    return s->reduction == NULL ? NULL : s->reduction(s);
}

bool emu_strategy_is_proof(const struct emu_strategy *s)
{
    const struct emu_reduction *r = emu_strategy_reduction(s);
    return r == NULL || !r->forced;
}
