/*
 * A story: a failing run told by the steps that matter, and beside it the run that parts from it last and
 * does not fail.
 */
#ifndef EMU_STORY_H
#define EMU_STORY_H

#include <emu/explore.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EMU_STORY_TEXT = 120, EMU_STORY_NAME = 48, EMU_STORY_NAMES_MAX = 128 };

/* A strand, a handler on one processor, or a device. */
struct emu_story_context {
    char name[EMU_STORY_NAME]; /* "writer", "interrupt copier line" */
    emu_object strand;         /* EMU_NO_OBJECT: it is none */
    int processor;             /* of a handler; -1: it has none of its own */
};

/* One entry of a run's trace. */
struct emu_story_step {
    uint64_t time; /* ns */
    uint32_t step;
    emu_object object;
    emu_op op;
    uint8_t access;             /* enum emu_access */
    uint8_t column;             /* where it happened: index into columns */
    uint8_t context;            /* who did it: index into contexts */
    uint8_t level;              /* of the processor; of a device's step: of the one that it came upon */
    bool wakes;                 /* woken, a strand, can go on */
    uint8_t woken;              /* index into contexts */
    bool begins;                /* a handler, device or timer begins to act: text names it */
    bool speaks;                /* is worth a line whatever its object */
    bool matters;               /* it is in the past of the run's end, and orders contexts among each other */
    char thing[EMU_STORY_NAME]; /* the object's name: numbers of objects may differ from run to run */
    char text[EMU_STORY_TEXT];
};

struct emu_story_run {
    struct emu_story_step *steps; /* of the race: not of the set-up */
    size_t count;
    size_t fork;     /* the first step that the other run does not share; count: there is none */
    size_t decisive; /* the step whose order with the other run's decisive step decides; count: none */
    struct emu_record record;
    uint64_t hash;
};

struct emu_story {
    struct emu_finding finding;
    struct emu_story_run failing;
    struct emu_story_run passing; /* no steps: no passing run was found */
    char asks[EMU_STORY_NAME];    /* what asked there, for choices other than of schedule */
    struct emu_choice fork;       /* the failing run's choice where the two part */
    uint32_t instead;             /* what the passing run chose there */
    uint64_t runs;                /* made to find it */
    bool every;                   /* every choice of the failing run was tried otherwise, or one passed */
    char columns[EMU_STORY_NAMES_MAX][EMU_STORY_NAME]; /* "processor 0", "copier", "timers" */
    struct emu_story_context contexts[EMU_STORY_NAMES_MAX];
    unsigned column_count, context_count;
};

/*
 * Runs the failing record, then lets it part at its last choice of who goes on, the one before that and so
 * on, each time with every other answer and defaults from there on, until a run does not fail; then, where
 * none passes, at its other choices. At most so many runs (0: 20,000), and fewer long ones; those that hang
 * end it after five seconds. The machine must have no strategy, and has none afterwards; its last run is one
 * of the two. False: the record does not fail. The caller frees the story.
 */
bool emu_story_tell(struct emu_machine *m, const struct emu_program *program,
                    const struct emu_record *failing, uint64_t runs, struct emu_story *story);
void emu_story_free(struct emu_story *story);

#ifdef __cplusplus
}
#endif
#endif
