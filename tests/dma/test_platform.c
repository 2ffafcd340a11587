/*
 * Platforms: what each name stands for, and what a scenario makes of it.
 */
#include "dma/world.h"

enum { WIDTH_64 = 64 };

/* rule: DMA-PLATFORM-1 */
static void each_platform_is_found_by_its_name(void **state)
{
    static const char *const names[] = {"pc", "pc-remapped", "pc-lowmem", "soc"};
    enum { NAMES = sizeof names / sizeof names[0] };
    (void)state;
    for (unsigned i = 0; i < NAMES; i++) {
        assert_non_null(haldma_platform_at(i));
        assert_string_equal(haldma_platform_at(i)->name, names[i]);
        assert_ptr_equal(haldma_platform_find(names[i]), haldma_platform_at(i));
        assert_true(strlen(haldma_platform_at(i)->summary) > 0);
    }
    assert_null(haldma_platform_at(NAMES));
    assert_null(haldma_platform_find("mac"));
    assert_null(haldma_platform_find(""));
}

static struct haldma_config config_of(const char *name)
{
    struct haldma_config config = {0};
    haldma_platform_configure(haldma_platform_find(name), &config);
    return config;
}

/* rule: DMA-PLATFORM-2 */
static void each_platform_is_another_machine_for_tokens(void **state)
{
    enum { MANY = 8 };
    uint32_t seen[MANY];
    unsigned count = 0;
    (void)state;
    for (; haldma_platform_at(count) != NULL; count++) {
        struct haldma_config config = config_of(haldma_platform_at(count)->name);
        struct emu_machine *m = world_machine(&config);
        assert_string_equal(haldma_machine_config(m)->platform, haldma_platform_at(count)->name);
        seen[count] = haldma_configuration(m);
        emu_machine_destroy(m);
        for (unsigned i = 0; i < count; i++)
            assert_int_not_equal(seen[i], seen[count]);
    }
}

/* What a driver sees of a machine. */
struct sight {
    uint32_t width;
    ULONG registers;
    ULONG alignment;
    bool remapped;
    bool i8237;
    bool line;
    uint32_t fragments;
};

static void look(void *context)
{
    struct sight *sight = context;
    DMA_ADAPTER_INFO info = {.Version = DMA_ADAPTER_INFO_VERSION1};
    PDMA_ADAPTER adapter = world_get(world_master(DEVICE_DESCRIPTION_VERSION3, WIDTH_64), &sight->registers);
    rig_expect_equal(adapter->DmaOperations->GetDmaAdapterInfo(adapter, &info), STATUS_SUCCESS);
    sight->width = info.V1.DmaAddressWidth;
    sight->alignment = adapter->DmaOperations->GetDmaAlignment(adapter);
    sight->remapped = dma_system()->domains != NULL;
    sight->i8237 = haldma_i8237() != NULL;
    PDMA_ADAPTER channel = world_get(world_subordinate(WORLD_LINE), NULL);
    sight->line = channel != NULL;
    if (channel == NULL)
        return;
    info.Version = DMA_ADAPTER_INFO_VERSION1;
    rig_expect_equal(channel->DmaOperations->GetDmaAdapterInfo(channel, &info), STATUS_SUCCESS);
    sight->fragments = info.V1.ScatterGatherLimit;
}

static struct sight see(const char *platform)
{
    struct sight sight = {0};
    struct haldma_config config = config_of(platform);
    struct emu_machine *m = world_machine(&config);
    struct rig_outcome outcome;
    rig_run(m, look, &sight, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
    return sight;
}

/* rule: DMA-PLATFORM-3 */
static void a_pc_has_64_bits_the_8237_pair_and_no_alignment(void **state)
{
    (void)state;
    struct sight s = see("pc");
    assert_int_equal(s.width, WIDTH_64);
    assert_int_equal(s.alignment, 1);
    assert_false(s.remapped);
    assert_true(s.i8237);
    assert_false(s.line);
}

/* rule: DMA-PLATFORM-4 */
static void a_remapped_pc_is_a_pc_with_a_remapping_unit(void **state)
{
    (void)state;
    struct sight s = see("pc-remapped");
    assert_int_equal(s.width, WIDTH_64);
    assert_true(s.remapped);
    assert_true(s.i8237);
}

/* rule: DMA-PLATFORM-5 */
static void a_pc_with_little_memory_in_reach_has_32_bits_and_few_registers(void **state)
{
    enum { WIDTH = 32, REGISTERS = 8 };
    (void)state;
    struct sight s = see("pc-lowmem");
    assert_int_equal(s.width, WIDTH);
    assert_int_equal(s.registers, REGISTERS);
    assert_false(s.remapped);
}

static void map_for_a_24_bit_device(void *context)
{
    enum { WIDTH = 24, PAGES = 8, FAR_PAGES = 8 };
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1], *memory, byte = 'd';
    struct world_list list;
    ULONG length = PAGES * PAGE_SIZE;
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(WIDTH);
    PMDL mdl = world_buffer(FAR_PAGES, true, &memory);
    PVOID base = world_take(adapter, transfer, PAGES);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, false, &list), STATUS_SUCCESS);
    rig_expect(world_address(&list, 0) + length <= 1ull << WIDTH);
    world_device_write(world_address(&list, 0), &byte, 1);
    rig_expect_equal(adapter->DmaOperations->FlushAdapterBuffersEx(adapter, mdl, base, 0, length, FALSE),
                     STATUS_SUCCESS);
    rig_expect_equal(memory[0], 'd');
}

