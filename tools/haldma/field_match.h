/*
 * How far a run agrees with a log from the field.
 *
 * A run agrees while what its driver prints comes in the log's order. A printed line that the log does not
 * have at all says nothing (more is printed in the laboratory than at the customer's), unless the match is to
 * be exact; a line that the log has, but not as the next one, ends the agreement.
 */
#ifndef FIELD_MATCH_H
#define FIELD_MATCH_H

#include "field_log.h"

#include <emu/machine.h>

struct field_match {
    const struct field_log *log;
    const struct emu_machine *machine;
    bool exact;
    bool heeds_processors; /* the log's processors, whatever their numbers, are the machine's */
    size_t agreed;         /* lines */
    bool lost;
    int said[EMU_PROCESSORS_MAX]; /* the log's number for a processor; FIELD_NO_PROCESSOR: not known yet */
};

/* A run begins. */
void field_match_begin(struct field_match *match);
/* An emu_print_fn: what it prints. context is a struct field_match. */
void field_match_print(void *context, const char *text, size_t length);
/* An emu_score_fn: lines that agree. */
unsigned field_match_score(void *context);

/* Has the log lines of no more processors than the machine has? */
bool field_match_processors_fit(const struct field_log *log, unsigned processors);

/*
 * Which of a log's lines come from drivers that a scenario has: told by their first words. Prints go to
 * field_ear_print() (context: a struct field_ear); then field_ear_drop() takes away the lines of all others,
 * and returns how many there were.
 */
struct field_ear {
    struct field_log *log;
    bool *heard; /* for each line */
    size_t unheard;
};
bool field_ear_init(struct field_ear *ear, struct field_log *log);
void field_ear_print(void *context, const char *text, size_t length);
size_t field_ear_drop(struct field_ear *ear);

#endif
