/*
 * Nodes of a machine, as drivers ask for them: how many, whose processors,
 * whose devices.
 */
#include "world.h"

enum { NODES = 3, PROCESSORS = 4, NOWHERE = NODES };

static void run_on(uint32_t processors, uint32_t nodes, void (*body)(void *), void *context)
{
    struct haldma_config config = world_config();
    struct rig_outcome outcome;
    config.machine.processors = processors;
    config.numa_nodes = nodes;
    struct emu_machine *m = world_machine(&config);
    rig_run(m, body, context, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

/* ---- How many
 * --------------------------------------------------------------------------------
 */

static void ask_for_the_highest(void *context)
{
    const USHORT *highest = context;
    rig_expect_equal(KeQueryHighestNodeNumber(), *highest);
}

/* rule: KE-NODE-1 */
static void the_highest_node_is_one_less_than_the_nodes(void **state)
{
    (void)state;
    for (USHORT nodes = 0; nodes <= 64; nodes += 16) {
        USHORT highest = (USHORT)(nodes != 0 ? nodes - 1 : 0);
        run_on(1, nodes, ask_for_the_highest, &highest);
    }
}

/* ---- Processors
 * ------------------------------------------------------------------------------
 */

static const KAFFINITY *wanted; /* a node's processors, each; the next is no node */

static void ask_for_processors(void *context)
{
    const USHORT *nodes = context;
    KAFFINITY all = 0;
    for (USHORT node = 0; node <= *nodes; node++) {
        GROUP_AFFINITY affinity = {.Mask = ~(KAFFINITY)0, .Group = 1};
        USHORT count = MAXUSHORT;
        KeQueryNodeActiveAffinity(node, &affinity, &count);
        KAFFINITY expected = node < *nodes ? wanted[node] : 0;
        rig_expect_equal(affinity.Mask, expected);
        rig_expect_equal(affinity.Group, 0);
        rig_expect_equal(count, __builtin_popcountll(expected));
        rig_expect((all & affinity.Mask) == 0);
        all |= affinity.Mask;
    }
    rig_expect_equal(all, KeQueryActiveProcessors());
    KeQueryNodeActiveAffinity(0, NULL, NULL);
    for (ULONG processor = 0; processor < KeQueryActiveProcessorCount(NULL); processor++) {
        KeSetSystemAffinityThreadEx((KAFFINITY)1 << processor);
        USHORT node = KeGetCurrentNodeNumber();
        rig_expect(node < *nodes && (wanted[node] >> processor & 1) != 0);
    }
}

static void processors_of(uint32_t processors, USHORT nodes, const KAFFINITY *each)
{
    wanted = each;
    run_on(processors, nodes, ask_for_processors, &nodes);
}

/* rule: KE-NODE-2 */
static void each_processor_belongs_to_one_node(void **state)
{
    (void)state;
    processors_of(PROCESSORS, 1, (const KAFFINITY[]){0xF});
    processors_of(PROCESSORS, 2, (const KAFFINITY[]){0x3, 0xC});
    processors_of(PROCESSORS, NODES, (const KAFFINITY[]){0x3, 0x4, 0x8});
}

/* rule: KE-NODE-2 */
static void a_node_may_have_memory_alone(void **state)
{
    (void)state;
    processors_of(2, PROCESSORS, (const KAFFINITY[]){0x1, 0, 0x2, 0});
    processors_of(1, 2, (const KAFFINITY[]){0x1, 0});
}

/* ---- Devices
 * ---------------------------------------------------------------------------------
 */

static PDEVICE_OBJECT at_node(uint32_t node)
{
    struct haldma_device hardware = {.name = "device", .bus = PCIBus, .numa_node = node};
    return haldma_add_device(&hardware);
}

static void ask_for_devices(void *context)
{
    (void)context;
    for (uint32_t node = 0; node < NODES; node++) {
        USHORT found = MAXUSHORT;
        rig_expect_equal(IoGetDeviceNumaNode(at_node(node), &found), STATUS_SUCCESS);
        rig_expect_equal(found, node);
    }
}

/* rule: IO-NODE-1 */
static void a_device_is_connected_to_a_node(void **state)
{
    (void)state;
    run_on(PROCESSORS, NODES, ask_for_devices, NULL);
}

static void ask_for_a_device_nowhere(void *context)
{
    (void)context;
    USHORT found = MAXUSHORT;
    rig_expect_equal(IoGetDeviceNumaNode(at_node(NOWHERE), &found), STATUS_NOT_FOUND);
    rig_expect_equal(found, MAXUSHORT);
}

/* rule: IO-NODE-2 */
static void the_node_of_a_device_may_be_unknown(void **state)
{
    (void)state;
    run_on(PROCESSORS, NODES, ask_for_a_device_nowhere, NULL);
}

static void ask_without_nodes(void *context)
{
    (void)context;
    USHORT found = MAXUSHORT;
    rig_expect_equal(IoGetDeviceNumaNode(at_node(NOWHERE), &found), STATUS_SUCCESS);
    rig_expect_equal(found, 0);
}

/* rule: IO-NODE-1 */
static void without_several_nodes_each_device_is_at_node_0(void **state)
{
    (void)state;
    run_on(PROCESSORS, 0, ask_without_nodes, NULL);
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    return STATUS_SUCCESS;
}

static void ask_for_no_physical_device(void *context)
{
    (void)context;
    USHORT found = MAXUSHORT;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT functional, gone = at_node(0);
    rig_expect_equal(haldma_load_driver("plain", entry, &driver), STATUS_SUCCESS);
    rig_expect_equal(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &functional),
                     STATUS_SUCCESS);
    IoDeleteDevice(gone);
    rig_expect_equal(IoGetDeviceNumaNode(NULL, &found), STATUS_INVALID_PARAMETER);
    rig_expect_equal(IoGetDeviceNumaNode(gone, &found), STATUS_INVALID_PARAMETER);
    rig_expect_equal(IoGetDeviceNumaNode(functional, &found), STATUS_INVALID_PARAMETER);
    rig_expect_equal(found, MAXUSHORT);
    IoDeleteDevice(functional);
}

/* rule: IO-NODE-3 */
static void only_a_physical_device_has_a_node(void **state)
{
    (void)state;
    run_on(PROCESSORS, NODES, ask_for_no_physical_device, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_highest_node_is_one_less_than_the_nodes),
        cmocka_unit_test(each_processor_belongs_to_one_node),
        cmocka_unit_test(a_node_may_have_memory_alone),
        cmocka_unit_test(a_device_is_connected_to_a_node),
        cmocka_unit_test(the_node_of_a_device_may_be_unknown),
        cmocka_unit_test(without_several_nodes_each_device_is_at_node_0),
        cmocka_unit_test(only_a_physical_device_has_a_node),
    };
    return cmocka_run_group_tests_name("dma.numa", tests, NULL, NULL);
}
