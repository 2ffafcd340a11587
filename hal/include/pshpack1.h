/* pshpack1.h: structures are packed to 1 bytes until poppack.h. No include guard: it nests. */
#pragma pack(push, 1)
