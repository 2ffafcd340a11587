/*
 * Physical memory: what an allocation may ask for, and that addresses lead there and back.
 */
#include "bare.h"

static struct emu_ram_request pages(uint32_t count)
{
    return (struct emu_ram_request){.pages = count};
}

static uint64_t frame(struct emu_machine *m, const void *base, uint32_t page)
{
    return emu_ram_physical(m, (const char *)base + (size_t)page * EMU_PAGE_SIZE) >> EMU_PAGE_SHIFT;
}

/* There and back again, for the first and last byte of every page. */
static void assert_inverse(struct emu_machine *m, void *base, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        for (size_t byte = 0; byte < EMU_PAGE_SIZE; byte += EMU_PAGE_SIZE - 1) {
            char *address = (char *)base + (size_t)i * EMU_PAGE_SIZE + byte;
            uint64_t physical = emu_ram_physical(m, address);
            assert_true(physical != EMU_NO_ADDRESS);
            assert_ptr_equal(emu_ram_at(m, physical), address);
        }
}

/* rule: EMU-MEM-1 */
static void an_allocation_is_aligned_zeroed_and_has_a_frame_for_each_page(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    for (int round = 0; round < 3; round++) {
        struct emu_ram_request q = pages(17);
        unsigned char *base = emu_ram_alloc(m, &q);
        assert_non_null(base);
        assert_int_equal((uintptr_t)base % EMU_PAGE_SIZE, 0);
        for (size_t i = 0; i < 17 * EMU_PAGE_SIZE; i++)
            assert_int_equal(base[i], 0);
        assert_true(emu_ram_owns(m, base) && emu_ram_owns(m, base + 17 * EMU_PAGE_SIZE - 1));
        assert_inverse(m, base, 17);
        memset(base, 0xAA, 17 * EMU_PAGE_SIZE);
        if (round == 0)
            emu_ram_free(m, base, 17);
        else
            emu_machine_reset(m);
    }
    emu_machine_destroy(m);
}

/* rule: EMU-MEM-2 */
static void virtual_neighbours_are_not_physical_neighbours(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    struct emu_ram_request q = pages(16);
    void *base = emu_ram_alloc(m, &q);
    for (uint32_t i = 0; i + 1 < 16; i++)
        assert_true(frame(m, base, i) + 1 != frame(m, base, i + 1));
    emu_machine_destroy(m);
}

static uint32_t take_layout(void *context, const struct emu_decision *d)
{
    uint32_t *layout = context;
    if (d->kind != EMU_CHOICE_FRAMES)
        return 0;
    return *layout < d->count ? *layout : 0;
}

/* rule: EMU-MEM-3 */
static void frames_are_a_choice_of_the_hostile_profile_even_while_quiet(void **state)
{
    (void)state;
    enum { LAYOUTS = 3, PAGES = 8 };
    for (int typical = 0; typical < 2; typical++) {
        uint64_t frames[LAYOUTS][PAGES];
        for (uint32_t layout = 0; layout < LAYOUTS; layout++) {
            struct bare_picker picker;
            struct emu_machine *m = bare_machine(NULL);
            emu_machine_set_profile(m, typical ? EMU_PROFILE_TYPICAL : EMU_PROFILE_HOSTILE);
            bare_pick_with(m, &picker, take_layout, &layout);
            struct emu_ram_request q = {.pages = PAGES, .explore = true};
            emu_quiet_begin(m);
            void *base = emu_ram_alloc(m, &q);
            emu_quiet_end(m);
            assert_inverse(m, base, PAGES);
            for (uint32_t i = 0; i < PAGES; i++)
                frames[layout][i] = frame(m, base, i);
            assert_int_equal(emu_machine_record(m)->length, typical ? 0 : 1);
            q.explore = false;
            assert_non_null(emu_ram_alloc(m, &q));
            assert_int_equal(emu_machine_record(m)->length, typical ? 0 : 1);
            emu_machine_destroy(m);
        }
        for (uint32_t layout = 1; layout < LAYOUTS; layout++)
            assert_int_equal(memcmp(frames[0], frames[layout], sizeof frames[0]) == 0, typical);
        if (!typical) {
            assert_true(frames[1][1] == frames[1][0] + 1);
            assert_true(frames[2][0] >= EMU_4GIB >> EMU_PAGE_SHIFT);
            assert_true(frames[2][1] < EMU_4GIB >> EMU_PAGE_SHIFT);
        }
    }
    emu_machine_destroy(NULL);
}

