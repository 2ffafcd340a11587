/*
 * The trace: operations' names, entries and printed text, kept while recording. The hash is step.c's.
 */
#include "emu/checkpoint.h"

#include <stdlib.h>
#include <string.h>

enum {
    TRACE_ENTRIES = 1 << 20, /* a power of two: the newest are kept */
    TEXT_BYTES = 1 << 22,
    WORD = 8,
    INDEX_BITS = 8,
    INDEX_MASK = (1 << INDEX_BITS) - 1,
};

static const struct emu_op_info own_ops[EMU_OWN_OPS] = {
    [EMU_OP_NONE] = {"nothing", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_STRAND_START] = {"start", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_STRAND_EXIT] = {"exit", EMU_ACCESS_WRITE, NULL},
    [EMU_OP_STRAND_RUN] = {"run", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_STRAND_READY] = {"ready", EMU_ACCESS_WRITE, NULL},
    [EMU_OP_INTERRUPT] = {"interrupt", EMU_ACCESS_WRITE, NULL},
    [EMU_OP_INTERRUPT_END] = {"end of interrupt", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_SOFT] = {"software interrupt", EMU_ACCESS_WRITE, "level"},
    [EMU_OP_SOFT_END] = {"end of software interrupt", EMU_ACCESS_LOCAL, "level"},
    [EMU_OP_LINE_RAISE] = {"raise line", EMU_ACCESS_WRITE, "processor"},
    [EMU_OP_LINE_LOWER] = {"lower line", EMU_ACCESS_WRITE, NULL},
    [EMU_OP_ENGINE] = {"device engine", EMU_ACCESS_WRITE, NULL},
    [EMU_OP_EVENT] = {"timer", EMU_ACCESS_WRITE, NULL},
    [EMU_OP_STALL] = {"stall", EMU_ACCESS_READ, "ns"},
    [EMU_OP_PRINT] = {"print", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_CHOICE] = {"choice", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_REGISTER_READ] = {"read register", EMU_ACCESS_WRITE, "#offset"},
    [EMU_OP_REGISTER_VALUE] = {"register", EMU_ACCESS_LOCAL, "#value"},
    [EMU_OP_REGISTER_WRITE] = {"write register", EMU_ACCESS_WRITE, "#offset"},
    [EMU_OP_REGISTER_POST] = {"post register write", EMU_ACCESS_WRITE, "#offset"},
    [EMU_OP_REGISTER_ARRIVE] = {"register write arrives", EMU_ACCESS_LOCAL, "#offset"},
    [EMU_OP_PORT_READ] = {"read port", EMU_ACCESS_WRITE, "#port"},
    [EMU_OP_PORT_WRITE] = {"write port", EMU_ACCESS_WRITE, "#port"},
    [EMU_OP_FRAMES] = {"frames", EMU_ACCESS_LOCAL, "layout"},
    [EMU_OP_CACHE] = {"cache line", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_FINDING] = {"finding", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_MEMORY_READ] = {"read", EMU_ACCESS_READ, "bytes"},
    [EMU_OP_MEMORY_WRITE] = {"write", EMU_ACCESS_WRITE, "bytes"},
    [EMU_OP_MEMORY_ATOMIC] = {"atomic operation", EMU_ACCESS_WRITE, "bytes"},
    [EMU_OP_MISDEED] = {"misbehaving hardware", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_MISDEED_EARLY] = {"interrupt before its time", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_MISDEED_LATE] = {"interrupt comes late", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_MISDEED_TWICE] = {"interrupt comes twice", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_MISDEED_SPURIOUS] = {"interrupt without a cause", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_MISDEED_NEVER] = {"interrupt never comes", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_MISDEED_SHORT] = {"transfer ends short", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_MISDEED_ERROR] = {"device reports an error", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_MISDEED_BEYOND] = {"device writes beyond its list", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_MISDEED_STATUS_FIRST] = {"status before data", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_MISDEED_AFTER_RESET] = {"transfer goes on after its end", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_MISDEED_COUNT] = {"count stays behind", EMU_ACCESS_LOCAL, NULL},
    [EMU_OP_REMOVED] = {"device is gone", EMU_ACCESS_WRITE, NULL},
};

void emu_describe_ops(struct emu_machine *m, emu_op base, const struct emu_op_info *ops, unsigned count)
{
    EMU_ASSERT(emu_layer_of(base) < EMU_OP_LAYERS && count <= INDEX_MASK + 1u);
    m->ops[emu_layer_of(base)] = ops;
    m->op_counts[emu_layer_of(base)] = count;
}

