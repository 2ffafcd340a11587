/*
 * The coverage of the space, as text and JSON.
 */
#include "cli_coverage.h"

#include "cli_describe.h"

#include <string.h>

enum { ORDERS_SHOWN = 12 };

struct emu_coverage *cli_coverage_create(void)
{
    struct emu_coverage *c = emu_coverage_create();
    EMU_ASSERT(c != NULL);
    unsigned count;
    const emu_op *moments = haldma_moments(&count);
    emu_coverage_watch(c, moments, count);
    return c;
}

/* ---- Classes ----------------------------------------------------------------------------------------------
 */

/* "1 class", "1,024 classes" */
static const char *classes_text(uint64_t classes, char text[CLI_COUNT_TEXT])
{
    cli_count(classes, text);
    size_t length = strlen(text);
    snprintf(text + length, CLI_COUNT_TEXT - length, " class%s", classes == 1 ? "" : "es");
    return text;
}

/* New classes in each tenfold of runs: "in runs 1 to 10: 9; to 100: 61; ..." */
static void curve_text(FILE *out, const struct emu_coverage_report *r)
{
    const struct emu_coverage_point *last = &r->curve[r->points - 1];
    if (r->points < 2)
        return;
    char runs[CLI_COUNT_TEXT], classes[CLI_COUNT_TEXT];
    fprintf(out, "  new ones:");
    const struct emu_coverage_point *before = NULL;
    enum { EVERY = 3 }; /* points double: eightfold */
    for (unsigned i = 0; i < r->points; i++) {
        const struct emu_coverage_point *p = &r->curve[i];
        if (i % EVERY != 0 && p != last)
            continue;
        fprintf(out, "%s %s in %s%s", before != NULL ? "," : "",
                cli_count(p->classes - (before != NULL ? before->classes : 0), classes),
                before != NULL ? "runs to " : "run ", cli_count(p->runs, runs));
        before = p;
    }
    fputc('\n', out);
}

/* What is left is estimated where not all was seen. */
static void classes_line(FILE *out, const struct emu_coverage_report *r, bool complete)
{
    char seen[CLI_COUNT_TEXT], since[CLI_COUNT_TEXT], expected[CLI_COUNT_TEXT];
    fprintf(out, "  %s%s of runs by happens-before order; ", r->full ? "more than " : "",
            classes_text(r->classes, seen));
    if (r->since_new == 0)
        fprintf(out, "the last run was new");
    else
        fprintf(out, "nothing new in the last %s", cli_runs(r->since_new, since));
    if (!complete)
        fprintf(out, "; the next run is new with probability %.3g, at least %s expected", r->next_new,
                cli_count((uint64_t)r->classes_expected, expected));
    fputc('\n', out);
}

/* ---- Orders -----------------------------------------------------------------------------------------------
 */

static const char *name_of(const struct emu_machine *m, emu_op op)
{
    return emu_op_info(m, op)->name;
}

/* Pairs of moments that came in either order, in different runs or in one. */
static void orders_text(FILE *out, const struct emu_machine *m, const struct emu_coverage *c)
{
    unsigned count, shown = 0, hidden = 0;
    const emu_op *moments = haldma_moments(&count);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = i + 1; j < count; j++) {
            uint64_t one = emu_coverage_before(c, moments[i], moments[j]);
            uint64_t other = emu_coverage_before(c, moments[j], moments[i]);
            char runs[CLI_COUNT_TEXT], runs_other[CLI_COUNT_TEXT];
            if (one == 0 || other == 0)
                continue;
            if (shown++ < ORDERS_SHOWN)
                fprintf(out, "  \"%s\" before \"%s\" in %s, after it in %s\n", name_of(m, moments[i]),
                        name_of(m, moments[j]), cli_runs(one, runs), cli_runs(other, runs_other));
            else
                hidden++;
        }
    }
    if (hidden > 0)
        fprintf(out, "  and %u more pairs of moments in both orders (--format json tells all)\n", hidden);
}

static json_t *orders_json(const struct emu_machine *m, const struct emu_coverage *c)
{
    unsigned count;
    const emu_op *moments = haldma_moments(&count);
    json_t *orders = json_array();
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < count; j++) {
            uint64_t runs = emu_coverage_before(c, moments[i], moments[j]);
            if (runs > 0)
                json_array_append_new(
                    orders, json_pack("{s:s, s:s, s:I, s:I}", "first", name_of(m, moments[i]), "then",
                                      name_of(m, moments[j]), "runs", (json_int_t)runs, "at_once",
                                      (json_int_t)emu_coverage_followed(c, moments[i], moments[j])));
        }
    }
    return orders;
}

static json_t *in_a_row_json(const struct emu_machine *m, const struct emu_coverage *c)
{
    unsigned count;
    const emu_op *o = haldma_moments(&count);
    json_t *rows = json_array();
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < count; j++)
            for (unsigned k = 0; k < count; k++) {
                uint64_t times = emu_coverage_between(c, o[i], o[j], o[k]);
                if (times > 0)
                    json_array_append_new(rows, json_pack("{s:[s, s, s], s:I}", "moments", name_of(m, o[i]),
                                                          name_of(m, o[j]), name_of(m, o[k]), "times",
                                                          (json_int_t)times));
            }
    return rows;
}

/* ---- All of it --------------------------------------------------------------------------------------------
 */

void cli_coverage_text(FILE *out, const struct emu_machine *m, const struct emu_coverage *c, bool orders,
                       bool complete)
{
    struct emu_coverage_report r;
    emu_coverage_read(c, &r);
    if (r.runs == 0)
        return;
    classes_line(out, &r, complete);
    curve_text(out, &r);
    if (orders)
        orders_text(out, m, c);
}

json_t *cli_coverage_json(const struct emu_machine *m, const struct emu_coverage *c)
{
    struct emu_coverage_report r;
    emu_coverage_read(c, &r);
    json_t *curve = json_array();
    for (unsigned i = 0; i < r.points; i++)
        json_array_append_new(
            curve, json_pack("[I, I]", (json_int_t)r.curve[i].runs, (json_int_t)r.curve[i].classes));
    return json_pack("{s:I, s:b, s:I, s:I, s:I, s:f, s:f, s:b, s:o, s:o, s:o}", "classes",
                     (json_int_t)r.classes, "full", (int)r.full, "seen_once", (json_int_t)r.once,
                     "seen_twice", (json_int_t)r.twice, "runs_since_new", (json_int_t)r.since_new,
                     "next_run_new", r.next_new, "classes_expected", r.classes_expected, "saturated",
                     (int)r.saturated, "curve", curve, "orders", orders_json(m, c), "in_a_row",
                     in_a_row_json(m, c));
}
