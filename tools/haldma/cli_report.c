/*
 * Reports: taken from an exploration, put together, written and read.
 */
#include "cli_report.h"

#include "cli_coverage.h"
#include "cli_describe.h"
#include "cli_finding.h"

#include <emu/access.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DESCRIPTION_TEXT = 512 };

void cli_report_begin(struct cli_report *r, json_t *what)
{
    *r = (struct cli_report){.what = json_incref(what),
                             .findings = json_array(),
                             .passed = json_array(),
                             .shares = json_array(),
                             .coverage = cli_coverage_create()};
}

void cli_report_end(struct cli_report *r)
{
    json_decref(r->what);
    json_decref(r->findings);
    json_decref(r->passed);
    json_decref(r->shares);
    free(r->bound);
    emu_coverage_destroy(r->coverage);
    *r = (struct cli_report){0};
}

/* ---- Of which exploration ---------------------------------------------------------------------------------
 */

static json_t *bound_json(int bound)
{
    return bound != CLI_UNBOUNDED ? json_integer(bound) : json_null();
}

json_t *cli_report_what(const struct cli_options *o, const struct cli_session *session,
                        const struct cli_suppressions *suppressions)
{
    const char *slash = strrchr(o->module, '/');
    json_t *what = json_pack(
        "{s:o, s:s, s:s, s:s, s:I, s:s, s:I, s:o, s:o, s:o, s:i, s:s, s:[i, i]}", "module",
        cli_text_json(slash != NULL ? slash + 1 : o->module), "scenario", session->scenario->name, "summary",
        session->scenario->summary, "platform", session->platform, "configuration",
        (json_int_t)haldma_configuration(session->machine), "strategy", cli_strategy_names[o->strategy],
        "seed", (json_int_t)o->seed, "preemptions", bound_json(o->preemptions), "interrupts",
        bound_json(o->interrupts), "delays", bound_json(o->delays), "depth", (int)o->depth, "profile",
        emu_profile_name(emu_machine_config(session->machine)->profile), "shard", (int)o->shard,
        (int)o->shards);
    if (suppressions->path != NULL)
        json_object_set_new(what, "suppressions", cli_hash_json(suppressions->hash));
    if (o->go_on)
        json_object_set_new(what, "go_on", json_true());
    if (o->fail_on != CLI_NOTE)
        json_object_set_new(what, "fail_on", json_string(cli_severity_names[o->fail_on]));
    if (o->faults_said != NULL)
        json_object_set_new(what, "faults", json_string(o->faults_said));
    return what;
}

/* ---- Taken ------------------------------------------------------------------------------------------------
 */

static json_t *finding_json(const struct cli_session *session, const struct emu_found *found)
{
    uint32_t go_past = emu_machine_config(session->machine)->go_past;
    emu_machine_set_go_past(session->machine, found->past); /* its token is for a run that halts there */
    char *token = cli_session_token(session, &found->record, found->hash);
    emu_machine_set_go_past(session->machine, go_past);
    json_t *finding = cli_finding_json(session->machine, &found->finding, token, found->hash);
    json_object_set_new(finding, "run", json_integer((json_int_t)found->run));
    json_object_set_new(finding, "strategy",
                        found->strategy != NULL ? json_string(found->strategy) : json_null());
    json_object_set_new(finding, "went_past", json_integer((json_int_t)found->past));
    json_object_set_new(finding, "preemptions",
                        json_integer((json_int_t)emu_record_preemptions(&found->record)));
    free(token);
    return finding;
}

void cli_report_complete(struct cli_report *r, struct cli_session *session)
{
    size_t i;
    json_t *finding;
    json_array_foreach(r->findings, i, finding) cli_finding_replay_steps(finding, session);
}