static void assert_within(struct emu_machine *m, const void *base, const struct emu_ram_request *q)
{
    for (uint32_t i = 0; i < q->pages; i++) {
        uint64_t physical = frame(m, base, i) << EMU_PAGE_SHIFT;
        assert_true(physical >= q->lowest);
        assert_true(q->highest == 0 || physical + EMU_PAGE_SIZE - 1 <= q->highest);
        if (i == 0 && q->alignment != 0)
            assert_true(physical % q->alignment == 0);
        if (q->contiguous && i > 0)
            assert_true(frame(m, base, i) == frame(m, base, i - 1) + 1);
    }
    if (q->contiguous && q->boundary != 0) {
        uint64_t first = frame(m, base, 0) << EMU_PAGE_SHIFT;
        uint64_t last = first + ((uint64_t)q->pages << EMU_PAGE_SHIFT) - 1;
        assert_true(first / q->boundary == last / q->boundary);
    }
}

/* rule: EMU-MEM-4 */
static void limits_alignment_boundary_and_contiguity_are_kept(void **state)
{
    (void)state;
    static const struct emu_ram_request requests[] = {
        {.pages = 10, .highest = EMU_16MIB - 1},
        {.pages = 10, .highest = EMU_4GIB - 1},
        {.pages = 10, .lowest = EMU_4GIB},
        {.pages = 10, .lowest = EMU_4GIB, .contiguous = true},
        {.pages = 16, .highest = EMU_16MIB - 1, .alignment = 65536, .boundary = 65536, .contiguous = true},
        {.pages = 9, .alignment = 1 << 20, .contiguous = true},
        {.pages = 3, .alignment = 65536},
        {.pages = 3, .alignment = 65536, .lowest = EMU_4GIB},
        {.pages = 1, .lowest = 0x1001, .highest = 0x1234FFF},
        {.pages = 1, .lowest = 0x200000, .highest = 0x200FFF},
        {.pages = 1, .lowest = 0x201000, .highest = 0x201FFF, .contiguous = true},
        {.pages = 1, .lowest = 0x200001, .highest = 0x201FFF},
        {.pages = 15, .boundary = 65536, .contiguous = true},
        {.pages = 5, .highest = UINT64_MAX},
        {.pages = 100, .lowest = 0, .highest = UINT64_MAX, .contiguous = true},
    };
    struct emu_machine *m = bare_machine(NULL);
    for (int typical = 0; typical < 2; typical++)
        for (size_t i = 0; i < COUNT_OF(requests); i++) {
            void *base[3] = {NULL};
            for (int n = 0; n < 3; n++) {
                bool only_one = requests[i].highest != 0 && requests[i].highest - requests[i].lowest < 0x1FFF;
                base[n] = emu_ram_alloc(m, &requests[i]);
                assert_int_equal(base[n] != NULL, !only_one || n == 0);
                if (base[n] != NULL)
                    assert_within(m, base[n], &requests[i]);
            }
            for (int n = 0; n < 3; n++)
                if (base[n] != NULL)
                    emu_ram_free(m, base[n], requests[i].pages);
        }
    emu_machine_destroy(m);
}

/* rule: EMU-MEM-5 */
static void what_cannot_be_had_is_null(void **state)
{
    (void)state;
    static const struct emu_ram_request requests[] = {
        {.pages = 0},
        {.pages = UINT32_MAX},
        {.pages = 1, .highest = 0xFFF},
        {.pages = 1, .highest = 0x1FFE, .lowest = 0x1000},
        {.pages = 1, .lowest = 0x300000, .highest = 0x300FFE},
        {.pages = 1, .lowest = 1ull << 60},
        {.pages = 1, .lowest = EMU_4GIB, .highest = EMU_16MIB},
        {.pages = 1025, .lowest = EMU_4GIB},
        {.pages = 17, .boundary = 65536, .contiguous = true},
        {.pages = 1, .alignment = 1ull << 50, .contiguous = true},
        {.pages = 1, .alignment = 1ull << 44, .contiguous = true},
        {.pages = 1, .alignment = 1ull << 44},
        {.pages = 2049, .contiguous = true},
    };
    struct emu_machine *m = bare_machine(NULL);
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        assert_null(emu_ram_alloc(m, &requests[i]));
    struct emu_machine *low = bare_machine(&(struct emu_config){.ram_high_pages = EMU_NO_PAGES});
    assert_null(emu_ram_alloc(low, &(struct emu_ram_request){.pages = 1, .lowest = EMU_4GIB}));
    emu_machine_destroy(low);
    emu_machine_destroy(m);
}

