/*
 * Wrong values of scatter/gather lists.
 */
#include "wrong.h"

enum { BYTES = 2 * PAGE_SIZE, MANY_PAGES = 20 };

static VOID ignore(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    (void)device;
    (void)irp;
    (void)list;
    (void)context;
}

static void prepare(struct wrong_call *c)
{
    wrong_prepare_fresh(c);
    c->ListRoutine = ignore;
}

/* Without a routine: the list comes back where the caller says. */
static void prepare_synchronous(struct wrong_call *c)
{
    wrong_prepare_fresh(c);
    c->Flags = DMA_SYNCHRONOUS_CALLBACK;
}

/* A list is there. */
static void prepare_list(struct wrong_call *c)
{
    prepare_synchronous(c);
    rig_expect_equal(c->table->GetScatterGatherListEx(c->DmaAdapter, c->DeviceObject, c->transfer, c->Mdl, 0,
                                                      BYTES, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, TRUE, NULL,
                                                      NULL, &c->scatter_gather),
                     STATUS_SUCCESS);
    c->ScatterGather = c->scatter_gather;
    c->OriginalMdl = c->Mdl;
}

WRONG_MEMBER(GetScatterGatherList, prepare, wrong_succeeds, c->DmaAdapter, c->DeviceObject, c->Mdl,
             c->CurrentVa, c->Length, c->ListRoutine, c->Context, c->WriteToDevice);
WRONG_MEMBER_OF_NOTHING(PutScatterGatherList, prepare_list, c->DmaAdapter, c->ScatterGather,
                        c->WriteToDevice);
WRONG_MEMBER(CalculateScatterGatherList, prepare, wrong_succeeds, c->DmaAdapter, c->Mdl, c->CurrentVa,
             c->Length, c->ScatterGatherListSize, c->pNumberOfMapRegisters);
WRONG_MEMBER(BuildScatterGatherList, prepare, wrong_succeeds, c->DmaAdapter, c->DeviceObject, c->Mdl,
             c->CurrentVa, c->Length, c->ListRoutine, c->Context, c->WriteToDevice, c->ScatterGatherBuffer,
             c->ScatterGatherBufferLength);
WRONG_MEMBER(BuildMdlFromScatterGatherList, prepare_list, wrong_succeeds, c->DmaAdapter, c->ScatterGather,
             c->OriginalMdl, c->TargetMdl);
WRONG_MEMBER(GetScatterGatherListEx, prepare_synchronous, wrong_succeeds, c->DmaAdapter, c->DeviceObject,
             c->DmaTransferContext, c->Mdl, c->Offset, c->Length, c->Flags, c->ListRoutine, c->Context,
             c->WriteToDevice, c->DmaCompletionRoutine, c->CompletionContext, c->ScatterGatherPlace);
WRONG_MEMBER(BuildScatterGatherListEx, prepare_synchronous, wrong_succeeds, c->DmaAdapter, c->DeviceObject,
             c->DmaTransferContext, c->Mdl, c->Offset, c->Length, c->Flags, c->ListRoutine, c->Context,
             c->WriteToDevice, c->ScatterGatherBuffer, c->ScatterGatherBufferLength, c->DmaCompletionRoutine,
             c->CompletionContext, c->ScatterGatherPlace);

static bool too_small(uint64_t result)
{
    return (NTSTATUS)result == STATUS_BUFFER_TOO_SMALL;
}

static PSCATTER_GATHER_LIST freed_list(struct wrong_call *c)
{
    c->table->PutScatterGatherList(c->DmaAdapter, c->scatter_gather, TRUE);
    return c->scatter_gather;
}

static PSCATTER_GATHER_LIST no_list(struct wrong_call *c)
{
    return world_list(&c->list);
}

