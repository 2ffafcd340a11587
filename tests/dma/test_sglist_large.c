/*
 * A transfer of 64 MiB through a chain of 1,000 MDLs with odd offsets and lengths: mapped, moved by a bus
 * master, flushed, and compared byte for byte.
 */
#include <emu/device/copier.h>

#include "gather.h"

enum {
    MDLS = 1000,
    BYTES = 64 << 20,
    CARD_BYTES = 64 << 20,
    REGISTERS = 20000,
    LOW_LENGTH = 33001,
    LENGTHS = 68000,
    SLACK = 0xEE,
    CHUNK = 64 * 1024,
    PATIENCE_MS = 10,
};

#define WINDOW 0xE0000000ull

static uint32_t next_random(uint32_t *state)
{
    const uint32_t factor = 1664525, addend = 1013904223;
    *state = *state * factor + addend;
    return *state >> 8;
}

static unsigned char pattern(uint32_t seed, uint32_t i)
{
    return emu_copier_pattern(seed, i);
}

/* Every other third of the MDLs lies above 4 GiB. What is on their pages beside them is SLACK. */
static PMDL make_chain(void)
{
    uint32_t random = 1, left = BYTES;
    PMDL first = NULL, *link = &first;
    for (unsigned i = 0; i < MDLS; i++, link = &(*link)->Next) {
        uint32_t offset = next_random(&random) % PAGE_SIZE | 1;
        uint32_t bytes = (LOW_LENGTH + next_random(&random) % LENGTHS) | 1;
        uint32_t rest = MDLS - 1 - i;
        if (rest == 0 || left - bytes < rest)
            bytes = left - rest;
        uint32_t pages = (offset + bytes + PAGE_SIZE - 1) / PAGE_SIZE;
        unsigned char *memory = world_pages(pages, i % 3 != 0);
        memset(memory, SLACK, (size_t)pages * PAGE_SIZE);
        *link = world_mdl(memory + offset, bytes);
        left -= bytes;
    }
    rig_expect_equal(left, 0);
    return first;
}

static void fill_chain(PMDL mdl, uint32_t seed)
{
    for (uint32_t i = 0; mdl != NULL; mdl = mdl->Next)
        for (uint32_t k = 0; k < mdl->ByteCount; k++, i++)
            gather_memory(mdl)[k] = pattern(seed, i);
}

static void require_chain(PMDL mdl, uint32_t seed)
{
    for (uint32_t i = 0; mdl != NULL; mdl = mdl->Next) {
        unsigned char *page = mdl->StartVa;
        uint32_t end = mdl->ByteOffset + mdl->ByteCount;
        for (uint32_t k = 0; k < mdl->ByteCount; k++, i++)
            if (gather_memory(mdl)[k] != pattern(seed, i))
                rig_expect_equal(gather_memory(mdl)[k], pattern(seed, i));
        for (uint32_t k = 0; k < mdl->ByteOffset; k++)
            rig_expect_equal(page[k], SLACK);
        for (uint32_t k = end; k % PAGE_SIZE != 0; k++)
            rig_expect_equal(page[k], SLACK);
    }
}

static void require_card(const struct emu_copier *copier, uint32_t seed)
{
    unsigned char *chunk = haldma_scratch(CHUNK);
    for (uint32_t at = 0; at < BYTES; at += CHUNK) {
        emu_copier_memory_read(copier, at, chunk, CHUNK);
        for (uint32_t k = 0; k < CHUNK; k++)
            if (chunk[k] != pattern(seed, at + k))
                rig_expect_equal(chunk[k], pattern(seed, at + k));
    }
}

