/*
 * Reports as people and programs read them.
 */
#include "cli_checksum.h"
#include "cli_coverage.h"
#include "cli_describe.h"
#include "cli_finding.h"
#include "cli_report.h"

#include <stdlib.h>
#include <string.h>

/* A string of what the report is about. */
static const char *of(const struct cli_report *r, const char *key)
{
    return json_string_value(json_object_get(r->what, key));
}

/* A bound, or CLI_UNBOUNDED. */
static int bound_of(const struct cli_report *r, const char *key)
{
    const json_t *bound = json_object_get(r->what, key);
    return json_is_integer(bound) ? (int)json_integer_value(bound) : CLI_UNBOUNDED;
}

/* Past findings after which a machine can go on. */
static bool goes_on(const struct cli_report *r)
{
    return json_is_true(json_object_get(r->what, "go_on"));
}

static bool is_by(const struct cli_report *r, const char *strategy)
{
    return strcmp(of(r, "strategy"), strategy) == 0;
}

static size_t label_bound(char *label, size_t used, int bound, const char *what)
{
    if (bound == CLI_UNBOUNDED)
        return used;
    int n = snprintf(label + used, CLI_LABEL_TEXT - used, ", at most %d %s%s", bound, what,
                     bound == 1 ? "" : "s");
    return n > 0 ? used + (size_t)n : used;
}

static size_t label_bounds(const struct cli_report *r, char *label, size_t used)
{
    used = label_bound(label, used, bound_of(r, "preemptions"), "preemption");
    used = label_bound(label, used, bound_of(r, "interrupts"), "interrupt");
    return label_bound(label, used, bound_of(r, "delays"), "delay");
}

const char *cli_report_label(const struct cli_report *r, char label[CLI_LABEL_TEXT])
{
    size_t used = label_bounds(r, label, (size_t)snprintf(label, CLI_LABEL_TEXT, "%s", of(r, "strategy")));
    const char *faults = of(r, "faults");
    if (faults != NULL) {
        int n = snprintf(label + used, CLI_LABEL_TEXT - used, ", faults %s", faults);
        used += n > 0 ? (size_t)n : 0;
    }
    const json_t *shard = json_object_get(r->what, "shard");
    json_int_t shards = json_integer_value(json_array_get(shard, 1));
    if (shards > 0)
        snprintf(label + used, CLI_LABEL_TEXT - used, ", shard %d of %d",
                 (int)json_integer_value(json_array_get(shard, 0)), (int)shards);
    return label;
}

/* ---- Findings ---------------------------------------------------------------------------------------------
 */

static void show_timeline(FILE *out, const char *text, const struct cli_report_shape *shape)
{
    struct emu_divergence divergence;
    struct emu_token token;
    const char *why;
    if (shape->session == NULL || text == NULL || !emu_token_read(text, &token, &why))
        return;
    uint32_t go_past = emu_machine_config(shape->session->machine)->go_past;
    if (cli_session_fit(shape->session, &token) &&
        cli_session_replay(shape->session, &token.record, true, &divergence) && !divergence.diverged) {
        fputc('\n', out);
        cli_timeline_text(out, shape->session->machine, shape->all);
        emu_trace_record(shape->session->machine, false);
        fputc('\n', out);
    }
    emu_machine_set_go_past(shape->session->machine, go_past);
    emu_record_free(&token.record);
}

