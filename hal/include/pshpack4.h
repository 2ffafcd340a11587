/* pshpack4.h: structures are packed to 4 bytes until poppack.h. No include guard: it nests. */
#pragma pack(push, 4)