/* rule: DMA-PLATFORM-5 */
static void its_24_bit_devices_reach_memory_above_4_gib_through_double_buffers(void **state)
{
    struct haldma_config config = config_of("pc-lowmem");
    struct emu_machine *m = world_machine(&config);
    struct rig_outcome outcome;
    (void)state;
    rig_run(m, map_for_a_24_bit_device, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

/* rule: DMA-PLATFORM-6 */
static void a_soc_has_request_lines_with_scatter_gather_and_wants_alignment(void **state)
{
    enum { LINE = 64, FRAGMENTS = 16 };
    (void)state;
    struct sight s = see("soc");
    assert_int_equal(s.alignment, LINE);
    assert_false(s.i8237);
    assert_true(s.line);
    assert_int_equal(s.fragments, FRAGMENTS);
}

/* ---- Scenarios ---- */

static void change_a_field(struct haldma_config *config)
{
    config->map_registers = WORLD_REGISTERS;
}

static void begin_anew(struct haldma_config *config)
{
    *config = world_config();
}

/* rule: DMA-PLATFORM-7 */
static void a_scenario_changes_fields_of_its_platform_or_has_a_machine_of_its_own(void **state)
{
    const struct haldma_scenario as_it_is = {.name = "as_it_is"};
    const struct haldma_scenario changed = {.name = "changed", .configure = change_a_field};
    const struct haldma_scenario own = {.name = "own", .configure = begin_anew};
    const struct haldma_platform *remapped = haldma_platform_find("pc-remapped");
    struct haldma_config config;
    (void)state;
    assert_string_equal(haldma_scenario_configure(&as_it_is, remapped, &config), "pc-remapped");
    assert_true(config.remapping);
    assert_string_equal(haldma_scenario_configure(&changed, remapped, &config), "pc-remapped");
    assert_true(config.remapping);
    assert_int_equal(config.map_registers, WORLD_REGISTERS);
    assert_null(haldma_scenario_configure(&own, remapped, &config));
    assert_false(config.remapping);
}

/* rule: DMA-PLATFORM-8 */
static void a_scenario_names_the_platforms_that_it_is_for(void **state)
{
    static const char *const names[] = {"soc", "pc", NULL};
    const struct haldma_scenario for_some = {.name = "for_some", .platforms = names};
    const struct haldma_scenario for_all = {.name = "for_all"};
    (void)state;
    assert_true(haldma_scenario_suits(&for_some, haldma_platform_find("pc")));
    assert_true(haldma_scenario_suits(&for_some, haldma_platform_find("soc")));
    assert_false(haldma_scenario_suits(&for_some, haldma_platform_find("pc-lowmem")));
    for (unsigned i = 0; haldma_platform_at(i) != NULL; i++)
        assert_true(haldma_scenario_suits(&for_all, haldma_platform_at(i)));
}

/* rule: DMA-PLATFORM-9 */
static void a_bus_has_at_most_64_bits(void **state)
{
    enum { TOO_MANY = 65 };
    const struct haldma_config config = {.bus_width = TOO_MANY};
    const char *error = NULL;
    (void)state;
    assert_null(haldma_machine_create(&config, &error));
    assert_string_equal(error, "a bus has at most 64 address bits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_platform_is_found_by_its_name),
        cmocka_unit_test(each_platform_is_another_machine_for_tokens),
        cmocka_unit_test(a_pc_has_64_bits_the_8237_pair_and_no_alignment),
        cmocka_unit_test(a_remapped_pc_is_a_pc_with_a_remapping_unit),
        cmocka_unit_test(a_pc_with_little_memory_in_reach_has_32_bits_and_few_registers),
        cmocka_unit_test(its_24_bit_devices_reach_memory_above_4_gib_through_double_buffers),
        cmocka_unit_test(a_soc_has_request_lines_with_scatter_gather_and_wants_alignment),
        cmocka_unit_test(a_scenario_changes_fields_of_its_platform_or_has_a_machine_of_its_own),
        cmocka_unit_test(a_scenario_names_the_platforms_that_it_is_for),
        cmocka_unit_test(a_bus_has_at_most_64_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
