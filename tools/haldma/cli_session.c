/*
 * Making a scenario's machine, and running it by a token.
 */
#include "cli_session.h"

#include "cli_abort.h"
#include "cli_module.h"
#include "cli_output.h"

#include <emu/crash.h>
#include <inttypes.h>

unsigned cli_session_platforms(const struct haldma_scenario *scenario, const struct haldma_platform *asked,
                               const struct haldma_platform *platforms[CLI_PLATFORMS_MAX])
{
    struct haldma_config config;
    unsigned count = 0;
    if (haldma_scenario_configure(scenario, haldma_platform_at(0), &config) == NULL) {
        platforms[0] = NULL;
        return asked == NULL;
    }
    for (unsigned i = 0; haldma_platform_at(i) != NULL && count < CLI_PLATFORMS_MAX; i++) {
        const struct haldma_platform *p = haldma_platform_at(i);
        if ((asked == NULL || asked == p) && haldma_scenario_suits(scenario, p))
            platforms[count++] = p;
    }
    return count;
}

bool cli_session_open(struct cli_session *s, const struct haldma_scenario *scenario,
                      const struct haldma_platform *platform, unsigned size, enum cli_profile profile)
{
    const struct haldma_platform *platforms[CLI_PLATFORMS_MAX];
    struct haldma_config config;
    if (cli_session_platforms(scenario, platform, platforms) == 0) {
        cli_complain("scenario %s is not for platform %s", scenario->name,
                     platform != NULL ? platform->name : "of any name that there is");
        return false;
    }
    platform = platforms[0] != NULL ? platforms[0] : haldma_platform_at(0);
    const char *name = haldma_scenario_configure_size(scenario, platform, size, &config);
    const char *error = NULL;
    *s = (struct cli_session){.scenario = scenario,
                              .platform = name != NULL ? name : "custom",
                              .size = size,
                              .machine = haldma_machine_create(&config, &error)};
    if (s->machine == NULL) {
        cli_complain("the machine of scenario %s cannot be made: %s", scenario->name, error);
        return false;
    }
    if (profile != CLI_PROFILE_OF_SCENARIO)
        emu_machine_set_profile(s->machine, cli_profile_of_machine(profile));
    haldma_scenario_program(scenario, &s->program);
    emu_crash_catch(s->machine); /* where it cannot, crashes end the program */
    cli_abort_watch(s);
    return true;
}

void cli_session_close(struct cli_session *s)
{
    cli_abort_watch(NULL);
    emu_machine_destroy(s->machine);
    s->machine = NULL;
}

void cli_session_set_hardware(struct cli_session *s, enum cli_hardware hardware)
{
    if (hardware != CLI_HARDWARE_OF_SCENARIO)
        emu_machine_set_misbehaving(s->machine, hardware == CLI_HARDWARE_MISBEHAVING);
}

void cli_session_set_faults(struct cli_session *s, const struct cli_options *options)
{
    if (options->faults_said != NULL)
        emu_machine_set_faults(s->machine, options->faults.policy != EMU_FAULTS_OFF);
}

bool cli_session_fit(struct cli_session *s, const struct emu_token *token)
{
    uint32_t before = emu_machine_config(s->machine)->go_past;
    for (unsigned h = CLI_HARDWARE_OF_SCENARIO; h <= CLI_HARDWARE_MISBEHAVING; h++) {
        cli_session_set_hardware(s, (enum cli_hardware)h);
        for (uint32_t past = 0; past <= EMU_REPORTED_MAX; past++) {
            emu_machine_set_go_past(s->machine, past);
            if (haldma_configuration(s->machine) == token->configuration)
                return true;
        }
    }
    emu_machine_set_go_past(s->machine, before);
    return false;
}

