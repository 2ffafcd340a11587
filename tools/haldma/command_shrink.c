/*
 * haldma shrink: a simpler run that fails in the same way.
 */
#include "cli_describe.h"
#include "cli_status.h"
#include "commands.h"

#include <stdlib.h>

static void tell(const struct emu_shrink_result *r)
{
    char runs[CLI_COUNT_TEXT];
    fprintf(stderr, "preemptions: %u, were %u\nchoices off the default: %zu, were %zu\nafter %s\n",
            r->preemptions_after, r->preemptions_before, r->deviations_after, r->deviations_before,
            cli_runs(r->runs, runs));
    if (r->exhausted_below >= 0)
        fprintf(stderr, "no run with %d or fewer preemptions fails\n", r->exhausted_below);
}

static json_t *describe(const struct cli_session *s, const struct emu_shrink_result *r, const char *token)
{
    return json_pack("{s:s, s:s, s:o, s:I, s:i, s:i, s:I, s:I, s:i}", "scenario", s->scenario->name, "token",
                     token, "trace_hash", cli_hash_json(r->hash), "runs", (json_int_t)r->runs,
                     "preemptions_before", (int)r->preemptions_before, "preemptions",
                     (int)r->preemptions_after, "deviations_before", (json_int_t)r->deviations_before,
                     "deviations", (json_int_t)r->deviations_after, "exhausted_below", r->exhausted_below);
}

static int shrink(struct cli_session *s, const struct cli_options *options, const struct emu_token *token,
                  struct cli_output *out)
{
    struct emu_shrink_options limits = {.runs = options->runs, .seconds = options->seconds};
    struct emu_shrink_result result;
    if (!emu_shrink(s->machine, &s->program, &token->record, &limits, &result)) {
        cli_complain("the run that the token names does not fail: there is nothing to shrink");
        return CLI_BAD_INPUT;
    }
    char *shrunk = cli_session_token(s, &result.record, result.hash);
    int status = CLI_FINDING;
    if (shrunk == NULL) { /* fewer deviations may come with more choices */
        cli_complain("no token: " CLI_NO_TOKEN);
        status = CLI_BAD_INPUT;
    } else {
        if (!options->quiet)
            tell(&result);
        if (options->json)
            cli_output_json(out, describe(s, &result, shrunk));
        else
            fprintf(out->stream, "%s\n", shrunk);
    }
    free(shrunk);
    emu_record_free(&result.record);
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
