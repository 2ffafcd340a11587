/*
 * haldma merge: reports of shards, put together. They have to be one whole: of the same exploration, every
 * shard once.
 */
#include "cli_checksum.h"
#include "cli_report.h"
#include "cli_status.h"
#include "commands.h"

#include "cli_results.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One exploration: the reports of its shards, by number. */
struct whole {
    json_t *what; /* of any of them */
    uint32_t shards;
    struct cli_report *reports; /* what NULL: not there yet */
    const char **files;
};

struct merging {
    struct whole *wholes;
    size_t count;
};

static void end_merging(struct merging *m)
{
    for (size_t i = 0; i < m->count; i++) {
        for (uint32_t k = 0; k < m->wholes[i].shards; k++)
            if (m->wholes[i].reports[k].what != NULL)
                cli_report_end(&m->wholes[i].reports[k]);
        json_decref(m->wholes[i].what);
        free(m->wholes[i].reports);
        free(m->wholes[i].files);
    }
    free(m->wholes);
}

static json_int_t shard_number(const json_t *what, size_t at)
{
    return json_integer_value(json_array_get(json_object_get(what, "shard"), at));
}

/* The first thing that is not equal and has to be; NULL: all is. */
static const char *difference(json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;
    json_object_foreach(a, key, value)
    {
        bool may = strcmp(key, "shard") == 0 && shard_number(a, 1) == shard_number(b, 1);
        if (!may && !json_equal(value, json_object_get(b, key)))
            return strcmp(key, "shard") == 0 ? "number of shards" : key;
    }
    return NULL;
}

static bool same_place(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "scenario"), json_object_get(b, "scenario")) &&
           json_equal(json_object_get(a, "platform"), json_object_get(b, "platform"));
}

static struct whole *whole_of(struct merging *m, json_t *what)
{
    for (size_t i = 0; i < m->count; i++)
        if (same_place(m->wholes[i].what, what))
            return &m->wholes[i];
    m->wholes = realloc(m->wholes, (m->count + 1) * sizeof *m->wholes);
    EMU_ASSERT(m->wholes != NULL);
    struct whole *w = &m->wholes[m->count++];
    *w = (struct whole){.what = json_incref(what), .shards = (uint32_t)shard_number(what, 1)};
    w->reports = calloc(w->shards, sizeof *w->reports);
    w->files = calloc(w->shards, sizeof *w->files);
    EMU_ASSERT(w->reports != NULL && w->files != NULL);
    return w;
}

/* Takes the report of one shard over. False: said why. */
static bool take_report(struct merging *m, const char *file, struct cli_report *r)
{
    json_int_t shard = shard_number(r->what, 0), shards = shard_number(r->what, 1);
    if (shard < 1 || shard > shards || shards > EMU_SHARDS_MAX) {
        cli_complain("%s is no report of a shard", file);
        return false;
    }
    struct whole *w = whole_of(m, r->what);
    const char *key = difference(w->what, r->what);
    if (key != NULL) {
        const char *first = file;
        for (uint32_t i = 0; i < w->shards && first == file; i++)
            first = w->files[i] != NULL ? w->files[i] : file;
        cli_complain("%s and %s are not of one exploration: they have another %s", first, file, key);
        return false;
    }
    uint32_t at = (uint32_t)shard - 1;
    if (w->reports[at].what != NULL) {
        cli_complain("%s and %s are both shard %u of %u", w->files[at], file, at + 1, w->shards);
        return false;
    }
    w->reports[at] = *r;
    w->files[at] = file;
    *r = (struct cli_report){0};
    return true;
}

static bool take_part(struct merging *m, const char *file, const json_t *result)
{
    struct cli_report report;
    const json_t *part = json_object_get(result, "part");
    if (part == NULL || !cli_report_read(&report, part)) {
        cli_complain("%s is no report of a shard (explore --shard K/N --format json --output FILE)", file);
        return false;
    }
    if (!cli_checksum_holds(part)) {
        cli_complain("%s is damaged: the checksum of a part is not that of the rest", file);
        cli_report_end(&report);
        return false;
    }
    bool good = take_report(m, file, &report);
    if (report.what != NULL)
        cli_report_end(&report);
    return good;
}

