/*
 * The remapping unit: what a device reaches through it, and what it is refused.
 */
#include "bare.h"

#include <emu/iommu.h>

enum { CARD = 7, OTHER_CARD = 8, PAGES = 3 };
#define LOGICAL 0x40000000ull

struct unit {
    struct emu_machine *m;
    struct emu_iommu *iommu;
    struct emu_iommu_domain *domain;
    unsigned char *memory;
    struct emu_iommu_fault fault; /* the last one */
    unsigned faults;
};

static void note_fault(struct emu_machine *m, void *context, const struct emu_iommu_fault *fault)
{
    struct unit *u = context;
    (void)m;
    u->fault = *fault;
    u->faults++;
}

static struct unit open_unit(struct unit *u)
{
    const struct emu_ram_request request = {.pages = PAGES};
    *u = (struct unit){.m = bare_machine(NULL)};
    u->iommu = emu_iommu_create(u->m, note_fault, u);
    u->domain = emu_iommu_domain_create(u->iommu, u);
    u->memory = emu_ram_alloc(u->m, &request);
    for (unsigned i = 0; i < PAGES; i++)
        memset(u->memory + (size_t)i * EMU_PAGE_SIZE, (int)('a' + i), EMU_PAGE_SIZE);
    return *u;
}

static uint64_t physical_of(const struct unit *u, unsigned page)
{
    return emu_ram_physical(u->m, u->memory + (size_t)page * EMU_PAGE_SIZE);
}

static enum emu_dma_result ask(const struct unit *u, emu_requester who, uint64_t logical, void *bytes,
                               size_t count, bool to_memory)
{
    return emu_bus_dma(u->m, who, logical, bytes, count, to_memory);
}

static void require_refused(struct unit *u, emu_requester who, uint64_t logical, bool to_memory,
                            enum emu_iommu_fault_type type)
{
    unsigned char byte = 'x';
    unsigned before = u->faults;
    assert_int_equal(ask(u, who, logical, &byte, 1, to_memory), EMU_DMA_FAULT);
    assert_int_equal(u->faults, before + 1);
    assert_int_equal(u->fault.type, type);
    assert_int_equal(u->fault.requester, who);
    assert_true(u->fault.logical == logical);
    assert_int_equal(u->fault.to_memory, to_memory);
}

/* rule: EMU-IOMMU-1 */
static void any_pages_are_one_range_for_the_device(void **state)
{
    struct unit u;
    unsigned char got[2];
    (void)state;
    open_unit(&u);
    emu_iommu_attach(u.iommu, CARD, u.domain);
    for (unsigned i = 0; i < PAGES; i++)
        emu_iommu_map(u.domain, LOGICAL + (uint64_t)i * EMU_PAGE_SIZE, physical_of(&u, PAGES - 1 - i), 1,
                      EMU_IOMMU_BOTH);
    assert_int_equal(ask(&u, CARD, LOGICAL + EMU_PAGE_SIZE - 1, got, sizeof got, false), EMU_DMA_DONE);
    assert_int_equal(got[0], 'a' + PAGES - 1);
    assert_int_equal(got[1], 'a' + PAGES - 2);
    memset(got, 'z', sizeof got);
    assert_int_equal(ask(&u, CARD, LOGICAL + EMU_PAGE_SIZE - 1, got, sizeof got, true), EMU_DMA_DONE);
    assert_int_equal(u.memory[PAGES * EMU_PAGE_SIZE - 1], 'z');
    assert_int_equal(u.memory[(PAGES - 2) * EMU_PAGE_SIZE], 'z');
    assert_int_equal(u.faults, 0);
    emu_machine_destroy(u.m);
}

/* rule: EMU-IOMMU-2 */
static void who_is_attached_to_nothing_reaches_nothing(void **state)
{
    struct unit u;
    (void)state;
    open_unit(&u);
    emu_iommu_map(u.domain, LOGICAL, physical_of(&u, 0), 1, EMU_IOMMU_BOTH);
    require_refused(&u, CARD, LOGICAL, false, EMU_IOMMU_FAULT_UNATTACHED);
    emu_iommu_attach(u.iommu, CARD, u.domain);
    assert_ptr_equal(emu_iommu_domain_of(u.iommu, CARD), u.domain);
    require_refused(&u, OTHER_CARD, LOGICAL, false, EMU_IOMMU_FAULT_UNATTACHED);
    emu_iommu_attach(u.iommu, CARD, NULL);
    require_refused(&u, CARD, LOGICAL, true, EMU_IOMMU_FAULT_UNATTACHED);
    emu_machine_destroy(u.m);
}

