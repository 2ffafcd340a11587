/*
 * Wrong values of mapping and flushing.
 */
#include "wrong.h"

WRONG_MEMBER_OF_ADDRESS(MapTransfer, wrong_prepare_master, wrong_not_zero, c->DmaAdapter, c->Mdl,
                        c->MapRegisterBase, c->CurrentVa, c->LengthPlace, c->WriteToDevice);
WRONG_MEMBER(FlushAdapterBuffers, wrong_prepare_mapped_by_version_1, wrong_not_zero, c->DmaAdapter, c->Mdl,
             c->MapRegisterBase, c->CurrentVa, c->Length, c->WriteToDevice);
WRONG_MEMBER(MapTransferEx, wrong_prepare_master, wrong_succeeds, c->DmaAdapter, c->Mdl, c->MapRegisterBase,
             c->Offset, c->DeviceOffset, c->LengthPlace, c->WriteToDevice, c->ScatterGatherBuffer,
             c->ScatterGatherBufferLength, c->DmaCompletionRoutine, c->CompletionContext);
WRONG_MEMBER(FlushAdapterBuffersEx, wrong_prepare_mapped, wrong_succeeds, c->DmaAdapter, c->Mdl,
             c->MapRegisterBase, c->Offset, c->Length, c->WriteToDevice);
WRONG_MEMBER(GetDmaTransferInfo, wrong_prepare_master, wrong_succeeds, c->DmaAdapter, c->Mdl, c->Offset,
             c->Length, c->WriteToDevice, c->TransferInfo);

/* What a two-byte-aligned place does to a list buffer. */
static PSCATTER_GATHER_LIST misaligned(struct wrong_call *c)
{
    c->ScatterGatherBufferLength -= 2;
    return (PSCATTER_GATHER_LIST)(void *)(c->list.bytes + 2);
}

/* System DMA, whose channel was never asked for. */
static void become_subordinate(struct wrong_call *c)
{
    c->DmaAdapter = world_channel(WRONG_LINE);
    c->MapRegisterBase = NULL;
}

