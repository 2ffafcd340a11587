/*
 * Results as SARIF 2.1.0, so that what shows findings at the line can: a result for each finding, its place
 * that of the innermost function of a driver or scenario (of the last step where nobody's call raised it:
 * some readers refuse a file with a result that has no place), stacks for who raised it and where objects
 * came from, and the last steps of each processor as a flow.
 */
#include "cli_checksum.h"
#include "cli_describe.h"
#include "cli_finding.h"
#include "cli_results.h"
#include "cli_rule.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
enum { URI_TEXT = 1024, MESSAGE_TEXT = 1536, FINGERPRINT_TEXT = 17, NAME_TEXT = 160 };

struct sarif {
    const char *root;
    json_t *rules; /* of the tool's driver, in the order in which they came */
};

/* ---- Places -------------------------------------------------------------------------------------------- */

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) || strchr("-._~/", c) != NULL;
}

/* "file:///x" for an absolute path, percent-encoded. */
static json_t *uri_json(const char *path)
{
    char uri[URI_TEXT];
    int used = snprintf(uri, sizeof uri, "%s", path[0] == '/' ? "file://" : "");
    for (; *path != '\0' && used < URI_TEXT - 4; path++)
        used += snprintf(uri + used, URI_TEXT - (size_t)used, is_plain(*path) ? "%c" : "%%%02X",
                         (unsigned)(unsigned char)*path);
    return json_string(uri);
}

static json_t *text_json(const char *text)
{
    return json_pack("{s:o}", "text", cli_text_json(text));
}

/* Where a frame is: NULL where its file is not known. */
static json_t *physical_json(const struct sarif *s, const json_t *frame)
{
    const char *file = cli_member_text(frame, "file"), *below = cli_below(file, s->root);
    if (file[0] == '\0')
        return NULL;
    json_t *artifact = json_pack("{s:o}", "uri", uri_json(below));
    if (below[0] != '/')
        json_object_set_new(artifact, "uriBaseId", json_string("SRCROOT"));
    return json_pack("{s:o, s:{s:O}}", "artifactLocation", artifact, "region", "startLine",
                     json_object_get(frame, "line"));
}

static json_t *location_json(const struct sarif *s, const json_t *frame)
{
    json_t *location = json_object(), *physical = physical_json(s, frame);
    const char *function = cli_member_text(frame, "function"), *module = cli_member_text(frame, "module");
    char qualified[NAME_TEXT];
    if (physical != NULL)
        json_object_set_new(location, "physicalLocation", physical);
    if (function[0] == '\0')
        return location;
    snprintf(qualified, sizeof qualified, "%s!%s", module, function);
    json_object_set_new(location, "logicalLocations",
                        json_pack("[{s:o, s:o, s:s}]", "name", cli_text_json(function), "fullyQualifiedName",
                                  cli_text_json(qualified), "kind", "function"));
    return location;
}

static const json_t *first_with_file(const json_t *frames)
{
    size_t i;
    json_t *frame;
    json_array_foreach((json_t *)(uintptr_t)frames, i, frame)
    {
        if (json_is_string(json_object_get(frame, "file")))
            return frame;
    }
    return NULL;
}

static void origin_text(const json_t *origin, char text[MESSAGE_TEXT])
{
    const char *object = cli_member_text(origin, "object");
    snprintf(text, MESSAGE_TEXT, "%s was %s at step %d by %s on processor %d at IRQL %d",
             object[0] != '\0' ? object : "it", cli_member_text(origin, "deed"),
             (int)json_integer_value(json_object_get(origin, "step")), cli_member_text(origin, "strand"),
             (int)json_integer_value(json_object_get(origin, "processor")),
             (int)json_integer_value(json_object_get(origin, "level")));
}

static json_t *related_json(const struct sarif *s, const json_t *finding)
{
    json_t *related = json_array(), *origin;
    size_t i;
    json_array_foreach(json_object_get(finding, "origins"), i, origin)
    {
        char text[MESSAGE_TEXT];
        const json_t *frame = first_with_file(json_object_get(origin, "callers"));
        if (frame == NULL)
            continue;
        json_t *location = location_json(s, frame);
        origin_text(origin, text);
        json_object_set_new(location, "id", json_integer((json_int_t)json_array_size(related) + 1));
        json_object_set_new(location, "message", text_json(text));
        json_array_append_new(related, location);
    }
    return related;
}

/* ---- Stacks and flows ---------------------------------------------------------------------------------- */

static json_t *stack_json(const struct sarif *s, const char *message, const json_t *callers)
{
    json_t *frames = json_array(), *frame;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)callers, i, frame)
        json_array_append_new(frames, json_pack("{s:o, s:O}", "location", location_json(s, frame), "module",
                                                json_object_get(frame, "module")));
    return json_pack("{s:o, s:o}", "message", text_json(message), "frames", frames);
}

