/*
 * Laying a story out.
 */
#include "cli_story.h"

#include "cli_describe.h"

#include <stdlib.h>
#include <string.h>

/* Rules of findings that do not depend on which of two accesses came first. */
#define DATA_RACE "EMU-RACE-"

enum {
    STEP_WIDTH = 8, /* mark, number, space */
    GAP = 2,
    CELL_MIN = 18,
    CELL_MAX = 64,
    DECORATION_BYTES = 32, /* around a step's text and two names */
    CELL_BYTES = EMU_STORY_TEXT + 2 * EMU_STORY_NAME + DECORATION_BYTES,
    AFTERWARDS = 12, /* steps that are shown behind the decisive one */
    SENTENCE_BYTES = 3 * CELL_BYTES,
};

/* ---- Columns ------------------------------------------------------------------------------------ */

/* A run while it is printed. */
struct sheet {
    FILE *out;
    const struct emu_story *story;
    const struct emu_story_run *run;
    unsigned place[EMU_STORY_NAMES_MAX]; /* of a column, from the left */
    bool shown[EMU_STORY_NAMES_MAX];
    unsigned columns;
    unsigned cell;                    /* characters */
    int speaker[EMU_STORY_NAMES_MAX]; /* the context that a column's last line was of; -1: none */
    bool single;                      /* all in one column: there is no room for more */
    size_t folded;
};

static void print_blanks(FILE *out, unsigned count)
{
    fprintf(out, "%*s", (int)count, "");
}

static void print_cell(const struct sheet *s, unsigned place, char mark, const char *number, const char *text)
{
    unsigned indent = place * (s->cell + GAP);
    do {
        size_t length = cli_break(text, s->cell);
        fprintf(s->out, "%c%*s ", mark, STEP_WIDTH - 2, number);
        print_blanks(s->out, indent);
        fprintf(s->out, "%.*s\n", (int)length, text);
        text += length;
        text += strspn(text, " ");
        number = "";
        mark = ' ';
    } while (*text != '\0');
}

static void print_heading(const struct sheet *s)
{
    fprintf(s->out, "%*s ", STEP_WIDTH - 1, "step");
    for (unsigned place = 0; place < s->columns; place++) {
        for (unsigned c = 0; c < s->story->column_count; c++) {
            if (s->shown[c] && s->place[c] == place && !s->single)
                fprintf(s->out, place + 1 < s->columns ? "%-*s" : "%.*s", (int)s->cell + GAP,
                        s->story->columns[c]);
        }
    }
    fputc('\n', s->out);
}

#define PROCESSOR "processor "

static bool is_processor(const char *column)
{
    return strncmp(column, PROCESSOR, strlen(PROCESSOR)) == 0;
}

/* Processors by their numbers, then devices. */
static unsigned long rank(const char *column)
{
    return is_processor(column) ? strtoul(column + strlen(PROCESSOR), NULL, 10) : EMU_PROCESSORS_MAX;
}

/* Those that do something that is shown. */
static void choose_columns(struct sheet *s, size_t first, size_t end, unsigned width)
{
    for (size_t i = first; i < end; i++)
        s->shown[s->run->steps[i].column] |= s->run->steps[i].matters;
    for (unsigned long r = 0; r <= EMU_PROCESSORS_MAX; r++) {
        for (unsigned c = 0; c < s->story->column_count; c++) {
            s->speaker[c] = -1;
            if (s->shown[c] && rank(s->story->columns[c]) == r)
                s->place[c] = s->columns++;
        }
    }
    unsigned room = width > STEP_WIDTH ? width - STEP_WIDTH : 0;
    unsigned columns = s->columns > 0 ? s->columns : 1;
    s->cell = room / columns > GAP ? room / columns - GAP : 0;
    s->single = s->cell < CELL_MIN;
    if (s->single)
        s->cell = room;
    else if (s->cell > CELL_MAX)
        s->cell = CELL_MAX;
}

