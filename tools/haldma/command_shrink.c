/*
 * haldma shrink: a simpler run that fails in the same way, in a smaller size of the scenario where that has
 * one, and what is known of runs with fewer preemptions.
 */
#include "cli_describe.h"
#include "cli_status.h"
#include "commands.h"

#include <emu/access.h>
#include <stdlib.h>

#define SECONDS_DEFAULT    10.0
#define SECONDS_FOR_A_SIZE 1.0
enum { RUNS_FOR_A_SIZE = 20000 };

/* The smallest run that was found. */
struct shrunk {
    struct emu_shrink_result result; /* without its record */
    char *token;                     /* free() it; NULL: it has too many choices for one */
    unsigned size;
    unsigned proved_size; /* which size the certificate is about */
    bool watched;         /* the drivers' memory accesses were steps */
};

/* ---- What is said about it ------------------------------------------------------------------------------
 */

static bool is_proved(const struct emu_shrink_result *r)
{
    return r->certificate.bounds >= (int)r->preemptions_after;
}

/* "at most 1 preemption" */
static void say_at_most(FILE *out, int preemptions)
{
    if (preemptions == 0)
        fprintf(out, "0 preemptions");
    else
        fprintf(out, "at most %d preemption%s", preemptions, preemptions == 1 ? "" : "s");
}

static void tell_basis(const struct shrunk *s)
{
    const struct emu_certificate *c = &s->result.certificate;
    if (c->by_classes)
        fprintf(stderr,
                "  It rests on partial-order reduction, one run for each class%s; and on\n"
                "  sequential consistency, this platform, these choices.\n",
                s->watched
                    ? ""
                    : ", and on there being no data race in\n  the drivers' memory, which was not watched");
    else
        fprintf(stderr,
                "  Every one of them was made (sequential consistency, this platform, these choices).\n");
    if (s->proved_size != s->size)
        fprintf(stderr, "  This was shown for the full size of the scenario.\n");
}

static void tell_certificate(const struct shrunk *s)
{
    const struct emu_certificate *c = &s->result.certificate;
    char runs[CLI_COUNT_TEXT], time[CLI_COUNT_TEXT];
    cli_runs(c->runs, runs);
    cli_time(c->seconds, time);
    if (s->result.preemptions_after == 0) {
        fprintf(stderr, "certificate: there are no fewer than 0 preemptions\n");
        return;
    }
    if (is_proved(&s->result)) {
        fprintf(stderr, "certificate: no run with ");
        say_at_most(stderr, c->bounds - 1);
        fprintf(stderr, " fails in this way; all were searched (%s, %s)\n", runs, time);
        tell_basis(s);
        return;
    }
    fprintf(stderr, "no certificate: the search of the runs with ");
    say_at_most(stderr, c->bounds);
    fprintf(stderr, " was given up after %s, %s\n", runs, time);
    if (c->bounds > 0) {
        fprintf(stderr, "  No run with ");
        say_at_most(stderr, c->bounds - 1);
        fprintf(stderr, " fails in this way.\n");
        tell_basis(s);
    }
}

static void tell(const struct cli_session *session, const struct shrunk *s)
{
    const struct emu_shrink_result *r = &s->result;
    char runs[CLI_COUNT_TEXT], time[CLI_COUNT_TEXT];
    fprintf(stderr,
            "preemptions: %u, were %u\ninterrupts: %u, were %u\nchoices off the default: %zu, were %zu\n",
            r->preemptions_after, r->preemptions_before, r->interrupts_after, r->interrupts_before,
            r->deviations_after, r->deviations_before);
    if (session->scenario->sizes > 1)
        fprintf(stderr, "size: %u of 0 (full) to %u\n", s->size, session->scenario->sizes - 1);
    fprintf(stderr, "after %s, %s\n", cli_runs(r->runs, runs), cli_time(r->seconds, time));
    tell_certificate(s);
}