/* rule: EMU-MEM-5 */
static void exhaustion_leaves_nothing_behind(void **state)
{
    (void)state;
    struct emu_machine *m =
        bare_machine(&(struct emu_config){.ram_low_pages = 8, .ram_mid_pages = 16, .ram_high_pages = 8});
    struct emu_ram_request one = {.pages = 1, .lowest = EMU_4GIB};
    for (int round = 0; round < 3; round++) {
        struct emu_ram_request nine_high = {.pages = 9, .lowest = EMU_4GIB};
        struct emu_ram_request aligned = {.pages = 9, .lowest = EMU_4GIB, .alignment = 16384};
        assert_null(emu_ram_alloc(m, &nine_high));
        nine_high.contiguous = true;
        assert_null(emu_ram_alloc(m, &nine_high));
        assert_null(emu_ram_alloc(m, &aligned));
        void *high[8];
        for (int i = 0; i < 8; i++)
            assert_non_null(high[i] = emu_ram_alloc(m, &one));
        assert_null(emu_ram_alloc(m, &one));
        struct emu_ram_request rest = pages(24);
        void *all = emu_ram_alloc(m, &rest);
        assert_non_null(all);
        assert_inverse(m, all, 24);
        assert_null(emu_ram_alloc(m, &(struct emu_ram_request){.pages = 1}));
        if (round == 1) {
            emu_machine_reset(m);
            continue;
        }
        for (int i = 0; i < 8; i++)
            emu_ram_free(m, high[i], 1);
        emu_ram_free(m, all, 24);
    }
    emu_machine_destroy(m);
}

/* rule: EMU-MEM-5 */
static void a_frame_that_was_given_back_is_found_again_in_every_layout(void **state)
{
    (void)state;
    enum { PAGES = 100, LAYOUTS = 3 };
    for (uint32_t layout = 0; layout < LAYOUTS; layout++)
        for (int which = 0; which < PAGES; which++) {
            void *base[PAGES];
            struct bare_picker picker;
            struct emu_machine *m = bare_machine(&(struct emu_config){.ram_mid_pages = PAGES});
            struct emu_ram_request q = {
                .pages = 1, .lowest = EMU_16MIB, .highest = EMU_4GIB - 1, .explore = true};
            bare_pick_with(m, &picker, take_layout, &layout);
            for (int i = 0; i < PAGES; i++)
                assert_non_null(base[i] = emu_ram_alloc(m, &q));
            assert_null(emu_ram_alloc(m, &q));
            emu_ram_free(m, base[which], 1);
            assert_non_null(emu_ram_alloc(m, &q));
            assert_null(emu_ram_alloc(m, &q));
            emu_machine_destroy(m);
        }
}

/* ---- Against a plain model ---- */

enum { HELD = 64, DEEDS = 6000, SHIFT_LOW = 12 };

struct held {
    unsigned char *base;
    uint32_t pages;
    unsigned char mark;
};

static bool overlap(const struct held *a, const struct held *b)
{
    return a->base < b->base + (size_t)b->pages * EMU_PAGE_SIZE &&
           b->base < a->base + (size_t)a->pages * EMU_PAGE_SIZE;
}

static void check_against_others(struct emu_machine *m, struct held *held, unsigned which)
{
    for (unsigned i = 0; i < HELD; i++) {
        if (i == which || held[i].base == NULL)
            continue;
        assert_false(overlap(&held[i], &held[which]));
        for (uint32_t a = 0; a < held[which].pages; a++)
            for (uint32_t b = 0; b < held[i].pages; b++)
                assert_true(frame(m, held[which].base, a) != frame(m, held[i].base, b));
    }
}

