/*
 * Wrong values of domains, on a machine with remapping.
 */
#include "wrong.h"

enum { NO_NODE = 63, NO_FLAG = 0x80 };

#define NO_CACHING MmWriteCombined /* no common buffer is */

static PDMA_ADAPTER of_device(const char *name)
{
    struct haldma_device device = {.name = name, .bus = PCIBus};
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    ULONG registers;
    PDMA_ADAPTER adapter = IoGetDmaAdapter(haldma_add_device(&device), &d, &registers);
    rig_expect(adapter != NULL);
    return adapter;
}

/* Two devices; the domain is the other one's. */
static void prepare(struct wrong_call *c)
{
    wrong_prepare_fresh(c);
    wrong_use(c, of_device("one"));
    PDMA_ADAPTER other = of_device("other");
    c->DomainHandle = other->DmaOperations->GetDmaDomain(other);
    rig_expect(c->DomainHandle != NULL);
    c->Length = PAGE_SIZE;
}

static void prepare_joined(struct wrong_call *c)
{
    prepare(c);
    rig_expect_equal(c->table->JoinDmaDomain(c->DmaAdapter, c->DomainHandle), STATUS_SUCCESS);
}

WRONG_MEMBER(GetDmaDomain, prepare, wrong_not_zero, c->DmaAdapter);
WRONG_MEMBER(JoinDmaDomain, prepare, wrong_succeeds, c->DmaAdapter, c->DomainHandle);
WRONG_MEMBER(LeaveDmaDomain, prepare_joined, wrong_succeeds, c->DmaAdapter);
WRONG_MEMBER(AllocateDomainCommonBuffer, prepare, wrong_succeeds, c->DmaAdapter, c->DomainHandle,
             c->MaximumAddress, c->Length, c->Flags, c->CacheType, c->PreferredNode, c->LogicalAddress,
             c->VirtualAddressPlace);

static bool wrong_state(uint64_t result)
{
    return (NTSTATUS)result == STATUS_INVALID_DEVICE_STATE;
}

static bool in_use(uint64_t result)
{
    return (NTSTATUS)result == STATUS_RESOURCE_IN_USE;
}

static void use(struct wrong_call *c)
{
    rig_expect(c->table->AllocateCommonBuffer(c->DmaAdapter, PAGE_SIZE, &c->logical, TRUE) != NULL);
}

#define ROWS(ROW)                                                                                            \
    ROW(JoinDmaDomain, DmaAdapter, with_a_buffer, use(c), RETURNS(in_use))                                   \
    ROW(JoinDmaDomain, DomainHandle, null, c->DomainHandle = NULL, RETURNS(wrong_invalid))                   \
    ROW(JoinDmaDomain, DomainHandle, no_handle, c->DomainHandle = c, RETURNS(wrong_invalid))                 \
    ROW(LeaveDmaDomain, DmaAdapter, in_its_own_domain, c->table->LeaveDmaDomain(c->DmaAdapter),              \
        RETURNS(wrong_state))                                                                                \
    ROW(AllocateDomainCommonBuffer, DomainHandle, null, c->DomainHandle = NULL, RETURNS(wrong_invalid))      \
    ROW(AllocateDomainCommonBuffer, DomainHandle, no_handle, c->DomainHandle = c, RETURNS(wrong_invalid))    \
    ROW(AllocateDomainCommonBuffer, MaximumAddress, null, c->MaximumAddress = NULL, RETURNS(wrong_succeeds)) \
    ROW(AllocateDomainCommonBuffer, MaximumAddress, zero, c->highest.QuadPart = 0,                           \
        RETURNS(wrong_insufficient))                                                                         \
    ROW(AllocateDomainCommonBuffer, Length, zero, c->Length = 0, RETURNS(wrong_invalid))                     \
    ROW(AllocateDomainCommonBuffer, Length, too_large, c->Length = MAXULONG, RETURNS(wrong_insufficient))    \
    ROW(AllocateDomainCommonBuffer, Flags, unknown, c->Flags = NO_FLAG, RETURNS(wrong_invalid))              \
    ROW(AllocateDomainCommonBuffer, CacheType, null, c->CacheType = NULL, RETURNS(wrong_succeeds))           \
    ROW(AllocateDomainCommonBuffer, CacheType, unknown, c->caching = NO_CACHING, RETURNS(wrong_invalid))     \
    ROW(AllocateDomainCommonBuffer, PreferredNode, none, c->PreferredNode = NO_NODE, RETURNS(wrong_invalid)) \
    ROW(AllocateDomainCommonBuffer, LogicalAddress, null, c->LogicalAddress = NULL, RETURNS(wrong_invalid))  \
    ROW(AllocateDomainCommonBuffer, VirtualAddressPlace, null, c->VirtualAddressPlace = NULL,                \
        RETURNS(wrong_invalid))

ROWS(WRONG_SPOIL)

static const struct wrong_row rows[] = {ROWS(WRONG_ROW)};

static const struct wrong_operation *const operations[] = {
    &operation_GetDmaDomain,
    &operation_JoinDmaDomain,
    &operation_LeaveDmaDomain,
    &operation_AllocateDomainCommonBuffer,
};

const struct wrong_table wrong_domains = {operations, sizeof operations / sizeof operations[0], rows,
                                          sizeof rows / sizeof rows[0], true};
