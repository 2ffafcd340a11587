/*
 * Exceptions that services raise by themselves, at whatever level they may be called.
 */
#ifndef HAL_KE_EXCEPTION_H
#define HAL_KE_EXCEPTION_H

#include <wdm.h>

/* To the frame that handles it, or a finding. */
DECLSPEC_NORETURN void ke_raise(NTSTATUS status);

#endif
