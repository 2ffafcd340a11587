/*
 * A log from the field: the lines that a driver printed on somebody's machine, up to the failure.
 *
 * docs/reproduce.md says what a file may look like.
 */
#ifndef FIELD_LOG_H
#define FIELD_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum { FIELD_NO_PROCESSOR = -1 };

struct field_line {
    const char *text;
    unsigned number; /* in the file, from 1 */
    int processor;   /* FIELD_NO_PROCESSOR: not said */
    double time;     /* in whatever unit; below 0: not said */
};

struct field_log {
    char *bytes; /* of the file; the lines' texts lie in it */
    struct field_line *lines;
    size_t count;
    unsigned bugcheck; /* what the machine stopped with; 0: not said */
};

/* False: said why; nothing is to be freed. Without a line of text a log is refused. */
bool field_log_read(struct field_log *log, const char *path);
void field_log_free(struct field_log *log);

/*
 * Does a line of the log say the same as what a run printed? White space is all alike, '*' in the log stands
 * for anything without white space, and an address (eight hexadecimal digits or more) for any other.
 */
bool field_line_says(const char *logged, const char *printed);

/* Do both begin with the same word, as lines of one driver do? */
bool field_same_speaker(const char *logged, const char *printed);

#endif