/* A list of another adapter. */
static PSCATTER_GATHER_LIST foreign_list(struct wrong_call *c)
{
    PDMA_ADAPTER other = world_adapter(32);
    rig_expect_equal(other->DmaOperations->InitializeDmaTransferContext(other, c->other_transfer),
                     STATUS_SUCCESS);
    rig_expect_equal(other->DmaOperations->GetScatterGatherListEx(
                         other, &c->device, c->other_transfer, c->Mdl, 0, BYTES, DMA_SYNCHRONOUS_CALLBACK,
                         NULL, NULL, TRUE, NULL, NULL, &c->scatter_gather),
                     STATUS_SUCCESS);
    return c->scatter_gather;
}

/* More pages than the adapter was promised registers. */
static void grow(struct wrong_call *c)
{
    c->Mdl = world_buffer(MANY_PAGES, true, &c->memory);
    c->CurrentVa = c->memory;
    c->Length = MANY_PAGES * PAGE_SIZE;
}

/* What both versions of a call are asked wrongly, by the name of either. */
#define ROWS_OF_VERSION_1(ROW, call)                                                                         \
    ROW(call, DeviceObject, deleted, c->DeviceObject = wrong_deleted_device(c), STOPS("DMA-ALLOC-24", NULL)) \
    ROW(call, DeviceObject, null, c->DeviceObject = NULL, RETURNS(wrong_succeeds))                           \
    ROW(call, Mdl, null, c->Mdl = NULL, STOPS("DMA-MAP-23", NULL))                                           \
    ROW(call, Mdl, freed, c->Mdl = wrong_freed_mdl(c), STOPS("DMA-MDL-1", NULL))                             \
    ROW(call, Mdl, not_locked, c->Mdl = wrong_unlocked_mdl(c), STOPS("DMA-MAP-15", "0xE6/0E"))               \
    ROW(call, Mdl, chained_to_freed, c->Mdl = wrong_chain_to_freed_mdl(c), STOPS("DMA-MDL-1", NULL))         \
    ROW(call, CurrentVa, null, c->CurrentVa = NULL, STOPS("DMA-MAP-12", "0xE6/1B"))                          \
    ROW(call, CurrentVa, behind_the_mdl, c->CurrentVa = wrong_past_the_end(c),                               \
        STOPS("DMA-MAP-12", "0xE6/1B"))                                                                      \
    ROW(call, Length, zero, c->Length = 0, STOPS("DMA-MAP-17", "0xE6/21"))                                   \
    ROW(call, Length, too_large, c->Length++, RETURNS(too_small))                                            \
    ROW(call, Length, more_pages_than_registers, grow(c), RETURNS(wrong_insufficient))                       \
    ROW(call, ListRoutine, null, c->ListRoutine = NULL, STOPS("DMA-LIST-20", NULL))                          \
    ROW(call, Context, null, c->Context = NULL, RETURNS(wrong_succeeds))                                     \
    ROW(call, WriteToDevice, neither, c->WriteToDevice = 2, RETURNS(wrong_succeeds))

