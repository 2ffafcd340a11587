/*
 * The two sides of memory where devices do not see processors' caches.
 */
#include "bare.h"

#include <emu/cache.h>

enum { CARD = 1, PAGES = 2, OLD_BYTE = 0x5E, PART = 100, PART_BYTES = 300 };

struct sides {
    struct emu_machine *m;
    unsigned char *memory;
    uint64_t physical;
    uint32_t answer; /* to every question of the cache */
    unsigned asked;
    uint32_t count; /* answers of the last question */
};

static uint32_t answer(void *context, const struct emu_decision *d)
{
    struct sides *s = context;
    if (d->kind != EMU_CHOICE_LATITUDE)
        return 0;
    s->asked++;
    s->count = d->count;
    return s->answer;
}

static void open_sides(struct sides *s, struct bare_picker *picker, uint32_t value)
{
    const struct emu_config config = {.incoherent = true};
    const struct emu_ram_request request = {.pages = PAGES, .contiguous = true};
    *s = (struct sides){.m = bare_machine(&config), .answer = value};
    s->memory = emu_ram_alloc(s->m, &request);
    s->physical = emu_ram_physical(s->m, s->memory);
    bare_pick_with(s->m, picker, answer, s);
}

static void write_device(struct sides *s, uint64_t at, int byte, size_t bytes)
{
    unsigned char data[PAGES * EMU_PAGE_SIZE];
    memset(data, byte, bytes);
    assert_int_equal(emu_bus_dma(s->m, CARD, s->physical + at, data, bytes, true), EMU_DMA_DONE);
}

/* What the device sees, all of one value. */
static void require_device_sees(struct sides *s, uint64_t at, int byte, size_t bytes)
{
    unsigned char data[PAGES * EMU_PAGE_SIZE];
    assert_int_equal(emu_bus_dma(s->m, CARD, s->physical + at, data, bytes, false), EMU_DMA_DONE);
    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(data[i], byte);
}

static void require_processor_sees(const struct sides *s, uint64_t at, int byte, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(s->memory[at + i], byte);
}

/* rule: EMU-CACHE-1 */
static void what_a_processor_wrote_reaches_devices_when_it_is_cleaned(void **state)
{
    struct sides s;
    struct bare_picker picker;
    (void)state;
    open_sides(&s, &picker, 0);
    memset(s.memory, 'p', PAGES * EMU_PAGE_SIZE);
    require_device_sees(&s, 0, OLD_BYTE, PAGES * EMU_PAGE_SIZE);
    emu_cache_clean(s.m, s.physical + PART, EMU_PAGE_SIZE);
    require_device_sees(&s, 0, OLD_BYTE, PART);
    require_device_sees(&s, PART, 'p', EMU_PAGE_SIZE);
    require_device_sees(&s, PART + EMU_PAGE_SIZE, OLD_BYTE, EMU_PAGE_SIZE - PART);
    emu_machine_destroy(s.m);
}

/* rule: EMU-CACHE-2 */
static void what_a_device_wrote_reaches_processors_when_it_is_invalidated(void **state)
{
    struct sides s;
    struct bare_picker picker;
    (void)state;
    open_sides(&s, &picker, 0);
    memset(s.memory, 'p', PAGES * EMU_PAGE_SIZE);
    emu_cache_clean(s.m, s.physical, PAGES * EMU_PAGE_SIZE);
    write_device(&s, PART, 'd', EMU_PAGE_SIZE);
    require_processor_sees(&s, 0, 'p', PAGES * EMU_PAGE_SIZE);
    require_device_sees(&s, PART, 'd', EMU_PAGE_SIZE);
    emu_cache_invalidate(s.m, s.physical + PART, EMU_PAGE_SIZE - 1);
    require_processor_sees(&s, 0, 'p', PART);
    require_processor_sees(&s, PART, 'd', EMU_PAGE_SIZE - 1);
    require_processor_sees(&s, PART + EMU_PAGE_SIZE - 1, 'p', 1);
    assert_int_equal(s.asked, 0);
    emu_machine_destroy(s.m);
}

