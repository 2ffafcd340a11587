/*
 * haldma list: the scenarios of a module.
 */
#include "cli_describe.h"
#include "cli_module.h"
#include "cli_output.h"
#include "cli_status.h"
#include "commands.h"

int command_list(const struct cli_options *options)
{
    const struct haldma_module *module = cli_module_load(options->module);
    struct cli_output out;
    if (module == NULL || !cli_output_open(&out, options->output))
        return CLI_BAD_INPUT;
    json_t *scenarios = json_array();
    for (uint32_t i = 0; i < module->count; i++) {
        const struct haldma_scenario *s = &module->scenarios[i];
        if (options->json)
            json_array_append_new(scenarios, json_pack("{s:o, s:o}", "name", cli_text_json(s->name),
                                                       "summary", cli_text_json(s->summary)));
        else
            fprintf(out.stream, "%-24s %s\n", s->name, s->summary);
    }
    if (options->json)
        cli_output_json(&out, json_pack("{s:O}", "scenarios", scenarios));
    json_decref(scenarios);
    return cli_output_commit(&out) ? CLI_CLEAN : CLI_BAD_INPUT;
}
