/* pshpack2.h: structures are packed to 2 bytes until poppack.h. No include guard: it nests. */
#pragma pack(push, 2)
