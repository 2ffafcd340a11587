/*
 * Partial-order reduction against the exhaustive search, on small programs of the DMA layer with what makes
 * them hard: calls that fail, hardware that misbehaves, devices that are pulled out, double buffers. The same
 * classes and the same outcomes, a finding being an outcome.
 */
#include "world.h"

#include <emu/device/copier.h>
#include <emu/device/i8237.h>
#include <emu/device/soc_dma.h>
#include <emu/irq.h>
#include <emu/misdeed.h>

#include "emu/brute_force.h"

#define WINDOW 0xE0000000ull
enum { ACTORS = 2, LENGTH = 64, LINE_LEVEL = 5, ISA_CHANNEL = 1, RUNS_MAX = 400000 };

/* What the actors of a run saw; of it and the finding an outcome is made. */
static struct {
    uint64_t of_actor[ACTORS + 1]; /* mixed, in an order of its own */
    PDMA_ADAPTER adapters[ACTORS];
    PMDL mdls[ACTORS];
    unsigned char *memory[ACTORS];
    UCHAR contexts[ACTORS][DMA_TRANSFER_CONTEXT_SIZE_V1];
    PVOID base;
    PUCHAR registers;
    emu_line line;
} run;

/* The last of them is the interrupt. */
static void see(unsigned actor, uint64_t value)
{
    run.of_actor[actor] = (run.of_actor[actor] ^ (value + 1)) * 0x9E3779B97F4A7C15ull;
}

static uint64_t hash_of(const void *bytes, size_t count)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001B3ull;
    return hash;
}

static uint64_t outcome(void *context)
{
    const struct emu_machine *m = context;
    const struct emu_finding *f = emu_machine_finding(m);
    uint64_t all = 0;
    if (f != NULL)
        return hash_of(f->rule, strlen(f->rule));
    for (unsigned i = 0; i <= ACTORS; i++)
        all = all * 31 + run.of_actor[i];
    for (unsigned i = 0; i < ACTORS; i++)
        all = all * 31 + (run.memory[i] != NULL ? hash_of(run.memory[i], LENGTH) : 0);
    return all;
}

/* An adapter and a page for each actor: of masters that reach 4 GiB, pages beyond. */
static void begin(ULONG width)
{
    memset(&run, 0, sizeof run);
    for (unsigned i = 0; i < ACTORS; i++) {
        run.adapters[i] = world_adapter(width);
        run.mdls[i] = world_buffer(1, true, &run.memory[i]);
    }
}

static unsigned number(void *context)
{
    return (unsigned)(uintptr_t)context;
}

static void start_actors(void (*fn)(void *))
{
    for (uintptr_t i = 0; i < ACTORS; i++)
        rig_thread("actor", (unsigned)i, fn, (void *)i);
}

/* ---- Double buffers, of map registers that do not suffice for both ----------------------------- */

static void one_register(struct haldma_config *config)
{
    config->map_registers = 1;
    config->adapter_map_registers_max = 1;
}

static void transfer(void *context)
{
    unsigned i = number(context);
    PDMA_OPERATIONS o = run.adapters[i]->DmaOperations;
    struct world_list list;
    PVOID base = NULL;
    ULONG length = LENGTH;
    o->InitializeDmaTransferContext(run.adapters[i], run.contexts[i]);
    NTSTATUS status = o->AllocateAdapterChannelEx(run.adapters[i], NULL, run.contexts[i], 1,
                                                  DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &base);
    see(i, (uint64_t)status);
    if (!NT_SUCCESS(status))
        return;
    status = world_map(run.adapters[i], run.mdls[i], base, 0, &length, false, &list);
    see(i, (uint64_t)status);
    if (NT_SUCCESS(status)) {
        unsigned char bytes[LENGTH];
        memset(bytes, 'A' + (int)i, sizeof bytes);
        world_device_write(world_address(&list, 0), bytes, length);
        o->FlushAdapterBuffersEx(run.adapters[i], run.mdls[i], base, 0, length, false);
        see(i, hash_of(run.memory[i], LENGTH));
    }
    o->FreeMapRegisters(run.adapters[i], base, 1);
}

static void double_buffers(void *context)
{
    (void)context;
    begin(32);
    start_actors(transfer);
}