static uint64_t number_of(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static void show_finding(FILE *out, const struct cli_report *r, const json_t *f,
                         const struct cli_report_shape *shape)
{
    bool has_timeline =
        !shape->quiet && shape->session != NULL && json_is_string(json_object_get(f, "token"));
    cli_finding_text(out, f, 0, !has_timeline);
    char run[CLI_COUNT_TEXT];
    const char *strategy = json_string_value(json_object_get(f, "strategy"));
    const char *token = json_string_value(json_object_get(f, "token"));
    unsigned preemptions = (unsigned)number_of(f, "preemptions");
    fprintf(out, "  in run %s", cli_count(number_of(f, "run") + 1, run));
    if (json_object_get(f, "shard") != NULL)
        fprintf(out, " of shard %u", (unsigned)number_of(f, "shard"));
    fprintf(out, "%s%s, with %u preemption%s\n", strategy != NULL ? ", one of " : "",
            strategy != NULL ? strategy : "", preemptions, preemptions == 1 ? "" : "s");
    if (!shape->quiet)
        show_timeline(out, token, shape);
    cli_token_text(out, token);
    if (!shape->quiet && token != NULL)
        fprintf(out, "replay it:  haldma replay %s %s\n",
                shape->module != NULL ? shape->module : of(r, "module"), token);
}

/* ---- Text -------------------------------------------------------------------------------------------------
 */

/* Who had how many runs. */
static void show_shares(FILE *out, const struct cli_report *r)
{
    size_t i;
    json_t *share;
    json_array_foreach(r->shares, i, share)
    {
        char runs[CLI_COUNT_TEXT], classes[CLI_COUNT_TEXT];
        if (number_of(share, "runs") > 0)
            fprintf(out, "    %s: %s, %s new%s\n", json_string_value(json_object_get(share, "strategy")),
                    cli_runs(number_of(share, "runs"), runs),
                    cli_count(number_of(share, "new_classes"), classes),
                    json_is_true(json_object_get(share, "ended")) ? "; all it has" : "");
    }
}

/* How many runs were of use, and what the result of a reduction does not say. */
static void show_reduction(FILE *out, const struct cli_report *r)
{
    const struct emu_reduction *d = &r->reduction;
    char classes[CLI_COUNT_TEXT], blocked[CLI_COUNT_TEXT];
    if (!r->reduces)
        return;
    fprintf(out, "    classes: %s%s, runs in vain: %s\n", d->repeated ? "at most " : "",
            cli_count(d->classes, classes), cli_count(d->blocked, blocked));
    if (d->forced)
        cli_wrapped_text(out, "    ",
                         "in some runs fairness decided, or a data race ended them: what could have come "
                         "instead was not explored, so this is not complete",
                         cli_width(out));
    if (!r->watched)
        cli_wrapped_text(out, "    ",
                         "the drivers' plain memory accesses were not looked at (they are where a driver is "
                         "built with RACES): the result holds as far as these are free of data races",
                         cli_width(out));
}

static void show_runs(FILE *out, const struct cli_report *r, const struct cli_report_shape *shape)
{
    char runs[CLI_COUNT_TEXT], time[CLI_COUNT_TEXT], rate[CLI_COUNT_TEXT], label[CLI_LABEL_TEXT];
    double per_second = r->seconds > 0 ? (double)r->runs / r->seconds : 0;
    bool found = json_array_size(r->findings) > 0;
    const char *end = found && goes_on(r)                 ? "with findings"
                      : found                             ? "stopped at a finding"
                      : r->complete                       ? "complete"
                      : r->interrupted                    ? "interrupted"
                      : r->saturated                      ? "saturated"
                      : r->reduces && r->reduction.forced ? "not proved complete"
                                                          : "limit reached";
    fprintf(out, "  %s: %s in %s (%s a second), %s\n", cli_report_label(r, label), cli_runs(r->runs, runs),
            cli_time(r->seconds, time), cli_count((uint64_t)per_second, rate), end);
    if (!shape->quiet)
        show_shares(out, r);
    show_reduction(out, r);
    cli_coverage_text(out, shape->machine, r->coverage, !shape->quiet, r->complete);
    if (r->bound != NULL)
        fprintf(out, "  %s\n", r->bound);
}

/* A line for each finding that was passed over, and why it was. */
static void show_passed(FILE *out, const struct cli_report *r)
{
    size_t i;
    json_t *finding;
    char more[CLI_COUNT_TEXT];
    json_array_foreach(r->passed, i, finding)
    {
        char headline[CLI_HEADLINE_TEXT], runs[CLI_COUNT_TEXT];
        const json_t *by = json_object_get(finding, "suppression"), *place = cli_finding_place(finding);
        const char *file = cli_member_text(place, "file"), *slash = strrchr(file, '/');
        fprintf(out, "  passed over: %s %s", cli_member_text(finding, "severity"),
                cli_finding_headline(finding, headline));
        if (file[0] != '\0')
            fprintf(out, " at %s:%u in %s", slash != NULL ? slash + 1 : file,
                    (unsigned)number_of(place, "line"), cli_member_text(place, "function"));
        fprintf(out, ", %s", cli_runs(number_of(finding, "times"), runs));
        if (json_is_object(by))
            fprintf(out, ": suppressed by line %u: %s\n", (unsigned)number_of(by, "line"),
                    cli_member_text(by, "reason"));
        else
            fputs(": less severe than --fail-on\n", out);
    }
    if (r->passed_unlisted > 0)
        fprintf(out, "  passed over: more kinds than are listed, %s\n", cli_runs(r->passed_unlisted, more));
    if (i > 0 && goes_on(r))
        fputs("  (where the machine cannot go on, a run ends at what is passed over)\n", out);
    else if (i > 0)
        fputs("  (a run ends at what is passed over: what would have come behind it is not seen)\n", out);
}

/* No finding, and how much that says. */
static void show_clean(FILE *out, const struct cli_report *r)
{
    char bounds[CLI_LABEL_TEXT] = "";
    bool searches = is_by(r, "auto") || is_by(r, "exhaustive") || is_by(r, "delay");
    bool is_shard = json_integer_value(json_array_get(json_object_get(r->what, "shard"), 1)) > 1;
    label_bounds(r, bounds, 0);
    int preemptions = bound_of(r, "preemptions");
    const char *here = is_shard ? " of this shard" : "";
    const char *faults = of(r, "faults");
    if (faults != NULL && strcmp(faults, "off") != 0 && strcmp(faults, "all") != 0) {
        fprintf(out, "no finding%s\n", r->complete ? ": the faults are complete" : "");
        return;
    }
    if (r->complete && r->reduces && preemptions != CLI_UNBOUNDED)
        fprintf(out,
                "no finding: complete, which means proved for the runs%s of this scenario with at most %d "
                "preemption%s (sequential consistency, this platform, these choices)\n",
                here, preemptions, preemptions == 1 ? "" : "s");
    else if (r->complete && r->reduces && is_shard)
        fputs("no finding: every class of this shard was explored\n", out);
    else if (r->complete && r->reduces)
        fputs("no finding: complete, which means proved for this scenario (sequential consistency, this "
              "platform, these choices)\n",
              out);
    else if (!r->complete || !searches)
        fputs("no finding\n", out);
    else if (bounds[0] != '\0' && !is_by(r, "auto"))
        fprintf(out, "no finding: every run%s with%s was made\n", here, bounds + 1);
    else
        fprintf(out, "no finding: every run that there is%s was made\n", is_shard ? " in this shard" : "");
}

void cli_report_text(FILE *out, const struct cli_report *r, const struct cli_report_shape *shape)
{
    fprintf(out, "%s on %s: %s\n", of(r, "scenario"), of(r, "platform"), of(r, "summary"));
    show_runs(out, r, shape);
    show_passed(out, r);
    size_t i;
    json_t *finding;
    json_array_foreach(r->findings, i, finding) show_finding(out, r, finding, shape);
    char more[CLI_COUNT_TEXT];
    if (r->findings_unlisted > 0)
        fprintf(out, "findings of more kinds than are listed: %s\n", cli_runs(r->findings_unlisted, more));
    if (i == 0)
        show_clean(out, r);
}

/* ---- JSON -------------------------------------------------------------------------------------------------
 */

static json_t *reduction_number(const struct cli_report *r, uint64_t number)
{
    return r->reduces ? json_integer((json_int_t)number) : json_null();
}

json_t *cli_report_json(const struct cli_report *r, const struct emu_machine *machine)
{
    double rate = r->seconds > 0 ? (double)r->runs / r->seconds : 0;
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:O, s:O, s:O, s:O, s:s, s:I, s:o, s:o, s:b, s:b, s:b, s:f, s:f, s:O, "
        "s:s?, s:o, "
        "s:O, s:O, s:I, s:I}",
        "module", of(r, "module"), "scenario", of(r, "scenario"), "summary", of(r, "summary"), "platform",
        of(r, "platform"), "strategy", of(r, "strategy"), "seed", json_object_get(r->what, "seed"),
        "preemptions", json_object_get(r->what, "preemptions"), "interrupts",
        json_object_get(r->what, "interrupts"), "delays", json_object_get(r->what, "delays"), "profile",
        of(r, "profile"), "runs", (json_int_t)r->runs, "classes", reduction_number(r, r->reduction.classes),
        "blocked", reduction_number(r, r->reduction.blocked), "complete", (int)r->complete, "interrupted",
        (int)r->interrupted, "saturated", (int)r->saturated, "seconds", r->seconds, "runs_per_second", rate,
        "shares", r->shares, "bound", r->bound, "coverage", cli_coverage_json(machine, r->coverage),
        "findings", r->findings, "passed_over", r->passed, "findings_unlisted",
        (json_int_t)r->findings_unlisted, "passed_over_unlisted", (json_int_t)r->passed_unlisted);
    EMU_ASSERT(json != NULL);
    if (of(r, "faults") != NULL)
        json_object_set(json, "faults", json_object_get(r->what, "faults"));
    if (json_integer_value(json_array_get(json_object_get(r->what, "shard"), 1)) > 0) {
        json_t *part = cli_report_write(r);
        cli_checksum_set(part);
        json_object_set_new(json, "part", part);
    }
    return json;
}
