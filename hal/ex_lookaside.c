/*
 * Lookaside lists. They keep nothing: each allocation comes from pool, each release goes back.
 *
 * How many entries a list holds is the system's to decide, and none is a legal answer. It is the one that
 * shows most: every use of an entry after its release meets freed pool.
 */
#include <emu/choose.h>
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ke_exception.h"
#include "hal/ops.h"
#include "hal/pool.h"

static VOID initialize(PGENERAL_LOOKASIDE list, POOL_TYPE type, ULONG flags, SIZE_T size, ULONG tag)
{
    memset(list, 0, sizeof *list);
    list->Type = type;
    list->Flags = flags;
    list->Size = size < MAXULONG ? (ULONG)size : MAXULONG; /* no entry is that large */
    list->Tag = tag;
}

static PVOID allocate(PGENERAL_LOOKASIDE list)
{
    list->TotalAllocates++;
    list->AllocateMisses++;
    if (list->Allocate != NULL)
        return list->Allocate(list->Type, list->Size, list->Tag);
    PVOID entry = hal_pool_take(HAL_OP_EX_LOOKASIDE, (uint32_t)list->Type, list->Size, list->Tag);
    if (entry == NULL && ((uint32_t)list->Type & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0)
        ke_raise(STATUS_INSUFFICIENT_RESOURCES);
    return entry;
}

static VOID release(PGENERAL_LOOKASIDE list, PVOID entry)
{
    list->TotalFrees++;
    list->FreeMisses++;
    if (list->Free != NULL)
        list->Free(entry);
    else
        ExFreePoolWithTag(entry, list->Tag);
}

VOID ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                     PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)Depth;
    initialize(&Lookaside->L, (POOL_TYPE)((ULONG)NonPagedPool | Flags), Flags, Size, Tag);
    Lookaside->L.Allocate = Allocate;
    Lookaside->L.Free = Free;
}

VOID ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    memset(Lookaside, 0, sizeof *Lookaside);
}

PVOID ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return allocate(&Lookaside->L);
}

VOID ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    release(&Lookaside->L, Entry);
}

VOID ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                    PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_EX_APC_LTE2, __func__);
    (void)Depth;
    initialize(&Lookaside->L, (POOL_TYPE)((ULONG)PagedPool | Flags), Flags, Size, Tag);
    Lookaside->L.Allocate = Allocate;
    Lookaside->L.Free = Free;
}

VOID ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_EX_APC_LTE2, __func__);
    memset(Lookaside, 0, sizeof *Lookaside);
}

PVOID ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return allocate(&Lookaside->L);
}

VOID ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    release(&Lookaside->L, Entry);
}

NTSTATUS ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PALLOCATE_FUNCTION_EX Allocate,
                                     PFREE_FUNCTION_EX Free, POOL_TYPE PoolType, ULONG Flags, SIZE_T Size,
                                     ULONG Tag, USHORT Depth)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    const ULONG both = EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE;
    ULONG type = (ULONG)PoolType;

    if (Depth != 0)
        return STATUS_INVALID_PARAMETER_8;
    if ((Flags & ~both) != 0 || Flags == both)
        return STATUS_INVALID_PARAMETER_5;
    if (emu_fault(emu_current(), HAL_OP_EX_LOOKASIDE_LIST))
        return STATUS_INSUFFICIENT_RESOURCES;
    if ((Flags & EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL) != 0)
        type |= POOL_RAISE_IF_ALLOCATION_FAILURE;
    initialize(&Lookaside->L, (POOL_TYPE)type, Flags, Size, Tag);
    Lookaside->L.AllocateEx = Allocate;
    Lookaside->L.FreeEx = Free;
    return STATUS_SUCCESS;
}

VOID ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    memset(Lookaside, 0, sizeof *Lookaside);
}

VOID ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)Lookaside; /* nothing is kept */
}

PVOID ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    PGENERAL_LOOKASIDE list = &Lookaside->L;

    if (list->AllocateEx == NULL)
        return allocate(list);
    list->TotalAllocates++;
    list->AllocateMisses++;
    return list->AllocateEx(list->Type, list->Size, list->Tag, Lookaside);
}

VOID ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PVOID Entry)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    PGENERAL_LOOKASIDE list = &Lookaside->L;

    if (list->FreeEx == NULL) {
        release(list, Entry);
        return;
    }
    list->TotalFrees++;
    list->FreeMisses++;
    list->FreeEx(Entry, Lookaside);
}
