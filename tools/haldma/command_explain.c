/*
 * haldma explain: a finding as a story (emu/story.h), told by the simplest run that can be found in a moment;
 * or the whole timeline that led to it, with the switches that nothing forced marked.
 */
#include "cli_describe.h"
#include "cli_finding.h"
#include "cli_status.h"
#include "cli_story.h"
#include "commands.h"

#include <stdlib.h>
#include <string.h>

#define SHRINKING_SECONDS 2.0
enum { SHRINKING_RUNS = 20000 };

/* A replay that notes where in the trace each preemption came. */
struct watched {
    struct emu_strategy base;
    struct emu_strategy *replay;
    const struct emu_machine *machine;
    size_t *marks; /* index of the trace entry that the preemption led to */
    size_t count;
    size_t capacity; /* as many as the record has deviations: no replay has more preemptions */
};

static void watched_begin(struct emu_strategy *s, uint64_t run)
{
    struct watched *w = (struct watched *)s;
    w->replay->begin(w->replay, run);
}

static uint32_t watched_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct watched *w = (struct watched *)s;
    uint32_t value = w->replay->choose(w->replay, d);
    if (d->kind == EMU_CHOICE_SCHEDULE && !d->free && value != 0 && w->count < w->capacity)
        w->marks[w->count++] = emu_trace_length(w->machine);
    return value;
}

static bool watched_end(struct emu_strategy *s)
{
    struct watched *w = (struct watched *)s;
    return w->replay->end(w->replay);
}

static void watched_destroy(struct emu_strategy *s)
{
    struct watched *w = (struct watched *)s;
    emu_strategy_destroy(w->replay);
    free(w->marks);
    free(w);
}

static const struct emu_divergence *watched_divergence(const struct emu_strategy *s)
{
    const struct watched *w = (const struct watched *)s;
    return emu_strategy_divergence(w->replay);
}

static struct watched *watch(const struct emu_machine *m, const struct emu_record *record)
{
    struct watched *w = calloc(1, sizeof *w);
    EMU_ASSERT(w != NULL);
    w->base = (struct emu_strategy){.name = "watched replay",
                                    .begin = watched_begin,
                                    .choose = watched_choose,
                                    .end = watched_end,
                                    .destroy = watched_destroy,
                                    .divergence = watched_divergence};
    w->replay = emu_strategy_replay(record, true);
    EMU_ASSERT(w->replay != NULL);
    w->capacity = emu_record_deviations(record);
    w->marks = calloc(w->capacity + 1, sizeof *w->marks);
    EMU_ASSERT(w->marks != NULL);
    w->base.answers_input = w->replay->answers_input;
    w->machine = m;
    return w;
}

/* The timeline's lines, one or more for each entry of the trace, after a heading. */
struct marking {
    const struct watched *watched;
    FILE *out;     /* or */
    json_t *lines; /* objects with text and preemption */
    size_t entry;
    size_t lines_left; /* of this entry */
    size_t mark;
    bool heading_done;
};

static bool next_line_is_marked(struct marking *k)
{
    if (!k->heading_done) {
        k->heading_done = true;
        k->lines_left = cli_entry_lines(k->watched->machine, k->entry);
        return false;
    }
    bool first = k->lines_left == cli_entry_lines(k->watched->machine, k->entry);
    bool marked = first && k->mark < k->watched->count && k->watched->marks[k->mark] == k->entry;
    while (marked && k->mark < k->watched->count && k->watched->marks[k->mark] == k->entry)
        k->mark++;
    if (--k->lines_left == 0)
        k->lines_left = cli_entry_lines(k->watched->machine, ++k->entry);
    return marked;
}

static void put_marked(void *context, const char *line)
{
    struct marking *k = context;
    bool heading = !k->heading_done;
    bool marked = next_line_is_marked(k);
    if (k->out != NULL)
        fprintf(k->out, "%c %s\n", marked ? '>' : ' ', line);
    if (k->out != NULL && heading)
        cli_hidden_text(k->out, "  ", k->watched->machine, k->entry);
    if (k->lines != NULL)
        json_array_append_new(
            k->lines, json_pack("{s:b, s:o}", "preemption", (int)marked, "text", cli_text_json(line)));
}

static void show_timeline(const struct cli_options *options, const struct watched *w, FILE *out)
{
    unsigned preemptions = emu_record_preemptions(emu_machine_record(w->machine));
    fprintf(out, "  %u preemption%s, each marked by '>' where another context went on\n\n", preemptions,
            preemptions == 1 ? "" : "s");
    size_t first = options->all ? 0 : emu_trace_race(w->machine);
    struct marking marking = {.watched = w, .out = out, .entry = first};
    emu_trace_timeline(w->machine, first, put_marked, &marking);
}

