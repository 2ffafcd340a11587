/*
 * Wrong values of contexts, allocation, cancellation and release.
 */
#include "wrong.h"

/* A request for nothing that is taken yet: the context is fresh, AdapterControl keeps what it gets. */
static void prepare_synchronous(struct wrong_call *c)
{
    wrong_prepare_fresh(c);
    c->Flags = DMA_SYNCHRONOUS_CALLBACK;
    c->ExecutionRoutine = NULL;
    c->MapRegisterBasePlace = &c->base;
}

/* A request that waits behind another one's. */
static void prepare_waiting(struct wrong_call *c)
{
    wrong_prepare_master(c);
    c->DmaTransferContext = wrong_waiting_context(c);
}

/* The adapter object is given back, its registers are not. */
static void prepare_registers(struct wrong_call *c)
{
    wrong_prepare_master(c);
    c->table->FreeAdapterObject(c->DmaAdapter, DeallocateObjectKeepRegisters);
}

WRONG_MEMBER(InitializeDmaTransferContext, wrong_prepare_fresh, wrong_succeeds, c->DmaAdapter,
             c->DmaTransferContext);
WRONG_MEMBER(AllocateAdapterChannel, wrong_prepare_fresh, wrong_succeeds, c->DmaAdapter, c->DeviceObject,
             c->NumberOfMapRegisters, c->ExecutionRoutine, c->ExecutionContext);
WRONG_MEMBER(AllocateAdapterChannelEx, prepare_synchronous, wrong_succeeds, c->DmaAdapter, c->DeviceObject,
             c->DmaTransferContext, c->NumberOfMapRegisters, c->Flags, c->ExecutionRoutine,
             c->ExecutionContext, c->MapRegisterBasePlace);
WRONG_MEMBER(CancelAdapterChannel, prepare_waiting, wrong_not_zero, c->DmaAdapter, c->DeviceObject,
             c->DmaTransferContext);
WRONG_MEMBER_OF_NOTHING(FreeAdapterChannel, wrong_prepare_master, c->DmaAdapter);
WRONG_MEMBER_OF_NOTHING(FreeAdapterObject, wrong_prepare_master, c->DmaAdapter, c->AllocationAction);
WRONG_MEMBER_OF_NOTHING(FreeMapRegisters, prepare_registers, c->DmaAdapter, c->MapRegisterBase,
                        c->NumberOfMapRegisters);

static PVOID kept_context(struct wrong_call *c)
{
    world_take(c->DmaAdapter, c->transfer, 1);
    return c->transfer;
}

/* The device object has a request that waits. */
static PDEVICE_OBJECT busy_device(struct wrong_call *c)
{
    world_take(c->DmaAdapter, c->transfer, 1);
    rig_expect_equal(
        c->table->AllocateAdapterChannel(c->DmaAdapter, &c->device, 1, world_control, &c->control),
        STATUS_SUCCESS);
    return &c->device;
}

