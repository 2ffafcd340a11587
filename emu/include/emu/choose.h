/*
 * emu_choose(): the only source of nondeterminism.
 *
 * Everything that a real machine leaves open is asked here and nowhere else. A strategy answers, the answer
 * is recorded, a replay answers from the record. Answer 0 is always the default: keep the current context, do
 * what a typical machine does, do not fail.
 */
#ifndef EMU_CHOOSE_H
#define EMU_CHOOSE_H

#include <emu/step.h>

#ifdef __cplusplus
extern "C" {
#endif

enum emu_choice_kind {
    EMU_CHOICE_SCHEDULE, /* which action is next; the machine's menu lists them */
    EMU_CHOICE_LATITUDE, /* what the documentation leaves to the platform */
    EMU_CHOICE_ROUTE,    /* which processor takes an interrupt, a thread, a DPC */
    EMU_CHOICE_FRAMES,   /* which frames back an allocation */
    EMU_CHOICE_DEVICE,   /* what a device does */
    EMU_CHOICE_FAULT,    /* whether what can fail fails */
    EMU_CHOICE_INPUT,    /* whether something came in from outside the machine */
    EMU_CHOICE_KINDS
};

/*
 * Returns 0 to count - 1. site names the place that asks (an emu_op of the asking layer does well). With a
 * count of 1, or while quiet, it returns 0 and nothing is recorded.
 */
uint32_t emu_choose(struct emu_machine *m, enum emu_choice_kind kind, uint32_t site, uint32_t count);

/* A choice of kind LATITUDE that the typical profile answers with 0 without asking. */
uint32_t emu_latitude(struct emu_machine *m, uint32_t site, uint32_t count);

/*
 * Shall the operation at site fail here? A choice where the configuration has faults on, also while quiet,
 * else false. A strand that is spared has no failures: false without a choice.
 */
bool emu_fault(struct emu_machine *m, uint32_t site);
/* Calls that failed so in this run. */
uint32_t emu_faults_so_far(const struct emu_machine *m);
/*
 * Spares the running strand, or no longer; returns what was before. Who sets a machine up, and what the
 * emulator does on somebody's behalf, is spared; drivers are not, nor are handlers, whomever they interrupt.
 */
bool emu_spare(struct emu_machine *m, bool spared);
/* Is what runs now spared? */
bool emu_is_spared(const struct emu_machine *m);

/*
 * What came in from outside the machine, as a recorded choice of kind INPUT: a live run answers with what
 * happened, a replay with its record. Callable on the host's stack, between two emu_machine_run().
 */
uint32_t emu_choose_input(struct emu_machine *m, uint32_t site, uint32_t count, uint32_t happened);

/* One choice that was made. */
struct emu_choice {
    uint8_t kind;
    uint8_t free; /* a schedule choice whose context could not have gone on: costs no preemption */
    uint16_t site;
    uint16_t count;
    uint16_t value;
};

/* "latitude", "frames" ... */
const char *emu_choice_kind_name(enum emu_choice_kind kind);

/*
 * What a run decided, in order.
 *
 * A record that was read from a token knows its deviations only: an entry with a count of 0 stands for "the
 * default, whatever was offered" (kind, site and value are 0 then), and sites and free marks are 0
 * throughout. Recording a replay of it gives the full record again.
 */
struct emu_record {
    struct emu_choice *choices;
    size_t length;
    size_t capacity;
};
void emu_record_init(struct emu_record *r);
void emu_record_free(struct emu_record *r);
void emu_record_copy(struct emu_record *to, const struct emu_record *from);
/* Grows by doubling; an emulator error without memory. */
void emu_record_append(struct emu_record *r, struct emu_choice choice);
/* Schedule choices that left a context which could have gone on. */
unsigned emu_record_preemptions(const struct emu_record *r);
/* Choices that are not the default. */
size_t emu_record_deviations(const struct emu_record *r);

/* The record of the machine's current or last run. Owned by the machine. */
const struct emu_record *emu_machine_record(const struct emu_machine *m);

/* One thing the machine can do next. */
enum emu_action_kind {
    EMU_ACTION_STEP,    /* the context on top of a processor goes on */
    EMU_ACTION_SWITCH,  /* a processor takes another ready strand */
    EMU_ACTION_DELIVER, /* an interrupt line is delivered to a processor */
    EMU_ACTION_SOFT,    /* a software interrupt is delivered to a processor */
    EMU_ACTION_ENGINE,  /* a device engine takes its next step */
    EMU_ACTION_EVENT    /* the clock moves to an event, which fires */
};
struct emu_action {
    uint8_t kind;
    uint8_t cpu;       /* STEP, SWITCH, DELIVER, SOFT */
    emu_op op;         /* STEP: the announced operation */
    emu_object object; /* STEP: its object; else the strand, line, engine or event */
    uint32_t id;       /* strand, line, level, engine */
    void *what;        /* the machine's own */
};

struct emu_decision {
    enum emu_choice_kind kind;
    uint32_t site;
    uint32_t count;
    bool free;                        /* see struct emu_choice */
    uint32_t happened;                /* INPUT: what really came in; else 0 */
    const struct emu_action *actions; /* SCHEDULE: count of them, else NULL */
};

/* Where a run left what was prescribed for it: the record of a strict replay, or the prefix of a depth-first
 * search. */
struct emu_divergence {
    bool diverged;
    size_t index;               /* of the choice */
    struct emu_choice recorded; /* what was to come */
    struct emu_choice offered;  /* what came; a count of 0: the run ended here */
};

/*
 * Who answers. choose() returns a value below d->count. One strategy serves one machine. Every function is
 * there but divergence, which is NULL where nothing is ever prescribed, and the last two.
 */
struct emu_footprints;
struct emu_reduction;
struct emu_words;
struct emu_strategy {
    const char *name;
    struct emu_footprints *footprints; /* what each event touched is written there; NULL: it is not */
    bool answers_input; /* is asked for choices of kind INPUT too; else the answer is what happened */
    void (*begin)(struct emu_strategy *s, uint64_t run); /* before each run; run counts from 0 */
    uint32_t (*choose)(struct emu_strategy *s, const struct emu_decision *d);
    bool (*end)(struct emu_strategy *s);     /* after each run; false: every run this strategy has was made */
    void (*give_up)(struct emu_strategy *s); /* instead of end(): the run stopped half-way and is as if it had
                                                not begun; what save() says is good, a reduction is of no
                                                other use then; or NULL */
    void (*destroy)(struct emu_strategy *s);
    const struct emu_divergence *(*divergence)(const struct emu_strategy *s); /* of the last run */
    unsigned profile_runs; /* runs that begin() is called for before the first, with EMU_PROFILE_FIRST + 0, 1,
                              ...: what comes after may depend on what they showed */
    const struct emu_reduction *(*reduction)(const struct emu_strategy *s);  /* or NULL: see explore.h */
    bool (*describe)(const struct emu_strategy *s, char *text, size_t size); /* or NULL: see strategies.h */
    const char *(*running)(const struct emu_strategy *s); /* or NULL: whose run the last one was */
    /* Parts (part.h); each may be NULL. */
    void (*set_shard)(struct emu_strategy *s, uint32_t index, uint32_t count);
    bool is_shard;     /* set_shard() was called */
    bool is_elsewhere; /* the run that was made last is another shard's: it counts nowhere */
    void (*save)(const struct emu_strategy *s, struct emu_words *to);
    bool (*restore)(struct emu_strategy *s, struct emu_words *from);
    uint64_t to_be_made_again; /* set by restore(): so many runs bring it where it stood */
};
/* Numbers of the runs of a profile. */
#define EMU_PROFILE_FIRST ((uint64_t)1 << 63)
/* The machine keeps the pointer; NULL means first-in-first-out: every choice takes its default. */
void emu_machine_set_strategy(struct emu_machine *m, struct emu_strategy *s);

#ifdef __cplusplus
}
#endif
#endif