/* rule: EMU-IOMMU-2 */
static void what_is_not_mapped_or_no_longer_is_refused(void **state)
{
    struct unit u;
    unsigned char byte;
    (void)state;
    open_unit(&u);
    emu_iommu_attach(u.iommu, CARD, u.domain);
    require_refused(&u, CARD, physical_of(&u, 0), false, EMU_IOMMU_FAULT_UNMAPPED);
    emu_iommu_map(u.domain, LOGICAL, physical_of(&u, 0), 1, EMU_IOMMU_BOTH);
    assert_int_equal(ask(&u, CARD, LOGICAL + EMU_PAGE_SIZE - 1, &byte, 1, false), EMU_DMA_DONE);
    require_refused(&u, CARD, LOGICAL + EMU_PAGE_SIZE, false, EMU_IOMMU_FAULT_UNMAPPED);
    require_refused(&u, CARD, LOGICAL - 1, true, EMU_IOMMU_FAULT_UNMAPPED);
    require_refused(&u, CARD, EMU_IOMMU_HIGHEST + 1, true, EMU_IOMMU_FAULT_UNMAPPED);
    emu_iommu_unmap(u.domain, LOGICAL, 1);
    require_refused(&u, CARD, LOGICAL, false, EMU_IOMMU_FAULT_UNMAPPED);
    emu_machine_destroy(u.m);
}

/* rule: EMU-IOMMU-3 */
static void a_page_is_mapped_for_reading_or_for_writing(void **state)
{
    struct unit u;
    unsigned char byte = 'x';
    (void)state;
    open_unit(&u);
    emu_iommu_attach(u.iommu, CARD, u.domain);
    emu_iommu_map(u.domain, LOGICAL, physical_of(&u, 0), 1, EMU_IOMMU_READ);
    emu_iommu_map(u.domain, LOGICAL + EMU_PAGE_SIZE, physical_of(&u, 1), 1, EMU_IOMMU_WRITE);
    require_refused(&u, CARD, LOGICAL, true, EMU_IOMMU_FAULT_WRITE);
    require_refused(&u, CARD, LOGICAL + EMU_PAGE_SIZE, false, EMU_IOMMU_FAULT_READ);
    assert_int_equal(u.memory[0], 'a');
    assert_int_equal(ask(&u, CARD, LOGICAL, &byte, 1, false), EMU_DMA_DONE);
    assert_int_equal(byte, 'a');
    assert_int_equal(ask(&u, CARD, LOGICAL + EMU_PAGE_SIZE, &byte, 1, true), EMU_DMA_DONE);
    assert_int_equal(u.memory[EMU_PAGE_SIZE], 'a');
    emu_machine_destroy(u.m);
}

/* rule: EMU-IOMMU-2 */
static void domains_do_not_see_each_other(void **state)
{
    struct unit u;
    unsigned char byte;
    (void)state;
    open_unit(&u);
    struct emu_iommu_domain *other = emu_iommu_domain_create(u.iommu, NULL);
    emu_iommu_attach(u.iommu, CARD, u.domain);
    emu_iommu_attach(u.iommu, OTHER_CARD, other);
    emu_iommu_map(u.domain, LOGICAL, physical_of(&u, 0), 1, EMU_IOMMU_BOTH);
    emu_iommu_map(other, LOGICAL, physical_of(&u, 1), 1, EMU_IOMMU_BOTH);
    assert_int_equal(ask(&u, OTHER_CARD, LOGICAL, &byte, 1, false), EMU_DMA_DONE);
    assert_int_equal(byte, 'b');
    emu_iommu_unmap(other, LOGICAL, 1);
    require_refused(&u, OTHER_CARD, LOGICAL, false, EMU_IOMMU_FAULT_UNMAPPED);
    emu_iommu_attach(u.iommu, OTHER_CARD, u.domain);
    emu_iommu_domain_destroy(other);
    assert_int_equal(ask(&u, OTHER_CARD, LOGICAL, &byte, 1, false), EMU_DMA_DONE);
    assert_int_equal(byte, 'a');
    emu_machine_destroy(u.m);
}

