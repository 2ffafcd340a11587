/*
 * The words that several commands share.
 */
#include "cli_describe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MS_PER_S    1000.0
#define SHORT_TIME  0.1            /* seconds; anything shorter is told in milliseconds */
#define TIME_COLUMN "            " /* of the timeline */

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

const char *cli_runs(uint64_t runs, char text[CLI_COUNT_TEXT])
{
    cli_count(runs, text);
    size_t length = strlen(text);
    snprintf(text + length, CLI_COUNT_TEXT - length, " run%s", runs == 1 ? "" : "s");
    return text;
}

const char *cli_time(double seconds, char text[CLI_COUNT_TEXT])
{
    if (seconds < SHORT_TIME)
        snprintf(text, CLI_COUNT_TEXT, "%.3g ms", seconds * MS_PER_S);
    else
        snprintf(text, CLI_COUNT_TEXT, "%.2f s", seconds);
    return text;
}

void cli_token_text(FILE *out, const char *token)
{
    if (token != NULL)
        fprintf(out, "token: %s\n", token);
    else
        fprintf(out, "no token: " CLI_NO_TOKEN "\n");
}

unsigned cli_width(FILE *out)
{
    struct winsize size;
    if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return CLI_WIDTH;
}

size_t cli_break(const char *text, size_t width)
{
    size_t length = strlen(text);
    if (length <= width)
        return length;
    size_t at = width;
    while (at > width / 2 && text[at] != ' ')
        at--;
    return text[at] == ' ' ? at : width;
}

void cli_wrapped_text(FILE *out, const char *indent, const char *text, unsigned width)
{
    size_t margin = strlen(indent);
    size_t room = width > 2 * margin ? width - margin : width;
    while (*text != '\0') {
        size_t length = cli_break(text, room);
        fprintf(out, "%s%.*s\n", indent, (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
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

size_t cli_entry_lines(const struct emu_machine *m, size_t entry)
{
    const char *text = entry < emu_trace_length(m) ? emu_trace_entry(m, entry)->text : NULL;
    size_t lines = 1;
    for (; text != NULL && *text != '\0'; text++)
        lines += text[0] == '\n' && text[1] != '\0';
    return lines;
}

void cli_hidden_text(FILE *out, const char *indent, const struct emu_machine *m, size_t first)
{
    char count[CLI_COUNT_TEXT];
    size_t lines = 0;
    for (size_t i = 0; i < first; i++)
        lines += cli_entry_lines(m, i);
    if (lines > 0)
        fprintf(out, "%s" TIME_COLUMN " (set-up: %s line%s; --all shows %s)\n", indent,
                cli_count(lines, count), lines == 1 ? "" : "s", lines == 1 ? "it" : "them");
}

struct lines_out {
    FILE *stream;
    const struct emu_machine *machine;
    size_t first;
    bool heading_done;
};

static void put_line(void *context, const char *line)
{
    struct lines_out *out = context;
    fprintf(out->stream, "%s\n", line);
    if (!out->heading_done)
        cli_hidden_text(out->stream, "", out->machine, out->first);
    out->heading_done = true;
}

void cli_timeline_text(FILE *out, const struct emu_machine *m, bool all)
{
    struct lines_out lines = {.stream = out, .machine = m, .first = all ? 0 : emu_trace_race(m)};
    emu_trace_timeline(m, lines.first, put_line, &lines);
}

static void append_line(void *context, const char *line)
{
    json_t *lines = context;
    json_array_append_new(lines, cli_text_json(line));
}

json_t *cli_timeline_json(const struct emu_machine *m)
{
    json_t *lines = json_array();
    emu_trace_timeline(m, 0, append_line, lines);
    return lines;
}
