/*
 * Wrong values of common buffers and vectors.
 */
#include "wrong.h"

enum { NO_NODE = 63, NO_FLAG = 0x80 };

#define NO_CACHING MmWriteCombined /* no common buffer is */

static void prepare(struct wrong_call *c)
{
    wrong_prepare_fresh(c);
    c->Length = PAGE_SIZE;
}

static void prepare_buffer(struct wrong_call *c)
{
    prepare(c);
    c->VirtualAddress = c->table->AllocateCommonBuffer(c->DmaAdapter, PAGE_SIZE, &c->logical, TRUE);
    rig_expect(c->VirtualAddress != NULL);
    c->LogicalAddressValue = c->logical;
}

static void prepare_vector(struct wrong_call *c)
{
    prepare(c);
    rig_expect_equal(c->table->AllocateCommonBufferVector(c->DmaAdapter, c->LowAddress, c->HighAddress,
                                                          MmCached, MM_ANY_NODE_OK, 0, 2, PAGE_SIZE,
                                                          &c->vector),
                     STATUS_SUCCESS);
    c->Vector = c->vector;
}

static void prepare_empty_vector(struct wrong_call *c)
{
    prepare_vector(c);
    for (ULONG i = 0; i < 2; i++)
        c->table->FreeCommonBufferFromVector(c->DmaAdapter, c->Vector, i);
}

/* One page, physically contiguous and within reach. */
static void prepare_mdl(struct wrong_call *c)
{
    prepare(c);
    c->Mdl = world_mdl(world_pages(1, false), PAGE_SIZE);
}

WRONG_MEMBER(AllocateCommonBuffer, prepare, wrong_not_zero, c->DmaAdapter, c->Length, c->LogicalAddress,
             c->CacheEnabled);
WRONG_MEMBER_OF_NOTHING(FreeCommonBuffer, prepare_buffer, c->DmaAdapter, c->Length, c->LogicalAddressValue,
                        c->VirtualAddress, c->CacheEnabled);
WRONG_MEMBER(AllocateCommonBufferEx, prepare, wrong_not_zero, c->DmaAdapter, c->MaximumAddress, c->Length,
             c->LogicalAddress, c->CacheEnabled, c->PreferredNode);
WRONG_MEMBER(AllocateCommonBufferWithBounds, prepare, wrong_not_zero, c->DmaAdapter, c->MinimumAddress,
             c->MaximumAddress, c->Length, c->Flags, c->CacheType, c->PreferredNode, c->LogicalAddress);
WRONG_MEMBER(AllocateCommonBufferVector, prepare, wrong_succeeds, c->DmaAdapter, c->LowAddress,
             c->HighAddress, c->CacheTypeValue, c->IdealNode, c->Flags, c->NumberOfElements,
             c->SizeOfElements, c->VectorOut);
WRONG_MEMBER_OF_NOTHING(GetCommonBufferFromVectorByIndex, prepare_vector, c->DmaAdapter, c->Vector, c->Index,
                        c->VirtualAddressOut, c->LogicalAddressOut);
WRONG_MEMBER_OF_NOTHING(FreeCommonBufferFromVector, prepare_vector, c->DmaAdapter, c->Vector, c->Index);
WRONG_MEMBER_OF_NOTHING(FreeCommonBufferVector, prepare_empty_vector, c->DmaAdapter, c->Vector);
WRONG_MEMBER(CreateCommonBufferFromMdl, prepare_mdl, wrong_succeeds, c->DmaAdapter, c->Mdl,
             c->ExtendedConfigs, c->ExtendedConfigsCount, c->LogicalAddress);
WRONG_MEMBER(FlushDmaBuffer, prepare, wrong_succeeds, c->DmaAdapter, c->Mdl, c->WriteToDevice);

static PDMA_COMMON_BUFFER_VECTOR no_vector(struct wrong_call *c)
{
    return (PDMA_COMMON_BUFFER_VECTOR)(PVOID)c;
}

static PDMA_COMMON_BUFFER_VECTOR freed_vector(struct wrong_call *c)
{
    for (ULONG i = 0; i < 2; i++)
        c->table->FreeCommonBufferFromVector(c->DmaAdapter, c->Vector, i);
    c->table->FreeCommonBufferVector(c->DmaAdapter, c->Vector);
    return c->Vector;
}

static PDMA_COMMON_BUFFER_VECTOR freed_empty_vector(struct wrong_call *c)
{
    c->table->FreeCommonBufferVector(c->DmaAdapter, c->Vector);
    return c->Vector;
}

static PDMA_COMMON_BUFFER_VECTOR foreign_vector(struct wrong_call *c)
{
    PDMA_ADAPTER other = world_adapter(32);
    rig_expect_equal(other->DmaOperations->AllocateCommonBufferVector(other, c->LowAddress, c->HighAddress,
                                                                      MmCached, MM_ANY_NODE_OK, 0, 2,
                                                                      PAGE_SIZE, &c->vector),
                     STATUS_SUCCESS);
    return c->vector;
}

