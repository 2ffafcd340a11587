/*
 * Every scenario of verification, on every platform that it suits: the driver's mistake is told with its code
 * and parameters, and the mended driver is clean. And on top of a filter driver that interposes.
 */
#include "../subject.h"
#include "verifier_list.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PARAMETERS = 4, MENDED_RUNS = 300 };

struct line {
    const char *name, *rule, *code;
    uint64_t parameters[PARAMETERS - 1];
};
#define LINE(name, mended, rule, code, second, third, fourth, where, machine) \
    {#name, rule, code, {second, third, fourth}},
static const struct line lines[] = {VERIFIER_LIST(LINE)};
enum { LINES = sizeof lines / sizeof lines[0] };

struct modules {
    const char *scenarios;
    const char *interposer;
    char **samples; /* NULL behind the last */
};

static void require_told(const struct emu_report *report, const struct line *line, const char *platform)
{
    if (report->found != 1)
        fail_msg("%s on %s: nothing was found", line->name, platform);
    const struct emu_finding *f = &report->findings[0].finding;
    if (strcmp(f->rule, line->rule) != 0 || strcmp(f->code, line->code) != 0)
        fail_msg("%s on %s: %s %s: %s", line->name, platform, f->rule, f->code, f->message);
    for (unsigned i = 1; i < PARAMETERS; i++)
        if (line->parameters[i - 1] != ANY && f->parameters[i] != line->parameters[i - 1])
            fail_msg("%s on %s: parameter %u is 0x%llx, not 0x%llx", line->name, platform, i + 1,
                     (unsigned long long)f->parameters[i], (unsigned long long)line->parameters[i - 1]);
}

static struct emu_report explore_on(const struct haldma_scenario *scenario,
                                    const struct haldma_platform *platform, PDRIVER_INITIALIZE filter,
                                    int preemptions, uint64_t runs)
{
    struct haldma_config config;
    struct emu_program program;
    struct emu_report report;
    const char *error = NULL;
    haldma_scenario_configure(scenario, platform, &config);
    config.filter = filter;
    config.machine.profile = EMU_PROFILE_VERIFIER;
    struct emu_machine *m = haldma_machine_create(&config, &error);
    if (m == NULL)
        fail_msg("%s: %s", scenario->name, error);
    haldma_scenario_program(scenario, &program);
    struct emu_strategy *strategy = emu_strategy_exhaustive(preemptions);
    const struct emu_explore_options options = {.runs = runs};
    emu_explore(m, &program, strategy, &options, &report);
    emu_strategy_destroy(strategy);
    emu_machine_destroy(m);
    return report;
}

/* fn for each platform of the scenario. */
static void each_platform(const struct haldma_module *module, unsigned index,
                          void (*fn)(const struct haldma_scenario *, const struct line *,
                                     const struct haldma_platform *))
{
    const struct haldma_scenario *scenario = &module->scenarios[index];
    for (unsigned p = 0; haldma_platform_at(p) != NULL; p++)
        if (haldma_scenario_suits(scenario, haldma_platform_at(p)))
            fn(scenario, &lines[index / 2], haldma_platform_at(p));
}

static const struct haldma_module *open_module(const char *path, void **handle)
{
    *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (*handle == NULL)
        fail_msg("%s", dlerror());
    const struct haldma_module *module = dlsym(*handle, "haldma_module");
    assert_non_null(module);
    assert_int_equal(module->count, 2 * LINES);
    return module;
}

static void is_told(const struct haldma_scenario *scenario, const struct line *line,
                    const struct haldma_platform *platform)
{
    struct emu_report report = explore_on(scenario, platform, NULL, 0, 0);
    require_told(&report, line, platform->name);
    emu_report_free(&report);
}

static void is_clean(const struct haldma_scenario *scenario, const struct line *line,
                     const struct haldma_platform *platform)
{
    (void)line;
    struct emu_report report = explore_on(scenario, platform, NULL, 1, MENDED_RUNS);
    require_clean(&report);
    emu_report_free(&report);
}

/* rule: DMA-VERIFY-01, DMA-VERIFY-02, DMA-VERIFY-SET-6 */
static void each_mistake_is_told_with_its_code_and_parameters(void **state)
{
    const struct modules *modules = *state;
    void *handle;
    const struct haldma_module *module = open_module(modules->scenarios, &handle);
    for (unsigned i = 0; i < LINES; i++)
        each_platform(module, 2 * i, is_told);
    dlclose(handle);
}

/* rule: DMA-VERIFY-SET-3, DMA-VERIFY-SET-6 */
static void each_mended_driver_is_clean(void **state)
{
    const struct modules *modules = *state;
    void *handle;
    const struct haldma_module *module = open_module(modules->scenarios, &handle);
    for (unsigned i = 0; i < LINES; i++)
        each_platform(module, 2 * i + 1, is_clean);
    dlclose(handle);
}

/* Calls that a filter driver has no part in, or which its own adapter answers. */
static bool passes_the_filter(const struct line *line)
{
    static const char *const others[] = {"e6_18", "e6_19", "e6_1e", "e6_25", "e6_11_adapter_left"};
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strncmp(line->name, others[i], strlen(others[i])) == 0)
            return false;
    return true;
}