static json_t *certificate_json(const struct shrunk *s)
{
    const struct emu_certificate *c = &s->result.certificate;
    json_t *rests_on = json_pack("[s, s, s]", "sequential consistency", "this platform", "these choices");
    if (c->by_classes)
        json_array_append_new(rests_on, json_string("partial-order reduction"));
    if (c->by_classes && !s->watched)
        json_array_append_new(rests_on, json_string("memory that was not watched is free of data races"));
    return json_pack("{s:b, s:o, s:o, s:s, s:o, s:i, s:I, s:f}", "complete", (int)is_proved(&s->result),
                     "preemptions", c->bounds > 0 ? json_integer(c->bounds - 1) : json_null(), "stopped_at",
                     c->stopped ? json_integer(c->bounds) : json_null(), "searched",
                     c->by_classes ? "one run of each class" : "every run", "rests_on", rests_on, "size",
                     (int)s->proved_size, "runs", (json_int_t)c->runs, "seconds", c->seconds);
}

static json_t *describe(const struct cli_session *session, const struct shrunk *s)
{
    const struct emu_shrink_result *r = &s->result;
    return json_pack("{s:s, s:s, s:o, s:i, s:I, s:f, s:i, s:i, s:i, s:i, s:I, s:I, s:i, s:o}", "scenario",
                     session->scenario->name, "token", s->token, "trace_hash", cli_hash_json(r->hash), "size",
                     (int)s->size, "runs", (json_int_t)r->runs, "seconds", r->seconds, "preemptions_before",
                     (int)r->preemptions_before, "preemptions", (int)r->preemptions_after,
                     "interrupts_before", (int)r->interrupts_before, "interrupts", (int)r->interrupts_after,
                     "deviations_before", (json_int_t)r->deviations_before, "deviations",
                     (json_int_t)r->deviations_after, "exhausted_below", r->exhausted_below, "certificate",
                     certificate_json(s));
}

/* ---- Looking for it -------------------------------------------------------------------------------------
 */

/* Keeps what the session's machine made last. */
static void keep(const struct cli_session *session, struct shrunk *s, struct emu_shrink_result *result)
{
    free(s->token);
    s->token = cli_session_token(session, &result->record, result->hash);
    emu_record_free(&result->record);
    s->result = *result;
    s->size = s->proved_size = session->size;
    s->watched = emu_access_watched(session->machine);
}

/* Is it as small in everything that counts for more than the size? */
static bool is_as_small(const struct emu_shrink_result *a, const struct emu_shrink_result *b)
{
    if (a->preemptions_after != b->preemptions_after)
        return a->preemptions_after < b->preemptions_after;
    if (a->interrupts_after != b->interrupts_after)
        return a->interrupts_after < b->interrupts_after;
    return a->deviations_after <= b->deviations_after;
}

/* The same finding in a smaller size of the scenario; the certificate of the full one is kept where it is
 * whole. */
static void take_size(const struct cli_session *small, struct shrunk *s, struct emu_shrink_result *result)
{
    struct shrunk before = *s;
    bool proves = is_proved(&before.result) && result->preemptions_after == before.result.preemptions_after;
    result->runs += before.result.runs;
    result->seconds += before.result.seconds;
    result->preemptions_before = before.result.preemptions_before;
    result->interrupts_before = before.result.interrupts_before;
    result->deviations_before = before.result.deviations_before;
    keep(small, s, result);
    if (proves) {
        s->result.certificate = before.result.certificate;
        s->result.exhausted_below = before.result.exhausted_below;
        s->proved_size = before.proved_size;
    }
}

