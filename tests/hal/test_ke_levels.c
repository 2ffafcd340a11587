/*
 * The interrupt levels of docs/levels.md: each service, called at each of four levels, is stopped for its
 * rule with its code where its row forbids the level, and is not stopped for that where its row allows it.
 *
 * A call has no arguments but zeros. Where its level is allowed it may therefore come to any end, a crash
 * included; what it must not come to is a finding about the level. In builds that cannot catch crashes only
 * forbidden levels are tried, of services that look at the level before anything else.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <emu/crash.h>
#include <ntifs.h>
#include <wdmsec.h>

#include "levels/levels_ddis.h"
#include "rig_kernel.h"

enum {
    DEVICE_LEVEL = 5,
    ROWS_MAX = 400,
    NAME_BYTES = 64,
    LINE_BYTES = 256,
    SIGNAL_STACK = 64 * 1024,
};

typedef uintptr_t any_fn(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
                         uintptr_t, uintptr_t, uintptr_t);

struct ddi {
    const char *name;
    any_fn *fn;
};

static struct ddi ddis[ROWS_MAX];
static unsigned ddi_count;

static void add(const char *name, const void *address, size_t bytes)
{
    assert_true(ddi_count < ROWS_MAX && bytes == sizeof(any_fn *));
    ddis[ddi_count].name = name;
    memcpy(&ddis[ddi_count].fn, address, bytes);
    ddi_count++;
}

#define DDI_AS(name, function)                        \
    {                                                 \
        __typeof__(&(function)) address = (function); \
        add(#name, &address, sizeof address);         \
    }
#define DDI(name) DDI_AS(name, name)

/* ---- The table ------------------------------------------------------------------------------- */

struct row {
    char name[NAME_BYTES], rule[NAME_BYTES], code[NAME_BYTES];
    KIRQL lowest, highest;
};

static struct row rows[ROWS_MAX];
static unsigned row_count;

static KIRQL level_of(const char *name)
{
    static const struct {
        const char *name;
        KIRQL level;
    } levels[] = {{"PASSIVE_LEVEL", PASSIVE_LEVEL},
                  {"APC_LEVEL", APC_LEVEL},
                  {"DISPATCH_LEVEL", DISPATCH_LEVEL},
                  {"IPI_LEVEL", IPI_LEVEL}};
    for (unsigned i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (strcmp(name, levels[i].name) == 0)
            return levels[i].level;
    fail_msg("%s is no level", name);
    return 0;
}

static void read_levels(struct row *row, const char *text)
{
    if (strncmp(text, "<= ", 3) == 0) {
        row->highest = level_of(text + 3);
    } else if (strncmp(text, ">= ", 3) == 0) {
        row->lowest = level_of(text + 3);
        row->highest = HIGH_LEVEL;
    } else if (strncmp(text, "< ", 2) == 0) {
        row->highest = level_of(text + 2) - 1;
    } else {
        row->lowest = row->highest = level_of(text);
    }
}

static void read_table(const char *path)
{
    char line[LINE_BYTES], levels[NAME_BYTES];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        struct row row = {.lowest = 0};
        if (sscanf(line, "| %63[A-Za-z0-9_] | %63[^|] | %63[A-Z0-9-] | %63[0-9A-Fx/, ]|", row.name, levels,
                   row.rule, row.code) != 4)
            continue;
        levels[strcspn(levels, "|") - 1] = '\0';
        read_levels(&row, levels);
        assert_true(row_count < ROWS_MAX);
        rows[row_count++] = row;
    }
    fclose(file);
}

static any_fn *find(const char *name)
{
    for (unsigned i = 0; i < ddi_count; i++)
        if (strcmp(ddis[i].name, name) == 0)
            return ddis[i].fn;
    return NULL;
}

/* ---- A call ---------------------------------------------------------------------------------- */

struct call {
    any_fn *fn;
    KIRQL level;
};

static void make_call(void *context)
{
    const struct call *c = context;
    KIRQL old;
    KeRaiseIrql(c->level, &old);
    c->fn(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    while (KeGetCurrentIrql() < old)
        KeRaiseIrql(old, &old);
    KeLowerIrql(PASSIVE_LEVEL);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    if (!emu_crash_signal(number, info, context))
        abort();
}

static void catch_signals(void)
{
    static char stack[SIGNAL_STACK];
    const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE};
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    assert_int_equal(sigaltstack(&alternate, NULL), 0);
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_int_equal(sigaction(numbers[i], &action, NULL), 0);
}

