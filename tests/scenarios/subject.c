/*
 * A scenario out of a module: see subject.h.
 */
#include "subject.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct subject open_subject(const char *path, const char *name)
{
    struct subject s = {
        .module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)}; /* the next subject has it again */
    if (s.module == NULL)
        fail_msg("%s", dlerror());
    const struct haldma_module *module = dlsym(s.module, "haldma_module");
    assert_non_null(module);
    for (uint32_t i = 0; i < module->count; i++)
        if (strcmp(module->scenarios[i].name, name) == 0)
            s.scenario = &module->scenarios[i];
    assert_non_null(s.scenario);
    struct haldma_config config = {0};
    const char *error = NULL;
    if (s.scenario->configure != NULL)
        s.scenario->configure(&config);
    s.machine = haldma_machine_create(&config, &error);
    if (s.machine == NULL)
        fail_msg("%s", error);
    haldma_scenario_program(s.scenario, &s.program);
    return s;
}

void move_subject(struct subject *s, const struct haldma_platform *platform)
{
    struct haldma_config config;
    const char *error = NULL;
    assert_string_equal(haldma_scenario_configure(s->scenario, platform, &config), platform->name);
    emu_machine_destroy(s->machine);
    s->machine = haldma_machine_create(&config, &error);
    if (s->machine == NULL)
        fail_msg("%s: %s", platform->name, error);
}

void close_subject(struct subject *s)
{
    emu_machine_destroy(s->machine);
    dlclose(s->module);
}

struct emu_report explore_subject(struct subject *s, struct emu_strategy *strategy, uint64_t runs)
{
    struct emu_explore_options options = {.runs = runs, .memory = haldma_scenario_memory};
    struct emu_report report;
    assert_non_null(strategy);
    emu_explore(s->machine, &s->program, strategy, &options, &report);
    emu_strategy_destroy(strategy);
    return report;
}

void require_clean(const struct emu_report *report)
{
    if (report->found != 0)
        fail_msg("%s: %s", report->findings[0].finding.rule, report->findings[0].finding.message);
}
