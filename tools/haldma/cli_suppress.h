/*
 * Suppressions: findings that are known, by rule and place; and those that are less severe than what matters.
 *
 * A file has one a line: RULE [FILE[:LINE]|FUNCTION] # REASON. A line that begins with # is a comment. The
 * place is that of the innermost function of a driver or scenario; FILE matches the end of its path.
 */
#ifndef CLI_SUPPRESS_H
#define CLI_SUPPRESS_H

#include "cli_rule.h"

#include <emu/finding.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct cli_suppression {
    char *rule;
    char *file;     /* NULL: any */
    char *function; /* NULL: any */
    char *reason;
    unsigned line;   /* of the code; 0: any */
    unsigned number; /* of the line in the file */
};

/* An answer, kept: places are looked up once. */
struct cli_judged {
    char rule[EMU_FINDING_RULE];
    struct emu_callers callers;
    const struct cli_suppression *by;
};

struct cli_suppressions {
    const char *path; /* NULL: there is no file */
    struct cli_suppression *list;
    size_t count;
    uint64_t hash;           /* of the file */
    enum cli_severity least; /* what is less severe is passed over */
    const struct emu_machine *machine;
    struct cli_judged *judged;
    size_t judged_count;
};

/* path NULL: none. False: said why. */
bool cli_suppress_open(struct cli_suppressions *s, const char *path, enum cli_severity least);
void cli_suppress_close(struct cli_suppressions *s);
/* Findings are of this machine from now on. */
void cli_suppress_for(struct cli_suppressions *s, const struct emu_machine *machine);

/* For struct emu_explore_options; context: a struct cli_suppressions. */
bool cli_suppress_passes(void *context, const struct emu_finding *finding);
/* Why it was passed over: an object of line and reason; null: it is less severe than what matters. */
json_t *cli_suppress_json(struct cli_suppressions *s, const struct emu_finding *finding);

/* A line on standard error for each suppression that no result, of an array of them, was in need of. */
void cli_suppress_tell_unused(const struct cli_suppressions *s, const json_t *results);

#endif