void cli_report_take(struct cli_report *r, const struct cli_session *session,
                     struct cli_suppressions *suppressions, const struct emu_report *explored,
                     const struct emu_strategy *strategy, const struct emu_coverage *coverage)
{
    char description[DESCRIPTION_TEXT];
    struct emu_share share;
    const struct emu_reduction *reduction = emu_strategy_reduction(strategy);
    r->runs = explored->runs;
    r->steps = explored->steps;
    r->seconds = explored->seconds;
    r->complete = explored->complete && explored->found == 0;
    r->interrupted = explored->interrupted;
    r->saturated = explored->saturated;
    r->watched = emu_access_watched(session->machine);
    r->reduces = reduction != NULL;
    if (reduction != NULL)
        r->reduction = *reduction;
    r->findings_unlisted = explored->found_unlisted;
    r->passed_unlisted = explored->passed_unlisted;
    for (unsigned i = 0; i < explored->found; i++)
        json_array_append_new(r->findings, finding_json(session, &explored->findings[i]));
    for (unsigned i = 0; i < explored->passed; i++) {
        json_t *passed = finding_json(session, &explored->passed_over[i]);
        json_object_set_new(passed, "suppression",
                            cli_suppress_json(suppressions, &explored->passed_over[i].finding));
        json_object_set_new(passed, "times", json_integer((json_int_t)explored->passed_over[i].times));
        json_array_append_new(r->passed, passed);
    }
    for (unsigned i = 0; emu_strategy_share(strategy, i, &share); i++)
        json_array_append_new(r->shares,
                              json_pack("{s:s, s:I, s:I, s:b, s:b}", "strategy", share.name, "runs",
                                        (json_int_t)share.runs, "new_classes", (json_int_t)share.classes,
                                        "ended", (int)share.ended, "whole", (int)share.whole));
    if (emu_strategy_describe(strategy, description, sizeof description))
        r->bound = strdup(description);
    struct emu_words words = {0};
    emu_coverage_save(coverage, &words);
    EMU_ASSERT(emu_coverage_add(r->coverage, &words));
    emu_words_free(&words);
}

/* ---- Put together -----------------------------------------------------------------------------------------
 */

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool same_finding(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "rule"), json_object_get(b, "rule")) &&
           json_equal(json_object_get(a, "code"), json_object_get(b, "code"));
}

/* By run; parts whose runs have numbers of their own come in the order of parts. */
static void add_finding(struct cli_report *r, json_t *finding)
{
    size_t at, place = json_array_size(r->findings);
    json_t *other;
    bool numbered = json_object_get(finding, "shard") == NULL;
    json_array_foreach(r->findings, at, other)
    {
        bool before = numbered && number_of(finding, "run") < number_of(other, "run");
        if (same_finding(finding, other) && !before)
            return;
        if (before && place == json_array_size(r->findings))
            place = at;
    }
    for (size_t i = json_array_size(r->findings); i-- > place;)
        if (same_finding(finding, json_array_get(r->findings, i)))
            json_array_remove(r->findings, i);
    json_array_insert(r->findings, place, finding);
}

/* What is of one rule and code, at one place, and passed over for one reason, is one. */
static void add_passed(struct cli_report *r, const json_t *finding)
{
    size_t i;
    json_t *other;
    json_array_foreach(r->passed, i, other)
    {
        if (!same_finding(finding, other) ||
            !json_equal(json_object_get(finding, "suppression"), json_object_get(other, "suppression")) ||
            !json_equal(json_object_get(finding, "callers"), json_object_get(other, "callers")))
            continue;
        json_object_set_new(other, "times",
                            json_integer(number_of(finding, "times") + number_of(other, "times")));
        return;
    }
    json_array_append_new(r->passed, json_deep_copy(finding));
}

/* Strategies that ended in both are what ended; runs are added up. */
static void add_shares(struct cli_report *r, const json_t *shares)
{
    size_t i;
    json_t *share;
    json_array_foreach(shares, i, share)
    {
        json_t *mine = json_array_get(r->shares, i);
        if (mine == NULL) {
            json_array_append_new(r->shares, json_deep_copy(share));
            continue;
        }
        static const char *const sums[] = {"runs", "new_classes"};
        for (unsigned k = 0; k < 2; k++)
            json_object_set_new(mine, sums[k],
                                json_integer(number_of(mine, sums[k]) + number_of(share, sums[k])));
        static const char *const ends[] = {"ended", "whole"};
        for (unsigned k = 0; k < 2; k++)
            if (!json_is_true(json_object_get(share, ends[k])))
                json_object_set_new(mine, ends[k], json_false());
    }
}