/* ---- The story ----------------------------------------------------------------------------------------- */

/* Tells it by a shrunk run, where there is one; *token is that run's (free() it), or NULL. */
static bool tell(struct cli_session *s, struct emu_story *story, char **token)
{
    struct emu_record failing = {0};
    emu_record_copy(&failing, emu_machine_record(s->machine));
    struct emu_shrink_options limits = {.runs = SHRINKING_RUNS, .seconds = SHRINKING_SECONDS};
    struct emu_shrink_result shrunk;
    *token = NULL;
    bool has_more = emu_record_deviations(&failing) > 0; /* a run that hangs is a long one */
    if (has_more && emu_shrink(s->machine, &s->program, &failing, &limits, &shrunk)) {
        if (shrunk.deviations_after < shrunk.deviations_before) {
            emu_record_copy(&failing, &shrunk.record);
            *token = cli_session_token(s, &shrunk.record, shrunk.hash);
        }
        emu_record_free(&shrunk.record);
    }
    bool told = emu_story_tell(s->machine, &s->program, &failing, 0, story);
    emu_record_free(&failing);
    return told;
}

/* The run that the token names is the machine's last one. */
static void show_text(struct cli_session *s, const struct cli_options *options, const struct watched *w,
                      FILE *out)
{
    json_t *finding = cli_finding_of_run(s->machine, options->token, true);
    bool failed = json_is_object(finding);
    if (failed)
        cli_finding_text(out, finding, options->width, options->quiet);
    else
        fprintf(out, "no finding in this run\n");
    json_decref(finding);
    if (options->quiet)
        return;
    if (!failed || options->all || options->timeline) {
        show_timeline(options, w, out);
        return;
    }
    struct emu_story story;
    char *token;
    if (!tell(s, &story, &token))
        return;
    if (token != NULL)
        fprintf(out, "  told by a simpler run that fails alike: %s\n", token);
    fputc('\n', out);
    cli_story_text(out, &story, options->width != 0 ? options->width : cli_width(out));
    emu_story_free(&story);
    free(token);
}

static json_t *describe(const struct cli_options *options, struct cli_session *s, const struct watched *w)
{
    const struct emu_finding *finding = emu_machine_finding(s->machine);
    uint64_t hash = emu_trace_hash(s->machine);
    json_t *result =
        json_pack("{s:s, s:i, s:o, s:o}", "scenario", s->scenario->name, "preemptions",
                  (int)emu_record_preemptions(emu_machine_record(s->machine)), "trace_hash",
                  cli_hash_json(hash), "finding", cli_finding_of_run(s->machine, options->token, true));
    if (!options->quiet) {
        struct marking marking = {.watched = w, .lines = json_array()};
        emu_trace_timeline(s->machine, 0, put_marked, &marking);
        json_object_set_new(result, "timeline", marking.lines);
        struct emu_story story;
        char *token;
        if (finding != NULL && tell(s, &story, &token)) {
            json_t *told = cli_story_json(&story);
            json_object_set_new(told, "token", token != NULL ? json_string(token) : json_null());
            json_object_set_new(result, "story", told);
            emu_story_free(&story);
            free(token);
        }
    }
    return result;
}

int command_explain(const struct cli_options *options)
{
    struct cli_session s;
    struct emu_token token;
    struct cli_output out;
    if (!cli_token_session_open(&s, options, &token))
        return CLI_BAD_INPUT;
    struct watched *w = watch(s.machine, &token.record);
    emu_trace_record(s.machine, true);
    emu_machine_set_strategy(s.machine, &w->base);
    w->base.begin(&w->base, 0);
    emu_run_program(s.machine, &s.program);
    w->base.end(&w->base);
    emu_machine_set_strategy(s.machine, NULL);

    int status = CLI_BAD_INPUT;
    if (!cli_session_left_token(&s, &token, watched_divergence(&w->base)) &&
        cli_output_open(&out, options->output)) {
        bool failed = emu_machine_finding(s.machine) != NULL;
        if (options->json)
            cli_output_json(&out, describe(options, &s, w));
        else
            show_text(&s, options, w, out.stream);
        if (cli_output_commit(&out))
            status = failed ? CLI_FINDING : CLI_CLEAN;
    }
    watched_destroy(&w->base);
    cli_token_session_close(&s, &token);
    return status;
}
