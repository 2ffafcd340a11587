/*
 * Steps: where a real machine could switch, and what is written down about it.
 *
 * Every shared effect of the layers above is announced first: emu_step() says which operation on which object
 * comes next, lets the machine decide who goes on, and returns when this context may perform it. What happens
 * between two steps of one context is atomic. emu_note() writes into the trace without offering a switch.
 *
 * A context must touch nothing shared between one announcement and the next beyond the announced operation.
 */
#ifndef EMU_STEP_H
#define EMU_STEP_H

#include <emu/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What an operation does to its object, for reasoning about independence: two operations on different
 * objects, or two reads of one object, commute; a local one commutes with everything.
 */
enum emu_access { EMU_ACCESS_LOCAL, EMU_ACCESS_READ, EMU_ACCESS_WRITE };

/* An operation is its layer's base plus a number; each layer describes its own once per machine. */
typedef uint16_t emu_op;
enum {
    EMU_OP_BASE = 0x000,
    EMU_OP_BASE_KERNEL = 0x100,
    EMU_OP_BASE_DMA = 0x200,
    EMU_OP_BASE_HOST = 0x300,
    EMU_OP_LIMIT = 0x400
};

struct emu_op_info {
    const char *name; /* as the timeline shows it: "KeSetEvent", "grant decided" */
    enum emu_access access;
    const char *arg; /* what arg means ("bytes", "#status": in hexadecimal), or NULL when it says nothing */
};
void emu_describe_ops(struct emu_machine *m, emu_op base, const struct emu_op_info *ops, unsigned count);
const struct emu_op_info *emu_op_info(const struct emu_machine *m, emu_op op);

/*
 * Objects have ordinal ids, given in the order of first appearance, never derived from an address. Id 0 is
 * "none". emu_object_at() finds the object that lives at an address, or gives it an id; emu_object_forget()
 * ends that (a later object there is another one). emu_object_fresh() begins a new object at the address,
 * whatever lived there before: a variable on a stack has the address of another one or not as the compiler
 * likes. class_name must be a string that outlives the machine ("lock", "event").
 */
typedef uint32_t emu_object;
enum { EMU_NO_OBJECT = 0 };
emu_object emu_object_new(struct emu_machine *m, const char *class_name);
emu_object emu_object_at(struct emu_machine *m, const void *address, const char *class_name);
emu_object emu_object_fresh(struct emu_machine *m, const void *address, const char *class_name);
/* The object that lives at the address; EMU_NO_OBJECT: none does, or none was asked for yet. For reports. */
emu_object emu_object_find(const struct emu_machine *m, const void *address);
void emu_object_forget(struct emu_machine *m, const void *address);
/* Replaces "class#n" in timelines; the string is not copied. */
void emu_object_name(struct emu_machine *m, emu_object object, const char *name);
/* Writes "lock#3" (or its name) into out; returns out. */
const char *emu_object_text(const struct emu_machine *m, emu_object object, char *out, size_t size);

/* arg must be free of addresses: it goes into the trace hash. */
void emu_step(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg);

/*
 * The same for an operation that can be performed only while enabled(context) holds (a spin lock that is
 * free). The processor stays occupied meanwhile; interrupts above its level are still delivered to it.
 * enabled() is asked at decisions, often, until the step is made and not after: it only reads. What it looks
 * at is the object's: an operation that writes takes it (others may have to wait then), for one that reads
 * the condition stays once it holds.
 */
typedef bool emu_enabled_fn(const void *context);
void emu_step_when(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg, emu_enabled_fn *enabled,
                   const void *context);

/*
 * The event that is under way touches this object besides the one that it announced. Wherever an operation
 * has a second shared effect or looks at a second shared thing, it says so, at any time until its context's
 * next announcement. A search that reasons about independence relies on it; it costs nothing elsewhere. To
 * write EMU_NO_OBJECT is to touch everything.
 */
void emu_touch(struct emu_machine *m, emu_object object, enum emu_access access);

/* The same for every object that lives at an address within these bytes: their memory ends. */
void emu_touch_within(struct emu_machine *m, const void *address, size_t bytes, enum emu_access access);

void emu_note(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg);

/* A line of text into the trace, its hash, and the print sink (see trace.h). Not a yield point. */
void emu_print(struct emu_machine *m, const char *text, size_t length);

/* Steps performed since reset. */
uint64_t emu_steps(const struct emu_machine *m);

#ifdef __cplusplus
}
#endif
#endif
