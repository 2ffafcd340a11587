/* dontuse.h: on Windows, warns of unsafe string functions. Here they are not declared at all. */
#ifndef HALDMA_DONTUSE_H
#define HALDMA_DONTUSE_H

#endif /* HALDMA_DONTUSE_H */
