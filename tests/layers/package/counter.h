/*
 * What the driver's C and C++ parts share; included in another spelling.
 */
#pragma once

#ifdef __cplusplus
extern "C"
#endif
    int
    CounterNext(void);
