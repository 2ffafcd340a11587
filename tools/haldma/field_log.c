/*
 * Reading a log from the field.
 *
 * A line is text behind columns that nobody has to name: what stands in brackets before the text is a
 * processor when it is a whole number, and a time when it has a point; a line of DebugView begins with a
 * number, a tab, a time and a tab. What a debugger says of the failure ends the log.
 */
#include "field_log.h"

#include "cli_output.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    BYTES_MAX = 16 << 20,
    LINES_FIRST = 64,
    LINES_MAX = 100000,
    PROCESSORS_MAX = 4096,
    ADDRESS_DIGITS = 8,
    DECIMAL = 10,
    HEXADECIMAL = 16,
};
#define NO_TIME (-1.0)

/* ---- Columns --------------------------------------------------------------------------------------------
 */

static char *skip_blanks(char *text)
{
    return text + strspn(text, " \t");
}

/* "[3]", "[cpu 3]" and "[12.345]" before the text; returns what is behind, or text when it is none. */
static char *take_bracket(char *text, struct field_line *line)
{
    if (*text != '[')
        return text;
    char *inside = skip_blanks(text + 1);
    if (strncasecmp(inside, "cpu", strlen("cpu")) == 0)
        inside = skip_blanks(inside + strlen("cpu"));
    size_t digits = strspn(inside, "0123456789");
    size_t length = strspn(inside, "0123456789.:");
    char *end = skip_blanks(inside + length);
    if (length == 0 || digits == 0 || *end != ']')
        return text;
    if (digits == length) {
        unsigned long processor = strtoul(inside, NULL, DECIMAL);
        if (line->processor != FIELD_NO_PROCESSOR || processor >= PROCESSORS_MAX)
            return text;
        line->processor = (int)processor;
    } else {
        line->time = strtod(inside, NULL);
    }
    return skip_blanks(end + 1);
}

/* "00000012<tab>0.00012345<tab>text" */
static char *take_debugview(char *text, struct field_line *line)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits] != '\t')
        return text;
    char *time = text + digits + 1;
    size_t length = strspn(time, "0123456789.: APM");
    if (length == 0 || time[length] != '\t')
        return text;
    if (strchr(time, ':') == NULL || strchr(time, ':') > time + length)
        line->time = strtod(time, NULL);
    return skip_blanks(time + length);
}

static char *take_columns(char *text, struct field_line *line)
{
    char *before;
    text = take_debugview(skip_blanks(text), line);
    do {
        before = text;
        text = take_bracket(text, line);
    } while (text != before);
    return text;
}

/* ---- What the debugger says ------------------------------------------------------------------------------
 */

/* The bug check that a line tells of, or 0. */
static unsigned bugcheck_of(const char *text)
{
    static const char *const heralds[] = {"*** Fatal System Error:", "BugCheck ", "*** STOP:"};
    for (size_t i = 0; i < sizeof heralds / sizeof heralds[0]; i++) {
        if (strncmp(text, heralds[i], strlen(heralds[i])) == 0)
            return (unsigned)strtoul(text + strlen(heralds[i]), NULL, HEXADECIMAL);
    }
    return 0;
}

/* ---- The file --------------------------------------------------------------------------------------------
 */

static bool read_bytes(struct field_log *log, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        cli_complain("%s: %s", path, strerror(errno));
        return false;
    }
    log->bytes = malloc((size_t)BYTES_MAX + 1);
    size_t length = log->bytes != NULL ? fread(log->bytes, 1, (size_t)BYTES_MAX + 1, file) : 0;
    const char *why = log->bytes == NULL                         ? "no memory"
                      : ferror(file)                             ? strerror(errno)
                      : length > BYTES_MAX                       ? "longer than a log can be (16 MiB)"
                      : memchr(log->bytes, '\0', length) != NULL ? "no text: it has bytes of 0"
                                                                 : NULL;
    fclose(file);
    if (why != NULL) {
        cli_complain("%s: %s", path, why);
        free(log->bytes);
        return false;
    }
    log->bytes[length] = '\0';
    return true;
}