static struct emu_ram_request random_request(uint64_t *seed)
{
    struct emu_ram_request q = {.pages = 1 + bare_draw(seed) % 6, .explore = bare_draw(seed) % 2 != 0};
    q.contiguous = bare_draw(seed) % 3 == 0;
    q.alignment = bare_draw(seed) % 4 == 0 ? (uint64_t)1 << (SHIFT_LOW + bare_draw(seed) % 4) : 0;
    q.boundary = bare_draw(seed) % 4 == 0 ? (uint64_t)1 << (SHIFT_LOW + 3 + bare_draw(seed) % 2) : 0;
    switch (bare_draw(seed) % 4) {
    case 0:
        q.highest = EMU_16MIB - 1;
        break;
    case 1:
        q.highest = EMU_4GIB - 1;
        break;
    case 2:
        q.lowest = EMU_4GIB;
        break;
    default:
        break;
    }
    return q;
}

/* rule: EMU-MEM-6 */
static void random_churn_never_gives_a_page_or_a_frame_twice(void **state)
{
    (void)state;
    struct held held[HELD] = {0};
    uint64_t seed = 1618033988, strategy_seed = 5;
    uint32_t refused = 0;
    struct bare_picker picker;
    struct emu_machine *m =
        bare_machine(&(struct emu_config){.ram_low_pages = 40, .ram_mid_pages = 70, .ram_high_pages = 33});
    bare_pick_with(m, &picker, bare_random, &strategy_seed);
    for (unsigned deed = 0; deed < DEEDS; deed++) {
        unsigned i = bare_draw(&seed) % HELD;
        struct held *h = &held[i];
        if (h->base != NULL) {
            for (size_t at = 0; at < (size_t)h->pages * EMU_PAGE_SIZE; at += 512)
                assert_int_equal(h->base[at], h->mark);
            emu_ram_free(m, h->base, h->pages);
            *h = (struct held){0};
            continue;
        }
        struct emu_ram_request q = random_request(&seed);
        unsigned char *base = emu_ram_alloc(m, &q);
        if (base == NULL) {
            refused++;
            continue;
        }
        *h = (struct held){base, q.pages, (unsigned char)(1 + deed % 255)};
        for (size_t at = 0; at < (size_t)q.pages * EMU_PAGE_SIZE; at += 512)
            assert_int_equal(base[at], 0);
        assert_within(m, base, &q);
        assert_inverse(m, base, q.pages);
        check_against_others(m, held, i);
        memset(base, h->mark, (size_t)q.pages * EMU_PAGE_SIZE);
    }
    assert_true(refused < DEEDS / 4);
    for (unsigned i = 0; i < HELD; i++)
        if (held[i].base != NULL)
            emu_ram_free(m, held[i].base, held[i].pages);
    struct emu_ram_request all = pages(143);
    void *base = emu_ram_alloc(m, &all);
    assert_non_null(base);
    assert_inverse(m, base, 143);
    emu_machine_destroy(m);
}

static void free_wrongly(void *arg)
{
    struct emu_machine *m = arg;
    struct emu_ram_request q = pages(2);
    void *base = emu_ram_alloc(m, &q);
    emu_ram_free(m, base, 2);
    emu_ram_free(m, base, 2);
}

/* rule: EMU-MEM-6 */
static void freeing_twice_is_an_error_of_the_emulator(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    assert_int_equal(bare_dies_of(free_wrongly, m), SIGABRT);
    emu_machine_destroy(m);
}

/* ---- Addresses ---- */

/* rule: EMU-MEM-7 */
static void freed_pages_have_no_address_and_freed_frames_no_memory(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    struct emu_ram_request q = pages(2);
    char *base = emu_ram_alloc(m, &q);
    uint64_t physical = emu_ram_physical(m, base);
    emu_ram_free(m, base, 2);
    assert_true(emu_ram_physical(m, base) == EMU_NO_ADDRESS);
    assert_null(emu_ram_at(m, physical));
    assert_null(emu_ram_at(m, 0));
    assert_null(emu_ram_at(m, UINT64_MAX));
    emu_machine_destroy(m);
}