const struct emu_op_info *emu_op_info(const struct emu_machine *m, emu_op op)
{
    unsigned layer = emu_layer_of(op);
    unsigned index = op & INDEX_MASK;
    if (layer >= EMU_OP_LAYERS || index >= m->op_counts[layer] || m->ops[layer][index].name == NULL)
        return &own_ops[EMU_OP_NONE];
    return &m->ops[layer][index];
}

void emu_trace_reset(struct emu_machine *m)
{
    emu_describe_ops(m, EMU_OP_BASE, own_ops, EMU_OWN_OPS);
    m->trace_written = 0;
    m->trace_race = 0;
    m->text_used = 0;
    m->tracing = m->trace_wanted && m->trace != NULL;
}

void emu_trace_destroy(struct emu_machine *m)
{
    free(m->trace);
    free(m->text);
}

void emu_trace_record(struct emu_machine *m, bool on)
{
    m->trace_wanted = on;
    if (!on || m->trace != NULL)
        return;
    m->trace = malloc(TRACE_ENTRIES * sizeof *m->trace);
    m->text = malloc(TEXT_BYTES);
    EMU_ASSERT(m->trace != NULL && m->text != NULL);
}

void emu_trace_add(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg, const char *text)
{
    const struct emu_strand *s = m->self;
    struct emu_callers callers;
    emu_callers_take_innermost(m, &callers);
    m->trace[m->trace_written++ % TRACE_ENTRIES] = (struct emu_trace_entry){
        .time = m->now,
        .arg = arg,
        .step = (uint32_t)m->steps,
        .object = object,
        .strand = s->object,
        .op = op,
        .cpu = s->cpu,
        .level = m->cpus[s->cpu].level,
        .module = callers.count > 0 ? (uint8_t)(callers.module[0] + 1) : 0,
        .offset = callers.count > 0 ? callers.offset[0] : 0,
        .text = text,
    };
}

void emu_trace_callers(const struct emu_trace_entry *entry, struct emu_callers *callers)
{
    callers->count = entry->module > 0;
    callers->module[0] = (uint8_t)(entry->module - 1);
    callers->offset[0] = entry->offset;
}

uint64_t emu_trace_hash(const struct emu_machine *m)
{
    return m->hash;
}

size_t emu_trace_length(const struct emu_machine *m)
{
    return m->trace_written < TRACE_ENTRIES ? m->trace_written : TRACE_ENTRIES;
}

const struct emu_trace_entry *emu_trace_entry(const struct emu_machine *m, size_t index)
{
    EMU_ASSERT(index < emu_trace_length(m));
    size_t first = m->trace_written - emu_trace_length(m);
    return &m->trace[(first + index) % TRACE_ENTRIES];
}

void emu_trace_begin_race(struct emu_machine *m)
{
    m->trace_race = m->trace_written;
}

size_t emu_trace_race(const struct emu_machine *m)
{
    size_t dropped = m->trace_written - emu_trace_length(m);
    return m->trace_race > dropped ? m->trace_race - dropped : 0;
}

void emu_set_print(struct emu_machine *m, emu_print_fn *sink, void *context)
{
    m->print = sink;
    m->print_context = context;
}

/* Text enters the hash a word at a time, least significant byte first on every host. */
void emu_hash_text(struct emu_machine *m, emu_op op, const char *text, size_t length)
{
    for (size_t at = 0; at < length; at += WORD) {
        uint64_t word = 0;
        for (size_t i = 0; i < WORD && at + i < length; i++)
            word |= (uint64_t)(unsigned char)text[at + i] << (WORD * i);
        emu_hash(m, op, EMU_NO_OBJECT, word);
    }
}

void emu_print(struct emu_machine *m, const char *text, size_t length)
{
    emu_count_call(m, EMU_OP_PRINT);
    emu_hash_text(m, EMU_OP_PRINT, text, length);
    if (m->tracing && m->text_used + length + 1 <= TEXT_BYTES) {
        char *kept = m->text + m->text_used;
        memcpy(kept, text, length);
        kept[length] = '\0';
        m->text_used += length + 1;
        emu_trace_add(m, EMU_OP_PRINT, EMU_NO_OBJECT, length, kept);
    }
    if (m->print == NULL)
        return;
    if (m->checkpoints != NULL)
        emu_checkpoint_spoiled(m);
    m->print(m->print_context, text, length);
}
