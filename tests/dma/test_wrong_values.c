/*
 * Every parameter of every operation with wrong values: a documented status, or a finding that names the
 * rule; the process goes on. The rows are in wrong/; what each operation gets besides is here: adapters that
 * are none, and interrupt levels that are wrong.
 *
 * Each row is run for the table's members, for those of version 1 under their older, exported names too, and
 * through the interposer (tests/drivers/interposer), which must not change what comes of it.
 */
#define _NTHAL_ 1
#include <ntddk.h>

#include "wrong/wrong.h"

#include <stdio.h>
#include <stdlib.h>

static const struct wrong_table *const tables[] = {&wrong_allocation, &wrong_mapping, &wrong_adapter,
                                                   &wrong_lists,      &wrong_common,  &wrong_domains};

enum { TABLES = sizeof tables / sizeof tables[0], NAME_BYTES = 128, TESTS_MAX = 2048 };

/* The exported functions, in the places of the members that they are. */
static DMA_OPERATIONS old_names(void)
{
    return (DMA_OPERATIONS){
        .PutDmaAdapter = HalPutDmaAdapter,
        .AllocateCommonBuffer = HalAllocateCommonBuffer,
        .FreeCommonBuffer = HalFreeCommonBuffer,
        .AllocateAdapterChannel = IoAllocateAdapterChannel,
        .FlushAdapterBuffers = IoFlushAdapterBuffers,
        .FreeAdapterChannel = IoFreeAdapterChannel,
        .FreeMapRegisters = IoFreeMapRegisters,
        .MapTransfer = IoMapTransfer,
        .ReadDmaCounter = HalReadDmaCounter,
    };
}

static bool has_old_name(const struct wrong_operation *o)
{
    DMA_OPERATIONS old = old_names();
    void *member;
    if (o->member == 0)
        return false;
    memcpy(&member, (char *)&old + o->member, sizeof member);
    return member != NULL;
}

/* ---- One run --------------------------------------------------------------------------------- */

/* Through what a call is made. */
enum way { BY_TABLE, BY_OLD_NAME, INTERPOSED };

struct trial {
    const struct wrong_operation *operation;
    const struct wrong_row *row;
    enum way way;
    bool remapped;
    KIRQL level;
    char name[NAME_BYTES];
};

static void make_call(void *context)
{
    const struct trial *t = context;
    struct wrong_call *c = emu_arena_alloc(emu_current(), sizeof *c);
    DMA_OPERATIONS old = old_names();
    wrong_interpose(t->way == INTERPOSED);
    t->operation->prepare(c);
    t->row->spoil(c);
    if (t->way == BY_OLD_NAME)
        c->table = &old;
    KIRQL before = KeGetCurrentIrql();
    if (t->level > before)
        KeRaiseIrql(t->level, &before);
    uint64_t result = t->operation->call(c);
    if (t->level > before)
        KeLowerIrql(before);
    bool as_expected = t->row->returns != NULL && t->row->returns(result);
    if (!as_expected)
        emu_finding_raise(emu_current(), "expectation", NULL, NULL, "%s returned 0x%llX", t->name,
                          (unsigned long long)result);
}

static struct emu_machine *plain, *remapped;

static void try_it(void **state)
{
    struct trial *t = *state;
    struct rig_outcome outcome;
    rig_run(t->remapped ? remapped : plain, make_call, t, &outcome);
    if (t->row->rule == NULL)
        rig_assert_idle(&outcome);
    else
        rig_assert_stopped(&outcome, t->row->rule, t->row->code);
}

/* ---- What every operation gets --------------------------------------------------------------- */

static void leave(struct wrong_call *c)
{
    (void)c;
}

static void null_adapter(struct wrong_call *c)
{
    c->DmaAdapter = NULL;
}

static void own_adapter(struct wrong_call *c)
{
    c->DmaAdapter = &c->own;
}

static void released_adapter(struct wrong_call *c)
{
    c->DmaAdapter = world_adapter(32);
    c->table->PutDmaAdapter(c->DmaAdapter);
}

static const struct wrong_row adapter_rows[] = {
    {NULL, "DmaAdapter", "null", null_adapter, STOPS("DMA-ADAPTER-14", "0xE6/19")},
    {NULL, "DmaAdapter", "foreign", own_adapter, STOPS("DMA-ADAPTER-15", NULL)},
    {NULL, "DmaAdapter", "released", released_adapter, STOPS("DMA-ADAPTER-16", "0xE6/18")},
};
enum { ADAPTER_ROWS = sizeof adapter_rows / sizeof adapter_rows[0] };

/* ---- The list of trials ---------------------------------------------------------------------- */

static struct trial trials[TESTS_MAX];
static struct CMUnitTest tests[TESTS_MAX];
static size_t count;

static void add(const struct wrong_operation *o, const struct wrong_row *row, KIRQL level, enum way way,
                bool on_remapped)
{
    struct trial *t = &trials[count];
    static const char *const ways[] = {"", " by its old name", " through the interposer"};
    if (count == TESTS_MAX)
        abort();
    *t = (struct trial){.operation = o, .row = row, .level = level, .way = way, .remapped = on_remapped};
    snprintf(t->name, sizeof t->name, "%s%s: %s %s, level %u", o->name, ways[way], row->parameter, row->value,
             level);
    tests[count++] = (struct CMUnitTest){t->name, try_it, NULL, NULL, t};
}

