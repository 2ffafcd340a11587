/*
 * What a fiber must do: see fiber_checks.h.
 */
#include "fiber_checks.h"

#include "emu/fiber.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STACK = 64 * 1024, ROUNDS = 1000, MANY = 300, DEPTH = 100, ALIGNMENT = 16 };

struct one {
    struct emu_fiber fiber;
    struct emu_fiber *host;
    struct one *next;
    void *stack;
    uint64_t seed;
    uint64_t count;
    uint64_t result;
    double sum;
    bool good;
};

static void begin(struct one *o, struct emu_fiber *host, emu_fiber_entry *entry, uint64_t seed)
{
    memset(o, 0, sizeof *o);
    o->host = host;
    o->seed = seed;
    o->good = true;
    o->stack = aligned_alloc(ALIGNMENT, STACK);
    if (o->stack == NULL)
        abort();
    emu_fiber_init(&o->fiber, o->stack, STACK, entry, o);
}

static void end(struct one *o)
{
    free(o->stack);
}

static bool on_stack(const struct one *o, const void *address)
{
    return (uintptr_t)address - (uintptr_t)o->stack < STACK;
}

/* Hands control back for ever: a fiber's entry never returns. */
static __attribute__((noreturn)) void rest(struct one *o)
{
    for (;;)
        emu_fiber_switch(&o->fiber, o->host);
}

/* ---- Arrival ---- */

static void arrive(void *arg)
{
    struct one *o = arg;
    emu_fiber_arrived(o->host);
    volatile int local = 1;
    o->good = on_stack(o, __builtin_frame_address(0));
    o->count = (uint64_t)local;
    rest(o);
}

const char *fiber_arrives_with_its_argument_on_its_own_stack(void)
{
    struct emu_fiber host;
    struct one o;
    emu_fiber_adopt(&host);
    begin(&o, &host, arrive, 0);
    emu_fiber_switch(&host, &o.fiber);
    bool good = o.good && o.count == 1 && !on_stack(&o, __builtin_frame_address(0));
    end(&o);
    return good ? NULL : "the entry did not run on the fiber's stack";
}

static void look_at_alignment(void *arg)
{
    struct one *o = arg;
    emu_fiber_arrived(o->host);
    _Alignas(ALIGNMENT) volatile unsigned char local[ALIGNMENT] = {0};
    char text[64];
    o->good = (uintptr_t)__builtin_frame_address(0) % ALIGNMENT == 0 && (uintptr_t)local % ALIGNMENT == 0;
    /* Variable arguments with floating point are stored with instructions that fault when misaligned. */
    snprintf(text, sizeof text, "%.2f %d %.1f", 1.25, 7, (double)local[0] + 2.5);
    o->good = o->good && strcmp(text, "1.25 7 2.5") == 0;
    rest(o);
}

const char *fiber_stack_is_aligned_at_entry(void)
{
    struct emu_fiber host;
    struct one o;
    emu_fiber_adopt(&host);
    begin(&o, &host, look_at_alignment, 0);
    emu_fiber_switch(&host, &o.fiber);
    bool good = o.good;
    end(&o);
    return good ? NULL : "the stack is not aligned to 16 bytes at the entry";
}

/* ---- Registers ---- */

/* More live values than there are registers that a call keeps, changed and compared over many switches. */
static __attribute__((noinline)) uint64_t whole_numbers(struct one *o, bool switching)
{
    uint64_t a = o->seed + 1, b = o->seed + 2, c = o->seed + 3, d = o->seed + 4, e = o->seed + 5,
             f = o->seed + 6, g = o->seed + 7, h = o->seed + 8, i = o->seed + 9, j = o->seed + 10,
             k = o->seed + 11, l = o->seed + 12;
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (switching)
            emu_fiber_switch(&o->fiber, o->host);
        a += b ^ l, b += c ^ a, c += d ^ b, d += e ^ c, e += f ^ d, f += g ^ e;
        g += h ^ f, h += i ^ g, i += j ^ h, j += k ^ i, k += l ^ j, l += a ^ k;
    }
    return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l;
}

