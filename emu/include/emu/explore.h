/*
 * Exploration: one program, many runs, every run a different answer to the machine's choices.
 */
#ifndef EMU_EXPLORE_H
#define EMU_EXPLORE_H

#include <emu/choose.h>
#include <emu/finding.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a run does. set_up runs first, quietly, on a strand of processor 0 at level 0; the strands it starts
 * held race when it has returned; when all is idle, check runs quietly on a strand of processor 0. Either may
 * be NULL.
 */
struct emu_program {
    const char *name;
    void (*set_up)(void *context);
    void (*check)(void *context);
    void *context;
};

/*
 * Resets the machine and makes one run under its strategy, of which it calls choose() only. EMU_STOP_IDLE or
 * EMU_STOP_FINDING; a finding in any phase ends the run.
 */
enum emu_stop emu_run_program(struct emu_machine *m, const struct emu_program *program);

/* Strategies. Each returns NULL without memory; emu_strategy_destroy(NULL) does nothing. */
struct emu_strategy *emu_strategy_fifo(void); /* one run: every choice takes its default */
/* Run k depends on (seed, k) alone. Never ends. */
struct emu_strategy *emu_strategy_random(uint64_t seed);
enum { EMU_UNBOUNDED = -1 };
/* Depth-first through every choice; at most preemptions (or EMU_UNBOUNDED) preemptions a run. */
struct emu_strategy *emu_strategy_exhaustive(int preemptions);
/*
 * The same runs as separate complete passes with 0, 1, 2 ... preemptions, so that the first finding is one
 * with the fewest. Ends with the pass that the bound cut nothing off, or after the pass for preemptions.
 */
struct emu_strategy *emu_strategy_deepening(int preemptions);
/*
 * Dynamic partial-order reduction: runs that differ only in the order of steps that commute are one class,
 * and each class is explored. dpor() makes one run for each (wakeup trees), dpor_source() may make some more
 * in vain (source sets). Steps commute when what they announced and what they touched besides (emu_touch())
 * does.
 */
struct emu_strategy *emu_strategy_dpor(void);
struct emu_strategy *emu_strategy_dpor_source(void);
/*
 * Each class that has a run with at most preemptions preemptions (EMU_UNBOUNDED: each class): every choice is
 * gone through, but nothing twice after beginnings that are equal. Remembers eight bytes for each beginning.
 */
struct emu_strategy *emu_strategy_dpor_bounded(int preemptions);

/* What a reducing strategy has done so far. */
struct emu_reduction {
    uint64_t classes; /* complete runs, each of another class */
    uint64_t blocked; /* runs that brought no class, because all that could come of them had been seen */
    uint64_t misfits; /* places where the machine could not do what the relation promised: all was tried there
                       */
    bool repeated;    /* other shards may have counted the same classes, too */
    bool forced;      /* other orders were not explored where fairness decided, or behind a data race */
};
/* NULL for strategies that do not reduce. */
const struct emu_reduction *emu_strategy_reduction(const struct emu_strategy *s);
/* Of a strategy that has no further runs: is nothing missing? Those that do not reduce miss nothing by it. */
bool emu_strategy_is_proof(const struct emu_strategy *s);
/*
 * Answers from a record (kept by the caller). Strict: a choice that differs in kind, site or count is a
 * divergence, after which answers are defaults; a run that ends before the record does is one as well; past
 * the record's end answers are defaults (compare the lengths). A site of 0 in the record stands for any, an
 * entry with a count of 0 for any choice, answered with the default. Tolerant: takes each recorded value
 * where the kind is the same and the value is on offer, else the default.
 */
struct emu_strategy *emu_strategy_replay(const struct emu_record *record, bool strict);
/*
 * Goes back to where earlier runs got far: score(context) says how far the present run has got, from 0 to
 * limit; it only rises during a run and is asked at each choice and at the end. Between those the sampler,
 * which belongs to this strategy from now on, answers. Run k depends on the runs before it. Never ends.
 */
typedef unsigned emu_score_fn(void *context);
struct emu_strategy *emu_strategy_guided(struct emu_strategy *sampler, unsigned limit, emu_score_fn *score,
                                         void *context);
/* Where the last run of a strict replay or of a depth-first search left the prescribed path; NULL for other
 * strategies. */
const struct emu_divergence *emu_strategy_divergence(const struct emu_strategy *s);
void emu_strategy_destroy(struct emu_strategy *s);

struct emu_found {
    struct emu_finding finding;
    struct emu_record record;
    uint64_t run;         /* which run of the exploration, from 0 */
    uint64_t hash;        /* of its trace */
    uint64_t times;       /* runs that failed with the same rule and code */
    uint32_t past;        /* findings that its run went past before */
    const char *strategy; /* whose run it was; NULL: nobody's (EMU_RULE_DETERMINISM) */
};

enum { EMU_FOUND_MAX = 16 };

