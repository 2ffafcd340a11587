/*
 * Suppressions: read, and asked.
 */
#include "cli_suppress.h"

#include "cli_checksum.h"
#include "cli_finding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DECIMAL = 10 };
#define BYTE_ORDER_MARK "\xEF\xBB\xBF" /* UTF-8 */

/* ---- The file ------------------------------------------------------------------------------------------ */

static char *trimmed(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
        text[--length] = '\0';
    return text;
}

/* "file.c", "file.c:12" or "Function". False: it is none of these. */
static bool take_place(struct cli_suppression *s, char *place)
{
    char *colon = strrchr(place, ':');
    bool is_file = colon != NULL || strpbrk(place, "./") != NULL;
    if (colon != NULL) {
        char *end;
        errno = 0;
        unsigned long line = strtoul(colon + 1, &end, DECIMAL);
        if (end == colon + 1 || *end != '\0' || errno != 0 || line == 0 || line > INT32_MAX || colon == place)
            return false;
        s->line = (unsigned)line;
        *colon = '\0';
    }
    *(is_file ? &s->file : &s->function) = strdup(place);
    return true;
}

/* NULL, or what is wrong with the line. */
static const char *take_line(struct cli_suppression *s, char *text)
{
    char *reason = strchr(text, '#');
    if (reason == NULL)
        return "there is no # with the reason";
    *reason++ = '\0';
    reason = trimmed(reason);
    char *rest, *rule = strtok_r(text, " \t", &rest), *place = strtok_r(NULL, " \t", &rest);
    if (rule == NULL)
        return "there is no rule";
    if (cli_rule_is_misspelt(rule))
        return "there is no such rule ('haldma rules' names them)";
    if (reason[0] == '\0')
        return "there is no reason behind #";
    if (strtok_r(NULL, " \t", &rest) != NULL)
        return "there is more than a rule and a place";
    if (place != NULL && !take_place(s, place))
        return "the place is no FILE, FILE:LINE or FUNCTION";
    s->rule = strdup(rule);
    s->reason = strdup(reason);
    return NULL;
}

static struct cli_suppression *add(struct cli_suppressions *s)
{
    s->list = realloc(s->list, (s->count + 1) * sizeof *s->list);
    EMU_ASSERT(s->list != NULL);
    s->list[s->count] = (struct cli_suppression){0};
    return &s->list[s->count++];
}

static bool read_lines(struct cli_suppressions *s, FILE *file)
{
    char *line = NULL;
    size_t size = 0;
    bool good = true;
    for (unsigned number = 1; good && getline(&line, &size, file) > 0; number++) {
        s->hash = cli_hash_on(s->hash, line);
        bool marked = number == 1 && strncmp(line, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0;
        char *text = trimmed(marked ? line + strlen(BYTE_ORDER_MARK) : line);
        if (text[0] == '\0' || text[0] == '#')
            continue;
        struct cli_suppression *added = add(s);
        added->number = number;
        const char *wrong = take_line(added, text);
        if (wrong != NULL)
            cli_complain("%s:%u: %s; wanted: RULE [FILE[:LINE]|FUNCTION] # REASON", s->path, number, wrong);
        good = wrong == NULL;
    }
    if (good && ferror(file)) {
        cli_complain("%s: %s", s->path, strerror(errno));
        good = false;
    }
    free(line);
    return good;
}

bool cli_suppress_open(struct cli_suppressions *s, const char *path, enum cli_severity least)
{
    *s = (struct cli_suppressions){.path = path, .hash = CLI_HASH_OF_NOTHING, .least = least};
    if (path == NULL)
        return true;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        cli_complain("%s: %s", path, strerror(errno));
        return false;
    }
    bool good = read_lines(s, file);
    fclose(file);
    if (!good)
        cli_suppress_close(s);
    return good;
}

void cli_suppress_close(struct cli_suppressions *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->list[i].rule);
        free(s->list[i].file);
        free(s->list[i].function);
        free(s->list[i].reason);
    }
    free(s->list);
    free(s->judged);
    *s = (struct cli_suppressions){0};
}

void cli_suppress_for(struct cli_suppressions *s, const struct emu_machine *machine)
{
    s->machine = machine;
    s->judged_count = 0;
}

