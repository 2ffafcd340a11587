/*
 * The resume file: JSON, written beside its place and renamed, so that there is always a whole one.
 */
#include "cli_resume.h"

#include "cli_checksum.h"
#include "cli_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT = 2, NAMES_MAX = 1000, NAME_TEXT = 40 };

void cli_standing_end(struct cli_standing *s)
{
    if (s->report.what != NULL)
        cli_report_end(&s->report);
    emu_words_free(&s->words);
    json_decref(s->shards);
    *s = (struct cli_standing){0};
}

/* ---- Whose it is ------------------------------------------------------------------------------------------
 */

static json_t *text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

static json_t *options_json(const struct cli_options *o)
{
    const char *slash = strrchr(o->module, '/');
    return json_pack("{s:s, s:o, s:o, s:s, s:I, s:i, s:i, s:i, s:i, s:i, s:[i, i], s:b}", "module",
                     slash != NULL ? slash + 1 : o->module, "scenario", text_or_null(o->scenario), "platform",
                     text_or_null(o->platform != NULL ? o->platform->name : NULL), "strategy",
                     cli_strategy_names[o->strategy], "seed", (json_int_t)o->seed, "preemptions",
                     o->preemptions, "interrupts", o->interrupts, "delays", o->delays, "depth", (int)o->depth,
                     "profile", (int)o->profile, "shard", (int)o->shard, (int)o->shards, "jobs",
                     (int)(o->jobs > 0));
}

/* Says which option differs. */
static bool same_options(const json_t *mine, const json_t *kept, const char *path)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)mine, key, value)
    {
        if (!json_equal(value, json_object_get(kept, key))) {
            cli_complain("%s is of an exploration with another %s", path, key);
            return false;
        }
    }
    return true;
}

static bool read_file(struct cli_resume *r, const char *path)
{
    json_error_t error;
    json_t *file = json_load_file(path, 0, &error);
    json_t *options, *entries;
    int format;
    if (file == NULL && access(path, R_OK) != 0) {
        cli_complain("%s: %s", path, strerror(errno));
        return false;
    }
    bool good = file != NULL && json_unpack(file, "{s:i, s:o, s:o}", "haldma_resume", &format, "options",
                                            &options, "explorations", &entries) == 0;
    good = good && format == FORMAT && json_is_array(entries);
    if (!good) {
        cli_complain("%s is no resume file of this version of haldma", path);
    } else if (!cli_checksum_holds(file)) {
        cli_complain("%s is damaged: its checksum is not that of the rest", path);
        good = false;
    }
    good = good && same_options(r->options, options, path);
    if (good)
        json_array_extend(r->entries, entries);
    json_decref(file);
    return good;
}

bool cli_resume_open(struct cli_resume *r, const struct cli_options *options)
{
    const char *path = options->save != NULL ? options->save : options->resume;
    *r = (struct cli_resume){.path = path != NULL ? strdup(path) : NULL,
                             .options = options_json(options),
                             .entries = json_array()};
    struct cli_output trial;
    bool good = path == NULL || cli_output_open(&trial, path);
    if (good && path != NULL)
        cli_output_discard(&trial);
    if (good && (options->resume == NULL || read_file(r, options->resume)))
        return true;
    cli_resume_close(r);
    return false;
}

void cli_resume_close(struct cli_resume *r)
{
    free(r->path);
    json_decref(r->options);
    json_decref(r->entries);
    *r = (struct cli_resume){0};
}

/* ---- Where one stands -------------------------------------------------------------------------------------
 */

static json_t *find_entry(const struct cli_resume *r, const json_t *what)
{
    size_t i;
    json_t *entry;
    json_array_foreach(r->entries, i, entry)
    {
        const json_t *other = json_object_get(entry, "what");
        if (json_equal(json_object_get(other, "scenario"), json_object_get(what, "scenario")) &&
            json_equal(json_object_get(other, "platform"), json_object_get(what, "platform")))
            return entry;
    }
    return NULL;
}

bool cli_resume_find(const struct cli_resume *r, json_t *what, struct cli_standing *s)
{
    const char *scenario = json_string_value(json_object_get(what, "scenario"));
    *s = (struct cli_standing){0};
    json_t *entry = find_entry(r, what);
    if (entry == NULL) {
        cli_report_begin(&s->report, what);
        s->shards = json_object();
        return true;
    }
    if (!json_equal(json_object_get(entry, "what"), what)) {
        cli_complain("scenario %s is not what it was when the resume file was written", scenario);
        return false;
    }
    json_t *report, *words, *shards;
    json_int_t next;
    int ended;
    if (json_unpack(entry, "{s:o, s:I, s:o, s:b, s:o}", "report", &report, "next", &next, "strategy", &words,
                    "ended", &ended, "shards", &shards) != 0 ||
        next < 0 || !json_is_object(shards) || !cli_report_read(&s->report, report) ||
        !cli_words_read(&s->words, words) || !json_equal(s->report.what, what)) {
        cli_complain("the resume file is damaged where it tells of scenario %s", scenario);
        cli_standing_end(s);
        return false;
    }
    s->is_known = true;
    s->next = (uint64_t)next;
    s->ended = ended;
    s->shards = json_incref(shards);
    s->report.interrupted = false;
    return true;
}

static bool write_file(const struct cli_resume *r)
{
    struct cli_output out;
    if (!cli_output_open(&out, r->path))
        return false;
    json_t *file = json_pack("{s:i, s:O, s:O}", "haldma_resume", FORMAT, "options", r->options,
                             "explorations", r->entries);
    cli_checksum_set(file);
    json_dumpf(file, out.stream, JSON_COMPACT);
    fputc('\n', out.stream);
    json_decref(file);
    return cli_output_commit(&out);
}

bool cli_resume_note(struct cli_resume *r, json_t *what, const struct cli_standing *s)
{
    json_t *entry = find_entry(r, what);
    if (entry == NULL) {
        entry = json_object();
        json_array_append_new(r->entries, entry);
    }
    json_t *now = json_pack("{s:O, s:o, s:I, s:o, s:b, s:O}", "what", what, "report",
                            cli_report_write(&s->report), "next", (json_int_t)s->next, "strategy",
                            cli_words_json(&s->words), "ended", (int)s->ended, "shards", s->shards);
    json_object_update(entry, now);
    json_decref(now);
    return r->path == NULL || write_file(r);
}

bool cli_resume_keep(struct cli_resume *r)
{
    char name[NAME_TEXT] = "haldma.resume";
    for (unsigned i = 2; r->path == NULL && access(name, F_OK) == 0 && i < NAMES_MAX; i++)
        snprintf(name, sizeof name, "haldma-%u.resume", i);
    if (r->path == NULL)
        r->path = strdup(name);
    if (!write_file(r))
        return false;
    cli_complain("to go on, add: --resume %s", r->path);
    return true;
}
