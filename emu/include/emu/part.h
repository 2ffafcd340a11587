/*
 * Parts of one exploration: shards, and going on where an earlier process stopped.
 *
 * A part is either some of the numbers of the runs (where run k follows from k), or some of the subtrees of a
 * search. Parts need not know of each other: each tells from the first choices of a run whether it is its
 * own.
 */
#ifndef EMU_PART_H
#define EMU_PART_H

#include <emu/coverage.h>
#include <emu/explore.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EMU_SHARDS_MAX = 4096 };

/*
 * From now on the strategy makes the runs of shard index (from 0) of count alone, before its first run. Every
 * run is made by exactly one shard. False: the strategy divides by the numbers of its runs, see struct
 * emu_explore_options (first, stride).
 */
bool emu_strategy_set_shard(struct emu_strategy *s, uint32_t index, uint32_t count);

/* Numbers that are kept between processes. Zeroed: none. */
struct emu_words {
    uint64_t *words;
    size_t count, capacity;
    size_t at;     /* the next one to be taken */
    bool short_of; /* more were taken than there are, or what was taken makes no sense */
};
void emu_words_free(struct emu_words *w);
void emu_words_put(struct emu_words *w, uint64_t word); /* an emulator error without memory */
uint64_t emu_words_take(struct emu_words *w);           /* 0 where there is none */
/* A number below limit; else it makes no sense. */
uint64_t emu_words_take_below(struct emu_words *w, uint64_t limit);

/* Where a strategy stands between two runs. */
void emu_strategy_save(const struct emu_strategy *s, struct emu_words *to);
/*
 * A strategy that was made with the same arguments stands there again. Profiles are made again, and so are
 * all runs of a reduction (its tree refers to what is in memory); nobody counts them. goes_on is asked now
 * and then; NULL: nobody is. False: the words are not of this strategy, or goes_on said no; then the strategy
 * is of no use.
 */
bool emu_strategy_restore(struct emu_strategy *s, struct emu_machine *m, const struct emu_program *program,
                          struct emu_words *from, bool (*goes_on)(void));

/* What a coverage has seen; adding it to another one gives what both have seen. False: the words make no
 * sense. */
void emu_coverage_save(const struct emu_coverage *c, struct emu_words *to);
bool emu_coverage_add(struct emu_coverage *c, struct emu_words *from);

#ifdef __cplusplus
}
#endif
#endif