static __attribute__((noinline)) double real_numbers(struct one *o, bool switching)
{
    double s = (double)o->seed;
    double a = s + 0.1, b = s + 0.2, c = s + 0.3, d = s + 0.4, e = s + 0.5, f = s + 0.6, g = s + 0.7,
           h = s + 0.8, i = s + 0.9, j = s + 1.1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (switching)
            emu_fiber_switch(&o->fiber, o->host);
        a = (a + b) / 2, b = (b + c) / 2 + 1, c = (c + d) / 2, d = (d + e) / 2 + 1, e = (e + f) / 2;
        f = (f + g) / 2 + 1, g = (g + h) / 2, h = (h + i) / 2 + 1, i = (i + j) / 2, j = (j + a) / 2 - 3;
    }
    return a + b + c + d + e + f + g + h + i + j;
}

static void compute_whole(void *arg)
{
    struct one *o = arg;
    emu_fiber_arrived(o->host);
    o->result = whole_numbers(o, true);
    o->count = 1;
    rest(o);
}

static void compute_real(void *arg)
{
    struct one *o = arg;
    emu_fiber_arrived(o->host);
    o->sum = real_numbers(o, true);
    o->count = 1;
    rest(o);
}

static void alternate(struct emu_fiber *host, struct one *a, struct one *b)
{
    for (unsigned round = 0; round <= ROUNDS; round++) {
        emu_fiber_switch(host, &a->fiber);
        emu_fiber_switch(host, &b->fiber);
    }
}

const char *fiber_switches_keep_whole_numbers(void)
{
    struct emu_fiber host;
    struct one a, b;
    emu_fiber_adopt(&host);
    begin(&a, &host, compute_whole, 1000);
    begin(&b, &host, compute_whole, 777777);
    alternate(&host, &a, &b);
    bool good = a.count == 1 && b.count == 1 && a.result == whole_numbers(&a, false) &&
                b.result == whole_numbers(&b, false) && a.result != b.result;
    end(&a);
    end(&b);
    return good ? NULL : "a register changed over a switch";
}

const char *fiber_switches_keep_floating_point_numbers(void)
{
    struct emu_fiber host;
    struct one a, b;
    emu_fiber_adopt(&host);
    begin(&a, &host, compute_real, 3);
    begin(&b, &host, compute_real, 5000);
    alternate(&host, &a, &b);
    double expected_a = real_numbers(&a, false), expected_b = real_numbers(&b, false);
    bool good = a.count == 1 && b.count == 1 && memcmp(&a.sum, &expected_a, sizeof expected_a) == 0 &&
                memcmp(&b.sum, &expected_b, sizeof expected_b) == 0;
    end(&a);
    end(&b);
    return good ? NULL : "a floating-point register changed over a switch";
}

/* ---- Many ---- */

static void count_turns(void *arg)
{
    struct one *o = arg;
    emu_fiber_arrived(o->host);
    for (;;) {
        o->count++;
        emu_fiber_switch(&o->fiber, o->host);
    }
}

const char *fiber_hundreds_take_turns(void)
{
    struct emu_fiber host;
    struct one *all = calloc(MANY, sizeof *all);
    bool good = all != NULL;
    emu_fiber_adopt(&host);
    for (unsigned i = 0; good && i < MANY; i++)
        begin(&all[i], &host, count_turns, i);
    for (unsigned turn = 0; good && turn < MANY; turn++)
        for (unsigned i = 0; i <= turn; i++)
            emu_fiber_switch(&host, &all[i].fiber);
    for (unsigned i = 0; good && i < MANY; i++)
        good = all[i].count == MANY - i;
    for (unsigned i = 0; all != NULL && i < MANY; i++)
        end(&all[i]);
    free(all);
    return good ? NULL : "a fiber lost a turn";
}

/* ---- Depth ---- */

