/*
 * The bus: register windows, ports, and devices' access to memory.
 */
#include "bare.h"

struct device {
    uint64_t last_offset, last_value, answer;
    unsigned last_width;
    unsigned reads, writes;
};

static uint64_t read_register(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    struct device *d = device;
    (void)m;
    d->last_offset = offset;
    d->last_width = width;
    d->reads++;
    return d->answer;
}

static void write_register(void *device, struct emu_machine *m, uint64_t offset, unsigned width,
                           uint64_t value)
{
    struct device *d = device;
    (void)m;
    d->last_offset = offset;
    d->last_width = width;
    d->last_value = value;
    d->writes++;
}

static const struct emu_register_ops ops = {.read = read_register, .write = write_register};

#define WINDOW 0xE0000000ull

/* ---- Windows ---- */

/* rule: EMU-BUS-1 */
static void overlapping_misplaced_and_empty_windows_are_refused(void **state)
{
    (void)state;
    struct device d = {0};
    struct emu_machine *m = bare_machine(NULL);
    assert_true(emu_bus_add_window(m, "a", WINDOW, 0x3000, &ops, &d));
    assert_false(emu_bus_add_window(m, "same", WINDOW, 0x1000, &ops, &d));
    assert_false(emu_bus_add_window(m, "inside", WINDOW + 0x1000, 0x1000, &ops, &d));
    assert_false(emu_bus_add_window(m, "last page", WINDOW + 0x2000, 0x2000, &ops, &d));
    assert_false(emu_bus_add_window(m, "around", WINDOW - 0x1000, 0x8000, &ops, &d));
    assert_false(emu_bus_add_window(m, "before and into", WINDOW - 0x1000, 0x1001, &ops, &d));
    assert_true(emu_bus_add_window(m, "just before", WINDOW - 0x1000, 0x1000, &ops, &d));
    assert_true(emu_bus_add_window(m, "just after", WINDOW + 0x3000, 0x1000, &ops, &d));
    assert_false(emu_bus_add_window(m, "not aligned", WINDOW + 0x10100, 0x1000, &ops, &d));
    assert_false(emu_bus_add_window(m, "empty", WINDOW + 0x10000, 0, &ops, &d));
    assert_false(emu_bus_add_window(m, "beyond the end", UINT64_MAX - 0xFFF, 0x2000, &ops, &d));
    emu_machine_reset(m);
    assert_true(emu_bus_add_window(m, "again", WINDOW, 0x1000, &ops, &d));
    emu_machine_destroy(m);
}

/* rule: EMU-BUS-1 */
static void a_window_in_ram_is_refused_whether_its_frames_are_used_or_not(void **state)
{
    (void)state;
    struct device d = {0};
    struct emu_machine *m = bare_machine(NULL);
    char *page = emu_ram_alloc(m, &(struct emu_ram_request){.pages = 1});
    uint64_t used = emu_ram_physical(m, page) & ~(uint64_t)(EMU_PAGE_SIZE - 1);
    assert_false(emu_bus_add_window(m, "used", used, 0x1000, &ops, &d));
    assert_false(emu_bus_add_window(m, "last page used", used - 0x1000, 0x2000, &ops, &d));
    assert_false(emu_bus_add_window(m, "first low frame", 0x100000, 0x1000, &ops, &d));
    assert_false(emu_bus_add_window(m, "first mid frame", EMU_16MIB, 0x1000, &ops, &d));
    assert_false(emu_bus_add_window(m, "first high frame", EMU_4GIB, 0x1000, &ops, &d));
    assert_false(emu_bus_add_window(m, "up to 4 GiB and over", EMU_4GIB - 0x1000, 0x2000, &ops, &d));
    assert_false(emu_bus_add_window(m, "stacks", 0x80000000, 0x1000, &ops, &d));
    assert_false(emu_bus_add_window(m, "adopted pages", 0xC0000000, 0x1000, &ops, &d));
    assert_true(emu_bus_add_window(m, "below", 0xA0000, 0x20000, &ops, &d));
    assert_true(
        emu_bus_add_window(m, "after the mid bank", EMU_16MIB + 2048 * EMU_PAGE_SIZE, 0x1000, &ops, &d));
    assert_true(emu_bus_add_window(m, "up to 4 GiB", EMU_4GIB - 0x1000, 0x1000, &ops, &d));
    assert_true(emu_bus_add_window(m, "far up", 1ull << 40, 0x1000, &ops, &d));
    emu_machine_destroy(m);
}