static bool add_line(struct field_log *log, const struct field_line *line)
{
    if (log->count >= LINES_FIRST ? (log->count & (log->count - 1)) == 0 : log->count == 0) {
        size_t capacity = log->count == 0 ? LINES_FIRST : 2 * log->count;
        struct field_line *lines = realloc(log->lines, capacity * sizeof *lines);
        if (lines == NULL)
            return false;
        log->lines = lines;
    }
    log->lines[log->count++] = *line;
    return true;
}

/* NULL: all lines were taken; else why not. */
static const char *take_lines(struct field_log *log)
{
    char *rest = log->bytes;
    for (unsigned number = 1; *rest != '\0' && log->bugcheck == 0; number++) {
        char *text = rest;
        rest += strcspn(rest, "\n");
        if (*rest != '\0')
            *rest++ = '\0';
        struct field_line line = {.number = number, .processor = FIELD_NO_PROCESSOR, .time = NO_TIME};
        for (size_t end = strlen(text); end > 0 && isspace((unsigned char)text[end - 1]); end--)
            text[end - 1] = '\0';
        line.text = take_columns(text, &line);
        log->bugcheck = bugcheck_of(line.text);
        if (*line.text == '\0' || *line.text == '#' || log->bugcheck != 0)
            continue;
        if (log->count == LINES_MAX)
            return "more lines than a log can have (100,000)";
        if (!add_line(log, &line))
            return "no memory";
    }
    return log->count == 0 ? "no line of text in it" : NULL;
}

static int by_time(const void *a, const void *b)
{
    const struct field_line *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* Buffers of several processors are often written one after the other. */
static void sort_lines(struct field_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        if (log->lines[i].time < 0)
            return;
    }
    qsort(log->lines, log->count, sizeof *log->lines, by_time);
}

bool field_log_read(struct field_log *log, const char *path)
{
    *log = (struct field_log){0};
    if (!read_bytes(log, path))
        return false;
    const char *why = take_lines(log);
    if (why != NULL) {
        cli_complain("%s: %s", path, why);
        field_log_free(log);
        return false;
    }
    sort_lines(log);
    return true;
}

void field_log_free(struct field_log *log)
{
    free(log->lines);
    free(log->bytes);
}

/* ---- Comparing -------------------------------------------------------------------------------------------
 */

/* What driver's output shows in place of an address, so that traces do not depend on one. */
static const char hidden_address[] = "(pointer)";

/* The length of an address that text begins with, or 0. */
static size_t address_length(const char *text)
{
    if (strncmp(text, hidden_address, strlen(hidden_address)) == 0)
        return strlen(hidden_address);
    size_t prefix = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 2 : 0;
    size_t digits = strspn(text + prefix, "0123456789abcdefABCDEF`");
    return digits >= ADDRESS_DIGITS ? prefix + digits : 0;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

bool field_line_says(const char *logged, const char *printed)
{
    bool within_word = false;
    while (*logged != '\0') {
        if (isspace((unsigned char)*logged)) {
            if (!isspace((unsigned char)*printed))
                return false;
            logged += strspn(logged, " \t");
            printed += strspn(printed, " \t");
            within_word = false;
            continue;
        }
        if (*logged == '*') {
            logged++;
            printed += strcspn(printed, " \t");
            continue;
        }
        size_t mine = within_word ? 0 : address_length(logged);
        size_t theirs = within_word ? 0 : address_length(printed);
        if (mine != 0 && theirs != 0) {
            logged += mine;
            printed += theirs;
            continue;
        }
        if (*logged != *printed)
            return false;
        within_word = is_word(*logged);
        logged++;
        printed++;
    }
    return printed[strspn(printed, " \t")] == '\0';
}

bool field_same_speaker(const char *logged, const char *printed)
{
    size_t length = strcspn(logged, ": \t");
    return length == strcspn(printed, ": \t") && memcmp(logged, printed, length) == 0;
}