static bool is_as_the_row_says(struct emu_machine *m, const struct row *row, KIRQL level)
{
    bool allowed = level >= row->lowest && level <= row->highest;
    struct call call = {.fn = find(row->name), .level = level};
    struct rig_outcome outcome;
    rig_run(m, make_call, &call, &outcome);
    const char *rule = outcome.found ? outcome.finding.rule : "nothing";
    bool about_level = outcome.found && strcmp(rule, row->rule) == 0 && outcome.finding.code[0] != '\0' &&
                       strstr(row->code, outcome.finding.code) != NULL;
    if (about_level != allowed)
        return true;
    print_error("%s at level %u (%s): %s %s %s\n", row->name, level, allowed ? "allowed" : "forbidden", rule,
                outcome.found ? outcome.finding.code : "", outcome.found ? outcome.finding.message : "");
    return false;
}

/* rule: KE-LEVEL-1 */
static void each_service_is_stopped_exactly_at_the_levels_that_its_page_forbids(void **state)
{
    (void)state;
    const KIRQL levels[] = {PASSIVE_LEVEL, APC_LEVEL, DISPATCH_LEVEL, DEVICE_LEVEL};
    struct emu_machine *m = rig_kernel_machine(1);
    bool catches = emu_crash_catch(m);
    unsigned wrong = 0;
    catch_signals();
    assert_int_equal(row_count, ddi_count);
    for (unsigned r = 0; r < row_count; r++)
        for (unsigned i = 0; i < sizeof levels / sizeof levels[0]; i++) {
            bool allowed = levels[i] >= rows[r].lowest && levels[i] <= rows[r].highest;
            assert_non_null(find(rows[r].name));
            bool looks_first = strcmp(rows[r].rule, "KE-LEVEL-1") == 0; /* before any argument */
            if (catches || (!allowed && looks_first))
                wrong += is_as_the_row_says(m, &rows[r], levels[i]) ? 0 : 1;
        }
    assert_int_equal(wrong, 0);
    emu_machine_destroy(m);
}

/* ---- Nothing is left out --------------------------------------------------------------------- */

static char *whole_file(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t bytes = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(1, bytes + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, bytes, file), bytes);
    fclose(file);
    return text;
}

static bool has_name(const char *text, const char *name)
{
    char quoted[NAME_BYTES + 2], row[NAME_BYTES + 5];
    snprintf(quoted, sizeof quoted, "`%s`", name);
    snprintf(row, sizeof row, "\n| %s |", name);
    return strstr(text, quoted) != NULL || strstr(text, row) != NULL;
}

static void each_kernel_service_that_exists_has_its_levels_written_down(void **state)
{
    (void)state;
    char *levels = whole_file(LEVELS_TABLE), *coverage = whole_file(LEVELS_COVERAGE);
    char *at = strstr(coverage, "### Interrupt levels"), *end = strstr(coverage, "### Run-time library");
    char name[NAME_BYTES];
    unsigned missing = 0, seen = 0;
    assert_true(at != NULL && end > at);
    *end = '\0';
    for (char *quote = strchr(at, '`'); quote != NULL; quote = strchr(quote + 1, '`')) {
        if (sscanf(quote, "`%63[A-Za-z0-9_]`", name) == 1 && name[0] <= 'Z' &&
            quote[strlen(name) + 1] == '`' && strncmp(name, "CONNECT", strlen("CONNECT")) != 0) {
            seen++;
            if (!has_name(levels, name)) {
                print_error("%s has no row\n", name);
                missing++;
            }
        }
        quote = strchr(quote + 1, '`');
        assert_non_null(quote);
    }
    assert_true(seen >= row_count);
    assert_int_equal(missing, 0);
    free(levels);
    free(coverage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_service_is_stopped_exactly_at_the_levels_that_its_page_forbids),
        cmocka_unit_test(each_kernel_service_that_exists_has_its_levels_written_down),
    };
    LEVELS_DDIS(DDI, DDI_AS)
    read_table(LEVELS_TABLE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
