/* pshpack8.h: structures are packed to 8 bytes until poppack.h. No include guard: it nests. */
#pragma pack(push, 8)