/* rule: EMU-CACHE-3 */
static void a_line_that_nobody_cleaned_may_be_written_back_before_the_device_reads(void **state)
{
    for (uint32_t early = 0; early < 2; early++) {
        struct sides s;
        struct bare_picker picker;
        (void)state;
        open_sides(&s, &picker, early);
        memset(s.memory, 'p', EMU_PAGE_SIZE);
        emu_cache_clean(s.m, s.physical, EMU_PAGE_SIZE);
        require_device_sees(&s, 0, 'p', EMU_PAGE_SIZE);
        assert_int_equal(s.asked, 0);
        memset(s.memory, 'q', PART);
        require_device_sees(&s, 0, early ? 'q' : 'p', PART);
        assert_int_equal(s.asked, 1);
        assert_int_equal(s.count, 2);
        emu_machine_destroy(s.m);
    }
}

/* rule: EMU-CACHE-4 */
static void a_line_that_nobody_cleaned_may_be_written_back_over_what_the_device_wrote(void **state)
{
    for (uint32_t late = 0; late < 2; late++) {
        struct sides s;
        struct bare_picker picker;
        (void)state;
        open_sides(&s, &picker, late);
        memset(s.memory, 'p', EMU_PAGE_SIZE);
        emu_cache_clean(s.m, s.physical, EMU_PAGE_SIZE);
        memset(s.memory, 'q', EMU_CACHE_LINE);
        write_device(&s, 0, 'd', 2 * EMU_CACHE_LINE);
        assert_int_equal(s.asked, 1);
        emu_cache_invalidate(s.m, s.physical, EMU_PAGE_SIZE);
        require_processor_sees(&s, 0, late ? 'q' : 'd', EMU_CACHE_LINE);
        require_processor_sees(&s, EMU_CACHE_LINE, 'd', EMU_CACHE_LINE);
        require_processor_sees(&s, 2 * EMU_CACHE_LINE, 'p', EMU_PAGE_SIZE - 2 * EMU_CACHE_LINE);
        emu_machine_destroy(s.m);
    }
}

/* A buffer that begins and ends within lines, and what a processor writes around it meanwhile. */
static void transfer_a_part(struct sides *s, bool around)
{
    memset(s->memory, 'p', EMU_PAGE_SIZE);
    emu_cache_clean(s->m, s->physical + PART, PART_BYTES);
    write_device(s, PART, 'd', PART_BYTES);
    if (around)
        memset(s->memory + PART - 1, 'n', 1);
    emu_cache_invalidate(s->m, s->physical + PART, PART_BYTES);
}

/* rule: EMU-CACHE-5 */
static void neighbours_in_a_line_are_left_alone_where_nobody_wrote_them(void **state)
{
    struct sides s;
    struct bare_picker picker;
    (void)state;
    open_sides(&s, &picker, 1);
    transfer_a_part(&s, false);
    assert_int_equal(s.asked, 0);
    require_processor_sees(&s, 0, 'p', PART);
    require_processor_sees(&s, PART, 'd', PART_BYTES);
    require_processor_sees(&s, PART + PART_BYTES, 'p', EMU_PAGE_SIZE - PART - PART_BYTES);
    emu_machine_destroy(s.m);
}

/* rule: EMU-CACHE-5 */
static void who_writes_beside_a_buffer_in_its_line_may_lose_that_or_the_devices_bytes(void **state)
{
    enum { NOTHING, NEIGHBOUR, DEVICE, CASES };
    enum { LINE_END = (PART / EMU_CACHE_LINE + 1) * EMU_CACHE_LINE };
    for (uint32_t lost = 0; lost < CASES; lost++) {
        struct sides s;
        struct bare_picker picker;
        (void)state;
        open_sides(&s, &picker, lost);
        transfer_a_part(&s, true);
        assert_int_equal(s.asked, 1);
        assert_int_equal(s.count, CASES);
        require_processor_sees(&s, PART - 1, lost == NEIGHBOUR ? 'p' : 'n', 1);
        require_processor_sees(&s, PART, lost == DEVICE ? 'p' : 'd', LINE_END - PART);
        require_processor_sees(&s, LINE_END, 'd', PART + PART_BYTES - LINE_END);
        emu_machine_destroy(s.m);
    }
}