static PDMA_COMMON_BUFFER_VECTOR full_vector(struct wrong_call *c)
{
    prepare_vector(c);
    return c->Vector;
}

static PVOID freed_buffer(struct wrong_call *c)
{
    c->table->FreeCommonBuffer(c->DmaAdapter, c->Length, c->logical, c->VirtualAddress, TRUE);
    return c->VirtualAddress;
}

static PVOID foreign_buffer(struct wrong_call *c)
{
    PDMA_ADAPTER other = world_adapter(32);
    PVOID memory = other->DmaOperations->AllocateCommonBuffer(other, PAGE_SIZE, &c->logical, TRUE);
    c->LogicalAddressValue = c->logical;
    return memory;
}

static void configure(struct wrong_call *c, unsigned type)
{
    c->config.ConfigType = (DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE)type;
    c->ExtendedConfigsCount = 1;
}

#define ROWS(ROW)                                                                                            \
    ROW(AllocateCommonBuffer, Length, zero, c->Length = 0, RETURNS(wrong_zero))                              \
    ROW(AllocateCommonBuffer, Length, too_large, c->Length = MAXULONG, RETURNS(wrong_zero))                  \
    ROW(AllocateCommonBuffer, LogicalAddress, null, c->LogicalAddress = NULL, RETURNS(wrong_zero))           \
    ROW(AllocateCommonBuffer, CacheEnabled, neither, c->CacheEnabled = 2, RETURNS(wrong_not_zero))           \
    ROW(FreeCommonBuffer, Length, zero, c->Length = 0, STOPS("DMA-COMMON-5", NULL))                          \
    ROW(FreeCommonBuffer, Length, too_large, c->Length++, STOPS("DMA-COMMON-5", NULL))                       \
    ROW(FreeCommonBuffer, LogicalAddressValue, zero, c->LogicalAddressValue.QuadPart = 0,                    \
        STOPS("DMA-COMMON-5", NULL))                                                                         \
    ROW(FreeCommonBuffer, VirtualAddress, null, c->VirtualAddress = NULL, STOPS("DMA-COMMON-4", "0xE6/03"))  \
    ROW(FreeCommonBuffer, VirtualAddress, misaligned, c->VirtualAddress = (PCHAR)c->VirtualAddress + 1,      \
        STOPS("DMA-COMMON-4", "0xE6/03"))                                                                    \
    ROW(FreeCommonBuffer, VirtualAddress, freed, c->VirtualAddress = freed_buffer(c),                        \
        STOPS("DMA-COMMON-4", "0xE6/03"))                                                                    \
    ROW(FreeCommonBuffer, VirtualAddress, foreign, c->VirtualAddress = foreign_buffer(c),                    \
        STOPS("DMA-COMMON-4", "0xE6/03"))                                                                    \
    ROW(FreeCommonBuffer, CacheEnabled, the_other, c->CacheEnabled = FALSE, STOPS("DMA-COMMON-5", NULL))     \
    ROW(AllocateCommonBufferEx, MaximumAddress, null, c->MaximumAddress = NULL, RETURNS(wrong_not_zero))     \
    ROW(AllocateCommonBufferEx, MaximumAddress, zero, c->highest.QuadPart = 0, RETURNS(wrong_zero))          \
    ROW(AllocateCommonBufferEx, Length, zero, c->Length = 0, RETURNS(wrong_zero))                            \
    ROW(AllocateCommonBufferEx, Length, too_large, c->Length = MAXULONG, RETURNS(wrong_zero))                \
    ROW(AllocateCommonBufferEx, LogicalAddress, null, c->LogicalAddress = NULL, RETURNS(wrong_zero))         \
    ROW(AllocateCommonBufferEx, CacheEnabled, neither, c->CacheEnabled = 2, RETURNS(wrong_not_zero))         \
    ROW(AllocateCommonBufferEx, PreferredNode, none, c->PreferredNode = NO_NODE, RETURNS(wrong_zero))        \
    ROW(AllocateCommonBufferWithBounds, MinimumAddress, null, c->MinimumAddress = NULL,                      \
        RETURNS(wrong_not_zero))                                                                             \
    ROW(AllocateCommonBufferWithBounds, MinimumAddress, above_the_maximum,                                   \
        c->lowest.QuadPart = c->highest.QuadPart + 1, RETURNS(wrong_zero))                                   \
    ROW(AllocateCommonBufferWithBounds, MaximumAddress, null, c->MaximumAddress = NULL,                      \
        RETURNS(wrong_not_zero))                                                                             \
    ROW(AllocateCommonBufferWithBounds, MaximumAddress, zero, c->highest.QuadPart = 0, RETURNS(wrong_zero))  \
    ROW(AllocateCommonBufferWithBounds, Length, zero, c->Length = 0, RETURNS(wrong_zero))                    \
    ROW(AllocateCommonBufferWithBounds, Length, too_large, c->Length = MAXULONG, RETURNS(wrong_zero))        \
    ROW(AllocateCommonBufferWithBounds, Flags, unknown, c->Flags = NO_FLAG, RETURNS(wrong_zero))             \
    ROW(AllocateCommonBufferWithBounds, CacheType, null, c->CacheType = NULL, RETURNS(wrong_not_zero))       \
    ROW(AllocateCommonBufferWithBounds, CacheType, unknown, c->caching = NO_CACHING, RETURNS(wrong_zero))    \
    ROW(AllocateCommonBufferWithBounds, PreferredNode, none, c->PreferredNode = NO_NODE,                     \
        RETURNS(wrong_zero))                                                                                 \
    ROW(AllocateCommonBufferWithBounds, LogicalAddress, null, c->LogicalAddress = NULL, RETURNS(wrong_zero)) \
    ROW(AllocateCommonBufferVector, LowAddress, above_the_high, c->LowAddress.QuadPart = 1ll << 40,          \
        RETURNS(wrong_invalid))                                                                              \
    ROW(AllocateCommonBufferVector, HighAddress, zero, c->HighAddress.QuadPart = 0,                          \
        RETURNS(wrong_insufficient))                                                                         \
    ROW(AllocateCommonBufferVector, CacheTypeValue, unknown, c->CacheTypeValue = NO_CACHING,                 \
        RETURNS(wrong_invalid))                                                                              \
    ROW(AllocateCommonBufferVector, IdealNode, none, c->IdealNode = NO_NODE, RETURNS(wrong_invalid))         \
    ROW(AllocateCommonBufferVector, Flags, unknown, c->Flags = NO_FLAG, RETURNS(wrong_invalid))              \
    ROW(AllocateCommonBufferVector, NumberOfElements, zero, c->NumberOfElements = 0, RETURNS(wrong_invalid)) \
    ROW(AllocateCommonBufferVector, NumberOfElements, too_large, c->NumberOfElements = MAXULONG,             \
        RETURNS(wrong_insufficient))                                                                         \
    ROW(AllocateCommonBufferVector, SizeOfElements, zero, c->SizeOfElements = 0, RETURNS(wrong_invalid))     \
    ROW(AllocateCommonBufferVector, SizeOfElements, too_large, c->SizeOfElements = UINT64_MAX,               \
        RETURNS(wrong_insufficient))                                                                         \
    ROW(AllocateCommonBufferVector, VectorOut, null, c->VectorOut = NULL, RETURNS(wrong_invalid))            \
    ROW(GetCommonBufferFromVectorByIndex, Vector, null, c->Vector = NULL, STOPS("DMA-VECTOR-8", NULL))       \
    ROW(GetCommonBufferFromVectorByIndex, Vector, no_vector, c->Vector = no_vector(c),                       \
        STOPS("DMA-VECTOR-8", NULL))                                                                         \
    ROW(GetCommonBufferFromVectorByIndex, Vector, freed, c->Vector = freed_vector(c),                        \
        STOPS("DMA-VECTOR-8", NULL))                                                                         \
    ROW(GetCommonBufferFromVectorByIndex, Vector, foreign, c->Vector = foreign_vector(c),                    \
        STOPS("DMA-VECTOR-8", NULL))                                                                         \
    ROW(GetCommonBufferFromVectorByIndex, Index, too_large, c->Index = 2, STOPS("DMA-VECTOR-5", "0x1DC/03")) \
    ROW(GetCommonBufferFromVectorByIndex, Index, freed,                                                      \
        c->table->FreeCommonBufferFromVector(c->DmaAdapter, c->Vector, 0),                                   \
        STOPS("DMA-VECTOR-6", "0x1DC/04"))                                                                   \
    ROW(GetCommonBufferFromVectorByIndex, VirtualAddressOut, null, c->VirtualAddressOut = NULL,              \
        STOPS("DMA-TABLE-5", NULL))                                                                          \
    ROW(GetCommonBufferFromVectorByIndex, LogicalAddressOut, null, c->LogicalAddressOut = NULL,              \
        STOPS("DMA-TABLE-5", NULL))                                                                          \
    ROW(FreeCommonBufferFromVector, Vector, null, c->Vector = NULL, STOPS("DMA-VECTOR-8", NULL))             \
    ROW(FreeCommonBufferFromVector, Vector, no_vector, c->Vector = no_vector(c),                             \
        STOPS("DMA-VECTOR-8", NULL))                                                                         \
    ROW(FreeCommonBufferFromVector, Vector, freed, c->Vector = freed_vector(c), STOPS("DMA-VECTOR-8", NULL)) \
    ROW(FreeCommonBufferFromVector, Vector, foreign, c->Vector = foreign_vector(c),                          \
        STOPS("DMA-VECTOR-8", NULL))                                                                         \
    ROW(FreeCommonBufferFromVector, Index, too_large, c->Index = MAXULONG,                                   \
        STOPS("DMA-VECTOR-5", "0x1DC/03"))                                                                   \
    ROW(FreeCommonBufferFromVector, Index, freed,                                                            \
        c->table->FreeCommonBufferFromVector(c->DmaAdapter, c->Vector, 0),                                   \
        STOPS("DMA-VECTOR-6", "0x1DC/04"))                                                                   \
    ROW(FreeCommonBufferVector, Vector, null, c->Vector = NULL, STOPS("DMA-VECTOR-8", NULL))                 \
    ROW(FreeCommonBufferVector, Vector, no_vector, c->Vector = no_vector(c), STOPS("DMA-VECTOR-8", NULL))    \
    ROW(FreeCommonBufferVector, Vector, freed, c->Vector = freed_empty_vector(c),                            \
        STOPS("DMA-VECTOR-8", NULL))                                                                         \
    ROW(FreeCommonBufferVector, Vector, not_empty, c->Vector = full_vector(c),                               \
        STOPS("DMA-VECTOR-7", "0x1DC/02"))                                                                   \
    ROW(CreateCommonBufferFromMdl, Mdl, null, c->Mdl = NULL, RETURNS(wrong_invalid))                         \
    ROW(CreateCommonBufferFromMdl, Mdl, freed, c->Mdl = wrong_freed_mdl(c), STOPS("DMA-MDL-1", NULL))        \
    ROW(CreateCommonBufferFromMdl, Mdl, not_locked, c->Mdl = wrong_unlocked_mdl(c), RETURNS(wrong_invalid))  \
    ROW(CreateCommonBufferFromMdl, Mdl, misaligned,                                                          \
        c->Mdl = world_mdl(world_pages(2, false) + 1, PAGE_SIZE), RETURNS(wrong_invalid))                    \
    ROW(CreateCommonBufferFromMdl, Mdl, no_whole_page, c->Mdl->ByteCount--, RETURNS(wrong_invalid))          \
    ROW(CreateCommonBufferFromMdl, Mdl, a_chain, c->Mdl->Next = world_mdl(c->memory, PAGE_SIZE),             \
        RETURNS(wrong_invalid))                                                                              \
    ROW(CreateCommonBufferFromMdl, ExtendedConfigs, null,                                                    \
        (c->ExtendedConfigs = NULL, c->ExtendedConfigsCount = 1), RETURNS(wrong_invalid))                    \
    ROW(CreateCommonBufferFromMdl, ExtendedConfigs, unknown_type, configure(c, CommonBufferConfigTypeMax),   \
        RETURNS(wrong_invalid))                                                                              \
    ROW(CreateCommonBufferFromMdl, ExtendedConfigsCount, zero, configure(c, 0);                              \
        c->ExtendedConfigsCount = 0, RETURNS(wrong_succeeds))                                                \
    ROW(CreateCommonBufferFromMdl, LogicalAddress, null, c->LogicalAddress = NULL, RETURNS(wrong_invalid))   \
    ROW(FlushDmaBuffer, Mdl, null, c->Mdl = NULL, RETURNS(wrong_invalid))                                    \
    ROW(FlushDmaBuffer, Mdl, freed, c->Mdl = wrong_freed_mdl(c), STOPS("DMA-MDL-1", NULL))                   \
    ROW(FlushDmaBuffer, Mdl, not_locked, c->Mdl = wrong_unlocked_mdl(c), STOPS("DMA-MAP-15", "0xE6/0E"))     \
    ROW(FlushDmaBuffer, Mdl, too_few_frames, c->Mdl = wrong_overlong_mdl(c), STOPS("DMA-MAP-29", NULL))      \
    ROW(FlushDmaBuffer, WriteToDevice, neither, c->WriteToDevice = 2, RETURNS(wrong_succeeds))

ROWS(WRONG_SPOIL)

static const struct wrong_row rows[] = {ROWS(WRONG_ROW)};

static const struct wrong_operation *const operations[] = {
    &operation_AllocateCommonBuffer,       &operation_FreeCommonBuffer,
    &operation_AllocateCommonBufferEx,     &operation_AllocateCommonBufferWithBounds,
    &operation_AllocateCommonBufferVector, &operation_GetCommonBufferFromVectorByIndex,
    &operation_FreeCommonBufferFromVector, &operation_FreeCommonBufferVector,
    &operation_CreateCommonBufferFromMdl,  &operation_FlushDmaBuffer,
};

const struct wrong_table wrong_common = WRONG_TABLE(operations, rows);