/* rule: EMU-IOMMU-4 */
static void a_new_domain_has_nothing_of_one_that_was_destroyed(void **state)
{
    enum { ROUNDS = 3 };
    struct unit u;
    (void)state;
    open_unit(&u);
    for (int i = 0; i < ROUNDS; i++) {
        struct emu_iommu_domain *d = emu_iommu_domain_create(u.iommu, NULL);
        emu_iommu_attach(u.iommu, CARD, d);
        require_refused(&u, CARD, LOGICAL, false, EMU_IOMMU_FAULT_UNMAPPED);
        emu_iommu_map(d, LOGICAL, physical_of(&u, 0), 1, EMU_IOMMU_BOTH);
        emu_iommu_map(d, EMU_IOMMU_HIGHEST + 1 - EMU_PAGE_SIZE, physical_of(&u, 1), 1, EMU_IOMMU_BOTH);
        emu_iommu_reserve(d, 0, 1, true);
        emu_iommu_attach(u.iommu, CARD, NULL);
        emu_iommu_domain_destroy(d);
    }
    emu_machine_destroy(u.m);
}

/* rule: EMU-IOMMU-5 */
static void mapped_and_reserved_pages_are_not_free(void **state)
{
    enum { MANY = 1000 };
    struct unit u;
    enum emu_iommu_access access = 0;
    (void)state;
    open_unit(&u);
    assert_int_equal(emu_iommu_free_run(u.domain, LOGICAL, MANY), MANY);
    emu_iommu_map(u.domain, LOGICAL + 700ull * EMU_PAGE_SIZE, physical_of(&u, 0), 1, EMU_IOMMU_READ);
    emu_iommu_reserve(u.domain, LOGICAL + 300ull * EMU_PAGE_SIZE, 2, true);
    assert_int_equal(emu_iommu_free_run(u.domain, LOGICAL, MANY), 300);
    assert_int_equal(emu_iommu_free_run(u.domain, LOGICAL + 302ull * EMU_PAGE_SIZE, MANY), 398);
    assert_int_equal(emu_iommu_free_run(u.domain, LOGICAL + 701ull * EMU_PAGE_SIZE, MANY), MANY);
    assert_true(emu_iommu_lookup(u.domain, LOGICAL + 300ull * EMU_PAGE_SIZE, &access) == EMU_NO_ADDRESS);
    emu_iommu_map(u.domain, LOGICAL + 300ull * EMU_PAGE_SIZE, physical_of(&u, 1), 1, EMU_IOMMU_WRITE);
    assert_true(emu_iommu_lookup(u.domain, LOGICAL + 300ull * EMU_PAGE_SIZE, &access) == physical_of(&u, 1));
    assert_int_equal(access, EMU_IOMMU_WRITE);
    emu_iommu_unmap(u.domain, LOGICAL + 300ull * EMU_PAGE_SIZE, 1);
    assert_int_equal(emu_iommu_free_run(u.domain, LOGICAL, MANY), 300);
    emu_iommu_reserve(u.domain, LOGICAL + 300ull * EMU_PAGE_SIZE, 2, false);
    assert_int_equal(emu_iommu_free_run(u.domain, LOGICAL, MANY), 700);
    emu_machine_destroy(u.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_pages_are_one_range_for_the_device),
        cmocka_unit_test(who_is_attached_to_nothing_reaches_nothing),
        cmocka_unit_test(what_is_not_mapped_or_no_longer_is_refused),
        cmocka_unit_test(a_page_is_mapped_for_reading_or_for_writing),
        cmocka_unit_test(domains_do_not_see_each_other),
        cmocka_unit_test(a_new_domain_has_nothing_of_one_that_was_destroyed),
        cmocka_unit_test(mapped_and_reserved_pages_are_not_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