/* A request of another adapter waits on the context. */
static PVOID foreign_context(struct wrong_call *c)
{
    static UCHAR holder[DMA_TRANSFER_CONTEXT_SIZE_V1], waits[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER other = world_adapter(32);
    world_take(other, holder, 1);
    rig_expect_equal(world_ask(other, waits, 1, &c->control), STATUS_SUCCESS);
    return waits;
}

static PVOID used_up(struct wrong_call *c)
{
    c->table->FreeMapRegisters(c->DmaAdapter, c->base, WRONG_REGISTERS);
    return c->base;
}

static PVOID still_mapped(struct wrong_call *c)
{
    world_map(c->DmaAdapter, c->Mdl, c->base, 0, &c->length, true, &c->list);
    return c->base;
}

/* As asynchronous calls: with a routine, and no place for the base. */
static void go_asynchronous(struct wrong_call *c, PDRIVER_CONTROL routine, PVOID *place)
{
    c->Flags = 0;
    c->ExecutionRoutine = routine;
    c->MapRegisterBasePlace = place;
}

#define ROWS(ROW)                                                                                            \
    ROW(InitializeDmaTransferContext, DmaTransferContext, null, c->DmaTransferContext = NULL,                \
        RETURNS(wrong_invalid))                                                                              \
    ROW(InitializeDmaTransferContext, DmaTransferContext, misaligned,                                        \
        c->DmaTransferContext = c->transfer + 1, RETURNS(wrong_succeeds))                                    \
    ROW(InitializeDmaTransferContext, DmaTransferContext, whose_request_waits,                               \
        (kept_context(c), c->DmaTransferContext = wrong_waiting_context(c)), STOPS("DMA-CONTEXT-3", NULL))   \
    ROW(AllocateAdapterChannel, DeviceObject, null, c->DeviceObject = NULL, STOPS("DMA-ALLOC-24", NULL))     \
    ROW(AllocateAdapterChannel, DeviceObject, deleted, c->DeviceObject = wrong_deleted_device(c),            \
        STOPS("DMA-ALLOC-24", NULL))                                                                         \
    ROW(AllocateAdapterChannel, DeviceObject, with_a_request, c->DeviceObject = busy_device(c),              \
        STOPS("DMA-ALLOC-5", NULL))                                                                          \
    ROW(AllocateAdapterChannel, NumberOfMapRegisters, zero, c->NumberOfMapRegisters = 0,                     \
        RETURNS(wrong_succeeds))                                                                             \
    ROW(AllocateAdapterChannel, NumberOfMapRegisters, too_large,                                             \
        c->NumberOfMapRegisters = WORLD_REGISTERS + 1, RETURNS(wrong_insufficient))                          \
    ROW(AllocateAdapterChannel, NumberOfMapRegisters, largest, c->NumberOfMapRegisters = MAXULONG,           \
        RETURNS(wrong_insufficient))                                                                         \
    ROW(AllocateAdapterChannel, ExecutionRoutine, null, c->ExecutionRoutine = NULL,                          \
        STOPS("DMA-ALLOC-22", NULL))                                                                         \
    ROW(AllocateAdapterChannel, ExecutionContext, null, c->ExecutionContext = NULL, RETURNS(wrong_succeeds)) \
    ROW(AllocateAdapterChannelEx, DeviceObject, null, c->DeviceObject = NULL, RETURNS(wrong_succeeds))       \
    ROW(AllocateAdapterChannelEx, DeviceObject, deleted, c->DeviceObject = wrong_deleted_device(c),          \
        STOPS("DMA-ALLOC-24", NULL))                                                                         \
    ROW(AllocateAdapterChannelEx, DmaTransferContext, null, c->DmaTransferContext = NULL,                    \
        RETURNS(wrong_invalid))                                                                              \
    ROW(AllocateAdapterChannelEx, DmaTransferContext, not_initialized,                                       \
        c->DmaTransferContext = wrong_blank_context(c), STOPS("DMA-CONTEXT-4", NULL))                        \
    ROW(AllocateAdapterChannelEx, DmaTransferContext, copied,                                                \
        c->DmaTransferContext = wrong_copied_context(c), STOPS("DMA-CONTEXT-5", NULL))                       \
    ROW(AllocateAdapterChannelEx, DmaTransferContext, whose_request_waits,                                   \
        (kept_context(c), c->DmaTransferContext = wrong_waiting_context(c)), STOPS("DMA-CONTEXT-3", NULL))   \
    ROW(AllocateAdapterChannelEx, DmaTransferContext, that_keeps_something,                                  \
        c->DmaTransferContext = kept_context(c), STOPS("DMA-CONTEXT-8", NULL))                               \
    ROW(AllocateAdapterChannelEx, NumberOfMapRegisters, zero, c->NumberOfMapRegisters = 0,                   \
        RETURNS(wrong_succeeds))                                                                             \
    ROW(AllocateAdapterChannelEx, NumberOfMapRegisters, too_large,                                           \
        c->NumberOfMapRegisters = WORLD_REGISTERS + 1, RETURNS(wrong_insufficient))                          \
    ROW(AllocateAdapterChannelEx, NumberOfMapRegisters, largest, c->NumberOfMapRegisters = MAXULONG,         \
        RETURNS(wrong_insufficient))                                                                         \
    ROW(AllocateAdapterChannelEx, Flags, unknown, c->Flags |= 0x80000000, RETURNS(wrong_invalid))            \
    ROW(AllocateAdapterChannelEx, Flags, of_lists, c->Flags |= DMA_FAIL_ON_BOUNCE, RETURNS(wrong_invalid))   \
    ROW(AllocateAdapterChannelEx, ExecutionRoutine, null_and_not_synchronous,                                \
        go_asynchronous(c, NULL, NULL), RETURNS(wrong_invalid))                                              \
    ROW(AllocateAdapterChannelEx, ExecutionContext, null, c->ExecutionContext = NULL,                        \
        RETURNS(wrong_succeeds))                                                                             \
    ROW(AllocateAdapterChannelEx, MapRegisterBasePlace, null_without_a_routine,                              \
        c->MapRegisterBasePlace = NULL, RETURNS(wrong_invalid))                                              \
    ROW(AllocateAdapterChannelEx, MapRegisterBasePlace, given_and_not_synchronous,                           \
        go_asynchronous(c, world_control, &c->base), RETURNS(wrong_invalid))                                 \
    ROW(CancelAdapterChannel, DeviceObject, null, c->DeviceObject = NULL, RETURNS(wrong_not_zero))           \
    ROW(CancelAdapterChannel, DeviceObject, deleted, c->DeviceObject = wrong_deleted_device(c),              \
        STOPS("DMA-ALLOC-24", NULL))                                                                         \
    ROW(CancelAdapterChannel, DmaTransferContext, null, c->DmaTransferContext = NULL, RETURNS(wrong_zero))   \
    ROW(CancelAdapterChannel, DmaTransferContext, not_initialized,                                           \
        c->DmaTransferContext = wrong_blank_context(c), STOPS("DMA-CONTEXT-4", NULL))                        \
    ROW(CancelAdapterChannel, DmaTransferContext, copied, c->DmaTransferContext = wrong_copied_context(c),   \
        STOPS("DMA-CONTEXT-5", NULL))                                                                        \
    ROW(CancelAdapterChannel, DmaTransferContext, foreign, c->DmaTransferContext = foreign_context(c),       \
        RETURNS(wrong_zero))                                                                                 \
    ROW(FreeAdapterChannel, DmaAdapter, not_allocated, wrong_freed_base(c), STOPS("DMA-FREE-5", "0xE6/04"))  \
    ROW(FreeAdapterObject, DmaAdapter, not_allocated, wrong_freed_base(c), STOPS("DMA-FREE-5", "0xE6/04"))   \
    ROW(FreeAdapterObject, AllocationAction, zero, c->AllocationAction = (IO_ALLOCATION_ACTION)0,            \
        STOPS("DMA-FREE-4", NULL))                                                                           \
    ROW(FreeAdapterObject, AllocationAction, unknown,                                                        \
        c->AllocationAction = (IO_ALLOCATION_ACTION)WRONG_ACTION, STOPS("DMA-FREE-4", NULL))                 \
    ROW(FreeMapRegisters, MapRegisterBase, null, c->MapRegisterBase = NULL, STOPS("DMA-FREE-8", NULL))       \
    ROW(FreeMapRegisters, MapRegisterBase, no_base, c->MapRegisterBase = c, STOPS("DMA-FREE-6", "0xE6/05"))  \
    ROW(FreeMapRegisters, MapRegisterBase, freed, c->MapRegisterBase = used_up(c),                           \
        STOPS("DMA-FREE-6", "0xE6/05"))                                                                      \
    ROW(FreeMapRegisters, MapRegisterBase, foreign, c->MapRegisterBase = wrong_foreign_base(c),              \
        STOPS("DMA-FREE-9", NULL))                                                                           \
    ROW(FreeMapRegisters, MapRegisterBase, mapped, c->MapRegisterBase = still_mapped(c),                     \
        STOPS("DMA-FREE-7", "0xE6/10"))                                                                      \
    ROW(FreeMapRegisters, NumberOfMapRegisters, zero, c->NumberOfMapRegisters = 0,                           \
        STOPS("DMA-FREE-10", NULL))                                                                          \
    ROW(FreeMapRegisters, NumberOfMapRegisters, too_large, c->NumberOfMapRegisters++,                        \
        STOPS("DMA-FREE-10", NULL))

ROWS(WRONG_SPOIL)

static const struct wrong_row rows[] = {ROWS(WRONG_ROW)};

static const struct wrong_operation *const operations[] = {
    &operation_InitializeDmaTransferContext,
    &operation_AllocateAdapterChannel,
    &operation_AllocateAdapterChannelEx,
    &operation_CancelAdapterChannel,
    &operation_FreeAdapterChannel,
    &operation_FreeAdapterObject,
    &operation_FreeMapRegisters,
};

const struct wrong_table wrong_allocation = WRONG_TABLE(operations, rows);