/* rule: EMU-BUS-2 */
static void only_ranges_inside_one_window_are_mapped(void **state)
{
    (void)state;
    struct device d = {0};
    struct emu_machine *m = bare_machine(NULL);
    assert_true(emu_bus_add_window(m, "a", WINDOW, 0x1800, &ops, &d));
    assert_true(emu_bus_add_window(m, "b", WINDOW + 0x2000, 0x1000, &ops, &d));
    assert_null(emu_bus_map(m, WINDOW, 0));
    assert_null(emu_bus_map(m, WINDOW - 0x1000, 0x1000));
    assert_null(emu_bus_map(m, WINDOW, 0x1801));
    assert_null(emu_bus_map(m, WINDOW + 0x1000, 0x1000));
    char *a = emu_bus_map(m, WINDOW + 0x104, 0x1600);
    char *b = emu_bus_map(m, WINDOW + 0x2000, 0x1000);
    char *again = emu_bus_map(m, WINDOW + 0x104, 4);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(again);
    assert_ptr_not_equal(a, again);
    assert_true(emu_bus_physical(m, a) == WINDOW + 0x104);
    assert_true(emu_bus_physical(m, a + 0x1000) == WINDOW + 0x1104);
    assert_true(emu_bus_physical(m, again) == WINDOW + 0x104);
    assert_true(emu_ram_physical(m, b) == WINDOW + 0x2000);
    assert_true(emu_bus_physical(m, &d) == EMU_NO_ADDRESS);
    assert_null(emu_ram_at(m, WINDOW));
    assert_false(emu_ram_owns(m, a));
    emu_machine_destroy(m);
}

/* rule: EMU-BUS-2 */
static void a_mapping_ends_at_its_first_address_only_and_is_used_again(void **state)
{
    (void)state;
    struct device d = {0};
    struct emu_machine *m = bare_machine(NULL);
    assert_true(emu_bus_add_window(m, "a", WINDOW, 0x10000, &ops, &d));
    char *a = emu_bus_map(m, WINDOW + 0x10, 0x2000);
    assert_false(emu_bus_unmap(m, a + 4));
    assert_false(emu_bus_unmap(m, a - 0x10));
    assert_false(emu_bus_unmap(m, a + 0x1000));
    assert_false(emu_bus_unmap(m, &d));
    assert_false(emu_bus_unmap(m, NULL));
    assert_true(emu_bus_unmap(m, a));
    assert_false(emu_bus_unmap(m, a));
    assert_true(emu_bus_physical(m, a) == EMU_NO_ADDRESS);
    for (int i = 0; i < 10000; i++) {
        char *p = emu_bus_map(m, WINDOW, 0x10000);
        assert_non_null(p);
        assert_true(emu_bus_unmap(m, p));
    }
    emu_machine_destroy(m);
}

static void touch(void *arg)
{
    *(volatile char *)arg = 1;
}

/* rule: EMU-BUS-2 */
static void touching_a_register_directly_faults(void **state)
{
    (void)state;
    struct device d = {0};
    struct emu_machine *m = bare_machine(NULL);
    assert_true(emu_bus_add_window(m, "a", WINDOW, 0x1000, &ops, &d));
    assert_int_equal(bare_dies_of(touch, emu_bus_map(m, WINDOW, 0x1000)), SIGSEGV);
    emu_machine_destroy(m);
}

/* ---- Registers ---- */

struct access {
    struct device *device;
    char *base;
    char *ram;
    uint64_t read_value;
    bool good;
    uint64_t steps;
};

static void use_registers(void *arg)
{
    struct access *a = arg;
    struct device *d = a->device;
    struct emu_machine *m = emu_current();
    static const unsigned widths[] = {1, 2, 4, 8};
    a->good = true;
    for (size_t i = 0; i < COUNT_OF(widths); i++) {
        uint64_t offset = 0x1000 + 8 * i;
        d->answer = 0x1122334455667788ull + i;
        a->good = a->good && emu_bus_read(m, a->base + offset, widths[i], &a->read_value) &&
                  a->read_value == d->answer && d->last_offset == 0x100 + offset &&
                  d->last_width == widths[i];
        a->good = a->good && emu_bus_write(m, a->base + offset, widths[i], 77 + i) &&
                  d->last_value == 77 + i && d->last_offset == 0x100 + offset && d->last_width == widths[i];
    }
    a->steps = emu_steps(m);
    /* The window's last byte, and one beyond it. */
    a->good = a->good && emu_bus_read(m, a->base + 0x1EFF, 1, &a->read_value);
    a->good = a->good && !emu_bus_read(m, a->base + 0x1EFF, 2, &a->read_value);
    a->good = a->good && !emu_bus_write(m, a->base + 0x1EFD, 4, 0);
    /* Memory in place of registers. */
    a->read_value = UINT64_MAX;
    a->good = a->good && emu_bus_write(m, a->ram, 4, 0x99AABBCCDDEEFF00ull) &&
              emu_bus_read(m, a->ram, 4, &a->read_value) && a->read_value == 0xDDEEFF00u;
    a->good = a->good && emu_bus_read(m, a->ram, 8, &a->read_value) && a->read_value == 0xDDEEFF00u;
    a->good = a->good && !emu_bus_read(m, NULL, 4, &a->read_value) && !emu_bus_write(m, d, 4, 0);
}

