/*
 * The words that several commands share.
 */
#include "cli_describe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_US 1000.0

const char *cli_count(uint64_t number, char text[CLI_COUNT_TEXT])
{
    enum { GROUP = 3 };
    char digits[CLI_COUNT_TEXT];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    char *out = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % GROUP == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

void cli_finding_text(FILE *out, const struct emu_finding *finding)
{
    fprintf(out, "finding: %s", finding->rule);
    if (finding->code[0] != '\0')
        fprintf(out, " (bug check %s)", finding->code);
    fprintf(out, "\n  %s\n  at step %" PRIu64 ", %.3f us, processor %u, IRQL %u%s%s\n", finding->message,
            finding->step, (double)finding->time / NS_PER_US, finding->cpu, (unsigned)finding->level,
            finding->strand[0] != '\0' ? ", strand " : "", finding->strand);
}

json_t *cli_text_json(const char *text)
{
    json_t *string = json_string(text);
    if (string != NULL)
        return string;
    char *ascii = strdup(text);
    EMU_ASSERT(ascii != NULL);
    for (char *c = ascii; *c != '\0'; c++) {
        if ((unsigned char)*c > '~')
            *c = '?';
    }
    string = json_string(ascii);
    free(ascii);
    return string;
}

json_t *cli_hash_json(uint64_t hash)
{
    char text[CLI_COUNT_TEXT];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    return json_string(text);
}

json_t *cli_finding_json(const struct emu_finding *finding, const char *token, uint64_t hash)
{
    json_t *code = finding->code[0] != '\0' ? cli_text_json(finding->code) : json_null();
    return json_pack("{s:o, s:o, s:o, s:s, s:I, s:I, s:i, s:i, s:o, s:o}", "rule",
                     cli_text_json(finding->rule), "code", code, "message", cli_text_json(finding->message),
                     "token", token, "step", (json_int_t)finding->step, "time_ns", (json_int_t)finding->time,
                     "processor", (int)finding->cpu, "level", (int)finding->level, "strand",
                     cli_text_json(finding->strand), "trace_hash", cli_hash_json(hash));
}

static void put_line(void *context, const char *line)
{
    FILE *out = context;
    fprintf(out, "%s\n", line);
}

void cli_timeline_text(FILE *out, const struct emu_machine *m)
{
    emu_trace_timeline(m, put_line, out);
}

static void append_line(void *context, const char *line)
{
    json_t *lines = context;
    json_array_append_new(lines, cli_text_json(line));
}

json_t *cli_timeline_json(const struct emu_machine *m)
{
    json_t *lines = json_array();
    emu_trace_timeline(m, append_line, lines);
    return lines;
}
