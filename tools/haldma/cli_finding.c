/*
 * Findings as JSON, taken from a machine.
 */
#include "cli_finding.h"

#include "cli_bug_check.h"
#include "cli_describe.h"
#include "cli_rule.h"

#include <emu/crash.h>
#include <emu/token.h>
#include <emu/trace.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_KEPT = 12, STEP_TEXT = 160, VALUE_TEXT = 32 };
/* Parameters from here on are addresses of this process: they differ from run to run, and say nothing. */
#define ADDRESSES_FROM 0x100000000000ull

const char *cli_member_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* ---- Stacks -------------------------------------------------------------------------------------------- */

static json_t *callers_json(const struct emu_machine *m, const struct emu_callers *callers)
{
    const char *modules[EMU_CALLERS_MAX];
    struct emu_source places[EMU_CALLERS_MAX];
    json_t *frames = json_array();
    emu_callers_tell(m, callers, modules, places);
    for (unsigned i = 0; i < callers->count; i++) {
        const struct emu_source *p = &places[i];
        json_array_append_new(
            frames, json_pack("{s:o, s:o, s:o, s:o, s:I}", "function",
                              p->name[0] != '\0' ? cli_text_json(p->name) : json_null(), "file",
                              p->line != 0 ? cli_text_json(p->file) : json_null(), "line",
                              p->line != 0 ? json_integer((json_int_t)p->line) : json_null(), "module",
                              cli_text_json(modules[i]), "offset", (json_int_t)callers->offset[i]));
    }
    return frames;
}

static json_t *origins_json(const struct emu_machine *m, const struct emu_finding *f)
{
    json_t *origins = json_array();
    for (unsigned i = 0; i < f->origin_count; i++) {
        const struct emu_origin *o = &f->origins[i];
        json_array_append_new(
            origins, json_pack("{s:o, s:o, s:I, s:i, s:i, s:o, s:o}", "object",
                               o->name[0] != '\0' ? cli_text_json(o->name) : json_null(), "deed",
                               cli_text_json(o->deed), "step", (json_int_t)o->birth.step, "processor",
                               (int)o->birth.cpu, "level", (int)o->birth.level, "strand",
                               cli_text_json(o->strand), "callers", callers_json(m, &o->callers)));
    }
    return origins;
}

static bool has_file(const json_t *frame)
{
    return json_is_string(json_object_get(frame, "file"));
}

/* A service of which the WDK's headers have the body: compiled into the driver, and no line of its author's.
 */
bool cli_is_of_headers(const json_t *frame)
{
    return strstr(cli_member_text(frame, "file"), "/wdk/wdm_") != NULL;
}

static const json_t *place_among(const json_t *frames)
{
    const json_t *place = NULL;
    size_t i;
    json_t *frame;
    json_array_foreach((json_t *)(uintptr_t)frames, i, frame)
    {
        if (has_file(frame) && !cli_is_of_headers(frame))
            return frame;
        if (has_file(frame) && place == NULL)
            place = frame;
    }
    return place;
}

const json_t *cli_finding_place(const json_t *finding)
{
    const json_t *place = place_among(json_object_get(finding, "callers"));
    size_t i;
    json_t *origin;
    json_array_foreach(json_object_get(finding, "origins"), i, origin)
    {
        if (place == NULL)
            place = place_among(json_object_get(origin, "callers"));
    }
    return place;
}

/* ---- The whole ----------------------------------------------------------------------------------------- */

static json_t *parameters_json(const struct emu_finding *f)
{
    static const uint64_t none[EMU_FINDING_PARAMETERS];
    json_t *parameters = json_array();
    if (memcmp(f->parameters, none, sizeof none) == 0)
        return parameters;
    for (unsigned i = 0; i < EMU_FINDING_PARAMETERS; i++) {
        char value[VALUE_TEXT];
        const char *meaning = cli_bug_check_parameter(f->code, i);
        bool is_address = f->parameters[i] >= ADDRESSES_FROM;
        snprintf(value, sizeof value, "0x%" PRIX64, f->parameters[i]);
        json_array_append_new(
            parameters,
            json_pack("{s:o, s:o, s:s?}", "value", is_address ? json_null() : json_string(value), "object",
                      f->parameter_names[i][0] != '\0' ? cli_text_json(f->parameter_names[i]) : json_null(),
                      "meaning", meaning));
    }
    return parameters;
}

/* NULL-valued where the code is none of a bug check's. */
static json_t *bug_check_json(const struct emu_finding *f)
{
    static const char prefix[] = "0x";
    if (strncmp(f->code, prefix, sizeof prefix - 1) != 0)
        return json_null();
    return json_pack("{s:s#, s:s?, s:o}", "code", f->code, strcspn(f->code, "/"), "name",
                     cli_bug_check_name(f->code), "parameters", parameters_json(f));
}