/* rule: EMU-BUS-3 */
static void registers_get_offset_and_width_in_one_step_each(void **state)
{
    (void)state;
    struct device d = {0};
    struct access a = {.device = &d};
    /* In the other profile writes are posted, and arrive in a step of their own. */
    struct emu_machine *m = bare_machine(&(struct emu_config){.profile = EMU_PROFILE_TYPICAL});
    assert_true(emu_bus_add_window(m, "a", WINDOW, 0x2000, &ops, &d));
    a.base = emu_bus_map(m, WINDOW + 0x100, 0x1F00);
    a.ram = emu_ram_alloc(m, &(struct emu_ram_request){.pages = 1});
    bare_start(m, "driver", 0, use_registers, &a);
    bare_assert_idle(m);
    assert_true(a.good);
    assert_int_equal(a.steps, 8);
    assert_int_equal(d.writes, 4);
    emu_machine_destroy(m);
}

static void use_ports(void *arg)
{
    struct access *a = arg;
    struct device *d = a->device;
    struct emu_machine *m = emu_current();
    d->answer = 0x5A;
    a->good = emu_port_read(m, 0x10, 1, &a->read_value) && a->read_value == 0x5A && d->last_offset == 0;
    a->good =
        a->good && emu_port_write(m, 0x1E, 2, 0x1234) && d->last_offset == 14 && d->last_value == 0x1234;
    a->good = a->good && !emu_port_read(m, 0x1F, 2, &a->read_value) && !emu_port_write(m, 0x20, 1, 0) &&
              !emu_port_read(m, 0x0F, 1, &a->read_value) && !emu_port_write(m, UINT32_MAX, 1, 0);
}

/* rule: EMU-BUS-4 */
static void ports_are_a_space_of_their_own(void **state)
{
    (void)state;
    struct device d = {0};
    struct access a = {.device = &d};
    struct emu_machine *m = bare_machine(NULL);
    assert_true(emu_bus_add_ports(m, "dma", 0x10, 0x10, &ops, &d));
    assert_false(emu_bus_add_ports(m, "overlap", 0x1F, 1, &ops, &d));
    assert_false(emu_bus_add_ports(m, "empty", 0x40, 0, &ops, &d));
    assert_false(emu_bus_add_ports(m, "too high", 0xFFFF, 2, &ops, &d));
    assert_false(emu_bus_add_ports(m, "too high", 0x10000, 1, &ops, &d));
    assert_true(emu_bus_add_ports(m, "last", 0xFFFF, 1, &ops, &d));
    assert_true(emu_bus_add_window(m, "window at the same number", 0, 0x1000, &ops, &d));
    bare_start(m, "driver", 0, use_ports, &a);
    bare_assert_idle(m);
    assert_true(a.good);
    emu_machine_destroy(m);
}

/* ---- Devices' access to memory ---- */

/* rule: EMU-BUS-5 */
static void without_a_translator_logical_is_physical(void **state)
{
    (void)state;
    unsigned char buffer[2 * EMU_PAGE_SIZE];
    struct device d = {0};
    struct emu_machine *m = bare_machine(NULL);
    unsigned char *base = emu_ram_alloc(m, &(struct emu_ram_request){.pages = 2, .contiguous = true});
    uint64_t physical = emu_ram_physical(m, base);
    memset(buffer, 0x3C, sizeof buffer);
    assert_int_equal(emu_bus_dma(m, 1, physical + 5, buffer, 5000, true), EMU_DMA_DONE);
    assert_int_equal(base[4], 0);
    assert_int_equal(base[5], 0x3C);
    assert_int_equal(base[5004], 0x3C);
    assert_int_equal(base[5005], 0);
    base[6] = 0x11;
    assert_int_equal(emu_bus_dma(m, 1, physical + 5, buffer, 2, false), EMU_DMA_DONE);
    assert_int_equal(buffer[1], 0x11);
    assert_int_equal(emu_bus_dma(m, 1, physical, buffer, 0, false), EMU_DMA_DONE);
    assert_int_equal(emu_bus_dma(m, 1, physical + EMU_PAGE_SIZE, buffer, sizeof buffer, true), EMU_DMA_FAULT);
    assert_int_equal(emu_bus_dma(m, 1, 0, buffer, 1, false), EMU_DMA_FAULT);
    assert_true(emu_bus_add_window(m, "a", WINDOW, 0x1000, &ops, &d));
    assert_int_equal(emu_bus_dma(m, 1, WINDOW, buffer, 4, false), EMU_DMA_FAULT);
    assert_int_equal(d.reads, 0);
    emu_machine_destroy(m);
}