#define ROWS_OF_VERSION_3(ROW, call)                                                                         \
    ROW(call, DmaAdapter, of_system_dma, c->DmaAdapter = world_channel(WRONG_LINE),                          \
        STOPS("DMA-LIST-19", NULL))                                                                          \
    ROW(call, DeviceObject, deleted, c->DeviceObject = wrong_deleted_device(c), STOPS("DMA-ALLOC-24", NULL)) \
    ROW(call, DeviceObject, null, c->DeviceObject = NULL, RETURNS(wrong_succeeds))                           \
    ROW(call, DmaTransferContext, null, c->DmaTransferContext = NULL, RETURNS(wrong_invalid))                \
    ROW(call, DmaTransferContext, not_initialized, c->DmaTransferContext = wrong_blank_context(c),           \
        STOPS("DMA-CONTEXT-4", NULL))                                                                        \
    ROW(call, DmaTransferContext, copied, c->DmaTransferContext = wrong_copied_context(c),                   \
        STOPS("DMA-CONTEXT-5", NULL))                                                                        \
    ROW(call, Mdl, null, c->Mdl = NULL, RETURNS(wrong_invalid))                                              \
    ROW(call, Mdl, freed, c->Mdl = wrong_freed_mdl(c), STOPS("DMA-MDL-1", NULL))                             \
    ROW(call, Mdl, not_locked, c->Mdl = wrong_unlocked_mdl(c), STOPS("DMA-MAP-15", "0xE6/0E"))               \
    ROW(call, Mdl, chained_to_freed, c->Mdl = wrong_chain_to_freed_mdl(c), STOPS("DMA-MDL-1", NULL))         \
    ROW(call, Mdl, endless, c->Mdl = wrong_endless_mdl(c), STOPS("DMA-MAP-27", NULL))                        \
    ROW(call, Offset, too_large, c->Offset = BYTES, RETURNS(wrong_invalid))                                  \
    ROW(call, Offset, largest, c->Offset = UINT64_MAX, RETURNS(wrong_invalid))                               \
    ROW(call, Length, zero, c->Length = 0, RETURNS(wrong_invalid))                                           \
    ROW(call, Length, too_large, c->Length++, RETURNS(wrong_invalid))                                        \
    ROW(call, Length, more_pages_than_registers, grow(c), RETURNS(wrong_insufficient))                       \
    ROW(call, Flags, unknown, c->Flags |= 0x80000000, RETURNS(wrong_invalid))                                \
    ROW(call, ListRoutine, null_and_not_synchronous, c->Flags = 0, RETURNS(wrong_invalid))                   \
    ROW(call, Context, null, c->Context = NULL, RETURNS(wrong_succeeds))                                     \
    ROW(call, WriteToDevice, neither, c->WriteToDevice = 2, RETURNS(wrong_succeeds))                         \
    ROW(call, DmaCompletionRoutine, given, c->DmaCompletionRoutine = wrong_completed,                        \
        RETURNS(wrong_succeeds))                                                                             \
    ROW(call, CompletionContext, without_a_routine, c->CompletionContext = c, RETURNS(wrong_succeeds))       \
    ROW(call, ScatterGatherPlace, null_without_a_routine, c->ScatterGatherPlace = NULL,                      \
        RETURNS(wrong_invalid))

