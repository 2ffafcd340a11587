/* pshpack16.h: structures are packed to 16 bytes until poppack.h. No include guard: it nests. */
#pragma pack(push, 16)
