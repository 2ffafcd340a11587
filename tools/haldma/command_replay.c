/*
 * haldma replay: the run that a token names, once or many times, always the same.
 */
#include "cli_describe.h"
#include "cli_finding.h"
#include "cli_results.h"
#include "cli_status.h"
#include "commands.h"

#include <inttypes.h>

/* Makes the run as often as asked, traced the last time. CLI_CLEAN: it was the token's run each time. */
static int replay_all(struct cli_session *s, const struct cli_options *options, const struct emu_token *token)
{
    uint64_t first = 0;
    for (uint64_t i = 0; i < options->times; i++) {
        struct emu_divergence divergence;
        bool last = i + 1 == options->times;
        if (!cli_session_replay(s, &token->record, last && !options->quiet, &divergence) ||
            cli_session_left_token(s, token, &divergence))
            return CLI_BAD_INPUT;
        uint64_t hash = emu_trace_hash(s->machine);
        if (i > 0 && hash != first) {
            cli_complain("replay %" PRIu64 " ended with trace hash %016" PRIx64
                         ", the first with %016" PRIx64,
                         i + 1, hash, first);
            return CLI_EMULATOR;
        }
        first = hash;
    }
    return CLI_CLEAN;
}

static void show_text(const struct cli_options *options, const struct cli_session *s, FILE *out)
{
    json_t *finding = cli_finding_of_run(s->machine, options->token, !options->quiet);
    char times[CLI_COUNT_TEXT];
    if (!options->quiet)
        cli_timeline_text(out, s->machine, options->all);
    if (json_is_object(finding))
        cli_finding_text(out, finding, 0, options->quiet);
    else
        fprintf(out, "no finding in this run of %" PRIu64 " step%s\n", emu_steps(s->machine),
                emu_steps(s->machine) == 1 ? "" : "s");
    if (options->times > 1)
        fprintf(out, "replayed %s times, each with the same trace\n", cli_count(options->times, times));
    json_decref(finding);
    fprintf(out, "trace hash: %016" PRIx64 "\n", emu_trace_hash(s->machine));
}

static json_t *describe(const struct cli_options *options, const struct cli_session *s)
{
    uint64_t hash = emu_trace_hash(s->machine);
    json_t *result = json_pack("{s:s, s:s, s:I, s:I, s:o, s:o}", "scenario", s->scenario->name, "platform",
                               s->platform, "times", (json_int_t)options->times, "steps",
                               (json_int_t)emu_steps(s->machine), "trace_hash", cli_hash_json(hash),
                               "finding", cli_finding_of_run(s->machine, options->token, !options->quiet));
    if (!options->quiet)
        json_object_set_new(result, "timeline", cli_timeline_json(s->machine));
    return result;
}

int command_replay(const struct cli_options *options)
{
    struct cli_session s;
    struct emu_token token;
    struct cli_results results;
    if (!cli_token_session_open(&s, options, &token))
        return CLI_BAD_INPUT;
    int status = replay_all(&s, options, &token);
    if (status == CLI_CLEAN && !cli_results_open(&results, options))
        status = CLI_BAD_INPUT;
    if (status == CLI_CLEAN) {
        status = emu_machine_finding(s.machine) != NULL ? CLI_FINDING : CLI_CLEAN;
        if (options->format == CLI_FORMAT_TEXT)
            show_text(options, &s, results.out.stream);
        cli_results_add_run(&results, &s, cli_finding_of_run(s.machine, options->token, !options->quiet),
                            options->times, 0);
        if (!cli_results_commit(&results, options->json ? describe(options, &s) : NULL))
            status = CLI_BAD_INPUT;
    }
    cli_token_session_close(&s, &token);
    return status;
}