/* rule: EMU-CACHE-6 */
static void two_buffers_in_one_line_keep_what_their_devices_wrote(void **state)
{
    enum { HALF = EMU_CACHE_LINE / 2 };
    struct sides s;
    struct bare_picker picker;
    (void)state;
    open_sides(&s, &picker, 1);
    memset(s.memory, 'p', EMU_CACHE_LINE);
    emu_cache_clean(s.m, s.physical, HALF);
    write_device(&s, 0, 'a', HALF);
    emu_cache_clean(s.m, s.physical + HALF, HALF);
    write_device(&s, HALF, 'b', HALF);
    emu_cache_invalidate(s.m, s.physical + HALF, HALF);
    emu_cache_clean(s.m, s.physical + HALF, HALF);
    emu_cache_invalidate(s.m, s.physical, HALF);
    require_processor_sees(&s, 0, 'a', HALF);
    require_processor_sees(&s, HALF, 'b', HALF);
    assert_int_equal(s.asked, 0);
    emu_machine_destroy(s.m);
}

/* rule: EMU-CACHE-7 */
static void invalidating_a_part_of_a_line_forgets_nothing_of_other_lines(void **state)
{
    enum { OTHER = 10 * EMU_CACHE_LINE };
    struct sides s;
    struct bare_picker picker;
    (void)state;
    open_sides(&s, &picker, 0);
    memset(s.memory, 'p', EMU_PAGE_SIZE);
    emu_cache_clean(s.m, s.physical, EMU_PAGE_SIZE);
    write_device(&s, OTHER, 'd', EMU_CACHE_LINE);
    emu_cache_invalidate(s.m, s.physical + PART, 1);
    emu_cache_flush(s.m, s.physical, EMU_PAGE_SIZE);
    require_processor_sees(&s, OTHER, 'd', EMU_CACHE_LINE);
    emu_machine_destroy(s.m);
}

/* rule: EMU-CACHE-7 */
static void flushing_takes_of_each_line_what_was_written_last(void **state)
{
    struct sides s;
    struct bare_picker picker;
    (void)state;
    open_sides(&s, &picker, 0);
    memset(s.memory, 'p', PAGES * EMU_PAGE_SIZE);
    emu_cache_flush(s.m, s.physical, PAGES * EMU_PAGE_SIZE);
    require_device_sees(&s, 0, 'p', PAGES * EMU_PAGE_SIZE);
    write_device(&s, 0, 'd', EMU_PAGE_SIZE);
    memset(s.memory + EMU_PAGE_SIZE, 'q', EMU_PAGE_SIZE);
    emu_cache_flush(s.m, s.physical, PAGES * EMU_PAGE_SIZE);
    require_processor_sees(&s, 0, 'd', EMU_PAGE_SIZE);
    require_device_sees(&s, EMU_PAGE_SIZE, 'q', EMU_PAGE_SIZE);
    emu_machine_destroy(s.m);
}

/* rule: EMU-CACHE-8 */
static void shared_pages_are_the_same_for_both_until_they_are_freed(void **state)
{
    struct sides s;
    struct bare_picker picker;
    const struct emu_ram_request request = {.pages = PAGES, .contiguous = true};
    (void)state;
    open_sides(&s, &picker, 0);
    emu_cache_share(s.m, s.memory, PAGES, true);
    memset(s.memory, 'p', PAGES * EMU_PAGE_SIZE);
    require_device_sees(&s, 0, 'p', PAGES * EMU_PAGE_SIZE);
    write_device(&s, 1, 'd', 2);
    require_processor_sees(&s, 1, 'd', 2);
    emu_ram_free(s.m, s.memory, PAGES);
    s.memory = emu_ram_alloc(s.m, &request);
    s.physical = emu_ram_physical(s.m, s.memory);
    memset(s.memory, 'p', PAGES * EMU_PAGE_SIZE);
    require_device_sees(&s, 0, OLD_BYTE, PAGES * EMU_PAGE_SIZE);
    emu_machine_destroy(s.m);
}

