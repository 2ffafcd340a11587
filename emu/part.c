/*
 * What is kept of an exploration between processes: numbers, and strategies that stand where they stood.
 */
#include <emu/part.h>

#include "emu/strategy_part.h"

#include <stdlib.h>

enum { WORDS_FIRST = 64, ASK_RUNS = 256 };

void emu_words_free(struct emu_words *w)
{
    free(w->words);
    *w = (struct emu_words){0};
}

void emu_words_put(struct emu_words *w, uint64_t word)
{
    if (w->count == w->capacity) {
        w->capacity = w->capacity == 0 ? WORDS_FIRST : 2 * w->capacity;
        w->words = realloc(w->words, w->capacity * sizeof *w->words);
        EMU_ASSERT(w->words != NULL);
    }
    w->words[w->count++] = word;
}

uint64_t emu_words_take(struct emu_words *w)
{
    if (w->at < w->count)
        return w->words[w->at++];
    w->short_of = true;
    return 0;
}

uint64_t emu_words_take_below(struct emu_words *w, uint64_t limit)
{
    uint64_t word = emu_words_take(w);
    w->short_of |= word >= limit;
    return word < limit ? word : 0;
}

bool emu_strategy_set_shard(struct emu_strategy *s, uint32_t index, uint32_t count)
{
    EMU_ASSERT(index < count && count <= EMU_SHARDS_MAX);
    if (s->set_shard == NULL)
        return false;
    s->set_shard(s, index, count);
    s->is_shard = true;
    return true;
}

void emu_strategy_save(const struct emu_strategy *s, struct emu_words *to)
{
    if (s->save != NULL)
        s->save(s, to);
}

/* Makes runs that were made before. False: goes_on said no. */
static bool make_again(struct emu_strategy *s, struct emu_machine *m, const struct emu_program *program,
                       uint64_t first, uint64_t count, bool (*goes_on)(void))
{
    emu_machine_set_strategy(m, s);
    bool good = true;
    for (uint64_t i = 0; i < count && good; i++) {
        s->begin(s, first + i);
        emu_run_program(m, program);
        s->end(s);
        good = goes_on == NULL || i % ASK_RUNS != 0 || goes_on();
    }
    emu_machine_set_strategy(m, NULL);
    return good;
}

bool emu_strategy_restore(struct emu_strategy *s, struct emu_machine *m, const struct emu_program *program,
                          struct emu_words *from, bool (*goes_on)(void))
{
    if (s->restore != NULL && !s->restore(s, from))
        return false;
    if (from->short_of)
        return false;
    struct emu_strategy *arm;
    for (unsigned i = 0; (arm = emu_auto_arm(s, i)) != NULL; i++) {
        uint64_t profiled = arm->profile_runs > 0 ? emu_auto_profiled(s) : 0;
        if (!make_again(arm, m, program, EMU_PROFILE_FIRST, profiled, goes_on) ||
            !make_again(arm, m, program, 0, arm->to_be_made_again, goes_on))
            return false;
    }
    return make_again(s, m, program, 0, s->to_be_made_again, goes_on);
}
