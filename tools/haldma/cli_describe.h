/*
 * Traces and numbers as text for people and as JSON.
 */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include "cli_output.h"
#include "cli_session.h"

enum { CLI_COUNT_TEXT = 32 };

/* "1,234,567" into text; returns text. */
const char *cli_count(uint64_t number, char text[CLI_COUNT_TEXT]);

/* "1 run", "1,234 runs" */
const char *cli_runs(uint64_t runs, char text[CLI_COUNT_TEXT]);
/* "0.04 ms", "1.25 s" */
const char *cli_time(double seconds, char text[CLI_COUNT_TEXT]);

/* How wide lines may be where out goes: the terminal's width, or CLI_WIDTH. */
enum { CLI_WIDTH = 100 };
unsigned cli_width(FILE *out);

/* Where text is to be broken so that width characters suffice. */
size_t cli_break(const char *text, size_t width);

/* Text in lines of at most width characters, each after indent. */
void cli_wrapped_text(FILE *out, const char *indent, const char *text, unsigned width);

/* What stands for the token of a run that has none. */
#define CLI_NO_TOKEN "the run has too many choices"
/* "token: ..." */
void cli_token_text(FILE *out, const char *token);
/* A string; what is not UTF-8 is made so. */
json_t *cli_text_json(const char *text);
/* "%016x": as the text has it. */
json_t *cli_hash_json(uint64_t hash);

/* Lines of the timeline for an entry of the trace: printed text has several. */
size_t cli_entry_lines(const struct emu_machine *m, size_t entry);
/* A line after the timeline's heading that tells how many lines stand before entry first; none, no line. */
void cli_hidden_text(FILE *out, const char *indent, const struct emu_machine *m, size_t first);

/* The last traced run's timeline: to a stream, from the race on or all of it; or as an array of all lines. */
void cli_timeline_text(FILE *out, const struct emu_machine *m, bool all);
json_t *cli_timeline_json(const struct emu_machine *m);

#endif