/* ---- A cancellation against a grant ---------------------------------------------------------- */

static IO_ALLOCATION_ACTION granted(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    see(ACTORS, base != NULL);
    return DeallocateObject;
}

static void ask_and_cancel(void *context)
{
    unsigned i = number(context);
    PDMA_OPERATIONS o = run.adapters[1]->DmaOperations;
    if (i == 0) {
        run.adapters[0]->DmaOperations->FreeMapRegisters(run.adapters[0], run.base, 1);
        see(i, o->CancelAdapterChannel(run.adapters[1], NULL, run.contexts[1]));
        return;
    }
    o->InitializeDmaTransferContext(run.adapters[1], run.contexts[1]);
    see(i, (uint64_t)o->AllocateAdapterChannelEx(run.adapters[1], NULL, run.contexts[1], 1, 0, granted, NULL,
                                                 NULL));
}

static void cancel_against_grant(void *context)
{
    (void)context;
    begin(32);
    run.base = world_take(run.adapters[0], run.contexts[0], 1);
    run.adapters[1]->DmaOperations->InitializeDmaTransferContext(run.adapters[1], run.contexts[1]);
    start_actors(ask_and_cancel);
}

/* ---- Common buffers -------------------------------------------------------------------------- */

static void share(void *context)
{
    unsigned i = number(context);
    PDMA_OPERATIONS o = run.adapters[i]->DmaOperations;
    PHYSICAL_ADDRESS logical;
    unsigned char *memory = o->AllocateCommonBuffer(run.adapters[i], PAGE_SIZE, &logical, TRUE);
    see(i, memory != NULL);
    if (memory == NULL)
        return;
    unsigned char byte = (unsigned char)i;
    world_device_write((uint64_t)logical.QuadPart, &byte, 1);
    see(i, memory[0]);
    o->FreeCommonBuffer(run.adapters[i], PAGE_SIZE, logical, memory, TRUE);
}

static void common_buffers(void *context)
{
    (void)context;
    begin(64);
    start_actors(share);
}

/* ---- Lists ----------------------------------------------------------------------------------- */

static VOID listed(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    unsigned i = number(context);
    (void)device;
    (void)irp;
    see(i, list->NumberOfElements);
    run.adapters[i]->DmaOperations->PutScatterGatherList(run.adapters[i], list, FALSE);
}

static void get_list(void *context)
{
    unsigned i = number(context);
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    see(i, (uint64_t)run.adapters[i]->DmaOperations->GetScatterGatherList(
               run.adapters[i], world_device(), run.mdls[i], MmGetMdlVirtualAddress(run.mdls[i]), LENGTH,
               listed, context, FALSE));
    KeLowerIrql(irql);
}

static void lists(void *context)
{
    (void)context;
    begin(32);
    start_actors(get_list);
}

/* ---- A copier ---------------------------------------------------------------------------------- */

static ULONG get(unsigned offset)
{
    return READ_REGISTER_ULONG((volatile ULONG *)(void *)(run.registers + offset));
}

static void put(unsigned offset, ULONG value)
{
    WRITE_REGISTER_ULONG((volatile ULONG *)(void *)(run.registers + offset), value);
}

static void copier_interrupts(struct emu_machine *m, void *context)
{
    (void)m;
    (void)context;
    see(ACTORS, get(EMU_COPIER_INTERRUPT_TAKE));
}

static void plug_copier(void)
{
    struct emu_machine *m = emu_current();
    const struct emu_line_config line = {
        .name = "copier line", .trigger = EMU_TRIGGER_EDGE, .level = LINE_LEVEL, .processors = 1 << 1};
    memset(&run, 0, sizeof run);
    run.line = emu_line_add(m, &line);
    const struct emu_copier_config copier = {.window = WINDOW, .line = run.line};
    rig_expect(run.line != 0 && emu_copier_create(m, &copier) != NULL);
    emu_line_connect(m, run.line, copier_interrupts, NULL);
    run.registers = (PUCHAR)emu_bus_map(m, WINDOW, EMU_COPIER_WINDOW_BYTES);
    run.memory[0] = world_pages(1, false);
    memset(run.memory[0], 0, PAGE_SIZE);
    put(EMU_COPIER_ADDRESS_LOW, (ULONG)emu_ram_physical(m, run.memory[0]));
    put(EMU_COPIER_ADDRESS_HIGH, 0);
    put(EMU_COPIER_LENGTH, LENGTH);
    put(EMU_COPIER_CONTROL, EMU_COPIER_CONTROL_INTERRUPTS);
}