static void print_folded(struct sheet *s)
{
    if (s->folded > 0)
        fprintf(s->out, "%*s ... %zu step%s\n", STEP_WIDTH - 1, "", s->folded, s->folded == 1 ? "" : "s");
    s->folded = 0;
}

/* One blank where there are two. */
static void squeeze(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (from[0] != ' ' || from[1] != ' ')
            *to++ = *from;
    }
    *to = '\0';
}

static void print_step(struct sheet *s, size_t index)
{
    const struct emu_story_step *step = &s->run->steps[index];
    char number[STEP_WIDTH + GAP], text[CELL_BYTES];
    if (!step->matters) {
        s->folded++;
        return;
    }
    print_folded(s);
    const char *context = s->story->contexts[step->context].name;
    const char *column = s->story->columns[step->column];
    bool known = !s->single && s->speaker[step->column] == (int)step->context;
    s->speaker[step->column] = (int)step->context;
    bool named = step->begins || (known && !s->single);
    snprintf(text, sizeof text, "%s%s%s%s%s", s->single ? column : "", s->single ? ": " : "",
             named ? "" : context, named ? "" : ": ", step->text);
    squeeze(text);
    snprintf(number, sizeof number, "%u", step->step);
    print_cell(s, s->single ? 0 : s->place[step->column], index == s->run->decisive ? '*' : ' ', number,
               text);
}

static void print_run(FILE *out, const struct emu_story *story, const struct emu_story_run *run, size_t first,
                      size_t end, unsigned width)
{
    struct sheet s = {.out = out, .story = story, .run = run};
    choose_columns(&s, first, end, width);
    print_heading(&s);
    for (size_t i = first; i < end; i++)
        print_step(&s, i);
    s.folded += run->count - end;
    print_folded(&s);
}

/* ---- In words ----------------------------------------------------------------------------------- */

/* "CancelAdapterChannel map registers#1" (canceller, processor 1, IRQL 0) */
static void name_step(const struct emu_story *story, const struct emu_story_step *s, char *out, size_t size)
{
    const char *context = story->contexts[s->context].name, *column = story->columns[s->column];
    if (strcmp(context, column) == 0)
        snprintf(out, size, "\"%s\" (%s)", s->text, column);
    else if (is_processor(column))
        snprintf(out, size, "\"%s\" (%s, %s, IRQL %u)", s->text, context, column, (unsigned)s->level);
    else
        snprintf(out, size, "\"%s\" (%s, %s)", s->text, context, column);
    squeeze(out);
}

static bool parts_at_schedule(const struct emu_story *story)
{
    return story->fork.kind == EMU_CHOICE_SCHEDULE;
}

/* Of what is not shared the first that touches something, where there is such a step. */
static const struct emu_story_step *first_of_other(const struct emu_story_run *run)
{
    for (size_t i = run->fork; i < run->count; i++) {
        if (run->steps[i].access != EMU_ACCESS_LOCAL &&
            run->steps[i].context == run->steps[run->fork].context)
            return &run->steps[i];
    }
    return &run->steps[run->fork];
}

