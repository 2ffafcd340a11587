/*
 * Sizes of a scenario: who is told which one it is, and how a token names it.
 */
#include "world.h"

enum { SIZE = 2, FULL_PROCESSORS = 4 };

static void configure(struct haldma_config *config)
{
    config->machine.processors = FULL_PROCESSORS;
    if (config->size != 0)
        config->machine.processors = FULL_PROCESSORS - config->size;
}

static void begin_anew(struct haldma_config *config)
{
    *config = world_config();
}

/* rule: EMU-SHRINK-8 */
static void configure_finds_the_size_and_the_machine_keeps_it(void **state)
{
    const struct haldma_scenario scenario = {.name = "sized", .configure = configure, .sizes = SIZE + 1};
    const struct haldma_scenario own = {.name = "own", .configure = begin_anew, .sizes = SIZE + 1};
    struct haldma_config config;
    (void)state;
    haldma_scenario_configure_size(&scenario, haldma_platform_find("pc"), SIZE, &config);
    assert_int_equal(config.machine.processors, FULL_PROCESSORS - SIZE);
    assert_int_equal(config.size, SIZE);
    haldma_scenario_configure_size(&own, haldma_platform_find("pc"), SIZE, &config);
    assert_int_equal(config.size, SIZE);
    haldma_scenario_configure(&scenario, haldma_platform_find("pc"), &config);
    assert_int_equal(config.machine.processors, FULL_PROCESSORS);
    assert_int_equal(config.size, 0);
}

static void read_size(void *context)
{
    unsigned *size = context;
    *size = haldma_size();
}

/* rule: EMU-SHRINK-8 */
static void a_run_reads_the_size_of_its_machine(void **state)
{
    struct haldma_config config = world_config();
    struct rig_outcome outcome;
    unsigned size = 0;
    (void)state;
    config.size = SIZE;
    struct emu_machine *m = world_machine(&config);
    rig_run(m, read_size, &size, &outcome);
    rig_assert_idle(&outcome);
    emu_machine_destroy(m);
    assert_int_equal(size, SIZE);
}

static uint32_t configuration(unsigned size)
{
    struct haldma_config config = world_config();
    config.size = size;
    struct emu_machine *m = world_machine(&config);
    uint32_t hash = haldma_configuration(m);
    emu_machine_destroy(m);
    return hash;
}

/* rule: EMU-SHRINK-8 */
static void sizes_are_configurations_of_their_own(void **state)
{
    (void)state;
    assert_true(configuration(0) != configuration(1));
    assert_true(configuration(1) != configuration(SIZE));
    assert_true(configuration(1) == configuration(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configure_finds_the_size_and_the_machine_keeps_it),
        cmocka_unit_test(a_run_reads_the_size_of_its_machine),
        cmocka_unit_test(sizes_are_configurations_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