/* rule: EMU-CACHE-1 */
static void a_reset_makes_memory_old_again(void **state)
{
    const struct emu_ram_request request = {.pages = PAGES, .contiguous = true};
    struct sides s;
    struct bare_picker picker;
    (void)state;
    open_sides(&s, &picker, 0);
    emu_cache_clean(s.m, s.physical, PAGES * EMU_PAGE_SIZE);
    require_device_sees(&s, 0, 0, PAGES * EMU_PAGE_SIZE);
    emu_machine_reset(s.m);
    s.memory = emu_ram_alloc(s.m, &request);
    s.physical = emu_ram_physical(s.m, s.memory);
    require_device_sees(&s, 0, OLD_BYTE, PAGES * EMU_PAGE_SIZE);
    emu_machine_destroy(s.m);
}

/* rule: EMU-CACHE-9 */
static void memory_of_every_kind_has_two_sides_and_what_is_none_is_refused(void **state)
{
    static unsigned char host[2 * EMU_PAGE_SIZE];
    unsigned char byte = 'd';
    struct sides s;
    struct bare_picker picker;
    (void)state;
    open_sides(&s, &picker, 0);
    uint64_t physical = emu_ram_physical(s.m, host + EMU_PAGE_SIZE);
    host[EMU_PAGE_SIZE] = 'p';
    emu_cache_clean(s.m, physical, 1);
    assert_int_equal(emu_bus_dma(s.m, CARD, physical, &byte, 1, true), EMU_DMA_DONE);
    assert_int_equal(host[EMU_PAGE_SIZE], 'p');
    emu_cache_invalidate(s.m, physical, 1);
    assert_int_equal(host[EMU_PAGE_SIZE], 'd');
    emu_cache_clean(s.m, 0, 2ull * EMU_PAGE_SIZE);
    assert_int_equal(emu_bus_dma(s.m, CARD, 0, &byte, 1, true), EMU_DMA_FAULT);
    emu_machine_destroy(s.m);
}

/* rule: EMU-CACHE-10 */
static void on_a_coherent_machine_nothing_of_this_matters(void **state)
{
    const struct emu_ram_request request = {.pages = 1};
    unsigned char byte = 'd';
    struct emu_machine *m = bare_machine(NULL);
    unsigned char *memory = emu_ram_alloc(m, &request);
    (void)state;
    emu_cache_share(m, memory, 1, true);
    emu_cache_clean(m, emu_ram_physical(m, memory), 1);
    assert_int_equal(emu_bus_dma(m, CARD, emu_ram_physical(m, memory), &byte, 1, true), EMU_DMA_DONE);
    assert_int_equal(memory[0], 'd');
    emu_cache_invalidate(m, emu_ram_physical(m, memory), 1);
    emu_cache_flush(m, emu_ram_physical(m, memory), 1);
    assert_int_equal(memory[0], 'd');
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_processor_wrote_reaches_devices_when_it_is_cleaned),
        cmocka_unit_test(what_a_device_wrote_reaches_processors_when_it_is_invalidated),
        cmocka_unit_test(a_line_that_nobody_cleaned_may_be_written_back_before_the_device_reads),
        cmocka_unit_test(a_line_that_nobody_cleaned_may_be_written_back_over_what_the_device_wrote),
        cmocka_unit_test(neighbours_in_a_line_are_left_alone_where_nobody_wrote_them),
        cmocka_unit_test(who_writes_beside_a_buffer_in_its_line_may_lose_that_or_the_devices_bytes),
        cmocka_unit_test(two_buffers_in_one_line_keep_what_their_devices_wrote),
        cmocka_unit_test(invalidating_a_part_of_a_line_forgets_nothing_of_other_lines),
        cmocka_unit_test(flushing_takes_of_each_line_what_was_written_last),
        cmocka_unit_test(shared_pages_are_the_same_for_both_until_they_are_freed),
        cmocka_unit_test(a_reset_makes_memory_old_again),
        cmocka_unit_test(memory_of_every_kind_has_two_sides_and_what_is_none_is_refused),
        cmocka_unit_test(on_a_coherent_machine_nothing_of_this_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