static __attribute__((noinline)) uint64_t descend(struct one *o, unsigned depth)
{
    volatile uint64_t here = o->seed + depth;
    emu_fiber_switch(&o->fiber, o->host);
    uint64_t below = depth == 0 ? 0 : descend(o, depth - 1);
    emu_fiber_switch(&o->fiber, o->host);
    o->good = o->good && here == o->seed + depth && on_stack(o, (const void *)(uintptr_t)&here);
    return below + here;
}

static void go_deep(void *arg)
{
    struct one *o = arg;
    emu_fiber_arrived(o->host);
    o->result = descend(o, DEPTH);
    rest(o);
}

const char *fiber_switches_deep_inside_calls(void)
{
    struct emu_fiber host;
    struct one a, b;
    emu_fiber_adopt(&host);
    begin(&a, &host, go_deep, 10);
    begin(&b, &host, go_deep, 20);
    for (unsigned i = 0; i <= 2 * (DEPTH + 1); i++) {
        emu_fiber_switch(&host, &a.fiber);
        emu_fiber_switch(&host, &b.fiber);
    }
    uint64_t triangle = DEPTH * (DEPTH + 1) / 2;
    bool good = a.good && b.good && a.result == triangle + 10 * (DEPTH + 1) &&
                b.result == triangle + 20 * (DEPTH + 1);
    end(&a);
    end(&b);
    return good ? NULL : "what was on the stack changed";
}

/* ---- Round and round ---- */

static void pass_on(void *arg)
{
    struct one *o = arg;
    emu_fiber_arrived(o->host);
    for (;;) {
        o->count++;
        if (o->next->count < ROUNDS)
            emu_fiber_switch(&o->fiber, &o->next->fiber);
        else
            emu_fiber_switch(&o->fiber, o->host);
    }
}

const char *fiber_switches_straight_to_a_third(void)
{
    struct emu_fiber host;
    struct one ring[3];
    emu_fiber_adopt(&host);
    for (unsigned i = 0; i < 3; i++)
        begin(&ring[i], &host, pass_on, i);
    for (unsigned i = 0; i < 3; i++)
        ring[i].next = &ring[(i + 1) % 3];
    emu_fiber_switch(&host, &ring[0].fiber);
    bool good = ring[0].count == ROUNDS && ring[1].count == ROUNDS && ring[2].count == ROUNDS;
    for (unsigned i = 0; i < 3; i++)
        end(&ring[i]);
    return good ? NULL : "a switch from fiber to fiber went elsewhere";
}

/* ---- Use again ---- */

const char *fiber_stack_of_an_abandoned_one_is_used_again(void)
{
    struct emu_fiber host;
    struct one o;
    bool good = true;
    emu_fiber_adopt(&host);
    begin(&o, &host, go_deep, 10);
    for (unsigned i = 0; i < DEPTH / 2; i++)
        emu_fiber_switch(&host, &o.fiber);
    for (unsigned life = 0; life < MANY; life++) {
        o.count = 0;
        emu_fiber_init(&o.fiber, o.stack, STACK, count_turns, &o);
        emu_fiber_switch(&host, &o.fiber);
        emu_fiber_switch(&host, &o.fiber);
        good = good && o.count == 2;
    }
    end(&o);
    return good ? NULL : "a fiber on a used stack did not begin at its entry";
}

const struct fiber_check fiber_checks[] = {
    {"arrives with its argument on its own stack", fiber_arrives_with_its_argument_on_its_own_stack},
    {"the stack is aligned at entry", fiber_stack_is_aligned_at_entry},
    {"switches keep whole numbers", fiber_switches_keep_whole_numbers},
    {"switches keep floating-point numbers", fiber_switches_keep_floating_point_numbers},
    {"hundreds take turns", fiber_hundreds_take_turns},
    {"switches deep inside calls", fiber_switches_deep_inside_calls},
    {"switches straight to a third", fiber_switches_straight_to_a_third},
    {"the stack of an abandoned one is used again", fiber_stack_of_an_abandoned_one_is_used_again},
    {0},
};
