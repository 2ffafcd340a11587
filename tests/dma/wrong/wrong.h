/*
 * Wrong values: a table of (operation, parameter, what is wrong with it, what comes of it).
 *
 * Each row is a machine run of its own: the operation's prepare() makes a call that is right in everything,
 * the row spoils one parameter of it, and the call is made. An operation names its parameters by making the
 * call, so the list that the completeness check goes by is the compiler's.
 */
#ifndef WRONG_H
#define WRONG_H

#include "../world.h"

enum {
    WRONG_REGISTERS = 2,
    WRONG_LINE = WORLD_LINE,
    WRONG_LEVEL = 5,    /* of a device's interrupt */
    WRONG_ACTION = 77,  /* no IO_ALLOCATION_ACTION */
    WRONG_VERSION = 99, /* of no structure */
};

/* The parameters of all operations. Where pages give one name to different types, the type's is added. */
struct wrong_call {
    PDMA_OPERATIONS table; /* where the call is made through */
    PDMA_ADAPTER DmaAdapter;
    PDEVICE_OBJECT DeviceObject;
    PVOID DmaTransferContext;
    ULONG NumberOfMapRegisters;
    ULONG Flags;
    PDRIVER_CONTROL ExecutionRoutine;
    PVOID ExecutionContext;
    PVOID *MapRegisterBasePlace;
    PVOID MapRegisterBase;
    PMDL Mdl;
    PVOID CurrentVa;
    ULONGLONG Offset;
    ULONG DeviceOffset;
    ULONG Length;
    PULONG LengthPlace;
    BOOLEAN WriteToDevice;
    PSCATTER_GATHER_LIST ScatterGatherBuffer;
    ULONG ScatterGatherBufferLength;
    PDMA_COMPLETION_ROUTINE DmaCompletionRoutine;
    PVOID CompletionContext;
    IO_ALLOCATION_ACTION AllocationAction;
    PPHYSICAL_ADDRESS LogicalAddress;
    PHYSICAL_ADDRESS LogicalAddressValue;
    PVOID VirtualAddress;
    BOOLEAN CacheEnabled;
    PDMA_ADAPTER_INFO AdapterInfo;
    PDMA_TRANSFER_INFO TransferInfo;
    ULONG FunctionNumber;
    PVOID Context;
    PDRIVER_LIST_CONTROL ListRoutine;
    PSCATTER_GATHER_LIST ScatterGather;
    PSCATTER_GATHER_LIST *ScatterGatherPlace;
    PULONG ScatterGatherListSize;
    PULONG pNumberOfMapRegisters;
    PMDL OriginalMdl;
    PMDL *TargetMdl;
    PPHYSICAL_ADDRESS MinimumAddress;
    PPHYSICAL_ADDRESS MaximumAddress;
    NODE_REQUIREMENT PreferredNode;
    MEMORY_CACHING_TYPE *CacheType;
    PVOID *VirtualAddressPlace;
    HANDLE DomainHandle;
    PHYSICAL_ADDRESS LowAddress;
    PHYSICAL_ADDRESS HighAddress;
    MEMORY_CACHING_TYPE CacheTypeValue;
    ULONG IdealNode;
    ULONG NumberOfElements;
    ULONGLONG SizeOfElements;
    PDMA_COMMON_BUFFER_VECTOR *VectorOut;
    PDMA_COMMON_BUFFER_VECTOR Vector;
    ULONG Index;
    PVOID *VirtualAddressOut;
    PPHYSICAL_ADDRESS LogicalAddressOut;
    PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION ExtendedConfigs;
    ULONG ExtendedConfigsCount;
    PDEVICE_OBJECT PhysicalDeviceObject;
    PDEVICE_DESCRIPTION DeviceDescription;

    /* What the pointers above point to. */
    DEVICE_OBJECT device;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    UCHAR other_transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call control;
    struct world_list list;
    PVOID base;
    unsigned char *memory;
    ULONG length;
    ULONG size;
    ULONG registers;
    PHYSICAL_ADDRESS logical;
    PHYSICAL_ADDRESS lowest;
    PHYSICAL_ADDRESS highest;
    DMA_ADAPTER_INFO adapter_info;
    DMA_TRANSFER_INFO transfer_info;
    DEVICE_DESCRIPTION description;
    DMA_ADAPTER own; /* no adapter of the platform's */
    PSCATTER_GATHER_LIST scatter_gather;
    PMDL target;
    PVOID place;
    MEMORY_CACHING_TYPE caching;
    DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION config;
    PDMA_COMMON_BUFFER_VECTOR vector;
};

/* An operation, with a call of it that is right. */
struct wrong_operation {
    const char *name;
    size_t member;          /* its place in DMA_OPERATIONS; 0: a function of its own */
    const char *parameters; /* "c->DmaAdapter, c->Mdl ..." */
    void (*prepare)(struct wrong_call *c);
    uint64_t (*call)(struct wrong_call *c);
    bool (*good)(uint64_t result);
};

struct wrong_row {
    const char *operation;
    const char *parameter;
    const char *value; /* what is wrong with it */
    void (*spoil)(struct wrong_call *c);
    const char *rule; /* of the finding; NULL: the call returns */
    const char *code; /* of the finding; NULL: none is asked for */
    bool (*returns)(uint64_t result);
};

struct wrong_table {
    const struct wrong_operation *const *operations;
    size_t operation_count;
    const struct wrong_row *rows;
    size_t row_count;
    bool remapped; /* on a machine with a remapping unit */
};
#define WRONG_TABLE(operations, rows)                                                                     \
    {                                                                                                     \
        operations, sizeof(operations) / sizeof((operations)[0]), rows, sizeof(rows) / sizeof((rows)[0]), \
            false                                                                                         \
    }
