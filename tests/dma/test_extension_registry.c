/*
 * HAL extensions: registering controllers and channels, and the firmware's tables.
 */
#include "extension_mock.h"

/* ---- Registering ----------------------------------------------------------------------------- */

/* rule: DMA-EXT-13 */
static void controllers_and_channels_are_registered_by_name_as_well(void *context)
{
    (void)context;
    ULONG data = DATA;
    DMA_FUNCTION_TABLE table = mock_table();
    mock_group();
    DMA_INITIALIZATION_BLOCK b = mock_block(&table, &data);
    rig_expect_equal(HalRegisterDmaController(&b), STATUS_SUCCESS);
    rig_expect(b.ControllerId != 0);
    rig_expect(world_get(world_subordinate(LINE_FIRST), NULL) == NULL); /* it has no channel yet */
    DMA_CHANNEL_INITIALIZATION_BLOCK channel = mock_channel(b.ControllerId, 2);
    rig_expect_equal(HalRegisterDmaChannel(&channel), STATUS_SUCCESS);
    rig_expect(world_get(world_subordinate(LINE_FIRST), NULL) != NULL);
    rig_expect_equal(recorded->calls[0], 'I');
}

/* rule: DMA-EXT-14 */
static void blocks_that_contradict_themselves_are_refused(void *context)
{
    (void)context;
    ULONG data = DATA;
    DMA_FUNCTION_TABLE table = mock_table();
    mock_group();
    DMA_INITIALIZATION_BLOCK good = mock_block(&table, &data), bad;
#define REFUSED(member, value)                                                      \
    do {                                                                            \
        bad = good;                                                                 \
        bad.member = value;                                                         \
        rig_expect_equal(HalRegisterDmaController(&bad), STATUS_INVALID_PARAMETER); \
    } while (0)
    rig_expect_equal(HalRegisterDmaController(NULL), STATUS_INVALID_PARAMETER);
    REFUSED(Header.TableVersion, DMA_INITIALIZATION_VERSION + 1);
    REFUSED(Header.TableSize, sizeof bad - 1);
    REFUSED(ChannelCount, 0);
    REFUSED(ChannelCount, DMA_CHANNELS_MAX + 1);
    REFUSED(DmaAddressWidth, 0);
    REFUSED(DmaAddressWidth, 65);
    REFUSED(MinimumRequestLine, LINE_FIRST + 2);
    REFUSED(InternalData, NULL);
    REFUSED(Operations, NULL);
#undef REFUSED
    void **routines = (void **)(void *)&table;
    const unsigned configure = 4, counter = 7, common = 8;
    for (unsigned i = 0; i < sizeof table / sizeof *routines; i++) {
        if (i == configure || i == counter || i == common)
            continue;
        void *routine = routines[i];
        routines[i] = NULL;
        bad = good;
        rig_expect_equal(HalRegisterDmaController(&bad), STATUS_INVALID_PARAMETER);
        routines[i] = routine;
    }
    rig_expect_equal(HalRegisterDmaController(&good), STATUS_SUCCESS);
    rig_expect_equal(HalRegisterDmaController(&good), STATUS_INVALID_PARAMETER); /* its lines are taken */
}

