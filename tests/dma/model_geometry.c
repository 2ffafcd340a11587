/*
 * The geometry of a mapping, byte by byte: see model_geometry.h.
 */
#include "model_geometry.h"

uint32_t model_bytes(const struct model_piece *pieces, uint32_t count, uint32_t offset, uint32_t length,
                     struct model_byte *bytes)
{
    uint32_t at = 0, found = 0, pages = 0;
    for (uint32_t p = 0; p < count; p++) {
        bool entered = false;
        for (uint32_t i = 0; i < pieces[p].bytes; i++, at++) {
            uint32_t place = pieces[p].offset + i;
            if (at < offset || found == length)
                continue;
            if (!entered || place % MODEL_PAGE == 0)
                pages++;
            entered = true;
            bytes[found++] =
                (struct model_byte){pieces[p].frames[place / MODEL_PAGE] + place % MODEL_PAGE, pages - 1};
        }
    }
    return found;
}

static bool reaches(const struct model_call *call, uint32_t byte)
{
    return call->bytes[byte].physical <= call->device.highest;
}

struct model_plan model_plan(const struct model_call *call)
{
    struct model_plan plan = {.one_piece_here = true};
    for (; plan.covered < call->count && call->bytes[plan.covered].page < call->registers; plan.covered++)
        if (!reaches(call, plan.covered) ||
            call->bytes[plan.covered].physical != call->bytes[0].physical + plan.covered)
            plan.one_piece_here = false;
    return plan;
}

bool model_is_moved(const struct model_call *call, struct model_plan plan, uint32_t byte)
{
    if (call->device.remapped)
        return true;
    return call->device.scatter_gather ? !reaches(call, byte) : !plan.one_piece_here;
}

uint64_t model_address(const struct model_call *call, struct model_plan plan, uint32_t byte, uint64_t row)
{
    const struct model_byte *b = &call->bytes[byte];
    if (!model_is_moved(call, plan, byte))
        return b->physical;
    if (call->device.scatter_gather)
        return row + (uint64_t)b->page * MODEL_PAGE + b->physical % MODEL_PAGE;
    return row + call->bytes[0].physical % MODEL_PAGE + byte;
}

bool model_copies(const struct model_call *call, struct model_plan plan)
{
    const struct model_byte *b = call->bytes;
    for (uint32_t i = 0; i < plan.covered; i++) {
        bool page_begins = i > 0 && b[i].page != b[i - 1].page;
        bool whole_pages =
            b[i].physical % MODEL_PAGE == 0 && (i == 0 || (b[i - 1].physical + 1) % MODEL_PAGE == 0);
        if (call->device.remapped ? !call->device.scatter_gather && page_begins && !whole_pages
                                  : model_is_moved(call, plan, i))
            return true;
    }
    return false;
}

struct model_answer model_map(const struct model_call *call, struct model_plan plan, uint64_t row)
{
    struct model_answer answer = {0};
    uint64_t expected = 0;
    for (; answer.bytes < plan.covered; answer.bytes++) {
        uint64_t address = model_address(call, plan, answer.bytes, row);
        bool begins = answer.bytes == 0 || address != expected;
        if (begins && answer.elements == call->elements)
            break;
        answer.elements += begins;
        expected = address + 1;
    }
    return answer;
}
