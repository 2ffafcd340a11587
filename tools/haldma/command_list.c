/*
 * haldma list: the scenarios of a module, and the platforms that each is for.
 */
#include "cli_describe.h"
#include "cli_module.h"
#include "cli_output.h"
#include "cli_session.h"
#include "cli_status.h"
#include "commands.h"

enum { NAMES_TEXT = 128 };

/* The platforms of a scenario: as a list, and as text, in short. */
static json_t *name_platforms(const struct haldma_scenario *scenario, char text[NAMES_TEXT])
{
    const struct haldma_platform *platforms[CLI_PLATFORMS_MAX];
    unsigned count = cli_session_platforms(scenario, NULL, platforms);
    json_t *names = json_array();
    text[0] = '\0';
    for (unsigned i = 0, at = 0; i < count && at < NAMES_TEXT; i++) {
        const char *name = platforms[i] != NULL ? platforms[i]->name : "custom";
        at += (unsigned)snprintf(text + at, NAMES_TEXT - at, "%s%s", i > 0 ? ", " : "", name);
        json_array_append_new(names, json_string(name));
    }
    if (scenario->platforms == NULL && count > 1)
        snprintf(text, NAMES_TEXT, "all platforms");
    return names;
}

int command_list(const struct cli_options *options)
{
    const struct haldma_module *module = cli_module_load(options->module);
    struct cli_output out;
    if (module == NULL || !cli_output_open(&out, options->output))
        return CLI_BAD_INPUT;
    json_t *scenarios = json_array();
    for (uint32_t i = 0; i < module->count; i++) {
        const struct haldma_scenario *s = &module->scenarios[i];
        char text[NAMES_TEXT];
        json_t *platforms = name_platforms(s, text);
        if (options->json)
            json_array_append_new(scenarios,
                                  json_pack("{s:o, s:o, s:O}", "name", cli_text_json(s->name), "summary",
                                            cli_text_json(s->summary), "platforms", platforms));
        else
            fprintf(out.stream, "%-24s %s [%s]\n", s->name, s->summary, text);
        json_decref(platforms);
    }
    if (options->json)
        cli_output_json(&out, json_pack("{s:O}", "scenarios", scenarios));
    json_decref(scenarios);
    return cli_output_commit(&out) ? CLI_CLEAN : CLI_BAD_INPUT;
}
