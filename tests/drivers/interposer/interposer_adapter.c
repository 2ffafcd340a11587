/*
 * The interposer: making adapters, completion routines, the table.
 */
#include "interposer.h"

PINTERPOSER_ADAPTER InterposerOf(PDMA_ADAPTER DmaAdapter)
{
#ifdef INTERPOSER_REPLACES
    return CONTAINING_RECORD(DmaAdapter->DmaOperations, INTERPOSER_ADAPTER, Operations);
#else
    return CONTAINING_RECORD(DmaAdapter, INTERPOSER_ADAPTER, Adapter);
#endif
}

/* As many members as the lower table has, of the same size. */
PDMA_ADAPTER InterposerWrap(PDMA_ADAPTER Lower)
{
    PINTERPOSER_ADAPTER wrapped = (PINTERPOSER_ADAPTER)ExAllocatePoolWithTag(
        NonPagedPoolNx, sizeof(INTERPOSER_ADAPTER), INTERPOSER_TAG);

    if (wrapped == NULL) {
        Lower->DmaOperations->PutDmaAdapter(Lower);
        return NULL;
    }
    RtlZeroMemory(wrapped, sizeof(INTERPOSER_ADAPTER));
    wrapped->Lower = Lower;
    wrapped->LowerOperations = Lower->DmaOperations;
    NT_ASSERT(Lower->DmaOperations->Size <= sizeof(DMA_OPERATIONS));
    RtlCopyMemory(&wrapped->Operations, &InterposerOperations, Lower->DmaOperations->Size);
    wrapped->Operations.Size = Lower->DmaOperations->Size;
#ifdef INTERPOSER_REPLACES
    Lower->DmaOperations = &wrapped->Operations;
    return Lower;
#else
    wrapped->Adapter = *Lower;
    wrapped->Adapter.DmaOperations = &wrapped->Operations;
    return &wrapped->Adapter;
#endif
}

VOID InterposerUnwrap(PINTERPOSER_ADAPTER Wrapped)
{
    PDMA_ADAPTER lower = Wrapped->Lower;
    PDMA_OPERATIONS operations = Wrapped->LowerOperations;

#ifdef INTERPOSER_REPLACES
    lower->DmaOperations = operations;
#endif
    operations->PutDmaAdapter(lower);
    ExFreePoolWithTag(Wrapped, INTERPOSER_TAG);
}

static VOID InterposerCompletion(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                 PVOID CompletionContext, DMA_COMPLETION_STATUS Status)
{
    INTERPOSER_COMPLETION completion = *(PINTERPOSER_COMPLETION)CompletionContext;

    UNREFERENCED_PARAMETER(DmaAdapter);
    ExFreePoolWithTag(CompletionContext, INTERPOSER_TAG);
    completion.Routine(completion.Adapter, DeviceObject, completion.Context, Status);
}

BOOLEAN InterposerComplete(PDMA_ADAPTER DmaAdapter, PDMA_COMPLETION_ROUTINE *Routine, PVOID *Context)
{
    PINTERPOSER_COMPLETION completion;

    if (*Routine == NULL) {
        return TRUE;
    }
    completion = (PINTERPOSER_COMPLETION)ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(INTERPOSER_COMPLETION),
                                                               INTERPOSER_TAG);
    if (completion == NULL) {
        return FALSE;
    }
    completion->Adapter = DmaAdapter;
    completion->Routine = *Routine;
    completion->Context = *Context;
    *Routine = InterposerCompletion;
    *Context = completion;
    return TRUE;
}

VOID InterposerForget(PDMA_COMPLETION_ROUTINE Routine, PVOID Context)
{
    if (Routine == InterposerCompletion) {
        ExFreePoolWithTag(Context, INTERPOSER_TAG);
    }
}
