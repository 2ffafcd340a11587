/*
 * Replay: answers come from a record.
 *
 * Strict replay is for showing a run again: the first choice that is not the recorded one is kept with both
 * sides, and the rest of the run takes defaults. Tolerant replay is for the shrinker, which edits records:
 * what is recorded is a wish.
 */
#include <emu/explore.h>

#include "emu/strategy.h"

#include <stdlib.h>

struct replay {
    struct emu_strategy base;
    const struct emu_record *record;
    size_t index;
    struct emu_divergence divergence;
};

static void replay_begin(struct emu_strategy *s, uint64_t run)
{
    struct replay *r = (struct replay *)s;
    (void)run;
    r->index = 0;
    r->divergence = (struct emu_divergence){0};
}

static bool matches(const struct emu_choice *recorded, const struct emu_choice *offered)
{
    if (recorded->count == 0)
        return true;
    return recorded->kind == offered->kind && recorded->count == offered->count &&
           (recorded->site == offered->site || recorded->site == 0);
}

static uint32_t replay_strictly(struct emu_strategy *s, const struct emu_decision *d)
{
    struct replay *r = (struct replay *)s;
    if (r->divergence.diverged || r->index >= r->record->length)
        return d->happened;
    const struct emu_choice *recorded = &r->record->choices[r->index];
    struct emu_choice offered = emu_decision_choice(d);
    if (!matches(recorded, &offered)) {
        r->divergence = (struct emu_divergence){
            .diverged = true, .index = r->index, .recorded = *recorded, .offered = offered};
        return d->happened;
    }
    r->index++;
    return recorded->value;
}

static uint32_t replay_tolerantly(struct emu_strategy *s, const struct emu_decision *d)
{
    struct replay *r = (struct replay *)s;
    if (r->index >= r->record->length)
        return d->happened;
    const struct emu_choice *recorded = &r->record->choices[r->index++];
    return recorded->kind == d->kind && recorded->value < d->count ? recorded->value : d->happened;
}

static bool replay_end_strictly(struct emu_strategy *s)
{
    struct replay *r = (struct replay *)s;
    if (!r->divergence.diverged && r->index < r->record->length)
        r->divergence = (struct emu_divergence){
            .diverged = true, .index = r->index, .recorded = r->record->choices[r->index]};
    return false;
}

static bool replay_end_tolerantly(struct emu_strategy *s)
{
    (void)s;
    return false;
}

static void replay_destroy(struct emu_strategy *s)
{
    free(s);
}

static const struct emu_divergence *replay_divergence(const struct emu_strategy *s)
{
    return &((const struct replay *)s)->divergence;
}

struct emu_strategy *emu_strategy_replay(const struct emu_record *record, bool strict)
{
    struct replay *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->base = (struct emu_strategy){.name = strict ? "replay" : "tolerant replay",
                                    .answers_input = true,
                                    .begin = replay_begin,
                                    .choose = strict ? replay_strictly : replay_tolerantly,
                                    .end = strict ? replay_end_strictly : replay_end_tolerantly,
                                    .destroy = replay_destroy,
                                    .divergence = strict ? replay_divergence : NULL};
    r->record = record;
    return &r->base;
}