static void ring(void *context)
{
    (void)context;
    put(EMU_COPIER_DOORBELL, EMU_COPIER_DOORBELL_TO_MEMORY);
    see(0, get(EMU_COPIER_STATUS));
}

static void reset(void *context)
{
    (void)context;
    put(EMU_COPIER_CONTROL, EMU_COPIER_CONTROL_RESET);
    see(1, get(EMU_COPIER_COUNT_LOW));
}

static void pull_out(void *context)
{
    (void)context;
    emu_bus_remove(emu_current(), false, WINDOW);
}

static void copier_that_is_reset(void *context)
{
    (void)context;
    plug_copier();
    rig_thread("rings", 0, ring, NULL);
    rig_thread("resets", 1, reset, NULL);
}

static void copier_that_is_pulled_out(void *context)
{
    (void)context;
    plug_copier();
    rig_thread("rings", 0, ring, NULL);
    rig_thread("pulls", 1, pull_out, NULL);
}

/* ---- System DMA ------------------------------------------------------------------------------ */

static VOID completed(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                      DMA_COMPLETION_STATUS status)
{
    (void)adapter;
    (void)device;
    (void)context;
    see(ACTORS, status);
}

static void map_or_cancel(void *context)
{
    unsigned i = number(context);
    PDMA_OPERATIONS o = run.adapters[0]->DmaOperations;
    ULONG length = LENGTH;
    if (i == 0)
        see(i, (uint64_t)o->MapTransferEx(run.adapters[0], run.mdls[0], run.base, 0, 0, &length, FALSE, NULL,
                                          0, completed, NULL));
    else
        see(i, (uint64_t)o->CancelMappedTransfer(run.adapters[0], run.contexts[0]));
}

static void system_dma(void *context)
{
    (void)context;
    memset(&run, 0, sizeof run);
    run.adapters[0] = world_channel(WORLD_LINE);
    run.mdls[0] = world_buffer(1, false, &run.memory[0]);
    run.base = world_take(run.adapters[0], run.contexts[0], 1);
    start_actors(map_or_cancel);
}

static void pair(struct haldma_config *config)
{
    config->i8237 = true;
}

static IO_ALLOCATION_ACTION keep(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    run.base = base;
    return KeepObject;
}

static void program_or_mask(void *context)
{
    unsigned i = number(context);
    PDMA_OPERATIONS o = run.adapters[0]->DmaOperations;
    ULONG length = LENGTH;
    if (i == 0) {
        o->MapTransfer(run.adapters[0], run.mdls[0], run.base, run.memory[0], &length, FALSE);
        see(i, o->ReadDmaCounter(run.adapters[0]));
        o->FlushAdapterBuffers(run.adapters[0], run.mdls[0], run.base, run.memory[0], length, FALSE);
    } else {
        WRITE_PORT_UCHAR((PUCHAR)(uintptr_t)(EMU_I8237_PORT_1 + EMU_I8237_MASK), ISA_CHANNEL | EMU_I8237_SET);
        see(i, READ_PORT_UCHAR((PUCHAR)(uintptr_t)(EMU_I8237_PORT_1 + EMU_I8237_STATUS)));
    }
}

static void pair_of_8237(void *context)
{
    (void)context;
    memset(&run, 0, sizeof run);
    DEVICE_DESCRIPTION description = {.Version = DEVICE_DESCRIPTION_VERSION2,
                                      .InterfaceType = Isa,
                                      .DmaChannel = ISA_CHANNEL,
                                      .DmaWidth = Width8Bits,
                                      .DmaSpeed = Compatible,
                                      .MaximumLength = PAGE_SIZE};
    KIRQL irql;
    run.adapters[0] = world_get(description, NULL);
    rig_expect(run.adapters[0] != NULL);
    run.mdls[0] = world_buffer(1, false, &run.memory[0]);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    run.adapters[0]->DmaOperations->AllocateAdapterChannel(run.adapters[0], world_device(), 1, keep, NULL);
    KeLowerIrql(irql);
    start_actors(program_or_mask);
}