/* rule: DMA-VERIFY-SET-7 */
static void a_filter_driver_before_the_table_changes_nothing(void **state)
{
    const struct modules *modules = *state;
    const struct haldma_platform *pc = haldma_platform_find("pc");
    void *handle, *filter = dlopen(modules->interposer, RTLD_NOW | RTLD_LOCAL);
    const struct haldma_module *module = open_module(modules->scenarios, &handle);
    PDRIVER_INITIALIZE entry = NULL;
    assert_non_null(filter);
    *(void **)&entry = dlsym(filter, "interposer_replaces_DriverEntry");
    assert_non_null(entry);
    for (unsigned i = 0; i < LINES; i++) {
        const struct haldma_scenario *bad = &module->scenarios[2 * i];
        if (!haldma_scenario_suits(bad, pc) || !passes_the_filter(&lines[i]))
            continue;
        struct emu_report report = explore_on(bad, pc, entry, 0, 0);
        require_told(&report, &lines[i], "pc, interposed");
        emu_report_free(&report);
    }
    dlclose(handle);
    dlclose(filter);
}

/* The samples whose drivers are right. */
static bool is_right(const char *name)
{
    static const char *const names[] = {"cancel_mended", "write",     "gather_mended", "gather_cancel",
                                        "sound",         "extension", "give_up_mended"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* rule: DMA-VERIFY-SET-3 */
static void samples_that_are_right_are_clean(void **state)
{
    enum { RIGHT = 7 };
    const struct modules *modules = *state;
    unsigned count = 0;
    for (char **path = modules->samples; *path != NULL; path++) {
        void *handle = dlopen(*path, RTLD_NOW | RTLD_LOCAL);
        if (handle == NULL)
            fail_msg("%s", dlerror());
        const struct haldma_module *module = dlsym(handle, "haldma_module");
        assert_non_null(module);
        for (uint32_t i = 0; i < module->count; i++) {
            const struct haldma_scenario *scenario = &module->scenarios[i];
            if (!is_right(scenario->name))
                continue;
            count++;
            for (unsigned p = 0; haldma_platform_at(p) != NULL; p++)
                if (haldma_scenario_suits(scenario, haldma_platform_at(p)))
                    is_clean(scenario, NULL, haldma_platform_at(p));
        }
        dlclose(handle);
    }
    assert_int_equal(count, RIGHT);
}

int main(int argc, char **argv)
{
    struct modules modules;
    if (argc < 3) {
        fprintf(stderr, "usage: %s verifier.so interposer_replaces.so sample.so...\n", argv[0]);
        return 2;
    }
    modules = (struct modules){argv[1], argv[2], argv + 3};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(each_mistake_is_told_with_its_code_and_parameters, &modules),
        cmocka_unit_test_prestate(each_mended_driver_is_clean, &modules),
        cmocka_unit_test_prestate(a_filter_driver_before_the_table_changes_nothing, &modules),
        cmocka_unit_test_prestate(samples_that_are_right_are_clean, &modules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
