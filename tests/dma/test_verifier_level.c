/*
 * Verification of the IRQL of every call.
 */
#include "dma/verified.h"

#include "dma/verifier.h"

enum { DIFFERS = 1, TOO_HIGH = 2 };

static void verified_levels(void **state)
{
    const struct world_test *test = *state;
    struct haldma_config config = world_config();
    config.verify = HALDMA_VERIFY_IRQL;
    verified_run_on(&config, test->body, test->code);
}

#define LEVEL(body, code)                                        \
    {                                                            \
#body, verified_levels, NULL, NULL, &(struct world_test) \
        {                                                        \
            body, NULL, code                                     \
        }                                                        \
    }

/* rule: DMA-VERIFY-13 */
static void a_call_that_is_made_at_dispatch_level_is_told_at_another(void *context)
{
    (void)context;
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER a = world_adapter(64);
    verified_told(0x13, DIFFERS, DISPATCH_LEVEL, PASSIVE_LEVEL);
    a->DmaOperations->AllocateAdapterChannel(a, world_device(), 1, world_control, &call);
}

/* rule: DMA-VERIFY-13 */
static void a_call_that_is_made_at_passive_level_is_told_above(void *context)
{
    (void)context;
    KIRQL irql;
    PHYSICAL_ADDRESS logical;
    PDMA_ADAPTER a = world_adapter(64);
    KeRaiseIrql(APC_LEVEL, &irql);
    verified_told(0x13, TOO_HIGH, PASSIVE_LEVEL, APC_LEVEL);
    a->DmaOperations->AllocateCommonBuffer(a, PAGE_SIZE, &logical, TRUE);
}

/* rule: DMA-VERIFY-13 */
static void a_call_that_is_made_up_to_dispatch_level_is_told_above(void *context)
{
    (void)context;
    enum { DEVICE_LEVEL = 5 };
    KIRQL irql;
    PDMA_ADAPTER a = world_adapter(64);
    KeRaiseIrql(DEVICE_LEVEL, &irql);
    verified_told(0x13, TOO_HIGH, DISPATCH_LEVEL, DEVICE_LEVEL);
    a->DmaOperations->ReadDmaCounter(a);
}

/* rule: DMA-VERIFY-14 */
static void an_adapter_that_is_asked_for_above_passive_level_is_told(void *context)
{
    (void)context;
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    verified_told(0x14, 0, 0, 0);
    world_adapter(64);
}

/* rule: DMA-VERIFY-13 */
static void calls_at_the_levels_of_their_pages_are_fine(void *context)
{
    (void)context;
    KIRQL irql;
    PHYSICAL_ADDRESS logical;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER a = world_adapter(64);
    PVOID memory = a->DmaOperations->AllocateCommonBuffer(a, PAGE_SIZE, &logical, TRUE);
    rig_expect(a->DmaOperations->GetDmaAlignment(a) > 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    rig_expect_equal(world_ask(a, transfer, 1, &call), STATUS_SUCCESS);
    a->DmaOperations->ReadDmaCounter(a);
    KeLowerIrql(irql);
    a->DmaOperations->FreeCommonBuffer(a, PAGE_SIZE, logical, memory, TRUE);
    a->DmaOperations->PutDmaAdapter(a);
}

/* rule: DMA-VERIFY-SET-4 */
static void without_verification_no_level_is_looked_at(void **state)
{
    struct haldma_config config = world_config();
    (void)state;
    const struct world_test test = {a_call_that_is_made_at_dispatch_level_is_told_at_another, NULL, NULL};
    world_run_on(&config, &test);
}

/* rule: DMA-VERIFY-SET-4 */
static void each_table_has_the_members_of_its_version(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DMA_TABLES; i++) {
        const void *const *levels = (const void *const *)(const void *)&dma_level_tables[i];
        const void *const *checks = (const void *const *)(const void *)&dma_verifier_tables[i];
        const void *const *plain = (const void *const *)(const void *)dma_plain.tables[i];
        assert_int_equal(dma_level_tables[i].Size, dma_plain.tables[i]->Size);
        assert_int_equal(dma_verifier_tables[i].Size, dma_plain.tables[i]->Size);
        for (size_t at = 1; at < sizeof(DMA_OPERATIONS) / sizeof(void *); at++) {
            assert_int_equal(levels[at] != NULL, plain[at] != NULL);
            assert_int_equal(checks[at] != NULL, plain[at] != NULL);
            assert_true(plain[at] == NULL || (levels[at] != plain[at] && checks[at] != plain[at]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEVEL(a_call_that_is_made_at_dispatch_level_is_told_at_another, "13"),
        LEVEL(a_call_that_is_made_at_passive_level_is_told_above, "13"),
        LEVEL(a_call_that_is_made_up_to_dispatch_level_is_told_above, "13"),
        LEVEL(an_adapter_that_is_asked_for_above_passive_level_is_told, "14"),
        LEVEL(calls_at_the_levels_of_their_pages_are_fine, NULL),
        cmocka_unit_test(without_verification_no_level_is_looked_at),
        cmocka_unit_test(each_table_has_the_members_of_its_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