#define ROWS(ROW)                                                                                            \
    ROWS_OF_VERSION_1(ROW, GetScatterGatherList)                                                             \
    ROWS_OF_VERSION_1(ROW, BuildScatterGatherList)                                                           \
    ROW(BuildScatterGatherList, ScatterGatherBuffer, null, c->ScatterGatherBuffer = NULL,                    \
        STOPS("DMA-LIST-21", NULL))                                                                          \
    ROW(BuildScatterGatherList, ScatterGatherBufferLength, zero, c->ScatterGatherBufferLength = 0,           \
        RETURNS(too_small))                                                                                  \
    ROW(BuildScatterGatherList, ScatterGatherBufferLength, too_small,                                        \
        c->ScatterGatherBufferLength = sizeof(SCATTER_GATHER_LIST) + sizeof(SCATTER_GATHER_ELEMENT),         \
        RETURNS(too_small))                                                                                  \
    ROWS_OF_VERSION_3(ROW, GetScatterGatherListEx)                                                           \
    ROWS_OF_VERSION_3(ROW, BuildScatterGatherListEx)                                                         \
    ROW(BuildScatterGatherListEx, ScatterGatherBuffer, null, c->ScatterGatherBuffer = NULL,                  \
        RETURNS(wrong_invalid))                                                                              \
    ROW(BuildScatterGatherListEx, ScatterGatherBufferLength, zero, c->ScatterGatherBufferLength = 0,         \
        RETURNS(too_small))                                                                                  \
    ROW(BuildScatterGatherListEx, ScatterGatherBufferLength, too_small,                                      \
        c->ScatterGatherBufferLength = sizeof(SCATTER_GATHER_LIST) + sizeof(SCATTER_GATHER_ELEMENT),         \
        RETURNS(too_small))                                                                                  \
    ROW(CalculateScatterGatherList, Mdl, null, c->Mdl = NULL, RETURNS(wrong_succeeds))                       \
    ROW(CalculateScatterGatherList, Mdl, freed, c->Mdl = wrong_freed_mdl(c), STOPS("DMA-MDL-1", NULL))       \
    ROW(CalculateScatterGatherList, Mdl, chained_to_freed, c->Mdl = wrong_chain_to_freed_mdl(c),             \
        STOPS("DMA-MDL-1", NULL))                                                                            \
    ROW(CalculateScatterGatherList, CurrentVa, null, c->CurrentVa = NULL, STOPS("DMA-MAP-12", "0xE6/1B"))    \
    ROW(CalculateScatterGatherList, CurrentVa, behind_the_mdl, c->CurrentVa = wrong_past_the_end(c),         \
        STOPS("DMA-MAP-12", "0xE6/1B"))                                                                      \
    ROW(CalculateScatterGatherList, Length, zero, c->Length = 0, RETURNS(wrong_succeeds))                    \
    ROW(CalculateScatterGatherList, Length, too_large, c->Length++, RETURNS(too_small))                      \
    ROW(CalculateScatterGatherList, Length, more_pages_than_registers, grow(c), RETURNS(wrong_insufficient)) \
    ROW(CalculateScatterGatherList, ScatterGatherListSize, null, c->ScatterGatherListSize = NULL,            \
        STOPS("DMA-LIST-22", NULL))                                                                          \
    ROW(CalculateScatterGatherList, pNumberOfMapRegisters, null, c->pNumberOfMapRegisters = NULL,            \
        RETURNS(wrong_succeeds))                                                                             \
    ROW(PutScatterGatherList, ScatterGather, null, c->ScatterGather = NULL, STOPS("DMA-LIST-26", NULL))      \
    ROW(PutScatterGatherList, ScatterGather, freed, c->ScatterGather = freed_list(c),                        \
        STOPS("DMA-LIST-27", "0xE6/06"))                                                                     \
    ROW(PutScatterGatherList, ScatterGather, foreign, c->ScatterGather = foreign_list(c),                    \
        STOPS("DMA-LIST-29", NULL))                                                                          \
    ROW(PutScatterGatherList, ScatterGather, no_list, c->ScatterGather = no_list(c),                         \
        STOPS("DMA-LIST-27", NULL))                                                                          \
    ROW(PutScatterGatherList, WriteToDevice, the_other_way, c->WriteToDevice = FALSE,                        \
        STOPS("DMA-FLUSH-9", NULL))                                                                          \
    ROW(BuildMdlFromScatterGatherList, ScatterGather, null, c->ScatterGather = NULL,                         \
        STOPS("DMA-LIST-26", NULL))                                                                          \
    ROW(BuildMdlFromScatterGatherList, ScatterGather, freed, c->ScatterGather = freed_list(c),               \
        STOPS("DMA-LIST-27", "0xE6/06"))                                                                     \
    ROW(BuildMdlFromScatterGatherList, ScatterGather, foreign, c->ScatterGather = foreign_list(c),           \
        STOPS("DMA-LIST-29", NULL))                                                                          \
    ROW(BuildMdlFromScatterGatherList, OriginalMdl, null, c->OriginalMdl = NULL, RETURNS(wrong_invalid))     \
    ROW(BuildMdlFromScatterGatherList, OriginalMdl, foreign, c->OriginalMdl = wrong_other_mdl(c),            \
        STOPS("DMA-LIST-32", NULL))                                                                          \
    ROW(BuildMdlFromScatterGatherList, TargetMdl, null, c->TargetMdl = NULL, STOPS("DMA-LIST-31", NULL))

ROWS(WRONG_SPOIL)

static const struct wrong_row rows[] = {ROWS(WRONG_ROW)};

static const struct wrong_operation *const operations[] = {
    &operation_GetScatterGatherList,          &operation_PutScatterGatherList,
    &operation_CalculateScatterGatherList,    &operation_BuildScatterGatherList,
    &operation_BuildMdlFromScatterGatherList, &operation_GetScatterGatherListEx,
    &operation_BuildScatterGatherListEx,
};

const struct wrong_table wrong_lists = WRONG_TABLE(operations, rows);