/* ---- The comparison -------------------------------------------------------------------------- */

struct subject {
    const char *name;
    void (*set_up)(void *context);
    void (*configure)(struct haldma_config *config); /* NULL: as it comes */
};

enum { FAULTS = 1 << 0, MISDEEDS = 1 << 1, HOSTILE = 1 << 2 };

static struct seen look_at(const struct subject *s, unsigned how, struct emu_strategy *strategy)
{
    struct haldma_config config = world_config();
    if (s->configure != NULL)
        s->configure(&config);
    config.machine.faults = (how & FAULTS) != 0;
    config.machine.misbehaving = (how & MISDEEDS) != 0;
    config.machine.profile = how & HOSTILE ? EMU_PROFILE_HOSTILE : EMU_PROFILE_TYPICAL;
    struct emu_machine *m = world_machine(&config);
    const struct emu_program program = {s->name, s->set_up, NULL, NULL};
    struct seen seen = explore_seen(m, &program, strategy, outcome, m, RUNS_MAX);
    emu_machine_destroy(m);
    return seen;
}

static void compare(const struct subject *s, unsigned how)
{
    struct seen all = look_at(s, how, emu_strategy_exhaustive(EMU_UNBOUNDED));
    if (!all.complete)
        fail_msg("%s: not done in %llu runs", s->name, (unsigned long long)all.runs);
    assert_true(how == 0 || all.outcomes.count > 1);
    for (unsigned source = 0; source < 2; source++) {
        struct seen reduced = look_at(s, how, source ? emu_strategy_dpor_source() : emu_strategy_dpor());
        print_message("%s %u, %s: %llu runs of %llu, %zu classes of %zu, %zu outcomes of %zu\n", s->name, how,
                      source ? "source" : "wakeup", (unsigned long long)reduced.runs,
                      (unsigned long long)all.runs, reduced.whole.count, all.whole.count,
                      reduced.outcomes.count, all.outcomes.count);
        assert_true(reduced.complete);
        if (!tally_same(&all.whole, &reduced.whole) || !tally_same(&all.outcomes, &reduced.outcomes))
            fail_msg("%s: they differ", s->name);
        seen_free(&reduced);
    }
    seen_free(&all);
}

/* rule: EMU-DPOR-11 */
static void faults_lose_no_class_and_no_outcome(void **state)
{
    static const struct subject subjects[] = {{"double buffers", double_buffers, one_register},
                                              {"cancel against grant", cancel_against_grant, one_register},
                                              {"common buffers", common_buffers, NULL},
                                              {"lists", lists, one_register}};
    (void)state;
    for (unsigned i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        compare(&subjects[i], 0);
        compare(&subjects[i], FAULTS);
        if (subjects[i].set_up != lists) /* of which there are millions */
            compare(&subjects[i], FAULTS | HOSTILE);
    }
}

/* rule: EMU-DPOR-11 */
static void misbehaving_hardware_loses_no_class_and_no_outcome(void **state)
{
    static const struct subject subjects[] = {{"copier that is reset", copier_that_is_reset, NULL},
                                              {"system DMA", system_dma, NULL},
                                              {"pair of 8237", pair_of_8237, pair}};
    (void)state;
    for (unsigned i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        compare(&subjects[i], 0);
        compare(&subjects[i], MISDEEDS);
        compare(&subjects[i], MISDEEDS | FAULTS | HOSTILE);
    }
}

/* rule: EMU-DPOR-11 */
static void surprise_removal_loses_no_class_and_no_outcome(void **state)
{
    static const struct subject subject = {"copier that is pulled out", copier_that_is_pulled_out, NULL};
    (void)state;
    compare(&subject, 0);
    compare(&subject, HOSTILE);
    compare(&subject, MISDEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_lose_no_class_and_no_outcome),
        cmocka_unit_test(misbehaving_hardware_loses_no_class_and_no_outcome),
        cmocka_unit_test(surprise_removal_loses_no_class_and_no_outcome),
    };
    return cmocka_run_group_tests_name("reduction of DMA", tests, NULL, NULL);
}
