/*
 * haldma run: one run, and its trace.
 */
#include "cli_describe.h"
#include "cli_finding.h"
#include "cli_module.h"
#include "cli_results.h"
#include "cli_status.h"
#include "commands.h"

#include <inttypes.h>
#include <stdlib.h>

static void run_once(struct cli_session *s, struct emu_strategy *strategy)
{
    emu_trace_record(s->machine, true);
    emu_machine_set_strategy(s->machine, strategy);
    strategy->begin(strategy, 0);
    emu_run_program(s->machine, &s->program);
    strategy->end(strategy);
    emu_machine_set_strategy(s->machine, NULL);
}

static void show_text(const struct cli_options *options, const struct cli_session *s, const char *token,
                      FILE *out)
{
    json_t *finding = cli_finding_of_run(s->machine, token, true);
    if (!options->quiet)
        cli_timeline_text(out, s->machine, options->all);
    if (json_is_object(finding))
        cli_finding_text(out, finding, 0, options->quiet);
    else
        fprintf(out, "no finding in this run of %" PRIu64 " step%s\n", emu_steps(s->machine),
                emu_steps(s->machine) == 1 ? "" : "s");
    json_decref(finding);
    fprintf(out, "trace hash: %016" PRIx64 "\n", emu_trace_hash(s->machine));
    cli_token_text(out, token);
}

static json_t *describe(const struct cli_options *options, const struct cli_session *s, const char *token)
{
    uint64_t hash = emu_trace_hash(s->machine);
    json_t *result =
        json_pack("{s:s, s:s, s:I, s:I, s:o, s:s?, s:o}", "scenario", s->scenario->name, "strategy",
                  cli_strategy_names[options->strategy], "seed", (json_int_t)options->seed, "steps",
                  (json_int_t)emu_steps(s->machine), "trace_hash", cli_hash_json(hash), "token", token,
                  "finding", cli_finding_of_run(s->machine, token, true));
    if (!options->quiet)
        json_object_set_new(result, "timeline", cli_timeline_json(s->machine));
    return result;
}

int command_run(const struct cli_options *options)
{
    const struct haldma_module *module = cli_module_load(options->module);
    const struct haldma_scenario *scenario =
        module != NULL ? cli_module_scenario(module, options->module, options->scenario) : NULL;
    struct cli_session s;
    struct cli_results results;
    if (scenario == NULL || !cli_session_open(&s, scenario, options->platform, 0, options->profile))
        return CLI_BAD_INPUT;
    cli_session_set_hardware(&s, options->hardware);
    if (!cli_results_open(&results, options)) {
        cli_session_close(&s);
        return CLI_BAD_INPUT;
    }
    struct emu_strategy *strategy =
        options->strategy == CLI_STRATEGY_RANDOM ? emu_strategy_random(options->seed) : emu_strategy_fifo();
    EMU_ASSERT(strategy != NULL);
    run_once(&s, strategy);
    emu_strategy_destroy(strategy);

    char *token = cli_session_token(&s, emu_machine_record(s.machine), emu_trace_hash(s.machine));
    int status = emu_machine_finding(s.machine) != NULL ? CLI_FINDING : CLI_CLEAN;
    if (options->format == CLI_FORMAT_TEXT)
        show_text(options, &s, token, results.out.stream);
    cli_results_add_run(&results, &s, cli_finding_of_run(s.machine, token, true), 1, 0);
    bool good = cli_results_commit(&results, options->json ? describe(options, &s, token) : NULL);
    free(token);
    cli_session_close(&s);
    return good ? status : CLI_BAD_INPUT;
}