json_t *cli_finding_json(const struct emu_machine *m, const struct emu_finding *f, const char *token,
                         uint64_t hash)
{
    const struct cli_rule *rule = cli_rule_find(f->rule);
    json_t *code = f->code[0] != '\0' ? cli_text_json(f->code) : json_null();
    json_t *json = json_pack(
        "{s:o, s:s?, s:s?, s:s, s:o, s:o, s:o, s:s?, s:I, s:I, s:i, s:i, s:o, s:o, s:o, s:o}", "rule",
        cli_text_json(f->rule), "rule_text", rule != NULL ? rule->text : NULL, "page",
        rule != NULL ? rule->page : NULL, "severity", cli_severity_names[cli_rule_severity(f->rule)], "code",
        code, "bug_check", bug_check_json(f), "message", cli_text_json(f->message), "token", token, "step",
        (json_int_t)f->step, "time_ns", (json_int_t)f->time, "processor", (int)f->cpu, "level", (int)f->level,
        "strand", cli_text_json(f->strand), "callers", callers_json(m, &f->callers), "origins",
        origins_json(m, f), "trace_hash", cli_hash_json(hash));
    EMU_ASSERT(json != NULL);
    return json;
}

/* ---- The last steps ------------------------------------------------------------------------------------ */

static json_t *step_json(const struct emu_machine *m, const struct emu_trace_entry *e)
{
    char what[STEP_TEXT], strand[STEP_TEXT] = "";
    emu_trace_text(m, e, what, sizeof what);
    if (e->strand != EMU_NO_OBJECT)
        emu_object_text(m, e->strand, strand, sizeof strand);
    json_t *step =
        json_pack("{s:I, s:I, s:i, s:o, s:o}", "step", (json_int_t)e->step, "time_ns", (json_int_t)e->time,
                  "level", (int)e->level, "strand", cli_text_json(strand), "text", cli_text_json(what));
    struct emu_callers callers;
    emu_trace_callers(e, &callers);
    json_t *frames = callers_json(m, &callers);
    const json_t *at = place_among(frames);
    if (at == NULL && callers.count > 0)
        at = json_array_get(frames, 0);
    json_object_set(step, "at", at != NULL ? (json_t *)(uintptr_t)at : json_null());
    json_decref(frames);
    return step;
}

void cli_finding_add_steps(json_t *finding, const struct emu_machine *m)
{
    json_t *processors = json_array();
    unsigned count = emu_machine_config(m)->processors;
    for (unsigned cpu = 0; cpu < count; cpu++) {
        json_t *steps = json_array();
        size_t end = emu_trace_length(m); /* the last entry is the finding itself */
        for (size_t i = end > 0 ? end - 1 : 0; i-- > 0 && json_array_size(steps) < STEPS_KEPT;)
            if (emu_trace_entry(m, i)->cpu == cpu)
                json_array_insert_new(steps, 0, step_json(m, emu_trace_entry(m, i)));
        if (json_array_size(steps) > 0)
            json_array_append_new(processors, json_pack("{s:i, s:O}", "processor", (int)cpu, "steps", steps));
        json_decref(steps);
    }
    json_object_set_new(finding, "last_steps", processors);
}

json_t *cli_finding_of_run(const struct emu_machine *m, const char *token, bool traced)
{
    const struct emu_finding *finding = emu_machine_finding(m);
    if (finding == NULL)
        return json_null();
    json_t *json = cli_finding_json(m, finding, token, emu_trace_hash(m));
    if (traced)
        cli_finding_add_steps(json, m);
    return json;
}

void cli_finding_replay_steps(json_t *finding, struct cli_session *session)
{
    struct emu_divergence divergence;
    struct emu_token token;
    const char *text = cli_member_text(finding, "token"), *why;
    bool hangs = strcmp(cli_member_text(finding, "rule"), EMU_RULE_HANG) == 0; /* seconds, each time */
    if (hangs || json_object_get(finding, "last_steps") != NULL || text[0] == '\0' ||
        !emu_token_read(text, &token, &why))
        return;
    uint32_t go_past = emu_machine_config(session->machine)->go_past;
    if (cli_session_fit(session, &token) && cli_session_replay(session, &token.record, true, &divergence) &&
        !divergence.diverged && emu_machine_finding(session->machine) != NULL)
        cli_finding_add_steps(finding, session->machine);
    emu_machine_set_go_past(session->machine, go_past);
    emu_trace_record(session->machine, false);
    emu_record_free(&token.record);
}
