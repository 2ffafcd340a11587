/*
 * Results as JUnit XML: a suite for each module, a test case for each scenario on each platform. What counts
 * as a failure fails its case; what is known, or less than --fail-on asks for, is in the case's output.
 */
#include "cli_describe.h"
#include "cli_finding.h"
#include "cli_results.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FINDING_WIDTH = 120, TEXT_MAX = 64 };

/* ---- XML ----------------------------------------------------------------------------------------------- */

/* What XML 1.0 has no way to say becomes a question mark; U+FFFE and U+FFFF are none of its characters. */
static bool is_sayable(const unsigned char *c)
{
    bool control = *c < ' ' && *c != '\t' && *c != '\n' && *c != '\r';
    return !control && !(c[0] == 0xEF && c[1] == 0xBF && c[2] >= 0xBE);
}

static void put_text(FILE *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        switch (*c) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(is_sayable(c) ? *c : '?', out);
            c += is_sayable(c) || *c < ' ' ? 0 : 2;
        }
    }
}

static void put_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    put_text(out, value);
    fputc('"', out);
}

/* ---- Cases --------------------------------------------------------------------------------------------- */

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void put_property(FILE *out, const char *name, const json_t *value)
{
    char text[TEXT_MAX] = "";
    if (json_is_integer(value))
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_boolean(value))
        snprintf(text, sizeof text, "%s", json_is_true(value) ? "true" : "false");
    else if (!json_is_string(value))
        return;
    fputs("        <property", out);
    put_attribute(out, "name", name);
    put_attribute(out, "value", json_is_string(value) ? json_string_value(value) : text);
    fputs("/>\n", out);
}

static void put_findings(FILE *out, const json_t *findings)
{
    char *text;
    size_t length, i;
    json_t *finding;
    FILE *memory = open_memstream(&text, &length);
    EMU_ASSERT(memory != NULL);
    json_array_foreach((json_t *)(uintptr_t)findings, i, finding)
    {
        const char *token = json_string_value(json_object_get(finding, "token"));
        cli_finding_text(memory, finding, FINDING_WIDTH, true);
        cli_token_text(memory, token);
    }
    fclose(memory);
    put_text(out, text);
    free(text);
}

static void put_failure(FILE *out, const json_t *failures)
{
    char headline[CLI_HEADLINE_TEXT];
    const json_t *first = json_array_get(failures, 0);
    fputs("      <failure", out);
    put_attribute(out, "type", cli_member_text(first, "rule"));
    fputs(" message=\"", out);
    put_text(out, cli_finding_headline(first, headline));
    put_text(out, ": ");
    put_text(out, cli_member_text(first, "message"));
    fputs("\">", out);
    put_findings(out, failures);
    fputs("</failure>\n", out);
}

static void put_case(FILE *out, const json_t *result, const char *root)
{
    static const char *const properties[] = {"platform", "summary",  "strategy",  "profile",    "seed",
                                             "runs",     "complete", "saturated", "interrupted"};
    const json_t *failures = json_object_get(result, "findings");
    const json_t *place = cli_finding_place(json_array_get(failures, 0));
    const char *module = cli_member_text(result, "module");
    size_t stem =
        strlen(module) - (strlen(module) > 3 && strcmp(module + strlen(module) - 3, ".so") == 0 ? 3 : 0);
    char name[TEXT_MAX * 2], class_name[TEXT_MAX * 2];
    snprintf(class_name, sizeof class_name, "%.*s", (int)stem, module);
    snprintf(name, sizeof name, "%s on %s", cli_member_text(result, "scenario"),
             cli_member_text(result, "platform"));
    fputs("    <testcase", out);
    put_attribute(out, "classname", class_name);
    put_attribute(out, "name", name);
    fprintf(out, " time=\"%.6f\"", json_real_value(json_object_get(result, "seconds")));
    if (place != NULL) {
        put_attribute(out, "file", cli_below(cli_member_text(place, "file"), root));
        fprintf(out, " line=\"%" JSON_INTEGER_FORMAT "\"", number_of(place, "line"));
    }
    fputs(">\n      <properties>\n", out);
    for (unsigned i = 0; i < sizeof properties / sizeof properties[0]; i++)
        put_property(out, properties[i], json_object_get(result, properties[i]));
    if (json_array_size(failures) > 0)
        put_property(out, "token", json_object_get(json_array_get(failures, 0), "token"));
    fputs("      </properties>\n", out);
    if (json_array_size(failures) > 0)
        put_failure(out, failures);
    if (json_array_size(json_object_get(result, "passed_over")) > 0) {
        fputs("      <system-out>passed over:\n", out);
        put_findings(out, json_object_get(result, "passed_over"));
        fputs("</system-out>\n", out);
    }
    fputs("    </testcase>\n", out);
}

/* ---- Suites -------------------------------------------------------------------------------------------- */

struct sum {
    unsigned tests, failures;
    double seconds;
};

/* Of one module; NULL: of all. */
static struct sum sum_of(const json_t *results, const char *module)
{
    struct sum sum = {0};
    size_t i;
    json_t *result;
    json_array_foreach((json_t *)(uintptr_t)results, i, result)
    {
        if (module != NULL && strcmp(cli_member_text(result, "module"), module) != 0)
            continue;
        sum.tests++;
        sum.failures += json_array_size(json_object_get(result, "findings")) > 0;
        sum.seconds += json_real_value(json_object_get(result, "seconds"));
    }
    return sum;
}

static void put_sum(FILE *out, struct sum sum)
{
    fprintf(out, " tests=\"%u\" failures=\"%u\" errors=\"0\" time=\"%.6f\">\n", sum.tests, sum.failures,
            sum.seconds);
}

static bool came_before(const json_t *results, size_t end, const char *module)
{
    for (size_t i = 0; i < end; i++)
        if (strcmp(cli_member_text(json_array_get(results, i), "module"), module) == 0)
            return true;
    return false;
}

void cli_junit_write(FILE *out, const json_t *results, const char *root)
{
    size_t count = json_array_size(results);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"haldma\"", out);
    put_sum(out, sum_of(results, NULL));
    for (size_t i = 0; i < count; i++) {
        const char *module = cli_member_text(json_array_get(results, i), "module");
        if (came_before(results, i, module))
            continue;
        fputs("  <testsuite", out);
        put_attribute(out, "name", module);
        put_sum(out, sum_of(results, module));
        for (size_t k = i; k < count; k++)
            if (strcmp(cli_member_text(json_array_get(results, k), "module"), module) == 0)
                put_case(out, json_array_get(results, k), root);
        fputs("  </testsuite>\n", out);
    }
    fputs("</testsuites>\n", out);
}
