/*
 * Findings as people read them:
 *
 *     finding: IO-COMPLETE-1 (bug check 0x44)
 *       what was done, by whom, with both values
 *       bug check 0x44 MULTIPLE_IRP_COMPLETE_REQUESTS: the IRP: irp#3, 0x0, 0x0, 0x0
 *       rule: what is asked of drivers (the page that says so)
 *       at step 44, 0.000 us, processor 1, IRQL 2, strand canceller
 *         CopierComplete     copier_io.c:14
 *         CopierCancel       copier_cancel.c:20
 *       irp#3 was completed first at step 39, processor 0, IRQL 2, strand writer
 *         CopierComplete     copier_io.c:14
 */
#include "cli_describe.h"
#include "cli_finding.h"
#include "cli_rule.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_US 1000.0
enum { STEPS_SHOWN = 3, LINE_TEXT = 1024, FUNCTION_TEXT = 80 };

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Longer than size: cut. */
static size_t append(char *text, size_t size, size_t used, const char *more)
{
    int n = snprintf(text + used, size - used, "%s", more);
    return n < 0 ? used : used + (size_t)n < size ? used + (size_t)n : size - 1;
}

/* ---- Stacks -------------------------------------------------------------------------------------------- */

static const char *function_text(const json_t *frame, char text[FUNCTION_TEXT])
{
    const char *function = cli_member_text(frame, "function");
    if (function[0] != '\0')
        snprintf(text, FUNCTION_TEXT, "%s", function);
    else
        snprintf(text, FUNCTION_TEXT, "%s+0x%llx", cli_member_text(frame, "module"),
                 (unsigned long long)number_of(frame, "offset"));
    return text;
}

static void show_frames(FILE *out, const json_t *frames)
{
    size_t i, widest = 0;
    json_t *frame;
    char function[FUNCTION_TEXT];
    json_array_foreach((json_t *)(uintptr_t)frames, i, frame)
    {
        size_t width = strlen(function_text(frame, function));
        widest = width > widest ? width : widest;
    }
    json_array_foreach((json_t *)(uintptr_t)frames, i, frame)
    {
        const char *file = cli_member_text(frame, "file");
        function_text(frame, function);
        if (file[0] != '\0')
            fprintf(out, "    %-*s  %s:%d\n", (int)widest, function, base_of(file),
                    (int)number_of(frame, "line"));
        else
            fprintf(out, "    %s\n", function);
    }
}

static void show_origin(FILE *out, const json_t *origin)
{
    const char *object = cli_member_text(origin, "object"), *strand = cli_member_text(origin, "strand");
    fprintf(out, "  %s was %s at step %lld, processor %d, IRQL %d%s%s\n", object[0] != '\0' ? object : "it",
            cli_member_text(origin, "deed"), (long long)number_of(origin, "step"),
            (int)number_of(origin, "processor"), (int)number_of(origin, "level"),
            strand[0] != '\0' ? ", strand " : "", strand);
    show_frames(out, json_object_get(origin, "callers"));
}

/* ---- What it is ---------------------------------------------------------------------------------------- */

const char *cli_finding_headline(const json_t *finding, char text[CLI_HEADLINE_TEXT])
{
    const char *code = cli_member_text(finding, "code");
    bool is_bug_check = json_is_object(json_object_get(finding, "bug_check"));
    snprintf(text, CLI_HEADLINE_TEXT, "%s%s%s%s", cli_member_text(finding, "rule"),
             code[0] == '\0' ? ""
             : is_bug_check  ? " (bug check "
                             : " (",
             code, code[0] == '\0' ? "" : ")");
    return text;
}

/* "bug check 0x44 MULTIPLE_IRP_COMPLETE_REQUESTS: the IRP: irp#3, 0x0, 0x0, 0x0"; nothing where there is
 * none, or nothing but its number is known. */
static void show_bug_check(FILE *out, const json_t *finding, unsigned width)
{
    const json_t *check = json_object_get(finding, "bug_check");
    char line[LINE_TEXT];
    size_t i;
    json_t *parameter;
    if (!json_is_object(check))
        return;
    size_t used = append(line, sizeof line, 0, "bug check ");
    used = append(line, sizeof line, used, cli_member_text(check, "code"));
    used = append(line, sizeof line, used, " ");
    used = append(line, sizeof line, used, cli_member_text(check, "name"));
    json_array_foreach(json_object_get(check, "parameters"), i, parameter)
    {
        const char *object = cli_member_text(parameter, "object"),
                   *meaning = cli_member_text(parameter, "meaning");
        const char *value = cli_member_text(parameter, "value");
        used = append(line, sizeof line, used, i == 0 ? ": " : ", ");
        used = append(line, sizeof line, used, meaning);
        used = append(line, sizeof line, used, meaning[0] != '\0' ? ": " : "");
        used = append(line, sizeof line, used,
                      object[0] != '\0'  ? object
                      : value[0] != '\0' ? value
                                         : "an address");
    }
    cli_wrapped_text(out, "  ", line, width);
}

static void show_rule(FILE *out, const json_t *finding, unsigned width)
{
    char line[LINE_TEXT], url[CLI_URL_TEXT];
    const char *text = cli_member_text(finding, "rule_text");
    if (text[0] == '\0' || cli_page_url(cli_member_text(finding, "page"), url)[0] == '\0')
        return; /* what the emulator asks for itself its message says */
    snprintf(line, sizeof line, "rule: %s (%s)", text, cli_member_text(finding, "page"));
    cli_wrapped_text(out, "  ", line, width);
}

static void show_steps(FILE *out, const json_t *finding)
{
    size_t i, k;
    json_t *processor, *step;
    json_array_foreach(json_object_get(finding, "last_steps"), i, processor)
    {
        fprintf(out, "  last steps of processor %d:\n", (int)number_of(processor, "processor"));
        const json_t *steps = json_object_get(processor, "steps");
        size_t count = json_array_size(steps);
        for (k = count > STEPS_SHOWN ? count - STEPS_SHOWN : 0; k < count; k++) {
            step = json_array_get(steps, k);
            fprintf(out, "    %6lld  irql %d  %s: %s\n", (long long)number_of(step, "step"),
                    (int)number_of(step, "level"), cli_member_text(step, "strand"),
                    cli_member_text(step, "text"));
        }
    }
}

void cli_finding_text(FILE *out, const json_t *finding, unsigned width, bool steps)
{
    char headline[CLI_HEADLINE_TEXT];
    const char *severity = cli_member_text(finding, "severity"), *strand = cli_member_text(finding, "strand");
    size_t i;
    json_t *origin;
    width = width != 0 ? width : cli_width(out);
    fprintf(out, "%s: %s\n", strcmp(severity, "error") == 0 ? "finding" : severity,
            cli_finding_headline(finding, headline));
    cli_wrapped_text(out, "  ", cli_member_text(finding, "message"), width);
    show_bug_check(out, finding, width);
    show_rule(out, finding, width);
    fprintf(out, "  at step %" PRIu64 ", %.3f us, processor %d, IRQL %d%s%s\n",
            (uint64_t)number_of(finding, "step"), (double)number_of(finding, "time_ns") / NS_PER_US,
            (int)number_of(finding, "processor"), (int)number_of(finding, "level"),
            strand[0] != '\0' ? ", strand " : "", strand);
    show_frames(out, json_object_get(finding, "callers"));
    json_array_foreach(json_object_get(finding, "origins"), i, origin) show_origin(out, origin);
    if (steps)
        show_steps(out, finding);
}
