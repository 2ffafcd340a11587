/*
 * emu_fiber_swap(void **from_sp, void *to_sp) for aarch64, AAPCS64.
 *
 * The frame that a parked stack ends with, lowest address first: x19 .. x28, x29, x30, d8 .. d15.
 */
#if defined(__aarch64__) && !defined(EMU_FIBER_UCONTEXT)
    .text
    .globl emu_fiber_swap
    .hidden emu_fiber_swap
    .type emu_fiber_swap, %function
    .p2align 4
emu_fiber_swap:
    .cfi_startproc
    stp d14, d15, [sp, #-16]!
    stp d12, d13, [sp, #-16]!
    stp d10, d11, [sp, #-16]!
    stp d8, d9, [sp, #-16]!
    stp x29, x30, [sp, #-16]!
    stp x27, x28, [sp, #-16]!
    stp x25, x26, [sp, #-16]!
    stp x23, x24, [sp, #-16]!
    stp x21, x22, [sp, #-16]!
    stp x19, x20, [sp, #-16]!
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp], #16
    ldp x21, x22, [sp], #16
    ldp x23, x24, [sp], #16
    ldp x25, x26, [sp], #16
    ldp x27, x28, [sp], #16
    ldp x29, x30, [sp], #16
    ldp d8, d9, [sp], #16
    ldp d10, d11, [sp], #16
    ldp d12, d13, [sp], #16
    ldp d14, d15, [sp], #16
    br x30
    .cfi_endproc
    .size emu_fiber_swap, . - emu_fiber_swap

/* Where a fresh stack begins: x20 is the entry, x19 its argument. */
    .globl emu_fiber_start
    .hidden emu_fiber_start
    .type emu_fiber_start, %function
    .p2align 4
emu_fiber_start:
    .cfi_startproc
    .cfi_undefined x30
    mov x0, x19
    blr x20
    brk #1
    .cfi_endproc
    .size emu_fiber_start, . - emu_fiber_start
#endif
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