/* On the platform, and in the size, whose machine the token names. */
static bool open_for_token(struct cli_session *s, const struct haldma_scenario *scenario,
                           const struct haldma_platform *asked, const struct emu_token *token)
{
    const struct haldma_platform *platforms[CLI_PLATFORMS_MAX];
    unsigned count = cli_session_platforms(scenario, asked, platforms);
    unsigned sizes = scenario->sizes > 0 ? scenario->sizes : 1;
    for (unsigned i = 0; i < count * sizes; i++) {
        if (!cli_session_open(s, scenario, platforms[i / sizes], i % sizes, CLI_PROFILE_OF_SCENARIO))
            return false;
        if (cli_session_fit(s, token))
            return true;
        cli_session_close(s);
    }
    cli_complain("the token is for another configuration of the machine than scenario %s has now",
                 scenario->name);
    return false;
}

bool cli_token_session_open(struct cli_session *s, const struct cli_options *options, struct emu_token *token)
{
    const struct haldma_module *module = cli_module_load(options->module);
    if (module == NULL)
        return false;
    const char *why = NULL;
    if (!emu_token_read(options->token, token, &why)) {
        cli_complain("%s", why);
        return false;
    }
    const struct haldma_scenario *scenario = cli_module_scenario_of(module, options->module, token->program);
    if (scenario != NULL && open_for_token(s, scenario, options->platform, token)) {
        emu_machine_set_profile(s->machine, token->profile);
        emu_machine_set_faults(s->machine, token->faults);
        return true;
    }
    emu_record_free(&token->record);
    return false;
}

void cli_token_session_close(struct cli_session *s, struct emu_token *token)
{
    emu_record_free(&token->record);
    cli_session_close(s);
}

bool cli_session_replay(struct cli_session *s, const struct emu_record *record, bool traced,
                        struct emu_divergence *divergence)
{
    struct emu_strategy *strategy = emu_strategy_replay(record, true);
    if (strategy == NULL) {
        cli_complain("no memory");
        return false;
    }
    emu_trace_record(s->machine, traced);
    emu_machine_set_strategy(s->machine, strategy);
    strategy->begin(strategy, 0);
    emu_run_program(s->machine, &s->program);
    strategy->end(strategy);
    *divergence = *emu_strategy_divergence(strategy);
    emu_machine_set_strategy(s->machine, NULL);
    emu_strategy_destroy(strategy);
    return true;
}

char *cli_session_token(const struct cli_session *s, const struct emu_record *record, uint64_t hash)
{
    if (record->length > EMU_TOKEN_CHOICES_MAX)
        return NULL;
    char *token = haldma_token(s->machine, s->scenario, record, hash);
    EMU_ASSERT(token != NULL);
    return token;
}

/* One side of a divergence, "a schedule choice among 3"; nothing is the text for a side that has no such
 * choice. */
static const char *side_text(const struct emu_choice *c, const char *nothing, char *text, size_t size)
{
    static const char *const kinds[EMU_CHOICE_KINDS] = {"schedule", "latitude", "route", "frames",
                                                        "device",   "fault",    "input"};
    if (c->count == 0)
        snprintf(text, size, "%s", nothing);
    else
        snprintf(text, size, "a %s choice among %u", kinds[c->kind], (unsigned)c->count);
    return text;
}

bool cli_session_left_token(const struct cli_session *s, const struct emu_token *token,
                            const struct emu_divergence *divergence)
{
    enum { SIDE_TEXT = 64 };
    if (divergence->diverged) {
        char wanted[SIDE_TEXT], met[SIDE_TEXT];
        cli_complain("the run left the token at choice %zu: the token has %s, the run met %s",
                     divergence->index,
                     side_text(&divergence->recorded, "a default choice", wanted, sizeof wanted),
                     side_text(&divergence->offered, "its end", met, sizeof met));
        return true;
    }
    uint32_t hash = (uint32_t)emu_trace_hash(s->machine);
    if (hash != token->hash) {
        cli_complain("the run took the token's choices but ended otherwise (trace hash ...%08" PRIx32
                     ", the token has "
                     "...%08" PRIx32 "): scenario or driver have changed",
                     hash, token->hash);
        return true;
    }
    return false;
}