/* ---- Asked --------------------------------------------------------------------------------------------- */

/* Is it the end of the path, from a slash on? */
static bool ends_path(const char *path, const char *end)
{
    size_t length = strlen(path), wanted = strlen(end);
    return length >= wanted && strcmp(path + length - wanted, end) == 0 &&
           (length == wanted || path[length - wanted - 1] == '/');
}

static bool matches(const struct cli_suppression *s, const char *rule, const json_t *place)
{
    if (strcmp(s->rule, rule) != 0)
        return false;
    if (s->function != NULL && strcmp(cli_member_text(place, "function"), s->function) != 0)
        return false;
    if (s->file != NULL && !ends_path(cli_member_text(place, "file"), s->file))
        return false;
    return s->line == 0 || json_integer_value(json_object_get(place, "line")) == (json_int_t)s->line;
}

static const struct cli_suppression *find(const struct cli_suppressions *s, const struct emu_finding *finding)
{
    json_t *json = cli_finding_json(s->machine, finding, NULL, 0);
    const json_t *place = cli_finding_place(json);
    const struct cli_suppression *by = NULL;
    for (size_t i = 0; i < s->count && by == NULL; i++)
        if (matches(&s->list[i], finding->rule, place))
            by = &s->list[i];
    json_decref(json);
    return by;
}

static bool same_stack(const struct emu_callers *a, const struct emu_callers *b)
{
    bool same = a->count == b->count;
    for (unsigned i = 0; same && i < a->count; i++)
        same = a->module[i] == b->module[i] && a->offset[i] == b->offset[i];
    return same;
}

/* NULL: nothing suppresses it. */
static const struct cli_suppression *judge(struct cli_suppressions *s, const struct emu_finding *finding)
{
    bool concerned = false;
    for (size_t i = 0; i < s->count && !concerned; i++)
        concerned = strcmp(s->list[i].rule, finding->rule) == 0;
    if (!concerned)
        return NULL;
    for (size_t i = 0; i < s->judged_count; i++)
        if (strcmp(s->judged[i].rule, finding->rule) == 0 &&
            same_stack(&s->judged[i].callers, &finding->callers))
            return s->judged[i].by;
    s->judged = realloc(s->judged, (s->judged_count + 1) * sizeof *s->judged);
    EMU_ASSERT(s->judged != NULL);
    struct cli_judged *judged = &s->judged[s->judged_count++];
    *judged = (struct cli_judged){.callers = finding->callers, .by = find(s, finding)};
    snprintf(judged->rule, sizeof judged->rule, "%s", finding->rule);
    return judged->by;
}

bool cli_suppress_passes(void *context, const struct emu_finding *finding)
{
    struct cli_suppressions *s = context;
    return judge(s, finding) != NULL || cli_rule_severity(finding->rule) < s->least;
}

json_t *cli_suppress_json(struct cli_suppressions *s, const struct emu_finding *finding)
{
    const struct cli_suppression *by = judge(s, finding);
    if (by == NULL)
        return json_null();
    json_t *reason = json_string(by->reason);
    return json_pack("{s:i, s:o}", "line", (int)by->number, "reason",
                     reason != NULL ? reason : json_string("?"));
}

/* ---- Afterwards ---------------------------------------------------------------------------------------- */

static bool is_used(const json_t *results, unsigned number)
{
    size_t i, k;
    json_t *result, *finding;
    json_array_foreach((json_t *)(uintptr_t)results, i, result)
    {
        if (json_integer_value(json_object_get(result, "passed_over_unlisted")) > 0)
            return true; /* as far as is known */
        json_array_foreach(json_object_get(result, "passed_over"), k, finding)
        {
            const json_t *by = json_object_get(finding, "suppression");
            if (json_integer_value(json_object_get(by, "line")) == (json_int_t)number)
                return true;
        }
    }
    return false;
}

void cli_suppress_tell_unused(const struct cli_suppressions *s, const json_t *results)
{
    for (size_t i = 0; i < s->count; i++)
        if (!is_used(results, s->list[i].number))
            cli_complain("%s:%u: nothing was suppressed by this line", s->path, s->list[i].number);
}