struct emu_report {
    uint64_t runs;
    uint64_t steps;
    double seconds;
    bool complete;    /* the strategy has no further runs (and never diverged) */
    bool interrupted; /* the progress callback asked for the end */
    bool saturated;   /* nothing new came for long enough, see struct emu_explore_options */
    unsigned found;   /* distinct findings (rule and code), first ones first */
    struct emu_found findings[EMU_FOUND_MAX];
    unsigned passed; /* distinct findings that were passed over (rule, code and stack), first ones first */
    struct emu_found passed_over[EMU_FOUND_MAX];
    /* How often there was one of more kinds than have room above: these are told of nowhere else. */
    uint64_t found_unlisted, passed_unlisted;
    size_t choices_max; /* the longest record */
    uint64_t resumed;   /* runs that began with what an earlier set-up had left */
    bool underway;      /* progress is called in the middle of a run: the strategy stands in it */
};
void emu_report_free(struct emu_report *r);

struct emu_coverage;

/*
 * Tells each piece of memory outside of the machine that a program's set_up or its race may write; context is
 * the program's. False: that cannot be known.
 */
typedef void emu_memory_fn(void *to, void *start, size_t bytes);
typedef bool emu_program_memory_fn(void *context, emu_memory_fn *tell, void *to);

struct emu_explore_options {
    uint64_t runs;   /* at most; 0: no limit */
    double seconds;  /* at most; 0: no limit */
    bool keep_going; /* go on after the first finding */
    /* Findings for which it is true are passed over: their runs end there, the exploration does not, and the
     * report has them apart. NULL: none is. */
    bool (*pass_over)(void *context, const struct emu_finding *finding);
    void *pass_over_context;
    double progress_seconds; /* how often progress is called; 0: 0.1 */
    bool (*progress)(void *context, const struct emu_report *so_far); /* false: end now */
    void *progress_context;
    struct emu_coverage *coverage; /* counts the runs; NULL: nobody does. See coverage.h */
    bool until_saturated;          /* end when it says that nothing new came for long enough */
    /* A part of the runs: numbers first, first + stride, ...; both 0: all of them. A profile is made in any
     * case, and those of its runs that are not among these are not counted. */
    uint64_t first, stride;
    /* Asked after a set-up: then set_up is not called in every run, what it left is put back instead, and now
     * and then a run is made both ways and compared. NULL, or where it says false: set_up is called in every
     * run. */
    emu_program_memory_fn *memory;
};

/* The rule of the finding that says that equal choices did not give equal runs. */
#define EMU_RULE_DETERMINISM "EMU-DETERMINISM"

/*
 * Runs the program under the strategy until it is done, a limit is reached or a finding made. Fills *report.
 * Afterwards the machine has no strategy.
 *
 * Each distinct finding is replayed once, strictly, before it is believed (that run is not counted). When the
 * replay ends otherwise, or when the strategy itself diverged, a finding EMU_RULE_DETERMINISM is added and
 * the exploration ends: what the program does then depends on more than the choices (a static variable, an
 * address, the clock).
 */
void emu_explore(struct emu_machine *m, const struct emu_program *program, struct emu_strategy *strategy,
                 const struct emu_explore_options *options, struct emu_report *report);

struct emu_shrink_options {
    uint64_t runs;  /* budget; 0: 200,000 */
    double seconds; /* outer guard; 0: 10. Equal budgets of runs give equal results as long as it is not
                       reached */
};
/*
 * What was searched for runs that fail in the same way with fewer preemptions: every number below bounds was
 * exhausted. Where bounds is the number that the shrunk run has, no failing run with fewer exists.
 */
struct emu_certificate {
    int bounds;      /* 0: none was exhausted */
    bool by_classes; /* not every run was made, but one of each class, by partial-order reduction: this rests
                        on what steps announce and touch, and on memory that is not watched being free of data
                        races */
    bool stopped; /* the search among runs with bounds preemptions was given up: a budget was used up, or what
                     was met is not known to be handled exactly */
    uint64_t runs; /* of the search */
    double seconds;
};

struct emu_shrink_result {
    struct emu_record record; /* fails with the same rule and code; the caller frees it */
    uint64_t hash;
    uint64_t runs;
    double seconds; /* that it took */
    unsigned preemptions_before, preemptions_after;
    unsigned interrupts_before, interrupts_after; /* deliveries by choices that are not the default */
    size_t deviations_before, deviations_after;   /* choices that are not the default */
    int exhausted_below; /* no failing run with at most this many preemptions exists; -1: not shown */
    struct emu_certificate certificate;
};
/*
 * Reduces a failing record: fewer preemptions first, then fewer interrupts, then fewer deviations, then fewer
 * preemptions between two calls of the driver, then fewer switches, then fewer choices. The machine's last
 * run is then the reduced one, and it has no strategy. False: the record does not fail, or not twice in the
 * same way.
 */
bool emu_shrink(struct emu_machine *m, const struct emu_program *program, const struct emu_record *failing,
                const struct emu_shrink_options *options, struct emu_shrink_result *result);
/*
 * The same for a program of which no failing record is known: looks for a run with at most so many
 * preemptions that fails for the finding's rule and code, fewest first, and reduces it. False: none was
 * found.
 */
bool emu_shrink_find(struct emu_machine *m, const struct emu_program *program,
                     const struct emu_finding *finding, unsigned preemptions,
                     const struct emu_shrink_options *options, struct emu_shrink_result *result);

#ifdef __cplusplus
}
#endif
#endif