/* Levels that are told without verification: by the page, or by the pool that the operation asks. */
static const struct told {
    const char *operation;
    KIRQL above;
    const char *rule;
    const char *code;
} levels_told[] = {
    {"AllocateCommonBufferVector", PASSIVE_LEVEL, "DMA-VECTOR-9", "0x1DC/01"},
    {"FreeCommonBufferFromVector", PASSIVE_LEVEL, "DMA-VECTOR-9", "0x1DC/01"},
    {"FreeCommonBufferVector", PASSIVE_LEVEL, "DMA-VECTOR-9", "0x1DC/01"},
    {"GetScatterGatherList", DISPATCH_LEVEL, "EX-POOL-4", "0xC2/08"},
    {"GetScatterGatherListEx", DISPATCH_LEVEL, "EX-POOL-4", "0xC2/08"},
    {"BuildMdlFromScatterGatherList", DISPATCH_LEVEL, "KE-LEVEL-1", "0xC4/E5"},
    {"PutScatterGatherList", DISPATCH_LEVEL, "EX-POOL-4", "0xC2/09"},
};

/* A call that is right in everything but its level: it is performed all the same, or told. */
static void add_level(const struct wrong_operation *o, const struct wrong_table *table, KIRQL level,
                      enum way way)
{
    static struct wrong_row rows[TESTS_MAX];
    static size_t used;
    struct wrong_row *row = &rows[used++];
    *row = (struct wrong_row){o->name, "nothing", "wrong", leave, RETURNS(o->good)};
    for (size_t i = 0; i < sizeof levels_told / sizeof levels_told[0]; i++)
        if (strcmp(levels_told[i].operation, o->name) == 0 && level > levels_told[i].above) {
            row->rule = levels_told[i].rule;
            row->code = levels_told[i].code;
        }
    add(o, row, level, way, table->remapped);
}

static void add_all(const struct wrong_operation *o, const struct wrong_table *table, enum way way)
{
    add_level(o, table, PASSIVE_LEVEL, way);
    add_level(o, table, DISPATCH_LEVEL, way);
    if (way != INTERPOSED) /* whose pool has levels of its own */
        add_level(o, table, WRONG_LEVEL, way);
    if (o->member != 0 && way != INTERPOSED)
        for (size_t i = 0; i < ADAPTER_ROWS; i++)
            add(o, &adapter_rows[i], PASSIVE_LEVEL, way, table->remapped);
    for (size_t i = 0; i < table->row_count; i++)
        if (strcmp(table->rows[i].operation, o->name) == 0 &&
            (way != INTERPOSED || strcmp(table->rows[i].parameter, "DmaAdapter") != 0))
            add(o, &table->rows[i], PASSIVE_LEVEL, way, table->remapped);
}

/* ---- Completeness ---------------------------------------------------------------------------- */

/* The operation in that place of the table. */
static const struct wrong_operation *operation_at(size_t member)
{
    for (size_t t = 0; t < TABLES; t++)
        for (size_t i = 0; i < tables[t]->operation_count; i++)
            if (tables[t]->operations[i]->member == member)
                return tables[t]->operations[i];
    return NULL;
}

static void every_member_of_the_table_is_tried(void **state)
{
    (void)state;
    for (size_t at = sizeof(void *); at < sizeof(DMA_OPERATIONS); at += sizeof(void *))
        if (operation_at(at) == NULL)
            fail_msg("the member at offset %zu has no wrong values", at);
}

static bool has_row(const char *operation, const char *parameter, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(trials[i].operation->name, operation) == 0 &&
            strncmp(trials[i].row->parameter, parameter, length) == 0 &&
            trials[i].row->parameter[length] == '\0')
            return true;
    return false;
}

/* A call names its parameters as "c->Mdl, c->Length". */
static void every_parameter_has_wrong_values(void **state)
{
    (void)state;
    for (size_t t = 0; t < TABLES; t++)
        for (size_t i = 0; i < tables[t]->operation_count; i++) {
            const struct wrong_operation *o = tables[t]->operations[i];
            for (const char *p = strstr(o->parameters, "c->"); p != NULL; p = strstr(p, "c->")) {
                p += strlen("c->");
                size_t length = strcspn(p, ", ");
                if (!has_row(o->name, p, length))
                    fail_msg("%s has no wrong value for %.*s", o->name, (int)length, p);
            }
        }
}

static void every_row_is_of_an_operation_and_one_of_its_parameters(void **state)
{
    (void)state;
    for (size_t t = 0; t < TABLES; t++)
        for (size_t i = 0; i < tables[t]->row_count; i++) {
            const struct wrong_row *row = &tables[t]->rows[i];
            bool found = false;
            for (size_t k = 0; k < tables[t]->operation_count && !found; k++)
                found = strcmp(tables[t]->operations[k]->name, row->operation) == 0 &&
                        strstr(tables[t]->operations[k]->parameters, row->parameter) != NULL;
            if (!found)
                fail_msg("no operation %s with a parameter %s", row->operation, row->parameter);
        }
}

int main(void)
{
    const struct CMUnitTest completeness[] = {
        cmocka_unit_test(every_member_of_the_table_is_tried),
        cmocka_unit_test(every_parameter_has_wrong_values),
        cmocka_unit_test(every_row_is_of_an_operation_and_one_of_its_parameters),
    };
    for (size_t t = 0; t < TABLES; t++)
        for (size_t i = 0; i < tables[t]->operation_count; i++) {
            const struct wrong_operation *o = tables[t]->operations[i];
            add_all(o, tables[t], BY_TABLE);
            if (has_old_name(o))
                add_all(o, tables[t], BY_OLD_NAME);
            if (o->member != 0)
                add_all(o, tables[t], INTERPOSED);
        }
    struct haldma_config config = world_config();
    plain = world_machine(&config);
    config.remapping = true;
    remapped = world_machine(&config);
    int failed = _cmocka_run_group_tests("dma.wrong_values", tests, count, NULL, NULL);
    emu_machine_destroy(plain);
    emu_machine_destroy(remapped);
    return failed + cmocka_run_group_tests_name("dma.wrong_values completeness", completeness, NULL, NULL);
}