static json_t *stacks_json(const struct sarif *s, const json_t *finding)
{
    json_t *stacks = json_array(), *origin;
    size_t i;
    if (json_array_size(json_object_get(finding, "callers")) > 0)
        json_array_append_new(
            stacks, stack_json(s, cli_member_text(finding, "message"), json_object_get(finding, "callers")));
    json_array_foreach(json_object_get(finding, "origins"), i, origin)
    {
        char text[MESSAGE_TEXT];
        origin_text(origin, text);
        if (json_array_size(json_object_get(origin, "callers")) > 0)
            json_array_append_new(stacks, stack_json(s, text, json_object_get(origin, "callers")));
    }
    return stacks;
}

/* The last steps of a processor that have a line; NULL: none has. */
static json_t *thread_json(const struct sarif *s, const json_t *processor)
{
    json_t *locations = json_array(), *step;
    size_t i;
    char id[NAME_TEXT], text[MESSAGE_TEXT];
    json_array_foreach(json_object_get(processor, "steps"), i, step)
    {
        const json_t *at = json_object_get(step, "at");
        if (!json_is_string(json_object_get(at, "file")))
            continue;
        json_t *location = location_json(s, at);
        snprintf(text, sizeof text, "%s: %s", cli_member_text(step, "strand"), cli_member_text(step, "text"));
        json_object_set_new(location, "message", text_json(text));
        json_array_append_new(locations, json_pack("{s:o, s:O, s:O}", "location", location, "nestingLevel",
                                                   json_object_get(step, "level"), "executionOrder",
                                                   json_object_get(step, "step")));
    }
    if (json_array_size(locations) == 0) {
        json_decref(locations);
        return NULL;
    }
    snprintf(id, sizeof id, "processor %d", (int)json_integer_value(json_object_get(processor, "processor")));
    return json_pack("{s:s, s:o}", "id", id, "locations", locations);
}

static json_t *flows_json(const struct sarif *s, const json_t *finding)
{
    json_t *threads = json_array(), *processor;
    size_t i;
    json_array_foreach(json_object_get(finding, "last_steps"), i, processor)
    {
        json_t *thread = thread_json(s, processor);
        if (thread != NULL)
            json_array_append_new(threads, thread);
    }
    if (json_array_size(threads) > 0)
        return json_pack("[{s:{s:s}, s:o}]", "message", "text", "the last steps of each processor",
                         "threadFlows", threads);
    json_decref(threads);
    return json_array();
}

/* Where the last step was that has a line of the author's. NULL: none has. */
static const json_t *last_place(const json_t *finding)
{
    const json_t *place = NULL;
    json_int_t last = -1;
    json_t *processor, *step;
    size_t i, k;
    json_array_foreach(json_object_get(finding, "last_steps"), i, processor)
    {
        json_array_foreach(json_object_get(processor, "steps"), k, step)
        {
            const json_t *at = json_object_get(step, "at");
            json_int_t number = json_integer_value(json_object_get(step, "step"));
            if (number < last || !json_is_string(json_object_get(at, "file")) || cli_is_of_headers(at))
                continue;
            place = at;
            last = number;
        }
    }
    return place;
}

/* ---- Rules --------------------------------------------------------------------------------------------- */

static const char *level_of(const char *severity)
{
    return severity[0] != '\0' ? severity : "error"; /* the names are SARIF's */
}

static json_t *rule_json(const json_t *finding)
{
    char url[CLI_URL_TEXT] = "";
    const char *id = cli_member_text(finding, "rule"), *text = cli_member_text(finding, "rule_text");
    const char *page = cli_member_text(finding, "page");
    json_t *rule = json_pack("{s:s, s:o, s:{s:s}}", "id", id, "shortDescription",
                             text_json(text[0] != '\0' ? text : "A rule of the scenario's own."),
                             "defaultConfiguration", "level", level_of(cli_member_text(finding, "severity")));
    if (page[0] != '\0') {
        cli_page_url(page, url);
        json_object_set_new(rule, "help", text_json(page));
    }
    if (url[0] != '\0')
        json_object_set_new(rule, "helpUri", json_string(url));
    return rule;
}

/* Its index among the rules; a new one is added. */
static json_int_t rule_index(struct sarif *s, const json_t *finding)
{
    size_t i;
    json_t *rule;
    json_array_foreach(s->rules, i, rule)
    {
        if (strcmp(cli_member_text(rule, "id"), cli_member_text(finding, "rule")) == 0)
            return (json_int_t)i;
    }
    json_array_append_new(s->rules, rule_json(finding));
    return (json_int_t)json_array_size(s->rules) - 1;
}

/* ---- Results ------------------------------------------------------------------------------------------- */