/* Did one strategy of the portfolio exhaust every part? A report without a portfolio says so by itself. */
static bool somebody_was_whole(const json_t *shares)
{
    size_t i;
    json_t *share;
    json_array_foreach(shares, i, share)
    {
        if (json_is_true(json_object_get(share, "whole")))
            return true;
    }
    return json_array_size(shares) == 0;
}

/* What can be added up, and what is found in lists. */
static void add_counts(struct cli_report *r, const struct cli_report *part)
{
    size_t i;
    json_t *finding;
    r->runs += part->runs;
    r->steps += part->steps;
    r->seconds += part->seconds;
    r->findings_unlisted += part->findings_unlisted;
    r->passed_unlisted += part->passed_unlisted;
    json_array_foreach(part->findings, i, finding) add_finding(r, finding);
    json_array_foreach(part->passed, i, finding) add_passed(r, finding);
}

void cli_report_go_on(struct cli_report *r, const struct cli_report *before)
{
    add_counts(r, before);
    r->complete &= json_array_size(r->findings) == 0;
}

void cli_report_add(struct cli_report *r, const struct cli_report *part)
{
    bool is_first = r->runs == 0 && r->seconds <= 0;
    r->complete = part->complete && (is_first || r->complete);
    add_counts(r, part);
    r->interrupted |= part->interrupted;
    r->saturated |= part->saturated;
    r->watched = part->watched && (is_first || r->watched);
    r->reduces |= part->reduces;
    r->reduction.classes += part->reduction.classes;
    r->reduction.blocked += part->reduction.blocked;
    r->reduction.misfits += part->reduction.misfits;
    r->reduction.forced |= part->reduction.forced;
    r->reduction.repeated |= part->reduction.repeated;
    add_shares(r, part->shares);
    r->complete &= somebody_was_whole(r->shares) && json_array_size(r->findings) == 0;
    free(r->bound);
    r->bound = is_first && part->bound != NULL ? strdup(part->bound) : NULL;
    struct emu_words words = {0};
    emu_coverage_save(part->coverage, &words);
    EMU_ASSERT(emu_coverage_add(r->coverage, &words));
    emu_words_free(&words);
}

/* ---- Written and read -------------------------------------------------------------------------------------
 */

json_t *cli_words_json(const struct emu_words *words)
{
    enum { WORD_TEXT = 17 };
    char *text = malloc(words->count * WORD_TEXT + 1), *at = text;
    EMU_ASSERT(text != NULL);
    *at = '\0';
    for (size_t i = 0; i < words->count; i++)
        at += sprintf(at, "%s%" PRIx64, i > 0 ? " " : "", words->words[i]);
    json_t *json = json_string(text);
    free(text);
    return json;
}

bool cli_words_read(struct emu_words *words, const json_t *json)
{
    enum { HEXADECIMAL = 16 };
    const char *at = json_string_value(json);
    *words = (struct emu_words){0};
    if (at == NULL || at[strspn(at, "0123456789abcdef ")] != '\0')
        return false;
    while (*at != '\0') {
        char *end;
        emu_words_put(words, strtoull(at, &end, HEXADECIMAL));
        at = end + strspn(end, " ");
    }
    return true;
}

json_t *cli_report_write(const struct cli_report *r)
{
    struct emu_words words = {0};
    emu_coverage_save(r->coverage, &words);
    const struct emu_reduction *d = &r->reduction;
    json_t *reduction =
        json_pack("[b, I, I, I, b, b]", (int)r->reduces, (json_int_t)d->classes, (json_int_t)d->blocked,
                  (json_int_t)d->misfits, (int)d->forced, (int)d->repeated);
    json_t *json =
        json_pack("{s:O, s:I, s:I, s:f, s:b, s:b, s:b, s:b, s:o, s:O, s:O, s:I, s:I, s:O, s:s?, s:o}", "what",
                  r->what, "runs", (json_int_t)r->runs, "steps", (json_int_t)r->steps, "seconds", r->seconds,
                  "complete", (int)r->complete, "interrupted", (int)r->interrupted, "saturated",
                  (int)r->saturated, "watched", (int)r->watched, "reduction", reduction, "findings",
                  r->findings, "passed_over", r->passed, "findings_unlisted",
                  (json_int_t)r->findings_unlisted, "passed_over_unlisted", (json_int_t)r->passed_unlisted,
                  "shares", r->shares, "bound", r->bound, "coverage", cli_words_json(&words));
    emu_words_free(&words);
    EMU_ASSERT(json != NULL);
    return json;
}