extern const struct wrong_table wrong_allocation, wrong_mapping, wrong_adapter, wrong_lists, wrong_common,
    wrong_domains;

/* ---- What a call may return ---- */

static inline bool wrong_invalid(uint64_t result)
{
    return (NTSTATUS)result == STATUS_INVALID_PARAMETER;
}

static inline bool wrong_insufficient(uint64_t result)
{
    return (NTSTATUS)result == STATUS_INSUFFICIENT_RESOURCES;
}

static inline bool wrong_unsupported(uint64_t result)
{
    return (NTSTATUS)result == STATUS_NOT_SUPPORTED;
}

static inline bool wrong_unimplemented(uint64_t result)
{
    return (NTSTATUS)result == STATUS_NOT_IMPLEMENTED;
}

static inline bool wrong_succeeds(uint64_t result)
{
    return (NTSTATUS)result == STATUS_SUCCESS;
}

static inline bool wrong_zero(uint64_t result)
{
    return result == 0;
}

static inline bool wrong_not_zero(uint64_t result)
{
    return result != 0;
}

static inline bool wrong_anything(uint64_t result)
{
    (void)result;
    return true;
}

/* ---- Operations: each is a call of itself, and what the call names are its parameters ---- */

/* A member that returns a number or a pointer; one that returns an address; one that returns nothing. */
#define WRONG_MEMBER(name, prepare, good, ...)                                                     \
    static uint64_t call_##name(struct wrong_call *c)                                              \
    {                                                                                              \
        return (uint64_t)c->table->name(__VA_ARGS__);                                              \
    }                                                                                              \
    static const struct wrong_operation operation_##name = {#name,   WRONG_AT(name), #__VA_ARGS__, \
                                                            prepare, call_##name,    good}
#define WRONG_MEMBER_OF_ADDRESS(name, prepare, good, ...)                                          \
    static uint64_t call_##name(struct wrong_call *c)                                              \
    {                                                                                              \
        return (uint64_t)c->table->name(__VA_ARGS__).QuadPart;                                     \
    }                                                                                              \
    static const struct wrong_operation operation_##name = {#name,   WRONG_AT(name), #__VA_ARGS__, \
                                                            prepare, call_##name,    good}
#define WRONG_MEMBER_OF_NOTHING(name, prepare, ...)                                                \
    static uint64_t call_##name(struct wrong_call *c)                                              \
    {                                                                                              \
        c->table->name(__VA_ARGS__);                                                               \
        return 0;                                                                                  \
    }                                                                                              \
    static const struct wrong_operation operation_##name = {#name,   WRONG_AT(name), #__VA_ARGS__, \
                                                            prepare, call_##name,    wrong_zero}
#define WRONG_AT(name) offsetof(DMA_OPERATIONS, name)

/* ---- Rows: ROW(operation, parameter, what is wrong, statement that spoils c, STOPS(...) or RETURNS(...))
 * ---- */

#define STOPS(rule, code) rule, code, NULL
#define RETURNS(check)    NULL, NULL, check

#define WRONG_SPOIL(operation, parameter, value, deed, ...)             \
    static void operation##_##parameter##_##value(struct wrong_call *c) \
    {                                                                   \
        deed;                                                           \
    }
#define WRONG_ROW(operation, parameter, value, deed, ...) \
    {#operation, #parameter, #value, operation##_##parameter##_##value, __VA_ARGS__},

/* ---- What calls begin with ---- */

/* From now on adapters are those of the interposer (tests/drivers/interposer), or the platform's again. */
void wrong_interpose(bool interposed);
/* c calls through this adapter, or through the interposer's in front of it. */
void wrong_use(struct wrong_call *c, PDMA_ADAPTER adapter);

/* Version 3 masters of 32 bits with scatter/gather, whose buffer is two pages that they cannot reach. */
void wrong_prepare_master(struct wrong_call *c);
/* The same, with everything mapped by MapTransferEx, or by MapTransfer (first page only). */
void wrong_prepare_mapped(struct wrong_call *c);
void wrong_prepare_mapped_by_version_1(struct wrong_call *c);
/* An adapter that nothing was allocated from. */
void wrong_prepare_fresh(struct wrong_call *c);
/* A subordinate device that has its channel. */
void wrong_prepare_channel(struct wrong_call *c);

/* Another adapter like c's, with registers of its own. */
PVOID wrong_foreign_base(struct wrong_call *c);
/* c's registers, freed. */
PVOID wrong_freed_base(struct wrong_call *c);
/* MDLs: freed; of a buffer that is not locked; one that follows itself; of another buffer; with fewer frames
 * than bytes; the first of a chain whose second one was freed. */
PMDL wrong_freed_mdl(struct wrong_call *c);
PMDL wrong_unlocked_mdl(struct wrong_call *c);
PMDL wrong_endless_mdl(struct wrong_call *c);
PMDL wrong_other_mdl(struct wrong_call *c);
PMDL wrong_overlong_mdl(struct wrong_call *c);
PMDL wrong_chain_to_freed_mdl(struct wrong_call *c);
/* An address behind c's buffer; its device object, deleted; a completion routine that does nothing. */
PVOID wrong_past_the_end(const struct wrong_call *c);
PDEVICE_OBJECT wrong_deleted_device(struct wrong_call *c);
DMA_COMPLETION_ROUTINE wrong_completed;
/* A context that was never initialized; that is a copy; whose request waits. */
PVOID wrong_blank_context(struct wrong_call *c);
PVOID wrong_copied_context(struct wrong_call *c);
PVOID wrong_waiting_context(struct wrong_call *c);

#endif