#define ROWS(ROW)                                                                                          \
    ROW(MapTransfer, DmaAdapter, of_system_dma_without_its_channel, become_subordinate(c),                 \
        STOPS("DMA-CHANNEL-3", NULL))                                                                      \
    ROW(MapTransferEx, DmaAdapter, of_system_dma_without_its_channel, become_subordinate(c),               \
        STOPS("DMA-CHANNEL-3", NULL))                                                                      \
    ROW(FlushAdapterBuffers, DmaAdapter, with_nothing_mapped, become_subordinate(c),                       \
        STOPS("DMA-FLUSH-6", "0xE6/16"))                                                                   \
    ROW(FlushAdapterBuffersEx, DmaAdapter, with_nothing_mapped, become_subordinate(c),                     \
        STOPS("DMA-FLUSH-6", "0xE6/16"))                                                                   \
    ROW(MapTransfer, Mdl, null, c->Mdl = NULL, STOPS("DMA-MAP-23", NULL))                                  \
    ROW(MapTransfer, Mdl, freed, c->Mdl = wrong_freed_mdl(c), STOPS("DMA-MDL-1", NULL))                    \
    ROW(MapTransfer, Mdl, not_locked, c->Mdl = wrong_unlocked_mdl(c), STOPS("DMA-MAP-15", "0xE6/0E"))      \
    ROW(MapTransfer, Mdl, too_few_frames, c->Mdl = wrong_overlong_mdl(c), STOPS("DMA-MAP-29", NULL))       \
    ROW(MapTransfer, MapRegisterBase, null, c->MapRegisterBase = NULL, STOPS("DMA-MAP-11", NULL))          \
    ROW(MapTransfer, MapRegisterBase, no_base, c->MapRegisterBase = c, STOPS("DMA-REG-3", NULL))           \
    ROW(MapTransfer, MapRegisterBase, freed, c->MapRegisterBase = wrong_freed_base(c),                     \
        STOPS("DMA-REG-3", NULL))                                                                          \
    ROW(MapTransfer, MapRegisterBase, foreign, c->MapRegisterBase = wrong_foreign_base(c),                 \
        STOPS("DMA-REG-3", NULL))                                                                          \
    ROW(MapTransfer, CurrentVa, null, c->CurrentVa = NULL, STOPS("DMA-MAP-12", "0xE6/1B"))                 \
    ROW(MapTransfer, CurrentVa, before_the_mdl, c->CurrentVa = c->memory - 1,                              \
        STOPS("DMA-MAP-12", "0xE6/1B"))                                                                    \
    ROW(MapTransfer, CurrentVa, behind_the_mdl, c->CurrentVa = wrong_past_the_end(c),                      \
        STOPS("DMA-MAP-12", "0xE6/1B"))                                                                    \
    ROW(MapTransfer, LengthPlace, null, c->LengthPlace = NULL, STOPS("DMA-MAP-28", NULL))                  \
    ROW(MapTransfer, LengthPlace, zero, c->length = 0, STOPS("DMA-MAP-17", "0xE6/21"))                     \
    ROW(MapTransfer, LengthPlace, too_large, c->length++, STOPS("DMA-MAP-13", "0xE6/24"))                  \
    ROW(MapTransfer, LengthPlace, largest, c->length = MAXULONG, STOPS("DMA-MAP-13", "0xE6/24"))           \
    ROW(MapTransfer, WriteToDevice, neither, c->WriteToDevice = 2, RETURNS(wrong_not_zero))                \
    ROW(FlushAdapterBuffers, Mdl, null, c->Mdl = NULL, STOPS("DMA-MAP-23", NULL))                          \
    ROW(FlushAdapterBuffers, Mdl, freed, c->Mdl = wrong_freed_mdl(c), STOPS("DMA-MDL-1", NULL))            \
    ROW(FlushAdapterBuffers, Mdl, foreign, c->Mdl = wrong_other_mdl(c), STOPS("DMA-FLUSH-8", "0xE6/16"))   \
    ROW(FlushAdapterBuffers, MapRegisterBase, null, c->MapRegisterBase = NULL,                             \
        STOPS("DMA-FLUSH-6", "0xE6/16"))                                                                   \
    ROW(FlushAdapterBuffers, MapRegisterBase, no_base, c->MapRegisterBase = c, STOPS("DMA-REG-3", NULL))   \
    ROW(FlushAdapterBuffers, MapRegisterBase, foreign, c->MapRegisterBase = wrong_foreign_base(c),         \
        STOPS("DMA-REG-3", NULL))                                                                          \
    ROW(FlushAdapterBuffers, CurrentVa, null, c->CurrentVa = NULL, STOPS("DMA-MAP-12", "0xE6/1B"))         \
    ROW(FlushAdapterBuffers, CurrentVa, behind_the_mdl, c->CurrentVa = wrong_past_the_end(c),              \
        STOPS("DMA-MAP-12", "0xE6/1B"))                                                                    \
    ROW(FlushAdapterBuffers, CurrentVa, not_mapped, c->CurrentVa = c->memory + PAGE_SIZE,                  \
        STOPS("DMA-FLUSH-8", "0xE6/16"))                                                                   \
    ROW(FlushAdapterBuffers, Length, too_large, c->Length = 2 * PAGE_SIZE + 1,                             \
        STOPS("DMA-MAP-13", "0xE6/24"))                                                                    \
    ROW(FlushAdapterBuffers, Length, more_than_mapped, c->Length++, STOPS("DMA-FLUSH-10", NULL))           \
    ROW(FlushAdapterBuffers, Length, zero, c->Length = 0, RETURNS(wrong_not_zero))                         \
    ROW(FlushAdapterBuffers, WriteToDevice, the_other_way, c->WriteToDevice = FALSE,                       \
        STOPS("DMA-FLUSH-9", NULL))                                                                        \
    ROW(FlushAdapterBuffers, WriteToDevice, neither, c->WriteToDevice = 2, RETURNS(wrong_not_zero))        \
    ROW(MapTransferEx, Mdl, null, c->Mdl = NULL, RETURNS(wrong_invalid))                                   \
    ROW(MapTransferEx, Mdl, freed, c->Mdl = wrong_freed_mdl(c), STOPS("DMA-MDL-1", NULL))                  \
    ROW(MapTransferEx, Mdl, chained_to_freed, c->Mdl = wrong_chain_to_freed_mdl(c),                        \
        STOPS("DMA-MDL-1", NULL))                                                                          \
    ROW(MapTransferEx, Mdl, not_locked, c->Mdl = wrong_unlocked_mdl(c), STOPS("DMA-MAP-15", "0xE6/0E"))    \
    ROW(MapTransferEx, Mdl, endless, c->Mdl = wrong_endless_mdl(c), STOPS("DMA-MAP-27", NULL))             \
    ROW(MapTransferEx, Mdl, too_few_frames, c->Mdl = wrong_overlong_mdl(c), STOPS("DMA-MAP-29", NULL))     \
    ROW(MapTransferEx, MapRegisterBase, null, c->MapRegisterBase = NULL, RETURNS(wrong_insufficient))      \
    ROW(MapTransferEx, MapRegisterBase, no_base, c->MapRegisterBase = c, STOPS("DMA-REG-3", NULL))         \
    ROW(MapTransferEx, MapRegisterBase, freed, c->MapRegisterBase = wrong_freed_base(c),                   \
        STOPS("DMA-REG-3", NULL))                                                                          \
    ROW(MapTransferEx, MapRegisterBase, foreign, c->MapRegisterBase = wrong_foreign_base(c),               \
        STOPS("DMA-REG-3", NULL))                                                                          \
    ROW(MapTransferEx, Offset, too_large, c->Offset = 2 * PAGE_SIZE, RETURNS(wrong_invalid))               \
    ROW(MapTransferEx, Offset, largest, c->Offset = UINT64_MAX, RETURNS(wrong_invalid))                    \
    ROW(MapTransferEx, DeviceOffset, of_a_bus_master, c->DeviceOffset = 4, RETURNS(wrong_invalid))         \
    ROW(MapTransferEx, LengthPlace, null, c->LengthPlace = NULL, RETURNS(wrong_invalid))                   \
    ROW(MapTransferEx, LengthPlace, zero, c->length = 0, RETURNS(wrong_succeeds))                          \
    ROW(MapTransferEx, LengthPlace, too_large, c->length++, RETURNS(wrong_invalid))                        \
    ROW(MapTransferEx, LengthPlace, largest, c->length = MAXULONG, RETURNS(wrong_invalid))                 \
    ROW(MapTransferEx, WriteToDevice, neither, c->WriteToDevice = 2, RETURNS(wrong_succeeds))              \
    ROW(MapTransferEx, ScatterGatherBuffer, null, c->ScatterGatherBuffer = NULL, RETURNS(wrong_invalid))   \
    ROW(MapTransferEx, ScatterGatherBuffer, misaligned, c->ScatterGatherBuffer = misaligned(c),            \
        RETURNS(wrong_anything))                                                                           \
    ROW(MapTransferEx, ScatterGatherBufferLength, zero, c->ScatterGatherBufferLength = 0,                  \
        RETURNS(wrong_invalid))                                                                            \
    ROW(MapTransferEx, ScatterGatherBufferLength, too_small,                                               \
        c->ScatterGatherBufferLength = sizeof(SCATTER_GATHER_LIST) + sizeof(SCATTER_GATHER_ELEMENT) - 1,   \
        RETURNS(wrong_invalid))                                                                            \
    ROW(MapTransferEx, DmaCompletionRoutine, of_a_bus_master, c->DmaCompletionRoutine = wrong_completed,   \
        RETURNS(wrong_invalid))                                                                            \
    ROW(MapTransferEx, CompletionContext, without_a_routine, c->CompletionContext = c,                     \
        RETURNS(wrong_succeeds))                                                                           \
    ROW(FlushAdapterBuffersEx, Mdl, null, c->Mdl = NULL, RETURNS(wrong_invalid))                           \
    ROW(FlushAdapterBuffersEx, Mdl, freed, c->Mdl = wrong_freed_mdl(c), STOPS("DMA-MDL-1", NULL))          \
    ROW(FlushAdapterBuffersEx, Mdl, chained_to_freed, c->Mdl = wrong_chain_to_freed_mdl(c),                \
        STOPS("DMA-MDL-1", NULL))                                                                          \
    ROW(FlushAdapterBuffersEx, Mdl, foreign, c->Mdl = wrong_other_mdl(c), STOPS("DMA-FLUSH-8", "0xE6/16")) \
    ROW(FlushAdapterBuffersEx, Mdl, endless, c->Mdl = wrong_endless_mdl(c), STOPS("DMA-MAP-27", NULL))     \
    ROW(FlushAdapterBuffersEx, MapRegisterBase, null, c->MapRegisterBase = NULL,                           \
        STOPS("DMA-FLUSH-6", "0xE6/16"))                                                                   \
    ROW(FlushAdapterBuffersEx, MapRegisterBase, no_base, c->MapRegisterBase = c, STOPS("DMA-REG-3", NULL)) \
    ROW(FlushAdapterBuffersEx, MapRegisterBase, foreign, c->MapRegisterBase = wrong_foreign_base(c),       \
        STOPS("DMA-REG-3", NULL))                                                                          \
    ROW(FlushAdapterBuffersEx, Offset, too_large, c->Offset = 2 * PAGE_SIZE, RETURNS(wrong_invalid))       \
    ROW(FlushAdapterBuffersEx, Offset, largest, c->Offset = UINT64_MAX, RETURNS(wrong_invalid))            \
    ROW(FlushAdapterBuffersEx, Length, too_large, c->Length++, RETURNS(wrong_invalid))                     \
    ROW(FlushAdapterBuffersEx, Length, zero, c->Length = 0, RETURNS(wrong_succeeds))                       \
    ROW(FlushAdapterBuffersEx, WriteToDevice, the_other_way, c->WriteToDevice = FALSE,                     \
        STOPS("DMA-FLUSH-9", NULL))                                                                        \
    ROW(FlushAdapterBuffersEx, WriteToDevice, neither, c->WriteToDevice = 2, RETURNS(wrong_succeeds))      \
    ROW(GetDmaTransferInfo, Mdl, null, c->Mdl = NULL, RETURNS(wrong_invalid))                              \
    ROW(GetDmaTransferInfo, Mdl, freed, c->Mdl = wrong_freed_mdl(c), STOPS("DMA-MDL-1", NULL))             \
    ROW(GetDmaTransferInfo, Mdl, endless, c->Mdl = wrong_endless_mdl(c), STOPS("DMA-MAP-27", NULL))        \
    ROW(GetDmaTransferInfo, Offset, too_large, c->Offset = 2 * PAGE_SIZE, RETURNS(wrong_invalid))          \
    ROW(GetDmaTransferInfo, Offset, largest, c->Offset = UINT64_MAX, RETURNS(wrong_invalid))               \
    ROW(GetDmaTransferInfo, Length, zero, c->Length = 0, RETURNS(wrong_invalid))                           \
    ROW(GetDmaTransferInfo, Length, too_large, c->Length++, RETURNS(wrong_invalid))                        \
    ROW(GetDmaTransferInfo, WriteToDevice, neither, c->WriteToDevice = 2, RETURNS(wrong_succeeds))         \
    ROW(GetDmaTransferInfo, TransferInfo, null, c->TransferInfo = NULL, RETURNS(wrong_invalid))            \
    ROW(GetDmaTransferInfo, TransferInfo, version_0, c->transfer_info.Version = 0,                         \
        RETURNS(wrong_unsupported))                                                                        \
    ROW(GetDmaTransferInfo, TransferInfo, unknown_version, c->transfer_info.Version = WRONG_VERSION,       \
        RETURNS(wrong_unsupported))

ROWS(WRONG_SPOIL)

static const struct wrong_row rows[] = {ROWS(WRONG_ROW)};

static const struct wrong_operation *const operations[] = {
    &operation_MapTransfer,           &operation_FlushAdapterBuffers, &operation_MapTransferEx,
    &operation_FlushAdapterBuffersEx, &operation_GetDmaTransferInfo,
};

const struct wrong_table wrong_mapping = WRONG_TABLE(operations, rows);