/* Has every finding, or share, what is asked of it later? */
static bool are_objects(const json_t *array, const char *name, const char *number)
{
    size_t i;
    json_t *object;
    json_array_foreach(array, i, object) if (!json_is_string(json_object_get(object, name)) ||
                                             !json_is_integer(json_object_get(object, number))) return false;
    return json_is_array(array);
}

static bool is_whole_what(const json_t *what)
{
    static const char *const strings[] = {"module", "scenario", "summary", "platform", "strategy", "profile"};
    for (unsigned i = 0; i < sizeof strings / sizeof strings[0]; i++)
        if (!json_is_string(json_object_get(what, strings[i])))
            return false;
    return json_array_size(json_object_get(what, "shard")) == 2;
}

bool cli_report_read(struct cli_report *r, const json_t *json)
{
    json_t *what, *findings, *passed, *shares, *coverage;
    json_int_t runs, steps, classes, blocked, misfits, findings_unlisted, passed_unlisted;
    int complete, interrupted, saturated, watched, reduces, forced, repeated;
    json_t *bound;
    struct emu_words words = {0};
    *r = (struct cli_report){0};
    double seconds;
    if (json_unpack((json_t *)(uintptr_t)json,
                    "{s:o, s:I, s:I, s:F, s:b, s:b, s:b, s:b, s:[b, I, I, I, b, b], s:o, s:o, s:I, s:I, s:o, "
                    "s:o, s:o}",
                    "what", &what, "runs", &runs, "steps", &steps, "seconds", &seconds, "complete", &complete,
                    "interrupted", &interrupted, "saturated", &saturated, "watched", &watched, "reduction",
                    &reduces, &classes, &blocked, &misfits, &forced, &repeated, "findings", &findings,
                    "passed_over", &passed, "findings_unlisted", &findings_unlisted, "passed_over_unlisted",
                    &passed_unlisted, "shares", &shares, "bound", &bound, "coverage", &coverage) != 0 ||
        runs < 0 || steps < 0 || !(seconds >= 0) || !are_objects(findings, "rule", "run") ||
        !are_objects(passed, "rule", "times") || findings_unlisted < 0 || passed_unlisted < 0 ||
        !are_objects(shares, "strategy", "runs") || !is_whole_what(what) ||
        !cli_words_read(&words, coverage)) {
        emu_words_free(&words);
        return false;
    }
    cli_report_begin(r, what);
    json_array_extend(r->findings, findings);
    json_array_extend(r->passed, passed);
    r->findings_unlisted = (uint64_t)findings_unlisted;
    r->passed_unlisted = (uint64_t)passed_unlisted;
    json_decref(r->shares);
    r->shares = json_deep_copy(shares);
    r->runs = (uint64_t)runs;
    r->steps = (uint64_t)steps;
    r->seconds = seconds;
    r->complete = complete;
    r->interrupted = interrupted;
    r->saturated = saturated;
    r->watched = watched;
    r->reduces = reduces;
    r->reduction = (struct emu_reduction){.classes = (uint64_t)classes,
                                          .blocked = (uint64_t)blocked,
                                          .misfits = (uint64_t)misfits,
                                          .forced = forced,
                                          .repeated = repeated};
    r->bound = json_is_string(bound) ? strdup(json_string_value(bound)) : NULL;
    bool good = emu_coverage_add(r->coverage, &words) && words.at == words.count;
    emu_words_free(&words);
    if (!good)
        cli_report_end(r);
    return good;
}