/* One size; true: it fails there, too, and no worse. */
static bool try_size(const struct cli_session *session, unsigned size, const struct emu_token *token,
                     const struct emu_finding *finding, const struct emu_shrink_options *limits,
                     struct shrunk *s)
{
    struct cli_session small;
    struct emu_shrink_result result;
    if (!cli_session_open(&small, session->scenario, haldma_platform_find(session->platform), size,
                          CLI_PROFILE_OF_SCENARIO))
        return false;
    emu_machine_set_profile(small.machine, token->profile);
    emu_machine_set_faults(small.machine, token->faults);
    emu_machine_set_misbehaving(small.machine, emu_machine_config(session->machine)->misbehaving);
    bool found =
        emu_shrink_find(small.machine, &small.program, finding, s->result.preemptions_after, limits, &result);
    bool taken = found && is_as_small(&result, &s->result);
    if (taken) {
        take_size(&small, s, &result);
    } else {
        s->result.runs += result.runs;
        s->result.seconds += result.seconds;
        emu_record_free(&result.record);
    }
    cli_session_close(&small);
    return taken;
}

/* The smallest size first; a short search in each, as far as the limits allow. */
static void try_sizes(const struct cli_session *session, const struct cli_options *options,
                      const struct emu_token *token, const struct emu_finding *finding, struct shrunk *s)
{
    double seconds_max = options->seconds > 0 ? options->seconds : SECONDS_DEFAULT;
    for (unsigned size = session->scenario->sizes; size-- > session->size + 1;) {
        struct emu_shrink_options limits = {.runs = RUNS_FOR_A_SIZE, .seconds = SECONDS_FOR_A_SIZE};
        double seconds_left = seconds_max - s->result.seconds;
        uint64_t runs_left = options->runs > s->result.runs ? options->runs - s->result.runs : 0;
        if (seconds_left <= 0 || (options->runs != 0 && runs_left == 0))
            return;
        if (options->runs != 0 && runs_left < limits.runs)
            limits.runs = runs_left;
        if (seconds_left < limits.seconds)
            limits.seconds = seconds_left;
        if (try_size(session, size, token, finding, &limits, s))
            return;
    }
}

static int show(const struct cli_session *session, const struct cli_options *options, const struct shrunk *s,
                struct cli_output *out)
{
    if (s->token == NULL) { /* fewer deviations may come with more choices */
        cli_complain("no token: " CLI_NO_TOKEN);
        return CLI_BAD_INPUT;
    }
    if (!options->quiet)
        tell(session, s);
    if (options->json)
        cli_output_json(out, describe(session, s));
    else
        fprintf(out->stream, "%s\n", s->token);
    return CLI_FINDING;
}

static int shrink(struct cli_session *session, const struct cli_options *options,
                  const struct emu_token *token, struct cli_output *out)
{
    struct emu_shrink_options limits = {.runs = options->runs, .seconds = options->seconds};
    struct emu_shrink_result result;
    struct shrunk s = {0};
    if (!emu_shrink(session->machine, &session->program, &token->record, &limits, &result)) {
        cli_complain("the run that the token names does not fail: there is nothing to shrink");
        return CLI_BAD_INPUT;
    }
    struct emu_finding finding = *emu_machine_finding(session->machine);
    keep(session, &s, &result);
    try_sizes(session, options, token, &finding, &s);
    int status = show(session, options, &s, out);
    free(s.token);
    return status;
}

int command_shrink(const struct cli_options *options)
{
    struct cli_session s;
    struct emu_token token;
    struct cli_output out;
    struct emu_divergence divergence;
    if (!cli_token_session_open(&s, options, &token))
        return CLI_BAD_INPUT;
    int status = CLI_BAD_INPUT;
    if (cli_session_replay(&s, &token.record, false, &divergence) &&
        !cli_session_left_token(&s, &token, &divergence) && cli_output_open(&out, options->output)) {
        status = shrink(&s, options, &token, &out);
        if (status == CLI_BAD_INPUT)
            cli_output_discard(&out);
        else if (!cli_output_commit(&out))
            status = CLI_BAD_INPUT;
    }
    cli_token_session_close(&s, &token);
    return status;
}
