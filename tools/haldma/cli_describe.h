/*
 * Findings, traces and numbers as text for people and as JSON.
 */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include "cli_output.h"
#include "cli_session.h"

enum { CLI_COUNT_TEXT = 32 };

/* "1,234,567" into text; returns text. */
const char *cli_count(uint64_t number, char text[CLI_COUNT_TEXT]);

/* What failed and where: a few lines. */
void cli_finding_text(FILE *out, const struct emu_finding *finding);
/* rule, code, message, token, step, time_ns, processor, level, strand, trace_hash. */
json_t *cli_finding_json(const struct emu_finding *finding, const char *token, uint64_t hash);
/* A string; what is not UTF-8 is made so. */
json_t *cli_text_json(const char *text);
/* "%016x": as the text has it. */
json_t *cli_hash_json(uint64_t hash);

/* The last traced run's timeline: to a stream, line by line, or as an array of lines. */
void cli_timeline_text(FILE *out, const struct emu_machine *m);
json_t *cli_timeline_json(const struct emu_machine *m);

#endif
