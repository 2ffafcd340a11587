/*
 * haldma rules: what findings name, and what it asks of drivers.
 */
#include "cli_describe.h"
#include "cli_output.h"
#include "cli_rule.h"
#include "cli_status.h"
#include "commands.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_TEXT = 2048 };

static void show_text(FILE *out, const struct cli_rule *rule)
{
    char line[LINE_TEXT];
    snprintf(line, sizeof line, "%s (%s)", rule->text, rule->page);
    fprintf(out, "%s: %s\n", rule->id, cli_severity_names[rule->severity]);
    cli_wrapped_text(out, "  ", line, cli_width(out));
}

static json_t *describe(const struct cli_rule *rule)
{
    char url[CLI_URL_TEXT];
    cli_page_url(rule->page, url);
    return json_pack("{s:s, s:s, s:s, s:s, s:s?}", "rule", rule->id, "rule_text", rule->text, "page",
                     rule->page, "severity", cli_severity_names[rule->severity], "url",
                     url[0] != '\0' ? url : NULL);
}

int command_rules(const struct cli_options *options)
{
    struct cli_output out;
    const char *wanted = options->module;
    if (wanted != NULL && cli_rule_find(wanted) == NULL) {
        cli_complain("there is no rule '%s'; 'haldma rules' names all of them", wanted);
        return CLI_BAD_INPUT;
    }
    if (!cli_output_open(&out, options->output))
        return CLI_BAD_INPUT;
    json_t *rules = json_array();
    const struct cli_rule *rule;
    for (unsigned i = 0; (rule = cli_rule_at(i)) != NULL; i++) {
        if (wanted != NULL && strcmp(rule->id, wanted) != 0)
            continue;
        if (options->json)
            json_array_append_new(rules, describe(rule));
        else
            show_text(out.stream, rule);
    }
    if (options->json)
        cli_output_json(&out, json_pack("{s:O}", "rules", rules));
    json_decref(rules);
    return cli_output_commit(&out) ? CLI_CLEAN : CLI_BAD_INPUT;
}