/* The device moves what the list says, and is waited for. */
static void run_copier(unsigned char *registers, PSCATTER_GATHER_LIST list, uint32_t doorbell)
{
    uint32_t pages = (list->NumberOfElements * EMU_COPIER_DESCRIPTOR_BYTES + PAGE_SIZE - 1) / PAGE_SIZE;
    struct emu_ram_request request = {.pages = pages, .highest = EMU_4GIB - 1, .contiguous = true};
    unsigned char *table = emu_ram_alloc(emu_current(), &request);
    rig_expect(table != NULL);
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        memcpy(table + i * EMU_COPIER_DESCRIPTOR_BYTES, &list->Elements[i].Address, sizeof(ULONGLONG));
        memcpy(table + i * EMU_COPIER_DESCRIPTOR_BYTES + sizeof(ULONGLONG), &list->Elements[i].Length,
               sizeof(ULONG));
    }
    uint64_t physical = emu_ram_physical(emu_current(), table);
    WRITE_REGISTER_ULONG((PULONG)(PVOID)(registers + EMU_COPIER_LIST_LOW), (ULONG)physical);
    WRITE_REGISTER_ULONG((PULONG)(PVOID)(registers + EMU_COPIER_LIST_LENGTH), list->NumberOfElements);
    WRITE_REGISTER_ULONG((PULONG)(PVOID)(registers + EMU_COPIER_DOORBELL), doorbell);
    LARGE_INTEGER patience = {.QuadPart = -PATIENCE_MS * 10000LL};
    KeDelayExecutionThread(KernelMode, FALSE, &patience);
    ULONG status = READ_REGISTER_ULONG((PULONG)(PVOID)(registers + EMU_COPIER_STATUS));
    rig_expect_equal(status, EMU_COPIER_STATUS_DONE);
    emu_ram_free(emu_current(), table, pages);
}

static void transfer_both_ways(uint32_t width)
{
    enum { WRITTEN = 11, READ = 22 };
    struct emu_copier_config config = {.window = WINDOW,
                                       .address_width = width,
                                       .capacity = EMU_COPIER_CAPACITY_MAX,
                                       .memory_bytes = CARD_BYTES,
                                       .seed = READ};
    struct emu_copier *copier = emu_copier_create(emu_current(), &config);
    rig_expect(copier != NULL);
    PHYSICAL_ADDRESS window = {.QuadPart = WINDOW};
    unsigned char *registers = MmMapIoSpace(window, EMU_COPIER_WINDOW_BYTES, MmNonCached);
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, width);
    description.MaximumLength = REGISTERS * PAGE_SIZE;
    PDMA_ADAPTER adapter = world_get(description, NULL);
    struct gather_call call = {0};
    PMDL chain = make_chain();

    rig_expect_equal(gather_get(adapter, chain, 0, BYTES, false, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 1);
    rig_expect_equal(gather_bytes(call.list), BYTES);
    rig_expect((world_pool()->banks != NULL) == (width < 64));
    run_copier(registers, call.list, EMU_COPIER_DOORBELL_TO_MEMORY);
    gather_put(adapter, call.list, false);
    require_chain(chain, READ);

    fill_chain(chain, WRITTEN);
    rig_expect_equal(gather_get(adapter, chain, 0, BYTES, true, &call), STATUS_SUCCESS);
    run_copier(registers, call.list, EMU_COPIER_DOORBELL_FROM_MEMORY);
    gather_put(adapter, call.list, true);
    require_card(copier, WRITTEN);
    require_chain(chain, WRITTEN);
    rig_expect_equal(world_pool()->free, REGISTERS);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-LIST-3 */
static void a_64_bit_device_moves_64_mib_in_1000_mdls(void *context)
{
    (void)context;
    transfer_both_ways(64);
}

/* rule: DMA-LIST-44 */
static void a_32_bit_device_moves_64_mib_in_1000_mdls_through_double_buffers(void *context)
{
    (void)context;
    transfer_both_ways(32);
}

static void on_a_large_machine(void **state)
{
    const struct world_test *test = *state;
    struct haldma_config config = world_config();
    struct rig_outcome outcome;
    config.map_registers = REGISTERS;
    config.adapter_map_registers_max = REGISTERS;
    config.machine.ram_mid_pages = 2 * REGISTERS;
    config.machine.ram_high_pages = REGISTERS;
    struct emu_machine *m = world_machine(&config);
    rig_run(m, test->body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

#define LARGE(body)                                                 \
    {                                                               \
#body, on_a_large_machine, NULL, NULL, &(struct world_test) \
        {                                                           \
            body, NULL, NULL                                        \
        }                                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        LARGE(a_64_bit_device_moves_64_mib_in_1000_mdls),
        LARGE(a_32_bit_device_moves_64_mib_in_1000_mdls_through_double_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
