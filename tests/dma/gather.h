/*
 * What the tests of scatter/gather lists share: an AdapterListControl that writes down how it was called, the
 * calls with few arguments, and chains of MDLs.
 */
#ifndef GATHER_H
#define GATHER_H

#include "world.h"

typedef UCHAR gather_context[DMA_TRANSFER_CONTEXT_SIZE_V1];

enum { GATHER_LIST_TAG = 0x744C6753 /* "SgLt" */ };

/* How AdapterListControl was called. */
struct gather_call {
    unsigned calls;
    PSCATTER_GATHER_LIST list;
    PDEVICE_OBJECT device;
    PIRP irp;
    KIRQL level;
    unsigned processor;
    PDMA_ADAPTER put_through; /* puts its list at once; NULL: leaves that to the test */
    BOOLEAN to_device;        /* for that */
};

static inline VOID gather_control(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    struct gather_call *call = context;
    call->calls++;
    call->list = list;
    call->device = device;
    call->irp = irp;
    call->level = KeGetCurrentIrql();
    call->processor = emu_cpu(emu_current());
    if (call->put_through != NULL)
        call->put_through->DmaOperations->PutScatterGatherList(call->put_through, list, call->to_device);
}

/* GetScatterGatherList of length bytes at offset of the first MDL. */
static inline NTSTATUS gather_get(PDMA_ADAPTER adapter, PMDL mdl, ULONG offset, ULONG length, bool to_device,
                                  struct gather_call *call)
{
    PUCHAR first = MmGetMdlVirtualAddress(mdl);
    return adapter->DmaOperations->GetScatterGatherList(adapter, NULL, mdl, first + offset, length,
                                                        gather_control, call, to_device);
}

/* GetScatterGatherListEx with a context that is initialized for it. */
static inline NTSTATUS gather_get_ex(PDMA_ADAPTER adapter, PVOID transfer, PMDL mdl, ULONGLONG offset,
                                     ULONG length, ULONG flags, bool to_device, struct gather_call *call)
{
    rig_expect_equal(adapter->DmaOperations->InitializeDmaTransferContext(adapter, transfer), STATUS_SUCCESS);
    return adapter->DmaOperations->GetScatterGatherListEx(adapter, NULL, transfer, mdl, offset, length, flags,
                                                          gather_control, call, to_device, NULL, NULL, NULL);
}

/* The same, synchronous and without a routine: the list, or NULL. */
static inline PSCATTER_GATHER_LIST gather_now(PDMA_ADAPTER adapter, PVOID transfer, PMDL mdl, ULONG flags,
                                              bool to_device)
{
    PSCATTER_GATHER_LIST list = NULL;
    rig_expect_equal(adapter->DmaOperations->InitializeDmaTransferContext(adapter, transfer), STATUS_SUCCESS);
    NTSTATUS status = adapter->DmaOperations->GetScatterGatherListEx(
        adapter, NULL, transfer, mdl, 0, MmGetMdlByteCount(mdl), flags | DMA_SYNCHRONOUS_CALLBACK, NULL, NULL,
        to_device, NULL, NULL, &list);
    return NT_SUCCESS(status) ? list : NULL;
}

static inline void gather_put(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list, bool to_device)
{
    adapter->DmaOperations->PutScatterGatherList(adapter, list, to_device);
}

static inline ULONG gather_bytes(PSCATTER_GATHER_LIST list)
{
    ULONG bytes = 0;
    for (ULONG i = 0; i < list->NumberOfElements; i++)
        bytes += list->Elements[i].Length;
    return bytes;
}

/* What the device sees through the list, or does to the memory, from its first byte on. */
static inline void gather_device(PSCATTER_GATHER_LIST list, unsigned char *data, bool writes)
{
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        SCATTER_GATHER_ELEMENT e = list->Elements[i];
        for (ULONG done = 0, part; done < e.Length; done += part, data += part) {
            uint64_t at = (uint64_t)e.Address.QuadPart + done;
            part = PAGE_SIZE - (ULONG)(at % PAGE_SIZE);
            part = part < e.Length - done ? part : e.Length - done;
            rig_expect(emu_bus_dma(emu_current(), 0, at, data, part, writes) == EMU_DMA_DONE);
        }
    }
}

/* An MDL of bytes at an offset of fresh pages of its own, every byte of them fill. */
static inline PMDL gather_piece(uint32_t offset, uint32_t bytes, bool far, unsigned char fill)
{
    uint32_t pages = (offset + bytes + PAGE_SIZE - 1) / PAGE_SIZE;
    unsigned char *memory = world_pages(pages > 0 ? pages : 1, far);
    memset(memory + offset, fill, bytes);
    return world_mdl(memory + offset, bytes);
}

static inline unsigned char *gather_memory(PMDL mdl)
{
    return MmGetMdlVirtualAddress(mdl);
}

#endif