/* rule: DMA-EXT-14 */
static void an_interrupt_must_be_there_and_of_its_sort(void *context)
{
    (void)context;
    ULONG data = DATA;
    DMA_FUNCTION_TABLE table = mock_table();
    mock_group();
    DMA_INITIALIZATION_BLOCK b = mock_block(&table, &data);
    b.Gsi = 40;
    rig_expect_equal(HalRegisterDmaController(&b), STATUS_INVALID_PARAMETER);
    b = mock_block(&table, &data);
    b.InterruptMode = Latched;
    b.MinimumRequestLine = b.MaximumRequestLine = LINE_FIRST + 10;
    rig_expect_equal(HalRegisterDmaController(&b), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-EXT-15 */
static void channels_of_no_controller_twice_and_beyond_are_refused(void *context)
{
    (void)context;
    ULONG data = DATA;
    DMA_FUNCTION_TABLE table = mock_table();
    mock_group();
    table.ReportCommonBuffer = NULL;
    DMA_INITIALIZATION_BLOCK b = mock_block(&table, &data);
    rig_expect_equal(HalRegisterDmaController(&b), STATUS_SUCCESS);
    DMA_CHANNEL_INITIALIZATION_BLOCK bad = mock_channel(b.ControllerId + 1, 0);
    rig_expect_equal(HalRegisterDmaChannel(&bad), STATUS_INVALID_PARAMETER);
    bad = mock_channel(0, 0);
    rig_expect_equal(HalRegisterDmaChannel(&bad), STATUS_INVALID_PARAMETER);
    bad = mock_channel(b.ControllerId, CHANNELS);
    rig_expect_equal(HalRegisterDmaChannel(&bad), STATUS_INVALID_PARAMETER);
    bad = mock_channel(b.ControllerId, 0);
    bad.Header.TableSize++;
    rig_expect_equal(HalRegisterDmaChannel(&bad), STATUS_INVALID_PARAMETER);
    bad = mock_channel(b.ControllerId, 0);
    bad.CommonBufferLength = 1;
    rig_expect_equal(HalRegisterDmaChannel(&bad), STATUS_INVALID_PARAMETER);
    rig_expect_equal(HalRegisterDmaChannel(NULL), STATUS_INVALID_PARAMETER);
    DMA_CHANNEL_INITIALIZATION_BLOCK good = mock_channel(b.ControllerId, 0);
    rig_expect_equal(HalRegisterDmaChannel(&good), STATUS_SUCCESS);
    rig_expect_equal(HalRegisterDmaChannel(&good), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-EXT-16 */
static void a_channel_can_have_an_interrupt_of_its_own(void *context)
{
    (void)context;
    ULONG data = DATA;
    DMA_FUNCTION_TABLE table = mock_table();
    mock_group();
    DMA_INITIALIZATION_BLOCK b = mock_block(&table, &data);
    b.GeneratesInterrupt = FALSE;
    rig_expect_equal(HalRegisterDmaController(&b), STATUS_SUCCESS);
    DMA_CHANNEL_INITIALIZATION_BLOCK channel = mock_channel(b.ControllerId, 2);
    channel.GeneratesInterrupt = TRUE;
    channel.Gsi = (LONG)recorded->interrupt_line;
    channel.InterruptMode = LevelSensitive;
    rig_expect_equal(HalRegisterDmaChannel(&channel), STATUS_SUCCESS);
    struct stream *s = stream_make(LINE_FIRST, 1);
    rig_expect_equal(stream_start(s, TRUE), STATUS_SUCCESS);
    interrupt(1);
    stream_wait(s);
    rig_expect_equal(s->status, DmaComplete);
}

/* rule: DMA-EXT-17 */
static void without_an_interrupt_no_completion_routine_is_called(void *context)
{
    (void)context;
    ULONG data = DATA;
    DMA_FUNCTION_TABLE table = mock_table();
    mock_group();
    table.HandleInterrupt = NULL;
    DMA_INITIALIZATION_BLOCK b = mock_block(&table, &data);
    b.GeneratesInterrupt = FALSE;
    rig_expect_equal(HalRegisterDmaController(&b), STATUS_SUCCESS);
    DMA_CHANNEL_INITIALIZATION_BLOCK channel = mock_channel(b.ControllerId, 2);
    rig_expect_equal(HalRegisterDmaChannel(&channel), STATUS_SUCCESS);
    struct stream *s = stream_make(LINE_FIRST, 1);
    rig_expect_equal(stream_start(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(stream_flush(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(s->completions, 0);
    s->o->FreeAdapterChannel(s->adapter);
    s->o->PutDmaAdapter(s->adapter);
}

/* rule: DMA-EXT-18 */
static void other_sorts_of_resources_are_not_supported(void *context)
{
    (void)context;
    PCSRT_RESOURCE_GROUP_HEADER group = mock_group();
    CSRT_RESOURCE_DESCRIPTOR_HEADER header = descriptor(CSRT_RD_SUBTYPE_DMA_CONTROLLER);
    rig_expect_equal(RegisterResourceDescriptor(0, group, NULL, &header), STATUS_INVALID_PARAMETER);
    rig_expect_equal(RegisterResourceDescriptor(0, NULL, &header, &header), STATUS_INVALID_PARAMETER);
    rig_expect_equal(RegisterResourceDescriptor(0, group, &header, NULL), STATUS_INVALID_PARAMETER);
    header.Subtype = 2;
    rig_expect_equal(RegisterResourceDescriptor(0, group, &header, &header), STATUS_NOT_SUPPORTED);
    header.Type = CSRT_RD_TYPE_TIMER;
    rig_expect_equal(RegisterResourceDescriptor(0, group, &header, &header), STATUS_NOT_SUPPORTED);
}

/* ---- The firmware's tables ------------------------------------------------------------------- */

#pragma pack(push, 1)
struct three {
    CSRT_RESOURCE_GROUP_HEADER group;
    UCHAR shared[5];
    CSRT_RESOURCE_DESCRIPTOR_HEADER controller;
    ULONG registers;
    CSRT_RESOURCE_DESCRIPTOR_HEADER timer;
    CSRT_RESOURCE_DESCRIPTOR_HEADER channel;
};
#pragma pack(pop)

/* rule: DMA-EXT-19 */
static void descriptors_are_found_by_type_subtype_and_id(void *context)
{
    (void)context;
    struct three t = {
        .group = {.Length = sizeof t, .SharedInfoLength = sizeof t.shared},
        .controller = {sizeof t.controller + sizeof t.registers, CSRT_RD_TYPE_DMA,
                       CSRT_RD_SUBTYPE_DMA_CONTROLLER, 7},
        .timer = {sizeof t.timer, CSRT_RD_TYPE_TIMER, CSRT_RD_SUBTYPE_TIMER, 8},
        .channel = {sizeof t.channel, CSRT_RD_TYPE_DMA, CSRT_RD_SUBTYPE_DMA_CHANNEL, 9},
    };
    PCSRT_RESOURCE_DESCRIPTOR_HEADER controller = &t.controller, timer = &t.timer, channel = &t.channel;
#define NEXT(after, type, subtype, uid) GetNextResourceDescriptor(0, &t.group, after, type, subtype, uid)
    rig_expect(NEXT(NULL, CSRT_RD_TYPE_ANY, CSRT_RD_SUBTYPE_ANY, CSRT_RD_UID_ANY) == controller);
    rig_expect(NEXT(controller, CSRT_RD_TYPE_ANY, CSRT_RD_SUBTYPE_ANY, CSRT_RD_UID_ANY) == timer);
    rig_expect(NEXT(controller, CSRT_RD_TYPE_DMA, CSRT_RD_SUBTYPE_ANY, CSRT_RD_UID_ANY) == channel);
    rig_expect(NEXT(channel, CSRT_RD_TYPE_ANY, CSRT_RD_SUBTYPE_ANY, CSRT_RD_UID_ANY) == NULL);
    rig_expect(NEXT(NULL, CSRT_RD_TYPE_DMA, CSRT_RD_SUBTYPE_DMA_CHANNEL, CSRT_RD_UID_ANY) == channel);
    rig_expect(NEXT(NULL, CSRT_RD_TYPE_ANY, CSRT_RD_SUBTYPE_ANY, 8) == timer);
    rig_expect(NEXT(NULL, CSRT_RD_TYPE_CACHE, CSRT_RD_SUBTYPE_ANY, CSRT_RD_UID_ANY) == NULL);
    t.controller.Length = 0;
    rig_expect(NEXT(NULL, CSRT_RD_TYPE_ANY, CSRT_RD_SUBTYPE_ANY, CSRT_RD_UID_ANY) == NULL);
#undef NEXT
    rig_expect(GetNextResourceDescriptor(0, NULL, NULL, CSRT_RD_TYPE_ANY, CSRT_RD_SUBTYPE_ANY, 0) == NULL);
}

static PVOID found_table, missed_table;

static NTSTATUS look_for_tables(ULONG handle, PCSRT_RESOURCE_GROUP_HEADER group)
{
    (void)group;
    found_table = GetAcpiTable(handle, CSRT_SIGNATURE, "HALDMA", NULL);
    missed_table = GetAcpiTable(handle, CSRT_SIGNATURE, NULL, "other");
    return GetAcpiTable(handle, CSRT_SIGNATURE + 1, NULL, NULL) == NULL ? STATUS_SUCCESS
                                                                        : STATUS_UNSUCCESSFUL;
}

/* rule: DMA-EXT-20 */
static void tables_are_found_by_signature_and_maker(void *context)
{
    (void)context;
    DESCRIPTION_HEADER table = {.Signature = CSRT_SIGNATURE, .OEMID = "HALDM", .OEMTableID = "TEST"};
    table.OEMID[5] = 'A';
    void *tables[] = {&table};
    struct haldma_extension extension = {.name = "tables",
                                         .entry = look_for_tables,
                                         .group = mock_group(),
                                         .tables = tables,
                                         .table_count = 1};
    rig_expect_equal(haldma_load_extension(&extension), STATUS_SUCCESS);
    rig_expect(found_table == &table);
    rig_expect(missed_table == NULL);
    rig_expect(GetAcpiTable(99, CSRT_SIGNATURE, NULL, NULL) == NULL);
}

/* rule: DMA-EXT-21 */
static void registers_are_mapped_where_there_are_any(void *context)
{
    (void)context;
    bench_hardware(0);
    PHYSICAL_ADDRESS there = {.QuadPart = (LONGLONG)REGISTERS},
                     nowhere = {.QuadPart = (LONGLONG)REGISTERS * 2};
    volatile ULONG *registers = HalMapIoSpace(there, EMU_SOC_DMA_WINDOW_BYTES, MmNonCached);
    rig_expect(registers != NULL);
    rig_expect_equal(READ_REGISTER_NOFENCE_ULONG(registers), EMU_SOC_DMA_ID_VALUE);
    HalUnmapIoSpace((PVOID)(uintptr_t)registers, EMU_SOC_DMA_WINDOW_BYTES);
    rig_expect(HalMapIoSpace(nowhere, PAGE_SIZE, MmNonCached) == NULL);
    rig_expect_equal(HalRegisterPermanentAddressUsage(there, PAGE_SIZE), STATUS_SUCCESS);
    rig_expect_equal(HalRegisterPermanentAddressUsage(there, 0), STATUS_INVALID_PARAMETER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_HOLDS(controllers_and_channels_are_registered_by_name_as_well),
        BENCH_HOLDS(blocks_that_contradict_themselves_are_refused),
        BENCH_HOLDS(an_interrupt_must_be_there_and_of_its_sort),
        BENCH_HOLDS(channels_of_no_controller_twice_and_beyond_are_refused),
        BENCH_HOLDS(a_channel_can_have_an_interrupt_of_its_own),
        BENCH_HOLDS(without_an_interrupt_no_completion_routine_is_called),
        BENCH_HOLDS(other_sorts_of_resources_are_not_supported),
        BENCH_HOLDS(descriptors_are_found_by_type_subtype_and_id),
        BENCH_HOLDS(tables_are_found_by_signature_and_maker),
        BENCH_HOLDS(registers_are_mapped_where_there_are_any),
    };
    return cmocka_run_group_tests_name("registering extensions", tests, NULL, NULL);
}
