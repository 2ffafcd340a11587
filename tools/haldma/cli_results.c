/*
 * Results on their way out: see cli_results.h.
 */
#include "cli_results.h"

#include "cli_describe.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const nowhere = "";

bool cli_results_open(struct cli_results *r, const struct cli_options *options)
{
    const struct {
        const char *path;
        struct cli_output *out;
    } files[] = {{options->junit, &r->junit}, {options->sarif, &r->sarif}};
    *r = (struct cli_results){.options = options, .array = json_array()};
    if (!cli_output_open(&r->out, options->output)) {
        json_decref(r->array);
        return false;
    }
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (files[i].path != NULL && !cli_output_open(files[i].out, files[i].path)) {
            cli_results_discard(r);
            return false;
        }
    }
    return true;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

void cli_results_add(struct cli_results *r, json_t *result)
{
    json_array_append_new(r->array, result);
}

void cli_results_add_run(struct cli_results *r, const struct cli_session *session, json_t *finding,
                         uint64_t runs, double seconds)
{
    json_t *findings = json_array();
    if (json_is_object(finding))
        json_array_append(findings, finding);
    json_decref(finding);
    cli_results_add(r, json_pack("{s:o, s:s, s:o, s:s, s:I, s:f, s:o}", "module",
                                 cli_text_json(last_part(r->options->module)), "scenario",
                                 session->scenario->name, "summary",
                                 cli_text_json(session->scenario->summary), "platform", session->platform,
                                 "runs", (json_int_t)runs, "seconds", seconds, "findings", findings));
}

json_t *cli_results_json(const struct cli_results *r)
{
    if (json_array_size(r->array) == 1)
        return json_incref(json_array_get(r->array, 0));
    return json_pack("{s:O}", "scenarios", r->array);
}

const char *cli_below(const char *path, const char *root)
{
    size_t length = strlen(root);
    while (length > 1 && root[length - 1] == '/')
        length--;
    if (length == 0 || strncmp(path, root, length) != 0 || path[length] != '/')
        return path;
    return path + length + 1;
}

/* Where files are told from: what was said, else where we are. */
static const char *root_of(const struct cli_options *o, char root[PATH_MAX])
{
    if (o->source_root != NULL)
        return realpath(o->source_root, root) != NULL ? root : o->source_root;
    return getcwd(root, PATH_MAX) != NULL ? root : nowhere;
}

static void write_as(struct cli_results *r, enum cli_format format, struct cli_output *out, json_t *json,
                     const char *root)
{
    switch (format) {
    case CLI_FORMAT_TEXT:
    case CLI_FORMATS:
        break;
    case CLI_FORMAT_JSON:
        cli_output_json(out, json_incref(json));
        break;
    case CLI_FORMAT_JUNIT:
        cli_junit_write(out->stream, r->array, root);
        break;
    case CLI_FORMAT_SARIF:
        cli_output_json(out, cli_sarif_json(r->array, root));
        break;
    }
}

bool cli_results_commit(struct cli_results *r, json_t *json)
{
    char path[PATH_MAX];
    const char *root = root_of(r->options, path);
    bool good = true;
    write_as(r, r->options->format, &r->out, json, root);
    json_decref(json);
    if (r->junit.stream != NULL)
        write_as(r, CLI_FORMAT_JUNIT, &r->junit, NULL, root);
    if (r->sarif.stream != NULL)
        write_as(r, CLI_FORMAT_SARIF, &r->sarif, NULL, root);
    json_decref(r->array);
    good = cli_output_commit(&r->out);
    good = (r->junit.stream == NULL || cli_output_commit(&r->junit)) && good;
    return (r->sarif.stream == NULL || cli_output_commit(&r->sarif)) && good;
}

void cli_results_discard(struct cli_results *r)
{
    cli_output_discard(&r->out);
    cli_output_discard(&r->junit);
    cli_output_discard(&r->sarif);
    json_decref(r->array);
}
