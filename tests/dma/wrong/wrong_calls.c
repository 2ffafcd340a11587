/*
 * Calls that are right in everything, and the wrong things that rows put into them.
 */
#include "wrong.h"

#include "drivers/interposer/interposer.h"

enum { PAGES = 2, BYTES = PAGES * PAGE_SIZE };

static IO_ALLOCATION_ACTION keep(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device;
    (void)irp;
    (void)base;
    (void)context;
    return KeepObject;
}

static bool interposes;

void wrong_interpose(bool interposed)
{
    interposes = interposed;
}

void wrong_use(struct wrong_call *c, PDMA_ADAPTER adapter)
{
    c->DmaAdapter = interposes ? InterposerWrap(adapter) : adapter;
    c->table = c->DmaAdapter->DmaOperations;
}

static void begin(struct wrong_call *c, PDMA_ADAPTER adapter)
{
    wrong_use(c, adapter);
    c->device = (DEVICE_OBJECT){.Type = IO_TYPE_DEVICE};
    c->DeviceObject = &c->device;
    c->DmaTransferContext = c->transfer;
    c->NumberOfMapRegisters = WRONG_REGISTERS;
    c->ExecutionRoutine = keep;
    c->ExecutionContext = c;
    c->Mdl = world_buffer(PAGES, true, &c->memory);
    c->CurrentVa = c->memory;
    c->Length = BYTES;
    c->length = BYTES;
    c->LengthPlace = &c->length;
    c->WriteToDevice = TRUE;
    c->ScatterGatherBuffer = world_list(&c->list);
    c->ScatterGatherBufferLength = sizeof c->list.bytes;
    c->AllocationAction = DeallocateObject;
    c->LogicalAddress = &c->logical;
    c->CacheEnabled = TRUE;
    c->AdapterInfo = &c->adapter_info;
    c->adapter_info.Version = DMA_ADAPTER_INFO_VERSION1;
    c->TransferInfo = &c->transfer_info;
    c->transfer_info.Version = DMA_TRANSFER_INFO_VERSION1;
    c->own = *adapter;
    c->description = world_master(DEVICE_DESCRIPTION_VERSION3, 32);
    c->DeviceDescription = &c->description;
    c->ScatterGatherListSize = &c->size;
    c->pNumberOfMapRegisters = &c->registers;
    c->ScatterGatherPlace = &c->scatter_gather;
    c->TargetMdl = &c->target;
    c->MinimumAddress = &c->lowest;
    c->MaximumAddress = &c->highest;
    c->highest.QuadPart = UINT32_MAX;
    c->HighAddress = c->highest;
    c->CacheType = &c->caching;
    c->caching = MmCached;
    c->CacheTypeValue = MmCached;
    c->PreferredNode = MM_ANY_NODE_OK;
    c->IdealNode = MM_ANY_NODE_OK;
    c->VirtualAddressPlace = &c->place;
    c->VirtualAddressOut = &c->place;
    c->LogicalAddressOut = &c->logical;
    c->NumberOfElements = PAGES;
    c->SizeOfElements = PAGE_SIZE;
    c->VectorOut = &c->vector;
    c->ExtendedConfigs = &c->config;
}

static void take(struct wrong_call *c)
{
    c->base = world_take(c->DmaAdapter, c->transfer, WRONG_REGISTERS);
    c->MapRegisterBase = c->base;
}

void wrong_prepare_fresh(struct wrong_call *c)
{
    begin(c, world_adapter(32));
    rig_expect_equal(c->table->InitializeDmaTransferContext(c->DmaAdapter, c->transfer), STATUS_SUCCESS);
}

void wrong_prepare_master(struct wrong_call *c)
{
    begin(c, world_adapter(32));
    take(c);
}

void wrong_prepare_mapped(struct wrong_call *c)
{
    wrong_prepare_master(c);
    rig_expect_equal(world_map(c->DmaAdapter, c->Mdl, c->base, 0, &c->length, true, &c->list),
                     STATUS_SUCCESS);
    rig_expect_equal(c->length, BYTES);
}

void wrong_prepare_mapped_by_version_1(struct wrong_call *c)
{
    wrong_prepare_master(c);
    c->length = PAGE_SIZE;
    c->table->MapTransfer(c->DmaAdapter, c->Mdl, c->base, c->CurrentVa, &c->length, TRUE);
    rig_expect_equal(c->length, PAGE_SIZE);
    c->Length = PAGE_SIZE;
}

void wrong_prepare_channel(struct wrong_call *c)
{
    begin(c, world_channel(WRONG_LINE));
    take(c);
}

PVOID wrong_foreign_base(struct wrong_call *c)
{
    return world_take(world_adapter(32), c->other_transfer, WRONG_REGISTERS);
}

PVOID wrong_freed_base(struct wrong_call *c)
{
    c->table->FreeAdapterObject(c->DmaAdapter, DeallocateObject);
    return c->base;
}

PMDL wrong_freed_mdl(struct wrong_call *c)
{
    IoFreeMdl(c->Mdl);
    return c->Mdl;
}

PMDL wrong_unlocked_mdl(struct wrong_call *c)
{
    return IoAllocateMdl(c->memory, BYTES, FALSE, FALSE, NULL);
}

PMDL wrong_endless_mdl(struct wrong_call *c)
{
    c->Mdl->Next = c->Mdl;
    c->Mdl->ByteCount = 1;
    return c->Mdl;
}

PMDL wrong_other_mdl(struct wrong_call *c)
{
    return world_mdl(c->memory, BYTES);
}

PMDL wrong_overlong_mdl(struct wrong_call *c)
{
    enum { FAR_MORE = 1u << 30 };
    c->Mdl->ByteCount = FAR_MORE;
    c->length = c->Length = FAR_MORE;
    return c->Mdl;
}

PMDL wrong_chain_to_freed_mdl(struct wrong_call *c)
{
    c->Mdl->Next = world_mdl(c->memory, BYTES);
    IoFreeMdl(c->Mdl->Next);
    c->length = c->Length = BYTES + 1;
    return c->Mdl;
}

PVOID wrong_past_the_end(const struct wrong_call *c)
{
    return c->memory + BYTES;
}

PDEVICE_OBJECT wrong_deleted_device(struct wrong_call *c)
{
    c->device.Type = 0;
    return &c->device;
}

VOID wrong_completed(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context, DMA_COMPLETION_STATUS status)
{
    (void)adapter;
    (void)device;
    (void)context;
    (void)status;
}

PVOID wrong_blank_context(struct wrong_call *c)
{
    memset(c->other_transfer, 0, sizeof c->other_transfer);
    return c->other_transfer;
}

PVOID wrong_copied_context(struct wrong_call *c)
{
    memcpy(c->other_transfer, c->transfer, sizeof c->transfer);
    return c->other_transfer;
}

PVOID wrong_waiting_context(struct wrong_call *c)
{
    rig_expect_equal(world_ask(c->DmaAdapter, c->other_transfer, 1, &c->control), STATUS_SUCCESS);
    rig_expect_equal(c->control.calls, 0);
    return c->other_transfer;
}