/* How it could have gone well. */
static void say_moral(const struct emu_story *story, char *out, size_t size)
{
    const struct emu_story_run *f = &story->failing, *p = &story->passing;
    char mine[CELL_BYTES], theirs[CELL_BYTES];
    if (p->steps == NULL && strncmp(story->finding.rule, DATA_RACE, strlen(DATA_RACE)) == 0) {
        snprintf(out, size,
                 "Nothing orders the two accesses, whoever comes first: what is missing is a lock that both "
                 "hold, or "
                 "something that makes one wait for the other.");
        return;
    }
    if (p->steps == NULL) {
        snprintf(out, size, "%s",
                 f->record.length == 0 ? "Nothing is left open in this run: it fails always."
                 : story->every        ? "Whatever is answered otherwise at any one choice, the run fails."
                                       : "No passing run was found close by.");
        return;
    }
    if (story->fork.kind == EMU_CHOICE_FAULT && story->fork.value != 0 && !parts_at_schedule(story)) {
        snprintf(out, size, "fault: fails here %s. Had it not failed, nothing would have happened.",
                 story->asks);
    } else if (!parts_at_schedule(story)) {
        snprintf(out, size, "Had %s (%s) been answered with %u instead of %u, nothing would have happened.",
                 story->asks, emu_choice_kind_name(story->fork.kind), (unsigned)story->instead,
                 (unsigned)story->fork.value);
    } else if (f->decisive < f->count && p->decisive < p->count) {
        name_step(story, &p->steps[p->decisive], theirs, sizeof theirs);
        name_step(story, &f->steps[f->decisive], mine, sizeof mine);
        snprintf(out, size, "Had %s come before step %u, %s, nothing would have happened.", theirs,
                 (unsigned)f->steps[f->decisive].step, mine);
    } else if (f->fork < f->count && p->fork < p->count) {
        name_step(story, first_of_other(p), theirs, sizeof theirs);
        name_step(story, first_of_other(f), mine, sizeof mine);
        snprintf(out, size, "Had %s come instead of %s, nothing would have happened.", theirs, mine);
    } else {
        snprintf(out, size, "Had the run gone on where it ended, nothing would have happened.");
    }
}

/* ---- The whole ---------------------------------------------------------------------------------- */

/* What is shown of the passing run ends some steps behind the decisive one. */
static size_t end_of_passing(const struct emu_story_run *p)
{
    size_t end = (p->decisive < p->count ? p->decisive : p->fork) + 1;
    for (unsigned shown = 0; end < p->count && shown < AFTERWARDS; end++)
        shown += p->steps[end].matters;
    return end;
}

void cli_story_text(FILE *out, const struct emu_story *story, unsigned width)
{
    const struct emu_story_run *f = &story->failing, *p = &story->passing;
    char moral[SENTENCE_BYTES];
    print_run(out, story, f, 0, f->count, width);
    fputc('\n', out);
    say_moral(story, moral, sizeof moral);
    cli_wrapped_text(out, "", moral, width);
    if (p->steps == NULL)
        return;
    cli_wrapped_text(out, "",
                     f->decisive < f->count
                         ? "The two steps whose order decides are marked by '*'. The closest run "
                           "that passes, from where the two part:"
                         : "The closest run that passes, from where the two part:",
                     width);
    fputc('\n', out);
    print_run(out, story, p, p->fork, end_of_passing(p), width);
}

static json_t *steps_json(const struct emu_story *story, const struct emu_story_run *run)
{
    json_t *steps = json_array();
    for (size_t i = 0; i < run->count; i++) {
        const struct emu_story_step *s = &run->steps[i];
        if (s->matters)
            json_array_append_new(steps,
                                  json_pack("{s:i, s:I, s:i, s:o, s:o, s:o, s:b, s:b}", "step", (int)s->step,
                                            "time_ns", (json_int_t)s->time, "level", (int)s->level, "place",
                                            cli_text_json(story->columns[s->column]), "context",
                                            cli_text_json(story->contexts[s->context].name), "text",
                                            cli_text_json(s->text), "shared", (int)(i < run->fork),
                                            "decisive", (int)(i == run->decisive)));
    }
    return steps;
}

json_t *cli_story_json(const struct emu_story *story)
{
    char moral[SENTENCE_BYTES];
    say_moral(story, moral, sizeof moral);
    return json_pack("{s:o, s:o, s:o, s:I, s:b}", "moral", cli_text_json(moral), "failing",
                     steps_json(story, &story->failing), "passing",
                     story->passing.steps != NULL ? steps_json(story, &story->passing) : json_null(), "runs",
                     (json_int_t)story->runs, "every_choice_tried", (int)story->every);
}
