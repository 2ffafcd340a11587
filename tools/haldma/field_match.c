/*
 * Holding what a run prints against a log.
 */
#include "field_match.h"

#include <emu/cpu.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1024 }; /* of one printed line that is looked at */

void field_match_begin(struct field_match *match)
{
    match->agreed = 0;
    match->lost = false;
    for (unsigned i = 0; i < EMU_PROCESSORS_MAX; i++)
        match->said[i] = FIELD_NO_PROCESSOR;
}

/* Can the line of the log be from this processor of the machine? What is learnt so is kept. */
static bool is_from(struct field_match *match, const struct field_line *line, unsigned cpu)
{
    if (!match->heeds_processors || line->processor == FIELD_NO_PROCESSOR)
        return true;
    for (unsigned i = 0; i < EMU_PROCESSORS_MAX; i++) {
        if (match->said[i] == line->processor)
            return i == cpu;
    }
    if (match->said[cpu] != FIELD_NO_PROCESSOR)
        return false;
    match->said[cpu] = line->processor;
    return true;
}

static bool log_has(const struct field_log *log, const char *printed)
{
    for (size_t i = 0; i < log->count; i++) {
        if (field_line_says(log->lines[i].text, printed))
            return true;
    }
    return false;
}

static void hear(struct field_match *match, const char *printed)
{
    const struct field_log *log = match->log;
    const struct field_line *next = match->agreed < log->count ? &log->lines[match->agreed] : NULL;
    if (match->lost)
        return;
    if (next != NULL && field_line_says(next->text, printed) && is_from(match, next, emu_cpu(match->machine)))
        match->agreed++;
    else
        match->lost = match->exact || log_has(log, printed);
}

typedef void line_fn(void *context, const char *line);

/* One print can be several lines. */
static void each_line(const char *text, size_t length, line_fn *take, void *context)
{
    while (length > 0) {
        const char *end = memchr(text, '\n', length);
        size_t bytes = end != NULL ? (size_t)(end - text) : length;
        char line[TEXT_MAX];
        size_t kept = bytes < sizeof line - 1 ? bytes : sizeof line - 1;
        memcpy(line, text, kept);
        line[kept] = '\0';
        const char *begin = line + strspn(line, " \t");
        if (*begin != '\0')
            take(context, begin);
        bytes += end != NULL;
        text += bytes;
        length -= bytes;
    }
}

static void hear_line(void *context, const char *line)
{
    hear(context, line);
}

void field_match_print(void *context, const char *text, size_t length)
{
    each_line(text, length, hear_line, context);
}

unsigned field_match_score(void *context)
{
    return (unsigned)((const struct field_match *)context)->agreed;
}

bool field_match_processors_fit(const struct field_log *log, unsigned processors)
{
    int seen[EMU_PROCESSORS_MAX];
    unsigned count = 0;
    for (size_t i = 0; i < log->count; i++) {
        int processor = log->lines[i].processor;
        unsigned at = 0;
        while (at < count && seen[at] != processor)
            at++;
        if (processor == FIELD_NO_PROCESSOR || at < count)
            continue;
        if (count == processors)
            return false;
        seen[count++] = processor;
    }
    return true;
}

/* ---- Whose lines there are -------------------------------------------------------------------------------
 */

bool field_ear_init(struct field_ear *ear, struct field_log *log)
{
    *ear = (struct field_ear){.log = log, .heard = calloc(log->count, sizeof *ear->heard)};
    ear->unheard = log->count;
    return ear->heard != NULL;
}

static void learn_line(void *context, const char *line)
{
    struct field_ear *ear = context;
    for (size_t i = 0; i < ear->log->count && ear->unheard > 0; i++) {
        if (!ear->heard[i] && field_same_speaker(ear->log->lines[i].text, line)) {
            ear->heard[i] = true;
            ear->unheard--;
        }
    }
}

void field_ear_print(void *context, const char *text, size_t length)
{
    struct field_ear *ear = context;
    if (ear->unheard > 0)
        each_line(text, length, learn_line, ear);
}

size_t field_ear_drop(struct field_ear *ear)
{
    struct field_log *log = ear->log;
    size_t kept = 0;
    for (size_t i = 0; i < log->count; i++) {
        if (ear->heard[i])
            log->lines[kept++] = log->lines[i];
    }
    size_t dropped = log->count - kept;
    log->count = kept;
    free(ear->heard);
    ear->heard = NULL;
    return dropped;
}
