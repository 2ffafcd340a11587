/*
 * Bug check 0x1DC: a vector of common buffers is misused.
 */
#include "bad.h"

#define BUFFERS 3

static BOOLEAN Allocate(PBAD_DEVICE Device)
{
    PHYSICAL_ADDRESS lowest, highest;
    NTSTATUS status;

    lowest.QuadPart = 0;
    highest.QuadPart = 0xFFFFFFFF;
    status = Device->Operations->AllocateCommonBufferVector(
        Device->Adapter, lowest, highest, MmCached, MM_ANY_NODE_OK, 0, BUFFERS, PAGE_SIZE, &Device->Vector);
    if (!NT_SUCCESS(status)) {
        Device->Vector = NULL;
    }
    return NT_SUCCESS(status);
}

static VOID FreeFrom(PBAD_DEVICE Device, ULONG First)
{
    ULONG i;

    for (i = First; i < BUFFERS; i++) {
        Device->Operations->FreeCommonBufferFromVector(Device->Adapter, Device->Vector, i);
    }
}

static VOID Free(PBAD_DEVICE Device)
{
    Device->Operations->FreeCommonBufferVector(Device->Adapter, Device->Vector);
}

/* 1 */
static VOID WrongLevel(PBAD_DEVICE Device, PMDL Mdl)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(Mdl);
    if (!Allocate(Device)) {
        return;
    }
    KeRaiseIrql(MENDED ? PASSIVE_LEVEL : DISPATCH_LEVEL, &irql);
    FreeFrom(Device, 0);
    KeLowerIrql(irql);
    Free(Device);
}

/* 2 */
static VOID NotEmpty(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    if (!Allocate(Device)) {
        return;
    }
    FreeFrom(Device, MENDED ? 0 : 1);
    Free(Device);
}

/* 3 */
static VOID OutOfBounds(PBAD_DEVICE Device, PMDL Mdl)
{
    PHYSICAL_ADDRESS logical;
    PVOID memory;

    UNREFERENCED_PARAMETER(Mdl);
    if (!Allocate(Device)) {
        return;
    }
    Device->Operations->GetCommonBufferFromVectorByIndex(Device->Adapter, Device->Vector,
                                                         MENDED ? BUFFERS - 1 : BUFFERS, &memory, &logical);
    FreeFrom(Device, 0);
    Free(Device);
}

/* 4 */
static VOID FreedTwice(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    if (!Allocate(Device)) {
        return;
    }
    FreeFrom(Device, 0);
    if (!MENDED) {
        FreeFrom(Device, 1);
    }
    Free(Device);
}

/* 5 */
static VOID Leak(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    Allocate(Device);
}

static VOID KeepVector(PBAD_DEVICE Device)
{
    if (MENDED && Device->Vector != NULL) {
        FreeFrom(Device, 0);
        Free(Device);
    }
    Device->Operations->PutDmaAdapter(Device->Adapter);
}

BAD_DRIVER(dc_01_wrong_level, NULL, WrongLevel, NULL)
BAD_DRIVER(dc_02_vector_not_empty, NULL, NotEmpty, NULL)
BAD_DRIVER(dc_03_index_out_of_bounds, NULL, OutOfBounds, NULL)
BAD_DRIVER(dc_04_index_freed, NULL, FreedTwice, NULL)
BAD_DRIVER(dc_05_vector_left, NULL, Leak, KeepVector)
