/*
 * Common buffers under verification: the tags around them.
 *
 * A tag stands before the first byte and behind the last one, padding beyond both; a tag that changed says
 * that the buffer was left by little, padding that changed by more. Both are looked at whenever the driver
 * frees or allocates one, releases its adapter, and at the end of the run.
 */
#include <string.h>

#include "dma/adapter.h"
#include "dma/bounce.h"
#include "dma/common.h"
#include "dma/verifier_check.h"
#include "dma/verifier_shadow.h"

static const unsigned char tag[] = {'D', 'm', 'a', 'V', 'r', 'f', 'y', '0'};
enum { TAG = sizeof tag, WRITTEN_OUTSIDE = 0x0F };
enum { TAG_BEFORE = 1, TAG_AFTER = 2, PADDING_BEFORE = 4, PADDING_AFTER = 5 };

/* A buffer with what is around it: [low, memory) and [end, high) are nobody's. */
struct ring {
    unsigned char *low, *memory, *end, *high;
};

static struct ring ring_of(const struct dma_shadow *s, const struct dma_shadow_thing *t)
{
    const struct dma_common *b = s->adapter->commons;
    while (b->block.memory != t->key)
        b = b->next;
    size_t margin = (size_t)b->block.margin << EMU_PAGE_SHIFT;
    return (struct ring){
        .low = b->block.memory - margin,
        .memory = b->block.memory,
        .end = b->block.memory + t->bytes,
        .high = b->block.memory + ((size_t)b->block.pages << EMU_PAGE_SHIFT) + margin,
    };
}

static bool has_tag_before(const struct ring *r)
{
    return r->memory - r->low >= TAG;
}

static bool has_tag_after(const struct ring *r)
{
    return r->high - r->end >= TAG;
}

static void require_tags(const struct dma_shadow *s, const struct dma_shadow_thing *t, const struct ring *r)
{
    bool before = has_tag_before(r) && memcmp(r->memory - TAG, tag, TAG) != 0;
    bool after = has_tag_after(r) && memcmp(r->end, tag, TAG) != 0;
    if (!before && !after)
        return;
    dma_shadow_tell(t);
    dma_verifier_raise((struct dma_violation){WRITTEN_OUTSIDE, before ? TAG_BEFORE : TAG_AFTER, t->bytes,
                                              dma_violation_pointer(r->memory)},
                       "the %s a common buffer of %s was written, which has %llu bytes: the tag there is not "
                       "DmaVrfy0 any more",
                       before ? "bytes before" : "bytes behind", dma_adapter_name(s->adapter).text,
                       (unsigned long long)t->bytes);
}

static void require_padding(const struct dma_shadow *s, const struct dma_shadow_thing *t,
                            const struct ring *r)
{
    size_t low = has_tag_before(r) ? (size_t)(r->memory - TAG - r->low) : 0;
    size_t high = has_tag_after(r) ? (size_t)(r->high - r->end - TAG) : 0;
    size_t before = dma_padding_end(r->low, low);
    const unsigned char *behind = r->high - high;
    size_t after = dma_padding_end(behind, high);
    if (before == low && after == high)
        return;
    const unsigned char *at = before < low ? r->low + before : behind + after;
    dma_shadow_tell(t);
    dma_verifier_raise(
        (struct dma_violation){WRITTEN_OUTSIDE, before < low ? PADDING_BEFORE : PADDING_AFTER,
                               dma_violation_pointer(r->memory), dma_violation_pointer(at)},
        "byte %lld of a common buffer of %s was written, which has %llu bytes: the padding there "
        "is 0x%02X, not 0x%02X",
        (long long)(at - r->memory), dma_adapter_name(s->adapter).text, (unsigned long long)t->bytes, *at,
        DMA_PADDING);
}

static void require_intact(const struct dma_shadow *s, const struct dma_shadow_thing *t)
{
    if (t->borrowed)
        return;
    struct ring r = ring_of(s, t);
    require_tags(s, t, &r);
    require_padding(s, t, &r);
}

void dma_common_require_intact(struct dma_shadow *s)
{
    for (const struct dma_shadow_thing *t = s->things[DMA_SHADOW_COMMON]; t != NULL; t = t->next)
        require_intact(s, t);
}

static void set_tags(const struct ring *r, bool there)
{
    if (has_tag_before(r))
        memcpy(r->memory - TAG, tag, TAG);
    if (has_tag_after(r))
        memcpy(r->end, tag, TAG);
    if (there)
        return;
    if (has_tag_before(r))
        memset(r->memory - TAG, DMA_PADDING, TAG);
    if (has_tag_after(r))
        memset(r->end, DMA_PADDING, TAG);
}

void dma_common_note(struct dma_shadow *s, PVOID memory, uint64_t bytes)
{
    struct dma_shadow_thing *t = dma_shadow_add(s, DMA_SHADOW_COMMON, memory, 1);
    t->bytes = bytes;
    struct ring r = ring_of(s, t);
    set_tags(&r, true);
}

void dma_common_note_borrowed(struct dma_shadow *s)
{
    const struct dma_common *b = s->adapter->commons;
    struct dma_shadow_thing *t = dma_shadow_add(s, DMA_SHADOW_COMMON, b->block.memory, 1);
    t->bytes = b->length;
    t->borrowed = true;
}

void dma_common_forget(struct dma_shadow *s, PVOID memory)
{
    enum { FREED_TWICE = 0x03 };
    struct dma_shadow_thing *t = dma_shadow_find(s, DMA_SHADOW_COMMON, memory);
    dma_common_require_intact(s);
    if (t == NULL) {
        dma_shadow_tell_gone(s, DMA_SHADOW_COMMON, memory);
        dma_verifier_raise(
            (struct dma_violation){FREED_TWICE, 1, 0, 0},
            "FreeCommonBuffer of %s with memory that is no common buffer of it: one more is freed "
            "than was allocated (allocated %u, freed %u before)",
            dma_adapter_name(s->adapter).text, s->allocated[DMA_SHADOW_COMMON], s->freed[DMA_SHADOW_COMMON]);
    }
    if (!t->borrowed) {
        struct ring r = ring_of(s, t);
        set_tags(&r, false);
    }
    dma_shadow_remove(s, t);
}
