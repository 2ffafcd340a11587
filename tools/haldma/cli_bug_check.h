/*
 * Bug checks: their names, and what their parameters mean.
 */
#ifndef CLI_BUG_CHECK_H
#define CLI_BUG_CHECK_H

#include <stdbool.h>

/* Of a code as findings have it ("0xE6", "0xE6/0D"), or of the title of its page; NULL: not known. */
const char *cli_bug_check_name(const char *code);

/* What the documentation says about parameter index (from 0) of this code; NULL: nothing that is known here.
 */
enum { CLI_BUG_CHECK_PARAMETERS = 4 };
const char *cli_bug_check_parameter(const char *code, unsigned index);

/* May Windows have stopped with this code where a run ends with a crash or hang of this rule? Of other rules,
 * and of what Windows has no code for, that is not known: true. */
bool cli_bug_check_may_be(const char *rule, unsigned long code);

#endif
