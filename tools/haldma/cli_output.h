/*
 * Where results go: standard output, or a file that is there in whole or not at all.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct cli_output {
    FILE *stream;
    char *path; /* what is wanted; NULL: stream is written as it is */
    char *text; /* stream's memory, written to path at the end */
    size_t length;
    unsigned mode; /* path's permissions */
};

/*
 * path NULL: standard output. What standard output or standard error is anyway, a device or a pipe is written
 * as it is; a link is followed. False: said why; nothing was touched.
 */
bool cli_output_open(struct cli_output *out, const char *path);

/* Everything was written: puts the file in place. False: said why; a file that was there before is still
 * there. */
bool cli_output_commit(struct cli_output *out);

/* Nothing of it is wanted: leaves the file as it was. */
void cli_output_discard(struct cli_output *out);

/* Writes a value, indented, and gives it up. */
void cli_output_json(struct cli_output *out, json_t *value);

/* A line on standard error: "haldma: ...". */
__attribute__((format(printf, 1, 2))) void cli_complain(const char *format, ...);

#endif
