/*
 * ntifs.h: the widest of the three header sets on Windows. Here it is ntddk.h; the interfaces of file
 * systems are not emulated.
 */
#ifndef _NTIFS_
#define _NTIFS_

#define _NTIFS_INCLUDED_ 1

#include "ntddk.h"

#endif /* _NTIFS_ */