static bool read_file(struct merging *m, const char *file)
{
    json_error_t error;
    if (access(file, R_OK) != 0) {
        cli_complain("%s: %s", file, strerror(errno));
        return false;
    }
    json_t *json = json_load_file(file, 0, &error);
    const json_t *scenarios = json_object_get(json, "scenarios");
    bool good = scenarios == NULL || json_array_size(scenarios) > 0;
    if (!good)
        cli_complain("%s has no scenarios", file);
    size_t count = scenarios != NULL ? json_array_size(scenarios) : 1;
    for (size_t i = 0; i < count && good; i++)
        good = take_part(m, file, scenarios != NULL ? json_array_get(scenarios, i) : json);
    json_decref(json);
    return good;
}

static bool is_whole(const struct whole *w)
{
    for (uint32_t i = 0; i < w->shards; i++)
        if (w->reports[i].what == NULL) {
            cli_complain("shard %u of %u is missing for scenario %s on %s", i + 1, w->shards,
                         json_string_value(json_object_get(w->what, "scenario")),
                         json_string_value(json_object_get(w->what, "platform")));
            return false;
        }
    return true;
}

/* In the order of shards; where runs have numbers of the whole, findings come by those. */
static void put_together(struct whole *w, struct cli_report *sum)
{
    json_t *what = json_deep_copy(w->what);
    const char *strategy = json_string_value(json_object_get(what, "strategy"));
    bool numbered = strcmp(strategy, "random") == 0 || strcmp(strategy, "pct") == 0 ||
                    strcmp(strategy, "pos") == 0 || strcmp(strategy, "surw") == 0 ||
                    strcmp(strategy, "sweep") == 0;
    json_object_set_new(what, "shard", json_pack("[i, i]", 0, 0));
    cli_report_begin(sum, what);
    json_decref(what);
    for (uint32_t i = 0; i < w->shards; i++) {
        size_t at;
        json_t *finding;
        json_array_foreach(w->reports[i].findings, at, finding) if (!numbered)
            json_object_set_new(finding, "shard", json_integer(i + 1));
        cli_report_add(sum, &w->reports[i]);
    }
    free(sum->bound);
    sum->bound = NULL; /* each is about its own runs */
}

int command_merge(const struct cli_options *options)
{
    struct merging m = {0};
    bool good = true, found = false;
    for (char *const *file = options->files; *file != NULL && good; file++)
        good = read_file(&m, *file);
    for (size_t i = 0; i < m.count && good; i++)
        good = is_whole(&m.wholes[i]);
    struct cli_results results;
    const char *error = NULL;
    struct haldma_config config;
    haldma_platform_configure(haldma_platform_at(0), &config);
    struct emu_machine *machine = haldma_machine_create(&config, &error); /* knows the names of operations */
    EMU_ASSERT(machine != NULL);
    good = good && cli_results_open(&results, options);
    if (good) {
        for (size_t i = 0; i < m.count; i++) {
            const struct cli_report_shape shape = {.machine = machine, .quiet = options->quiet};
            struct cli_report sum;
            put_together(&m.wholes[i], &sum);
            found |= json_array_size(sum.findings) > 0;
            if (options->format == CLI_FORMAT_TEXT && i > 0)
                fputc('\n', results.out.stream);
            if (options->format == CLI_FORMAT_TEXT)
                cli_report_text(results.out.stream, &sum, &shape);
            cli_results_add(&results, cli_report_json(&sum, machine));
            cli_report_end(&sum);
        }
        good = cli_results_commit(&results, cli_results_json(&results));
    }
    emu_machine_destroy(machine);
    end_merging(&m);
    return !good ? CLI_BAD_INPUT : found ? CLI_FINDING : CLI_CLEAN;
}