static uint64_t fold(uint64_t hash, const char *text)
{
    return cli_hash_on(cli_hash_on(hash, text), "/");
}

/*
 * Of what stays when the run is another one, and when lines move: rule, code, function and file; what has no
 * place, such as a deadlock, is told apart by its scenario.
 */
static json_t *fingerprints_json(const json_t *result, const json_t *finding, const json_t *place)
{
    char text[FINGERPRINT_TEXT];
    const char *file = cli_member_text(place, "file"), *slash = strrchr(file, '/');
    const char *code = cli_member_text(finding, "code");
    uint64_t hash = fold(CLI_HASH_OF_NOTHING, cli_member_text(finding, "rule"));
    hash = fold(hash, json_is_object(json_object_get(finding, "bug_check")) ? code : "");
    hash =
        fold(hash, place != NULL ? cli_member_text(place, "function") : cli_member_text(result, "scenario"));
    hash = fold(hash, slash != NULL ? slash + 1 : file);
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    return json_pack("{s:s}", "haldma/v1", text);
}

static json_t *message_json(const json_t *result, const json_t *finding)
{
    char text[MESSAGE_TEXT];
    const char *token = cli_member_text(finding, "token");
    snprintf(text, sizeof text, "%s. Scenario %s on %s%s%s%s%s.", cli_member_text(finding, "message"),
             cli_member_text(result, "scenario"), cli_member_text(result, "platform"),
             token[0] != '\0' ? "; haldma replay " : "",
             token[0] != '\0' ? cli_member_text(result, "module") : "", token[0] != '\0' ? " " : "", token);
    return text_json(text);
}

static void set_unless_empty(json_t *object, const char *key, json_t *array)
{
    if (json_array_size(array) > 0)
        json_object_set(object, key, array);
    json_decref(array);
}

static json_t *result_json(struct sarif *s, const json_t *result, const json_t *finding)
{
    const json_t *place = cli_finding_place(finding);
    json_t *json = json_pack(
        "{s:O, s:I, s:s, s:o, s:o}", "ruleId", json_object_get(finding, "rule"), "ruleIndex",
        rule_index(s, finding), "level", level_of(cli_member_text(finding, "severity")), "message",
        message_json(result, finding), "partialFingerprints", fingerprints_json(result, finding, place));
    json_t *locations = json_array();
    const json_t *shown = place != NULL ? place : last_place(finding);
    if (shown != NULL)
        json_array_append_new(locations, location_json(s, shown));
    set_unless_empty(json, "locations", locations);
    set_unless_empty(json, "relatedLocations", related_json(s, finding));
    set_unless_empty(json, "stacks", stacks_json(s, finding));
    set_unless_empty(json, "codeFlows", flows_json(s, finding));
    const json_t *by = json_object_get(finding, "suppression");
    if (json_is_object(by))
        json_object_set_new(
            json, "suppressions",
            json_pack("[{s:s, s:O}]", "kind", "external", "justification", json_object_get(by, "reason")));
    json_object_set_new(
        json, "properties",
        json_pack("{s:O, s:O, s:O, s:O?, s:O?}", "module", json_object_get(result, "module"), "scenario",
                  json_object_get(result, "scenario"), "platform", json_object_get(result, "platform"),
                  "code", json_object_get(finding, "code"), "token", json_object_get(finding, "token")));
    return json;
}

json_t *cli_sarif_json(const json_t *results, const char *root)
{
    struct sarif s = {.root = root, .rules = json_array()};
    json_t *found = json_array(), *result, *finding;
    size_t i, k;
    json_array_foreach((json_t *)(uintptr_t)results, i, result)
    {
        json_array_foreach(json_object_get(result, "findings"), k, finding)
            json_array_append_new(found, result_json(&s, result, finding));
        json_array_foreach(json_object_get(result, "passed_over"), k, finding)
            json_array_append_new(found, result_json(&s, result, finding));
    }
    json_t *run = json_pack("{s:{s:{s:s, s:s, s:o}}, s:s, s:[{s:b}], s:o}", "tool", "driver", "name",
                            "haldma", "version", HALDMA_VERSION, "rules", s.rules, "columnKind",
                            "utf16CodeUnits", "invocations", "executionSuccessful", 1, "results", found);
    if (root[0] == '/') {
        char folder[URI_TEXT];
        snprintf(folder, sizeof folder, "%s%s", root, root[strlen(root) - 1] == '/' ? "" : "/");
        json_object_set_new(run, "originalUriBaseIds",
                            json_pack("{s:{s:o}}", "SRCROOT", "uri", uri_json(folder)));
    }
    return json_pack("{s:s, s:s, s:[o]}", "$schema", SCHEMA, "version", "2.1.0", "runs", run);
}