enum { TABLE_PAGES = 4, REQUESTER = 7, CHUNK = 1000 };

/* Logical pages 0x100.. in the order of a table; only one requester; the last page can only be read. */
struct table {
    uint64_t physical[TABLE_PAGES];
    unsigned asked;
    bool short_runs;
};

static uint64_t translate(struct emu_machine *m, void *context, emu_requester requester, uint64_t logical,
                          bool to_memory, size_t *run)
{
    struct table *t = context;
    uint64_t page = (logical >> EMU_PAGE_SHIFT) - 0x100;
    uint64_t within = logical & (EMU_PAGE_SIZE - 1);
    (void)m;
    t->asked++;
    if (requester != REQUESTER || page >= TABLE_PAGES || (to_memory && page == TABLE_PAGES - 1))
        return EMU_NO_ADDRESS;
    *run = EMU_PAGE_SIZE - within;
    if (t->short_runs && *run > CHUNK)
        *run = CHUNK;
    return t->physical[page] + within;
}

/* rule: EMU-BUS-6 */
static void a_translator_decides_page_by_page(void **state)
{
    (void)state;
    for (int short_runs = 0; short_runs < 2; short_runs++) {
        unsigned char out[TABLE_PAGES * EMU_PAGE_SIZE], in[TABLE_PAGES * EMU_PAGE_SIZE];
        struct table t = {.short_runs = short_runs != 0};
        struct emu_machine *m = bare_machine(NULL);
        unsigned char *base = emu_ram_alloc(m, &(struct emu_ram_request){.pages = TABLE_PAGES});
        for (int i = 0; i < TABLE_PAGES; i++)
            t.physical[i] = emu_ram_physical(m, base + (size_t)(TABLE_PAGES - 1 - i) * EMU_PAGE_SIZE);
        emu_bus_set_translator(m, translate, &t);
        for (size_t i = 0; i < sizeof out; i++)
            out[i] = (unsigned char)(i * 13 >> 3);
        size_t writable = 3 * EMU_PAGE_SIZE - 10;
        assert_int_equal(emu_bus_dma(m, REQUESTER, 0x10000A, out, writable, true), EMU_DMA_DONE);
        assert_int_equal(t.asked, short_runs ? 15 : 3);
        assert_memory_equal(base + 3 * EMU_PAGE_SIZE + 10, out, EMU_PAGE_SIZE - 10);
        assert_memory_equal(base + 2 * EMU_PAGE_SIZE, out + EMU_PAGE_SIZE - 10, EMU_PAGE_SIZE);
        assert_int_equal(emu_bus_dma(m, REQUESTER, 0x10000A, in, writable + 20, false), EMU_DMA_DONE);
        assert_memory_equal(in, out, writable);
        assert_int_equal(emu_bus_dma(m, REQUESTER, 0x102FFF, out, 2, true), EMU_DMA_FAULT);
        assert_int_equal(emu_bus_dma(m, REQUESTER, 0x103FFF, in, 2, false), EMU_DMA_FAULT);
        assert_int_equal(emu_bus_dma(m, REQUESTER + 1, 0x100000, in, 1, false), EMU_DMA_FAULT);
        assert_int_equal(emu_bus_dma(m, REQUESTER, 0, in, 1, false), EMU_DMA_FAULT);
        emu_bus_set_translator(m, NULL, NULL);
        assert_int_equal(emu_bus_dma(m, 0, t.physical[0], in, 1, false), EMU_DMA_DONE);
        emu_bus_set_translator(m, translate, &t);
        emu_machine_reset(m);
        assert_int_equal(emu_bus_dma(m, REQUESTER, 0x100000, in, 1, false), EMU_DMA_FAULT);
        emu_machine_destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlapping_misplaced_and_empty_windows_are_refused),
        cmocka_unit_test(a_window_in_ram_is_refused_whether_its_frames_are_used_or_not),
        cmocka_unit_test(only_ranges_inside_one_window_are_mapped),
        cmocka_unit_test(a_mapping_ends_at_its_first_address_only_and_is_used_again),
        cmocka_unit_test(touching_a_register_directly_faults),
        cmocka_unit_test(registers_get_offset_and_width_in_one_step_each),
        cmocka_unit_test(ports_are_a_space_of_their_own),
        cmocka_unit_test(without_a_translator_logical_is_physical),
        cmocka_unit_test(a_translator_decides_page_by_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