/* rule: EMU-MEM-8 */
static void host_memory_is_adopted_page_by_page_until_the_next_reset(void **state)
{
    (void)state;
    static char statics[3 * EMU_PAGE_SIZE];
    struct emu_machine *m = bare_machine(NULL);
    for (int round = 0; round < 3; round++) {
        char *second = statics + EMU_PAGE_SIZE + 7, *third = statics + 2 * EMU_PAGE_SIZE + 9;
        uint64_t a = emu_ram_physical(m, third);
        uint64_t b = emu_ram_physical(m, second);
        assert_true(a >= EMU_16MIB && a < EMU_4GIB);
        assert_int_equal(a % EMU_PAGE_SIZE, (uintptr_t)third % EMU_PAGE_SIZE);
        assert_true(b >> EMU_PAGE_SHIFT == (a >> EMU_PAGE_SHIFT) + 1);
        assert_true(emu_ram_physical(m, third) == a);
        assert_ptr_equal(emu_ram_at(m, a), third);
        assert_ptr_equal(emu_ram_at(m, b), second);
        assert_false(emu_ram_owns(m, third));
        emu_machine_reset(m);
        assert_null(emu_ram_at(m, a));
    }
    emu_machine_destroy(m);
}

struct stack_addresses {
    bool good;
};

static void stack_there_and_back(void *arg)
{
    struct stack_addresses *s = arg;
    struct emu_machine *m = emu_current();
    void *base;
    size_t bytes;
    emu_strand_stack(emu_strand_self(m), &base, &bytes);
    s->good = true;
    uint64_t last = EMU_NO_ADDRESS;
    for (size_t at = 0; at < bytes; at += EMU_PAGE_SIZE) {
        uint64_t physical = emu_ram_physical(m, (char *)base + at);
        s->good = s->good && emu_ram_at(m, physical) == (char *)base + at && physical != last + EMU_PAGE_SIZE;
        last = physical;
    }
}

/* rule: EMU-MEM-7 */
static void stacks_have_physical_addresses_too(void **state)
{
    (void)state;
    struct stack_addresses s[3] = {0};
    struct emu_machine *m = bare_machine(NULL);
    for (int i = 0; i < 3; i++)
        bare_start(m, "looks", 0, stack_there_and_back, &s[i]);
    bare_assert_idle(m);
    for (int i = 0; i < 3; i++)
        assert_true(s[i].good);
    emu_machine_destroy(m);
}

/* rule: EMU-MEM-9 */
static void copies_cross_pages_and_stop_where_memory_ends(void **state)
{
    (void)state;
    enum { BYTES = 3 * EMU_PAGE_SIZE };
    unsigned char out[BYTES], in[BYTES];
    struct emu_machine *m = bare_machine(NULL);
    struct emu_ram_request q = {.pages = 3, .contiguous = true};
    unsigned char *base = emu_ram_alloc(m, &q);
    uint64_t physical = emu_ram_physical(m, base);
    for (size_t i = 0; i < BYTES; i++)
        out[i] = (unsigned char)(i * 7);
    assert_true(emu_ram_write(m, physical, out, BYTES));
    assert_memory_equal(base, out, BYTES);
    assert_true(emu_ram_read(m, physical + 100, in, BYTES - 100));
    assert_memory_equal(in, out + 100, BYTES - 100);
    assert_true(emu_ram_read(m, physical, in, 0));
    memset(in, 0, BYTES);
    assert_false(emu_ram_read(m, physical + EMU_PAGE_SIZE, in, BYTES));
    assert_memory_equal(in, out + EMU_PAGE_SIZE, 2 * EMU_PAGE_SIZE);
    assert_false(emu_ram_write(m, 0, out, 1));
    assert_false(emu_ram_read(m, UINT64_MAX, in, 4));
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_is_aligned_zeroed_and_has_a_frame_for_each_page),
        cmocka_unit_test(virtual_neighbours_are_not_physical_neighbours),
        cmocka_unit_test(frames_are_a_choice_of_the_hostile_profile_even_while_quiet),
        cmocka_unit_test(limits_alignment_boundary_and_contiguity_are_kept),
        cmocka_unit_test(what_cannot_be_had_is_null),
        cmocka_unit_test(exhaustion_leaves_nothing_behind),
        cmocka_unit_test(a_frame_that_was_given_back_is_found_again_in_every_layout),
        cmocka_unit_test(random_churn_never_gives_a_page_or_a_frame_twice),
        cmocka_unit_test(freeing_twice_is_an_error_of_the_emulator),
        cmocka_unit_test(freed_pages_have_no_address_and_freed_frames_no_memory),
        cmocka_unit_test(host_memory_is_adopted_page_by_page_until_the_next_reset),
        cmocka_unit_test(stacks_have_physical_addresses_too),
        cmocka_unit_test(copies_cross_pages_and_stop_where_memory_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
